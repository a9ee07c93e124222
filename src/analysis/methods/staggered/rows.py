"""Rows of units that are not all seen in all periods: panels with gaps, repeated cross-sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.methods.staggered import cross_sections
from analysis.methods.staggered.comparisons import Comparison
from analysis.methods.staggered.panel import Columns, one_each, sides
from analysis.methods.staggered.two_by_two import Effect, Method

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows in the order of periods, and within them of when their unit is first treated.

    Attributes
    ----------
    outcome, covariates, first, cluster
        By row; of the covariates the first column is ones, and there are none without any.
    periods, starts
        Periods, and where each of them starts (one more than periods).
    clusters
        How many there are.
    unit_first, unit_cluster
        The same by unit.
    unit
        Of each row.
    """

    outcome: Floats
    covariates: Floats | None
    first: Floats
    cluster: Codes
    periods: Floats
    starts: Codes
    clusters: int
    unit_first: Floats
    unit_cluster: Codes
    unit: Codes

    def compare(self, each: Comparison, method: Method) -> tuple[Effect, Floats, int, int]:
        """Estimate one comparison; give what clusters contribute, and how many are compared."""
        own, others = zip(*(self.sides(each, at) for at in (each.at, each.base)), strict=True)
        places = (*([part] for part in own), *others)
        y = tuple(_pick(self.outcome, place) for place in places)
        x = self.covariates
        columns = None if x is None else tuple(_pick(x, place) for place in places)
        made = cross_sections.compare(y, columns, method)  # type: ignore[arg-type]
        influence = np.zeros(self.clusters)
        if made.parts:
            cluster = np.concatenate([_pick(self.cluster, place) for place in places])
            influence += np.bincount(cluster, np.concatenate(made.parts), self.clusters)
        return made, influence, len(y[0]), len(y[2])

    def sides(self, each: Comparison, at: int) -> tuple[slice, list[slice]]:
        """Find the rows of a cohort and of its controls in one period."""
        start, stop = int(self.starts[at]), int(self.starts[at + 1])
        own, others = sides(self.first[start:stop], each)
        return _shift(own, start), [_shift(part, start) for part in others]


def _shift(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _pick(values: NDArray[np.generic], places: Sequence[slice]) -> NDArray[np.generic]:
    return np.concatenate([values[place] for place in places])


def arrange(read: Columns, alone: bool) -> Rows:
    """Put rows in order.

    Parameters
    ----------
    read
        The columns.
    alone
        Every row is a unit of its own. They have no name to be ordered by, so that what they say
        puts them in order, and the order that they were given in does not matter.
    """
    keys: tuple[NDArray[np.generic], ...] = (read.first, read.period)
    if alone:
        keys = (*read.covariates.T, read.cluster, read.outcome, *keys)
        if read.clusters == len(read.outcome):
            keys = (*read.covariates.T, read.outcome, read.first, read.period)
    else:
        keys = (read.unit, *keys)
    order = np.lexsort(keys)
    starts = np.searchsorted(read.period[order], np.arange(len(read.periods) + 1))
    cluster = read.cluster[order]
    if alone:
        if read.clusters == len(read.outcome):
            cluster = np.arange(len(order), dtype=np.intp)
        first, own, unit = read.first[order], cluster, np.arange(len(order), dtype=np.intp)
    else:
        first = one_each(read.first, read.unit, read.units, "first_treated")
        own = one_each(read.cluster, read.unit, read.units, "cluster")
        unit = read.unit[order]
    covariates = None
    if read.covariates.shape[1]:
        covariates = np.column_stack([np.ones(len(order)), read.covariates[order]])
    return Rows(read.outcome[order], covariates, read.first[order], cluster, read.periods,
                starts.astype(np.intp), read.clusters, first, own, unit)  # fmt: skip
