"""Five grades of primary school and four of junior: said by the school, and what else is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from bureau import Rows, identity, write_county, write_xlsx

from analysis.errors import Fault
from analysis.records.intake import Intake, read_folder
from analysis.records.reference import tell_stages

PRIMARY, JUNIOR = "2113000001", "3113000003"
CHILD = f"G{identity(51, 2009)}"
HEADS = {
    "学籍": ["学籍号", "姓名", "学校标识码", "学期", "年级"],
    "学籍异动": ["学籍号", "学校标识码", "学期", "年级", "异动类型"],
}
CODES = ("grade-not-of-kind", "grade-of-five-four")


def read(
    tmp_path: Path, school: str, grade: str, system: str = "", kind: str = "初级中学"
) -> Intake:
    """Read one pupil's register and leave, the school of `JUNIOR` being of a type and a system."""

    def told(schools: Rows) -> Rows:
        title, reporter, head, *rows = schools
        rows = [[kind if cell == "九年一贯制学校" else cell for cell in row] for row in rows]
        return [[*title, ""], [*reporter, ""], [*head, "义务教育学制"],
                *([*row, system] for row in rows)]  # fmt: skip

    folder = write_county(tmp_path, schools=told)
    lists = {
        "学籍": [CHILD, "甲", school, "1", grade],
        "学籍异动": [CHILD, school, "1", grade, "退学"],
    }
    for name, row in lists.items():
        title = [f"张北县2021学年{name}"]
        write_xlsx(folder / f"130722_2021_{name}.xlsx", {name: [title, HEADS[name], row]})
    return read_folder(folder)


def found(intake: Intake) -> list[Fault]:
    return [fault for fault in intake.faults if fault.code in CODES]


@pytest.mark.parametrize(
    ("school", "grade", "system", "kind", "fits"),
    [
        (JUNIOR, "6", "", "初级中学", False), (JUNIOR, "6", "六三学制", "初级中学", False),
        (JUNIOR, "6", "五四学制", "初级中学", True), (JUNIOR, "6", "五四", "完全中学", True),
        (JUNIOR, "5", "5-4", "初级中学", False), (JUNIOR, "7", "", "初级中学", True),
        (JUNIOR, "6", "", "九年一贯制学校", True), (PRIMARY, "6", "", "初级中学", True),
        (PRIMARY, "6", "五四学制", "初级中学", False), (PRIMARY, "7", "", "初级中学", False),
        (PRIMARY, "5", "五四学制", "初级中学", True),
    ],
)  # fmt: skip
def test_a_grade_that_a_school_does_not_have_is_refused_where_it_stands(
    tmp_path: Path, school: str, grade: str, system: str, kind: str, fits: bool
) -> None:
    faults = found(read(tmp_path, school, grade, system, kind))
    places = [] if fits else [("学籍", 3), ("学籍异动", 3)]
    assert [(fault.sheet, fault.row) for fault in faults] == places
    for fault in faults:
        assert (fault.code, fault.level, fault.column) == ("grade-not-of-kind", "error", "年级")
        assert "五四学制" in fault.fix_zh
        assert "五四学制" in fault.fix_en


def test_a_school_that_is_not_listed_is_not_asked(tmp_path: Path) -> None:
    assert found(read(tmp_path, "3113000099", "6")) == []


@pytest.mark.parametrize(
    ("grade", "system", "clear"),
    [
        ("初一", "", True), ("初一", "五四学制", False), ("初中2020级", "五四学制", False),
        ("七年级", "五四学制", True), ("7", "五四学制", True), ("初四", "五四学制", False),
        ("初四", "", False),
    ],
)  # fmt: skip
def test_grades_counted_from_the_first_of_junior_school_are_not_guessed(
    tmp_path: Path, grade: str, system: str, clear: bool
) -> None:
    intake = read(tmp_path, JUNIOR, grade, system, "九年一贯制学校")
    told = [(fault.code, fault.row) for fault in intake.errors]
    assert told == ([] if clear else [("grade-of-five-four", 3)] * 2)


def test_the_stage_is_told_by_the_school_s_system_in_its_year() -> None:
    rows = pd.DataFrame({"school": ["A", "A", "B", "A"], "year": [2020, 2021, 2021, 2021],
                         "grade": pd.array([6, 6, 6, None], dtype="Int64")})  # fmt: skip
    schools = pd.DataFrame({"school": ["A", "A"], "year": [2020, 2021], "system": [None, "54"]})
    stages = tell_stages(rows.set_index(pd.Index([9, 7, 5, 3])), schools)
    assert stages.index.tolist() == [9, 7, 5, 3]
    assert stages.dropna().tolist() == ["primary", "junior", "primary"]
    assert pd.isna(stages[3])
    assert tell_stages(rows, schools.head(0)).dropna().tolist() == ["primary"] * 3
