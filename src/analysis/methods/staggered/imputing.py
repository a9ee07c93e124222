"""Effects as what is seen less what would have been seen without treatment.

Effects of units and periods are learnt from untreated rows alone and carried over to treated ones
(Borusyak, Jaravel and Spiess 2024). Errors are theirs: every row's weight in the estimate times what is
left of it, summed by cluster; of treated rows what is left is the difference from the mean of their cohort
and period, so that errors are rather too large than too small where effects differ within them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.staggered import comparisons, panel
from analysis.methods.staggered.event_study import EventStudy
from analysis.methods.staggered.panel import Columns
from analysis.methods.staggered.sums import along, by_cluster, cross

Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]
_SMALL = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class _Imputed:
    """What untreated rows teach, and every row's distance from it.

    ``columns`` are marks of periods and covariates less their means over the unit's untreated rows.
    """

    read: Columns
    treated: Cells
    known: Cells
    columns: Floats
    size: Floats
    inverse: Floats
    params: Floats
    rest: Floats


def imputation(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    anticipation: float = 0,
) -> EventStudy:
    """Impute what treated rows would have had, and average the differences by event time.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated, covariates, cluster, anticipation
        As in `group_time_effects`; panels may have gaps. Rows that may know of treatment teach
        nothing: they are imputed too, but not averaged with those from treatment on.

    Raises
    ------
    UsageError
        If no treated row can be imputed.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3,
    ...                      "begins": [2, 2, 2, 2, 0, 0], "score": [1.0, 4, 0, 3, 5, 6]})
    >>> made = imputation(rows, outcome="score", unit="school", time="year", first_treated="begins")
    >>> made.table[["event", "estimate"]].round(9).values.tolist()
    [[0.0, 2.0]]
    """
    comparisons.refuse_anticipation(anticipation)
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                      covariates=covariates, cluster=cluster)  # fmt: skip
    panel.is_balanced(read)
    imputed = _impute(panel.in_order(read), anticipation)
    read, at = imputed.read, imputed.known
    event = np.where(at, read.periods[read.period] - read.first, np.nan)
    events = np.unique(event[at])
    by_cell = pd.DataFrame({"first_treated": read.first[at], "event": event[at]})
    keys = by_cell.drop_duplicates().sort_values(["first_treated", "event"], ignore_index=True)
    chosen = [event == each for each in events]
    chosen += [(read.first == first) & (event == each) for first, each in keys.to_numpy()]
    chosen.append(_from_treatment_on(at & (event >= 0)))
    parts = [_contribute(imputed, each / each.sum()) for each in chosen]
    estimates = np.array([imputed.rest[each].mean() for each in chosen])
    count = len(events)
    spread = cross(np.column_stack(parts), np.column_stack(parts))
    se = np.sqrt(np.diag(spread))
    size = np.array([int(each.sum()) for each in chosen[:-1]])
    return EventStudy(
        estimate=float(estimates[-1]),
        se=float(se[-1]),
        table=pd.DataFrame({"event": events, "estimate": estimates[:count], "se": se[:count],
                            "rows_n": size[:count]}),
        cells=keys.assign(estimate=estimates[count:-1], se=se[count:-1], rows_n=size[count:]),
        spread=pd.DataFrame(spread[:count, :count], index=events, columns=events),
        covariates=pd.Series(imputed.params[len(read.periods) :], index=list(covariates)),
        left_out={"not_imputable": int((imputed.treated & ~at).sum())},
        clusters=read.clusters,
    )  # fmt: skip


def _from_treatment_on(rows: Cells) -> Cells:
    if not rows.any():
        raise UsageError("没有一行可以推算", "no treated row can be imputed")
    return rows


def _impute(read: Columns, anticipation: float) -> _Imputed:
    treated = read.periods[read.period] >= read.first - anticipation
    if treated.all() or not treated.any():
        raise UsageError(
            "既要有受处理的行，也要有未受处理的行", "rows with and without treatment are needed"
        )
    free = ~treated
    marks = (read.period[:, None] == np.arange(len(read.periods))).astype(float)
    columns = np.column_stack([marks, read.covariates])
    size = np.bincount(read.unit[free], minlength=read.units).astype(float)
    every = np.column_stack([read.outcome, columns])
    mean = by_cluster(read.unit[free], every[free], read.units) / np.maximum(size, 1)[:, None]
    away = every - mean[read.unit]
    y, columns = away[:, 0], away[:, 1:]
    products = cross(columns[free], columns[free])
    scale = 1 / np.sqrt(np.maximum(np.diag(products), np.finfo(float).tiny))
    inverse = scale[:, None] * np.linalg.pinv(products * scale * scale[:, None], 1e-10) * scale
    params = inverse @ cross(columns[free], y[free, None])[:, 0]
    # A row whose columns lie outside of what untreated rows span cannot be imputed.
    outside = np.eye(len(scale)) - inverse @ products
    lost = np.zeros(len(y))
    for column in outside.T:
        lost = np.maximum(lost, np.abs(along(columns, column)) / _size(columns, column))
    known = treated & (lost < _SMALL) & (size[read.unit] > 0)
    if not known.any():
        raise UsageError("没有一行可以推算", "no treated row can be imputed")
    rest = np.where(known | free, y - along(columns, params), 0.0)
    return _Imputed(read, treated, known, columns, size, inverse, params, rest)


def _size(columns: Floats, column: Floats) -> float:
    return float(max(1.0, np.abs(columns).max() * np.abs(column).max()))


def _contribute(imputed: _Imputed, weight: Floats) -> Floats:
    """Give what each cluster contributes to the error of a weighted mean of effects."""
    read, free = imputed.read, ~imputed.treated
    own = np.bincount(read.unit, weight, minlength=read.units)
    towards = imputed.inverse @ (imputed.columns * weight[:, None]).sum(axis=0)
    share = own / np.maximum(imputed.size, 1)
    each = np.where(free, -(share[read.unit] + along(imputed.columns, towards)), weight)
    rest = np.where(free, imputed.rest, 0.0)
    at = weight > 0
    # Treated rows against their cohort's mean in the period, by the squares of their weights.
    _, cohort = np.unique(read.first[at], return_inverse=True)
    cell = cohort * len(read.periods) + read.period[at]
    square = weight[at] ** 2
    total = np.bincount(cell, square)
    mean = np.bincount(cell, square * imputed.rest[at]) / np.where(total > 0, total, 1)
    rest[at] = imputed.rest[at] - mean[cell]
    return np.asarray(np.bincount(read.cluster, each * rest, read.clusters), dtype=float)
