"""Who is sent: the exchanged beside the eligible of the same schools who were not exchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from analysis.questions.exchange.rosters import Roster
from analysis.questions.exchange.rules import Rules

Row = dict[str, Any]
UNITS = {
    "backbone": ("percentage_points", 100.0), "bachelor": ("percentage_points", 100.0),
    "midlevel": ("percentage_points", 100.0), "served": ("years", 1.0),
}  # fmt: skip
_BACHELOR = ("bachelor", "graduate")
_LEAST_CLUSTERS = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the exchanged lie over the others of their schools.

    Attributes
    ----------
    value, low, high
        The difference and its 95 % range by schools; nan where it cannot be told.
    moved, others, schools
        On how many it rests.
    """

    value: float
    low: float
    high: float
    moved: int
    others: int
    schools: int


def pair(rosters: Sequence[Roster], year: int, rules: Rules) -> pd.DataFrame:
    """Put the eligible of the last years together, those apart who were exchanged in their year.

    Returns
    -------
    DataFrame
        ``school``, ``year``, ``moved`` and each characteristic as a number, nan where not known.
    """
    parts = []
    for roster in rosters:
        if year - rules["pool"]["years"] < roster.year <= year:
            away = _away(rosters, roster.year, rules)
            rows = roster.eligible[~roster.eligible["pseudonym"].isin(away)]
            qualification = rows["qualification"]
            bachelor = qualification.isin(_BACHELOR).astype("float64")
            parts.append(
                pd.DataFrame(
                    {
                        "pseudonym": rows["pseudonym"], "school": rows["school"],
                        "year": roster.year, "moved": rows["moved"],
                        "backbone": rows["backbone"].astype("Float64").astype("float64"),
                        "midlevel": rows["midlevel"].astype("Float64").astype("float64"),
                        "bachelor": bachelor.mask(qualification.isna()),
                        "served": rows["served"].astype("float64"),
                    }
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _away(rosters: Sequence[Roster], year: int, rules: Rules) -> set[str]:
    """Give those whose exchange began in an earlier year and is not over: they cannot be sent."""
    day = f"{year}-{rules['stay']['day']}"
    found: set[str] = set()
    for earlier in rosters:
        if earlier.year < year:
            end = earlier.moves["end"]
            found |= set(earlier.moves.loc[end.isna() | (end > day), "pseudonym"])
    return found


def differ(rows: pd.DataFrame, what: str) -> Difference:
    """Compare the exchanged with the others of the same school and year.

    Each school and year counts by its exchanged teachers; the range rests on how schools differ,
    by Student's t with one degree of freedom fewer than schools.

    Parameters
    ----------
    rows
        From `pair`.
    what
        A characteristic.

    Examples
    --------
    In A the one exchanged is backbone and none of two others is, in B nobody is:

    >>> rows = pd.DataFrame({"school": list("AAABB"), "year": 2021,
    ...                      "moved": [True, False, False, True, False],
    ...                      "backbone": [1.0, 0.0, 0.0, 0.0, 0.0], "pseudonym": list("abcde")})
    >>> found = differ(rows, "backbone")
    >>> found.value, found.moved, found.others, found.schools
    (0.5, 2, 3, 2)
    """
    known = rows.dropna(subset=[what]) if len(rows) else rows
    none = Difference(math.nan, math.nan, math.nan, 0, 0, 0)
    if known.empty:
        return none
    by = ["school", "year"]
    cells = known.groupby([*by, "moved"])[what].agg(["mean", "size"]).unstack("moved")
    if cells.columns.get_level_values(1).nunique() < 2:
        return none
    cells = cells.dropna()
    if cells.empty:
        return none
    gap = cells["mean"][True] - cells["mean"][False]
    weight = cells["size"][True]
    value = float((gap * weight).sum() / weight.sum())
    score = ((gap - value) * weight).groupby(level="school").sum()
    used = known.set_index(by).loc[lambda frame: frame.index.isin(cells.index)].reset_index()
    moved, others = (
        int(used.loc[used["moved"] == m, "pseudonym"].nunique()) for m in (True, False)
    )
    groups = len(score)
    if groups < _LEAST_CLUSTERS:
        return Difference(value, math.nan, math.nan, moved, others, groups)
    spread = groups / (groups - 1) * float(np.square(score.to_numpy(dtype=float)).sum())
    half = float(student.ppf(0.975, groups - 1)) * math.sqrt(spread) / float(weight.sum())
    return Difference(value, value - half, value + half, moved, others, groups)


def selection_rows(rows: pd.DataFrame, year: int, rules: Rules, *, few: bool) -> Iterator[Row]:
    """Give each difference with its range, on how many exchanged teachers it rests.

    Parameters
    ----------
    rows, year, rules
        As for `differ`, the year of the report, and what `rules.read_rules` gives.
    few
        Give also what rests on few schools: for the county's own desk.
    """
    least = 0 if few else rules["few"]["schools"]
    for what, (unit, scale) in UNITS.items():
        found = differ(rows, what)
        if found.moved and found.schools >= max(least, _LEAST_CLUSTERS):
            yield {
                "indicator": f"exchange_gap_{what}", "at": str(year), "value": scale * found.value,
                "value_low": scale * found.low, "value_high": scale * found.high,
                "interval_kind": "model", "n": found.moved, "n_unit": "teachers", "unit": unit,
            }  # fmt: skip
