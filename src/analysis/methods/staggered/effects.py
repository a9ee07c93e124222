"""What is said of effects by cohort and period, and of averages of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis.errors import UsageError
from analysis.methods.staggered import averages
from analysis.methods.staggered.bands import Weights, critical_value
from analysis.methods.staggered.comparisons import Comparison
from analysis.methods.staggered.sums import cross
from analysis.methods.staggered.two_by_two import Effect

Floats = NDArray[np.float64]
Kind = Literal["simple", "dynamic", "group", "calendar"]


@dataclass(frozen=True, slots=True)
class Test:
    """A Wald test: its statistic, degrees of freedom and chance."""

    statistic: float
    df: int
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """An average of effects, and the cells that it is made of.

    Attributes
    ----------
    kind
        What is averaged.
    estimate, se
        The average over all cells.
    table
        The cells: ``event``, ``first_treated`` or ``period`` with ``estimate`` and ``se``; one row
        of all where `kind` is ``simple``.
    influence
        Cells by clusters: what each contributes to a cell's error.
    """

    kind: Kind
    estimate: float
    se: float
    table: pd.DataFrame
    influence: Floats

    def band(
        self, *, level: float = 0.95, draws: int = 999, seed: int = 1, weights: Weights = "mammen"
    ) -> pd.DataFrame:
        """Give the table with ``low`` and ``high`` of a band that holds for all cells at once.

        Parameters
        ----------
        level, draws, seed, weights
            As in `bands.critical_value`; ``webb`` where there are few clusters.
        """
        return _band(self.table, self.influence, level, draws, seed, weights)

    def covariance(self) -> pd.DataFrame:
        """Give the covariance of the cells, named as the table's first column says."""
        names = pd.Index(self.table.iloc[:, 0])
        return pd.DataFrame(cross(self.influence.T, self.influence.T), index=names, columns=names)


