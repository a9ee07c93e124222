"""Discrete-time hazards: a binary model by period, fitted by iteratively reweighted least squares.

Every row is a unit at risk in a period. The likelihood of the rows is that of the times (Singer and
Willett 2003, chapters 10 to 12; Allison 1982), so a logit or a complementary log-log of the event on
marks of the periods and covariates is all there is. Rows may be cells with counts; nothing changes.

Errors: from the information matrix, or by clusters (Liang and Zeger 1986) with the factor
G/(G-1) · (N-1)/(N-K) (``CR1``); with fewer than `FEW` clusters the jackknife over clusters (``CV3``,
MacKinnon, Nielsen and Webb 2023), unless some estimate rests on one cluster alone. Intervals of
errors by cluster use t with G-1 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from analysis.errors import UsageError
from analysis.methods.hazard import columns
from analysis.methods.hazard.columns import Columns, Floats

Link = Literal["logit", "cloglog"]
ErrorKind = Literal["information", "CR1", "CV3"]

FEW = 30
"""With fewer clusters than this the jackknife takes the place of the sandwich."""
_STEPS, _SMALL = 50, 1e-12
_BLOCK = 8192
_FAR = 30.0
"""A linear predictor beyond this is a chance of 0 or 1: the estimates have no end."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    params, se
        Estimates and their errors, by name: ``period[level]`` for periods, ``column`` or
        ``column[level]`` for covariates.
    covariance
        Of the estimates; `se` are the roots of its diagonal.
    se_kind
        ``information``, ``CR1`` or ``CV3``.
    deviance
        Minus twice the log-likelihood.
    link
        ``logit`` or ``cloglog``.
    rows, cells, clusters
        Rows that the data stand for, rows that were given, clusters (0 without).
    """

    params: pd.Series
    se: pd.Series
    covariance: pd.DataFrame
    se_kind: ErrorKind
    deviance: float
    link: Link
    rows: int
    cells: int
    clusters: int

    def interval(self, level: float = 0.95) -> pd.DataFrame:
        """Give ``low`` and ``high`` by name: normal, or t with one degree less than clusters."""
        spread = stats.t(self.clusters - 1) if self.clusters else stats.norm
        width = spread.ppf((1 + level) / 2) * self.se
        return pd.DataFrame({"low": self.params - width, "high": self.params + width})


def fit(
    frame: pd.DataFrame,
    *,
    event: str,
    period: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    link: Link = "logit",
    counts: str | None = None,
) -> Fit:
    """Fit the discrete-time hazard of one kind of end.

    Parameters
    ----------
    frame
        One row a unit and period at risk, or one a cell with `counts`.
    event
        Column that is 1 where it ended, else 0.
    period
        Column of periods: each gets a level of its own, there is no intercept.
    covariates
        Numeric columns as they are; others as marks against their first value.
    cluster
        Column within whose values rows depend on one another.
    link
        ``logit``: odds; ``cloglog``: hazards of a continuous time seen in steps.
    counts
        Column of how many rows each row stands for.

    Raises
    ------
    UsageError
        If values are missing, or a column cannot be told from the others or from the event.

    Examples
    --------
    The level of a period is the logit of the share that ended in it:

    >>> rows = pd.DataFrame({"year": [1] * 4 + [2] * 3, "left": [1, 0, 0, 0, 1, 0, 0]})
    >>> fit(rows, event="left", period="year").params.round(4).to_dict()
    {'year[1]': -1.0986, 'year[2]': -0.6931}
    """
    columns.refuse_outcomes(frame, event, cluster, counts)
    made = columns.make(frame, covariates, period=period)
    outcome = frame[event].to_numpy(dtype=float)
    weight = frame[counts].to_numpy(dtype=float) if counts else np.ones(len(frame))
    params = _solve(made, outcome, weight, link)
    eta = made.matrix @ params
    expected = information(made.matrix, eta, weight, link)
    clusters = 0
    kind: ErrorKind = "information"
    covariance = inverse(expected, made.names)
    if cluster is not None:
        codes, levels = pd.factorize(frame[cluster], sort=True)
        clusters = len(levels)
        if clusters < 2:
            raise UsageError(
                "只有一个群组，无法按群组计算误差", "errors by cluster need at least two clusters"
            )
        away = _leave_out(made, outcome, weight, link, codes, clusters) if clusters < FEW else None
        if away is not None:
            kind, spread = "CV3", away - params
            covariance = (clusters - 1) / clusters * spread.T @ spread
        else:
            kind, each = "CR1", scores(made.matrix, outcome, eta, weight, link)
            bread = inverse(observed(made.matrix, outcome, eta, weight, link), made.names)
            covariance = sandwich(bread, sum_by(codes, each), weight.sum())
    names = list(made.names)
    return Fit(
        params=pd.Series(params, index=names),
        se=pd.Series(np.sqrt(np.diag(covariance)), index=names),
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        se_kind=kind,
        deviance=deviance(outcome, eta, weight, link),
        link=link,
        rows=int(weight.sum()),
        cells=len(frame),
        clusters=clusters,
    )


def fit_competing(
    frame: pd.DataFrame,
    *,
    exit: str,
    stays: str,
    period: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    link: Link = "logit",
    counts: str | None = None,
) -> dict[str, Fit]:
    """Fit the hazard of each kind of end, each against those who stay (Begg and Gray 1984).

    Parameters
    ----------
    frame, period, covariates, cluster, link, counts
        As in `fit`.
    exit, stays
        Column of how the period ended, and its value for those who stay.
    """
    made = {}
    for kind in sorted(set(frame[exit]) - {stays}):
        seen = frame[frame[exit].isin([stays, kind])]
        seen = seen.assign(**{exit: (seen[exit] == kind).astype(float)})
        made[kind] = fit(seen, event=exit, period=period, covariates=covariates, cluster=cluster,
                         link=link, counts=counts)  # fmt: skip
    return made


def chances(eta: Floats, link: Link) -> Floats:
    """Give the chance of the event for linear predictors.

    >>> chances(np.zeros(1), "logit"), chances(np.zeros(1), "cloglog").round(4)
    (array([0.5]), array([0.6321]))
    """
    return np.asarray(expit(eta) if link == "logit" else -np.expm1(-np.exp(eta)), dtype=float)


def _solve(made: Columns, outcome: Floats, weight: Floats, link: Link) -> Floats:
    """Newton's method with expected information; the step is halved where it makes things worse."""
    x = made.matrix
    most = np.abs(x).max(axis=0)
    # The marks of the periods add up to one, so that this gives every row the same chance.
    params = np.zeros(x.shape[1])
    params[: made.periods] = level(float(weight @ outcome / weight.sum()), link)
    last = deviance(outcome, x @ params, weight, link)
    for _ in range(_STEPS):
        eta = x @ params
        slope = gradient(x, outcome, eta, weight, link)
        step = inverse(information(x, eta, weight, link), made.names) @ slope
        new, now = params + step, np.inf
        for _ in range(30):
            now = deviance(outcome, x @ new, weight, link)
            if now <= last * (1 + 1e-14):
                break
            step = step / 2
            new = params + step
        done = float(np.abs(step).max()) < 1e-9 and abs(last - now) <= _SMALL * (1 + abs(now))
        params, last = new, now
        refuse_endless(made.names, params, most)
        if done:
            break
    return params


