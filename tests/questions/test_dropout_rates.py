"""Dropout: both rates and retention of counties made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.questions.conftest import school
from tests.questions.dropout_rows import Rows, change, cohort, junior, pupil, register

from analysis.questions import dropout
from analysis.questions.dropout import rates, retention
from analysis.questions.dropout.rules import read_rules
from analysis.records.reference import load_reference

RULES = read_rules(load_reference())


@pytest.fixture
def measure(build_county):
    def measured(pupils: Rows, changes: Rows = (), **tables: Any) -> tuple[Any, Any]:
        county = build_county([junior()], pupils=pupils, status_changes=list(changes), **tables)
        return rates.measure(county, RULES)

    return measured


def test_both_rates_of_a_county_by_hand(measure) -> None:
    changes = [
        change(95, "move_out", verified=True), change(96, "move_out", verified=False),
        change(97, "die"), change(98, "leave"), change(200, "move_in"),
    ]  # fmt: skip
    found, _ = measure(register(), changes)
    (stage,) = (rate for rate in found if rate.grade is None)
    assert (stage.stage, stage.enrolled, stage.out, stage.into) == ("junior", 100, 4, 1)
    # Gone: 96 (nobody verified), 98 (left) and 99, of whom no office knows anything.
    assert (stage.followed, stage.gone, stage.unverified) == (100, 3, 1)


def test_what_moves_in_makes_the_net_flow_negative(measure) -> None:
    found, _ = measure(register(100, 100), [change(i, "move_in") for i in range(200, 203)])
    assert [(r.out - r.into, r.gone) for r in found if r.grade is None] == [(-3, 0)]


def test_graduates_are_not_gone_unless_they_left_before_the_end(measure) -> None:
    begun = [pupil(i, 2020, 9) for i in range(20)]
    spring = [pupil(i, 2020, 9, "2") for i in range(18)]
    later = [pupil(100, 2021, 7)]
    found, _ = measure(begun + spring + later)
    assert [r.gone for r in found if r.grade == 9] == [2]


def test_compulsory_age_is_that_of_the_first_of_september(measure) -> None:
    born = ["2004-09-01", "2004-09-02", "2014-09-01", "2014-09-02", None]
    begun = [pupil(i, 2020, 7, born=day) for i, day in enumerate(born)]
    found, _ = measure([*begun, pupil(100, 2021, 8)])
    # Of 16 years and of 5 years are not followed; without a date of birth the grade counts.
    assert [r.followed for r in found if r.grade is None] == [3]


def test_one_register_measures_nothing(measure) -> None:
    assert measure([pupil(1, 2021)]) == ([], {2021: "one_register"})
    assert measure([]) == ([], {})


def test_a_school_that_did_not_report_measures_nothing(build_county) -> None:
    schools = [junior(), school("B", stage="junior", kind="311")]
    county = build_county(schools, pupils=register())
    assert rates.measure(county, RULES) == (
        [], {2020: "some_schools", 2021: "one_register"}
    )  # fmt: skip


def test_three_definitions_of_retention(build_county) -> None:
    (found,) = retention.trace(build_county([junior()], cohorts=[cohort()]))
    values = {name: share.value for name, share in found.shares.items()}
    assert values == pytest.approx(
        {"nine_year": 190 / 220, "inspected": 192 / 199, "plain": 0.95, "moved_out": 12 / 199}
    )
    assert not found.partial


def test_what_a_school_did_not_report_is_no_zero(build_county) -> None:
    rows = [cohort(), cohort("B", moved_in_n=None)]
    (found,) = retention.trace(build_county([junior()], cohorts=rows))
    assert found.shares["inspected"].value != found.shares["inspected"].value
    assert found.shares["plain"].value == 0.95


def test_a_stage_without_its_register_does_not_keep_the_other_from_being_measured(build_county):
    primary = school("P", stage="primary")
    county = build_county(
        [junior(year=2020), junior(), {**primary, "year": 2020}, primary],
        pupils=register(),
    )
    found, reasons = rates.measure(county, RULES)
    assert {rate.stage for rate in found} == {"junior"}
    assert 2020 not in reasons
    assert rates.left_out(county, found) == ("primary",)
    finding = dropout.assess(county)
    checks = {
        c.stage: (c.verdict, c.reason) for c in finding.checks if c.indicator == "dropout_net"
    }
    assert checks["primary"][0] == "cannot_say"
    assert checks["junior"][0] != "cannot_say"


def test_pupils_who_leave_primary_school_need_a_register_of_junior_schools(build_county):
    primary = school("A", stage="primary")
    county = build_county(
        [{**primary, "year": 2020}, primary, junior(school="B", year=2020), junior(school="B")],
        pupils=register(grade=5),
    )
    assert rates.measure(county, RULES) == ([], {2020: "some_schools", 2021: "one_register"})


def five_four(build_county, system: str | None, **tables: Any):
    """Make a county of a primary and a junior school: grade 6 is at the junior one."""
    schools = [
        {**school(code, stage=stage, kind=kind), "year": year, "system": system}
        for code, stage, kind in (("A", "junior", "311"), ("P", "primary", "211"))
        for year in (2020, 2021)
    ]  # fmt: skip
    return build_county(schools, **tables)


def test_of_five_and_four_grades_the_sixth_is_junior(build_county) -> None:
    begun = [{**pupil(i, 2020, 5), "school": "P"} for i in range(30)]
    begun += [pupil(100 + i, 2020, 6) for i in range(20)] + [
        pupil(200 + i, 2020, 7) for i in range(20)
    ]
    later = [pupil(i, 2021, 6) for i in range(29)] + [pupil(100 + i, 2021, 7) for i in range(18)]
    later += [pupil(200 + i, 2021, 8) for i in range(20)] + [{**pupil(300, 2021, 1), "school": "P"}]
    changes = [change(119, "leave", grade=6)]

    def measured(system: str | None) -> dict[tuple[str, int | None], tuple[int, int, int]]:
        county = five_four(build_county, system, pupils=begun + later, status_changes=changes)
        found, _ = rates.measure(county, RULES)
        return {(r.stage, r.grade): (r.enrolled, r.out, r.gone) for r in found}

    assert measured("54") == {
        ("primary", None): (30, 0, 1), ("primary", 5): (30, 0, 1),
        ("junior", None): (40, 1, 2), ("junior", 6): (20, 1, 2), ("junior", 7): (20, 0, 0),
    }  # fmt: skip
    usual = {
        ("primary", None): (50, 1, 3), ("primary", 5): (30, 0, 1), ("primary", 6): (20, 1, 2),
        ("junior", None): (20, 0, 0), ("junior", 7): (20, 0, 0),
    }  # fmt: skip
    assert measured(None) == measured("63") == usual


@pytest.mark.parametrize(
    ("systems", "grades", "zh", "en"),
    [
        ((None, None), 3, "初中三年巩固率", "Three-year"), (("63", None), 3, "初中三年巩固率", "Three-year"),
        (("54", "54"), 4, "初中四年巩固率", "Four-year"), (("54", None), None, "初中巩固率", "Retention of"),
    ],
)  # fmt: skip
def test_retention_of_junior_school_is_called_by_its_grades(
    build_county, systems, grades, zh: str, en: str
) -> None:
    schools = [{**junior(), "school": s, "system": n} for s, n in zip("AB", systems, strict=True)]
    # A primary school says nothing of how many grades junior schools have.
    schools.append({**school("P", stage="primary"), "system": "63"})
    county = build_county(schools, cohorts=[cohort("A"), cohort("B")])
    assert retention.grades_of_junior(county) == grades
    named = {one.id: one for one in dropout.assess(county).indicators}
    inspected = named["dropout_retention_inspected"]
    assert inspected.zh.startswith(zh)
    assert inspected.en.startswith(en)
    (found,) = retention.trace(county)
    assert found.shares["plain"].value == 0.95
