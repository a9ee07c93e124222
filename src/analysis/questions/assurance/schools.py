"""Items that every school, or every class, has to meet: rooms, size, classes, funds.

Each school gets a verdict of its own. Where a relaxation may or may not hold (no year in which the
school was built, no number of migrants' children), the verdict stands only if it would both ways.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.finding import Verdict, reaches
from analysis.questions.assurance.outcomes import (
    Item,
    Outcome,
    either,
    every,
    judge_classes,
    judge_schools,
)
from analysis.questions.assurance.sites import Row, Rules, Site, Sites, rows_by_school
from analysis.records.county import CountyData

Fault = tuple[Verdict, float, int]
"""Verdict, what is lacking or over, classes at fault."""


def judge_rooms(county: CountyData, sites: Sites, item: Item, rules: Rules) -> Outcome:
    """Judge the music and art rooms: one of each for every twelve classes, large enough."""
    rooms = rows_by_school(county, "special_rooms")
    found = {
        site.school: (site.kind, *_rooms_of(site, rooms.get(site.school, []), item, rules))
        for site in sites.compulsory
    }
    return judge_schools(_frame(found), reported=bool(rooms), listed=sites.listed)


def judge_size(county: CountyData, sites: Sites, item: Item, rules: Rules) -> Outcome:
    """Judge how many pupils a school has."""
    found = {site.school: (site.kind, *_size_of(site, item)) for site in sites.compulsory}
    reported = len(county.table("school_years", year=county.year)) > 0
    return judge_schools(_frame(found), reported=reported, listed=sites.listed)


def judge_class_size(county: CountyData, sites: Sites, item: Item, rules: Rules) -> Outcome:
    """Judge how many pupils a class has."""
    found = {site.school: (site.kind, *_classes_of(site, item)) for site in sites.compulsory}
    seen = sum(len(site.sizes) for site in sites.compulsory)
    return judge_classes(_frame(found), seen, reported=seen > 0, listed=sites.listed)


def judge_small_funds(county: CountyData, sites: Sites, item: Item, rules: Rules) -> Outcome:
    """Judge whether small rural schools are funded as if they had a hundred pupils."""
    budgets, reported = _budgets(county)
    least = item["pupils"] * quota(item, county.year)
    found = {
        site.school: (site.kind, *_small_funds_of(site, budgets, least, item, rules))
        for site in sites.compulsory
        if _is_small_rural(site, item, rules) is not False
    }
    return judge_schools(_frame(found), reported=reported, listed=sites.listed)


def judge_special_funds(county: CountyData, sites: Sites, item: Item, rules: Rules) -> Outcome:
    """Judge the funds per pupil of special schools."""
    budgets, reported = _budgets(county)
    kind = item["kinds"][0]
    found = {}
    for school, pupils in sites.special.items():
        short = item["yuan"] * pupils - budgets.get(school, math.nan)
        found[school] = (kind, *_fault(short))
    return judge_schools(_frame(found), reported=reported, listed=sites.listed)


def quota(item: Item, year: int) -> float:
    """Give the base quota in force, yuan per pupil; nan before the first.

    >>> quota({"quota": [{"from": 2016, "yuan": 600}, {"from": 2021, "yuan": 650}]}, 2020)
    600.0
    """
    known = [entry for entry in item["quota"] if entry["from"] <= year]
    return float(max(known, key=lambda entry: entry["from"])["yuan"]) if known else math.nan


def _frame(found: Mapping[str, tuple[Any, ...]]) -> pd.DataFrame:
    columns = ["kind", "verdict", "lack", "units"]
    return pd.DataFrame.from_dict(dict(found), orient="index", columns=columns)


def _fault(short: float) -> Fault:
    """Judge by what is short: nothing, something, or not known."""
    if math.isnan(short):
        return "cannot_say", math.nan, 0
    return ("not_met", short, 0) if short > 1e-6 else ("met", 0.0, 0)


def _rooms_of(site: Site, rooms: Sequence[Row], item: Item, rules: Rules) -> Fault:
    classes = site.classes
    if math.isnan(classes) and site.all_classes:
        classes = float(len(site.sizes))
    need = math.ceil(classes / item["classes"]) if classes > 0 else math.nan
    old, small = _relaxed(site, rooms, item, rules)
    verdicts, lack = [], 0.0
    for room, full in item["area"].items():
        mine = [row for row in rooms if row["room"] == room]
        eased = [(old, item["old"]["area"][room]), (small, _small_area(site, item))]
        strict = min([full, *(area for holds, area in eased if holds is True)])
        lenient = min([full, *(area for holds, area in eased if holds is not False)])
        sure, possible = _count(mine, strict, known=True), _count(mine, lenient, known=False)
        verdicts.append(_enough(mine, sure, possible, need))
        lack += max(0.0, (1 if math.isnan(need) else need) - sure) if mine else 0.0
    if "not_met" in verdicts:
        return "not_met", lack, 0
    return ("cannot_say", math.nan, 0) if "cannot_say" in verdicts else ("met", 0.0, 0)


def _relaxed(
    site: Site, rooms: Sequence[Row], item: Item, rules: Rules
) -> tuple[bool | None, bool | None]:
    """Tell whether the school is old, and whether it is small and rural; unknown where it may be.

    A school that has a room built by the year was there by then.
    """
    years = [float(row["built"]) for row in rooms if row["built"] is not None]
    built = min([site.opened, *years], key=_last)
    old: bool | None = None
    if built <= item["old"]["built"]:
        old = True
    elif not math.isnan(site.opened):
        old = False
    rule = item["small"]
    narrow = None if math.isnan(site.largest) else site.largest < rule["class_below"]
    if any(size >= rule["class_below"] for _, size in site.sizes):
        narrow = False
    return old, every(_is_rural(site, rules), _has_fewer(site, rule["pupils"]), narrow)


def _last(year: float) -> float:
    return math.inf if math.isnan(year) else year


def _small_area(site: Site, item: Item) -> float:
    return float(max(item["small"]["area"][stage] for stage in site.stages))


def _count(rooms: Sequence[Row], area: float, *, known: bool) -> float:
    """Count the rooms of an area or more; those of unknown area unless it has to be known."""
    return float(
        sum(
            row["rooms_n"]
            for row in rooms
            if (not known if row["area_m2"] is None else reaches(row["area_m2"], area))
        )
    )


def _enough(rooms: Sequence[Row], sure: float, possible: float, need: float) -> Verdict:
    if not rooms:
        return "cannot_say"
    if possible < (1 if math.isnan(need) else need):
        return "not_met"
    return "met" if sure >= need else "cannot_say"


def _size_of(site: Site, item: Item) -> Fault:
    form = "joint" if site.kind in item["joint_kinds"] else "single"
    most, relaxed = item["most"][form], item["relaxed"][form]
    old = None if math.isnan(site.opened) else site.opened <= item["old"]["opened"]
    share = site.migrants / site.pupils
    many = None if math.isnan(share) else share > item["migrants"]["share"]
    eased = either(old, many)
    limit = relaxed if eased else most
    if site.seen > relaxed or (eased is False and site.seen > most):
        return "not_met", site.seen - limit, 0
    if math.isnan(site.pupils) or (eased is None and site.pupils > most):
        return "cannot_say", math.nan, 0
    return "met", 0.0, 0


def _classes_of(site: Site, item: Item) -> Fault:
    over = sum(size > item["most"][stage] for stage, size in site.sizes)
    if over:
        return "not_met", float(over), over
    return ("met", 0.0, 0) if site.all_classes else ("cannot_say", math.nan, 0)


def _small_funds_of(
    site: Site, budgets: Mapping[str, float], least: float, item: Item, rules: Rules
) -> Fault:
    verdict, short, units = _fault(least - budgets.get(site.school, math.nan))
    if verdict == "not_met" and _is_small_rural(site, item, rules) is None:
        return "cannot_say", math.nan, 0
    return verdict, short, units


def _is_small_rural(site: Site, item: Item, rules: Rules) -> bool | None:
    if site.kind not in item["kinds"]:
        return False
    return every(_is_rural(site, rules), _has_fewer(site, item["pupils"]))


def _is_rural(site: Site, rules: Rules) -> bool | None:
    return site.zone in rules["rural"]["zones"] if site.zone else None


def _has_fewer(site: Site, pupils: float) -> bool | None:
    if site.seen >= pupils:
        return False
    return None if math.isnan(site.pupils) else True


def _budgets(county: CountyData) -> tuple[dict[str, float], bool]:
    table = county.table("school_funds", year=county.year)
    known = table.dropna(subset=["budget_yuan"])
    pairs: Iterable[tuple[Any, Any]] = zip(known["school"], known["budget_yuan"], strict=True)
    return {str(school): float(yuan) for school, yuan in pairs}, len(known) > 0


def at_fault(outcome: Outcome) -> Iterator[tuple[str, str, float, int]]:
    """Give the schools that do not meet an item: code, type, what they lack, classes at fault."""
    rows = outcome.schools[outcome.schools["verdict"] == "not_met"]
    for school, kind, lack, units in rows[["kind", "lack", "units"]].itertuples():
        yield str(school), str(kind), float(lack), int(units)