def level(share: float, link: Link) -> float:
    """Give the linear predictor of a share of events, never endless: a start that is near."""
    share = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(share / (1 - share)) if link == "logit" else np.log(-np.log1p(-share)))


def refuse_endless(names: Sequence[str], params: Floats, most: Floats) -> None:
    """Refuse estimates that run away: a column that tells the event by itself.

    `most` is the largest size of each column.
    """
    reach = np.abs(params) * most
    wrong = [name for name, far in zip(names, reach, strict=True) if far > _FAR]
    if wrong:
        raise UsageError(
            f"这些列的取值中没有发生（或全部发生）所研究的事件，无法估计：{'、'.join(wrong)}",
            "the event never or always happens for a value of these, so they cannot be estimated: "
            f"{', '.join(wrong)}",
        )


def _parts(outcome: Floats, eta: Floats, link: Link) -> tuple[Floats, Floats]:
    """Give, for each row, the score and the expected information of its linear predictor."""
    p = chances(eta, link)
    if link == "logit":
        return outcome - p, p * (1 - p)
    # d p / d eta, and the variance of the outcome.
    slope = np.exp(eta - np.exp(eta))
    variance = np.maximum(p * (1 - p), 1e-300)
    return (outcome - p) * slope / variance, slope**2 / variance


