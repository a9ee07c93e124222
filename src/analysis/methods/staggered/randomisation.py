"""Randomisation inference for an average of effects: the same average had others begun in these years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.clusters.dealing import count_ways, deal
from analysis.methods.clusters.inference import Inference
from analysis.methods.clusters.inversion import Draws
from analysis.methods.staggered import linear
from analysis.methods.staggered.comparisons import Comparison, Control
from analysis.methods.staggered.group_time import Gaps, LaidOut, estimate, lay_out
from analysis.methods.staggered.linear import Sums
from analysis.methods.staggered.stacked import Cells, weigh_cells

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


def randomise(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    cluster: str | None = None,
    control: Control = "never",
    anticipation: float = 0,
    gaps: Gaps = "keep",
    cells: Cells = None,
    strata: str | None = None,
    studentised: bool = True,
    draws: int = 999,
    seed: int = 0,
    level: float = 0.95,
) -> Inference:
    """Give p-value and range of an average of effects by dealing first years out anew.

    The first years are dealt out among the clusters, each as often as it was, and the average is
    computed for every deal. The p-value is the share of deals, the one that was among them, that lie
    as far out, were there no effect on anybody; the range holds every constant effect, from the first
    year on, whose removal leaves nothing unusual.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated, control, anticipation, gaps, cells
        As in `differences`.
    cluster
        Column: what treatment was dealt to, such as the county; units without it.
    strata
        Column: only clusters of the same value exchange first years. One value a cluster.
    studentised
        Whether deals are compared by t, with the error that `clusters.cv1` gives the average as one
        regression (`differences`), which holds where clusters differ in size, or by the average
        itself.
    draws
        How many deals; where there are no more than that, all are taken, and `seed` has no say.
    seed
        Of the deals.
    level
        Of the range.

    Notes
    -----
    Clusters treated from the first period on are compared with nothing and get no part in the deal.
    In a panel with gaps a deal that leaves a cell without rows says nothing against the null.

    Raises
    ------
    UsageError
        If units of one cluster are first treated at different times.

    Examples
    --------
    Of six ways to treat two of four schools, two give a difference as large.

    >>> rows = pd.DataFrame({"school": list("aabbccdd"), "year": [1, 2] * 4,
    ...                      "begins": [2, 2, 2, 2, 0, 0, 0, 0],
    ...                      "score": [0.0, 4, 0, 5, 0, 1, 0, 3]})
    >>> found = randomise(rows, outcome="score", unit="school", time="year", first_treated="begins")
    >>> round(found.estimate, 12), round(found.p, 4), found.draws, found.every
    (2.5, 0.3333, 6, True)
    """
    if draws < 1:
        raise UsageError("至少要一次抽取", "a randomisation needs a draw")
    laid = lay_out(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                   control=control, anticipation=anticipation, cluster=cluster, gaps=gaps)  # fmt: skip
    weight = weigh_cells(estimate(laid, "reg", anticipation), cells)
    plan = [each for each, asked in zip(laid.plan, weight > 0, strict=True) if asked]
    sums = linear.add_up(laid)
    parts = None if strata is None else _stratify(frame, laid, sums, cluster or unit, strata)
    every = count_ways(sums.dealt, parts) <= draws
    found, variance, left = _begin(sums, plan)
    blocks = deal(sums.dealt, parts, None if every else draws, seed,
                  width=4 * len(sums.periods) * len(sums.cohorts))  # fmt: skip
    spread = None if studentised else variance
    made = np.concatenate([_work_out(sums, plan, left, block, spread) for block in blocks], axis=1)
    reference = Draws(made[:2], made[2:], variance, every)
    ends = reference.interval(level)
    return Inference(found, found + ends[0], found + ends[1], reference.p(-found), "randomisation",
                     len(sums.dealt), draws=made.shape[1], every=every)  # fmt: skip


def _stratify(
    frame: pd.DataFrame, laid: LaidOut, sums: Sums, cluster: str, strata: str
) -> NDArray[np.int64]:
    if strata not in frame.columns:
        raise UsageError(f"没有这一列：{strata}", f"no such column: {strata}")
    of = frame.drop_duplicates([cluster, strata]).set_index(cluster)[strata]
    if not of.index.is_unique or of.isna().any():
        raise UsageError(f"每组应当只有一个“{strata}”", f"every cluster has one {strata}")
    return pd.factorize(of.reindex(laid.names[sums.order]))[0].astype(np.int64)


def _begin(sums: Sums, plan: Sequence[Comparison]) -> tuple[float, float, Sums]:
    """Give the average, its variance by cluster, and the clusters with the average taken out."""
    own = sums.dealt[None, :]
    weights = linear.weigh(sums, plan, own)
    found, parts = linear.contribute(sums, plan, own, weights, sums.outcome)
    left = sums.outcome - found[0] * _treat(sums)
    return float(found[0]), float((parts**2).sum()), replace(sums, outcome=left)


def _treat(sums: Sums) -> Floats:
    """Give the rows of each cluster and period that were treated."""
    return sums.rows * (sums.periods >= sums.cohorts[sums.dealt][:, None])


def _work_out(
    sums: Sums, plan: Sequence[Comparison], left: Sums, deals: Codes, variance: float | None
) -> Floats:
    """Give the five numbers of each deal (`clusters.inversion`).

    With a `variance` it stands for that of every deal, so that the averages alone are compared.
    """
    weights = linear.weigh(sums, plan, deals)
    (moved, one), (own, two) = (
        linear.contribute(sums, plan, deals, weights, each) for each in (left.outcome, _treat(sums))
    )
    if variance is None:
        spread = [(a * b).sum(axis=1) for a, b in ((one, one), (one, two), (two, two))]
    else:
        spread = [np.full(len(deals), variance), np.zeros(len(deals)), np.zeros(len(deals))]
    # A deal with an empty cell says nothing against the null.
    return np.array([moved, own, *(np.where(weights.told, each, 0.0) for each in spread)])
