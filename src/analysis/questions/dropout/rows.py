"""The numbers of the dropout chapter, one row each, and the checks on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from analysis.finding import Better, Check, Verdict, reaches
from analysis.questions.dropout.indicators import BY_OUTCOME, RETENTION
from analysis.questions.dropout.ledgers import Flow
from analysis.questions.dropout.rates import Rate
from analysis.questions.dropout.retention import Cohort
from analysis.questions.dropout.rules import Rules

Row = dict[str, Any]

BY_GRADE = "school_grade"
BY_TERM_AND_GRADE = f"term×{BY_GRADE}"
OUTCOMES = ("attending", "elsewhere", "exempt", "left")


def rate_rows(found: Sequence[Rate], least: int, apart: int) -> Iterator[Row]:
    """Give both rates, by stage and by grade.

    Parameters
    ----------
    found
        What was measured.
    least, apart
        What fewer persons could be told from is left out (with 0 nothing is): the net flow by
        grade, whatever it is, and that of a stage which is nearly nought, since more than that came
        or went; rates by grade of a stage and year in which fewer than `least` of a grade are gone
        (beside the others and the stage's they would be known); and the rate with transfers that
        nobody verified taken to be in school, where these are fewer than `apart`. A row that is
        marked as withheld would say that its own number is small, which it is not.
    """
    told = {
        (rate.year, rate.stage)
        for rate in found
        if rate.grade is not None and 0 < rate.gone < least
    }
    for rate in found:
        if rate.grade is not None and (rate.year, rate.stage) in told:
            continue
        base = {
            "stage": rate.stage, "at": str(rate.year), "n_unit": "pupils", "unit": "share",
            "by": "" if rate.grade is None else BY_GRADE,
            "subject": "" if rate.grade is None else str(rate.grade),
        }  # fmt: skip
        # The net flow rests on those who moved: few of them are few persons, whatever is left. Where
        # they are many it does not say how many: with the net flow that would tell who came and went.
        if rate.grade is not None and least:
            yield from _followed_rows(base, rate)
            continue
        net, moved = rate.out - rate.into, rate.out + rate.into
        rests_on = moved if 0 < moved < least else rate.enrolled
        if not 0 < abs(net) < apart:
            yield {**base, "indicator": "dropout_net", "value": net / rate.enrolled,
                   "numerator": net, "denominator": rate.enrolled, "n": rests_on}  # fmt: skip
        yield from _followed_rows(base, rate)
        if rate.followed and rate.grade is None and rate.unverified >= apart:
            in_school = rate.gone - rate.unverified
            yield _followed(base, "dropout_verified_least", in_school, rate.followed)


def _followed_rows(base: Row, rate: Rate) -> Iterator[Row]:
    if rate.followed:
        yield _followed(base, "dropout_verified", rate.gone, rate.followed)


def _followed(base: Row, indicator: str, gone: int, followed: int) -> Row:
    return {**base, "indicator": indicator, "value": gone / followed, "numerator": gone,
            "denominator": followed, "n": followed}  # fmt: skip


def unmeasured_rows(found: Sequence[Rate], stages: Sequence[str], year: int) -> Iterator[Row]:
    """Give both rates of these stages as not known, in the latest year measured or the report's."""
    last = max((rate.year for rate in found), default=year)
    for stage in stages:
        for indicator in ("dropout_net", "dropout_verified"):
            yield {"indicator": indicator, "stage": stage, "at": str(last), "flag": "x",
                   "n_unit": "pupils", "unit": "share"}  # fmt: skip


def retention_rows(cohorts: Iterable[Cohort], apart: int) -> Iterator[Row]:
    """Give retention in its three definitions and the share of transfers out.

    Parameters
    ----------
    cohorts
        What became of them.
    apart
        Where fewer died, the plain form is left out: beside the inspected one, of the same cohort
        less those who died, it would tell how many. Where fewer moved in, the share of those who
        moved out is: the graduates and those who moved out, less the part of the inspected form,
        are those who moved in.
    """
    for cohort in cohorts:
        few = {"plain": cohort.died < apart, "moved_out": cohort.moved_in < apart}
        for name, indicator in RETENTION.items():
            share = cohort.shares[name]
            base = {"indicator": indicator, "stage": "junior", "at": str(cohort.year),
                    "n_unit": "pupils", "unit": "share"}  # fmt: skip
            if few.get(name):
                continue
            if math.isnan(share.value):
                yield {**base, "flag": "x"}
                continue
            yield {
                **base, "value": share.value, "numerator": share.part, "denominator": share.whole,
                "n": share.whole, "flag": "p" if cohort.partial else "",
            }  # fmt: skip


def ledger_rows(flows: Iterable[Flow], year: int, apart: int) -> Iterator[Row]:
    """Give the cases of each step, of the year and of its periods.

    Parameters
    ----------
    flows
        The year's first (`ledgers.count_flows`).
    year
        The school year.
    apart
        Outside the county a step is given by period, and the checked by what they were found to be,
        where no part has fewer than this but nobody: parts make the year's number. Who is open
        before, entered and closed make who is open after, so open cases are given for the year
        alone, and not where fewer were open when it began. With 0 everything is given.
    """
    flows = list(flows)
    for flow in flows:
        base = {"by": flow.level, "subject": flow.period, "at": str(year), "n_unit": "pupils",
                "unit": "pupils"}  # fmt: skip
        for step, number in flow.steps.items():
            parts = [other.steps[step] for other in flows if other.level == flow.level]
            if not flow.level or not _has_few(parts, apart):
                yield {**base, "indicator": f"ledger_{step}", "value": number}
        if not flow.level and not _has_few(flow.outcomes.values(), apart):
            for outcome in OUTCOMES:
                yield {**base, "indicator": "ledger_checked", "by": BY_OUTCOME, "subject": outcome,
                       "value": flow.outcomes.get(outcome, 0)}  # fmt: skip
        if (not apart or not flow.level) and not 0 < flow.open_start < apart:
            yield {**base, "indicator": "ledger_open", "value": flow.open_end}


def unregistered_rows(
    entered: int, asked: int, unregistered: int, year: int, apart: int
) -> Iterator[Row]:
    """Give the children entered who are on no register (`ledgers.find_unregistered`).

    Nothing where no child could be held against a register, and where fewer than `apart` are on one
    or on none: with the cases entered either tells the other. Where only some schools handed in
    their registers the number is provisional.
    """
    if asked and not _has_few((unregistered, asked - unregistered, entered - unregistered), apart):
        yield {"indicator": "ledger_unregistered", "at": str(year), "n_unit": "pupils",
               "unit": "pupils", "value": unregistered, "flag": "p" if asked < entered else ""}  # fmt: skip


def _has_few(parts: Iterable[int], apart: int) -> bool:
    return any(0 < part < apart for part in parts)


def head_rows(visits: pd.DataFrame, days: float, checked: int, year: int) -> Iterator[Row]:
    """Give the children on the first ledger, and how long checking takes."""
    known = visits.dropna(subset=["children_n"]).sort_values("term")
    if len(known):
        yield {"indicator": "ledger_children", "at": str(year), "n_unit": "pupils",
               "unit": "pupils", "value": int(known["children_n"].iloc[-1])}  # fmt: skip
    if checked:
        yield {"indicator": "ledger_days", "at": str(year), "value": days, "n": checked,
               "n_unit": "pupils", "unit": "days"}  # fmt: skip


def absence_rows(counted: pd.DataFrame, name: str, year: int) -> Iterator[Row]:
    """Give the pupils who reached a limit of absence, by term and by term and grade."""
    columns = ["pupils", "reached", "listed"]
    by_term = counted.groupby("term", observed=True)[columns].sum().reset_index()
    groups = [("term", str(row["term"]), row) for _, row in by_term.iterrows()]
    groups += [
        (BY_TERM_AND_GRADE, f"{row['term']}×{row['grade']}", row) for _, row in counted.iterrows()
    ]
    for by, subject, row in groups:
        pupils, reached, listed = (int(row[column]) for column in columns)
        base = {"by": by, "subject": subject, "at": str(year), "n_unit": "pupils"}
        yield {**base, "indicator": f"dropout_absent_{name}", "value": reached, "n": pupils,
               "denominator": pupils, "unit": "pupils"}  # fmt: skip
        if reached:
            yield {**base, "indicator": f"dropout_listed_{name}", "value": listed / reached,
                   "numerator": listed, "denominator": reached, "n": reached, "unit": "share"}  # fmt: skip


def judge(
    found: Sequence[Rate], cohorts: Sequence[Cohort], why: str, unmeasured: Sequence[str],
    rules: Rules, year: int,
) -> Iterator[Check]:  # fmt: skip
    """Hold the latest net-flow rates and nine-year retention against their limits.

    Retention as inspected is held against its limit in the chapter on what the scheme of 2017 asks.

    Parameters
    ----------
    found, cohorts
        What was measured.
    why
        Why no rate was measured, empty where one was.
    unmeasured
        Stages that have pupils but no rate.
    rules, year
        What `rules.read_rules` gives, and the year of the report.
    """
    last = max((rate.year for rate in found), default=year)
    for stage, limit in rules["limit"].items():
        rate = next((r for r in found if (r.year, r.stage, r.grade) == (last, stage, None)), None)
        value = (rate.out - rate.into) / rate.enrolled if rate else math.nan
        if rate or stage in unmeasured:
            reason = "" if rate else why or "some_schools"
            yield _check("dropout_net", stage, last, value, limit, "lower", reason)
    for cohort in cohorts[-1:]:
        value = cohort.shares["nine_year"].value
        reason = "not_complete" if cohort.partial or math.isnan(value) else ""
        yield _check(
            RETENTION["nine_year"], "junior", cohort.year, value, rules["retention"], "higher",
            reason,
        )  # fmt: skip


def _check(
    indicator: str, stage: str, year: int, value: float, limit: Rules, better: Better, why: str
) -> Check:
    verdict: Verdict = "met" if reaches(value, limit["value"], better) else "not_met"
    return Check(
        indicator=indicator, stage=stage, by="", subject="", at=str(year),
        rule=f"dropout.rule.{better}", limit=limit["value"],
        verdict="cannot_say" if why or math.isnan(value) else verdict,
        reason=f"dropout.reason.{why}" if why else "",
        source=f"{limit['source']}〔{limit['standing']}〕",
    )  # fmt: skip
