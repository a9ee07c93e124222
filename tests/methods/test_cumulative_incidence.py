"""Shares that come to each end, with ends that rule one another out: by hand, and by counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.hazard import cumulative_incidence

COUNTS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 200)), min_size=1, max_size=6
)


def test_by_hand() -> None:
    """Of 100, 10 leave and 20 move; of those still there a tenth leaves and a fifth moves."""
    made = cumulative_incidence([[10, 20], [10, 20]], [70, 70])
    assert made == pytest.approx(np.array([[0.1, 0.2], [0.17, 0.34]]))


def test_whoever_is_followed_to_the_end_is_counted() -> None:
    """Where nobody comes later and nobody is lost, it is the plain share of those who began."""
    made = cumulative_incidence([[5, 3], [10, 2], [4, 6]], [92, 80, 70])
    assert made == pytest.approx(np.array([[5, 3], [15, 5], [19, 11]]) / 100)


def test_it_is_less_than_with_the_other_ends_taken_for_lost() -> None:
    alone = 1 - (1 - 10 / 100) * (1 - 10 / 100)
    assert cumulative_incidence([[10, 20], [10, 20]], [70, 70])[-1, 0] < alone


def test_a_period_without_anybody_at_risk_says_nothing() -> None:
    made = cumulative_incidence([[1], [0], [1]], [3, 0, 3])
    assert made[0].tolist() == [0.25]
    assert np.isnan(made[1:]).all()


def test_where_all_have_ended_nobody_is_at_risk_and_nothing_changes() -> None:
    assert cumulative_incidence([[3, 1], [0, 0]], [0, 0]).tolist() == [[0.75, 0.25]] * 2


@given(COUNTS)
def test_shares_grow_and_with_those_still_there_make_one(
    counts: list[tuple[int, int, int]],
) -> None:
    table = np.array(counts, dtype=float)
    made = cumulative_incidence(table[:, :2], table[:, 2])
    assert (np.diff(made, axis=0) >= 0).all()
    still = np.cumprod(table[:, 2] / table.sum(axis=1))
    assert made.sum(axis=1) + still == pytest.approx(np.ones(len(table)))


@given(COUNTS, st.integers(2, 9))
def test_it_is_a_matter_of_shares(counts: list[tuple[int, int, int]], times: int) -> None:
    table = np.array(counts, dtype=float)
    once = cumulative_incidence(table[:, :2], table[:, 2])
    assert cumulative_incidence(times * table[:, :2], times * table[:, 2]) == pytest.approx(once)
