"""The register as the national system exports it: codes, labels, and headers that ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from bureau import identity, write_county, write_xlsx

from analysis.records.contracts import TABLES
from analysis.records.intake import Intake, read_folder
from analysis.records.parsing import Unfit, type_text
from analysis.records.reference import load_reference

NUMBER = f"G{identity(31, 2009)}"
HEAD = ["学籍号", "姓名", "学校标识码", "学期", "年级"]


def read(folder: Path, header: str, cell: str) -> Intake:
    row = [NUMBER, "张小测", "3113000003", "第一学期", "7", cell]
    rows = [["张北县2021学年学籍信息"], [*HEAD, header], row]
    write_xlsx(write_county(folder) / "130722_2021_学籍.xlsx", {"学籍": rows})
    return read_folder(folder)


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("就读方式", "1", "1"),
        ("就读方式", "2", "2"),
        ("就读方式", "01", "1"),
        ("是否住校", "1", "2"),
        ("是否住校", "是", "2"),
        ("是否住校", "０", "1"),
        ("是否寄宿", "否", "1"),
        ("是否住校", "住校", "2"),
    ],
)
def test_a_yes_is_never_taken_for_the_code_of_a_day_pupil(
    tmp_path: Path, header: str, cell: str, code: str
) -> None:
    intake = read(tmp_path, header, cell)
    assert not intake.errors
    assert intake.frames["pupils"]["boarding"].tolist() == [code]


@pytest.mark.parametrize("cell", ["2", "01", "02"])
def test_digits_that_are_no_answer_are_a_fault(tmp_path: Path, cell: str) -> None:
    (fault,) = read(tmp_path, "是否住校", cell).errors
    assert (fault.code, fault.column) == ("value-not-yes-or-no", "是否住校")
    assert "张小测" not in fault.zh


def test_all_peoples_of_the_standard_come_in_and_only_han_is_told_apart() -> None:
    column = TABLES["pupils"]["ethnicity"]
    found = {f"{n:02d}": type_text(column, f"{n:02d}") for n in range(1, 57)}
    assert found.pop("01") == "han"
    assert set(found.values()) == {"other"}
    names = [word for word in load_reference().codes["ethnicity"]["other"]["also"]
             if word.endswith("族") and word not in ("其他民族", "非汉族")]  # fmt: skip
    assert len(set(names)) == 55
    assert {type_text(column, name) for name in names} == {"other"}
    assert type_text(column, "汉族") == "han"
    for unknown in ("57", "00", "火星族"):
        with pytest.raises(Unfit):
            type_text(column, unknown)
