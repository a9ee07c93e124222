r"""A logit with a normal intercept for each group, by adaptive Gauss-Hermite quadrature.

For group :math:`j` the likelihood is :math:`\int \prod_i p_{ij}(u) \varphi(u) du` with
:math:`\operatorname{logit} p_{ij}(u) = x_{ij}'\beta + \sigma u`. The nodes are put around the mode of
each group's integrand and scaled by its curvature (Pinheiro and Bates 1995). Score and information
of the marginal likelihood follow from the weights of the nodes (Fisher's and Louis' identities,
Louis 1982), so that Newton's method and the errors use the same matrix: no error is taken as known,
that of :math:`\sigma` included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logsumexp

from analysis.errors import UsageError
from analysis.methods.hazard import columns
from analysis.methods.hazard.columns import Floats

_STEPS = 100
_NO_SPREAD = 1e-4
"""A standard deviation below this is none."""
_ROWS = 4096
"""So many rows are looked at in one go: with 15 nodes half a megabyte an array."""


@dataclass(frozen=True, slots=True)
class RandomIntercept:
    """A fitted model.

    Attributes
    ----------
    params, se, covariance
        Of the fixed part, by name.
    sd, sd_se
        Standard deviation of the intercepts and its error; 0 and nan where groups do not differ.
    deviance
        Minus twice the marginal log-likelihood.
    groups
        The intercept of each group: ``mode`` and ``se`` of its own distribution given the data,
        shrunken towards 0.
    points
        Nodes of the quadrature.
    """

    params: pd.Series
    se: pd.Series
    covariance: pd.DataFrame
    sd: float
    sd_se: float
    deviance: float
    groups: pd.DataFrame
    points: int

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Give the chance for rows of a group that is not known: integrated over all groups.

        Parameters
        ----------
        frame
            Rows with a column for each name of `params` but the intercept.
        """
        names = list(self.params.index[1:])
        eta = self.params.iloc[0] + frame[names].to_numpy(dtype=float) @ self.params[names]
        eta = eta.round(10)  # equal rows stay equal in whatever order linear algebra adds
        nodes, weights = np.polynomial.hermite_e.hermegauss(40)
        return np.asarray(expit(eta[:, None] + self.sd * nodes) @ weights / weights.sum())

    def sd_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give a range of the standard deviation, normal on the log scale: it is never below 0.

        nan where groups do not differ.
        """
        if not self.sd:
            return float("nan"), float("nan")
        width = float(stats.norm.ppf((1 + level) / 2)) * self.sd_se / self.sd
        return self.sd * float(np.exp(-width)), self.sd * float(np.exp(width))


def median_odds_ratio(sd: float) -> float:
    """Give the median of the odds ratio of two like units of two groups drawn at random.

    The larger odds are over the smaller ones, so that it is at least 1 (Larsen and Merlo 2005).

    >>> median_odds_ratio(0.0), round(median_odds_ratio(1.0), 2)
    (1.0, 2.6)
    """
    return float(np.exp(np.sqrt(2) * sd * stats.norm.ppf(0.75)))


@dataclass(frozen=True, slots=True)
class _Data:
    """Rows sorted by group."""

    x: Floats
    y: Floats
    weight: Floats
    starts: NDArray[np.intp]
    codes: NDArray[np.intp]

    def sums(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, self.starts, axis=0))

    def blocks(self) -> Iterator[tuple[slice, _Data]]:
        """Give runs of whole groups, of so few rows that what is made of them stays in the cache."""
        ends = np.append(self.starts[1:], len(self.y))
        first = 0
        while first < len(self.starts):
            most = self.starts[first] + _ROWS
            last = max(first + 1, int(np.searchsorted(ends, most, side="right")))
            rows, groups = slice(self.starts[first], ends[last - 1]), slice(first, last)
            yield groups, _Data(self.x[rows], self.y[rows], self.weight[rows],
                                self.starts[groups] - self.starts[first],
                                self.codes[rows] - first)  # fmt: skip
            first = last


@dataclass(frozen=True, slots=True)
class _State:
    """The likelihood at one place of the parameters, with its slope and curvature."""

    deviance: float
    score: Floats
    information: Floats
    modes: Floats
    curvature: Floats


def fit_random_intercept(
    frame: pd.DataFrame,
    *,
    outcome: str,
    covariates: Sequence[str],
    group: str,
    points: int = 15,
    counts: str | None = None,
) -> RandomIntercept:
    """Fit a logit with an intercept for each group.

    Parameters
    ----------
    frame
        One row an observation, or one a cell with `counts`.
    outcome
        Column of 0 and 1.
    covariates
        Numeric columns as they are; others as marks against their first value. For a hazard the
        period is one of them.
    group
        Column of groups.
    points
        Nodes of the quadrature.
    counts
        Column of how many rows each row stands for.

    Raises
    ------
    UsageError
        If values are missing, columns determine one another, or there are fewer than two groups.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> school = np.repeat(np.arange(60), 30)
    >>> eta = -1 + rng.normal(0, 0.8, 60)[school]
    >>> left = (rng.random(1800) < 1 / (1 + np.exp(-eta))).astype(float)
    >>> rows = pd.DataFrame({"left": left, "school": school})
    >>> made = fit_random_intercept(rows, outcome="left", covariates=[], group="school")
    >>> bool(abs(made.params["intercept"] + 1) < 3 * made.se["intercept"]), 0.5 < made.sd < 1.1
    (True, True)
    """
    columns.refuse_outcomes(frame, outcome, group, counts)
    made = columns.make(frame, covariates)
    codes, levels = pd.factorize(frame[group], sort=True)
    if len(levels) < 2:
        raise UsageError("至少要有两个群组", "at least two groups are needed")
    order = np.argsort(codes, kind="stable")
    weight = frame[counts].to_numpy(dtype=float) if counts else np.ones(len(frame))
    data = _Data(
        x=made.matrix[order],
        y=frame[outcome].to_numpy(dtype=float)[order],
        weight=weight[order],
        starts=np.searchsorted(codes[order], np.arange(len(levels))),
        codes=codes[order],
    )
    theta, state = _climb(data, points)
    names, k = list(made.names), len(made.names)
    none = abs(theta[-1]) < _NO_SPREAD
    part = state.information[:k, :k] if none else state.information
    covariance = np.linalg.inv(part)
    table = pd.DataFrame(covariance[:k, :k], index=names, columns=names)
    sd = 0.0 if none else abs(float(theta[-1]))
    groups = pd.DataFrame(
        {"mode": sd * state.modes * np.sign(theta[-1]), "se": sd / np.sqrt(state.curvature)},
        index=pd.Index(levels, name=group),
    )
    return RandomIntercept(
        params=pd.Series(theta[:k], index=names),
        se=pd.Series(np.sqrt(np.diag(covariance)[:k]), index=names),
        covariance=table,
        sd=sd,
        sd_se=float("nan") if none else float(np.sqrt(covariance[k, k])),
        deviance=state.deviance,
        groups=groups,
        points=points,
    )


def _climb(data: _Data, points: int) -> tuple[Floats, _State]:
    """Newton's method on the marginal likelihood; a step that makes it worse is halved."""
    mean = float(data.weight @ data.y / data.weight.sum())
    if not 0 < mean < 1:
        raise UsageError("结果没有变化，无法估计", "the outcome never varies")
    level = np.log(mean / (1 - mean))
    # The first column is 1: every row gets the same chance.
    theta = np.zeros(data.x.shape[1] + 1)
    theta[0], theta[-1] = level, 0.5
    state = _look(data, theta, points, np.zeros(len(data.starts)))
    for _ in range(_STEPS):
        step = np.linalg.solve(_definite(state.information), state.score)
        size = 1.0
        while True:
            new = _look(data, theta + size * step, points, state.modes)
            if new.deviance <= state.deviance + 1e-9 or size < 1e-6:
                break
            size /= 2
        moved = float(np.abs(size * step).max())
        theta, state = theta + size * step, new
        if moved < 1e-8 or abs(theta[-1]) < _NO_SPREAD / 10:
            break
    return theta, state


