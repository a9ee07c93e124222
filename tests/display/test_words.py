"""House style of all that readers read: Chinese punctuation, lengths, nothing missing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from analysis import i18n
from analysis.display import Rendered, View, charts, prose, tables

HALF_WIDTH = re.compile(
    r"(?<=[\u4e00-\u9fff”）])[,;:?!()](?=[\u4e00-\u9fff“（])"
    r"|(?<=[\u4e00-\u9fff])[,;:()](?=\s|$)"
)
BANNED = ("取得显著成效", "严重滞后", "遥遥领先")


def _said(language: i18n.Language) -> dict[str, str]:
    return {key: i18n.text(key, language) for key in i18n.catalogue()}


def test_chinese_has_chinese_punctuation_and_no_praise() -> None:
    wrong = {
        key: text
        for key, text in _said("zh").items()
        if HALF_WIDTH.search(re.sub(r"\{[^{}]*\}", "数", text)) or any(b in text for b in BANNED)
    }
    assert wrong == {}


def test_the_lint_sees_what_it_is_for() -> None:
    for text in ("小学,初中", "县(市)级", "结论:达标", "达标;"):
        assert HALF_WIDTH.search(text), text
    assert not HALF_WIDTH.search("小学，初中（0.50～0.60）；20:30")


def test_english_is_without_chinese() -> None:
    wrong = {
        key: text
        for key, text in _said("en").items()
        if key.startswith("display.") and re.search(r"[\u3000-\u9fff\uff00-\uffef]", text)
    }
    assert wrong == {}


def test_every_word_of_display_can_be_said_in_both_languages() -> None:
    for key in i18n.keys("display."):
        blanks = {
            language: set(re.findall(r"\{(\w+)", i18n.text(key, language)))
            for language in i18n.LANGUAGES
        }
        assert blanks["zh"] == blanks["en"], key


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_what_display_writes_keeps_to_the_style(look: Callable[..., View], audience: str) -> None:
    view = look(audience)
    blocks: list[Rendered] = [
        *charts.dot_strips(view, "a"),
        *charts.limit_dots(view, "b"),
        *charts.trend_lines(view, "c"),
        *charts.contribution_bars(view, "d"),
        *charts.bars(view, "e", "schools", "kind"),
        *tables.verdicts(view, "targets"),
        *tables.cells(view, "levels", columns=("value", "coefficient")),
        *prose.tiles(view),
    ]
    for block in blocks:
        data = block.data
        for text in (data["title"], data["subtitle"], data["alt"], data["note"], data["source"]):
            assert not HALF_WIDTH.search(text), text
        assert len(data["title"]) <= 24, data["title"]
    assert len({block.id for block in blocks}) == len(blocks)
