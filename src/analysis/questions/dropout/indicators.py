"""What the values of the dropout chapter's ``indicator`` column mean."""

from __future__ import annotations

from analysis.finding import Indicator
from analysis.questions.dropout.rules import Rules

RETENTION = {
    "nine_year": "dropout_retention_nine",
    "inspected": "dropout_retention_inspected",
    "plain": "dropout_retention_plain",
    "moved_out": "dropout_moved_out",
}
BY_OUTCOME = "outcome"
_USUAL = 3
_BULLETIN = "教育统计公报注释〔M〕"
_STEPS = (
    ("ledger_entered", "列入疑似台账", "Entered as suspected"),
    ("ledger_checked", "已核实", "Checked"),
    ("ledger_returned", "劝返复学", "Brought back to school"),
    ("ledger_closed", "销号", "Closed"),
    ("ledger_open", "期末未销号", "Open at the end"),
)  # fmt: skip


def declare(
    rules: Rules, days: dict[str, int], *, own_rule: bool, grades: int | None = 3
) -> tuple[Indicator, ...]:
    """Declare every indicator of the chapter.

    Parameters
    ----------
    rules
        What `rules.read_rules` gives.
    days
        The absence rule in use, ``suspected`` and ``reported``.
    own_rule
        The county gave it itself.
    grades
        How many grades junior secondary has; none where schools differ.
    """
    steps = tuple(Indicator(id, zh, en, "pupils", "P1", digits=0) for id, zh, en in _STEPS)
    return (
        *_rates(), *_retention(grades), *steps,
        Indicator("ledger_children", "适龄儿童台账", "Children of school age on the ledger",
                  "pupils", "P1", digits=0),
        Indicator(
            "ledger_unregistered", "列入台账而没有学籍", "Entered, and on no register", "pupils", "P1",
            "lower", digits=0,
            definition_zh="本学年列入疑似台账的儿童中，本县这一学年和以前的学籍上都没有、也没有转入或复学登记的人数；学校没有报送本学年和上一学年学籍的不计。",
            definition_en="Of the children entered in the year, those who are on no register of the county up to the year, with no change that says they came; schools that did not hand in the registers of the year and of the one before are left out.",
            source="教育部办公厅2024年4月控辍保学常态化报告通知：户籍与学籍比对查失学〔V〕",
        ),
        Indicator("ledger_days", "从列入到核实的天数（中位数）", "Days from entering to checking (median)",
                  "days", "P1", "lower", digits=0),
        *_absence(rules, days, own_rule),
    )  # fmt: skip


def _rates() -> tuple[Indicator, ...]:
    return (
        Indicator(
            "dropout_net", "辍学率（净流动口径）", "Dropout rate (net flow)", "share", "P1", "lower",
            digits=2,
            definition_zh="〔（休学＋退学＋死亡＋转出＋其他减少）－（转入＋其他增加）〕÷学年初在校生数，逐校计算后汇总。",
            definition_en="((Suspended + left + died + moved out + other decrease) − (moved in + other increase)) ÷ pupils at the beginning of the year, school by school, then added up.",
            source="“两基”评估验收的辍学率公式〔V〕",
        ),
        Indicator(
            "dropout_verified", "辍学率（个体核实口径）", "Dropout rate (children followed)", "share",
            "P1", "lower", digits=2,
            definition_zh="学年初在册的适龄学生中，下一学年初既不在册、也未经核实在他处就读，又未毕业、未死亡的比例。",
            definition_en="Of the pupils of compulsory age in the register, those who a year later are neither in it nor verified to be in school elsewhere, and neither graduated nor died.",
            source="本项目设定〔J〕",
        ),
        Indicator(
            "dropout_verified_least", "个体核实口径（未核实转出按在学计）",
            "The same, unverified transfers taken to be in school", "share", "P1", "lower",
            digits=2,
            definition_zh="同个体核实口径，但未经核实的转出全部按在学计；真实水平在两者之间。",
            definition_en="The same with all transfers that nobody verified taken to be in school; the true level lies between the two.",
            source="本项目设定〔J〕",
        ),
    )  # fmt: skip


_JUNIOR = {
    3: ("三年", "Three-year retention", "初一", "grade 7", "三年", "over three years"),
    4: ("四年", "Four-year retention", "六年级", "grade 6", "四年", "over four years"),
    None: ("", "Retention of junior secondary", "初中", "junior secondary", "初中期间",
           "during junior secondary"),
}  # fmt: skip
"""Words of retention by how many grades junior secondary has."""


def _retention(grades: int | None) -> tuple[Indicator, ...]:
    zh, en, from_zh, from_en, over_zh, over_en = _JUNIOR[grades]
    source = "教督〔2017〕6号教育质量第1项〔V2〕"
    source = source if grades == _USUAL else f"参照{source}，按本县初中年级数〔J〕"
    return (
        Indicator(
            "dropout_retention_nine", "九年义务教育巩固率", "Nine-year retention", "share", "P1",
            "higher", digits=1,
            definition_zh="初中毕业生数÷该届小学一年级入学时学生数。",
            definition_en="Graduates of junior secondary ÷ pupils when the cohort entered grade 1.",
            source=_BULLETIN,
        ),
        Indicator(
            "dropout_retention_inspected", f"初中{zh}巩固率（督导口径）",
            f"{en} (inspection)", "share", "P1", "higher", digits=1,
            definition_zh=f"（毕业生数－转入＋转出）÷（{from_zh}入学时学生数－死亡）。转出视同巩固。",
            definition_en=f"(Graduates − moved in + moved out) ÷ (pupils who entered {from_en} − died). Those who moved out count as retained.",
            source=source,
        ),
        Indicator(
            "dropout_retention_plain", f"初中{zh}巩固率（毕业÷入学）",
            f"{en} (graduates ÷ entrants)", "share", "P1", "higher", digits=1,
            definition_zh=f"毕业生数÷{from_zh}入学时学生数，不作转学调整。",
            definition_en=f"Graduates ÷ pupils who entered {from_en}, transfers not adjusted for.",
            source="本项目设定〔J〕",
        ),
        Indicator("dropout_moved_out", f"{over_zh}转出的比例", f"Moved out {over_en}", "share", "P1",
                  digits=1),
    )  # fmt: skip


def _absence(rules: Rules, days: dict[str, int], own_rule: bool) -> tuple[Indicator, ...]:
    zh, en = "县自定", "set by the county"
    if not own_rule:
        zh, en = rules["absence"]["source"], "a default of this product, no national rule"
    standing = rules["absence"]["standing"]
    made = []
    for name in ("suspected", "reported"):
        n = days[name]
        made += [
            Indicator(
                f"dropout_absent_{name}", f"连续无故缺勤满{n}天", f"Absent {n} days running without leave",
                "pupils", "P1", "lower", digits=0,
                definition_zh=f"一学期内最长连续无故缺勤不少于{n}个上课日的学生数（{zh}）。",
                definition_en=f"Pupils whose longest run of absence without leave in a term is {n} school days or more ({en}).",
                source=f"{zh}〔{standing}〕",
            ),
            Indicator(f"dropout_listed_{name}", f"连续缺勤满{n}天的学生中已列入台账的比例",
                      f"On the ledger, of those absent {n} days running", "share", "P1", digits=0),
        ]  # fmt: skip
    return tuple(made)
