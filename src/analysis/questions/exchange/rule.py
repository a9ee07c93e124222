"""The two quotas: how many of the eligible were exchanged, and how many of these are backbone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.finding import Verdict, reaches
from analysis.questions.exchange.rosters import Roster

Scope = Literal["", "urban_or_good", "other", "unknown"]
SCOPES: tuple[Scope, ...] = ("", "urban_or_good", "other", "unknown")
"""The whole county, and what it consists of; unknown are schools of which nothing tells it."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A part of a whole, of which some may not be known.

    Attributes
    ----------
    part, whole
        What is known.
    low, high
        Between which the share lies whatever the rest is like; nan where nothing is known.
    """

    part: float
    whole: float
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole > 0 else math.nan

    @property
    def partial(self) -> bool:
        return not math.isclose(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Quota:
    """Both ratios of one scope and year; ``scope`` empty for the whole county."""

    year: int
    scope: Scope
    eligible: Ratio
    backbone: Ratio


def measure(roster: Roster) -> Iterator[Quota]:
    """Measure both ratios in the whole county, in urban or good schools, and in the others.

    Teachers of schools of which nothing tells whether they are good may belong to either.
    """
    moves, able = _split(roster.moves, roster), _split(roster.eligible, roster)
    for scope in SCOPES:
        mine, others = moves[scope], moves["unknown"] if scope else moves[""].iloc[:0]
        open_ = roster.open + (len(able["unknown"]) if scope else 0)
        if scope == "unknown":
            if mine.empty and able[scope].empty:
                continue
            others, open_ = mine.iloc[:0], roster.open
        yield Quota(
            roster.year,
            scope,
            of_eligible(len(mine), len(able[scope]), open_, len(others)),
            of_moved(mine, len(others)),
        )


def _split(rows: pd.DataFrame, roster: Roster) -> dict[Scope, pd.DataFrame]:
    inside = rows["school"].map(roster.kinds["urban_or_good"])
    yes = inside.fillna(False).astype(bool)
    return {
        "": rows, "urban_or_good": rows[yes], "other": rows[~yes & inside.notna()],
        "unknown": rows[inside.isna()],
    }  # fmt: skip


def of_eligible(moved: int, least: int, open: float, others: int = 0) -> Ratio:
    """Give those exchanged over those eligible.

    Parameters
    ----------
    moved, least
        Who was exchanged, and who surely was eligible.
    open, others
        How many more may be eligible, and exchanged.

    Examples
    --------
    >>> of_eligible(12, 100, 20)
    Ratio(part=12, whole=100, low=0.1, high=0.12)
    """
    high = (moved + others) / least if least else math.inf if moved + others else math.nan
    return Ratio(moved, least, moved / (least + open) if least + open else math.nan, high)


def of_moved(moves: pd.DataFrame, others: int = 0) -> Ratio:
    """Give the backbone teachers over those exchanged, to whom `others` may belong.

    >>> of_moved(pd.DataFrame({"backbone": [True, False, None]}))
    Ratio(part=1, whole=2, low=0.3333333333333333, high=0.6666666666666666)
    """
    marks = moves["backbone"].dropna().astype(bool)
    part, known, all_ = int(marks.sum()), len(marks), len(moves) + others
    if not all_:
        return Ratio(part, known, math.nan, math.nan)
    return Ratio(part, known, part / all_, (part + all_ - known) / all_)


def judge(ratio: Ratio, limit: float) -> tuple[Verdict, str]:
    """Judge a ratio by its whole range, and say why where that decides nothing.

    >>> judge(of_eligible(12, 100, 20), 0.1), judge(of_eligible(12, 100, 21), 0.1)
    (('met', ''), ('cannot_say', 'incomplete'))
    >>> judge(of_eligible(9, 100, 0), 0.1)[0], judge(of_eligible(0, 0, 0), 0.1)[0]
    ('not_met', 'not_applicable')
    """
    if math.isnan(ratio.low):
        return "not_applicable", ""
    if ratio.whole <= 0:
        return "cannot_say", "incomplete"
    if reaches(ratio.low, limit):
        return "met", ""
    return ("cannot_say", "incomplete") if reaches(ratio.high, limit) else ("not_met", "")
