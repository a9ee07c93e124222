"""Outcomes of units over periods as arrays, checked, with cohorts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from analysis.errors import UsageError
from analysis.methods.staggered.comparisons import Comparison

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A balanced panel: every unit in every period.

    Units stand in the order of when they are first treated, the never treated last, so that cohorts
    and their controls are stretches of every array.

    Attributes
    ----------
    outcome
        Periods by units.
    covariates
        Periods by units by columns, the first of them ones; none without covariates.
    first
        When each unit is first treated, ascending; infinite for never.
    periods
        Ascending.
    cluster, clusters
        Cluster of each unit, and how many there are.
    """

    outcome: Floats
    covariates: Floats | None
    first: Floats
    periods: Floats
    cluster: Codes
    clusters: int


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns of a frame as arrays, row by row as they were given."""

    outcome: Floats
    covariates: Floats
    first: Floats
    periods: Floats
    period: Codes
    unit: Codes
    units: int
    cluster: Codes
    clusters: int


def read(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str | None,
    time: str,
    first_treated: str | None,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
) -> Columns:
    """Read the columns of a frame.

    Without `unit` every row is one of its own, as in repeated cross-sections; without `cluster`
    units are the clusters. Never is 0 in `first_treated` and infinite in what is given.

    Raises
    ------
    UsageError
        If a column is not there, not a number where one is needed, or has missing values.
    """
    named = [n for n in (outcome, unit, time, first_treated, *covariates, cluster) if n is not None]
    _refuse(frame, named, [n for n in named if n not in (unit, cluster)])
    # Periods are few, and sorting them is dear only when rows are sorted instead.
    period, levels = pd.factorize(frame[time].to_numpy())
    order = np.argsort(levels)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    codes, units = _number(frame, unit)
    groups, clusters = (codes, units) if cluster in (None, unit) else _number(frame, cluster)
    if first_treated is None:
        first = np.full(len(frame), np.inf)
    else:
        first = frame[first_treated].to_numpy(dtype=float, copy=True)
        first[first == 0] = np.inf
    return Columns(
        outcome=frame[outcome].to_numpy(dtype=float),
        covariates=frame[list(covariates)].to_numpy(dtype=float),
        first=first,
        periods=np.asarray(levels[order], dtype=float),
        period=place[period],
        unit=codes,
        units=units,
        cluster=groups,
        clusters=clusters,
    )


def sides(first: Floats, each: Comparison) -> tuple[slice, list[slice]]:
    """Find a cohort and its controls among units in the order of when they are first treated."""
    start, stop = (int(np.searchsorted(first, each.first, side)) for side in ("left", "right"))
    own = slice(start, stop)
    # Never is infinite, and so is what controls are treated after where only they are asked for.
    after = min(each.treated_after, np.finfo(float).max)
    later = int(np.searchsorted(first, after, "right"))
    if start >= later:
        return own, [slice(later, start), slice(stop, len(first))]
    return own, [slice(later, len(first))]


def _number(frame: pd.DataFrame, name: str | None) -> tuple[Codes, int]:
    """Number the values of a column by their order; rows by themselves without one."""
    if name is None:
        return np.arange(len(frame), dtype=np.intp), len(frame)
    values = frame[name].to_numpy()
    if np.issubdtype(values.dtype, np.integer):
        low, high = int(values.min()), int(values.max())
        if high - low < 4 * len(values):
            # Whole numbers close together are counted instead of looked up.
            seen = np.bincount(values - low, minlength=high - low + 1) > 0
            return (np.cumsum(seen) - 1)[values - low], int(seen.sum())
    codes, levels = pd.factorize(frame[name], sort=True)
    return np.asarray(codes, dtype=np.intp), len(levels)


def _refuse(frame: pd.DataFrame, named: Sequence[str], numbers: Sequence[str]) -> None:
    """Refuse columns that are not there, have missing values or hold no numbers."""
    absent = [name for name in named if name not in frame.columns]
    if absent:
        raise UsageError(
            f"没有这些列：{'、'.join(absent)}", f"no such columns: {', '.join(absent)}"
        )
    if not len(frame):
        raise UsageError("没有数据行", "there are no rows")
    wrong = [n for n in numbers if not (is_numeric_dtype(frame[n]) or is_bool_dtype(frame[n]))]
    if wrong:
        raise UsageError(
            f"这些列应为数值：{'、'.join(wrong)}",
            f"columns that must be numbers: {', '.join(wrong)}",
        )
    finite = {n: np.isfinite(frame[n].to_numpy(dtype=float, na_value=np.nan)) for n in numbers}
    gaps = [n for n in named if not (finite[n].all() if n in finite else frame[n].notna().all())]
    if gaps:
        raise UsageError(
            f"这些列有缺失值，请先去掉有缺失的行（面板可以不完整）：{'、'.join(gaps)}",
            "columns with missing values; leave out those rows first (a panel may have gaps): "
            f"{', '.join(gaps)}",
        )


def is_balanced(read: Columns) -> bool:
    """Say whether every unit is there in every period once.

    Raises
    ------
    UsageError
        If a unit is there twice in a period.
    """
    count = len(read.periods)
    if read.units * count == len(read.outcome):
        seen = np.zeros(read.units * count, dtype=bool)
        seen[read.unit * count + read.period] = True
        full = bool(seen.all())
        repeated = not full
    else:
        full = False
        at = np.sort(read.unit * count + read.period)
        repeated = bool((at[1:] == at[:-1]).any())
    if repeated:
        raise UsageError(
            "同一单位在同一时期有不止一行", "a unit has more than one row in the same period"
        )
    return full


def replace_first(read: Columns, first: Floats) -> Columns:
    """Say anew when units are first treated."""
    return Columns(read.outcome, read.covariates, first, read.periods, read.period, read.unit,
                   read.units, read.cluster, read.clusters)  # fmt: skip


def in_order(read: Columns) -> Columns:
    """Put rows in the order of units and periods, so that sums do not depend on how they came."""
    at = read.unit * len(read.periods) + read.period
    if (at[1:] > at[:-1]).all():
        return read
    order = np.argsort(at)
    return Columns(read.outcome[order], read.covariates[order], read.first[order], read.periods,
                   read.period[order], read.unit[order], read.units, read.cluster[order],
                   read.clusters)  # fmt: skip


def seen_throughout(read: Columns) -> NDArray[np.bool_]:
    """Mark the rows of units that are seen in every period."""
    count = np.bincount(read.unit, minlength=read.units)
    return np.asarray((count == len(read.periods))[read.unit])


def one_each(values: NDArray[Any], unit: Codes, units: int, name: str) -> NDArray[Any]:
    """Give each unit's value, which must be the same in all of its rows."""
    made = np.empty(units, dtype=values.dtype)
    made[unit] = values
    if not (made[unit] == values).all():
        raise UsageError(
            f"“{name}”在同一单位内应当不变", f"{name} must be the same in all rows of a unit"
        )
    return made


