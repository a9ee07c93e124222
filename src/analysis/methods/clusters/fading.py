r"""How means of clusters move from year to year where clusters differ in size and in the years seen.

A cluster's mean in a year is taken to have a level of its own, the year's in common, a shock that fades
by a factor :math:`\rho` a year, and noise whose variance is one over the number of its rows:

.. math::

    \mathrm{cov}(u_s, u_t) = v \left[ (1 - \nu) \rho^{|s - t|} + \nu\, (n / n_t) [s = t] \right],

with :math:`n` the harmonic mean of those numbers. The three are what makes the years seen likeliest,
levels and years taken out (restricted likelihood). With equal clusters seen in the same years it is the
model of `power`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from analysis.methods.clusters import power
from analysis.methods.clusters.rows import Codes, Floats

Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What a weighted sum of clusters' means takes of shocks and of noise.

    Attributes
    ----------
    shocks
        Years by years: sum over clusters of weight times weight.
    noise
        Sum of squared weights, each over the number of rows behind the mean.
    """

    shocks: Floats
    noise: float

    @classmethod
    def of(cls, weights: Floats, rows: Floats) -> Load:
        """Add up sums of means: weights and rows by cluster and year (further axes in front)."""
        flat = weights.reshape(-1, weights.shape[-1])
        size = np.maximum(np.broadcast_to(rows, weights.shape), 1)
        return cls(np.einsum("gs,gt->st", flat, flat), float((weights**2 / size).sum()))


@dataclass(frozen=True, slots=True)
class Fading:
    """Shocks and noise of clusters' means.

    Attributes
    ----------
    variance
        Of the mean of a cluster of `size` rows in a year, around its level and the year's.
    persistence
        Factor by which shocks fade a year.
    passing
        Share of the variance that is noise.
    size
        Rows of such a cluster.
    clusters, times
        How many were seen.
    plausible
        Variance, persistence and passing that the years seen do not rule out at 95 %.
    """

    variance: float
    persistence: float
    passing: float
    size: float
    clusters: int
    times: int
    plausible: tuple[tuple[float, float, float], ...] = field(default=(), repr=False)

    def of_sum(self, load: Load) -> float:
        """Give the variance of a weighted sum.

        >>> Fading(4.0, 0.0, 0.5, 10.0, 9, 4).of_sum(Load(np.array([[0.5, 0.0], [0.0, 0.5]]), 0.1))
        4.0
        """
        shocks, passing = _take(load, self.persistence), self.size * load.noise
        return self.variance * ((1 - self.passing) * shocks + self.passing * passing)

    def each(self, load: Load) -> Floats:
        """Give the variance of a weighted sum under all that is not ruled out."""
        if not self.plausible:
            return np.empty(0)
        variance, fades, parts = np.array(self.plausible).T
        several, which = np.unique(fades, return_inverse=True)
        shocks = np.array([_take(load, each) for each in several])[which]
        return variance * ((1 - parts) * shocks + parts * self.size * load.noise)


def _take(load: Load, persistence: float) -> float:
    """Give what a sum takes of shocks of variance 1 that fade so."""
    return float((power.correlation(len(load.shocks), persistence, 0.0) * load.shocks).sum())


