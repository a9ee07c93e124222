"""What becomes of one item: its number, its verdict, why it has none, and the schools at fault."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.finding import Verdict, reaches

Item = Mapping[str, Any]
Reason = str
"""``""``, ``not_reported``, ``incomplete``, ``none`` (there is nothing to judge) or ``level``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item in one county and year.

    Attributes
    ----------
    verdict, reason
        The verdict, and why where the number does not say it.
    value, numerator, denominator
        What is held against the limit, and its parts.
    partial
        Something that belongs to it was not reported.
    schools
        For items judged school by school, one row each, index ``school``: ``kind``, ``verdict``,
        ``lack`` (what is over the limit or short of it) and ``units`` at fault (classes).
    """

    verdict: Verdict
    reason: Reason = ""
    value: float = math.nan
    numerator: float = math.nan
    denominator: float = math.nan
    partial: bool = False
    schools: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["kind", "verdict", "lack", "units"])
    )


NOT_REPORTED = Outcome("cannot_say", "not_reported")
NOTHING_TO_JUDGE = Outcome("not_applicable", "none")


def judge_share(done: float, known: float, unknown: float, limit: float) -> Outcome:
    """Judge a share against a least value where some of the group said nothing.

    The verdict stands only if it would whatever those are like; of "all" (a limit of 1), one that
    is not settles it, however many are unknown.

    Parameters
    ----------
    done, known
        How many are so, of how many that are known.
    unknown
        How many may be either; infinite where it is not known how many.
    limit
        The least share.

    Examples
    --------
    >>> judge_share(99, 100, 0, 1.0).verdict, judge_share(100, 100, 1, 1.0).verdict
    ('not_met', 'cannot_say')
    >>> judge_share(90, 100, 2, 0.85).verdict
    'met'
    """
    if known + unknown <= 0:
        return NOTHING_TO_JUDGE
    if known <= 0:
        return NOT_REPORTED
    endless = math.isinf(unknown)
    low = 0.0 if endless else done / (known + unknown)
    high = 1.0 if endless else (done + unknown) / (known + unknown)
    verdict: Verdict = "cannot_say"
    if reaches(low, limit):
        verdict = "met"
    elif not reaches(high, limit) or (limit >= 1 and done < known):
        verdict = "not_met"
    reason = "incomplete" if verdict == "cannot_say" else ""
    return Outcome(verdict, reason, done / known, done, known, partial=unknown > 0)


def judge_ratio(part: float, least: float, most: float, limit: float) -> Outcome:
    """Judge a part over a whole of which only the bounds are known.

    >>> judge_ratio(10, 100, 100, 0.1).verdict, judge_ratio(10, 95, 105, 0.1).verdict
    ('met', 'cannot_say')
    """
    if most <= 0:
        return NOTHING_TO_JUDGE
    if least <= 0:
        return Outcome("cannot_say", "incomplete")
    verdict: Verdict = "cannot_say"
    if reaches(part / most, limit):
        verdict = "met"
    elif not reaches(part / least, limit):
        verdict = "not_met"
    reason = "incomplete" if verdict == "cannot_say" else ""
    return Outcome(verdict, reason, part / least, part, least, partial=most > least)


def judge_schools(schools: pd.DataFrame, *, reported: bool, listed: bool) -> Outcome:
    """Judge an item that every school has to meet.

    Parameters
    ----------
    schools
        As in `Outcome`; empty where the county has none of them.
    reported
        The table that it rests on has rows of this year.
    listed
        The list has every school that should report.

    Examples
    --------
    >>> one = pd.DataFrame({"kind": ["211"], "verdict": ["met"], "lack": 0.0, "units": 0})
    >>> judge_schools(one, reported=True, listed=True).verdict
    'met'
    >>> judge_schools(one, reported=True, listed=False).reason
    'incomplete'
    """
    if schools.empty:
        return NOTHING_TO_JUDGE if listed else Outcome("cannot_say", "incomplete")
    if not reported:
        return NOT_REPORTED
    known = schools[schools["verdict"] != "cannot_say"]
    met = int((known["verdict"] == "met").sum())
    unknown = math.inf if not listed else len(schools) - len(known)
    if known.empty:
        return Outcome("cannot_say", "incomplete", partial=True, schools=schools)
    found = judge_share(met, len(known), unknown, 1.0)
    return Outcome(
        found.verdict, found.reason, found.value, found.numerator, found.denominator,
        found.partial, schools,
    )  # fmt: skip


def judge_classes(schools: pd.DataFrame, classes: int, *, reported: bool, listed: bool) -> Outcome:
    """Judge an item that every class has to meet, `classes` of which are known.

    >>> one = pd.DataFrame({"kind": ["211"], "verdict": ["not_met"], "lack": 1.0, "units": 1})
    >>> judge_classes(one, 4, reported=True, listed=True).value
    0.75
    """
    found = judge_schools(schools, reported=reported, listed=listed)
    if not classes or math.isnan(found.value):
        return found
    good = classes - int(schools["units"].sum())
    return Outcome(
        found.verdict, found.reason, good / classes, good, classes, found.partial, schools
    )


def either(*known: bool | None) -> bool | None:
    """Tell whether any holds, where some may be unknown.

    >>> either(False, None), either(True, None), either(False, False)
    (None, True, False)
    """
    if any(each is True for each in known):
        return True
    return None if any(each is None for each in known) else False


def every(*known: bool | None) -> bool | None:
    """Tell whether all hold, where some may be unknown.

    >>> every(True, None), every(False, None), every(True, True)
    (None, False, True)
    """
    if any(each is False for each in known):
        return False
    return None if any(each is None for each in known) else True
