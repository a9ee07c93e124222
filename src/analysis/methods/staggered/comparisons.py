"""Which cohorts are compared in which periods, with what period before and with which controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.errors import UsageError

Floats = NDArray[np.float64]
Control = Literal["never", "notyet"]
Base = Literal["varying", "universal"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cohort in one period.

    Attributes
    ----------
    first
        When the cohort is first treated.
    at, base
        Places of the period and of the one it is held against.
    treated_after
        Controls are first treated after this time; infinite where only the never treated are.
    """

    first: float
    at: int
    base: int
    treated_after: float


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Which rows are compared at all, and why others are not.

    Attributes
    ----------
    rows
        Rows that stay.
    first
        When each row's unit is first treated; infinite where beyond what is seen.
    cohorts
        Cohorts that get estimates.
    left_out
        Rows left out, by reason.
    """

    rows: NDArray[np.bool_]
    first: Floats
    cohorts: Floats
    left_out: dict[str, int]

    def without(self, first: Floats, full: NDArray[np.bool_]) -> Sample:
        """Leave out what is not full, of the rows that stayed; nobody may be left then."""
        left = np.unique(first[full])
        if not len(left):
            raise UsageError("没有一个单位在每个时期都有数据", "no unit is seen in every period")
        cohorts = self.cohorts[np.isin(self.cohorts, left)]
        left_out = {**self.left_out, "not_seen_throughout": int((~full).sum())}
        return Sample(self.rows, self.first, cohorts, left_out)


def refuse_anticipation(anticipation: float) -> None:
    """Refuse treatment to be known after it began."""
    if not anticipation >= 0:
        raise UsageError("anticipation 不能为负", "anticipation cannot be negative")


def select(first: Floats, period: Floats, control: Control, anticipation: float) -> Sample:
    """Select the rows that can be compared.

    Cohorts treated (or anticipating) from the first period on have nothing before. Where nobody is
    never treated, the last cohort is a control until it anticipates, and later periods are left out.

    Raises
    ------
    UsageError
        If nobody is never treated and `control` is ``never``, or no cohort is left.
    """
    first = np.where(first > period.max() + anticipation, np.inf, first)
    before = period < np.inf
    latest = np.inf
    if not np.isinf(first).any():
        if control == "never":
            raise UsageError(
                '没有从未受处理的单位，请用 control="notyet"',
                'nobody is never treated: use control="notyet"',
            )
        latest = first.max()
        before = period < latest - anticipation
    rows = before
    # Where those treated early are the only ones seen at first, others are early without them.
    while rows.any() and (early := rows & (first <= period[rows].min() + anticipation)).any():
        rows = rows & ~early
    seen = np.unique(first[rows])
    cohorts = seen[np.isfinite(seen) & (seen < latest)]
    if not len(cohorts):
        raise UsageError(
            "没有一个批次既有处理之前的时期，又有对照",
            "no cohort has both a period before its treatment and controls",
        )
    left_out = {
        "nobody_left_untreated": int((~before).sum()),
        "treated_from_the_start": int((before & ~rows).sum()),
    }
    return Sample(rows, first, cohorts, left_out)


def plan(
    cohorts: Floats, periods: Floats, *, control: Control, anticipation: float, base: Base
) -> list[Comparison]:
    """List the comparisons in the order of cohorts and periods.

    With a varying base, periods before treatment are held against the one before them; with a
    universal one, all are held against the last before anticipation.
    """
    made = []
    for first in cohorts:
        last = int(np.flatnonzero(periods < first - anticipation)[-1])
        for at in range(1 if base == "varying" else 0, len(periods)):
            within = periods[at] >= first - anticipation
            before = last if within or base == "universal" else at - 1
            later = max(periods[at], periods[before]) + anticipation
            after = np.inf if control == "never" else float(later)
            made.append(Comparison(float(first), at, before, after))
    return made