def estimate_fading(means: Floats, rows: Floats) -> Fading:
    """Estimate shocks and noise from clusters' means.

    Parameters
    ----------
    means
        Clusters by years in their order; nan where a cluster is not seen, or no longer to be asked.
    rows
        How many rows are behind each.

    Raises
    ------
    ValueError
        If fewer than three clusters are seen in two years, or fewer than three years in all.

    Examples
    --------
    >>> made = estimate_fading(np.array([[1.0, 0, 2], [0, 3, 0], [2, 1, 3]]), np.full((3, 3), 5.0))
    >>> made.clusters, made.times, made.passing
    (3, 3, 0.0)
    """
    seen = np.isfinite(means)
    some = seen.sum(axis=1) >= 2
    means, rows, seen = means[some], rows[some], seen[some]
    used = seen.any(axis=0)
    if len(means) < 3 or used.sum() < 3:
        raise ValueError("three clusters seen in two years or more, and three years or more")
    size = float(1 / (1 / rows[seen]).mean())
    tried = power.ways(int(seen.sum(axis=1).max()))
    tried += _around(*tried[int(np.argmin(weigh(means, rows / size, seen, tried)[1]))])
    variances, further, free = weigh(means, rows / size, seen, tried)
    best = int(np.argmin(further))
    return Fading(float(variances[best]), *tried[best], size, len(means), int(used.sum()),
                  power.find_plausible(tried, variances, further, free))  # fmt: skip


def _around(fade: float, part: float) -> list[tuple[float, float]]:
    """List ways between a way and those beside it; many clusters tell them apart."""
    fades = [fade + step / 200 for step in range(-4, 5)]
    parts = (
        [part + step / 50 for step in range(-5, 6)] if part else [step / 50 for step in range(5)]
    )
    return [(f, p) for f in fades for p in parts if f < 1 and 0 <= p < 1 and (f, p) != (fade, part)]


def weigh(
    means: Floats, rows: Floats, seen: Cells, tried: Sequence[tuple[float, float]]
) -> tuple[Floats, Floats, int]:
    """Give the best variance of each way to fade and to pass, and how much less likely it is.

    That is minus twice the restricted log-likelihood, above the best. And last, how many contrasts
    the variances rest on. Arguments are those of `estimate_fading`, rows over their size.
    """
    fades, parts = np.array(tried).T
    years = np.flatnonzero(seen.any(axis=0))
    products = np.zeros((len(tried), len(years) - 1, len(years) - 1))
    moments, squares = np.zeros((len(tried), len(years) - 1)), np.zeros(len(tried))
    logs, free = np.zeros(len(tried)), -(len(years) - 1)
    apart = np.abs(np.subtract.outer(np.arange(means.shape[1]), np.arange(means.shape[1])))
    several, which = np.unique(fades, return_inverse=True)
    lasting = several[:, None, None] ** apart
    for at, own, noise in _patterns(means, rows, seen):
        contrasts = linalg.helmert(len(at))
        fading = contrasts @ lasting[:, at][:, :, at] @ contrasts.T
        passing = (contrasts / noise) @ contrasts.T
        matrices = (1 - parts)[:, None, None] * fading[which] + parts[:, None, None] * passing
        inverse = np.linalg.inv(matrices)
        # The first year is the one that others are held against.
        columns = (contrasts @ (at[:, None] == years))[:, 1:]
        values = own @ contrasts.T
        pulled = columns.T @ inverse
        products += len(own) * (pulled @ columns)
        moments += pulled @ values.sum(axis=0)
        squares += (inverse * np.einsum("gi,gj->ij", values, values)).sum(axis=(1, 2))
        logs += len(own) * np.linalg.slogdet(matrices)[1]
        free += len(own) * (len(at) - 1)
    fitted = np.einsum("na,na->n", moments, np.linalg.solve(products, moments[..., None])[..., 0])
    variances = (squares - fitted) / free
    further = logs + np.linalg.slogdet(products)[1] + free * np.log(variances)
    return variances, further - further.min(), free


def _patterns(means: Floats, rows: Floats, seen: Cells) -> Iterator[tuple[Codes, Floats, Floats]]:
    """Give clusters seen in the same years with the same numbers of rows: years, means, rows."""
    keys = np.where(seen, rows, 0.0)
    patterns, which = np.unique(keys, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        at = np.flatnonzero(pattern)
        own = means[which.ravel() == number][:, at]
        # Sorted, so that neither names nor order of clusters decide a digit.
        yield at, own[np.lexsort(own.T[::-1])], pattern[at]
