"""How far event studies hold: by hand, by brute force, as R's HonestDiD has it, true coverage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import staggered_oracles as oracles
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from analysis.errors import UsageError
from analysis.methods import sensitivity, staggered
from analysis.methods.sensitivity.hybrid_test import find_vertices, prepare, truncated_quantile
from analysis.methods.sensitivity.quadratic import minimise
from analysis.methods.sensitivity.smooth import folded_quantile

KNOWN = json.loads(oracles.FROZEN.read_text(encoding="utf-8"))["diff_diff"]["smoothness"]


def ends(made: sensitivity.Sensitivity) -> np.ndarray:
    return made.table[["low", "high"]].to_numpy()


@pytest.mark.shared_data
def test_they_equal_what_is_published(shared_data: Path) -> None:
    """Check O16: insurance and the expansion of Medicaid, as R's HonestDiD has it."""
    folder = shared_data / "honest_did"
    estimates = pd.read_csv(folder / "event_study.csv").set_index("year")["estimate"]
    covariance = pd.read_csv(folder / "covariance.csv", index_col=0).rename(columns=int)
    how = {"estimates": estimates, "covariance": covariance, "reference": 2013}
    made = sensitivity.relative_magnitudes(**how, bounds=[1, 2])
    assert ends(made)[0] == pytest.approx([0.0171, 0.0720], abs=0.0015)
    assert ends(made)[1] == pytest.approx([-0.001, 0.088], abs=0.0015)
    assert made.breakdown == pytest.approx(1.95, abs=0.1)
    smooth = sensitivity.smoothness(**how, bounds=[0.01])
    assert ends(smooth)[0] == pytest.approx([0.0132, 0.0787], abs=0.0005)
    low, high = ends(sensitivity.smoothness(**how, bounds=[smooth.breakdown]))[0]
    assert low == pytest.approx(0, abs=1e-5)
    assert high > 0


def test_a_bend_by_hand() -> None:
    """One estimate on each side: a line through the one before is carried on, and bends once.

    The effect is 2 + 0.5, its error the root of 0.04 + 0.04, and the largest bias one bend.
    """
    estimates = pd.Series({-2: 0.5, 0: 2.0})
    covariance = pd.DataFrame(0.04 * np.eye(2), [-2, 0], [-2, 0])
    made = sensitivity.smoothness(estimates, covariance, bounds=[0, 1.0])
    error = np.sqrt(0.08)
    assert ends(made)[0] == pytest.approx(2.5 + 1.959964 * error * np.array([-1, 1]), rel=1e-6)
    # At a bias of 3.5 errors the other tail is far away: 1 + 1.644854 errors on each side.
    assert ends(made)[1] == pytest.approx(
        [1.5 - 1.644854 * error, 3.5 + 1.644854 * error], rel=1e-4
    )


def test_exact_estimates_are_bounded_by_what_was_seen_before() -> None:
    """Changes of 0.2 and -0.3 before treatment: bounded by half of the larger, then by twice it."""
    events = [-3, -2, 0, 1]
    estimates = pd.Series([0.1, 0.3, 2.0, 3.0], index=events)
    covariance = pd.DataFrame(1e-10 * np.eye(4), events, events)
    made = sensitivity.relative_magnitudes(estimates, covariance, bounds=[0.5, 2])
    np.testing.assert_allclose(ends(made), [[1.85, 2.15], [1.4, 2.6]], atol=1e-3)
    assert made.breakdown == pytest.approx(2 / 0.3, rel=1e-3)
    # The second effect has had two periods to drift.
    second = sensitivity.relative_magnitudes(estimates, covariance, bounds=[1], weights=[0, 1])
    np.testing.assert_allclose(ends(second), [[2.4, 3.6]], atol=1e-3)
    mean = sensitivity.relative_magnitudes(estimates, covariance, bounds=[1], weights=[0.5, 0.5])
    np.testing.assert_allclose(ends(mean), [[2.05, 2.95]], atol=1e-3)
    # A straight line from before treatment bends by 0.5: no line fits, smaller bends do not either.
    smooth = sensitivity.smoothness(estimates, covariance, bounds=[1.0])
    low, high = ends(smooth)[0]
    assert (low, high) == pytest.approx((2 + 0.3 - 1, 2 + 0.3 + 1), abs=1e-3)


