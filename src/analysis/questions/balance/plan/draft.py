"""A program being written: unknowns by name, what each does to totals, and rows.

Unknowns are named: ``("out", kind, unit)`` and ``("in", kind, unit)`` teachers, ``("way", kind,
sender, receiver)`` where distance counts, ``("add", action, place)`` additions, ``("short", unit,
indicator)`` and, where not all schools need to meet the rule, ``("fails", unit)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from analysis.questions.balance.plan.units import Units

Name = tuple[Any, ...]


@dataclass(slots=True)
class Draft:
    """A program being written: its unknowns with their effects on totals, and its rows.

    Totals are those of `Units.totals` flattened, and behind them the staff of each unit.
    """

    units: Units
    names: list[Name] = field(default_factory=list)
    index: dict[Name, int] = field(default_factory=dict)
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    effects: list[tuple[int, int, float]] = field(default_factory=list)
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)

    def unknown(
        self, name: Name, cost: float, *, upper: float = np.inf, whole: bool = True,
        effects: Iterable[tuple[int, float]] = (),
    ) -> None:  # fmt: skip
        """Add an unknown, zero or more, with what one of it does to totals."""
        column = self.index[name] = len(self.names)
        self.names.append(name)
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        self.effects.extend((total, column, value) for total, value in effects)

    def row(self, weights: Mapping[Name, float], low: float, high: float) -> None:
        """Hold a sum of unknowns between two ends; names that are no unknowns count nothing."""
        known = {self.index[name]: w for name, w in weights.items() if name in self.index}
        self.rows.append((known, low, high))

    def total(self, unit: int, indicator: int) -> int:
        return unit * len(self.units.indicators) + indicator

    def staff(self, unit: int) -> int:
        return self.units.totals.size + unit

    def start(self) -> np.ndarray:
        """Give the totals before anything is done."""
        staff = self.units.frame["teachers"].to_numpy(float)
        return np.nan_to_num(np.concatenate([self.units.totals.ravel(), staff]))

    def change(self) -> sp.csr_array:
        """Give the effects, shape (totals, unknowns)."""
        shape = (self.units.totals.size + len(self.units.frame), len(self.names))
        if not self.effects:
            return sp.csr_array(shape)
        rows, columns, values = zip(*self.effects, strict=True)
        return sp.csr_array(sp.coo_array((values, (rows, columns)), shape=shape))
