"""Pairs of units alike, and a lot that says which of each pair comes first.

A lot within pairs makes what comes first like what waits, in everything, known or not, but for
chance; and anybody can draw it again from its seed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pair(values: ArrayLike) -> NDArray[np.intp]:
    """Pair units that are alike: the closest two, then the closest two of the rest, and so on.

    Parameters
    ----------
    values
        Measures of the units, shape (units, measures), nothing missing; each is divided by its
        standard deviation first. Of an odd number of units the one that is left over has no pair.

    Returns
    -------
    numpy.ndarray
        Shape (pairs, 2), places of units; the lower place stands first, pairs are sorted by it.

    Examples
    --------
    >>> pair([[1.0], [9.0], [1.2], [8.5], [5.0]]).tolist()
    [[0, 2], [1, 3]]
    """
    at = np.asarray(values, dtype=float)
    if at.ndim != 2 or not np.isfinite(at).all():
        raise ValueError("measures are a table of numbers without gaps")
    if not len(at):
        return np.empty((0, 2), dtype=np.intp)
    spread = at.std(axis=0)
    at = at / np.where(spread > 0, spread, 1.0)
    first, second = np.triu_indices(len(at), 1)
    far = ((at[first] - at[second]) ** 2).sum(axis=1).round(12)
    free = np.ones(len(at), dtype=bool)
    made = []
    # Equal distances are taken by place, so that the order of units alone decides.
    for which in np.argsort(far, kind="stable"):
        if free[first[which]] and free[second[which]]:
            made.append((first[which], second[which]))
            free[[first[which], second[which]]] = False
    return np.array(sorted(made), dtype=np.intp).reshape(-1, 2)


def draw(pairs: int, seed: int | list[int]) -> NDArray[np.intp]:
    """Draw which of each pair comes first: 0 or 1.

    Parameters
    ----------
    pairs
        How many.
    seed
        Of the lot; whoever has it draws the same.

    Examples
    --------
    >>> draw(6, 2021).tolist() == draw(6, 2021).tolist()
    True
    """
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 2, pairs).astype(np.intp)
