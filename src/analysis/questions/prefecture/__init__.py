"""Question. How do the counties of a prefecture stand beside one another (全市概览)?

Data. The balance findings of its counties, taken as an argument.

Method. Each county's coefficients and school shares side by side, and how many counties meet
each requirement. Nothing is ranked and nothing is averaged over counties.

Assumptions. Counties were assessed under the same scheme and for the same year.

Source. As for the balance of resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analysis.finding import (
    Cell,
    Check,
    Finding,
    Given,
    Indicator,
    Name,
    Note,
    NoteValue,
    Verdict,
    merge_labels,
    tidy,
)
from analysis.records.county import Place

Row = dict[str, Any]

_VERDICTS: tuple[Verdict, ...] = ("met", "not_met", "cannot_say")
_OWN = (
    Indicator("counties_by_verdict", "按结论分的县（市、区）数", "Counties by verdict", "counties", "P0",
              digits=0),
    Indicator("counties", "县（市、区）数", "Counties", "counties", "P0", digits=0),
)  # fmt: skip


def compare(place: Place, findings: Sequence[Finding]) -> Finding:
    """Put the balance findings of a prefecture's counties side by side.

    Parameters
    ----------
    place
        The prefecture.
    findings
        One finding named ``"balance"`` a county, same scheme and year, at least one.

    Returns
    -------
    Finding
        Named ``"prefecture"``; rows ``by="county"``.

    Raises
    ------
    ValueError
        Without findings, or with findings of several years or questions.
    """
    if {finding.name for finding in findings} != {"balance"}:
        raise ValueError("findings are those of the balance question, at least one")
    if len({finding.year for finding in findings}) != 1:
        raise ValueError("findings are of one school year")
    year = findings[0].year
    checks = tuple(check for finding in findings for check in _checks(finding))
    table = tidy([*_rows(findings), *_summary(checks, len(findings), year)])
    labels = merge_labels(
        *({k: v for k, v in f.labels.items() if k != "school"} for f in findings),
        {"county": {place.code: place.label}},
    )
    used = {id: indicator for f in findings for id, indicator in _declared(f)}
    return Finding(
        name="prefecture",
        county=place.code,
        year=year,
        table=table,
        indicators=(*used.values(), *_OWN),
        labels=labels,
        checks=checks,
        notes=tuple(_notes(place, year, checks)),
        origin=findings[0].origin,
    )


def _declared(finding: Finding) -> list[tuple[str, Indicator]]:
    return [(indicator.id, indicator) for indicator in finding.indicators]


def _rows(findings: Sequence[Finding]) -> Iterator[Row]:
    for finding in findings:
        table = finding.table
        now = table[(table["by"] == "") & (table["at"] == str(finding.year))]
        shown = now[
            now["indicator"].str.endswith((".coefficient", ".schools_met"))
            | now["indicator"].isin(["schools_rule_met", "composite", "schools_assessed"])
        ]
        for row in shown.to_dict("records"):
            yield {**{str(k): v for k, v in row.items()}, "by": "county", "subject": finding.county}
    limits = findings[0].table
    for row in limits[limits["by"] == "limit"].to_dict("records"):
        yield {str(k): v for k, v in row.items()}


def _checks(finding: Finding) -> Iterator[Check]:
    for check in finding.checks:
        if check.by == "":
            yield Check(
                check.indicator, check.stage, "county", finding.county, check.at, check.rule,
                check.limit, check.verdict, check.reason, check.source,
            )  # fmt: skip


def _summary(checks: Sequence[Check], counties: int, year: int) -> Iterator[Row]:
    yield {"indicator": "counties", "at": str(year), "value": counties, "unit": "counties"}
    for stage, indicator in dict.fromkeys((check.stage, check.indicator) for check in checks):
        here = [c.verdict for c in checks if (c.stage, c.indicator) == (stage, indicator)]
        for verdict in _VERDICTS:
            yield {
                "indicator": "counties_by_verdict", "stage": stage, "by": "requirement→verdict",
                "subject": f"{indicator}→{verdict}", "at": str(year), "n_unit": "counties",
                "value": here.count(verdict), "n": len(here), "unit": "counties",
            }  # fmt: skip


def _notes(place: Place, year: int, checks: Sequence[Check]) -> Iterator[Note]:
    common: dict[str, NoteValue] = {
        "prefecture": Name("county", place.code),
        "year": Given(year),
        "counties": Cell("counties", at=str(year)),
    }
    for stage in dict.fromkeys(check.stage for check in checks):
        values = {**common, "stage": Name("stage", stage)}
        rules = dict.fromkeys(check.indicator for check in checks if check.stage == stage)

        def number(indicator: str, verdict: str, stage: str = stage) -> Cell:
            subject = f"{indicator}→{verdict}"
            return Cell("counties_by_verdict", stage, "requirement→verdict", subject, str(year))

        if "schools_rule_met" in rules:
            met = number("schools_rule_met", "met")
            yield Note("prefecture.headline.schools", {**values, "met": met}, stage)
        for indicator in (rule for rule in rules if rule.endswith(".coefficient")):
            said: dict[str, NoteValue] = {
                **values,
                "met": number(indicator, "met"),
                "not_met": number(indicator, "not_met"),
                "unknown": number(indicator, "cannot_say"),
                "indicator": Name("indicator", indicator.removesuffix(".coefficient")),
            }
            yield Note("prefecture.detail.coefficient", said, stage)
        for part in ("title", "subtitle", "alt", "reading"):
            yield Note(f"prefecture.figure.coefficients.{part}", values, stage)
