"""The scheme's rules held against unrounded numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Verdict, reaches
from analysis.methods.dispersion import Range


def judge_school(
    levels: pd.Series, thresholds: Mapping[str, float], rule: Mapping[str, Any]
) -> Verdict:
    """Judge one school: enough indicators at the threshold and the rest above the floor.

    Parameters
    ----------
    levels
        Value per pupil by indicator id, nan where not reported.
    thresholds
        Threshold by indicator id.
    rule
        ``at_least`` indicators at the threshold, the rest at ``floor`` times it or more.

    Returns
    -------
    Verdict
        ``cannot_say`` where a missing value could decide: it is neither zero nor a pass.

    Examples
    --------
    >>> rule = {"at_least": 1, "floor": 0.85}
    >>> judge_school(pd.Series({"a": 4.2, "b": 0.85}), {"a": 4.2, "b": 1.0}, rule)
    'met'
    >>> judge_school(pd.Series({"a": 4.2, "b": float("nan")}), {"a": 4.2, "b": 1.0}, rule)
    'cannot_say'
    """
    limits = pd.Series(thresholds, dtype=float)
    values = levels.reindex(limits.index).astype(float)
    known = values.notna()
    allowed = len(limits) - rule["at_least"]
    short = [id for id in limits.index[known] if not reaches(values[id], limits[id])]
    failures = len(short)
    below_floor = any(not reaches(values[id], rule["floor"] * limits[id]) for id in short)
    if failures > allowed or below_floor:
        return "not_met"
    return "met" if known.all() else "cannot_say"


def judge_coefficient(value: float, possible: Range, limit: float) -> Verdict:
    """Judge a coefficient against its limit.

    Where schools did not report, the verdict stands only if no value they may have would change
    it (`possible`).

    >>> judge_coefficient(0.5, Range(0.5, 0.5), 0.5)
    'met'
    >>> judge_coefficient(0.49, Range(0.48, 0.53), 0.5)
    'cannot_say'
    """
    if math.isnan(value) or math.isnan(possible.low):
        return "cannot_say"
    if reaches(possible.high, limit, "lower"):
        return "met"
    return "cannot_say" if reaches(possible.low, limit, "lower") else "not_met"


def judge_all(verdicts: pd.Series) -> Verdict:
    """Judge a county by its schools: all of them have to meet the rule.

    >>> judge_all(pd.Series(["met", "cannot_say"])), judge_all(pd.Series(["met", "not_met"]))
    ('cannot_say', 'not_met')
    """
    if len(verdicts) == 0:
        return "cannot_say"
    if (verdicts == "not_met").any():
        return "not_met"
    return "met" if (verdicts == "met").all() else "cannot_say"


def gap_to_threshold(
    totals: pd.Series, pupils: pd.Series, *, threshold: float, per: float, whole: bool
) -> pd.Series:
    """Give how much of the resource each school lacks, in natural units; nan where unknown.

    >>> gap_to_threshold(pd.Series([40.0, 44.0]), pd.Series([1000.0, 1000.0]),
    ...                  threshold=4.2, per=100, whole=True).tolist()
    [2.0, 0.0]
    """
    need = threshold * pupils / per
    # Need is rounded up to whole teachers or rooms; the tiny allowance absorbs binary fractions.
    lacking = (need - totals).mask((need - totals).abs() <= 1e-9 * need, 0.0).clip(lower=0.0)
    return np.ceil(lacking - 1e-9) + 0.0 if whole else lacking
