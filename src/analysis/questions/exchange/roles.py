"""Who counts as treated from when, who stands beside them, and who is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Side = Literal["receive", "send"]
COLUMNS = {"receive": "receives", "send": "sends"}
ROLES = ("treated", "control", "other", "both", "unclear", "treated_before", "changed")
_NEVER = 0
_SLACK = 1e-9
"""What equals a threshold on paper may miss it in binary by a last digit (`finding.reaches`)."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """The schools of a study.

    Attributes
    ----------
    rows
        Rows of the panel of treated and control schools, with ``first`` (school year from which the
        school is treated, 0 for never) and ``on`` (1 where it is at the threshold or over in the very
        year, 0 where it is under, nan where that is not known).
    roles
        One row a school: ``school``, ``county``, ``role``, ``first``; sorted by school.
    counts
        How many schools have each role. ``treated`` and ``control`` are studied. Left out are
        ``other`` (those of the other side alone), ``both`` (who receive and send), ``unclear`` (what
        is not known would decide), ``treated_before`` (already in their first years) and ``changed``
        (merged, split, or with many pupils of another school).
    side, at
        As asked.
    """

    rows: pd.DataFrame
    roles: pd.DataFrame
    counts: Mapping[str, int]
    side: Side
    at: float


def assign(
    rows: pd.DataFrame, side: Side = "receive", at: float = 1.0, *, years_before: int = 1
) -> Assigned:
    """Tell from when each school is treated, and which schools were never near it.

    A school is treated from its first year at the threshold, whatever comes after; that year has to
    be the same at both ends of what is not known. Controls are under it on both sides in all years,
    at the upper end.

    Parameters
    ----------
    rows
        Of a panel (`panel.gather`): ``school``, ``county``, ``year``, ``receives_low``,
        ``receives_high``, ``sends_low``, ``sends_high`` and, if there, ``changed``.
    side
        ``"receive"`` or ``"send"``.
    at
        Exchange teachers per 100 pupils.
    years_before
        Years that a school must have been seen before it is treated.

    Examples
    --------
    >>> def school(code, *dose):
    ...     return pd.DataFrame({"school": code, "county": "k", "year": range(2014, 2017),
    ...         "receives_low": dose, "receives_high": dose, "sends_low": 0.0, "sends_high": 0.0})
    >>> rows = pd.concat([school("a", 0, 2, 0), school("b", 0, 0, 0.5), school("c", 1, 1, 1)])
    >>> found = assign(rows, "receive", 1.0)
    >>> found.roles[["school", "role", "first"]].to_numpy().tolist()
    [['a', 'treated', 2015], ['b', 'control', 0], ['c', 'treated_before', 2014]]
    >>> found.rows["on"].tolist()
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    rows = rows.sort_values(["school", "year"], ignore_index=True)
    opposite: Side = "send" if side == "receive" else "receive"
    own, other = (_find_first(rows, COLUMNS[each], at) for each in (side, opposite))
    seen = rows.groupby("school", sort=True).agg(county=("county", "last"), begun=("year", "min"))
    changed = rows["changed"].groupby(rows["school"]).any() if "changed" in rows else False
    under, treated = own["state"] == "under", own["state"] == "treated"
    idle, busy = other["state"] == "under", other["state"] == "treated"
    before = treated & (own["first"] - seen["begun"] < years_before)
    role = np.select(
        [changed & (seen["begun"] > 0), treated & busy, treated & idle & before, treated & idle,
         under & idle, under & busy],
        ["changed", "both", "treated_before", "treated", "control", "other"], "unclear",
    )  # fmt: skip
    roles = seen[["county"]].assign(
        role=role, first=own["first"].where(treated, _NEVER).astype(int)
    ).reset_index()  # fmt: skip
    counts = {name: int((role == name).sum()) for name in ROLES}
    kept = roles.loc[roles["role"].isin(["treated", "control"]), ["school", "first"]]
    studied = rows.merge(kept, on="school", how="inner")
    studied["on"] = _tell(studied, COLUMNS[side], at)
    return Assigned(studied, roles, counts, side, at)


def trace_lasting(assigned: Assigned) -> pd.DataFrame:
    """Trace how many of the treated schools are still at the threshold, by year since their first.

    Returns
    -------
    DataFrame
        ``first`` (0 for all together), ``since``; ``schools`` seen then, ``on`` at the threshold in
        that very year, ``unknown`` of whom that is not known.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": ["a"] * 3, "year": range(2014, 2017), "first": 2015,
    ...                      "on": [0.0, 1.0, 0.0]})
    >>> trace_lasting(Assigned(rows, rows, {}, "receive", 1.0)).to_numpy().tolist()
    [[0, 0, 1, 1, 0], [0, 1, 1, 0, 0], [2015, 0, 1, 1, 0], [2015, 1, 1, 0, 0]]
    """
    rows = assigned.rows
    rows = rows[(rows["first"] > 0) & (rows["year"] >= rows["first"])]
    rows = rows.assign(since=rows["year"] - rows["first"])
    both = pd.concat([rows.assign(first=0), rows], ignore_index=True)
    found = both.groupby(["first", "since"], sort=True)["on"].agg(
        schools="size", on="sum", unknown=lambda values: values.isna().sum()
    )
    return found.astype(int).reset_index()


def _find_first(rows: pd.DataFrame, name: str, at: float) -> pd.DataFrame:
    """Find each school's first year at the threshold, and whether it is known."""
    low, high = (
        rows["year"].where(_reach(rows[f"{name}_{end}"], at)).groupby(rows["school"]).min()
        for end in ("low", "high")
    )
    state = np.select([high.isna(), low == high], ["under", "treated"], "unclear")
    return pd.DataFrame({"first": low, "state": state})


def _tell(rows: pd.DataFrame, name: str, at: float) -> pd.Series:
    sure, possible = (_reach(rows[f"{name}_{end}"], at) for end in ("low", "high"))
    return pd.Series(np.select([sure, ~possible], [1.0, 0.0], np.nan), index=rows.index)


def _reach(doses: pd.Series, at: float) -> pd.Series:
    """Tell which doses are at the threshold, as `finding.reaches` tells it of one value."""
    return doses >= at - _SLACK * at
