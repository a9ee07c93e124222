"""Question. Does the county give its schools what government owes them, and is education good there
(政府保障程度、教育质量、社会认可度)?

Data. Tables ``schools``, ``school_years``, ``classes``, ``special_rooms``, ``school_funds``,
``teachers``, ``exchanges``, ``county_years``, ``monitoring``; each item says "not reported" where
its own is missing.

Method. The items of the 2017 scheme beyond resources (``data/reference/assurance.toml``), each a
number held against its limit. Items that every school, class or teacher has to meet are judged one
by one: a single one that does not meet it settles the item, and only data on all of them can meet
it. A relaxation in the rules holds where what it asks is known to be so. Items that only documents
or an inspection on the spot can decide are listed as such and counted nowhere.

Assumptions. Figures of the county are taken as the bureau gives them. What is missing is neither
zero nor a pass: a verdict stands only if it would whatever is missing.

Source. 教督〔2017〕6号 and later relaxations; standing by item in the file.
"""

from __future__ import annotations

import math

from analysis.finding import Finding, merge_labels, tidy
from analysis.questions.assurance import figures, notes, rows, schools, teachers
from analysis.questions.assurance.indicators import declare, words
from analysis.questions.assurance.outcomes import Outcome
from analysis.questions.assurance.sites import Rules, Sites, survey
from analysis.questions.assurance.teachers import Staff
from analysis.records.county import CountyData

__all__ = ["assess"]

_BY_SCHOOL = {
    "rooms": schools.judge_rooms,
    "size": schools.judge_size,
    "class_size": schools.judge_class_size,
    "small_funds": schools.judge_small_funds,
    "special_funds": schools.judge_special_funds,
}
_BY_TEACHER = {
    "training": teachers.judge_training,
    "exchange": teachers.judge_exchange,
    "exchange_backbone": teachers.judge_backbone,
    "certificates": teachers.judge_certificates,
}
_BY_FIGURES = {"pay": figures.judge_pay, "retention": figures.judge_retention}


def assess(county: CountyData, *, scheme: str = "quality-2017") -> Finding:
    """Assess what a county's government owes its schools, and the quality of education.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.
    scheme
        The assessment scheme of the report; only that of 2017 asks for these items.

    Returns
    -------
    Finding
        Named ``"assurance"``: a row and a check for each item that data can decide, what is
        lacking by type of school and by school, and the items that documents decide.

    Raises
    ------
    UsageError
        If there is no such scheme.
    """
    county.reference.scheme(scheme)
    rules = county.reference.assurance
    own = {"county": {county.place.code: county.place.label}}
    if scheme != rules["scheme"]:
        note = notes.tell_other_scheme(county.place.code, county.year)
        return Finding(
            name="assurance", county=county.place.code, year=county.year, table=tidy([]),
            labels=own, notes=(note,), origin=county.origin,
        )  # fmt: skip
    sites = survey(county, rules)
    items = {item["id"]: item for item in rules["item"]}
    staff = teachers.gather(county, sites, items["exchange"], rules)
    outcomes = _judge(county, sites, staff, rules)
    table = tidy(_rows(county, sites, staff, outcomes))
    checks = [rows.item_check(items[id], found, county.year) for id, found in outcomes.items()]
    return Finding(
        name="assurance",
        county=county.place.code,
        year=county.year,
        table=table,
        indicators=declare(rules, county.year),
        labels=merge_labels(own, _labels(county, rules)),
        checks=(*checks, *rows.document_checks(rules, county.year)),
        notes=tuple(notes.tell(county.place.code, county.year, rules, outcomes, staff, table)),
        origin=county.origin,
    )


def _judge(county: CountyData, sites: Sites, staff: Staff, rules: Rules) -> dict[str, Outcome]:
    """Judge every item, in the order of the document."""
    given = figures.read(county)
    found: dict[str, Outcome] = {}
    for item in rules["item"]:
        id = item["id"]
        if id in _BY_SCHOOL:
            found[id] = _BY_SCHOOL[id](county, sites, item, rules)
        elif id in _BY_TEACHER:
            found[id] = _BY_TEACHER[id](staff, item)
        elif id in _BY_FIGURES:
            found[id] = _BY_FIGURES[id](given, item)
        elif id == "monitoring":
            found[id] = figures.judge_monitoring(county, item)
        else:
            found[id] = figures.judge_part(given, item)
    return found


def _rows(
    county: CountyData, sites: Sites, staff: Staff, outcomes: dict[str, Outcome]
) -> list[rows.Row]:
    rules, year = county.reference.assurance, county.year
    made = [
        row for item in rules["item"] for row in rows.item_rows(item, outcomes[item["id"]], year)
    ]
    out, cohort = figures.share_out(figures.read(county))
    if cohort > 0 and not math.isnan(out):
        made.append(
            {"indicator": "transfers_out", "at": str(year), "value": out / cohort, "numerator": out,
             "denominator": cohort, "n": cohort, "n_unit": "pupils", "unit": "share"}
        )  # fmt: skip
    if outcomes["exchange"].reason != "not_reported":
        made.append({"indicator": "eligibility_years", "at": str(year), "value": staff.years})
    if staff.short and any(outcomes[id].denominator > 0 for id in ("training", "certificates")):
        made.append(
            {"indicator": "schools_list_short", "at": str(year), "value": staff.short,
             "n_unit": "schools", "unit": "schools"}
        )  # fmt: skip
    return [*made, *rows.scope_rows(sites, year), *rows.summary_rows(rules, outcomes, year)]


def _labels(county: CountyData, rules: Rules) -> dict[str, dict[str, dict[str, str]]]:
    names = county.name_schools()
    kinds = county.table("schools", year=county.year).set_index("school")["kind"]
    said = {item["id"]: words(item, county.year) for item in rules["item"]}
    counted = {item["id"]: item for item in rules["item"] if "measure_zh" in item}
    return {
        "kind": county.reference.names("kind"),
        rows.BY_KIND_AND_SCHOOL: {
            f"{kind}×{code}": names[str(code)] for code, kind in kinds.items()
        },
        "item": {id: {"zh": text["zh"], "en": text["en"]} for id, text in said.items()},
        "document": {
            d["id"]: {
                "zh": f"{rules['part'][d['part']]['zh']}：{d['zh']}",
                "en": f"{rules['part'][d['part']]['en']}: {d['en']}",
            }
            for d in rules["document"]
        },
        "measure": {
            id: {"zh": item["measure_zh"], "en": item["measure_en"]} for id, item in counted.items()
        },
        "measure_one": {
            id: {"zh": item["measure_zh"], "en": item["measure_one_en"]}
            for id, item in counted.items()
        },
    }
