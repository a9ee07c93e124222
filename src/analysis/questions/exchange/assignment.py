"""What treatment was given to: counties that began, or schools one by one. That is the cluster.

Where counties began in different years and then chose schools, two schools of one county share the
chance of when and whether their county began, however many of its schools were left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.questions.exchange.roles import Assigned

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NOTHING = 1e-12
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
    p
        Share of deals of the first years among all schools in which counties differ as much.
    fixed
        The unit was fixed beforehand and not told from the data.
    starts
        One row a county: ``county``; ``schools`` in the study and ``treated`` among them; ``start``,
        the first year of any of its schools (0 for none); ``at_start``, schools first treated then.
    """

    unit: Unit
    between: float
    p: float
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
        ``parameters.toml`` ``[exchange.effect]``: ``assignment``, ``chance``, ``deals``, ``seed``.

    Examples
    --------
    Two counties, of which one began: all that differs lies between them.

    >>> rows = pd.DataFrame({"school": list("aabbccddeeff"), "county": ["k"] * 6 + ["m"] * 6,
    ...     "year": [2014, 2015] * 6, "first": [2015] * 6 + [0] * 6})
    >>> from analysis.questions.exchange.roles import Assigned
    >>> told = tell_unit(Assigned(rows, rows, {}, "receive", 1.0),
    ...                  {"assignment": "data", "chance": 0.2, "deals": 999, "seed": 1})
    >>> told.unit, told.between, told.clusters, told.treated
    ('county', 1.0, 2, 1)
    """
    schools = assigned.rows.groupby("school", sort=True)[["county", "first"]].last()
    years = np.unique(assigned.rows["year"])
    between = measure_between(schools, years)
    p = deal_schools(schools, years, parameters["deals"], parameters["seed"])
    wanted = parameters["assignment"]
    unit: Unit = "school"
    if schools["county"].nunique() > 1 and wanted != "school":
        unit = "county" if wanted == "county" or p < parameters["chance"] else "school"
    return Assignment(unit, between, p, wanted != "data", _list_starts(schools))


def measure_between(schools: pd.DataFrame, years: Sequence[int] | Ints) -> float:
    """Measure how alike the schools of a county are in being treated by each year.

    The intraclass correlation from the analysis of variance, its squares added up over the years.
    That takes in whether a county has treated schools and when they began; no likeness gives about 0.

    Parameters
    ----------
    schools
        ``county`` and ``first`` (0 for never), one row a school.
    years
        School years, each once.
    """
    on, sizes = _lay_out(schools, years)
    groups, total = len(sizes), float(sizes.sum())
    if groups < 2 or total <= groups:
        return np.nan
    means = on.sum(axis=0) / total
    among = float((_add_counties(on, sizes) ** 2 / sizes[:, None]).sum() - total * (means**2).sum())
    # A school is treated or not: squares are the counts themselves.
    within = float(on.sum() - total * (means**2).sum()) - among
    among, within = among / (groups - 1), within / (total - groups)
    typical = (total - float((sizes**2).sum()) / total) / (groups - 1)
    whole = among + (typical - 1) * within
    return (among - within) / whole if whole > _NOTHING else np.nan


def deal_schools(
    schools: pd.DataFrame, years: Sequence[int] | Ints, deals: int, seed: int
) -> float:
    """Tell how often counties differ as much when schools are dealt anew among them.

    Returns
    -------
    float
        At least 1 / (deals + 1); 1 where nobody or everybody is treated, and within one county.
    """
    on, sizes = _lay_out(schools, years)
    rng = np.random.default_rng(seed)

    def differ(rows: Floats) -> float:
        return float((_add_counties(rows, sizes) ** 2 / sizes[:, None]).sum())

    seen = differ(on)
    as_much = sum(
        differ(on[rng.permutation(len(on))]) >= seen * (1 - _NOTHING) for _ in range(deals)
    )
    return (1 + as_much) / (1 + deals)


def _lay_out(schools: pd.DataFrame, years: Sequence[int] | Ints) -> tuple[Floats, Floats]:
    """Lay out who is treated by each year, schools of a county side by side; and counties' sizes."""
    ordered = schools.sort_values("county", kind="stable")
    first = ordered["first"].to_numpy()[:, None]
    on = (first > 0) & (first <= np.asarray(years)[None, :])
    sizes = np.asarray(ordered.groupby("county", sort=True).size(), dtype=np.float64)
    return np.asarray(on, dtype=np.float64), sizes


def _add_counties(on: Floats, sizes: Floats) -> Floats:
    if not len(sizes):
        return on
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
    return np.add.reduceat(on, starts, axis=0)


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
