"""Rows brought into an order that neither the file nor the names of clusters decide, and their sums.

A sum of floating-point numbers depends on the order in which it is taken. Rows are therefore put
in the order of what they hold before anything is added, effects of units taken out, and clusters
then in the order of their sums: rows in another order, or clusters under other names, give the same
bits, and chance falls on the same clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
CONSTANT = "constant"


@dataclass(frozen=True, slots=True)
class Arranged:
    """Rows ready to be added up.

    Attributes
    ----------
    names
        Of the columns: those asked, then levels of what could not be taken out, then the constant.
    values
        Columns, effects of units taken out, times the root of the weight.
    codes
        Cluster of each row; clusters in the order of their sums.
    labels
        Their names in that order.
    products
        Columns times columns, summed within each cluster.
    absorbed
        Whether effects of units were taken out (the constant with them).
    """

    names: tuple[str, ...]
    values: Floats
    codes: Codes
    labels: tuple[object, ...]
    products: Floats
    absorbed: bool


def arrange(
    frame: pd.DataFrame,
    numbers: Sequence[str],
    *,
    cluster: str,
    within: Sequence[str] = (),
    weights: str | None = None,
    as_they_are: Sequence[str] = (),
) -> Arranged:
    """Arrange rows and take effects of units out.

    The first of `within` whose levels each lie in one cluster is taken out by its means, which
    leaving a cluster out does not change; of all others a column a level is kept.

    Parameters
    ----------
    frame
        Rows; nothing missing in what is used.
    numbers
        Columns of numbers.
    cluster, within, weights
        Columns: cluster, fixed effects, weight (above 0).
    as_they_are
        Of `numbers`, those whose mean over all rows is not taken out where a constant stands for it.
    """
    values = frame[list(numbers)].to_numpy(dtype=float)
    weight = np.ones(len(frame)) if weights is None else frame[weights].to_numpy(dtype=float)
    group, labels = _codes(frame, cluster)
    factors = {name: _codes(frame, name) for name in within}
    if not (np.isfinite(values).all() and np.isfinite(weight).all() and (weight > 0).all()):
        raise ValueError("numbers and weights must be there, and weights above 0")
    unit = next((name for name in within if _lies_in(factors[name][0], group)), None)
    kept = [name for name in within if name != unit]
    order = np.lexsort([weight, *(factors[name][0] for name in kept), *values.T[::-1]])
    values, weight, group = values[order], weight[order], group[order]
    levels = [factors[name][0][order][:, None] == np.arange(len(factors[name][1])) for name in kept]
    columns = np.column_stack([values, *levels]).astype(float)
    names = [*numbers, *(f"{name}[{level}]" for name in kept for level in factors[name][1])]
    if unit is not None:
        columns -= _means(columns, weight, factors[unit][0][order])
    else:
        free = [i for i, name in enumerate(numbers) if name not in as_they_are]
        columns[:, free] -= _means(columns[:, free], weight, np.zeros(len(weight), dtype=np.int64))
        columns, names = np.column_stack([columns, np.ones(len(weight))]), [*names, CONSTANT]
    columns *= np.sqrt(weight)[:, None]
    order = np.lexsort(columns.T[::-1])
    columns, group = columns[order], group[order]
    products = add_products(columns, columns, group, len(labels))
    ranked = np.lexsort(products.reshape(len(labels), -1).T[::-1])
    return Arranged(tuple(names), columns, np.argsort(ranked)[group],
                    tuple(labels[i] for i in ranked), products[ranked], unit is not None)  # fmt: skip


def add_products(one: Floats, two: Floats, codes: Codes, clusters: int) -> Floats:
    """Add columns of `one` times columns of `two` within each cluster, row by row in their order."""
    made = np.empty((clusters, one.shape[1], two.shape[1]))
    for i, column in enumerate(one.T):
        for j, other in enumerate(two.T):
            if one is two and j < i:
                made[:, i, j] = made[:, j, i]
            else:
                made[:, i, j] = np.bincount(codes, weights=column * other, minlength=clusters)
    return made


def _codes(frame: pd.DataFrame, name: str) -> tuple[Codes, list[object]]:
    codes, levels = pd.factorize(frame[name], sort=True)
    if (codes < 0).any():
        raise ValueError(f"every row needs its {name}")
    return codes.astype(np.int64), list(levels)


def _lies_in(inner: Codes, outer: Codes) -> bool:
    """Say whether each level of the one lies in a single level of the other."""
    first = np.zeros(inner.max() + 1, dtype=np.int64)
    first[inner] = outer
    return bool((first[inner] == outer).all())


def _means(columns: Floats, weight: Floats, codes: Codes) -> Floats:
    total = np.bincount(codes, weights=weight)
    sums = [np.bincount(codes, weights=column * weight) / total for column in columns.T]
    return np.array(sums).T.reshape(len(total), columns.shape[1])[codes]
