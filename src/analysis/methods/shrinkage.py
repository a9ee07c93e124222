"""Rates of groups, each shrunken towards all: what a small group's rate is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats
from scipy.special import betaln, gammaln

Floats = NDArray[np.float64]
_MOST = 1e6
"""A prior worth more rows than this means that groups do not differ."""


@dataclass(frozen=True, slots=True)
class Shrunken:
    """Shrunken rates.

    Attributes
    ----------
    estimate, low, high
        For each group, with the middle 95 % of its distribution given the data.
    mean, weight
        The rate of all, and how many rows the knowledge of all is worth; infinite where groups
        differ by no more than chance.
    """

    estimate: Floats
    low: Floats
    high: Floats
    mean: float
    weight: float


def shrink_rates(events: ArrayLike, n: ArrayLike) -> Shrunken:
    """Shrink the rates of groups towards their common rate (beta-binomial, maximum likelihood).

    Parameters
    ----------
    events, n
        Events and rows of each group.

    Examples
    --------
    A group of one row says little, one of 400 much:

    >>> made = shrink_rates([1, 20, 0, 60, 10], [1, 400, 100, 400, 100])
    >>> made.estimate.round(2).tolist()
    [0.19, 0.05, 0.01, 0.15, 0.1]
    """
    k, size = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    if k.shape != size.shape or not len(k) or (k > size).any() or (size <= 0).any():
        raise ValueError("groups have rows, and no more events than rows")
    rate = float(k.sum() / size.sum())
    all_alike = np.full(len(k), rate)
    same = Shrunken(all_alike, all_alike.copy(), all_alike.copy(), rate, np.inf)
    if rate in (0, 1):
        return same

    def minus(theta: Floats) -> float:
        mean, weight = 1 / (1 + np.exp(-theta[0])), np.exp(theta[1])
        a, b = mean * weight, (1 - mean) * weight
        return -float((betaln(k + a, size - k + b) - betaln(a, b)).sum())

    bounds = [(-20, 20), (np.log(0.1), np.log(_MOST))]
    # From two sides, because the likelihood is flat where groups hardly differ.
    starts = [np.array([np.log(rate / (1 - rate)), np.log(w)]) for w in (10.0, 1000.0)]
    found = min(
        (optimize.minimize(minus, s, method="L-BFGS-B", bounds=bounds) for s in starts),
        key=lambda result: result.fun,
    )
    mean, weight = float(1 / (1 + np.exp(-found.x[0]))), float(np.exp(found.x[1]))
    if weight > 0.99 * _MOST:
        return same
    known = stats.beta(k + mean * weight, size - k + (1 - mean) * weight)
    low, high = known.ppf(0.025), known.ppf(0.975)
    return Shrunken(known.mean(), low, high, mean, weight)


def shrink_ratios(observed: ArrayLike, expected: ArrayLike) -> Shrunken:
    """Draw the ratios of observed to expected counts of groups towards their common one.

    Counts of a group are Poisson around its expected number times its own ratio, and the ratios are
    gamma around a common one (Clayton and Kaldor 1987); both are found by maximum likelihood of the
    negative binomial. Ranges are of the group's own ratio given its count.

    Parameters
    ----------
    observed, expected
        Counts, and what was expected of each group, over 0.

    Examples
    --------
    What is far out with little behind it is drawn in most:

    >>> made = shrink_ratios([0, 2, 30, 90], [1.0, 1.0, 15.0, 90.0])
    >>> bool(made.estimate[1] < 2 and abs(made.estimate[3] - 1) < 0.1)
    True
    """
    k, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    if k.shape != e.shape or k.ndim != 1 or not len(k) or (e <= 0).any() or (k < 0).any():
        raise ValueError("observed are counts and expected are over 0, as many of each")
    ratio = float(k.sum() / e.sum())
    if ratio == 0:
        return Shrunken(np.zeros(len(k)), np.zeros(len(k)), most_behind(0) / e, 0.0, np.inf)

    def minus(theta: Floats) -> float:
        mean, shape = np.exp(theta)
        rate = shape / mean
        of_group = gammaln(shape + k) - gammaln(shape) + shape * np.log(rate / (rate + e))
        return -float((of_group - k * np.log(rate + e)).sum())

    bounds = [(np.log(ratio) - 5, np.log(ratio) + 5), (np.log(0.05), np.log(_MOST))]
    starts = [np.array([np.log(ratio), np.log(shape)]) for shape in (2.0, 100.0)]
    found = min(
        (optimize.minimize(minus, s, method="L-BFGS-B", bounds=bounds) for s in starts),
        key=lambda result: result.fun,
    )
    mean, shape = (float(value) for value in np.exp(found.x))
    known = stats.gamma(shape + k, scale=1 / (shape / mean + e))
    return Shrunken(known.mean(), known.ppf(0.025), known.ppf(0.975), mean, shape)


def most_behind(count: int, level: float = 0.95) -> float:
    """Give the largest mean at which a count as small as this still has a chance of 1 - `level`.

    The exact upper end of a Poisson mean (Garwood 1936); of a count of 0 it is "about three".

    >>> round(most_behind(0), 3), round(most_behind(3), 3)
    (2.996, 7.754)
    """
    return float(stats.chi2.ppf(level, 2 * (count + 1)) / 2)
