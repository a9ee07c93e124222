"""The numbers of the balance chapter, one row each, for one stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Check, Verdict
from analysis.methods import dispersion
from analysis.questions.balance import verdicts
from analysis.questions.balance.stage import Stage

Row = dict[str, Any]
TOP = 5
"""So many schools are told apart as those that make the difference."""


def indicator_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give the rows of one indicator: mean, schools, coefficient, its parts, the gap."""
    yield level_row(stage, indicator)
    yield from _school_rows(stage, indicator)
    yield from _coefficient_rows(stage, indicator)
    threshold = stage.threshold(indicator)
    if not np.isnan(threshold):
        yield from _threshold_rows(stage, indicator, threshold)


def level_row(stage: Stage, indicator: Mapping[str, Any]) -> Row:
    """Give the county's level: total over total, of the schools that reported."""
    totals, pupils = stage.reported(indicator)
    total, of = totals.sum(), pupils.sum()
    return {
        **stage.key, "indicator": indicator["id"], "unit": indicator["unit"],
        "value": total * indicator["per"] / of if of else np.nan,
        "numerator": total, "denominator": of, "n": len(totals), "n_unit": "schools",
        "flag": _flag(stage, len(totals)) if of else "x",
    }  # fmt: skip


def coefficient_row(stage: Stage, indicator: Mapping[str, Any]) -> Row:
    """Give the coefficient as reported, without its range."""
    seen, schools = len(stage.reported(indicator)[0]), len(stage.entrants.counted)
    value = stage.coefficient(indicator)
    none = "x" if not seen and schools > 1 else "z"  # nothing told, or nothing to compare
    return {
        **stage.key, "indicator": f"{indicator['id']}.coefficient", "value": value, "n": seen,
        "n_unit": "schools", "unit": "coefficient",
        "flag": none if np.isnan(value) else _flag(stage, seen),
    }  # fmt: skip


def ranged_row(stage: Stage, indicator: Mapping[str, Any]) -> Row:
    """Give the coefficient with its range under reporting errors."""
    band = stage.robust_range(indicator)
    return {
        **coefficient_row(stage, indicator), "value_low": band.low, "value_high": band.high,
        "interval_kind": "sensitivity",
    }  # fmt: skip


def schools_met_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give the share of the schools at the threshold, if there is one, of those that reported."""
    threshold = stage.threshold(indicator)
    if np.isnan(threshold):
        return
    levels = stage.level(indicator)
    n, met = int((~np.isnan(levels)).sum()), int(verdicts.reach(levels, threshold).sum())
    yield {
        **stage.key, "indicator": f"{indicator['id']}.schools_met", "numerator": met,
        "denominator": n, "value": met / n if n else np.nan, "n": n, "n_unit": "schools",
        "unit": "share", "flag": _flag(stage, n) if n else "x",
    }  # fmt: skip


def _flag(stage: Stage, seen: int) -> str:
    return "p" if seen < len(stage.entrants.counted) else ""


def coefficient_limit_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give the limit of the coefficient, where the scheme has one for each."""
    if not np.isnan(stage.limit) and stage.scheme["coefficient"]["rule"] == "each":
        yield {
            **stage.key, "indicator": f"{indicator['id']}.coefficient", "by": "limit",
            "subject": "coefficient", "value": stage.limit, "n_unit": "schools",
            "unit": "coefficient",
        }  # fmt: skip


