"""Question. What does the county's report say, on one page (摘要)?

Data. The findings of the chapters, as each chapter saved them.

Method. The chapters' county-level checks are counted by verdict and listed together; headlines
are repeated as they stand, each with the cells it speaks of. Nothing is computed anew.

Assumptions. Indicator ids are unique over chapters.

Source. As each chapter says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from analysis.finding import (
    KEY,
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
from analysis.records.county import CountyData

_OWN = (
    Indicator(
        "requirements", "核对的要求数", "Requirements checked", "requirements", "P0", digits=0
    ),
)
_VERDICTS: tuple[Verdict, ...] = ("met", "not_met", "cannot_say")


def gather(county: CountyData, findings: Sequence[Finding]) -> Finding:
    """Gather the chapters' findings into the one behind the summary.

    Parameters
    ----------
    county
        The county of the report.
    findings
        Findings of the chapters, of this county and year, in reading order; may be empty.

    Returns
    -------
    Finding
        Named ``"county"``: the county-level checks and headlines of all chapters.

    Raises
    ------
    ValueError
        If a finding is about another county or year.
    """
    for finding in findings:
        if (finding.county, finding.year) != (county.place.code, county.year):
            raise ValueError(f"the finding {finding.name} is about another county or year")
    checks = tuple(check for finding in findings for check in finding.checks if check.by == "")
    headlines = tuple(note for finding in findings for note in _headlines(finding))
    table = _table(county, findings, checks, headlines)
    # A headline may point at a number that its chapter does not give here.
    pointed = {v.indicator for n in headlines for v in n.values.values() if isinstance(v, Cell)}
    used = set(table["indicator"]) | pointed
    return Finding(
        name="county",
        county=county.place.code,
        year=county.year,
        table=table,
        indicators=tuple(i for f in findings for i in f.indicators if i.id in used) + _OWN,
        labels=merge_labels(
            {"county": {county.place.code: county.place.label}}, *(f.labels for f in findings)
        ),
        checks=checks,
        notes=(*_own_notes(county, checks), *headlines),
        origin=findings[0].origin if findings else county.origin,
    )


def _headlines(finding: Finding) -> list[Note]:
    """Give what a summary repeats: all headlines of a chapter that judges, the first of another."""
    said = [note for note in finding.notes if note.role == "headline"]
    return said if any(check.by == "" for check in finding.checks) else said[:1]


def _table(
    county: CountyData,
    findings: Sequence[Finding],
    checks: Sequence[Check],
    headlines: Sequence[Note],
) -> pd.DataFrame:
    """Keep the rows that a check or a headline speaks of, and the counts of verdicts."""
    wanted = {(c.indicator, c.stage, c.by, c.subject, c.at) for c in checks}
    wanted |= {
        (value.indicator, value.stage, value.by, value.subject, value.at)
        for note in headlines
        for value in note.values.values()
        if isinstance(value, Cell)
    }
    rows: list[dict[str, Any]] = list(_counts(county, checks))
    for finding in findings:
        for row in finding.table.to_dict("records"):
            gap = str(row["indicator"]).endswith(".gap") and row["by"] == ""
            grade = row["indicator"] == "grade"
            if tuple(row[k] for k in KEY) in wanted or row["by"] == "limit" or gap or grade:
                rows.append({str(k): v for k, v in row.items()})
    return tidy(rows)


def _counts(county: CountyData, checks: Sequence[Check]) -> Iterator[dict[str, Any]]:
    base = {"indicator": "requirements", "at": str(county.year), "unit": "requirements"}
    # What does not apply is no requirement of this county.
    yield {**base, "value": sum(check.verdict != "not_applicable" for check in checks)}
    for verdict in _VERDICTS:
        number = sum(check.verdict == verdict for check in checks)
        yield {**base, "by": "verdict", "subject": verdict, "value": number}


def _own_notes(county: CountyData, checks: Sequence[Check]) -> Iterator[Note]:
    values: dict[str, NoteValue] = {
        "county": Name("county", county.place.code),
        "year": Given(county.year),
    }
    if not checks:
        yield Note("county.summary.no_requirements", values)
        return
    at = str(county.year)
    values["all"] = Cell("requirements", at=at)
    for verdict in _VERDICTS:
        values[verdict] = Cell("requirements", by="verdict", subject=verdict, at=at)
    yield Note("county.summary.requirements", values)
