"""An event study whose effects may differ by cohort, as one regression (Sun and Abraham 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.methods.staggered import comparisons, panel, two_ways
from analysis.methods.staggered.event_study import EventStudy
from analysis.methods.staggered.panel import Columns

Floats = NDArray[np.float64]


def sun_abraham(
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
    """Regress on a mark for every cohort and event time, with effects of units and periods.

    The last period before treatment (and its anticipation) is the one held against. Controls are the
    never treated, or the last cohort until it is treated. Effects are averaged over cohorts by their rows; errors are those
    of `two_way`, with the weights taken as known.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated, covariates, cluster, anticipation
        As in `group_time_effects`.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3,
    ...                      "begins": [2, 2, 2, 2, 0, 0], "score": [1.0, 4, 0, 3, 5, 6]})
    >>> made = sun_abraham(rows, outcome="score", unit="school", time="year", first_treated="begins")
    >>> made.table[["event", "estimate"]].round(9).values.tolist()
    [[0.0, 2.0]]
    """
    comparisons.refuse_anticipation(anticipation)
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                      covariates=covariates, cluster=cluster)  # fmt: skip
    panel.is_balanced(read)
    chosen = comparisons.select(read.first, read.periods[read.period], "notyet", anticipation)
    read = panel.in_order(panel.keep(panel.replace_first(read, chosen.first), chosen.rows))
    cells, marks = _mark(read, chosen.cohorts, anticipation)
    made = two_ways.fit(read, read.outcome, np.column_stack([marks, read.covariates]))
    count = len(cells)
    cells["estimate"] = made.params[:count]
    cells["se"] = np.sqrt(np.diag(made.covariance)[:count])
    size = cells["rows_n"].to_numpy(dtype=float)
    events = np.unique(cells["event"])
    at = cells["event"].to_numpy()
    weights = np.array([size * (at == event) for event in events] + [size * (at >= 0)])
    weights = weights / weights.sum(axis=1, keepdims=True)
    estimates, spread = _average(weights, made.params[:count], made.covariance[:count, :count])
    table = pd.DataFrame(
        {"event": events, "estimate": estimates[:-1], "se": np.sqrt(np.diag(spread))[:-1],
         "rows_n": [int(size[at == event].sum()) for event in events]}
    )  # fmt: skip
    return EventStudy(
        estimate=float(estimates[-1]),
        se=float(np.sqrt(spread[-1, -1])),
        table=table,
        cells=cells,
        spread=pd.DataFrame(spread[:-1, :-1], index=events, columns=events),
        covariates=pd.Series(made.params[count:], index=list(covariates)),
        left_out=chosen.left_out,
        clusters=read.clusters,
    )


def _mark(read: Columns, cohorts: Floats, anticipation: float) -> tuple[pd.DataFrame, Floats]:
    """Mark every cohort in every period but its last before treatment."""
    rows, marks = [], []
    for first in cohorts:
        own = read.first == first
        last = int(np.flatnonzero(read.periods < first - anticipation)[-1])
        for place, period in enumerate(read.periods):
            mark = own & (read.period == place)
            if place != last and mark.any():
                rows.append((first, period - first, int(mark.sum())))
                marks.append(mark)
    cells = pd.DataFrame(rows, columns=["first_treated", "event", "rows_n"])
    return cells, np.column_stack(marks).astype(float)


def _average(weights: Floats, params: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Average; what rests on a cell without an estimate has none."""
    unknown = np.isnan(params)
    lost = (weights[:, unknown] > 0).any(axis=1)
    known = weights[:, ~unknown]
    spread = known @ covariance[np.ix_(~unknown, ~unknown)] @ known.T
    spread[lost, :] = spread[:, lost] = np.nan
    return np.where(lost, np.nan, known @ params[~unknown]), spread
