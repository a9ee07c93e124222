"""Standard errors by clusters: the usual one, and the jackknife that leaves each cluster out."""

from __future__ import annotations

import numpy as np

from analysis.methods.clusters.inference import Inference, by_t
from analysis.methods.clusters.regression import Regression, invert, is_told


def cv1(regression: Regression, name: str, *, level: float = 0.95) -> Inference:
    """Give the usual error by clusters, with t of one degree less than clusters (Liang, Zeger 1986).

    The sum of squares of the clusters' scores times G / (G - 1) and (N - 1) / (N - K). K counts the
    constant and all columns, not effects of units that lie within clusters. Too small where
    clusters are few, or few of them treated.

    Parameters
    ----------
    regression
        From `fit`.
    name
        Of the covariate.
    level
        Of the range.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis.methods.clusters.regression import fit
    >>> rows = pd.DataFrame({"county": list("abcd"), "on": [1, 1, 0, 0], "score": [3.0, 5, 1, 3]})
    >>> made = fit(rows, outcome="score", covariates=["on"], cluster="county")
    >>> found = cv1(made, "on")
    >>> round(found.estimate, 9), round(found.se**2, 9)
    (2.0, 2.0)
    """
    se = float(np.sqrt(regression.variance(name)))
    return by_t(regression.estimate(name), se, regression.clusters, "CV1", level)


def cv3(regression: Regression, name: str, *, level: float = 0.95) -> Inference:
    """Give the jackknife's error by clusters, with t of one degree less than clusters.

    Each cluster is left out in turn; the squares of what that changes in the estimate are summed
    times (G - 1) / G (MacKinnon, Nielsen and Webb 2023). Where a coefficient cannot be told without
    one of the clusters, as with a single treated one, error, range and p are nan.

    Parameters
    ----------
    regression, name, level
        As in `cv1`.

    Examples
    --------
    Without a, 5 - 2; without b, 3 - 2; without c, 4 - 3; without d, 4 - 1: each 1 from 2.

    >>> import pandas as pd
    >>> from analysis.methods.clusters.regression import fit
    >>> rows = pd.DataFrame({"county": list("abcd"), "on": [1, 1, 0, 0], "score": [3.0, 5, 1, 3]})
    >>> made = fit(rows, outcome="score", covariates=["on"], cluster="county")
    >>> round(cv3(made, "on").se ** 2, 9)
    3.0
    """
    at, clusters = regression.place(name), regression.clusters
    left = regression.products.sum(axis=0) - regression.products
    inverse = invert(left)
    if not is_told(inverse, left, at).all():
        return by_t(regression.estimate(name), float("nan"), clusters, "CV3", level)
    # Residuals sum to nothing against every column, so those of the others are minus the cluster's.
    change = -np.einsum("gk,gk->g", inverse[:, at], regression.scores) / regression.scale[at]
    se = float(np.sqrt((clusters - 1) / clusters * (change**2).sum()))
    return by_t(regression.estimate(name), se, clusters, "CV3", level)
