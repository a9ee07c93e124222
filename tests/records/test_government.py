"""Tables on what the government owes: optional, kept beside older data, checked, never quoted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from bureau import identity, to_csv, write_county
from hand_made import frame, intake, schools, teachers

from analysis.records import open_county, store
from analysis.records.contracts import TABLES, empty
from analysis.records.crosschecks import LISTED
from analysis.records.intake import read_folder
from analysis.records.partitions import complete, decode, encode

NEW = ("special_rooms", "school_funds", "county_years", "monitoring", "exchanges", "school_scores")


def county_year(county: str, **values: float) -> pd.DataFrame:
    return frame("county_years", [{"county": county, "year": 2014, **values}])


def test_all_of_it_is_optional() -> None:
    assert all(TABLES[id].optional for id in NEW)
    assert not TABLES["school_years"]["migrants_n"].required
    assert not TABLES["teachers"]["training_hours_n"].required


def test_counts_of_persons_are_classed_as_such() -> None:
    table = TABLES["county_years"]
    persons = {"children", "pupils"}
    assert all(c.privacy in ("P1", "P2") for c in table.columns if c.unit in persons)
    assert {c.id for c in table.columns if c.privacy == "P2"} == {
        "disabled_n", "disabled_enrolled_n", "cohort_died_n",
    }  # fmt: skip
    assert TABLES["exchanges"].identifiers == ("teacher_id",)


def test_a_county_without_them_has_empty_tables(tmp_path: Path) -> None:
    store.write(intake(schools=schools()), tmp_path / "s")
    county = open_county(tmp_path / "s", "130722", 2021)
    for id in NEW:
        assert list(county.tables[id].columns) == list(empty(TABLES[id]).columns)
        assert county.tables[id].empty


def test_what_was_loaded_before_a_column_was_declared_is_read_beside_what_was_loaded_after() -> (
    None
):
    new = frame("teachers", [{"year": 2021, "training_hours_n": 360.0, "certificate": True}])
    old = frame("teachers", [{"year": 2020}]).drop(columns=["training_hours_n", "certificate"])
    parts = [encode(part.drop(columns=["teacher_id", "name"])) for part in (old, new)]
    table = TABLES["teachers"]
    both = complete(decode(parts, ["year"]), table)
    assert list(both.columns) == list(empty(table).columns)
    assert both["training_hours_n"].isna().tolist() == [True, False]
    only = complete(decode(parts[:1], ["year"]), table)
    assert (only.dtypes == empty(table).dtypes).all()
    assert only["certificate"].isna().all()


def test_an_older_store_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store written when the contracts had fewer columns: made so by the contract of then."""
    table = TABLES["teachers"]
    then = type(table)(**{
        **{name: getattr(table, name) for name in ("id", "zh", "en", "key", "about_zh", "about_en")},
        "columns": table.columns[:-2], "optional": True,
    })  # fmt: skip
    rows = teachers(years=(2020,)).drop(columns=[c.id for c in table.columns[-2:]])
    key = tmp_path / "key"
    with monkeypatch.context() as patch:
        patch.setattr("analysis.records.store.TABLES", {**TABLES, "teachers": then})
        given = intake(schools=schools())
        old = type(given)({**given.frames, "teachers": rows}, (), given.files, given.dataset)
        store.write(old, tmp_path / "s", key=key)
    paths = list((tmp_path / "s").rglob("*.parquet"))
    assert any("teachers" in str(p) and "certificate" not in pq.read_schema(p).names for p in paths)
    store.write(intake(teachers=teachers(years=(2021,))), tmp_path / "s", key=key)
    county = open_county(tmp_path / "s", "130722", 2021)
    assert sorted(county.tables["teachers"]["year"]) == [2020] * 3 + [2021] * 3
    assert county.tables["teachers"]["certificate"].isna().all()


def test_counties_that_became_one_are_added_up(tmp_path: Path) -> None:
    """宣化区 and 宣化县 of 2014: counts add up, a number of years does not."""
    rows = pd.concat(
        [
            county_year("130705", surveyed_n=100, approving_n=90, eligibility_years_n=6),
            county_year("130721", surveyed_n=50, approving_n=30, eligibility_years_n=9),
        ]
    )
    levels = frame(
        "monitoring",
        [
            {"county": code, "year": 2014, "monitored": "pe", "level": 3, "variation": variation}
            for code, variation in (("130705", 0.1), ("130721", 0.2))
        ],
    )
    listed = schools("130705", years=(2014,))
    store.write(intake(schools=listed, county_years=rows, monitoring=levels), tmp_path / "s")
    county = open_county(tmp_path / "s", "130705", 2014)
    (figures,) = county.tables["county_years"].to_dict("records")
    assert (figures["surveyed_n"], figures["approving_n"]) == (150, 120)
    assert pd.isna(figures["eligibility_years_n"])
    (result,) = county.tables["monitoring"].to_dict("records")
    assert result["level"] == 3
    assert pd.isna(result["variation"])


