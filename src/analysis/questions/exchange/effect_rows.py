"""The numbers of the effect finding as rows of its table, and how each doubt was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Check, Verdict
from analysis.methods.clusters import Inference
from analysis.questions.exchange.cases import STAYING, Case, Refuted
from analysis.questions.exchange.effect_indicators import (
    BY_BOUND,
    BY_DOSE,
    BY_DOUBT,
    BY_ERROR,
    BY_MEASURE,
    BY_SINCE,
    BY_SPEC,
    BY_TURN,
)
from analysis.questions.exchange.ladder import Result
from analysis.questions.exchange.study import Estimate, Parameters

Row = dict[str, Any]
VERDICTS: Mapping[Result, Verdict] = {
    "passes": "met", "weak": "likely_met", "fails": "not_met", "cannot_say": "cannot_say",
}  # fmt: skip
OUTCOMES = ("effect_score", "effect_score_chinese", "effect_score_mathematics",
            "effect_score_english", "effect_staying")  # fmt: skip
ESTIMATES = frozenset({
    *OUTCOMES, "effect_size", "effect_event", "effect_band", "effect_calendar", "effect_spec", "effect_dose",
    "effect_error", "effect_chance", "effect_doubt", "effect_relative", "effect_smooth",
    "effect_lost_relative", "effect_left", "effect_power", "effect_detectable", "effect_shock",
    "effect_matters", "effect_wrong_weight", "effect_staying_size",
    "effect_staying_doubt", "effect_still", "effect_apart",
})  # fmt: skip
"""What tells of schools' scores, and is not shown where too few schools stand behind it."""


def tell(case: Case, parameters: Parameters) -> Iterator[Row]:
    """Give the rows of one case, of which the stage is the name.

    Parameters
    ----------
    case
        From `cases.examine`.
    parameters
        ``parameters.toml`` ``[exchange.effect]``.
    """
    for row in _rows(case, parameters):
        yield {"stage": name_stage(case), **row}


def count_silent(counties: int) -> Iterator[Row]:
    """Give the counties without any list of exchanges, if there are."""
    if counties:
        yield {"indicator": "effect_counties_silent", "value": counties, "unit": "counties"}


def name_stage(case: Case) -> str:
    """Name a case among the finding's stages: its side, and whose schools they are."""
    return f"{case.side}_{case.scope}"


def _rows(case: Case, parameters: Parameters) -> Iterator[Row]:
    sample = case.sample
    for id, number in (
        ("effect_compared_treated", sample.treated_schools),
        ("effect_compared_controls", sample.control_schools),
        ("effect_incomplete", sample.incomplete),
    ):
        yield {"indicator": id, "value": number, "n_unit": "schools", "unit": "schools"}
    for id, number in (
        ("effect_clusters", sample.clusters),
        ("effect_clusters_treated", sample.treated_clusters),
        ("effect_clusters_controls", sample.control_clusters),
    ):
        yield {"indicator": id, "value": number, "n_unit": "clusters"}
    for at, counts in case.roles.items():
        for role, number in counts.items():
            yield {"indicator": f"effect_role_{role}", "by": BY_DOSE, "subject": f"{at:g}",
                   "value": number, "n_unit": "schools", "unit": "schools"}  # fmt: skip
    for outcome, (estimate, treated) in case.by_outcome.items():
        row = {**_range(f"effect_{outcome}", estimate), "n": treated, "n_unit": "schools"}
        yield _in_points(row) if outcome == STAYING else row
    yield from _lasting(case.lasting)
    for measure, apart in case.apart.items():
        yield {"indicator": "effect_apart", "by": BY_MEASURE, "subject": measure, "value": apart,
               "unit": "sd"}  # fmt: skip
    if case.staying is not None:
        yield from _staying(case.staying)
    if case.refuted is not None:
        yield from _refuted(case.refuted, parameters)
        for at, (estimate, treated) in case.by_dose.items():
            yield {**_range("effect_dose", estimate), "by": BY_DOSE, "subject": f"{at:g}",
                   "n": treated, "n_unit": "schools"}  # fmt: skip


