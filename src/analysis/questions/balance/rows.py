"""The numbers of the balance chapter, one row each, for one stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Check, reaches
from analysis.methods import dispersion
from analysis.questions.balance import verdicts
from analysis.questions.balance.stage import Stage

Row = dict[str, Any]
TOP = 5
"""So many schools are told apart as those that make the difference."""


def indicator_rows(stage: Stage, indicator: Mapping[str, Any]) -> Iterator[Row]:
    """Give the rows of one indicator: mean, schools, coefficient, its parts, the gap."""
    schools, id = stage.entrants.counted, indicator["id"]
    seen = schools[schools[id].notna()]
    pupils, total = seen["pupils"].sum(), seen[id].sum()
    partial = "p" if len(seen) < len(schools) else ""
    yield {
        **stage.key, "indicator": id, "unit": indicator["unit"],
        "value": total * indicator["per"] / pupils if pupils else np.nan,
        "numerator": total, "denominator": pupils, "n": len(seen), "n_unit": "schools",
        "flag": partial if pupils else "x",
    }  # fmt: skip
    yield from _school_rows(stage, indicator)
    yield from _coefficient_rows(stage, indicator, flag=partial)
    threshold = stage.threshold(indicator)
    if not np.isnan(threshold):
        yield from _threshold_rows(stage, indicator, threshold)


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


def _coefficient_rows(stage: Stage, indicator: Mapping[str, Any], *, flag: str) -> Iterator[Row]:
    schools, id = stage.entrants.counted, indicator["id"]
    seen = schools[schools[id].notna()]
    value, band = stage.coefficient(indicator), stage.robust_range(indicator)
    base = {**stage.key, "n": len(seen), "n_unit": "schools", "unit": "coefficient"}
    none = "x" if seen.empty and len(schools) > 1 else "z"  # nothing told, or nothing to compare
    yield {
        **base, "indicator": f"{id}.coefficient", "value": value, "value_low": band.low,
        "value_high": band.high, "interval_kind": "sensitivity",
        "flag": none if np.isnan(value) else flag,
    }  # fmt: skip
    if not np.isnan(stage.limit) and stage.scheme["coefficient"]["rule"] == "each":
        yield {
            **base, "indicator": f"{id}.coefficient", "by": "limit", "subject": "coefficient",
            "value": stage.limit,
        }  # fmt: skip
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
    levels = stage.levels()[id].dropna()
    met = sum(reaches(level, threshold) for level in levels)
    partial = "p" if len(levels) < len(schools) else ""
    base = {**stage.key, "n": len(levels), "n_unit": "schools"}
    yield {
        **base, "indicator": id, "by": "limit", "subject": "threshold", "value": threshold,
        "unit": indicator["unit"],
    }  # fmt: skip
    yield {
        **base, "indicator": f"{id}.schools_met", "numerator": met, "denominator": len(levels),
        "value": met / len(levels) if len(levels) else np.nan, "unit": "share",
        "flag": partial if len(levels) else "x",
    }  # fmt: skip
    gaps = verdicts.gap_to_threshold(
        schools[id], schools["pupils"], threshold=threshold, per=indicator["per"],
        whole=bool(indicator.get("whole")),
    ).dropna()  # fmt: skip
    short = gaps[gaps > 0]
    unit = "gap"
    yield {
        **base, "indicator": f"{id}.gap", "value": gaps.sum() if len(gaps) else np.nan,
        "numerator": len(short), "unit": unit, "flag": partial if len(gaps) else "x",
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
    composite = stage.composite()
    partial = stage.entrants.counted[[i["id"] for i in stage.indicators]].isna().any(axis=None)
    yield {
        **base, "indicator": "composite", "value": composite, "unit": "coefficient",
        "flag": "z" if np.isnan(composite) else "p" if partial else "",
    }  # fmt: skip
    if stage.scheme["coefficient"]["rule"] == "mean":
        yield {
            **base, "indicator": "composite", "by": "limit", "subject": "coefficient",
            "value": stage.limit, "unit": "coefficient",
        }  # fmt: skip
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
    if len(school_verdicts):
        met = int((school_verdicts == "met").sum())
        yield {
            **base, "indicator": "schools_rule_met", "numerator": met,
            "denominator": len(school_verdicts), "value": met / len(school_verdicts),
            "unit": "share", "flag": "p" if (school_verdicts == "cannot_say").any() else "",
        }  # fmt: skip
        yield {
            **base, "indicator": "schools_rule_met.gap", "unit": "schools",
            "value": int((school_verdicts == "not_met").sum()),
        }  # fmt: skip
        yield from _by_verdict(
            {**base, "indicator": "schools_by_verdict", "unit": "schools"}, list(school_verdicts)
        )


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
    yield {
        **base, "indicator": "schools_assessed", "value": len(counted), "n": len(counted),
        "unit": "schools",
    }  # fmt: skip
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
        seen = stage.entrants.counted[indicator["id"]].notna()
        partial = "" if seen.all() else "p"
        yield {
            **stage.key, "indicator": f"{indicator['id']}.coefficient", "value": value,
            "n": int(seen.sum()), "n_unit": "schools", "unit": "coefficient",
            "flag": "x" if np.isnan(value) else partial,
        }  # fmt: skip
