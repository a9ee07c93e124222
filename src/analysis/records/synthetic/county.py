"""A synthetic county: its schools, pupils by grade, classes, teachers and resources, all years.

Everything is drawn from the county's own stream of chance: the seed and the division code give it,
so that a county is the same whichever others are made with it, in whichever order. Pupils, where a
regime is asked for, are followed on the same schools, by a stream of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.contracts import DTYPES, TABLES
from analysis.records.county import Place
from analysis.records.synthetic import (
    codes,
    defects,
    enrolment,
    exchange,
    government,
    ledgers,
    people,
    population,
    pupils,
    schools,
)
from analysis.records.synthetic.aims import set_aims
from analysis.records.synthetic.defects import Defects
from analysis.records.synthetic.names import area_code, make_gazetteer, name_people
from analysis.records.synthetic.parameters import Parameters, division, span
from analysis.records.synthetic.population import Children
from analysis.records.synthetic.resources import furnish
from analysis.records.synthetic.staffing import plan_posts

_TEACHER_FLAGS = {"teachers_backbone_n": "backbone", "teachers_midlevel_n": "midlevel"}


@dataclass(frozen=True, slots=True)
class SyntheticCounty:
    """A county that does not exist.

    Attributes
    ----------
    place
        The division it stands for.
    years
        School years asked for.
    frames
        What is true, by table id of `contracts`, complete; ``school_years`` has a column
        ``counted`` besides (the row enters the assessment), ``teachers`` a column ``gone``.
    reported
        What the schools report: the same tables with the declared defects, contract columns only.
    enrolment
        Pupils by ``school``, ``year``, ``stage``, ``grade`` (1 to 12).
    children
        School-age population it was made from.
    defects
        What is wrong with the reports.
    plan
        What the county does with each item of government assurance and quality.
    followed
        Its pupils and what became of them, all register years; none without a regime.
    exchange
        What exchange of teachers truly was, all years.
    """

    place: Place
    years: tuple[int, ...]
    frames: Mapping[str, pd.DataFrame]
    reported: Mapping[str, pd.DataFrame]
    enrolment: pd.DataFrame
    children: Children
    defects: Defects
    plan: government.Plan
    followed: pupils.Followed | None = None
    exchange: exchange.Exchange | None = None


def make_county(
    place: Place,
    census: pd.DataFrame,
    params: Parameters,
    seed: int,
    *,
    scheme: Mapping[str, Any],
    rank: int = 0,
    years: Collection[int] | None = None,
    scale: float = 1.0,
    regime: str | None = None,
) -> SyntheticCounty:
    """Make a synthetic county.

    Parameters
    ----------
    place
        The county.
    census
        ``load_reference().census``.
    params
        From `load_parameters`.
    seed
        Seed; with the division code it gives all chance of the county.
    scheme
        Says which schools count in an assessment (``exclude``).
    rank
        Place of the county among those of its province: keeps codes apart.
    years
        School years to give; all that are simulated if not said.
    scale
        Share of the schools to take, sizes kept.
    regime
        ``survey`` or ``administrative``: hazards that junior pupils leave school with; no pupils
        if not said.

    Examples
    --------
    >>> from analysis.records.reference import load_reference
    >>> from analysis.records.synthetic.parameters import load_parameters
    >>> reference = load_reference()
    >>> county = make_county(Place("130725", "尚义县", "Shangyi County"), reference.census,
    ...     load_parameters(), 1, scheme=reference.scheme("quality-2017"), years=[2021], scale=0.1)
    >>> stages = county.frames["school_years"].query("counted")["stage"].value_counts()
    >>> bool(stages["primary"] >= 12 and stages["junior"] >= 12)
    True
    """
    streams = np.random.default_rng([seed, int(place.code)]).spawn(9)
    children = population.count_children(place, census, params)
    cohorts = population.pupils_by_grade(children, params)
    size = (float(cohorts[-1, :6].sum()), float(cohorts[-1, 6:].sum()))
    names = make_gazetteer(params, streams[0])
    sites = schools.plan_sites(size, division(place), params, names, streams[1])
    grades = enrolment.enrol(sites, cohorts, params, streams[2])
    spells = codes.give_codes(sites, place.code, rank, params, streams[3])
    kept = schools.select_sites(sites, scale, _minimum(place, params), streams[4])
    grades = grades[sites.index.get_indexer(kept.index)]
    identity = _identify(spells, params)
    stages = enrolment.count_stages(kept, grades, params).merge(identity, on=["site", "year"])
    stages["counted"] = counts(stages, kept, scheme)
    aims = set_aims(place.code, params, streams[5])
    posts = plan_posts(kept, stages, stages["counted"], aims, params, streams[5])
    roster = people.staff_posts(posts, params, streams[6])
    teachers = _teachers(roster, identity, area_code(place.code, rank), params, streams[6])
    resources = furnish(kept, stages, stages["counted"], aims, params, streams[5])
    classes = enrolment.open_classes(kept, grades, params, streams[2])
    opened = set(identity.loc[identity["site"].isin(kept.index), "code"])
    frames = {
        "schools": _schools(stages, kept),
        "successions": codes.list_events(kept, spells[spells["code"].isin(opened)]),
        "school_years": _school_years(stages, kept, classes, roster, params, streams[7]),
        "resources": resources.merge(identity, on=["site", "year"]).rename(
            columns={"code": "school"}
        ),
        "classes": classes.merge(identity, on=["site", "year"]).rename(columns={"code": "school"}),
        "teachers": teachers,
    }
    made = _assemble(place, frames, identity, children, params, years, seed, streams[7:])
    return made if regime is None else _with_pupils(made, classes, kept, identity, rank, params,
                                                    regime, seed)  # fmt: skip


def _with_pupils(
    county: SyntheticCounty, classes: pd.DataFrame, kept: pd.DataFrame, identity: pd.DataFrame,
    rank: int, params: Parameters, regime: str, seed: int,
) -> SyntheticCounty:  # fmt: skip
    """Follow the county's pupils; schools that do not report hand in no register either."""
    code = county.place.code
    followed = pupils.follow(classes, kept, area_code(code, rank), code, params, regime, seed)
    rng = np.random.default_rng([seed, int(code), 5])
    written = ledgers.write_down(followed, identity, classes, params, regime, rng)
    true = {name: _typed(frame, name, code) for name, frame in written.items()}
    true = {name: frame[frame["year"].isin(county.years)].reset_index(drop=True)
            for name, frame in true.items()}  # fmt: skip
    true["county_years"] = _agreeing(county.frames["county_years"], true["cohorts"])
    silent = county.defects.silent
    handed = {name: defects.without(frame, silent) if "school" in frame else frame
              for name, frame in true.items()}  # fmt: skip
    handed["county_years"] = county.reported["county_years"]
    if county.plan.items["retention"] != "blank":
        handed["county_years"] = _agreeing(handed["county_years"], true["cohorts"])
    return replace(
        county, frames={**county.frames, **true}, reported={**county.reported, **handed},
        followed=followed,
    )  # fmt: skip


