"""Robust intervals of event studies: by hand, against packages and published numbers, and what never changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import honest
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from analysis.methods.sensitivity import (
    Restriction,
    RobustInterval,
    breakdown,
    relative_magnitudes,
    smoothness,
)
from analysis.methods.sensitivity.frontier import trace
from analysis.methods.sensitivity.hybrid import Hybrid
from analysis.methods.sensitivity.study import arrange

METHODS = (relative_magnitudes, smoothness)
NAMES: tuple[Restriction, ...] = ("relative_magnitudes", "smoothness")
Z = stats.norm.ppf(0.975)
Drawn = tuple[np.ndarray, np.ndarray, int, int, np.ndarray]


def draw(seed: int, most: int = 6) -> Drawn:
    """Draw an event study with a covariance of full rank, its numbers of periods, and weights."""
    rng = np.random.default_rng(seed)
    before, after = int(rng.integers(1, most)), int(rng.integers(1, 5))
    n = before + after
    mixed = rng.normal(size=(n, n + 3))
    weights = rng.normal(size=after).round(2) + 0.003
    return rng.normal(size=n), mixed @ mixed.T / n, before, after, weights


@pytest.fixture
def medicaid(shared_data: Path) -> tuple[np.ndarray, np.ndarray]:
    folder = shared_data / "honest_did"
    estimates = pd.read_csv(folder / "event_study.csv")["estimate"].to_numpy()
    return estimates, pd.read_csv(folder / "covariance.csv", index_col=0).to_numpy()


# By hand -----------------------------------------------------------------------------------------


def test_where_no_drift_is_allowed_the_interval_is_the_ordinary_one() -> None:
    for seed in range(20):
        estimates, covariance, pre, post, weights = draw(seed)
        made = relative_magnitudes(
            estimates, covariance, pre=pre, post=post, bound=0, weights=weights
        )
        effect = weights @ estimates[pre:]
        half = Z * np.sqrt(weights @ covariance[pre:, pre:] @ weights)
        assert made.estimate == pytest.approx(effect)
        assert [made.low, made.high] == pytest.approx([effect - half, effect + half], abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_almost_without_error_only_the_drift_that_is_allowed_is_left(
    method: Callable[..., RobustInterval],
) -> None:
    # Steps before: 0.1, -0.3, 0.2 (up to the period of reference); the effect of the third period
    # holds three steps after the start.
    estimates, covariance = [0.0, 0.1, -0.2, 1.0, 1.1, 1.5], 1e-12 * np.eye(6)
    if method is relative_magnitudes:
        made = method(
            estimates, covariance, pre=3, post=3, bound=0.5, weights=[0, 0, 1], level=0.95
        )
        assert [made.low, made.high] == pytest.approx([1.5 - 0.45, 1.5 + 0.45], abs=1e-4)
    else:
        # A straight line from -0.2: 3 times 0.2 are drift, and turns of 0.01 add up to 1 + 2 + 3.
        made = method(
            estimates[2:], covariance[2:, 2:], pre=1, post=3, bound=0.01, weights=[0, 0, 1]
        )
        assert [made.low, made.high] == pytest.approx([0.9 - 0.06, 0.9 + 0.06], abs=1e-4)


def test_weights_of_both_signs_count_each_step_once() -> None:
    # The change from the first period to the second holds one step, whatever the first was.
    covariance = 1e-12 * np.eye(3)
    made = relative_magnitudes([-0.1, 1.0, 1.4], covariance, pre=1, post=2, weights=[-1, 1])
    assert [made.low, made.high] == pytest.approx([0.3, 0.5], abs=1e-4)


def test_one_period_before_and_one_after_by_smoothness() -> None:
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    made = smoothness([-0.3, 1.0], covariance, pre=1, post=1, bound=0.2)
    # Only 1 - 0.3 is free of a straight drift; its variance is 0.09 + 0.04 + 2 * 0.01.
    sd = np.sqrt(0.15)
    half = sd * np.sqrt(stats.ncx2.ppf(0.95, 1, (0.2 / sd) ** 2))
    assert made.estimate == pytest.approx(0.7)
    assert [made.low, made.high] == pytest.approx([0.7 - half, 0.7 + half], abs=1e-9)


def test_one_period_before_and_one_after_by_relative_magnitudes() -> None:
    """The test of one cone, spelled out and solved anew by another way."""
    estimates, covariance, bound = (
        np.array([-0.3, 1.0]), np.array([[0.04, 0.01], [0.01, 0.09]]), 1.5,
    )  # fmt: skip
    made = relative_magnitudes(estimates, covariance, pre=1, post=1, bound=bound)
    # The step is 0 - -0.3. Rows: effect - M step <= 0, -effect - M step <= 0.
    rows = np.array([[bound, 1.0], [bound, -1.0]])
    spread = rows @ covariance @ rows.T
    sd = np.sqrt(np.diag(spread))
    pair = stats.multivariate_normal(cov=spread / np.outer(sd, sd), allow_singular=True)
    most = optimize.brentq(lambda c: pair.cdf([c, c]) - 0.995, 1, 4, xtol=1e-10)
    size = (0.05 - 0.005) / 0.995

    def keeps(value: float) -> bool:
        y = rows @ (estimates - [0, value]) / sd
        top = int(y.argmax())
        r = spread[0, 1] / sd[0] / sd[1]
        low = (y[1 - top] - r * y[top]) / (1 - r)
        chance = (stats.norm.sf(y[top]) - stats.norm.sf(most)) / (
            stats.norm.sf(low) - stats.norm.sf(most)
        )
        return bool(y[top] <= most and (y[top] <= 0 or chance >= size))

    grid = np.arange(-1.5, 3.5, 1e-3)
    kept = grid[[keeps(value) for value in grid]]
    # The other cone (the step's sign turned) keeps less here.
    assert [made.low, made.high] == pytest.approx([kept.min(), kept.max()], abs=1.1e-3)


# Against another way -----------------------------------------------------------------------------


def solve_statistic(estimates: np.ndarray, covariance: np.ndarray, pre: int, weights: np.ndarray,
                    bound: float, step: int, sign: float, value: float) -> float:  # fmt: skip
    """Solve the published linear program for one cone and one value of the effect."""
    n, post = len(estimates), len(weights)
    steps = np.diff(np.insert(np.eye(n), pre, 0.0, axis=0), axis=0)
    top = bound * sign * steps[step]
    rows = np.concatenate([steps[pre:] - top, -steps[pre:] - top])
    sd = np.sqrt(np.diag(rows @ covariance @ rows.T))
    effects = rows[:, pre:]
    # Over the effects of all periods, their weighted sum held at the value.
    found = optimize.linprog(
        np.append(1.0, np.zeros(post)),
        A_ub=-np.column_stack([sd, effects]), b_ub=-rows @ estimates,
        A_eq=[np.append(0.0, weights)], b_eq=[value], bounds=(None, None),
    )  # fmt: skip
    return float(found.fun)


@pytest.mark.parametrize("seed", range(12))
def test_vertices_known_beforehand_give_what_the_linear_program_gives(seed: int) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=0.95)
    for bound in (0.3, 2.0):
        test = Hybrid.of(study, bound)
        for value in (-1.0, 0.2, 3.0):
            ours = (
                test.forms[:, :, 0] * (test.estimate - value)
                + test.forms[:, :, 1] * test.step[:, None]
            )
            for cone in range(2 * pre):
                theirs = solve_statistic(estimates, covariance, pre, weights, bound, cone % pre,
                                         1.0 if cone < pre else -1.0, value)  # fmt: skip
                assert ours[cone].max() == pytest.approx(theirs, abs=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_the_least_favourable_value_is_passed_as_seldom_as_it_should(seed: int) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=0.5001)
    test = Hybrid.of(study, 1.0)
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(np.zeros(pre + post), study.covariance, 40_000)
    steps = study.steps[:pre]
    for cone in range(2 * pre):
        step = drawn @ steps[cone % pre] * (1.0 if cone < pre else -1.0)
        pairs = np.stack([drawn @ study.effect, step])
        passed = (test.forms[cone] @ pairs).max(axis=0) > test.most[cone]
        # 0.05 of 40,000: a standard error of 0.0011.
        assert passed.mean() == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("seed", range(10))
def test_no_other_weights_give_a_shorter_interval(seed: int) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    slope = weights @ np.arange(1, post + 1)
    bound = 0.05 * 3.0 ** (seed % 4)
    made = smoothness(estimates, covariance, pre=pre, post=post, bound=bound, weights=weights)

    def half(free: np.ndarray) -> float:
        # Weights before the start, counted backwards; the first makes a straight drift vanish.
        first = slope - free @ np.arange(2, pre + 1)
        v = np.append(first, free)
        turns = [sum((j - k) * v[j - 1] for j in range(k + 1, pre + 1)) for k in range(1, pre)]
        later = [sum((j - k) * weights[j - 1] for j in range(k + 1, post + 1)) for k in range(post)]
        bias = bound * (np.abs(turns).sum() + np.abs(later).sum())
        form = np.concatenate([v[::-1], weights])
        sd = np.sqrt(form @ covariance @ form)
        return float(sd * np.sqrt(stats.ncx2.ppf(0.95, 1, (bias / sd) ** 2)))

    length = (made.high - made.low) / 2
    if pre == 1:
        assert length == pytest.approx(half(np.array([])), rel=1e-8)
        return
    rng = np.random.default_rng(seed)
    found = [
        optimize.minimize(half, rng.normal(size=pre - 1), method="Nelder-Mead",
                          options={"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-9, "fatol": 1e-12})
        for _ in range(3)
    ]  # fmt: skip
    best = min(result.fun for result in found)
    assert length <= best * (1 + 1e-9)
    assert length == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_every_corner_of_the_frontier_meets_the_conditions_of_a_lasso(seed: int) -> None:
    estimates, covariance, pre, post, weights = draw(seed, most=10)
    study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=0.95)
    frontier = trace(study)
    spread = [frontier.at(i, 0.0).spread for i in range(frontier.stretches)]
    assert np.all(np.diff(frontier.biases) >= -1e-12)
    assert np.all(np.diff(spread) <= 1e-12)
    # Convex: what a little more bias buys becomes less and less.
    slopes = [
        place.spread * place.spread_slope / place.bias_slope
        for place in (frontier.at(i, f) for i in range(frontier.stretches) for f in (0.01, 0.99))
        if place.bias_slope > 1e-12
    ]
    assert np.all(np.diff(slopes) >= -1e-9)


# Published, and frozen ---------------------------------------------------------------------------


@pytest.mark.shared_data
def test_o16_medicaid(medicaid: tuple[np.ndarray, np.ndarray]) -> None:
    """Open check O16 and the tables that the R package's authors publish beside it."""
    estimates, covariance = medicaid
    for bound, ends in ((0.5, (0.0240, 0.0672)), (1, (0.0171, 0.0720)), (1.5, (0.00824, 0.0797)),
                        (2, (-0.000916, 0.0881))):  # fmt: skip
        made = relative_magnitudes(estimates, covariance, pre=5, post=2, bound=bound)
        assert [made.low, made.high] == pytest.approx(ends, abs=0.0005)
    for bound, ends in ((0, (0.0259, 0.0607)), (0.01, (0.0132, 0.0787)), (0.02, (0.00286, 0.0907)),
                        (0.03, (-0.00714, 0.101)), (0.05, (-0.0271, 0.121))):  # fmt: skip
        made = smoothness(estimates, covariance, pre=5, post=2, bound=bound)
        assert [made.low, made.high] == pytest.approx(ends, abs=0.0005)
    value = breakdown("relative_magnitudes", estimates, covariance, pre=5, post=2)
    assert value == pytest.approx(1.95, abs=0.02)
    value = breakdown("smoothness", estimates, covariance, pre=5, post=2)
    assert value == pytest.approx(0.0228, abs=0.0002)


