"""Shrunken rates and the bound of a small count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.methods.shrinkage import most_behind, shrink_rates, shrink_ratios


def test_groups_that_differ_by_chance_alone_get_the_common_rate() -> None:
    made = shrink_rates([10] * 20, [100] * 20)
    assert made.weight == np.inf
    assert made.estimate == pytest.approx(np.full(20, 0.1), abs=1e-4)


def test_shrunken_rates_are_nearer_to_the_truth_than_the_plain_ones() -> None:
    rng = np.random.default_rng(1)
    truth = rng.beta(2, 38, 2000)
    n = rng.integers(5, 120, 2000)
    k = rng.binomial(n, truth)
    made = shrink_rates(k, n)
    plain, ours = ((e - truth) ** 2 for e in (k / n, made.estimate))
    assert ours.mean() < 0.7 * plain.mean()
    inside = np.mean((made.low <= truth) & (truth <= made.high))
    assert inside == pytest.approx(0.95, abs=0.02)
    assert made.mean == pytest.approx(0.05, abs=0.004)
    assert made.weight == pytest.approx(40, rel=0.25)


def test_no_event_at_all_leaves_nothing_to_tell_groups_apart_by() -> None:
    assert shrink_rates([0, 0], [10, 20]).estimate.tolist() == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(30, 300)), min_size=2, max_size=20))
def test_a_shrunken_rate_lies_between_the_own_and_the_common_one(rows: list) -> None:
    k, n = np.array(rows).T
    if not k.any():
        return
    made = shrink_rates(k, n)
    own = k / n
    low, high = np.minimum(own, made.mean), np.maximum(own, made.mean)
    assert ((made.estimate >= low - 1e-6) & (made.estimate <= high + 1e-6)).all()


def test_the_bound_of_a_count_is_where_its_chance_is_one_in_twenty() -> None:
    for count in (0, 1, 7):
        assert stats.poisson(most_behind(count)).cdf(count) == pytest.approx(0.05)


@pytest.mark.parametrize(("events", "n"), [([2], [1]), ([], []), ([0, 1], [0, 2])])
def test_impossible_groups_are_refused(events: list[int], n: list[int]) -> None:
    with pytest.raises(ValueError, match="no more events than rows"):
        shrink_rates(events, n)


def test_shrunken_ratios_find_the_spread_that_they_were_drawn_with() -> None:
    rng = np.random.default_rng(8)
    expected = rng.uniform(2, 20, 4000)
    own = rng.gamma(6.0, 1.2 / 6.0, 4000)
    made = shrink_ratios(rng.poisson(expected * own), expected)
    assert made.mean == pytest.approx(1.2, rel=0.03)
    assert made.weight == pytest.approx(6.0, rel=0.15)
    inside = (made.low <= own) & (own <= made.high)
    assert 0.935 < inside.mean() < 0.965


def test_where_nothing_happened_ratios_have_the_bound_of_a_count_of_none() -> None:
    made = shrink_ratios([0, 0], [1.0, 3.0])
    assert made.estimate.tolist() == [0, 0]
    np.testing.assert_allclose(made.high, [2.9957, 0.9986], atol=1e-4)


@pytest.mark.parametrize(("k", "e"), [([1], [0.0]), ([-1], [1.0]), ([], []), ([1, 2], [1.0])])
def test_impossible_ratios_are_refused(k: list[int], e: list[float]) -> None:
    with pytest.raises(ValueError, match="over 0"):
        shrink_ratios(k, e)
