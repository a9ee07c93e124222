"""What the values of the assurance chapter's ``indicator`` column mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.finding import Better, Indicator, Privacy
from analysis.questions.assurance.outcomes import Item
from analysis.questions.assurance.schools import quota
from analysis.questions.assurance.sites import Rules

PERSONS = frozenset({"teachers", "children", "pupils", "persons"})
"""Bases of shares that count persons."""
BY_SCHOOL = frozenset({"schools", "classes"})
_SENSITIVE = frozenset({"disabled"})

_OWN = (
    ("assurance_items", "可用数据判断的要求数", "Requirements that data can decide", "requirements", 0),
    ("items_by_verdict", "按结论分的要求数", "Requirements by verdict", "requirements", 0),
    ("document_item", "办法中的序号", "No.", "", 0),
    ("schools_in_scope", "学校数", "Schools", "schools", 0),
    ("schools_list_short", "名册少于填报教师数的学校", "Schools whose list is shorter than their count of teachers", "schools", 0),
    ("eligibility_years", "交流规定的连续任教年限", "Years at one school after which teachers move", "", 0),
)  # fmt: skip


def judged(item: Item) -> str:
    """Give the indicator that holds the number of an item and that its check is on.

    >>> judged({"id": "rooms", "basis": "schools"}), judged({"id": "pay", "basis": "ratio"})
    ('rooms.schools_met', 'pay')
    """
    return f"{item['id']}.schools_met" if item["basis"] == "schools" else str(item["id"])


def privacy(item: Item) -> Privacy:
    """Give the class of an item's number: sensitive, of persons, or a fact of institutions."""
    if item["id"] in _SENSITIVE:
        return "P2"
    return "P1" if item["basis"] in PERSONS else "P0"


def declare(rules: Rules, year: int) -> tuple[Indicator, ...]:
    """Declare every indicator that the chapter uses, in the order of the document."""
    items = tuple(part for item in rules["item"] for part in _declare(item, year))
    own = tuple(
        Indicator(id, zh, en, unit, "P0", digits=digits) for id, zh, en, unit, digits in _OWN
    )
    out = Indicator(
        "transfers_out", "三年转出的比例", "Moved out over three years", "share", "P1", "lower",
        digits=1,
    )  # fmt: skip
    return (*items, *_rules(rules, year), out, *own)


def _rules(rules: Rules, year: int) -> Iterator[Indicator]:
    """Declare the rules that have no number of their own, for the table of definitions."""
    funds = next(item for item in rules["item"] if "quota" in item)
    numbers = {"quota_now": quota(funds, year)}
    for rule in rules["rule"]:
        yield Indicator(
            f"rule.{rule['id']}", rule["zh"], rule["en"], privacy="P0",
            definition_zh=rule["definition_zh"].format(**numbers),
            definition_en=rule["definition_en"].format(**numbers),
            source=f"{rule['source']}〔{rule['standing']}〕",
        )  # fmt: skip


def _declare(item: Item, year: int) -> Iterator[Indicator]:
    said = words(item, year)
    better: Better = "lower" if item["basis"] == "variation" else "higher"
    unit, digits = ("ratio", 3 if better == "lower" else 2) if _is_ratio(item) else ("share", 1)
    yield Indicator(
        str(item["id"]), said["zh"], said["en"], unit, privacy(item), better, digits=digits,
        definition_zh=said["definition_zh"], definition_en=said["definition_en"],
        source=f"{item['source']}〔{item['standing']}〕",
    )  # fmt: skip
    if item["basis"] not in BY_SCHOOL:
        return
    name = judged(item)
    if name != item["id"]:
        # Named as the item itself: its check reads the same where the item stands alone.
        yield Indicator(name, said["zh"], said["en"], "share", "P0", "higher", digits=1)
    if "short_zh" in item:
        yield Indicator(f"{item['id']}.at_fault", item["short_zh"], item["short_en"], item["basis"], "P0",
                        "lower", digits=0)  # fmt: skip
    yield Indicator(f"{item['id']}.unknown", f"“{said['zh']}”数据不全的学校数",
                    f"Schools whose data are not complete: {said['en']}", "schools", "P0",
                    "lower", digits=0)  # fmt: skip
    yield Indicator(f"{item['id']}.lack", item["lack_zh"], item["lack_en"], item["lack_unit"],
                    "P0", "lower", digits=0)  # fmt: skip


def words(item: Item, year: int) -> dict[str, str]:
    """Give an item's name and definition, its numbers filled in."""
    numbers: Mapping[str, Any] = dict(item)
    if "quota" in item:
        numbers = {**numbers, "quota_now": quota(item, year)}
    keys = ("zh", "en", "definition_zh", "definition_en")
    return {key: str(item[key]).format(**numbers) for key in keys}


def _is_ratio(item: Item) -> bool:
    return item["basis"] in ("ratio", "variation")