def _definite(information: Floats) -> Floats:
    """Turn directions in which the likelihood bends upwards, so that a step never goes down."""
    values, vectors = np.linalg.eigh(information)
    least = 1e-6 * float(np.abs(values).max())
    return (vectors * np.maximum(np.abs(values), least)) @ vectors.T


def _look(data: _Data, theta: Floats, points: int, start: Floats) -> _State:
    modes, curvature = np.empty_like(start), np.empty_like(start)
    deviance, score, information = 0.0, np.zeros_like(theta), np.zeros((len(theta), len(theta)))
    for groups, block in data.blocks():
        state = _look_at(block, theta, points, start[groups])
        modes[groups], curvature[groups] = state.modes, state.curvature
        deviance += state.deviance
        score += state.score
        information += state.information
    return _State(deviance, score, information, modes, curvature)


def _look_at(data: _Data, theta: Floats, points: int, start: Floats) -> _State:
    """Do it for some groups: each stands for itself, and what they give adds up."""
    beta, sd = theta[:-1], theta[-1]
    eta = data.x @ beta
    modes, curvature = _modes(data, eta, sd, start)
    z, w = np.polynomial.hermite.hermgauss(points)
    at = modes[:, None] + np.sqrt(2 / curvature)[:, None] * z
    linear = eta[:, None] + sd * at[data.codes]
    p = expit(linear)
    # Of each row at each node: log-likelihood, residual and information, times its count.
    terms = data.weight[:, None] * (data.y[:, None] * linear - np.logaddexp(0, linear))
    heights = data.sums(terms) - at**2 / 2 + np.log(w) + z**2
    whole = logsumexp(heights, axis=1)
    log = whole + 0.5 * np.log(1 / curvature / np.pi)
    share = np.exp(heights - whole[:, None])
    rest = data.weight[:, None] * (data.y[:, None] - p)
    bend = data.weight[:, None] * p * (1 - p)
    score, information = _slopes(data, share, at, rest, bend)
    return _State(-2 * float(log.sum()), score, information, modes, curvature)


