"""Lists with names: for the desk only, logged, dated, no more in them than is needed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import hand_made
import openpyxl
import pandas as pd
import pytest
from hand_made import CANARIES, SOURCE, intake, schools, teachers

from analysis import roster
from analysis.errors import StoreError, UsageError, WithheldError
from analysis.finding import Roster
from analysis.records import identities, list_counties, open_county, store
from analysis.records.identities import PSEUDONYM
from analysis.records.results import load_roster

DAY = date(2022, 3, 1)
WHY: dict[str, Any] = {"who": "李主任", "purpose": "核对交流名单", "today": DAY}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "STORE"
    rows = teachers()
    rows.loc[rows["teacher_id"] == CANARIES[1], "name"] = "=1+1"
    made = replace(SOURCE, synthetic=True)
    store.write(
        intake(schools=schools(), teachers=rows, dataset=made), folder, key=tmp_path / "key"
    )
    return folder


@pytest.fixture
def made(filled: Path) -> Roster:
    return roster.build("teachers", open_county(filled, "130722", 2021), "2022-03-31")


def cells(path: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(path).active
    assert sheet
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_the_list_is_by_pseudonym(made: Roster) -> None:
    assert made.kind == "teachers"
    assert list(made.rows.columns[:3]) == ["pseudonym", "school", "reason"]
    assert len(made.rows) == 3
    assert made.rows["pseudonym"].str.fullmatch(PSEUDONYM.pattern).all()
    assert not {"teacher_id", "name"} & set(made.rows)


def test_the_sheet_has_names_and_room_to_decide(filled: Path, made: Roster, tmp_path: Path) -> None:
    path = roster.write_roster(made, filled, tmp_path / "desk", **WHY)
    assert path == tmp_path / "desk" / "roster" / "2021" / "130722" / "teachers.xlsx"
    rows = cells(path)
    assert rows[0][0] == "张北县专任教师名单（2021 学年）"
    top = [row[:3] for row in rows[:8]]
    assert ["模拟数据", None, None] in top
    assert ["用途", None, "核对交流名单"] in top
    assert ["领取人", None, "李主任"] in top
    assert ["到期日（届时销毁）", None, "2022-03-31"] in top
    start = next(i for i, row in enumerate(rows) if row[0] == "序号")
    assert rows[start] == ["序号", "姓名", "学校名称", "学段", "任教学科", "学历", "县级以上骨干",
                           "到校年份", "列入原因", "人工决定", "决定人"]  # fmt: skip
    body = rows[start + 1 :]
    assert sorted(row[1] for row in body) == ["=1+1", "教师甲0", "教师甲2"]
    assert body[0][2:] == [
        "第0小学",
        "小学",
        "音乐",
        "本科",
        "否",
        2010,
        "本校本学年专任教师",
        "",
        "",
    ]


def test_no_number_no_pseudonym_no_author_no_formula(
    filled: Path, made: Roster, tmp_path: Path
) -> None:
    content = roster.write_roster(made, filled, tmp_path / "desk", **WHY).read_bytes()
    parts = {n: zipfile.ZipFile(io.BytesIO(content)).read(n).decode()
             for n in zipfile.ZipFile(io.BytesIO(content)).namelist()}  # fmt: skip
    whole = "".join(parts.values())
    assert not any(number in whole for number in CANARIES)
    assert not PSEUDONYM.search(whole)
    assert "<f>" not in whole
    assert "<dc:creator></dc:creator>" in parts["docProps/core.xml"]
    assert "2022-03-31" in parts["docProps/core.xml"]


def test_the_same_list_is_the_same_bytes_in_either_language(
    filled: Path, made: Roster, tmp_path: Path
) -> None:
    one = roster.write_roster(made, filled, tmp_path / "a", **WHY).read_bytes()
    later = {**WHY, "today": date(2022, 3, 30)}
    assert roster.write_roster(made, filled, tmp_path / "b", **later).read_bytes() == one
    english = roster.write_roster(made, filled, tmp_path / "c", language="en", **WHY)
    rows = cells(english)
    assert rows[0][0] == "Full-time teachers of Zhangbei County, school year 2021"
    text = " ".join(str(cell) for row in rows for cell in row)
    assert "Decision" in text
    assert "music" in text
    assert "Full-time teacher of the school" in text


def test_the_access_is_in_the_log(filled: Path, made: Roster, tmp_path: Path) -> None:
    before = identities.verify_log(filled)
    roster.write_roster(made, filled, tmp_path / "desk", **WHY)
    assert identities.verify_log(filled) == before + 1
    last = (filled / "identities" / "access.log").read_text(encoding="utf-8").splitlines()[-1]
    assert "李主任" in last
    assert "核对交流名单" in last


@pytest.mark.parametrize("out", ["reports", "reports/x", "Reports/desk", "a/reports"])
def test_never_under_reports(filled: Path, made: Roster, tmp_path: Path, out: str) -> None:
    with pytest.raises(WithheldError, match="reports"):
        roster.write_roster(made, filled, tmp_path / out, **WHY)
    (tmp_path / "reports").mkdir(exist_ok=True)
    (tmp_path / "desk").symlink_to(tmp_path / "reports")
    with pytest.raises(WithheldError, match="reports"):
        roster.write_roster(made, filled, tmp_path / "desk", **WHY)
    assert not list(tmp_path.rglob("*.xlsx"))
    assert identities.verify_log(filled) == 1


def test_what_is_refused_opens_nothing(filled: Path, made: Roster, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    with pytest.raises(WithheldError, match="expired on 2022-03-31"):
        roster.write_roster(made, filled, desk, **{**WHY, "today": date(2022, 4, 1)})
    with pytest.raises(UsageError, match="2022-03-31"):
        roster.write_roster(replace(made, expires="soon"), filled, desk, **WHY)
    named = replace(made, rows=made.rows.assign(teacher_id="x"))
    with pytest.raises(WithheldError, match="identifiers"):
        roster.write_roster(named, filled, desk, **WHY)
    with pytest.raises(UsageError, match="into the store"):
        roster.write_roster(made, filled, filled / "desk", **WHY)
    with pytest.raises(ValueError, match="kind"):
        roster.write_roster(replace(made, kind="../x"), filled, desk, **WHY)
    for left_out in ("who", "purpose"):
        with pytest.raises(UsageError, match="name and a purpose"):
            roster.write_roster(made, filled, desk, **{**WHY, left_out: ""})
    assert identities.verify_log(filled) == 1
    assert not desk.exists()


def test_the_desk_is_private(filled: Path, made: Roster, tmp_path: Path) -> None:
    path = roster.write_roster(made, filled, tmp_path / "desk", **WHY)
    for part in [path, *path.parents[:4]]:
        assert part.stat().st_mode & 0o077 == 0, part.name
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    with pytest.raises(StoreError, match="private"):
        roster.write_roster(made, filled, shared, **WHY)


def test_who_was_forgotten_has_no_name(filled: Path, made: Roster, tmp_path: Path) -> None:
    identities.forget(filled, [made.rows["pseudonym"].iloc[0]], who="李主任", purpose="本人申请")
    rows = cells(roster.write_roster(made, filled, tmp_path / "desk", **WHY))
    assert [row[1] for row in rows].count("（身份信息已删除）") == 1


def test_a_list_of_another_question_has_its_own_columns(filled: Path, tmp_path: Path) -> None:
    county = open_county(filled, "130722", 2021)
    rows = county.table("teachers", year=2021)[["pseudonym", "school"]]
    rows = rows.assign(
        reason="按规定应交流", subject="music", turns=pd.array([1, 2, None], "Int64")
    )
    own = Roster("teachers", "130722", 2021, rows, "2022-04-01")
    found = cells(roster.write_roster(own, filled, tmp_path / "desk", **WHY))
    head = next(row for row in found if row[0] == "序号")
    assert head[3:5] == ["任教学科", "turns"]
    assert [row[4] for row in found[-3:]] == [1, 2, ""]
    assert {row[5] for row in found[-3:]} == {"按规定应交流"}


def test_kinds_are_said(filled: Path, tmp_path: Path) -> None:
    county = open_county(filled, "130722", 2021)
    with pytest.raises(UsageError, match="there are absences, moves, teachers, visits"):
        roster.build("pupils", county, "2022-03-31")
    store.write(intake(schools=schools("130723")), filled)
    with pytest.raises(UsageError, match="130723"):
        roster.build("teachers", open_county(filled, "130723", 2021), "2022-03-31")


def test_the_moves_of_a_plan_leave_as_a_list(demo_store: Path, tmp_path: Path) -> None:
    lists = [
        (county, listed)
        for place in list_counties(demo_store, 2021)
        if (county := open_county(demo_store, place.code, 2021))
        and (listed := load_roster(demo_store, place.code, 2021, "moves")) is not None
    ]
    assert lists
    county, stored = lists[0]
    made = roster.build("moves", county, "2099-01-31", demo_store)
    assert made.expires == "2099-01-31"
    assert len(made.rows) == len(stored.rows) > 0
    schools = county.table("schools", year=2021).set_index("school")["name_zh"]
    for language, word in (("zh", "高于规定学历教师"), ("en", "teachers above the required")):
        rows = roster._join(made, county, pd.DataFrame(columns=["pseudonym", "name"]), language)
        assert set(rows["receiver"]) <= set(schools)
        assert (rows["receiver"] != rows["school_name"]).all()
        assert rows["counted"].str.contains(word).any()
        assert not rows.astype(str).isin(set(made.rows["pseudonym"])).any(axis=None)
    moved = {**county.tables, "teachers": county.tables["teachers"].assign(school=schools.index[0])}
    with pytest.raises(UsageError, match="run county fit again"):
        roster.build("moves", replace(county, tables=moved), "2099-01-31", demo_store)


def test_there_is_no_list_of_moves_before_a_fit(filled: Path) -> None:
    with pytest.raises(UsageError, match="run county fit first"):
        roster.build("moves", open_county(filled, "130722", 2021), "2099-01-31", filled)


CHILDREN = ("G130722200903050014", "G130722200904060029", "G130722200907070035")


def register(folder: Path, longest: tuple[int | None, ...] = (3, 2, 12)) -> None:
    at: dict[str, Any] = {"school": "21130722001", "county": "130722", "year": 2021}
    children = [
        {**at, "pupil_id": id, "name": f"学生乙{i}", "term": term, "grade": 6 - i, "class_no": 1}
        for term in ("1", "2") for i, id in enumerate(CHILDREN)
    ]  # fmt: skip
    days = [
        {**at, "pupil_id": id, "term": "2", "longest_n": n, "days_unexcused_n": n}
        for id, n in zip(CHILDREN, longest, strict=True)
    ]
    early = [{**at, "pupil_id": CHILDREN[1], "term": "1", "longest_n": 30}]
    case = [{**at, "pupil_id": CHILDREN[2], "grade": 4, "found_on": "2022-04-01"}]
    frames = {"pupils": children, "attendance": [*days, *early], "suspected": case}
    made = {id: hand_made.frame(id, rows) for id, rows in frames.items()}
    store.write(intake(schools=schools(), **made), folder, key=folder.parent / "key")


def test_pupils_absent_for_as_long_as_the_rule_says_are_listed(filled: Path) -> None:
    register(filled)
    listed = roster.build("absences", open_county(filled, "130722", 2021), "2022-07-31")
    # Of the latest term alone; younger grades first.
    assert listed.rows["longest_n"].tolist() == [12, 3]
    assert listed.rows["grade"].tolist() == [4, 6]
    assert listed.rows["ledger"].tolist() == ["roster.ledger.open", "roster.ledger.none"]
    assert listed.rows["pseudonym"].str.fullmatch(PSEUDONYM.pattern).all()


def test_the_sheet_of_absences_names_pupils_and_says_whom_to_ask(
    filled: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    register(filled)
    listed = roster.build("absences", open_county(filled, "130722", 2021), "2022-07-31")
    before = identities.verify_log(filled)
    path = roster.write_roster(listed, filled, tmp_path / "desk", **WHY)
    assert identities.verify_log(filled) > before
    rows = cells(path)
    start = next(i for i, row in enumerate(rows) if row[0] == "序号")
    assert rows[start] == ["序号", "姓名", "学校名称", "学期", "年级", "班号", "最长连续无故缺勤天数",
                           "无故缺勤天数", "疑似辍学台账", "先问谁", "列入原因", "人工决定",
                           "决定人"]  # fmt: skip
    assert rows[start + 1][:10] == [1, "学生乙2", "第1小学", "第二学期", 4, 1, 12, 12,
                                    "已列入，未销号", "班主任"]  # fmt: skip
    assert rows[start + 1][-2:] == ["", ""]
    said = "".join(capfd.readouterr())
    log = (filled / "identities" / "access.log").read_text(encoding="utf-8")
    for secret in (*CHILDREN, "学生乙2"):
        assert secret not in said
        assert secret not in log
    assert not any(id in str(cell) for id in CHILDREN for row in rows for cell in row)


def test_missing_attendance_lists_nobody_and_no_register_is_said(filled: Path) -> None:
    with pytest.raises(UsageError, match="no register and attendance"):
        roster.build("absences", open_county(filled, "130722", 2021), "2022-07-31")
    register(filled, (None, None, None))
    listed = roster.build("absences", open_county(filled, "130722", 2021), "2022-07-31")
    assert listed.rows.empty


def test_a_pupil_who_is_forgotten_has_no_name_on_the_list(filled: Path, tmp_path: Path) -> None:
    register(filled)
    listed = roster.build("absences", open_county(filled, "130722", 2021), "2022-07-31")
    identities.forget(filled, set(listed.rows["pseudonym"]), who="李主任", purpose="撤回")
    rows = cells(roster.write_roster(listed, filled, tmp_path / "desk", **WHY))
    assert [row[1] for row in rows[-2:]] == ["（身份信息已删除）"] * 2
