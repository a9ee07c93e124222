"""Lists of pupils stay out, whatever they look like."""

from __future__ import annotations

import json
from pathlib import Path

import bureau
import pytest
from bureau import Rows, identity, write_county, write_xlsx

from analysis.errors import Fault
from analysis.records.intake import Intake, read_folder

HEAD = ["姓名", "身份证件号", "学校标识码", "学段", "性别"]
PUPIL = ["张小测", identity(9, 2011), "2113000001", "小学", "女"]


def found(intake: Intake, code: str) -> list[Fault]:
    return [fault for fault in intake.faults if fault.code == code]


@pytest.mark.parametrize(
    ("name", "sheet", "title", "more"),
    [
        ("130722_2021_名册", "名册", "张北县2021学年学生名册", []),
        ("130722_2021_名册", "学籍", "张北县2021学年名册", []),
        ("130722_2021_学生", "Sheet1", "张北县2021学年名册", []),
        ("130722_2021_名册", "Sheet1", "幼儿园幼儿名册", []),
        ("130722_2021_名册", "Sheet1", "张北县2021学年名册", ["年级"]),
        ("130722_2021_名册", "Sheet1", "张北县2021学年名册", ["学籍号"]),
        ("130722_2021_名册", "Sheet1", "张北县2021学年名册", ["入学年月"]),
    ],
)
def test_a_list_of_pupils_is_refused_whole(
    tmp_path: Path, name: str, sheet: str, title: str, more: list[str]
) -> None:
    folder = write_county(tmp_path)
    rows = [[title], [*HEAD, *more], [*PUPIL, *["5"] * len(more)]]
    write_xlsx(folder / f"{name}.xlsx", {sheet: rows})
    intake = read_folder(folder)
    (fault,) = found(intake, "list-of-pupils")
    assert (fault.level, fault.file, fault.sheet) == ("error", f"{name}.xlsx", sheet)
    assert len(intake.frames["teachers"]) == 3
    record = next(record for record in intake.files if record.name == f"{name}.xlsx")
    assert (record.used, record.excluded) == (0, {"refused": 3})


@pytest.mark.parametrize("title", ["张北县2021学年幼儿园教师名册", "教师名册（按学生数配备）"])
def test_a_list_of_teachers_may_speak_of_pupils(tmp_path: Path, title: str) -> None:
    def titled(rows: Rows) -> Rows:
        return [[title, *[""] * 9], *rows[1:]]

    assert not read_folder(write_county(tmp_path, teachers=titled)).errors


@pytest.mark.parametrize(
    ("number", "young"),
    [
        (identity(9, 2011), True),
        (identity(9, 2006), True),
        (identity(9, 2005), False),
        ("130722801231001", False),
    ],
)
def test_who_is_too_young_to_teach_is_a_fault(tmp_path: Path, number: str, young: bool) -> None:
    rows = [row[:] for row in bureau.TEACHERS]
    rows[2][1] = number
    intake = read_folder(write_county(tmp_path, teachers=rows))
    faults = found(intake, "teacher-too-young")
    assert [fault.row for fault in faults] == [3] * young
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert number not in said
    assert number[6:14] not in said
