"""What is compared: schools that began to receive or to send, and schools that did neither.

A sample is a plain frame of schools and years whose outcome is known in all of them, so that every
estimator speaks of the same schools. Its unit of inference is the cluster: the county where
counties begin as one, else the school.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis.errors import UsageError
from analysis.methods import clusters, staggered
from analysis.methods.staggered.effects import GroupTime
from analysis.methods.staggered.stacked import Differences

Parameters = Mapping[str, Any]
Floats = NDArray[np.float64]
Reason = Literal["", "papers", "nobody", "no_years", "few_treated", "few_controls"]

NAMES: Mapping[str, Any] = {"unit": "school", "time": "year", "first_treated": "first"}
"""How the panel's columns are called by `analysis.methods.staggered`."""
NEVER = 0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Schools and years that are compared.

    Attributes
    ----------
    rows
        ``school, county, year, first, cluster`` and the outcome, with whatever else came along; in
        order of school and year, every school in every year.
    outcome
        Its column.
    incomplete
        Schools left out because their outcome is not known in every year.
    """

    rows: pd.DataFrame
    outcome: str
    incomplete: int

    @property
    def treated_schools(self) -> int:
        return int(self._schools()["treated"].sum())

    @property
    def control_schools(self) -> int:
        return int((~self._schools()["treated"]).sum())

    @property
    def treated_clusters(self) -> int:
        schools = self._schools()
        return int(schools.loc[schools["treated"], "cluster"].nunique())

    @property
    def control_clusters(self) -> int:
        schools = self._schools()
        return int(schools.loc[~schools["treated"], "cluster"].nunique())

    @property
    def clusters(self) -> int:
        return int(self.rows["cluster"].nunique())

    @property
    def start(self) -> int:
        """Give the first year in which any school began."""
        return int(self.rows.loc[self.rows["first"] > NEVER, "first"].min())

    def _schools(self) -> pd.DataFrame:
        schools = self.rows.drop_duplicates("school")
        return schools.assign(treated=schools["first"] > NEVER)

    def is_few(self, rules: Parameters) -> bool:
        """Tell whether clusters, or those on one side, are too few for the analytic error."""
        least = min(self.treated_clusters, self.control_clusters)
        return self.clusters < rules["many_clusters"] or least < rules["many_each"]

    def reason(self, rules: Parameters) -> Reason:
        """Tell why nothing can be said by this sample; nothing where something can.

        >>> rows = pd.DataFrame({"school": list("aabb"), "county": "x", "year": [1, 2] * 2,
        ...                      "first": [2, 2, 0, 0], "score": [0.0, 1, 0, 0]})
        >>> select(rows, "score", "school").reason({"least_treated": 5, "least_controls": 5})
        'few_treated'
        """
        if self.rows.empty or not self.treated_schools or not self.control_schools:
            return "nobody"
        if self.treated_clusters < rules["least_treated"]:
            return "few_treated"
        if self.control_clusters < rules["least_controls"]:
            return "few_controls"
        return ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its range; all nan where there is none.

    >>> Estimate.by(1.0, 0.5, 4).p > 0.05
    True
    """

    value: float
    se: float
    low: float
    high: float
    p: float

    @classmethod
    def by(cls, value: float, se: float, free: float, level: float = 0.95) -> Estimate:
        """Give the range by t; by the normal where `free` is infinite."""
        width = float(stats.t.ppf((1 + level) / 2, free)) * se
        p = float(2 * stats.t.sf(abs(value) / se, free)) if se > 0 else float("nan")
        return cls(value, se, value - width, value + width, p)

    @classmethod
    def none(cls) -> Estimate:
        return cls(*[float("nan")] * 5)

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def select(rows: pd.DataFrame, outcome: str, cluster: str) -> Sample:
    """Take the schools whose outcome is known in every year that half of them tell it of.

    Parameters
    ----------
    rows
        One a school and year: ``school, county, year, first`` (0: never) and the outcome.
    outcome, cluster
        Columns.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": list("aabb"), "county": "x", "year": [1, 2] * 2,
    ...                      "first": [2, 2, 0, 0], "score": [0.0, 1, 0, None]})
    >>> made = select(rows, "score", "school")
    >>> made.rows["school"].tolist(), made.incomplete
    (['a', 'a'], 1)
    """
    schools = rows["school"].nunique()
    known = rows[rows[outcome].notna()]
    # Years of which hardly any school tells the outcome (the last one, of who stays) are none at all.
    told = known.groupby("year")["school"].nunique()
    years = told.index[told >= schools / 2]
    known = known[known["year"].isin(years)]
    count = known.groupby("school")["year"].transform("nunique")
    kept = known[count == len(years)].sort_values(["school", "year"], ignore_index=True)
    # Who was treated in the first year already has nothing before it, whoever passed it on.
    kept = kept[(kept["first"] == NEVER) | (kept["first"] > kept["year"].min())]
    kept = kept.reset_index(drop=True).assign(cluster=lambda d: d[cluster].astype(str))
    return Sample(kept, outcome, schools - kept["school"].nunique())


def whole_counties(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out schools that did not begin in counties that did.

    Where counties begin as one, such a school may feel what its neighbours do; it serves the check of
    spill-over and is no control.

    >>> rows = pd.DataFrame({"school": list("abc"), "county": list("xxy"), "first": [5, 0, 0]})
    >>> whole_counties(rows)["school"].tolist()
    ['a', 'c']
    """
    begun = rows.groupby("county")["first"].transform("max") > NEVER
    return rows[(rows["first"] > NEVER) | ~begun].reset_index(drop=True)


def estimate_effects(
    sample: Sample, *, control: Literal["never", "notyet"] = "never",
    base: Literal["varying", "universal"] = "universal", covariates: Sequence[str] = (),
    method: Literal["reg", "dr"] = "reg",
) -> GroupTime:  # fmt: skip
    """Estimate effects by cohort and year."""
    return staggered.group_time_effects(
        sample.rows, outcome=sample.outcome, **NAMES, control=control, base=base,
        covariates=covariates, method=method, cluster="cluster",
    )  # fmt: skip


def average(sample: Sample, **how: Any) -> Estimate:
    """Give the simple average with its analytic error, nan where nothing can be compared."""
    try:
        made = estimate_effects(sample, base="varying", **how).aggregate("simple", missing="drop")
    except UsageError:
        return Estimate.none()
    return Estimate.by(made.estimate, made.se, np.inf)


def leave_out(sample: Sample) -> list[Sample]:
    """Give the sample without each of its clusters, in their order."""
    at = sample.rows["cluster"]
    return [
        Sample(sample.rows[at != cluster].reset_index(drop=True), sample.outcome, sample.incomplete)
        for cluster in sorted(at.unique())
    ]


def find_range(sample: Sample, rules: Parameters) -> Estimate:
    """Give the simple average with the range that the number of clusters asks for.

    Parameters
    ----------
    sample
        What is compared.
    rules
        ``[exchange.effect.inference]``.
    """
    if not sample.is_few(rules):
        return average(sample)
    try:
        made = stack(sample)
    except UsageError:
        return Estimate.none()
    found = clusters.cv3(made.regression, made.name, level=rules["level"])
    return Estimate(found.estimate, found.se, found.low, found.high, found.p)


def stack(sample: Sample) -> Differences:
    """Give the simple average as a regression by clusters."""
    return staggered.differences(
        sample.rows, outcome=sample.outcome, **NAMES, cluster="cluster", missing="drop"
    )
