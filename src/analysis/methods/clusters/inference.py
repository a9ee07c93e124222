"""What is said of one coefficient: an estimate, a range, a p-value, and which error they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import stats

ErrorKind = Literal["CV1", "CV3", "wild", "randomisation"]


@dataclass(frozen=True, slots=True)
class Inference:
    """What is said of one coefficient.

    Attributes
    ----------
    estimate, low, high, p
        Estimate, ends of its range (infinite where no value is ruled out on that side, nan where
        nothing can be said), p-value of no effect.
    error
        ``CV1``, ``CV3``, ``wild`` or ``randomisation``.
    clusters
        Number of clusters.
    se
        Standard error that range and p rest on; nan where they rest on none.
    draws
        How many draws stand behind the p-value, 0 with a standard error.
    every
        Whether these are all draws that there are, and not some of them by chance.
    """

    estimate: float
    low: float
    high: float
    p: float
    error: ErrorKind
    clusters: int
    se: float = float("nan")
    draws: int = 0
    every: bool = False


def by_t(
    estimate: float, se: float, clusters: int, error: ErrorKind, level: float = 0.95
) -> Inference:
    """Give range and p-value by Student's t with one degree less than there are clusters.

    >>> found = by_t(2.0, 1.0, 3, "CV1")
    >>> round(found.low, 4), round(found.high, 4), round(found.p, 4)
    (-2.3027, 6.3027, 0.1835)
    """
    width = float(stats.t.ppf((1 + level) / 2, clusters - 1)) * se
    # An estimate that no cluster contradicts has no error: nothing but itself is left.
    ratio = abs(estimate) / se if se != 0 else (float("inf") if estimate else 0.0)
    p = float(2 * stats.t.sf(ratio, clusters - 1))
    return Inference(estimate, estimate - width, estimate + width, p, error, clusters, se)
