r"""Indices of inequality of what units have each, with weights.

:math:`x_i` is the resource per pupil of school *i* and :math:`w_i` its weight (its pupils), with
:math:`W = \sum_i w_i` and :math:`\mu = \sum_i w_i x_i / W`. A weight of two is the same as the unit
standing twice. Every index is 0 where all have the same, does not change when all values are
multiplied by one number, and falls when something is moved from who has more to who has less.

Sources: Gini 1912; Theil 1967, *Economics and Information Theory*; Atkinson 1970; Bourguignon 1979
and Shorrocks 1980 on decomposition; Cowell 2011, *Measuring Inequality*.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from analysis.methods.dispersion.coefficient import Floats


@dataclass(frozen=True, slots=True)
class Lorenz:
    """The Lorenz curve, from (0, 0) to (1, 1).

    Attributes
    ----------
    population
        Share of the units (of the weight), poorest first, shape (n + 1,).
    resource
        Share of the resource that they have, shape (n + 1,).
    """

    population: Floats
    resource: Floats


@dataclass(frozen=True, slots=True)
class TheilParts:
    """Theil's index in the parts that add up to it.

    Attributes
    ----------
    total
        The index.
    between
        The part between the groups of each level, outermost first: between townships, then between
        types of school inside townships.
    within
        What is left inside the innermost groups.
    """

    total: float
    between: tuple[float, ...]
    within: float


def gini(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    r"""Give Gini's index, :math:`\sum_{ij} w_i w_j |x_i - x_j| / (2 W^2 \mu)`.

    Parameters
    ----------
    values
        What each unit has, shape (n,), not negative.
    weights
        Weight of each unit, shape (n,), positive; all the same if not given.

    Returns
    -------
    float
        0 to 1; nan for no units, a missing value, or where nobody has anything.

    Examples
    --------
    >>> gini([1, 1, 1]), gini([0, 1]), round(gini([1, 3], [3, 1]), 4)
    (0.0, 0.5, 0.25)
    """
    x, share = _shares(values, weights)
    mean = share @ x
    if not mean > 0:
        return float("nan")
    order = np.argsort(x, kind="stable")
    share = share[order]
    # Twice the covariance of value and rank: of the deviations, so that no large sums are
    # subtracted from one another.
    rank = np.cumsum(share) - share / 2
    return max(0.0, float((share * (x[order] - mean)) @ (2 * rank - 1) / mean))


def lorenz(values: ArrayLike, weights: ArrayLike | None = None) -> Lorenz:
    """Give the Lorenz curve.

    Parameters
    ----------
    values, weights
        As for `gini`.

    Returns
    -------
    Lorenz
        Its resource is nan where `gini` is.

    Examples
    --------
    >>> lorenz([1, 3]).resource.tolist()
    [0.0, 0.25, 1.0]
    """
    x, share = _shares(values, weights)
    order = np.argsort(x, kind="stable")
    population = np.concatenate([[0.0], np.cumsum(share[order])])
    mean = share @ x
    had = np.cumsum((share * x)[order])
    resource = had / mean if mean > 0 else np.full(len(x), np.nan)
    # The last point is (1, 1), whatever the sums were rounded to.
    population[-1:] = 1.0
    resource[-1:] = 1.0 if mean > 0 else np.nan
    start = [0.0] if mean > 0 else [np.nan]
    return Lorenz(population, np.concatenate([start, resource]))


def theil(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    r"""Give Theil's index T, :math:`\sum_i (w_i / W) (x_i / \mu) \ln (x_i / \mu)`.

    Parameters
    ----------
    values, weights
        As for `gini`.

    Returns
    -------
    float
        0 to ln n; nan as for `gini`. Who has nothing adds nothing: x ln x goes to 0.

    Examples
    --------
    One of two has everything: ln 2.

    >>> round(theil([0, 10]), 6), theil([5, 5])
    (0.693147, 0.0)
    """
    x, share = _shares(values, weights)
    mean = share @ x
    return max(0.0, float(share @ _x_log_x(x / mean))) if mean > 0 else float("nan")


def atkinson(
    values: ArrayLike, weights: ArrayLike | None = None, *, aversion: float = 0.5
) -> float:
    r"""Give Atkinson's index, :math:`1 - [\sum_i (w_i/W) (x_i/\mu)^{1-\epsilon}]^{1/(1-\epsilon)}`.

    Parameters
    ----------
    values, weights
        As for `gini`.
    aversion
        :math:`\epsilon`, over 0: the higher, the more those weigh who have little.

    Returns
    -------
    float
        0 to 1; nan as for `gini`. 1 where somebody has nothing and `aversion` is 1 or more.

    Examples
    --------
    >>> round(atkinson([1, 3]), 6), round(atkinson([1, 3], aversion=1), 6), atkinson([0, 1], aversion=1)
    (0.066987, 0.133975, 1.0)
    """
    if not aversion > 0:
        raise ValueError("aversion is over 0")
    x, share = _shares(values, weights)
    mean = share @ x
    if not mean > 0:
        return float("nan")
    if aversion >= 1 and (x == 0).any():
        return 1.0
    ratio = x / mean
    if aversion == 1:
        even = np.exp(share @ np.log(ratio))
    else:
        even = (share @ ratio ** (1 - aversion)) ** (1 / (1 - aversion))
    return max(0.0, float(1 - even))


def theil_decomposition(
    values: ArrayLike,
    groups: Sequence[Hashable] | Sequence[Sequence[Hashable]],
    weights: ArrayLike | None = None,
) -> TheilParts:
    """Split Theil's index into what lies between groups and what lies within them, exactly.

    Parameters
    ----------
    values, weights
        As for `gini`.
    groups
        The group of each unit, shape (n,); or several such lists, outermost first, for groups in
        groups. A group of an inner level is told by its own name and those around it.

    Returns
    -------
    TheilParts
        ``sum(between) + within == total`` up to rounding; all nan where the index is.

    Examples
    --------
    >>> parts = theil_decomposition([1, 1, 3, 3], ["a", "a", "b", "b"])
    >>> parts.within, parts.between == (parts.total,)
    (0.0, True)
    >>> nested = theil_decomposition([1, 2, 3, 6], [["a", "a", "b", "b"], [1, 2, 1, 2]])
    >>> len(nested.between), round(sum(nested.between) + nested.within - nested.total, 12)
    (2, 0.0)
    """
    x, share = _shares(values, weights)
    levels = [list(level) for level in _levels(groups, len(x))]
    total = theil(values, weights)
    if np.isnan(total):
        nan = float("nan")
        return TheilParts(nan, (nan,) * len(levels), nan)
    # Theil's index of the units' group means; each level adds what it tells over the one before.
    seen = [
        _theil_of_means(x, share, list(zip(*levels[:n], strict=True)))
        for n in range(1, len(levels) + 1)
    ]
    between = tuple(max(0.0, now - before) for before, now in zip([0.0, *seen], seen, strict=False))
    return TheilParts(total, between, max(0.0, total - seen[-1]))


def between_by_chance(
    values: ArrayLike,
    groups: Sequence[Hashable],
    weights: ArrayLike | None = None,
    *,
    draws: int,
    rng: np.random.Generator,
) -> float:
    """Give the share of Theil's index that lies between groups put together at random.

    The smaller the groups, the more of any difference lies between them, whatever they are. What
    is found between real groups tells something only where it is more than this.

    Parameters
    ----------
    values, weights
        As for `gini`.
    groups
        The group of each unit, shape (n,): their sizes are kept, who is in them is drawn.
    draws
        Number of random groupings.
    rng
        Source of randomness.

    Returns
    -------
    float
        Mean share, 0 to 1; nan where the index is undefined or 0.

    Examples
    --------
    Every unit a group of its own leaves nothing within, one group of all leaves nothing between:

    >>> rng = np.random.default_rng(1)
    >>> round(between_by_chance([1, 2, 6], ["a", "b", "c"], draws=10, rng=rng), 12)
    1.0
    >>> round(between_by_chance([1, 2, 6], ["a", "a", "a"], draws=10, rng=rng), 12)
    0.0
    """
    x, share = _shares(values, weights)
    total = theil(values, weights)
    if not total > 0:
        return float("nan")
    names = list(dict.fromkeys(groups))
    member = np.array([[group == name for name in names] for group in groups], dtype=float)
    drawn = rng.permuted(np.tile(np.arange(len(x)), (draws, 1)), axis=1)
    weight, had = share[drawn] @ member, (share * x)[drawn] @ member
    between = (weight * _x_log_x(had / weight / (share @ x))).sum(axis=1)
    return float(np.clip(between.mean() / total, 0.0, 1.0))


def _levels(
    groups: Sequence[Hashable] | Sequence[Sequence[Hashable]], n: int
) -> list[Sequence[Hashable]]:
    nested = len(groups) > 0 and all(
        isinstance(level, Sequence | np.ndarray) and not isinstance(level, str) for level in groups
    )
    levels = cast("list[Sequence[Hashable]]", list(groups) if nested else [groups])
    if not levels or any(len(level) != n for level in levels):
        raise ValueError("every level of groups names the group of every unit")
    return levels


def _theil_of_means(x: Floats, share: Floats, groups: Sequence[Hashable]) -> float:
    """Give the index that would be if every unit had its group's mean."""
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    member = np.array([places[group] for group in groups])
    weight = np.bincount(member, weights=share)
    mean = np.bincount(member, weights=share * x) / weight
    return max(0.0, float(weight @ _x_log_x(mean / (share @ x))))


def _x_log_x(x: Floats) -> Floats:
    return np.where(x > 0, x * np.log(np.where(x > 0, x, 1.0)), np.where(np.isnan(x), np.nan, 0.0))


def _shares(values: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    """Give the values, and weights that sum to 1."""
    x = np.asarray(values, dtype=float)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=float)
    if x.ndim != 1 or x.shape != w.shape:
        raise ValueError("values and weights are two lists of the same length")
    if (x < 0).any():
        raise ValueError("no value is negative")
    if not (w > 0).all():
        raise ValueError("every weight is positive")
    return x, w / w.sum()
