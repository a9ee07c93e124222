r"""Which units are alike: how far apart they lie over several variables of different scale.

Every variable is centred at its median and divided by its interquartile range over 1.349, which
is the standard deviation where values are normal and does not follow a few extreme units. What
lies further out than `cap` counts as lying there, so that one long tail cannot decide alone. The
distance of two units is the weighted root mean square of their differences,

.. math:: d_{ij} = \sqrt{\sum_k w_k (z_{ik} - z_{jk})^2 / \sum_k w_k},

so that 1 means that they lie one usual spread apart on average, however many variables there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_NORMAL = 1.349
"""Interquartile range of the standard normal distribution."""


def standardise(values: ArrayLike, *, cap: float) -> Floats:
    """Centre and scale every variable by its quartiles, and cap what is extreme.

    Parameters
    ----------
    values
        Units by variables, shape (n, k), nothing missing.
    cap
        How far out a value may count, in spreads, over 0.

    Returns
    -------
    ndarray, shape (n, k)
        0 throughout for a variable whose middle half is all the same: it tells nothing apart.

    Examples
    --------
    >>> standardise([[0.0], [1.0], [2.0], [3.0], [400.0]], cap=3.0).round(2).ravel().tolist()
    [-1.35, -0.67, 0.0, 0.67, 3.0]
    """
    x = np.asarray(values, dtype=float)
    if x.ndim != 2 or np.isnan(x).any():
        raise ValueError("values are units by variables, nothing missing")
    if not cap > 0:
        raise ValueError("cap is over 0")
    if not len(x):
        return x
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / _NORMAL
    scaled = np.divide(x - middle, spread, out=np.zeros_like(x), where=spread > 0)
    return np.clip(scaled, -cap, cap)


def distances(standard: ArrayLike, unit: int, weights: ArrayLike) -> Floats:
    """Give how far every unit lies from one of them.

    Parameters
    ----------
    standard
        As `standardise` gives it.
    unit
        Row of the one.
    weights
        Weight of each variable, shape (k,), not negative and not all 0.

    Returns
    -------
    ndarray, shape (n,)
        0 for the unit itself.

    Examples
    --------
    Three and four apart in two variables: the root of (9 + 16) / 2.

    >>> distances([[0, 0], [3, 4]], 0, [1, 1]).round(4).tolist()
    [0.0, 3.5355]
    """
    z, w = np.asarray(standard, dtype=float), np.asarray(weights, dtype=float)
    if z.ndim != 2 or w.shape != z.shape[1:]:
        raise ValueError("a weight for each variable")
    if (w < 0).any() or not w.sum() > 0:
        raise ValueError("weights are not negative and not all 0")
    return np.asarray(np.sqrt((z - z[unit]) ** 2 @ w / w.sum()), dtype=float)
