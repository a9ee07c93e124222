"""Pupils at risk term by term: every way in which a term can end, on pupils made by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.questions.dropout import terms
from analysis.records.contracts import TABLES, empty

STARTS = {"1": "09-01", "2": "03-01"}


def stored(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a frame as the store keeps it; what a row leaves out is missing."""
    frame = empty(TABLES[table])
    made = pd.DataFrame(rows, columns=frame.columns)
    return made.astype(frame.dtypes.to_dict())


def at(who: str, year: int, term: int, grade: int, school: str = "A") -> dict[str, Any]:
    return {"pseudonym": who, "school": school, "county": "130722", "year": year,
            "term": str(term), "grade": grade}  # fmt: skip


def tables(
    pupils: list[dict[str, Any]],
    changes: list[dict[str, Any]] | None = None,
    cases: list[dict[str, Any]] | None = None,
) -> dict[str, pd.DataFrame]:
    return {
        "pupils": stored("pupils", pupils),
        "status_changes": stored("status_changes", changes or []),
        "suspected": stored("suspected", cases or []),
    }


def ends(given: dict[str, pd.DataFrame]) -> dict[tuple[str, str], str]:
    rows = terms.list_terms(given, STARTS).rows
    return {(r["pseudonym"], r["period"]): r["exit"] for r in rows.to_dict("records")}


STAYERS = [at(f"s{i}", 2020, term, 7) for i in range(3) for term in (1, 2)]


def test_who_is_there_in_the_next_term_stays_and_who_is_not_has_left() -> None:
    found = ends(tables([*STAYERS, at("gone", 2020, 1, 7)]))
    assert found == {("s0", "7-1"): "stays", ("s1", "7-1"): "stays", ("s2", "7-1"): "stays",
                     ("gone", "7-1"): "left"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verified", "exit"),
    [
        ("move_out", True, "moved"),
        ("move_out", False, "left"),
        ("move_out", None, "left"),
        ("die", None, "other"),
        ("suspend", None, "other"),
        ("leave", None, "left"),
    ],
)
def test_a_change_of_status_says_where_a_pupil_went(
    change: str, verified: bool | None, exit: str
) -> None:
    gone = at("gone", 2020, 1, 7)
    change_row = {**gone, "change": change, "verified": verified}
    assert ends(tables([*STAYERS, gone], [change_row]))["gone", "7-1"] == exit


def test_a_change_of_another_term_says_nothing() -> None:
    gone = at("gone", 2020, 1, 7)
    late = {**at("gone", 2021, 1, 8), "change": "move_out", "verified": True}
    assert ends(tables([*STAYERS, gone], [late]))["gone", "7-1"] == "left"


def case(who: str, found: str, outcome: str, returned: str | None = None) -> dict[str, Any]:
    return {"pseudonym": who, "school": "A", "county": "130722", "year": 2020, "grade": 7,
            "found_on": found, "outcome": outcome, "returned_on": returned}  # fmt: skip


def test_on_the_register_and_on_the_ledger_of_dropouts_counts_as_left() -> None:
    pupils = [*STAYERS, at("name", 2020, 1, 7), at("name", 2020, 2, 7)]
    ledger = [case("name", "2020-11-03", "left")]
    assert ends(tables(pupils, cases=ledger))["name", "7-1"] == "left"


def test_who_was_brought_back_within_the_term_stays() -> None:
    pupils = [*STAYERS, at("back", 2020, 1, 7), at("back", 2020, 2, 7)]
    ledger = [case("back", "2020-11-03", "left", "2020-12-01")]
    assert ends(tables(pupils, cases=ledger))["back", "7-1"] == "stays"


def test_found_in_school_elsewhere_is_no_dropout() -> None:
    gone = at("gone", 2020, 1, 7)
    ledger = [case("gone", "2021-02-20", "elsewhere")]
    assert ends(tables([*STAYERS, gone], cases=ledger))["gone", "7-1"] == "moved"


def test_the_last_term_and_the_end_of_grade_nine_have_no_outcome() -> None:
    pupils = [*STAYERS, at("nine", 2020, 1, 9), at("nine", 2020, 2, 9)]
    listed = terms.list_terms(tables(pupils), STARTS)
    assert set(listed.rows["period"]) == {"7-1", "9-1"}
    assert listed.unknown == {"last_term": 3, "school_silent": 0}


def test_a_school_that_handed_in_nothing_has_no_dropouts_for_it() -> None:
    silent = [at(f"b{i}", 2020, 1, 7, "B") for i in range(4)]
    listed = terms.list_terms(tables([*STAYERS, *silent]), STARTS)
    assert listed.unknown["school_silent"] == 4
    assert not (listed.rows["school"] == "B").any()


def test_a_school_that_was_merged_is_followed_to_the_new_one() -> None:
    before = [at(f"b{i}", 2020, 1, 7, "B") for i in range(4)]
    after = [at(f"b{i}", 2020, 2, 7, "C") for i in range(3)]
    found = ends(tables([*STAYERS, *before, *after]))
    assert [found[f"b{i}", "7-1"] for i in range(4)] == ["stays", "stays", "stays", "left"]


def test_moving_between_schools_of_the_county_is_no_exit() -> None:
    pupils = [*STAYERS, at("m", 2020, 1, 7, "A"), at("m", 2020, 2, 7, "B")]
    assert ends(tables(pupils))["m", "7-1"] == "stays"


def test_what_is_joined_is_of_the_term_before() -> None:
    given = tables([*STAYERS, at("s0", 2021, 1, 8), at("s1", 2021, 1, 8)])
    attendance = stored("attendance", [
        {**at("s0", 2020, 1, 7), "days_unexcused_n": 4}, {**at("s0", 2020, 2, 7), "days_unexcused_n": 9},
    ])  # fmt: skip
    rows = terms.list_terms(given, STARTS).rows
    joined = terms.add_before(rows, attendance, {"days_unexcused_n": "unexcused"})
    got = joined.set_index(["pseudonym", "period"])["unexcused"]
    assert got["s0", "7-2"] == 4
    assert pd.isna(got["s0", "7-1"])
    assert pd.isna(got["s1", "7-2"])


def test_no_county_without_a_register_is_an_error() -> None:
    listed = terms.list_terms(tables([]), STARTS)
    assert listed.rows.empty
    assert listed.unknown == {"last_term": 0, "school_silent": 0}


@given(order=st.permutations(range(8)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    pupils = [*STAYERS, at("gone", 2020, 1, 7), at("s0", 2021, 1, 8)]
    plain, mixed = tables(pupils), tables([pupils[i] for i in order])
    pd.testing.assert_frame_equal(
        terms.list_terms(plain, STARTS).rows, terms.list_terms(mixed, STARTS).rows
    )
