"""What changes by arithmetic when exchanged teachers are counted where they teach.

Nothing here is an effect on pupils: the same teachers stand in other schools' counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from analysis.methods.dispersion import difference_coefficient
from analysis.questions.exchange.flows import ENDS
from analysis.questions.exchange.kinds import LOCATIONS, UNKNOWN
from analysis.questions.exchange.rosters import Roster
from analysis.questions.exchange.rules import Rules
from analysis.records.county import CountyData
from analysis.records.teachers import list_teachers

Row = dict[str, Any]
KINDS = ("qualified", "backbone")
BY_TYPE = ENDS["location"][0].replace("_from", "_type")
_KEY = ["school", "stage"]


def present(county: CountyData, rules: Rules) -> tuple[pd.DataFrame, int]:
    """Give the exchanges that are going on in the autumn of the report's year.

    Returns
    -------
    DataFrame
        A row a teacher and receiving school: ``pseudonym``, ``school``, ``to_school``, ``week``
        (the share of the week there), ``listed`` and ``stage`` (where the list has the teacher),
        ``to_stage`` (the own stage where the receiving school has it), ``backbone`` and
        ``qualified``.
    int
        Teachers who are left out: not on the list, or itinerant with no share of the week.
    """
    year, scope = county.year, rules["scope"]
    moves = county.tables["exchanges"]
    day = f"{year}-{rules['stay']['day']}"
    now = moves[(moves["year"] <= year) & (moves["end"].isna() | (moves["end"] > day))]
    now = now.sort_values(["pseudonym", "year", "to_school"])
    by_week = now["form"].isin(rules["forms"]["by_week"])
    whole = now[~by_week].drop_duplicates("pseudonym", keep="last").assign(week=1.0)
    part = now[by_week & ~now["pseudonym"].isin(whole["pseudonym"])]
    part = part.drop_duplicates(["pseudonym", "to_school"], keep="last")
    rows = pd.concat([whole, part.assign(week=part["share_week"].astype("float64"))])
    listed = list_teachers(county, year, scope).set_index("pseudonym")
    said = listed[["school", "stage", "backbone", "qualification"]].rename(
        columns={"school": "listed"}
    )
    rows = rows.join(said, on="pseudonym")
    rows["qualified"] = _is_qualified(rows, rules)
    unknown = rows["listed"].isna() | rows["week"].isna()
    out = rows.loc[unknown, "pseudonym"].unique()
    kept = rows[~rows["pseudonym"].isin(out)]
    kept = kept.assign(to_stage=_stage_there(county, kept))
    # Nobody teaches more than a week: two schools that say so together share the week.
    total = kept.groupby("pseudonym")["week"].transform("sum").clip(lower=1.0)
    return kept.assign(week=kept["week"] / total).reset_index(drop=True), len(out)


def _stage_there(county: CountyData, rows: pd.DataFrame) -> pd.Series:
    taught: dict[str, list[str]] = {}
    totals = county.table("school_years", year=county.year).sort_values(_KEY)
    for school, stage in zip(totals["school"], totals["stage"], strict=True):
        taught.setdefault(school, []).append(stage)
    pairs = zip(rows["to_school"], rows["stage"], strict=True)
    stages = [s if s in taught.get(to, [s]) else taught[to][0] for to, s in pairs]
    return pd.Series(stages, index=rows.index, dtype=object)


def _is_qualified(rows: pd.DataFrame, rules: Rules) -> pd.Series:
    levels = {
        stage: {column.removeprefix("teachers_").removesuffix("_n") for column in columns}
        for stage, columns in rules["qualified"].items()
    }
    pairs = zip(rows["stage"], rows["qualification"], strict=True)
    return pd.Series(
        [None if pd.isna(q) or pd.isna(s) else q in levels[s] for s, q in pairs],
        index=rows.index, dtype="boolean",
    )  # fmt: skip


def shift(moves: pd.DataFrame, kind: str = "") -> tuple[pd.Series, pd.Series]:
    """Give by school and stage what counting teachers elsewhere adds, before and after.

    Before, a teacher counts at the own school; after, where the week is taught. What the list says
    is taken away first, whichever of the two it has.

    Parameters
    ----------
    moves
        From `present`.
    kind
        ``"qualified"``, ``"backbone"``, or all teachers.

    Examples
    --------
    One backbone teacher of A, listed there, is at B for two days a week:

    >>> moves = pd.DataFrame({"pseudonym": ["p"], "school": ["A"], "to_school": ["B"], "week": [0.4],
    ...                       "listed": ["A"], "stage": ["primary"], "to_stage": ["primary"],
    ...                       "backbone": [True]})
    >>> before, after = shift(moves, "backbone")
    >>> before.to_dict(), after.to_dict()
    ({('A', 'primary'): 0.0}, {('A', 'primary'): -0.4, ('B', 'primary'): 0.4})
    """
    rows = moves[moves[kind].fillna(False).astype(bool)] if kind else moves
    once = rows.drop_duplicates("pseudonym")
    home, listed = _at(once, "school", 1.0), _at(once, "listed", 1.0)
    left = _at(rows, "school", rows["week"])
    there = _at(rows, "to_school", rows["week"], "to_stage")
    before = home.sub(listed, fill_value=0.0)
    moved = there.sub(left, fill_value=0.0)
    return before, before.add(moved, fill_value=0.0)


def _at(
    rows: pd.DataFrame, column: str, weight: float | pd.Series, stage: str = "stage"
) -> pd.Series:
    placed = rows[[column, stage]].set_axis(_KEY, axis=1).assign(weight=weight)
    return placed.groupby(_KEY)["weight"].sum()


def compare(
    county: CountyData, roster: Roster, moves: pd.DataFrame, rules: Rules, *, few: bool
) -> Iterator[Row]:
    """Give coefficients of difference and shares by type of school, before and after.

    Parameters
    ----------
    county, roster
        The county, and its roster of the report's year.
    moves
        From `present`.
    rules
        What `rules.read_rules` gives.
    few
        Give also stages and types between which few teachers moved: for the county's own desk.
    """
    schools = _schools(county, rules)
    for kind in KINDS:
        counted = _counted(schools, kind, rules)
        states = {
            name: counted.add(change.reindex(counted.index).fillna(0.0))
            for name, change in zip(("before", "after"), shift(moves, kind), strict=True)
        }
        stages = [s for s in rules["scope"]["stages"] if few or _is_enough(moves, kind, s, rules)]
        yield from _coefficients(schools, states, kind, stages, county.year)
        many = all(_is_many(moves, roster, each, rules) for each in ("", kind))
        if few or (many and _has_many(schools, roster, rules)):
            yield from _shares(schools, states, roster, moves, kind, county.year)


def _schools(county: CountyData, rules: Rules) -> pd.DataFrame:
    """Give schools by stage, those with pupils; ``compared`` are those the scheme compares."""
    year, exclude = county.year, rules["exclude"]
    facts = county.table("schools", year=year).drop_duplicates("school").set_index("school")
    rows = county.table("school_years", year=year)
    rows = rows[rows["stage"].isin(rules["scope"]["stages"]) & (rows["pupils_n"] > 0)]
    kind, owner = (rows["school"].map(facts[column]) for column in ("kind", "owner"))
    small = kind.isin(exclude["teaching_point_kinds"])
    small &= (rows["pupils_n"] < exclude["min_teaching_point"]).astype(bool)
    left = kind.isna() | kind.isin(exclude["kinds"]) | owner.isin(exclude["owners"]) | small
    return rows.assign(compared=~left.astype(bool)).set_index(_KEY).sort_index()


def _counted(schools: pd.DataFrame, kind: str, rules: Rules) -> pd.Series:
    if kind == "backbone":
        return schools["teachers_backbone_n"].astype("float64")
    counted = pd.Series(math.nan, index=schools.index)
    stages = schools.index.get_level_values("stage")
    for stage, columns in rules["qualified"].items():
        mine = stages == stage
        counted[mine] = schools.loc[mine, columns].astype("float64").sum(axis=1, skipna=False)
    return counted


def _is_enough(moves: pd.DataFrame, kind: str, stage: str, rules: Rules) -> bool:
    """Tell whether nobody, or enough teachers of enough schools, are counted elsewhere.

    From a coefficient before and after, and what schools report, single moves could be found.
    """
    rows = moves[moves[kind].fillna(False).astype(bool)]
    rows = rows[(rows["stage"] == stage) | (rows["to_stage"] == stage)]
    schools = min(rows["school"].nunique(), rows["to_school"].nunique())
    many = rows["pseudonym"].nunique() >= rules["few"]["teachers"]
    return rows.empty or (many and schools >= rules["few"]["schools"])


def _coefficients(
    schools: pd.DataFrame, states: dict[str, pd.Series], kind: str, stages: Sequence[str], year: int
) -> Iterator[Row]:
    compared = schools[schools["compared"] & schools.index.get_level_values("stage").isin(stages)]
    for stage, rows in compared.groupby(level="stage"):
        for name, counted in states.items():
            # As in the chapter on balance, schools that did not report are left out, and it shows.
            known = counted.loc[rows.index].dropna()
            pupils = rows.loc[known.index, "pupils_n"].to_numpy(dtype=float)
            value = difference_coefficient(known.to_numpy(dtype=float), pupils)
            flag = "x" if math.isnan(value) else "p" if len(known) < len(rows) else ""
            yield {
                "indicator": f"exchange_{kind}_cv_{name}", "stage": str(stage), "at": str(year),
                "value": value, "n": len(known), "n_unit": "schools", "unit": "coefficient",
                "flag": flag,
            }  # fmt: skip


def _is_many(moves: pd.DataFrame, roster: Roster, kind: str, rules: Rules) -> bool:
    """Tell whether into and out of every type nobody went, or enough teachers of enough schools."""
    rows = moves[moves[kind].fillna(False).astype(bool)] if kind else moves
    ends = [
        rows[column].map(roster.kinds["location"]).fillna(UNKNOWN).astype(object)
        for column in ("school", "to_school")
    ]
    crossing = ends[0].to_numpy() != ends[1].to_numpy()
    for column, types in zip(("school", "to_school"), ends, strict=True):
        for _, group in rows[crossing].groupby(types[crossing].to_numpy()):
            if group["pseudonym"].nunique() < rules["few"]["teachers"]:
                return False
            if group[column].nunique() < rules["few"]["schools"]:
                return False
    return True


def _has_many(schools: pd.DataFrame, roster: Roster, rules: Rules) -> bool:
    """Tell whether every type has enough schools: a share of one or two is that of a school."""
    codes = pd.Series(schools.index.get_level_values("school").unique())
    sizes = codes.map(roster.kinds["location"].to_dict()).value_counts()
    return bool((sizes >= rules["few"]["schools"]).all())


def _shares(
    schools: pd.DataFrame, states: dict[str, pd.Series], roster: Roster, moves: pd.DataFrame,
    kind: str, year: int,
) -> Iterator[Row]:  # fmt: skip
    """Give the share of such teachers by type of school, of all teachers counted there."""
    staff = schools["teachers_n"].astype("float64")
    types = schools.index.get_level_values("school").map(roster.kinds["location"].to_dict())
    changes = dict(zip(("before", "after"), shift(moves), strict=True))
    reported = staff.notna() & states["before"].notna()
    for location in LOCATIONS:
        mine = reported & (types == location)
        for name, counted in states.items():
            all_ = staff.add(changes[name].reindex(staff.index).fillna(0.0))[mine].sum()
            if all_ > 0:
                yield {
                    "indicator": f"exchange_{kind}_{name}", "by": BY_TYPE, "subject": location,
                    "at": str(year), "value": 100 * counted[mine].sum() / all_, "n": round(all_),
                    "n_unit": "teachers", "unit": "percent",
                    "flag": "" if reported[types == location].all() else "p",
                }  # fmt: skip
