"""Effects by years since the start, with the covariance that the number of clusters asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.staggered.bands import critical_value
from analysis.methods.staggered.effects import Aggregate
from analysis.questions.exchange.study import (
    NEVER,
    Estimate,
    Floats,
    Parameters,
    Sample,
    average,
    estimate_effects,
    leave_out,
)

REFERENCE = -1
"""The last year before the start, held against all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """An event study.

    Attributes
    ----------
    table
        ``event``, ``estimate``, ``se``, ``low``, ``high``, ``band_low``, ``band_high`` (which hold for all
        years at once) and ``schools`` (treated ones seen); without the year of reference.
    covariance
        Of the estimates, in the order of the table.
    left
        The simple average without each cluster.
    clusters
        How many there are.
    few
        Whether the errors are the jackknife's.
    """

    table: pd.DataFrame
    covariance: Floats
    left: Floats
    clusters: int
    few: bool

    @property
    def before(self) -> int:
        """So many years before the year of reference."""
        return int((self.table["event"] < 0).sum())

    @property
    def weights(self) -> Floats:
        """Share of the treated schools' years in each year from the start on."""
        after = self.table.loc[self.table["event"] >= 0, "schools"].to_numpy(dtype=float)
        return after / after.sum()


def follow(sample: Sample, rules: Parameters, refutation: Parameters, **how: Any) -> Events:
    """Estimate effects by years since the start.

    Parameters
    ----------
    sample
        What is compared.
    rules, refutation
        ``[exchange.effect.inference]`` and ``[exchange.effect.refutation]``.
    how
        As for `study.estimate_effects`, where it is not the main way.
    """
    seen = count_seen(sample)
    enough = seen[seen >= refutation["event_share"] * sample.treated_schools]
    events = [int(e) for e in enough.index if e != REFERENCE and e >= REFERENCE - refutation["most_before"]]  # fmt: skip
    few = sample.is_few(rules)
    made = _by_event(sample, **how)
    table = _pick(made, events)
    at = np.flatnonzero(made.table["event"].isin(events))
    without = leave_out(sample)
    left = np.array([average(one, **how).value for one in without])
    spread = made.covariance().to_numpy()[np.ix_(at, at)]
    if few:
        each = np.array([_pick(_by_event(one, **how), events) for one in without])
        apart = each - each.mean(axis=0)
        spread = (len(each) - 1) / len(each) * apart.T @ apart
    free = sample.clusters - 1 if few else np.inf
    wide = critical_value(made.influence[at], level=rules["level"], draws=rules["draws"],
                          seed=rules["seed"], weights="webb" if few else "mammen")  # fmt: skip
    se = np.sqrt(np.diag(spread))
    ranges = [Estimate.by(v, s, free, rules["level"]) for v, s in zip(table, se, strict=True)]
    # A band for all years at once is nowhere narrower than the range of one.
    half = np.maximum(wide * se, [one.high - one.value for one in ranges])
    return Events(
        pd.DataFrame({
            "event": events, "estimate": table, "se": se, "low": [one.low for one in ranges],
            "high": [one.high for one in ranges], "band_low": table - half,
            "band_high": table + half, "schools": enough.loc[events].to_numpy(),
        }),
        spread, left, sample.clusters, few,
    )  # fmt: skip


def count_seen(sample: Sample) -> pd.Series:
    """Count the treated schools that are seen, by years since the start.

    >>> rows = pd.DataFrame({"school": list("aabb"), "county": "x", "year": [1, 2] * 2,
    ...                      "first": [2, 2, 0, 0], "score": [0.0, 1, 0, 0]})
    >>> from analysis.questions.exchange.study import select
    >>> count_seen(select(rows, "score", "school")).to_dict()
    {-1: 1, 0: 1}
    """
    treated = sample.rows[sample.rows["first"] > NEVER]
    return (treated["year"] - treated["first"]).value_counts().sort_index()


def _by_event(sample: Sample, **how: Any) -> Aggregate:
    return estimate_effects(sample, **how).aggregate("dynamic", missing="drop")


def _pick(made: Aggregate, events: list[int]) -> Floats:
    known = made.table.set_index("event")["estimate"].reindex(events)
    return np.asarray(known, dtype=float)
