"""Which numbers changed between two runs: all of them, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import StoreError, UsageError
from analysis.press.diff import Change, compare

CV = "coefficient|primary|||2021"
ROOMS = "rooms|primary|school|1|2021"


def cell(key: str, value: float | None, flag: str = "", **numbers: float | None) -> dict[str, Any]:
    return {"key": key, "value": value, "n_unit": "schools", "flag": flag, **numbers}


def write_results(
    out: Path,
    cells: list[Mapping[str, Any]],
    *,
    county: str = "130722",
    year: int = 2021,
    audience: str = "public",
    language: str = "zh",
    block: str = "balance-coefficients",
) -> None:
    folder = out / audience / str(year) / county / language
    folder.mkdir(parents=True, exist_ok=True)
    plain = {
        "schema": 1,
        "language": language,
        "edition": 1,
        "sentinels": [{"county": county, "year": year, "audience": audience}],
        "blocks": [{"id": block, "cells": cells}],
    }
    (folder / "results.json").write_text(json.dumps(plain), encoding="utf-8")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    write_results(tmp_path / "old", [cell(CV, 0.41, n=12.0), cell(ROOMS, 2.3)])
    return tmp_path / "old"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new"


def test_a_run_is_the_same_as_itself(old: Path) -> None:
    report = compare(old, old)
    assert report.same
    assert report.compared == 3
    assert report.to_text("zh") == "共比较3个数，变动0处；新增或不再出现的报告0份。"


def test_a_changed_number(old: Path, new: Path) -> None:
    write_results(new, [cell(CV, 0.43, n=12.0), cell(ROOMS, 2.3)])
    report = compare(old, new)
    assert report.changes == (
        Change(
            "public", 2021, "130722", "balance-coefficients", CV, "value", "changed",
            0.41, 0.43, "", "",
        ),
    )  # fmt: skip
    assert not report.same
    assert report.to_text("en").splitlines() == [
        "130722 · 2021 · Public",
        f"  balance-coefficients {CV}: 0.41 → 0.43",
        "3 numbers compared, 1 changed; 0 reports new or gone.",
    ]


def test_the_least_change_is_a_change(old: Path, new: Path) -> None:
    write_results(new, [cell(CV, 0.41, n=12.0), cell(ROOMS, 2.3000000000000003)])
    (change,) = compare(old, new).changes
    assert (change.old, change.new) == (2.3, 2.3000000000000003)


def test_a_number_that_is_withheld_now(old: Path, new: Path) -> None:
    write_results(new, [cell(CV, None, "c", n=None), cell(ROOMS, 2.3)])
    report = compare(old, new)
    assert [(c.field, c.what, c.old, c.new, c.old_flag, c.new_flag) for c in report.changes] == [
        ("n", "changed", 12.0, None, "", "c"),
        ("value", "changed", 0.41, None, "", "c"),
    ]
    assert f"{CV}：0.41 → [c]" in report.to_text("zh")


def test_a_flag_alone_is_a_change(old: Path, new: Path) -> None:
    write_results(new, [cell(CV, 0.41, n=12.0), cell(ROOMS, 2.3, "r")])
    (change,) = compare(old, new).changes
    assert (change.old, change.new, change.new_flag) == (2.3, 2.3, "r")


def test_cells_that_come_and_go(old: Path, new: Path) -> None:
    other = "rooms|primary|school|2|2021"
    write_results(new, [cell(CV, 0.41, n=12.0), cell(other, 2.5)])
    report = compare(old, new)
    assert [(change.cell, change.what) for change in report.changes] == [
        (ROOMS, "disappeared"),
        (other, "appeared"),
    ]
    assert report.compared == 2
    assert f"{other}：新增 2.5" in report.to_text("zh")
    assert f"{ROOMS}：不再出现，原为 2.3" in report.to_text("zh")


def test_reports_that_come_and_go(old: Path, new: Path) -> None:
    write_results(old, [cell(CV, 0.3)], county="130723")
    write_results(new, [cell(CV, 0.41, n=12.0), cell(ROOMS, 2.3)])
    write_results(new, [cell(CV, 0.3)], county="130724", audience="internal")
    report = compare(old, new)
    assert report.changes == ()
    assert report.appeared == (("internal", 2021, "130724"),)
    assert report.disappeared == (("public", 2021, "130723"),)
    assert report.to_text("zh").splitlines()[:2] == [
        "新增报告：130724 · 2021 · 内部",
        "报告不再出现：130723 · 2021 · 公开",
    ]


def test_another_language_is_no_change(old: Path, new: Path) -> None:
    for language in ("zh", "en"):
        write_results(new, [cell(CV, 0.41, n=12.0), cell(ROOMS, 2.3)], language=language)
    assert compare(old, new).same


def test_years_and_audiences_are_kept_apart(old: Path, new: Path) -> None:
    write_results(old, [cell(CV, 0.5)], year=2020)
    write_results(new, [cell(CV, 0.41, n=12.0), cell(ROOMS, 2.3)])
    write_results(new, [cell(CV, 0.6)], year=2020)
    (change,) = compare(old, new).changes
    assert (change.year, change.old, change.new) == (2020, 0.5, 0.6)


def test_one_county_can_be_compared(old: Path, new: Path) -> None:
    write_results(new, [cell(CV, 0.43, n=12.0), cell(ROOMS, 2.3)])
    write_results(new, [cell(CV, 0.43)], county="130723")
    place = Path("public/2021/130722")
    assert len(compare(old / place, new / place).changes) == 1
    file = place / "zh" / "results.json"
    assert len(compare(old / file, new / file).changes) == 1


def test_json_is_plain_and_whole(old: Path, new: Path) -> None:
    write_results(new, [cell(CV, 0.43, n=12.0), cell(ROOMS, 2.3)])
    plain = json.loads(json.dumps(compare(old, new).to_json(), allow_nan=False))
    assert plain["same"] is False
    assert plain["changes"][0]["cell"] == CV
    assert plain["changes"][0]["new"] == 0.43


def test_a_folder_without_results_is_refused(old: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no results\.json"):
        compare(old, tmp_path / "nothing")


@pytest.mark.parametrize("text", ["{", "{}", '{"sentinels": [], "blocks": []}', "[]"])
def test_a_broken_file_is_named(old: Path, new: Path, text: str) -> None:
    write_results(new, [])
    (new / "public/2021/130722/zh/results.json").write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"130722.zh.results\.json"):
        compare(old, new)
