"""Grades in words and by the year of entry, through the whole intake."""

from __future__ import annotations

from pathlib import Path

import pytest
from bureau import identity, write_county, write_xlsx

from analysis.records.grades import by_entry, read_grade
from analysis.records.intake import Intake, read_folder

HEAD = ["学籍号", "姓名", "学校标识码", "学年", "学期", "年级"]


def read(folder: Path, *rows: tuple[str, str]) -> Intake:
    lines = [[f"G{identity(30 + i, 2009)}", "张小测", "3113000003", year, "第一学期", grade]
             for i, (year, grade) in enumerate(rows)]  # fmt: skip
    write_xlsx(
        write_county(folder) / "130722_学籍.xlsx", {"学籍": [["张北县学籍信息"], HEAD, *lines]}
    )
    return read_folder(folder)


@pytest.mark.parametrize(
    ("text", "grade"),
    [("一年级", 1), ("六年级", 6), ("６年级", 6), ("小学 六年级", 6), ("初一", 7), ("七年级", 7),
     ("初中三年级", 9), ("九年级", 9), ("高一", None), ("2019级", None), ("五年级1班", None)],
)  # fmt: skip
def test_grades_in_words(text: str, grade: int | None) -> None:
    assert read_grade(text) == grade


def test_every_year_of_a_stage_has_its_grade_and_no_other_year_has_one() -> None:
    primary = [by_entry(f"小学{year}级", 2021) for year in range(2014, 2024)]
    assert primary == [None, None, 6, 5, 4, 3, 2, 1, None, None]
    junior = [by_entry(f"初中{year}级", 2021) for year in range(2017, 2023)]
    assert junior == [None, None, 9, 8, 7, None]


def test_the_grade_is_that_of_each_rows_own_year(tmp_path: Path) -> None:
    intake = read(tmp_path, ("2021", "初中2020级"), ("2020", "初中2020级"), ("2021", "小学2016级"),
                  ("2021", "初三"), ("2021", "5"))  # fmt: skip
    told = dict(zip(intake.frames["pupils"]["pupil_id"], intake.frames["pupils"]["grade"],
                    strict=True))  # fmt: skip
    assert [told[f"G{identity(30 + i, 2009)}"] for i in range(5)] == [8, 7, 6, 9, 5]


@pytest.mark.parametrize("grade", ["2019级", "小学2013级", "初中2022级"])
def test_a_grade_that_nobody_can_tell_is_a_fault_of_its_row_alone(
    tmp_path: Path, grade: str
) -> None:
    intake = read(tmp_path, ("2021", "小学2019级"), ("2021", grade))
    faults = [fault for fault in intake.errors if fault.code == "grade-unclear"]
    assert [(fault.row, fault.column) for fault in faults] == [(4, "年级")]
