"""An average of effects as the coefficient of one regression, so that errors for few clusters are its own.

For every cohort and period the changes of the cohort and of its controls since the period before are
stacked, each side with the weight that the average gives the cell. One coefficient for all cells is then
the average itself, and the jackknife, the wild bootstrap and the leverage of `methods.clusters` speak of
the number that is shown, not of another one that is near.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods import clusters
from analysis.methods.clusters.regression import Regression
from analysis.methods.staggered import panel
from analysis.methods.staggered.comparisons import Base, Comparison, Control
from analysis.methods.staggered.effects import GroupTime
from analysis.methods.staggered.group_time import Gaps, LaidOut, estimate, lay_out
from analysis.methods.staggered.panel import Panel

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Cells = float | Sequence[tuple[float, float]] | None
TREATED = "treated"


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """An average of effects by cohort and period as one coefficient.

    Attributes
    ----------
    regression
        For `clusters.cv1`, `cv3`, `wild_bootstrap` and `leverage`.
    name
        Of the coefficient.
    table
        The cells averaged: ``first_treated``, ``period``, ``event``, ``base``, ``estimate``,
        ``treated_n``, ``control_n``, and the ``weight`` of each.
    """

    regression: Regression
    name: str
    table: pd.DataFrame

    @property
    def estimate(self) -> float:
        """Give the average."""
        return self.regression.estimate(self.name)


def differences(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    cluster: str | None = None,
    control: Control = "never",
    anticipation: float = 0,
    base: Base = "varying",
    gaps: Gaps = "keep",
    cells: Cells = None,
    missing: Literal["refuse", "drop"] = "refuse",
) -> Differences:
    """Give an average of effects as a regression whose rows come in clusters.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated, cluster, control, anticipation, base, gaps
        As in `group_time_effects`.
    cells
        What is averaged, by size of cohort: all cells from treatment on (the simple average), those
        of one number of periods since treatment, or pairs of ``first_treated`` and ``period``.
    missing
        What happens to cells without an estimate.

    Notes
    -----
    The sides of a cell weigh the same, so that the coefficient is the weighted mean of the cells'
    differences. Residuals hold the effect equal in all cells: where it is not, clusters' errors take
    up the difference, and a cohort of a single cluster has an error too. A cluster left out by the
    jackknife takes weight from its cells. In a panel with gaps rows before and after stand for
    themselves, as in `group_time_effects`.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3, 4, 4], "year": [1, 2] * 4,
    ...                      "begins": [2, 2, 2, 2, 0, 0, 0, 0],
    ...                      "score": [1.0, 4, 0, 5, 5, 6, 2, 3]})
    >>> made = differences(rows, outcome="score", unit="school", time="year", first_treated="begins")
    >>> round(made.estimate, 12), round(clusters.cv3(made.regression, made.name).se ** 2, 12)
    (3.0, 1.5)
    """
    laid = lay_out(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                   control=control, anticipation=anticipation, base=base, cluster=cluster,
                   gaps=gaps)  # fmt: skip
    made = estimate(laid, "reg", anticipation)
    weight = weigh_cells(made, cells, missing)
    chosen = weight > 0
    sides = [
        Side(number, cell_weight, treated, late, values, cluster)
        for number, (each, cell_weight) in enumerate(zip(laid.plan, weight, strict=True))
        if cell_weight
        for treated, late, values, cluster in _sides(laid, each)
    ]
    fitted = regress(sides, laid.names, levels=not isinstance(laid.data, Panel))
    table = made.table.assign(weight=weight).loc[chosen].drop(columns=["se", "reason"])
    return Differences(fitted, TREATED, table.reset_index(drop=True))


def weigh_cells(
    made: GroupTime, cells: Cells = None, missing: Literal["refuse", "drop"] = "refuse"
) -> Floats:
    """Weigh the cells that are asked for by the size of their cohort; all others with nothing."""
    table = made.table
    if cells is None:
        asked = (table["event"] >= 0).to_numpy()
    elif isinstance(cells, int | float | np.number):
        asked = (table["event"] == cells).to_numpy()
    else:
        wanted = pd.MultiIndex.from_tuples([(float(first), float(at)) for first, at in cells])
        asked = pd.MultiIndex.from_frame(table[["first_treated", "period"]]).isin(wanted)
    # The base itself, 0 by definition, is no comparison.
    asked = asked & (table["period"] != table["base"]).to_numpy()
    known = table["estimate"].notna().to_numpy()
    if missing == "refuse" and not known[asked].all():
        reasons = ", ".join(sorted(set(table.loc[asked & ~known, "reason"])))
        raise UsageError(
            f"要平均的格子中有没有估计值的（{reasons}）",
            f"some of the cells to be averaged have no estimate ({reasons})",
        )
    weight = np.where(asked & known, made.shares[table["first_treated"]].to_numpy(), 0.0)
    if not weight.any():
        raise UsageError("没有可以平均的格子", "there are no cells to average")
    return np.asarray(weight / weight.sum(), dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a cell: its number and weight, what side it is, values and clusters of its rows."""

    cell: int
    weight: float
    treated: bool
    late: bool
    values: Floats
    cluster: Codes