def _modes(data: _Data, eta: Floats, sd: float, start: Floats) -> tuple[Floats, Floats]:
    """Find the top of each group's integrand and how sharp it is."""
    u = start.copy()
    for _ in range(50):
        p = expit(eta + sd * u[data.codes])
        curvature = 1 + sd**2 * data.sums(data.weight * p * (1 - p))
        step = (sd * data.sums(data.weight * (data.y - p)) - u) / curvature
        u += np.clip(step, -2, 2)
        if float(np.abs(step).max()) < 1e-10:
            break
    p = expit(eta + sd * u[data.codes])
    return u, 1 + sd**2 * data.sums(data.weight * p * (1 - p))


def _slopes(
    data: _Data, share: Floats, at: Floats, rest: Floats, bend: Floats
) -> tuple[Floats, Floats]:
    """Give score and observed information from the weights of the nodes (Fisher, Louis)."""
    k, nodes = data.x.shape[1], share.shape[1]
    ends = [*data.starts[1:], len(data.y)]
    scores = np.empty((len(ends), nodes, k + 1))
    for j, (first, last) in enumerate(zip(data.starts, ends, strict=True)):
        scores[j, :, :k] = rest[first:last].T @ data.x[first:last]
    scores[:, :, k] = data.sums(rest) * at
    mean = np.einsum("jq,jqk->jk", share, scores)
    weighted = (np.sqrt(share)[:, :, None] * scores).reshape(-1, k + 1)
    spread = weighted.T @ weighted - mean.T @ mean
    held = share[data.codes] * bend
    held_at = held * at[data.codes]
    information = np.zeros((k + 1, k + 1))
    information[:k, :k] = (data.x * held.sum(axis=1)[:, None]).T @ data.x
    information[:k, k] = information[k, :k] = data.x.T @ held_at.sum(axis=1)
    information[k, k] = float((held_at * at[data.codes]).sum())
    return mean.sum(axis=0), information - spread
