"""The official coefficient: published numbers, hand-computable cases, properties."""

from __future__ import annotations

import csv
import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods import dispersion
from analysis.methods.dispersion import difference_coefficient

BOOKS, PUPILS = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]

schools = st.lists(
    st.tuples(st.floats(0.1, 1e6), st.integers(1, 3000)), min_size=2, max_size=30
).map(lambda rows: (np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])))


def test_the_worked_example_of_the_official_annex() -> None:
    assert difference_coefficient(BOOKS, PUPILS) == pytest.approx(0.515257, abs=5e-7)


def test_three_coefficients_that_must_not_be_confused() -> None:
    ratio = np.array(BOOKS) / np.array(PUPILS)
    assert difference_coefficient(BOOKS, PUPILS, weights=None) == pytest.approx(0.4888, abs=5e-5)
    assert ratio.std(ddof=1) / ratio.mean() == pytest.approx(0.5465, abs=5e-5)
    assert difference_coefficient(BOOKS, PUPILS) == pytest.approx(0.5153, abs=5e-5)


@pytest.mark.shared_data
def test_o10_the_worked_example_from_its_source(shared_data: Path) -> None:
    with open(shared_data / "cn_official_cv" / "worked_example.csv", encoding="utf-8-sig") as f:
        rows = list(csv.DictReader(f))
    pupils = [float(row["students"]) for row in rows]
    books = [float(row["books"]) for row in rows]
    assert difference_coefficient(books, pupils) == pytest.approx(0.5152566, abs=5e-8)
    parts = dispersion.additive_shares(books, pupils) * 10.65279
    printed = [float(row["published_contribution"]) for row in rows]
    assert parts == pytest.approx(printed, abs=0.01)


JIUJIANG = {
    # 鸠江区 2023, primary: mean, standard deviation, coefficient of the seven indicators.
    "L1": (5.515273, 1.643162, 0.297929), "L2": (0.887611, 0.445392, 0.501787),
    "L3": (0.879277, 0.353427, 0.401952), "L4": (4.563288, 1.316139, 0.288419),
    "L5": (7.925946, 2.975795, 0.37545), "L6": (2496.674864, 780.914372, 0.312782),
    "L7": (2.784743, 1.097759, 0.394205),
}  # fmt: skip


@pytest.mark.parametrize("indicator", JIUJIANG)
def test_jiujiang_coefficients_from_mean_and_deviation(indicator: str) -> None:
    """Two equal schools at mean ± S have exactly the published mean, deviation and coefficient."""
    mean, deviation, coefficient = JIUJIANG[indicator]
    pupils = np.array([100.0, 100.0])
    totals = pupils * np.array([mean - deviation, mean + deviation])
    assert difference_coefficient(totals, pupils) == pytest.approx(coefficient, abs=1e-6)


def test_undefined_is_nan_and_never_zero() -> None:
    assert math.isnan(difference_coefficient([5], [10]))
    assert math.isnan(difference_coefficient([], []))
    assert math.isnan(difference_coefficient([0, 0], [10, 20]))
    assert math.isnan(difference_coefficient([5, math.nan], [10, 20]))


@pytest.mark.parametrize(
    ("totals", "pupils"), [([1, 2], [1]), ([1, 2], [1, 0]), ([-1, 2], [1, 1]), ([[1]], [[1]])]
)
def test_impossible_input_is_refused(totals: list, pupils: list) -> None:
    with pytest.raises(ValueError, match=r"."):
        difference_coefficient(totals, pupils)


def test_unknown_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="enrolment"):
        difference_coefficient([1, 2], [1, 1], weights="area")  # type: ignore[arg-type]


@given(schools)
def test_equal_schools_have_no_difference(given_schools: tuple) -> None:
    _, pupils = given_schools
    assert difference_coefficient(3.7 * pupils, pupils) == pytest.approx(0, abs=1e-7)


@given(schools, st.floats(0.01, 100), st.floats(0.01, 100))
def test_scale_free_and_free_of_units(given_schools: tuple, money: float, heads: float) -> None:
    totals, pupils = given_schools
    assert difference_coefficient(totals * money, pupils * heads) == pytest.approx(
        difference_coefficient(totals, pupils), rel=1e-6, abs=1e-9
    )


