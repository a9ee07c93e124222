"""Effects by cohort and period where treatment is taken up at different times.

Every cohort is compared, period by period, with units that are not treated yet or never are
(Callaway and Sant'Anna 2021), so that no unit already treated stands in for one that is not. Errors are
analytic, from what every unit contributes to each estimate, summed up by cluster; no factor for few
clusters is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.staggered import comparisons, panel, rows, two_by_two
from analysis.methods.staggered.comparisons import Base, Comparison, Control
from analysis.methods.staggered.effects import GroupTime
from analysis.methods.staggered.panel import Panel
from analysis.methods.staggered.rows import Rows
from analysis.methods.staggered.two_by_two import Effect, Method

Floats = NDArray[np.float64]
Gaps = Literal["keep", "drop"]


def group_time_effects(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str | None,
    time: str,
    first_treated: str,
    control: Control = "never",
    covariates: Sequence[str] = (),
    method: Method = "reg",
    anticipation: float = 0,
    base: Base = "varying",
    cluster: str | None = None,
    gaps: Gaps = "keep",
) -> GroupTime:
    """Estimate the effect in every cohort and period.

    Parameters
    ----------
    frame
        One row a unit and period.
    outcome, unit, time
        Columns. Without a unit every row is another one, as in repeated cross-sections.
    first_treated
        Column of the period from which the unit is treated; 0 for never.
    control
        Who is compared with: the ``never`` treated, or all ``notyet`` treated.
    covariates
        Columns of numbers that treated and controls may differ in: of the same units as they are
        in the earlier of the two periods compared, else of each row.
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
    gaps
        What becomes of units that are not seen in every period. ``keep``: where there are any,
        rows before and after are compared as if they were of different units, and errors know
        that they are not. ``drop``: they are left out, and counted.

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
    _refuse(control, method, base, gaps, anticipation)
    laid = lay_out(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                   control=control, covariates=covariates, anticipation=anticipation, base=base,
                   cluster=cluster, gaps=gaps)  # fmt: skip
    return estimate(laid, method, anticipation)


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """What is compared with what: the data in order, the comparisons, and whose rows these are.

    Attributes
    ----------
    data, plan, sample
        Rows that are compared, and how.
    names
        Of the clusters, in the order of their numbers in `data`.
    """

    data: Panel | Rows
    plan: list[Comparison]
    sample: comparisons.Sample
    names: pd.Index


def lay_out(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str | None,
    time: str,
    first_treated: str,
    control: Control,
    covariates: Sequence[str] = (),
    anticipation: float = 0,
    base: Base = "varying",
    cluster: str | None = None,
    gaps: Gaps = "keep",
) -> LaidOut:
    """Lay out what `group_time_effects` compares; arguments are its own."""
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                      covariates=covariates, cluster=cluster)  # fmt: skip
    chosen = comparisons.select(read.first, read.periods[read.period], control, anticipation)
    read, kept = panel.replace_first(read, chosen.first), chosen.rows.copy()
    if not chosen.rows.all():
        read = panel.keep(read, chosen.rows)
    if unit is not None and not panel.is_balanced(read) and gaps == "drop":
        seen = panel.seen_throughout(read)
        chosen = chosen.without(read.first, seen)
        read = panel.keep(read, seen)
        kept[kept] = seen
    plan = comparisons.plan(chosen.cohorts, read.periods, control=control,
                            anticipation=anticipation, base=base)  # fmt: skip
    full = unit is not None and len(read.outcome) == read.units * len(read.periods)
    data = panel.arrange(read) if full else rows.arrange(read, alone=unit is None)
    own = cluster or unit
    names = pd.RangeIndex(len(kept)) if own is None else pd.Index(frame[own])
    return LaidOut(data, plan, chosen, names[kept].unique().sort_values())


def _refuse(control: str, method: str, base: str, gaps: str, anticipation: float) -> None:
    for name, value, known in (
        ("control", control, get_args(Control)),
        ("method", method, get_args(Method)),
        ("base", base, get_args(Base)),
        ("gaps", gaps, get_args(Gaps)),
    ):
        if value not in known:
            raise UsageError(
                f"{name} 只能是 {'、'.join(known)}", f"{name} is one of {', '.join(known)}"
            )
    comparisons.refuse_anticipation(anticipation)


def estimate(laid: LaidOut, method: Method, anticipation: float) -> GroupTime:
    """Go through the comparisons."""
    data, plan, chosen = laid.data, laid.plan, laid.sample
    influence = np.zeros((len(plan), data.clusters))
    made_rows = []
    for number, each in enumerate(plan):
        made, parts, treated, control = (
            data.compare(each, method) if isinstance(data, Rows) else _compare(data, each, method)
        )
        if each.at == each.base:
            made, parts = Effect(0.0, ()), np.zeros(data.clusters)
        influence[number] = np.nan if made.reason else parts
        made_rows.append((each, made, treated, control))
    return GroupTime.collect(made_rows, influence, data.periods, _shares(data, chosen.cohorts),
                             chosen.left_out, anticipation)  # fmt: skip


def _compare(data: Panel, each: Comparison, method: Method) -> tuple[Effect, Floats, int, int]:
    """Estimate one comparison; give what clusters contribute, and how many are compared."""
    own, others = panel.sides(data.first, each)
    now, then = data.outcome[each.at], data.outcome[each.base]
    change = now[own] - then[own]
    other = np.concatenate([now[part] - then[part] for part in others])
    x = None
    if data.covariates is not None:
        early = data.covariates[min(each.at, each.base)]
        x = (early[own], np.concatenate([early[part] for part in others]))
    made = two_by_two.compare(change, other, x, method)
    influence = np.zeros(data.clusters)
    if made.parts:
        cluster = np.concatenate([data.cluster[part] for part in (own, *others)])
        influence = np.bincount(cluster, np.concatenate(made.parts), data.clusters).astype(float)
    return made, influence, len(change), len(other)


def _shares(data: Panel | Rows, cohorts: Floats) -> tuple[Floats, Floats]:
    """Give each cohort's share of the units, and what each cluster contributes to its error."""
    if isinstance(data, Rows):
        first, cluster = data.unit_first, data.unit_cluster
    else:
        first, cluster = data.first, data.cluster
    share = np.array([(first == each).sum() for each in cohorts]) / len(first)
    size = np.bincount(cluster, minlength=data.clusters)
    own = [np.bincount(cluster, first == each, data.clusters) for each in cohorts]
    return share, (np.array(own) - share[:, None] * size) / len(first)
