"""The wild cluster bootstrap with the null imposed: residuals of whole clusters turned by chance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

import numpy as np

from analysis.methods.clusters.inference import Inference
from analysis.methods.clusters.inversion import Draws
from analysis.methods.clusters.regression import Regression
from analysis.methods.clusters.rows import Floats

Weights = Literal["rademacher", "webb"]
_POINTS = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.array([-(1.5**0.5), -1.0, -(0.5**0.5), 0.5**0.5, 1.0, 1.5**0.5]),
}
WEBB_BELOW = 12
"""So many clusters and more have enough signs for Rademacher's weights (Webb 2023)."""
_BLOCK = 1_000_000


def wild_bootstrap(
    regression: Regression,
    name: str,
    *,
    draws: int = 999,
    seed: int = 0,
    weights: Weights | None = None,
    level: float = 0.95,
) -> Inference:
    """Give p-value and range by the wild cluster bootstrap, the null imposed, t by CV1.

    Parameters
    ----------
    regression, name, level
        As in `cv1`.
    draws
        How many; where there are no more than that, all are taken, and `seed` has no say.
    seed
        Of the draws.
    weights
        ``rademacher`` (two signs) or ``webb`` (six values); if not given, Webb's where there are
        fewer than 12 clusters, whose signs would give too few different draws.

    Returns
    -------
    Inference
        Drawn by chance, what was seen counts as one draw more. The range holds all values that
        the same draws do not rule out; without end where few treated clusters rule out none.

    Notes
    -----
    Roodman, MacKinnon, Nielsen and Webb (2019), *Fast and wild*, Stata Journal 19; Webb (2023),
    *Reworking wild bootstrap-based inference for clustered errors*, Canadian Journal of Economics 56.

    Examples
    --------
    Four clusters have 16 draws, of which 2 lie as far out as what was seen.

    >>> import pandas as pd
    >>> from analysis.methods.clusters.regression import fit
    >>> rows = pd.DataFrame({"county": list("abcd"), "on": [1, 1, 0, 0], "score": [4.0, 5, 1, 3]})
    >>> made = fit(rows, outcome="score", covariates=["on"], cluster="county")
    >>> found = wild_bootstrap(made, "on", weights="rademacher")
    >>> found.draws, found.every, found.p
    (16, True, 0.125)
    """
    if draws < 1:
        raise ValueError("a bootstrap needs a draw")
    chosen = weights or ("webb" if regression.clusters < WEBB_BELOW else "rademacher")
    points = _POINTS[chosen]
    every = len(points) ** regression.clusters <= draws
    blocks = [
        _work_out(regression, name, block)
        for block in _turned(points, regression.clusters, None if every else draws, seed)
    ]
    made = np.concatenate(blocks, axis=1)
    reference = Draws(made[:2], made[2:], regression.variance(name), every)
    estimate, ends = regression.estimate(name), reference.interval(level)
    return Inference(estimate, estimate + ends[0], estimate + ends[1], reference.p(-estimate),
                     "wild", regression.clusters, draws=made.shape[1], every=every)  # fmt: skip


def _turned(points: Floats, clusters: int, draws: int | None, seed: int) -> Iterator[Floats]:
    """Give what clusters are turned by, some draws at a time; all that there are without `draws`."""
    at_once = max(1, _BLOCK // clusters)
    if draws is None:
        all_of_them = itertools.product(points, repeat=clusters)
        while block := list(itertools.islice(all_of_them, at_once)):
            yield np.array(block)
        return
    rng = np.random.Generator(np.random.PCG64(seed))
    for first in range(0, draws, at_once):
        size = (min(at_once, draws - first), clusters)
        yield points[rng.integers(0, len(points), size)]


def _work_out(regression: Regression, name: str, turned: Floats) -> Floats:
    """Give the five numbers of each draw (`inversion`)."""
    a, at = regression.direction(name), regression.place(name)
    alone = regression.scale[at] ** 2 / regression.inverse[at, at]
    pulled = np.einsum("gkl,l->gk", regression.products, a)
    share = np.einsum("gk,kl->gl", pulled, regression.inverse)
    # Scores of the residuals with the null at the estimate, and what moving the null adds.
    moved, errors = [], []
    for scores in (regression.scores, pulled * alone):
        total = np.einsum("bg,gk->bk", turned, scores)
        moved.append(np.einsum("bk,k->b", total, a))
        own = np.einsum("gk,k->g", scores, a)
        errors.append(turned * own - np.einsum("bk,gk->bg", total, share))
    factor = regression.correction
    spread = [factor * (errors[i] * errors[j]).sum(axis=1) for i, j in ((0, 0), (0, 1), (1, 1))]
    return np.array([*moved, *spread])
