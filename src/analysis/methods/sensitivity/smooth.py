"""Robust intervals where the slope of the drift turns by no more than a bound from period to period."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from analysis.methods.sensitivity.frontier import Frontier, Place, trace
from analysis.methods.sensitivity.study import Periods, RobustInterval, arrange

_STEPS = 100
"""Newton's steps for a quantile; a handful is used."""


def smoothness(
    estimates: ArrayLike,
    covariance: ArrayLike,
    *,
    pre: Periods,
    post: Periods,
    bound: float = 0.0,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> RobustInterval:
    r"""Give the shortest interval of fixed length for an effect, whatever drift of that smoothness there is.

    With :math:`\delta_t` what the estimate of period *t* would be without any effect, 0 in the
    period of reference, all :math:`\delta` are allowed with

    .. math::

        |(\delta_{t+1} - \delta_t) - (\delta_t - \delta_{t-1})| \le M.

    The interval lies around the effect plus a weighted sum of the estimates before the start,
    whose weights make a straight drift vanish and the half length least:

    .. math::

        \sigma(v) \, \mathrm{cv}(b(v) / \sigma(v)),

    *b* being the largest bias, :math:`\sigma` the standard deviation, and cv(*t*) the quantile of
    the size of a normal variable with mean *t* and variance 1. At bound 0 that is the straight line
    through the periods before, drawn on, with the least variance.

    Parameters
    ----------
    estimates, covariance
        Of the event study, shape (n,) and (n, n), without the period of reference.
    pre, post
        How many periods lie before and after the period of reference, the rows being in order of
        time; or which rows they are, in order of time. Periods follow each other without a gap.
    bound
        *M*, at least 0, in units of the estimates.
    weights
        Of the periods after; without, the effect is that of the first.
    level
        Of the interval.

    Source. Armstrong & Kolesár (2020), Simple and honest confidence intervals in nonparametric
    regression, Quantitative Economics 11 (1), 1-39; Rambachan & Roth (2023), section 4.

    Examples
    --------
    The groups drifted by 0.1 a period before the start: of an effect of 1 there are 0.9 left.

    >>> made = smoothness([-0.1, 1.0], 0.01**2 * np.eye(2), pre=1, post=1, bound=0.05)
    >>> round(made.low, 2), round(made.estimate, 2), round(made.high, 2)
    (0.83, 0.9, 0.97)
    """
    study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=level)
    return choose(trace(study), bound)


def choose(frontier: Frontier, bound: float) -> RobustInterval:
    """Give the shortest interval of all that a study's frontier offers."""
    if not 0 <= bound < np.inf:
        raise ValueError("a bound is at least 0")
    place = _find_best(frontier, bound)
    ratio = bound * place.bias / place.spread
    half = place.spread * _quantile(ratio, frontier.error)
    return RobustInterval(place.estimate, place.estimate - half, place.estimate + half, bound)


def _find_best(frontier: Frontier, bound: float) -> Place:
    """Find where the half length is least: it is convex in the bias, and the bias straight in the share."""

    def slope(share: float, stretch: int) -> float:
        place = frontier.at(stretch, share)
        ratio = bound * place.bias / place.spread
        x = _quantile(ratio, frontier.error)
        near, far = np.exp(-((x - ratio) ** 2) / 2), np.exp(-((x + ratio) ** 2) / 2)
        turn = (near - far) / (near + far)
        return float(place.spread_slope * (x - ratio * turn) + bound * place.bias_slope * turn)

    for stretch in range(frontier.stretches):
        if slope(0.0, stretch) >= 0:
            return frontier.at(stretch, 0.0)
        if slope(1.0, stretch) >= 0:
            share = float(optimize.brentq(slope, 0.0, 1.0, (stretch,), xtol=1e-14))
            return frontier.at(stretch, share)
    return frontier.at(frontier.stretches - 1, 1.0)


def _quantile(mean: float, error: float) -> float:
    """Give what the size of a normal variable with this mean and variance 1 passes with chance `error`.

    Beyond the mean the chance of less is concave, so Newton's steps from below never pass.
    """
    x = max(mean - special.ndtri(error), -special.ndtri(error / 2))
    for _ in range(_STEPS):
        beyond = special.ndtr(mean - x) + special.ndtr(-x - mean)
        density = (np.exp(-((x - mean) ** 2) / 2) + np.exp(-((x + mean) ** 2) / 2)) / np.sqrt(
            2 * np.pi
        )
        move = (beyond - error) / density
        x += move
        if abs(move) <= 1e-15 * x:
            break
    return float(x)
