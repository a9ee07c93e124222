"""Numbers and names as words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from analysis.display import View
from analysis.finding import Finding, tidy
from analysis.i18n import CatalogueError

Look = Callable[..., View]


def _row(view: View, **changed: object) -> dict[str, object]:
    row = view.row("staff", stage="primary")
    assert row is not None
    return {**row, **changed}


@pytest.mark.parametrize(
    ("value", "flag", "zh", "en"),
    [
        (1234.5, "", "1,234.50", "1,234.50"),
        (-0.5, "", "−0.50", "−0.50"),
        (0.001, "", "近于零", "near zero"),
        (0.0, "", "0.00", "0.00"),
        (3.0, "c", "未公布", "withheld"),
        (float("nan"), "x", "无数据", "no data"),
        (float("nan"), "z", "不适用", "n/a"),
        (float("nan"), "", "无数据", "no data"),
        (4.2, "p", "4.20（初步）", "4.20 (provisional)"),
        (4.2, "u", "4.20（样本小，慎用）", "4.20 (small sample)"),
        (4.2, "le", "4.20及以下", "4.20 or less"),
        (4.2, "ge", "4.20及以上", "4.20 or more"),
    ],
)
def test_a_cell_is_never_blank(look: Look, value: float, flag: str, zh: str, en: str) -> None:
    for language, expected in (("zh", zh), ("en", en)):
        view = look(language=language)
        assert view.value(_row(view, value=value, flag=flag)) == expected


def test_shares_are_percent_and_never_a_false_zero(look: Look) -> None:
    view = look()
    share = view.row("staff.share", stage="primary", by="school", subject="a")
    tiny = view.row("staff.share", stage="primary", by="school", subject="c")
    assert view.value(share) == "40%"
    assert view.value(tiny) == "近于零"


def test_ranges_repeat_no_unit_and_use_the_wave(look: Look) -> None:
    zh, en = look(), look(language="en")
    assert zh.range(zh.row("staff.coefficient", stage="primary")) == "0.480～0.530"
    assert en.range(en.row("staff.coefficient", stage="primary")) == "0.480 to 0.530"
    assert zh.range(zh.row("staff", stage="primary")) == ""


def test_stages_come_in_the_order_of_schooling(look: Look) -> None:
    assert look().stages == ("primary", "junior")


def test_the_latest_is_the_reports_year(look: Look) -> None:
    view = look()
    row = view.row("staff.coefficient", stage="primary")
    assert row is not None
    assert row["at"] == "2021"
    assert len(view.rows("staff.coefficient", stage="primary", at=None)) == 4


def test_a_verdict_is_the_checks_before_the_thresholds(look: Look) -> None:
    view = look()
    assert view.verdict(view.row("staff.coefficient", stage="primary") or {}) == "not_met"
    verdicts = [view.verdict(row) for row in view.rows("staff", stage="primary", by="school")]
    assert verdicts == ["not_met", "not_met", "met", "met", "met"]
    assert view.verdict(view.row("rooms", stage="primary") or {}) == ""


def test_an_unknown_language_is_refused(look: Look) -> None:
    with pytest.raises(CatalogueError):
        look(language="fr")


def test_words_come_from_the_note_then_the_catalogue_then_display(look: Look) -> None:
    view = look()
    assert view.caption("figure", "strips", "title", "primary") == "多数学校达到标准"
    assert view.caption("table", "other", "title", "primary", chart="verdicts") == "要求与结论"
    assert view.caption("table", "other", "note", "primary", chart="verdicts") == ""


def test_the_source_says_once_that_data_are_made(finding: Finding, look: Look) -> None:
    assert look().source() == "来源：测试局（模拟数据）；数据截至2021-09-01"
    made = dataclasses.replace(finding.origin, source_zh="模拟数据（随机种子1）")
    view = look(of=dataclasses.replace(finding, origin=made))
    assert view.source() == "来源：模拟数据（随机种子1）；数据截至2021-09-01"


def test_ids_are_stable_and_say_whose_they_are(look: Look) -> None:
    view = look()
    assert view.id("table", "a_b", "primary") == "sample-table-a-b-primary"
    brief = View(view.released, "zh", chapter="county")
    assert brief.id("table", "x") == "county-sample-table-x"


def test_a_finding_without_stages_is_seen_too(finding: Finding, look: Look) -> None:
    made = dataclasses.replace(
        finding,
        table=tidy([{"indicator": "schools", "value": 3, "at": "2021"}]),
        checks=(),
        notes=(),
    )
    view = look(of=made)
    assert view.stages == ()
    assert view.value(view.row("schools")) == "3"


def test_all_but_one_is_not_all(look: Look) -> None:
    zh = look()
    row = zh.row("staff.share", stage="primary", by="school", subject="a")
    assert row is not None
    assert zh.value({**row, "value": 239 / 240}) == "99.6%"
    assert zh.value({**row, "value": 1.0}) == "100%"