@given(schools, st.integers(2, 4))
def test_replication_invariant(given_schools: tuple, times: int) -> None:
    totals, pupils = given_schools
    assert difference_coefficient(np.tile(totals, times), np.tile(pupils, times)) == pytest.approx(
        difference_coefficient(totals, pupils), rel=1e-6, abs=1e-9
    )


@given(schools)
def test_a_school_divided_into_two_equal_ones_changes_nothing(given_schools: tuple) -> None:
    totals, pupils = given_schools
    halves = np.r_[totals[:-1], totals[-1] / 2, totals[-1] / 2]
    heads = np.r_[pupils[:-1], pupils[-1] / 2, pupils[-1] / 2]
    assert difference_coefficient(halves, heads) == pytest.approx(
        difference_coefficient(totals, pupils), rel=1e-6, abs=1e-9
    )


@given(schools, st.floats(0.01, 0.5))
def test_obeys_the_transfer_principle(given_schools: tuple, part: float) -> None:
    """Moving a little from the richest to the poorest per pupil narrows the difference."""
    totals, pupils = given_schools
    ratio = totals / pupils
    poor, rich = int(ratio.argmin()), int(ratio.argmax())
    gap = ratio[rich] - ratio[poor]
    if gap < 1e-6 * ratio[rich]:
        return
    moved = part * gap / (1 / pupils[poor] + 1 / pupils[rich])
    after = totals.copy()
    after[rich] -= moved
    after[poor] += moved
    assert difference_coefficient(after, pupils) < difference_coefficient(totals, pupils)


@given(schools)
def test_additive_shares_sum_to_one(given_schools: tuple) -> None:
    shares = dispersion.additive_shares(*given_schools)
    assert np.isnan(shares).all() or shares.sum() == pytest.approx(1)


@given(schools)
def test_influence_is_what_leaving_out_does(given_schools: tuple) -> None:
    totals, pupils = given_schools
    if len(totals) < 3:
        return
    by_hand = [
        difference_coefficient(np.delete(totals, i), np.delete(pupils, i))
        - difference_coefficient(totals, pupils)
        for i in range(len(totals))
    ]
    assert dispersion.influences(totals, pupils) == pytest.approx(by_hand, rel=1e-6, abs=1e-6)


@given(
    st.lists(st.tuples(st.floats(0.5, 20), st.integers(10, 900)), min_size=2, max_size=6),
    st.lists(st.integers(10, 900), min_size=1, max_size=3),
)
def test_missing_value_range_holds_every_possible_value(seen: list, missing: list) -> None:
    ratio, known = np.array([s[0] for s in seen]), np.array([float(s[1]) for s in seen])
    pupils = np.r_[known, np.array(missing, dtype=float)]
    totals = np.r_[ratio * known, np.full(len(missing), np.nan)]
    possible = dispersion.missing_value_range(totals, pupils)
    for levels in product(np.linspace(ratio.min(), ratio.max(), 5), repeat=len(missing)):
        filled = np.r_[ratio * known, np.array(levels) * pupils[len(known) :]]
        value = difference_coefficient(filled, pupils)
        assert possible.low - 1e-6 <= value <= possible.high + 1e-6


def test_reporting_errors_in_common_leave_the_coefficient() -> None:
    rng = np.random.default_rng(1)
    band = dispersion.reporting_error_range(
        BOOKS, PUPILS, error=0.05, correlation=1.0, draws=50, rng=rng
    )
    assert (band.low, band.high) == pytest.approx((0.515257, 0.515257), abs=1e-6)


def test_reporting_error_range_has_its_nominal_size() -> None:
    """With two equal schools the difference of two errors has a known spread."""
    rng = np.random.default_rng(2)
    error, pupils = 0.05, [100.0, 100.0]
    band = dispersion.reporting_error_range(
        [500.0, 700.0], pupils, error=error, correlation=0.0, draws=40_000, rng=rng
    )
    # CV = |x1-x2|/(x1+x2); by the delta method its deviation is 2·x1·x2·√2·σ/(x1+x2)².
    deviation = 2 * 500 * 700 * math.sqrt(2) * (error / 1.96) / 1200**2
    assert band.low == pytest.approx(1 / 6 - 1.96 * deviation, abs=1e-3)
    assert band.high == pytest.approx(1 / 6 + 1.96 * deviation, abs=1e-3)


