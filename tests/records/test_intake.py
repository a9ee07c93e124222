"""A folder read whole: what is understood, what is a fault, and that no row is lost unseen."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bureau
import pytest
from bureau import Rows, identity, to_csv, write_county, write_xlsx
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import Fault, InputError, UsageError
from analysis.records.contracts import SCHOOL_YEARS, TABLES, TEACHERS, schema
from analysis.records.intake import Intake, read_folder
from analysis.records.parsing import type_texts

HAN = "一-鿿"


def cell(row: int, column: int, value: Any) -> Callable[[Rows], Rows]:
    """Change one cell, rows and columns counted from 0."""

    def change(rows: Rows) -> Rows:
        rows[row][column] = value
        return rows

    return change


def found(intake: Intake, code: str) -> list[Fault]:
    return [fault for fault in intake.faults if fault.code == code]


def one(intake: Intake, code: str) -> Fault:
    faults = found(intake, code)
    assert len(faults) == 1, [(f.code, f.where()) for f in intake.faults]
    return faults[0]


def balanced(intake: Intake) -> bool:
    return all(
        record.rows_read == record.used + record.quarantined + sum(record.excluded.values())
        for record in intake.files
    )


def school_year(intake: Intake, school: str, stage: str = "primary") -> dict[str, Any]:
    frame = intake.frames["school_years"]
    rows = frame[(frame["school"] == school) & (frame["stage"] == stage)].to_dict("records")
    assert len(rows) == 1
    return {str(key): value for key, value in rows[0].items()}


# What is understood ---------------------------------------------------------------------------


def test_files_as_bureaus_have_them(tmp_path: Path) -> None:
    intake = read_folder(write_county(tmp_path))
    assert not intake.errors
    assert {f.code for f in intake.faults} == {"teacher-count-differs"}
    counts = {id: len(frame) for id, frame in intake.frames.items() if len(frame)}
    assert counts == {
        "counties": 1, "schools": 3, "school_years": 4, "resources": 3, "classes": 3,
        "teachers": 3,
    }  # fmt: skip
    assert set(intake.frames) == set(TABLES)
    for id, frame in intake.frames.items():
        schema(TABLES[id]).validate(frame)
        assert (frame["county"] == "130722").all()
        assert (frame["year"] == 2021).all()


def test_grouped_headers_units_dashes_and_wide_digits(tmp_path: Path) -> None:
    intake = read_folder(write_county(tmp_path))
    row = school_year(intake, "3113000003")
    assert (row["pupils_n"], row["boarders_n"], row["teachers_n"]) == (250, 20, 22)
    assert (row["teachers_graduate_n"], row["teachers_pe_n"]) == (1, 1)
    frame = intake.frames["school_years"].set_index(["school", "stage"])
    empty = frame["teachers_arts_n"].isna()
    assert empty["3113000003", "primary"]
    assert frame.loc[("2113000001", "primary"), "teachers_arts_n"] == 0
    assert school_year(intake, "3113000003", "junior")["pupils_n"] == 1200
    resources = intake.frames["resources"].set_index("school")
    assert resources.loc["2113000002", "equipment_yuan"] == 11_500.0
    assert resources["equipment_yuan"].sum() == 2_163_500.0
    assert resources["indoor_sports_area_m2"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "number", ["E12345678", "H1234567801", "CHN110105491231", "130722801231001"]
)
def test_other_documents_of_identity(tmp_path: Path, number: str) -> None:
    intake = read_folder(write_county(tmp_path, teachers=cell(2, 1, number)))
    assert not intake.errors
    assert number in set(intake.frames["teachers"]["teacher_id"])


def test_names_flags_and_identity_numbers(tmp_path: Path) -> None:
    teachers = read_folder(write_county(tmp_path)).frames["teachers"]
    assert teachers["name"].tolist() == ["王芳", "李小明", "NA"]
    assert teachers["midlevel"].tolist() == [True, True, False]
    assert teachers["backbone"].tolist() == [False, False, True]
    assert teachers["subject"].tolist() == ["chinese", "pe", "mathematics"]
    assert teachers["teacher_id"].tolist() == [identity(1), identity(2), identity(3)]


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    intake = read_folder(write_county(tmp_path))
    assert balanced(intake)
    records = {Path(record.name).stem: record for record in intake.files}
    assert records["130722_2021_学校"].excluded == {"header": 1, "note": 1, "title": 2}
    assert records["130722_2021_分学段"].excluded == {
        "header": 4, "note": 1, "title": 4, "total": 2
    }  # fmt: skip
    assert records["130722_2021_分学段"].used == 4
    assert all(len(record.sha256) == 64 for record in intake.files)


@pytest.mark.parametrize("year", ["2021学年", "2021-2022学年", "2021—2022学年度", "２０２１学年"])
def test_year_and_county_from_the_title_alone(tmp_path: Path, year: str) -> None:
    rows = [[f"张北县{year}学校名单"], *bureau.SCHOOLS[2:6]]
    write_xlsx(tmp_path / "学校.xlsx", {"Sheet1": rows})
    frame = read_folder(tmp_path).frames["schools"]
    assert set(zip(frame["county"], frame["year"], strict=True)) == {("130722", 2021)}


def test_county_from_the_reporting_unit_and_year_from_a_folder(tmp_path: Path) -> None:
    rows = [["填报单位：张家口市桥东区教育局"], *bureau.SCHOOLS[2:6]]
    write_xlsx(tmp_path / "2021学年" / "学校.xlsx", {"Sheet1": rows})
    intake = read_folder(tmp_path)
    assert set(intake.frames["schools"]["county"]) == {"130702"}
    assert not intake.errors


def test_stage_from_a_column_or_a_title(tmp_path: Path) -> None:
    head, row = ["学校标识码", "在校生数"], ["2113000001", "5"]
    schools = bureau.SCHOOLS
    write_xlsx(tmp_path / "130722_2021_学校.xlsx", {"a": schools})
    write_xlsx(tmp_path / "130722_2021_甲.xlsx", {"Sheet1": [["张北县小学情况"], head, row]})
    write_xlsx(
        tmp_path / "130722_2021_乙.xlsx",
        {"初中": [["学校标识码", "在校生数", "学段"], ["3113000003", "5", "小学"]]},
    )
    intake = read_folder(tmp_path)
    assert intake.frames["school_years"]["stage"].tolist() == ["primary", "primary"]
    assert not intake.errors


def test_an_old_county_code_counts_under_the_new_one(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    rows = [[*row[:1], "130729", *row[1:]] for row in bureau.SCHOOLS[3:6]]
    head = [*bureau.SCHOOLS[2][:1], "县级区划代码", *bureau.SCHOOLS[2][1:]]
    shutil.rmtree(folder / "130722")
    write_xlsx(folder / "2015学年_学校.xlsx", {"a": [head, *rows]})
    intake = read_folder(folder)
    assert set(intake.frames["schools"]["county"]) == {"130708"}
    assert found(intake, "county-replaced")


def test_headers_repeated_numbered_and_translated_are_no_data(tmp_path: Path) -> None:
    head = bureau.SCHOOLS[2]
    numbers = ["甲", "乙", *map(str, range(1, 6))]
    rows = [*bureau.SCHOOLS[:3], numbers, *bureau.SCHOOLS[3:5], head, *bureau.SCHOOLS[5:]]
    intake = read_folder(write_county(tmp_path, schools=rows))
    assert len(intake.frames["schools"]) == 3
    record = next(r for r in intake.files if r.name.endswith("学校.xlsx"))
    assert (record.excluded["header"], record.excluded["numbering"]) == (2, 1)


def test_subtotals_before_or_after_their_rows_agree(tmp_path: Path) -> None:
    head = bureau.CLASSES[0]
    first, second, third = bureau.CLASSES[1:]
    after = [head, first, second, ["小计", "", "", "", "400"], third, ["小计", "", "", "", "10"],
             ["合 计", "", "", "", "410"]]  # fmt: skip
    before = [head, ["全县合计：", "", "", "", "410"], ["城关小学小计", "", "", "", "400"], first, second,
              ["油篓沟小计", "", "", "", "10"], third]  # fmt: skip
    for rows in (after, before):
        intake = read_folder(write_county(tmp_path, classes=rows))
        assert not found(intake, "total-differs")
        assert len(intake.frames["classes"]) == 3


def test_unit_row_above_the_table_converts(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[0] = ["单位：平方米、万元"]
    rows[1][5] = "教学仪器设备值"
    intake = read_folder(write_county(tmp_path, resources=rows))
    assert intake.frames["resources"]["equipment_yuan"].max() == 1_800_000
    assert one(intake, "unit-applied").level == "info"


@pytest.mark.parametrize(
    "title",
    ["金额单位：万元", "张北县2021学年办学条件（单位：万元）", "填报单位：张北县教育局 单位：万元",
     "单位：人民币万元", "单位:平方米、间、台、册和万元", "计量单位： 万元"],
)  # fmt: skip
def test_a_unit_of_money_above_the_table_is_read_wherever_it_stands(
    tmp_path: Path, title: str
) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[0] = [title]
    rows[1][5] = "教学仪器设备值"
    intake = read_folder(write_county(tmp_path, resources=rows))
    assert not intake.errors
    assert intake.frames["resources"]["equipment_yuan"].max() == 1_800_000


@pytest.mark.parametrize(
    ("title", "header"),
    [("办学条件（万元）", "教学仪器设备值"), ("单位：元、万元", "教学仪器设备值"),
     ("单位：万元", "教学仪器设备值（元）"), ("单位：百万元", "教学仪器设备值（万元）")],
)  # fmt: skip
def test_a_unit_of_money_above_that_a_column_does_not_use(
    tmp_path: Path, title: str, header: str
) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[0], rows[1][5] = [title], header
    fault = one(read_folder(write_county(tmp_path, resources=rows)), "unit-above-not-used")
    assert (fault.level, fault.row, fault.column) == ("error", 2, header)


def test_a_unit_in_a_cell_wins_over_the_headers(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES[:5]]
    rows[2][5], rows[3][5], rows[4][5] = "50000元", "12万元", "7"
    intake = read_folder(write_county(tmp_path, resources=rows))
    assert intake.frames["resources"]["equipment_yuan"].tolist() == [50_000, 120_000, 70_000]


def test_a_unit_of_a_group_of_columns_is_theirs(tmp_path: Path) -> None:
    rows = [["学校标识码", "资产（万元）", ""], ["", "教学仪器设备值", "图书"],
            *([row[0], row[5], ""] for row in bureau.RESOURCES[2:5])]  # fmt: skip
    rows[0][1] = "资产情况（万元）"
    intake = read_folder(write_county(tmp_path, resources=rows))
    assert intake.frames["resources"]["equipment_yuan"].max() == 1_800_000


@pytest.mark.parametrize("group", ["上学年", "毕业生", "其中：女生", "代课教师"])
def test_a_column_below_a_foreign_group_is_not_the_contracts(tmp_path: Path, group: str) -> None:
    rows = [["学校标识码", "学段", group, "", "专任教师数"], ["", "", "在校生数", "班数", ""],
            ["2113000001", "小学", "400", "9", "5"]]  # fmt: skip
    write_xlsx(tmp_path / "130722_2021_分学段.xlsx", {"a": rows})
    intake = read_folder(tmp_path)
    assert one(intake, "column-unknown").column == group
    assert one(intake, "column-missing").column == "在校生数"
    assert intake.frames["school_years"]["pupils_n"].isna().all()


@pytest.mark.parametrize("group", ["上学年", "毕业生", "其中：女生"])
def test_a_foreign_group_above_a_whole_header_is_a_fault(tmp_path: Path, group: str) -> None:
    rows = [["", "", group, ""], ["学校标识码", "学段", "在校生数", "班数"],
            ["2113000001", "小学", "400", "9"]]  # fmt: skip
    write_xlsx(tmp_path / "130722_2021_分学段.xlsx", {"a": rows})
    fault = one(read_folder(tmp_path), "group-foreign")
    assert (fault.level, fault.row, fault.column) == ("error", 1, group)


def test_money_without_a_unit_is_said(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[1][5] = "教学仪器设备值"
    fault = one(read_folder(write_county(tmp_path, resources=rows)), "unit-not-stated")
    assert (fault.level, fault.row, fault.column) == ("warning", 2, "教学仪器设备值")


def test_declaration(tmp_path: Path) -> None:
    dataset = read_folder(write_county(tmp_path)).dataset
    assert (dataset.source_zh, dataset.as_of, dataset.synthetic) == (
        "张北县教育局",
        "2021-09-01",
        True,
    )
    (tmp_path / "dataset.toml").write_text("as_of = 2021-09-01\nsorce = 1\n", encoding="utf-8")
    intake = read_folder(tmp_path)
    assert one(intake, "dataset-entry-unknown").level == "warning"
    assert intake.dataset.as_of == "2021-09-01"
    assert not found(intake, "dataset-undated")
    (tmp_path / "dataset.toml").unlink()
    assert one(read_folder(tmp_path), "dataset-undeclared").level == "warning"


def test_a_declaration_without_a_date_is_said(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    (folder / "dataset.toml").write_text('source_zh = "甲"\nas_of = ""\n', encoding="utf-8")
    assert one(read_folder(folder), "dataset-undated").level == "warning"
    (folder / "dataset.toml").unlink()
    assert one(read_folder(folder), "dataset-undated").level == "warning"


def test_progress_is_told(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    read_folder(write_county(tmp_path), progress=lambda done, of: said.append((done, of)))
    assert said == [(n, 6) for n in range(1, 7)]


def test_order_of_files_and_rows_does_not_matter(tmp_path: Path) -> None:
    def turned(rows: Rows) -> Rows:
        return [*rows[:5], *reversed(rows[5:])]

    one_way = read_folder(write_county(tmp_path / "a"))
    other = read_folder(write_county(tmp_path / "b", primary=turned))
    for id, frame in one_way.frames.items():
        assert frame.equals(other.frames[id])


# What is a fault ------------------------------------------------------------------------------

CELLS = [
    ("primary", 5, 2, "12O", "value-not-a-number", "在校生·合计"),
    ("primary", 5, 2, "约400", "value-not-a-number", "在校生·合计"),
    ("primary", 5, 2, "4,00", "value-not-a-number", "在校生·合计"),
    ("primary", 5, 2, "12.5", "value-not-whole", "在校生·合计"),
    ("primary", 5, 2, "-3", "value-too-low", "在校生·合计"),
    ("primary", 5, 2, "99999", "value-too-high", "在校生·合计"),
    ("primary", 5, 2, "1.2E+03", "number-scientific", "在校生·合计"),
    ("primary", 5, 2, "", "value-missing", "在校生·合计"),
    ("primary", 5, 2, "—", "value-missing", "在校生·合计"),
    ("primary", 5, 5, 24.5, "value-not-whole", "专任教师数"),
    ("schools", 3, 3, "幼儿园", "value-not-in-list", "办学类型"),
    ("schools", 3, 6, "去年", "value-not-a-year", "建校年份"),
    ("schools", 3, 6, "1492", "year-out-of-range", "建校年份"),
    ("schools", 3, 1, "城关\u202e小学", "value-has-control-characters", "学校名称"),
    ("schools", 3, 1, "小" * 201, "value-too-long", "学校名称"),
    ("schools", 3, 0, "2113/00001", "value-not-a-code", "学校标识码"),
    ("schools", 3, 0, "2.113E+09", "digits-lost", "学校标识码"),
    ("teachers", 2, 6, "高级", "value-not-yes-or-no", "中级以上职称"),
    ("teachers", 2, 1, identity(1)[:17] + "0", "identity-wrong", "身份证件号"),
    ("teachers", 2, 1, identity(1)[:17], "identity-length", "身份证件号"),
    ("teachers", 2, 1, 130722198001010019, "digits-lost", "身份证件号"),
    ("teachers", 2, 1, "1398O9196609220018", "identity-length", "身份证件号"),
    ("teachers", 2, 1, identity(1) + ".", "identity-length", "身份证件号"),
    ("teachers", 2, 1, "张三13980", "identity-length", "身份证件号"),
    ("teachers", 2, 1, "见附件2021", "identity-length", "身份证件号"),
    ("teachers", 2, 1, "130722801331001", "identity-wrong", "身份证件号"),
    ("primary", 5, 2, "362①", "value-not-a-number", "在校生·合计"),
    ("primary", 5, 2, "7²", "value-not-a-number", "在校生·合计"),
    ("primary", 5, 2, "9" * 400, "number-too-long", "在校生·合计"),
    ("resources", 2, 4, "9" * 400, "number-too-long", "运动场地面积（平方米）"),
    ("schools", 3, 6, "1956①", "value-not-a-year", "建校年份"),
    ("schools", 3, 0, "211300000①", "value-not-a-code", "学校标识码"),
    ("teachers", 2, 4, "②", "value-not-in-list", "性别"),
    ("resources", 2, 5, "12万人", "value-not-a-number", "教学仪器设备值（万元）"),
    ("counties", 1, 0, "130799", "county-unknown", "县级区划代码"),
    ("counties", 1, 5, "2021-13-01", "value-not-a-date", "数据截止日期"),
    ("counties", 1, 1, "2021-2023", "value-not-a-school-year", "学年"),
]


@pytest.mark.parametrize(("table", "row", "column", "value", "code", "header"), CELLS)
def test_a_wrong_cell_is_named_by_its_place(
    tmp_path: Path, table: str, row: int, column: int, value: Any, code: str, header: str
) -> None:
    intake = read_folder(write_county(tmp_path, **{table: cell(row, column, value)}))
    fault = next(fault for fault in found(intake, code) if fault.row == row + 1)
    assert fault.level == "error"
    assert fault.column == header
    assert fault.zh
    assert fault.en
    assert balanced(intake)


@pytest.mark.parametrize("value", ["", "-", "—", "——", "…", "……", "－", "/"])
def test_what_says_not_known_is_missing_and_never_zero(value: str) -> None:
    assert type_texts(SCHOOL_YEARS["boarders_n"], [value, "0", "０"]).values == [None, 0, 0]


@given(st.integers(0, 30_000))
def test_a_count_is_read_however_it_is_written(number: int) -> None:
    wide = str(number).translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
    forms = [str(number), f"{number:,}", wide, f" {number} ", f"{number}.0", f"{number}人"]
    assert set(type_texts(SCHOOL_YEARS["pupils_n"], forms).values) == {number}


@given(st.text(max_size=12))
def test_any_text_is_a_value_or_a_fault(text: str) -> None:
    """No text makes typing fall over, and nothing but a value of the right type comes out."""
    for table in TABLES.values():
        for column in table.columns:
            typed = type_texts(column, [text])
            if text in typed.unfit:
                assert typed.values == [None]
            elif column.kind in ("count", "year"):
                assert typed.values[0] is None or isinstance(typed.values[0], int)


def test_all_faults_at_once(tmp_path: Path) -> None:
    intake = read_folder(
        write_county(
            tmp_path,
            primary=cell(5, 2, "x"),
            schools=cell(3, 3, "y"),
            teachers=cell(2, 1, "1"),
            classes=cell(1, 2, "z"),
        )
    )
    assert {"value-not-a-number", "value-not-in-list", "identity-length"} <= {
        fault.code for fault in intake.errors
    }
    assert len({fault.file for fault in intake.errors}) >= 4


def test_text_file_with_a_field_too_many_is_never_shifted(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[2].insert(1, "张北,")
    intake = read_folder(write_county(tmp_path, resources=rows))
    fault = one(intake, "extra-fields")
    assert (fault.row, fault.level) == (3, "error")


def test_cell_beside_a_workbook_table_is_not_used(tmp_path: Path) -> None:
    rows = [[*row, ""] for row in bureau.SCHOOLS]
    rows[4][7] = "待核"
    fault = one(read_folder(write_county(tmp_path, schools=rows)), "cells-without-header")
    assert (fault.row, fault.column, fault.level) == (5, "H", "warning")


def test_text_file_with_an_empty_field_too_many_is_never_shifted(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[2] = [*rows[2][:2], "1", *rows[2][2:-1], "", ""]
    fault = one(read_folder(write_county(tmp_path, resources=rows)), "extra-fields")
    assert (fault.row, fault.level) == (3, "error")


def test_a_row_that_is_too_short_says_how_to_mend_it(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[2] = rows[2][:-1]
    fault = one(read_folder(write_county(tmp_path, resources=rows)), "short-row")
    assert (fault.row, fault.level) == (3, "warning")
    assert fault.fix_zh
    assert fault.fix_en


def test_cells_merged_over_rows_are_a_fault(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    path = folder / "130722" / "130722_2021_学校.xlsx"
    write_xlsx(path, {"名单": bureau.SCHOOLS}, ["A1:G1", "C4:C6"])
    fault = one(read_folder(folder), "cells-merged")
    assert (fault.sheet, fault.row, fault.column) == ("名单", 4, "所在乡镇")
    assert "C4:C6" in fault.zh


def test_unknown_and_missing_columns_name_what_is_near(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.SCHOOLS]
    rows[2][3] = "办学类型（类）"
    intake = read_folder(write_county(tmp_path, schools=rows))
    unknown, missing = one(intake, "column-unknown"), one(intake, "column-missing")
    assert (unknown.level, missing.level) == ("warning", "error")
    assert "办学类型" in unknown.zh
    assert "办学类型（类）" in missing.zh
    assert "Type of school" in missing.en


def test_a_column_twice_and_a_unit_that_cannot_be(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.RESOURCES]
    rows[1][7] = "计算机（万元）"
    rows[1][8] = "计算机台数"
    intake = read_folder(write_county(tmp_path, resources=rows))
    assert one(intake, "unit-does-not-fit").column == "计算机（万元）"
    assert one(intake, "column-twice").column == "计算机台数"


def test_total_that_differs_is_a_warning_with_both_numbers(tmp_path: Path) -> None:
    fault = one(read_folder(write_county(tmp_path, primary=cell(4, 2, 661))), "total-differs")
    assert (fault.level, fault.row, fault.column) == ("warning", 5, "在校生·合计")
    assert "661" in fault.zh
    assert "660" in fault.zh


@pytest.mark.parametrize("total", ["9" * 400, "约660"])
def test_a_total_that_is_no_number_is_said(tmp_path: Path, total: str) -> None:
    intake = read_folder(write_county(tmp_path, primary=cell(4, 2, total)))
    fault = one(intake, "total-not-a-number")
    assert (fault.level, fault.row, fault.column) == ("warning", 5, "在校生·合计")
    assert not found(intake, "total-differs")


def test_total_of_a_personal_table_is_not_quoted(tmp_path: Path) -> None:
    rows = [*bureau.CLASSES, ["合计", "", "", "", "411"]]
    fault = one(read_folder(write_county(tmp_path, classes=rows)), "total-differs")
    assert "41" not in fault.zh + fault.en


def test_sheet_that_is_no_table_is_named(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    write_xlsx(
        folder / "130722" / "会议.xlsx", {"议程": [["时间", "内容"], ["9:00", "开会"]], "空": []}
    )
    fault = one(read_folder(folder), "sheet-not-recognised")
    assert (fault.sheet, fault.level) == ("议程", "warning")


def test_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    (folder / "说明.docx").write_bytes(b"PK")
    (folder / "~$锁.xlsx").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "truth.json").write_text("{}")
    assert [f.file for f in found(read_folder(folder), "file-not-read")] == ["说明.docx"]


def test_what_cannot_be_opened_or_followed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_county(tmp_path / "files")
    (folder / "空.csv").write_bytes(b"")
    (folder / "断.csv").symlink_to(tmp_path / "无.csv")
    (folder / "锁").mkdir()
    elsewhere = write_county(tmp_path / "elsewhere")
    (folder / "链").symlink_to(elsewhere, target_is_directory=True)
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name == "锁":
            raise PermissionError(13, "no", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    intake = read_folder(folder)
    told = {(f.code, f.file) for f in intake.errors}
    assert told == {
        ("file-empty", "空.csv"), ("link-broken", "断.csv"), ("folder-not-opened", "锁"),
        ("link-to-folder", "链"),
    }  # fmt: skip


def test_a_folder_of_nothing_but_broken_links_names_them(tmp_path: Path) -> None:
    (tmp_path / "学校.xlsx").symlink_to(tmp_path / "无.xlsx")
    assert one(read_folder(tmp_path), "link-broken").file == "学校.xlsx"


def test_the_same_file_twice(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    shutil.copy(folder / "130722" / "130722_2021_学校.xlsx", folder / "副本.xlsx")
    intake = read_folder(folder)
    fault = one(intake, "same-file")
    assert (fault.file, fault.level) == ("副本.xlsx", "error")
    assert "130722/130722_2021_学校.xlsx" in fault.zh
    assert not found(intake, "key-twice")
    assert balanced(intake)


def test_the_same_school_twice_names_both_places(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    write_xlsx(folder / "130722" / "130722_2021_补报.xlsx", {"名单": bureau.SCHOOLS[:4]})
    fault = one(read_folder(folder), "key-twice")
    assert fault.file.endswith("补报.xlsx") or "补报" in fault.zh
    places = fault.where() + fault.zh
    assert "补报.xlsx" in places
    assert "130722_2021_学校.xlsx · 学校基本情况 · 4" in places


def test_a_teacher_twice_is_named_by_place_alone(tmp_path: Path) -> None:
    intake = read_folder(write_county(tmp_path, teachers=cell(3, 1, identity(1))))
    fault = one(intake, "key-twice")
    assert (fault.row, fault.level) == (4, "error")


def test_county_and_year_that_contradict(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "130723_2021_学校.xlsx", {"a": bureau.SCHOOLS})
    fault = one(read_folder(tmp_path), "county-contradiction")
    assert "标题" in fault.zh
    assert "the file's name" in fault.en
    rows = [["张北县2020学年学校名单"], *bureau.SCHOOLS[1:]]
    write_xlsx(tmp_path / "130723_2021_学校.xlsx", {"a": rows})
    assert one(read_folder(tmp_path), "year-contradiction").level == "error"


def test_county_of_a_row_that_is_not_the_files(tmp_path: Path) -> None:
    head = [*bureau.SCHOOLS[2], "县级区划代码"]
    rows = [head, [*bureau.SCHOOLS[3], "130723"]]
    write_xlsx(tmp_path / "130722_2021_学校.xlsx", {"a": rows})
    fault = one(read_folder(tmp_path), "county-differs")
    assert (fault.row, fault.level) == (2, "error")


def test_a_name_that_several_counties_bear(tmp_path: Path) -> None:
    rows = [["桥西区2021学年学校名单"], *bureau.SCHOOLS[2:]]
    write_xlsx(tmp_path / "学校.xlsx", {"a": rows})
    assert "130703" in one(read_folder(tmp_path), "county-ambiguous").zh


def test_no_county_no_year_no_stage(tmp_path: Path) -> None:
    head, row = ["学校标识码", "在校生数"], ["2113000001", "5"]
    write_xlsx(tmp_path / "表.xlsx", {"Sheet1": [head, row]})
    codes = {fault.code for fault in read_folder(tmp_path).errors}
    assert {"county-missing", "year-missing", "stage-missing"} <= codes


NAMED = [bureau.SCHOOLS[2], *bureau.SCHOOLS[3:6]]


def with_names(*names: str) -> Rows:
    return [[*row, name] for row, name in zip(NAMED, ("区县", *names), strict=True)]


def test_a_county_named_in_a_column_is_held_against_the_files(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "130722_2021_学校.xlsx", {"a": with_names("张北县", "康保县", "")})
    intake = read_folder(tmp_path)
    fault = one(intake, "county-differs")
    assert (fault.row, fault.column, fault.level) == (3, "区县", "error")
    assert intake.frames["schools"]["county"].tolist() == ["130722", "130723", "130722"]


def test_a_name_that_several_counties_bear_means_the_files(tmp_path: Path) -> None:
    names = with_names("桥西区", "张家口市桥西区", "桥西")
    write_xlsx(tmp_path / "130703_2021_学校.xlsx", {"a": names})
    intake = read_folder(tmp_path)
    assert not intake.errors
    assert set(intake.frames["schools"]["county"]) == {"130703"}


def test_a_county_named_beside_its_code_is_held_against_it(tmp_path: Path) -> None:
    rows = with_names("张北县", "康保县", "无名")
    rows = [[*row, code] for row, code in zip(rows, ("县级区划代码", *["130722"] * 3), strict=True)]
    write_xlsx(tmp_path / "2021_学校.xlsx", {"a": rows})
    fault = one(read_folder(tmp_path), "county-name-differs")
    assert (fault.row, fault.level) == (3, "error")


@pytest.mark.parametrize(
    "place", ["邢台市桥东区", "石家庄市桥东区", "河北省石家庄市桥东区", "山西省张北县"]
)
def test_a_county_that_does_not_lie_where_it_is_said_to(tmp_path: Path, place: str) -> None:
    rows = [[f"{place}2016学年学校名单"], *bureau.SCHOOLS[2:6]]
    write_xlsx(tmp_path / "学校.xlsx", {"a": rows})
    assert one(read_folder(tmp_path), "county-elsewhere").level == "error"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("河北省张家口市桥东区", "130702"),
        ("吉林省吉林市龙潭区", "220203"),
        ("张家口市张北县", "130722"),
    ],
)
def test_a_county_named_with_what_it_lies_in(tmp_path: Path, place: str, code: str) -> None:
    rows = [[f"{place}2021学年学校名单"], *bureau.SCHOOLS[2:6]]
    write_xlsx(tmp_path / "学校.xlsx", {"a": rows})
    intake = read_folder(tmp_path)
    assert not intake.errors
    assert set(intake.frames["schools"]["county"]) == {code}


def test_stages_that_contradict(tmp_path: Path) -> None:
    def titled(title: str) -> Callable[[Rows], Rows]:
        return lambda rows: [[title, *[""] * 15], *rows[1:]]

    intake = read_folder(write_county(tmp_path / "a", primary=titled("张北县2021学年初中情况")))
    fault = one(intake, "stage-contradiction")
    assert (fault.sheet, fault.level) == ("小学", "error")
    assert "初中" in fault.zh
    assert "the sheet's name" in fault.en
    assert not found(intake, "stage-missing")
    titles = titled("张北县2021学年中小学办学情况")
    assert not read_folder(write_county(tmp_path / "b", junior=titles)).errors


@pytest.mark.parametrize("title", ["康保县2021学年学校名单", "张北县2020学年学校名单"])
def test_a_second_table_below_the_first_is_not_stored_under_it(tmp_path: Path, title: str) -> None:
    head = bureau.SCHOOLS[2]
    other = ["2113000009", "乙小学", "某镇", "小学", "村庄", "公办", ""]
    rows = [*bureau.SCHOOLS, [title], head, other]
    fault = one(read_folder(write_county(tmp_path, schools=rows)), "second-table")
    assert (fault.level, fault.row) == ("error", 8)


def test_the_same_title_on_a_second_page_is_no_second_table(tmp_path: Path) -> None:
    rows = [*bureau.SCHOOLS[:4], bureau.SCHOOLS[-1], bureau.SCHOOLS[0], bureau.SCHOOLS[2],
            *bureau.SCHOOLS[4:], ["康保县的学校另报。"]]  # fmt: skip
    intake = read_folder(write_county(tmp_path, schools=rows))
    assert not intake.errors
    assert len(intake.frames["schools"]) == 3


# Between tables -------------------------------------------------------------------------------


def test_school_that_the_list_does_not_have(tmp_path: Path) -> None:
    intake = read_folder(write_county(tmp_path, primary=cell(5, 0, "2113000009")))
    faults = found(intake, "school-unknown")
    assert [(f.sheet, f.row) for f in faults] == [("小学", 6)]


def test_no_list_of_schools_is_said_once_a_file(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    (folder / "130722" / "130722_2021_学校.xlsx").unlink()
    faults = found(read_folder(folder), "schools-missing")
    assert len(faults) == 5
    assert all("130722" in fault.zh and "2021" in fault.zh for fault in faults)


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "code", "level"),
    [
        ("primary", 7, 3, 251, "parts-exceed-whole", "error"),
        ("primary", 7, 8, 8, "parts-exceed-whole", "error"),
        ("schools", 5, 3, "小学", "stage-not-of-kind", "error"),
        ("classes", 1, 4, "201", "class-sum-differs", "warning"),
        ("primary", 5, 1, "城关中心小学", "school-name-differs", "warning"),
    ],
)
def test_tables_must_agree(
    tmp_path: Path, table: str, row: int, column: int, value: Any, code: str, level: str
) -> None:
    intake = read_folder(write_county(tmp_path, **{table: cell(row, column, value)}))
    assert one(intake, code).level == level


@pytest.mark.parametrize("name", ["城关小学 ", "城 关 小 学", "城关小学"])
def test_a_name_written_otherwise_is_the_same_name(tmp_path: Path, name: str) -> None:
    intake = read_folder(write_county(tmp_path, primary=cell(5, 1, name)))
    assert not found(intake, "school-name-differs")


def test_codes_of_ones_own_are_a_warning(tmp_path: Path) -> None:
    def renamed(rows: Rows) -> Rows:
        return [["S-01" if c == "2113000001" else c for c in row] for row in rows]

    intake = read_folder(
        write_county(
            tmp_path, schools=renamed, primary=renamed, resources=renamed, classes=renamed,
            teachers=renamed,
        )
    )  # fmt: skip
    assert one(intake, "school-code-shape").level == "warning"
    assert not intake.errors


# What is said ---------------------------------------------------------------------------------


def test_no_personal_value_in_any_message(tmp_path: Path) -> None:
    """Names and numbers put where they do not belong, a column to the left and to the right."""
    canary, name = identity(7), "欧阳测试人"
    rows = [row[:] for row in bureau.TEACHERS]
    rows[2] = ["x", name, canary, "", canary, name, name, canary, name, name]
    rows[3][2:] = [canary, name, name, name, name, name, name, canary]
    rows.append([name, canary[:17] + "5", "2113000001", "小学", *[""] * 6])
    classes = [row[:] for row in bureau.CLASSES]
    classes[1] = [canary, "小学", "1", name, "77人半"]
    intake = read_folder(
        write_county(tmp_path, teachers=rows, classes=classes, primary=cell(5, 2, canary))
    )
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    said += "\n".join(intake.report("zh") + intake.report("en"))
    assert len(intake.errors) > 10
    for secret in (canary, canary[:17], canary[6:14], name, "77人半"):
        assert secret not in said


def test_numbers_of_persons_in_names_of_files_and_sheets_are_masked(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    name = f"130722_2021_{identity(7)}"
    sheet = f"张三{identity(8)}"
    write_xlsx(folder / f"{name}.xlsx", {sheet: bureau.SCHOOLS[:4]})
    shutil.copy(folder / f"{name}.xlsx", folder / f"{name}副本.xlsx")
    (folder / f"{name}.docx").write_bytes(b"x")
    intake = read_folder(folder)
    assert {"key-twice", "same-file", "file-not-read"} <= {fault.code for fault in intake.faults}
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    said += "\n".join(intake.report("zh") + intake.report("en"))
    assert identity(7)[:15] not in said
    assert identity(8)[:15] not in said
    assert "130722_2021_….xlsx" in said


def test_a_school_code_that_is_none_is_told_unless_it_may_be_a_name(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.SCHOOLS]
    rows[3][0], rows[4][0] = "2113/00001", "欧阳测试人"
    told = found(read_folder(write_county(tmp_path, schools=rows)), "value-not-a-code")
    assert "2113/00001" in told[0].zh
    assert "欧阳" not in told[1].zh + told[1].en


def test_report_in_both_languages(tmp_path: Path) -> None:
    intake = read_folder(write_county(tmp_path, primary=cell(5, 2, "12O")))
    zh, en = intake.report("zh"), intake.report("en")
    assert any(
        "分学段.xlsx · 小学 · 第 6 行 · “在校生·合计”：不是数字：12O。" in line for line in zh
    )
    assert any("row 6" in line and "not a number: 12O." in line for line in en)
    assert zh[-1] == "有错误，不能入库；请改正后重新检查。"
    assert len(zh) == len(en)
    for line in zh:
        for mark in ",;:()":
            assert not re.search(f"[{HAN}][{re.escape(mark)}]|[{re.escape(mark)}][{HAN}]", line)


def test_alike_faults_share_a_line(tmp_path: Path) -> None:
    rows = [*bureau.CLASSES, *(["2113000001", "小学", "3", str(n), "x"] for n in range(1, 41))]
    intake = read_folder(write_county(tmp_path, classes=rows))
    assert len(found(intake, "value-not-a-number")) == 40
    lines = [line for line in intake.report("zh") if "不是数字" in line]
    assert len(lines) == 1
    assert "另有 28 行" in lines[0]


def test_many_notes_of_a_kind_are_counted_and_errors_never_are(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    for number in range(14):
        (folder / f"{number:02}.docx").write_bytes(b"x")
        (folder / f"{number:02}.xlsx").write_bytes(b"PK\x03\x04" + bytes([number]))
    lines = read_folder(folder).report("zh")
    assert sum("不读取这种类型的文件" in line for line in lines) == 10
    assert "警告：同类情况另有 4 处。" in lines
    assert sum("文件已损坏" in line for line in lines) == 14


def test_messages_show_what_a_terminal_would_obey(tmp_path: Path) -> None:
    rows = [row[:] for row in bureau.SCHOOLS]
    rows[2][2] = "所在\x1b[2J乡镇 13012345678"
    intake = read_folder(write_county(tmp_path, schools=rows))
    said = "\n".join(intake.report("zh"))
    assert "\x1b" not in said
    assert "13012345678" not in said
    assert one(intake, "column-unknown").column.startswith("所在\ufffd")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_county(tmp_path)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    faults = found(read_folder(folder), "file-not-opened")
    assert len(faults) == 6
    assert all(fault.level == "error" for fault in faults)


def test_json_is_plain(tmp_path: Path) -> None:
    plain = read_folder(write_county(tmp_path)).as_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["counts"] == {"error": 0, "warning": 0, "info": 1}
    assert "1307_县级总数.csv" in [record["name"] for record in plain["files"]]


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_folder(tmp_path / "missing")
    with pytest.raises(UsageError):
        read_folder(tmp_path)
    (tmp_path / "130722_2021_班级.csv").write_text(to_csv(bureau.CLASSES[:1]), encoding="utf-8")
    assert one(read_folder(tmp_path), "nothing-read").level == "error"


def test_teachers_contract_has_its_identifiers() -> None:
    """The messages above rely on it."""
    assert set(TEACHERS.identifiers) == {"teacher_id", "name"}


# Mapping --------------------------------------------------------------------------------------

MAPPING = """
[dataset]
source_zh = "甲"
source_en = "A"
as_of = 2021-09-01

