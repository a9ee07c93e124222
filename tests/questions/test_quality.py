"""Completeness and consistency, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.questions.conftest import school

from analysis.finding import Finding
from analysis.i18n import has
from analysis.questions import quality
from analysis.records.county import CountyData
from analysis.release import release

Build = Callable[..., CountyData]


def row(finding: Finding, indicator: str, **where: str):
    rows = finding.table[finding.table["indicator"] == indicator]
    for column, wanted in {"by": "", "stage": "", **where}.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1, (indicator, where)
    return rows.iloc[0]


def grade(finding: Finding) -> str:
    return finding.table.loc[finding.table["indicator"] == "grade", "subject"].item()


def test_complete_data_are_graded_a(build_county: Build) -> None:
    totals = {"schools_expected_n": 2, "primary_pupils_n": 2000}
    finding = quality.examine(build_county([school("A"), school("B")], totals=totals))
    assert grade(finding) == "A"
    assert row(finding, "reported")["value"] == 1
    assert row(finding, "filled")["value"] == 1
    assert row(finding, "reconciled", stage="primary")["value"] == 1


def test_a_column_that_nobody_fills_is_no_gap(build_county: Build) -> None:
    rows = [school("A", books_n=None), school("B", books_n=None, computers_n=None)]
    finding = quality.examine(build_county(rows))
    filled = row(finding, "filled", by="table", subject="resources")
    assert (filled["numerator"], filled["denominator"]) == (11, 12)


@pytest.mark.parametrize(
    ("pupils", "expected"), [(2000, "A"), (1985, "B"), (2100, "C"), (2500, "D"), (1500, "D")]
)
def test_too_many_pupils_are_as_wrong_as_too_few(
    build_county: Build, pupils: int, expected: str
) -> None:
    totals = {"schools_expected_n": 2, "primary_pupils_n": pupils}
    finding = quality.examine(build_county([school("A"), school("B")], totals=totals))
    assert grade(finding) == expected


def test_schools_whose_list_differs_are_counted_once(build_county: Build) -> None:
    def teacher(number: int, where: str) -> dict:
        return {"pseudonym": f"p{number}", "school": where, "county": "130722", "year": 2021,
                "stage": "primary"}  # fmt: skip

    listed = [teacher(i, "A") for i in range(3)] + [teacher(i, "B") for i in range(10, 12)]
    county = build_county(
        [school("A", teachers_n=3), school("B", teachers_n=3), school("C", teachers_n=0)],
        teachers=listed,
    )
    finding = quality.examine(county)
    assert row(finding, "list_differs")["value"] == 1
    assert row(finding, "listed")["value"] == pytest.approx(5 / 6)


def test_classes_that_do_not_add_up_are_counted(build_county: Build) -> None:
    def a_class(where: str, pupils: int) -> dict:
        return {"school": where, "county": "130722", "year": 2021, "stage": "primary",
                "grade": 1, "class_no": 1, "pupils_n": pupils}  # fmt: skip

    county = build_county(
        [school("A", pupils_n=40), school("B", pupils_n=40)],
        classes=[a_class("A", 40), a_class("B", 39)],
    )
    assert row(quality.examine(county), "classes_differ")["value"] == 1


def test_sentences_name_only_what_was_measured(build_county: Build) -> None:
    finding = quality.examine(build_county([school("A")]))
    headline = next(note for note in finding.notes if note.key == "quality.headline.grade")
    assert "expected" not in headline.values
    assert all(has(note.key) for note in finding.notes)


def test_a_school_without_a_row_has_filled_nothing(build_county: Build) -> None:
    county = build_county([school("A"), school("B")], resources=[{**school("A")}])
    finding = quality.examine(county)
    filled = row(finding, "filled", by="table", subject="resources")
    assert (filled["numerator"], filled["denominator"]) == (7, 14)
    assert grade(finding) == "D"


def test_a_school_without_pupils_has_not_reported(build_county: Build) -> None:
    totals = {"schools_expected_n": 2, "primary_pupils_n": 1000}
    county = build_county([school("A"), school("B")], totals=totals)
    one = county.tables["school_years"].query("school == 'A'")
    finding = quality.examine(replace(county, tables={**county.tables, "school_years": one}))
    assert row(finding, "reported")["value"] == 0.5


def test_what_was_not_measured_is_not_the_best(build_county: Build) -> None:
    assert grade(quality.examine(build_county([school("A")]))) == "B"


def test_the_grade_leaves_as_a_cell_for_the_list_of_reports(build_county: Build) -> None:
    finding = quality.examine(build_county([school("A")]))
    (said,) = (note for note in release(finding, "public").notes if note.key.endswith(".grade"))
    assert ("grade", "", "grade", "B", "2021") in said.cells


def test_schools_of_the_list_that_did_not_report_are_known_without_a_count(
    build_county: Build,
) -> None:
    county = build_county([school("A"), school("B")])
    assert "reported" not in set(quality.examine(county).table["indicator"])
    none = county.tables["school_years"].iloc[:0]
    finding = quality.examine(replace(county, tables={**county.tables, "school_years": none}))
    assert row(finding, "reported")["value"] == 0
    assert grade(finding) == "D"