def threshold_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give the threshold of the level, where the scheme has one."""
    threshold = stage.threshold(indicator)
    if not np.isnan(threshold):
        yield {
            **stage.key, "indicator": indicator["id"], "by": "limit", "subject": "threshold",
            "value": threshold, "n_unit": "schools", "unit": indicator["unit"],
        }  # fmt: skip


def _school_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    schools, id = stage.entrants.counted, indicator["id"]
    levels = stage.levels()[id]
    for school, level in levels.items():
        yield {
            **stage.key, "indicator": id, "by": "school", "subject": school, "value": level,
            "numerator": schools.at[school, id], "denominator": schools.at[school, "pupils"],
            "n": 1, "n_unit": "schools", "unit": indicator["unit"],
            "flag": "x" if np.isnan(level) else "",
        }  # fmt: skip


def _coefficient_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    schools, id = stage.entrants.counted, indicator["id"]
    seen = schools[schools[id].notna()]
    yield ranged_row(stage, indicator)
    base = {**stage.key, "n": len(seen), "n_unit": "schools", "unit": "coefficient"}
    for row in coefficient_limit_rows(stage, indicator):
        yield {**base, **row}
    if len(seen) < 3:
        return
    parts = {
        "share": dispersion.additive_shares(seen[id], seen["pupils"], weights=stage.weights),
        "influence": dispersion.influences(seen[id], seen["pupils"], weights=stage.weights),
    }
    most = int(np.argmax(np.abs(parts["influence"])))
    if not np.isnan(parts["influence"][most]):
        yield {**base, "indicator": f"{id}.influence_most", "value": parts["influence"][most]}
    if not np.isnan(parts["share"]).any():
        top = np.sort(parts["share"])[::-1][:TOP]
        yield {
            **base, "indicator": f"{id}.share_most", "value": float(top.sum()),
            "numerator": len(top), "unit": "share",
        }  # fmt: skip
    for part, values in parts.items():
        for school, share in zip(seen.index, values, strict=True):
            yield {
                **base, "indicator": f"{id}.{part}", "by": "school", "subject": school,
                "value": share, "n": 1, "unit": "share" if part == "share" else "coefficient",
                "flag": "z" if np.isnan(share) else "",
            }  # fmt: skip


def _threshold_rows(stage: Stage, indicator: Mapping[str, Any], threshold: float) -> Iterator[Row]:
    schools, id = stage.entrants.counted, indicator["id"]
    (met,) = schools_met_rows(stage, indicator)
    base = {**stage.key, "n": met["n"], "n_unit": "schools"}
    for row in threshold_rows(stage, indicator):
        yield {**base, **row}
    yield met
    gaps = verdicts.gap_to_threshold(
        schools[id], schools["pupils"], threshold=threshold, per=indicator["per"],
        whole=bool(indicator.get("whole")),
    ).dropna()  # fmt: skip
    short = gaps[gaps > 0]
    unit = "gap"
    yield {
        **base, "indicator": f"{id}.gap", "value": gaps.sum() if len(gaps) else np.nan,
        "numerator": len(short), "unit": unit, "flag": met["flag"],
    }  # fmt: skip
    for school, gap in short.items():
        yield {
            **base, "indicator": f"{id}.gap", "by": "school", "subject": school, "value": gap,
            "n": 1, "unit": unit,
        }  # fmt: skip


def stage_rows(stage: Stage, school_verdicts: pd.Series, checks: Sequence[Check]) -> Iterator[Row]:
    """Give the rows about the stage as a whole: schools, exclusions, composite, verdicts."""
    yield from _entrant_rows(stage)
    base = {**stage.key, "n_unit": "schools", "n": len(stage.entrants.counted)}
    yield composite_row(stage)
    for row in composite_limit_rows(stage):
        yield {**base, **row}
    single = [check for check in checks if check.indicator.endswith(".coefficient")]
    if single:
        met = sum(check.verdict == "met" for check in single)
        yield {
            **base, "indicator": "coefficients_met", "value": met, "numerator": met,
            "denominator": len(single), "unit": "indicators",
        }  # fmt: skip
        yield from _by_verdict(
            {**base, "indicator": "coefficients_by_verdict", "unit": "indicators"},
            [check.verdict for check in single],
        )
    yield from schools_rule_rows(stage, school_verdicts)
    if len(school_verdicts):
        yield {
            **base, "indicator": "schools_rule_met.gap", "unit": "schools",
            "value": int((school_verdicts == "not_met").sum()),
        }  # fmt: skip
        yield from _by_verdict(
            {**base, "indicator": "schools_by_verdict", "unit": "schools"}, list(school_verdicts)
        )


def composite_row(stage: Stage) -> Row:
    """Give the plain mean of the coefficients."""
    composite, schools = stage.composite(), stage.entrants.counted
    partial = not all(map(stage.is_reported, stage.indicators))
    return {
        **stage.key, "n_unit": "schools", "n": len(schools), "indicator": "composite",
        "value": composite, "unit": "coefficient",
        "flag": "z" if np.isnan(composite) else "p" if partial else "",
    }  # fmt: skip


def composite_limit_rows(stage: Stage) -> Iterator[Row]:
    """Give the limit of the composite, where the scheme has one."""
    if stage.scheme["coefficient"]["rule"] == "mean":
        yield {
            **stage.key, "n_unit": "schools", "indicator": "composite", "by": "limit",
            "subject": "coefficient", "value": stage.limit, "unit": "coefficient",
        }  # fmt: skip


def schools_rule_rows(stage: Stage, school_verdicts: Iterable[Verdict]) -> Iterator[Row]:
    """Give the share of the schools that meet the school rule, if any is judged."""
    judged = list(school_verdicts)
    if not judged:
        return
    met = judged.count("met")
    yield {
        **stage.key, "n_unit": "schools", "n": len(stage.entrants.counted),
        "indicator": "schools_rule_met", "numerator": met, "denominator": len(judged),
        "value": met / len(judged), "unit": "share",
        "flag": "p" if "cannot_say" in judged else "",
    }  # fmt: skip


def assessed_row(stage: Stage) -> Row:
    """Give the number of schools assessed."""
    n = len(stage.entrants.counted)
    return {
        **stage.key, "n_unit": "schools", "indicator": "schools_assessed", "value": n, "n": n,
        "unit": "schools",
    }  # fmt: skip


def nobody_row(stage: str, year: int) -> Row:
    """Say that no school reported a stage: how many there are is not known."""
    return {
        "stage": stage, "at": str(year), "n_unit": "schools", "indicator": "schools_assessed",
        "unit": "schools", "flag": "x",
    }  # fmt: skip


def _by_verdict(base: Row, verdicts: Sequence[str]) -> Iterator[Row]:
    for verdict in ("met", "not_met", "cannot_say"):
        number = verdicts.count(verdict)
        yield {**base, "by": "verdict", "subject": verdict, "value": number}


def _entrant_rows(stage: Stage) -> Iterator[Row]:
    base = {**stage.key, "n_unit": "schools"}
    counted, excluded = stage.entrants.counted, stage.entrants.excluded
    if stage.coverage < 1:
        yield {**base, "indicator": "coverage", "value": stage.coverage, "unit": "share"}
        yield {**base, "indicator": "pupils_silent", "value": stage.silent, "unit": "pupils",
               "flag": "x" if np.isnan(stage.silent) else ""}  # fmt: skip
    yield assessed_row(stage)
    yield {
        **base, "indicator": "pupils_assessed", "value": counted["pupils"].sum(),
        "n": len(counted), "unit": "pupils",
    }  # fmt: skip
    yield {
        **base, "indicator": "schools_excluded", "value": len(excluded), "n": len(excluded),
        "unit": "schools",
    }  # fmt: skip
    for reason, number in excluded["reason"].value_counts().sort_index().items():
        yield {
            **base, "indicator": "schools_excluded", "by": "excluded", "subject": reason,
            "value": number, "n": number, "unit": "schools",
        }  # fmt: skip
    for school, pupils in excluded["pupils"].items():
        yield {
            **base, "indicator": "pupils_excluded", "by": "school", "subject": school,
            "value": pupils, "n": 1, "unit": "pupils", "flag": "x" if np.isnan(pupils) else "",
        }  # fmt: skip


def trend_rows(stage: Stage) -> Iterator[Row]:
    """Give the coefficients of an earlier year."""
    for indicator in stage.indicators:
        value = stage.coefficient(indicator)
        partial = "" if stage.is_reported(indicator) else "p"
        yield {
            **stage.key, "indicator": f"{indicator['id']}.coefficient", "value": value,
            "n": len(stage.reported(indicator)[0]), "n_unit": "schools", "unit": "coefficient",
            "flag": "x" if np.isnan(value) else partial,
        }  # fmt: skip
