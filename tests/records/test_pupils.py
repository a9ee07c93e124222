"""Lists of pupils stay out unless they are a register, whatever they look like."""

from __future__ import annotations

import json
from pathlib import Path

import bureau
import pandas as pd
import pytest
from bureau import Rows, identity, write_county, write_xlsx

from analysis.errors import Fault
from analysis.records import identities
from analysis.records.intake import Intake, read_folder
from analysis.records.store import open_county, write

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


REGISTER = ["学籍号", "姓名", "学校标识码", "学期", "年级", "性别", "出生日期", "就读方式",
            "是否留守儿童", "民族", "残疾类型", "上下学距离(km)"]  # fmt: skip
CHILD = f"G{identity(31, 2009)}"
OTHER = f"G{identity(32, 2009)}"


def registered(number: str = CHILD, **changed: str) -> list[str]:
    row = dict(zip(REGISTER, [number, "张小测", "3113000003", "第一学期", "7", "02", "20090305",
                              "2", "单亲留守儿童", "01", "无", "6.5"], strict=True))  # fmt: skip
    return list((row | changed).values())


def read(tmp_path: Path, *rows: list[str], kind: str = "九年一贯制学校") -> Intake:
    """Read a register beside the county's other tables, its one school being of this type."""

    def of_kind(schools: Rows) -> Rows:
        return [[kind if cell == "九年一贯制学校" else cell for cell in row] for row in schools]

    folder = write_county(tmp_path, schools=of_kind)
    title = ["张北县2021学年学籍信息"]
    write_xlsx(folder / "130722_2021_学籍.xlsx", {"学籍": [title, REGISTER, *rows]})
    return read_folder(folder)


def test_the_register_comes_in_with_the_codes_and_labels_of_the_export(tmp_path: Path) -> None:
    intake = read(tmp_path, registered())
    assert not intake.errors
    (row,) = intake.frames["pupils"].to_dict("records")
    assert row["pupil_id"] == CHILD
    assert (row["year"], row["term"], row["grade"], row["county"]) == (2021, "1", 7, "130722")
    assert (row["sex"], row["boarding"], row["left_behind"]) == ("2", "2", "1")
    assert (row["ethnicity"], row["disability"], row["born"]) == ("han", "0", "2009-03-05")
    assert row["distance_km"] == 6.5


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (f"J{identity(32, 2010)}", None),
        ("L130722200901015678", None),
        (identity(31, 2009), "registry-length"),
        ("G1307222009030", "registry-length"),
        (f"G{identity(31, 2009)[:-1]}{'0' if identity(31, 2009)[-1] != '0' else '1'}", "registry-wrong"),
        ("L130722200913015678", "registry-wrong"),
    ],
)  # fmt: skip
def test_registry_numbers_are_checked_and_never_said(
    tmp_path: Path, number: str, code: str | None
) -> None:
    intake = read(tmp_path, registered(number))
    assert [fault.code for fault in intake.errors] == ([code] if code else [])
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert number[1:15] not in said
    assert "张小测" not in said


def test_a_pupil_twice_in_a_term_is_a_fault(tmp_path: Path) -> None:
    intake = read(tmp_path, registered(), registered(年级="8"))
    assert len(intake.errors) == 1
    assert CHILD not in json.dumps(intake.as_json(), ensure_ascii=False)


def test_one_pseudonym_in_all_registers_and_the_name_in_the_identities_alone(
    tmp_path: Path,
) -> None:
    folder = write_county(tmp_path / "files")
    write_xlsx(folder / "130722_2021_学籍.xlsx", {"学籍": [["张北县2021学年学籍信息"], REGISTER,
               registered()]})  # fmt: skip
    head = [
        "学籍号",
        "学校标识码",
        "学期",
        "应到天数",
        "缺勤天数",
        "无故缺勤天数",
        "最长连续无故缺勤天数",
    ]
    write_xlsx(folder / "130722_2021_考勤.xlsx", {"考勤": [["张北县2021学年学生考勤"], head,
               [CHILD, "3113000003", "1", "98", "4", "3", "2"]]})  # fmt: skip
    store, key = tmp_path / "store", tmp_path / "key"
    write(read_folder(folder), store, key=key)
    county = open_county(store, "130722", 2021)
    (one,), (two,) = (county.table(id)["pseudonym"] for id in ("pupils", "attendance"))
    assert one == two
    known = identities.look_up(store, "130722", {one}, who="教育股", purpose="走访")
    assert known["name"].tolist() == ["张小测"]
    held = [p for p in store.rglob("*") if p.is_file() and "identities" not in p.parts]
    frames = [pd.read_parquet(p).astype(str) for p in held if p.suffix == ".parquet"]
    texts = [p.read_text(encoding="utf-8") for p in held if p.suffix != ".parquet"]
    for secret in (CHILD, CHILD[1:], "张小测"):
        assert not any(frame.isin([secret]).any(axis=None) for frame in frames)
        assert not any(secret in text for text in texts)


WITH = [
    "1",
    "01",
    "7",
    "07",
    "61",
    "69",
    "视力残疾",
    "听力",
    "多重残疾",
    "其他残疾",
    "有",
    "有残疾",
]
WITHOUT = ["0", "00", "无", "无残疾", "没有", "健康"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [*((text, "1") for text in WITH), *((text, "0") for text in WITHOUT), ("", None)],
)
def test_kinds_of_disability_are_folded_to_with_and_without(
    tmp_path: Path, text: str, kept: str | None
) -> None:
    intake = read(tmp_path, registered(残疾类型=text))
    assert not intake.errors
    value = intake.frames["pupils"]["disability"].iloc[0]
    assert (None if pd.isna(value) else value) == kept


