"""Randomisation inference: the same estimate had other clusters been treated, or at other times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.clusters.dealing import count_ways, deal
from analysis.methods.clusters.inference import Inference
from analysis.methods.clusters.inversion import Draws
from analysis.methods.clusters.regression import Regression, invert, solve
from analysis.methods.clusters.rows import Arranged, Codes, Floats, add_products, arrange

TREATED = "treatment as it was"
_NOTHING = 1e-12


def randomise(
    frame: pd.DataFrame,
    *,
    outcome: str,
    first_treated: str,
    cluster: str,
    time: str | None = None,
    covariates: Sequence[str] = (),
    within: Sequence[str] = (),
    weights: str | None = None,
    strata: str | None = None,
    studentised: bool = True,
    draws: int = 999,
    seed: int = 0,
    level: float = 0.95,
) -> Inference:
    """Give p-value and range of a treatment of whole clusters by assigning it anew.

    The first years are dealt out among the clusters again, each as often as it was, and the
    regression is run for every deal. The p-value is the share of deals, the one that was among
    them, whose statistic lies as far out; the range holds every constant effect whose removal
    leaves nothing unusual.

    Parameters
    ----------
    frame
        Rows, nothing missing in what is used; never written to.
    outcome, covariates, within, weights, cluster
        As in `fit`.
    first_treated
        Column: time from which the cluster is treated, 0 for never. One value a cluster.
    time
        Column of the time; if not given, clusters with a `first_treated` are treated throughout.
    strata
        Column: only clusters of the same value exchange first years. One value a cluster.
    studentised
        Whether deals are compared by t (by CV1), which holds where clusters differ in size (MacKinnon
        and Webb 2020, *Randomization inference for difference-in-differences with few treated
        clusters*, Journal of Econometrics 218), or by the estimate itself.
    draws
        How many deals; where there are no more than that, all are taken, and `seed` has no say.
    seed
        Of the deals.
    level
        Of the range.

    Examples
    --------
    Of six ways to treat two of four clusters, two give a difference as large.

    >>> rows = pd.DataFrame({"county": list("abcd"), "first": [1, 1, 0, 0], "score": [4.0, 5, 1, 3]})
    >>> found = randomise(rows, outcome="score", first_treated="first", cluster="county")
    >>> found.estimate, round(found.p, 4), found.draws, found.every
    (2.5, 0.3333, 6, True)
    """
    if draws < 1:
        raise ValueError("a randomisation needs a draw")
    deals, regression, dealt = _prepare(frame, outcome, first_treated, time, covariates,
                                        within=within, weights=weights, cluster=cluster)  # fmt: skip
    parts = None if strata is None else _stratify(frame, cluster, strata, regression.labels)
    every, variance = count_ways(dealt, parts) <= draws, regression.variance(TREATED)
    made = np.concatenate(
        [_work_out(deals, block, regression.correction, None if studentised else variance)
         for block in deal(dealt, parts, None if every else draws, seed)], axis=1
    )  # fmt: skip
    reference = Draws(made[:2], made[2:], variance, every)
    estimate, ends = regression.estimate(TREATED), reference.interval(level)
    return Inference(estimate, estimate + ends[0], estimate + ends[1], reference.p(-estimate),
                     "randomisation", len(dealt), draws=made.shape[1], every=every)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Deals:
    """Sums of each cluster, under every first time that it could have been dealt (first axis: cluster).

    `own` is the treatment that was, `left` the residuals, `other` all other columns.
    """

    squares: Floats
    with_own: Floats
    with_left: Floats
    with_other: Floats
    other: Floats
    other_own: Floats
    other_left: Floats
    inverse: Floats


def _prepare(
    frame: pd.DataFrame,
    outcome: str,
    first_treated: str,
    time: str | None,
    covariates: Sequence[str],
    *,
    cluster: str,
    within: Sequence[str],
    weights: str | None,
) -> tuple[_Deals, Regression, Codes]:
    first = frame[first_treated]
    by_cluster = first.groupby(frame[cluster], sort=True).agg(["min", "max"])
    if first.isna().any() or (by_cluster["min"] != by_cluster["max"]).any():
        raise ValueError("every cluster has one first time of treatment, 0 for never")
    if time is not None and frame[time].isna().any():
        raise ValueError(f"every row needs its {time}")
    times = sorted(set(by_cluster["min"]) - {0})
    now = pd.Series(np.inf, index=frame.index) if time is None else frame[time]
    used = frame[list({outcome, cluster, *covariates, *within, *([weights] if weights else [])})]
    possible = {f"treated from {when}": (now >= when).astype(float) for when in times}
    own = ((first != 0) & (now >= first)).astype(float)
    rows = arrange(
        used.assign(**{TREATED: own}, **possible), [outcome, TREATED, *covariates, *possible],
        cluster=cluster, within=within, weights=weights, as_they_are=[TREATED, *possible],
    )  # fmt: skip
    other = [name for name in rows.names if name not in (outcome, TREATED, *possible)]
    regression, residuals = solve(rows, outcome, [TREATED, *other])
    place = {when: i + 1 for i, when in enumerate(times)} | {0: 0}
    dealt = np.array([place[when] for when in by_cluster["min"].reindex(list(rows.labels))])
    return _add_up(rows, residuals, list(possible), other), regression, dealt


def _add_up(rows: Arranged, residuals: Floats, possible: list[str], other: list[str]) -> _Deals:
    """Add up; in front of the times that could be dealt stands never, which is nothing."""
    at = {name: i for i, name in enumerate(rows.names)}
    which, rest, own = [at[name] for name in possible], [at[name] for name in other], at[TREATED]
    clusters, products = len(rows.labels), rows.products
    left = add_products(rows.values[:, [*which, *rest]], residuals[:, None], rows.codes, clusters)
    each = np.arange(len(which))

    def after_never(sums: Floats) -> Floats:
        return np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)

    # Other columns at length 1, so that what counts as nothing does not depend on their units.
    length = np.sqrt(np.einsum("gkk->k", products[:, rest][:, :, rest]))
    scale = np.where(length > _NOTHING, length, np.inf)
    others = products[:, rest][:, :, rest] / np.outer(scale, scale)
    return _Deals(
        squares=after_never(products[:, which][:, :, which][:, each, each]),
        with_own=after_never(products[:, which][:, :, own]),
        with_left=after_never(left[:, : len(which), 0]),
        with_other=after_never(products[:, which][:, :, rest] / scale),
        other=others, other_own=products[:, rest][:, :, own] / scale,
        other_left=left[:, len(which) :, 0] / scale, inverse=invert(others.sum(axis=0)),
    )  # fmt: skip


def _stratify(frame: pd.DataFrame, cluster: str, strata: str, labels: tuple[object, ...]) -> Codes:
    of = frame.drop_duplicates([cluster, strata]).set_index(cluster)[strata]
    if not of.index.is_unique or of.isna().any():
        raise ValueError(f"every cluster has one {strata}")
    return pd.factorize(of.reindex(list(labels)))[0].astype(np.int64)


def _work_out(deals: _Deals, dealt: Codes, factor: float, variance: float | None) -> Floats:
    """Give the five numbers of each deal (`inversion`); the outcome less the effect that was found.

    With a `variance` it stands for that of every deal, so that the estimates alone are compared.
    """
    cluster = np.arange(dealt.shape[1])
    with_other = deals.with_other[cluster, dealt]
    # What the other columns say of the treatment dealt, and of the treatment that was.
    slope = np.einsum("bgk,kl->bl", with_other, deals.inverse)
    own_slope = deals.inverse @ deals.other_own.sum(axis=0)
    bent = np.einsum("bk,gkl->bgl", slope, deals.other)
    squares = (deals.squares[cluster, dealt] - 2 * np.einsum("bgk,bk->bg", with_other, slope)
               + np.einsum("bgk,bk->bg", bent, slope))  # fmt: skip
    left = deals.with_left[cluster, dealt] - np.einsum("bk,gk->bg", slope, deals.other_left)
    own = (deals.with_own[cluster, dealt] - np.einsum("bgk,k->bg", with_other, own_slope)
           - np.einsum("bk,gk->bg", slope, deals.other_own)
           + np.einsum("bgk,k->bg", bent, own_slope))  # fmt: skip
    total = squares.sum(axis=1)
    # A deal that cannot be told from the other columns says nothing against the null.
    says = total > _NOTHING * max(float(total.max()), _NOTHING)
    total = np.where(says, total, np.inf)
    moved = [left.sum(axis=1) / total, own.sum(axis=1) / total]
    if variance is not None:
        same = np.where(says, variance, 0.0)
        return np.array([*moved, same, 0 * same, 0 * same])
    errors = [(s - n[:, None] * squares) / total[:, None]
              for s, n in zip((left, own), moved, strict=True)]  # fmt: skip
    spread = [factor * (errors[i] * errors[j]).sum(axis=1) for i, j in ((0, 0), (0, 1), (1, 1))]
    return np.array([*moved, *spread])
