r"""How little variance goes with how much bias, over all weights of the periods before the start.

A drift is a slope and turns :math:`u_k` of it in each period but the first and the last. Let
:math:`v_j` be the weight of the *j*-th period before the start, counted backwards. Then the turn of
the *k*-th enters the estimator with :math:`c_k = \sum_{j > k} (j - k) v_j`, the slope with
:math:`c_0 - \sum_j j l_j`, which has to be 0, and :math:`v_j = c_{j-1} - 2 c_j + c_{j+1}`. The
largest bias is *M* times the sum of what the turns from the start on enter with, which is given, and
of :math:`|c_k|`; the variance is quadratic in *c*. So the frontier is the path of a lasso,
straight between few corners (Osborne, Presnell & Turlach 2000; Efron, Hastie, Johnstone &
Tibshirani 2004), and is the same for every bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.methods.sensitivity.study import Floats, Study

_EVENTS = 50
"""Corners a period at most; there is about one, and more would be a path that turns in a circle."""
_RANK = 1e-10
"""Estimates of which a sum, each in its own standard deviation, has no more variance, say the same twice."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the frontier.

    Attributes
    ----------
    estimate
        Of the effect, by the weights of this place.
    bias, spread
        The largest bias for a bound of 1, and the standard deviation.
    bias_slope, spread_slope
        By how much they change along the stretch.
    """

    estimate: float
    bias: float
    spread: float
    bias_slope: float
    spread_slope: float


@dataclass(frozen=True, slots=True)
class Frontier:
    """A path from the least bias to the least variance, straight between corners.

    Attributes
    ----------
    corners
        Weights of all estimates at each corner, shape (corners, periods); at least two.
    biases
        The largest bias at each corner for a bound of 1.
    estimates, covariance
        Of the study.
    error
        1 - level.
    """

    corners: Floats
    biases: Floats
    estimates: Floats
    covariance: Floats
    error: float

    @property
    def stretches(self) -> int:
        """So many straight stretches."""
        return len(self.corners) - 1

    def at(self, stretch: int, share: float) -> Place:
        """Give the place that is a share of a stretch beyond its first corner."""
        change = self.corners[stretch + 1] - self.corners[stretch]
        more = self.biases[stretch + 1] - self.biases[stretch]
        weights = self.corners[stretch] + share * change
        spread = float(np.sqrt(weights @ self.covariance @ weights))
        return Place(
            float(weights @ self.estimates), float(self.biases[stretch] + share * more), spread,
            float(more), float(change @ self.covariance @ weights) / spread,
        )  # fmt: skip


def trace(study: Study) -> Frontier:
    """Trace the frontier of a study.

    Raises
    ------
    ValueError
        The covariance lacks full rank: there are too few clusters for so many periods, some sum of
        estimates seems to be without error, and an interval would be far too short.
    """
    sd = np.sqrt(np.diag(study.covariance))
    if np.linalg.eigvalsh(study.covariance / np.outer(sd, sd)).min() < _RANK:
        raise ValueError("smoothness needs a covariance of full rank")
    ahead = np.cumsum(study.weights[::-1])[::-1]
    # From the start on, each turn enters with the weights beyond it, times how far beyond.
    given = float(np.abs(np.cumsum(ahead[::-1])).sum())
    fixed, free = _weigh(study)
    second = free.T @ study.covariance @ free
    first = free.T @ study.covariance @ fixed
    turns = _follow(second, first)
    corners = fixed + turns @ free.T
    if len(corners) == 1:
        corners, turns = np.repeat(corners, 2, axis=0), np.repeat(turns, 2, axis=0)
    biases = given + np.abs(turns).sum(axis=1)
    return Frontier(corners, biases, study.estimates, study.covariance, study.error)


def _weigh(study: Study) -> tuple[Floats, Floats]:
    """Give the weights of all estimates with no turn entering, and what each turn adds to them."""
    n = study.before
    away = np.zeros((n + 2, n + 2))
    for j in range(1, n + 1):
        away[j, [j - 1, j, j + 1]] = 1, -2, 1
    # Counted backwards from the start; periods stand in order of time.
    of_turns = away[n:0:-1, : n + 1]
    slope = float(study.weights @ np.arange(1, study.after + 1))
    fixed = np.concatenate([of_turns[:, 0] * slope, study.weights])
    free = np.concatenate([of_turns[:, 1:n], np.zeros((study.after, n - 1))])
    return fixed, free


def _follow(second: Floats, first: Floats) -> Floats:
    r"""Give the corners of the path that minimises :math:`c'Hc/2 + q'c + \lambda |c|`, from 0 to the least.

    As the penalty falls, the next corner is where a turn's gradient comes up to the penalty, or
    where a turn comes back to 0.
    """
    n = len(first)
    penalty = float(np.abs(first).max()) if n else 0.0
    c, sign, corners = np.zeros(n), np.zeros(n), [np.zeros(n)]
    joins = int(np.abs(first).argmax()) if penalty else -1
    if penalty:
        sign[joins] = -np.sign(first[joins])
    while penalty > 0:
        if len(corners) > _EVENTS * n:
            raise ArithmeticError("the path of the weights does not come to an end")
        used = sign != 0
        part = second[np.ix_(used, used)]
        end, pull = np.zeros(n), np.zeros(n)
        end[used], pull[used] = np.linalg.solve(part, np.stack([-first[used], sign[used]], 1)).T
        penalty, which, becomes = _find_next(second, first, (end, pull), sign, c, penalty)
        c = np.where(used, end - penalty * pull, 0.0)
        if which >= 0:
            sign[which] = becomes
            c[which] = 0.0
        corners.append(c)
    return np.array(corners)


def _find_next(
    second: Floats,
    first: Floats,
    line: tuple[Floats, Floats],
    sign: Floats,
    c: Floats,
    penalty: float,
) -> tuple[float, int, float]:
    """Give the penalty of the next corner, the turn it is about, and its sign after it (0: leaves)."""
    end, pull = line
    best = (0.0, -1, 0.0)
    gradient, tilt = first + second @ end, second @ pull
    for j in range(len(first)):
        if sign[j]:
            if pull[j] * sign[j] < 0:
                best = max(best, (penalty - abs(c[j] / pull[j]), j, 0.0))
            continue
        for side in (1.0, -1.0):
            closing = 1 + side * tilt[j]
            if closing > 0:
                best = max(best, (min(side * gradient[j] / closing, penalty), j, -side))
    return best
