"""Least squares whose rows come in clusters, kept as the clusters' sums.

Every error in this room follows from the sums of each cluster alone (MacKinnon, Nielsen and Webb
2023, *Fast and reliable jackknife and bootstrap methods for cluster-robust inference*, Journal of
Applied Econometrics 38).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.methods.clusters.rows import Arranged, Floats, add_products, arrange

_SINGULAR = 1e-10
_TOLD = 1e-6
"""So far from itself may a coefficient be that columns which say the same leave standing."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Least squares by clusters. Columns are scaled to length 1; `scale` undoes it.

    Attributes
    ----------
    names, scale, coefficients
        Of the columns: name, length, coefficient of the column at length 1.
    labels, products, scores
        Of the clusters: name, columns times columns, columns times residuals.
    inverse
        Generalised inverse of the summed products.
    rows, rank
        Rows, and independent columns with the constant but without effects taken out by unit,
        which lie within clusters.
    """

    names: tuple[str, ...]
    scale: Floats
    coefficients: Floats
    labels: tuple[object, ...]
    products: Floats
    scores: Floats
    inverse: Floats
    rows: int
    rank: int

    @property
    def clusters(self) -> int:
        return len(self.labels)

    @property
    def correction(self) -> float:
        """What CV1 multiplies by: G / (G - 1) times (N - 1) / (N - K)."""
        few = self.clusters / (self.clusters - 1)
        return few * (self.rows - 1) / (self.rows - self.rank)

    def place(self, name: str) -> int:
        """Give the column's place; an error where the rows do not tell its coefficient."""
        at = self.names.index(name)
        if not is_told(self.inverse, self.products.sum(axis=0), at):
            raise ValueError(f"the rows do not tell the coefficient of {name}")
        return at

    def estimate(self, name: str) -> float:
        at = self.place(name)
        return float(self.coefficients[at] / self.scale[at])

    def direction(self, name: str) -> Floats:
        """Give the combination of scores that moves the coefficient."""
        at = self.place(name)
        return self.inverse[:, at] / self.scale[at]

    def variance(self, name: str) -> float:
        """Give the coefficient's variance by CV1."""
        pulled = (self.scores * self.direction(name)).sum(axis=1)
        return float(self.correction * (pulled**2).sum())


def fit(
    frame: pd.DataFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    cluster: str,
    within: Sequence[str] = (),
    weights: str | None = None,
) -> Regression:
    """Fit by least squares.

    Parameters
    ----------
    frame
        Rows, nothing missing in what is used; never written to.
    outcome, covariates
        Columns of numbers.
    cluster
        Column: what is independent of one another.
    within
        Columns of fixed effects. The first that lies within clusters is taken out by its means,
        however many levels; of each other a column a level is kept, so that there should be few.
        Without one that lies within clusters there is a constant.
    weights
        Column of weights of rows, above 0.

    Returns
    -------
    Regression
        For `cv1`, `cv3`, `wild_bootstrap` and `leverage`. No number depends on the order of rows or
        on the names of clusters.

    Examples
    --------
    >>> rows = pd.DataFrame({"county": list("aabbcc"), "on": [1, 1, 0, 0, 0, 0],
    ...                      "score": [3.0, 5.0, 1.0, 1.0, 2.0, 4.0]})
    >>> fit(rows, outcome="score", covariates=["on"], cluster="county").estimate("on")
    2.0
    """
    rows = arrange(frame, [outcome, *covariates], cluster=cluster, within=within, weights=weights)
    return solve(rows, outcome, [name for name in rows.names if name != outcome])[0]


def solve(rows: Arranged, outcome: str, columns: Sequence[str]) -> tuple[Regression, Floats]:
    """Give the regression of `outcome` on `columns` and its residuals."""
    clusters = len(rows.labels)
    if clusters < 2:
        raise ValueError("there must be two clusters or more")
    at = [rows.names.index(name) for name in columns]
    y, x = rows.values[:, rows.names.index(outcome)], rows.values[:, at]
    length = np.sqrt((x**2).sum(axis=0))
    # A column of which nothing is left once effects are taken out has rounding as its length.
    scale = np.where(length > _SINGULAR * np.sqrt(len(y)), length, np.inf)
    x = x / scale
    products = rows.products[:, at][:, :, at] / np.outer(scale, scale)
    inverse = invert(products.sum(axis=0))
    moments = add_products(x, y[:, None], rows.codes, clusters)[:, :, 0]
    coefficients = inverse @ moments.sum(axis=0)
    residuals = y - sum(column * slope for column, slope in zip(x.T, coefficients, strict=True))
    scores = add_products(x, residuals[:, None], rows.codes, clusters)[:, :, 0]
    rank = int(np.linalg.matrix_rank(products.sum(axis=0), tol=_SINGULAR, hermitian=True))
    fitted = Regression(tuple(columns), scale, coefficients, rows.labels, products, scores, inverse,
                        len(y), rank + rows.absorbed)  # fmt: skip
    if fitted.rows <= fitted.rank:
        raise ValueError("there are not more rows than columns")
    return fitted, residuals


def invert(products: Floats) -> Floats:
    """Give generalised inverses of symmetric matrices with a diagonal of at most 1."""
    return np.asarray(np.linalg.pinv(products, rcond=_SINGULAR, hermitian=True))


def is_told(inverse: Floats, products: Floats, at: int) -> NDArray[np.bool_]:
    """Say whether the coefficient at a place is told, for one matrix or many."""
    kept = np.einsum("...i,...ij->...j", inverse[..., at, :], products)
    kept[..., at] -= 1
    return np.asarray(np.abs(kept).max(axis=-1) < _TOLD)
