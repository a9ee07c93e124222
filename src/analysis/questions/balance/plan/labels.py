"""Names of what a plan's rows are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.finding import merge_labels
from analysis.questions.balance.plan.rows import OTHER, Row
from analysis.questions.balance.plan.studies import Study

Labels = dict[str, Mapping[str, Mapping[str, str]]]
_OTHER = {"zh": "其他类型", "en": "other types"}
_RULE = {"zh": "学校标准", "en": "School rule"}
_PLAIN = {"zh": "其他专任教师", "en": "Other full-time teachers"}


def name(study: Study, table: Sequence[Row]) -> Labels:
    """Name the county, stages, indicators, kinds of teachers, actions and types of schools.

    Under ``made_of`` stand the run of the data and the scheme, to know the plan of these again.
    """
    county, units = study.county, study.units
    rules = next(iter(units.stages.values())).scheme
    kinds = {**county.reference.names("kind"), OTHER: _OTHER}
    ways = {row["subject"] for row in table if row.get("by") == "kind→kind"}
    merged = merge_labels(
        {"county": {county.place.code: county.place.label}},
        {"stage": county.reference.names("stage")},
        {"indicator": {i["id"]: {"zh": i["zh"], "en": i["en"]} for i in units.indicators}},
        {"indicator": {"schools": _RULE}},
        {"kind": kinds},
        {"kind→kind": {way: _way(way, kinds) for way in sorted(ways)}},
        {"teacher_kind": {str(k): _teachers(study, k) for k in range(len(units.carried))}},
        {"action": _actions(study)},
        {"made_of": {county.run: {"zh": county.run, "en": county.run}}},
        {"made_of": {str(rules["zh"]): {"zh": str(rules["zh"]), "en": str(rules["en"])}}},
    )
    return dict(merged)


def _way(way: str, kinds: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    sender, receiver = (kinds[kind] for kind in way.split("→"))
    return {language: f"{sender[language]} → {receiver[language]}" for language in sender}


def _teachers(study: Study, kind: int) -> dict[str, str]:
    """Name a kind of teacher by all that he or she counts in."""
    what = {i["id"]: (i["what_zh"], i["what_en"]) for i in study.units.indicators}
    counted = [what[id] for id in study.units.counted(kind)]
    if not counted:
        return _PLAIN
    return {
        "zh": "，兼".join(zh for zh, _ in counted),
        "en": _capital(", also ".join(en for _, en in counted)),
    }


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _actions(study: Study) -> dict[str, dict[str, str]]:
    actions = study.county.reference.actions
    return {
        "move": {
            "zh": f"{actions['move']['zh']}（人）",
            "en": f"{actions['move']['en']} (persons)",
        },
        **{
            a["id"]: {"zh": f"{a['zh']}（{a['unit_zh']}）", "en": f"{a['en']} ({a['unit_en']})"}
            for a in actions["add"]
        },
    }
