"""The two dropout rates of a school year: net flow by schools, and children followed one by one.

Both are of the year from one autumn register to the next, by stage and grade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.questions.dropout.rules import Rules
from analysis.questions.dropout.terms import LAST_GRADE
from analysis.records.county import CountyData
from analysis.records.reference import tell_stages

OUT = frozenset({"suspend", "leave", "die", "move_out", "other_out"})
IN = frozenset({"move_in", "other_in"})
STAGES = ("primary", "junior")


@dataclass(frozen=True, slots=True)
class Rate:
    """Both rates of one group in one school year.

    Attributes
    ----------
    year, stage, grade
        The year that began in the autumn of `year`; no grade stands for the stage.
    enrolled
        Pupils in the register at the beginning of the year.
    out, into
        Decreases and increases of the official formula.
    followed
        Pupils of compulsory age at the beginning of the year.
    gone
        Of these, those neither in the next register nor verified to be elsewhere.
    unverified
        Of those gone, those who transferred out without anybody verifying where to.
    """

    year: int
    stage: str
    grade: int | None
    enrolled: int
    out: int
    into: int
    followed: int
    gone: int
    unverified: int


def measure(county: CountyData, rules: Rules) -> tuple[list[Rate], dict[int, str]]:
    """Measure both rates for every year that has a register at both ends.

    Returns
    -------
    list of Rate
        By year, stage and grade.
    dict
        For each year that cannot be measured, why: ``"one_register"`` where the next autumn's
        register is not there, ``"some_schools"`` where in each stage one of the two lacks schools.
    """
    # Numbered, read and parted once: a county has tens of thousands of pupils a term, and numbers
    # are looked up in a fraction of the time of texts.
    pupils, changes = _number(
        *(_staged(county, county.tables[id]) for id in ("pupils", "status_changes"))
    )
    wanted = ["pseudonym", "school", "stage", "grade", "born"]
    parts = {
        (int(str(year)), str(term)): part[wanted] for (year, term), part in
        pupils.groupby(["year", "term"], observed=True)
    }  # fmt: skip
    autumns = {year: part for (year, term), part in parts.items() if term == "1"}
    found: list[Rate] = []
    reasons: dict[int, str] = {}
    for year in sorted({year for year, _ in parts}):
        if year not in autumns or year + 1 not in autumns:
            reasons[year] = "one_register"
        elif stages := _stages(county, autumns, year):
            moved = changes[changes["year"] == year]
            begun, spring = autumns[year], parts.get((year, "2"))
            followed = follow(begun, spring, autumns[year + 1], moved, year, rules)
            found += _year(followed, by_school(begun, moved), year, stages)
        else:
            reasons[year] = "some_schools"
    return found, reasons


def _stages(county: CountyData, autumns: Mapping[int, pd.DataFrame], year: int) -> tuple[str, ...]:
    """Give the stages whose pupils can be followed: no school that they may be at is missing.

    Who leaves primary school is at a junior one in the autumn after.
    """
    now, after = (
        {s for s in STAGES if not missing_schools(county, autumns[y], y, s)} for y in (year, year + 1)
    )  # fmt: skip
    needs = {"primary": set(STAGES), "junior": {"junior"}}
    return tuple(stage for stage in STAGES if stage in now and needs[stage] <= after)


def left_out(county: CountyData, found: Sequence[Rate]) -> tuple[str, ...]:
    """Give the stages that have pupils but no rate in the latest year measured."""
    last = max((rate.year for rate in found), default=county.year)
    measured = {rate.stage for rate in found if rate.year == last}
    reported = county.tables["school_years"]
    there = set(reported.loc[(reported["year"] == last) & (reported["pupils_n"] > 0), "stage"])
    return tuple(stage for stage in STAGES if stage in there - measured)


def _staged(county: CountyData, rows: pd.DataFrame) -> pd.DataFrame:
    """Put the stage beside the grade, as the school's system of grades has it."""
    return rows.assign(stage=tell_stages(rows, county.tables["schools"]))


