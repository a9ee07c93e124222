"""What the values of the exchange chapter's ``indicator`` column mean."""

from __future__ import annotations

from analysis.finding import Indicator
from analysis.questions.exchange.rules import Rules

_OURS = "本项目设定〔J〕"


def declare(rules: Rules, years: int, *, own_years: bool) -> tuple[Indicator, ...]:
    """Declare every indicator of the chapter.

    Parameters
    ----------
    rules
        What `rules.read_rules` gives.
    years, own_years
        After how many years at one school teachers may move, and whether the county said so.
    """
    return (*_quotas(rules, years, own_years), *_moves(rules), *_arithmetic(), *_gaps(rules))


def _quotas(rules: Rules, years: int, own_years: bool) -> tuple[Indicator, ...]:
    zh, en = ("县定年限", "the county's own number") if own_years else (
        "县未填报，按本项目默认年限", "the county gives none: this project's default"
    )  # fmt: skip
    exempt_zh = "、".join(each["zh"] for each in rules["exempt"])
    exempt_en = ", ".join(each["en"] for each in rules["exempt"])
    sources = [rules["quota"][scope] for scope in ("county", "urban_or_good")]
    source = "；".join(each["source"] for each in sources) + f"〔{sources[0]['standing']}〕"
    return (
        Indicator(
            "exchange_teachers", "当年开始交流的教师", "Teachers whose exchange begins", "teachers", "P1",
            digits=0,
            definition_zh="义务教育阶段公办学校教师中，本学年开始交流轮岗的人数，各种形式都计，每人一次。",
            definition_en="Teachers of public schools of the compulsory stages whose exchange begins in the year, of any form, each once.",
            source=source,
        ),
        Indicator(
            "exchange_eligible", "符合交流条件的教师", "Teachers eligible", "teachers", "P1", digits=0,
            definition_zh=f"学年开始时在同一所公办学校连续任教满{years}年的教师（{zh}）。各地可不交流的情形（{exempt_zh}）名册上没有，未从中扣除。",
            definition_en=f"Teachers who had been at one public school for {years} years when the year began ({en}). Those who need not move by local rules ({exempt_en}) are not on the list and not taken out.",
            source=f"{rules['eligibility']['source']}〔{rules['eligibility']['standing']}〕",
        ),
        Indicator(
            "exchange_of_eligible", "交流教师占符合条件教师的比例", "Exchanged, of those eligible", "share",
            "P1", "higher", digits=1,
            definition_zh="当年开始交流的教师÷符合交流条件的教师。“城镇或优质学校”按原学校划分。",
            definition_en="Teachers whose exchange begins ÷ teachers eligible; “urban or good schools” by the school they belong to.",
            source=source,
        ),
        Indicator(
            "exchange_of_moved", "交流教师中骨干教师的比例", "Backbone, of those exchanged", "share", "P1",
            "higher", digits=1,
            definition_zh="县级以上骨干教师÷当年开始交流的教师，以名册写明是否骨干的为准。",
            definition_en="Backbone teachers of county rank or higher ÷ teachers whose exchange begins, of those of whom the list says it.",
            source=source,
        ),
        Indicator("exchange_itinerant", "其中走教教师", "Of them itinerant", "teachers", "P1", digits=0),
        Indicator(
            "exchange_weeks", "按每周在接收学校的比例折算的人数", "Exchanged, by the share of the week",
            "persons_week", "P1", digits=1,
            definition_zh="走教教师按每周在接收学校工作的比例计，其余按一人计。达标按人数判断，此数供对照。",
            definition_en="Itinerant teachers count by the share of the week at the receiving school, others as one. The quota is judged by heads; this stands beside it.",
            source=_OURS,
        ),
    )  # fmt: skip


