"""The numbers of the risk finding as rows of its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods import prediction, resampling, shrinkage
from analysis.methods.discrimination import Estimate
from analysis.questions.dropout import expected, model, performance
from analysis.questions.dropout.covariates import OF_SCHOOLS
from analysis.questions.dropout.expected import Expected
from analysis.questions.dropout.performance import Judged
from analysis.questions.dropout.pool import Study
from analysis.questions.dropout.terms import LEFT, known

Row = dict[str, Any]
BY_WAY, BY_WAY_OF_ALL, BY_ZONE = "way", "way_all", "risk_zone"
BY_GROUP, BY_FACTOR, BY_SCHOOL = "risk_group", "factor", "school"
_HUNDRED = 100.0


def expected_rows(study: Study, county: str) -> Iterator[Row]:
    """Give how many are expected to leave, for the county and by where the schools lie."""
    now = study.pool.now[study.pool.now["county"] == county]
    if study.fitted is None or now.empty:
        return
    yield {"indicator": "risk_pupils", "value": len(now), "n": len(now), "n_unit": "pupils",
           "unit": "pupils"}  # fmt: skip
    yield _expected(expected.expect(study.fitted, now, study.spread))
    zones = now["school"].map(study.pool.zones).fillna("")
    for zone, made in expected.expect_by(study.fitted, now, zones, study.spread).items():
        if zone:
            yield {**_expected(made), "by": BY_ZONE, "subject": zone}
    schools, of = expected.concentration(study.fitted, now)
    yield {"indicator": "risk_concentrated", "value": schools, "numerator": schools,
           "denominator": of, "n": of, "n_unit": "schools", "unit": "schools"}  # fmt: skip


def _expected(made: Expected) -> Row:
    return {
        "indicator": "risk_expected", "value": made.number, "value_low": made.low,
        "value_high": made.high, "interval_kind": "model", "n": made.pupils, "n_unit": "pupils",
        "unit": "pupils",
    }  # fmt: skip


def trial_rows(judged: Mapping[str, Judged | None], by: str) -> Iterator[Row]:
    """Give how each trial went."""
    for way, one in judged.items():
        if one is None:
            continue
        at = {"by": by, "subject": way}
        yield {**at, "indicator": "risk_left", "value": one.events, "n": one.pupils,
               "n_unit": "pupils", "unit": "pupils"}  # fmt: skip
        told = {
            "risk_auc": one.auc,
            "risk_delong": one.delong,
            "risk_auc_school": one.environment,
            "risk_ratio": one.calibration.ratio,
            "risk_slope": one.calibration.slope,
            "risk_intercept": one.calibration.intercept,
        }
        for indicator, estimate in told.items():
            yield {**at, **_estimated(indicator, estimate, one.pupils, "ratio")}
        if one.visits is None or one.by_school is None or one.gain is None:
            continue
        for indicator, visits in (("risk_hits", one.visits), ("risk_hits_school", one.by_school)):
            row = _estimated(indicator, visits.precision, visits.capacity, "ratio", _HUNDRED)
            # Whole persons, so that the gate sees how few they are; where scores are equal at the
            # last place, hits are a mean.
            hits = round(visits.hits)
            yield {**at, **row, "value": _HUNDRED * hits / visits.capacity, "numerator": hits,
                   "denominator": visits.capacity}  # fmt: skip
        row = _estimated("risk_gain", one.gain, one.visits.capacity, "ratio", _HUNDRED)
        yield {**at, **row}
        recall = one.visits.recall
        row = _estimated("risk_recall", recall, recall.events, "share")
        yield {**at, **row, "numerator": round(one.visits.hits), "denominator": recall.events}


def _estimated(indicator: str, estimate: Estimate, n: int, unit: str, scale: float = 1.0) -> Row:
    return {
        "indicator": indicator, "value": scale * estimate.estimate,
        "value_low": scale * estimate.low, "value_high": scale * estimate.high,
        "interval_kind": "sampling", "n": n, "n_unit": "pupils", "unit": unit,
    }  # fmt: skip


def group_rows(groups: pd.DataFrame) -> Iterator[Row]:
    """Give errors of the selection by group."""
    ids = {"false_negative": "risk_missed", "false_positive": "risk_alarm",
           "selected": "risk_selected", "ratio": "risk_group_ratio"}  # fmt: skip
    for row in groups.to_dict("records"):
        if (indicator := ids.get(str(row["rate"]))) is None:
            continue
        ratio = indicator == "risk_group_ratio"
        counts = {} if ratio else {"numerator": row["part"], "denominator": row["whole"]}
        yield {
            "indicator": indicator, "by": BY_GROUP, "subject": row["group"],
            "value": row["estimate"], "value_low": row["low"], "value_high": row["high"],
            "interval_kind": "sampling", **counts, "n": row["whole"], "n_unit": "pupils",
            "unit": "ratio" if ratio else "share", "flag": "c" if row["hidden"] else "",
        }  # fmt: skip


def cost_rows(judged: Judged | None, more: Judged | None) -> Iterator[Row]:
    """Give what it costs not to use what is deliberately left out."""
    if judged is None or more is None:
        return
    yield {"indicator": "risk_auc_more", "unit": "ratio",
           "value": more.auc.estimate - judged.auc.estimate}  # fmt: skip
    if judged.visits is not None and more.visits is not None:
        gained = more.visits.precision.estimate - judged.visits.precision.estimate
        yield {"indicator": "risk_hits_more", "unit": "ratio",
               "value": _HUNDRED * gained}  # fmt: skip


def factor_rows(study: Study) -> Iterator[Row]:
    """Give what a school factor does to the odds of leaving, all counties together."""
    if study.fitted is not None:
        yield from odds_rows(study.fitted, "risk_odds")


def odds_rows(learnt: model.Model, indicator: str) -> Iterator[Row]:
    """Give what the school factors of a model do to the odds of leaving."""
    fit = learnt.fitted
    bounds = fit.interval().to_dict("index")
    for factor in (each.id for each in OF_SCHOOLS):
        if factor not in fit.params:
            continue
        low, high = bounds[factor]["low"], bounds[factor]["high"]
        yield {
            "indicator": indicator, "by": BY_FACTOR, "subject": factor,
            "value": np.exp(fit.params[factor]), "value_low": np.exp(low),
            "value_high": np.exp(high), "interval_kind": "model", "unit": "ratio",
        }  # fmt: skip


def gap_rows(study: Study, county: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
    """Part the distance to the prefecture into who the pupils are and what schools and place do."""
    if study.pupils_only is None:
        return
    rows = known(study.pool.rows)
    left = (rows["exit"] == LEFT).to_numpy(dtype=float)
    inside = (rows["county"] == county).to_numpy()
    own = rows[inside]
    if own.empty or inside.all():
        return
    of_pupils = model.predict(study.pupils_only, own)
    rate, whole, standard = left[inside].mean(), left.mean(), of_pupils.mean()
    events = int(left[inside].sum())
    base: Row = {"n": len(own), "n_unit": "pupils", "unit": "ratio"}
    yield {**base, "indicator": "risk_rate", "value": _HUNDRED * rate, "numerator": events,
           "denominator": len(own)}  # fmt: skip
    yield {**base, "indicator": "risk_rate_pool", "value": _HUNDRED * whole, "n": len(rows),
           "numerator": int(left.sum()), "denominator": len(rows)}  # fmt: skip
    yield {**base, "indicator": "risk_by_pupils", "value": _HUNDRED * (standard - whole),
           "flag": "e"}  # fmt: skip
    by_school = pd.DataFrame({"gap": left[inside] - of_pupils, "n": 1.0}).groupby(
        own["school"].to_numpy()
    ).sum()  # fmt: skip
    gap, n = by_school["gap"].to_numpy(), by_school["n"].to_numpy()
    low, high = resampling.by_cluster(
        lambda w: (float(w @ gap / (w @ n)),), by_school.index,
        np.random.default_rng(parameters["seed"]), parameters["draws"],
    )[0]  # fmt: skip
    yield {
        **base, "indicator": "risk_by_schools", "value": _HUNDRED * (rate - standard),
        "value_low": _HUNDRED * low, "value_high": _HUNDRED * high, "interval_kind": "sampling",
    }  # fmt: skip


def school_rows(study: Study, county: str) -> Iterator[Row]:
    """Hold what happened in each school against what its pupils made expect, drawn towards all."""
    if study.pupils_only is None:
        return
    rows = known(study.pool.rows)
    rows = rows[(rows["county"] == county) & (rows["year"] == rows["year"].max())]
    if rows.empty:
        return
    sums = pd.DataFrame(
        {
            "expected": model.predict(study.pupils_only, rows),
            "observed": (rows["exit"] == LEFT).to_numpy(dtype=float),
            "pupils": 1,
        }
    ).groupby(rows["school"].to_numpy()).sum()  # fmt: skip
    made = shrinkage.shrink_ratios(sums["observed"], sums["expected"])
    for place, (school, row) in enumerate(sums.iterrows()):
        yield {
            "indicator": "risk_school", "by": BY_SCHOOL, "subject": str(school),
            "value": made.estimate[place], "value_low": made.low[place],
            "value_high": made.high[place], "interval_kind": "model", "n": row["pupils"],
            "n_unit": "pupils", "unit": "ratio",
        }  # fmt: skip
        low, high = prediction.count_interval(row["expected"], row["expected"])
        yield {
            "indicator": "risk_school_plain", "by": BY_SCHOOL, "subject": str(school),
            "value": row["observed"] / row["expected"], "value_low": low / row["expected"],
            "value_high": high / row["expected"], "interval_kind": "model", "n": row["pupils"],
            "n_unit": "pupils", "unit": "ratio",
        }  # fmt: skip


def judge_ways(
    study: Study, parameters: Mapping[str, Any], county: str | None = None
) -> dict[str, Judged | None]:
    """Judge every trial, of one county or of all counties together."""
    draws = parameters["draws" if county else "pool_draws"]
    capacity = study.pool.capacity
    return {
        way: performance.judge(rows, capacity, parameters, draws)
        for way, tried in study.tried.items()
        if len(rows := tried if county is None else tried[tried["county"] == county])
    }
