"""Effects of units and of periods taken out of columns, and least squares on what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.staggered.panel import Codes, Columns
from analysis.methods.staggered.sums import along, by_cluster, cross

Floats = NDArray[np.float64]
_SMALL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Least:
    """Least squares by two-way effects.

    Attributes
    ----------
    params, covariance
        Of the columns that can be told from the others; nan where one cannot.
    used
        Which columns can.
    counted
        How many parameters the errors count.
    """

    params: Floats
    covariance: Floats
    used: NDArray[np.bool_]
    counted: int


def take_out(read: Columns, values: Floats) -> Floats:
    """Take the effects of units and periods out of columns (rows by columns).

    Units are demeaned. Periods are few, so that they are then regressed on, exactly and with gaps.
    """
    return _take_out(read.unit, read.period, read.units, len(read.periods), values)


def demean(unit: Codes, period: Codes, values: Floats) -> Floats:
    """Take the effects of units and periods out of one column; some numbers may have no row.

    >>> demean(np.array([0, 0, 2]), np.array([0, 1, 1]), np.array([1.0, 3.0, 8.0])).round(12) + 0
    array([0., 0., 0.])
    """
    _, own = np.unique(unit, return_inverse=True)
    _, at = np.unique(period, return_inverse=True)
    return _take_out(own, at, own.max() + 1, at.max() + 1, values[:, None])[:, 0]


def _take_out(unit: Codes, period: Codes, units: int, count: int, values: Floats) -> Floats:
    size = np.bincount(unit, minlength=units).astype(float)
    own = values - (by_cluster(unit, values, units) / size[:, None])[unit]
    # Products of periods' marks less unit means: from counts, without writing the marks out.
    seen = np.zeros((units, count))
    seen[unit, period] = 1
    products = np.diag(seen.sum(axis=0)) - cross(seen / size[:, None], seen)
    moments = by_cluster(period, own, count)
    # One period is left out: their marks add up to nothing within units.
    effects = np.zeros((count, values.shape[1]))
    effects[1:] = np.linalg.lstsq(products[1:, 1:], moments[1:], rcond=None)[0]
    mean = cross(seen.T, effects) / size[:, None]
    return np.asarray(own - effects[period] + mean[unit])


def fit(read: Columns, outcome: Floats, columns: Floats) -> Least:
    """Regress an outcome on columns, with effects of units and of periods.

    Errors by cluster have the factor G/(G-1) · (N-1)/(N-K), where K counts the columns and the
    periods, and units less one only where clusters do not hold whole units.
    """
    if read.clusters < 2:
        raise UsageError(
            "只有一个群组，无法按群组计算误差", "errors by cluster need at least two clusters"
        )
    left = take_out(read, np.column_stack([outcome, columns]))
    y, x = left[:, 0], left[:, 1:]
    used = _independent(x, np.sqrt((columns**2).sum(axis=0)))
    x = x[:, used]
    if not x.shape[1]:
        nothing = np.full(columns.shape[1], np.nan)
        return Least(nothing, np.full((len(nothing), len(nothing)), np.nan), used, 0)
    bread = np.linalg.inv(cross(x, x))
    params = bread @ cross(x, y[:, None])[:, 0]
    rest = y - along(x, params)
    scores = by_cluster(read.cluster, x * rest[:, None], read.clusters)
    n, g = len(y), read.clusters
    nested = len(np.unique(read.unit * g + read.cluster)) == read.units
    counted = x.shape[1] + len(read.periods) + (0 if nested else read.units - 1)
    if n <= counted:
        raise UsageError("行数不足以估计误差", "there are too few rows for errors")
    factor = g / (g - 1) * (n - 1) / (n - counted)
    made = np.full(columns.shape[1], np.nan)
    made[used] = params
    spread = np.full((len(made), len(made)), np.nan)
    spread[np.ix_(used, used)] = factor * bread @ cross(scores, scores) @ bread
    return Least(made, spread, used, counted)


def _independent(x: Floats, size: Floats) -> NDArray[np.bool_]:
    """Mark the columns that are not made of those before them (Cholesky with a tolerance)."""
    products = cross(x, x)
    used = np.zeros(x.shape[1], dtype=bool)
    for column in range(x.shape[1]):
        left = products[column, column]
        if used.any():
            part = products[used, column]
            left -= part @ np.linalg.solve(products[np.ix_(used, used)], part)
        used[column] = left > (_SMALL * size[column]) ** 2
    return used
