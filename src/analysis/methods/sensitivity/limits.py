"""Up to which bound an answer stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from numpy.typing import ArrayLike
from scipy import optimize

from analysis.methods.sensitivity.frontier import trace
from analysis.methods.sensitivity.relative import span
from analysis.methods.sensitivity.smooth import choose
from analysis.methods.sensitivity.study import Periods, RobustInterval, Study, arrange

Restriction = Literal["relative_magnitudes", "smoothness"]
_LADDER = {"relative_magnitudes": 1.5, "smoothness": 1.1}
"""Each bound tried is so many times the last. By smoothness the interval's middle moves with the
bound, so that 0 may come in and go again: the steps are small, to find where it first comes in."""
_NEAR = 1e-9
"""How near to the breakdown value the search comes, as a share of it."""


def breakdown(
    restriction: Restriction,
    estimates: ArrayLike,
    covariance: ArrayLike,
    *,
    pre: Periods,
    post: Periods,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> float | None:
    """Give the bound up to which the interval leaves out 0.

    Parameters
    ----------
    restriction
        ``"relative_magnitudes"`` or ``"smoothness"``: the bound is that function's.
    estimates, covariance, pre, post, weights, level
        As for that function.

    Returns
    -------
    float or None
        The bound from which on 0 is in the interval for the first time; None where it is even at
        bound 0.

    Examples
    --------
    The groups drifted by 0.1 before the start; an effect of 1 stands until they may by about ten
    times that:

    >>> import numpy as np
    >>> spread = 0.001**2 * np.eye(3)
    >>> value = breakdown("relative_magnitudes", [-0.1, 0.0, 1.0], spread, pre=2, post=1)
    >>> value is not None and round(value, 1)
    9.8
    """
    study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=level)
    give, above = _prepare(restriction, study)

    def margin(bound: float) -> float:
        interval = give(bound)
        return max(interval.low, -interval.high)

    if margin(0.0) <= 0:
        return None
    below = 0.0
    # It ends: either interval grows with its bound without limit.
    while margin(above) > 0:
        below, above = above, _LADDER[restriction] * above
    return float(optimize.brentq(margin, below, above, xtol=_NEAR * above, rtol=_NEAR))


def _prepare(
    restriction: Restriction, study: Study
) -> tuple[Callable[[float], RobustInterval], float]:
    """Give the interval by bound, and the first bound to try."""
    if restriction == "relative_magnitudes":
        return (lambda bound: span(study, bound)), 0.25
    if restriction == "smoothness":
        frontier = trace(study)
        return (lambda bound: choose(frontier, bound)), 0.01 * frontier.at(0, 0.0).spread
    raise ValueError("a restriction is relative_magnitudes or smoothness")