def scores(x: Floats, outcome: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the score of each row. Shape (rows, estimates)."""
    score, _ = _parts(outcome, eta, link)
    return x * (weight * score)[:, None]


def gradient(x: Floats, outcome: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the score of all rows together. Shape (estimates,)."""
    score, _ = _parts(outcome, eta, link)
    return np.asarray((weight * score) @ x)


def information(x: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the expected information. Shape (estimates, estimates)."""
    _, each = _parts(np.zeros(len(eta)), eta, link)
    return _squares(x, weight * each)


def observed(x: Floats, outcome: Floats, eta: Floats, weight: Floats, link: Link) -> Floats:
    """Give the observed information; for a logit it is the expected one."""
    if link == "logit":
        return information(x, eta, weight, link)
    risk = np.exp(np.clip(eta, -20, 30))
    # The second derivative of log(1 - exp(-risk)); by its limit where the risk is tiny.
    with np.errstate(over="ignore", invalid="ignore"):
        more = np.expm1(risk)
        exact = risk * (risk * np.exp(risk) - more) / more**2
    of_event = np.where(risk < 1e-5, risk / 2, np.nan_to_num(exact))
    bend = np.where(outcome > 0, of_event, risk)
    return _squares(x, weight * bend)


def _squares(x: Floats, weight: Floats) -> Floats:
    """Give the weighted sums of squares and products, block by block: a block fits the cache."""
    total = np.zeros((x.shape[1], x.shape[1]))
    root = np.sqrt(weight)[:, None]
    for start in range(0, len(x), _BLOCK):
        part = x[start : start + _BLOCK] * root[start : start + _BLOCK]
        total += part.T @ part
    return total


def inverse(matrix: Floats, names: Sequence[str]) -> Floats:
    """Invert an information matrix, or name the columns that determine one another."""
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(scaled)
    if values[0] <= 1e-10 * values[-1]:
        share = vectors[:, 0] ** 2
        wrong = [name for name, part in zip(names, share, strict=True) if part > 0.05]
        raise UsageError(
            f"这些列互相完全决定，无法分别估计：{'、'.join(wrong)}",
            f"these columns determine one another and cannot be told apart: {', '.join(wrong)}",
        )
    return np.linalg.inv(scaled) / np.outer(scale, scale)


def deviance(outcome: Floats, eta: Floats, weight: Floats, link: Link) -> float:
    """Give minus twice the log-likelihood; infinite where it has no number."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if link == "logit":
            terms = outcome * eta - np.logaddexp(0, eta)
        else:
            risk = np.exp(eta)
            terms = np.where(outcome > 0, np.log(-np.expm1(-risk)), -risk)
    total = float(weight @ terms)
    return -2 * total if np.isfinite(total) else np.inf


def sum_by(codes: NDArray[np.intp], each: Floats) -> Floats:
    """Add up rows by code. Shape (codes, columns)."""
    return np.column_stack([np.bincount(codes, column) for column in each.T])


def sandwich(bread: Floats, sums: Floats, rows: float) -> Floats:
    """Give the covariance by clusters from the sums of their scores (``CR1``).

    Shapes (estimates, estimates), (clusters, estimates).
    """
    clusters, estimates = sums.shape
    factor = clusters / (clusters - 1) * (rows - 1) / (rows - estimates)
    return factor * bread @ (sums.T @ sums) @ bread


def _leave_out(
    made: Columns, outcome: Floats, weight: Floats, link: Link, codes: NDArray[np.intp],
    clusters: int,
) -> Floats | None:  # fmt: skip
    """Estimate without each cluster in turn; none where one of them alone tells an estimate.

    Shape (clusters, estimates).
    """
    try:
        return np.array(
            [
                _solve(made, outcome, weight * (codes != cluster), link)
                for cluster in range(clusters)
            ]
        )
    except UsageError:
        return None
