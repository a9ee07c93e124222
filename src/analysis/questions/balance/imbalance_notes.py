"""What may be said of where a difference comes from, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from analysis.finding import Cell, Given, Name, Note, NoteValue, Verdict, reaches
from analysis.questions.balance.decomposition import find_correction
from analysis.questions.balance.stage import Stage
from analysis.questions.balance.variants import OTHER_SCHOOLS

Values = dict[str, NoteValue]


def tell(
    stage: Stage,
    county: str,
    table: pd.DataFrame,
    earlier: Sequence[int],
    official: Mapping[str, Verdict],
) -> Iterator[Note]:
    """Give the notes of one stage.

    Parameters
    ----------
    stage
        The stage looked at.
    county
        Code of the county.
    table
        Its rows.
    earlier
        Earlier years, in order.
    official
        The official verdicts by ``<id>.coefficient``.
    """
    common: Values = {
        "county": Name("county", county),
        "year": Given(stage.year),
        "stage": Name("stage", stage.id),
    }
    years: Values = {}
    if earlier:
        years = {"first": Given(earlier[0]), "last": Given(earlier[-1])}
    for key, values in _all(stage, table, years, official):
        yield Note(f"imbalance.{key}", {**common, **values}, stage.id)


def _all(
    stage: Stage, table: pd.DataFrame, years: Values, official: Mapping[str, Verdict]
) -> Iterator[tuple[str, Values]]:
    own = table[(table["by"] == "") & table["indicator"].str.endswith(".coefficient")]
    coefficients = own.set_index("indicator")["value"].dropna()
    if coefficients.empty:
        return
    worst = str(coefficients.idxmax()).split(".")[0]
    yield from _source_notes(stage, table, worst)
    yield from _correction_notes(stage, coefficients, worst, official)
    for key, values in _change_notes(stage, table, worst):
        yield key, {**years, **values}
    yield from _sure_notes(stage, table)


def _cell(stage: Stage, indicator: str, field: str = "value", **at: str) -> Cell:
    return Cell(indicator, stage.id, at=str(stage.year), field=field, **at)


def _source_notes(stage: Stage, table: pd.DataFrame, worst: str) -> Iterator[tuple[str, Values]]:
    groupings = table.loc[table["indicator"] == f"{worst}.between", "subject"]
    for grouping in (name for name in groupings if not name.endswith("_chance")):
        values: Values = {"indicator": Name("indicator", worst)}
        for blank, subject in (("share", grouping), ("chance", f"{grouping}_chance")):
            values[blank] = _cell(stage, f"{worst}.between", by="grouping", subject=subject)
        yield f"sources.{grouping}", values
    zones = table[(table["indicator"] == f"{worst}.part") & (table["by"] == "zone")]
    if zones["value"].notna().any():
        zone = str(zones.set_index("subject")["value"].idxmax())
        yield (
            "sources.level",
            {
                "indicator": Name("indicator", worst),
                "zone": Name("zone", zone),
                "relative": _cell(stage, f"{worst}.relative", by="zone", subject=zone),
                "part": _cell(stage, f"{worst}.part", by="zone", subject=zone),
                "schools": _cell(stage, f"{worst}.part", "n", by="zone", subject=zone),
            },
        )


def _correction_notes(
    stage: Stage, coefficients: pd.Series, worst: str, official: Mapping[str, Verdict]
) -> Iterator[tuple[str, Values]]:
    for indicator in sorted(stage.indicators, key=lambda each: each["id"] != worst):
        id, found = indicator["id"], find_correction(stage, indicator)
        if found is None or f"{id}.coefficient" not in coefficients:
            continue
        school, change, above = found
        value = float(coefficients[f"{id}.coefficient"])
        values: Values = {
            "indicator": Name("indicator", id),
            "school": Name("school", school),
            "cv": _cell(stage, f"{id}.coefficient"),
            "change": _cell(stage, f"{id}.corrected"),
        }
        fails = official.get(f"{id}.coefficient") == "not_met"
        enough = fails and reaches(value + change, stage.limit, "lower")
        if enough:
            values["limit"] = Given(stage.limit)
        if id == worst:
            yield f"corrected.{'above' if above else 'below'}", values
        elif enough:
            yield "corrected.enough", values


def _change_notes(stage: Stage, table: pd.DataFrame, worst: str) -> Iterator[tuple[str, Values]]:
    for name in ("change", "change_year"):
        rows = table[(table["indicator"] == f"{worst}.{name}") & table["value"].notna()]
        if rows.empty:
            continue
        values: Values = {"indicator": Name("indicator", worst)}
        for source in rows["subject"]:
            values[source] = _cell(stage, f"{worst}.{name}", by="component", subject=source)
        yield f"change.{'since_first' if name == 'change' else 'since_last'}", values
    ends = table[table["indicator"].str.contains(".change", regex=False)]
    if (ends["numerator"] < ends["denominator"]).any():
        yield "change.incomplete", {}
    turnover = table[table["indicator"] == "turnover"]
    if len(turnover) and turnover["value"].sum() > 0:
        yield (
            "change.turnover",
            {
                event: _cell(stage, "turnover", by="turnover", subject=event)
                for event in turnover["subject"]
            },
        )


def _sure_notes(stage: Stage, table: pd.DataFrame) -> Iterator[tuple[str, Values]]:
    correlations = stage.robustness["correlations"]
    parameters: Values = {
        "error": Given(stage.robustness["error"]),
        "least": Given(min(correlations)),
        "most": Given(max(correlations)),
    }
    stable = table[table["indicator"] == "verdicts_stable"]
    if stable.empty:
        for part in ("title", "subtitle", "note"):
            yield f"table.variants.{part}_plain", parameters
        yield "sure.described", {}
        return
    yield "table.variants.note", parameters
    if stable["denominator"].iloc[0] == 0:
        yield "sure.undecided", {}
        return
    yield (
        "sure.stable",
        {
            "stable": _cell(stage, "verdicts_stable"),
            "decided": _cell(stage, "verdicts_stable", "denominator"),
        },
    )
    rows = table[(table["indicator"] == "verdicts_changed") & table["value"].notna()]
    for row in rows.to_dict("records"):
        name, number = str(row["subject"]), float(row["value"])
        other = name in OTHER_SCHOOLS
        if not other and not (number and name in ("none", "enrolment")):
            continue
        values: Values = {"variant": Name("variant", name)}
        for blank, field in (("changed", "value"), ("differing", "n")):
            values[blank] = _cell(stage, "verdicts_changed", field, by="variant", subject=name)
        yield f"sure.{name if other else 'changed'}{'' if number else '_same'}", values
