"""The same hazard from parts that do not fit into memory together, or lie on several machines.

A pass adds up small sums (`Sums`): Newton's method needs nothing else. Sums of parts add up to the
sums of the whole, so that each part may be read anywhere. The errors by cluster take one more pass,
in which a cluster may lie in several parts. Where covariates take few values or belong to the cluster,
parts are read twice, once for their values and once into places (`places`), over which the passes go;
else every pass reads them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.methods.hazard import axes, columns, likelihood
from analysis.methods.hazard.columns import Floats
from analysis.methods.hazard.fitted import ErrorKind, Fit
from analysis.methods.hazard.likelihood import Link
from analysis.methods.hazard.places import Places

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
    room: Path | None = None,
) -> Fit:
    """Fit the hazard of one kind of end from parts read one after the other, several times.

    Parameters
    ----------
    parts
        Gives all parts anew each time it is called.
    event, period, covariates, cluster, link, counts
        As in `discrete.fit`, with the same estimates and errors; errors by cluster are ``CR1``
        however few they are.
    room
        Folder for a nameless file of places where they are many; else that of the system.

    Examples
    --------
    >>> rows = pd.DataFrame({"year": [1] * 4 + [2] * 3, "left": [1, 0, 0, 0, 1, 0, 0]})
    >>> halves = lambda: [rows[::2], rows[1::2]]
    >>> fit_parts(halves, event="left", period="year").params.round(4).to_dict()
    {'year[1]': -1.0986, 'year[2]': -0.6931}
    """
    asked = Question(event, period, tuple(covariates), cluster, link, counts)
    seen, values = _look_at_all(parts, asked)
    levels = {name: sorted(found) for name, found in seen.levels.items()}
    names = columns.name_estimates(asked.covariates, period=period, levels=levels)
    clusters = sorted(seen.clusters) if cluster is not None else None
    if clusters is not None and len(clusters) < 2:
        raise UsageError(
            "只有一个群组，无法按群组计算误差", "errors by cluster need at least two clusters"
        )
    found = axes.find(asked.covariates, levels, clusters, values, period=period, cluster=cluster)
    start = np.zeros(len(names))
    start[: len(levels[period])] = likelihood.level(seen.events / seen.rows, link)
    reading = (
        _Streamed(parts, asked, levels) if found is None else _Placed(parts, asked, found, room)
    )
    with closing(reading):
        params, total = _solve(reading, names, start)
        kind: ErrorKind = "information"
        covariance = likelihood.inverse(total.expected, names)
        if clusters is not None:
            bread = likelihood.inverse(reading.observe(params, total), names)
            kind = "CR1"
            covariance = likelihood.sandwich(bread, reading.score_clusters(params), seen.rows)
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
    expected = likelihood.information(x, eta, weight, asked.link)
    logit = asked.link == "logit"
    return Sums(
        deviance=likelihood.deviance(outcome, eta, weight, asked.link),
        gradient=likelihood.gradient(x, outcome, eta, weight, asked.link),
        expected=expected,
        observed=expected if logit else likelihood.observed(x, outcome, eta, weight, asked.link),
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
    each = likelihood.scores(x, outcome, x @ params, weight, asked.link)
    codes, found = pd.factorize(frame[asked.cluster], sort=True)
    return pd.DataFrame(likelihood.sum_by(codes, each), index=found)


def add_clusters(sums: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up the scores of clusters over parts."""
    return pd.concat(list(sums)).groupby(level=0).sum()


def _sum(each: Iterable[Sums]) -> Sums:
    total: Sums | None = None
    for sums in each:
        total = sums if total is None else total + sums
    if total is None:
        raise UsageError("没有数据", "there are no rows")
    return total


def _filled(parts: Parts) -> Iterator[pd.DataFrame]:
    return (part for part in parts() if len(part))


def _look_at_all(parts: Parts, asked: Question) -> tuple[Seen, axes.Values]:
    seen: Seen | None = None
    values: axes.Values | None = None
    for part in _filled(parts):
        more = see(part, asked)
        own = axes.look(part, asked.covariates, asked.cluster)
        seen = more if seen is None else seen + more
        values = own if values is None else values + own
    if seen is None or values is None or not seen.rows:
        raise UsageError("没有数据", "there are no rows")
    return seen, values


class _Reading(Protocol):
    """How a pass over all rows is made."""

    def look(self, params: Floats) -> Sums: ...
    def observe(self, params: Floats, total: Sums) -> Floats: ...
    def score_clusters(self, params: Floats) -> Floats: ...
    def close(self) -> None: ...


class _Streamed:
    """Every pass reads all parts anew: for covariates of any values."""

    def __init__(self, parts: Parts, asked: Question, levels: Mapping[str, Sequence[Any]]) -> None:
        self._parts, self._asked, self._levels = parts, asked, levels

    def look(self, params: Floats) -> Sums:
        return _sum(
            add_up(part, self._asked, self._levels, params) for part in _filled(self._parts)
        )

    def observe(self, params: Floats, total: Sums) -> Floats:
        return total.observed

    def score_clusters(self, params: Floats) -> Floats:
        by_cluster = pd.DataFrame()
        for part in _filled(self._parts):
            own = score_clusters(part, self._asked, self._levels, params)
            by_cluster = add_clusters([by_cluster, own])
        return by_cluster.to_numpy()

    def close(self) -> None:
        """Nothing is held."""


class _Placed:
    """Parts are read once more, into places on axes; passes go over these."""

    def __init__(
        self, parts: Parts, asked: Question, found: Sequence[axes.Axis], room: Path | None
    ) -> None:
        self._link = asked.link
        self._most = np.max([np.abs(axis.table).max(axis=0) for axis in found], axis=0)
        self._places = Places(found, room=room)
        for part in _filled(parts):
            outcome = part[asked.event].to_numpy(dtype=float)
            self._places.add(part, outcome, asked.weight(part))

    def look(self, params: Floats) -> Sums:
        deviance, gradient, expected = self._places.add_up(params, self._link)
        return Sums(deviance, gradient, expected, expected, self._most)

    def observe(self, params: Floats, total: Sums) -> Floats:
        if self._link == "logit":
            return total.expected
        return self._places.observe(params, self._link)

    def score_clusters(self, params: Floats) -> Floats:
        return self._places.score_clusters(params, self._link)

    def close(self) -> None:
        self._places.close()


def _solve(reading: _Reading, names: Sequence[str], start: Floats) -> tuple[Floats, Sums]:
    """Newton's method; a step that makes things worse is halved, which costs a pass."""
    params = start
    total = reading.look(params)
    for _ in range(_STEPS):
        step = likelihood.inverse(total.expected, names) @ total.gradient
        new = reading.look(params + step)
        while not new.deviance <= total.deviance * (1 + 1e-14) and np.abs(step).max() > 1e-9:
            step = step / 2
            new = reading.look(params + step)
        params, total = params + step, new
        likelihood.refuse_endless(names, params, total.most)
        if float(np.abs(step).max()) < 1e-9:
            break
    return params, total