def regress(sides: Sequence[Side], names: pd.Index, *, levels: bool = False) -> Regression:
    """Fit one coefficient, `TREATED`, for the differences of all cells.

    Rows are added up by cluster and side first. As all rows of a side have the same columns, their
    mean with their weight says of a cluster's products and scores what they say.

    Parameters
    ----------
    sides
        Of all cells: changes of the treated and of others, or levels of both, later and earlier.
    names
        Of the clusters, by their number.
    levels
        Whether sides are levels.

    Raises
    ------
    UsageError
        If clusters are too few for anything to be left of them once the cells are taken out.
    """
    cells = len({side.cell for side in sides})
    if sum(len(np.unique(side.cluster)) for side in sides) <= (3 if levels else 1) * cells + 1:
        raise UsageError("组太少，算不出误差", "there are too few clusters for an error")
    parts = []
    for side in sides:
        seen, at, size = np.unique(side.cluster, return_inverse=True, return_counts=True)
        marks = (seen, side.cell, 2 * side.cell + side.treated, (side.cell + 1) * side.late,
                 side.treated and side.late, np.bincount(at, side.values) / size,
                 side.weight * size / len(side.values))  # fmt: skip
        parts.append(np.column_stack([np.broadcast_to(mark, len(seen)) for mark in marks]))
    names_of = ["cluster", "cell", "side", "moment", TREATED, "outcome", "weight"]
    fitted = clusters.fit(
        pd.DataFrame(np.concatenate(parts), columns=names_of), outcome="outcome",
        covariates=[TREATED], cluster="cluster", within=["side", "moment"] if levels else ["cell"],
        weights="weight",
    )  # fmt: skip
    labels = tuple(names[np.array(fitted.labels).astype(np.intp)])
    return replace(fitted, labels=labels, rows=sum(len(side.values) for side in sides))


def _sides(laid: LaidOut, each: Comparison) -> Iterator[tuple[bool, bool, Floats, Codes]]:
    """Give the sides of a cell: whether treated, whether of the later rows, values, clusters."""
    data = laid.data
    if isinstance(data, Panel):
        own, others = panel.sides(data.first, each)
        for treated, places in ((True, [own]), (False, others)):
            change = [data.outcome[each.at, p] - data.outcome[each.base, p] for p in places]
            yield treated, True, np.concatenate(change), _join(data.cluster, places)
        return
    for late, at in ((True, each.at), (False, each.base)):
        own, others = data.sides(each, at)
        for treated, places in ((True, [own]), (False, others)):
            values = np.concatenate([data.outcome[place] for place in places])
            yield treated, late, values, _join(data.cluster, places)


def _join(codes: Codes, places: Sequence[slice]) -> Codes:
    return np.concatenate([codes[place] for place in places])
