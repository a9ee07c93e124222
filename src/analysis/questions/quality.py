"""Question. How good are the data behind the report (数据质量)?

Data. All tables of the county and year.

Method. Four shares, each on its own: schools that reported over schools that should; required
cells filled; pupils in the schools' tables over the county's published total; teachers on the
list over teachers in the totals. A grade (A to D) follows by a table of conditions.

Assumptions. The conditions of the grades are this project's judgement
(``data/reference/parameters.toml``) and no rule of anybody's.

Source. 本项目设定.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Cell, Finding, Given, Indicator, Name, Note, NoteValue, tidy
from analysis.records.county import CountyData

Row = dict[str, Any]

INDICATORS = (
    Indicator("reported", "上报学校比例", "Schools that reported", "share", "P0", "higher", digits=1),
    Indicator("filled", "数据项填报率", "Data items reported", "share", "P0", "higher", digits=1),
    Indicator("reconciled", "在校生数与县级总数之比", "Pupils over the county's total", "share", "P0",
              digits=1),
    Indicator("listed", "名册教师数与填报教师数之比", "Teachers listed over teachers reported", "share",
              "P0", digits=1),
    Indicator("list_differs", "名册与填报数不一致的学校", "Schools whose list and total differ",
              "schools", "P0", "lower", digits=0),
    Indicator("classes_differ", "班级人数合计与在校生数不一致的学校",
              "Schools whose classes do not add up to their pupils", "schools", "P0", "lower",
              digits=0),
    Indicator("grade", "数据质量等级", "Grade of the data", "", "P0"),
)  # fmt: skip

_MEASURED = {
    "school_years": (
        "pupils_n", "classes_n", "teachers_n", "teachers_graduate_n", "teachers_bachelor_n",
        "teachers_associate_n", "teachers_backbone_n", "teachers_pe_n", "teachers_music_n",
        "teachers_fine_art_n", "teachers_midlevel_n",
    ),
    "resources": (
        "teaching_area_m2", "indoor_sports_area_m2", "sports_ground_m2", "equipment_yuan",
        "multimedia_rooms_n", "computers_n", "books_n",
    ),
}  # fmt: skip
_STAGE_TOTALS = {"primary": "primary_pupils_n", "junior": "junior_pupils_n"}


def examine(county: CountyData) -> Finding:
    """Examine how complete and consistent a county's data are.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.

    Returns
    -------
    Finding
        Named ``"quality"``; the row ``grade`` has the grade as its subject.
    """
    rows = [
        *_reported(county),
        *_filled(county),
        *_reconciled(county),
        *_listed(county),
        *_classes(county),
    ]
    grade = _grade(county, tidy(rows))
    table = tidy([{**row, "at": str(county.year)} for row in [*rows, _grade_row(grade)]])
    return Finding(
        name="quality",
        county=county.place.code,
        year=county.year,
        table=table,
        indicators=INDICATORS,
        labels={
            "county": {county.place.code: county.place.label},
            "stage": county.reference.names("stage"),
            "grade": {name: {"zh": name, "en": name} for name in ("A", "B", "C", "D")},
            "table": {
                "school_years": {"zh": "分学段办学情况", "en": "schools by stage"},
                "resources": {"zh": "办学条件", "en": "school resources"},
            },
        },
        notes=tuple(_notes(county, table, grade)),
        origin=county.origin,
    )


def _reported(county: CountyData) -> Iterator[Row]:
    schools = county.table("school_years", year=county.year)["school"].nunique()
    listed = county.table("schools", year=county.year)["school"].nunique()
    expected = county.table("counties", year=county.year)["schools_expected_n"].dropna()
    # That all of a list reported says nothing of schools that are not on it; that some did not, does.
    if len(expected) or schools < listed:
        should = float(max([listed, *expected.astype(int)]))
        yield {
            "indicator": "reported", "value": min(1.0, schools / should), "unit": "share",
            "numerator": schools, "denominator": should, "n": schools, "n_unit": "schools",
        }  # fmt: skip


def _filled(county: CountyData) -> Iterator[Row]:
    cells = filled = 0
    listed = set(county.table("schools", year=county.year)["school"])
    for table, columns in _MEASURED.items():
        frame = county.table(table, year=county.year)
        # A column that nobody fills is one the data set does not have, not a gap in it.
        kept = [column for column in columns if frame[column].notna().any()]
        # A school of the list without a row has filled none of its cells.
        absent = len(listed - set(frame["school"]))
        here = int(frame[kept].notna().to_numpy().sum())
        size = (len(frame) + absent) * len(kept)
        if size:
            yield {
                "indicator": "filled", "by": "table", "subject": table, "value": here / size,
                "numerator": here, "denominator": size, "unit": "share", "n_unit": "schools",
                "n": len(frame),
            }  # fmt: skip
        cells, filled = cells + size, filled + here
    if cells:
        yield {
            "indicator": "filled", "value": filled / cells, "numerator": filled,
            "denominator": cells, "unit": "share", "n_unit": "schools",
        }  # fmt: skip


def _reconciled(county: CountyData) -> Iterator[Row]:
    totals = county.table("counties", year=county.year)
    schools = county.table("school_years", year=county.year)
    for stage, column in _STAGE_TOTALS.items():
        official = totals[column].dropna()
        if len(official) and float(official.iloc[0]) > 0:
            pupils = float(schools.loc[schools["stage"] == stage, "pupils_n"].sum())
            yield {
                "indicator": "reconciled", "stage": stage, "unit": "share", "n_unit": "schools",
                "value": pupils / float(official.iloc[0]), "numerator": pupils,
                "denominator": float(official.iloc[0]),
            }  # fmt: skip


def _listed(county: CountyData) -> Iterator[Row]:
    listed = county.table("teachers", year=county.year)
    if listed.empty:
        return
    keys = ["school", "stage"]
    totals = county.table("school_years", year=county.year).set_index(keys)["teachers_n"].dropna()
    counts = listed.groupby(keys).size().reindex(totals.index, fill_value=0)
    totals = totals.astype("float64")
    differ = int((counts != totals).groupby("school").any().sum())
    schools = totals.index.get_level_values("school").nunique()
    yield {
        "indicator": "listed", "value": counts.sum() / totals.sum(), "unit": "share",
        "n": schools, "n_unit": "schools",
    }  # fmt: skip
    yield {
        "indicator": "list_differs", "value": differ, "denominator": schools, "n": schools,
        "n_unit": "schools", "unit": "schools",
    }  # fmt: skip


def _classes(county: CountyData) -> Iterator[Row]:
    classes = county.table("classes", year=county.year)
    if classes.empty:
        return
    keys = ["school", "stage"]
    sums = classes.astype({"pupils_n": "float64"}).groupby(keys)["pupils_n"].sum()
    pupils = county.table("school_years", year=county.year).set_index(keys)["pupils_n"]
    both = pd.concat([sums, pupils.astype("float64")], axis=1, join="inner", keys=["sum", "all"])
    differ = int((both["sum"] != both["all"]).groupby("school").any().sum())
    schools = both.index.get_level_values("school").nunique()
    yield {
        "indicator": "classes_differ", "value": differ, "denominator": schools, "n": schools,
        "n_unit": "schools", "unit": "schools",
    }  # fmt: skip


def _grade(county: CountyData, table: pd.DataFrame) -> str:
    """Give the best grade whose every condition holds.

    What was not measured fails no condition but those of the best grade.
    """
    grades = county.reference.parameters["quality"]["grades"]
    best = next(iter(grades))
    measured = {
        "reported": _worst(table, "reported"),
        "filled": _worst(table[table["by"] == ""], "filled"),
        "reconciled": 1 - _worst_distance(table, "reconciled"),
    }
    for grade, least in grades.items():
        if isinstance(least, dict) and all(
            measured[name] >= limit or (np.isnan(measured[name]) and grade != best)
            for name, limit in least.items()
        ):
            return str(grade)
    return "D"


def _worst(table: pd.DataFrame, indicator: str) -> float:
    return float(table.loc[table["indicator"] == indicator, "value"].min())


def _worst_distance(table: pd.DataFrame, indicator: str) -> float:
    """Give the largest distance from 1: too many pupils are as wrong as too few."""
    return float((table.loc[table["indicator"] == indicator, "value"] - 1).abs().max())


def _grade_row(grade: str) -> Row:
    return {"indicator": "grade", "by": "grade", "subject": grade, "value": 1.0}


def _grade_notes(county: CountyData, known: set[tuple[Any, ...]]) -> Iterator[Note]:
    """Say what each grade asks for, and what could not be measured."""
    grades = county.reference.parameters["quality"]["grades"]
    *graded, last = [name for name, least in grades.items() if isinstance(least, dict)]
    for name in graded:
        yield Note("quality.grades.asks", {
            "grade": Name("grade", name),
            "reported": Given(grades[name]["reported"]),
            "filled": Given(grades[name]["filled"]),
            "apart": Given(round(1 - grades[name]["reconciled"], 9)),
        })  # fmt: skip
    yield Note("quality.grades.last", {"grade": Name("grade", last)})
    if ("reported", "", "") not in known:
        yield Note("quality.detail.no_expected", {})
    if not {("reconciled", stage, "") for stage in _STAGE_TOTALS} & known:
        yield Note("quality.detail.no_total", {})


def _notes(county: CountyData, table: pd.DataFrame, grade: str) -> Iterator[Note]:
    now = str(county.year)
    known = {tuple(key) for key in table[["indicator", "stage", "by"]].to_numpy()}
    names: dict[str, NoteValue] = {
        "county": Name("county", county.place.code),
        "year": Given(county.year),
        "grade": Name("grade", grade),
        "graded": Cell("grade", by="grade", subject=grade, at=now),
    }
    cells: dict[str, NoteValue] = {
        name: cell
        for name, key, cell in (
            ("reported", ("reported", "", ""), Cell("reported", at=now, field="numerator")),
            ("expected", ("reported", "", ""), Cell("reported", at=now, field="denominator")),
            ("filled", ("filled", "", ""), Cell("filled", at=now)),
        )
        if key in known
    }
    yield Note("quality.headline.grade", {**names, **cells})
    yield from _grade_notes(county, known)
    for stage in _STAGE_TOTALS:
        if ("reconciled", stage, "") in known:
            yield Note("quality.detail.reconciled", {
                **names,
                "stage": Name("stage", stage),
                "pupils": Cell("reconciled", stage, at=now, field="numerator"),
                "total": Cell("reconciled", stage, at=now, field="denominator"),
                "share": Cell("reconciled", stage, at=now),
            }, stage)  # fmt: skip
    for indicator in ("list_differs", "classes_differ"):
        if (indicator, "", "") in known:
            yield Note(f"quality.detail.{indicator}", {
                **names,
                "schools": Cell(indicator, at=now),
                "all": Cell(indicator, at=now, field="denominator"),
            })  # fmt: skip
