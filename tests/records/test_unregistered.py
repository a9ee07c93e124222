"""Children on the ledger, or with attendance, marks or changes, whom no register has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bureau import Rows, identity, write_county, write_xlsx

from analysis.records.intake import Intake, read_folder

SCHOOL, OTHER_SCHOOL = "3113000003", "2113000001"
KNOWN, STRANGE, THIRD = (f"G{identity(n, 2009)}" for n in (41, 42, 43))
HEADS = {
    "学籍": ["学籍号", "姓名", "学校标识码", "学期", "年级"],
    "学生考勤": ["学籍号", "学校标识码", "学期", "应到天数"],
    "学生成绩": ["学籍号", "学校标识码", "学期", "年级", "语文成绩"],
    "学籍异动": ["学籍号", "学校标识码", "学期", "年级", "异动类型"],
    "疑似辍学台账": ["学籍号", "学校标识码", "年级", "列入日期"],
}
REGISTER = ("2021学籍", [[KNOWN, "甲", SCHOOL, "1", "7"], [KNOWN, "甲", SCHOOL, "2", "7"]])
LAST = ("2020学籍", [[KNOWN, "甲", SCHOOL, "2", "6"]])
CODES = ("ledger-unregistered", "pupil-unregistered")


def read(tmp_path: Path, *files: tuple[str, Rows]) -> Intake:
    """Read lists named by year and kind (2021学籍) beside the county's other tables."""
    folder = write_county(tmp_path)
    for name, rows in files:
        year, kind = name[:4], name[4:]
        title = [f"张北县{year}学年{kind}"]
        write_xlsx(folder / f"130722_{year}_{kind}.xlsx", {kind: [title, HEADS[kind], *rows]})
    return read_folder(folder)


def told(intake: Intake) -> list[tuple[str, str, int]]:
    for fault in intake.faults:
        if fault.code in CODES:
            assert (fault.level, fault.column) == ("warning", "学籍号")
    return [(f.code, f.sheet, f.row) for f in intake.faults if f.code in CODES]


def case(number: str, school: str = SCHOOL) -> list[str]:
    return [number, school, "7", "2021-10-08"]


def test_who_of_the_ledger_is_on_no_register_is_counted_and_placed_but_never_named(
    tmp_path: Path,
) -> None:
    ledger = ("2021疑似辍学台账", [case(STRANGE), case(KNOWN), case(THIRD)])
    intake = read(tmp_path, LAST, REGISTER, ledger)
    place = ("ledger-unregistered", "疑似辍学台账")
    assert told(intake) == [(*place, 3), (*place, 5)]
    (first, _) = (fault for fault in intake.faults if fault.code == "ledger-unregistered")
    assert "2名" in first.zh
    assert "失学" in first.zh
    assert "2 children" in first.en
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert not any(number[1:15] in said for number in (KNOWN, STRANGE, THIRD))


def test_a_case_of_last_year_s_pupil_is_no_stranger_and_one_of_next_year_s_is(
    tmp_path: Path,
) -> None:
    before = ("2020学籍", [[STRANGE, "乙", SCHOOL, "2", "6"]])
    after = ("2022学籍", [[THIRD, "丙", SCHOOL, "1", "8"]])
    ledger = ("2021疑似辍学台账", [case(STRANGE), case(THIRD)])
    found = told(read(tmp_path, before, REGISTER, after, ledger))
    assert found == [("ledger-unregistered", "疑似辍学台账", 4)]


def test_without_last_year_s_register_a_case_is_noted_and_no_warning(tmp_path: Path) -> None:
    intake = read(tmp_path, REGISTER, ("2021疑似辍学台账", [case(STRANGE), case(KNOWN)]))
    assert not intake.errors
    assert told(intake) == []
    (note,) = (fault for fault in intake.faults if fault.code == "unregistered-here")
    assert (note.level, note.sheet, note.row) == ("info", "疑似辍学台账", 3)
    assert "1名" in note.zh
    assert "上一学年" in note.fix_zh


def test_where_a_school_or_all_handed_in_no_register_nobody_is_a_stranger(tmp_path: Path) -> None:
    ledger = ("2021疑似辍学台账", [case(STRANGE, OTHER_SCHOOL)])
    assert told(read(tmp_path / "one", LAST, REGISTER, ledger)) == []
    assert told(read(tmp_path / "none", ledger)) == []


@pytest.mark.parametrize(("change", "known"), [("转入", True), ("复学", True), ("退学", False)])
def test_who_came_during_the_year_is_known(tmp_path: Path, change: str, known: bool) -> None:
    changes = ("2021学籍异动", [[STRANGE, SCHOOL, "1", "7", change]])
    ledger = ("2021疑似辍学台账", [case(STRANGE)])
    sheets = {sheet for _, sheet, _ in told(read(tmp_path, LAST, REGISTER, changes, ledger))}
    assert sheets == (set() if known else {"学籍异动", "疑似辍学台账"})


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("学生考勤", [STRANGE, SCHOOL, "2", "90"]), ("学生成绩", [STRANGE, SCHOOL, "2", "7", "88"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("terms", "known"), [("12", True), ("1", False)])
def test_attendance_and_marks_are_held_against_the_register_of_their_term(
    tmp_path: Path, kind: str, row: list[str], terms: str, known: bool
) -> None:
    mine = [[STRANGE, "乙", SCHOOL, term, "7"] for term in terms]
    intake = read(tmp_path, (REGISTER[0], [*REGISTER[1], *mine]), (f"2021{kind}", [row]))
    assert not intake.errors
    assert told(intake) == ([] if known else [("pupil-unregistered", kind, 3)])
