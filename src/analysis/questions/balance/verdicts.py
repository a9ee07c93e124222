"""The scheme's rules held against unrounded numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    values = levels.reindex(list(thresholds)).to_numpy(dtype=float)
    limits = np.array([*thresholds.values()], dtype=float)
    return judge_schools(values[np.newaxis], limits, rule)[0]


def reach(values: NDArray[np.float64], limits: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Hold many values against limits, each as `analysis.finding.reaches` does, by its code.

    >>> reach(np.array([4.2, 4.1999, float("nan")]), 4.2).tolist()
    [True, False, False]
    """
    # It is declared for one value; what it does to it, numpy does to many.
    return cast("NDArray[np.bool_]", reaches(cast(Any, values), cast(Any, limits)))


def judge_schools(
    levels: NDArray[np.float64], thresholds: NDArray[np.float64], rule: Mapping[str, Any]
) -> list[Verdict]:
    """Judge many schools, each as `judge_school` does.

    Parameters
    ----------
    levels
        Value per pupil, shape (schools, indicators), nan where not reported.
    thresholds
        Shape (indicators,).
    rule
        As for `judge_school`.

    Examples
    --------
    >>> levels = np.array([[4.2, 0.85], [4.2, float("nan")]])
    >>> judge_schools(levels, np.array([4.2, 1.0]), {"at_least": 1, "floor": 0.85})
    ['met', 'cannot_say']
    """
    known = ~np.isnan(levels)
    short = known & ~reach(levels, thresholds)
    allowed = len(thresholds) - rule["at_least"]
    below_floor = (short & ~reach(levels, rule["floor"] * thresholds)).any(axis=1)
    failed = (short.sum(axis=1) > allowed) | below_floor
    judged = np.where(failed, "not_met", np.where(known.all(axis=1), "met", "cannot_say"))
    return cast("list[Verdict]", judged.tolist())


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


def judge_all(verdicts: Iterable[Verdict]) -> Verdict:
    """Judge a county by its schools: all of them have to meet the rule.

    >>> judge_all(["met", "cannot_say"]), judge_all(["met", "not_met"])
    ('cannot_say', 'not_met')
    """
    judged = set(verdicts)
    if not judged:
        return "cannot_say"
    if "not_met" in judged:
        return "not_met"
    return "met" if judged == {"met"} else "cannot_say"


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
