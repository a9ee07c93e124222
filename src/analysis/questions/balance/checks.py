"""The scheme's requirements on a county and its schools, judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from analysis.finding import Check, Verdict
from analysis.methods.dispersion import Range
from analysis.questions.balance import verdicts
from analysis.questions.balance.stage import Stage


def county_checks(stage: Stage, school_verdicts: Iterable[Verdict]) -> Iterator[Check]:
    """Give the requirements on the county: coefficients, composite, all schools."""
    rule = stage.scheme["coefficient"]["rule"]
    if rule == "each" and not np.isnan(stage.limit):
        for indicator in stage.indicators:
            verdict = verdicts.judge_coefficient(
                stage.coefficient(indicator), stage.possible(indicator), stage.limit
            )
            name = f"{indicator['id']}.coefficient"
            yield _check(stage, name, "balance.rule.coefficient", stage.limit, verdict)
    if rule == "mean" and not np.isnan(stage.limit):
        ends = [stage.possible(indicator) for indicator in stage.indicators]
        possible = Range(
            float(np.mean([end.low for end in ends])), float(np.mean([end.high for end in ends]))
        )
        verdict = verdicts.judge_coefficient(stage.composite(), possible, stage.limit)
        yield _check(stage, "composite", "balance.rule.composite", stage.limit, verdict)
    if "school_rule" in stage.scheme:
        verdict = verdicts.judge_all(school_verdicts)
        yield _check(stage, "schools_rule_met", "balance.rule.schools", 1.0, verdict)


def school_checks(stage: Stage, school_verdicts: pd.Series) -> Iterator[Check]:
    """Give each school's verdict, and why the excluded ones have none."""
    at = str(stage.year)
    for school, verdict in school_verdicts.items():
        yield Check(
            indicator="schools_rule_met", stage=stage.id, by="school", subject=str(school), at=at,
            rule="balance.rule.school", limit=float(stage.scheme["school_rule"]["at_least"]),
            verdict=verdict, source=stage.scheme["school_rule"]["source"],
            reason="balance.reason.missing" if verdict == "cannot_say" else "",
        )  # fmt: skip
    for school, reason in stage.entrants.excluded["reason"].items():
        yield Check(
            indicator="pupils_excluded", stage=stage.id, by="school", subject=str(school), at=at,
            rule="balance.rule.excluded", limit=float("nan"), verdict="not_applicable",
            reason=f"balance.excluded.{reason}", source=stage.scheme["exclude"]["source"],
        )  # fmt: skip


def _check(stage: Stage, indicator: str, rule: str, limit: float, verdict: Verdict) -> Check:
    """Take back what does not stand: nothing to compare, or too little was reported.

    A school that said nothing may fail the school rule and cannot heal another's failing: of all
    schools, only "not met" stands without it.
    """
    reason = "balance.reason.missing" if verdict == "cannot_say" else ""
    if indicator == "schools_rule_met":
        if verdict == "met" and stage.silent != 0:
            verdict, reason = "cannot_say", "balance.reason.coverage"
    elif len(stage.entrants.counted) < 2:
        verdict, reason = "cannot_say", "balance.reason.few_schools"
    elif stage.coverage < stage.min_coverage:
        verdict, reason = "cannot_say", "balance.reason.coverage"
    elif verdict == "cannot_say":
        reason = _why_unknown(stage, indicator.split(".")[0])
    return Check(
        indicator=indicator, stage=stage.id, by="", subject="", at=str(stage.year), rule=rule,
        limit=limit, verdict=verdict, reason=reason,
        source=stage.scheme["coefficient"]["source"],
    )  # fmt: skip


def _why_unknown(stage: Stage, id: str) -> str:
    """Say why a coefficient cannot be judged: no total, a gap in what came, a silent school."""
    of = [indicator for indicator in stage.indicators if indicator["id"] == id] or stage.indicators
    if all(map(stage.is_reported, of)):
        nothing = any(stage.reported(indicator)[0].sum() == 0 for indicator in of)
        return "balance.reason.no_total" if nothing else "balance.reason.coverage"
    return "balance.reason.missing"