[[table]]
table = "schools"
file = "*.csv"
constants = { year = 2021, county = "130722", kind = "小学" }
ignore = ["remark"]
[table.columns]
school = "code"
name_zh = "name"

[[table]]
table = "resources"
file = "*.csv"
constants = { year = 2021, county = "130722" }
[table.columns]
school = "code"
equipment_yuan = { header = "equipment per pupil", times = "pupils" }
teaching_area_m2 = { header = "area", times = 100 }
"""
FOREIGN = [
    ["A table"],
    ["code", "name", "pupils", "equipment per pupil", "area", "remark"],
    ["2113000001", "城关小学", "1,000", "20.5", "12.5", "x"],
    ["2113000002", "二小", "…", "20", "-", ""],
]


def mapped(folder: Path, mapping: str = MAPPING, rows: Rows = FOREIGN) -> Intake:
    (folder / "a.csv").write_text(to_csv(rows), encoding="utf-8")
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    return read_folder(folder, mapping=folder / "m.toml")


def test_mapping_multiplies_and_fills_in(tmp_path: Path) -> None:
    intake = mapped(tmp_path)
    assert [(fault.code, fault.level) for fault in intake.faults] == [("table-nowhere", "info")]
    resources = intake.frames["resources"]
    assert resources["equipment_yuan"].tolist()[0] == 20_500
    assert resources["equipment_yuan"].isna().tolist() == [False, True]
    assert resources["teaching_area_m2"].tolist()[0] == 1250
    assert intake.frames["schools"]["kind"].tolist() == ["211", "211"]
    assert balanced(intake)
    assert intake.files[0].used == 2


def test_mapping_names_what_the_file_lacks(tmp_path: Path) -> None:
    rows = [row[:] for row in FOREIGN]
    rows[1][3] = "equipment a pupil"
    fault = one(mapped(tmp_path, rows=rows), "mapped-header-missing")
    assert "equipment a pupil" in fault.zh


def test_mapping_faults_all_at_once(tmp_path: Path) -> None:
    wrong = MAPPING.replace('kind = "小学"', 'kind = "幼儿园"').replace(
        "teaching_area_m2", "area_m2"
    )
    with pytest.raises(InputError) as raised:
        mapped(tmp_path, wrong)
    assert [fault.code for fault in raised.value.faults] == [
        "mapping-constant-wrong",
        "mapping-column-unknown",
    ]


def test_mapping_says_which_columns_it_leaves_out(tmp_path: Path) -> None:
    fault = one(mapped(tmp_path, MAPPING.replace('ignore = ["remark"]', "")), "column-not-mapped")
    assert (fault.column, fault.level) == ("remark", "warning")


def test_a_product_of_what_is_no_number_is_a_fault(tmp_path: Path) -> None:
    rows = [row[:] for row in FOREIGN]
    rows[2][2] = "many"
    fault = one(mapped(tmp_path, rows=rows), "value-not-a-number")
    assert fault.column == "equipment per pupil × pupils"


def test_a_school_that_a_table_leaves_out_is_named_in_the_list(tmp_path: Path) -> None:
    """Silent with all its pupils, without resources, or with one stage only: each at its row."""

    def without(code: str) -> Callable[[Rows], Rows]:
        return lambda rows: [row for row in rows if row[0] != code and row[0] != "合计"]

    folder = write_county(
        tmp_path, primary=without("2113000001"), junior=without("3113000003"),
        resources=without("2113000002"),
    )  # fmt: skip
    faults = read_folder(folder).faults
    told = {(f.code, f.row) for f in faults if f.code.endswith("-absent")}
    assert told == {("school-absent", 4), ("school-absent", 5), ("stage-absent", 6)}
    assert {f.level for f in faults if f.code.endswith("-absent")} == {"warning"}


def test_a_heading_that_may_be_a_name_is_told_by_its_letter(tmp_path: Path) -> None:
    def turned(rows: Rows) -> Rows:
        rows[1] = [*rows[1], "赵一鸣"]
        return rows

    intake = read_folder(write_county(tmp_path, teachers=turned))
    assert one(intake, "column-unknown").column == "K"
    assert "赵一鸣" not in "".join(fault.zh + fault.en + fault.where() for fault in intake.faults)
