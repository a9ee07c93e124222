"""A plan carried out on paper: who could go, and the county's tables as they would then be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.questions.balance.plan.made import Plan
from analysis.questions.balance.plan.units import Units, counts_in
from analysis.records.county import CountyData

_CHANGED = ("schools", "school_years", "resources", "teachers")
"""Tables that a plan or a merger changes."""


def choose(county: CountyData, units: Units, plan: Plan) -> pd.DataFrame:
    """Choose a teacher of the kind for each move: who has been at the school longest goes first.

    It is a proposal to start from; who goes is for people to decide.

    Parameters
    ----------
    county, units, plan
        The plan, and what it was made from.

    Returns
    -------
    pandas.DataFrame
        One row a teacher: ``pseudonym``, ``school`` (the sender), ``receiver``, ``stage``,
        ``kind``, ``candidates`` (teachers of that kind at the sender).
    """
    teachers = county.table("teachers", year=county.year)
    ours = np.flatnonzero(units.of_teachers)
    told = counts_in(county, units.indicators, teachers)[:, ours] @ (1 << np.arange(len(ours)))
    teachers = teachers.assign(kind=told).sort_values(
        ["first_year", "pseudonym"], na_position="last", ignore_index=True
    )
    waiting = {key: list(rows["pseudonym"]) for key, rows in
               teachers.groupby(["stage", "kind", "school"], sort=False)}  # fmt: skip
    there = {key: len(names) for key, names in waiting.items()}
    rows = []
    for stage, kind, sender, receiver, n in plan.moves.itertuples(index=False):
        key = (stage, kind, sender)
        for _ in range(n):
            rows.append((waiting[key].pop(0), sender, receiver, stage, kind, there[key]))
    return pd.DataFrame(
        rows, columns=["pseudonym", "school", "receiver", "stage", "kind", "candidates"]
    )


def apply(county: CountyData, units: Units, plan: Plan) -> CountyData:
    """Give the county as it would be after a plan.

    Parameters
    ----------
    county, units, plan
        The plan, and what it was made from.

    Returns
    -------
    CountyData
        With the counts of teachers, the rooms, grounds and equipment changed, and the teacher
        list as it would then stand; nothing of the given county is changed.
    """
    tables = {name: county.tables[name].copy() for name in _CHANGED}
    chosen = choose(county, units, plan)
    _transfer(county, tables, chosen)
    actions = {action["id"]: action for action in county.reference.actions["add"]}
    for id, school, stage, quantity, _ in plan.additions.itertuples(index=False):
        changes = {c: n * quantity for c, n in actions[id]["columns"].items()}
        _change(tables, county.year, school, stage, changes)
    return county.with_tables(tables)


def merge_schools(county: CountyData, school: str, into: str) -> CountyData:
    """Give the county as it would be if one school became part of another.

    Pupils, teachers, rooms and equipment of all their stages are added up; what one of the two did
    not report is then not reported.

    Parameters
    ----------
    county
        The county.
    school, into
        Codes of the school that is closed and the one that takes it in.

    Raises
    ------
    UsageError
        If there is no such school in that year, or both are the same.
    """
    known = set(county.table("schools", year=county.year)["school"])
    if school == into or not {school, into} <= known:
        raise UsageError(
            f"合并须是本县{county.year}学年两所不同的学校：{school}、{into}",
            f"a merger takes two schools of the county in {county.year}: {school}, {into}",
        )
    tables = {name: county.tables[name].copy() for name in _CHANGED}
    for name in ("school_years", "resources"):
        tables[name] = _added_up(tables[name], county.year, school, into)
    frame = tables["schools"]
    tables["schools"] = frame[(frame["school"] != school) | (frame["year"] != county.year)]
    teachers = tables["teachers"]
    moved = (teachers["school"] == school) & (teachers["year"] == county.year)
    teachers.loc[moved, "school"] = into
    return county.with_tables(tables)


def _added_up(frame: pd.DataFrame, year: int, school: str, into: str) -> pd.DataFrame:
    """Add the rows of a school to those of another, stage by stage."""
    both = (frame["year"] == year) & frame["school"].isin([school, into])
    key = [name for name in ("school", "county", "year", "stage") if name in frame]
    rows = frame[both].assign(school=into)
    one = rows.groupby(key, sort=False, as_index=False).sum(skipna=False)
    joined = pd.concat([frame[~both], one.astype(frame.dtypes.to_dict())[frame.columns]])
    return joined.sort_values(key, ignore_index=True)


def _transfer(county: CountyData, tables: dict[str, pd.DataFrame], chosen: pd.DataFrame) -> None:
    """Take each teacher out of the counts of one school and into those of another."""
    teachers = tables["teachers"]
    now = teachers[teachers["year"] == county.year].set_index("pseudonym")
    means = county.reference.actions["teacher"]
    for pseudonym, sender, receiver, stage in chosen[
        ["pseudonym", "school", "receiver", "stage"]
    ].itertuples(index=False):
        row = now.loc[pseudonym]
        counted = {
            column: 1.0
            for column, where in means.items()
            if all(_is_one_of(row[field], values) for field, values in where.items())
        }
        counted["teachers_n"] = 1.0
        _change(tables, county.year, receiver, stage, counted)
        _change(tables, county.year, sender, stage, {c: -n for c, n in counted.items()})
    gone = dict(zip(chosen["pseudonym"], chosen["receiver"], strict=True))
    here = (teachers["year"] == county.year) & teachers["pseudonym"].isin(list(gone))
    teachers.loc[here, "school"] = teachers.loc[here, "pseudonym"].map(gone)


def _is_one_of(value: Any, values: list[Any]) -> bool:
    return not pd.isna(value) and value in values


def _change(
    tables: Mapping[str, pd.DataFrame], year: int, school: str, stage: str,
    changes: Mapping[str, float],
) -> None:  # fmt: skip
    """Add to a school's row in the table that has the column; what is not reported stays so."""
    for column, amount in changes.items():
        frame = tables["school_years" if stage else "resources"]
        here = (frame["school"] == school) & (frame["year"] == year)
        if stage:
            here &= frame["stage"] == stage
        known = here & frame[column].notna()
        frame.loc[known, column] = frame.loc[known, column] + _fit(frame[column], amount)


def _fit(column: pd.Series, amount: float) -> float | int:
    return round(amount) if str(column.dtype) == "Int64" else amount
