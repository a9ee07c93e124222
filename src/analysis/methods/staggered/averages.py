"""Averages of effects by cohort and period: their weights, and how these depend on cohorts' sizes.

Sizes of cohorts are estimates too, so that an average's error has two parts: that of the effects, and
that of the shares by which they are weighted (Callaway and Sant'Anna 2021, corollary 2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError

Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Averages:
    """Averages, the last of them over all the others.

    Attributes
    ----------
    name, labels
        What the averages but the last are of.
    weights
        Averages by cells.
    slopes
        Averages by cohorts: how an average changes with the share of a cohort.
    """

    name: str
    labels: list[float]
    weights: Floats
    slopes: Floats


def combine(made: Averages, influence: Floats, share_influence: Floats) -> Floats:
    """Give what each cluster contributes to each average's error."""
    parts = np.zeros((len(made.weights), influence.shape[1]))
    for rows, by in ((influence, made.weights), (share_influence, made.slopes)):
        for average, cell in zip(*np.nonzero(by), strict=True):
            parts[average] += by[average, cell] * rows[cell]
    return parts


def _by_share(table: pd.DataFrame, chosen: Cells, shares: pd.Series) -> tuple[Floats, Floats]:
    """Weigh cells by the share of their cohort."""
    weight = np.where(chosen, shares[table["first_treated"]].to_numpy(), 0.0)
    total = weight.sum()
    weight = weight / total
    estimate = table["estimate"].to_numpy()
    mean = weight @ estimate
    own = table["first_treated"].to_numpy()[:, None] == shares.index.to_numpy()
    return weight, (own * (chosen * (estimate - mean))[:, None]).sum(axis=0) / total


def _after(table: pd.DataFrame, known: Cells) -> Cells:
    after = np.asarray(known & (table["event"] >= 0).to_numpy())
    if not after.any():
        raise UsageError("没有处理之后的估计值", "there is no estimate from treatment on")
    return after


def _stack(
    name: str, labels: Sequence[float], made: Sequence[tuple[Floats, Floats]],
    total: tuple[Floats, Floats],
) -> Averages:  # fmt: skip
    rows = [*made, total]
    return Averages(
        name, list(labels), np.array([w for w, _ in rows]), np.array([s for _, s in rows])
    )


def _mean(made: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.mean([w for w, _ in made], axis=0), np.mean([s for _, s in made], axis=0)


def _simple(
    table: pd.DataFrame, known: Cells, shares: pd.Series, periods: Floats, balance: float | None
) -> Averages:
    total = _by_share(table, _after(table, known), shares)
    return _stack("all", [0.0], [total], total)


def _dynamic(
    table: pd.DataFrame, known: Cells, shares: pd.Series, periods: Floats, balance: float | None
) -> Averages:
    _after(table, known)
    event = table["event"].to_numpy()
    events = np.unique(event[known])
    if balance is not None:
        known = known & _balanced(table, known, periods, balance)
        events = np.unique(event[known])
        events = events[(events <= balance) & (events >= balance - periods[-1] + periods[0])]
    made = [_by_share(table, known & (event == each), shares) for each in events]
    late = [each for each, when in zip(made, events, strict=True) if when >= 0]
    return _stack("event", events.tolist(), made, _mean(late))


def _balanced(table: pd.DataFrame, known: Cells, periods: Floats, balance: float) -> Cells:
    """Mark the cells of cohorts seen in every event time up to the balance."""
    first, event = table["first_treated"].to_numpy(), table["event"].to_numpy()
    long = table["period"].max() - first >= balance
    wanted = set(event[long & (event >= 0) & (event <= balance)])
    complete = [
        each for each in np.unique(first[long]) if wanted <= set(event[known & (first == each)])
    ]
    if not complete or not wanted:
        raise UsageError(
            "没有一个批次在处理后观察得这么久", "no cohort is seen for so long after treatment"
        )
    return np.asarray(np.isin(first, complete))


def _group(
    table: pd.DataFrame, known: Cells, shares: pd.Series, periods: Floats, balance: float | None
) -> Averages:
    after = _after(table, known)
    first = table["first_treated"].to_numpy()
    cohorts = np.unique(first[after])
    made = []
    for each in cohorts:
        own = after & (first == each)
        made.append((own / own.sum(), np.zeros(len(shares))))
    share = shares[cohorts].to_numpy()
    estimates = np.array([weight @ table["estimate"].to_numpy() for weight, _ in made])
    mean = share @ estimates / share.sum()
    weights = np.sum([s * w for s, (w, _) in zip(share, made, strict=True)], axis=0) / share.sum()
    slopes = np.zeros(len(shares))
    slopes[shares.index.get_indexer(pd.Index(cohorts))] = (estimates - mean) / share.sum()
    return _stack("first_treated", cohorts.tolist(), made, (weights, slopes))


def _calendar(
    table: pd.DataFrame, known: Cells, shares: pd.Series, periods: Floats, balance: float | None
) -> Averages:
    after = _after(table, known)
    period = table["period"].to_numpy()
    seen = np.unique(period[after])
    made = [_by_share(table, after & (period == each), shares) for each in seen]
    return _stack("period", seen.tolist(), made, _mean(made))


WAYS: dict[str, Callable[[pd.DataFrame, Cells, pd.Series, Floats, float | None], Averages]] = {
    "simple": _simple, "dynamic": _dynamic, "group": _group, "calendar": _calendar,
}  # fmt: skip
