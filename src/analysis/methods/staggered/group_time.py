"""Effects by cohort and period where treatment is taken up at different times.

Every cohort is compared, period by period, with units that are not treated yet or never are
(Callaway and Sant'Anna 2021), so that no unit already treated stands in for one that is not. Errors are
analytic, from what every unit contributes to each estimate, summed up by cluster; no factor for few
clusters is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.staggered import comparisons, panel, two_by_two
from analysis.methods.staggered.comparisons import Base, Comparison, Control
from analysis.methods.staggered.effects import GroupTime
from analysis.methods.staggered.panel import Columns, Panel
from analysis.methods.staggered.two_by_two import Effect, Method

Floats = NDArray[np.float64]


def group_time_effects(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    control: Control = "never",
    covariates: Sequence[str] = (),
    method: Method = "reg",
    anticipation: float = 0,
    base: Base = "varying",
    cluster: str | None = None,
) -> GroupTime:
    """Estimate the effect in every cohort and period.

    Parameters
    ----------
    frame
        One row a unit and period.
    outcome, unit, time
        Columns.
    first_treated
        Column of the period from which the unit is treated; 0 for never.
    control
        Who is compared with: the ``never`` treated, or all ``notyet`` treated.
    covariates
        Columns of numbers that treated and controls may differ in; as they are in the earlier of
        the two periods compared.
    method
        How covariates are held equal: outcome regression, weighting, or both (doubly robust).
        Without covariates the three are the same.
    anticipation
        For how many periods before treatment it may already have an effect.
    base
        What periods before treatment are held against: the one before each, or for all the last
        before treatment.
    cluster
        Column within whose values units depend on one another; units are alone without it.

    Raises
    ------
    UsageError
        If values are missing, a unit is twice in a period or changes its cohort, or there is nobody
        to compare with.

    Examples
    --------
    Two schools begin in 2, and outcomes rise by 3 where they rose by 1 elsewhere:

    >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3,
    ...                      "begins": [2, 2, 2, 2, 0, 0], "score": [1.0, 4, 0, 3, 5, 6]})
    >>> made = group_time_effects(rows, outcome="score", unit="school", time="year",
    ...                           first_treated="begins")
    >>> made.table[["first_treated", "period", "estimate"]].values.tolist()
    [[2.0, 2.0, 2.0]]
    """
    _refuse(control, method, base, anticipation)
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                      covariates=covariates, cluster=cluster)  # fmt: skip
    chosen = comparisons.select(read.first, read.periods[read.period], control, anticipation)
    read = _replace_first(read, chosen.first)
    if not chosen.rows.all():
        read = panel.keep(read, chosen.rows)
    if not panel.is_balanced(read):
        raise UsageError(
            "面板不完整：有的单位缺某些时期",
            "the panel has gaps: units are missing in some periods",
        )
    plan = comparisons.plan(chosen.cohorts, read.periods, control=control,
                            anticipation=anticipation, base=base)  # fmt: skip
    arranged = panel.arrange(read)
    return _estimate(arranged, plan, chosen, method, anticipation)


def _refuse(control: str, method: str, base: str, anticipation: float) -> None:
    for name, value, known in (
        ("control", control, get_args(Control)),
        ("method", method, get_args(Method)),
        ("base", base, get_args(Base)),
    ):
        if value not in known:
            raise UsageError(
                f"{name} 只能是 {'、'.join(known)}", f"{name} is one of {', '.join(known)}"
            )
    if not anticipation >= 0:
        raise UsageError("anticipation 不能为负", "anticipation cannot be negative")


def _replace_first(read: Columns, first: Floats) -> Columns:
    return Columns(read.outcome, read.covariates, first, read.periods, read.period, read.unit,
                   read.units, read.cluster, read.clusters)  # fmt: skip


def _estimate(
    data: Panel, plan: Sequence[Comparison], chosen: comparisons.Sample, method: Method,
    anticipation: float,
) -> GroupTime:  # fmt: skip
    """Go through the comparisons."""
    influence = np.zeros((len(plan), data.clusters))
    rows = []
    for number, each in enumerate(plan):
        own, others = _sides(data, each)
        sizes = (own.stop - own.start, sum(part.stop - part.start for part in others))
        if each.at == each.base:
            made = Effect(0.0, ())
        else:
            made = _compare(data, each, own, others, method)
        if made.parts:
            influence[number] = _gather(data, (own, *others), made.parts)
        elif made.reason:
            influence[number] = np.nan
        rows.append((each, made, *sizes))
    return GroupTime.collect(rows, influence, data.periods, _shares(data, chosen.cohorts),
                             chosen.left_out, anticipation)  # fmt: skip


def _sides(data: Panel, each: Comparison) -> tuple[slice, list[slice]]:
    """Find the cohort and its controls."""
    own = data.stretch(np.nextafter(each.first, -np.inf), each.first)
    if np.isinf(each.treated_after):
        return own, [data.stretch(np.nextafter(np.inf, 0))]
    later = data.stretch(each.treated_after)
    if own.start >= later.start:
        return own, [slice(later.start, own.start), slice(own.stop, later.stop)]
    return own, [later]


def _compare(
    data: Panel, each: Comparison, own: slice, others: Sequence[slice], method: Method
) -> Effect:
    now, then = data.outcome[each.at], data.outcome[each.base]
    change = now[own] - then[own]
    other = np.concatenate([now[part] - then[part] for part in others])
    x = None
    if data.covariates is not None:
        early = data.covariates[min(each.at, each.base)]
        x = (early[own], np.concatenate([early[part] for part in others]))
    return two_by_two.compare(change, other, x, method)


def _gather(data: Panel, places: Sequence[slice], parts: tuple[Floats, ...]) -> Floats:
    """Sum contributions by cluster."""
    cluster = np.concatenate([data.cluster[part] for part in places])
    return np.bincount(cluster, np.concatenate(parts), data.clusters).astype(float)


def _shares(data: Panel, cohorts: Floats) -> tuple[Floats, Floats]:
    """Give each cohort's share of the units, and what each cluster contributes to its error."""
    units = len(data.first)
    share = np.array([(data.first == first).sum() for first in cohorts]) / units
    size = np.bincount(data.cluster, minlength=data.clusters)
    own = [np.bincount(data.cluster, data.first == first, data.clusters) for first in cohorts]
    return share, (np.array(own) - share[:, None] * size) / units