@pytest.mark.parametrize("text", ["8", "9", "09", "二级", "其他", "视力、听力"])
def test_what_does_not_tell_of_a_disability_is_refused_where_it_stands(
    tmp_path: Path, text: str
) -> None:
    (fault,) = read(tmp_path, registered(), registered(OTHER, 残疾类型=text)).errors
    assert (fault.code, fault.sheet, fault.row, fault.column) == (
        "disability-unclear", "学籍", 4, "残疾类型",
    )  # fmt: skip
    assert text not in fault.zh + fault.en
    assert "多重残疾" in fault.fix_zh
    assert "多重残疾" in fault.fix_en


@pytest.mark.parametrize(
    ("header", "text", "kept"),
    [
        ("是否残疾", "1", "1"), ("是否残疾", "0", "0"), ("残疾", "肢体残疾", "1"),
        ("是否残疾", "2", "value-not-yes-or-no"), ("残疾情况", "2", "value-not-yes-or-no"),
    ],
)  # fmt: skip
def test_below_a_question_digits_are_answers_and_no_kinds(
    tmp_path: Path, header: str, text: str, kept: str
) -> None:
    head = [header if name == "残疾类型" else name for name in REGISTER]
    folder = write_county(tmp_path)
    write_xlsx(folder / "130722_2021_学籍.xlsx",
               {"学籍": [["张北县2021学年学籍信息"], head, registered(残疾类型=text)]})  # fmt: skip
    intake = read_folder(folder)
    told = [fault.code for fault in intake.errors] or intake.frames["pupils"]["disability"].tolist()
    assert told == [kept]


@pytest.mark.parametrize(
    ("with_one", "of", "kind", "asked"),
    [
        (20, 20, "九年一贯制学校", True), (11, 20, "九年一贯制学校", True),
        (10, 20, "九年一贯制学校", False), (19, 19, "九年一贯制学校", False),
        (20, 20, "特殊教育学校", False),
    ],
)  # fmt: skip
def test_a_register_of_mostly_disabled_pupils_is_asked_about_its_codes(
    tmp_path: Path, with_one: int, of: int, kind: str, asked: bool
) -> None:
    rows = [
        registered(f"G{identity(n, 2009)}", 残疾类型="1" if n <= with_one else "0")
        for n in range(1, of + 1)
    ]
    intake = read(tmp_path, *rows, kind=kind)
    assert not intake.errors
    assert [fault.level for fault in found(intake, "mostly-disabled")] == ["warning"] * asked


LEDGER = ["学籍号", "学校标识码", "年级", "列入日期", "原因", "核实日期", "核实结果", "劝返复学日期",
          "销号日期"]  # fmt: skip


def ledger(tmp_path: Path, *dates: str) -> Intake:
    found_on, checked_on, returned_on, closed_on = dates
    folder = write_county(tmp_path)
    row = [
        CHILD,
        "3113000003",
        "7",
        found_on,
        "厌学",
        checked_on,
        "确认辍学",
        returned_on,
        closed_on,
    ]
    title = ["张北县2021学年疑似辍学台账"]
    write_xlsx(folder / "130722_2021_疑似辍学.xlsx", {"疑似辍学": [title, LEDGER, row]})
    return read_folder(folder)


@pytest.mark.parametrize(
    ("dates", "columns"),
    [
        (("2021-10-08", "2021-10-09", "2021-11-01", "2021-12-01"), []),
        (("2021-10-08", "2021-10-08", "", "2021-10-08"), []),
        (("2021-10-08", "", "2021-10-01", ""), ["劝返复学日期"]),
        (("2021-10-08", "2021-10-01", "2021-11-01", "2021-10-09"), ["核实日期", "销号日期"]),
    ],
)
def test_the_steps_of_a_case_follow_one_another(
    tmp_path: Path, dates: tuple[str, ...], columns: list[str]
) -> None:
    intake = ledger(tmp_path, *dates)
    assert [fault.code for fault in intake.errors] == ["dates-out-of-order"] * len(columns)
    assert [fault.column for fault in intake.errors] == columns
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert not any(date and date in said for date in dates)


def test_days_absent_are_no_more_than_school_days(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    head = [
        "学籍号",
        "学校标识码",
        "学期",
        "应到天数",
        "缺勤天数",
        "无故缺勤天数",
        "最长连续无故缺勤天数",
    ]
    row = [CHILD, "3113000003", "1", "98", "99", "100", "101"]
    write_xlsx(folder / "130722_2021_考勤.xlsx", {"考勤": [["张北县2021学年学生考勤"], head, row]})
    intake = read_folder(folder)
    assert [fault.code for fault in intake.errors] == ["parts-exceed-whole"] * 3
    # A fingerprint of a file may hold any three digits; the faults may not.
    said = json.dumps(intake.as_json()["faults"], ensure_ascii=False)
    assert not any(days in said for days in row[4:])


def test_schools_that_are_not_listed_and_counts_that_differ_are_said(tmp_path: Path) -> None:
    intake = read(
        tmp_path, registered(), registered(f"J{identity(32, 2010)}", 学校标识码="3113000099")
    )
    assert [fault.code for fault in intake.errors] == ["school-unknown"]
    (fault,) = found(intake, "pupil-count-differs")
    assert (fault.level, fault.sheet) == ("info", "学籍")