def keep(read: Columns, rows: NDArray[np.bool_]) -> Columns:
    """Keep some of the rows, with units, periods and clusters numbered anew."""
    if not rows.any():
        raise UsageError("没有可用于估计的行", "no rows are left to estimate from")
    period, periods = _renumber(read.period[rows], len(read.periods))
    unit, units = _renumber(read.unit[rows], read.units)
    cluster, clusters = _renumber(read.cluster[rows], read.clusters)
    return Columns(read.outcome[rows], read.covariates[rows], read.first[rows],
                   read.periods[periods], period, unit, len(units), cluster, len(clusters))  # fmt: skip


def _renumber(codes: Codes, count: int) -> tuple[Codes, Codes]:
    seen = np.bincount(codes, minlength=count) > 0
    return (np.cumsum(seen) - 1)[codes], np.flatnonzero(seen)


def arrange(read: Columns) -> Panel:
    """Lay a balanced panel out as periods by units, cohorts side by side."""
    first = one_each(read.first, read.unit, read.units, "first_treated")
    cluster = one_each(read.cluster, read.unit, read.units, "cluster")
    order = np.argsort(first, kind="stable")
    place = np.empty(read.units, dtype=np.intp)
    place[order] = np.arange(read.units)
    count = len(read.periods)
    at = read.period * read.units + place[read.unit]
    outcome = np.empty(count * read.units)
    outcome[at] = read.outcome
    covariates = None
    if read.covariates.shape[1]:
        covariates = np.ones((count * read.units, read.covariates.shape[1] + 1))
        covariates[at, 1:] = read.covariates
        covariates = covariates.reshape(count, read.units, -1)
    return Panel(outcome.reshape(count, read.units), covariates, first[order], read.periods,
                 cluster[order].astype(np.intp), read.clusters)  # fmt: skip
