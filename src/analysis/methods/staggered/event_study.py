"""Effects by periods since treatment, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class EventStudy:
    """Effects by periods since treatment.

    Attributes
    ----------
    estimate, se
        The mean over all treated rows.
    table
        ``event``, ``estimate``, ``se``, and ``rows_n`` of treated rows behind each.
    cells
        The same by ``first_treated`` and ``event``.
    spread
        Covariance of the estimates in `table`, named by event.
    covariates
        Coefficients of the covariates.
    left_out
        Rows that nothing can be said of, by reason.
    clusters
        How many there are.
    """

    estimate: float
    se: float
    table: pd.DataFrame
    cells: pd.DataFrame
    spread: pd.DataFrame
    covariates: pd.Series
    left_out: dict[str, int]
    clusters: int

    def covariance(self) -> pd.DataFrame:
        """Give the covariance of the estimates, named by event."""
        return self.spread
