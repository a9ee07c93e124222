"""What the values of the ``indicator`` column of the imbalance finding mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from analysis.finding import Better, Indicator
from analysis.questions.balance import indicators
from analysis.questions.balance.schools import Scheme

_PARTS: tuple[tuple[str, str, str, str, int, Better], ...] = (
    # suffix, zh, en, unit, digits, better
    ("gini", "“{zh}”基尼系数", "Gini index: {en}", "index", 3, "lower"),
    ("theil", "“{zh}”泰尔指数", "Theil index: {en}", "index", 3, "lower"),
    ("atkinson", "“{zh}”阿特金森指数（ε=0.5）", "Atkinson index (ε = 0.5): {en}", "index", 3, "lower"),
    ("lower_half", "“{zh}”资源较少的一半学生拥有的比例", "Held by the half of the pupils with less: {en}", "share", 0, "higher"),
    ("between", "“{zh}”差异中在组间的比例", "Share of the difference between groups: {en}", "share", 0, "neither"),
    ("layer", "“{zh}”差异在各层的比例", "Share of the difference by layer: {en}", "share", 0, "neither"),
    ("relative", "“{zh}”水平（全县平均为100%）", "Level (county mean = 100%): {en}", "share", 0, "neither"),
    ("part", "对“{zh}”差异的贡献", "Share of the difference: {en}", "share", 0, "neither"),
    ("corrected", "一所学校调到全县平均时“{zh}”差异系数的变化", "Change of the coefficient if one school had the mean: {en}", "coefficient", 3, "neither"),
    ("change", "“{zh}”差异系数自首个学年的变化", "Change of the coefficient since the first year: {en}", "coefficient", 3, "lower"),
    ("change_year", "“{zh}”差异系数比上一学年的变化", "Change of the coefficient since the year before: {en}", "coefficient", 3, "lower"),
)  # fmt: skip

_STAGE: tuple[tuple[str, str, str, str, int], ...] = (
    ("turnover", "参加评估学校的增减", "Schools that came into the assessment or left it", "schools", 0),
    ("verdicts_changed", "结论不同的指标数", "Indicators with another verdict", "indicators", 0),
    ("verdicts_stable", "结论不变的指标数", "Indicators with the same verdict", "indicators", 0),
)  # fmt: skip

_METHODS = (
    (
        "method.between", "组间差异", "Difference between groups",
        "泰尔指数可以分成组间与组内两部分，两部分之和等于总数。组间比例是假如组内各校都一样时仍会剩下的差异；“随机分组时”是保持各组学校数不变、随机决定学校归属时的平均值。",
        "Theil's index is the sum of a part between groups and one within. The share between them is what would remain if all schools of a group were alike; “random groups” is its mean when schools are put at random into groups of the same sizes.",
        "Theil 1967；Shorrocks 1980〔V2〕",
    ),
    (
        "method.change", "变化的来源", "Sources of a change",
        "两年都在的学校，学生数和资源总量分别取前一年或后一年的值；只在其中一年的学校取该年的值。由此得到的八个系数按沙普利值分给学生、资源、学校增减三个来源，三者之和恰为系数的变化。只换代码的学校视为同一所，并入他校的视为撤并。",
        "Schools of both years stand with the pupils and the resources of the one year or the other, schools of one year with their own of that year. The eight coefficients are split over enrolment, resources and schools that came or went by Shapley's values, which add up to the change. A school that only changed its code is one school; a merged one is closed.",
        "Shapley 1953；Shorrocks 2013〔V2〕",
    ),
    (
        "method.corrected", "调整一所学校", "One school corrected",
        "假设一所学校的资源变为“在校生数×全县现有平均水平”，学生数和其他学校不变，重新计算平均水平和系数；取使系数下降最多的一所。它说明差异集中的程度，不是投入方案。",
        "One school is given its pupils times the county's present mean, pupils and other schools stay, and mean and coefficient are computed anew; the school that lowers the coefficient most is taken. It tells how concentrated the difference is and is no plan of investment.",
        "本项目设定〔J〕",
    ),
    (
        "method.indices", "其他差异指数", "Other indices of inequality",
        "与差异系数同样加权。基尼系数：任取两名学生，其生均资源平均相差“2×基尼系数×平均水平”。泰尔指数对资源多的学校较敏感；阿特金森指数对资源少的学校较敏感。三者均为0时各校相同，越大差异越大。",
        "Weighted as the coefficient is. Gini: two pupils taken at random differ on average by twice the index times the mean. Theil's index is more sensitive to schools with much, Atkinson's to those with little. All are 0 where schools are alike and grow with the difference.",
        "Gini 1912；Theil 1967；Atkinson 1970〔V2〕",
    ),
)  # fmt: skip


def declare(scheme: Scheme) -> tuple[Indicator, ...]:
    """Declare every indicator of the imbalance finding under a scheme."""
    kept = {f"{i['id']}{end}" for i in scheme["indicator"] for end in ("", ".coefficient")}
    own = [
        replace(i, definition_zh="", definition_en="", source="")
        for i in indicators.declare(scheme)
        if i.id in kept | {"composite"}
    ]
    parts = [part for item in scheme["indicator"] for part in _declare(item)]
    return (*own, *parts, *_rest())


def _declare(item: Mapping[str, Any]) -> Iterator[Indicator]:
    for suffix, zh, en, unit, digits, better in _PARTS:
        yield Indicator(
            f"{item['id']}.{suffix}", zh.format(zh=item["zh"]), en.format(en=item["en"]), unit,
            "P0", better, digits=digits,
        )  # fmt: skip


def _rest() -> Iterator[Indicator]:
    for id, zh, en, unit, digits in _STAGE:
        yield Indicator(id, zh, en, unit, "P0", digits=digits)
    for id, zh, en, definition_zh, definition_en, source in _METHODS:
        yield Indicator(
            id, zh, en, privacy="P0", definition_zh=definition_zh, definition_en=definition_en,
            source=source,
        )  # fmt: skip
