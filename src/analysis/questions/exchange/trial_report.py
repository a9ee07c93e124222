"""The proposal for next year in numbers and notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.finding import Cell, Finding, Given, Indicator, Name, Note, NoteValue, tidy
from analysis.questions.exchange.trial import Trial
from analysis.records.county import CountyData

Row = dict[str, Any]
DESIGN, SCHOOL = "trial_design", "trial_school"
DESIGNS = {
    "one": ("所列学校，一年后", "These schools, after one year"),
    "two": ("所列学校，另一半等候两年", "These schools, the others waiting for two years"),
    "every": ("所有可抽签的学校同时开始，一年后", "All schools that can be drawn, after one year"),
    "together": (
        "全市各县同样安排，一年后",
        "All counties of the prefecture alike, after one year",
    ),
}
_FIXED = (
    # id, zh, en, unit, digits
    ("trial_teachers", "按规定至少交流的教师", "Teachers to be exchanged by the rule", "teachers", 0),
    ("trial_candidates", "可以抽签的学校", "Schools that can be drawn", "schools", 0),
    ("trial_planned", "其中达标方案要派教师去的", "Of them, those the balance plan sends teachers to", "schools", 0),
    ("trial_schools", "先接收的学校", "Schools that receive first", "schools", 0),
    ("trial_pairs", "学校对数", "Pairs of schools", "", 0),
    ("trial_needed", "第一年所需教师", "Teachers needed in the first year", "teachers", 0),
    ("trial_needed_more", "其中超出按规定的人数", "Of them, more than the rule asks for", "teachers", 0),
    ("trial_needed_later", "第二年所需教师", "Teachers needed in the second year", "teachers", 0),
    ("trial_enough", "一年内发现值得知道的变化所需的对数", "Pairs that would show a change worth knowing after one year", "", 0),
    ("trial_turn", "接收的次序", "Turn", "", 0),
    ("trial_pair", "对号", "Pair", "", 0),
    ("trial_needs", "接收的教师", "Teachers received", "teachers", 0),
)  # fmt: skip


def declare(trial: Trial | None) -> tuple[Indicator, ...]:
    """Declare every indicator of the proposal."""
    fixed = (
        Indicator(id, zh, en, unit, "P0", digits=digits) for id, zh, en, unit, digits in _FIXED
    )
    found = Indicator(
        "trial_found", "能够发现的最小变化（标准差）", "Smallest change found (standard deviations)", "",
        "P0", interval_kind="model", digits=3,
        definition_zh="在所列安排下，以80%的把握发现的最小变化，以学生成绩的标准差为单位；由没有交流的学校往年成绩的波动推出，范围反映往年不多。按两组学校变化之差、不计配对的好处推算，配对只会更好。",
        definition_en="The smallest change that the design finds with a probability of 80%, in standard deviations of pupils’ scores. It follows from how scores of schools without exchange moved; its range says that the years are few. Computed for the difference in change of two groups without what pairs add, which can only help.",
        source="" if trial is None else _source(trial),
    )  # fmt: skip
    return (*fixed, found)


def _source(trial: Trial) -> str:
    given = trial.county.reference.parameters["exchange"]["trial"]
    return f"{given['source']}〔{given['standing']}〕"


def report(trial: Trial) -> Finding:
    """Put a proposal into numbers and notes.

    Returns
    -------
    Finding
        Named ``"trial"``. Rows by school are for the county itself: `recall` takes them out.
    """
    county = trial.county
    labels = {
        "county": {county.place.code: county.place.label},
        DESIGN: {name: {"zh": zh, "en": en} for name, (zh, en) in DESIGNS.items()},
        SCHOOL: county.name_schools(),
    }
    return Finding(
        name="trial", county=county.place.code, year=county.year, table=tidy(_rows(trial)),
        indicators=declare(trial), labels=labels, notes=tuple(_tell(trial)), origin=county.origin,
    )  # fmt: skip


def recall(county: CountyData, fitted: Finding | None, *, inside: bool = False) -> Finding:
    """Give the proposal that was fitted for a county, or say that there is none.

    Parameters
    ----------
    county
        The county.
    fitted
        From `report`, as it was stored, or nothing.
    inside
        For the county itself: which school comes when.
    """
    if fitted is None:
        labels = {"county": {county.place.code: county.place.label}}
        why = "no_exchanges" if county.table("exchanges").empty else "not_fitted"
        note = Note(f"trial.headline.{why}",
                    {"county": Name("county", county.place.code), "year": Given(county.year)})  # fmt: skip
        return Finding(name="trial", county=county.place.code, year=county.year, table=tidy([]),
                       indicators=declare(None), labels=labels, notes=(note,), origin=county.origin)  # fmt: skip
    if inside:
        return fitted
    table = fitted.table[fitted.table["by"] != SCHOOL].reset_index(drop=True)
    kept = {by: names for by, names in fitted.labels.items() if by != SCHOOL}
    notes = tuple(note for note in fitted.notes if note.key != "trial.caution.order")
    return replace(fitted, table=table, labels=kept, notes=notes)


def _rows(trial: Trial) -> Iterator[Row]:
    listed = trial.candidates
    base = {"n": len(listed), "n_unit": "schools"}
    first, drawn = listed[listed["turn"] == 1], listed[listed["turn"] > 0]
    counts = {
        "trial_teachers": (trial.teachers, "teachers"),
        "trial_candidates": (len(listed), "schools"),
        "trial_planned": (int(listed["planned"].sum()), "schools"),
        "trial_schools": (trial.pairs, "schools"),
        "trial_pairs": (trial.pairs, ""),
        "trial_needed": (int(first["needs"].sum()), "teachers"),
        "trial_needed_later": (int(drawn["needs"].sum()), "teachers"),
        "trial_needed_more": (_more(trial), "teachers"),
        "trial_enough": (trial.enough or np.nan, ""),
    }
    for id, (value, unit) in counts.items():
        if not np.isnan(value):
            yield {**base, "indicator": id, "value": value, "unit": unit}
    for name, found in trial.found.items():
        row = {**base, "by": DESIGN, "subject": name}
        yield {**row, "indicator": "trial_pairs", "value": found.treated}
        yield {**row, "indicator": "trial_found", "value": found.effect, "value_low": found.low,
               "value_high": found.high, "interval_kind": "model"}  # fmt: skip
    for school, needs, pair, turn in drawn[["school", "needs", "pair", "turn"]].itertuples(
        index=False
    ):
        row = {**base, "by": SCHOOL, "subject": school}
        yield {**row, "indicator": "trial_pair", "value": pair}
        yield {**row, "indicator": "trial_turn", "value": turn}
        yield {**row, "indicator": "trial_needs", "value": needs, "unit": "teachers"}


def _more(trial: Trial) -> float:
    """Give the teachers that the second year needs beyond those that the rule asks for; nan for none."""
    listed = trial.candidates
    more = int(listed.loc[listed["turn"] > 0, "needs"].sum()) - trial.teachers
    return more if more > 0 else np.nan


def _tell(trial: Trial) -> Iterator[Note]:
    given = trial.county.reference.parameters["exchange"]["trial"]
    common: dict[str, NoteValue] = {
        "county": Name("county", trial.county.place.code), "year": Given(trial.county.year),
        "next": Given(trial.county.year + 1), "at": Given(trial.at),
        "candidates": Cell("trial_candidates"), "schools": Cell("trial_schools"),
        "planned": Cell("trial_planned"), "needed": Cell("trial_needed"),
        "later": Cell("trial_needed_later"), "worth": Given(given["worth"]),
        "power": Given(given["power"]),
    }  # fmt: skip
    for key, values in _say(trial, float(given["worth"])):
        yield Note(f"trial.{key}", {**common, **values})


def _say(trial: Trial, worth: float) -> Iterator[tuple[str, dict[str, NoteValue]]]:
    if np.isnan(trial.teachers):
        yield "headline.no_rule", {}
        return
    if trial.pairs < 2:
        why = "too_few" if len(trial.candidates) else "no_scores" if trial.idle else "nobody"
        yield f"headline.{why}", {"teachers": Cell("trial_teachers")}
        return
    yield "headline.possible", {"teachers": Cell("trial_teachers")}
    yield "order.planned" if trial.candidates["planned"].any() else "order.needy", {}
    if "one" not in trial.found:
        yield "found.unknown", {}
    else:
        yield from _powers(trial, worth)
    more = {} if np.isnan(_more(trial)) else {"more": Cell("trial_needed_more")}
    said: dict[str, dict[str, NoteValue]] = {
        "lot": {},
        "second": dict(more),
        "people": {},
        "order": {},
    }
    yield from ((f"caution.{key}", values) for key, values in said.items())


def _powers(trial: Trial, worth: float) -> Iterator[tuple[str, dict[str, NoteValue]]]:
    def cells(name: str) -> dict[str, NoteValue]:
        return {field: Cell("trial_found", by=DESIGN, subject=name, field=column)
                for field, column in (("effect", "value"), ("low", "value_low"),
                                      ("high", "value_high"))}  # fmt: skip

    enough = trial.found["one"].effect <= worth
    yield "found.enough" if enough else "found.short", cells("one")
    if not enough:
        yield "found.pairs", {"pairs": Cell("trial_enough")}
        if "together" in trial.found:
            good = trial.found["together"].effect <= worth
            yield (
                "found.together_enough" if good else "found.together_short",
                {"counties": Given(trial.counties), **cells("together")},
            )