def test_relative_magnitudes_equal_a_translation_of_the_authors_package() -> None:
    frozen = json.loads(honest.FROZEN.read_text(encoding="utf-8"))
    for case, (pre, post, kind) in enumerate(honest.SHAPES):
        estimates, covariance = honest.draw(case)
        weights = np.array(honest.weigh(post, kind))
        study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=0.95)
        sd = np.sqrt(weights @ covariance[pre:, pre:] @ weights)
        for bound, reach, theirs in zip(
            frozen["bounds"], frozen["reach"], frozen["relative_magnitudes"][case], strict=True
        ):
            test = Hybrid.of(study, bound)
            # Theirs is simulated by 1,000 draws, of which 5 are beyond: up to a fifth off.
            critical = np.array(theirs["critical"]).reshape(pre, 2).T.ravel()
            assert critical == pytest.approx(test.most, rel=0.2)
            # With their critical values it is the same test on the values that they try.
            replaced = replace(test, most=critical)
            values = np.linspace(-reach, reach, frozen["points"]) * sd + test.estimate
            kept = replaced.keeps(np.tile(values, (2 * pre, 1))).any(axis=0)
            assert [values[kept].min(), values[kept].max()] == pytest.approx(
                theirs["ends"], abs=1e-9
            )


def test_smoothness_equals_two_packages() -> None:
    frozen = json.loads(honest.FROZEN.read_text(encoding="utf-8"))
    for case, (pre, post, kind) in enumerate(honest.SHAPES):
        estimates, covariance = honest.draw(case)
        weights = honest.weigh(post, kind)
        sd = np.sqrt(np.diag(covariance)).mean()
        for bound, theirs in zip(
            frozen["smoothness_bounds"], frozen["smoothness"][case], strict=True
        ):
            made = smoothness(
                estimates, covariance, pre=pre, post=post, bound=bound, weights=weights
            )
            # One minimises to its tolerance, the other over a grid; neither can be shorter.
            for name, near in (("diff-diff", 1e-4), ("honestdid", 0.02)):
                if name in theirs:
                    low, high = theirs[name]
                    assert [made.low, made.high] == pytest.approx([low, high], abs=near * sd)
            low, high = theirs["diff-diff"]
            assert made.high - made.low == pytest.approx(high - low, abs=1e-6 * sd)


