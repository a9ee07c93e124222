"""Sentences, key figures, definitions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html as lxml_html

from analysis.display import Rendered, View, prose
from analysis.errors import UsageError
from analysis.finding import Finding

Look = Callable[..., View]


def _texts(block: Rendered, path: str) -> list[str]:
    return [element.text_content() for element in lxml_html.fromstring(block.html).iterfind(path)]


def test_sentences_stand_by_stage(look: Look) -> None:
    primary, junior = prose.said(look(language="en"), "headline")
    assert primary.id == "sample-text-headline-primary"
    (sentence,) = _texts(primary, ".//p")
    assert sentence.startswith("The primary coefficient of Zhangbei County is 0.500, most in 甲|乙")
    assert junior.data["rows"][0]["sentence"].startswith("The junior secondary coefficient")


def test_the_numbers_of_a_sentence_leave_with_it(look: Look) -> None:
    """So that the audit and the comparison of two runs see what stands in prose alone."""
    for audience in ("internal", "public"):
        (block, _) = prose.said(look(audience), "headline")
        assert [cell["key"] for cell in block.data["cells"]] == ["staff.coefficient|primary|||2021"]
        assert block.data["cells"][0]["value"] == 0.5004


def test_a_withheld_name_leaves_its_clause_out(look: Look) -> None:
    (block, _) = prose.said(look("public"), "headline")
    assert _texts(block, ".//p") == ["张北县小学师资差异系数为0.500。"]


def test_names_are_text_on_screen_and_on_paper(look: Look) -> None:
    (block, _) = prose.said(look(), "headline")
    assert "<script" not in block.html
    assert "{{7*7}}" in block.html
    assert '#jh-prose(id: "sample-text-headline-primary", role: "headline", ("' in block.typst
    assert '\\"b\\" \\\\ <script>' in block.typst


def test_nothing_to_say_is_no_block(look: Look) -> None:
    assert prose.said(look(), "nosuchrole") == ()
    assert prose.box(look(), "nosuchrole") == ()


def test_many_sentences_are_a_list_and_some_may_be_chosen(look: Look) -> None:
    many = prose.said(look(), "note", "primary")[0]
    assert _texts(many, ".//li") == ["第一条。", "第二条。", "第三条。", "第四条。"]
    assert 'role: "list"' in many.typst
    some = prose.said(look(), "note", "primary", only=["two"])[0]
    assert _texts(some, ".//p") == ["第二条。"]
    assert some.id != many.id


def test_a_box_has_a_title_and_says_the_same_thing_once(look: Look) -> None:
    (block,) = prose.box(look(language="en"), "note")
    assert _texts(block, ".//p[@class='title']") == ["Notes"]
    assert _texts(block, ".//p[@class='said']") == ["One.", "Two.", "Three.", "Four."]
    assert block.typst.startswith('#jh-box(id: "sample-box-note", title: "Notes", (')


def test_tiles_tell_a_number_from_the_limit_it_rounds_to(look: Look) -> None:
    (block, _) = prose.tiles(look(), "tiles", ["staff.coefficient", "schools_met"])
    assert _texts(block, ".//dd[@class='value']") == ["0.5004", "60%"]
    assert _texts(block, ".//dd[@class='range']") == ["0.480～0.530", "3／5"]
    assert _texts(block, ".//dd[@class='verdict']") == ["○ 未达标"]
    assert '(label: "教师差异系数", value: "0.5004", unit: ""' in block.typst
    keys = {cell["key"] for cell in block.data["cells"]}
    assert keys == {"staff.coefficient|primary|||2021", "schools_met|primary|||2021"}


def test_no_more_than_six_tiles(look: Look) -> None:
    view = look()
    with pytest.raises(UsageError):
        prose.tiles(view, "tiles", ["staff"] * 7)
    for block in prose.tiles(view):
        assert len(block.data["rows"]) <= 3


def test_withheld_tiles_say_so(look: Look) -> None:
    (block,) = prose.tiles(look("public"), "people", ["boarders"])
    assert _texts(block, ".//dd[@class='value']") == ["未公布"]


def test_what_is_from_memory_is_to_be_confirmed(look: Look) -> None:
    (block,) = prose.method(look(language="en"))
    rows = [[c.text_content() for c in row] for row in lxml_html.fromstring(block.html).iter("tr")]
    assert rows == [
        ["Indicator", "Based on", "Standing"],
        ["Teachers per 100 pupils", "测试文件第1条", "to be confirmed"],
        ["Rooms per pupil", "测试文件第2条", "read at the source"],
    ]


def test_tiles_of_a_stage_say_which(look: Look) -> None:
    titles = [block.data["title"] for block in prose.tiles(look(language="en"))]
    assert titles == ["", "Primary", "Junior secondary"]


def test_a_year_in_a_sources_name_is_no_standing(finding: Finding, look: Look) -> None:
    indicator = dataclasses.replace(finding.indicators[0], source="教督〔2017〕6号〔V2〕")
    made = dataclasses.replace(finding, indicators=(indicator, *finding.indicators[1:]))
    (block,) = prose.method(look(of=made))
    assert block.data["rows"][0]["source"] == "教督〔2017〕6号"
    assert block.data["rows"][0]["standing"] == "据二手资料"


def test_provenance_names_run_and_source(look: Look, passport: dict[str, Any]) -> None:
    (block,) = prose.provenance(look(), passport)
    texts = " ".join(row["text"] for row in block.data["rows"])
    for part in (
        "张家口市张北县",
        "130722",
        "2021—2022学年",
        "测试局",
        "模拟数据",
        passport["run"],
    ):
        assert part in texts
