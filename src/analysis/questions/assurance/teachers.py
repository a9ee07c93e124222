"""Items on teachers: hours of training, certificates, exchange.

They rest on the list of teachers. Teachers whom a school counts and the list does not have, and
those of whom the list does not say it, may be either way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from analysis.questions.assurance.outcomes import (
    NOT_REPORTED,
    Item,
    Outcome,
    judge_ratio,
    judge_share,
)
from analysis.questions.assurance.sites import Rules, Sites
from analysis.records.county import CountyData
from analysis.records.teachers import (
    count_unlisted,
    count_years,
    list_exchanges,
    list_teachers,
)


@dataclass(frozen=True, slots=True)
class Staff:
    """Teachers of the compulsory stages.

    Attributes
    ----------
    now, before
        Rows of the list of the year and of the year before, ``public`` beside.
    unlisted
        Teachers whom schools count and the list does not have; infinite where a school said
        nothing at all.
    short
        Schools whose list is shorter than their totals.
    moves
        Exchanges of the year out of public schools of the county, one row a teacher.
    years
        Years at one school after which a teacher may be exchanged.
    own_years
        The county gave that number itself.
    """

    now: pd.DataFrame
    before: pd.DataFrame
    unlisted: float
    short: int
    moves: pd.DataFrame
    years: int
    own_years: bool


def gather(county: CountyData, sites: Sites, item: Item, rules: Rules) -> Staff:
    """Gather the teachers of a county.

    Parameters
    ----------
    county
        Needs ``teachers``, ``schools``, ``school_years``; ``exchanges``, ``county_years``.
    sites
        From `sites.survey`.
    item
        The item on exchange, for the number of years where the county gives none.
    rules
        ``data/reference/assurance.toml``.
    """
    year, scope = county.year, rules["scope"]
    now = list_teachers(county, year, scope)
    figures = county.table("county_years", year=year)["eligibility_years_n"].dropna()
    unlisted, short = count_unlisted(county, now, year, scope)
    return Staff(
        now=now,
        before=list_teachers(county, year - 1, scope),
        unlisted=unlisted if sites.listed else math.inf,
        short=short,
        moves=list_exchanges(county, year, scope),
        years=int(figures.iloc[0]) if len(figures) else item["years"],
        own_years=len(figures) > 0,
    )


def judge_training(staff: Staff, item: Item) -> Outcome:
    """Judge whether every teacher has the hours of training."""
    hours = staff.now["training_hours_n"].astype("float64")
    return _of_all(hours >= item["hours"] - 1e-6, hours.notna(), staff, item)


def judge_certificates(staff: Staff, item: Item) -> Outcome:
    """Judge whether every teacher holds a certificate."""
    held = staff.now["certificate"]
    return _of_all(held.fillna(False).astype(bool), held.notna(), staff, item)


def judge_exchange(staff: Staff, item: Item) -> Outcome:
    """Judge how many of the eligible teachers were exchanged."""
    if staff.moves.empty or staff.now.empty:
        return NOT_REPORTED
    served = count_years(staff.now, staff.before)
    least = int((served >= staff.years).sum())
    return judge_ratio(
        len(staff.moves), least, least + int(served.isna().sum()) + staff.unlisted, item["limit"]
    )


def judge_backbone(staff: Staff, item: Item) -> Outcome:
    """Judge how many of the exchanged teachers are backbone teachers."""
    if staff.moves.empty:
        return NOT_REPORTED
    lists = pd.concat([staff.before, staff.now]).dropna(subset=["backbone"])
    known = lists.drop_duplicates("pseudonym", keep="last").set_index("pseudonym")["backbone"]
    marks = staff.moves["pseudonym"].map(known).dropna().astype(bool)
    return judge_share(int(marks.sum()), len(marks), len(staff.moves) - len(marks), item["limit"])


def _of_all(done: pd.Series, known: pd.Series, staff: Staff, item: Item) -> Outcome:
    if not known.any():
        return NOT_REPORTED
    count = int(known.sum())
    unknown = len(known) - count + staff.unlisted
    return judge_share(int((done & known).sum()), count, unknown, item["limit"])
