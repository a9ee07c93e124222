"""What two-way fixed effects say: one number, whose weights can be wrong.

Where effects differ by cohort or grow with time, the number is no average of them: units already treated
serve as controls (Goodman-Bacon 2021; `bacon` shows how much). It is here to be held against the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.methods.staggered import panel, two_ways


@dataclass(frozen=True, slots=True, eq=False)
class TwoWay:
    """A regression with effects of units and of periods.

    Attributes
    ----------
    estimate, se
        Of being treated.
    params, covariance
        Of it and the covariates; nan where one cannot be told from the others.
    rows, units, clusters
        How many there are.
    counted
        How many parameters the errors count.
    """

    estimate: float
    se: float
    params: pd.Series
    covariance: pd.DataFrame
    rows: int
    units: int
    clusters: int
    counted: int


def two_way(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
) -> TwoWay:
    """Regress the outcome on being treated, with effects of units and of periods.

    Errors are by cluster (units without one), with the factor G/(G-1) · (N-1)/(N-K); K counts being
    treated, covariates and periods, but not the effects of units that lie within clusters. Rows of
    all units are used, those treated from the start too.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated, covariates, cluster
        As in `group_time_effects`.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3,
    ...                      "begins": [2, 2, 2, 2, 0, 0], "score": [1.0, 4, 0, 3, 5, 6]})
    >>> round(two_way(rows, outcome="score", unit="school", time="year",
    ...               first_treated="begins").estimate, 12)
    2.0
    """
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                      covariates=covariates, cluster=cluster)  # fmt: skip
    panel.is_balanced(read)
    read = panel.in_order(read)
    treated = (read.periods[read.period] >= read.first).astype(float)
    made = two_ways.fit(read, read.outcome, np.column_stack([treated, read.covariates]))
    if not made.used[0]:
        raise UsageError(
            "处理与单位效应、时期效应无法区分",
            "being treated cannot be told from the effects of units and periods",
        )
    names = ["treated", *covariates]
    return TwoWay(
        estimate=float(made.params[0]),
        se=float(np.sqrt(made.covariance[0, 0])),
        params=pd.Series(made.params, index=names),
        covariance=pd.DataFrame(made.covariance, index=names, columns=names),
        rows=len(read.outcome),
        units=read.units,
        clusters=read.clusters,
        counted=made.counted,
    )
