"""The one shape of results: what it refuses, and that it survives being written down."""

from __future__ import annotations

import math
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import StoreError
from analysis.finding import (
    COLUMNS,
    Cell,
    Check,
    Finding,
    Given,
    Indicator,
    Name,
    Note,
    Origin,
    load,
    load_all,
    merge_labels,
    save,
    tidy,
)

PUPILS = Indicator("pupils", "在校生", "Pupils", "pupils", "P0")


def finding(**changes: object) -> Finding:
    base = {
        "name": "toy", "county": "130722", "year": 2021,
        "table": tidy([{"indicator": "pupils", "value": 1 / 3, "at": "2021"},
                       {"indicator": "pupils", "by": "school", "subject": "A", "flag": "x"}]),
        "indicators": (PUPILS,),
    }  # fmt: skip
    return Finding(**{**base, **changes})  # type: ignore[arg-type]


def test_rows_leave_out_what_they_do_not_have() -> None:
    table = tidy([{"indicator": "pupils", "value": 3}])
    assert tuple(table.columns) == COLUMNS
    row = table.iloc[0]
    assert (row["stage"], row["flag"], row["interval_kind"]) == ("", "", "none")
    assert math.isnan(row["numerator"])


def test_no_rows_make_an_empty_table() -> None:
    table = tidy([])
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 0


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="valeu"):
        tidy([{"indicator": "pupils", "valeu": 3}])


def test_a_number_stands_once() -> None:
    twice = tidy([{"indicator": "pupils", "value": 1}, {"indicator": "pupils", "value": 2}])
    with pytest.raises(ValueError, match="one row per"):
        finding(table=twice)


def test_every_indicator_is_declared() -> None:
    with pytest.raises(ValueError, match="teachers"):
        finding(table=tidy([{"indicator": "teachers", "value": 1}]))


def test_written_and_read_again_it_is_the_same_to_the_last_bit(tmp_path: Path) -> None:
    original = finding(
        matrices={"covariance": np.array([[1.0, 0.1], [0.1, 2.0]])},
        labels={"school": {"A": {"zh": "甲校", "en": "A"}}},
        checks=(Check("pupils", "", "", "", "2021", "toy.rule", math.nan, "met"),),
        notes=(Note("toy.headline.a", {"n": Cell("pupils", at="2021"), "s": Name("school", "A"),
                                       "l": Given(0.5)}, "primary"),),
        origin=Origin("来源", "source", "2021-09-01", synthetic=True),
    )  # fmt: skip
    path = save(original, tmp_path / "chapters")
    assert path is not None
    again = load(path)
    pd.testing.assert_frame_equal(again.table, original.table, check_exact=True)
    assert again.notes == original.notes
    assert again.origin == original.origin
    assert math.isnan(again.checks[0].limit)
    np.testing.assert_array_equal(again.matrices["covariance"], original.matrices["covariance"])


def test_what_no_gate_has_seen_is_for_its_owner_only(tmp_path: Path) -> None:
    path = save(finding(), tmp_path / "chapters")
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_empty_folder_name_saves_and_loads_nothing() -> None:
    assert save(finding(), "") is None
    assert load_all("") == ()


def test_chapters_are_loaded_in_order_of_name(tmp_path: Path) -> None:
    for name in ("quality", "balance"):
        save(finding(name=name), tmp_path)
    assert [f.name for f in load_all(tmp_path)] == ["balance", "quality"]


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"name": "x"}'])
def test_a_file_that_is_no_finding_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(StoreError, match=r"a\.json"):
        load(tmp_path / "a.json")


def test_later_labels_win() -> None:
    merged = merge_labels({"s": {"a": {"zh": "1"}}}, {"s": {"a": {"zh": "2"}, "b": {"zh": "3"}}})
    assert merged == {"s": {"a": {"zh": "2"}, "b": {"zh": "3"}}}


def test_the_role_of_a_note_is_the_second_part_of_its_key() -> None:
    assert Note("balance.headline.coefficients").role == "headline"