# What never changes ------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(0, 3), st.floats(0.01, 3))
def test_a_larger_bound_never_gives_less(seed: int, bound: float, more: float) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    ask = {"pre": pre, "post": post, "weights": weights}
    small = relative_magnitudes(estimates, covariance, bound=bound, **ask)
    large = relative_magnitudes(estimates, covariance, bound=bound + more, **ask)
    # Where steps before can hardly be told from 0 the test may take back a little: it looks at them
    # more sharply as the bound grows.
    near = 0.02 * (small.high - small.low)
    assert large.low <= small.low + near
    assert small.high <= large.high + near
    # By smoothness the middle moves, but the length never falls.
    small = smoothness(estimates, covariance, bound=bound, **ask)
    large = smoothness(estimates, covariance, bound=bound + more, **ask)
    assert large.high - large.low >= small.high - small.low - 1e-9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(METHODS), st.floats(0, 3))
def test_the_order_of_rows_changes_no_bit(
    seed: int, method: Callable[..., RobustInterval], bound: float
) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    order = np.random.default_rng(seed).permutation(pre + post)
    place = np.argsort(order)
    first = method(estimates, covariance, pre=pre, post=post, bound=bound, weights=weights)
    again = method(
        estimates[order], covariance[np.ix_(order, order)], pre=place[:pre].tolist(),
        post=place[pre:].tolist(), bound=bound, weights=weights,
    )  # fmt: skip
    assert first == again


