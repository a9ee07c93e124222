"""Items that the county's own figures decide: pay, placement, places, enrolment, funds, survey."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from analysis.finding import Verdict, reaches
from analysis.questions.assurance.outcomes import (
    NOT_REPORTED,
    NOTHING_TO_JUDGE,
    Item,
    Outcome,
    judge_share,
)
from analysis.records.county import CountyData

Figures = Mapping[str, float]


def read(county: CountyData) -> Figures:
    """Give the county's figures of the year by column, nan where it gives none."""
    rows = county.table("county_years", year=county.year)
    columns = [column for column in rows.columns if column not in ("county", "year")]
    if rows.empty:
        return dict.fromkeys(columns, math.nan)
    numbers = rows[columns].astype("float64").iloc[0]
    return {column: float(numbers[column]) for column in columns}


def judge_part(figures: Figures, item: Item) -> Outcome:
    """Judge a share of two of the county's figures.

    >>> item = {"part_of": ["a", "b"], "whole": "n", "limit": 0.85}
    >>> judge_part({"a": 80.0, "b": 5.0, "n": 100.0}, item).verdict
    'met'
    >>> judge_part({"a": 80.0, "b": math.nan, "n": 100.0}, item).reason
    'not_reported'
    """
    part, whole = sum(figures[column] for column in item["part_of"]), figures[item["whole"]]
    if math.isnan(part) or math.isnan(whole):
        return NOT_REPORTED
    return judge_share(part, whole, 0, item["limit"]) if whole > 0 else NOTHING_TO_JUDGE


def judge_pay(figures: Figures, item: Item) -> Outcome:
    """Judge the average pay of teachers against that of civil servants."""
    teachers = _mean(figures, "pay_teachers_yuan", "paid_teachers_n")
    officials = _mean(figures, "pay_officials_yuan", "paid_officials_n")
    if math.isnan(teachers) or math.isnan(officials) or officials <= 0:
        return NOT_REPORTED
    ratio = teachers / officials
    verdict: Verdict = "met" if reaches(ratio, item["limit"]) else "not_met"
    return Outcome(verdict, "", ratio, teachers, officials)


def judge_retention(figures: Figures, item: Item) -> Outcome:
    """Judge how many of a cohort stayed for the three years of junior secondary.

    >>> cohort = {"cohort_graduates_n": 190.0, "cohort_in_n": 10.0, "cohort_out_n": 12.0,
    ...           "cohort_n": 201.0, "cohort_died_n": 1.0}
    >>> judge_retention(cohort, {"limit": 0.95}).value
    0.96
    """
    part = figures["cohort_graduates_n"] - figures["cohort_in_n"] + figures["cohort_out_n"]
    whole = figures["cohort_n"] - figures["cohort_died_n"]
    if math.isnan(part) or math.isnan(whole):
        return NOT_REPORTED
    return judge_share(part, whole, 0, item["limit"]) if whole > 0 else NOTHING_TO_JUDGE


def share_out(figures: Figures) -> tuple[float, float]:
    """Give how many of that cohort moved out, and of how many."""
    return figures["cohort_out_n"], figures["cohort_n"] - figures["cohort_died_n"]


def judge_monitoring(county: CountyData, item: Item) -> Outcome:
    """Judge the latest result of each subject within the cycle of the national monitoring."""
    rows = county.tables["monitoring"]
    recent = rows[rows["year"].between(county.year - item["cycle"] + 1, county.year)]
    recent = recent[recent["monitored"].isin(item["subjects"])].sort_values("year", kind="stable")
    latest = recent.drop_duplicates("monitored", keep="last")
    if latest.empty:
        return NOT_REPORTED
    variation = latest["variation"].astype("float64")
    level = latest["level"].astype("float64")
    worst = float(variation.max())
    low = bool((level < item["level"]).any())
    # "Under" the limit: what equals it is not under it.
    wide = not math.isnan(worst) and reaches(worst, item["limit"])
    if wide or low:
        return Outcome("not_met", "" if wide else "level", worst)
    complete = set(latest["monitored"]) >= set(item["subjects"])
    if complete and variation.notna().all() and level.notna().all():
        return Outcome("met", "", worst)
    return Outcome("cannot_say", "incomplete", worst, partial=True)


def _mean(figures: Figures, total: str, number: str) -> float:
    heads: Any = figures[number]
    return figures[total] / heads if heads > 0 else math.nan
