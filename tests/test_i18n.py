"""The catalogue: both languages of everything, blanks that cannot be left open, clean Chinese."""

from __future__ import annotations

import re

import pytest

from analysis import i18n
from analysis.i18n import CatalogueError, fill, say, show


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [
        (0.515257, "2", "0.52"), (1234.5, "1", "1,234.5"), (-0.0312, "3", "−0.031"),
        (-0.0001, "2", "0.00"), (0.634, "pct", "63%"), (0.6349, "pct1", "63.5%"),
        (-0.05, "pct", "−5%"), (12345, "n", "12,345"), (2021, "code", "2021"), (0.5, "g", "0.5"),
        (0.45, "g", "0.45"), (2000, "g", "2,000"), (4.2, "g", "4.2"), ("甲", "2", "甲"),
        (6, "g", "6"),
    ],
)  # fmt: skip
def test_numbers_are_written_by_their_format(value: float | str, spec: str, expected: str) -> None:
    assert show(value, spec) == expected


def test_a_word_for_one_and_a_word_for_many() -> None:
    sentence = "{n:n} {n|school|schools}"
    assert fill(sentence, n=1) == "1 school"
    assert fill(sentence, n=0) == "0 schools"


def test_what_is_optional_goes_when_a_blank_is_missing() -> None:
    sentence = "a⟦（{x}）⟧⟦，{y:2}⟧"
    assert fill(sentence, x="b", y=float("nan")) == "a（b）"
    assert fill(sentence) == "a"


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_blank_that_must_be_filled_is(value: float | None) -> None:
    with pytest.raises(CatalogueError, match="no value for n"):
        fill("{n:2}", "toy.key", n=value)


def test_infinity_is_not_said() -> None:
    with pytest.raises(CatalogueError):
        show(float("inf"), "2")


def test_text_of_users_is_never_a_format() -> None:
    assert fill("{name}", name="{0.__class__} {x} ⟦y⟧ %(z)s") == "{0.__class__} {x} ⟦y⟧ %(z)s"


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(CatalogueError, match=r"verdict\.maybe"):
        say("verdict.maybe", "zh")


def test_both_languages_of_a_sentence_have_the_same_numbers() -> None:
    number, blank = re.compile(r"\{(\w+):(?!code)\w+\}"), re.compile(r"\{(\w+)[^}]*\}")
    wrong = [
        key
        for key, entry in i18n.catalogue().items()
        for one, other in (("zh", "en"), ("en", "zh"))
        if not key.startswith("cli.")  # both languages stand on one line there
        and not set(number.findall(entry[one])) <= set(blank.findall(entry[other]))
    ]
    assert wrong == []


_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
HALF_WIDTH = re.compile(rf"[{_HAN}”）][,;:()!?]|[,;:()!?][{_HAN}“（]")


def test_no_half_width_punctuation_between_chinese_characters() -> None:
    wrong = [key for key, e in i18n.catalogue().items() if HALF_WIDTH.search(_bare(e["zh"]))]
    assert wrong == []


def test_no_praise_and_no_blame() -> None:
    banned = ("显著成效", "严重滞后", "遥遥领先", "excellent", "alarming", "impressive")
    wrong = [k for k, e in i18n.catalogue().items() for w in banned if w in e["zh"] + e["en"]]
    assert wrong == []


def _bare(sentence: str) -> str:
    """Leave out blanks, whose formats have colons."""
    return re.sub(r"\{[^}]*\}", "", sentence)
