"""The smallest effect of a staggered design: by hand, against loops and truth, and what must not matter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize, stats

from analysis.errors import UsageError
from analysis.methods import clusters, staggered
from analysis.methods.clusters import fading, power
from analysis.methods.clusters.fading import Fading, Load
from analysis.methods.staggered import group_time, linear
from analysis.methods.staggered.power import _loads

NAMES = {"outcome": "score", "unit": "school", "time": "year", "first_treated": "first",
         "cluster": "county"}  # fmt: skip
YEARS = 8


def draw(
    rng: np.random.Generator, firsts: list[int], sizes: list[int] | np.ndarray, *,
    effect: float = 0.0, fade: float = 0.5, shock: float = 0.15, noise: float = 0.3,
) -> pd.DataFrame:  # fmt: skip
    """Counties with shocks that fade, and schools with a level and noise of their own."""
    counties, county = len(firsts), np.repeat(np.arange(len(firsts)), sizes)
    shocks = rng.normal(size=(counties, YEARS))
    for year in range(1, YEARS):
        shocks[:, year] = fade * shocks[:, year - 1] + np.sqrt(1 - fade**2) * shocks[:, year]
    first = np.array(firsts)[county][:, None]
    year = np.arange(YEARS) + 1
    score = (shock * shocks[county] + rng.normal(0, 0.4, len(county))[:, None]
             + rng.normal(0, noise, (len(county), YEARS)) + effect * ((first > 0) & (year >= first)))  # fmt: skip
    school = np.repeat(np.arange(len(county)), YEARS)
    return pd.DataFrame({"county": county[school], "school": school,
                         "year": np.tile(year, len(county)), "first": first[:, 0][school],
                         "score": score.ravel()})  # fmt: skip


def lay(
    rows: pd.DataFrame, **how: object
) -> tuple[group_time.LaidOut, linear.Sums, list[group_time.Comparison]]:
    laid = group_time.lay_out(rows, **{**NAMES, "control": "never", **how})
    plan = [each for each in laid.plan if laid.data.periods[each.at] >= each.first]
    return laid, linear.add_up(laid), plan


def test_a_design_of_equal_clusters_by_hand() -> None:
    """Two of four begin in 5: their changes of mean less the others', four years after the fourth."""
    rows = draw(np.random.default_rng(1), [5, 5, 0, 0], [2, 2, 2, 2])
    _, sums, plan = lay(rows)
    true, shown = _loads(sums, plan)
    # A mean of four years less the year before: 1/4 of each, and -1; twice 1/2 squared on each side.
    change = np.array([0, 0, 0, -1, 0.25, 0.25, 0.25, 0.25])
    assert true.shocks == pytest.approx(np.outer(change, change))
    assert true.noise == pytest.approx(1.25 / 2)
    # Without one of two, their mean moves by half of what the two differ: 3/4 times 4 times 1/2.
    assert shown is not None
    assert shown.shocks == pytest.approx(1.5 * np.outer(change, change))
    assert shown.noise == pytest.approx(1.5 * 1.25 / 2)
    # Noise of variance .6 a row and shocks of .7 that fade by half: var of the change, by hand.
    known = Fading(1.0, 0.5, 0.3, 2.0, 4, 8)
    within = 2 * (3 * 0.5 + 2 * 0.25 + 0.125) / 16
    across = -2 * (0.5 + 0.25 + 0.125 + 0.0625) / 4
    assert known.of_sum(true) == pytest.approx(0.7 * (1.25 + within + across) + 0.3 * 1.25)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("control", ["never", "notyet"])
def test_clusters_left_out_give_the_jackknife(gaps: bool, control: str) -> None:
    rng = np.random.default_rng(2)
    rows = draw(rng, [3, 3, 4, 6, 0, 0, 0, 0], rng.integers(2, 6, 8))
    if gaps:
        rows = rows[rng.random(len(rows)) < 0.8]
    _, sums, plan = lay(rows, control=control)
    weights = linear.weigh(sums, plan, sums.dealt[None, :])
    left, told = linear.leave_out(sums, plan, weights)
    assert told
    of_cluster = left[:, sums.dealt]
    of_cluster[np.arange(8), np.arange(8)] = 0
    without = np.einsum("bgt,gt->b", of_cluster, sums.outcome)
    whole = (weights.of_rows[0, sums.dealt] * sums.outcome).sum()
    made = staggered.differences(rows, **NAMES, control=control)
    found = clusters.cv3(made.regression, made.name)
    assert whole == pytest.approx(found.estimate, rel=1e-10)
    assert np.sqrt(7 / 8 * ((without - whole) ** 2).sum()) == pytest.approx(found.se, rel=1e-10)


