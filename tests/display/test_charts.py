"""Drawings: what they show, what they say, that they hold no more than was released."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from lxml import etree

from analysis.display import Rendered, View, charts, tables, theme
from analysis.errors import RenderError, UsageError
from analysis.finding import Finding, save, tidy

Look = Callable[..., View]
BLUE_DOT, ORANGE_DIAMOND = "#12436d", "#f46a25"


def _all(view: View) -> list[Rendered]:
    return [
        *charts.dot_strips(view, "strips"),
        *charts.limit_dots(view, "limits"),
        *charts.trend_lines(view, "trend"),
        *charts.contribution_bars(view, "shares"),
        *charts.bars(view, "kinds", "schools", "kind"),
    ]


def _keys(block: Rendered) -> set[str]:
    return {cell["key"] for cell in block.data["cells"]}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("audience", ["internal", "superior", "public"])
def test_every_figure_has_words_a_valid_drawing_and_its_numbers(
    look: Look, audience: str, language: str
) -> None:
    blocks = _all(look(audience, language))
    assert len(blocks) == 9
    for block in blocks:
        data = block.data
        assert block.kind == "figure"
        assert data["title"]
        assert data["subtitle"]
        assert re.search(r"\d", data["alt"])
        assert 30 <= len(data["alt"]) <= 200
        assert data["source"]
        assert data["cells"]
        assert data["rows"]
        svg = etree.fromstring(block.svg.encode())
        assert svg.tag.endswith("svg")
        assert 'alt="' in block.html
    assert len({block.data["alt"] for block in blocks}) == len(blocks)
    assert len({block.id for block in blocks}) == len(blocks)


def test_drawings_hold_no_text_date_address_or_comment(look: Look) -> None:
    for block in _all(look()):
        assert "<!--" not in block.svg
        assert "<text" not in block.svg
        assert "matplotlib" not in block.svg.lower()
        assert "metadata" not in block.svg
        assert "DOCTYPE" not in block.svg
        addresses = set(re.findall(r"https?://[^\"' ]+", block.svg))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_drawings_hold_no_raw_value(finding: Finding, look: Look) -> None:
    rows = finding.table.to_dict("records")
    canary = [
        {**r, "value": 37.418293} if (r["indicator"], r["subject"]) == ("staff", "d") else r
        for r in rows
    ]
    view = look(of=dataclasses.replace(finding, table=tidy(canary)))
    svg = charts.dot_strips(view, "strips", ["staff"])[0].svg
    assert "37.418" not in svg
    assert not re.findall(r"\d\.\d{5,}", svg.replace("0.15625", ""))


def test_met_and_not_met_differ_in_colour_and_shape(look: Look) -> None:
    svg = charts.dot_strips(look(), "strips", ["staff"], stage="primary")[0].svg
    marks = re.findall(r'<path id="(m[0-9a-f]+)" d="([^"]+)"', svg)
    shapes = {id: "round" if "C" in d else "square" for id, d in marks}
    uses = re.findall(r'<use xlink:href="#(m[0-9a-f]+)"[^>]*style="fill: (#[0-9a-f]{6})', svg)
    drawn = [(shapes[id], colour) for id, colour in uses]
    # One of each is the key's.
    assert drawn.count(("round", BLUE_DOT)) == 3 + 1
    assert drawn.count(("square", ORANGE_DIAMOND)) == 2 + 1


def test_a_missing_year_breaks_the_line(look: Look) -> None:
    block = charts.trend_lines(look(), "trend", stage="primary")[0]
    lines = re.findall(r'd="(M[^"]+)" style="fill: none; stroke: #12436d', block.svg)
    # 2017–2018, then 2020–2021: two strokes, 2019 stands between them without a point.
    assert [line.count("M") for line in lines] == [2]
    assert {"staff.coefficient|primary|||2017", "staff.coefficient|primary|||2021"} <= _keys(block)


def test_the_axis_of_counts_over_years_begins_at_zero(finding: Finding, look: Look) -> None:
    rows = [
        {"indicator": "schools", "stage": stage, "at": str(year), "value": 100.0 + year - 2017}
        for stage in ("primary", "junior")
        for year in (2017, 2018)
    ]
    view = look(of=dataclasses.replace(finding, table=tidy(rows), checks=(), notes=()))
    (block,) = charts.trend_lines(view, "schools", ["schools"])
    assert block.id == "sample-figure-schools"
    assert len(block.data["rows"]) == 4
    assert charts.canvas.Scale.over([100.0, 101.0], 5.0, 0.0, zero=True).low == 0.0


def test_more_than_four_lines_are_refused(finding: Finding, look: Look) -> None:
    rows = [
        {"indicator": "schools", "stage": f"s{stage}", "at": str(year), "value": 1.0 + stage}
        for stage in range(5)
        for year in (2020, 2021)
    ]
    view = look(of=dataclasses.replace(finding, table=tidy(rows), checks=(), notes=()))
    with pytest.raises(UsageError):
        charts.trend_lines(view, "schools", ["schools"])


def test_a_number_that_rounds_to_its_limit_is_written_apart_from_it(look: Look) -> None:
    view = look()
    assert view.against(0.5004, 0.5, "staff.coefficient") == "0.5004"
    assert view.against(0.5, 0.5, "staff.coefficient") == "0.500"
    assert view.against(0.4, 0.5, "staff.coefficient") == "0.400"


def test_the_worst_indicator_is_taken_and_the_top_schools_ranked(look: Look) -> None:
    block = charts.contribution_bars(look(), "shares", stage="primary", top=2)[0]
    assert _keys(block) == {
        "staff.share|primary|school|a|2021", "staff.share|primary|school|b|2021",
    }  # fmt: skip
    assert [row["value"] for row in block.data["rows"]] == [40.0, 30.0]


def test_units_are_drawn_by_name(finding: Finding, look: Look) -> None:
    names = {str(n): {"zh": f"第{n}县", "en": f"County {n}"} for n in range(1, 4)}
    rows = [
        {"indicator": "staff.coefficient", "stage": "primary", "by": "county", "subject": code,
         "at": "2021", "value": 0.1 * int(code)}
        for code in names
    ]  # fmt: skip
    made = dataclasses.replace(
        finding, table=tidy(rows), checks=(), notes=(),
        labels={**finding.labels, "county": {**finding.labels["county"], **names}},
    )  # fmt: skip
    (block,) = charts.unit_dots(look("public", "en", made), "coefficients")
    assert [row["subject"] for row in block.data["rows"]] == ["County 1", "County 2", "County 3"]
    assert "3 units" in block.data["alt"]


def test_a_figure_and_a_table_of_one_name_may_both_be_withheld(
    finding: Finding, look: Look
) -> None:
    rows = [{"indicator": "staff", "stage": "primary", "at": "2021", "by": "school",
             "subject": subject, "flag": "c"} for subject in ("A", "B")]  # fmt: skip
    view = look("superior", of=dataclasses.replace(finding, table=tidy(rows), checks=(), notes=()))
    (line,) = charts.dot_strips(view, "schools")
    (other,) = tables.cells(view, "schools", ["staff"], rows="subject", by="school")
    assert line.kind == other.kind == "prose"
    assert line.id != other.id


def test_withheld_rows_alone_make_a_line_and_no_rows_make_nothing(
    finding: Finding, look: Look
) -> None:
    rows = [{"indicator": "staff.coefficient", "stage": "primary", "at": "2021", "flag": "c"}]
    view = look(of=dataclasses.replace(finding, table=tidy(rows), checks=(), notes=()))
    (block,) = charts.limit_dots(view, "limits")
    assert (block.kind, block.svg) == ("prose", "")
    assert "不予公布" in block.html
    assert charts.dot_strips(view, "strips") == ()
    assert charts.trend_lines(view, "trend") == ()


def test_a_school_name_without_a_font_fails_and_names_the_place(
    finding: Finding, look: Look
) -> None:
    schools = {**finding.labels["school"], "a": {"zh": "𠮷小学", "en": "𠮷"}}
    view = look(of=dataclasses.replace(finding, labels={**finding.labels, "school": schools}))
    with pytest.raises(RenderError, match=r"U\+20BB7.*sample\.school"):
        charts.contribution_bars(view, "shares")


def test_markup_in_names_is_drawn_as_it_is(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    draw = charts.canvas.Canvas.text

    def spy(self: Any, x: float, y: float, text: str, **style: Any) -> None:
        written.append(text)
        draw(self, x, y, text, **style)

    monkeypatch.setattr(charts.canvas.Canvas, "text", spy)
    charts.contribution_bars(look(), "shares", stage="primary")
    everything = "".join(written).replace(" ", "")
    assert "甲|乙#$x$_a_{{7*7}}" in everything
    assert "_丙小学" in everything
    assert "49" not in everything


def test_text_is_large_enough_and_within_the_page(
    finding: Finding, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[float] = []
    draw = charts.canvas.Canvas.text

    def spy(self: Any, x: float, y: float, text: str, **style: Any) -> None:
        size = style.get("size", theme.SIZE)
        width = theme.text_width(text, size) * charts.canvas.POINT
        start = {"left": x, "center": x - width / 2, "right": x - width}[style.get("align", "left")]
        assert start >= -0.02, text
        assert start + width <= self.width + 0.02, text
        assert 0 <= y <= self.height, text
        sizes.append(size)
        draw(self, x, y, text, **style)

    monkeypatch.setattr(charts.canvas.Canvas, "text", spy)
    rows = [
        {"indicator": "schools", "stage": stage, "at": str(year), "value": 1e5}
        for stage in ("primary", "junior")
        for year in (2020, 2021)
    ]
    counts = dataclasses.replace(finding, table=tidy(rows), checks=(), notes=())
    for language in ("zh", "en"):
        _all(look(language=language))
        charts.trend_lines(look("public", language, counts), "schools", ["schools"])
    assert min(sizes) >= 8.0


def test_the_users_settings_change_nothing(look: Look) -> None:
    plain = charts.limit_dots(look(), "limits", stage="primary")[0].svg
    with matplotlib.rc_context({"axes.facecolor": "red", "savefig.bbox": "tight", "font.size": 30}):
        assert charts.limit_dots(look(), "limits", stage="primary")[0].svg == plain


SAME = """
import hashlib, sys
from analysis.display import View, charts, tables
from analysis.finding import load
from analysis.release import release
view = View(release(load(sys.argv[1]), "internal"), "zh")
blocks = charts.limit_dots(view, "x") + charts.contribution_bars(view, "y")
digest = hashlib.sha256("".join(b.html + b.svg for b in blocks).encode()).hexdigest()
"""


def test_the_same_bytes_elsewhere(
    finding: Finding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(dataclasses.replace(finding, notes=(), checks=()), tmp_path / "chapters")
    there = tmp_path / "b 中文"
    there.mkdir()
    elsewhere = {"PYTHONHASHSEED": "77", "TZ": "Asia/Shanghai"}
    run = subprocess.run(
        [sys.executable, "-c", f"{SAME}print(digest)", str(path)], cwd=there, check=True,
        env={**os.environ, **elsewhere}, capture_output=True, text=True,
    )  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["", str(path)])
    here: dict[str, Any] = {}
    exec(SAME, here)  # noqa: S102
    assert run.stdout.strip() == here["digest"]


def test_a_funnel_names_whoever_lies_outside_of_chance_and_nobody_else(look: Look) -> None:
    view = look("internal")
    released = view.released
    ids = [i for i in view.ids("", "primary", "school") if "." not in i]
    rows = view.rows(ids[0], stage="primary", by="school")
    table = released.table.copy()
    mine = (
        (table["indicator"] == ids[0]) & (table["by"] == "school") & (table["stage"] == "primary")
    )
    table.loc[mine, ["value", "value_low", "value_high"]] = [1.0, 0.5, 1.5]
    table.loc[mine, "n"] = [100.0 + 10 * n for n in range(int(mine.sum()))]
    table.loc[table.index[mine][0], "value"] = 2.0
    changed = View(dataclasses.replace(released, table=table), "zh")
    [block] = charts.funnel(changed, "funnel", ids[0], stage="primary")
    assert f"{len(rows)}个单位" in block.data["alt"]
    assert "1个超出偶然范围" in block.data["alt"]
    assert block.svg.count(ORANGE_DIAMOND) > 0
    assert len(block.data["cells"]) == len(rows)
    table.loc[mine, "value"] = 1.0
    [calm] = charts.funnel(
        View(dataclasses.replace(released, table=table), "zh"), "funnel", ids[0], stage="primary"
    )
    assert "0个超出偶然范围" in calm.data["alt"]
    assert len(calm.svg) < len(block.svg)