def _agreeing(figures: pd.DataFrame, cohorts: pd.DataFrame) -> pd.DataFrame:
    """Let what the county says of a cohort be what its schools say of it."""
    said = {
        "cohort_n": "entered_n", "cohort_graduates_n": "graduated_n", "cohort_in_n": "moved_in_n",
        "cohort_out_n": "moved_out_n", "cohort_died_n": "died_n",
    }  # fmt: skip
    figures = figures.copy()
    for year, own in cohorts.groupby("year"):
        for column, part in said.items():
            figures.loc[figures["year"] == year, column] = own[part].sum()
    return figures


def counts(stages: pd.DataFrame, sites: pd.DataFrame, scheme: Mapping[str, Any]) -> pd.Series:
    """Tell which rows by stage enter the assessment: columns ``site``, ``kind``, ``pupils_n``."""
    rule = scheme["exclude"]
    owner = stages["site"].map(sites["owner"])
    small = stages["kind"].isin(rule["teaching_point_kinds"]) & (
        stages["pupils_n"] < rule["min_teaching_point"]
    )
    return ~(stages["kind"].isin(rule["kinds"]) | owner.isin(rule["owners"]) | small)


def _minimum(place: Place, params: Parameters) -> int:
    """Schools a stage keeps at any scale: those that will not report come on top."""
    silent = place.code in params["defects"]["silent_counties"]
    return int(params["schools"]["minimum"]) + (
        params["defects"]["silent_schools"] if silent else 0
    )


def _identify(spells: pd.DataFrame, params: Parameters) -> pd.DataFrame:
    """Give each site and year its code, kind and name."""
    years = pd.DataFrame({"year": list(span(params))})
    lived = spells.merge(years, how="cross")
    lived = lived[lived["year"].between(lived["from"], lived["to"])]
    return lived[["site", "year", "code", "kind", "name"]]


