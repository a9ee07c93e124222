"""One stage under assessment: its schools, its rules, and the numbers both give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.finding import Verdict
from analysis.methods import dispersion
from analysis.methods.dispersion import Floats, Range, Weights
from analysis.questions.balance import reporting, verdicts
from analysis.questions.balance.schools import Entrants, Scheme, Site, Tables, enter
from analysis.records.reference import Reference


@dataclass(frozen=True)
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
    def is_empty(self) -> bool:
        return self.entrants.counted.empty and self.entrants.excluded.empty

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
        return pd.DataFrame(self._levels, index=self.entrants.counted.index)

    def level(self, indicator: Mapping[str, Any]) -> Floats:
        """Resource per pupil of each school by one indicator."""
        return self._levels[indicator["id"]]

    def reported(self, indicator: Mapping[str, Any]) -> tuple[Floats, Floats]:
        """What the schools have that reported it, and their pupils."""
        return self._reported[indicator["id"]]

    def is_reported(self, indicator: Mapping[str, Any]) -> bool:
        """Tell whether every school assessed reported it."""
        return len(self._reported[indicator["id"]][0]) == len(self._pupils)

    def coefficient(self, indicator: Mapping[str, Any]) -> float:
        """The coefficient over the schools that reported."""
        return self._coefficients[indicator["id"]]

    @property
    def _pupils(self) -> Floats:
        return self.entrants.numbers["pupils"]

    @property
    def _totals(self) -> dict[str, Floats]:
        return {i["id"]: self.entrants.numbers[i["id"]] for i in self.indicators}

    @cached_property
    def _levels(self) -> dict[str, Floats]:
        # Times first, then divided: 42 x 100 / 1000 is 4.2 to the last bit, 42 / 1000 x 100 need not be.
        totals, pupils = self._totals, self._pupils
        return {i["id"]: totals[i["id"]] * i["per"] / pupils for i in self.indicators}

    @cached_property
    def _reported(self) -> dict[str, tuple[Floats, Floats]]:
        pupils, all_seen = self._pupils, self._totals.items()
        return {id: (x[seen], pupils[seen]) for id, x in all_seen for seen in [~np.isnan(x)]}

    @cached_property
    def _coefficients(self) -> dict[str, float]:
        return {
            id: dispersion.difference_coefficient(totals, pupils, weights=self.weights)
            for id, (totals, pupils) in self._reported.items()
        }

    def possible(self, indicator: Mapping[str, Any]) -> Range:
        """The coefficients possible given what was not reported, by a school or by a silent one.

        Schools that said nothing at all stand together for one with the pupils they have.
        """
        if self.is_reported(indicator) and self.silent == 0:
            value = self.coefficient(indicator)
            return Range(value, value)
        # The bounds are known for the official weighting only.
        if self.weights is None or np.isnan(self.silent):
            return Range(float("nan"), float("nan"))
        silent = [self.silent] if self.silent > 0 else []
        return dispersion.missing_value_range(
            np.append(self.entrants.numbers[indicator["id"]], [np.nan for _ in silent]),
            np.append(self._pupils, silent),
        )

    def robust_range(self, indicator: Mapping[str, Any]) -> Range:
        """The wider of the ranges under the printed correlations of reporting errors.

        Where schools are nearly equal, errors alone make a difference: then the range begins at
        the reported value.
        """
        totals, pupils = self.reported(indicator)
        ranges = [
            dispersion.reporting_error_range(
                totals,
                pupils,
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
        judged = self.judge_schools()
        return pd.Series(judged, index=self.entrants.counted.index[: len(judged)], dtype=object)

    def judge_schools(self) -> list[Verdict]:
        """Verdicts in the order of the schools, as a list."""
        rule = self.scheme.get("school_rule")
        if not rule:
            return []
        thresholds = np.array([self.threshold(i) for i in self.indicators])
        return verdicts.judge_schools(np.column_stack([*self._levels.values()]), thresholds, rule)


def weigh(scheme: Scheme, asked: Weights | Literal["scheme"]) -> Weights:
    """Give the weighting asked for, or the scheme's; ``"none"`` stands for none in TOML."""
    weights: Weights | Literal["none"] = (
        scheme["coefficient"]["weights"] if asked == "scheme" else asked
    )
    return None if weights == "none" else weights


def form(
    tables: Tables, reference: Reference, scheme: Scheme, weights: Weights
) -> dict[str, dict[Site, Stage]]:
    """Form the scheme's stages in every county and year that any school reported of.

    Parameters
    ----------
    tables
        The tables ``counties``, ``schools``, ``school_years`` and ``resources`` of any counties
        and years.
    reference
        Codes and parameters.
    scheme, weights
        The scheme and the weighting of the coefficient.

    Returns
    -------
    dict
        By stage, then by county and year.
    """
    parameters = reference.parameters["balance"]
    coverage = reporting.cover(tables)
    formed = {}
    for stage, entered in enter(tables, reference.codes["kind"], scheme).items():
        silent = reporting.count_silent(tables, stage)
        formed[stage] = {
            site: Stage(
                id=stage,
                year=site[1],
                entrants=entrants,
                scheme=scheme,
                weights=weights,
                coverage=coverage[site],
                silent=0.0 if coverage[site] >= 1 else silent[site],
                robustness=parameters["robustness"],
                min_coverage=parameters["coverage"]["at_least"],
            )
            for site, entrants in entered.items()
        }
    return formed
