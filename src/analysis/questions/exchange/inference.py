"""How sure an estimate is, by the number of clusters; and what could have been found at all.

Where clusters are few the usual error is too small. Three others then stand beside it: the jackknife
over clusters, whose range is the one that counts, the wild bootstrap, and dealing the starts out
anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.errors import UsageError
from analysis.methods import clusters, staggered
from analysis.methods.clusters import Inference
from analysis.methods.staggered.power import Detectable
from analysis.questions.exchange.doubts import Doubt
from analysis.questions.exchange.study import (
    NAMES,
    NEVER,
    Estimate,
    Parameters,
    Sample,
    average,
    stack,
)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One estimate with all its errors.

    Attributes
    ----------
    estimate
        With the range that counts.
    few
        Whether clusters are few, and the range the jackknife's.
    plain
        With the analytic error.
    jackknife, wild
        The same estimate with these errors.
    dealt
        The starts dealt out anew.
    """

    estimate: Estimate
    few: bool
    plain: Estimate
    jackknife: Inference
    wild: Inference
    dealt: Inference


def judge(sample: Sample, rules: Parameters, strata: str | None = None) -> Judged:
    """Estimate with every error that the number of clusters asks for.

    Parameters
    ----------
    sample
        What is compared.
    rules
        ``[exchange.effect.inference]``.
    strata
        Column within whose values starts are dealt out anew.
    """
    few = sample.is_few(rules)
    how = {"draws": rules["draws"], "seed": rules["seed"], "level": rules["level"]}
    made, plain = stack(sample), average(sample)
    jackknife = clusters.cv3(made.regression, made.name, level=rules["level"])
    counts = Estimate(jackknife.estimate, jackknife.se, jackknife.low, jackknife.high, jackknife.p)
    return Judged(
        counts if few else plain, few, plain, jackknife,
        clusters.wild_bootstrap(made.regression, made.name, **how),
        deal(sample, rules, strata),
    )  # fmt: skip


def deal(sample: Sample, rules: Parameters, strata: str | None = None) -> Inference:
    """Deal the starts out anew among clusters.

    Where schools of a cluster began apart, all are given its first start: the test is as good, but of
    another average, so that it has no range for this one.
    """
    rows, apart = start_together(sample)
    found = staggered.randomise(
        rows, outcome=sample.outcome, **NAMES, cluster="cluster",
        strata=strata, draws=rules["draws"], seed=rules["seed"], level=rules["level"],
    )  # fmt: skip
    return replace(found, low=np.nan, high=np.nan) if apart else found


def start_together(sample: Sample) -> tuple[pd.DataFrame, bool]:
    """Give all schools of a cluster its first start, and tell whether any began apart from it."""
    rows = sample.rows
    begun = rows["first"].where(rows["first"] > NEVER)
    start = begun.groupby(rows["cluster"]).transform("min").fillna(NEVER).astype(int)
    return rows.assign(first=start), bool((start != rows["first"]).any())


def doubt_errors(judged: Judged, rules: Parameters) -> Doubt:
    """Ask whether the errors agree: where clusters are few, one alone decides nothing."""
    worst = max(judged.wild.p, judged.dealt.p)
    if not np.isfinite(worst):
        return Doubt("errors", "cannot_say")
    decided = judged.few and judged.estimate.excludes_zero
    return Doubt("errors", "fails" if decided and worst >= rules["agree_p"] else "passes", worst)


def find_detectable(sample: Sample, rules: Parameters) -> Detectable | None:
    """Say what could have been found, from years without exchange alone; none where they are too few.

    Where schools of a cluster began apart, by the first start of each.
    """
    rows, _ = start_together(sample)
    try:
        found = staggered.find_detectable(
            rows, outcome=sample.outcome, **NAMES, cluster="cluster", power=rules["power"],
            size=rules["size"],
        )  # fmt: skip
    except UsageError:
        return None
    return found if np.isfinite(found.effect) else None
