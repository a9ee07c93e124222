"""One case: schools of one side in one place, estimated, doubted, and given its word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.methods.staggered.power import Detectable
from analysis.questions.exchange import doubts, estimators, inference
from analysis.questions.exchange.doubts import Doubt, Pretest, Robust
from analysis.questions.exchange.events import Events, follow
from analysis.questions.exchange.footing import compare_roles
from analysis.questions.exchange.inference import Judged
from analysis.questions.exchange.ladder import Word, find_word
from analysis.questions.exchange.roles import Assigned, Side, trace_lasting
from analysis.questions.exchange.study import (
    Estimate,
    Parameters,
    Reason,
    Sample,
    estimate_effects,
    find_range,
    select,
    whole_counties,
)

Scope = Literal["all", "own"]
SCOPES: tuple[Scope, ...] = ("all", "own")
MAIN, STAYING = "score", "staying"
OUTCOMES = ("score", "score_chinese", "score_mathematics", "score_english", "staying")
PLACEBOS = ("books", "sports_area")
COMPOSITION = ("log_pupils", "boarders", "migrants", "tested")
_LEAST_YEARS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Refuted:
    """The main estimate with all that was held against it.

    Attributes
    ----------
    judged, detectable, events
        The estimate, what could have been found, and effects by years since the start.
    by_year
        Effects by school year.
    estimates, wrong_weight
        By estimator, and how much of two-way fixed effects rests on schools treated earlier.
    pretest, robust
        Of the years before.
    doubts, word
        What came of each doubt, and the word that follows.
    treated, controls
        Schools compared.
    """

    judged: Judged
    detectable: Detectable | None
    events: Events
    by_year: dict[int, Estimate]
    estimates: Mapping[str, Estimate]
    wrong_weight: float
    pretest: Pretest
    robust: Robust | None
    doubts: tuple[Doubt, ...]
    word: Word
    treated: int
    controls: int


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One side in one place.

    Attributes
    ----------
    side, scope
        Receiving or sending; all counties of the prefecture, or one by itself.
    cluster
        What is independent of one another: ``county`` or ``school``.
    sample
        What is compared, of the main outcome at the main threshold.
    reason
        Why nothing can be said, if so.
    refuted
        The main estimate; none where nothing can be said.
    by_outcome, by_dose
        Estimates by outcome, and of the main one by threshold, with the number of treated schools.
    lasting
        How many of the treated schools are at the threshold, by years since (`roles.trace_lasting`).
    roles
        By threshold: how many schools are treated, controls, or left out and why.
    apart
        How far treated schools lay from the others in their first year, by what (`footing`).
    staying
        The same of pupils who stay; none where nothing can be said of them. Papers have no say in it.
    """

    side: Side
    scope: Scope
    cluster: str
    sample: Sample
    reason: Reason
    refuted: Refuted | None = None
    by_outcome: Mapping[str, tuple[Estimate, int]] = field(default_factory=dict)
    by_dose: Mapping[float, tuple[Estimate, int]] = field(default_factory=dict)
    lasting: pd.DataFrame | None = None
    roles: Mapping[float, Mapping[str, int]] = field(default_factory=dict)
    apart: Mapping[str, float] = field(default_factory=dict)
    staying: Refuted | None = None

    @property
    def word(self) -> Word:
        return "cannot" if self.refuted is None else self.refuted.word


def examine(
    assigned: Mapping[float, Assigned], *, scope: Scope, cluster: str, parameters: Parameters,
    comparable: bool = True,
) -> Case:  # fmt: skip
    """Examine one case.

    Parameters
    ----------
    assigned
        By threshold: treated and control schools with their outcomes, and whatever of placebo
        outcomes and composition is known.
    scope
        Whose schools they are.
    cluster
        ``county`` where counties begin as one, else ``school``.
    parameters
        ``parameters.toml`` ``[exchange.effect]``.
    comparable
        Whether the schools wrote the same papers.
    """
    rules, main = parameters["inference"], assigned[parameters["main"]]
    compared = {at: take_compared(one.rows, cluster) for at, one in assigned.items()}
    rows = compared[parameters["main"]]
    sample = select(rows, MAIN, cluster)
    case = Case(main.side, scope, cluster, sample, _reason(sample, rules, comparable),
                lasting=trace_lasting(main), roles={at: one.counts for at, one in assigned.items()})  # fmt: skip
    staying = _refute_staying(rows, main.rows, cluster, parameters)
    case = replace(case, apart=_hold_apart(main), staying=staying)
    if case.reason in ("papers", "nobody", "no_years"):
        return replace(case, by_outcome=_of_staying(case))
    by_outcome = {
        outcome: found
        for outcome in OUTCOMES
        if (found := _estimate(rows, outcome, cluster, rules, few=bool(case.reason))) is not None
    }
    by_outcome |= _of_staying(case)
    if case.reason:
        return replace(case, by_outcome=by_outcome)
    refuted = refute(sample, rows, main.rows, cluster, parameters)
    by_outcome[MAIN] = refuted.judged.estimate, sample.treated_schools
    by_dose = {
        at: found
        for at, rows in compared.items()
        if (found := _estimate(rows, MAIN, cluster, rules)) is not None
    }
    return replace(case, refuted=refuted, by_outcome=by_outcome, by_dose=by_dose)


