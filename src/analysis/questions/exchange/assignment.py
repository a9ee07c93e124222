"""What treatment was given to: counties that began, or schools one by one. That is the cluster.

Where counties began in different years and then chose schools, two schools of one county share the
chance of when and whether their county began, however many of its schools were left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from analysis.questions.exchange.roles import Assigned

Unit = Literal["county", "school"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What treatment was given to, and what says so.

    Attributes
    ----------
    unit
        Column of clusters in the rows: ``"county"`` or ``"school"``.
    between
        Share of the differences between schools in being treated by a year that lies between
        counties, chance taken off; nan for one county, and where nobody or everybody is treated.
    fixed
        The unit was fixed beforehand and not told from the data.
    starts
        One row a county: ``county``; ``schools`` in the study and ``treated`` among them; ``start``,
        the first year of any of its schools (0 for none); ``at_start``, schools first treated then.
    """

    unit: Unit
    between: float
    fixed: bool
    starts: pd.DataFrame

    @property
    def treated(self) -> int:
        """How many clusters have a treated school."""
        treated = self.starts["treated"]
        return int((treated > 0).sum() if self.unit == "county" else treated.sum())

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return len(self.starts) if self.unit == "county" else int(self.starts["schools"].sum())


def tell_unit(assigned: Assigned, parameters: Mapping[str, Any]) -> Assignment:
    """Tell what treatment was given to. Within one county it can only be schools.

    Parameters
    ----------
    assigned
        From `roles.assign`.
    parameters
        ``parameters.toml`` ``[exchange.effect]``: ``assignment`` and ``between``.

    Examples
    --------
    Two counties, of which one began: all that differs lies between them.

    >>> rows = pd.DataFrame({"school": list("aabbccdd"), "county": list("kkkkmmmm"),
    ...     "year": [2014, 2015] * 4, "first": [2015] * 4 + [0] * 4})
    >>> from analysis.questions.exchange.roles import Assigned
    >>> told = tell_unit(Assigned(rows, rows, {}, "receive", 1.0), {"assignment": "data", "between": 0.05})
    >>> told.unit, told.between, told.clusters, told.treated
    ('county', 1.0, 2, 1)
    """
    schools = assigned.rows.groupby("school", sort=True)[["county", "first"]].last()
    between = measure_between(schools, assigned.rows["year"])
    wanted = parameters["assignment"]
    unit: Unit = "school"
    if schools["county"].nunique() > 1:
        # With few counties chance alone may reach the share: the larger unit is the careful one.
        unit = "county" if wanted == "county" or between >= parameters["between"] else "school"
        unit = "school" if wanted == "school" else unit
    return Assignment(unit, between, wanted != "data", _list_starts(schools))


def measure_between(schools: pd.DataFrame, years: pd.Series) -> float:
    """Measure how alike the schools of a county are in being treated by each year.

    The intraclass correlation from the analysis of variance, its squares added up over the years.
    That takes in whether a county has treated schools and when they began; no likeness gives about 0.

    Parameters
    ----------
    schools
        ``county`` and ``first`` (0 for never), one row a school.
    years
        School years, each as often as you like.
    """
    sizes = schools.groupby("county", sort=True).size().to_numpy(dtype=float)
    groups, total = len(sizes), float(sizes.sum())
    if groups < 2 or total <= groups:
        return np.nan
    first = schools["first"].to_numpy()
    within = among = 0.0
    for year in np.unique(years):
        on = pd.Series(((first > 0) & (first <= year)).astype(float), index=schools.index)
        means = on.groupby(schools["county"]).transform("mean")
        within += float(((on - means) ** 2).sum()) / (total - groups)
        among += float(((means - on.mean()) ** 2).sum()) / (groups - 1)
    typical = (total - float((sizes**2).sum()) / total) / (groups - 1)
    whole = among + (typical - 1) * within
    return (among - within) / whole if whole > 0 else np.nan


def _list_starts(schools: pd.DataFrame) -> pd.DataFrame:
    treated = schools[schools["first"] > 0]
    start = treated.groupby("county")["first"].min()
    at_start = (treated["first"] == treated["county"].map(start)).groupby(treated["county"]).sum()
    found = schools.groupby("county", sort=True).size().rename("schools").to_frame()
    counts = {
        "treated": treated.groupby("county").size(), "start": start, "at_start": at_start,
    }  # fmt: skip
    for name, values in counts.items():
        found[name] = values.reindex(found.index).fillna(0).astype(int)
    return found.reset_index()
