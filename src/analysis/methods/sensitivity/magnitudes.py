"""What if trends after treatment drifted apart as much as before it, or some times that much?

The bound says how many times the largest change of the difference from one period to the next, before
treatment, the changes after it may be (Rambachan and Roth 2023, relative magnitudes). Ranges are those of
their hybrid test with the least favourable first step, as R's HonestDiD gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.methods.sensitivity import hybrid_test
from analysis.methods.sensitivity.event_path import (
    EventPath,
    Sensitivity,
    breakdown,
    check,
    read,
)
from analysis.methods.sensitivity.hybrid_test import HybridTest

Floats = NDArray[np.float64]
BOUNDS = (0.0, 0.5, 1.0, 1.5, 2.0)
_GRID, _WIDE = 401, 20.0
_ENDS = 1e-6


def relative_magnitudes(
    estimates: pd.Series,
    covariance: pd.DataFrame,
    *,
    reference: float = -1,
    bounds: Sequence[float] = BOUNDS,
    weights: Sequence[float] | None = None,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Sensitivity:
    """Give the effect's range for each bound, and the bound at which it holds nought.

    Parameters
    ----------
    estimates, covariance
        An event study by event, with one reference for all events (a universal base).
    reference
        The event that estimates are held against; it may be among them.
    bounds
        How many times the largest change before treatment each change after it may be.
    weights
        Of the estimates after the reference; the first alone if not given.
    level
        Of the ranges.
    draws, seed
        For the test's first step.

    Examples
    --------
    >>> events = [-3, -2, 0, 1]
    >>> made = relative_magnitudes(pd.Series([0.1, -0.1, 2.0, 2.5], index=events),
    ...                            pd.DataFrame(0.04 * np.eye(4), events, events))
    >>> bool(made.table["low"].is_monotonic_decreasing and made.breakdown > 1)
    True
    """
    path = read(estimates, covariance, reference, weights)
    check(bounds, level)
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((draws, len(path.estimates)))
    rows = [(bound, *_range(path, bound, normal, 1 - level)) for bound in bounds]

    def excess(bound: float) -> float:
        tests = _tests(path, bound, normal, 1 - level)
        return -1.0 if any(test.accepts(np.zeros(1))[0] for test in tests) else 1.0

    table = pd.DataFrame(rows, columns=["bound", "low", "high"])
    return Sensitivity(path.effect, path.se, table, breakdown(excess, 1.0))


def _tests(path: EventPath, bound: float, normal: Floats, alpha: float) -> list[HybridTest]:
    """Prepare a test for each period before treatment that may have had the largest change, either way."""
    turn = _turn(path.weights)
    made = []
    for largest in range(path.before):
        for sign in (1.0, -1.0):
            moments = _moments(path, bound, largest, sign)
            after = moments[:, path.before :] @ turn
            made.append(
                hybrid_test.prepare(moments, path.estimates, path.covariance, slope=after[:, 0],
                                    others=after[:, 1:], normal=normal, alpha=alpha)
            )  # fmt: skip
    return made


def _moments(path: EventPath, bound: float, largest: int, sign: float) -> Floats:
    """Write the restriction as rows that are nought or less.

    Rows on periods after treatment alone, as HonestDiD has it, unless there is but one of them.
    """
    count = path.before + path.after
    changes = np.zeros((count, count + 1))
    at = np.arange(count)
    changes[at, at], changes[at, at + 1] = -1, 1
    most = sign * changes[largest]
    times = np.where(at < path.before, 1.0, bound)[:, None] * most
    rows = np.concatenate([changes - times, -changes - times])
    rows = np.delete(rows, path.before, axis=1)
    rows = rows[(rows**2).sum(axis=1) > 1e-10]
    return rows[(rows[:, path.before :] != 0).any(axis=1)] if path.after > 1 else rows


def _turn(weights: Floats) -> Floats:
    """Give a basis of the effects after treatment whose first coordinate is the one asked for."""
    pivot = int(np.argmax(np.abs(weights)))
    rows = np.eye(len(weights))
    rows[[0, pivot]] = rows[[pivot, 0]]
    rows[0] = weights
    return np.asarray(np.linalg.inv(rows), dtype=np.float64)


def _range(path: EventPath, bound: float, normal: Floats, alpha: float) -> tuple[float, float]:
    """Find the ends of all effects that some test accepts."""
    tests = _tests(path, bound, normal, alpha)

    def accepts(effects: Floats) -> NDArray[np.bool_]:
        return np.any([test.accepts(effects) for test in tests], axis=0)

    drift = np.abs(np.diff(np.append(path.estimates[: path.before], 0.0))).max()
    far = np.abs(np.cumsum(path.weights[::-1])).sum()
    wide = _WIDE * path.se + bound * drift * far
    while True:
        grid = path.effect + np.linspace(-wide, wide, _GRID)
        inside = np.flatnonzero(accepts(grid))
        if not len(inside):
            return np.nan, np.nan
        if inside[0] > 0 and inside[-1] < _GRID - 1:
            break
        wide *= 2
    return (
        _end(accepts, grid[inside[0]], grid[inside[0] - 1], _ENDS * path.se),
        _end(accepts, grid[inside[-1]], grid[inside[-1] + 1], _ENDS * path.se),
    )


def _end(
    accepts: Callable[[Floats], NDArray[np.bool_]], inside: float, outside: float, near: float
) -> float:
    """Halve the distance between an effect that is accepted and one that is not."""
    while abs(outside - inside) > near:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if accepts(np.array([middle]))[0] else (inside, middle)
    return float(inside)
