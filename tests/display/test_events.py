"""Event studies and estimates in several ways: what is drawn, where, and in which words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from analysis.display import View, charts, theme
from analysis.finding import Finding, tidy

Look = Callable[..., View]


def _events(finding: Finding, look: Look, missing: int | None = None) -> View:
    rows = [
        {"indicator": "staff.gap", "stage": "primary", "by": "since", "subject": str(since),
         "value": value, "value_low": value - 0.2, "value_high": value + 0.2,
         "interval_kind": "model"}
        for since, value in ((-3, 0.1), (-2, -0.1), (0, 1.0), (1, 1.5))
        if since != missing
    ]  # fmt: skip
    band = [{**row, "indicator": "staff.share", "value_low": row["value"] - 0.4,
             "value_high": row["value"] + 0.4} for row in rows]  # fmt: skip
    indicators = tuple(dataclasses.replace(i, digits=1) for i in finding.indicators)
    return look(of=dataclasses.replace(finding, table=tidy(rows + band), checks=(), notes=(),
                                       indicators=indicators))  # fmt: skip


def _ways(finding: Finding, look: Look) -> View:
    rows = [
        {"indicator": "staff.gap", "stage": "primary", "by": "way", "subject": way, "value": value,
         "value_low": value - 0.5, "value_high": high, "interval_kind": "model"}
        for way, value, high in (("one", 1.0, 1.5), ("two", 0.8, 1.3), ("three", 0.9, None))
    ]  # fmt: skip
    return look(of=dataclasses.replace(finding, table=tidy(rows), checks=(), notes=()))


def _places(svg: str) -> list[tuple[float, float, bool]]:
    """Give the dots: where they lie, and whether they are full."""
    found = re.findall(
        r'<use xlink:href="#m[0-9a-f]+" x="([\d.]+)" y="([\d.]+)" style="fill: (#[0-9a-f]{6})', svg
    )
    return [(float(x), float(y), fill != "#ffffff") for x, y, fill in found]


def test_years_lie_in_order_around_a_hollow_reference_at_nought(
    finding: Finding, look: Look
) -> None:
    (block,) = charts.event_study(_events(finding, look), "events", "staff.gap", by="since",
                                  band="staff.share")  # fmt: skip
    dots = sorted(_places(block.svg)[:5])
    xs = [x for x, _, _ in dots]
    steps = [b - a for a, b in pairwise(xs)]
    assert steps == pytest.approx([steps[0]] * 4, abs=0.02)
    assert [full for _, _, full in dots] == [True, True, False, True, True]
    # Upwards is more: 1.5 lies above 1.0, those above nought, -0.1 below it.
    heights = [-y for _, y, _ in dots]
    assert heights[4] > heights[3] > heights[0] > heights[2] > heights[1]
    assert len(block.data["rows"]) == 8


def test_a_year_without_a_number_keeps_its_place(finding: Finding, look: Look) -> None:
    whole, part = (
        charts.event_study(_events(finding, look, missing), "events", "staff.gap", by="since")[0]
        for missing in (None, -2)
    )
    dots = sorted(_places(part.svg)[:4])
    assert len(dots) == 4
    assert dots[1][0] - dots[0][0] > 1.5 * (dots[2][0] - dots[1][0])
    assert whole.data["alt"] != part.data["alt"]


def test_event_studies_say_their_numbers_in_both_languages(finding: Finding, look: Look) -> None:
    view = _events(finding, look)
    (block,) = charts.event_study(view, "events", "staff.gap", by="since", stage="primary")
    assert "2" in block.data["alt"]
    assert 30 <= len(block.data["alt"]) <= 200
    assert block.data["title"]
    assert charts.event_study(view, "events", "staff.gap", by="since", stage="junior") == ()


def test_the_main_way_is_full_and_all_are_written(finding: Finding, look: Look) -> None:
    view = _ways(finding, look)
    (block,) = charts.range_dots(view, "ways", "staff.gap", by="way", main="two")
    # One of them is the key's.
    rows = sorted(_places(block.svg)[-3:], key=lambda dot: dot[1])
    assert [full for _, _, full in rows] == [False, True, False]
    (plain,) = charts.range_dots(view, "ways", "staff.gap", by="way")
    assert all(full for _, _, full in _places(plain.svg))
    assert [row["subject"] for row in block.data["rows"]] == ["one", "two", "three"]
    assert charts.range_dots(_ways(finding, look), "ways", "staff.gap", by="nothing") == ()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_number_beside_a_range_ends_inside_the_drawing(
    finding: Finding, look: Look, language: str
) -> None:
    """However long it is: both ends with sign and many digits."""
    rows = [
        {"indicator": "staff.gap", "stage": "primary", "by": "way", "subject": way, "value": -0.04,
         "value_low": -12345.125, "value_high": 12345.5, "interval_kind": "model"}
        for way in ("one", "two")
    ]  # fmt: skip
    indicators = tuple(dataclasses.replace(i, digits=3) for i in finding.indicators)
    view = look(language=language, of=dataclasses.replace(finding, table=tidy(rows), checks=(), notes=(),
                                                 indicators=indicators))  # fmt: skip
    (block,) = charts.range_dots(view, "ways", "staff.gap", by="way")
    row = view.rows("staff.gap", stage="primary", by="way")[0]
    told = view.word("display.flagged", number=view.value(row), flag=view.range(row))
    width = float(re.search(r'viewBox="0 0 ([0-9.]+)', block.svg)[1])  # type: ignore[index]
    starts = [float(x) for x in re.findall(r"translate\(([0-9.]+) [0-9.]+\) scale", block.svg)]
    beside = max(starts)
    assert beside > width / 2
    assert beside + theme.text_width(told) <= width
