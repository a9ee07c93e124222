"""Many counties at once: the same figures and verdicts as county by county, nothing mixed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.questions.conftest import school

from analysis.finding import Finding
from analysis.questions import balance
from analysis.questions.balance.stage import form
from analysis.records import open_county
from analysis.records.batches import FACTS, open_batches
from analysis.records.county import Counties, CountyData
from analysis.release import release

Build = Callable[..., CountyData]
KEY = ["indicator", "stage"]
CODES = ("130722", "130723", "130724", "130725")
SCHEMES = (("quality-2017", "scheme"), ("quality-2017", None), ("basic-2012", "scheme"))


def gather(counties: Sequence[CountyData]) -> Counties:
    """Put counties into common tables, in whatever order they come."""
    year = counties[0].year
    return Counties(
        places=tuple(sorted((county.place for county in counties), key=lambda p: p.code)),
        year=year,
        tables={
            id: pd.concat([county.table(id, year=year) for county in counties], ignore_index=True)
            for id in FACTS
        },
        reference=counties[0].reference,
        origin=counties[0].origin,
    )


def move(county: CountyData, code: str) -> CountyData:
    """Give a county another code: its schools keep theirs, as in another county's own list."""
    tables = {
        id: frame.assign(county=pd.array([code] * len(frame), dtype="string"))
        for id, frame in county.tables.items()
    }
    return replace(county, place=replace(county.place, code=code), tables=tables)


def of_county(survey: Finding, code: str) -> pd.DataFrame:
    table = survey.table
    return table[(table["by"] == "county") & (table["subject"] == code)]


def hold_equal(survey: Finding, alone: Mapping[str, Finding]) -> None:
    """Hold every row and check of a survey against the county's own finding, both ways."""
    for code, finding in alone.items():
        own = finding.table[
            (finding.table["by"] == "") & (finding.table["at"] == str(finding.year))
        ]
        told = of_county(survey, code)
        told = told[told["flag"].ne("x") | told["indicator"].ne("schools_assessed")]
        own = own[own["indicator"].isin(told["indicator"])]
        left = told.set_index(KEY).sort_index()
        right = own.set_index(KEY).sort_index()
        pd.testing.assert_index_equal(left.index, right.index)
        same = ["value", "numerator", "denominator", "n", "n_unit", "unit", "flag", "at"]
        pd.testing.assert_frame_equal(left[same], right[same], rtol=1e-12, atol=1e-14)
        judged = [
            (c.indicator, c.stage, c.at, c.rule, str(c.limit), c.verdict, c.reason, c.source)
            for c in finding.checks
            if c.by == ""
        ]
        assert judged == [
            (c.indicator, c.stage, c.at, c.rule, str(c.limit), c.verdict, c.reason, c.source)
            for c in survey.checks
            if c.subject == code
        ]
    assert {c.subject for c in survey.checks} <= set(alone)


def test_two_counties_by_hand(build_county: Build) -> None:
    """Equipment of 2,000 and 3,000 a pupil; 1,000 and 3,000, a third school silent on it."""
    first = [school("A", equipment_yuan=2e6), school("B", equipment_yuan=3e6)]
    second = [
        school("A", equipment_yuan=1e6), school("B", equipment_yuan=3e6),
        school("C", equipment_yuan=None),
    ]  # fmt: skip
    found = balance.assess_many(gather([build_county(first), move(build_county(second), "130723")]))
    values = {
        code: of_county(found, code).query("stage == 'primary'").set_index("indicator")["value"]
        for code in CODES[:2]
    }
    assert values["130722"]["equipment"] == 2500
    assert values["130722"]["equipment.coefficient"] == pytest.approx(500 / 2500)
    assert values["130722"]["equipment.schools_met"] == 1
    assert values["130722"]["schools_rule_met"] == 1
    assert values["130723"]["equipment"] == 2000
    assert values["130723"]["equipment.coefficient"] == pytest.approx(1000 / 2000)
    assert values["130723"]["equipment.schools_met"] == 0.5
    assert values["130723"]["schools_assessed"] == 3
    verdicts = {(c.subject, c.indicator): c.verdict for c in found.checks}
    assert verdicts["130722", "equipment.coefficient"] == "met"
    # At .5 already, and the third may have anything from 1,000 to 3,000.
    assert verdicts["130723", "equipment.coefficient"] == "cannot_say"
    assert verdicts["130722", "schools_rule_met"] == "met"
    assert verdicts["130723", "schools_rule_met"] == "not_met"  # A has half of what it should
    limits = found.table[found.table["by"] == "limit"].set_index(["indicator", "stage"])["value"]
    assert limits["equipment", "primary"] == 2000
    assert limits["equipment.coefficient", "junior"] == 0.45


