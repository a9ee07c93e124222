r"""The smallest effect that a design would find, from years before anybody was treated alone.

Means of clusters by year are taken to have a level of their own, a year in common, and shocks of
one variance, of which a part :math:`\nu` is gone the next year and the rest fades by a factor
:math:`\rho` a year. These two are what makes the shocks of the years seen likeliest, levels and
years taken out (restricted likelihood), and say how much a mean of years before and after will
differ by chance alone, also where the years seen are fewer than those (Burlig, Preonas and Woerman
2020, *Panel data and experimental design*, Journal of Development Economics 144, whose formula needs
as many years seen).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import linalg, special, stats

from analysis.methods.clusters.rows import Floats

_FADES = np.arange(-25, 50) / 50
"""Below nothing too: with that left out, shocks that do not last would seem to."""
_PASSING = np.arange(10) / 10
_FEW_YEARS = 4
"""With fewer years seen, the part that is gone the next year cannot be told from the fading."""


@dataclass(frozen=True, slots=True)
class Shocks:
    """Shocks to clusters in the years seen.

    Attributes
    ----------
    variance
        Of a cluster's mean in a year around its level and the year's.
    persistence
        Factor by which what does not pass at once fades a year.
    passing
        Share of the variance that is gone the next year.
    clusters, times
        How many were seen.
    plausible
        Variance, persistence and passing that the years seen do not rule out at 95 %.
    """

    variance: float
    persistence: float
    passing: float
    clusters: int
    times: int
    plausible: tuple[tuple[float, float, float], ...] = field(default=(), repr=False)

    def of_change(self, before: int, after: int) -> float:
        """Give the variance of a cluster's mean of years after less its mean of years before.

        >>> round(Shocks(4.0, 0.0, 0.0, 9, 4).of_change(2, 4), 9)
        3.0
        """
        return self.variance * _of_change(before, after, self.persistence, self.passing)

    def range_of_change(self, before: int, after: int) -> tuple[float, float]:
        """Give the ends of the range in which that variance lies by profile likelihood, else nan."""
        if not self.plausible:
            return np.nan, np.nan
        pairs = dict.fromkeys((fade, part) for _, fade, part in self.plausible)
        ways = {pair: _of_change(before, after, *pair) for pair in pairs}
        made = [variance * ways[fade, part] for variance, fade, part in self.plausible]
        return min(made), max(made)


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest effect that a design would find.

    Attributes
    ----------
    effect
        Found with a probability of `power` by a test of size `size`; infinite where a single cluster
        is treated or not.
    low, high
        Its range at 95 %, since the years before are few; nan where that cannot be told.
    se
        Of the estimate, by chance alone.
    clusters, treated, before, after
        The design: clusters, of which treated, for years before and after.
    power, size
        As asked.
    shocks
        What it rests on.
    """

    effect: float
    low: float
    high: float
    se: float
    clusters: int
    treated: int
    before: int
    after: int
    power: float
    size: float
    shocks: Shocks


def estimate_shocks(
    frame: pd.DataFrame, *, outcome: str, cluster: str, time: str, unit: str | None = None
) -> Shocks:
    """Estimate how clusters' means move from year to year, from rows before any treatment.

    Parameters
    ----------
    frame
        Rows of years before treatment: every cluster in every year, three years or more.
    outcome, cluster, time
        Columns.
    unit
        Column of units whose own level is taken out first, where not all are there in all years.

    Examples
    --------
    >>> rows = pd.DataFrame({"county": list("aaabbbccc"), "year": [1, 2, 3] * 3,
    ...                      "score": [1.0, 0, 2, 0, 3, 0, 2, 1, 3]})
    >>> made = estimate_shocks(rows, outcome="score", cluster="county", time="year")
    >>> made.clusters, made.times, made.passing
    (3, 3, 0.0)
    """
    # Sums depend on their order: it is that of the values, whatever the order of rows.
    values = frame[outcome].astype(float).reset_index(drop=True).sort_values()
    keys = frame.reset_index(drop=True)
    if unit is not None:
        values = (values - values.groupby(keys[unit]).transform("mean")).sort_values()
    table = values.groupby([keys[cluster], keys[time]]).mean().unstack()
    means = table.to_numpy()
    clusters, times = means.shape
    if not np.isfinite(means).all() or clusters < 3 or times < 3:
        raise ValueError("three clusters and three years or more, every cluster in every year")
    # Sorted, so that neither names nor order of clusters decide a digit.
    means = means[np.lexsort(means.T[::-1])]
    contrasts = linalg.helmert(times)
    free = (means - means.mean(axis=0)) @ contrasts.T
    seen = np.einsum("gi,gj->ij", free, free) / (clusters - 1)
    tried, variances, further = _weigh(seen, contrasts, clusters - 1)
    best = int(np.argmin(further))
    return Shocks(float(variances[best]), *tried[best], clusters, times,
                  find_plausible(tried, variances, further, (clusters - 1) * (times - 1)))  # fmt: skip


