from __future__ import annotations

from typing import Any

import hostile
import pytest
import sample_report as sample
from lxml import html as parser

from analysis import wire
from analysis.press.exporters import CountyHTMLExporter


def section(rows: list[dict[str, Any]], texts: list[str], language: str = "zh") -> Any:
    bundle = sample.figure(sample.WORDS[language], language=language)
    columns = [{"id": id, "label": id.upper(), "kind": "text", "digits": 0} for id in texts]
    columns.append({"id": "value", "label": "VALUE", "kind": "number", "digits": 2})
    bundle[wire.RELEASED]["columns"] = columns
    bundle[wire.RELEASED]["rows"] = [{"value_flag": "", **row} for row in rows]
    nb = sample.report(language, bundles=[bundle])
    tree = parser.fromstring(CountyHTMLExporter().from_notebook_node(nb)[0])
    return tree.find(".//section")


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


ROWS = [
    {"indicator": "A", "subject": "a2", "at": "2021", "value": 2000.0},
    {"indicator": "A", "subject": "a1", "at": "2021", "value": 0.5, "value_flag": "p"},
    {"indicator": "B", "subject": "b1", "at": "2021", "value": None, "value_flag": "c"},
]


def test_the_numbers_of_a_drawing_are_a_table_that_is_folded_away() -> None:
    """What all rows share is said above; each indicator heads its rows; codes are words."""
    made = section(ROWS, ["indicator", "subject", "at"])
    (details,) = made.findall(".//details")
    assert "open" not in details.attrib
    assert words(details.find("summary")) == "查看图中数据（3行）"
    assert words(details.find(".//caption")) == "七项指标中五项在限值以内：图中数据 · AT：2021"
    heads = [(th.get("scope"), words(th)) for th in details.iter("th")]
    assert heads == [
        ("col", "SUBJECT"), ("col", "VALUE"), ("rowgroup", "A"), ("row", "a2"), ("row", "a1"),
        ("rowgroup", "B"), ("row", "b1"),
    ]  # fmt: skip
    assert [words(td) for td in details.iter("td")] == ["2,000.0", "0.5（初步）", "未公布"]


def test_a_unit_stands_with_its_indicator_once() -> None:
    rows = [{"unit": unit, **row} for unit, row in zip(("元", "元", "间"), ROWS, strict=True)]
    (details,) = section(rows, ["indicator", "subject", "unit"]).findall(".//details")
    heads = [words(th) for th in details.iter("th") if th.get("scope") == "rowgroup"]
    assert heads == ["A（元）", "B（间）"]
    mixed = [{**row, "unit": unit} for unit, row in zip(("元", "间", "间"), ROWS, strict=True)]
    (details,) = section(mixed, ["indicator", "subject", "unit"]).findall(".//details")
    assert [words(td) for td in details.iter("td")][::2] == ["元", "间", "间"]


def test_a_drawing_scrolls_in_a_region_with_its_caption_outside() -> None:
    made = section(ROWS, ["indicator", "subject", "at"])
    (image,) = made.findall(".//img")
    region = image.getparent()
    assert (region.get("class"), region.get("tabindex")) == ("drawing", "0")
    assert "左右滚动" in region.get("aria-label")
    assert not region.findall(".//figcaption")
    assert [words(hint) for hint in made.find_class("hint")] == ["← 左右滑动可看全 →"]


@pytest.mark.parametrize("payload", [*hostile.SCRIPTS[:4], *hostile.TEMPLATES[:2]])
def test_names_in_the_numbers_stay_names(payload: str) -> None:
    rows = [{"indicator": payload, "subject": name, "value": 1.0} for name in (payload, "b")]
    made = section(rows, ["indicator", "subject"], "en")
    (table,) = made.findall(".//details//table")
    assert {str(e.tag) for e in table.iter()} <= {
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert payload in {th.text for th in table.iter("th")}


def test_only_wide_tables_say_that_they_scroll() -> None:
    nb = sample.report("en", bundles=[sample.table(sample.WORDS["en"], ["A"], language="en")])
    tree = parser.fromstring(CountyHTMLExporter().from_notebook_node(nb)[0])
    assert len(tree.find_class("hint")) == 1
    narrow = sample.table(sample.WORDS["en"], ["A"], language="en")
    narrow[wire.RELEASED]["columns"] = narrow[wire.RELEASED]["columns"][:2]
    tree = parser.fromstring(
        CountyHTMLExporter().from_notebook_node(sample.report("en", bundles=[narrow]))[0]
    )
    assert tree.find_class("hint") == []
