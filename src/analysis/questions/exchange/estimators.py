"""The same effect by other estimators: does the answer hang on how it was asked?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from analysis.errors import UsageError
from analysis.methods import clusters, staggered
from analysis.questions.exchange.doubts import Doubt
from analysis.questions.exchange.study import (
    NAMES,
    Estimate,
    Parameters,
    Sample,
    estimate_effects,
)

COVARIATES = ("log_pupils", "boarders")
"""What the doubly robust estimator holds equal."""
APART = frozenset({"switchers", "two_way"})
"""Shown without a say: who begins or stops is followed through that year alone, and in two-way effects
schools treated earlier serve as controls."""
ORDER = ("never", "notyet", "robust", "imputation", "sun_abraham", "switchers", "two_way")


def compare(sample: Sample, main: Estimate, rules: Parameters) -> dict[str, Estimate]:
    """Estimate the average effect in every way there is, each with its own error by clusters.

    Parameters
    ----------
    sample
        What is compared.
    main
        The main estimate, which heads the list.
    rules
        ``[exchange.effect.inference]``: with few clusters ranges are by t.
    """
    how: Mapping[str, Any] = {"outcome": sample.outcome, **NAMES, "cluster": "cluster"}
    ways: dict[str, Callable[[], tuple[float, float]]] = {
        "notyet": lambda: _average(sample, control="notyet"),
        "robust": lambda: _hold_equal(sample),
        "imputation": lambda: _pair(staggered.imputation(sample.rows, **how)),
        "sun_abraham": lambda: _pair(staggered.sun_abraham(sample.rows, **how)),
        "switchers": lambda: _switch(sample),
        "two_way": lambda: _pair(staggered.two_way(sample.rows, **how)),
    }
    few = sample.is_few(rules)
    free = sample.clusters - 1 if few else np.inf
    made = {"never": main}
    for id, way in ways.items():
        try:
            value, se = way()
        except UsageError:
            continue
        if np.isfinite(value) and se > 0:
            made[id] = Estimate.by(value, se, free, rules["level"])
    return {id: made[id] for id in ORDER if id in made}


def weigh_wrong(sample: Sample) -> float:
    """Give the share of two-way fixed effects that holds schools against ones treated earlier."""
    found = staggered.bacon(sample.rows, outcome=sample.outcome, **NAMES).by_kind()["weight"]
    return float(found.get("already_treated", 0.0))


def doubt_estimators(estimates: Mapping[str, Estimate], refutation: Parameters) -> Doubt:
    """Count the other estimators whose range leaves out nought on the same side."""
    main = estimates["never"].value
    agree = sum(
        one.excludes_zero and one.value * main > 0
        for id, one in estimates.items()
        if id not in APART | {"never"}
    )
    enough = agree >= refutation["agreeing"]
    return Doubt("estimators", "passes" if enough else "weak", float(agree))


def _average(sample: Sample, **how: Any) -> tuple[float, float]:
    made = estimate_effects(sample, base="varying", **how).aggregate("simple", missing="drop")
    return made.estimate, made.se


def _hold_equal(sample: Sample) -> tuple[float, float]:
    there = [name for name in COVARIATES if name in sample.rows]
    known = sample.rows[there].notna().all(axis=1).groupby(sample.rows["school"]).transform("all")
    if not there or not known.any():
        raise UsageError("没有可用的学校情况", "nothing is known to hold equal")
    rows = sample.rows[known].reset_index(drop=True)
    return _average(Sample(rows, sample.outcome, 0), covariates=there, method="dr")


def _switch(sample: Sample) -> tuple[float, float]:
    """Follow schools that begin or stop through that year, by their own years at the threshold."""
    if "on" not in sample.rows:
        raise UsageError("没有逐年的交流情况", "years at the threshold are not known one by one")
    rows = sample.rows[sample.rows["on"].notna()]
    made = staggered.switchers(
        rows, outcome=sample.outcome, unit="school", time="year", treatment="on", cluster="cluster"
    ).effect
    if made is None:
        raise UsageError("没有可比较的变动", "there are no changes to compare")
    found = clusters.cv1(made.regression, made.name)
    return found.estimate, found.se


def _pair(made: Any) -> tuple[float, float]:
    return float(made.estimate), float(made.se)
