"""What could be wrong with an estimate: each doubt put to the data, with what came of it.

Every doubt passes, is weak (nothing was seen, but little could have been), fails, or cannot say. What
each does to the word is the ladder's (`ladder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.methods import sensitivity
from analysis.questions.exchange.events import Events
from analysis.questions.exchange.ladder import Result
from analysis.questions.exchange.study import (
    NEVER,
    Estimate,
    Floats,
    Parameters,
    Sample,
    find_range,
    select,
)

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt and what came of it.

    Attributes
    ----------
    id, result
        Which, and what came of it.
    value, low, high
        The number that decided it, and its range; nan where it has none.
    """

    id: str
    result: Result
    value: float = NAN
    low: float = NAN
    high: float = NAN


@dataclass(frozen=True, slots=True)
class Pretest:
    """The test of years before the start: its chance, and its power against a drift as large as the effect."""

    p: float
    power: float
    years: int


def test_before(events: Events, estimate: float, size: float) -> Pretest:
    """Test that nothing differed before the start, and say what a straight drift would have shown.

    Two tests, of all years together (Wald's, Hotelling's with few clusters) and of a straight line
    through the last one, which sees a steady drift that the first, asking for more, would miss; the
    smaller chance counts, twice (Bonferroni). The drift is the one that would make the whole estimate
    (Roth 2022); its power is that of the better of the two, at half the size.
    """
    before = events.before
    event = events.table["event"].to_numpy(dtype=float)
    if not before or before >= events.clusters:
        return Pretest(NAN, NAN, before)
    spread = events.covariance[:before, :before]
    if not np.isfinite(spread).all() or not 1 / np.linalg.cond(spread) > np.finfo(float).eps:
        return Pretest(NAN, NAN, before)
    found = events.table["estimate"].to_numpy()[:before]
    line = event[:before] + 1
    slope = estimate / float(events.weights @ (event[before:] + 1))
    if before == 1:
        return Pretest(*_test_together(found, slope * line, spread, events, size), before)
    told = float(np.sqrt(line @ np.linalg.solve(spread, line)))
    steady = float(line @ np.linalg.solve(spread, found)) / told
    tests = (
        _test_together(found, slope * line, spread, events, size / 2),
        _test_steady(steady, slope * told, events, size / 2),
    )
    return Pretest(min(1.0, 2 * min(p for p, _ in tests)), max(power for _, power in tests), before)


def _test_together(
    found: Floats, drift: Floats, spread: Floats, events: Events, size: float
) -> tuple[float, float]:
    """Give the chance of what was found in all years together, and the power against a drift."""
    before = len(found)
    wald, centre = (float(v @ np.linalg.solve(spread, v)) for v in (found, drift))
    if not events.few:
        limit = stats.chi2.ppf(1 - size, before)
        return float(stats.chi2.sf(wald, before)), float(stats.ncx2.sf(limit, before, centre))
    free = events.clusters - before
    scale = free / (before * (events.clusters - 1))
    limit = stats.f.ppf(1 - size, before, free)
    # By the distribution and not its complement: scipy 1.17's ncf.sf is negative without a centre.
    return (
        float(stats.f.sf(scale * wald, before, free)),
        1 - float(stats.ncf.cdf(limit, before, free, centre)),
    )


def _test_steady(found: float, drift: float, events: Events, size: float) -> tuple[float, float]:
    """Give the same of a straight line, from what it is in its own errors."""
    free = events.clusters - 1 if events.few else np.inf
    limit = float(stats.t.ppf(1 - size / 2, free))
    p = float(2 * stats.t.sf(abs(found), free))
    if not events.few:
        return p, float(stats.norm.sf(limit - drift) + stats.norm.cdf(-limit - drift))
    return p, 1 - float(stats.nct.cdf(limit, free, drift) - stats.nct.cdf(-limit, free, drift))


def doubt_trend(pretest: Pretest, refutation: Parameters) -> Doubt:
    """Judge the years before: what differed fails, what could hardly have been seen is weak."""
    if not np.isfinite(pretest.p):
        return Doubt("pretrend", "cannot_say")
    if pretest.p < refutation["pretest_size"]:
        return Doubt("pretrend", "fails", pretest.p)
    enough = pretest.power >= refutation["pretest_power"]
    return Doubt("pretrend", "passes" if enough else "weak", pretest.p)


def pretend(sample: Sample, years: int) -> Sample:
    """Give the sample as if all had begun so many years early, without the years from the true start on."""
    rows = sample.rows
    treated = rows["first"] > NEVER
    moved = rows["first"].where(~treated, rows["first"] - years)
    kept = rows[~treated | ((rows["year"] < rows["first"]) & (moved > rows["year"].min()))]
    kept = kept.assign(first=moved[kept.index]).reset_index(drop=True)
    return Sample(kept, sample.outcome, sample.incomplete)


def doubt_date(sample: Sample, estimate: float, rules: Parameters, refutation: Parameters) -> Doubt:
    """Look for an effect before there can be one."""
    early = pretend(sample, refutation["placebo_years"])
    if early.reason(rules):
        return Doubt("placebo_date", "cannot_say")
    return _hold("placebo_date", find_range(early, rules), estimate)