def test_split_of_a_nine_year_school() -> None:
    """Published example: 166 primary, 210 junior, 23,226 books."""
    parts = dispersion.split_shares([166, 210], [1, 1.1]) * 23226
    assert parts == pytest.approx([9711.63, 13514.37], abs=0.005)
    assert parts / [166, 210] == pytest.approx([58.504, 64.354], abs=5e-4)


def test_split_of_complete_and_twelve_year_schools() -> None:
    assert dispersion.split_shares([0, 100, 100], [1, 1.1, 1.32])[1] == pytest.approx(1 / 2.2)
    assert dispersion.split_shares([100, 100, 100], [1, 1.1, 1.32])[0] == pytest.approx(1 / 3.42)
    assert np.isnan(dispersion.split_shares([0, 0, 0], [1, 1.1, 1.32])).all()


# One school at the mean -----------------------------------------------------------------------


def test_a_school_at_the_mean_by_hand() -> None:
    """10, 20, 30 of ten pupils each: the last at 20 leaves 10, 20, 20 with mean 50/3."""
    changes = dispersion.corrections([100, 200, 300], [10, 10, 10])
    before = math.sqrt(200 / 3) / 20
    after = math.sqrt(200 / 9) / (50 / 3)
    assert changes[2] == pytest.approx(after - before)
    assert changes[1] == 0


@given(schools, st.sampled_from(["enrolment", None]))
def test_corrections_are_coefficients_worked_out_one_by_one(rows: tuple, weights: Any) -> None:
    totals, pupils = rows
    changes = dispersion.corrections(totals, pupils, weights=weights)
    share = pupils if weights else np.ones_like(pupils)
    mean = np.average(totals / pupils, weights=share)
    before = difference_coefficient(totals, pupils, weights=weights)
    for n, change in enumerate(changes):
        corrected = totals.copy()
        corrected[n] = mean * pupils[n]
        after = difference_coefficient(corrected, pupils, weights=weights)
        assert change == pytest.approx(after - before, abs=1e-9)


def test_there_is_nothing_to_correct_without_a_coefficient() -> None:
    assert np.isnan(dispersion.corrections([5], [1])).all()
    assert np.isnan(dispersion.corrections([0, 0], [1, 1])).all()
    assert np.isnan(dispersion.corrections([1, math.nan], [1, 1])).all()


# Why no interval is printed -------------------------------------------------------------------


def test_a_bootstrap_interval_covers_less_than_it_says() -> None:
    """S3: with 15 schools a 95 % percentile interval holds the coefficient in 60 to 72 % of cases.

    Levels and pupils are lognormal and independent, so the true coefficient is known:
    the root of exp(0.25) - 1 for a standard deviation of 0.5.
    """
    rng, n, counties, resamples = np.random.default_rng(20170419), 15, 800, 800
    truth = math.sqrt(math.exp(0.5**2) - 1)
    levels = np.exp(0.5 * rng.standard_normal((counties, n)))
    pupils = np.exp(5.5 + 0.8 * rng.standard_normal((counties, n)))
    covered = []
    for level, weight in zip(levels, pupils, strict=True):
        drawn = rng.integers(0, n, (resamples, n))
        share = weight[drawn] / weight[drawn].sum(axis=1, keepdims=True)
        mean = (share * level[drawn]).sum(axis=1, keepdims=True)
        found = np.sqrt((share * (level[drawn] - mean) ** 2).sum(axis=1)) / mean[:, 0]
        low, high = np.quantile(found, [0.025, 0.975])
        covered.append(low <= truth <= high)
        official = difference_coefficient((level * weight)[drawn[0]], weight[drawn[0]])
        assert found[0] == pytest.approx(official, rel=1e-9)
    assert 0.60 <= np.mean(covered) <= 0.72


def test_totals_too_small_for_a_ratio_have_no_range() -> None:
    made = dispersion.missing_value_range([float("nan"), 5e-324, 0.0], [800, 800, 800])
    assert math.isnan(made.low)
    assert math.isnan(made.high)
