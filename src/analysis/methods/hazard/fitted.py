"""What a fit of a hazard says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd
from scipy import stats

from analysis.methods.hazard.likelihood import Link

ErrorKind = Literal["information", "CR1", "CV3"]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    params, se
        Estimates and their errors, by name: ``period[level]`` for periods, ``column`` or
        ``column[level]`` for covariates.
    covariance
        Of the estimates; `se` are the roots of its diagonal.
    se_kind
        ``information``, ``CR1`` or ``CV3``.
    deviance
        Minus twice the log-likelihood.
    link
        ``logit`` or ``cloglog``.
    rows, cells, clusters
        Rows that the data stand for, rows that were given, clusters (0 without).
    """

    params: pd.Series
    se: pd.Series
    covariance: pd.DataFrame
    se_kind: ErrorKind
    deviance: float
    link: Link
    rows: int
    cells: int
    clusters: int

    def interval(self, level: float = 0.95) -> pd.DataFrame:
        """Give ``low`` and ``high`` by name: normal, or t with one degree less than clusters."""
        spread = stats.t(self.clusters - 1) if self.clusters else stats.norm
        width = spread.ppf((1 + level) / 2) * self.se
        return pd.DataFrame({"low": self.params - width, "high": self.params + width})
