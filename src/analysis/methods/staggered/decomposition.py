"""What two-way fixed effects average: every comparison of two cohorts, with its weight.

In a balanced panel the estimate is the weighted mean of all differences in differences between two cohorts
(Goodman-Bacon 2021). Weights are never negative, but some comparisons are wrong: those that hold a
cohort against one that is treated already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import UsageError
from analysis.methods.staggered import panel
from analysis.methods.staggered.panel import Panel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bacon:
    """A decomposition.

    Attributes
    ----------
    estimate
        The sum of weights times estimates: what `two_way` says.
    table
        One row a comparison: ``first_treated``, ``control`` (when the controls are first treated; 0
        for never), ``kind``, ``weight`` and ``estimate``. Kinds: ``never_treated``,
        ``not_yet_treated``, ``already_treated``, ``always_treated``.
    """

    estimate: float
    table: pd.DataFrame

    def by_kind(self) -> pd.DataFrame:
        """Give the weight and the mean estimate of each kind of comparison."""
        products = self.table.assign(product=self.table["weight"] * self.table["estimate"])
        made = products.groupby("kind")[["weight", "product"]].sum()
        return pd.DataFrame(
            {"weight": made["weight"], "estimate": made["product"] / made["weight"]}
        )


def bacon(frame: pd.DataFrame, *, outcome: str, unit: str, time: str, first_treated: str) -> Bacon:
    """Decompose the two-way estimate of a balanced panel without covariates.

    Parameters
    ----------
    frame, outcome, unit, time, first_treated
        As in `group_time_effects`.

    Raises
    ------
    UsageError
        If units are missing in some periods, or nothing can be compared.

    Examples
    --------
    >>> rows = pd.DataFrame({"school": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3,
    ...                      "begins": [2, 2, 2, 2, 0, 0], "score": [1.0, 4, 0, 3, 5, 6]})
    >>> made = bacon(rows, outcome="score", unit="school", time="year", first_treated="begins")
    >>> made.table.values.tolist()
    [[2.0, 0.0, 'never_treated', 1.0, 2.0]]
    """
    read = panel.read(frame, outcome=outcome, unit=unit, time=time, first_treated=first_treated)
    if not panel.is_balanced(read):
        raise UsageError(
            "面板不完整，无法分解", "the decomposition needs every unit in every period"
        )
    data = panel.arrange(read)
    # Beyond the last period is never; before the second is always.
    begun = np.searchsorted(data.periods, data.first)
    cohorts = np.unique(begun)
    means = np.array([data.outcome[:, begun == each].mean(axis=1) for each in cohorts])
    share = np.array([(begun == each).mean() for each in cohorts])
    rows = [
        row
        for one in range(len(cohorts))
        for other in range(one + 1, len(cohorts))
        for row in _pair(len(data.periods), cohorts[[one, other]], means[[one, other]],
                         share[[one, other]])
    ]  # fmt: skip
    if not rows:
        raise UsageError("没有可以比较的批次", "there are no cohorts to compare")
    told = [(_name(data, a), _name(data, b), kind, w, e) for a, b, kind, w, e in rows]
    table = pd.DataFrame(told, columns=["first_treated", "control", "kind", "weight", "estimate"])
    table["weight"] /= table["weight"].sum()
    estimate = float((table["weight"] * table["estimate"]).sum())
    return Bacon(estimate, table.sort_values(["first_treated", "control"], ignore_index=True))


def _name(data: Panel, begun: int) -> float:
    """Give when a cohort is first treated; those never treated as far as is seen have 0."""
    return float(data.periods[begun]) if begun < len(data.periods) else 0.0


def _pair(
    periods: int, begun: NDArray[np.intp], means: Floats, share: Floats
) -> list[tuple[int, int, str, float, float]]:
    """Compare an earlier with a later cohort; give who with whom, the kind, the weight, the estimate."""
    early, late = int(begun[0]), int(begun[1])
    product = share[0] * share[1]
    made = []
    if early > 0:
        kind = "never_treated" if late == periods else "not_yet_treated"
        treated = (late - early) / periods
        weight = product * treated * early / periods
        estimate = _change(means[0] - means[1], slice(0, early), slice(early, late))
        made.append((early, late, kind, float(weight), estimate))
    if late < periods:
        kind = "always_treated" if early == 0 else "already_treated"
        before = (late - early) / periods
        weight = product * before * (periods - late) / periods
        estimate = _change(means[1] - means[0], slice(early, late), slice(late, periods))
        made.append((late, early, kind, float(weight), estimate))
    return made


def _change(gap: Floats, before: slice, after: slice) -> float:
    return float(gap[after].mean() - gap[before].mean())
