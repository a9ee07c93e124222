"""What is wrong with the reports, on purpose, and known: gaps, silent schools, other lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.records.synthetic.parameters import Parameters

GAPS = {
    "school_years": (
        "boarders_n", "classes_n", "teachers_n", "teachers_graduate_n", "teachers_bachelor_n",
        "teachers_associate_n", "teachers_backbone_n", "teachers_pe_n", "teachers_music_n",
        "teachers_fine_art_n", "teachers_midlevel_n",
    ),
    "resources": (
        "teaching_area_m2", "indoor_sports_area_m2", "sports_ground_m2", "equipment_yuan",
        "multimedia_rooms_n", "computers_n", "books_n",
    ),
}  # fmt: skip
"""Columns whose cells may be empty."""

Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Defects:
    """What the reports have wrong.

    Attributes
    ----------
    missing
        Empty cells: ``table``, ``school``, ``year``, ``stage`` (empty for resources), ``column``.
    silent
        Schools that did not report: ``school``, ``year``.
    lists
        Teachers listed minus teachers reported: ``school``, ``year``, ``stage``, ``difference``.
    """

    missing: pd.DataFrame = field(default_factory=pd.DataFrame)
    silent: pd.DataFrame = field(default_factory=pd.DataFrame)
    lists: pd.DataFrame = field(default_factory=pd.DataFrame)


def report(
    frames: Frames, county: str, params: Parameters, rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], Defects]:
    """Make what the schools report out of what is true.

    Parameters
    ----------
    frames
        The true tables by contract id; ``teachers`` with a column ``gone``, and ``school_years``
        with a column ``counted``.
    county
        Division code.
    params, rng
        Parameters and source of randomness.

    Returns
    -------
    tuple
        The tables as reported, and what is wrong with them.
    """
    reported = {name: frame.copy() for name, frame in frames.items()}
    reported["teachers"], lists = _differ(frames["teachers"], params, rng)
    gaps = []
    complete = _complete_years(frames, params, rng)
    for name, columns in GAPS.items():
        reported[name], missing = _empty(reported[name], name, columns, complete, params, rng)
        gaps.append(missing)
    silent = _silence(frames["school_years"], county, params, rng)
    for name in ("schools", "school_years", "resources", "classes", "teachers"):
        reported[name] = without(reported[name], silent)
    missing = without(pd.concat(gaps, ignore_index=True), silent)
    return reported, Defects(missing, silent, without(lists, silent))


def _complete_years(frames: Frames, params: Parameters, rng: np.random.Generator) -> set[int]:
    years = sorted(frames["school_years"]["year"].unique())
    drawn = rng.random(len(years)) < params["defects"]["complete_share"]
    return {year for year, complete in zip(years, drawn, strict=True) if complete}


def _empty(
    frame: pd.DataFrame,
    table: str,
    columns: tuple[str, ...],
    complete: set[int],
    params: Parameters,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    drawn = rng.random((len(frame), len(columns))) < params["defects"]["empty_share"]
    drawn &= ~frame["year"].isin(complete).to_numpy()[:, None]
    row, column = np.nonzero(drawn)
    out = frame.copy()
    out[list(columns)] = frame[list(columns)].mask(drawn)
    where = frame.iloc[row]
    missing = pd.DataFrame(
        {
            "table": table,
            "school": where["school"].to_numpy(),
            "year": where["year"].to_numpy(),
            "stage": where["stage"].to_numpy() if "stage" in frame else "",
            "column": np.array(columns)[column],
        }
    )
    return out, missing


def _silence(
    school_years: pd.DataFrame, county: str, params: Parameters, rng: np.random.Generator
) -> pd.DataFrame:
    shape = params["defects"]
    rows = []
    years = [year for year in shape["silent_years"] if (school_years["year"] == year).any()]
    if county in shape["silent_counties"]:
        for year in years:
            rows_then = school_years[school_years["year"] == year]
            mixed = rows_then.loc[rows_then["stage"] != "primary", "school"]
            drawable = rows_then["counted"] & ~rows_then["school"].isin(mixed)
            schools = np.sort(rows_then.loc[drawable, "school"].to_numpy(dtype=str))
            drawn = rng.choice(schools, min(shape["silent_schools"], len(schools)), replace=False)
            rows += [(str(school), int(year)) for school in sorted(drawn)]
    return pd.DataFrame(rows, columns=["school", "year"])


def _differ(
    teachers: pd.DataFrame, params: Parameters, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave one or two off some lists; keep somebody who has left on some others."""
    key = ["school", "year", "stage"]
    posts = teachers.groupby(key, sort=True).size().rename("size").reset_index()
    drawn = posts[rng.random(len(posts)) < params["defects"]["list_share"]]
    kinds = rng.choice([-1, -2, 1], len(drawn), p=[0.5, 0.2, 0.3])
    wanted = drawn.assign(difference=np.where(drawn["size"] > 4, kinds, 0))
    off = _off_list(teachers, wanted, key)
    kept = _still_on_list(teachers, wanted, key)
    listed = pd.concat([teachers.drop(off.index), kept], ignore_index=True)
    changes = [off[key].assign(difference=-1), kept[key].assign(difference=1)]
    lists = pd.concat(changes).groupby(key)["difference"].sum().reset_index()
    order = ["year", "school", "stage", "teacher_id"]
    return listed.sort_values(order, ignore_index=True), lists


def _off_list(teachers: pd.DataFrame, wanted: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    fewer = wanted[wanted["difference"] < 0].set_index(key)["difference"]
    at = pd.MultiIndex.from_frame(teachers[key])
    off = -fewer.reindex(at).fillna(0).to_numpy()
    return teachers[teachers.groupby(key).cumcount(ascending=False).to_numpy() < off]


def _still_on_list(teachers: pd.DataFrame, wanted: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    gone = teachers[teachers["gone"]].drop_duplicates(key)
    gone = gone.assign(year=gone["year"] + 1)
    more = wanted.loc[wanted["difference"] > 0, key]
    return gone.merge(more, on=key)


def without(frame: pd.DataFrame, silent: pd.DataFrame) -> pd.DataFrame:
    """Leave out the rows of schools and years that did not report."""
    if silent.empty or frame.empty:
        return frame
    absent = pd.MultiIndex.from_frame(silent[["school", "year"]])
    at = pd.MultiIndex.from_frame(frame[["school", "year"]])
    return frame[~at.isin(absent)].reset_index(drop=True)
