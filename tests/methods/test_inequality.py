"""Indices of inequality: hand-computable cases, published numbers, properties."""

from __future__ import annotations

import csv
import gzip
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.dispersion import (
    atkinson,
    between_by_chance,
    difference_coefficient,
    gini,
    lorenz,
    shapley,
    theil,
    theil_decomposition,
)

INDICES = {
    "gini": gini,
    "theil": theil,
    "atkinson": atkinson,
    "atkinson 1": lambda x, w=None: atkinson(x, w, aversion=1),
    "atkinson 2": lambda x, w=None: atkinson(x, w, aversion=2),
}
every_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
units = st.lists(st.tuples(st.floats(0.1, 1e4), st.integers(1, 40)), min_size=2, max_size=25).map(
    lambda rows: (np.array([r[0] for r in rows]), np.array([r[1] for r in rows]))
)


# By hand ------------------------------------------------------------------------------------


def test_one_of_two_has_everything() -> None:
    assert theil([0, 10]) == pytest.approx(math.log(2), abs=1e-15)
    assert gini([0, 10]) == 0.5
    assert atkinson([0, 10]) == pytest.approx(0.5)
    assert atkinson([0, 10], aversion=1) == 1


def test_one_and_three() -> None:
    """Mean 2; Gini |1-3| * 2 / (2 * 4 * 2); Atkinson at 1: one minus the geometric mean over 2."""
    assert gini([1, 3]) == 0.25
    assert theil([1, 3]) == pytest.approx((0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 2)
    assert atkinson([1, 3], aversion=1) == pytest.approx(1 - math.sqrt(3) / 2)
    assert atkinson([1, 3], aversion=2) == pytest.approx(1 - 1 / ((1 + 1 / 3) / 2) / 2)


def test_the_curve_of_one_to_four() -> None:
    curve = lorenz([4, 1, 3, 2])
    assert curve.population.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve.resource.tolist() == pytest.approx([0, 0.1, 0.3, 0.6, 1])
    assert gini([4, 1, 3, 2]) == pytest.approx(0.25)


def test_gini_of_very_many_units() -> None:
    """Of the numbers 1 to n it is (n - 1) / 3n; sums of that many are not to eat digits."""
    n = 100_000
    assert gini(np.arange(1, n + 1)) == pytest.approx((n - 1) / (3 * n), abs=1e-12)


def test_two_groups_that_are_equal_within() -> None:
    parts = theil_decomposition([0, 0, 10, 10], ["a", "a", "b", "b"])
    assert parts.total == pytest.approx(math.log(2))
    assert parts.between == pytest.approx((math.log(2),))
    assert parts.within == 0


def test_groups_in_groups_are_told_by_all_their_names() -> None:
    """Type 1 of township a is not type 1 of township b."""
    parts = theil_decomposition([1, 2, 3, 6], [["a", "a", "b", "b"], [1, 2, 1, 2]])
    one = theil_decomposition([1, 2, 3, 6], ["a", "a", "b", "b"])
    assert parts.between[0] == one.between[0]
    assert parts.between[1] == pytest.approx(one.within)
    assert parts.within == pytest.approx(0, abs=1e-15)


@every_index
def test_what_has_no_index(index) -> None:  # type: ignore[no-untyped-def]
    for values in ([], [0, 0], [1, float("nan")]):
        assert math.isnan(index(values))
    for wrong in (([1, -1],), ([1, 2], [1]), ([1, 2], [1, 0])):
        with pytest.raises(ValueError, match=r"weight|negative|length"):
            index(*wrong)


def test_levels_name_every_unit() -> None:
    with pytest.raises(ValueError, match="every level"):
        theil_decomposition([1, 2], ["a"])
    with pytest.raises(ValueError, match="over 0"):
        atkinson([1, 2], aversion=0)


# Published ----------------------------------------------------------------------------------


@pytest.mark.shared_data
def test_o12_mexico(shared_data: Path) -> None:
    """pysal/inequality, user guide and tests: 1940 to 2000, and between the regions hanson98."""
    with open(shared_data / "libpysal_income" / "mexico.csv", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    years = range(1940, 2001, 10)
    incomes = {year: [float(row[f"pcgdp{year}"]) for row in rows] for year in years}
    regions = [row["hanson98"] for row in rows]
    assert [gini(incomes[year]) for year in (1940, 2000)] == pytest.approx(
        [0.3537237, 0.2581131], rel=1e-6
    )
    assert [theil(incomes[year]) for year in years] == pytest.approx(
        [0.20894344, 0.15222451, 0.10472941, 0.10194725, 0.09560113, 0.10511256, 0.10660832],
        rel=1e-7,
    )
    parts = [theil_decomposition(incomes[year], regions) for year in (1940, 2000)]
    assert [part.between[0] for part in parts] == pytest.approx([0.0345889, 0.0363587], rel=1e-5)
    assert parts[0].within == pytest.approx(0.174355, rel=1e-5)


@pytest.mark.shared_data
def test_ilocos_households(shared_data: Path) -> None:
    """R's ineq 0.2-13: 632 households of the Philippine survey of 1997."""
    with open(shared_data / "ineq_ilocos" / "Ilocos.csv", encoding="utf-8") as stream:
        incomes = [float(row["income"]) for row in csv.DictReader(stream)]
    assert gini(incomes) == pytest.approx(0.4269508, rel=1e-6)
    assert theil(incomes) == pytest.approx(0.3199159, rel=1e-6)


@pytest.mark.shared_data
def test_weighted_gini_of_eu_silc(shared_data: Path) -> None:
    """R's laeken, JSS 54(15): 26.48962 for equivalised incomes with the weights rb050."""
    with gzip.open(shared_data / "laeken_eusilc" / "eusilc.csv.gz", "rt") as stream:
        rows = list(csv.DictReader(stream))
    incomes = [float(row["eqIncome"]) for row in rows]
    weights = [float(row["rb050"]) for row in rows]
    assert gini(incomes, weights) == pytest.approx(0.2648962, rel=1e-6)


# A second way -------------------------------------------------------------------------------


@given(units)
def test_gini_is_the_mean_of_all_differences(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, w = rows
    pairs = np.abs(x[:, None] - x) * w[:, None] * w
    expected = pairs.sum() / (2 * w.sum() ** 2 * (w @ x / w.sum()))
    assert gini(x, w) == pytest.approx(expected, rel=1e-9, abs=1e-12)


# Properties ---------------------------------------------------------------------------------


@every_index
@given(rows=units)
def test_equality_scale_and_order(index, rows: tuple[np.ndarray, np.ndarray]) -> None:  # type: ignore[no-untyped-def]
    x, w = rows
    assert index(np.full(len(x), 4.2), w) == pytest.approx(0, abs=1e-9)
    assert index(x * 7, w) == pytest.approx(index(x, w), rel=1e-6, abs=1e-9)
    assert index(x[::-1], w[::-1]) == pytest.approx(index(x, w), rel=1e-6, abs=1e-9)
    assert index(x, w) >= 0


@every_index
@given(rows=units)
def test_a_weight_of_two_is_the_unit_twice(index, rows: tuple[np.ndarray, np.ndarray]) -> None:  # type: ignore[no-untyped-def]
    x, w = rows
    assert index(np.repeat(x, w)) == pytest.approx(index(x, w), rel=1e-6, abs=1e-9)


@every_index
@given(rows=units, part=st.floats(0.1, 0.5))
def test_giving_to_who_has_less_lowers_it(index, rows, part: float) -> None:  # type: ignore[no-untyped-def]
    x, _ = rows
    low, high = int(np.argmin(x)), int(np.argmax(x))
    if x[high] - x[low] < 0.01 * x[high]:
        return
    given_away = x.copy()
    given_away[low] += part * (x[high] - x[low])
    given_away[high] -= part * (x[high] - x[low])
    assert index(given_away) < index(x)


@given(rows=units, seed=st.integers(0, 99))
def test_theil_adds_up_exactly(rows: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    x, w = rows
    rng = np.random.default_rng(seed)
    outer, inner = (rng.integers(0, 3, len(x)).tolist() for _ in range(2))
    parts = theil_decomposition(x, [outer, inner], w)
    assert sum(parts.between) + parts.within == pytest.approx(parts.total, abs=1e-12)
    by_hand = sum(
        (w[mine] @ x[mine]) / (w @ x) * theil(x[mine], w[mine])
        for g in set(zip(outer, inner, strict=True))
        if (mine := np.array([pair == g for pair in zip(outer, inner, strict=True)])).any()
    )
    assert parts.within == pytest.approx(by_hand, abs=1e-12)


# Shapley ------------------------------------------------------------------------------------


def test_shapley_is_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(3)
    players = ["enrolment", "resources", "openings", "closures"]
    worth: dict[frozenset[str], float] = {}

    def value(team: frozenset[str]) -> float:
        return worth.setdefault(team, float(rng.normal()))

    shares = shapley(value, players)
    asked = len(worth)
    assert asked == 16  # each coalition once
    for player in players:
        added = [
            value(frozenset(order[: order.index(player) + 1]))
            - value(frozenset(order[: order.index(player)]))
            for order in permutations(players)
        ]
        assert shares[player] == pytest.approx(np.mean(added), abs=1e-12)
    whole = value(frozenset(players)) - value(frozenset())
    assert sum(shares.values()) == pytest.approx(whole, abs=1e-12)


def test_who_adds_nothing_gets_nothing_and_equals_get_the_same() -> None:
    shares = shapley(lambda team: float(len(team & {"a", "b"}) == 2), ["a", "b", "idle"])
    assert shares == pytest.approx({"a": 0.5, "b": 0.5, "idle": 0.0})
    with pytest.raises(ValueError, match="different"):
        shapley(lambda team: 0.0, ["a", "a"])


def test_a_change_of_the_coefficient_is_split_over_its_sources() -> None:
    """Enrolment and resources of two years: what each alone, and both together, would have done."""
    pupils = {"before": [45, 37, 89], "after": [40, 60, 80]}
    books = {"before": [279, 137, 935], "after": [400, 200, 900]}

    def coefficient(changed: frozenset[str]) -> float:
        when = {part: "after" if part in changed else "before" for part in ("pupils", "books")}
        return difference_coefficient(books[when["books"]], pupils[when["pupils"]])

    shares = shapley(coefficient, ["pupils", "books"])
    now = difference_coefficient(books["after"], pupils["after"])
    then = difference_coefficient(books["before"], pupils["before"])
    assert sum(shares.values()) == pytest.approx(now - then, abs=1e-12)


# What random groups would give ----------------------------------------------------------------


def test_random_pairs_of_four_by_hand() -> None:
    """Of the three ways to pair 5, 5, 15, 15 one leaves all between the pairs, two nothing."""
    chance = between_by_chance([5, 5, 15, 15], "aabb", draws=30_000, rng=np.random.default_rng(2))
    assert chance == pytest.approx(1 / 3, abs=0.01)


@given(units, st.integers(0, 99))
def test_random_groups_lie_between_nothing_and_all(unit: tuple, seed: int) -> None:
    values, weights = unit
    groups = [n % 3 for n in range(len(values))]
    rng = np.random.default_rng(seed)
    chance = between_by_chance(values, groups, weights, draws=20, rng=rng)
    if theil(values, weights) > 1e-9:
        assert 0 <= chance <= 1


def test_real_groups_that_mean_nothing_are_like_random_ones() -> None:
    """Levels that have nothing to do with the groups: on average what chance gives."""
    rng = np.random.default_rng(6)
    groups = [n % 8 for n in range(40)]
    weights = rng.integers(50, 900, 40)
    real, chance = [], []
    for _ in range(200):
        levels = np.exp(0.5 * rng.standard_normal(40))
        parts = theil_decomposition(levels, groups, weights)
        real.append(parts.between[0] / parts.total)
        chance.append(between_by_chance(levels, groups, weights, draws=100, rng=rng))
    assert np.mean(real) == pytest.approx(np.mean(chance), abs=0.02)


def test_chance_is_undefined_where_the_index_is() -> None:
    rng = np.random.default_rng(1)
    assert math.isnan(between_by_chance([2, 2], "ab", draws=5, rng=rng))
    assert math.isnan(between_by_chance([0, 0], "ab", draws=5, rng=rng))
