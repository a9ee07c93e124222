"""Sums that come out the same however many threads there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cross(a: Floats, b: Floats) -> Floats:
    """Give ``a.T @ b`` of tall matrices.

    Libraries of linear algebra split long sums between threads, so that the last digits depend on
    how many there are. This one does not.

    >>> cross(np.array([[1.0], [2.0]]), np.array([[3.0, 0.0], [4.0, 1.0]])).tolist()
    [[11.0, 2.0]]
    """
    return np.asarray(np.einsum("ij,ik->jk", a, b, optimize=False))


def along(rows: Floats, values: Floats) -> Floats:
    """Give ``rows @ values`` of a tall matrix and a short vector."""
    made = np.zeros(len(rows))
    for column in range(rows.shape[1]):
        made += rows[:, column] * values[column]
    return made


def by_cluster(cluster: NDArray[np.intp], values: Floats, clusters: int) -> Floats:
    """Sum the columns of a tall matrix by cluster."""
    return np.column_stack(
        [np.bincount(cluster, column, minlength=clusters) for column in np.asarray(values).T]
    )
