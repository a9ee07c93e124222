"""Workbooks for bureaus: made from the contracts, and read back without a word."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from bureau import identity

from analysis.errors import UsageError
from analysis.i18n import Language
from analysis.records.contracts import TABLES, Table
from analysis.records.dataset import FILE as DATASET
from analysis.records.intake import read_folder
from analysis.records.reference import load_reference
from analysis.records.templates import FIRST_ROW, header, name_of, template, write_templates

LANGUAGES: tuple[Language, ...] = ("zh", "en")
VALUES: dict[str, dict[str, Any]] = {
    "counties": {
        "county": "130722", "year": 2021, "schools_expected_n": 1, "primary_pupils_n": 40,
        "junior_pupils_n": 0, "as_of": "2021-09-01",
    },
    "schools": {
        "school": "2113000001", "county": "130722", "year": 2021, "name_zh": "城关小学",
        "name_en": "Chengguan School", "township": "张北镇", "kind": "211", "zone": "121",
        "owner": "public", "opened": 1956, "system": "63",
    },
    "successions": {
        "school": "2113000007", "county": "130722", "year": 2021, "successor": "2113000001",
        "event": "merged",
    },
    "school_years": {
        "school": "2113000001", "county": "130722", "year": 2021, "stage": "primary",
        "pupils_n": 40, "boarders_n": 0, "classes_n": 1, "teachers_n": 1.0,
        "teachers_bachelor_n": 1, "migrants_n": 2,
    },
    "resources": {
        "school": "2113000001", "county": "130722", "year": 2021, "teaching_area_m2": 120.5,
        "equipment_yuan": 11500.0, "computers_n": 3,
    },
    "classes": {
        "school": "2113000001", "county": "130722", "year": 2021, "stage": "primary", "grade": 1,
        "class_no": 1, "pupils_n": 40,
    },
    "teachers": {
        "teacher_id": identity(1), "name": "王芳", "school": "2113000001", "county": "130722",
        "year": 2021, "stage": "primary", "sex": "2", "qualification": "bachelor",
        "midlevel": True, "backbone": False, "subject": "chinese", "first_year": 2003,
        "training_hours_n": 372.5, "certificate": True,
    },
    "special_rooms": {
        "school": "2113000001", "county": "130722", "year": 2021, "room": "music", "room_no": 1,
        "rooms_n": 2, "area_m2": 96.5, "built": 2017,
    },
    "school_funds": {
        "school": "2113000001", "county": "130722", "year": 2021, "budget_yuan": 65000.0,
    },
    "county_years": {
        "county": "130722", "year": 2021, "pay_teachers_yuan": 2.5e8, "paid_teachers_n": 2800,
        "pay_officials_yuan": 9.0e7, "paid_officials_n": 1000, "eligibility_years_n": 6,
        "primary_intake_n": 900, "primary_nearby_n": 900, "junior_intake_n": 700,
        "junior_nearby_n": 690, "senior_places_n": 800, "senior_allotted_n": 410,
        "migrants_n": 300, "migrants_public_n": 280, "migrants_bought_n": 5, "disabled_n": 120,
        "disabled_enrolled_n": 118, "cohort_n": 2100, "cohort_graduates_n": 2050,
        "cohort_in_n": 20, "cohort_out_n": 40, "cohort_died_n": 1, "funds_yuan": 3.0e7,
        "training_yuan": 1.6e6, "surveyed_n": 400, "approving_n": 372,
    },
    "monitoring": {
        "county": "130722", "year": 2021, "monitored": "morals", "level": 3, "variation": 0.125,
    },
    "exchanges": {
        "teacher_id": identity(1), "school": "2113000001", "to_school": "2113000007",
        "county": "130722", "year": 2021, "form": "itinerant", "share_week": 0.4,
        "transferred": False, "start": "2021-09-01", "end": "2023-08-31",
    },
    "school_scores": {
        "school": "2113000001", "county": "130722", "year": 2021, "grade": 4,
        "subject": "mathematics", "paper": "130700", "tested_n": 39, "score_mean": 71.25,
        "score_sd": 14.5,
    },
    "pupils": {
        "pupil_id": f"G{identity(9, 2008)}", "name": "张小测", "school": "2113000001",
        "county": "130722", "year": 2021, "term": "1", "grade": 6, "class_no": 2, "sex": "2",
        "born": "2009-03-05", "ethnicity": "han", "registration": "1", "boarding": "2",
        "left_behind": "1", "migrant": False, "orphan": False, "disability": "0",
        "hardship": True, "aided": True, "distance_km": 6.5,
    },
    "attendance": {
        "pupil_id": f"G{identity(9, 2008)}", "school": "2113000001", "county": "130722",
        "year": 2021, "term": "1", "days_due_n": 98, "days_absent_n": 4, "days_unexcused_n": 3,
        "longest_n": 2,
    },
    "scores": {
        "pupil_id": f"G{identity(9, 2008)}", "school": "2113000001", "county": "130722",
        "year": 2021, "term": "1", "grade": 6, "score_chinese": 71.5, "score_mathematics": 64.0,
    },
    "status_changes": {
        "pupil_id": f"G{identity(9, 2008)}", "school": "2113000001", "county": "130722",
        "year": 2021, "term": "1", "grade": 6, "change": "move_out", "changed_on": "2021-11-02",
        "verified": True,
    },
    "suspected": {
        "pupil_id": f"G{identity(9, 2008)}", "school": "2113000001", "county": "130722",
        "year": 2021, "grade": 6, "found_on": "2021-10-11", "cause": "study",
        "checked_on": "2021-10-15", "outcome": "attending", "closed_on": "2021-10-20",
    },
    "visits": {
        "county": "130722", "year": 2021, "term": "1", "visits_n": 60, "children_n": 31000,
    },
    "cohorts": {
        "school": "2113000001", "county": "130722", "year": 2021, "stage": "primary",
        "entered_n": 45, "entered_first_n": 45, "graduated_n": 40, "moved_in_n": 1,
        "moved_out_n": 5, "died_n": 0,
    },
}  # fmt: skip


def filled(table: Table, language: Language, path: Path) -> None:
    """Fill in one record as somebody at a desk would, choosing from the lists."""
    book = openpyxl.load_workbook(path)
    sheet = book[name_of(table, language)]
    heads = [cell.value for cell in sheet[2]]
    codes = load_reference().codes
    for column in table.columns:
        value = VALUES[table.id].get(column.id)
        if column.codes and value is not None:
            value = codes[column.codes][value][language]
        if column.kind == "flag" and value is not None:
            value = {"zh": "是否", "en": ("yes", "no")}[language][0 if value else 1]
        sheet.cell(FIRST_ROW + 1, heads.index(header(column, language)) + 1, value)
    book.save(path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_filled_template_reads_back(tmp_path: Path, language: Language) -> None:
    write_templates(tmp_path, language)
    for table in TABLES.values():
        filled(table, language, tmp_path / f"{name_of(table, language)}.xlsx")
    intake = read_folder(tmp_path)
    # One pupil on the register of a school of forty; a teacher sent to a school that is not listed.
    assert [fault.code for fault in intake.faults] == [
        "dataset-undated", "pupil-count-differs", "receiver-unknown",
    ]  # fmt: skip
    for id, frame in intake.frames.items():
        rows = frame.to_dict("records")
        assert len(rows) == 1
        for name, value in VALUES[id].items():
            assert rows[0][name] == value, (id, name)
        assert frame.drop(columns=list(VALUES[id])).isna().all(axis=None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_template_holds_no_data_and_no_fault_of_its_own(
    tmp_path: Path, language: Language
) -> None:
    write_templates(tmp_path, language)
    intake = read_folder(tmp_path)
    assert [fault.code for fault in intake.faults] == ["dataset-undated", "nothing-read"]
    assert all(record.used == 0 for record in intake.files)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.id)
def test_bounds_lists_and_comments_are_the_contract(table: Table, language: Language) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(table, language)))
    sheet = book[name_of(table, language)]
    heads = [cell.value for cell in sheet[2]]
    assert heads == [header(column, language) for column in table.columns]
    assert all(cell.comment and cell.comment.text for cell in sheet[2])
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    for place, column in enumerate(table.columns, 1):
        rule = rules.get(sheet.cell(FIRST_ROW + 1, place).coordinate)
        if column.codes:
            area = rule.formula1.split("!")[1].replace("$", "")
            labels = [row[0].value for row in book[book.sheetnames[2]][area]]
            assert labels == [e[language] for e in load_reference().codes[column.codes].values()]
        elif column.low is not None:
            assert (float(rule.formula1), float(rule.formula2)) == (column.low, column.high)


def test_templates_have_the_same_bytes_and_name_nobody() -> None:
    for table in TABLES.values():
        content = template(table, "zh")
        assert content == template(table, "zh")
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            core = book.read("docProps/core.xml").decode()
        assert "<dc:creator></dc:creator>" in core
        assert "2000-01-01T00:00:00Z" in core


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    written = write_templates(tmp_path)
    assert {path.name for path in written} == {
        *(f"{table.zh}.xlsx" for table in TABLES.values()), DATASET,
    }  # fmt: skip
    before = {path: path.read_bytes() for path in written}
    with pytest.raises(UsageError, match="学校基本情况"):
        write_templates(tmp_path)
    assert before == {path: path.read_bytes() for path in written}


def test_progress_is_told(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    write_templates(tmp_path, progress=lambda done, of: said.append((done, of)))
    assert said[-1] == (len(TABLES) + 1, len(TABLES) + 1)
