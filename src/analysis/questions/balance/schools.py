"""Which schools a scheme assesses, and what each of them has, by stage."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.dispersion import split_shares
from analysis.records.county import CountyData

Scheme = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entrants:
    """The schools of one stage in one year.

    Attributes
    ----------
    counted
        One row an assessed school, index ``school``: ``pupils``, ``kind``, ``zone`` and one
        column of totals for each indicator id (nan where not reported).
    excluded
        One row an excluded school, index ``school``: ``pupils`` and ``reason``.
    """

    counted: pd.DataFrame
    excluded: pd.DataFrame


def enter(county: CountyData, scheme: Scheme, *, year: int, stage: str) -> Entrants:
    """Find the schools that a scheme assesses in a stage, and total what they have.

    Parameters
    ----------
    county
        Needs the tables ``schools``, ``school_years`` and ``resources``.
    scheme
        As in ``data/reference/schemes``.
    year, stage
        School year and stage.
    """
    schools = _join(county, scheme, year=year, stage=stage)
    reason = _reasons(schools, scheme["exclude"])
    excluded = schools.loc[reason != "", ["pupils"]].assign(reason=reason[reason != ""])
    counted = schools[reason == ""]
    totals = {
        indicator["id"]: _total(counted, indicator, stage) for indicator in scheme["indicator"]
    }
    return Entrants(
        counted=pd.DataFrame({**counted[["pupils", "kind", "zone"]], **totals}), excluded=excluded
    )


def _join(county: CountyData, scheme: Scheme, *, year: int, stage: str) -> pd.DataFrame:
    """Join a stage's rows with the schools and with the stage's part of what schools share."""
    by_stage = county.table("school_years", year=year)
    rows = by_stage[by_stage["stage"] == stage].set_index("school")
    schools = county.table("schools", year=year).set_index("school")
    resources = county.table("resources", year=year).set_index("school")
    kinds = county.reference.codes["kind"]
    expected = {
        school: kinds.get(kind, {}).get("stages", ()) for school, kind in schools["kind"].items()
    }
    part = _stage_part(by_stage, expected, scheme["split"]["weights"], stage)
    shared = resources.drop(columns=["county", "year"]).astype("float64")
    joined = (
        rows.drop(columns=["county", "year", "stage"])
        .astype("float64")
        .join(schools[["kind", "zone", "owner"]], how="left")
        .join(shared.mul(part.reindex(shared.index), axis=0), how="left")
    )
    return joined.rename(columns={"pupils_n": "pupils"}).sort_index()


def _stage_part(
    by_stage: pd.DataFrame,
    expected: Mapping[Hashable, Sequence[str]],
    weights: Mapping[str, float],
    stage: str,
) -> pd.Series:
    """Give the part of each school's shared resources that belongs to the stage.

    It is unknown where a stage that a school of its type has was not reported.
    """
    pupils = (
        by_stage.astype({"pupils_n": "float64"})
        .pivot_table(index="school", columns="stage", values="pupils_n", aggfunc="sum")
        .reindex(columns=list(weights))
    )
    for school in pupils.index:
        silent = pupils.columns.difference(list(expected.get(school, ())))
        pupils.loc[school, silent] = pupils.loc[school, silent].fillna(0.0)
    parts = split_shares(pupils.to_numpy(), list(weights.values()))
    return pd.DataFrame(parts, index=pupils.index, columns=list(weights))[stage]


def _reasons(schools: pd.DataFrame, rule: Mapping[str, Any]) -> pd.Series:
    """Say why a school is not assessed; empty where it is."""
    points = schools["kind"].isin(rule["teaching_point_kinds"])
    left_out = schools["kind"].isin(rule["kinds"])
    conditions = [
        (schools["pupils"].isna() | (schools["pupils"] <= 0), "no_pupils"),
        (points & left_out, "teaching_point"),
        (left_out, "kind"),
        (schools["owner"].isin(rule["owners"]), "owner"),
        (points & (schools["pupils"] < rule["min_teaching_point"]), "small_teaching_point"),
    ]
    reason = pd.Series("", index=schools.index, dtype=object)
    for condition, name in conditions:
        reason = reason.mask((reason == "") & condition.fillna(False).astype(bool), name)
    return reason


def _total(schools: pd.DataFrame, indicator: Mapping[str, Any], stage: str) -> pd.Series:
    """Total what a school has of an indicator's resource; nan where a part is not reported.

    An optional column is one that not every form has: where no school reports it, it is not there.
    A part that is larger than what it is taken from leaves nothing known.
    """
    total = pd.Series(0.0, index=schools.index)
    optional = indicator.get("optional", ())
    for column in indicator["plus"][stage]:
        values = schools[column].astype("float64")
        if column not in optional or values.notna().any():
            total = total + values
    for column in indicator.get("minus", ()):
        total = total - schools[column].astype("float64")
    small = indicator.get("small_rural")
    if small:
        total = total + _small_rural(schools, small)
    return total.where(total >= 0)


def _small_rural(schools: pd.DataFrame, rule: Mapping[str, Any]) -> pd.Series:
    """Give what small rural schools may count besides, nan where that is not known.

    Nothing where no school reports it: then the form does not have it.
    """
    columns: Sequence[str] = rule["add"]
    reported = schools[list(columns)].astype("float64").dropna(axis=1, how="all")
    small = schools["pupils"].between(rule["from"], rule["below"], inclusive="left")
    rural, unknown = schools["zone"].isin(rule["zones"]), schools["zone"].isna()
    extra = reported.sum(axis=1, skipna=False)
    extra = extra.mask(unknown & (extra != 0), np.nan)
    return extra.where(small & (rural | unknown), 0.0)
