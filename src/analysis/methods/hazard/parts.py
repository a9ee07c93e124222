"""The same hazard from parts that do not fit into memory together, or lie on several machines.

Each pass reads every part once and adds up small sums (`Sums`): Newton's method needs nothing else.
Sums of parts add up to the sums of the whole, so that each part may be read anywhere. The errors by
cluster take one more pass, in which a cluster may lie in several parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.methods.hazard import columns, discrete
from analysis.methods.hazard.columns import Floats
from analysis.methods.hazard.discrete import Fit, Link

Parts = Callable[[], Iterable[pd.DataFrame]]
_STEPS = 60
_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every part: as in `discrete.fit`."""

    event: str
    period: str
    covariates: tuple[str, ...] = ()
    cluster: str | None = None
    link: Link = "logit"
    counts: str | None = None

    def weight(self, frame: pd.DataFrame) -> Floats:
        if self.counts is None:
            return np.ones(len(frame))
        return frame[self.counts].to_numpy(dtype=float)


@dataclass(frozen=True, slots=True)
class Seen:
    """What occurs in parts: values of periods and categories, clusters, rows and events."""

    levels: Mapping[str, frozenset[Any]]
    clusters: frozenset[Any]
    rows: float
    cells: int
    events: float

    def __add__(self, other: Seen) -> Seen:
        levels = {name: values | other.levels[name] for name, values in self.levels.items()}
        return Seen(levels, self.clusters | other.clusters, self.rows + other.rows,
                    self.cells + other.cells, self.events + other.events)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sums:
    """The likelihood of parts at one place of the estimates, with slope and curvature.

    Attributes
    ----------
    deviance, gradient, expected, observed
        Minus twice the log-likelihood, score, expected and observed information.
    most
        Largest size of each column.
    """

    deviance: float
    gradient: Floats
    expected: Floats
    observed: Floats
    most: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.deviance + other.deviance,
            self.gradient + other.gradient,
            self.expected + other.expected,
            self.observed + other.observed,
            np.maximum(self.most, other.most),
        )


def fit_parts(
    parts: Parts,
    *,
    event: str,
    period: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    link: Link = "logit",
    counts: str | None = None,
) -> Fit:
    """Fit the hazard of one kind of end from parts read one after the other, several times.

    Parameters
    ----------
    parts
        Gives all parts anew each time it is called.
    event, period, covariates, cluster, link, counts
        As in `discrete.fit`, with the same estimates and errors; errors by cluster are ``CR1``
        however few they are.

    Examples
    --------
    >>> rows = pd.DataFrame({"year": [1] * 4 + [2] * 3, "left": [1, 0, 0, 0, 1, 0, 0]})
    >>> halves = lambda: [rows[::2], rows[1::2]]
    >>> fit_parts(halves, event="left", period="year").params.round(4).to_dict()
    {'year[1]': -1.0986, 'year[2]': -0.6931}
    """
    asked = Question(event, period, tuple(covariates), cluster, link, counts)
    seen = _total(see(part, asked) for part in parts())
    levels = {name: sorted(values) for name, values in seen.levels.items()}
    params, total, names = _solve(parts, asked, levels, seen)
    kind: discrete.ErrorKind = "information"
    covariance = discrete.inverse(total.expected, names)
    if cluster is not None:
        if len(seen.clusters) < 2:
            raise UsageError(
                "只有一个群组，无法按群组计算误差", "errors by cluster need at least two clusters"
            )
        kind, by_cluster = "CR1", pd.DataFrame()
        for part in parts():
            by_cluster = add_clusters([by_cluster, score_clusters(part, asked, levels, params)])
        bread = discrete.inverse(total.observed, names)
        covariance = discrete.sandwich(bread, by_cluster.to_numpy(), seen.rows)
    return Fit(
        params=pd.Series(params, index=names),
        se=pd.Series(np.sqrt(np.diag(covariance)), index=names),
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        se_kind=kind,
        deviance=total.deviance,
        link=link,
        rows=int(seen.rows),
        cells=seen.cells,
        clusters=len(seen.clusters),
    )


