"""Who may be exchanged in a synthetic county, year by year, and what the data show of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.records.synthetic.grounds import STAGES, Bools, Floats, Grounds
from analysis.records.synthetic.parameters import Parameters, span

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """Teachers who may be exchanged in a year, as arrays of one length.

    Attributes
    ----------
    persons
        Their numbers.
    sites, stages
        Places in `Grounds.sites` and `STAGES`.
    backbone
        Backbone teachers.
    quality
        What the data show of them: qualification, rank, years; standardised.
    left
        School years that they are still at this school, this one counted.
    moved_to
        The site where a teacher holds the post from this year on, having left the other; -1 for
        those who are where they were.
    """

    persons: NDArray[np.object_]
    sites: Ints
    stages: Ints
    backbone: Bools
    quality: Floats
    left: Ints
    moved_to: Ints


def gather_pools(
    grounds: Grounds, teachers: pd.DataFrame, eligible: pd.DataFrame, params: Parameters
) -> list[Pool]:
    """Gather who may be exchanged in each year.

    Parameters
    ----------
    grounds
        From `grounds.survey`.
    teachers
        The true list of teachers.
    eligible
        Of them, those who have been at their school long enough.
    params
        Parameters.
    """
    listed = _placed(grounds, teachers, params)
    keyed = listed.set_index(["teacher_id", "year"])
    index = pd.MultiIndex.from_frame(eligible[["teacher_id", "year"]])
    own = keyed.reindex(index).reset_index()
    own = own[own["site"] >= 0].assign(moved_to=-1)
    movers = _movers(listed, eligible)
    every = pd.concat([own, movers], ignore_index=True)
    return [_pool(every[every["year"] == year]) for year in span(params)]


def _pool(rows: pd.DataFrame) -> Pool:
    rows = rows.sort_values(["moved_to", "teacher_id"])
    return Pool(
        persons=rows["teacher_id"].to_numpy(dtype=object),
        sites=rows["site"].to_numpy(dtype=np.int64),
        stages=rows["at_stage"].to_numpy(dtype=np.int64),
        backbone=rows["backbone"].to_numpy(dtype=bool),
        quality=rows["quality"].to_numpy(dtype=float),
        left=rows["left"].to_numpy(dtype=np.int64),
        moved_to=rows["moved_to"].to_numpy(dtype=np.int64),
    )


def _placed(grounds: Grounds, teachers: pd.DataFrame, params: Parameters) -> pd.DataFrame:
    """Say where each teacher is by site, for how long still, and what the data show of them."""
    first = span(params)[0]
    rows, columns = np.nonzero(grounds.codes != "")
    at = {
        (str(grounds.codes[r, c]), first + int(c)): int(r)
        for r, c in zip(rows, columns, strict=True)
    }
    listed = teachers[teachers["stage"].isin(STAGES)].sort_values(["teacher_id", "year"])
    keys = zip(listed["school"], listed["year"].astype(int), strict=True)
    listed = listed.assign(
        teacher_id=listed["teacher_id"].astype(object), year=listed["year"].astype(int),
        site=[at.get(key, -1) for key in keys],
        at_stage=listed["stage"].map({stage: n for n, stage in enumerate(STAGES)}).astype(int),
        quality=_quality(listed),
    )  # fmt: skip
    run = (listed["teacher_id"] != listed["teacher_id"].shift()) | (
        listed["site"] != listed["site"].shift()
    )
    last = listed["year"].groupby(run.cumsum()).transform("max")
    open_ended = last == span(params)[-1]
    left = last - listed["year"] + 1 + np.where(open_ended, 3, 0)
    return listed.assign(left=left)[
        ["teacher_id", "year", "site", "at_stage", "backbone", "quality", "left"]
    ]


def _quality(listed: pd.DataFrame) -> Floats:
    level = listed["qualification"].map(
        {"secondary": 0, "associate": 1, "bachelor": 2, "graduate": 3}
    )
    served = (listed["year"] - listed["first_year"]).clip(upper=25)
    parts = [part.to_numpy(dtype=float) for part in (level, listed["midlevel"], served)]
    total = sum((part - part.mean()) / (part.std() + 1e-9) for part in parts)
    return np.asarray(total / (np.std(total) + 1e-9))


def _movers(listed: pd.DataFrame, eligible: pd.DataFrame) -> pd.DataFrame:
    """Find those who were eligible a year before and hold a post at another school now."""
    before = eligible[["teacher_id", "year"]].astype({"teacher_id": object, "year": int})
    before = before.merge(listed, on=["teacher_id", "year"]).assign(year=lambda t: t["year"] + 1)
    now = listed[["teacher_id", "year", "site", "left", "backbone"]]
    now = now.rename(columns={"site": "moved_to"})
    both = before.drop(columns="left").merge(now, on=["teacher_id", "year", "backbone"])
    return both[(both["site"] != both["moved_to"]) & (both["site"] >= 0) & (both["moved_to"] >= 0)]
