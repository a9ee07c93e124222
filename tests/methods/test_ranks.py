"""Ranks that ranges leave open: by hand, against every possible order, and over simulated reports."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.dispersion import difference_coefficient, reporting_error_range
from analysis.methods.ranks import rank_ranges

ranges = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=5)


def test_ranges_that_do_not_overlap_leave_one_rank() -> None:
    first, last = rank_ranges([0.5, 0.1, 0.3], [0.6, 0.2, 0.4])
    assert first.tolist() == last.tolist() == [3, 1, 2]


def test_ranges_that_all_overlap_leave_every_rank() -> None:
    first, last = rank_ranges([0.1, 0.2, 0.3], [0.4, 0.4, 0.4])
    assert (first.tolist(), last.tolist()) == ([1, 1, 1], [3, 3, 3])


def test_ranges_that_touch_are_not_told_apart() -> None:
    first, last = rank_ranges([0.1, 0.2], [0.2, 0.3])
    assert (first.tolist(), last.tolist()) == ([1, 1], [2, 2])


def test_who_is_unknown_may_stand_before_anybody() -> None:
    first, last = rank_ranges([0.1, 0.3], [0.2, 0.4], unknown=2)
    assert (first.tolist(), last.tolist()) == ([1, 2], [3, 4])


@given(ranges)
def test_exactly_the_ranks_that_some_true_values_give(pairs: list[tuple[int, int]]) -> None:
    """Whole numbers in the ranges are tried out one by one, ties in both orders."""
    low = [start for start, _ in pairs]
    high = [start + width for start, width in pairs]
    first, last = rank_ranges(low, high)
    for place in range(len(pairs)):
        seen: set[int] = set()
        for values in product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))):
            others = [v for other, v in enumerate(values) if other != place]
            below = sum(v < values[place] for v in others)
            seen |= set(range(1 + below, 2 + below + sum(v == values[place] for v in others)))
        assert (min(seen), max(seen)) == (first[place], last[place])


def test_the_true_ranks_lie_in_the_intervals_when_reports_have_errors() -> None:
    """Twelve counties with known truth report with errors of the size that the ranges assume."""
    rng, inside, together, rounds = np.random.default_rng(7), 0, 0, 60
    for _ in range(rounds):
        truth, low, high = [], [], []
        for _ in range(12):
            pupils = rng.integers(100, 1500, size=int(rng.integers(6, 30))).astype(float)
            totals = pupils * rng.lognormal(0.0, rng.uniform(0.2, 0.5), size=len(pupils))
            said = totals * (1 + rng.standard_normal(len(pupils)) * 0.05 / 1.959964)
            band = reporting_error_range(
                said, pupils, error=0.05, correlation=0.0, draws=400, rng=rng
            )
            truth.append(difference_coefficient(totals, pupils))
            low.append(band.low)
            high.append(band.high)
        ranks = np.argsort(np.argsort(truth)) + 1
        first, last = rank_ranges(low, high)
        hit = (first <= ranks) & (ranks <= last)
        inside, together = inside + int(hit.sum()), together + bool(hit.all())
        assert (last - first < 11).all()  # and they are not so wide as to say nothing
    assert inside / (12 * rounds) >= 0.97
    assert together / rounds >= 0.80


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="not below"):
        rank_ranges([0.2], [0.1])
    with pytest.raises(ValueError, match="number of units"):
        rank_ranges([0.1], [0.2], unknown=-1)