@pytest.mark.parametrize("bound", [0.0, 0.02, 0.1, 1.0])
@pytest.mark.parametrize(("before", "after"), [(2, 1), (3, 2), (5, 3)])
def test_no_other_combination_has_a_shorter_range(before: int, after: int, bound: float) -> None:
    estimates, covariance = oracles.study(before, after, seed=before)
    weights = np.full(after, 1 / after)
    made = sensitivity.smoothness(estimates, covariance, bounds=[bound], weights=weights)
    low, high = ends(made)[0]
    time = estimates.index.to_numpy() + 1.0
    spread = covariance.to_numpy()

    def bias(a: np.ndarray) -> float:
        """Add up bends outwards from the reference: what a bend at each period does."""
        total = 0.0
        for at in range(-before + 1, after):
            path = np.maximum(time - at, 0) if at >= 0 else np.maximum(at - time, 0)
            # A bend at the reference itself can be laid on either side of the line.
            total += abs(a @ path)
        return bound * total

    def half(free: np.ndarray) -> float:
        last = (weights @ time[before:] + free @ time[: before - 1]) / -time[before - 1]
        a = np.concatenate([free, [last], weights])
        error = np.sqrt(a @ spread @ a)
        return error * folded_quantile(0.95, bias(a) / error)

    rng, found = np.random.default_rng(3), np.inf
    for _ in range(4):
        free = rng.normal(size=before - 1)
        for _ in range(12):
            # Started anew where it stopped: it stops early at edges.
            made_so = optimize.minimize(half, free, method="Nelder-Mead",
                                        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000})  # fmt: skip
            free = made_so.x
        found = min(found, made_so.fun)
    assert (high - low) / 2 == pytest.approx(found, rel=2e-4)
    assert (high - low) / 2 > found * (1 - 1e-6)


@pytest.mark.parametrize("name", KNOWN)
def test_ranges_under_smoothness_equal_those_of_diff_diff(name: str) -> None:
    """Its optimum is found by a search, so that its ranges are the longer ones by a little."""
    before, after = map(int, name.split())
    estimates, covariance = oracles.study(before, after)
    made = sensitivity.smoothness(estimates, covariance, bounds=oracles.BENDS,
                                  weights=[1 / after] * after)  # fmt: skip
    np.testing.assert_allclose(ends(made), KNOWN[name], atol=2e-3)
    ours, theirs = np.diff(ends(made))[:, 0], np.diff(KNOWN[name])[:, 0]
    assert (ours < theirs * (1 + 1e-5)).all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_vertices_give_the_linear_program(seed: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(others + 2, others))
    x = np.concatenate([half, -half])
    errors = rng.uniform(0.5, 2, len(x))
    y = rng.normal(size=len(x))
    told = (find_vertices(x, errors) @ y).max()
    solved = optimize.linprog(np.eye(others + 1)[0], A_ub=np.column_stack([-errors, -x]), b_ub=-y,
                              bounds=[(None, None)] * (others + 1))  # fmt: skip
    assert told == pytest.approx(solved.fun, rel=1e-6, abs=1e-8)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_critical_values_equal_those_of_a_walk_along_the_statistic(seed: int) -> None:
    """Where does the best vertex stay the best, as the statistic moves and all else is held?

    The normal is cut to there, by counting small steps, and its quantile decides.
    """
    rng = np.random.default_rng(seed)
    moments, covariance = rng.normal(size=(6, 4)), np.diag(rng.uniform(0.5, 2, 4))
    slope, others = moments[:, 2], moments[:, 3:]
    others = np.concatenate([np.abs(others[:3]), -np.abs(others[3:])])
    point = rng.normal(size=4)
    test = prepare(moments, point, covariance, slope=slope, others=others,
                   normal=rng.standard_normal((4000, 4)), alpha=0.05)  # fmt: skip
    spread = moments @ covariance @ moments.T
    vertices = find_vertices(others, np.sqrt(np.diag(spread)))
    effects = rng.normal(size=5)
    for effect, accepted in zip(effects, test.accepts(effects), strict=True):
        y = moments @ point - slope * effect
        values = vertices @ y
        best = vertices[values.argmax()]
        error = np.sqrt(best @ spread @ best)
        rest = y - spread @ best / error**2 * values.max()
        walk = np.linspace(-10, 10, 80_001) * error
        there = vertices @ rest + np.outer(walk, vertices @ spread @ best / error**2)
        stays = (there <= walk[:, None] + 1e-9).all(axis=1) & (walk <= test.most)
        height = stats.norm.pdf(walk / error) * stays
        if height.sum() < 1e-12:
            continue
        share = np.cumsum(height) / height.sum()
        quantile = walk[np.searchsorted(share, 1 - 0.045 / 0.995)]
        critical = max(0.0, quantile)
        if abs(values.max() - critical) > 0.01 and abs(values.max() - test.most) > 0.01:
            assert accepted == (values.max() <= critical and values.max() <= test.most)


