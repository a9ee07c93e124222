"""An event study as it is asked: estimates in order of time, their covariance, the effect in question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Periods = int | Sequence[int]
"""How many periods, or the rows they stand in, in order of time."""
_ROUNDING = 1e-8
"""By so small a share a covariance may be skew, or fall below 0, through rounding alone."""


@dataclass(frozen=True, slots=True)
class RobustInterval:
    """What may be said of an effect where trends were not parallel, up to a bound.

    Attributes
    ----------
    estimate
        Of the effect. By relative magnitudes the event study's own; by smoothness what is left of
        it once the trend before the start is drawn on, the middle of the interval.
    low, high
        Ends of the interval.
    bound
        What was allowed.
    """

    estimate: float
    low: float
    high: float
    bound: float


@dataclass(frozen=True, slots=True)
class Study:
    """An event study and one effect of it.

    Attributes
    ----------
    estimates, covariance
        Periods before, then periods after, each in order of time; the period of reference, 0 by
        definition, lies between them and has no row.
    before
        So many periods before.
    weights
        Of the periods after, shape (periods after,): the effect is their sum, so weighted.
    error
        1 - level of the interval.
    """

    estimates: Floats
    covariance: Floats
    before: int
    weights: Floats
    error: float

    @property
    def after(self) -> int:
        """So many periods after."""
        return len(self.weights)

    @property
    def effect(self) -> Floats:
        """The effect as a form of all estimates."""
        return np.concatenate([np.zeros(self.before), self.weights])

    @property
    def steps(self) -> Floats:
        """Steps from each period to the next as forms of all estimates, shape (periods, periods).

        The first `before` end at the period of reference, the others start there.
        """
        n = self.before + self.after
        with_reference = np.insert(np.eye(n), self.before, 0.0, axis=0)
        return np.diff(with_reference, axis=0)


def arrange(
    estimates: ArrayLike,
    covariance: ArrayLike,
    *,
    pre: Periods,
    post: Periods,
    weights: ArrayLike | None,
    level: float,
) -> Study:
    """Put an event study in order, and refuse what is none.

    Parameters
    ----------
    estimates, covariance
        Shape (n,) and (n, n), without the period of reference.
    pre, post
        How many periods lie before and after it (the rows are then in order of time), or which rows
        they are, in order of time. Periods follow each other without a gap.
    weights
        Of the periods after; without, the first one alone.
    level
        Of the interval.
    """
    found, spread = np.asarray(estimates, dtype=float), np.asarray(covariance, dtype=float)
    if found.ndim != 1 or spread.shape != (len(found), len(found)):
        raise ValueError("a covariance has as many rows and columns as there are estimates")
    earlier, later = _find_rows(pre, post)
    rows = np.concatenate([earlier, later])
    if not len(earlier) or not len(later) or len(set(rows.tolist())) < len(rows):
        raise ValueError("there is a period before and one after, each in a row of its own")
    if rows.min() < 0 or rows.max() >= len(found):
        raise ValueError("every period has a row among the estimates")
    asked = np.eye(len(later))[0] if weights is None else np.asarray(weights, dtype=float)
    if asked.shape != (len(later),) or not np.isfinite(asked).all() or not asked.any():
        raise ValueError("every period after the start has a weight, not all of them 0")
    if not 0.5 < level < 1:
        raise ValueError("a level lies between 0.5 and 1")
    found, spread = found[rows], spread[np.ix_(rows, rows)]
    _check(found, spread)
    return Study(found, (spread + spread.T) / 2, len(earlier), asked, 1 - level)


def _find_rows(pre: Periods, post: Periods) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if isinstance(pre, int | np.integer) and isinstance(post, int | np.integer):
        return np.arange(pre, dtype=np.int64), np.arange(pre, pre + post, dtype=np.int64)
    if isinstance(pre, int | np.integer) or isinstance(post, int | np.integer):
        raise ValueError("periods before and after are both counted, or both named by their rows")
    return np.asarray(pre, dtype=np.int64), np.asarray(post, dtype=np.int64)


def _check(estimates: Floats, covariance: Floats) -> None:
    if not (np.isfinite(estimates).all() and np.isfinite(covariance).all()):
        raise ValueError("estimates and covariance are numbers, none of them missing")
    size = np.abs(covariance).max()
    if np.abs(covariance - covariance.T).max() > _ROUNDING * size:
        raise ValueError("a covariance is symmetric")
    if (np.diag(covariance) <= 0).any():
        raise ValueError("every estimate has a variance; the period of reference has no row")
    if np.linalg.eigvalsh(covariance).min() < -_ROUNDING * size:
        raise ValueError("no sum of estimates has a variance below 0")
