"""Retention of the cohort that leaves junior secondary, in its three definitions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.questions.dropout.terms import LAST_GRADE
from analysis.records.county import CountyData
from analysis.records.reference import USUAL_SYSTEM

_COUNTS = (
    "entered_n", "entered_first_n", "graduated_n", "moved_in_n", "moved_out_n", "died_n",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; nan where a school did not report a part of it."""

    part: float
    whole: float

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole > 0 else math.nan


@dataclass(frozen=True, slots=True)
class Cohort:
    """What became of the cohort of one year.

    Attributes
    ----------
    year
        The school year in which the cohort graduates.
    shares
        ``nine_year``, ``inspected``, ``plain`` and ``moved_out``.
    died
        How many of the cohort died: the whole of one definition less that of another.
    moved_in
        How many moved in: graduates and those who moved out less the part of the inspected form.
    partial
        Some schools with junior pupils did not report their cohort.
    """

    year: int
    shares: Mapping[str, Share]
    died: float
    moved_in: float
    partial: bool


def trace(county: CountyData) -> list[Cohort]:
    """Trace the junior cohorts of all years, schools added up."""
    cohorts = county.tables["cohorts"]
    junior = cohorts[cohorts["stage"] == "junior"]
    due = county.tables["school_years"]
    due = due[(due["stage"] == "junior") & (due["pupils_n"] > 0)]
    found = []
    for year, rows in junior.groupby("year"):
        missing = set(due.loc[due["year"] == year, "school"]) - set(rows["school"])
        counts = _add(rows)
        found.append(
            Cohort(
                int(str(year)), define(counts), counts["died_n"], counts["moved_in_n"],
                bool(missing),
            )
        )  # fmt: skip
    return found


def grades_of_junior(county: CountyData) -> int | None:
    """Give how many grades junior secondary has: three, or four of five and four; none if both.

    The schools with junior pupils in the report's year say it; who does not say has three.
    """
    due = county.table("school_years", year=county.year)
    junior = due.loc[(due["stage"] == "junior") & (due["pupils_n"] > 0), "school"]
    schools = county.table("schools", year=county.year)
    said = schools.loc[schools["school"].isin(junior), "system"].fillna(USUAL_SYSTEM)
    codes = county.reference.codes["system"]
    found = {LAST_GRADE + 1 - int(codes[system]["first_of_junior"]) for system in said.unique()}
    usual = LAST_GRADE + 1 - int(codes[USUAL_SYSTEM]["first_of_junior"])
    return found.pop() if len(found) == 1 else None if found else usual


def define(counts: Mapping[str, float]) -> dict[str, Share]:
    """Work out the three definitions, and the share of transfers out.

    >>> cohort = {"entered_n": 200, "entered_first_n": 220, "graduated_n": 190,
    ...           "moved_in_n": 10, "moved_out_n": 12, "died_n": 0}
    >>> {name: round(share.value, 3) for name, share in define(cohort).items()}
    {'nine_year': 0.864, 'inspected': 0.96, 'plain': 0.95, 'moved_out': 0.06}
    """
    stayed = counts["graduated_n"] - counts["moved_in_n"] + counts["moved_out_n"]
    return {
        "nine_year": Share(counts["graduated_n"], counts["entered_first_n"]),
        "inspected": Share(stayed, counts["entered_n"] - counts["died_n"]),
        "plain": Share(counts["graduated_n"], counts["entered_n"]),
        "moved_out": Share(counts["moved_out_n"], counts["entered_n"] - counts["died_n"]),
    }


def _add(rows: pd.DataFrame) -> dict[str, float]:
    # A sum without one of its schools would be another cohort's.
    return {
        name: math.nan if rows[name].isna().any() else float(rows[name].sum()) for name in _COUNTS
    }
