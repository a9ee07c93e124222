"""Question. Where does the difference between schools come from, and how sure is the verdict?

Data. As for the balance of resources, and ``successions``.

Method. For each stage and indicator, over the schools that the scheme assesses and weighted as its
coefficient is: Theil's index split between zones, townships and types of school, each beside what
random groups of the same sizes would give; each zone's and township's level and part of the
difference; the change since the first and the previous year split over enrolment, resources and
schools that came or went (Shapley); the one school that moves the coefficient most if brought to
the county's mean. Then the coefficient in other ways: under reporting errors, other weights, other
schools. What single schools add to the difference stands in the balance finding.

Assumptions. The official verdict stands on the unrounded value in the scheme's own way; the
others do not change it. A recoded school is one school, a merged one is closed.

Source. Theil 1967, Shorrocks 1980 and 2013, Shapley 1953; the coefficient as in the scheme.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from analysis.finding import Check, Finding, Note, merge_labels, tidy
from analysis.methods.dispersion import Range, Weights
from analysis.questions.balance import change, decomposition, imbalance_notes, variants
from analysis.questions.balance.imbalance_indicators import declare
from analysis.questions.balance.rows import Row, level_row, ranged_row
from analysis.questions.balance.schools import Scheme, Site
from analysis.questions.balance.stage import Stage, form, weigh
from analysis.records.county import CountyData


@dataclass(frozen=True, slots=True)
class _Look:
    """One stage looked at: where its schools are, its other ways, its rows."""

    stage: Stage
    places: pd.DataFrame
    variants: list[variants.Variant]
    rows: list[Row]


def explain(
    county: CountyData,
    *,
    scheme: str = "quality-2017",
    weights: Weights | Literal["scheme"] = "scheme",
) -> Finding:
    """Explain where the differences between a county's schools come from.

    Parameters
    ----------
    county, scheme, weights
        As for `balance.assess`.

    Returns
    -------
    Finding
        Named ``"imbalance"``; see the module for what its rows are.

    Raises
    ------
    UsageError
        If there is no such scheme.
    """
    rules = county.reference.scheme(scheme)
    stages = form(county.tables, county.reference, rules, weigh(rules, weights))
    now = (county.place.code, county.year)
    looks = [
        _look(county, formed[now], formed)
        for formed in stages.values()
        if now in formed and not formed[now].entrants.counted.empty
    ]
    table = [row for look in looks for row in look.rows]
    for indicator in rules["indicator"] if looks else ():
        pieces = [(look.stage, look.places) for look in looks]
        table.extend(decomposition.layer_rows(pieces, indicator))
    checks: list[Check] = []
    notes: list[Note] = []
    for look in looks:
        checks.extend(variants.variant_checks(look.stage, look.variants))
        official, rows = look.variants[0].verdicts, tidy(look.rows)
        notes.extend(
            imbalance_notes.tell(look.stage, county.place.code, rows, _earlier(county), official)
        )
    return Finding(
        name="imbalance",
        county=county.place.code,
        year=county.year,
        table=tidy(table),
        indicators=declare(rules),
        labels=_labels(county, rules),
        checks=tuple(checks),
        notes=tuple(notes),
        origin=county.origin,
    )


def _look(county: CountyData, stage: Stage, years: Mapping[Site, Stage]) -> _Look:
    places = decomposition.locate(county, stage)
    chance = county.reference.parameters["balance"]["chance"]
    rows: list[Row] = []
    for indicator in stage.indicators:
        # The county's level and coefficient, as the balance finding has them.
        rows.extend((level_row(stage, indicator), ranged_row(stage, indicator)))
        rows.extend(decomposition.index_rows(stage, indicator))
        rows.extend(decomposition.correction_rows(stage, indicator))
        rows.extend(decomposition.grouping_rows(stage, indicator, places, chance))
        rows.extend(decomposition.group_rows(stage, indicator, places))
    ranges = {
        str(row["indicator"]): Range(row["value_low"], row["value_high"])
        for row in rows
        if str(row["indicator"]).endswith(".coefficient")
    }
    found = variants.work_out(county, stage, ranges)
    rows.extend(variants.variant_rows(stage, found))
    rows.extend(_changes(county, stage, years))
    return _Look(stage, places, found, rows)


def _changes(county: CountyData, stage: Stage, years: Mapping[Site, Stage]) -> Iterator[Row]:
    """Give the changes since the year before and since the first year, once if they are one."""
    earlier = _earlier(county)
    parts = {"change": earlier[:1], "change_year": earlier[-1:]}
    for name, chosen in parts.items():
        for year in chosen:
            if name == "change_year" and len(earlier) == 1:
                continue
            before = years[county.place.code, year]
            heirs = change.follow(county.tables["successions"], year, county.year)
            yield from change.change_rows(before, stage, heirs, name)
            if name == "change":
                listed = (_listed(county, year), _listed(county, county.year))
                yield from change.turnover_rows(before, stage, heirs, listed)


def _earlier(county: CountyData) -> list[int]:
    return sorted({int(y) for y in county.tables["school_years"]["year"]} - {county.year})


def _listed(county: CountyData, year: int) -> set[str]:
    return set(county.table("schools", year=year)["school"])


def _labels(county: CountyData, scheme: Scheme) -> dict[str, dict[str, dict[str, str]]]:
    merged = merge_labels(
        {"county": {county.place.code: county.place.label}},
        {"school": county.name_schools()},
        {"indicator": {i["id"]: {"zh": i["zh"], "en": i["en"]} for i in scheme["indicator"]}},
        {"what": {i["id"]: {"zh": i["what_zh"], "en": i["what_en"]} for i in scheme["indicator"]}},
        {"stage": county.reference.names("stage")},
    )
    return {by: {code: dict(label) for code, label in part.items()} for by, part in merged.items()}