def _staying(refuted: Refuted) -> Iterator[Row]:
    value = abs(refuted.judged.estimate.value)
    yield _in_points({"indicator": "effect_staying_size", "value": value})
    for id, number in (("effect_staying_treated", refuted.treated),
                       ("effect_staying_controls", refuted.controls)):  # fmt: skip
        yield {"indicator": id, "value": number, "n_unit": "schools", "unit": "schools"}
    for doubt in refuted.doubts:
        yield {"indicator": "effect_staying_doubt", "by": BY_DOUBT, "subject": doubt.id,
               "value": doubt.value, "unit": "ratio"}  # fmt: skip


def _in_points(row: Row) -> Row:
    """Write a difference of shares in percentage points."""
    ends = ("value", "value_low", "value_high")
    return {
        **row,
        **{end: 100 * row[end] for end in ends if end in row},
        "unit": "percentage_points",
    }


def _refuted(refuted: Refuted, parameters: Parameters) -> Iterator[Row]:
    yield from _detectable(refuted, parameters)
    yield {"indicator": "effect_size", "value": abs(refuted.judged.estimate.value), "unit": "sd"}
    for row in refuted.events.table.to_dict("records"):
        at = {"by": BY_SINCE, "subject": f"{row['event']:g}", "value": row["estimate"],
              "interval_kind": "model", "unit": "sd", "n": row["schools"],
              "n_unit": "schools"}  # fmt: skip
        yield {"indicator": "effect_event", **at, "value_low": row["low"],
               "value_high": row["high"]}  # fmt: skip
        yield {"indicator": "effect_band", **at, "value_low": row["band_low"],
               "value_high": row["band_high"]}  # fmt: skip
    for year, estimate in refuted.by_year.items():
        yield {**_range("effect_calendar", estimate), "at": str(year)}
    for spec, estimate in refuted.estimates.items():
        yield {**_range("effect_spec", estimate), "by": BY_SPEC, "subject": spec}
    yield {"indicator": "effect_wrong_weight", "value": refuted.wrong_weight, "unit": "share"}
    yield from _errors(refuted)
    yield from _doubts(refuted)


def _detectable(refuted: Refuted, parameters: Parameters) -> Iterator[Row]:
    rules = parameters["inference"]
    yield {"indicator": "effect_matters", "value": rules["matters"]["score"], "unit": "sd"}
    found = refuted.detectable
    if found is None:
        return
    known = np.isfinite(found.low) and np.isfinite(found.high)
    ends = {"value_low": found.low, "value_high": found.high, "interval_kind": "model"}
    yield {"indicator": "effect_detectable", "value": found.effect, "unit": "sd",
           **(ends if known else {})}  # fmt: skip
    yield {
        "indicator": "effect_shock",
        "value": float(np.sqrt(found.fading.variance)),
        "unit": "sd",
    }


def _errors(refuted: Refuted) -> Iterator[Row]:
    judged = refuted.judged
    found: dict[str, Estimate | Inference] = {
        "analytic": judged.plain, "jackknife": judged.jackknife, "wild": judged.wild,
        "dealt": judged.dealt,
    }  # fmt: skip
    value = judged.estimate.value
    for id, one in found.items():
        at = {"by": BY_ERROR, "subject": id}
        ends = [end if np.isfinite(end) else np.nan for end in (one.low, one.high)]
        yield {"indicator": "effect_error", **at, "value": value, "value_low": ends[0],
               "value_high": ends[1], "interval_kind": "model", "unit": "sd"}  # fmt: skip
        yield {"indicator": "effect_chance", **at, "value": one.p, "unit": "ratio"}


