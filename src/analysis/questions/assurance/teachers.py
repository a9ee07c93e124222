"""Items on teachers: hours of training, certificates, exchange.

They rest on the list of teachers. Teachers whom a school counts and the list does not have, and
those of whom the list does not say it, may be either way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
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
    now = _listed(county, county.year, rules)
    figures = county.table("county_years", year=county.year)["eligibility_years_n"].dropna()
    moves = _in_scope(county.table("exchanges", year=county.year), county, county.year, rules)
    unlisted, short = _unlisted(county, now, rules)
    return Staff(
        now=now,
        before=_listed(county, county.year - 1, rules),
        unlisted=unlisted if sites.listed else math.inf,
        short=short,
        moves=moves[moves["public"]].drop_duplicates("pseudonym"),
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
    served = _served(staff)
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


def _served(staff: Staff) -> pd.Series:
    """Give the years that public teachers had taught at one school when the year began.

    Who was exchanged with the post itself stands at the new school this year: what counts is the
    school of the year before, where there is a list of it.
    """
    now = staff.now[staff.now["public"]].set_index("pseudonym")
    before = staff.before.set_index("pseudonym")["first_year"].reindex(now.index)
    first = before.astype("float64").fillna(now["first_year"].astype("float64"))
    return now["year"].astype("float64") - first


def _listed(county: CountyData, year: int, rules: Rules) -> pd.DataFrame:
    teachers = county.table("teachers", year=year)
    teachers = teachers[teachers["stage"].isin(rules["scope"]["stages"])]
    return _in_scope(teachers, county, year, rules).drop_duplicates("pseudonym")


def _in_scope(rows: pd.DataFrame, county: CountyData, year: int, rules: Rules) -> pd.DataFrame:
    """Keep the rows of schools of the scope, and mark the public ones."""
    schools = county.table("schools", year=year).set_index("school")
    kind, owner = rows["school"].map(schools["kind"]), rows["school"].map(schools["owner"])
    stages = {
        code
        for code, entry in county.reference.codes["kind"].items()
        if not entry.get("stages") or set(entry["stages"]) & set(rules["scope"]["stages"])
    }
    inside = kind.isin(stages - set(rules["scope"]["exclude_kinds"]))
    public = ~owner.isin(rules["scope"]["not_public"])
    return rows.assign(public=public.astype(bool))[inside]


def _unlisted(county: CountyData, listed: pd.DataFrame, rules: Rules) -> tuple[float, int]:
    """Count the teachers of the schools' totals whom the list does not have, and those schools."""
    totals = county.table("school_years", year=county.year)
    totals = totals[totals["stage"].isin(rules["scope"]["stages"])]
    totals = _in_scope(totals, county, county.year, rules)
    counts = listed.groupby(["school", "stage"]).size()
    at = pd.MultiIndex.from_frame(totals[["school", "stage"]])
    here = counts.reindex(at).fillna(0).to_numpy(dtype=float)
    stated = totals["teachers_n"].astype("float64").to_numpy()
    lacking = np.ceil(np.clip(np.nan_to_num(stated) - here, 0, None))
    short = totals.loc[lacking > 0, "school"].nunique()
    if (np.isnan(stated) & (here == 0)).any() or _is_silent(county, totals, listed, rules):
        return math.inf, short
    return float(lacking.sum()), short


def _is_silent(
    county: CountyData, totals: pd.DataFrame, listed: pd.DataFrame, rules: Rules
) -> bool:
    """Tell whether a school of the list has neither totals nor teachers."""
    schools = county.table("schools", year=county.year)
    kinds = county.reference.codes["kind"]
    asked = [
        bool(set(kinds.get(kind, {}).get("stages", ())) & set(rules["scope"]["stages"]))
        for kind in schools["kind"]
    ]
    wanted = schools.loc[np.array(asked, dtype=bool), "school"]
    return bool(set(wanted) - set(totals["school"]) - set(listed["school"]))
