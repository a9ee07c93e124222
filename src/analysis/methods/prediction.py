"""How many there will be: a range for a number that is still to come."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def count_interval(mean: float, variance: float, level: float = 0.95) -> tuple[int, int]:
    """Give the range in which a count to come lies with a probability of at least `level`.

    A negative binomial count of that mean and variance; where the variance is not above the mean
    (many unequal small chances), a Poisson count, which is the wider of the two.

    Parameters
    ----------
    mean, variance
        Of the count, uncertainty of the mean itself included in the variance.
    level
        Probability.

    Returns
    -------
    tuple of int
        Lowest and highest number.

    Examples
    --------
    >>> count_interval(0.0, 0.0), count_interval(10.0, 10.0), count_interval(10.0, 40.0)
    ((0, 0), (4, 17), (1, 25))
    """
    if mean <= 0:
        return 0, 0
    tail = (1 - level) / 2
    if variance > mean * (1 + 1e-9):
        count = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    else:
        count = stats.poisson(mean)
    return int(count.ppf(tail)), int(count.ppf(1 - tail))


def dispersion(observed: ArrayLike, expected: ArrayLike, variance: ArrayLike) -> float:
    """Give how much more counts of groups vary than chance within them would make them.

    Pearson's statistic over the groups by their number, never below 1 (McCullagh and Nelder 1989,
    4.5). Groups in which nothing could happen say nothing.

    >>> dispersion([0, 4], [2, 2], [2, 2]), dispersion([2, 2], [2, 2], [2, 2])
    (2.0, 1.0)
    """
    of, at, by = (np.asarray(values, dtype=float) for values in (observed, expected, variance))
    says = by > 0
    if not says.any():
        return 1.0
    return max(1.0, float(np.mean((of[says] - at[says]) ** 2 / by[says])))
