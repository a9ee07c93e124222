"""An average of effects as one weight a row: how it hangs on each cohort's rows in each period.

Without covariates the average is a weighted sum of outcomes whose weights depend on who begins when
alone. So sums of clusters by period are all that is needed to have it for another deal of first years,
and to say beforehand how much it will differ by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.staggered.comparisons import Comparison
from analysis.methods.staggered.group_time import LaidOut
from analysis.methods.staggered.panel import Panel

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """A panel as sums of clusters, whose treatment is by whole clusters.

    Attributes
    ----------
    outcome, rows
        Clusters by periods: sum of the outcome less the period's mean, and how many rows.
    units
        Of each cluster.
    cohorts, dealt
        Ascending, infinite for never; and which of them each cluster is.
    periods
        Ascending.
    order
        Place of each cluster in what was laid out. Clusters stand in the order of what they hold, so
        that neither names nor the order of rows decide on whom chance falls.
    """

    outcome: Floats
    rows: Floats
    units: Floats
    cohorts: Floats
    dealt: Codes
    periods: Floats
    order: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights of a row by deal, cohort and period, with what is needed for their cells.

    Attributes
    ----------
    of_rows
        Deals by cohorts by periods.
    of_cells
        Deals by cells.
    sizes
        Deals by cohorts by periods: rows.
    told
        Whether every cell has rows on all its sides.
    """

    of_rows: Floats
    of_cells: Floats
    sizes: Floats
    told: Cells


def add_up(laid: LaidOut) -> Sums:
    """Add outcomes up by cluster and period.

    Raises
    ------
    UsageError
        If units of the same cluster are first treated at different times.
    """
    data = laid.data
    count = len(data.periods)
    if isinstance(data, Panel):
        size = np.bincount(data.cluster, minlength=data.clusters).astype(float)
        rows = np.repeat(size[:, None], count, axis=1)
        outcome = np.column_stack([_sum(data.cluster, row, data.clusters) for row in data.outcome])
        unit_first, unit_cluster = data.first, data.cluster
    else:
        period = np.repeat(np.arange(count), np.diff(data.starts))
        at = data.cluster * count + period
        total = data.clusters * count
        rows = np.bincount(at, minlength=total).reshape(-1, count).astype(float)
        outcome = _sum(at, data.outcome, total).reshape(-1, count)
        unit_first, unit_cluster = data.unit_first, data.unit_cluster
    units = np.bincount(unit_cluster, minlength=data.clusters).astype(float)
    first = np.empty(data.clusters)
    first[unit_cluster] = unit_first
    if not (first[unit_cluster] == unit_first).all():
        raise UsageError(
            "同一组内的单位应当同时开始处理（处理按什么分配，组就是什么）",
            "units of one cluster must be first treated at the same time: the cluster is what "
            "treatment was dealt to",
        )
    # A period's mean is in every average as often with either sign. Without it no digits are lost
    # and a constant for the period moves no cluster to another place.
    order = _order(outcome, rows, units)
    mean = outcome[order].sum(axis=0) / rows[order].sum(axis=0)
    outcome = outcome - rows * mean
    order = _order(outcome, rows, units)
    cohorts, dealt = np.unique(first[order], return_inverse=True)
    return Sums(outcome[order], rows[order], units[order], cohorts, dealt, data.periods, order)


def _order(outcome: Floats, rows: Floats, units: Floats) -> Codes:
    return np.lexsort([units, *rows.T[::-1], *outcome.T[::-1]])


def weigh(sums: Sums, plan: Sequence[Comparison], deals: Codes) -> Weights:
    """Give the weights of rows in the average of the cells of a plan, by size of cohort.

    Parameters
    ----------
    sums
        The clusters.
    plan
        The cells.
    deals
        Deals by clusters: which cohort.
    """
    marks = _mark(sums, deals)
    sizes = np.einsum("bkg,gt->bkt", marks, sums.rows)
    units = np.einsum("bkg,g->bk", marks, sums.units)
    which = np.searchsorted(sums.cohorts, [each.first for each in plan])
    cells = units[:, which] / units[:, which].sum(axis=1, keepdims=True)
    made, told = np.zeros_like(sizes), np.ones(len(deals), dtype=bool)
    for each, weight in zip(plan, cells.T, strict=True):
        for cohorts, at, sign in _sides(sums.cohorts, each):
            size = sizes[:, cohorts, at].sum(axis=1)
            told &= size > 0
            made[:, cohorts, at] += sign * (weight / np.maximum(size, 1))[:, None]
    return Weights(made, cells, sizes, told)


