"""Rows as places on a few axes: why a hundred million rows need no matrix.

Columns that take few values are bundled: a bundle is an axis, and each combination of its values a
place on it. Numbers that are the same in all rows of a cluster belong to the cluster, which is an
axis of its own. The linear predictor of a row is then one number for each axis, and its squares and
products are those of the places, weighted by sums over pairs of axes: the same likelihood, slope and
curvature as from a matrix, without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from analysis.methods.hazard import columns
from analysis.methods.hazard.columns import Floats

_MOST = 1500
"""Places on an axis of columns: two of them make a table that fits the cache of a processor."""
_PAIRS, _ALL = 2**22, 2**25
"""Numbers in the table of a pair of axes to aim at, and in all tables together at most."""


@dataclass(frozen=True, slots=True)
class Values:
    """What numbers look like in parts.

    Attributes
    ----------
    few
        The values of each number; none where there are too many.
    fixed
        By cluster, the numbers that are the same in all its rows.
    """

    few: Mapping[str, frozenset[float] | None]
    fixed: pd.DataFrame

    def __add__(self, other: Values) -> Values:
        few = {name: _join(values, other.few[name]) for name, values in self.few.items()}
        both = pd.concat([self.fixed, other.fixed], join="inner")
        if both.empty:
            return Values(few, pd.DataFrame())
        first = both.groupby(level=0).first()
        same = (both == first.loc[both.index]).all()
        return Values(few, first.loc[:, same])


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis.

    Attributes
    ----------
    names, values
        Its columns and the values of each in order; the last one goes fastest from place to place.
    table
        What each place has in each estimate's column. Shape (places, estimates).
    """

    names: tuple[str, ...]
    values: tuple[pd.Index, ...]
    table: Floats

    def place(self, frame: pd.DataFrame) -> NDArray[np.intp]:
        """Say where on the axis each row is."""
        at = np.zeros(len(frame), dtype=np.intp)
        for name, values in zip(self.names, self.values, strict=True):
            at = at * len(values) + _codes(frame[name], values)
        return at


def look(frame: pd.DataFrame, covariates: Sequence[str], cluster: str | None) -> Values:
    """Say what the numbers of a part look like."""
    numbers = [name for name in covariates if columns.is_number(frame[name])]
    fixed = _find_fixed(frame, numbers, cluster)
    few = {}
    for name in numbers:
        of = fixed[name] if name in fixed else frame[name]
        few[name] = _few(pd.unique(of.to_numpy(dtype=float)))
    return Values(few, fixed)


def find(
    covariates: Sequence[str],
    levels: Mapping[str, Sequence[Any]],
    clusters: Sequence[Any] | None,
    values: Values,
    *,
    period: str,
    cluster: str | None,
) -> tuple[Axis, ...] | None:
    """Find axes for a model, that of the cluster first; none where too many values occur.

    Parameters
    ----------
    covariates, period, cluster
        As in `discrete.fit`.
    levels
        Values of the period and of categories in order.
    clusters
        All clusters in order.
    values
        Of the numbers of all parts.
    """
    of_cluster = [name for name in covariates if name in values.fixed]
    free = _find_free(covariates, levels, values)
    count = len(clusters) if clusters is not None else 1
    if free is None or len({period, *covariates}) <= len(covariates):
        return None
    sizes = {name: len(found) for name, found in free.items()}
    bundles = _bundle(sizes, min(_MOST, _PAIRS // count))
    lengths = [count, *(prod(sizes[name] for name in bundle) for bundle in bundles)]
    if sum(a * b for a, b in combinations(lengths, 2)) > _ALL:
        return None
    order = columns.name_estimates(covariates, period=period, levels=levels)
    made = []
    if cluster is not None and clusters is not None:
        index = pd.Index(clusters)
        known = pd.DataFrame(index=range(count))
        if of_cluster:
            known = values.fixed.loc[index, of_cluster].reset_index(drop=True)
        made.append(Axis((cluster,), (index,), _tabulate(known, period, levels, order)))
    for bundle in bundles:
        own = tuple(free[name] for name in bundle)
        known = pd.MultiIndex.from_product(own, names=bundle).to_frame(index=False)
        made.append(Axis(bundle, own, _tabulate(known, period, levels, order)))
    return tuple(made)


def _find_free(
    covariates: Sequence[str], levels: Mapping[str, Sequence[Any]], values: Values
) -> dict[str, pd.Index] | None:
    """Give the values of what may differ within a cluster; none where there are too many."""
    free = {name: pd.Index(found) for name, found in levels.items()}
    for name in covariates:
        if name in levels or name in values.fixed:
            continue
        few = values.few[name]
        if few is None:
            return None
        free[name] = pd.Index(sorted(few), dtype=float)
    return free


def _tabulate(
    known: pd.DataFrame, period: str, levels: Mapping[str, Sequence[Any]], order: Sequence[str]
) -> Floats:
    """Put the columns of an axis where the estimates have them, and nought into the others."""
    own = period if period in known else ""
    others = [str(name) for name in known if name != period]
    made = columns.make(known, others, period=own, levels=levels)
    table = np.zeros((len(known), len(order)))
    for at in range(0 if own else 1, len(made.names)):
        table[:, order.index(made.names[at])] = made.matrix[:, at]
    return table


def _bundle(sizes: Mapping[str, int], most: int) -> list[tuple[str, ...]]:
    """Put columns together so that no bundle has more than `most` combinations."""
    bundles: list[list[str]] = []
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        for bundle in bundles:
            if prod(sizes[other] for other in bundle) * sizes[name] <= most:
                bundle.append(name)
                break
        else:
            bundles.append([name])
    return [tuple(bundle) for bundle in bundles]


def _find_fixed(frame: pd.DataFrame, numbers: Sequence[str], cluster: str | None) -> pd.DataFrame:
    if cluster is None:
        return pd.DataFrame()
    codes, found = pd.factorize(frame[cluster])
    first = np.empty(len(found), dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    fixed = {}
    for name in numbers:
        values = frame[name].to_numpy(dtype=float)
        if np.array_equal(values[first][codes], values):
            fixed[name] = values[first]
    return pd.DataFrame(fixed, index=pd.Index(found))


def _few(values: NDArray[np.float64]) -> frozenset[float] | None:
    return frozenset(values.tolist()) if len(values) <= _MOST else None


def _join(one: frozenset[float] | None, other: frozenset[float] | None) -> frozenset[float] | None:
    if one is None or other is None or len(one | other) > _MOST:
        return None
    return one | other


def _codes(column: pd.Series, values: pd.Index) -> NDArray[np.intp]:
    """Give the place of each value among `values`, all of which are known."""
    if is_numeric_dtype(values) and columns.is_number(column):
        given, known = column.to_numpy(), values.to_numpy()
        if given.dtype.kind in "iu" and known[-1] - known[0] < _MOST:
            start = int(known[0])
            places = np.zeros(int(known[-1]) - start + 1, dtype=np.intp)
            places[known.astype(np.intp) - start] = np.arange(len(known))
            return places.take(given.astype(np.intp) - start)
        return np.searchsorted(known, given)
    return columns.find_codes(column, values)
