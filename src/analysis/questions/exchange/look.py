"""The event study again under other conditions: another outcome, control group, estimator or bound.

For a researcher's screen, never for a report: who tries many ways will find one that pleases, so each
look says that it is one of many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.finding import (
    Cell,
    Finding,
    Given,
    Indicator,
    Name,
    Note,
    NoteValue,
    merge_labels,
    tidy,
)
from analysis.methods import sensitivity, staggered
from analysis.methods.staggered import EventStudy
from analysis.questions.exchange import cases, effect_rows
from analysis.questions.exchange.assignment import tell_unit
from analysis.questions.exchange.cases import Scope
from analysis.questions.exchange.effect_indicators import BY_BOUND, BY_SINCE, LABELS, declare
from analysis.questions.exchange.estimators import COVARIATES
from analysis.questions.exchange.events import REFERENCE, follow
from analysis.questions.exchange.panel import Panel, assign
from analysis.questions.exchange.roles import Side
from analysis.questions.exchange.study import (
    NAMES,
    Estimate,
    Floats,
    Parameters,
    Sample,
    average,
    select,
    whole_counties,
)
from analysis.records.county import CountyData

Estimator = Literal["compare", "robust", "imputation", "sun_abraham"]
Control = Literal["never", "notyet"]
OUTCOMES = (*cases.OUTCOMES, *cases.PLACEBOS)
BY_OUTCOME, BY_CONTROL, BY_WAY = "look_outcome", "look_control", "look_way"
NAMED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    BY_OUTCOME: {
        "score": {"zh": "成绩", "en": "scores"},
        "score_chinese": {"zh": "语文成绩", "en": "scores in Chinese"},
        "score_mathematics": {"zh": "数学成绩", "en": "scores in mathematics"},
        "score_english": {"zh": "英语成绩", "en": "scores in English"},
        "staying": {"zh": "学生留在本校的比例", "en": "pupils who stay"},
        "books": {"zh": "生均图书（交流不可能改变）", "en": "books per pupil (exchange cannot change them)"},
        "sports_area": {"zh": "生均运动场地（交流不可能改变）", "en": "sports area per pupil (exchange cannot change it)"},
    },
    BY_CONTROL: {
        "never": {"zh": "从未参加的学校", "en": "schools that never began"},
        "notyet": {"zh": "从未参加和尚未开始的学校", "en": "schools that never began or not yet"},
    },
    BY_WAY: {
        "compare": {"zh": "逐届逐年比较", "en": "comparing cohorts year by year"},
        "robust": {"zh": "双重稳健（规模和寄宿比例）", "en": "doubly robust (size and boarders)"},
        "imputation": {"zh": "插补法", "en": "imputation"},
        "sun_abraham": {"zh": "交互加权回归", "en": "interaction-weighted regression"},
    },
}  # fmt: skip
"""What can be chosen. Imputation and the regression choose their controls themselves."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What to look at, and how.

    Attributes
    ----------
    scope, side, at, outcome
        Whose schools, receiving or sending, from how many exchange teachers per 100 pupils, and what
        of them.
    control, estimator
        Whom they are held against, and how.
    bound
        How far trends may part after the start, times the worst step before it.
    """

    scope: Scope = "all"
    side: Side = "receive"
    at: float = 1.0
    outcome: str = "score"
    control: Control = "never"
    estimator: Estimator = "compare"
    bound: float = 1.0

    def __post_init__(self) -> None:
        allowed = {"scope": cases.SCOPES, "side": get_args(Side), "outcome": OUTCOMES,
                   "control": get_args(Control), "estimator": get_args(Estimator)}  # fmt: skip
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise UsageError(
                    f"{name} 应为 {'、'.join(values)} 之一", f"{name} is one of {', '.join(values)}"
                )
        if not (self.at > 0 and self.bound >= 0):
            raise UsageError(
                "每百名学生的交流教师人数应大于0，偏离倍数应不小于0",
                "exchange teachers per 100 pupils are above 0, and the bound is 0 or more",
            )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    table: pd.DataFrame
    covariance: Floats
    mean: Estimate


def look_again(panel: Panel, county: CountyData, conditions: Conditions) -> Finding:
    """Estimate under these conditions.

    Parameters
    ----------
    panel
        Of the county's prefecture.
    county
        For its name, and its own schools where they alone are asked for.
    conditions
        What to look at, and how.

    Returns
    -------
    Finding
        Named ``"effect"``, for the desk: effects by year since the start, their mean, and what is left
        of it at the bound; without them where nothing can be said, with the reason.
    """
    parameters = county.reference.parameters["exchange"]["effect"]
    sample, cluster, reason = _select(panel, county.place.code, conditions, parameters)
    stage = f"{conditions.side}_{conditions.scope}"
    case = cases.Case(conditions.side, conditions.scope, cluster, sample, "")
    rows = [row for row in effect_rows.tell(case, parameters) if row["indicator"] in _COUNTS]
    key = f"look.cannot_{reason}"
    if not reason:
        try:
            seen = _estimate(sample, conditions, parameters)
        except UsageError:
            key = "look.cannot_no_years"
        else:
            made = [{"stage": stage, **row} for row in _tell(seen, conditions, parameters)]
            rows += made
            left = any(row["indicator"] == "effect_relative" for row in made)
            key = "look.found" if left else "look.no_bound"
    return Finding(
        name="effect", county=county.place.code, year=county.year, table=tidy(rows),
        indicators=_declare(conditions), origin=county.origin,
        labels=merge_labels({"county": {county.place.code: county.place.label}}, LABELS, NAMED),
        notes=(_say(key, county, stage, conditions),),
    )  # fmt: skip


_COUNTS = ("effect_compared_treated", "effect_compared_controls", "effect_clusters")


def _select(
    panel: Panel, county: str, conditions: Conditions, parameters: Parameters
) -> tuple[Sample, str, str]:
    assigned = assign(
        panel.rows, conditions.side, conditions.at, years_before=parameters["years_before"]
    )
    rows, cluster = assigned.rows, "school"
    if conditions.scope == "own":
        rows = rows[rows["county"] == county].reset_index(drop=True)
    elif not rows.empty:
        cluster = tell_unit(assigned, parameters).unit
    sample = select(
        whole_counties(rows) if cluster == "county" else rows, conditions.outcome, cluster
    )
    apart = conditions.scope == "all" and not panel.common
    if apart and conditions.outcome.startswith("score"):
        return sample, cluster, "papers"
    return sample, cluster, sample.reason(parameters["inference"])


def _estimate(sample: Sample, conditions: Conditions, parameters: Parameters) -> _Seen:
    rules, refutation = parameters["inference"], parameters["refutation"]
    few = sample.is_few(rules)
    free = sample.clusters - 1 if few else np.inf
    if conditions.estimator in ("compare", "robust"):
        how: dict[str, Any] = {"control": conditions.control}
        if conditions.estimator == "robust":
            how |= {"covariates": COVARIATES, "method": "dr"}
            known = sample.rows[list(COVARIATES)].notna().all(axis=1)
            whole = known.groupby(sample.rows["school"]).transform("all")
            sample = replace(sample, rows=sample.rows[whole].reset_index(drop=True))
        made = follow(sample, rules, refutation, **how)
        mean = average(sample, **how)
        # The jackknife's error where clusters are few, as in the report.
        spread = np.sqrt(
            (len(made.left) - 1) / len(made.left) * ((made.left - made.left.mean()) ** 2).sum()
        )
        mean = Estimate.by(mean.value, float(spread), free) if few else mean
        return _Seen(made.table, made.covariance, mean)
    ask = staggered.imputation if conditions.estimator == "imputation" else staggered.sun_abraham
    study = ask(sample.rows, outcome=sample.outcome, **NAMES, cluster="cluster")
    return _of_study(study, free, sample, parameters)


def _of_study(study: EventStudy, free: float, sample: Sample, parameters: Parameters) -> _Seen:
    table = study.table[study.table["event"] != REFERENCE]
    seen = sample.rows.loc[sample.rows["first"] > 0]
    count = (seen["year"] - seen["first"]).value_counts()
    enough = parameters["refutation"]["event_share"] * sample.treated_schools
    table = table[table["event"].map(count).fillna(0) >= enough].reset_index(drop=True)
    ranges = [Estimate.by(v, s, free) for v, s in table[["estimate", "se"]].itertuples(index=False)]
    made = table.assign(low=[r.low for r in ranges], high=[r.high for r in ranges],
                        schools=table["event"].map(count))  # fmt: skip
    names = list(table["event"])
    covariance = study.covariance().loc[names, names].to_numpy()
    return _Seen(made, covariance, Estimate.by(study.estimate, study.se, free))


def _tell(seen: _Seen, conditions: Conditions, parameters: Parameters) -> Iterator[dict[str, Any]]:
    unit = _unit(conditions.outcome)
    for row in seen.table.to_dict("records"):
        at = {"by": BY_SINCE, "subject": f"{row['event']:g}", "value": row["estimate"], "unit": unit,
              "interval_kind": "model", "n": row["schools"], "n_unit": "schools"}  # fmt: skip
        yield {
            "indicator": "effect_event",
            **at,
            "value_low": row["low"],
            "value_high": row["high"],
        }
        if "band_low" in row:
            yield {"indicator": "effect_band", **at, "value_low": row["band_low"],
                   "value_high": row["band_high"]}  # fmt: skip
    yield {"indicator": "effect_score", "value": seen.mean.value, "value_low": seen.mean.low,
           "value_high": seen.mean.high, "interval_kind": "model", "unit": unit}  # fmt: skip
    after = seen.table["event"] >= 0
    before = int((~after).sum())
    if conditions.estimator == "imputation" or not before:
        return
    share = seen.table.loc[after, "schools"].to_numpy(dtype=float)
    left = sensitivity.relative_magnitudes(
        seen.table["estimate"].to_numpy(), seen.covariance, pre=before, post=int(after.sum()),
        bound=conditions.bound, weights=share / share.sum(), level=parameters["inference"]["level"],
    )  # fmt: skip
    yield {"indicator": "effect_relative", "by": BY_BOUND, "subject": f"{conditions.bound:g}",
           "value": left.estimate, "value_low": left.low, "value_high": left.high,
           "interval_kind": "model", "unit": unit}  # fmt: skip


def _unit(outcome: str) -> str:
    return "sd" if outcome.startswith("score") else ""


def _declare(conditions: Conditions) -> tuple[Indicator, ...]:
    """Name the differences by what they are of."""
    name = NAMED[BY_OUTCOME][conditions.outcome]
    unit = _unit(conditions.outcome)
    own = ("effect_event", "effect_score", "effect_relative")
    return tuple(
        replace(each, zh=f"{name['zh']}的差异", en=f"Difference in {name['en']}", unit=unit,
                digits=3)
        if each.id in own else each
        for each in declare()
    )  # fmt: skip


def _say(key: str, county: CountyData, stage: str, conditions: Conditions) -> Note:
    bound = {"by": BY_BOUND, "subject": f"{conditions.bound:g}"}
    values: dict[str, NoteValue] = {
        "county": Name("county", county.place.code), "whom": Name("stage", stage),
        "dose": Given(conditions.at), "bound": Given(conditions.bound),
        "outcome": Name(BY_OUTCOME, conditions.outcome), "way": Name(BY_WAY, conditions.estimator),
        "control": Name(BY_CONTROL, conditions.control),
        "effect": Cell("effect_score", stage),
        "low": Cell("effect_score", stage, field="value_low"),
        "high": Cell("effect_score", stage, field="value_high"),
        "left_low": Cell("effect_relative", stage, **bound, field="value_low"),
        "left_high": Cell("effect_relative", stage, **bound, field="value_high"),
    }  # fmt: skip
    return Note(f"effect.{key}", values)
