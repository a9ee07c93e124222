"""Ranges by drawing again from what was seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_TOLD = 0.95
"""Share of the draws that must tell something: where more are silent, so is the range."""


def by_cluster(
    statistic: Callable[[Floats], tuple[float, ...]],
    cluster: ArrayLike,
    rng: np.random.Generator | None,
    draws: int,
) -> list[tuple[float, float]]:
    """Draw clusters with replacement and give the middle 95 % of what comes out.

    Parameters
    ----------
    statistic
        From how often each row was drawn to one number or several; nan where it cannot be told.
    cluster
        Cluster of each row.
    rng, draws
        Source of chance and number of draws.

    Returns
    -------
    list of tuple
        Low and high of each number; nan where too many draws told nothing.

    Examples
    --------
    >>> values, school = np.array([1.0, 3.0, 5.0]), ["a", "a", "b"]
    >>> mean = lambda weight: (float(weight @ values / weight.sum()),)
    >>> by_cluster(mean, school, np.random.default_rng(1), 500)
    [(2.0, 5.0)]
    """
    if rng is None:
        raise ValueError("a bootstrap of clusters needs a source of chance")
    codes, levels = pd.factorize(np.asarray(cluster), sort=True)
    chance = np.full(len(levels), 1 / len(levels))
    made = [
        statistic(rng.multinomial(len(levels), chance)[codes].astype(float)) for _ in range(draws)
    ]
    ends = []
    for values in np.array(made).T:
        known = values[np.isfinite(values)]
        enough = len(known) >= _TOLD * draws
        low, high = np.quantile(known, [0.025, 0.975]) if enough else (np.nan, np.nan)
        ends.append((float(low), float(high)))
    return ends