def doubt_neighbours(rows: pd.DataFrame, outcome: str, estimate: float, rules: Parameters) -> Doubt:
    """Look for an effect on schools that did not begin in counties that did, against other counties."""
    treated = rows["first"] > NEVER
    start = rows.loc[treated].groupby("county")["first"].min()
    others = rows[~treated]
    near = others.assign(first=others["county"].map(start).fillna(NEVER).astype(int))
    if outcome not in near or near.empty:
        return Doubt("spillover", "cannot_say")
    sample = select(near, outcome, "county")
    if sample.reason(rules):
        return Doubt("spillover", "cannot_say")
    return _hold("spillover", find_range(sample, rules), estimate)


def doubt_outcomes(
    id: str, samples: Sequence[Sample], rules: Parameters, refutation: Parameters
) -> Doubt:
    """Look for an effect on what exchange cannot have changed; the smallest chance decides (Bonferroni)."""
    chances = [find_range(sample, rules).p for sample in samples if not sample.reason(rules)]
    known = [p for p in chances if np.isfinite(p)]
    if not known:
        return Doubt(id, "cannot_say")
    least = min(1.0, min(known) * len(known))
    return Doubt(id, "fails" if least < refutation["pretest_size"] else "passes", least)


def doubt_left_out(left: Floats, estimate: Estimate, refutation: Parameters) -> Doubt:
    """Leave out each cluster: does an estimate that is told from nought rest on one of them?"""
    if not np.isfinite(left).all():
        return Doubt("left_out", "cannot_say")
    share = left / estimate.value
    if not estimate.excludes_zero:
        return Doubt("left_out", "cannot_say", NAN, float(left.min()), float(left.max()))
    result: Result = "passes" if share.min() >= refutation["left_share"] else "weak"
    if share.min() <= 0:
        result = "fails"
    return Doubt("left_out", result, float(share.min()), float(left.min()), float(left.max()))


def doubt_selection(sample: Sample, refutation: Parameters) -> Doubt:
    """Hold the schools against one another as they were before any of them began."""
    before = sample.rows[sample.rows["year"] < sample.start]
    level = before.groupby("school").agg(value=(sample.outcome, "mean"), first=("first", "first"))
    treated = level["first"] > NEVER
    one, other = level.loc[treated, "value"], level.loc[~treated, "value"]
    pooled = np.sqrt((one.var() + other.var()) / 2)
    if not pooled > 0:
        return Doubt("selection", "cannot_say")
    apart = float((one.mean() - other.mean()) / pooled)
    return Doubt("selection", "passes" if abs(apart) <= refutation["most_apart"] else "weak", apart)


@dataclass(frozen=True, slots=True)
class Robust:
    """What is left of an estimate where trends were not parallel.

    Attributes
    ----------
    relative, smooth
        Ranges by bound.
    relative_lost, smooth_lost
        The bound from which on nought cannot be ruled out; nan where it never could.
    """

    relative: dict[float, tuple[float, float]]
    smooth: dict[float, tuple[float, float]]
    relative_lost: float
    smooth_lost: float


def loosen(events: Events, refutation: Parameters, level: float) -> Robust | None:
    """Let trends part (Rambachan and Roth 2023); none where there are no years before."""
    after = len(events.weights)
    if not events.before or not (np.diag(events.covariance) > 0).all():
        return None
    estimates, spread = events.table["estimate"].to_numpy(), events.covariance
    ranges: dict[str, dict[float, tuple[float, float]]] = {}
    lost: dict[str, float] = {}
    ways: tuple[tuple[sensitivity.Restriction, Any, Sequence[float]], ...] = (
        ("relative_magnitudes", sensitivity.relative_magnitudes, refutation["relative"]),
        ("smoothness", sensitivity.smoothness, refutation["smooth"]),
    )
    for kind, give, bounds in ways:
        asked: dict[str, Any] = {
            "pre": events.before, "post": after, "weights": events.weights, "level": level,
        }  # fmt: skip
        found = {b: give(estimates, spread, bound=b, **asked) for b in bounds}
        ranges[kind] = {b: (one.low, one.high) for b, one in found.items()}
        bound = sensitivity.breakdown(kind, estimates, spread, **asked)
        lost[kind] = NAN if bound is None else bound
    return Robust(ranges["relative_magnitudes"], ranges["smoothness"],
                  lost["relative_magnitudes"], lost["smoothness"])  # fmt: skip


def doubt_drift(
    robust: Robust | None, estimate: Estimate, refutation: Parameters
) -> tuple[Doubt, Doubt]:
    """Judge how large a drift the estimate survives; one that includes nought has nothing to lose."""
    if robust is None or not estimate.excludes_zero:
        return Doubt("relative", "cannot_say"), Doubt("smooth", "cannot_say")
    bound = robust.relative_lost
    result: Result = "fails"
    if bound >= refutation["stands_weakly"]:
        result = "passes" if bound >= refutation["stands"] else "weak"
    straight = np.isfinite(robust.smooth_lost)
    return (
        Doubt("relative", result, bound),
        Doubt("smooth", "passes" if straight else "weak", robust.smooth_lost),
    )


def _hold(id: str, found: Estimate, estimate: float) -> Doubt:
    """Hold a pretended effect against nought, and against the estimate that it could have hidden."""
    if not np.isfinite(found.se):
        return Doubt(id, "cannot_say")
    hidden = found.low <= estimate <= found.high
    result: Result = "fails" if found.excludes_zero else "weak" if hidden else "passes"
    return Doubt(id, result, found.value, found.low, found.high)