def _number(pupils: pd.DataFrame, changes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put a number in place of each pseudonym, the same in both; −1 for who is in no register."""
    numbers, names = pd.factorize(pupils["pseudonym"])
    known = pd.Index(names).get_indexer(pd.Index(changes["pseudonym"]))
    return pupils.assign(pseudonym=numbers), changes.assign(pseudonym=known)


def missing_schools(county: CountyData, autumn: pd.DataFrame, year: int, stage: str) -> int:
    """Count the schools that have pupils of a stage but none of its grades in the register."""
    reported = county.tables["school_years"]
    due = reported[
        (reported["year"] == year) & (reported["stage"] == stage) & (reported["pupils_n"] > 0)
    ]
    there = autumn.loc[autumn["stage"] == stage, "school"]
    return len(set(due["school"]) - set(there.unique()))


def by_school(begun: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """Count by school, stage and grade: enrolled at the beginning, decreases and increases."""
    parts = {
        "enrolled": begun,
        "out": moved[moved["change"].isin(OUT)],
        "into": moved[moved["change"].isin(IN)],
    }
    by = ["school", "stage", "grade"]
    sizes = {name: part.groupby(by, observed=True).size() for name, part in parts.items()}
    return pd.DataFrame(sizes).fillna(0).astype(int).rename_axis(by).reset_index()


def follow(
    begun: pd.DataFrame,
    spring: pd.DataFrame | None,
    later: pd.DataFrame,
    moved: pd.DataFrame,
    year: int,
    rules: Rules,
) -> pd.DataFrame:
    """Follow the pupils of compulsory age from one autumn to the next.

    Parameters
    ----------
    begun, spring, later
        The registers of the autumn, of its spring where there is one, and of the next autumn.
    moved
        Changes of status of the year.
    year, rules
        Which autumn, and what `rules.read_rules` gives.

    Returns
    -------
    DataFrame
        Columns ``pseudonym``, ``stage``, ``grade``, ``gone`` and ``unverified``.
    """
    begun = begun[_is_of_age(begun, year, rules)]
    # All else is asked of those alone who are not in the next register.
    away = begun[~begun["pseudonym"].isin(later["pseudonym"])]
    who = away["pseudonym"]

    def changed(kind: str) -> pd.Series:
        return who.isin(moved.loc[moved["change"] == kind, "pseudonym"])

    sure = moved[(moved["change"] == "move_out") & moved["verified"].fillna(False)]
    elsewhere = who.isin(sure["pseudonym"])
    stayed = True if spring is None else who.isin(spring["pseudonym"])
    graduated = (away["grade"] == LAST_GRADE) & ~changed("leave") & stayed
    gone = ~(elsewhere | changed("die") | graduated)
    unverified = gone & changed("move_out") & ~changed("leave")
    return begun[["pseudonym", "stage", "grade"]].assign(
        gone=gone.reindex(begun.index, fill_value=False),
        unverified=unverified.reindex(begun.index, fill_value=False),
    )


def _is_of_age(begun: pd.DataFrame, year: int, rules: Rules) -> pd.Series:
    born = begun["born"].astype("string")
    # Born after the first day of the school year, one is a year younger on that day.
    later = (born.str[5:] > rules["terms"]["starts"]["1"]).astype("Int64")
    age = year - pd.to_numeric(born.str[:4]) - later
    low, high = rules["age"]["low"], rules["age"]["high"]
    return born.isna() | age.between(low, high).fillna(True)


def _year(
    followed: pd.DataFrame, schools: pd.DataFrame, year: int, stages: Sequence[str]
) -> Iterator[Rate]:
    for stage in stages:
        own, mine = schools[schools["stage"] == stage], followed[followed["stage"] == stage]
        for grade in (None, *sorted(map(int, own["grade"].unique()))):
            official = own if grade is None else own[own["grade"] == grade]
            children = mine if grade is None else mine[mine["grade"] == grade]
            if official["enrolled"].sum() > 0:
                yield Rate(
                    year, stage, grade, int(official["enrolled"].sum()),
                    int(official["out"].sum()), int(official["into"].sum()), len(children),
                    int(children["gone"].sum()), int(children["unverified"].sum()),
                )  # fmt: skip
