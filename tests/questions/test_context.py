"""The county's description: totals over totals, and nothing said that is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest
from tests.questions.conftest import school

from analysis.finding import Cell, Finding
from analysis.i18n import has
from analysis.questions import context
from analysis.records.county import CountyData

Build = Callable[..., CountyData]


def value(finding: Finding, **where: str) -> float:
    rows = finding.table
    for column, wanted in {"by": "", "stage": "", **where}.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1, where
    return float(rows.iloc[0]["value"])


def test_counts_and_ratios_of_totals(build_county: Build) -> None:
    county = build_county(
        [
            school("A", pupils_n=300, teachers_n=20),
            school("B", pupils_n=50, teachers_n=5, kind="218", zone="220"),
            school("C", stage="junior", pupils_n=400, teachers_n=None, kind="311", zone="111"),
        ]
    )
    finding = context.describe(county)
    assert value(finding, indicator="schools") == 3
    assert value(finding, indicator="schools", by="kind", subject="218") == 1
    assert value(finding, indicator="schools", by="zone", subject="town") == 1
    assert value(finding, indicator="schools", by="zone", subject="rural") == 1
    assert value(finding, indicator="small_schools") == 1
    assert value(finding, indicator="pupils", stage="primary") == 350
    assert value(finding, indicator="pupils_per_teacher", stage="primary") == pytest.approx(14)
    teachers = finding.table[finding.table["indicator"].isin(["teachers", "pupils_per_teacher"])]
    assert set(teachers["stage"]) == {"primary"}  # nobody reported those of the junior school


def test_boarders_are_a_group_of_pupils(build_county: Build) -> None:
    finding = context.describe(build_county([school("A", pupils_n=300, boarders_n=7)]))
    row = finding.table[finding.table["indicator"] == "boarders"].iloc[0]
    assert (row["value"], row["n_unit"]) == (7, "pupils")
    assert finding.indicator("boarders").privacy == "P1"


def test_census_figures_are_those_of_the_table(build_county: Build) -> None:
    county = build_county([school("A")])
    figures = county.reference.census.loc["130722"]
    finding = context.describe(county)
    assert value(finding, indicator="population") == figures["population"]
    children = value(finding, indicator="age_group", by="age", subject="5_9")
    assert children == round(figures["population"] * figures["share_5_9"])


def test_a_place_outside_the_census_has_no_census_sentence(build_county: Build) -> None:
    county = build_county([school("A")])
    elsewhere = replace(county, place=replace(county.place, code="06037"))
    finding = context.describe(elsewhere)
    assert "population" not in set(finding.table["indicator"])
    assert "context.headline.census" not in {note.key for note in finding.notes}


def test_every_sentence_stands_in_the_catalogue(build_county: Build) -> None:
    rows = [school("A"), school("A", year=2020)]
    finding = context.describe(build_county(rows))
    assert all(has(note.key) for note in finding.notes)
    assert "context.figure.enrolment.title" in {note.key for note in finding.notes}
    assert isinstance(finding.table, pd.DataFrame)


def test_a_sum_without_some_schools_is_no_number_of_teachers(build_county: Build) -> None:
    rows = [school("A", pupils_n=300, teachers_n=20), school("B", pupils_n=50, teachers_n=None)]
    finding = context.describe(build_county(rows))
    note = next(note for note in finding.notes if note.key == "context.headline.pupils")
    assert "teachers" not in note.values
    assert value(finding, indicator="pupils_per_teacher", stage="primary") == 15
    assert note.values["seen"] == Cell("pupils_per_teacher", "primary", at="2021", field="n")
    ratio = finding.table[finding.table["indicator"] == "pupils_per_teacher"].iloc[0]
    assert (ratio["n"], ratio["flag"]) == (1, "p")


@pytest.mark.parametrize(("kind", "counted"), [("900", "school districts"), ("211", "schools")])
def test_units_are_called_what_they_are(build_county: Build, kind: str, counted: str) -> None:
    finding = context.describe(build_county([school("A", kind=kind), school("B", kind=kind)]))
    assert finding.labels["units"]["many"]["en"] == counted


def test_without_pupils_no_school_is_small(build_county: Build) -> None:
    county = build_county([school("A")])
    none = county.tables["school_years"].iloc[:0]
    finding = context.describe(replace(county, tables={**county.tables, "school_years": none}))
    assert "small_schools" not in set(finding.table["indicator"])
    (note,) = (note for note in finding.notes if note.key == "context.headline.schools")
    assert "small" not in note.values
