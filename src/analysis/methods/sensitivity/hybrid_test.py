"""A test of inequalities that hold for some values of what is not asked for.

Is there a path of the other effects for which all moments ``y - X path`` are nought or less? The statistic
is the largest moment, in its own errors, at the best path (a linear program). Its critical value is
that of a normal truncated to where the same moments bind, after a first step with a least favourable
one: the hybrid test of Andrews, Roth and Pakes (2023).

The program's dual has few vertices, and they do not depend on the data. All of them are found once, so
that the program is a maximum over vertices, exactly, for every value of the effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.errors import UsageError

Floats = NDArray[np.float64]
_SMALL = 1e-9
_MOST = 2_000_000
"""More choices of moments than this are not gone through."""
_AT_ONCE = 4_000_000
FIRST_STEP = 0.1
"""Share of the test's size that goes to the least favourable step (as in HonestDiD)."""


@dataclass(frozen=True, slots=True, eq=False)
class HybridTest:
    """Moments ``level - slope · effect``, and what it takes to test them.

    Attributes
    ----------
    level, slope
        Moments at an effect of nought, and how they fall with it.
    spread
        Covariance of the moments.
    vertices
        Vertices of the dual program by moments.
    most
        The least favourable critical value.
    size
        Of the second step.
    """

    level: Floats
    slope: Floats
    spread: Floats
    vertices: Floats
    most: float
    size: float

    def accepts(self, effects: Floats) -> NDArray[np.bool_]:
        """Say which effects are not refuted."""
        y = self.level - np.multiply.outer(effects, self.slope)
        values = y @ self.vertices.T
        best = values.argmax(axis=1)
        largest = values.max(axis=1)
        critical = np.full(len(effects), np.inf)
        for vertex in np.unique(best):
            own = best == vertex
            critical[own] = self._critical(vertex, largest[own], values[own])
        return np.asarray((largest <= self.most) & (largest <= critical))

    def _critical(self, vertex: int, largest: Floats, values: Floats) -> Floats:
        """Give the conditional critical value where this vertex is the best."""
        along = self.spread @ self.vertices[vertex]
        variance = float(self.vertices[vertex] @ along)
        if variance <= _SMALL**2:
            return np.zeros(len(largest))
        # How every vertex moves with the best one; where it would overtake ends the range.
        moves = self.vertices @ along / variance
        apart = 1 - moves
        rest = values - np.outer(largest, moves)
        with np.errstate(divide="ignore", invalid="ignore"):
            cut = rest / apart
        low = np.where(apart > _SMALL, cut, -np.inf).max(axis=1)
        high = np.where(apart < -_SMALL, cut, np.inf).min(axis=1)
        error = np.sqrt(variance)
        high = np.minimum(high, self.most)
        told = error * truncated_quantile(1 - self.size, low / error, high / error)
        return np.maximum(told, 0.0)


def prepare(
    moments: Floats, estimates: Floats, covariance: Floats, *, slope: Floats, others: Floats,
    normal: Floats, alpha: float,
) -> HybridTest:  # fmt: skip
    """Prepare a test.

    Parameters
    ----------
    moments
        Moments by estimates: all are nought or less where the restriction holds.
    estimates, covariance
        What is known.
    slope, others
        How moments fall with the effect, and with what is not asked for.
    normal
        Standard normal draws by estimates, for the least favourable step.
    alpha
        Size of the test.
    """
    spread = moments @ covariance @ moments.T
    vertices = find_vertices(others, np.sqrt(np.diag(spread)))
    drawn = vertices @ moments @ np.linalg.cholesky(covariance)
    largest = [
        (normal[start : start + size] @ drawn.T).max(axis=1)
        for size in [max(1, _AT_ONCE // len(vertices))]
        for start in range(0, len(normal), size)
    ]
    first = FIRST_STEP * alpha
    most = float(np.quantile(np.concatenate(largest), 1 - first))
    return HybridTest(moments @ estimates, slope, spread, vertices, most,
                      (alpha - first) / (1 - first))  # fmt: skip


def find_vertices(others: Floats, errors: Floats) -> Floats:
    """Find the vertices of ``{v >= 0: others.T v = 0, errors · v = 1}``.

    >>> find_vertices(np.array([[1.0], [-1.0], [0.0]]), np.array([1.0, 1.0, 2.0])).tolist()
    [[0.0, 0.0, 0.5], [0.5, 0.5, 0.0]]
    """
    equations = np.column_stack([others, errors]).T
    count, size = equations.shape
    if special.comb(size, count) > _MOST:
        raise UsageError(
            "处理后的时期太多，请缩短", "there are too many periods after treatment; take fewer"
        )
    chosen = np.array(list(combinations(range(size), count)))
    squares = equations[:, chosen].transpose(1, 0, 2)
    scale = np.abs(squares).max(axis=(1, 2), keepdims=True)
    sound = np.abs(np.linalg.det(squares / scale)) > 1e-12
    right = np.zeros((int(sound.sum()), count, 1))
    right[:, -1] = 1
    solved = np.linalg.solve(squares[sound], right)[:, :, 0]
    positive = (solved >= -_SMALL * np.abs(solved).max(axis=1, keepdims=True)).all(axis=1)
    made = np.zeros((int(positive.sum()), size))
    np.put_along_axis(made, chosen[sound][positive], np.maximum(solved[positive], 0), axis=1)
    step = 1e-9 * np.abs(made).max()
    _, first = np.unique(np.round(made / step), axis=0, return_index=True)
    return np.asarray(made[first])


def truncated_quantile(share: float, low: Floats, high: Floats) -> Floats:
    """Give a quantile of a standard normal between two ends, far out too.

    >>> truncated_quantile(0.5, np.array([0.0, 40.0]), np.array([1.0, 50.0])).round(3).tolist()
    [0.442, 40.017]
    """
    # In the lower tail, where the logarithm of the distribution is exact.
    turned = low > 0
    a, b = np.where(turned, -high, low), np.where(turned, -low, high)
    part = np.where(turned, 1 - share, share)
    upper = special.log_ndtr(b)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = np.where(np.isneginf(a), 0.0, np.exp(special.log_ndtr(a) - upper))
        made = special.ndtri_exp(upper + np.log(ratio + part * (1 - ratio)))
    made = np.clip(np.where(np.isnan(made), b, made), a, b)
    return np.asarray(np.where(turned, -made, made))
