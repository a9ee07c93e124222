"""The numbers of the assurance chapter, one row each, and the checks on them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.finding import Check, Verdict
from analysis.questions.assurance.indicators import BY_SCHOOL, PERSONS, judged
from analysis.questions.assurance.outcomes import Item, Outcome
from analysis.questions.assurance.schools import at_fault
from analysis.questions.assurance.sites import Rules, Sites

Row = dict[str, Any]
Outcomes = Mapping[str, Outcome]

VERDICTS: tuple[Verdict, ...] = ("met", "not_met", "cannot_say", "not_applicable")
BY_VERDICT = "chapter→verdict"
"""The gate counts these anew, here and in the summary, where it takes a verdict back."""
BY_KIND = "kind"
BY_KIND_AND_SCHOOL = "kind×school"
"""Single schools stand under their type: such rows leave the public's table altogether."""


def item_rows(item: Item, outcome: Outcome, year: int) -> Iterator[Row]:
    """Give the rows of one item: its number, what is lacking, by type of school and by school."""
    at, name = str(year), judged(item)
    counted = item["basis"] in PERSONS | BY_SCHOOL
    yield {
        "indicator": name, "at": at, "value": outcome.value, "numerator": outcome.numerator,
        "denominator": outcome.denominator, "flag": _flag(outcome),
        "n": outcome.denominator if counted else math.nan,
        "n_unit": item["basis"] if counted else "",
        "unit": "ratio" if item["basis"] in ("ratio", "variation") else "share",
    }  # fmt: skip
    if item["basis"] in BY_SCHOOL and not math.isnan(outcome.value):
        yield from _school_rows(item, outcome, at)


def _flag(outcome: Outcome) -> str:
    if math.isnan(outcome.value):
        return "z" if outcome.verdict == "not_applicable" else "x"
    return "p" if outcome.partial else ""


def _school_rows(item: Item, outcome: Outcome, at: str) -> Iterator[Row]:
    schools = outcome.schools
    base = {"at": at, "n_unit": "schools"}
    unknown = int((schools["verdict"] == "cannot_say").sum())
    if unknown:
        yield {**base, "indicator": f"{item['id']}.unknown", "value": unknown, "n": len(schools),
               "unit": "schools"}  # fmt: skip
    if "short_zh" not in item:
        return
    groups = [("", "", schools)]
    groups += [(BY_KIND, str(kind), rows) for kind, rows in schools.groupby("kind")]
    for by, subject, rows in groups:
        known = rows[rows["verdict"] != "cannot_say"]
        failing = known[known["verdict"] == "not_met"]
        lacking = failing["units"].sum() if item["basis"] == "classes" else len(failing)
        if len(known):
            yield {**base, "indicator": f"{item['id']}.at_fault", "by": by, "subject": subject,
                   "value": int(lacking), "n": len(known), "unit": item["basis"]}  # fmt: skip
    for school, kind, lack, _ in at_fault(outcome):
        yield {**base, "indicator": f"{item['id']}.lack", "by": BY_KIND_AND_SCHOOL,
               "subject": f"{kind}×{school}", "value": lack, "unit": item["lack_unit"]}  # fmt: skip


def scope_rows(sites: Sites, year: int) -> Iterator[Row]:
    """Count the schools with compulsory stages, in all and by type."""
    base = {
        "indicator": "schools_in_scope",
        "at": str(year),
        "unit": "schools",
        "n_unit": "schools",
    }
    kinds = [site.kind for site in sites.compulsory]
    yield {**base, "value": len(kinds), "n": len(kinds)}
    for kind in sorted(set(kinds)):
        number = kinds.count(kind)
        yield {**base, "by": BY_KIND, "subject": kind, "value": number, "n": number}


def summary_rows(rules: Rules, outcomes: Outcomes, year: int) -> Iterator[Row]:
    """Count the items by verdict, and number those that documents decide."""
    base = {"at": str(year), "unit": "requirements"}
    verdicts = [outcome.verdict for outcome in outcomes.values()]
    applicable = len(verdicts) - verdicts.count("not_applicable")
    yield {**base, "indicator": "assurance_items", "value": applicable}
    for verdict in VERDICTS:
        yield {**base, "indicator": "items_by_verdict", "by": BY_VERDICT,
               "subject": f"assurance→{verdict}", "value": verdicts.count(verdict)}  # fmt: skip
    for document in rules["document"]:
        yield {"indicator": "document_item", "at": str(year), "by": "document",
               "subject": document["id"], "value": document["no"]}  # fmt: skip


def item_check(item: Item, outcome: Outcome, year: int) -> Check:
    """Give the check of one item."""
    rule = {"schools": "schools", "classes": "classes", "ratio": "ratio", "variation": "variation"}
    kind = rule.get(item["basis"], "all" if item["limit"] >= 1 else "share")
    return Check(
        indicator=judged(item), stage="", by="", subject="", at=str(year),
        rule=f"assurance.rule.{kind}", limit=float(item["limit"]), verdict=outcome.verdict,
        reason=f"assurance.reason.{outcome.reason}" if outcome.reason else "",
        source=item["source"],
    )  # fmt: skip


def document_checks(rules: Rules, year: int) -> Iterator[Check]:
    """Give the items that data cannot decide, each with that reason."""
    for document in rules["document"]:
        yield Check(
            indicator="document_item", stage="", by="document", subject=document["id"],
            at=str(year), rule="assurance.rule.document", limit=math.nan, verdict="cannot_say",
            reason="assurance.reason.document", source=rules["source"],
        )  # fmt: skip
