"""The smallest effect that a staggered design would find, known before its effect is.

The average is a weighted sum of clusters' means by year (`linear`), and so is what the jackknife changes
in it. How much either differs by chance follows from how clusters' means move where nobody is treated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis.errors import UsageError
from analysis.methods.clusters.fading import Fading, Load, estimate_fading
from analysis.methods.staggered import linear, two_ways
from analysis.methods.staggered.comparisons import Comparison, Control
from analysis.methods.staggered.group_time import Gaps, LaidOut, estimate, lay_out
from analysis.methods.staggered.linear import Sums
from analysis.methods.staggered.panel import Panel
from analysis.methods.staggered.stacked import Cells, weigh_cells

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest effect that a design would find.

    Attributes
    ----------
    effect
        The same in all cells, found with a probability of `power` by a test of size `size`; infinite
        where the jackknife cannot tell the average without one of the clusters.
    low, high
        Its range at 95 %, since the untreated years are few; nan where that cannot be told.
    se
        Of the average, by chance alone.
    clusters, treated
        Clusters that are compared, and how many of them are treated.
    untreated_n
        Means of clusters in a year that it rests on.
    power, size
        As asked.
    fading
        How these means move.
    """

    effect: float
    low: float
    high: float
    se: float
    clusters: int
    treated: int
    untreated_n: int
    power: float
    size: float
    fading: Fading


def find_detectable(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    cluster: str | None = None,
    control: Control = "never",
    anticipation: float = 0,
    gaps: Gaps = "keep",
    cells: Cells = None,
    power: float = 0.8,
    size: float = 0.05,
) -> Detectable:
    """Give the smallest effect that the jackknife's t-test of an average of effects would find.

    Part of it is the critical value of t, with one degree less than clusters, times the error that the
    jackknife (`clusters.cv3` of `differences`) will show on average, larger than the true one where
    few are treated; the other part what the power asks of the true error. Both follow from the
    weights that the design gives each cluster and year, from the clusters' sizes, and from shocks and
    noise of clusters' means.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated, cluster, control, anticipation, gaps, cells
        As in `differences`.
    power
        Probability with which the effect is to be found.
    size
        Of the test.

    Notes
    -----
    Shocks and noise are estimated from all rows without treatment: clusters never treated in all
    years, others in the years before their own first one (less anticipation). Years before the
    earliest first year alone would often be two or three, from which neither how shocks fade nor
    their variance can be told; treated rows are not looked at, so that what is said does not depend
    on any effect, unless it spills over. Levels of units are taken out first. Years are steps of the
    panel's own periods. In a panel with gaps the levels of units that come and go add to the error of
    `gaps="keep"`, and are not counted.

    Raises
    ------
    UsageError
        If fewer than three clusters or years are without treatment.

    Examples
    --------
    >>> from itertools import product
    >>> rows = pd.DataFrame([(s, t, 3 * (s < 3), (s * t * t) % 5 + t) for s, t in
    ...                      product(range(6), range(1, 5))],
    ...                     columns=["school", "year", "begins", "score"])
    >>> made = find_detectable(rows, outcome="score", unit="school", time="year",
    ...                        first_treated="begins")
    >>> made.clusters, made.treated, made.untreated_n, made.low < made.effect < made.high
    (6, 3, 18, True)
    """
    laid = lay_out(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated,
                   control=control, anticipation=anticipation, cluster=cluster, gaps=gaps)  # fmt: skip
    weight = weigh_cells(estimate(laid, "reg", anticipation), cells)
    plan = [each for each, asked in zip(laid.plan, weight > 0, strict=True) if asked]
    sums = linear.add_up(laid)
    means, rows = _untreated(laid, anticipation)
    try:
        fading = estimate_fading(means, rows)
    except ValueError:
        raise UsageError(
            "没有受处理的行太少：至少要三组、三个时期",
            "too few rows without treatment: three clusters and three periods are needed",
        ) from None
    true, shown = _loads(sums, plan)
    clusters = len(sums.dealt)
    spread = stats.t(clusters - 1)
    critical, further = float(spread.ppf(1 - size / 2)), float(spread.ppf(power))
    se, each = np.sqrt(fading.of_sum(true)), np.sqrt(fading.each(true))
    if shown is None:
        effect = low = high = np.inf
    else:
        effect = float(critical * np.sqrt(fading.of_sum(shown)) + further * se)
        ends = critical * np.sqrt(fading.each(shown)) + further * each
        low, high = (float(ends.min()), float(ends.max())) if len(ends) else (np.nan, np.nan)
    treated = int(np.isin(sums.cohorts[sums.dealt], [cell.first for cell in plan]).sum())
    return Detectable(effect, low, high, float(se), clusters, treated,
                      int(np.isfinite(means).sum()), power, size, fading)  # fmt: skip


def _untreated(laid: LaidOut, anticipation: float) -> tuple[Floats, Floats]:
    """Give means of clusters by period without treatment, units' levels taken out, and their rows."""
    data, count = laid.data, len(laid.data.periods)
    if isinstance(data, Panel):
        units = len(data.first)
        unit, period = np.tile(np.arange(units), count), np.repeat(np.arange(count), units)
        values, first, cluster = data.outcome.ravel(), data.first[unit], data.cluster[unit]
    else:
        period = np.repeat(np.arange(count), np.diff(data.starts))
        values, first, cluster, unit = data.outcome, data.first, data.cluster, data.unit
    free = data.periods[period] < first - anticipation
    values, unit, period, cluster = values[free], unit[free], period[free], cluster[free]
    # Of units not seen in all years the level is that of the years seen: take these out with it.
    left = two_ways.demean(unit, period, values)
    at, total = cluster * count + period, data.clusters * count
    rows = np.bincount(at, minlength=total).astype(float)
    means = np.bincount(at, left, total) / np.where(rows > 0, rows, np.nan)
    return means.reshape(-1, count), rows.reshape(-1, count)


def _loads(sums: Sums, plan: Sequence[Comparison]) -> tuple[Load, Load | None]:
    """Give what the average, and the jackknife's variance of it, take of clusters' means."""
    clusters = len(sums.dealt)
    weights = linear.weigh(sums, plan, sums.dealt[None, :])
    own = weights.of_rows[0, sums.dealt] * sums.rows
    left, told = linear.leave_out(sums, plan, weights)
    if not told:
        return Load.of(own, sums.rows), None
    without = left[:, sums.dealt] * sums.rows
    without[np.arange(clusters), np.arange(clusters)] = 0
    few = (clusters - 1) / clusters
    return Load.of(own, sums.rows), Load.of(np.sqrt(few) * (without - own), sums.rows)