def test_neither_hashes_nor_threads_change_a_bit() -> None:
    script = (
        "import numpy as np; from analysis.methods.sensitivity import *;"
        "mixed = np.sin(np.arange(56.0)).reshape(7, 8); s = mixed @ mixed.T + np.eye(7);"
        "e = [*np.cos(np.arange(5.0)), 9, 8]; a = dict(pre=5, post=2, weights=[.5, .5]);"
        "print(relative_magnitudes(e, s, **a), smoothness(e, s, bound=.5, **a),"
        "breakdown('relative_magnitudes', e, s, **a), breakdown('smoothness', e, s, **a))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads,
                 "OMP_NUM_THREADS": threads},
        ).stdout
        for seed, threads in (("0", "1"), ("7", "2"))
    }  # fmt: skip
    assert len(told) == 1
    assert "None" not in told.pop()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(METHODS), st.sampled_from([-1.0, 1e-4, -40.0, 1e5]))
def test_other_units_scale_the_interval_and_a_sign_turns_it(
    seed: int, method: Callable[..., RobustInterval], by: float
) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    ask = {"pre": pre, "post": post, "weights": weights}
    made = method(estimates, covariance, bound=0.7, **ask)
    bound = 0.7 * (abs(by) if method is smoothness else 1)
    scaled = method(by * estimates, by**2 * covariance, bound=bound, **ask)
    low, high = sorted([by * made.low, by * made.high])
    near = 1e-5 * (high - low)
    assert [scaled.low, scaled.high] == pytest.approx([low, high], abs=near)
    assert scaled.estimate == pytest.approx(by * made.estimate, abs=near)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(METHODS), st.floats(0, 3))
