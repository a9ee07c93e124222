"""What the values of the plan's ``indicator`` column mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.finding import Indicator

_FIXED = (
    # id, zh, en, unit, digits, better
    ("plan_cost", "所需投入", "Cost", "wan_yuan", 0, "lower"),
    ("plan_bound", "投入的下界", "Least possible cost", "wan_yuan", 0, "neither"),
    ("plan_gap", "最多比最低投入高出", "Possible excess over the lowest cost", "share", 1, "lower"),
    ("plan_moves", "交流教师数", "Teachers moved", "teachers", 0, "neither"),
    ("plan_moves_out", "派出教师数", "Teachers moved out", "teachers", 0, "neither"),
    ("plan_moves_in", "接收教师数", "Teachers moved in", "teachers", 0, "neither"),
    ("plan_quantity", "数量", "Quantity", "", 0, "neither"),
    ("plan_schools", "参加测算的学校数（分学段计）", "Schools planned for, by stage", "schools", 0, "neither"),
    ("plan_unreported", "有指标未上报的学校数（分学段计）", "Schools with indicators not reported, by stage", "schools", 0, "lower"),
    ("schools_now", "现在达到学校标准的学校数", "Schools that meet the school rule now", "schools", 0, "higher"),
    ("schools_moved", "仅靠教师交流最多可达到学校标准的学校数", "Schools that can meet it by moving teachers alone", "schools", 0, "higher"),
    ("coefficient_now", "现状", "Now", "coefficient", 3, "lower"),
    ("coefficient_after", "方案实施后", "After the plan", "coefficient", 3, "lower"),
    ("coefficient_limit", "上限", "Limit", "coefficient", 2, "neither"),
    ("rule_price", "去掉这一条可少投入", "Saved without this rule", "wan_yuan", 0, "neither"),
    ("plan_exchange_eligible", "符合交流条件的教师数", "Teachers who may be exchanged", "teachers", 0, "neither"),
    ("plan_exchange_least", "交流人数的最低要求", "Least number to be exchanged in a year", "teachers", 0, "neither"),
    ("plan_exchange_backbone", "交流教师中骨干教师所占比例", "Share of backbone teachers among those moved", "share", 0, "higher"),
    ("years_counted", "经常性支出计入的年数", "Years for which recurrent costs are counted", "", 0, "neither"),
)  # fmt: skip


def declare(actions: Mapping[str, Any]) -> tuple[Indicator, ...]:
    """Declare every indicator of the plan's finding; what things cost is on the methods page."""
    fixed = (
        Indicator(id, zh, en, unit, "P0", better, digits=digits)  # type: ignore[arg-type]
        for id, zh, en, unit, digits, better in _FIXED
    )
    return (*fixed, *_costs(actions))


def _costs(actions: Mapping[str, Any]) -> Iterator[Indicator]:
    """Declare each action: its number at a type of school, and its price in the definition."""
    move = actions["move"]
    yield _priced("rule.move", move, "每人", "a person")
    for action in actions["add"]:
        yield _priced(f"rule.{action['id']}", action, f"每{action['unit_zh']}", action["unit_en"])
        yield Indicator(
            f"at_{action['id']}", f"{action['short_zh']}（{action['unit_zh']}）",
            f"{action['short_en']} ({action['unit_en']})", "", "P0", digits=0,
        )  # fmt: skip
    for id, zh, en in (
        ("staffing", "派出学校的编制底线", "Staff kept at a sending school"),
        ("horizon", "计入年数", "Years counted"),
    ):
        part = actions[id]
        yield Indicator(
            f"rule.{id}", zh, en, privacy="P0", definition_zh=part["zh"].format(**part),
            definition_en=part["en"].format(**part), source=f"{part['source']}〔{part['standing']}〕",
        )  # fmt: skip


def _priced(id: str, action: Mapping[str, Any], per_zh: str, per_en: str) -> Indicator:
    often_zh, often_en = ("每年", " a year") if action["recurs"] else ("一次性", " once")
    return Indicator(
        id, action["zh"], action["en"], privacy="P0",
        definition_zh=f"单价：{per_zh}{often_zh}{action['yuan']:,}元（{action['date']}年水平）。",
        definition_en=f"Unit cost: {action['yuan']:,} yuan per {per_en}{often_en}, at {action['date']} prices.",
        source=f"{action['source']}〔{action['standing']}〕",
    )  # fmt: skip