@dataclass(frozen=True, slots=True, eq=False)
class GroupTime:
    """Effects by cohort and period.

    Attributes
    ----------
    table
        One row a cohort and period: ``first_treated``, ``period``, ``event`` (periods since
        treatment), ``base`` (the period held against), ``estimate``, ``se``, ``treated_n`` and
        ``control_n`` (rows of the period that are compared), and ``reason`` where there is no estimate: ``nobody`` to compare,
        ``singular`` covariates, no ``overlap``.
    influence
        Cells by clusters: what each contributes to a cell's error.
    shares, share_influence
        Share of each cohort among the units, and the same for its error.
    periods
        All that are seen.
    left_out
        Rows that are compared with nothing, by reason.
    anticipation
        Periods before treatment that may know of it.
    """

    table: pd.DataFrame
    influence: Floats
    shares: pd.Series
    share_influence: Floats
    periods: Floats
    left_out: dict[str, int]
    anticipation: float

    @classmethod
    def collect(
        cls, rows: Sequence[tuple[Comparison, Effect, int, int]], influence: Floats,
        periods: Floats, shares: tuple[Floats, Floats], left_out: dict[str, int],
        anticipation: float,
    ) -> GroupTime:  # fmt: skip
        """Put what was estimated into a table."""
        # Row by row: a copy of all of it may be the largest thing in memory. Where hardly anybody is
        # comparable the error may be beyond all numbers, and infinite.
        with np.errstate(over="ignore"):
            se = np.sqrt([(row**2).sum() for row in influence])
        cells = [
            (each.first, periods[each.at], periods[each.at] - each.first, periods[each.base],
             made.estimate, error if error > 0 else np.nan, treated, control, made.reason)
            for (each, made, treated, control), error in zip(rows, se, strict=True)
        ]  # fmt: skip
        names = ["first_treated", "period", "event", "base", "estimate", "se", "treated_n",
                 "control_n", "reason"]  # fmt: skip
        cohorts = sorted({each.first for each, *_ in rows})
        return cls(pd.DataFrame(cells, columns=names), influence,
                   pd.Series(shares[0], index=cohorts), shares[1], periods, left_out,
                   anticipation)  # fmt: skip

    @property
    def clusters(self) -> int:
        """Count the clusters (units where there are no others)."""
        return int(self.influence.shape[1])

    def covariance(self) -> Floats:
        """Give the covariance of the cells, in the order of the table."""
        return cross(self.influence.T, self.influence.T)

    def band(
        self, *, level: float = 0.95, draws: int = 999, seed: int = 1, weights: Weights = "mammen"
    ) -> pd.DataFrame:
        """Give the table with ``low`` and ``high`` of a band that holds for all cells at once.

        Parameters
        ----------
        level, draws, seed, weights
            As in `bands.critical_value`; ``webb`` where there are few clusters.
        """
        known = np.where(np.isfinite(self.influence), self.influence, 0.0)
        return _band(self.table, known, level, draws, seed, weights)

    def pretest(self) -> Test:
        """Test that all effects before treatment (and its anticipation) are nought (Wald).

        Passing it does not show that trends were parallel: it may have had little power.
        """
        early = self.table["event"] < -self.anticipation
        at = np.flatnonzero(early & (self.table["se"] > 0))
        if not len(at):
            return Test(np.nan, 0, np.nan)
        picked = self.influence[at]
        estimate = self.table["estimate"].to_numpy()[at]
        spread = cross(picked.T, picked.T)
        if not 1 / np.linalg.cond(spread, 1) > np.finfo(float).eps:
            return Test(np.nan, len(at), np.nan)
        statistic = float(estimate @ np.linalg.solve(spread, estimate))
        return Test(statistic, len(at), float(stats.chi2.sf(statistic, len(at))))

    def aggregate(
        self,
        kind: Kind,
        *,
        balance: float | None = None,
        missing: Literal["refuse", "drop"] = "refuse",
    ) -> Aggregate:
        """Average the effects.

        Parameters
        ----------
        kind
            ``simple``: all cells from treatment on, by size of cohort. ``dynamic``: by periods since
            treatment, and the mean of those from treatment on. ``group``: by cohort, averaged by
            size. ``calendar``: by period, and the mean of periods.
        balance
            With ``dynamic``: only cohorts seen for so many periods after treatment, and only
            event times up to that, so that cohorts are the same in all of them.
        missing
            What happens to cells without an estimate.

        Examples
        --------
        >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3,
        ...                      "begins": [2, 2, 2, 2, 0, 0], "score": [1.0, 4, 0, 3, 5, 6]})
        >>> from analysis.methods import staggered
        >>> staggered.group_time_effects(rows, outcome="score", unit="school", time="year",
        ...                              first_treated="begins").aggregate("simple").estimate
        2.0
        """
        if kind not in averages.WAYS:
            known = list(averages.WAYS)
            raise UsageError(f"只有 {'、'.join(known)}", f"one of {', '.join(known)}")
        known_cells = self.table["estimate"].notna().to_numpy()
        if missing == "refuse" and not known_cells.all():
            reasons = ", ".join(sorted(set(self.table.loc[~known_cells, "reason"])))
            raise UsageError(
                f"有 {int((~known_cells).sum())} 个格子没有估计值（{reasons}）",
                f"{int((~known_cells).sum())} cells have no estimate ({reasons})",
            )
        estimate = np.where(known_cells, self.table["estimate"], 0.0)
        influence = self.influence
        if not known_cells.all():
            influence = np.where(known_cells[:, None], influence, 0.0)
        cells = self.table.assign(estimate=estimate)
        made = averages.WAYS[kind](cells, known_cells, self.shares, self.periods, balance)
        parts = averages.combine(made, influence, self.share_influence)
        with np.errstate(over="ignore"):
            se = np.sqrt((parts**2).sum(axis=1))
        table = pd.DataFrame(
            {made.name: made.labels, "estimate": made.weights[:-1] @ estimate,
             "se": np.where(se[:-1] > 0, se[:-1], np.nan)}
        )  # fmt: skip
        return Aggregate(kind, float(made.weights[-1] @ estimate), float(se[-1]), table, parts[:-1])


def _band(
    table: pd.DataFrame, influence: Floats, level: float, draws: int, seed: int, weights: Weights
) -> pd.DataFrame:
    wide = critical_value(influence, level=level, draws=draws, seed=seed, weights=weights)
    width = wide * table["se"]
    return table.assign(low=table["estimate"] - width, high=table["estimate"] + width)
