"""Ranges of counts to come: by hand, and how often they hold in drawn counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.methods.prediction import count_interval, dispersion


def test_a_poisson_count_has_the_quantiles_of_the_table() -> None:
    # Poisson(10): P(X <= 3) = 0.0103, P(X <= 4) = 0.0293; P(X <= 16) = 0.9730, P(X <= 17) = 0.9857.
    assert count_interval(10, 10) == (4, 17)


@pytest.mark.parametrize(("mean", "variance"), [(3.0, 3.0), (12.0, 30.0), (200.0, 900.0)])
def test_drawn_counts_lie_inside_as_often_as_said(mean: float, variance: float) -> None:
    rng = np.random.default_rng(1)
    scale = (variance - mean) / mean
    rates = rng.gamma(mean / scale, scale, 20_000) if scale else np.full(20_000, mean)
    low, high = count_interval(mean, variance)
    drawn = rng.poisson(rates)
    assert np.mean((drawn >= low) & (drawn <= high)) >= 0.945


@given(st.floats(0.01, 1e4), st.floats(1, 20))
def test_the_mean_lies_inside_and_more_variance_is_never_narrower(mean: float, more: float) -> None:
    low, high = count_interval(mean, mean)
    wide_low, wide_high = count_interval(mean, mean * more)
    assert (low, high) == tuple(stats.poisson(mean).ppf([0.025, 0.975]))
    assert wide_high - wide_low >= high - low - 2


def test_groups_that_vary_by_chance_alone_have_no_more_dispersion() -> None:
    rng = np.random.default_rng(2)
    expected = rng.uniform(1, 30, 4000)
    assert dispersion(rng.poisson(expected), expected, expected) == pytest.approx(1, abs=0.1)


def test_groups_without_chances_say_nothing() -> None:
    assert dispersion([0, 0], [0, 0], [0, 0]) == 1