def test_equal_clusters_in_the_same_years_are_the_model_known_already() -> None:
    rows = draw(np.random.default_rng(3), [0] * 12, [4] * 12)
    means = rows.groupby(["county", "year"])["score"].mean().unstack().to_numpy()
    tried = power.ways(YEARS)
    found = fading.weigh(means, np.ones(means.shape), np.isfinite(means), tried)
    contrasts = linalg.helmert(YEARS)
    free = (means - means.mean(axis=0)) @ contrasts.T
    known = power._weigh(free.T @ free / 11, contrasts, 11)
    assert known[0] == tried
    assert found[0] == pytest.approx(known[1], rel=1e-9)
    assert found[1] == pytest.approx(known[2], abs=1e-7)
    assert found[2] == 11 * 7
    one = clusters.estimate_shocks(rows, outcome="score", cluster="county", time="year")
    two = fading.estimate_fading(means, np.full(means.shape, 4.0))
    assert abs(two.persistence - one.persistence) < 0.021
    assert abs(two.passing - one.passing) < 0.101
    assert (two.size, two.clusters, two.times) == (4, 12, 8)


@pytest.mark.parametrize(("fade", "shock"), [(0.5, 0.15), (0.0, 0.15), (0.8, 0.3)])
def test_many_unequal_clusters_tell_what_fades(fade: float, shock: float) -> None:
    """Some seen in all years, some in the first few alone: the variance is that of the truth."""
    rng = np.random.default_rng(4)
    sizes = rng.integers(2, 30, 900)
    truth = np.empty((900, YEARS))
    drawn = rng.normal(size=(900, YEARS))
    truth[:, 0] = drawn[:, 0]
    for year in range(1, YEARS):
        truth[:, year] = fade * truth[:, year - 1] + np.sqrt(1 - fade**2) * drawn[:, year]
    means = shock * truth + rng.normal(size=truth.shape) * 0.4 / np.sqrt(sizes)[:, None]
    means += rng.normal(0, 2, 900)[:, None] + np.arange(YEARS) ** 2
    means[600:, 3:], means[750:, 2:] = np.nan, np.nan
    rows = np.repeat(sizes[:, None], YEARS, axis=1).astype(float)
    found = fading.estimate_fading(means, rows)
    known = Fading(shock**2 + 0.16 / found.size, fade,
                   0.16 / found.size / (shock**2 + 0.16 / found.size), found.size, 900, 8)  # fmt: skip
    for weights, size in (([-1, 1, 0, 0, 0, 0, 0, 0], 3), ([-1, -1, -1, -1, 1, 1, 1, 1], 20)):
        load = Load.of(np.array([weights], dtype=float), np.full((1, YEARS), float(size)))
        assert found.of_sum(load) == pytest.approx(known.of_sum(load), rel=0.1)
        each = found.each(load)
        assert each.min() * 0.97 < known.of_sum(load) < each.max() * 1.03


