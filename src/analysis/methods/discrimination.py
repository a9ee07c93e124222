"""How well scores tell who will have the event: ranking, calibration, the best few, by group.

All results carry a range of 95 %. Where rows come in clusters (pupils of a school), the range is made
by drawing clusters with replacement: scores of one school share its fate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.special import expit, logit

from analysis.methods import resampling

Floats = NDArray[np.float64]
WIDTH = float(stats.norm.ppf(0.975))
"""Standard errors to each side of a range of 95 %."""
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its range.

    Attributes
    ----------
    estimate, low, high
        The number and its range of 95 %; nan where the data cannot tell.
    n, events
        Rows and events it rests on.
    """

    estimate: float
    low: float
    high: float
    n: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether chances mean what they say.

    Attributes
    ----------
    intercept
        In the large: how much the log-odds would have to be moved; 0 is right.
    slope
        How far apart the log-odds should be; below 1 they are too extreme.
    ratio
        Expected over observed events.
    """

    intercept: Estimate
    slope: Estimate
    ratio: Estimate


@dataclass(frozen=True, slots=True)
class AtCapacity:
    """The first so many by score.

    Attributes
    ----------
    precision
        Share of them that had the event.
    recall
        Share of all events that are among them.
    capacity
        How many they are.
    hits
        Events among them; where equal scores straddle the last place, their mean over all orders.
    """

    precision: Estimate
    recall: Estimate
    capacity: int
    hits: float


def auc(
    outcome: ArrayLike, score: ArrayLike, *, cluster: ArrayLike | None = None,
    rng: np.random.Generator | None = None, draws: int = DRAWS,
) -> Estimate:  # fmt: skip
    """Give the chance that a row with the event has the higher score than one without.

    Equal scores count half. The range is DeLong's (DeLong, DeLong and Clarke-Pearson 1988, by
    midranks: Sun and Xu 2014) on the scale of log-odds; with clusters a bootstrap of clusters.

    Parameters
    ----------
    outcome
        1 where the event happened, else 0.
    score
        Higher means more likely.
    cluster
        Cluster of each row.
    rng, draws
        Source of chance and number of draws of the bootstrap.

    Examples
    --------
    >>> made = auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> made.estimate, made.n, made.events
    (0.75, 4, 2)
    """
    y, s = _pair(outcome, score)
    events = int(y.sum())
    if events in (0, len(y)):
        return Estimate(np.nan, np.nan, np.nan, len(y), events)
    value, variance = _delong(y, s)
    if cluster is None:
        low, high = _on_log_odds(value, variance)
        return Estimate(value, low, high, len(y), events)
    _, ranks = np.unique(s, return_inverse=True)
    low, high = resampling.by_cluster(lambda w: (_weighted_auc(y, ranks, w),), cluster, rng, draws)[
        0
    ]
    return Estimate(value, low, high, len(y), events)


def calibration(
    outcome: ArrayLike, probability: ArrayLike, *, cluster: ArrayLike | None = None
) -> Calibration:
    """Hold chances against what happened.

    Intercept (slope held at 1) and slope of a logit of the outcome on the log-odds of the chances
    (Cox 1958); with clusters by the sandwich with G/(G-1) and t with G-1 degrees. The range of
    expected over observed is on the log scale.

    Parameters
    ----------
    outcome, probability, cluster
        As in `auc`; chances strictly between 0 and 1.
    """
    y, p = _pair(outcome, probability)
    if not ((p > 0) & (p < 1)).all():
        raise ValueError("chances lie strictly between 0 and 1")
    n, events = len(y), int(y.sum())
    none = Estimate(np.nan, np.nan, np.nan, n, events)
    if events in (0, n):
        return Calibration(none, none, none)
    codes = np.arange(n) if cluster is None else pd.factorize(np.asarray(cluster))[0]
    width = WIDTH if cluster is None else float(stats.t.ppf(0.975, max(int(codes.max()), 1)))
    eta = logit(p)
    intercept, by = _logit(y, np.ones((n, 1)), eta, codes)
    slope, spread = _logit(y, np.column_stack([np.ones(n), eta]), np.zeros(n), codes)
    residual = np.bincount(codes, y - p)
    error = np.sqrt((residual**2).sum()) / events
    ratio = float(p.sum() / events)
    return Calibration(
        _around(intercept[0], by[0], width, n, events),
        _around(slope[1], spread[1], width, n, events) if np.ptp(eta) > 1e-9 else none,
        Estimate(ratio, ratio * np.exp(-width * error), ratio * np.exp(width * error), n, events),
    )


def precision_at(
    outcome: ArrayLike, score: ArrayLike, capacity: int, *, cluster: ArrayLike | None = None,
    rng: np.random.Generator | None = None, draws: int = DRAWS,
) -> AtCapacity:  # fmt: skip
    """Give precision and recall of the `capacity` rows with the highest scores.

    The range is Wilson's; with clusters a bootstrap of clusters, in which the same share of rows is
    taken.

    Parameters
    ----------
    outcome, score, cluster, rng, draws
        As in `auc`.
    capacity
        How many can be looked at; all where there are fewer.

    Examples
    --------
    Two of the four best had the event; of the two equal scores at the end half counts:

    >>> made = precision_at([1, 0, 1, 0, 1], [5, 4, 3, 2, 2], 4)
    >>> made.precision.estimate, made.recall.estimate, made.hits
    (0.625, 0.8333333333333334, 2.5)
    """
    y, s = _pair(outcome, score)
    if capacity < 1:
        raise ValueError("the capacity is at least one")
    n, events, capacity = len(y), int(y.sum()), min(capacity, len(y))
    taken = _take(s, capacity)
    hits = float(taken @ y)
    if cluster is None:
        precision = Estimate(hits / capacity, *wilson(hits, capacity), capacity, events)
        recall = Estimate(_ratio(hits, events), *wilson(hits, events), n, events)
        return AtCapacity(precision, recall, capacity, hits)

    order = np.argsort(-s, kind="stable")

    def both(weight: Floats) -> tuple[float, float]:
        share = _take_weighted(s, weight, capacity / n, order)
        found = float((share * weight) @ y)
        return _ratio(found, float(share @ weight)), _ratio(found, float(weight @ y))

    ranges = resampling.by_cluster(both, cluster, rng, draws)
    precision = Estimate(hits / capacity, *ranges[0], capacity, events)
    recall = Estimate(_ratio(hits, events), *ranges[1], n, events)
    return AtCapacity(precision, recall, capacity, hits)


def compare_precision_at(
    outcome: ArrayLike, score: ArrayLike, other: ArrayLike, capacity: int, *, cluster: ArrayLike,
    rng: np.random.Generator, draws: int = DRAWS,
) -> Estimate:  # fmt: skip
    """Give how much higher the precision at a capacity is by one score than by another.

    Both are judged on the same draws of clusters.

    Parameters
    ----------
    outcome, score, other, capacity, cluster, rng, draws
        As in `precision_at`.
    """
    y, s = _pair(outcome, score)
    t = np.asarray(other, dtype=float)
    n, capacity = len(y), min(capacity, len(y))
    orders = [np.argsort(-values, kind="stable") for values in (s, t)]

    def gain(weight: Floats) -> float:
        found = []
        for values, order in zip((s, t), orders, strict=True):
            share = _take_weighted(values, weight, capacity / n, order) * weight
            found.append(_ratio(float(share @ y), float(share.sum())))
        return found[0] - found[1]

    value = float((_take(s, capacity) - _take(t, capacity)) @ y) / capacity
    low, high = resampling.by_cluster(lambda w: (gain(w),), cluster, rng, draws)[0]
    return Estimate(value, low, high, n, int(y.sum()))


def group_errors(
    outcome: ArrayLike, flagged: ArrayLike, group: ArrayLike, *, least: int = 10
) -> pd.DataFrame:
    """Give the errors of a selection by group.

    Parameters
    ----------
    outcome
        1 where the event happened, else 0.
    flagged
        Whether a row was selected.
    group
        Group of each row.
    least
        Rates of fewer rows than this are not told.

    Returns
    -------
    pandas.DataFrame
        One row a group and ``rate`` (``false_positive``, ``false_negative``, ``precision``,
        ``selected``), with ``estimate``, ``low``, ``high`` (Wilson), ``part`` and ``whole``, and
        ``hidden`` where the whole is smaller than `least`.
    """
    y, f = _pair(outcome, flagged)
    groups = pd.Series(np.asarray(group)).reset_index(drop=True)
    rows = []
    for name in sorted(groups.dropna().unique()):
        at = (groups == name).to_numpy()
        event, chosen = y[at] == 1, f[at] == 1
        for rate, part, whole in (
            ("false_positive", (chosen & ~event).sum(), (~event).sum()),
            ("false_negative", (~chosen & event).sum(), event.sum()),
            ("precision", (chosen & event).sum(), chosen.sum()),
            ("selected", chosen.sum(), at.sum()),
        ):
            hidden = bool(whole < least)
            low, high = (np.nan, np.nan) if hidden else wilson(float(part), float(whole))
            value = np.nan if hidden else float(part / whole)
            rows.append((name, rate, value, low, high, int(part), int(whole), hidden))
    names = ["group", "rate", "estimate", "low", "high", "part", "whole", "hidden"]
    return pd.DataFrame(rows, columns=names)


def wilson(part: float, whole: float) -> tuple[float, float]:
    """Give Wilson's range of a share (Wilson 1927).

    >>> [round(end, 4) for end in wilson(0, 10)], [round(end, 4) for end in wilson(5, 10)]
    ([0.0, 0.2775], [0.2366, 0.7634])
    """
    if whole <= 0:
        return np.nan, np.nan
    share, z2 = part / whole, WIDTH**2
    centre = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    half = WIDTH / (1 + z2 / whole) * np.sqrt(share * (1 - share) / whole + z2 / (4 * whole**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _pair(outcome: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    y, s = np.asarray(outcome, dtype=float), np.asarray(score, dtype=float)
    if y.shape != s.shape or y.ndim != 1 or not len(y):
        raise ValueError("outcome and score are of the same rows, and at least one")
    if not np.isin(y, (0, 1)).all() or not np.isfinite(s).all():
        raise ValueError("outcomes are 0 or 1, and every score is a number")
    return y, s


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _around(value: float, error: float, width: float, n: int, events: int) -> Estimate:
    return Estimate(
        float(value), float(value - width * error), float(value + width * error), n, events
    )


def _delong(y: Floats, s: Floats) -> tuple[float, float]:
    positive, negative = s[y == 1], s[y == 0]
    m, n = len(positive), len(negative)
    among = stats.rankdata(s)
    of_positive = (among[y == 1] - stats.rankdata(positive)) / n
    of_negative = 1 - (among[y == 0] - stats.rankdata(negative)) / m
    value = float(of_positive.mean())
    variance = 0.0
    for parts in (of_positive, of_negative):
        variance += float(parts.var(ddof=1)) / len(parts) if len(parts) > 1 else np.nan
    return value, variance


def _on_log_odds(value: float, variance: float) -> tuple[float, float]:
    if not 0 < value < 1 or not variance > 0:
        return np.nan, np.nan
    half = WIDTH * np.sqrt(variance) / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))


def _weighted_auc(y: Floats, ranks: NDArray[np.intp], weight: Floats) -> float:
    positive = np.bincount(ranks, weight * y)
    negative = np.bincount(ranks, weight * (1 - y), minlength=len(positive))
    below = np.cumsum(negative) - negative / 2
    return _ratio(float(positive @ below), float(positive.sum() * negative.sum()))


def _take(s: Floats, capacity: int) -> Floats:
    """Give the share of each row that is among the first: 1, 0, or a part where scores tie."""
    limit = np.partition(s, len(s) - capacity)[len(s) - capacity]
    above, at = s > limit, s == limit
    return np.where(at, (capacity - above.sum()) / at.sum(), above.astype(float))


def _take_weighted(s: Floats, weight: Floats, share: float, order: NDArray[np.intp]) -> Floats:
    """Give the share of each row that is among the first `share` of all rows by weight."""
    sorted_scores = s[order]
    total = np.cumsum(weight[order])
    capacity = share * total[-1]
    first = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    ends = total[np.r_[first[1:] - 1, len(s) - 1]]
    starts = np.r_[0.0, ends[:-1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((capacity - starts) / (ends - starts), 0, 1)
    part = np.where(ends > starts, part, 0.0)
    taken = np.empty(len(s))
    taken[order] = np.repeat(part, np.diff(np.r_[first, len(s)]))
    return taken


def _logit(y: Floats, x: Floats, offset: Floats, codes: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Fit a small logit by Newton's method, with the sandwich by cluster."""
    params = np.zeros(x.shape[1])
    for _ in range(50):
        p = expit(offset + x @ params)
        information = (x * (p * (1 - p))[:, None]).T @ x
        step = np.linalg.lstsq(information, x.T @ (y - p), rcond=None)[0]
        params = params + step
        if float(np.abs(step).max()) < 1e-10:
            break
    p = expit(offset + x @ params)
    bread = np.linalg.pinv((x * (p * (1 - p))[:, None]).T @ x)
    groups = int(codes.max()) + 1
    sums = np.zeros((groups, x.shape[1]))
    np.add.at(sums, codes, x * (y - p)[:, None])
    covariance = groups / max(groups - 1, 1) * bread @ (sums.T @ sums) @ bread
    return params, np.sqrt(np.diag(covariance))
