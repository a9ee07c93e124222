"""The ledgers of suspected and of found dropouts, and how cases flow through them.

A case is entered, checked, found to be in school, elsewhere, exempt or gone, brought back, closed.
Each step counts in the period of its own date, so that a period's steps need not be of the cases
that were entered in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.questions.dropout.rates import IN
from analysis.questions.dropout.rules import Rules
from analysis.records.county import CountyData

Level = Literal["month", "quarter", "term"]
LEVELS: tuple[Level, ...] = ("month", "quarter", "term")
STEPS: Mapping[str, str] = {
    "entered": "found_on", "checked": "checked_on", "returned": "returned_on",
    "closed": "closed_on",
}  # fmt: skip
"""The steps of a case, each with the column of its date."""
ARRIVALS = IN | {"resume"}
"""Changes after which a pupil is in school whom the register of the first day does not have."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened in one period.

    Attributes
    ----------
    level, period
        ``"month"``, ``"quarter"``, ``"term"`` or nothing for the school year, and which of them.
    steps
        Cases by step (`STEPS`).
    outcomes
        Of those checked, by what they were found to be.
    open_start, open_end
        Cases entered and not closed before the period, and by its end.
    """

    level: str
    period: str
    steps: Mapping[str, int]
    outcomes: Mapping[str, int]
    open_start: int
    open_end: int


def months(year: int, rules: Rules) -> list[str]:
    """List the months of a school year, in order.

    >>> months(2020, {"terms": {"starts": {"1": "09-01"}}})[::4]
    ['2020-09', '2021-01', '2021-05']
    """
    first = int(rules["terms"]["starts"]["1"][:2]) - 1
    return [f"{year + m // 12}-{m % 12 + 1:02d}" for m in range(first, first + 12)]


def covered(county: CountyData, rules: Rules) -> list[str]:
    """List the months of the report's year that the data reach: what has not come is no zero.

    Data reach as far as their date, or the last date in the ledger or among the changes; a second
    term's attendance is known at its end.
    """
    year = county.year
    every = months(year, rules)
    dates = [county.origin.as_of or every[-1]]
    for table, columns in (
        ("suspected", tuple(STEPS.values())),
        ("status_changes", ("changed_on",)),
    ):
        frame = of_year(county, table, year)
        dates += [str(date) for column in columns for date in frame[column].dropna()]
    if (of_year(county, "attendance", year)["term"] == "2").any():
        dates.append(every[-1])
    return [month for month in every if month <= max(dates)[:7]] or every[:1]


def of_year(county: CountyData, table: str, year: int) -> pd.DataFrame:
    """Give the rows of one school year; registers are large, so nothing else is copied."""
    frame = county.tables[table]
    return frame[frame["year"] == year]


def period_of(month: str, level: Level, rules: Rules) -> str:
    """Give the period of a school year that a month lies in.

    >>> rules = {"terms": {"starts": {"1": "09-01", "2": "03-01"}}}
    >>> [period_of("2021-02", level, rules) for level in LEVELS]
    ['2021-02', '2021-Q1', '1']
    """
    if level == "month":
        return month
    if level == "quarter":
        return f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
    starts = rules["terms"]["starts"]
    return "2" if starts["2"][:2] <= month[5:] < starts["1"][:2] else "1"


def keeps(county: CountyData, year: int) -> bool:
    """Tell whether the county keeps a ledger for the year: an empty one is a zero, none is not.

    A ledger with cases of the year, or the count of children of school age that stands at the
    head of the three ledgers, says that it does.
    """
    visits = of_year(county, "visits", year)
    return bool(len(of_year(county, "suspected", year)) or visits["children_n"].notna().any())


def count_flows(
    cases: pd.DataFrame, every: list[str], rules: Rules, levels: Sequence[Level] = LEVELS
) -> Iterator[Flow]:
    """Count the steps of a school year's periods, the whole year first.

    Parameters
    ----------
    cases
        The table ``suspected``, all years: cases of earlier years may still be open.
    every, rules
        The months counted (`months`, `covered`), and what `rules.read_rules` gives.
    levels
        Which periods beside the year.
    """
    groups: list[tuple[str, str, list[str]]] = [("", "", every)]
    for kind in levels:
        names = dict.fromkeys(period_of(month, kind, rules) for month in every)
        groups += [
            (kind, name, [m for m in every if period_of(m, kind, rules) == name]) for name in names
        ]
    for level, name, wanted in groups:
        checked = cases.loc[_in(cases, "checked_on", wanted), "outcome"]
        yield Flow(
            level,
            name,
            {step: int(_in(cases, column, wanted).sum()) for step, column in STEPS.items()},
            {str(outcome): int(n) for outcome, n in checked.value_counts().items()},
            _open(cases, wanted[0]),
            _open(cases, str(pd.Period(wanted[-1], "M") + 1)),
        )


def median_days(cases: pd.DataFrame, year: int, rules: Rules) -> tuple[float, int]:
    """Give the median of days from entering to checking, and of how many checked cases."""
    checked = cases[_in(cases, "checked_on", months(year, rules))]
    days = (_dates(checked["checked_on"]) - _dates(checked["found_on"])).dt.days
    return float(days.median()) if len(days) else float("nan"), len(days)


def count_absent(
    attendance: pd.DataFrame, pupils: pd.DataFrame, cases: pd.DataFrame, year: int, days: int
) -> pd.DataFrame:
    """Count the pupils whose longest absence without leave reached the rule, by term and grade.

    Returns
    -------
    DataFrame
        Columns ``term``, ``grade``, ``pupils`` (with a record of the longest absence),
        ``reached`` and ``listed``, who also are on the ledger of the school year.
    """
    columns = ["pseudonym", "term", "longest_n"]
    rows = attendance.loc[(attendance["year"] == year) & attendance["longest_n"].notna(), columns]
    grades = pupils.loc[pupils["year"] == year, ["pseudonym", "term", "grade"]]
    rows = rows.merge(grades, on=["pseudonym", "term"])
    reached = rows["longest_n"] >= days
    listed = rows["pseudonym"].isin(cases.loc[cases["year"] == year, "pseudonym"])
    counted = rows.assign(
        pupils=1, reached=reached.astype(int), listed=(reached & listed).astype(int)
    )
    by = counted.groupby(["term", "grade"], observed=True)
    return by[["pupils", "reached", "listed"]].sum().reset_index()


def find_unregistered(county: CountyData, every: Sequence[str]) -> tuple[int, int, int]:
    """Count the children entered whom no register of the county has, up to the year.

    A child entered twice is one child.

    Whoever came during the year is not on the register of its first day, and whoever left over the
    summer is on the year before's: a school that did not hand in both registers cannot be asked.

    Parameters
    ----------
    county, every
        The county, and the months of its year that count.

    Returns
    -------
    tuple of int
        Children entered, those who could be held against a register, those on none.
    """
    cases = county.tables["suspected"]
    entered = cases.loc[_in(cases, "found_on", list(every)), ["pseudonym", "school"]]
    pupils, changes = county.tables["pupils"], county.tables["status_changes"]
    now, before = (pupils.loc[pupils["year"] == year, "school"].unique()
                   for year in (county.year, county.year - 1))  # fmt: skip
    asked = entered["school"].isin(now) & entered["school"].isin(before)
    came = changes.loc[changes["change"].isin(ARRIVALS), "pseudonym"]
    known = entered["pseudonym"].isin(pupils["pseudonym"]) | entered["pseudonym"].isin(came)
    of_child = pd.DataFrame({"asked": asked, "known": known}).groupby(entered["pseudonym"]).any()
    stranger = of_child["asked"] & ~of_child["known"]
    return len(of_child), int(of_child["asked"].sum()), int(stranger.sum())


def _open(cases: pd.DataFrame, month: str) -> int:
    """Count the cases entered and not closed before a month begins."""
    closed = (cases["closed_on"] < month).fillna(False)
    return int(((cases["found_on"] < month) & ~closed).sum())


def _in(cases: pd.DataFrame, column: str, wanted: list[str]) -> pd.Series:
    return cases[column].str[:7].isin(wanted)


def _dates(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, format="%Y-%m-%d")
