"""The term, from a column or from the texts around a sheet."""

from __future__ import annotations

from pathlib import Path

import pytest
from bureau import identity, write_county, write_xlsx

from analysis.records.intake import Intake, read_folder

HEAD = ["学籍号", "姓名", "学校标识码", "年级"]
ROW = [f"G{identity(31, 2009)}", "张小测", "3113000003", "7"]


def read(folder: Path, title: str, *, name: str = "130722_学籍", term: str = "") -> Intake:
    more = ["学期"] if term else []
    rows = [[title], [*HEAD, *more], [*ROW, *([term] if term else [])]]
    write_xlsx(write_county(folder) / f"{name}.xlsx", {"名册": rows})
    return read_folder(folder)


@pytest.mark.parametrize(
    ("title", "name", "year", "term"),
    [
        ("张北县2021学年第一学期学籍信息", "130722_学籍", 2021, "1"),
        ("张北县2021—2022学年第二学期学籍信息", "130722_学籍", 2021, "2"),
        ("张北县2021学年下学期学籍信息", "130722_学籍", 2021, "2"),
        ("张北县学籍信息", "130722_2021年秋季学期_学籍", 2021, "1"),
        ("张北县学籍信息", "130722_2022年春季学期_学籍", 2021, "2"),
        ("张北县2021学年第二学期学籍信息", "130722_2022年春季学期_学籍", 2021, "2"),
    ],
)
def test_the_term_is_told_by_title_or_file(
    tmp_path: Path, title: str, name: str, year: int, term: str
) -> None:
    intake = read(tmp_path, title, name=name)
    assert not intake.errors
    (row,) = intake.frames["pupils"].to_dict("records")
    assert (row["year"], row["term"]) == (year, term)


@pytest.mark.parametrize(
    ("title", "name", "code"),
    [
        ("张北县2021学年学籍信息", "130722_学籍", "term-missing"),
        ("张北县2021学年学籍信息（上学期数据）", "130722_学籍", "term-missing"),
        ("张北县2021学年第一、第二学期学籍信息", "130722_学籍", "term-ambiguous"),
        ("张北县2021学年第一学期学籍信息", "130722_2021学年第二学期_学籍", "term-contradiction"),
        ("张北县2021学年第一学期学籍信息", "130722_2022年春季学期_学籍", "term-contradiction"),
    ],
)  # fmt: skip
def test_a_term_that_nobody_can_tell_is_a_fault(
    tmp_path: Path, title: str, name: str, code: str
) -> None:
    assert [fault.code for fault in read(tmp_path, title, name=name).errors] == [code]


def test_a_column_counts_and_what_the_title_says_otherwise_is_told(tmp_path: Path) -> None:
    intake = read(tmp_path, "张北县2021学年第一学期学籍信息", term="第二学期")
    assert not intake.errors
    assert intake.frames["pupils"]["term"].tolist() == ["2"]
    assert [f.level for f in intake.faults if f.code == "term-differs"] == ["warning"]
