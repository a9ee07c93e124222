"""What the values of the balance chapter's ``indicator`` column mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.finding import Indicator
from analysis.questions.balance.schools import Scheme

_PARTS = {
    # suffix: (zh, en, unit, digits, better)
    "coefficient": ("“{zh}”校际差异系数", "Difference coefficient: {en}", "coefficient", 3, "lower"),
    "schools_met": ("“{zh}”达标学校比例", "Schools at the threshold: {en}", "share", 0, "higher"),
    "share": ("对“{zh}”差异的贡献", "Share of the difference: {en}", "share", 0, "neither"),
    "share_most": ("对“{zh}”差异贡献最大的几所学校合计占比", "Share of the difference of the schools that add most: {en}", "share", 0, "neither"),
    "influence": ("不计该校时“{zh}”差异系数的变化", "Change of the coefficient without the school: {en}", "coefficient", 3, "neither"),
    "influence_most": ("影响最大的一所学校：不计时“{zh}”差异系数的变化", "Largest change of the coefficient without one school: {en}", "coefficient", 3, "neither"),
}  # fmt: skip

_STAGE = (
    ("coverage", "上报学校比例", "Schools that reported", "share", 1, "higher"),
    ("pupils_silent", "未上报学校的在校生数", "Pupils of schools that did not report", "pupils", 0, "neither"),
    ("schools_assessed", "参加评估的学校数", "Schools assessed", "schools", 0, "neither"),
    ("schools_excluded", "不计入的学校数", "Schools not assessed", "schools", 0, "neither"),
    ("pupils_assessed", "参加评估学校的在校生数", "Pupils of the schools assessed", "pupils", 0, "neither"),
    ("pupils_excluded", "不计入学校的在校生数", "Pupils of schools not assessed", "pupils", 0, "neither"),
    ("composite", "综合差异系数（各单项差异系数的平均）", "Composite coefficient (mean of the coefficients)", "coefficient", 3, "lower"),
    ("coefficients_met", "差异系数达标的指标数", "Indicators with a coefficient within the limit", "indicators", 0, "higher"),
    ("schools_rule_met", "达到学校标准的学校比例", "Schools that meet the school rule", "share", 0, "higher"),
    ("schools_rule_met.gap", "未达到学校标准的学校数", "Schools that do not meet the school rule", "schools", 0, "lower"),
    ("coefficients_by_verdict", "按结论分的差异系数", "Coefficients by verdict", "indicators", 0, "neither"),
    ("schools_by_verdict", "按结论分的学校数", "Schools by verdict", "schools", 0, "neither"),
)  # fmt: skip


_RULES = {
    "exclude": ("不计入评估的学校", "Schools not assessed"),
    "split": ("多学段学校的资源分摊", "Resources of schools with several stages"),
    "school_rule": ("学校标准", "School rule"),
    "coefficient": ("校际差异系数", "Difference coefficient"),
    "weighting": ("差异系数的加权", "Weighting of the coefficient"),
}


def declare(scheme: Scheme) -> tuple[Indicator, ...]:
    """Declare every indicator that the chapter uses under a scheme."""
    stage = tuple(
        Indicator(id, zh, en, unit, "P0", better, digits=digits)  # type: ignore[arg-type]
        for id, zh, en, unit, digits, better in _STAGE
    )
    parts = tuple(part for item in scheme["indicator"] for part in _declare(item))
    return (*parts, *stage, *_rules(scheme))


def _rules(scheme: Scheme) -> Iterator[Indicator]:
    """Declare the rules that have no number of their own, for the table of definitions."""
    for section, (zh, en) in _RULES.items():
        rule = scheme.get(section, {})
        if "zh" in rule:
            yield Indicator(
                f"rule.{section}", zh, en, privacy="P0",
                definition_zh=rule["zh"].format(**rule), definition_en=rule["en"].format(**rule),
                source=f"{rule['source']}〔{rule['standing']}〕",
            )  # fmt: skip


def _declare(item: Mapping[str, Any]) -> Iterator[Indicator]:
    zh, en = item["zh"], item["en"]
    yield Indicator(
        item["id"], zh, en, item["unit"], "P0", item["better"], digits=item["digits"],
        definition_zh=item["definition_zh"].format(**item),
        definition_en=item["definition_en"].format(**item),
        source=f"{item['source']}〔{item['standing']}〕",
    )  # fmt: skip
    for suffix, (part_zh, part_en, unit, digits, better) in _PARTS.items():
        yield Indicator(
            f"{item['id']}.{suffix}", part_zh.format(zh=zh), part_en.format(en=en), unit, "P0",
            better,  # type: ignore[arg-type]
            interval_kind="sensitivity" if suffix == "coefficient" else "none", digits=digits,
        )  # fmt: skip
    yield Indicator(
        f"{item['id']}.gap", f"距标准还差{item['what_zh']}（{item['measure_zh']}）",
        f"Shortfall: {item['what_en']} ({item['measure_en']})", "gap", "P0",
        "lower", digits=0,
    )  # fmt: skip