def test_quantiles_equal_those_of_scipy() -> None:
    low, high = np.array([-1.0, 0.5, -np.inf, 2.0]), np.array([1.0, np.inf, -0.5, 2.5])
    for share in (0.05, 0.5, 0.95):
        known = stats.truncnorm(low, high).ppf(share)
        np.testing.assert_allclose(
            truncated_quantile(share, low, high), known, rtol=1e-8, atol=1e-12
        )
    for mean in (0.0, 0.3, 2.0, 7.9, 8.1):
        told = folded_quantile(0.95, mean)
        assert stats.norm.cdf(told - mean) - stats.norm.cdf(-told - mean) == pytest.approx(0.95)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_quadratic_program_meets_its_conditions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(4, 4))
    curve, slope = root @ root.T + 0.1 * np.eye(4), 3 * rng.normal(size=4)
    rows, most = rng.normal(size=(6, 4)), rng.uniform(0.1, 1, 6)
    x = minimise(curve, slope, rows, most)
    assert (rows @ x <= most + 1e-8).all()
    # What pulls beyond the binding rows is made up by prices of nought or more.
    binding = rows[rows @ x > most - 1e-6]
    pull = -(curve @ x + slope)
    if len(binding):
        _, rest = optimize.nnls(binding.T, pull)
        assert rest < 1e-5
    else:
        assert np.abs(pull).max() < 1e-6


def test_true_effects_are_covered() -> None:
    """Trends drift after treatment as far as is allowed: at least about 95 in 100 ranges hold the effect."""
    events = [-4, -3, -2, 0, 1]
    drift = pd.Series([-0.3, 0.0, -0.1, 0.3, 0.6], index=events)
    spread = pd.DataFrame(0.01 * (np.eye(5) + 0.5), events, events)
    rng, root = np.random.default_rng(8), np.linalg.cholesky(spread)
    inside = np.zeros(2)
    for _ in range(50):
        estimates = drift + (drift.index >= 0) + root @ rng.normal(size=5)
        # The largest change before is 0.3, and so are those after; the largest bend is 0.4.
        low, high = ends(
            sensitivity.relative_magnitudes(estimates, spread, bounds=[1], draws=1000)
        )[0]
        inside[0] += low <= 1 <= high
        low, high = ends(sensitivity.smoothness(estimates, spread, bounds=[0.4]))[0]
        inside[1] += low <= 1 <= high
    assert (inside / 50 > 0.87).all()


def test_ranges_grow_with_the_bound_and_hold_nought_from_the_breakdown_on() -> None:
    estimates, covariance = oracles.study(3, 3, seed=6)
    for way, bounds in (
        (sensitivity.relative_magnitudes, np.linspace(0, 4, 9)),
        (sensitivity.smoothness, np.linspace(0, 0.5, 9)),
    ):
        made = way(estimates, covariance, bounds=bounds)
        assert (np.diff(made.table["high"] - made.table["low"]) > 0).all()
        assert 0 < made.breakdown < np.inf
        for factor, held in ((0.97, False), (1.03, True)):
            low, high = ends(way(estimates, covariance, bounds=[factor * made.breakdown]))[0]
            assert bool(low <= 0 <= high) is held