def _moves(rules: Rules) -> tuple[Indicator, ...]:
    years, top = rules["pool"]["years"], rules["good"]["top"]
    return (
        Indicator(
            "exchange_moved", f"近{years}年交流的教师", f"Exchanged over {years} years", "teachers", "P1",
            digits=0,
            definition_zh=f"最近{years}个学年开始交流的教师，每人按最近一次计。学校分城区、镇区、乡村；“较强”指本科及以上学历的教师不少于按全县各学段比例应有的人数，“较弱”指少于。优质学校由县指定，未指定的按骨干教师相对应有人数居前{top:.0%}认定。",
            definition_en=f"Teachers whose exchange began in the last {years} school years, each by the latest. Schools lie in the city, a town or the country; “stronger” schools have at least as many teachers with a bachelor's degree as the county's share in each stage would give them, “weaker” ones fewer. Good schools are named by the county, else the {top:.0%} with most backbone teachers over that number.",
            source=_OURS,
        ),
        Indicator(
            "exchange_lasted", "仍在交流的比例", "Still out", "share", "P1", digits=0,
            definition_zh="每名教师的第一次交流，按名单上的起止日期，满若干学年后尚未结束的比例；没有结束日期的视为仍在交流。",
            definition_en="Of each teacher's first exchange, by the dates on the list, the share not over after so many school years; without a last day it goes on.",
            source=_OURS,
        ),
        Indicator(
            "exchange_then", "交流结束后所在", "Where they are afterwards", "share", "P1", digits=0,
            definition_zh="已结束交流的教师（每人按最近一次计），在结束后第一个秋季的教师名册上所在的学校。合并、换码的学校按沿革连接。",
            definition_en="Where the list of the first autumn after it has the teachers whose exchange is over, each by the latest; schools merged or recoded are followed.",
            source=_OURS,
        ),
        Indicator(
            "exchange_kept", "返回后仍在本县任教的比例", "Still teaching in the county", "share", "P1",
            digits=0,
            definition_zh="交流结束时在册的教师，此后若干年仍在本县义务教育教师名册上的比例。",
            definition_en="Of those on the list when the exchange was over, the share on the county's list of compulsory teachers so many years later.",
            source=_OURS,
        ),
    )  # fmt: skip


def _arithmetic() -> tuple[Indicator, ...]:
    kinds = {
        "qualified": ("高于规定学历教师", "Teachers over the required qualification"),
        "backbone": ("骨干教师", "Backbone teachers"),
    }
    states = {
        "before": ("按原学校计", "where they belong"),
        "after": ("按任教学校计", "where they teach"),
    }
    made = []
    for kind, (zh, en) in kinds.items():
        for state, (state_zh, state_en) in states.items():
            made.append(
                Indicator(f"exchange_{kind}_cv_{state}", f"{zh}差异系数，{state_zh}",
                          f"{en}, difference coefficient, {state_en}", "coefficient", "P0", "lower", digits=3,
                          definition_zh=f"每百名学生{zh}数的校际差异系数，交流教师{state_zh}。只是人数换算，不是对学生的影响。",
                          definition_en=f"Difference coefficient of {en.lower()} per 100 pupils, the exchanged counted {state_en}. Arithmetic, no effect on pupils.",
                          source=_OURS)
            )  # fmt: skip
            made.append(
                Indicator(f"exchange_{kind}_{state}", f"{zh}占教师的百分比，{state_zh}",
                          f"{en}, of all teachers, {state_en}", "percent", "P1", digits=1)
            )  # fmt: skip
    return tuple(made)


def _gaps(rules: Rules) -> tuple[Indicator, ...]:
    years = rules["pool"]["years"]
    zh = f"近{years}年交流的符合条件教师与同一学校、同一学年未交流的符合条件教师之差，按交流人数加权；区间按学校聚类。描述谁被派出，不评价任何教师。"
    en = f"Eligible teachers exchanged over {years} years less the eligible of the same school and year who were not, weighted by those exchanged; ranges by schools. It describes who is sent and judges nobody."
    names = {
        "backbone": ("骨干教师比例之差", "Share of backbone teachers, difference", "percentage_points", "P1"),
        "bachelor": ("本科及以上比例之差", "Share with a bachelor's degree, difference",
                     "percentage_points", "P1"),
        "midlevel": ("中级以上职称比例之差", "Share of middle rank or higher, difference",
                     "percentage_points", "P2"),
        "served": ("在校任教年数之差", "Years at the school, difference", "years", "P1"),
    }  # fmt: skip
    return tuple(
        Indicator(f"exchange_gap_{id}", name_zh, name_en, unit, privacy,  # type: ignore[arg-type]
                  interval_kind="model", digits=1, definition_zh=zh, definition_en=en, source=_OURS)
        for id, (name_zh, name_en, unit, privacy) in names.items()
    )  # fmt: skip