def _refute_staying(
    rows: pd.DataFrame, every: pd.DataFrame, cluster: str, parameters: Parameters
) -> Refuted | None:
    """Hold everything against what pupils who stay show; none where nothing can be said of them."""
    if STAYING not in rows or not rows[STAYING].notna().any():
        return None
    sample = select(rows, STAYING, cluster)
    if _reason(sample, parameters["inference"], comparable=True):
        return None
    return refute(sample, rows, every, cluster, parameters)


def _of_staying(case: Case) -> dict[str, tuple[Estimate, int]]:
    if case.staying is None:
        return {}
    return {STAYING: (case.staying.judged.estimate, case.staying.treated)}


def take_compared(rows: pd.DataFrame, cluster: str) -> pd.DataFrame:
    """Take the rows that are compared: whole counties, where counties begin as one."""
    return whole_counties(rows) if cluster == "county" else rows


def _reason(sample: Sample, rules: Parameters, comparable: bool) -> Reason:
    if not comparable:
        return "papers"
    reason = sample.reason(rules)
    few_years = not reason and sample.rows["year"].nunique() < _LEAST_YEARS
    return "no_years" if few_years else reason


def refute(
    sample: Sample, rows: pd.DataFrame, every: pd.DataFrame, cluster: str, parameters: Parameters,
) -> Refuted:  # fmt: skip
    """Estimate the main effect and hold everything against it.

    Parameters
    ----------
    sample, rows
        What is compared, and the rows that it was taken from.
    every
        The same with the schools that counties which began left as they were.
    cluster, parameters
        As in `examine`.
    """
    rules, refutation = parameters["inference"], parameters["refutation"]
    judged = inference.judge(sample, rules, "county" if cluster == "school" else None)
    estimate = judged.estimate.value
    events = follow(sample, rules, refutation)
    pretest = doubts.test_before(events, estimate, refutation["pretest_size"])
    robust = doubts.loosen(events, refutation, rules["level"])
    estimates = estimators.compare(sample, judged.estimate, rules)
    others = {
        id: [select(rows, name, cluster) for name in names if name in rows]
        for id, names in (("placebo_outcome", PLACEBOS), ("composition", COMPOSITION))
    }
    neighbours = (
        doubts.doubt_neighbours(every, sample.outcome, estimate, rules)
        if cluster == "county" else Doubt("spillover", "cannot_say")
    )  # fmt: skip
    found = (
        inference.doubt_errors(judged, rules),
        doubts.doubt_trend(pretest, refutation),
        doubts.doubt_date(sample, estimate, rules, refutation),
        doubts.doubt_outcomes("placebo_outcome", others["placebo_outcome"], rules, refutation),
        *doubts.doubt_drift(robust, judged.estimate, refutation),
        doubts.doubt_left_out(events.left, judged.estimate, refutation),
        doubts.doubt_selection(sample, refutation),
        neighbours,
        doubts.doubt_outcomes("composition", others["composition"], rules, refutation),
        estimators.doubt_estimators(estimates, refutation),
    )
    word = find_word(
        judged.estimate.low, judged.estimate.high, {one.id: one.result for one in found},
        parameters["ladder"]["diagnostic"],
    )  # fmt: skip
    return Refuted(
        judged, inference.find_detectable(sample, rules), events, _by_year(sample, rules), estimates,
        estimators.weigh_wrong(sample), pretest, robust, found, word, sample.treated_schools,
        sample.control_schools,
    )  # fmt: skip


def _hold_apart(assigned: Assigned) -> dict[str, float]:
    """Tell by what treated schools differed from the others in their first year."""
    if "role" not in assigned.roles:
        return {}
    found = compare_roles(assigned.rows, assigned)
    found = found[(found["role"] == "treated") & found["apart"].notna()]
    return dict(zip(found["measure"], found["apart"].astype(float), strict=True))


def _estimate(
    rows: pd.DataFrame, outcome: str, cluster: str, rules: Parameters, *, few: bool = False
) -> tuple[Estimate, int] | None:
    """Estimate one outcome, with the number of treated schools; none where too few are compared.

    `few` lets those through as well that have no verdict.
    """
    if outcome not in rows or not rows[outcome].notna().any():
        return None
    sample = select(rows, outcome, cluster)
    reason = sample.reason(rules)
    if reason == "nobody" or (reason and not few):
        return None
    found = find_range(sample, rules)
    return (found, sample.treated_schools) if np.isfinite(found.value) else None


def _by_year(sample: Sample, rules: Parameters) -> dict[int, Estimate]:
    made = estimate_effects(sample, base="varying").aggregate("calendar", missing="drop").table
    free = sample.clusters - 1 if sample.is_few(rules) else np.inf
    return {
        int(row["period"]): Estimate.by(row["estimate"], row["se"], free, rules["level"])
        for row in made.to_dict("records")
    }
