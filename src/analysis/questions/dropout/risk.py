"""Question. Who is likely to leave before next term, how well can that be known, and should visits
go by the child or by the school (离校风险)?

Data. The registers of all counties of a prefecture: ``pupils``, ``attendance``, ``scores``,
``status_changes``, ``suspected``, ``visits``, with ``schools`` and ``school_years``.

Method. One pooled hazard model, tried in three ways on pupils that it has not seen, beside the
school's own rate; what a county expects next term; errors by group; the gap to the prefecture.

Assumptions. What was recorded as leaving is leaving, whoever was never verified included; where
too few left, what comes before it stands in its place (`outcomes`). Next term is like the terms before. Associations are no causes: nothing here says what a visit would do.

Source. Allison 1982; Perdomo et al. 2023; parameters with their standing in ``parameters.toml``
``[dropout.risk]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from analysis.finding import (
    Check,
    Finding,
    Given,
    Name,
    Note,
    NoteValue,
    Roster,
    merge_labels,
    tidy,
)
from analysis.methods.hazard import RandomIntercept
from analysis.questions.dropout import between, ends, model, performance, risk_notes, risk_rows
from analysis.questions.dropout.outcomes import WORDS, Outcome
from analysis.questions.dropout.performance import Judged
from analysis.questions.dropout.pool import Pool, Study, gather, study
from analysis.questions.dropout.risk_indicators import (
    COVARIATES,
    ENDS,
    FACTORS,
    GROUPS,
    OWN_NAMES,
    WAYS,
    ZONES,
    declare,
)
from analysis.records.county import CountyData

__all__ = [
    "Judgement",
    "Pool",
    "Study",
    "Together",
    "gather",
    "judge_all",
    "list_visits",
    "report",
    "study",
]

Judgement = Mapping[str, Judged | None]


@dataclass(frozen=True, slots=True)
class Together:
    """What is said of all counties together, worked out once for all reports.

    Attributes
    ----------
    ways
        By way of trial.
    with_left_out
        The forward trial of the model that also looks at what is deliberately left out.
    causes
        What goes with each end.
    between
        What schools differ by; none where nothing was learnt.
    """

    ways: Judgement
    with_left_out: Judged | None
    causes: Mapping[str, ends.Cause] = field(default_factory=dict)
    between: RandomIntercept | None = None


REASONS = (
    "years_over",
    "unexcused",
    "score",
    "far",
    "hardship",
    "left_behind",
    "orphan",
    "boarder",
)
"""What a list of visits may give as a reason: of the child's situation, never of its group."""


def judge_all(studied: Study, parameters: Mapping[str, Any]) -> Together:
    """Judge the trials of all counties together, and learn what each end and the schools show."""
    more = studied.with_left_out
    return Together(
        risk_rows.judge_ways(studied, parameters),
        None
        if more is None
        else performance.judge(more, studied.pool.capacity, parameters, parameters["pool_draws"]),
        ends.learn(studied, parameters),
        between.learn(studied),
    )


def report(studied: Study, county: CountyData, together: Together) -> tuple[Finding, Roster | None]:
    """Say what the pool tells about one of its counties.

    Parameters
    ----------
    studied
        From `study`.
    county
        One of the counties that were gathered.
    together
        From `judge_all`.

    Returns
    -------
    tuple
        The finding, named ``"risk"``, and whom the county could visit (`list_visits`).
    """
    code, reference = county.place.code, county.reference
    parameters = reference.parameters["dropout"]["risk"]
    own = risk_rows.judge_ways(studied, parameters, code)
    table = tidy(_rows(studied, code, own, together, parameters))
    checks = tuple(_checks(own, together.ways, parameters))
    finding = Finding(
        name="risk",
        county=code,
        year=county.year,
        table=table,
        indicators=declare(studied.pool.outcome),
        labels=name_all(county, studied.pool.outcome),
        checks=checks,
        notes=tuple(
            risk_notes.tell(studied, code, own, together.ways, checks, table, parameters)
        ),
        origin=county.origin,
    )  # fmt: skip
    return finding, list_visits(studied, code, county.year, own, together.ways)


def _rows(
    studied: Study, code: str, own: Judgement, together: Together, parameters: Mapping[str, Any]
) -> Iterator[risk_rows.Row]:
    yield from risk_rows.expected_rows(studied, code)
    yield from risk_rows.trial_rows(own, risk_rows.BY_WAY)
    yield from risk_rows.trial_rows(together.ways, risk_rows.BY_WAY_OF_ALL)
    yield from risk_rows.factor_rows(studied)
    yield from between.rows(together.between)
    yield from ends.cause_rows(together.causes)
    yield from ends.end_rows(studied, code, parameters)
    yield from risk_rows.gap_rows(studied, code, parameters)
    yield from risk_rows.school_rows(studied, code)
    yield from risk_rows.cost_rows(together.ways.get("forward"), together.with_left_out)
    if own.get("forward") is not None:
        tried = studied.tried["forward"]
        groups = performance.by_group(
            tried[tried["county"] == code], studied.pool.capacity, parameters["least_group"]
        )
        yield from risk_rows.group_rows(groups)


