"""What if the difference in trends bent after treatment, by no more than so much a period?

The bound says by how much the slope of the difference may change from one period to the next; at 0 it is a
straight line, carried on from before treatment (Rambachan and Roth 2023, smoothness). Ranges have a fixed
length and are the shortest of their kind: an affine combination of the estimates, with its largest bias
(Armstrong and Kolesár 2018), as R's HonestDiD gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, optimize, special

from analysis.methods.sensitivity.event_path import (
    EventPath,
    Sensitivity,
    breakdown,
    check,
    read,
)
from analysis.methods.sensitivity.quadratic import minimise

Floats = NDArray[np.float64]
_STEEPS = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 49)])
_STEPS, _ROOT = 12, np.sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class _Frontier:
    """Combinations of the estimates, from the most exact to the least biased.

    ``weights`` by estimates; ``bends`` how each combination's bias goes with the bends of the trend.
    """

    path: EventPath
    weights: Floats
    bends: Floats

    def range(self, bound: float, level: float) -> tuple[float, float]:
        """Give the shortest range for a bound."""
        halves = self._half(self.weights, self.bends, bound, level)
        best = int(np.argmin(halves))
        weights, half = self.weights[best], float(halves[best])
        # Between two neighbours combinations are valid too, and the best lies on some such stretch.
        for other in (best - 1, best + 1):
            if not 0 <= other < len(self.weights):
                continue
            w, b = self.weights[[best, other]], self.bends[[best, other]]

            def along(s: float, w: Floats = w, b: Floats = b) -> float:
                w_s, b_s = w[0] + s * (w[1] - w[0]), b[0] + s * (b[1] - b[0])
                return float(self._half(w_s[None], b_s[None], bound, level)[0])

            found = optimize.minimize_scalar(
                along, bounds=(0, 1), method="bounded", options={"xatol": 1e-7}
            )
            if found.fun < half:
                half, weights = float(found.fun), w[0] + found.x * (w[1] - w[0])
        middle = float(weights @ self.path.estimates)
        return middle - half, middle + half

    def _half(self, weights: Floats, bends: Floats, bound: float, level: float) -> Floats:
        error = np.sqrt(((weights @ self.path.covariance) * weights).sum(axis=1))
        bias = bound * np.abs(bends).sum(axis=1)
        return np.asarray(error * folded_quantile(level, bias / error))


def smoothness(
    estimates: pd.Series,
    covariance: pd.DataFrame,
    *,
    reference: float = -1,
    bounds: Sequence[float],
    weights: Sequence[float] | None = None,
    level: float = 0.95,
) -> Sensitivity:
    """Give the effect's range for each bound, and the bound at which it holds nought.

    Parameters
    ----------
    estimates, covariance, reference, weights, level
        As in `relative_magnitudes`.
    bounds
        By how much the slope of the difference in trends may change a period, in units of the outcome.

    Examples
    --------
    >>> events = [-3, -2, 0, 1]
    >>> made = smoothness(pd.Series([-0.2, -0.1, 1.1, 2.2], index=events),
    ...                   pd.DataFrame(0.0001 * np.eye(4), events, events), bounds=[0])
    >>> made.table.round(2).values.tolist()
    [[0.0, 0.98, 1.02]]
    """
    path = read(estimates, covariance, reference, weights)
    check(bounds, level)
    frontier = _find_frontier(path)
    rows = [(bound, *frontier.range(bound, level)) for bound in bounds]

    def holds_nought(bound: float) -> bool:
        low, high = frontier.range(bound, level)
        return low <= 0 <= high

    table = pd.DataFrame(rows, columns=["bound", "low", "high"])
    return Sensitivity(path.effect, path.se, table, breakdown(holds_nought, path.se))


def folded_quantile(level: float, mean: Floats | float) -> Floats:
    """Give a quantile of the absolute value of a normal with a mean of 0 or more and an error of 1.

    >>> folded_quantile(0.95, np.array([0, 50])).round(4).tolist()
    [1.96, 51.6449]
    """
    middle = np.asarray(mean, dtype=float)
    made = middle + special.ndtri((1 + level) / 2)
    # Newton's method; right of the mean the distribution is concave, so that steps do not go astray.
    for _ in range(_STEPS):
        off = special.ndtr(made - middle) - special.ndtr(-made - middle) - level
        height = np.exp(-((made - middle) ** 2) / 2) + np.exp(-((made + middle) ** 2) / 2)
        made = made - off * _ROOT / height
    return np.asarray(made)


def _find_frontier(path: EventPath) -> _Frontier:
    """Trade exactness against bias, at every price of bias."""
    before, after = path.before, path.after
    time = np.delete(np.arange(-before, after + 1.0), before)
    # A straight line must not matter: one equation on the weights before treatment.
    line = time[:before]
    start = -line * (path.weights @ time[before:]) / (line @ line)
    start = np.concatenate([start, path.weights])
    free = np.zeros((len(time), before - 1))
    free[:before] = linalg.null_space(line[None, :])
    bend = np.linalg.pinv(_bends(before, after).T)
    fixed, moving = bend @ start, bend @ free
    if before == 1:
        return _Frontier(path, start[None, :], fixed[None, :])
    scale = path.covariance / path.se**2
    curve, slope = free.T @ scale @ free, free.T @ scale @ start
    count, size = moving.shape
    rows = np.block([[moving, -np.eye(count)], [-moving, -np.eye(count)]])
    most = np.concatenate([-fixed, fixed])
    whole = linalg.block_diag(curve, np.zeros((count, count)))
    found = [-np.linalg.solve(curve, slope)]
    # Prices in units in which exactness and bias are of a size.
    unit = max(1.0, float(np.abs(slope).max()), float(np.abs(curve).max()))
    for steep in _STEEPS[1:]:
        linear = np.concatenate([slope, np.full(count, steep * unit)])
        # Divided by the price where that is dear, so that numbers stay of a size.
        by = max(1.0, steep * unit)
        found.append(minimise(whole / by, linear / by, rows, most)[:size])
    chosen = np.array(found)
    return _Frontier(path, start + chosen @ free.T, fixed + chosen @ moving.T)


def _bends(before: int, after: int) -> Floats:
    """Give second differences of a path that is nought at the reference."""
    count = before + after
    made = np.zeros((count - 1, count + 1))
    at = np.arange(count - 1)
    made[at, at], made[at, at + 1], made[at, at + 2] = 1, -2, 1
    return np.delete(made, before, axis=1)
