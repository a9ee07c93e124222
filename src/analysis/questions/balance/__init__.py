"""Question. Are resources balanced across the schools of a county (校际资源均衡)?

Data. Tables ``schools``, ``school_years``, ``resources`` and, for coverage, ``counties``.

Method. The scheme (``data/reference/schemes``) names the indicators, which schools count, the
thresholds and the limits. For each stage: the county's level (total over total), each school
against the threshold and the school rule, the enrolment-weighted difference coefficient
(`analysis.methods.dispersion`), its history, which schools make it, and the gap to the threshold
in natural units. What the stages of a mixed school share is divided by weighted pupils.

Assumptions. A full count has no sampling error, so verdicts stand on the reported, unrounded
values; the range beside a coefficient shows simulated reporting errors. A value that is missing
is neither zero nor a pass: a verdict stands only if no value the school may have would change it.

Source. 教督〔2017〕6号, 教督〔2012〕3号, 河北省具体办法; standing by item in the scheme files.
"""

from __future__ import annotations

from typing import Literal

from analysis.finding import Check, Finding, Note, merge_labels, tidy
from analysis.methods.dispersion import Weights
from analysis.questions.balance import checks, notes, plan, rows
from analysis.questions.balance.imbalance import explain
from analysis.questions.balance.indicators import declare
from analysis.questions.balance.schools import Scheme
from analysis.questions.balance.stage import form, weigh
from analysis.questions.balance.survey import assess_many
from analysis.records.county import CountyData

__all__ = ["assess", "assess_many", "explain", "plan"]


def assess(
    county: CountyData,
    *,
    scheme: str = "quality-2017",
    weights: Weights | Literal["scheme"] = "scheme",
) -> Finding:
    """Assess how resources are balanced across a county's schools.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.
    scheme
        Id of a scheme in ``data/reference/schemes``.
    weights
        ``"scheme"`` as the scheme says (enrolment), or ``"enrolment"`` / ``None`` (every school
        the same); the report says which.

    Returns
    -------
    Finding
        Named ``"balance"``; see the module for what its rows are.

    Raises
    ------
    UsageError
        If there is no such scheme.
    """
    rules = county.reference.scheme(scheme)
    chosen = weigh(rules, weights)
    table: list[rows.Row] = []
    judged: list[Check] = []
    said: list[Note] = []
    for formed in form(county.tables, county.reference, rules, chosen).values():
        years = {year: stage for (_, year), stage in formed.items()}
        stage = years.pop(county.year, None)
        if stage is None or stage.is_empty:
            continue
        school_verdicts = stage.school_verdicts()
        stage_checks = list(checks.county_checks(stage, school_verdicts))
        for indicator in stage.indicators:
            table.extend(rows.indicator_rows(stage, indicator))
        table.extend(rows.stage_rows(stage, school_verdicts, stage_checks))
        for year in sorted(years):
            table.extend(rows.trend_rows(years[year]))
        judged.extend(stage_checks)
        judged.extend(checks.school_checks(stage, school_verdicts))
        said.extend(notes.tell(stage, county.place.code, tidy(table), stage_checks))
    if not table:
        said.append(notes.tell_nothing(county.place.code, county.year))
    return Finding(
        name="balance",
        county=county.place.code,
        year=county.year,
        table=tidy(table),
        indicators=declare(rules),
        labels=_labels(county, rules, table),
        checks=tuple(judged),
        notes=tuple(said),
        origin=county.origin,
    )


def _labels(
    county: CountyData, scheme: Scheme, table: list[rows.Row]
) -> dict[str, dict[str, dict[str, str]]]:
    named = {row["subject"] for row in table if row.get("by") == "school"}
    schools = {code: label for code, label in county.name_schools().items() if code in named}
    indicators = scheme["indicator"]
    merged = merge_labels(
        {"county": {county.place.code: county.place.label}},
        {"school": schools},
        {"indicator": {i["id"]: {"zh": i["zh"], "en": i["en"]} for i in indicators}},
        {"what": {i["id"]: {"zh": i["what_zh"], "en": i["what_en"]} for i in indicators}},
        {"measure": {i["id"]: {"zh": i["measure_zh"], "en": i["measure_en"]} for i in indicators}},
        {
            "measure_one": {
                i["id"]: {"zh": i["measure_zh"], "en": i.get("measure_one_en", i["measure_en"])}
                for i in indicators
            }
            | {"schools_rule_met": {"zh": scheme["units_zh"], "en": scheme["units_one_en"]}}
        },
        {"measure": {"schools_rule_met": {"zh": scheme["units_zh"], "en": scheme["units_en"]}}},
        {"scheme": {"": {"zh": scheme["zh"], "en": scheme["en"]}}},
        {
            "units": {
                "one": {"zh": scheme["units_zh"], "en": scheme["units_one_en"]},
                "many": {"zh": scheme["units_zh"], "en": scheme["units_en"]},
            }
        },
        {"stage": county.reference.names("stage")},
    )
    return {by: {code: dict(label) for code, label in part.items()} for by, part in merged.items()}