def find_detectable(
    shocks: Shocks,
    *,
    clusters: int,
    treated: int,
    before: int,
    after: int,
    power: float = 0.8,
    size: float = 0.05,
) -> Detectable:
    """Give the smallest effect that a design would find by the jackknife's t-test (`cv3`).

    Half of it is the critical value of t with one degree less than clusters times the error that the
    jackknife will show on average, larger than the true one where few are treated; the other half
    what the power asks of the true error.

    Parameters
    ----------
    shocks
        From `estimate_shocks`.
    clusters, treated
        The design: clusters, and how many of them are treated, all in the same year.
    before, after
        Years before and after.
    power, size
        Probability that the effect is found, and that none is found wrongly.

    Examples
    --------
    >>> shocks = Shocks(1.0, 0.0, 0.0, 16, 4)
    >>> five, eight = (find_detectable(shocks, clusters=16, treated=n, before=4, after=4)
    ...                for n in (5, 8))
    >>> round(five.effect, 3), round(eight.effect, 3)
    (1.194, 1.086)
    """
    untreated = clusters - treated
    if min(treated, untreated, before, after) < 1:
        raise ValueError("a design needs treated and other clusters, years before and after")
    change = shocks.of_change(before, after)
    se = float(np.sqrt(change * (1 / treated + 1 / untreated)))
    alone = min(treated, untreated) < 2
    shown = np.inf if alone else np.sqrt(
        change * (clusters - 1) / clusters * (1 / (treated - 1) + 1 / (untreated - 1)))  # fmt: skip
    spread = stats.t(clusters - 1)
    effect = float(spread.ppf(1 - size / 2) * shown + spread.ppf(power) * se)
    low, high = np.sqrt(np.array(shocks.range_of_change(before, after)) / change) * effect
    return Detectable(effect, float(low), float(high), se, clusters, treated, before, after, power,
                      size, shocks)  # fmt: skip


def ways(longest: int) -> list[tuple[float, float]]:
    """List the ways to fade and to pass that are tried where clusters are seen for so many years."""
    passing = _PASSING if longest >= _FEW_YEARS else _PASSING[:1]
    return [(float(fade), float(part)) for fade in _FADES for part in passing]


def correlation(times: int, fade: float, passing: float) -> Floats:
    """Give how means of years move together."""
    apart = np.abs(np.subtract.outer(np.arange(times), np.arange(times)))
    return (1 - passing) * np.power(fade, apart) + passing * np.eye(times)


def _of_change(before: int, after: int, fade: float, passing: float) -> float:
    weight = np.concatenate([np.full(before, -1 / before), np.full(after, 1 / after)])
    return float(weight @ correlation(before + after, fade, passing) @ weight)


def _weigh(
    seen: Floats, contrasts: Floats, clusters: int
) -> tuple[list[tuple[float, float]], Floats, Floats]:
    """Give ways to fade and to pass, each with its best variance, and how much less likely it is.

    That is minus twice the restricted log-likelihood, above the best.
    """
    free, times = contrasts.shape
    tried = ways(times)
    matrices = np.array([contrasts @ correlation(times, *each) @ contrasts.T for each in tried])
    variances = np.einsum("tij,ji->t", np.linalg.inv(matrices), seen) / free
    further = clusters * (np.linalg.slogdet(matrices)[1] + free * np.log(variances))
    return tried, variances, further - further.min()


def find_plausible(
    tried: list[tuple[float, float]], variances: Floats, further: Floats, free: int
) -> tuple[tuple[float, float, float], ...]:
    """Give for every way that is not ruled out the smallest and the largest variance that is not."""
    room = float(stats.chi2.ppf(0.95, 1))
    made = []
    for (fade, part), variance, used in zip(tried, variances, further, strict=True):
        if used <= room:
            # A variance r times the best is by free (log r + 1 / r - 1) less likely.
            left = -1 - (room - used) / free
            ends = (-1 / special.lambertw(-np.exp(left), branch).real for branch in (-1, 0))
            made += [(float(end * variance), fade, part) for end in ends]
    return tuple(made)
