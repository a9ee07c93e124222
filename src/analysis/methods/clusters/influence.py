"""How much each cluster decides of a coefficient, and so how many clusters there really are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.clusters.regression import Regression


@dataclass(frozen=True, slots=True)
class Leverage:
    """Clusters by what they decide.

    Attributes
    ----------
    share
        Of each cluster: its part of the covariate's variation that no other column tells. Sums to 1.
    effective
        Number of clusters of equal share that would be as few.
    clusters
        Number of clusters.
    """

    share: pd.Series
    effective: float
    clusters: int


def leverage(regression: Regression, name: str) -> Leverage:
    """Give each cluster's partial leverage and the effective number of clusters.

    The effective number is that of Carter, Schnepel and Steigerwald (2017, *Asymptotic behavior of a
    t-test robust to cluster heterogeneity*, Review of Economics and Statistics 99) with errors
    independent within clusters; it is then one over the sum of squared partial leverages
    (MacKinnon, Nielsen and Webb 2023, *Leverage, influence, and the jackknife in clustered
    regression models*, Stata Journal 23).

    Parameters
    ----------
    regression, name
        As in `cv1`.

    Examples
    --------
    One treated cluster of three decides as much as all others together.

    >>> from analysis.methods.clusters.regression import fit
    >>> rows = pd.DataFrame({"county": list("abc"), "on": [1, 0, 0], "score": [4.0, 1, 3]})
    >>> made = fit(rows, outcome="score", covariates=["on"], cluster="county")
    >>> found = leverage(made, "on")
    >>> found.share.sort_index().round(3).to_dict(), round(found.effective, 3)
    ({'a': 0.667, 'b': 0.167, 'c': 0.167}, 2.0)
    """
    a = regression.direction(name)
    own = np.einsum("gkl,k,l->g", regression.products, a, a)
    share = own / own.sum()
    index = pd.Index(regression.labels, name="cluster")
    return Leverage(pd.Series(share, index=index, name="share"), float(1 / (share**2).sum()),
                    regression.clusters)  # fmt: skip
