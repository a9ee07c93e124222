"""An event study before and after its reference, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from analysis.errors import UsageError

Floats = NDArray[np.float64]
_FARTHEST = 1024.0
"""A breakdown value beyond this is none that anybody could mean."""


@dataclass(frozen=True, slots=True, eq=False)
class EventPath:
    """Estimates before and after the reference.

    Attributes
    ----------
    estimates, covariance
        In the order of events, without the reference.
    before, after
        How many there are of each.
    weights
        Of the estimates after, in the effect asked for.
    """

    estimates: Floats
    covariance: Floats
    before: int
    after: int
    weights: Floats

    @property
    def effect(self) -> float:
        """Give the effect as it was estimated."""
        return float(self.weights @ self.estimates[self.before :])

    @property
    def se(self) -> float:
        """Give its error."""
        part = self.covariance[self.before :, self.before :]
        return float(np.sqrt(self.weights @ part @ self.weights))


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """How far an effect's range reaches if trends were not parallel.

    Attributes
    ----------
    estimate, se
        Of the effect, with parallel trends.
    table
        ``bound`` with ``low`` and ``high``; missing where every effect is refuted, because what is
        seen before treatment is at odds with the bound.
    breakdown
        The smallest bound whose range holds nought; 0 where that is so already with none, infinite
        where it is so with no bound.
    """

    estimate: float
    se: float
    table: pd.DataFrame
    breakdown: float


def read(
    estimates: pd.Series,
    covariance: pd.DataFrame,
    reference: float,
    weights: Sequence[float] | None,
) -> EventPath:
    """Check an event study and split it.

    Parameters
    ----------
    estimates, covariance
        By event; the reference may be among them.
    reference
        The event that estimates are held against.
    weights
        Of the estimates after it; the first alone if not given.

    Raises
    ------
    UsageError
        If events are not one apart, there are none on a side, or numbers are missing.
    """
    if list(covariance.index) != list(estimates.index) or list(covariance.columns) != list(
        estimates.index
    ):
        raise UsageError(
            "协方差的行列应与估计值同名同序", "the covariance must be named as the estimates are"
        )
    kept = [event for event in sorted(estimates.index) if event != reference]
    events = np.array(sorted([*kept, reference]), dtype=float)
    before = sum(event < reference for event in kept)
    if not before or before == len(kept) or not np.allclose(np.diff(events), 1):
        raise UsageError(
            "基准期前后都要有估计值，且各期相隔为一",
            "estimates are needed before and after the reference, one period apart",
        )
    point = estimates[kept].to_numpy(dtype=float)
    spread = covariance.loc[kept, kept].to_numpy(dtype=float)
    if not (np.isfinite(point).all() and np.isfinite(spread).all() and (np.diag(spread) > 0).all()):
        raise UsageError(
            "估计值或协方差有缺失", "estimates and covariance must be known for all events"
        )
    after = len(kept) - before
    chosen = np.eye(after)[0] if weights is None else np.asarray(weights, dtype=float)
    if chosen.shape != (after,) or not chosen.any():
        raise UsageError(f"权重应有 {after} 个，且不全为零", f"{after} weights, not all nought")
    return EventPath(point, (spread + spread.T) / 2, before, after, chosen)


def check(bounds: Sequence[float], level: float) -> None:
    """Refuse bounds below nought and levels that are no shares."""
    if not all(bound >= 0 for bound in bounds) or not 0.5 < level < 1:
        raise UsageError(
            "界限不能为负，level 应在 0.5 与 1 之间", "bounds of 0 or more, and a level in (0.5, 1)"
        )


def breakdown(excess: Callable[[float], float], first: float) -> float:
    """Find the smallest bound whose range holds nought, to a ten-thousandth of itself.

    Parameters
    ----------
    excess
        How far nought lies outside of a bound's range; 0 or less where it lies within.
    first
        The bound to begin with.
    """
    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, first
    while excess(high) > 0:
        low, high = high, 2 * high
        if high > _FARTHEST * first:
            return float("inf")
    found = optimize.brentq(excess, low, high, xtol=1e-6 * first, rtol=1e-4)
    return float(found)
