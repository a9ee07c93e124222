"""Scores by school: read as bureaus write them, held against full marks, classes and one paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bureau import write_county, write_xlsx

from analysis.errors import Fault
from analysis.records.intake import Intake, read_folder

HEAD = ["学校标识码", "年级", "科目", "命题单位", "参考人数", "均分", "标准差"]
ONE, TWO = "2113000001", "2113000002"
OWN = ("marks-too-high", "marks-all-alike", "spread-missing", "tested-over-grade", "papers-differ",
       "paper-unknown", "grade-not-of-kind", "spread-too-wide", "marks-of-nobody")  # fmt: skip


def row(school: str = ONE, **changed: str) -> list[str]:
    made = dict(zip(HEAD, [school, "一年级", "语文", "130700", "9", "71.25", "14.5"], strict=True))
    return list({**made, **changed}.values())


def read(tmp_path: Path, *rows: list[str]) -> Intake:
    folder = write_county(tmp_path)
    title = ["张北县2021学年学校学业成绩（学年末统一测试）"]
    write_xlsx(folder / "130722_2021_学校成绩.xlsx", {"学校成绩": [title, HEAD, *rows]})
    return read_folder(folder)


def found(intake: Intake) -> list[Fault]:
    return [fault for fault in intake.faults if fault.code in OWN]


def test_scores_are_read_as_they_are_written(tmp_path: Path) -> None:
    intake = read(
        tmp_path,
        row(),
        row(科目="数学", 年级="小学1年级", 均分="６８．５"),
        row(TWO, 科目="外语", 参考人数="9人", 均分="—", 标准差=""),
    )
    assert not intake.errors
    assert not found(intake)
    scores = intake.frames["school_scores"]
    assert scores["subject"].tolist() == ["chinese", "mathematics", "english"]
    assert scores["grade"].tolist() == [1, 1, 1]
    assert scores["paper"].unique().tolist() == ["130700"]
    assert scores["tested_n"].tolist() == [9, 9, 9]
    assert scores["score_mean"].fillna(-1).tolist() == [71.25, 68.5, -1]
    assert intake.frames["scores"].empty


@pytest.mark.parametrize(
    ("changed", "code", "level", "column"),
    [
        ({"均分": "150.5"}, "marks-too-high", "error", "平均分"),
        ({"标准差": "75.5"}, "spread-too-wide", "error", "标准差"),
        ({"参考人数": "0", "标准差": ""}, "marks-of-nobody", "error", "参加测试人数"),
        ({"标准差": "0", "参考人数": "10"}, "marks-all-alike", "error", "标准差"),
        ({"参考人数": "201"}, "tested-over-grade", "warning", "参加测试人数"),
        ({"命题单位": "张北县"}, "paper-unknown", "error", "试卷"),
        ({"命题单位": "110000"}, "paper-unknown", "error", "试卷"),
        ({"年级": "八年级"}, "grade-not-of-kind", "error", "年级"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    tmp_path: Path, changed: dict[str, str], code: str, level: str, column: str
) -> None:
    intake = read(tmp_path, row(科目="数学"), row(**changed))
    fault = next(each for each in found(intake) if each.code == code)
    assert (fault.level, fault.column, fault.row) == (level, column, 4)
    assert (fault.file, fault.sheet) == ("130722_2021_学校成绩.xlsx", "学校成绩")
    assert fault.fix_zh
    assert fault.fix_en
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert not any(number in said for number in ("150.5", "71.25", '"201"'))


@pytest.mark.parametrize(
    "changed",
    [
        {"均分": "150"}, {"标准差": "75"}, {"参考人数": "0", "均分": "", "标准差": ""},
        {"标准差": "0", "参考人数": "1"}, {"标准差": "0", "参考人数": "9"},
        {"参考人数": "200"}, {"命题单位": "130722"}, {"命题单位": "130000"}, {"命题单位": "130721"},
    ],
)  # fmt: skip
def test_what_can_be_is_let_be(tmp_path: Path, changed: dict[str, str]) -> None:
    """Full marks; a few pupils with one mark; a paper of the county, old codes too, or the province."""
    assert not found(read(tmp_path, row(**changed)))


def test_a_missing_standard_deviation_is_a_note_for_the_sheet(tmp_path: Path) -> None:
    intake = read(tmp_path, row(标准差=""), row(TWO, 标准差=""), row(科目="数学"))
    (fault,) = found(intake)
    assert (fault.code, fault.level, fault.sheet) == ("spread-missing", "info", "学校成绩")
    assert fault.zh == "有2行填了平均分，没有填学生间标准差"
    assert fault.en == "2 rows have a mean and no standard deviation between pupils"


def test_a_standard_deviation_that_cannot_be_read_is_not_missing_besides(tmp_path: Path) -> None:
    intake = read(tmp_path, row(标准差="十四"), row(TWO, 标准差=""))
    assert [fault.row for fault in intake.errors] == [3]
    (fault,) = found(intake)
    assert fault.en.startswith("1 row has")


def test_a_test_has_one_paper_in_a_county(tmp_path: Path) -> None:
    """Another subject, grade or year may have another paper."""
    intake = read(tmp_path, row(), row(科目="数学", 命题单位="130722"), row(TWO, 命题单位="130722"))
    (fault,) = found(intake)
    assert (fault.code, fault.level, fault.row, fault.column) == (
        "papers-differ",
        "error",
        5,
        "试卷",
    )


def test_rows_with_a_paper_are_not_at_fault_for_those_without(tmp_path: Path) -> None:
    intake = read(tmp_path, row(命题单位="市统考卷"), row(TWO))
    assert [(fault.code, fault.row) for fault in found(intake)] == [("paper-unknown", 3)]


def test_no_message_quotes_what_may_be_a_pupil(tmp_path: Path) -> None:
    """Lists of pupils are taken for scores of schools: their names come to stand anywhere."""
    intake = read(tmp_path, row(科目="李小红"), row(TWO, 命题单位="张三丰"))
    assert [fault.code for fault in intake.errors] == ["value-not-in-list", "paper-unknown"]
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert "李小红" not in said
    assert "张三丰" not in said


def test_a_school_has_one_row_for_each_grade_and_subject(tmp_path: Path) -> None:
    intake = read(tmp_path, row(), row())
    assert [fault.code for fault in intake.errors] == ["key-twice"]


def test_tests_of_grades_without_classes_are_held_against_none(tmp_path: Path) -> None:
    assert not found(read(tmp_path, row(年级="四年级", 参考人数="900")))