def _checks(own: Judgement, together: Judgement, parameters: Mapping[str, Any]) -> Iterator[Check]:
    """Hold the gain against nought, and expected over observed against the band."""
    low, high = parameters["drift"]
    for by, judged in ((risk_rows.BY_WAY, own), (risk_rows.BY_WAY_OF_ALL, together)):
        for way, one in judged.items():
            if one is None:
                continue
            if one.gain is not None:
                shown, beaten = one.gain.low > 0, one.gain.high < 0
                verdict: Any = "met" if shown else "not_met" if beaten else "cannot_say"
                yield Check("risk_gain", "", by, way, "", "risk.rule.gain", 0.0, verdict,
                            "" if shown or beaten else "risk.reason.gain")  # fmt: skip
            ratio = one.calibration.ratio.estimate
            limit = high if ratio > 1 else low
            inside = low <= ratio <= high
            yield Check("risk_ratio", "", by, way, "", "risk.rule.drift", limit,
                        "met" if inside else "not_met")  # fmt: skip


INSIDE = (risk_rows.BY_GROUP, risk_rows.BY_SCHOOL, ends.BY_END_INSIDE)
"""What is for the county itself: small groups of one county, its schools by name, and few ends."""


def recall(county: CountyData, fitted: Finding | None, *, inside: bool = False) -> Finding:
    """Give what the fit found, or a finding that says why there is none.

    Parameters
    ----------
    county
        Of whom.
    fitted
        From `analysis.records.load_fit`; none where nothing was fitted, or no register handed in.
    inside
        For the county itself: with groups of pupils and schools.
    """
    if fitted is not None:
        kept = inside | ~fitted.table["by"].isin(INSIDE)
        return replace(fitted, table=fitted.table[kept].reset_index(drop=True))
    code = county.place.code
    why = "no_register" if county.table("pupils").empty else "not_fitted"
    said: dict[str, NoteValue] = {"county": Name("county", code), "year": Given(county.year)}
    return Finding(
        name="risk", county=code, year=county.year, table=tidy([]),
        labels={"county": {code: county.place.label}},
        notes=(Note(f"risk.headline.{why}", said),), origin=county.origin,
    )  # fmt: skip


def points_to_children(own: Judgement, together: Judgement) -> bool:
    """Tell whether scores of single children are shown to beat the school's rate.

    The county's own forward trial decides; where it cannot be judged, that of all counties.
    """
    decisive = own.get("forward") or together.get("forward")
    return decisive is not None and decisive.gain is not None and decisive.gain.low > 0


def list_visits(studied: Study, code: str, year: int, own: Judgement, together: Judgement) -> Roster | None:  # fmt: skip
    """List whom the county could visit, with reasons; none where scores are not shown to help.

    Returns
    -------
    Roster or None
        As many pupils of the last term as the county can visit, by school, without a date of
        destruction.
    """
    now = studied.pool.now[studied.pool.now["county"] == code]
    if studied.fitted is None or now.empty or not points_to_children(own, together):
        return None
    visits = studied.pool.capacity.get((code, int(now["place"].max())), 0)
    chance = model.predict(studied.fitted, now)
    ranked = now.assign(chance=chance).sort_values(
        ["chance", "pseudonym"], ascending=[False, True]
    )  # fmt: skip
    listed = ranked.head(visits)
    if listed.empty:
        return None
    reasons = _reasons(studied.fitted, listed)
    rows = listed[["pseudonym", "school", "term", "grade", "class_no"]].assign(
        **reasons, ask="roster.ask.class_teacher"
    )
    rows = rows.sort_values(["school", "grade", "class_no", "pseudonym"], ignore_index=True)
    plain = rows.astype(object).where(rows.notna(), None)
    return Roster("visits", code, year, plain, "")


def _reasons(fitted: model.Model, rows: pd.DataFrame) -> dict[str, list[str]]:
    """Give the three things that raise a pupil's chance most, in plain words."""
    names = [name for name in REASONS if name in fitted.columns]
    weight = rows[names] * fitted.fitted.params[names]
    order = weight.to_numpy().argsort(axis=1)[:, ::-1][:, :3]
    told: list[list[str]] = [[], [], []]
    for line, columns in zip(weight.to_numpy(), order, strict=True):
        for place, column in enumerate(columns):
            raises = line[column] > 0
            told[place].append(f"roster.because.{names[column]}" if raises else "")
    first = [reason or "roster.because.school" for reason in told[0]]
    return {"reason": first, "reason_2": told[1], "reason_3": told[2]}


def name_all(
    county: CountyData, outcome: Outcome = "left"
) -> dict[str, dict[str, Mapping[str, str]]]:
    """Name whatever rows of the finding speak of, and what is predicted (``word``)."""
    reference = county.reference
    groups = {
        f"{name}:{code}": {
            "zh": label["zh"], "en": label["en"][:1].upper() + label["en"][1:],
        }
        for name in GROUPS
        if name != "hardship"
        for code, label in reference.names(name).items()
    }  # fmt: skip
    return merge_labels(
        {
            "county": {county.place.code: county.place.label},
            "word": WORDS[outcome],
            risk_rows.BY_WAY: WAYS,
            risk_rows.BY_WAY_OF_ALL: WAYS,
            risk_rows.BY_ZONE: ZONES,
            risk_rows.BY_FACTOR: FACTORS,
            ends.BY_COVARIATE: {**COVARIATES, **FACTORS},
            ends.BY_END: ENDS,
            ends.BY_END_INSIDE: ENDS,
            risk_rows.BY_GROUP: {**groups, **OWN_NAMES},
        },
        {risk_rows.BY_SCHOOL: county.name_schools()},
    )
