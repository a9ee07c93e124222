"""The counties side by side: their own numbers and verdicts, unchanged, and how many meet what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analysis.finding import Check, Finding, Verdict
from analysis.questions.prefecture.indicators import measured

Row = dict[str, Any]

VERDICTS: tuple[Verdict, ...] = ("met", "not_met", "cannot_say")
_WHOLE = ("schools_rule_met", "composite", "schools_assessed")


def county_rows(findings: Sequence[Finding]) -> Iterator[Row]:
    """Give each county's levels, shares of schools and coefficients, and the limits of all."""
    for finding in findings:
        table = finding.table
        now = table[(table["by"] == "") & (table["at"] == str(finding.year))]
        levels = measured(finding)
        parts = now["indicator"].str.endswith((".coefficient", ".schools_met"))
        shown = now[parts | now["indicator"].isin([*levels, *_WHOLE])]
        for row in shown.to_dict("records"):
            made = {**{str(k): v for k, v in row.items()}, "by": "county"}
            if row["indicator"] in levels:
                made["indicator"] = f"{row['indicator']}.level"
            yield {**made, "subject": finding.county}
    limits = findings[0].table
    for row in limits[limits["by"] == "limit"].to_dict("records"):
        yield {str(k): v for k, v in row.items()}


def county_checks(finding: Finding) -> Iterator[Check]:
    """Give the checks on a county as a whole, as checks on one of several."""
    for check in finding.checks:
        if check.by == "":
            yield Check(
                check.indicator, check.stage, "county", finding.county, check.at, check.rule,
                check.limit, check.verdict, check.reason, check.source,
            )  # fmt: skip


def summary_rows(checks: Sequence[Check], counties: int, year: int) -> Iterator[Row]:
    """Count the counties, and their verdicts by requirement."""
    yield {"indicator": "counties", "at": str(year), "value": counties, "unit": "counties"}
    for stage, indicator in dict.fromkeys((check.stage, check.indicator) for check in checks):
        here = [c.verdict for c in checks if (c.stage, c.indicator) == (stage, indicator)]
        for verdict in VERDICTS:
            yield {
                "indicator": "counties_by_verdict", "stage": stage, "by": "requirement→verdict",
                "subject": f"{indicator}→{verdict}", "at": str(year), "n_unit": "counties",
                "value": here.count(verdict), "n": len(here), "unit": "counties",
            }  # fmt: skip
