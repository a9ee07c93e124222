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

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.hazard import columns, parts
from analysis.methods.hazard.columns import Columns, Floats
from analysis.methods.hazard.fitted import ErrorKind, Fit
from analysis.methods.hazard.likelihood import (
    Link,
    deviance,
    gradient,
    information,
    inverse,
    level,
    observed,
    refuse_endless,
    sandwich,
    scores,
    sum_by,
)

FEW = 30
"""With fewer clusters than this the jackknife takes the place of the sandwich."""
_STEPS, _SMALL = 50, 1e-12
_MANY = 200_000
"""From so many rows on, columns of few values are summed up instead of written out (`parts`)."""


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
    if len(frame) >= _MANY and (cluster is None or frame[cluster].nunique() >= FEW):
        cut = [frame.iloc[at : at + _MANY] for at in range(0, len(frame), _MANY)]
        return parts.fit_parts(lambda: cut, event=event, period=period, covariates=covariates,
                               cluster=cluster, link=link, counts=counts)  # fmt: skip
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
