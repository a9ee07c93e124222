"""What a treatment does that goes on and off: those whose treatment changes against those whose does not.

Where treatment ends and begins again there is no first year after which a unit is treated. From one
period to the next, joiners are compared with those who stay without and leavers with those who stay with
it (de Chaisemartin and D'Haultfœuille 2020, *Two-way fixed effects estimators with heterogeneous treatment
effects*, American Economic Review 110), which holds if only the present treatment counts. From the first
change of each unit on, whatever became of its treatment since, it is compared with those that were treated
alike at first and have not changed yet (the same 2024, *Difference-in-differences estimators of
intertemporal treatment effects*, Review of Economics and Statistics), which holds if earlier treatment
counts too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods import clusters
from analysis.methods.staggered import panel
from analysis.methods.staggered.panel import Columns
from analysis.methods.staggered.stacked import TREATED, Differences, Side, regress

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Marks = NDArray[np.bool_]
_NAMES = ("event", "period", "kind", "estimate", "switchers_n", "stayers_n", "dose")


@dataclass(frozen=True, slots=True, eq=False)
class Switching:
    """Effects of changes of treatment.

    Attributes
    ----------
    effect, joiners, leavers
        The effect in the period of the change, over all changes and those of one kind; none where
        there are no such changes to compare, or too few clusters for an error. Each is one regression (`Differences`), whose table are
        the periods; a leaver's effect is that of the treatment, not of its end.
    placebo
        The same for the period before the change, which should be nothing.
    dynamic
        By periods since the first change (1 is that of the change itself): what it did until then.
        Below nothing the same units as many periods before the last one without change.
    table
        Of all these: ``of``, ``event``, ``estimate``, ``se`` (CV1), ``switchers_n``, and ``dose``, for
        how many periods the treatment had been another one by then.
    left_out
        Changes that are compared with nothing: ``no_stayers`` beside them, first changes after
        ``gaps``.
    """

    effect: Differences | None
    joiners: Differences | None
    leavers: Differences | None
    placebo: Differences | None
    dynamic: dict[int, Differences]
    table: pd.DataFrame
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Wide:
    """Units by periods: outcome and treatment, nan where not seen."""

    outcome: Floats
    treatment: Floats
    periods: Floats
    cluster: Codes
    names: pd.Index


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """Changes of those with more treatment and with less; `switchers` and `stayers` count them."""

    event: float
    period: float
    kind: str
    more: Marks
    less: Marks
    change: Floats
    switchers: int
    stayers: int
    dose: float


def switchers(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    treatment: str,
    cluster: str | None = None,
) -> Switching:
    """Estimate effects of a treatment that goes on and off.

    Parameters
    ----------
    frame
        One row a unit and period; a unit need not be there in all of them.
    outcome, unit, time
        Columns.
    treatment
        Column: 1 in periods with treatment, 0 in others.
    cluster
        Column within whose values units depend on one another; units are alone without it.

    Returns
    -------
    Switching
        Averages weigh every change the same. Errors take who changes when as given; their
        regressions are for `clusters.cv1`, `cv3`, `wild_bootstrap` and `leverage`.

    Notes
    -----
    A change counts where the unit is seen in both periods. For `dynamic` units must be seen from the
    first period on until they change, and in the period that is looked at.

    Examples
    --------
    The first takes it up and rises by 3, where one without rises by 1; then it gives it up and falls
    by 2, where one with it stays as it is. Of two alone nothing can be said but the difference.

    >>> rows = pd.DataFrame({"school": list("aaabbbcccddd"), "year": [1, 2, 3] * 4,
    ...                      "on": [0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0],
    ...                      "score": [1.0, 4, 2, 2, 3, 3, 5, 5, 5, 1, 2, 2]})
    >>> made = switchers(rows, outcome="score", unit="school", time="year", treatment="on")
    >>> made.effect.table[["period", "kind", "estimate"]].values.tolist()
    [[2.0, 'joiners', 2.0], [3.0, 'leavers', 2.0]]
    >>> round(made.effect.estimate, 9), made.leavers is None
    (2.0, True)
    """
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=None,
                      covariates=[treatment], cluster=cluster)  # fmt: skip
    panel.is_balanced(read)
    names = pd.Index(frame[cluster or unit]).unique().sort_values()
    wide = _lay_wide(read, names)
    now, before = _changes(wide, 0), _changes(wide, 1)
    later = [cell for length in range(1, len(wide.periods)) for cell in _since(wide, length)]
    kept = {name: _average(wide, cells) for name, cells in (
        ("effect", now), ("joiners", [c for c in now if c.kind == "joiners"]),
        ("leavers", [c for c in now if c.kind == "leavers"]), ("placebo", before))}  # fmt: skip
    events = sorted({int(cell.event) for cell in later})
    averages = {event: _average(wide, [c for c in later if c.event == event]) for event in events}
    dynamic = {event: made for event, made in averages.items() if made is not None}
    rows = [_row(name, np.nan, made) for name, made in kept.items() if made is not None]
    rows += [_row("dynamic", event, made) for event, made in dynamic.items()]
    if not rows:
        raise UsageError("没有可以比较的变化", "there is no change of treatment to compare")
    alone = sum(cell.switchers for cell in now if not cell.stayers)
    return Switching(**kept, dynamic=dynamic, table=pd.DataFrame(rows),
                     left_out={"no_stayers": alone, "gaps": _lost(wide)})  # fmt: skip


def _lay_wide(read: Columns, names: pd.Index) -> _Wide:
    on = read.covariates[:, 0]
    if not np.isin(on, (0, 1)).all():
        raise UsageError("处理列只能是 0 或 1", "the treatment is 0 or 1")
    cluster = panel.one_each(read.cluster, read.unit, read.units, "cluster")
    made = []
    for values in (read.outcome, on):
        table = np.full((read.units, len(read.periods)), np.nan)
        table[read.unit, read.period] = values
        made.append(table)
    return _Wide(made[0], made[1], read.periods, cluster.astype(np.intp), names)


def _changes(wide: _Wide, back: int) -> list[_Cell]:
    """Give the cells of changes from one period to the next, or of the periods before these."""
    made = []
    for at in range(1 + back, len(wide.periods)):
        was, now = wide.treatment[:, at - 1], wide.treatment[:, at]
        change = wide.outcome[:, at - back] - wide.outcome[:, at - 1 - back]
        seen = np.isfinite(change) & np.isfinite(was) & np.isfinite(now)
        if back:
            seen &= wide.treatment[:, at - 2] == was
        for start in (0, 1):
            moved, stayed = (seen & (was == start) & (now == end) for end in (1 - start, start))
            made += _compare(0.0, wide.periods[at], start, moved, stayed, change, 1.0)
    return made


def _since(wide: _Wide, length: int) -> list[_Cell]:
    """Give the cells of first changes so long ago, and those as long before them.

    Length 1 is the period of the change; all is held against the one before it.
    """
    made, last = [], _unchanged_until(wide)
    for start in (0, 1):
        own = wide.treatment[:, 0] == start
        for at in range(1, len(wide.periods) - length + 1):
            end = at + length - 1
            moved = own & (last == at - 1) & np.isfinite(wide.treatment[:, at])
            stayed = own & (last >= end)
            # Held against the last period before the change: later, or as many periods earlier.
            for event, place in ((length, end), (-length, at - 1 - length)):
                if place < 0:
                    continue
                change = wide.outcome[:, place] - wide.outcome[:, at - 1]
                seen = np.isfinite(change) & np.isfinite(wide.outcome[:, end])
                spent = np.abs(wide.treatment[moved & seen, at : end + 1] - start)
                dose = float(np.nansum(spent) / max(len(spent), 1))
                made += _compare(float(event), wide.periods[at], start, moved & seen,
                                 stayed & seen, change, dose)  # fmt: skip
    return made


def _unchanged_until(wide: _Wide) -> Codes:
    """Give the last period up to which each unit was seen with the treatment of its first period."""
    same = wide.treatment == wide.treatment[:, :1]
    return np.cumprod(same, axis=1).sum(axis=1).astype(np.intp) - 1


def _lost(wide: _Wide) -> int:
    """Count units whose treatment changes, but not as far as they are seen without a gap."""
    on = np.nanmax(wide.treatment, axis=1) != np.nanmin(wide.treatment, axis=1)
    last = _unchanged_until(wide)
    count = len(wide.periods)
    following = wide.treatment[np.arange(len(last)), np.minimum(last + 1, count - 1)]
    return int((on & ~((last >= 0) & (last + 1 < count) & np.isfinite(following))).sum())


def _compare(
    event: float, period: float, start: int, moved: Marks, stayed: Marks, change: Floats,
    dose: float,
) -> list[_Cell]:  # fmt: skip
    if not moved.any():
        return []
    more, less = (moved, stayed) if start == 0 else (stayed, moved)
    kind = "leavers" if start else "joiners"
    return [_Cell(event, float(period), kind, more, less, change, int(moved.sum()),
                  int(stayed.sum()), dose)]  # fmt: skip


def _average(wide: _Wide, cells: Sequence[_Cell]) -> Differences | None:
    """Average cells that have someone to compare with, by the number of changes."""
    told = [cell for cell in cells if cell.stayers]
    if not told:
        return None
    count = sum(cell.switchers for cell in told)
    sides = [
        Side(number, cell.switchers / count, treated, True, cell.change[side], wide.cluster[side])
        for number, cell in enumerate(told)
        for treated, side in ((True, cell.more), (False, cell.less))
    ]
    table = pd.DataFrame([
        (cell.event, cell.period, cell.kind,
         float(cell.change[cell.more].mean() - cell.change[cell.less].mean()), cell.switchers,
         cell.stayers, cell.dose) for cell in told
    ], columns=_NAMES)  # fmt: skip
    try:
        fitted = regress(sides, wide.names)
    except UsageError:
        return None
    return Differences(fitted, TREATED, table.assign(weight=table["switchers_n"] / count))


def _row(of: str, event: float, made: Differences) -> dict[str, object]:
    found = clusters.cv1(made.regression, made.name)
    return {"of": of, "event": event, "estimate": found.estimate, "se": found.se,
            "switchers_n": int(made.table["switchers_n"].sum()),
            "dose": float((made.table["dose"] * made.table["weight"]).sum())}  # fmt: skip
