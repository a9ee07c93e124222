"""Stages side by side: which rows and columns, what stands in the cells, and what is not there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from analysis.display import View, across
from analysis.finding import Check, Finding, tidy

Look = Callable[..., View]


def sides(finding: Finding, look: Look) -> View:
    rows = [
        {"indicator": "staff.gap", "stage": stage, "by": by, "subject": subject, "value": value,
         "value_low": value - 1, "value_high": value + 1, "interval_kind": "model"}
        for stage, by, subject, value in (
            ("primary", "way", "one", 1.0), ("primary", "way", "two", 2.0),
            ("junior", "way", "two", 3.0), ("primary", "", "", 4.0), ("junior", "", "", 5.0),
        )
    ]  # fmt: skip
    checks = (
        Check("staff.gap", "primary", "way", "one", "", "x.rule", 0.0, "met"),
        Check("staff.gap", "junior", "way", "two", "", "x.rule", 0.0, "not_met"),
    )
    made = dataclasses.replace(finding, name="effect", table=tidy(rows), checks=checks, notes=())
    return look(of=made)


def test_a_row_a_subject_and_a_column_a_stage(finding: Finding, look: Look) -> None:
    view = sides(finding, look)
    [block] = across.subjects(view, "ways", "staff.gap", by="way", show="value")
    rows = block.data["rows"]
    assert [row["subject"] for row in rows] == ["one", "two"]
    assert [[row["primary"], row["junior"]] for row in rows] == [[1.0, None], [2.0, 3.0]]
    assert across.subjects(view, "ways", "staff.gap", by="nothing") == ()


def test_estimates_have_their_range_and_verdicts_their_word(finding: Finding, look: Look) -> None:
    view = sides(finding, look)
    [block] = across.subjects(view, "ways", "staff.gap", by="way")
    assert "2（1～3）" in block.html
    [said] = across.subjects(view, "ways", "staff.gap", by="way", show="verdict")
    assert "通过" in said.html
    assert "未通过" in said.html
    # Of a cell without a check nothing is said.
    assert said.data["rows"][1]["primary"] == view.word("flag.z")


def test_a_row_an_indicator(finding: Finding, look: Look) -> None:
    view = sides(finding, look)
    [block] = across.indicators(view, "all", ["staff.gap", "staff.share"])
    assert [[row["primary"], row["junior"]] for row in block.data["rows"]] == [[4.0, 5.0]]
    assert across.indicators(view, "all", ["staff.share"]) == ()