NONE = dict.fromkeys(("teachers_arts_n", "teachers_shared_pe_arts_n"))
HAND_MADE: Mapping[str, tuple[list[dict[str, Any]], dict[str, Any] | None]] = {
    "whole": ([school(s) for s in "ABC"], None),
    "gaps": ([school("A"), school("B", equipment_yuan=None), school("C", books_n=None)], None),
    "form without two columns": (
        [school(s, zone="220", pupils_n=60, **NONE) for s in "AB"], None,
    ),
    "form with them": (
        [school("A"), school("B", zone="220", pupils_n=60, **NONE), school("C", zone=None)], None,
    ),
    "silent schools": (
        [school(f"S{n:02}") for n in range(97)],
        {"schools_expected_n": 98, "primary_pupils_n": 97_300},
    ),
    "silent and uncounted": ([school(s) for s in "ABC"], {"schools_expected_n": 4}),
    "one school": ([school("A")], None),
    "nobody assessed": ([school("A", kind="510")], None),
    "teaching points": (
        [school("A"), school("B", kind="218", pupils_n=49), school("C", kind="218", pupils_n=50)],
        None,
    ),
    "two stages": (
        [
            school("A", kind="312"), school("A", kind="312", stage="junior", pupils_n=700),
            school("B", kind="312"), school("C", stage="junior", kind="311"), school("D"),
        ],
        None,
    ),
    "nothing of it": ([school(s, teachers_backbone_n=0) for s in "AB"], None),
    "junior alone": ([school(s, stage="junior", kind="311") for s in "AB"], None),
}  # fmt: skip


@pytest.mark.parametrize(("scheme", "weights"), SCHEMES)
def test_hand_made_counties_are_assessed_as_each_alone(
    build_county: Build, scheme: str, weights: Any
) -> None:
    """All in one batch; every county names its schools A, B, C."""
    counties = [
        move(build_county(rows, totals=totals), f"1307{n:02}")
        for n, (rows, totals) in enumerate(HAND_MADE.values(), 10)
    ]
    found = balance.assess_many(gather(counties), scheme=scheme, weights=weights)
    alone = {c.place.code: balance.assess(c, scheme=scheme, weights=weights) for c in counties}
    hold_equal(found, alone)
    pd.testing.assert_frame_equal(
        found.table,
        balance.assess_many(gather(counties[::-1]), scheme=scheme, weights=weights).table,
    )


def test_a_county_that_reported_nothing_is_told(build_county: Build) -> None:
    told = build_county([school("A"), school("B")])
    silent = move(build_county([school("A")]), "130723")
    silent = replace(
        silent,
        tables={**silent.tables, "school_years": silent.tables["school_years"].iloc[:0]},
    )
    found = balance.assess_many(gather([told, silent]))
    rows = of_county(found, "130723")
    assert rows["indicator"].tolist() == ["schools_assessed"] * 2
    assert rows["flag"].tolist() == ["x", "x"]
    assert rows["value"].isna().all()
    assert not [c for c in found.checks if c.subject == "130723"]
    nobody = replace(gather([silent]), places=(silent.place,))
    assert len(balance.assess_many(nobody).table) == 2


