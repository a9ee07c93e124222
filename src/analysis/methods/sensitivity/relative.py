"""Robust intervals where trends part after the start by as much a period as before it, times a bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analysis.methods.sensitivity.hybrid import Hybrid
from analysis.methods.sensitivity.study import Floats, Periods, RobustInterval, Study, arrange

_POINTS = 400
"""Values of the effect that are tried between the ends beyond which nothing can be accepted."""
_HALVINGS = 28
"""Of the distance between two of them: what is left is far below any number shown."""


def relative_magnitudes(
    estimates: ArrayLike,
    covariance: ArrayLike,
    *,
    pre: Periods,
    post: Periods,
    bound: float = 1.0,
    weights: ArrayLike | None = None,
    level: float = 0.95,
) -> RobustInterval:
    r"""Give an interval for an effect, however trends parted after the start up to a multiple of before.

    With :math:`\delta_t` what the estimate of period *t* would be without any effect, 0 in the
    period of reference, all :math:`\delta` are allowed with

    .. math::

        |\delta_{t+1} - \delta_t| \le \bar M \max_{s < 0} |\delta_{s+1} - \delta_s|, \quad t \ge 0.

    That is a union of cones, one for each step before the start and each sign of it; a value of
    the effect is kept if a test of one cone keeps it. The test is the hybrid of the conditional and
    the least favourable one (Andrews, Roth & Pakes 2023), of the inequalities in which a period
    after the start occurs, the first tenth of the error going to the least favourable one, as in
    the authors' package where there is more than one period after. With one, that package
    tests the inequalities of the periods before along with the others; here the rule is the same
    for any number, so that a bound of 0 always gives the ordinary interval. The drifts of a larger
    bound hold those of a smaller one; the intervals do so up to a little where the steps before can
    hardly be told from 0, as the test looks at those more sharply while the bound grows.

    Parameters
    ----------
    estimates, covariance
        Of the event study, shape (n,) and (n, n), without the period of reference.
    pre, post
        How many periods lie before and after the period of reference, the rows being in order of
        time; or which rows they are, in order of time. Periods follow each other without a gap.
    bound
        :math:`\bar M`, at least 0.
    weights
        Of the periods after; without, the effect is that of the first.
    level
        Of the interval.

    Source. Rambachan & Roth (2023), sections 2.4.1 and 3; Andrews, Roth & Pakes (2023), Inference
    for linear conditional moment inequalities, Review of Economic Studies 90 (6), 2763-2791.

    Examples
    --------
    Before the start the groups drifted by 0.1 at most; after it they may by twice that:

    >>> spread = 0.01**2 * np.eye(4)
    >>> made = relative_magnitudes([-0.1, 0.0, 1.0, 1.2], spread, pre=2, post=2, bound=2)
    >>> round(made.low, 2), made.estimate, round(made.high, 2)
    (0.75, 1.0, 1.25)
    """
    study = arrange(estimates, covariance, pre=pre, post=post, weights=weights, level=level)
    return span(study, bound)


def span(study: Study, bound: float) -> RobustInterval:
    """Give the interval of a study: from the lowest value kept by any cone to the highest."""
    if not 0 <= bound < np.inf:
        raise ValueError("a bound is at least 0")
    test = Hybrid.of(study, bound)
    lowest, highest = test.reach()
    share = np.linspace(0, 1, _POINTS)
    tried = lowest[:, None] + (highest - lowest)[:, None] * share
    kept = test.keeps(tried) & (lowest < highest)[:, None]
    # Never none: a cone in which the step itself lies keeps the study's own estimate.
    some = np.asarray(kept.any(axis=1))
    test, tried, kept = test.take(some), tried[some], kept[some]
    last = _POINTS - 1
    first_kept, last_kept = kept.argmax(axis=1), last - kept[:, ::-1].argmax(axis=1)
    inside = np.stack([first_kept, last_kept], axis=1)
    outside = np.stack([np.maximum(first_kept - 1, 0), np.minimum(last_kept + 1, last)], axis=1)
    ends = _halve(test, np.take_along_axis(tried, inside, 1), np.take_along_axis(tried, outside, 1))
    return RobustInterval(test.estimate, float(ends[:, 0].min()), float(ends[:, 1].max()), bound)


def _halve(test: Hybrid, inside: Floats, outside: Floats) -> Floats:
    """Narrow down where each cone ends, given a value that it keeps and one that it does not."""
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        kept = test.keeps(middle)
        inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
    return inside
