"""What may be said of who is likely to leave, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.finding import Cell, Check, Given, Name, Note, NoteValue
from analysis.questions.dropout import between, ends, risk_rows
from analysis.questions.dropout.outcomes import WORDS
from analysis.questions.dropout.performance import Judged
from analysis.questions.dropout.pool import Study
from analysis.questions.dropout.terms import known

Judgement = Mapping[str, Judged | None]
Values = dict[str, NoteValue]
Told = Iterator[tuple[str, Values]]


def tell(
    study: Study, county: str, own: Judgement, together: Judgement, checks: Sequence[Check],
    table: pd.DataFrame, parameters: Mapping[str, Any],
) -> Iterator[Note]:  # fmt: skip
    """Give the notes of a county.

    Parameters
    ----------
    study, county
        Of what.
    own, together
        How the trials went, for the county and for all counties.
    checks, table
        The finding's own.
    parameters
        ``parameters.toml`` ``[dropout.risk]``.
    """
    common: Values = {
        "county": Name("county", county),
        "year": Given(study.pool.year),
        **{form: Name("word", form) for form in WORDS[study.pool.outcome]},
    }
    for part in (
        _headlines(study, county, own, together, table, parameters),
        _trials(own, together, checks, table),
        ends.tell(study, county, table),
        between.tell(table),
        _rest(own, table, parameters),
    ):
        for key, values in part:
            yield Note(f"risk.{key}", {**common, **values})


def _headlines(
    study: Study, county: str, own: Judgement, together: Judgement, table: pd.DataFrame,
    parameters: Mapping[str, Any],
) -> Told:  # fmt: skip
    if study.fitted is None:
        yield "headline.too_few", {"least": Given(parameters["least_events"])}
        return
    if study.pool.outcome != "left":
        yield "headline.instead", {}
        rows = known(study.pool.rows)
        if not (rows["county"] == county).any():
            yield "headline.unrecorded", {}
    if _has(table, "risk_expected"):
        yield (
            "headline.expected",
            {
                "pupils": Cell("risk_pupils"),
                "number": Cell("risk_expected"),
                "low": Cell("risk_expected", field="value_low"),
                "high": Cell("risk_expected", field="value_high"),
            },
        )
        schools = {"schools": Cell("risk_concentrated"), "of": Cell("risk_concentrated", field="n")}
        yield "headline.concentrated", dict(schools)
    decided = own.get("forward") or together.get("forward")
    if decided is None or decided.gain is None:
        yield "headline.untried", {"least": Given(parameters["least_events"])}
        return
    by = risk_rows.BY_WAY if own.get("forward") else risk_rows.BY_WAY_OF_ALL
    at = {"by": by, "subject": "forward"}
    values: Values = {
        "hits": Cell("risk_hits", **at),
        "by_school": Cell("risk_hits_school", **at),
        "low": Cell("risk_gain", field="value_low", **at),
        "high": Cell("risk_gain", field="value_high", **at),
    }
    better = "children" if decided.gain.low > 0 else "schools"
    yield f"headline.{better}{'' if own.get('forward') else '_all'}", values


def _trials(
    own: Judgement, together: Judgement, checks: Sequence[Check], table: pd.DataFrame
) -> Told:
    if not any(own.values()) and any(together.values()):
        yield "trials.only_all", {}
    for by, judged in ((risk_rows.BY_WAY, own), (risk_rows.BY_WAY_OF_ALL, together)):
        if not judged.get("forward"):
            continue
        at = {"by": by, "subject": "forward"}
        values: Values = {"auc": Cell("risk_auc", **at), "school": Cell("risk_auc_school", **at)}
        yield f"trials.ranking{'' if by == risk_rows.BY_WAY else '_all'}", values
        drifts = [c for c in checks if c.indicator == "risk_ratio" and c.by == by and c.subject == "forward"]  # fmt: skip
        met = all(check.verdict == "met" for check in drifts)
        key = "drift.steady" if met else "drift.alarm"
        yield (
            f"{key}{'' if by == risk_rows.BY_WAY else '_all'}",
            {
                "ratio": Cell("risk_ratio", **at),
                "low": Cell("risk_ratio", field="value_low", **at),
                "high": Cell("risk_ratio", field="value_high", **at),
            },
        )
    missing = [way for way in ("schools", "counties") if way not in together]
    for way in missing if together else ():
        yield "trials.missing", {"way": Name(risk_rows.BY_WAY, way)}


def _rest(own: Judgement, table: pd.DataFrame, parameters: Mapping[str, Any]) -> Told:
    if _has(table, "risk_by_schools"):
        yield (
            "gap.parts",
            {
                "pupils": Cell("risk_by_pupils"),
                "schools": Cell("risk_by_schools"),
                "low": Cell("risk_by_schools", field="value_low"),
                "high": Cell("risk_by_schools", field="value_high"),
            },
        )
    if _has(table, "risk_auc_more"):
        yield (
            "fairness.left_out",
            {"auc": Cell("risk_auc_more"), "hits": Cell("risk_hits_more")}
            if _has(table, "risk_hits_more")
            else {"auc": Cell("risk_auc_more")},
        )
    yield "caution.associations", {}
    yield "caution.lists", {}


def _has(table: pd.DataFrame, indicator: str) -> bool:
    return bool((table["indicator"] == indicator).any())
