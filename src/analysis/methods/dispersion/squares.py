r"""The squared coefficient of variation in the parts that add up to it.

With the weights and the mean of `inequality`, the variance of all units is the variance of the
group means plus the mean of the variances inside the groups; divided by the square of the mean,

.. math:: CV^2 = \sum_g W_g (\mu_g - \mu)^2 / \mu^2 + \sum_g W_g\,\sigma_g^2 / \mu^2.

Half of it is the generalised entropy index GE(2), which is decomposed the same way
(Shorrocks 1980).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class SquareParts:
    """The squared coefficient of variation, between groups and within them."""

    total: float
    between: float
    within: float


def square_decomposition(
    values: ArrayLike, groups: Sequence[Hashable], weights: ArrayLike
) -> SquareParts:
    """Split the squared coefficient of variation into between groups and within, exactly.

    Parameters
    ----------
    values
        What each unit has, shape (n,), not negative.
    groups
        The group of each unit, shape (n,).
    weights
        Weight of each unit, shape (n,), positive.

    Returns
    -------
    SquareParts
        Each part computed on its own; all nan for no units, a missing value, or a mean of zero.

    Examples
    --------
    >>> square_decomposition([1, 1, 3, 3], ["a", "a", "b", "b"], [1, 1, 1, 1])
    SquareParts(total=0.25, between=0.25, within=0.0)
    """
    x, w = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    if x.ndim != 1 or x.shape != w.shape or len(groups) != len(x):
        raise ValueError("values, groups and weights are three lists of the same length")
    if (x < 0).any() or not (w > 0).all():
        raise ValueError("no value is negative, every weight is positive")
    share = w / w.sum()
    mean = float(share @ x)
    if not mean > 0:
        nan = float("nan")
        return SquareParts(nan, nan, nan)
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    member = np.array([places[group] for group in groups])
    size = np.bincount(member, weights=share)
    means = np.bincount(member, weights=share * x) / size
    total, between, within = (
        float(part @ squares**2) / mean**2
        for part, squares in ((share, x - mean), (size, means - mean), (share, x - means[member]))
    )
    return SquareParts(total, between, within)
