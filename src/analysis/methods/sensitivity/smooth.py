"""What if the difference in trends bent after treatment, by no more than so much a period?

The bound says by how much the slope of the difference may change from one period to the next; at 0 it is a
straight line, carried on from before treatment (Rambachan and Roth 2023, smoothness). Ranges have a fixed
length and are the shortest of their kind: an affine combination of the estimates, with its largest bias
(Armstrong and Kolesár 2018), as R's HonestDiD gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
_PRICES = np.geomspace(1e-9, 1e3, 49)
_STEPS, _ROOT = 12, np.sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class _Frontier:
    """Combinations of the estimates, from the most exact to the least biased.

    Weights are ``start + free z`` by estimate and what they leave of bends in the trend is
    ``fixed + moving z``; ``chosen`` holds the best z at each price of bias.
    """

    path: EventPath
    start: Floats
    free: Floats
    fixed: Floats
    moving: Floats
    prices: Floats
    chosen: Floats

    @classmethod
    def find(cls, path: EventPath) -> _Frontier:
        """Trade exactness against bias, at every price of bias."""
        time = np.delete(np.arange(-path.before, path.after + 1.0), path.before)
        # A straight line must not matter: one equation on the weights before treatment.
        line = time[: path.before]
        own = -line * (path.weights @ time[path.before :]) / (line @ line)
        start = np.concatenate([own, path.weights])
        free = np.zeros((len(time), path.before - 1))
        free[: path.before] = linalg.null_space(line[None, :])
        bend = np.linalg.pinv(_bends(path.before, path.after).T)
        alone = cls(path, start, free, bend @ start, bend @ free, np.zeros(1), np.zeros((1, 0)))
        if path.before == 1:
            return alone
        scale = path.covariance / path.se**2
        # Prices in units in which exactness and bias are of a size.
        unit = max(1.0, float(np.abs(free.T @ scale).max()))
        prices = unit * _PRICES
        return replace(alone, prices=prices, chosen=np.array([alone.choose(p) for p in prices]))

    def choose(self, price: float) -> Floats:
        """Minimise the squared error plus the price times the bias."""
        scale = self.path.covariance / self.path.se**2
        curve, slope = self.free.T @ scale @ self.free, self.free.T @ scale @ self.start
        count, size = self.moving.shape
        rows = np.block([[self.moving, -np.eye(count)], [-self.moving, -np.eye(count)]])
        # Divided by the price where that is dear, so that numbers stay of a size.
        by = max(1.0, price)
        whole = linalg.block_diag(curve, np.zeros((count, count))) / by
        linear = np.concatenate([slope, np.full(count, price)]) / by
        return minimise(whole, linear, rows, np.concatenate([-self.fixed, self.fixed]))[:size]

    def range(self, bound: float, level: float) -> tuple[float, float]:
        """Give the shortest range for a bound."""
        halves = self._half(self.chosen, bound, level)
        best = int(np.argmin(halves))
        half, z = float(halves[best]), self.chosen[best]
        if len(self.chosen) > 1 and bound:
            near = self.prices[[max(best - 1, 0), min(best + 1, len(self.prices) - 1)]]
            found = optimize.minimize_scalar(
                lambda log: float(self._half(self.choose(np.exp(log))[None], bound, level)[0]),
                bounds=np.log(near), method="bounded", options={"xatol": 1e-4},
            )  # fmt: skip
            if found.fun < half:
                half, z = float(found.fun), self.choose(np.exp(found.x))
        middle = float((self.start + self.free @ z) @ self.path.estimates)
        return middle - half, middle + half

    def _half(self, chosen: Floats, bound: float, level: float) -> Floats:
        weights = self.start + chosen @ self.free.T
        error = np.sqrt(((weights @ self.path.covariance) * weights).sum(axis=1))
        bias = bound * np.abs(self.fixed + chosen @ self.moving.T).sum(axis=1)
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
    frontier = _Frontier.find(path)
    rows = [(bound, *frontier.range(bound, level)) for bound in bounds]

    def excess(bound: float) -> float:
        low, high = frontier.range(bound, level)
        return max(low, -high)

    table = pd.DataFrame(rows, columns=["bound", "low", "high"])
    return Sensitivity(path.effect, path.se, table, breakdown(excess, path.se))


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


def _bends(before: int, after: int) -> Floats:
    """Give second differences of a path that is nought at the reference."""
    count = before + after
    made = np.zeros((count - 1, count + 1))
    at = np.arange(count - 1)
    made[at, at], made[at, at + 1], made[at, at + 2] = 1, -2, 1
    return np.delete(made, before, axis=1)
