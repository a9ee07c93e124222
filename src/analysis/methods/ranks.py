r"""Which ranks a unit can have when only ranges are known.

With a range :math:`[l_i, h_i]` for each of n units, unit *i* certainly comes after those whose
high end is below its low end, and certainly before those whose low end is above its high end:

.. math::

    r_i \in \left[1 + \#\{j : h_j < l_i\},\; n - \#\{j : l_j > h_i\}\right].

Every rank outside is impossible as long as each true value lies in its range; where all ranges
hold together with a probability, so do all the ranks together (Klein, Wright & Wieczorek 2020,
*A joint confidence region for an overall ranking of populations*, JRSS C 69).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]


def rank_ranges(low: ArrayLike, high: ArrayLike, *, unknown: int = 0) -> tuple[Counts, Counts]:
    """Give the first and the last rank that each unit can have, the smallest value first.

    Parameters
    ----------
    low, high
        Ends of each unit's range, shape (n,), nothing missing.
    unknown
        So many further units may lie anywhere.

    Returns
    -------
    tuple of ndarray, shape (n,)
        First and last rank among all units, the unknown ones too.

    Examples
    --------
    The first two cannot be told apart; the third comes after both.

    >>> first, last = rank_ranges([0.1, 0.2, 0.5], [0.3, 0.4, 0.6])
    >>> first.tolist(), last.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    lows, highs = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    if lows.ndim != 1 or lows.shape != highs.shape or not (lows <= highs).all():
        raise ValueError("every unit has a low end and a high end that is not below it")
    if unknown < 0:
        raise ValueError("unknown is a number of units")
    first = 1 + np.searchsorted(np.sort(highs), lows, side="left")
    last = np.searchsorted(np.sort(lows), highs, side="right") + unknown
    return first.astype(np.int64), last.astype(np.int64)
