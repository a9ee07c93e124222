"""What rows can tell, before a model is fitted: where somebody left, and which covariates say what.

The evidence of parts adds up to that of the whole, so that rows need not lie in memory together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ALIKE = 1e-9
"""Share of a covariate that others do not hold, under which it says nothing of its own."""
_STAYED, _LEFT = "stayed", "left"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What rows say of periods and covariates.

    Attributes
    ----------
    periods
        By period, how many stayed and left.
    marked
        By covariate, how many of those whose value is not 0 stayed and left.
    values
        By covariate, up to three values other than 0.
    products
        Sums of products of marks of periods and covariates. Shape (both, both).
    """

    periods: pd.DataFrame
    marked: pd.DataFrame
    values: dict[str, frozenset[float]]
    products: pd.DataFrame

    def __add__(self, other: Evidence) -> Evidence:
        names = list(dict.fromkeys([*self.values, *other.values]))
        none: frozenset[float] = frozenset()
        return Evidence(
            self.periods.add(other.periods, fill_value=0.0),
            self.marked.add(other.marked, fill_value=0.0),
            {name: _few(self.values.get(name, none) | other.values.get(name, none))
             for name in names},
            # What only one of them has makes no product with what only the other has.
            self.products.add(other.products, fill_value=0.0).fillna(0.0),
        )  # fmt: skip

    @property
    def rows(self) -> int:
        """Rows in all."""
        return round(float(self.periods.to_numpy().sum()))

    @property
    def events(self) -> int:
        """Who left."""
        return round(float(self.periods[_LEFT].sum()))

    def find_levels(self) -> dict[str, str]:
        """Give each period itself where somebody left in it, else the nearest before (or the first)."""
        with_events = sorted(self.periods.index[self.periods[_LEFT] > 0])
        return {period: nearest(period, with_events) for period in sorted(self.periods.index)}

    def find_usable(self, columns: Sequence[str]) -> list[str]:
        """Leave out covariates that nothing can be said of, and sums of periods and others before."""
        return self._independent([name for name in columns if self._varies(name)])

    def _varies(self, name: str) -> bool:
        """Tell whether the data can say what a covariate does: else its estimate has no end."""
        marked = self.marked.loc[name].to_numpy(dtype=float)
        unmarked = self.periods.to_numpy(dtype=float).sum(axis=0) - marked
        if len(self.values[name]) + int(unmarked.any()) > 2:
            return True
        return bool(marked.all() and unmarked.all())

    def _independent(self, columns: list[str]) -> list[str]:
        """Leave out what is a sum of periods and covariates before it: two marks of one gap are one."""
        order = [*sorted(self.periods.index.map(_mark)), *columns]
        products = self.products.loc[order, order].to_numpy()
        scale = np.sqrt(np.diag(products))
        gram = products / np.outer(scale, scale)
        first = len(self.periods)
        kept = list(range(first))
        for column in range(first, len(order)):
            inside, across = gram[np.ix_(kept, kept)], gram[kept, column]
            left_over = gram[column, column] - across @ np.linalg.solve(inside, across)
            if left_over > _ALIKE:
                kept.append(column)
        return [order[column] for column in kept[first:]]


def look(frame: pd.DataFrame, columns: Sequence[str], counts: str | None = None) -> Evidence:
    """See what rows say.

    Parameters
    ----------
    frame
        ``event`` (0 or 1), ``period`` (text) and covariates.
    columns
        Covariates.
    counts
        Column of how many rows each row stands for.

    Examples
    --------
    >>> rows = pd.DataFrame({"event": [1.0, 0.0, 0.0], "period": ["7-1", "7-1", "7-2"],
    ...     "poor": [1.0, 0.0, 1.0], "orphan": [0.0, 0.0, 1.0]})
    >>> found = look(rows[:2], ["poor"]) + look(rows[2:], ["poor", "orphan"])
    >>> found.rows, found.events, found.find_levels()
    (3, 1, {'7-1': '7-1', '7-2': '7-1'})
    >>> found.find_usable(["poor", "orphan"])  # no orphan left; of the poor one left, one stayed
    []
    """
    event = frame["event"].to_numpy(dtype=float) > 0
    weight = np.ones(len(frame)) if counts is None else frame[counts].to_numpy(dtype=float)
    x = np.column_stack(
        [np.empty((len(frame), 0)), *(frame[name].to_numpy(dtype=float) for name in columns)]
    )
    marks = pd.get_dummies(frame["period"])
    both = np.column_stack([marks.to_numpy(dtype=float), x])
    names = [*marks.columns.map(_mark), *columns]
    products = both.T @ (both if counts is None else both * weight[:, None])
    ends = np.column_stack([np.where(event, 0.0, weight), np.where(event, weight, 0.0)])
    told = [_STAYED, _LEFT]
    return Evidence(
        pd.DataFrame(marks.to_numpy(dtype=float).T @ ends, marks.columns, told),
        pd.DataFrame((x != 0).astype(float).T @ ends, list(columns), told),
        {name: _few(pd.unique(of[of != 0])) for name, of in zip(columns, x.T, strict=True)},
        pd.DataFrame(products, names, names),
    )


def nearest(period: str, among: Sequence[str]) -> str:
    """Give the last of some periods that is not after this one, else the first.

    >>> nearest("8-1", ["7-1", "7-2", "9-1"]), nearest("6-1", ["7-1", "7-2"])
    ('7-2', '7-1')
    """
    before = [other for other in among if other <= period]
    return before[-1] if before else among[0]


def _mark(period: str) -> str:
    return f"period[{period}]"


def _few(values: frozenset[float] | Floats) -> frozenset[float]:
    return frozenset(sorted(values)[:3])
