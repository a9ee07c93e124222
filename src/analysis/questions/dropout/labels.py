"""Names of what the dropout chapter's rows are about."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.finding import merge_labels
from analysis.questions.dropout import ledgers
from analysis.questions.dropout.indicators import BY_OUTCOME
from analysis.questions.dropout.rows import BY_GRADE, BY_TERM_AND_GRADE
from analysis.questions.dropout.rules import Rules
from analysis.questions.dropout.terms import LAST_GRADE
from analysis.records.county import CountyData

Labels = Mapping[str, Mapping[str, Mapping[str, str]]]
_NUMERALS = "一二三四五六七八九"


def name(county: CountyData, rules: Rules) -> Labels:
    """Name the county, stages, grades, terms, outcomes, and the periods of the ledger."""
    grades = {
        str(n): {"zh": f"{_NUMERALS[n - 1]}年级", "en": f"Grade {n}"}
        for n in range(1, LAST_GRADE + 1)
    }
    terms = _capital(county.reference.names("term"))
    every = ledgers.months(county.year, rules)
    quarters = sorted({ledgers.period_of(month, "quarter", rules) for month in every})
    return merge_labels(
        {"county": {county.place.code: county.place.label}},
        {"stage": county.reference.names("stage")},
        {BY_GRADE: grades, "term": terms},
        {BY_OUTCOME: _capital(county.reference.names("ledger_outcome"))},
        {
            BY_TERM_AND_GRADE: {
                f"{t}×{g}": {
                    "zh": f"{term['zh']}{grade['zh']}", "en": f"{term['en']}, {grade['en'].lower()}",
                }
                for t, term in terms.items()
                for g, grade in grades.items()
            },
            "month": {m: {"zh": f"{m[:4]}年{int(m[5:])}月", "en": m} for m in every},
            "quarter": {
                q: {
                    "zh": f"{q[:4]}年第{_NUMERALS[int(q[-1]) - 1]}季度",
                    "en": f"{q[:4]} Q{q[-1]}",
                }
                for q in quarters
            },
        },
    )  # fmt: skip


def _capital(names: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {
        code: {"zh": name["zh"], "en": name["en"][:1].upper() + name["en"][1:]}
        for code, name in names.items()
    }