def _schools(stages: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    rows = stages.drop_duplicates(["site", "year"])
    facts = sites[["township", "zone", "owner", "opened"]]
    joined = rows[["site", "year", "code", "kind", "name"]].join(facts, on="site")
    return joined.rename(columns={"code": "school", "name": "name_zh"})


def _school_years(
    stages: pd.DataFrame,
    sites: pd.DataFrame,
    classes: pd.DataFrame,
    roster: pd.DataFrame,
    params: Parameters,
    rng: np.random.Generator,
) -> pd.DataFrame:
    key = ["site", "year", "stage"]
    table = stages.rename(columns={"code": "school"}).set_index(key).sort_index()
    table["boarders_n"] = _boarders(table, sites, params, rng)
    table["classes_n"] = classes.groupby(key).size()
    table = table.join(_count_teachers(roster), on=key)
    site = pd.Series(table.index.get_level_values("site"), index=table.index)
    small = site.map(sites["zone"]).isin(["210", "220"])
    shared = rng.poisson(params["staff"]["shared_pe_arts_mean"], len(table))
    table["teachers_shared_pe_arts_n"] = np.where(small & (table["pupils_n"] < 200), shared, 0)
    return table.reset_index()


def _boarders(
    table: pd.DataFrame, sites: pd.DataFrame, params: Parameters, rng: np.random.Generator
) -> np.ndarray:
    shape = params["classes"]
    place = pd.Series(table.index.get_level_values("site")).map(sites["place"])
    stage = table.index.get_level_values("stage")
    share = np.select(
        [stage == "primary", stage == "junior"],
        [place.map(shape["boarders_primary"]), place.map(shape["boarders_junior"])],
        shape["boarders_senior"],
    )
    return rng.binomial(table["pupils_n"].to_numpy(dtype=int), share.astype(float))


def _count_teachers(roster: pd.DataFrame) -> pd.DataFrame:
    """Count the teachers of each kind by site, year and stage."""
    marks = pd.DataFrame({"teachers_n": 1}, index=roster.index)
    for level in ("graduate", "bachelor", "associate"):
        marks[f"teachers_{level}_n"] = roster["qualification"] == level
    for subject in people.SPECIALISTS:
        marks[f"teachers_{subject}_n"] = roster["subject"] == subject
    for column, flag in _TEACHER_FLAGS.items():
        marks[column] = roster[flag]
    return marks.astype(int).groupby([roster["site"], roster["year"], roster["stage"]]).sum()


def _teachers(
    roster: pd.DataFrame,
    identity: pd.DataFrame,
    area: str,
    params: Parameters,
    rng: np.random.Generator,
) -> pd.DataFrame:
    persons = roster.drop_duplicates("person").set_index("person")[["born", "sex"]].sort_index()
    named = name_people(persons, area, params, rng)
    joined = roster.merge(identity[["site", "year", "code"]], on=["site", "year"])
    joined = joined.join(named, on="person").rename(columns={"code": "school"})
    return joined.assign(sex=joined["sex"].astype(int).astype(str))


def _assemble(
    place: Place,
    frames: dict[str, pd.DataFrame],
    identity: pd.DataFrame,
    children: Children,
    params: Parameters,
    years: Collection[int] | None,
    seed: int,
    streams: Sequence[np.random.Generator],
) -> SyntheticCounty:
    """Type and sort the tables, make the reports of all years, then keep the years asked for."""
    true = {name: _typed(frame, name, place.code) for name, frame in frames.items()}
    given, plan = government.provide(true, params, streams[1])
    moved = exchange.arrange(true, given, identity, place.code, params, seed)
    given |= moved.tables
    true |= {name: _typed(frame, name, place.code) for name, frame in given.items()}
    reported, wrong = defects.report(true, place.code, params, streams[0])
    handed, moved = exchange.report(moved, true, place.code, params, seed)
    reported |= handed
    government.withhold(reported, plan, wrong.silent)
    asked = tuple(sorted(years if years is not None else span(params)))
    keep = {
        name: frame[frame["year"].isin(asked)].reset_index(drop=True)
        for name, frame in true.items()
    }
    contract = {
        name: frame.loc[frame["year"].isin(asked), list(TABLES[name].names)].reset_index(drop=True)
        for name, frame in reported.items()
    }
    parts = (wrong.missing, wrong.silent, wrong.lists)
    wrong = Defects(*(part[part["year"].isin(asked)].reset_index(drop=True) for part in parts))
    key = ["school", "year", "stage", "grade"]
    grades = keep["classes"].groupby(key)["pupils_n"].sum().reset_index()
    return SyntheticCounty(place, asked, keep, contract, grades, children, wrong, plan,
                           exchange=moved)  # fmt: skip


def _typed(frame: pd.DataFrame, name: str, county: str) -> pd.DataFrame:
    """Bring a table to the contract's columns and types, plus the two marks of our own."""
    table = TABLES[name]
    frame = frame.assign(county=county)
    for column in table.names:
        if column not in frame:
            frame[column] = pd.NA
    marks = [mark for mark in ("counted", "gone") if mark in frame]
    types = {column.id: DTYPES[column.kind] for column in table.columns}
    typed = frame[[*table.names, *marks]].astype(types)
    order = ["year", *(column for column in table.key if column != "year")]
    return typed.sort_values(order, ignore_index=True)