def _doubts(refuted: Refuted) -> Iterator[Row]:
    for doubt in refuted.doubts:
        yield {"indicator": "effect_doubt", "by": BY_DOUBT, "subject": doubt.id,
               "value": doubt.value, "unit": "ratio"}  # fmt: skip
        if doubt.id == "left_out" and np.isfinite(doubt.low):
            yield {"indicator": "effect_left", "value": refuted.judged.estimate.value,
                   "value_low": doubt.low, "value_high": doubt.high, "unit": "sd"}  # fmt: skip
    if np.isfinite(refuted.pretest.power):
        yield {"indicator": "effect_power", "value": refuted.pretest.power, "unit": "share"}
    robust, value = refuted.robust, refuted.judged.estimate.value
    # An estimate that includes nought as it is has nothing to lose.
    if robust is None or not refuted.judged.estimate.excludes_zero:
        return
    for indicator, by, ranges in (
        ("effect_relative", BY_BOUND, robust.relative), ("effect_smooth", BY_TURN, robust.smooth),
    ):  # fmt: skip
        for bound, (low, high) in ranges.items():
            yield {"indicator": indicator, "by": by, "subject": f"{bound:g}", "value": value,
                   "value_low": low, "value_high": high, "interval_kind": "model",
                   "unit": "sd"}  # fmt: skip
    yield {"indicator": "effect_lost_relative", "value": robust.relative_lost, "unit": "ratio"}


def _lasting(lasting: pd.DataFrame | None) -> Iterator[Row]:
    if lasting is None:
        return
    for row in lasting[lasting["first"] == 0].to_dict("records"):
        known = row["schools"] - row["unknown"]
        if known:
            yield {"indicator": "effect_still", "by": BY_SINCE, "subject": str(row["since"]),
                   "value": row["on"] / known, "numerator": row["on"], "denominator": known,
                   "n": known, "n_unit": "schools", "unit": "share"}  # fmt: skip


def _range(indicator: str, estimate: Estimate) -> Row:
    return {"indicator": indicator, "value": estimate.value, "value_low": estimate.low,
            "value_high": estimate.high, "interval_kind": "model", "unit": "sd"}  # fmt: skip


def judge(case: Case) -> Iterator[Check]:
    """Give a check for every doubt, with its reason in words."""
    doubted = (("effect_doubt", case.refuted), ("effect_staying_doubt", case.staying))
    for indicator, doubt in (
        (indicator, doubt)
        for indicator, refuted in doubted if refuted is not None
        for doubt in refuted.doubts
    ):  # fmt: skip
        yield Check(
            indicator, name_stage(case), BY_DOUBT, doubt.id, "", f"effect.rule.{doubt.id}",
            float("nan"), VERDICTS[doubt.result], f"effect.reason.{doubt.id}_{doubt.result}",
        )  # fmt: skip


def find_few(table: pd.DataFrame, outside: Parameters) -> pd.Series:
    """Mark the rows that tell of scores of so few schools that they are for the county itself."""
    refuted = set(table.loc[table["indicator"] == "effect_doubt", "stage"])
    counts = table[table["by"] == ""].set_index(["indicator", "stage"])["value"]
    few = {
        stage
        for stage in set(table["stage"])
        if stage not in refuted
        or counts[("effect_compared_treated", stage)] < outside["treated_schools"]
        or counts[("effect_compared_controls", stage)] < outside["control_schools"]
    }
    estimates = table["indicator"].isin(ESTIMATES)
    return estimates & (table["stage"].isin(few) | (table["n"] < outside["treated_schools"]))


def name_doses(parameters: Parameters) -> dict[str, dict[str, dict[str, str]]]:
    """Name thresholds and bounds."""
    doses = {f"{at:g}": {"zh": f"每百名学生{at:g}名", "en": f"{at:g} per 100 pupils"}
             for at in parameters["at"]}  # fmt: skip
    bounds = {f"{b:g}": {"zh": f"偏离不超过此前最大的{b:g}倍", "en": f"Drift up to {b:g} times the worst before"}
              for b in parameters["refutation"]["relative"]}  # fmt: skip
    turns = {f"{b:g}": {"zh": f"走势每年转折不超过{b:g}", "en": f"Slope turns by up to {b:g} a year"}
             for b in parameters["refutation"]["smooth"]}  # fmt: skip
    return {BY_DOSE: doses, BY_BOUND: bounds, BY_TURN: turns}