def leave_out(sums: Sums, plan: Sequence[Comparison], weights: Weights) -> tuple[Floats, bool]:
    """Give the weights of rows when each cluster is left out of the regression (`stacked`).

    Parameters
    ----------
    sums, plan
        As in `weigh`.
    weights
        From it, of the deal as it was alone.

    Returns
    -------
    tuple
        Clusters by cohorts by periods; and whether the average can be told without each of them.
    """
    mark = _mark(sums, sums.dealt[None, :])[0]
    left = weights.sizes - mark.T[:, :, None] * sums.rows[:, None, :]
    cells = np.zeros((len(left), len(plan)))
    for number, each in enumerate(plan):
        ease = np.zeros(len(left))
        for cohorts, at, _ in _sides(sums.cohorts, each):
            size = left[:, cohorts, at].sum(axis=1)
            whole = weights.sizes[0, cohorts, at].sum()
            ease += whole / np.where(size > 0, size, np.nan)
        # What its sides still weigh together; a cell with an empty side weighs nothing.
        cells[:, number] = np.where(np.isfinite(ease), weights.of_cells[0, number] / ease, 0.0)
    told = np.asarray(cells.any(axis=1))
    cells /= np.where(told, cells.sum(axis=1), 1)[:, None]
    made = np.zeros_like(left)
    for number, each in enumerate(plan):
        for cohorts, at, sign in _sides(sums.cohorts, each):
            size = np.maximum(left[:, cohorts, at].sum(axis=1), 1)
            made[:, cohorts, at] += sign * (cells[:, number] / size)[:, None]
    return made, bool(told.all())


def contribute(
    sums: Sums, plan: Sequence[Comparison], deals: Codes, weights: Weights, outcome: Floats
) -> tuple[Floats, Floats]:
    """Give each deal's average, and what each cluster contributes to its error.

    The contributions are the scores by which `clusters.cv1` judges the average as one regression
    (`stacked`): what a cluster's rows differ from their side's mean, the effect equal in all cells.
    """
    totals = np.einsum("bkg,gt->bkt", _mark(sums, deals), outcome)
    estimate = (weights.of_rows * totals).sum(axis=(1, 2))
    expected = np.zeros_like(weights.of_rows)
    for each, weight in zip(plan, weights.of_cells.T, strict=True):
        sides = []
        for cohorts, at, sign in _sides(sums.cohorts, each):
            size = np.maximum(weights.sizes[:, cohorts, at].sum(axis=1), 1)
            sides.append((cohorts, at, sign, size, totals[:, cohorts, at].sum(axis=1) / size))
        # With the effect of all cells, each side's mean lies a quarter of the rest away.
        bent = (sum(sign * mean for *_, sign, _, mean in sides) - estimate) / 4
        for cohorts, at, sign, size, mean in sides:
            expected[:, cohorts, at] += (sign * weight / size * (mean - sign * bent))[:, None]
    deal = np.arange(len(deals))[:, None]
    parts = np.einsum("bgt,gt->bg", weights.of_rows[deal, deals], outcome)
    parts -= np.einsum("bgt,gt->bg", expected[deal, deals], sums.rows)
    return estimate, parts


def _mark(sums: Sums, deals: Codes) -> Floats:
    """Mark each deal's clusters by cohort."""
    return (deals[:, None, :] == np.arange(len(sums.cohorts))[:, None]).astype(float)


def _sides(cohorts: Floats, each: Comparison) -> list[tuple[Cells, int, int]]:
    """Give the four sides of a cell: cohorts, place of the period, and the sign they come in with."""
    own = cohorts == each.first
    after = min(each.treated_after, np.finfo(float).max)
    others = (cohorts > after) & ~own
    return [(own, each.at, 1), (own, each.base, -1), (others, each.at, -1), (others, each.base, 1)]


def _sum(codes: Codes, values: Floats, count: int) -> Floats:
    return np.asarray(np.bincount(codes, values, count), dtype=float)
