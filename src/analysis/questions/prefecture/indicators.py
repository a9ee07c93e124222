"""What the values of the prefecture chapter's ``indicator`` column mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.finding import Finding, Indicator

_PARTS = {
    # suffix: (zh, en, unit, digits)
    "theil": ("“{zh}”校际差异的泰尔指数", "Theil's index between schools: {en}", "index", 4),
    "between": ("“{zh}”差异中县与县之间的部分", "Difference that lies between counties: {en}", "share", 1),
    "within": ("“{zh}”差异中县内各校之间的部分", "Difference that lies within counties: {en}", "share", 1),
    "between_squared": ("“{zh}”差异中县与县之间的部分（按差异系数的平方）", "Difference that lies between counties, by the squared coefficient: {en}", "share", 1),
    "counties": ("“{zh}”参加分解的县（市、区）数", "Counties that enter the split: {en}", "counties", 0),
    "rank": ("“{zh}”差异系数可能的位次", "Ranks that the coefficient can have: {en}", "ranks", 0),
}  # fmt: skip

_OWN = (
    Indicator("counties_by_verdict", "按结论分的县（市、区）数", "Counties by verdict", "counties", "P0",
              digits=0),
    Indicator("counties", "县（市、区）数", "Counties", "counties", "P0", digits=0),
    Indicator("least_schools", "参加分解和排位的县至少应有的学校数",
              "Schools that a county needs to enter the split and the ranks", "schools", "P0", digits=0),
)  # fmt: skip

_PEERS = (
    Indicator("peer", "距离", "Distance", "distance", "P0", digits=2),
    Indicator("peer_candidates", "有公布数据的县（市、区）数", "Counties with published figures",
              "counties", "P0", digits=0),
    Indicator("peer_typical", "与全国任意一县的距离（中位数）", "Distance to any county (median)", "distance",
              "P0", digits=2),
)  # fmt: skip


def measured(finding: Finding) -> list[str]:
    """List the indicators that have a coefficient, in the order declared."""
    known = {indicator.id for indicator in finding.indicators}
    return [i.id for i in finding.indicators if "." not in i.id and f"{i.id}.coefficient" in known]


def declare(findings: Sequence[Finding], parameters: Mapping[str, Any]) -> tuple[Indicator, ...]:
    """Declare what the counties' findings use, and what is said of the prefecture as a whole."""
    used = {i.id: i for finding in findings for i in finding.indicators}
    ids = dict.fromkeys(id for finding in findings for id in measured(finding))
    parts = (part for id in ids for part in _declare(used[id]))
    least = {"least_schools": parameters["spread"]["least_schools"]}
    rules = (_rule(name, {**least, **parameters[name]}) for name in ("spread", "ranks"))
    return (*used.values(), *parts, *_OWN, *rules)


def declare_peers(parameters: Mapping[str, Any]) -> tuple[Indicator, ...]:
    """Declare the distances, the published variables that they rest on, and the rule."""
    published = (_publish(variable) for variable in parameters["variable"])
    return (*published, *_PEERS, _rule("peers", parameters))


def _declare(indicator: Indicator) -> Iterator[Indicator]:
    yield replace(
        indicator, id=f"{indicator.id}.level", definition_zh="", definition_en="", source=""
    )
    for suffix, (zh, en, unit, digits) in _PARTS.items():
        yield Indicator(
            f"{indicator.id}.{suffix}", zh.format(zh=indicator.zh), en.format(en=indicator.en),
            unit, "P0", digits=digits,
            interval_kind="sensitivity" if suffix == "rank" else "none",
        )  # fmt: skip


def _publish(variable: Mapping[str, Any]) -> Indicator:
    return Indicator(
        f"published_{variable['id']}", variable["zh"], variable["en"], variable["unit"], "P0",
        digits=variable["digits"],
        definition_zh=variable["definition_zh"].format(**variable),
        definition_en=variable["definition_en"].format(**variable),
        source=f"{variable['source']}〔{variable['standing']}〕",
    )  # fmt: skip


def _rule(name: str, rule: Mapping[str, Any]) -> Indicator:
    """Declare a rule that has no number of its own, for the table of definitions."""
    return Indicator(
        f"rule.{name}", rule["name_zh"], rule["name_en"], privacy="P0",
        definition_zh=rule["zh"].format(**rule), definition_en=rule["en"].format(**rule),
        source=f"{rule['source']}〔{rule['standing']}〕",
    )  # fmt: skip
