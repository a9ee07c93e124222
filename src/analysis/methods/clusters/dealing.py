"""Treatments dealt out among clusters anew: all ways there are, or some of them by chance.

Each kind of treatment, such as the year in which it begins, is dealt as often as it was, within every
stratum where there are any.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from math import comb, prod

import numpy as np

from analysis.methods.clusters.rows import Codes

_BLOCK = 1_000_000


def count_ways(dealt: Codes, strata: Codes | None = None) -> int:
    """Say in how many ways what was dealt can be dealt.

    >>> count_ways(np.array([1, 1, 0, 0])), count_ways(np.array([1, 1, 0, 0]), np.array([0, 1, 0, 1]))
    (6, 4)
    """
    made = 1
    for part in _parts(dealt, strata):
        counts = np.bincount(dealt[part])
        made *= prod(comb(int(counts[: i + 1].sum()), int(n)) for i, n in enumerate(counts))
    return made


def deal(
    dealt: Codes, strata: Codes | None, draws: int | None, seed: int, width: int = 16
) -> Iterator[Codes]:
    """Give deals as rows, some at a time.

    Parameters
    ----------
    dealt
        What each cluster was dealt, as a number from 0.
    strata
        Numbers of strata; clusters are dealt only what their own stratum was.
    draws, seed
        How many by chance, and of what; all that there are without `draws`.
    width
        About how many numbers a cluster takes in what is done with a deal.
    """
    at_once, parts = max(1, _BLOCK // (width * len(dealt))), _parts(dealt, strata)
    if draws is None:
        all_of_them = _every(dealt, parts, np.zeros(len(dealt), dtype=np.int64))
        while block := list(itertools.islice(all_of_them, at_once)):
            yield np.array(block)
        return
    rng = np.random.Generator(np.random.PCG64(seed))
    for done in range(0, draws, at_once):
        made = np.empty((min(at_once, draws - done), len(dealt)), dtype=np.int64)
        for part in parts:
            made[:, part] = rng.permuted(np.tile(dealt[part], (len(made), 1)), axis=1)
        yield made


def _parts(dealt: Codes, strata: Codes | None) -> list[Codes]:
    """Give the places of each stratum's clusters, strata by their first: names decide nothing."""
    if strata is None:
        return [np.arange(len(dealt))]
    _, first = np.unique(strata, return_index=True)
    return [np.flatnonzero(strata == strata[at]) for at in np.sort(first)]


def _every(dealt: Codes, parts: Sequence[Codes], so_far: Codes) -> Iterator[Codes]:
    """Give all deals, one stratum after the other."""
    if not parts:
        yield so_far
        return
    own = dealt[parts[0]]
    for chosen in _deal(own, np.zeros(len(own), dtype=np.int64), int(own.max())):
        made = so_far.copy()
        made[parts[0]] = chosen
        yield from _every(dealt, parts[1:], made)


def _deal(dealt: Codes, so_far: Codes, which: int) -> Iterator[Codes]:
    """Give all deals, one kind after the other to those clusters that have none yet."""
    if which == 0:
        yield so_far
        return
    free = np.flatnonzero(so_far == 0)
    for chosen in itertools.combinations(free, int((dealt == which).sum())):
        made = so_far.copy()
        made[list(chosen)] = which
        yield from _deal(dealt, made, which - 1)