@st.composite
def described(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Schools of one county, some with gaps."""
    rows = []
    for n in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["211", "218", "311", "312", "510"]))
        stages = {"311": ["junior"], "312": ["primary", "junior"]}.get(kind, ["primary"])
        shared = {
            "teaching_area_m2": draw(st.sampled_from([None, 300.0, 4000.0])),
            "equipment_yuan": draw(st.none() | st.floats(0, 5e6)),
            "multimedia_rooms_n": draw(st.sampled_from([None, 0, 26, 26])),
        }
        zone = draw(st.sampled_from([None, "121", "220"]))
        for stage in stages[: draw(st.integers(1, len(stages)))]:
            rows.append(
                school(
                    f"S{n}", kind=kind, zone=zone, stage=stage, **shared,
                    pupils_n=draw(st.sampled_from([0, 49, 60, 400, 1000])),
                    teachers_arts_n=draw(st.sampled_from([None, 0, 2])),
                    teachers_shared_pe_arts_n=draw(st.sampled_from([None, 0, 2])),
                    teachers_backbone_n=draw(st.integers(0, 20)),
                )
            )  # fmt: skip
    return rows


TOTALS = st.none() | st.fixed_dictionaries(
    {
        "schools_expected_n": st.none() | st.integers(0, 7),
        "primary_pupils_n": st.none() | st.integers(0, 5000),
        "junior_pupils_n": st.none() | st.integers(0, 5000),
    }
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=st.lists(st.tuples(described(), TOTALS), min_size=1, max_size=4), data=st.data())
def test_a_survey_says_what_each_county_says(
    build_county: Build, drawn: list[tuple[list[dict[str, Any]], dict[str, Any] | None]],
    data: st.DataObject,
) -> None:  # fmt: skip
    scheme, weights = data.draw(st.sampled_from(SCHEMES))
    counties = [
        move(build_county(rows, totals=totals), code)
        for code, (rows, totals) in zip(CODES, drawn, strict=False)
    ]
    found = balance.assess_many(gather(counties), scheme=scheme, weights=weights)
    alone = {c.place.code: balance.assess(c, scheme=scheme, weights=weights) for c in counties}
    hold_equal(found, alone)


@pytest.mark.whole
@pytest.mark.parametrize(("scheme", "weights"), SCHEMES)
@pytest.mark.parametrize("size", [5, 16])
def test_the_demo_prefecture(demo_store: Path, scheme: str, weights: Any, size: int) -> None:
    seen = 0
    for batch in open_batches(demo_store, 2021, size=size):
        found = balance.assess_many(batch, scheme=scheme, weights=weights)
        alone = {
            place.code: balance.assess(
                open_county(demo_store, place.code, 2021), scheme=scheme, weights=weights
            )
            for place in batch.places
        }
        hold_equal(found, alone)
        seen += len(alone)
    assert seen == 16


def test_the_gate_keeps_few_schools_from_the_public(build_county: Build) -> None:
    """Four schools are too few, five are not; the county's own level is its own."""
    few = build_county([school(s) for s in "ABCD"])
    many = move(build_county([school(s) for s in "ABCDE"]), "130723")
    found = balance.assess_many(gather([few, many]))
    table = release(found, "public").table.query("stage == 'primary'")
    value = table.set_index(["indicator", "subject"])["value"]
    for indicator in ("equipment.coefficient", "equipment.schools_met", "schools_rule_met"):
        assert np.isnan(value[indicator, "130722"])
        assert np.isfinite(value[indicator, "130723"])
    assert value["equipment", "130722"] == 2600
    verdicts = {
        (c.indicator, c.subject): (c.verdict, c.reason) for c in release(found, "public").checks
    }
    assert verdicts["equipment.coefficient", "130722"] == ("cannot_say", "gate.few_schools")
    assert verdicts["equipment.coefficient", "130723"] == ("met", "")
    assert not release(found, "internal").table["flag"].eq("c").any()


def test_other_schools_have_other_numbers(build_county: Build) -> None:
    """Arrays are cut for all counties together; what is put in a stage's place brings its own."""
    county = build_county([school("A"), school("B", equipment_yuan=1.3e6)])
    stage = form(county.tables, county.reference, county.reference.scheme("quality-2017"), None)[
        "primary"
    ][county.place.code, 2021]
    for name, numbers in stage.entrants.numbers.items():
        np.testing.assert_array_equal(numbers, stage.entrants.counted[name])
    assert stage.entrants.numbers.keys() == {
        "pupils", *(i["id"] for i in stage.indicators)
    }  # fmt: skip
    more = stage.entrants.counted.assign(equipment=2.6e6)
    other = replace(stage, entrants=replace(stage.entrants, counted=more))
    equipment = next(i for i in stage.indicators if i["id"] == "equipment")
    assert stage.coefficient(equipment) == pytest.approx(1 / 3)
    assert other.coefficient(equipment) == 0
