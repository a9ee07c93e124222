"""Lists of exchanged teachers held against themselves and the list of schools.

Dates and shares are of persons: no fault tells one, and a teacher is known by the row alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.errors import Fault, Level
from analysis.records.contracts import TABLES
from analysis.records.crosschecks import Crossing
from analysis.records.gathering import PLACE, ROW
from analysis.records.rules import rules

ITINERANT = "itinerant"
"""The form of exchange in which a teacher serves two schools in one week."""
_TABLE = TABLES["exchanges"]


def stay_faults(crossing: Crossing) -> Iterator[Fault]:
    """Say what lists of exchanged teachers have wrong.

    Parameters
    ----------
    crossing
        The frames of all tables.
    """
    stays = crossing.frames["exchanges"]
    if stays.empty:
        return
    same = (stays["school"] == stays["to_school"]).fillna(False)
    yield from _told(crossing, stays[same], "stay-at-own-school", "to_school")
    early = (stays["end"] < stays["start"]).fillna(False)
    yield from _told(crossing, stays[early], "stay-ends-before-start", "end")
    yield from _told(crossing, stays[_outside(stays)], "stay-outside-year", "start")
    unknown = stays["share_week"].isna() & (stays["form"] == ITINERANT).fillna(False)
    unknown &= ~crossing.find_unread("exchanges", "share_week")
    yield from _told(crossing, stays[unknown], "itinerant-without-share", "share_week", "warning")
    whole = stays["share_week"].isin([0, 1]) & (stays["form"] == ITINERANT).fillna(False)
    yield from _told(crossing, stays[whole], "itinerant-share-odd", "share_week", "warning")
    yield from _told(crossing, _over_full(stays), "week-over-full", "share_week")
    yield from _told(crossing, _receivers_unknown(crossing, stays), "receiver-unknown", "to_school",
                     "warning")  # fmt: skip


def _told(
    crossing: Crossing, rows: pd.DataFrame, code: str, column: str, level: Level = "error"
) -> Iterator[Fault]:
    for row in rows.to_dict("records"):
        yield crossing.fault(code, row, column=_TABLE[column].zh, level=level)


def _outside(stays: pd.DataFrame) -> pd.Series:
    """Tell stays that begin neither in their school year nor in the summer before."""
    day = rules()["exchange"]
    year = stays["year"].astype("Int64")
    first = year.astype("string") + f"-{day['month']:02}-{day['day']:02}"
    last = (year + 1).astype("string") + "-08-31"
    return ((stays["start"] < first) | (stays["start"] > last)).fillna(False).astype(bool)


def _over_full(stays: pd.DataFrame) -> pd.DataFrame:
    """Find the stays at whose first day a teacher has more than a week, all stays counted.

    Where a day is not known, or a share of an itinerant teacher is not, nobody can say.
    """
    known = stays.dropna(subset=["teacher_id", "start", "end"])
    known = known[known["share_week"].notna() | (known["form"] != ITINERANT).fillna(True)]
    known = known[known.duplicated("teacher_id", keep=False)]
    share = known["share_week"].astype("float64").fillna(1.0)
    known = known.assign(_share=share)[["teacher_id", "start", "end", "_share", PLACE, ROW]]
    both = known.merge(known, on="teacher_id", suffixes=("", "_other"))
    itself = (both[PLACE] == both[f"{PLACE}_other"]) & (both[ROW] == both[f"{ROW}_other"])
    there = (both["start_other"] <= both["start"]) & (both["start"] < both["end_other"])
    sums = both[itself | there].groupby([PLACE, ROW])["_share_other"].sum()
    over = sums[sums > 1 + 1e-9].reset_index()[[PLACE, ROW]]
    return stays.merge(over, on=[PLACE, ROW])


def _receivers_unknown(crossing: Crossing, stays: pd.DataFrame) -> pd.DataFrame:
    """Find receiving schools that are on no list of schools of the year, where the county has one."""
    schools = crossing.frames["schools"]
    listed = set(zip(schools["school"], schools["year"], strict=True))
    counties = set(zip(schools["county"], schools["year"], strict=True))
    strange = [
        (county, year) in counties and (school, year) not in listed
        for county, year, school in zip(
            stays["county"], stays["year"], stays["to_school"], strict=True
        )
    ]
    return stays[strange].dropna(subset=["to_school"])
