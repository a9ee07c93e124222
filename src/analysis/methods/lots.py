"""Pairs of units alike, and a lot that says which of each pair comes first.

A lot within pairs makes what comes first like what waits, in everything, known or not, but for
chance; and anybody can draw it again from its seed.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pair(values: ArrayLike) -> NDArray[np.intp]:
    """Pair units that are alike, so that the squared distances within pairs are small in all.

    The closest two are paired first, then the closest two of the rest, and so on; then any two pairs
    exchange partners as long as that brings the four of them closer together.

    Parameters
    ----------
    values
        Measures of the units, shape (units, measures), nothing missing; each is divided by its
        standard deviation first. Of an odd number of units one has no pair.

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
    # To twelve digits: what is as far on paper is told apart by no rounding.
    far = ((at[:, None] - at[None]) ** 2).sum(axis=2).round(12)
    made = _improve(_pair_closest(far), far)
    return np.array(sorted((min(p), max(p)) for p in made), dtype=np.intp).reshape(-1, 2)


def _pair_closest(far: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pair the closest again and again; equal distances are taken by place."""
    first, second = np.triu_indices(len(far), 1)
    free, made = set(range(len(far))), []
    for which in np.argsort(far[first, second], kind="stable"):
        one, other = int(first[which]), int(second[which])
        if {one, other} <= free:
            made.append((one, other))
            free -= {one, other}
    return made


def _improve(made: list[tuple[int, int]], far: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Exchange partners between pairs until no exchange brings anything closer."""
    pairs = list(made)
    better = True
    while better:
        better = False
        for i, j in combinations(range(len(pairs)), 2):
            (a, b), (c, d) = pairs[i], pairs[j]
            for one, other in (((a, c), (b, d)), ((a, d), (b, c))):
                if far[one] + far[other] < far[a, b] + far[c, d] - 1e-9:
                    pairs[i], pairs[j], better = one, other, True
                    break
    return pairs


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