def see(frame: pd.DataFrame, asked: Question) -> Seen:
    """Say what occurs in a part."""
    columns.refuse_outcomes(frame, asked.event, asked.cluster, asked.counts)
    levels = columns.find_levels(frame, asked.covariates, period=asked.period)
    weight = asked.weight(frame)
    clusters = frozenset(frame[asked.cluster].unique()) if asked.cluster else frozenset()
    events = float(weight @ frame[asked.event].to_numpy(dtype=float))
    return Seen({name: frozenset(values) for name, values in levels.items()}, clusters,
                float(weight.sum()), len(frame), events)  # fmt: skip


def add_up(
    frame: pd.DataFrame, asked: Question, levels: Mapping[str, Sequence[Any]], params: Floats
) -> Sums:
    """Give the sums of a part at one place of the estimates."""
    return _sum(_add_block(block, asked, levels, params) for block in _blocks(frame))


def _blocks(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Cut a part, so that its matrix never stands in memory whole."""
    for start in range(0, len(frame), _BLOCK):
        yield frame.iloc[start : start + _BLOCK]


def _add_block(
    frame: pd.DataFrame, asked: Question, levels: Mapping[str, Sequence[Any]], params: Floats
) -> Sums:
    x = columns.make(frame, asked.covariates, period=asked.period, levels=levels).matrix
    outcome, weight = frame[asked.event].to_numpy(dtype=float), asked.weight(frame)
    eta = x @ params
    expected = discrete.information(x, eta, weight, asked.link)
    logit = asked.link == "logit"
    return Sums(
        deviance=discrete.deviance(outcome, eta, weight, asked.link),
        gradient=discrete.gradient(x, outcome, eta, weight, asked.link),
        expected=expected,
        observed=expected if logit else discrete.observed(x, outcome, eta, weight, asked.link),
        most=np.abs(x).max(axis=0, initial=0.0),
    )


def score_clusters(
    frame: pd.DataFrame, asked: Question, levels: Mapping[str, Sequence[Any]], params: Floats
) -> pd.DataFrame:
    """Add up the scores of each cluster of a part, one row a cluster."""
    return add_clusters(_score_block(block, asked, levels, params) for block in _blocks(frame))


def _score_block(
    frame: pd.DataFrame, asked: Question, levels: Mapping[str, Sequence[Any]], params: Floats
) -> pd.DataFrame:
    x = columns.make(frame, asked.covariates, period=asked.period, levels=levels).matrix
    outcome, weight = frame[asked.event].to_numpy(dtype=float), asked.weight(frame)
    each = discrete.scores(x, outcome, x @ params, weight, asked.link)
    codes, found = pd.factorize(frame[asked.cluster], sort=True)
    return pd.DataFrame(discrete.sum_by(codes, each), index=found)


def add_clusters(sums: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up the scores of clusters over parts."""
    return pd.concat(list(sums)).groupby(level=0).sum()


def _total(seen: Iterable[Seen]) -> Seen:
    first, *rest = seen
    return sum(rest, first)


def _sum(each: Iterable[Sums]) -> Sums:
    total: Sums | None = None
    for sums in each:
        total = sums if total is None else total + sums
    if total is None:
        raise UsageError("没有数据", "there are no rows")
    return total


def _solve(
    parts: Parts, asked: Question, levels: Mapping[str, Sequence[Any]], seen: Seen
) -> tuple[Floats, Sums, list[str]]:
    """Newton's method; a step that makes things worse is halved, which costs a pass."""
    first = next(iter(parts()))
    made = columns.make(first.head(1), asked.covariates, period=asked.period, levels=levels)
    names = list(made.names)
    params = np.zeros(len(names))
    params[: len(levels[asked.period])] = discrete.level(seen.events / seen.rows, asked.link)

    def look(at: Floats) -> Sums:
        return _sum(add_up(part, asked, levels, at) for part in parts() if len(part))

    total = look(params)
    for _ in range(_STEPS):
        step = discrete.inverse(total.expected, names) @ total.gradient
        new = look(params + step)
        while not new.deviance <= total.deviance * (1 + 1e-14) and np.abs(step).max() > 1e-9:
            step = step / 2
            new = look(params + step)
        params, total = params + step, new
        discrete.refuse_endless(names, params, total.most)
        if float(np.abs(step).max()) < 1e-9:
            break
    return params, total, names
