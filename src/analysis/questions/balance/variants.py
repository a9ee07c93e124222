"""How sure a verdict on a coefficient is: the same number worked out in other defensible ways.

The official verdict stands on the reported, unrounded value in the scheme's own way. Beside it
stand the ends of its range under reporting errors, the other weighting, the sample form, and the
coefficient with other schools: those that the scheme leaves out, or none of its teaching points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Check, Verdict, reaches
from analysis.methods.dispersion import Range
from analysis.questions.balance import checks
from analysis.questions.balance.rows import Row
from analysis.questions.balance.schools import Entrants, Scheme, enter
from analysis.questions.balance.stage import Stage
from analysis.records.county import CountyData

SAME_SCHOOLS = ("errors_low", "errors_high", "other_weights", "sample")
OTHER_SCHOOLS = ("with_excluded", "without_points")
_DECIDED = ("met", "not_met")


@dataclass(frozen=True, slots=True)
class Variant:
    """A coefficient worked out in one way.

    Attributes
    ----------
    name
        ``official_enrolment`` or ``official_none``, then `SAME_SCHOOLS` (the other weighting is
        called ``enrolment`` or ``none``) and `OTHER_SCHOOLS`.
    n
        Schools that tell: all of them, or those by which it differs from the official one. Who
        may not see numbers on so few may not see the difference either.
    values, verdicts
        By indicator id (``<id>.coefficient``, ``composite``).
    """

    name: str
    n: int
    values: Mapping[str, float]
    verdicts: Mapping[str, Verdict]


def work_out(county: CountyData, stage: Stage, ranges: Mapping[str, Range]) -> list[Variant]:
    """Work out the coefficients of a stage in every way, the official one first.

    Parameters
    ----------
    county, stage
        The county, and the stage as the scheme has it.
    ranges
        Under reporting errors, by ``<id>.coefficient``.
    """
    n = len(stage.entrants.counted)
    weighting = "none" if stage.weights is None else "enrolment"
    official = _vary(f"official_{weighting}", n, stage)
    if n < 2:
        return [official]
    unweighted = _vary("none", n, replace(stage, weights=None))
    other = _vary("enrolment", n, replace(stage, weights="enrolment"))
    found = [
        official,
        *_errors(official, ranges, stage.limit),
        unweighted if weighting == "enrolment" else other,
        _sample(stage, unweighted),
    ]
    for name, entrants, differing in _other_schools(county, stage):
        if differing and len(entrants.counted) > 1:
            found.append(_vary(name, differing, replace(stage, entrants=entrants)))
    return found


def variant_rows(stage: Stage, variants: list[Variant]) -> Iterator[Row]:
    """Give the coefficients of every variant, and how many verdicts would be others."""
    base = {**stage.key, "n_unit": "schools"}
    for variant in variants:
        at = {**base, "by": "variant", "subject": variant.name, "n": variant.n}
        for id, value in variant.values.items():
            flag = "z" if math.isnan(value) else ""
            yield {**at, "indicator": id, "value": value, "unit": "coefficient", "flag": flag}
    official, *others = variants
    decided = sum(verdict in _DECIDED for verdict in official.verdicts.values())
    if not official.verdicts or not others:
        return
    for variant in others:
        yield {
            **base, "indicator": "verdicts_changed", "by": "variant", "subject": variant.name,
            "value": len(changed(official, variant)), "denominator": decided, "n": variant.n,
            "unit": "indicators",
        }  # fmt: skip
    same = [variant for variant in others if variant.name not in OTHER_SCHOOLS]
    moved = {id for variant in same for id in changed(official, variant)}
    yield {
        **base, "indicator": "verdicts_stable", "value": decided - len(moved),
        "numerator": decided - len(moved), "denominator": decided, "n": official.n,
        "unit": "indicators",
    }  # fmt: skip


def variant_checks(stage: Stage, variants: list[Variant]) -> Iterator[Check]:
    """Give what the verdict would be in each way, the official one as it is."""
    for variant in variants:
        for id, verdict in variant.verdicts.items():
            yield Check(
                indicator=id, stage=stage.id, by="variant", subject=variant.name,
                at=str(stage.year), rule="imbalance.rule.variant", limit=stage.limit,
                verdict=verdict, reason="", source=stage.scheme["coefficient"]["source"],
            )  # fmt: skip


def changed(official: Variant, variant: Variant) -> list[str]:
    """List the indicators whose verdict is met in one way and not met in the other."""
    return [
        id
        for id, verdict in variant.verdicts.items()
        if {verdict, official.verdicts.get(id)} == set(_DECIDED)
    ]


def _vary(name: str, n: int, stage: Stage) -> Variant:
    values = {f"{i['id']}.coefficient": stage.coefficient(i) for i in stage.indicators}
    if stage.scheme["coefficient"]["rule"] == "mean":
        values["composite"] = stage.composite()
    judged = checks.county_checks(stage, pd.Series(dtype=object))
    verdicts = {check.indicator: check.verdict for check in judged if check.indicator in values}
    return Variant(name, n, values, verdicts)


def _errors(official: Variant, ranges: Mapping[str, Range], limit: float) -> Iterator[Variant]:
    """Give the two ends of the range; where the official verdict is open, so are these."""
    for end in ("low", "high"):
        values = {id: float(getattr(band, end)) for id, band in ranges.items()}
        yield _judged(f"errors_{end}", official, values, limit)


def _sample(stage: Stage, unweighted: Variant) -> Variant:
    """Give the sample form, n - 1 in the place of n, which belongs to the unweighted coefficient."""
    values: dict[str, float] = {}
    for indicator in stage.indicators:
        n = int(stage.entrants.counted[indicator["id"]].notna().sum())
        value = unweighted.values[f"{indicator['id']}.coefficient"]
        values[f"{indicator['id']}.coefficient"] = value * math.sqrt(n / max(n - 1, 1))
    if "composite" in unweighted.values:
        values["composite"] = float(np.mean(list(values.values())))
    return _judged("sample", unweighted, values, stage.limit)


def _judged(name: str, like: Variant, values: Mapping[str, float], limit: float) -> Variant:
    verdicts: dict[str, Verdict] = {}
    for id, verdict in like.verdicts.items():
        if id in values:
            fits: Verdict = "met" if reaches(values[id], limit, "lower") else "not_met"
            verdicts[id] = fits if verdict in _DECIDED else "cannot_say"
    return Variant(name, like.n, values, verdicts)


def _other_schools(county: CountyData, stage: Stage) -> Iterator[tuple[str, Entrants, int]]:
    """Give the schools of the two other sets, and by how many each differs from the official."""
    exclude: Mapping[str, Any] = stage.scheme["exclude"]
    counted = stage.entrants.counted
    everybody = _enter(county, stage, kinds=[], owners=[], teaching_point_kinds=[]).counted
    extra = everybody[~everybody.index.isin(counted.index)].dropna(
        subset=[i["id"] for i in stage.indicators]
    )
    whole = pd.concat([counted, extra]).sort_index()
    yield "with_excluded", Entrants(whole, stage.entrants.excluded.iloc[:0]), len(extra)
    points = counted["kind"].isin(exclude["teaching_point_kinds"])
    rest = Entrants(counted[~points], stage.entrants.excluded)
    yield "without_points", rest, int(points.sum())


def _enter(county: CountyData, stage: Stage, **exclude: list[str]) -> Entrants:
    scheme: Scheme = {**stage.scheme, "exclude": {**stage.scheme["exclude"], **exclude}}
    now = (county.place.code, stage.year)
    tables = county.tables_of(stage.year)
    return enter(tables, county.reference.codes["kind"], scheme)[stage.id][now]
