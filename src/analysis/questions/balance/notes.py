"""What may be said of the balance of resources, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.finding import Cell, Check, Given, Name, Note, NoteValue
from analysis.questions.balance.stage import Stage

Values = dict[str, NoteValue]


def tell(stage: Stage, county: str, table: pd.DataFrame, checks: Sequence[Check]) -> Iterator[Note]:
    """Give the notes of one stage.

    Parameters
    ----------
    stage
        The stage assessed.
    county
        Code of the county.
    table
        The finding's rows so far, this stage's among them.
    checks
        The stage's county-level checks.
    """
    common: Values = {
        "county": Name("county", county),
        "year": Given(stage.year),
        "stage": Name("stage", stage.id),
        "scheme": Name("scheme", ""),
        "units": Name("units", "one" if len(stage.entrants.counted) == 1 else "many"),
        "schools": _cell(stage, "schools_assessed"),
        "indicators": Given(len(stage.indicators)),
    }
    now = table[(table["stage"] == stage.id) & (table["at"] == str(stage.year))]
    for key, values in _all(stage, now, table, checks):
        yield Note(f"balance.{key}", {**common, **values}, stage.id)


def tell_nothing(county: str, year: int) -> Note:
    """Say in one line that no school reported what the chapter needs."""
    return Note("balance.headline.no_data", {"county": Name("county", county), "year": Given(year)})


def _all(
    stage: Stage, now: pd.DataFrame, table: pd.DataFrame, checks: Sequence[Check]
) -> Iterator[tuple[str, Values]]:
    coefficients = now[(now["by"] == "") & now["indicator"].str.endswith(".coefficient")].dropna(
        subset=["value"]
    )
    if len(stage.entrants.counted) < 2:
        yield "headline.no_coefficient", {"several": Name("units", "many")}
    elif len(coefficients):
        worst = str(coefficients.set_index("indicator")["value"].idxmax()).split(".")[0]
        yield from _coefficient_notes(stage, worst, checks)
        yield from _influence_note(stage, now, worst)
        yield from _trend_notes(stage, table, worst)
    told = now[(now["indicator"] == "schools_by_verdict") & (now["subject"] == "cannot_say")]
    yield from _school_notes(stage, unknown=bool((told["value"] > 0).any()))
    yield from _gap_notes(stage, now)
    yield from _caution_notes(stage, now, coefficients, checks)


def _cell(stage: Stage, indicator: str, field: str = "value", **at: str) -> Cell:
    return Cell(indicator, stage.id, at=at.pop("at", str(stage.year)), field=field, **at)


def _coefficient_notes(
    stage: Stage, worst: str, checks: Sequence[Check]
) -> Iterator[tuple[str, Values]]:
    values: Values = {
        "worst": Name("indicator", worst),
        "what": Name("what", worst),
        "cv": _cell(stage, f"{worst}.coefficient"),
        "low": _cell(stage, f"{worst}.coefficient", "value_low"),
        "high": _cell(stage, f"{worst}.coefficient", "value_high"),
    }
    rule = stage.scheme["coefficient"]["rule"]
    if rule == "each":
        values |= {"met": _cell(stage, "coefficients_met"), "limit": Given(stage.limit)}
        if any(c.verdict == "cannot_say" for c in checks if c.indicator.endswith(".coefficient")):
            values["unknown"] = _cell(
                stage, "coefficients_by_verdict", by="verdict", subject="cannot_say"
            )
        yield "headline.coefficients", values
    elif rule == "mean":
        composite = next(check for check in checks if check.indicator == "composite")
        values |= {"composite": _cell(stage, "composite"), "limit": Given(stage.limit)}
        yield f"headline.composite_{composite.verdict}", values
    else:
        yield "headline.described", values
    yield from _figure("coefficients", values, plain=rule != "each")


def _influence_note(stage: Stage, now: pd.DataFrame, worst: str) -> Iterator[tuple[str, Values]]:
    rows = now[(now["indicator"] == f"{worst}.influence") & (now["by"] == "school")]
    rows = rows.dropna(subset=["value"])
    if rows.empty:
        return
    school = str(rows.set_index("subject")["value"].abs().idxmax())
    widens = rows.set_index("subject")["value"][school] < 0
    values: Values = {
        "indicator": Name("indicator", worst),
        "what": Name("what", worst),
        "school": Name("school", school),
        "change": _cell(stage, f"{worst}.influence_most"),
        "share": _cell(stage, f"{worst}.share_most"),
        "top": _cell(stage, f"{worst}.share_most", "numerator"),
    }
    yield f"influence.{'widens' if widens else 'narrows'}", values
    yield from _figure("influence", values)


def _trend_notes(stage: Stage, table: pd.DataFrame, worst: str) -> Iterator[tuple[str, Values]]:
    id = f"{worst}.coefficient"
    years = table[
        (table["indicator"] == id) & (table["stage"] == stage.id) & (table["by"] == "")
    ].dropna(subset=["value"])
    earlier = sorted(int(at) for at in years["at"] if int(at) < stage.year)
    if not earlier:
        return
    ends = years[years["at"].isin([str(earlier[0]), str(stage.year)])]
    values: Values = {
        "indicator": Name("indicator", worst),
        "first": Given(earlier[0]),
        "before": _cell(stage, id, at=str(earlier[0])),
        "now": _cell(stage, id),
    }
    yield "trend.worst", values
    if (ends["flag"] == "p").any():
        yield "trend.incomplete", {}
    yield from _figure("trend", values)


def _school_notes(stage: Stage, *, unknown: bool) -> Iterator[tuple[str, Values]]:
    if "school_rule" not in stage.scheme:
        yield from _figure("schools", {}, plain=not stage.has_thresholds)
        return
    rule: Mapping[str, Any] = stage.scheme["school_rule"]

    def number(verdict: str) -> Cell:
        return _cell(stage, "schools_by_verdict", by="verdict", subject=verdict)

    values: Values = {
        "at_least": Given(rule["at_least"]),
        "floor": Given(rule["floor"]),
        "met": number("met"),
        "not_met": number("not_met"),
    }
    if unknown:
        values["unknown"] = number("cannot_say")
    yield "headline.schools", values
    yield from _figure("schools", values)


def _gap_notes(stage: Stage, now: pd.DataFrame) -> Iterator[tuple[str, Values]]:
    if not stage.has_thresholds:
        yield "gap.no_threshold", {}
    whole = now[now["by"] == ""]
    gaps = set(whole.loc[whole["value"] > 0, "indicator"])
    partial = set(whole.loc[whole["flag"] == "p", "indicator"])
    for indicator in stage.indicators:
        if f"{indicator['id']}.gap" not in gaps:
            continue
        seen = {"seen": _cell(stage, indicator["id"], "n")} if indicator["id"] in partial else {}
        lacking = float(whole.loc[whole["indicator"] == f"{indicator['id']}.gap", "value"].iloc[0])
        yield (
            "gap.needed",
            {
                "what": Name("what", indicator["id"]),
                "measure": Name("measure_one" if lacking == 1 else "measure", indicator["id"]),
                "indicator": Name("indicator", indicator["id"]),
                "gap": _cell(stage, f"{indicator['id']}.gap"),
                "short": _cell(stage, f"{indicator['id']}.gap", "numerator"),
                "threshold": Given(stage.threshold(indicator)),
                **seen,
            },
        )


def _caution_notes(
    stage: Stage, now: pd.DataFrame, coefficients: pd.DataFrame, checks: Sequence[Check]
) -> Iterator[tuple[str, Values]]:
    if stage.coverage < stage.min_coverage:
        yield "caution.coverage", {"least": Given(stage.min_coverage)}
    if stage.coverage < 1:
        known = {"silent": _cell(stage, "pupils_silent")} if stage.silent >= 0 else {}
        yield "caution.silent", {"share": _cell(stage, "coverage"), **known}
    means = now[(now["by"] == "") & now["flag"].isin(["p", "x"])]
    for indicator in stage.indicators:
        if indicator["id"] in set(means["indicator"]):
            yield (
                "caution.missing",
                {
                    "indicator": Name("indicator", indicator["id"]),
                    "seen": _cell(stage, indicator["id"], "n"),
                },
            )
    verdict = {check.indicator: check.verdict for check in checks}
    for row in coefficients.to_dict("records"):
        id = str(row["indicator"])
        crosses = row["value_low"] <= stage.limit < row["value_high"]
        if verdict.get(id) in ("met", "not_met") and crosses:
            yield (
                f"caution.robust_{verdict[id]}",
                {
                    "indicator": Name("indicator", id.split(".")[0]),
                    "cv": _cell(stage, id),
                    "low": _cell(stage, id, "value_low"),
                    "high": _cell(stage, id, "value_high"),
                    "limit": Given(stage.limit),
                },
            )
    if len(stage.entrants.counted) < 2:
        return
    weighting = "unweighted" if stage.weights is None else "weighted"
    yield f"confidence.{weighting}", {}
    if stage.silent != 0 or (now["flag"] == "p").any():
        yield "confidence.missing", {}
    correlations = stage.robustness["correlations"]
    yield (
        "confidence.robustness",
        {
            "error": Given(stage.robustness["error"]),
            "least": Given(min(correlations)),
            "most": Given(max(correlations)),
        },
    )


def _figure(figure: str, values: Values, *, plain: bool = False) -> Iterator[tuple[str, Values]]:
    """Give a figure its headline, subtitle, text alternative and reading line.

    A `plain` one has no limit to be read against.
    """
    for part in ("title", "subtitle", "alt", "reading_plain" if plain else "reading"):
        yield f"figure.{figure}.{part}", values
