"""The eligible and the exchanged of a year, each with what the list of teachers says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from analysis.questions.exchange.kinds import carry_on, classify
from analysis.questions.exchange.rules import Rules
from analysis.records.county import CountyData
from analysis.records.teachers import (
    count_unlisted,
    count_years,
    has_all_schools,
    list_exchanges,
    list_teachers,
)

ATTRIBUTES = ("backbone", "midlevel", "qualification", "subject", "stage")


@dataclass(frozen=True, slots=True)
class Roster:
    """Teachers of public schools of the compulsory stages in one year.

    Attributes
    ----------
    year
        The school year.
    moves
        Exchanges that begin in the year, one row a teacher: the columns of the table, and
        `ATTRIBUTES` from the lists (missing where these do not say).
    eligible
        Teachers who had been at one school for the years, one row each: ``pseudonym``, ``school``
        (before any exchange), ``served``, ``moved`` and `ATTRIBUTES`.
    open
        Teachers who may be eligible: years not known, or not on the list; infinite where a school
        said nothing.
    years, own_years
        After how many years at one school teachers may move, and whether the county said so.
    kinds
        From `kinds.classify`.
    """

    year: int
    moves: pd.DataFrame
    eligible: pd.DataFrame
    open: float
    years: int
    own_years: bool
    kinds: pd.DataFrame


def draw_up_all(county: CountyData, rules: Rules) -> list[Roster]:
    """Draw up the rosters of all years that have one, in order (`draw_up`)."""
    years = sorted({int(year) for year in county.tables["exchanges"]["year"].unique()})
    found: list[Roster] = []
    for year in years:
        roster = draw_up(county, year, rules)
        if roster and found:
            roster = replace(roster, kinds=carry_on(roster.kinds, found[-1].kinds))
        found += [roster] if roster else []
    return found


def draw_up(county: CountyData, year: int, rules: Rules) -> Roster | None:
    """Draw up the roster of a year; none where no exchange or no teacher is listed.

    Parameters
    ----------
    county
        Needs ``exchanges``, ``teachers``, ``schools``, ``school_years``; ``county_years``.
    year, rules
        The school year, and what `rules.read_rules` gives.
    """
    scope = rules["scope"]
    moves = list_exchanges(county, year, scope)
    now, before = (list_teachers(county, y, scope) for y in (year, year - 1))
    if moves.empty or now.empty:
        return None
    own = county.table("county_years", year=year)["eligibility_years_n"].dropna()
    years = int(own.iloc[0]) if len(own) else int(rules["eligibility"]["years"])
    served = count_years(now, before)
    unlisted = count_unlisted(county, now, year, scope)[0]
    known = _known(now, before)
    return Roster(
        year=year,
        moves=moves.join(known, on="pseudonym"),
        eligible=_eligible(now, served, moves, known, years),
        open=int(served.isna().sum()) + (unlisted if has_all_schools(county, year) else math.inf),
        years=years,
        own_years=len(own) > 0,
        kinds=classify(county, year, rules),
    )


def _known(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Give what the newer list says of each teacher, and the older where that says nothing."""
    lists = pd.concat([now, before])
    return lists.groupby("pseudonym", sort=True)[list(ATTRIBUTES)].first()


def _eligible(
    now: pd.DataFrame, served: pd.Series, moves: pd.DataFrame, known: pd.DataFrame, years: int
) -> pd.DataFrame:
    rows = now.loc[now["public"], ["pseudonym", "school"]].set_index("pseudonym")
    home = moves.set_index("pseudonym")["school"].reindex(rows.index)
    rows = rows.assign(
        school=home.fillna(rows["school"]), moved=home.notna().to_numpy(), served=served
    )
    return rows[rows["served"] >= years].join(known).reset_index()
