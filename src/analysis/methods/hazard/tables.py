"""Life tables: hazards, survival, and how each kind of end adds up, without a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LifeTable:
    """Hazard and survival by period.

    Attributes
    ----------
    table
        Index period in order; columns ``at_risk``, ``events``, ``hazard``, ``survival``.
    median
        Period by which half have ended, between periods by a straight line (Singer and Willett
        2003, 10.2.3); nan where half are still there at the end.
    """

    table: pd.DataFrame
    median: float


def life_table(
    frame: pd.DataFrame, *, event: str, period: str, counts: str | None = None
) -> LifeTable:
    """Make the life table of rows by unit and period.

    Parameters
    ----------
    frame
        One row a unit and period at risk.
    event
        Column that is 1 where it ended in that period, else 0.
    period
        Column of periods; numbers, in whose order time goes.
    counts
        Column of how many rows each row stands for.

    Examples
    --------
    >>> rows = pd.DataFrame({"year": [1, 1, 1, 1, 2, 2], "left": [1, 1, 0, 0, 1, 0]})
    >>> made = life_table(rows, event="left", period="year")
    >>> made.table["survival"].tolist(), made.median
    ([0.5, 0.25], 1.0)
    """
    weight = frame[counts].astype(float) if counts else pd.Series(1.0, index=frame.index)
    groups = pd.DataFrame(
        {"at_risk": weight, "events": weight * frame[event].astype(float)}
    ).groupby(frame[period])
    table = groups.sum()
    table["hazard"] = table["events"] / table["at_risk"]
    table["survival"] = (1 - table["hazard"]).cumprod()
    return LifeTable(table, _median(table["survival"]))


def _median(survival: pd.Series) -> float:
    below = np.flatnonzero(survival.to_numpy() <= 0.5)
    if not len(below):
        return float("nan")
    at = int(below[0])
    times = survival.index.to_numpy(dtype=float)
    before = survival.iloc[at - 1] if at else 1.0
    start = times[at - 1] if at else times[at] - 1
    share = (before - 0.5) / (before - survival.iloc[at])
    return float(start + share * (times[at] - start))


def cumulative_incidence(ends: ArrayLike, stays: ArrayLike) -> Floats:
    """Give the share that has come to each kind of end by each period, of all who began.

    Aalen and Johansen's estimate (1978) in steps of time: who comes to one end can come to no other,
    so that the shares of all ends, and of those still there, add up to one. Taking the other ends
    for the end of being seen would give what would be if there were no others, and too much.

    Parameters
    ----------
    ends
        How many came to each end in each period. Shape (periods, ends).
    stays
        How many were still there after each period. Shape (periods,).

    Returns
    -------
    array
        Shape (periods, ends); nan from the first period on in which nobody was at risk, unless
        nobody was left by then.

    Examples
    --------
    Of four one leaves and one moves; of the two who stay one leaves:

    >>> cumulative_incidence([[1, 1], [1, 0]], [2, 1]).tolist()
    [[0.25, 0.25], [0.5, 0.25]]
    """
    ended = np.asarray(ends, dtype=float)
    at_risk = ended.sum(axis=1) + np.asarray(stays, dtype=float)
    incidence, still = np.empty_like(ended), 1.0
    total = np.zeros(ended.shape[1])
    for period, risk in enumerate(at_risk):
        if still > 0:
            hazards = ended[period] / risk if risk > 0 else np.full(len(total), np.nan)
            total = total + still * hazards
            still *= 1 - float(hazards.sum())
        incidence[period] = total
    return incidence