def test_exchanges_carry_the_pseudonym_of_the_list_of_teachers(tmp_path: Path) -> None:
    listed = teachers(years=(2021,))
    moves = frame(
        "exchanges",
        [{"teacher_id": listed["teacher_id"][0], "school": "21130722000", "to_school": "21130722001",
          "county": "130722", "year": 2021, "form": "support"}],
    )  # fmt: skip
    given = intake(schools=schools(), teachers=listed, exchanges=moves)
    store.write(given, tmp_path / "s", key=tmp_path / "key")
    county = open_county(tmp_path / "s", "130722", 2021)
    assert "teacher_id" not in county.tables["exchanges"]
    assert set(county.tables["exchanges"]["pseudonym"]) <= set(
        county.tables["teachers"]["pseudonym"]
    )


ROOMS = [
    ["学校标识码", "教室类别", "序号", "间数", "每间面积（平方米）", "建成年份"],
    ["2113000001", "音乐教室", "1", "1", "98", "2015"],
    ["2113000002", "美术", "1", "0", "", ""],
]
FIGURES = [
    ["张北县2021学年县级保障情况"],
    ["适龄残疾儿童少年数（人）", "已入学残疾儿童少年数（人）", "优质高中招生计划数", "优质高中分配到初中的名额数"],
    ["120", "121", "800", "810"],
]  # fmt: skip


def test_files_as_bureaus_have_them_are_read_without_a_word(tmp_path: Path) -> None:
    home = write_county(tmp_path) / "130722"
    (home / "130722_2021_专用教室.csv").write_text(to_csv(ROOMS), encoding="utf-8")
    before = {fault.code for fault in read_folder(write_county(tmp_path)).faults}
    read = read_folder(tmp_path)
    assert {fault.code for fault in read.faults} == before
    rooms = read.frames["special_rooms"]
    assert rooms["room"].tolist() == ["music", "fine_art"]
    assert rooms["rooms_n"].tolist() == [1, 0]
    assert rooms["area_m2"][0] == 98.0


def test_a_part_larger_than_its_whole_is_a_fault_that_quotes_no_number_of_persons(
    tmp_path: Path,
) -> None:
    home = write_county(tmp_path) / "130722"
    (home / "130722_2021_县级保障.csv").write_text(to_csv(FIGURES), encoding="utf-8")
    read = read_folder(tmp_path)
    faults = [fault for fault in read.faults if fault.code == "parts-exceed-whole"]
    said = {fault.zh for fault in faults}
    assert said == {
        "已入学残疾儿童少年数多于适龄残疾儿童少年数",
        "优质高中分配到初中的名额数（810）多于优质高中招生计划数（800）",
    }


@pytest.mark.parametrize("id", sorted(set(LISTED) & set(NEW)))
def test_schools_that_the_list_does_not_have_are_faults(tmp_path: Path, id: str) -> None:
    home = write_county(tmp_path) / "130722"
    rows = {
        "special_rooms": [ROOMS[0], ["2113999999", "音乐教室", "1", "1", "98", "2015"]],
        "school_funds": [["学校标识码", "公用经费预算（万元）"], ["2113999999", "6.5"]],
        "exchanges": [
            ["身份证件号", "原学校标识码", "交流到学校标识码", "交流形式"],
            [identity(1), "2113999999", "2113000001", "支教"],
        ],
        "school_scores": [
            ["学校标识码", "年级", "学科", "试卷", "参加测试人数", "平均分", "标准差"],
            ["2113999999", "四年级", "语文", "130700", "31", "70.5", "14.2"],
        ],
    }[id]
    name = {"special_rooms": "专用教室", "school_funds": "经费", "exchanges": "交流轮岗",
            "school_scores": "学校成绩"}[id]  # fmt: skip
    (home / f"130722_2021_{name}.csv").write_text(to_csv(rows), encoding="utf-8")
    read = read_folder(tmp_path)
    assert len(read.frames[id]) == 1
    assert "school-unknown" in {fault.code for fault in read.errors}
