"""One stage under assessment: its schools, its rules, and the numbers both give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods import dispersion
from analysis.methods.dispersion import Range, Weights
from analysis.questions.balance import verdicts
from analysis.questions.balance.schools import Entrants, Scheme


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage being assessed: who is in it and by which rules.

    Attributes
    ----------
    id, year
        Stage and school year.
    entrants
        The schools.
    scheme, weights
        The scheme and the weighting of the coefficient.
    coverage
        Schools that reported over schools that should.
    silent
        Pupils of the stage in schools that did not report; 0 if all did, nan if nobody knows.
    robustness
        Parameters of the simulated reporting errors.
    min_coverage
        Below this coverage nothing is judged.
    """

    id: str
    year: int
    entrants: Entrants
    scheme: Scheme
    weights: Weights
    coverage: float
    silent: float
    robustness: Mapping[str, Any]
    min_coverage: float

    @property
    def key(self) -> dict[str, Any]:
        return {"stage": self.id, "at": str(self.year)}

    @property
    def indicators(self) -> list[Mapping[str, Any]]:
        return list(self.scheme["indicator"])

    def threshold(self, indicator: Mapping[str, Any]) -> float:
        return float(indicator.get("threshold", {}).get(self.id, np.nan))

    @property
    def has_thresholds(self) -> bool:
        return not all(np.isnan(self.threshold(indicator)) for indicator in self.indicators)

    @property
    def limit(self) -> float:
        return float(self.scheme["coefficient"]["limits"].get(self.id, np.nan))

    def levels(self) -> pd.DataFrame:
        """Resource per pupil of each school, in the indicator's unit."""
        schools = self.entrants.counted
        # Times first, then divided: 42 x 100 / 1000 is 4.2 to the last bit, 42 / 1000 x 100 need not be.
        return pd.DataFrame(
            {i["id"]: schools[i["id"]] * i["per"] / schools["pupils"] for i in self.indicators},
            index=schools.index,
        )

    def coefficient(self, indicator: Mapping[str, Any]) -> float:
        """The coefficient over the schools that reported."""
        seen = self.entrants.counted[self.entrants.counted[indicator["id"]].notna()]
        return dispersion.difference_coefficient(
            seen[indicator["id"]], seen["pupils"], weights=self.weights
        )

    def possible(self, indicator: Mapping[str, Any]) -> Range:
        """The coefficients possible given what was not reported, by a school or by a silent one.

        Schools that said nothing at all stand together for one with the pupils they have.
        """
        schools = self.entrants.counted
        if schools[indicator["id"]].notna().all() and self.silent == 0:
            value = self.coefficient(indicator)
            return Range(value, value)
        # The bounds are known for the official weighting only.
        if self.weights is None or np.isnan(self.silent):
            return Range(float("nan"), float("nan"))
        silent = [self.silent] if self.silent > 0 else []
        return dispersion.missing_value_range(
            [*schools[indicator["id"]], *(np.nan for _ in silent)], [*schools["pupils"], *silent]
        )

    def robust_range(self, indicator: Mapping[str, Any]) -> Range:
        """The wider of the ranges under the printed correlations of reporting errors.

        Where schools are nearly equal, errors alone make a difference: then the range begins at
        the reported value.
        """
        seen = self.entrants.counted[self.entrants.counted[indicator["id"]].notna()]
        ranges = [
            dispersion.reporting_error_range(
                seen[indicator["id"]],
                seen["pupils"],
                error=self.robustness["error"],
                correlation=correlation,
                draws=self.robustness["draws"],
                rng=np.random.default_rng(self.robustness["seed"]),
                weights=self.weights,
            )
            for correlation in self.robustness["correlations"]
        ]
        widest, value = max(ranges, key=lambda r: r.high - r.low), self.coefficient(indicator)
        return Range(min(widest.low, value), max(widest.high, value))

    def composite(self) -> float:
        """The plain mean of all coefficients; nan where one of them is undefined."""
        return float(np.mean([self.coefficient(indicator) for indicator in self.indicators]))

    def school_verdicts(self) -> pd.Series:
        """Verdict of each school by the scheme's rule; empty where the scheme has none."""
        rule = self.scheme.get("school_rule")
        if not rule:
            return pd.Series(dtype=object)
        thresholds = {i["id"]: self.threshold(i) for i in self.indicators}
        levels = self.levels()
        judged = [verdicts.judge_school(levels.loc[s], thresholds, rule) for s in levels.index]
        return pd.Series(judged, index=levels.index, dtype=object)