@pytest.mark.parametrize("firsts", [[3, 5, 6, 5, 4], [3, 3, 5, 5, 6, 6, 7, 7]])
def test_the_smallest_effect_is_found_in_four_of_five_draws(firsts: list[int]) -> None:
    """With shocks as they are, and counties of ten to thirty schools."""
    rng = np.random.default_rng(5)
    firsts = [*firsts, *[0] * (16 - len(firsts))]
    sizes = rng.integers(10, 31, 16)
    found = []
    for _ in range(120):
        made = staggered.differences(draw(rng, firsts, sizes), **NAMES)
        jackknife = clusters.cv3(made.regression, made.name)
        found.append((jackknife.estimate, jackknife.se))
    errors, se = np.array(found).T
    width = stats.t.ppf(0.975, 15) * se
    point = optimize.brentq(lambda e: (np.abs(errors + e) > width).mean() - 0.8, 0, 5)
    rows = draw(rng, firsts, sizes)
    _, sums, plan = lay(rows)
    true, shown = _loads(sums, plan)
    share = 0.09 / 20 / (0.15**2 + 0.09 / 20)
    known = Fading(0.15**2 + 0.09 / 20, 0.5, share, 20.0, 16, 8)
    assert np.sqrt(known.of_sum(true)) == pytest.approx(errors.std(), rel=0.15)
    assert known.of_sum(shown) == pytest.approx((se**2).mean(), rel=0.15)
    said = (stats.t.ppf(0.975, 15) * np.sqrt(known.of_sum(shown))
            + stats.t.ppf(0.8, 15) * np.sqrt(known.of_sum(true)))  # fmt: skip
    assert said == pytest.approx(point, rel=0.15)


def test_it_is_said_before_any_effect_is_known() -> None:
    firsts, sizes = [3, 4, 5, 0, 0, 0, 0], [3, 4, 5, 6, 3, 4, 5]
    one, two = (
        staggered.find_detectable(
            draw(np.random.default_rng(6), firsts, sizes, effect=effect), **NAMES
        )
        for effect in (0.0, 3.0)
    )
    assert one == two
    assert one.low < one.effect < one.high
    assert (one.clusters, one.treated, one.untreated_n) == (7, 3, 2 + 3 + 4 + 4 * 8)
    careful = staggered.find_detectable(
        draw(np.random.default_rng(6), firsts, sizes), **NAMES, anticipation=1
    )
    assert careful.untreated_n == 1 + 2 + 3 + 4 * 8


def test_more_power_and_smaller_tests_need_larger_effects() -> None:
    rows = draw(np.random.default_rng(7), [3, 4, 5, 6, 0, 0, 0, 0], [3] * 8)
    said = staggered.find_detectable(rows, **NAMES).effect
    assert staggered.find_detectable(rows, **NAMES, power=0.9).effect > said
    assert staggered.find_detectable(rows, **NAMES, size=0.01).effect > said
    # The first year alone has fewer rows behind it than all cells.
    assert staggered.find_detectable(rows, **NAMES, cells=0).clusters == 8


def test_a_single_treated_cluster_finds_nothing() -> None:
    rows = draw(np.random.default_rng(8), [4, 0, 0, 0, 0], [3] * 5)
    made = staggered.find_detectable(rows, **NAMES)
    assert (made.effect, made.low, made.high) == (np.inf, np.inf, np.inf)
    assert 0 < made.se < np.inf


@given(st.integers(0, 10**6), st.floats(-50, 50))
@settings(max_examples=6)
def test_order_names_and_levels_do_not_matter(seed: int, level: float) -> None:
    rng = np.random.default_rng(9)
    rows = draw(rng, [3, 4, 5, 0, 0, 0, 0], rng.integers(2, 6, 7))
    rows = rows[rng.random(len(rows)) < (0.9 if seed % 2 else 1.1)]
    found = staggered.find_detectable(rows, **NAMES)
    assert staggered.find_detectable(rows.sample(frac=1, random_state=seed), **NAMES) == found
    renamed = rows.assign(county=(rows["county"] * 3 + seed) % 7)
    assert staggered.find_detectable(renamed, **NAMES).effect == pytest.approx(found.effect)
    moved = rows.assign(score=rows["score"] + level * rows["school"] + rows["year"] ** 2)
    again = staggered.find_detectable(moved, **NAMES)
    assert again.se == pytest.approx(found.se, rel=0.01)
    assert again.effect == pytest.approx(found.effect, rel=0.01)


def test_two_years_say_nothing() -> None:
    rows = draw(np.random.default_rng(10), [2, 2, 0, 0, 0], [2] * 5)
    with pytest.raises(UsageError, match="three clusters and three periods are needed"):
        staggered.find_detectable(rows[rows["year"] < 3], **NAMES)
