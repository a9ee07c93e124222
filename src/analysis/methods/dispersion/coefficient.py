r"""Dispersion of a resource between schools, by the official formula and around it.

With :math:`P_i` pupils and :math:`x_i` the resource of school *i*, :math:`X_i = x_i / P_i`,

.. math::

    \bar X = \frac{\sum_i x_i}{\sum_i P_i}, \qquad
    S = \sqrt{\sum_i \frac{P_i}{\sum_j P_j} (X_i - \bar X)^2}, \qquad
    CV = S / \bar X .

The mean is total over total and the deviation is weighted by enrolment, in population form. The
unweighted version (``weights=None``) takes the plain mean and deviation of the :math:`X_i`.

Source: 教督〔2012〕3号, annex on the difference coefficient (差异系数).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights = Literal["enrolment"] | None
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Range:
    """Two ends of a range; both nan where it is undefined."""

    low: float
    high: float


def difference_coefficient(
    totals: ArrayLike, pupils: ArrayLike, *, weights: Weights = "enrolment"
) -> float:
    """Give the coefficient of variation of a resource per pupil between schools.

    Parameters
    ----------
    totals
        Resource of each school, shape (n,), not negative.
    pupils
        Pupils of each school, shape (n,), positive.
    weights
        ``"enrolment"``: the official form; ``None``: every school counts the same.

    Returns
    -------
    float
        ``nan`` with fewer than two schools, a mean of zero, or any value missing: an unknown
        school is neither zero nor average.

    Examples
    --------
    The worked example of the official annex, printed there as 0.52:

    >>> books, pupils = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> round(difference_coefficient(books, pupils), 6)
    0.515257
    >>> round(difference_coefficient(books, pupils, weights=None), 4)
    0.4888
    """
    x, p = _arrays(totals, pupils)
    if len(x) < 2:
        return float("nan")
    ratio, share = x / p, _weights(p, weights)
    mean = float(share @ ratio)
    if not mean > 0:
        return float("nan")
    return float(np.sqrt(share @ (ratio - mean) ** 2) / mean)


def additive_shares(
    totals: ArrayLike, pupils: ArrayLike, *, weights: Weights = "enrolment"
) -> Floats:
    r"""Give each school's part of the variance, :math:`P_i (X_i-\bar X)^2 / (P_N S^2)`.

    Parameters
    ----------
    totals, pupils, weights
        As for `difference_coefficient`; unweighted, every :math:`P_i / P_N` is one over n.

    Returns
    -------
    ndarray, shape (n,)
        Sums to 1; nan where all schools are equal or the coefficient is undefined.

    Examples
    --------
    >>> additive_shares([0, 10, 5], [10, 10, 10]).round(2).tolist()
    [0.5, 0.5, 0.0]
    """
    x, p = _arrays(totals, pupils)
    if len(x) < 2:
        return np.full(len(x), np.nan)
    ratio, share = x / p, _weights(p, weights)
    parts = share * (ratio - share @ ratio) ** 2
    total = parts.sum()
    return parts / total if total > 0 else np.full(len(x), np.nan)


def influences(totals: ArrayLike, pupils: ArrayLike, *, weights: Weights = "enrolment") -> Floats:
    """Give how much the coefficient would change if one school were left out.

    Parameters
    ----------
    totals, pupils, weights
        As for `difference_coefficient`.

    Returns
    -------
    ndarray, shape (n,)
        Coefficient without school *i* minus the coefficient; negative for a school that widens
        the difference. nan with fewer than three schools.

    Examples
    --------
    >>> influences([10, 10, 40], [10, 10, 10]).round(3).tolist()
    [-0.107, -0.107, -0.707]
    """
    x, p = _arrays(totals, pupils)
    if len(x) < 3:
        return np.full(len(x), np.nan)
    # Each row leaves one school out; squares of deviations, not differences of large sums.
    share = np.where(np.eye(len(x), dtype=bool), 0.0, _weights(p, weights))
    share /= share.sum(axis=1, keepdims=True)
    ratio = x / p
    mean = share @ ratio
    spread = np.sqrt((share * (ratio - mean[:, None]) ** 2).sum(axis=1))
    without = np.divide(spread, mean, out=np.full(len(x), np.nan), where=mean > 0)
    return without - difference_coefficient(x, p, weights=weights)


def corrections(totals: ArrayLike, pupils: ArrayLike, *, weights: Weights = "enrolment") -> Floats:
    """Give how much the coefficient would change if one school had the mean level.

    The school's resource becomes what its pupils would have at the present mean of all; pupils
    and other schools stay as they are, and mean and coefficient are computed anew.

    Parameters
    ----------
    totals, pupils, weights
        As for `difference_coefficient`.

    Returns
    -------
    ndarray, shape (n,)
        Coefficient with school *i* at the mean minus the coefficient; nan where that is undefined.

    Examples
    --------
    Three schools have 10, 20 and 30; the last at 20 leaves 10, 20, 20:

    >>> corrections([10, 20, 30], [10, 10, 10]).round(3).tolist()
    [-0.206, 0.0, -0.125]
    """
    x, p = _arrays(totals, pupils)
    before = difference_coefficient(x, p, weights=weights)
    if np.isnan(before):
        return np.full(len(x), np.nan)
    ratio, share = x / p, _weights(p, weights)
    levels = np.where(np.eye(len(x), dtype=bool), share @ ratio, ratio)
    mean = levels @ share
    spread = np.sqrt(((levels - mean[:, None]) ** 2) @ share)
    return spread / mean - before


def missing_value_range(totals: ArrayLike, pupils: ArrayLike) -> Range:
    """Give the coefficients possible when schools that did not report take any reported level.

    Each school with a missing total may have any per-pupil value between the smallest and the
    largest that was reported. The low end is attained; the high end is a bound (the pupils of the
    missing schools may be divided between the two extremes in any proportion).

    Parameters
    ----------
    totals
        Resource of each school, shape (n,), nan where not reported.
    pupils
        Pupils of each school, shape (n,), positive.

    Returns
    -------
    Range
        Both ends the coefficient itself where nothing is missing; nan with fewer than two
        schools that reported.

    Examples
    --------
    >>> missing_value_range([10, 30], [10, 10])
    Range(low=0.5, high=0.5)
    >>> known = missing_value_range([10, 30, float("nan")], [10, 10, 1])
    >>> known.low < 0.5 < known.high
    True
    """
    x, p = _arrays(totals, pupils)
    seen = ~np.isnan(x)
    if seen.sum() < 2 or not x[seen].sum() > 0:
        return Range(float("nan"), float("nan"))
    ratio, known = x[seen] / p[seen], p[seen]
    lowest, highest, unknown = float(ratio.min()), float(ratio.max()), float(p[~seen].sum())
    pupils = float(p.sum())
    first, second = float(known @ ratio), float(known @ ratio**2)
    if not first > 0:
        # Totals so small that their ratios have no number in memory.
        return Range(float("nan"), float("nan"))

    def coefficient(level_sum: float, square_sum: float) -> float:
        squared = (second + square_sum) * pupils / (first + level_sum) ** 2 - 1
        return math.sqrt(max(squared, 0.0))

    # The least spread comes from every missing school at the level second/first (the root of
    # the derivative), or as near as the reported levels allow.
    level = min(max(second / first, lowest), highest)
    low = coefficient(unknown * level, unknown * level**2)
    high = max(
        coefficient(
            lowest * (unknown - t) + highest * t, lowest**2 * (unknown - t) + highest**2 * t
        )
        for t in _extremes(first, second, lowest, highest, unknown)
    )
    return Range(low, high)


def reporting_error_range(
    totals: ArrayLike,
    pupils: ArrayLike,
    *,
    error: float,
    correlation: float,
    draws: int,
    rng: np.random.Generator,
    weights: Weights = "enrolment",
) -> Range:
    """Give where the coefficient lies if schools report their resource with errors.

    Every total is multiplied by one plus a normal error of which 95 % lies within ±`error`;
    the errors of any two schools have the `correlation`. An error that all schools share leaves
    the coefficient as it is.

    Parameters
    ----------
    totals, pupils
        As for `difference_coefficient`, nothing missing.
    error
        Half width of the band that holds 95 % of the errors, as a share (0.05).
    correlation
        Correlation of the errors between schools, 0 to 1.
    draws
        Number of simulated reports.
    rng
        Source of randomness.
    weights
        As for `difference_coefficient`.

    Returns
    -------
    Range
        2.5 % and 97.5 % quantiles of the simulated coefficients. It is no confidence interval.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> books, pupils = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]
    >>> band = reporting_error_range(
    ...     books, pupils, error=0.05, correlation=0.0, draws=500, rng=rng)
    >>> band.low < 0.5153 < band.high
    True
    """
    x, p = _arrays(totals, pupils)
    if np.isnan(difference_coefficient(x, p, weights=weights)):
        return Range(float("nan"), float("nan"))
    common = rng.standard_normal((draws, 1)) * np.sqrt(correlation)
    own = rng.standard_normal((draws, len(x))) * np.sqrt(1 - correlation)
    reported = x * np.clip(1 + (common + own) * error / 1.959964, 0, None)
    ratio, share = reported / p, _weights(p, weights)
    mean = ratio @ share
    spread = np.sqrt(((ratio - mean[:, None]) ** 2) @ share)
    low, high = np.quantile(spread / mean, [0.025, 0.975])
    return Range(float(low), float(high))


def split_shares(pupils: ArrayLike, weights: ArrayLike) -> Floats:
    """Divide what the stages of a mixed school share, by weighted pupils.

    Parameters
    ----------
    pupils
        Pupils by stage, shape (..., stages).
    weights
        Weight of one pupil of each stage, shape (stages,): 1, 1.1, 1.32.

    Returns
    -------
    ndarray, shape (..., stages)
        Parts that sum to 1; nan for a school without pupils.

    Examples
    --------
    A nine-year school with 166 and 210 pupils:

    >>> (split_shares([166, 210], [1, 1.1]) * 23226).round(2).tolist()
    [9711.63, 13514.37]
    """
    weighted = np.asarray(pupils, dtype=float) * np.asarray(weights, dtype=float)
    total = weighted.sum(axis=-1, keepdims=True)
    return np.divide(weighted, total, out=np.full_like(weighted, np.nan), where=total > 0)


def _arrays(totals: ArrayLike, pupils: ArrayLike) -> tuple[Floats, Floats]:
    x, p = np.asarray(totals, dtype=float), np.asarray(pupils, dtype=float)
    if x.ndim != 1 or x.shape != p.shape:
        raise ValueError("totals and pupils are two lists of the same length")
    if not (p > 0).all():
        raise ValueError("every school has at least one pupil")
    if (x < 0).any():
        raise ValueError("no total is negative")
    return x, p


def _weights(pupils: Floats, weights: Weights) -> Floats:
    if weights is None:
        return np.full(len(pupils), 1 / len(pupils))
    if weights != "enrolment":
        raise ValueError('weights is "enrolment" or None')
    return pupils / pupils.sum()


def _extremes(
    first: float, second: float, lowest: float, highest: float, unknown: float
) -> list[float]:
    """Where (a + bt)/(c + dt)² can be largest for t in [0, unknown]: the ends or its root."""
    a, b = second + lowest**2 * unknown, highest**2 - lowest**2
    c, d = first + lowest * unknown, highest - lowest
    if not (b > 0 and d > 0):
        return [0.0, unknown]
    root = (b * c - 2 * a * d) / (b * d)
    return [0.0, unknown, min(max(root, 0.0), unknown)]