def test_what_is_lost_at_once_and_what_never_is() -> None:
    events = [-3, -2, 0]
    covariance = pd.DataFrame(0.01 * np.eye(3), events, events)
    weak = pd.Series([0.0, 0.0, 0.1], index=events)
    strong = pd.Series([0.0, 0.0, 1e6], index=events)
    for way in (sensitivity.relative_magnitudes, sensitivity.smoothness):
        assert way(weak, covariance, bounds=[0]).breakdown == 0
        assert way(strong, covariance, bounds=[0]).breakdown == np.inf


@settings(max_examples=5)
@given(st.integers(0, 1000), st.sampled_from([0.01, 100.0]))
def test_units_and_order_do_not_matter(seed: int, unit: float) -> None:
    estimates, covariance = oracles.study(3, 2, seed=seed)
    mixed = list(np.random.default_rng(seed).permutation(estimates.index))
    for way, of_outcome in ((sensitivity.relative_magnitudes, 1.0), (sensitivity.smoothness, unit)):
        made = way(estimates, covariance, bounds=[0.5])
        again = way(estimates[mixed], covariance.loc[mixed, mixed], bounds=[0.5])
        assert (ends(again) == ends(made)).all()
        other = way(unit * estimates, unit**2 * covariance, bounds=[0.5 * of_outcome])
        np.testing.assert_allclose(ends(other), unit * ends(made), rtol=1e-4, atol=1e-5 * unit)
        turned = way(-estimates, covariance, bounds=[0.5])
        near = 0.01 if way is sensitivity.relative_magnitudes else 1e-6
        np.testing.assert_allclose(-ends(turned)[:, ::-1], ends(made), atol=near)


def test_an_event_study_by_cohort_goes_in_as_it_is() -> None:
    made = staggered.group_time_effects(
        oracles.draw(), outcome="outcome", unit="unit", time="period", first_treated="first",
        base="universal", control="notyet",
    ).aggregate("dynamic")  # fmt: skip
    estimates = made.table.set_index("event")["estimate"]
    told = sensitivity.relative_magnitudes(estimates, made.covariance())
    cell = made.table[made.table["event"] == 0].iloc[0]
    assert (told.estimate, told.se) == pytest.approx((cell["estimate"], cell["se"]), rel=1e-12)
    assert told.breakdown > 0
    late = int((made.table["event"] >= 0).sum())
    mean = sensitivity.smoothness(
        estimates, made.covariance(), bounds=[0], weights=[1 / late] * late
    )
    assert mean.estimate == pytest.approx(made.estimate, rel=1e-12)
    assert mean.se == pytest.approx(made.se, rel=1e-12)


SCRIPT = """
import staggered_oracles as oracles
from analysis.methods import sensitivity
for way in (sensitivity.relative_magnitudes, sensitivity.smoothness):
    made = way(*oracles.study(4, 3), bounds=[0.1, 1])
    print(made.table.to_csv(float_format="%r"), repr(made.breakdown))
"""


def test_neither_hashes_nor_threads_matter() -> None:
    told = set()
    for hashes, threads in (("0", "1"), ("1", "2")):
        paths = os.pathsep.join(
            str(path) for path in (Path(__file__).parent, Path(__file__).parents[1])
        )
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": hashes, "OPENBLAS_NUM_THREADS": threads,
                 "OMP_NUM_THREADS": threads, "PYTHONPATH": paths},
        )  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1


def test_wrong_calls_are_refused() -> None:
    estimates, covariance = oracles.study(3, 2)
    for way in (sensitivity.relative_magnitudes, sensitivity.smoothness):
        with pytest.raises(UsageError, match="one period apart"):
            way(estimates.drop(-3), covariance.drop(index=-3, columns=-3), bounds=[1])
        with pytest.raises(UsageError, match="before and after"):
            way(estimates, covariance, bounds=[1], reference=-5)
        with pytest.raises(UsageError, match="named as"):
            way(estimates, covariance.iloc[::-1], bounds=[1])
        with pytest.raises(UsageError, match="must be known"):
            way(estimates.where(estimates.index != 0), covariance, bounds=[1])
        with pytest.raises(UsageError, match="2 weights"):
            way(estimates, covariance, bounds=[1], weights=[1])
        with pytest.raises(UsageError, match="bounds of 0"):
            way(estimates, covariance, bounds=[-1])
