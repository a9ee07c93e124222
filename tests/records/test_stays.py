"""Lists of exchanged teachers: read as bureaus write them, held against themselves, nobody told."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from bureau import identity, write_county, write_xlsx

from analysis.errors import Fault
from analysis.records.intake import Intake, read_folder

HEAD = ["身份证件号", "原学校标识码", "交流到学校标识码", "交流形式", "每周工作比例", "人事关系是否随迁",
        "开始日期", "结束日期"]  # fmt: skip
ONE, TWO, THREE = "2113000001", "2113000002", "3113000003"
REGULAR = [identity(1), ONE, TWO, "定期交流", "", "否", "2021-09-01", "2022-08-31"]
OWN = ("stay-at-own-school", "stay-ends-before-start", "stay-outside-year", "week-over-full",
       "itinerant-without-share", "itinerant-share-odd", "receiver-unknown")  # fmt: skip


def row(serial: int = 1, **changed: str) -> list[str]:
    places = dict(zip(("to", "form", "share", "moved", "start", "end"), range(2, 8), strict=True))
    made = [identity(serial), *REGULAR[1:]]
    for name, value in changed.items():
        made[places[name]] = value
    return made


def read(tmp_path: Path, *rows: list[str], head: list[str] = HEAD) -> Intake:
    folder = write_county(tmp_path)
    title = ["张北县2021学年教师交流轮岗名单"]
    write_xlsx(folder / "130722_2021_交流轮岗.xlsx", {"交流轮岗": [title, head, *rows]})
    return read_folder(folder)


def found(intake: Intake) -> list[Fault]:
    return [fault for fault in intake.faults if fault.code in OWN]


def test_a_list_is_read_as_it_is_written(tmp_path: Path) -> None:
    intake = read(
        tmp_path,
        row(1),
        row(2, to=THREE, form="走教", share="0.4"),
        row(3, to=THREE, form="支教", moved="是", end=""),
    )
    assert not intake.errors
    assert not found(intake)
    stays = intake.frames["exchanges"].set_index("teacher_id").loc[[identity(n) for n in (1, 2, 3)]]
    assert stays["form"].tolist() == ["regular", "itinerant", "support"]
    assert stays["share_week"].tolist() == [pd.NA, 0.4, pd.NA]
    assert stays["transferred"].tolist() == [False, False, True]
    assert stays["end"].tolist() == ["2022-08-31", "2022-08-31", pd.NA]


@pytest.mark.parametrize(
    ("header", "text", "share"),
    [
        ("每周工作比例", "0.4", 0.4),
        ("每周工作比例", "40%", 0.4),
        ("每周工作比例", "４０％", 0.4),
        ("走教比例（%）", "40", 0.4),
        ("每周在接收学校工作的比例（整周为1）", "1", 1.0),
        ("每周工作比例", "40", "value-too-high"),
        ("每周工作比例", "2天", "value-not-a-number"),
        ("每周工作比例", "2/5", "value-not-a-number"),
    ],
)
def test_a_share_of_the_week_is_a_part_or_a_percentage_and_never_days(
    tmp_path: Path, header: str, text: str, share: float | str
) -> None:
    head = [header if name == "每周工作比例" else name for name in HEAD]
    intake = read(tmp_path, row(1, form="走教", share=text), head=head)
    codes = [fault.code for fault in intake.errors]
    if isinstance(share, str):
        assert codes == [share]
        (fault,) = intake.errors
        assert (fault.row, fault.column) == (3, header)
    else:
        assert not codes
        assert intake.frames["exchanges"]["share_week"].tolist() == [share]


@pytest.mark.parametrize(
    ("changed", "code", "level", "column"),
    [
        ({"to": ONE}, "stay-at-own-school", "error", "交流到学校标识码"),
        ({"start": "2021-10-01", "end": "2021-09-30"}, "stay-ends-before-start", "error", "交流结束日期"),
        ({"start": "2021-06-30"}, "stay-outside-year", "error", "交流开始日期"),
        ({"start": "2022-09-01", "end": "2023-08-31"}, "stay-outside-year", "error", "交流开始日期"),
        ({"form": "走教"}, "itinerant-without-share", "warning", "每周在接收学校工作的比例"),
        ({"form": "走教", "share": "1"}, "itinerant-share-odd", "warning", "每周在接收学校工作的比例"),
        ({"form": "走教", "share": "0"}, "itinerant-share-odd", "warning", "每周在接收学校工作的比例"),
        ({"to": "2113999999"}, "receiver-unknown", "warning", "交流到学校标识码"),
    ],
)  # fmt: skip
def test_what_a_stay_has_wrong_is_said_at_its_place(
    tmp_path: Path, changed: dict[str, str], code: str, level: str, column: str
) -> None:
    intake = read(tmp_path, row(1), row(2, **changed))
    (fault,) = found(intake)
    assert (fault.code, fault.level, fault.column) == (code, level, column)
    assert (fault.file, fault.sheet, fault.row) == (
        "130722_2021_交流轮岗.xlsx",
        "交流轮岗",
        4,
    )
    assert fault.fix_zh
    assert fault.fix_en
    said = json.dumps(intake.as_json(), ensure_ascii=False)
    assert identity(2) not in said
    assert not any(text in said for text in changed.values() if "-" in text)


@pytest.mark.parametrize("text", ["两天", "2/5", "40", "-0.4"])
def test_a_share_that_cannot_be_read_is_not_missing_besides(tmp_path: Path, text: str) -> None:
    intake = read(tmp_path, row(1, form="走教", share=text), row(2, form="走教"))
    assert [fault.row for fault in intake.errors] == [3]
    assert [(fault.code, fault.row) for fault in found(intake)] == [("itinerant-without-share", 4)]


@pytest.mark.parametrize("number", [identity(7), identity(7)[:-1] + "x", f"G{identity(7)}"])
def test_a_number_of_a_person_is_no_code_of_a_school(tmp_path: Path, number: str) -> None:
    """Else it would be kept apart from nothing, with schools of other counties."""
    intake = read(tmp_path, row(1, to=number))
    (fault,) = intake.errors
    assert (fault.code, fault.row, fault.column) == ("code-of-a-person", 3, "交流到学校标识码")
    assert intake.frames["exchanges"]["to_school"].isna().all()
    assert number not in json.dumps(intake.as_json(), ensure_ascii=False)


def test_a_list_with_nothing_in_it_is_said(tmp_path: Path) -> None:
    (fault,) = (f for f in read(tmp_path / "a").faults if f.code == "sheet-without-rows")
    assert (fault.file, fault.sheet, fault.level) == (
        "130722_2021_交流轮岗.xlsx",
        "交流轮岗",
        "info",
    )
    folder = write_county(tmp_path / "b")
    write_xlsx(folder / "130722_2021_交流轮岗.xlsx", {"交流轮岗": [[""]], "Sheet2": []})
    (fault,) = (f for f in read_folder(folder).faults if f.code == "file-blank")
    assert (fault.file, fault.level) == ("130722_2021_交流轮岗.xlsx", "warning")


@pytest.mark.parametrize("start", ["2021-07-01", "2021-08-25", "2021-09-01", "2022-08-31", ""])
def test_a_stay_may_begin_in_the_summer_before_and_all_through_the_year(
    tmp_path: Path, start: str
) -> None:
    assert not found(read(tmp_path, row(1, start=start, end="")))


@pytest.mark.parametrize(
    ("first", "second", "over"),
    [
        ({}, {"to": THREE}, [3, 4]),
        ({}, {"to": THREE, "start": "2022-03-01"}, [4]),
        ({"end": "2022-01-31"}, {"to": THREE, "start": "2022-02-01"}, []),
        ({"end": "2022-02-01"}, {"to": THREE, "start": "2022-02-01"}, []),
        ({"form": "走教", "share": "0.6"}, {"to": THREE, "form": "走教", "share": "0.4"}, []),
        ({"form": "走教", "share": "0.6"}, {"to": THREE, "form": "走教", "share": "0.6"}, [3, 4]),
        ({"end": ""}, {"to": THREE, "start": "2022-03-01"}, []),
        ({"form": "走教", "share": "0.6"}, {"to": THREE, "form": "走教"}, []),
    ],
)
def test_nobody_has_more_than_one_week(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], over: list[int]
) -> None:
    """Where a day or a share is not known nobody can say, and nothing is said."""
    intake = read(tmp_path, row(1, **first), row(1, **second), row(2))
    faults = [fault for fault in found(intake) if fault.code == "week-over-full"]
    assert sorted(fault.row for fault in faults) == over
    assert all(fault.level == "error" for fault in faults)


def test_a_week_is_counted_over_the_files_of_all_years(tmp_path: Path) -> None:
    folder = write_county(tmp_path)
    for year, stay in (
        (2020, row(1, start="2020-09-01", end="2022-08-31")),
        (2021, row(1, to=THREE)),
    ):
        title = [f"张北县{year}学年教师交流轮岗名单"]
        write_xlsx(folder / f"130722_{year}_交流轮岗.xlsx", {"交流轮岗": [title, HEAD, stay]})
    faults = [f for f in read_folder(folder).faults if f.code == "week-over-full"]
    assert [fault.file for fault in faults] == ["130722_2021_交流轮岗.xlsx"]