def test_weights_scale_the_interval(
    seed: int, method: Callable[..., RobustInterval], bound: float
) -> None:
    estimates, covariance, pre, post, weights = draw(seed)
    one, two = (
        method(estimates, covariance, pre=pre, post=post, bound=bound, weights=w)
        for w in (weights, -2 * weights)
    )
    ends = [-2 * one.high, -2 * one.low]
    assert [two.low, two.high] == pytest.approx(ends, abs=1e-5 * (ends[1] - ends[0]))


@pytest.mark.parametrize("restriction", NAMES)
def test_the_breakdown_value_is_where_0_comes_in(restriction: Restriction) -> None:
    method = dict(zip(NAMES, METHODS, strict=True))[restriction]
    found = 0
    for seed in range(20):
        estimates, covariance, pre, post, _ = draw(seed)
        estimates[pre] += 4 * (-1) ** seed * np.sqrt(covariance[pre, pre])
        ask = {"pre": pre, "post": post}
        value = breakdown(restriction, estimates, covariance, **ask)
        plain = method(estimates, covariance, bound=0, **ask)
        if value is None:
            assert plain.low <= 0 <= plain.high
            continue
        found += 1
        inside = method(estimates, covariance, bound=value * 1.001, **ask)
        assert inside.low <= 0 <= inside.high
        for share in (0.999, 0.7, 0.3, 0.1, 0.01):
            outside = method(estimates, covariance, bound=value * share, **ask)
            assert outside.low > 0 or outside.high < 0
    assert found >= 5


# Known truth -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drift:
    """A drift at its bound, and how surely the periods before are known (as a share of those after)."""

    method: Callable[..., RobustInterval]
    bound: float
    values: tuple[float, ...]
    before: float = 1.0
    exact: bool = False


DRIFTS = {
    # The largest step before the start is 0.3; both steps after it are as large.
    "magnitudes": Drift(relative_magnitudes, 1.0, (-0.1, -0.3, 0.0, 0.3, 0.6)),
    # The same, but well known: one inequality of one cone binds, and its test has a size of 0.05.
    "known": Drift(relative_magnitudes, 1.0, (-0.1, -0.3, 0.0, 0.3, 0.6), before=0.05, exact=True),
    # With one period after the start alone.
    "alone": Drift(relative_magnitudes, 1.0, (-0.1, -0.3, 0.0, 0.3)),
    "alone, known": Drift(
        relative_magnitudes, 1.0, (-0.1, -0.3, 0.0, 0.3), before=0.05, exact=True
    ),
    # A slope of 0.2 that turns by 0.1 in each period from the start on.
    "smooth": Drift(smoothness, 0.1, (-0.6, -0.4, -0.2, 0.3, 0.7)),
    # It turns by 1: the weights of the least bias are the best, and the bias is what was reckoned with.
    "turning": Drift(smoothness, 1.0, (-0.6, -0.4, -0.2, 1.2, 3.6), exact=True),
}


def simulate(drift: Drift, draws: int) -> tuple[float, float]:
    """Give how often the interval covers an effect of 1, and how often the ordinary one does."""
    count = len(drift.values)
    scale = 0.2 * np.array([drift.before] * 3 + [1.0] * (count - 3))
    covariance = (0.4 + 0.6 * np.eye(count)) * np.outer(scale, scale)
    root, rng = np.linalg.cholesky(covariance), np.random.default_rng(20)
    inside = ordinary = 0
    for _ in range(draws):
        estimates = (
            drift.values + np.array([0, 0, 0, 1.0, 2.0])[:count] + root @ rng.normal(size=count)
        )
        made = drift.method(estimates, covariance, pre=3, post=count - 3, bound=drift.bound)
        inside += made.low <= 1.0 <= made.high
        ordinary += abs(estimates[3] - 1.0) <= Z * 0.2
    return inside / draws, ordinary / draws


