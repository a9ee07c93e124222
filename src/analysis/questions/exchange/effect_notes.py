"""What may be said of the effects of exchange, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from analysis.finding import Cell, Given, Name, Note, NoteValue
from analysis.questions.exchange.cases import Case, Refuted
from analysis.questions.exchange.effect_indicators import BY_SPEC
from analysis.questions.exchange.effect_rows import name_stage
from analysis.questions.exchange.study import Parameters

Values = dict[str, NoteValue]
Told = Iterator[tuple[str, Values]]
CANNOT = "effect.headline.cannot_"
_OF_SCORES = (
    "effect_score", "effect_size", "effect_compared_treated", "effect_compared_controls",
)  # fmt: skip
_OF_STAYING = (
    "effect_staying", "effect_staying_size", "effect_staying_treated", "effect_staying_controls",
)  # fmt: skip


def tell(
    cases: Sequence[Case], county: str, year: int, table: pd.DataFrame, parameters: Parameters
) -> Iterator[Note]:
    """Give the notes of all cases.

    Parameters
    ----------
    cases
        From `cases.examine`.
    county, year
        Of the finding.
    table
        The finding's own.
    parameters
        ``parameters.toml`` ``[exchange.effect]``.
    """
    for case in cases:
        stage = name_stage(case)
        common: Values = {
            "county": Name("county", county), "year": Given(year), "whom": Name("stage", stage),
            "dose": Given(parameters["main"]),
        }  # fmt: skip
        for key, values in _case(case, parameters):
            yield Note(f"effect.{key}", {**common, **values}, stage)
    common = {"county": Name("county", county), "year": Given(year)}
    if any(case.refuted is not None for case in cases):
        yield Note("effect.confidence.ranges", common)
        yield Note("effect.confidence.words", common)
        yield Note("effect.confidence.who", {**common, "dose": Given(parameters["main"])})
    if "effect_counties_silent" in set(table["indicator"]):
        yield Note(
            "effect.confidence.silent", {**common, "counties": Cell("effect_counties_silent")}
        )
    yield Note("effect.caution.average", common)
    yield Note("effect.caution.others", common)
    yield Note("effect.caution.arithmetic", common)


def keep(notes: Iterable[Note], shown: set[str]) -> Iterator[Note]:
    """Give the notes of the stages that are shown, and for the others that nothing is."""
    withheld: set[str] = set()
    for note in notes:
        if not note.stage or note.stage in shown or note.key.startswith(CANNOT):
            yield note
        elif note.stage not in withheld:
            withheld.add(note.stage)
            common = {name: note.values[name] for name in ("county", "year", "whom", "dose")}
            yield Note("effect.headline.withheld", common, note.stage)


def _case(case: Case, parameters: Parameters) -> Told:
    stage = name_stage(case)
    if case.staying is not None:
        yield from _found("staying", case.staying, stage, _OF_STAYING)
    if case.refuted is None:
        rules = parameters["inference"]
        yield (
            f"headline.cannot_{case.reason}",
            {
                "treated": Cell("effect_clusters_treated", stage),
                "controls": Cell("effect_clusters_controls", stage),
                "least": Given(rules["least_treated"]),
            },
        )
        return
    yield from _found("headline", case.refuted, stage, _OF_SCORES)
    yield from _before(case.refuted, stage, parameters)
    yield f"sure.{case.scope}_{case.cluster}", {}
    yield from _reading(case.refuted, stage)


def _word(refuted: Refuted) -> str:
    """Tell apart why evidence is insufficient: the range includes nought, or the errors disagree."""
    apart = refuted.word == "insufficient" and refuted.judged.estimate.excludes_zero
    return "disagree" if apart else refuted.word


def _found(role: str, refuted: Refuted, stage: str, ids: tuple[str, str, str, str]) -> Told:
    """Say what was found, by its word; `ids` are of the effect, its size, and the schools compared."""
    effect, size, treated, controls = ids
    higher = refuted.judged.estimate.value > 0
    yield (
        f"{role}.{_word(refuted)}",
        {
            "direction": Name("direction", "higher" if higher else "lower"),
            "effect": Cell(effect, stage),
            "size": Cell(size, stage),
            "low": Cell(effect, stage, field="value_low"),
            "high": Cell(effect, stage, field="value_high"),
            "schools": Cell(treated, stage),
            "controls": Cell(controls, stage),
        },
    )


def _before(refuted: Refuted, stage: str, parameters: Parameters) -> Told:
    """Say what could have been found, before what was."""
    matters = parameters["inference"]["matters"]["score"]
    values: Values = {
        "schools": Cell("effect_compared_treated", stage),
        "controls": Cell("effect_compared_controls", stage),
        "clusters": Cell("effect_clusters", stage),
        "matters": Cell("effect_matters", stage),
    }
    found = refuted.detectable
    if found is None:
        yield "before.unknown", values
    else:
        least: Values = {
            "least": Cell("effect_detectable", stage),
            "low": Cell("effect_detectable", stage, field="value_low"),
            "high": Cell("effect_detectable", stage, field="value_high"),
        }
        enough = found.effect <= matters
        yield f"before.{'enough' if enough else 'blunt'}", {**values, **least}
    estimate = refuted.judged.estimate
    if not estimate.excludes_zero and max(abs(estimate.low), abs(estimate.high)) > matters:
        enough = found is not None and found.effect <= matters
        yield f"before.{'wider' if enough else 'open'}", values


def _reading(refuted: Refuted, stage: str) -> Told:
    if refuted.judged.estimate.excludes_zero:
        yield from _doubts(refuted, stage)
    if refuted.wrong_weight > 0:
        yield "estimators.wrong", {"weight": Cell("effect_wrong_weight", stage)}
    if "switchers" in refuted.estimates:
        at = {"stage": stage, "by": BY_SPEC, "subject": "switchers"}
        yield (
            "estimators.switching",
            {
                "effect": Cell("effect_spec", **at),
                "low": Cell("effect_spec", **at, field="value_low"),
                "high": Cell("effect_spec", **at, field="value_high"),
            },
        )
    yield (
        f"sure.{'few' if refuted.judged.few else 'many'}",
        {
            "clusters": Cell("effect_clusters", stage),
            "treated": Cell("effect_clusters_treated", stage),
        },
    )
    if np.isnan(refuted.judged.dealt.low):
        yield "sure.apart", {}


def _doubts(refuted: Refuted, stage: str) -> Told:
    """Say how much an estimate that is told from nought survives."""
    if refuted.robust is not None and np.isfinite(refuted.robust.relative_lost):
        yield "doubts.drift", {"times": Cell("effect_lost_relative", stage)}
    if np.isfinite(refuted.pretest.power):
        yield "doubts.power", {"power": Cell("effect_power", stage)}
    if np.isfinite(refuted.events.left).all():
        yield (
            "doubts.left_out",
            {
                "low": Cell("effect_left", stage, field="value_low"),
                "high": Cell("effect_left", stage, field="value_high"),
            },
        )
