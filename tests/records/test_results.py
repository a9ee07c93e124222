"""Stored fits: found again as they were, one that counts a year, never half of one."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hand_made import intake, schools

from analysis.errors import BusyError, StoreError, UsageError
from analysis.finding import Finding, Indicator, Origin, Roster, tidy, to_json
from analysis.records import store
from analysis.records.files import hold
from analysis.records.results import attach, load_fit, load_roster, open_fit, pinned, save_fit


def finding(name: str = "prefecture", value: float = 0.1 + 0.2, code: str = "130700") -> Finding:
    rows = [
        {
            "indicator": "cv",
            "stage": "primary",
            "by": "county",
            "subject": "130722",
            "value": value,
        },
        {"indicator": "cv", "stage": "junior", "by": "county", "subject": "130722", "flag": "x"},
    ]
    return Finding(
        name,
        code,
        2021,
        tidy(rows),
        indicators=(Indicator("cv", "差异系数", "CV"),),
        origin=Origin("某局", "a bureau", "2021-09-01"),
    )


def test_a_finding_comes_back_as_it_was(tmp_path: Path) -> None:
    save_fit(tmp_path, 2021, [finding(), finding("hazard", math.pi), finding(code="130722")])
    back = load_fit(tmp_path, "130700", 2021, "prefecture")
    assert back
    pd.testing.assert_frame_equal(back.table, finding().table, check_exact=True)
    assert to_json(back) == to_json(finding())
    hazard = load_fit(tmp_path, "130700", 2021, "hazard")
    assert hazard
    assert hazard.table["value"].iloc[0] == math.pi
    county = load_fit(tmp_path, "130722", 2021, "prefecture")
    assert county
    assert county.county == "130722"


def test_nothing_is_given_where_nothing_was_fitted(tmp_path: Path) -> None:
    assert load_fit(tmp_path, "130700", 2021, "hazard") is None
    assert pinned(tmp_path, 2021) is None
    save_fit(tmp_path, 2021, [finding()])
    assert load_fit(tmp_path, "130700", 2021, "hazard") is None
    assert load_fit(tmp_path, "130700", 2020, "prefecture") is None
    assert load_fit(tmp_path, "130722", 2021, "prefecture") is None
    assert load_fit(tmp_path, "..", 2021, "pinned") is None


def test_a_fit_opens_with_the_passport_of_its_report(tmp_path: Path) -> None:
    store.write(intake(schools=schools()), tmp_path)
    with pytest.raises(UsageError, match="county fit"):
        open_fit(tmp_path, "130700", 2021, "prefecture")
    fit = save_fit(tmp_path, 2021, [finding()])
    passport, found = open_fit(tmp_path, "130700", 2021, "prefecture")
    assert to_json(found) == to_json(finding())
    assert passport["place"]["en"] == "Zhangjiakou City"
    assert passport["parent"]["code"] == "130000"
    assert passport["run"] == fit
    assert (tmp_path / passport["partitions"][0]).is_file()
    assert passport["data"]["source_zh"] == "某局"


def test_the_fit_is_named_by_what_it_holds(tmp_path: Path) -> None:
    one = save_fit(tmp_path, 2021, [finding(), finding("hazard")])
    assert save_fit(tmp_path, 2021, [finding("hazard"), finding()]) == one
    assert save_fit(tmp_path / "elsewhere", 2021, [finding(), finding("hazard")]) == one
    assert save_fit(tmp_path, 2020, [finding(), finding("hazard")]) != one
    assert save_fit(tmp_path, 2021, [finding(value=0.3)]) != one


def test_only_a_new_fit_moves_the_pin(tmp_path: Path) -> None:
    first = save_fit(tmp_path, 2021, [finding(value=1)])
    other = save_fit(tmp_path, 2020, [finding(value=2)])
    assert (pinned(tmp_path, 2021), pinned(tmp_path, 2020)) == (first, other)
    second = save_fit(tmp_path, 2021, [finding(value=3)])
    assert (pinned(tmp_path, 2021), pinned(tmp_path, 2020)) == (second, other)
    assert (tmp_path / "results" / first).is_dir()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../x", "130700"), ("a/b", "130700"), ("", "130700"), ("Prefecture", "130700"),
        ("x.json", "130700"), ("fit\n", "130700"), ("学", "130700"), ("prefecture", ".."),
        ("prefecture", ""), ("prefecture", "130700/.."), ("prefecture", "130700\n"),
    ],
)  # fmt: skip
def test_a_name_is_never_a_path(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(ValueError, match="names"):
        save_fit(tmp_path, 2021, [finding(name, code=code)])
    assert not (tmp_path / "results").exists()


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names"):
        save_fit(tmp_path, 2021, [finding(), finding(value=2)])


def test_what_was_changed_is_refused(tmp_path: Path) -> None:
    fit = save_fit(tmp_path, 2021, [finding(value=0.25)])
    path = tmp_path / "results" / fit / "130700" / "prefecture.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("0.25", "0.24"), encoding="utf-8")
    with pytest.raises(StoreError, match=fit):
        load_fit(tmp_path, "130700", 2021, "prefecture")
    path.unlink()
    with pytest.raises(StoreError):
        load_fit(tmp_path, "130700", 2021, "prefecture")
    path.write_text(good, encoding="utf-8")
    manifest = tmp_path / "results" / fit / "fit.json"
    manifest.write_text(manifest.read_text().replace("2021", "2022"))
    with pytest.raises(StoreError, match="county fit"):
        load_fit(tmp_path, "130700", 2021, "prefecture")


def test_a_damaged_pin_is_said(tmp_path: Path) -> None:
    save_fit(tmp_path, 2021, [finding()])
    (tmp_path / "results" / "pinned.json").write_text('{"2021":')
    with pytest.raises(StoreError, match="county fit"):
        load_fit(tmp_path, "130700", 2021, "prefecture")


def test_folders_are_private_and_held(tmp_path: Path) -> None:
    fit = save_fit(tmp_path, 2021, [finding()])
    root = tmp_path / "results"
    for path in [root, *root.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path.name
    with hold(root), pytest.raises(BusyError):
        save_fit(tmp_path, 2021, [finding(value=9)])
    assert pinned(tmp_path, 2021) == fit


def test_a_fit_of_data_without_a_date_is_dated_too(tmp_path: Path) -> None:
    store.write(intake(schools=schools()), tmp_path)
    save_fit(tmp_path, 2021, [replace(finding(), origin=Origin("某局", "a bureau"))])
    passport, _ = open_fit(tmp_path, "130700", 2021, "prefecture")
    assert passport["data"]["as_of"] == "2021-09-01"


def moves(code: str = "130722", n: int = 3) -> Roster:
    rows = pd.DataFrame({"pseudonym": ["pa", "pb"], "school": ["A01", "B02"], "candidates": [n, 1]})
    return Roster("moves", code, 2021, rows, "")


def test_a_list_comes_back_as_it_was_and_names_the_fit(tmp_path: Path) -> None:
    first = save_fit(tmp_path, 2021, [finding()], [moves(), moves("130723")])
    back = load_roster(tmp_path, "130722", 2021, "moves")
    assert back
    assert back.rows.to_dict("list") == moves().rows.to_dict("list")
    assert load_roster(tmp_path, "130724", 2021, "moves") is None
    assert save_fit(tmp_path, 2021, [finding()], [moves(n=4), moves("130723")]) != first
    stored = tmp_path / "results" / (pinned(tmp_path, 2021) or "") / "130722" / "moves.json"
    assert stored.stat().st_mode & 0o077 == 0
    stored.write_text(stored.read_text().replace("A01", "C03"))
    with pytest.raises(StoreError):
        load_roster(tmp_path, "130722", 2021, "moves")
    stored.unlink()
    with pytest.raises(StoreError):
        load_roster(tmp_path, "130722", 2021, "moves")


def test_two_lists_of_a_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lists"):
        save_fit(tmp_path, 2021, [finding()], [moves(), moves()])


def test_a_report_says_which_result_it_read(tmp_path: Path) -> None:
    passport = {"run": "0" * 16, "partitions": ["a"]}
    assert attach(passport, tmp_path, "130722", 2021, "plan") == passport
    save_fit(tmp_path, 2021, [finding("plan", code="130722")])
    one = attach(passport, tmp_path, "130722", 2021, "plan")
    assert one["partitions"][1].endswith("/130722/plan.json")
    assert len(one["run"]) == 16
    save_fit(tmp_path, 2021, [finding("plan", 0.5, code="130722")])
    assert attach(passport, tmp_path, "130722", 2021, "plan")["run"] not in ("0" * 16, one["run"])