@pytest.mark.parametrize("draws", [300, pytest.param(4000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", DRIFTS)
def test_an_interval_covers_the_effect_with_the_drift_at_its_bound(name: str, draws: int) -> None:
    """The Monte-Carlo error of 95 % is 0.0126 with 300 draws and 0.0034 with 4,000."""
    drift, error = DRIFTS[name], np.sqrt(0.95 * 0.05 / draws)
    inside, ordinary = simulate(drift, draws)
    assert inside >= 0.95 - 3 * error
    if drift.exact:
        assert inside <= 0.95 + 3 * error
    away = drift.values[3] / 0.2
    expected = stats.norm.cdf(Z - away) - stats.norm.cdf(-Z - away)
    assert ordinary == pytest.approx(expected, abs=3 * np.sqrt(0.25 / draws))
    assert ordinary < 0.8


# Limits ------------------------------------------------------------------------------------------


def test_one_interval_takes_no_time() -> None:
    estimates, covariance, pre, post, weights = draw(4, most=8)
    for call in (
        lambda: relative_magnitudes(estimates, covariance, pre=pre, post=post, weights=weights),
        lambda: smoothness(estimates, covariance, pre=pre, post=post, weights=weights, bound=1),
        lambda: breakdown("relative_magnitudes", estimates, covariance, pre=pre, post=post),
        lambda: breakdown("smoothness", estimates, covariance, pre=pre, post=post),
    ):
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            call()
            took.append(time.perf_counter() - begun)
        assert min(took) < 0.2


GOOD = {"estimates": [0.1, 1.0], "covariance": np.eye(2), "pre": 1, "post": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"covariance": np.eye(3)}, "as many rows"),
        ({"covariance": [[1, 0.5], [0.4, 1]]}, "symmetric"),
        ({"covariance": [[0, 0], [0, 1]]}, "period of reference"),
        ({"covariance": [[1, 2], [2, 1]]}, "below 0"),
        ({"estimates": [np.nan, 1]}, "missing"),
        ({"pre": 0}, "period before"),
        ({"pre": [0], "post": [0]}, "row of its own"),
        ({"post": 2}, "has a row"),
        ({"pre": [-1], "post": [0]}, "has a row"),
        ({"pre": 1, "post": [1]}, "both counted"),
        ({"weights": [0.0]}, "weight"),
        ({"weights": [1.0, 2.0]}, "weight"),
        ({"level": 1.0}, "level"),
        ({"bound": -0.1}, "bound"),
        ({"bound": np.nan}, "bound"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_no_event_study_is_refused(
    method: Callable[..., RobustInterval], change: dict, words: str
) -> None:
    asked = {**GOOD, **change}
    with pytest.raises(ValueError, match=words):
        method(asked.pop("estimates"), asked.pop("covariance"), **asked)


def test_too_few_clusters_give_no_interval_by_smoothness() -> None:
    """Two clusters: one sum of three estimates has no error at all."""
    mixed = np.array([[1.0, 0.2], [0.3, 1.0], [0.5, 0.4]])
    estimates, covariance = [0.1, 0.2, 1.0], mixed @ mixed.T
    with pytest.raises(ValueError, match="full rank"):
        smoothness(estimates, covariance, pre=2, post=1, bound=0.1)
    made = relative_magnitudes(estimates, covariance, pre=2, post=1, bound=0.1)
    assert made.low < 1 - Z * np.sqrt(0.41) < 1 + Z * np.sqrt(0.41) < made.high


def test_a_restriction_has_one_of_two_names() -> None:
    with pytest.raises(ValueError, match="relative_magnitudes or smoothness"):
        breakdown("monotone", [0.1, 9.0], np.eye(2), pre=1, post=1)  # type: ignore[arg-type]
