"""Linear programs with whole numbers and second-order cones, solved to a stated gap.

A cone holds the norm of several linear forms below another one: ``|F y + f| <= g y + h``. It is
approached from outside by planes that touch it, each of which leaves every solution in, so that
HiGHS, which solves linear programs in whole numbers, gives a bound that holds and says
"unreachable" only where that is so. Each square has an unknown of its own: then few planes make
many (`docs/adr/0012-cones-by-planes.md` has what was measured against conic solvers).

Source. HiGHS, https://highs.dev; Vielma, Dunning, Huchette & Lubin (2017), Extended formulations
in mixed integer conic quadratic programming; Lubin, Yamangil, Bent & Vielma (2018), Polyhedral
approximation in mixed-integer convex optimization.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import highspy
import numpy as np
import scipy.sparse as sp

TOUCH = 1e-5
"""A cone holds if its norm is at most this share above its side."""
NEAR = 1e-4
"""So near the cones are approached before whole numbers are asked for."""
ROUNDS = 60
"""Linear programs to come near the cones before whole numbers are asked for, or once they stand."""
SEARCHES = 100
"""Searches in whole numbers, with more planes each time."""

Status = Literal["found", "limit", "unreachable", "none"]
"""``found`` within the gap; ``limit``: the best within the limits; ``unreachable``: proven that
there is none; ``none``: none was seen within the limits, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Cone:
    """The norm of ``forms @ y + shift`` is at most ``side @ y + side_shift``.

    Attributes
    ----------
    forms
        Shape (m, n).
    shift
        Shape (m,).
    side
        Shape (n,).
    side_shift
        A number.
    """

    forms: sp.csr_array
    shift: np.ndarray
    side: np.ndarray
    side_shift: float


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise ``cost @ y``.

    Attributes
    ----------
    cost, lower, upper
        Shape (n,); `upper` may be infinite.
    whole
        Shape (n,), true where y is a whole number.
    rows
        Shape (m, n): ``row_lower <= rows @ y <= row_upper``, either side may be infinite.
    row_lower, row_upper
        Shape (m,).
    cones
        Besides.
    """

    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    whole: np.ndarray
    rows: sp.csr_array
    row_lower: np.ndarray
    row_upper: np.ndarray
    cones: Sequence[Cone] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Solution:
    """What was found.

    Attributes
    ----------
    status
        See `Status`.
    values
        Shape (n,), whole where they should be; empty without a solution.
    cost
        Of the values; infinite without a solution.
    bound
        No solution costs less; infinite where there is none.
    """

    status: Status
    values: np.ndarray
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How much dearer than the bound the solution may be, as a share of its cost."""
        if not np.isfinite(self.cost):
            return float("nan")
        return 0.0 if self.cost <= self.bound else (self.cost - self.bound) / self.cost


def minimise(
    program: Program, *, gap: float = 1e-3, nodes: int = -1, seconds: float = 1e20
) -> Solution:
    """Solve a program.

    Parameters
    ----------
    program
        What to minimise.
    gap
        Stop when the best found is proven to be within this share of the least possible.
    nodes
        Stop after so many nodes of the search tree; -1 for no limit. The same limit stops at the
        same node on every machine.
    seconds
        Stop after so much time: for somebody who waits, never for what is kept, since the answer
        then depends on the machine.

    Returns
    -------
    Solution
        The same for the same program, gap and nodes.

    Examples
    --------
    The cheapest whole y0 >= 1, y1 with (y0, 1) no longer than y1:

    >>> import numpy as np, scipy.sparse as sp
    >>> cone = Cone(sp.csr_array([[1.0, 0], [0, 0]]), np.array([0, 1.0]), np.array([0, 1.0]), 0.0)
    >>> program = Program(np.array([0.0, 1]), np.array([1.0, 0]), np.array([np.inf, np.inf]),
    ...                   np.array([True, True]), sp.csr_array((1, 2)), np.zeros(1), np.zeros(1),
    ...                   (cone,))
    >>> minimise(program).values.tolist()
    [1.0, 2.0]
    """
    if not len(program.cost):
        return _decide(program)
    scaled, unit = _scale(program)
    search = _Search(scaled, gap, nodes, seconds)
    status, values, bound = search.run()
    if not len(values):
        return Solution(status, values, float("inf"), bound)
    values = np.where(program.whole, np.round(values), values) * unit
    values = np.clip(values, program.lower, program.upper)
    return Solution(status, values, float(program.cost @ values), bound)


def _decide(program: Program) -> Solution:
    """Solve a program without unknowns: what is there holds, or nothing will."""
    holds = (program.row_lower <= 0).all() and (program.row_upper >= 0).all() and all(
        np.linalg.norm(cone.shift) <= cone.side_shift * (1 + TOUCH) for cone in program.cones
    )  # fmt: skip
    cost = 0.0 if holds else float("inf")
    return Solution("found" if holds else "unreachable", np.zeros(0), cost, cost)


def _scale(program: Program) -> tuple[Program, np.ndarray]:
    """Measure each unknown that is no whole number so that its largest weight is 1.

    Square metres beside teachers make weights from 1e-5 to 1, which a solver's tolerances do not
    survive.
    """
    parts = sp.vstack([program.rows, *(cone.forms for cone in program.cones)])
    largest = np.abs(parts).max(axis=0).toarray().ravel() if parts.shape[0] else 0 * program.cost
    unit = np.where(program.whole | (largest == 0), 1.0, 1 / np.where(largest, largest, 1.0))
    change = sp.diags_array(unit)
    return replace(
        program,
        cost=program.cost * unit, lower=program.lower / unit, upper=program.upper / unit,
        rows=sp.csr_array(program.rows @ change),
        cones=tuple(
            replace(cone, forms=sp.csr_array(cone.forms @ change), side=cone.side * unit)
            for cone in program.cones
        ),
    ), unit  # fmt: skip


class _Search:
    """A program with the planes found so far.

    Behind the program's own n unknowns stand, for each cone, its forms, as many squares, each at
    least that of its form over the side, and the side, which the squares sum to at most.
    """

    def __init__(self, program: Program, gap: float, nodes: int, seconds: float) -> None:
        self.program, self.gap = program, gap
        self.n = len(program.cost)
        self.ends = time.monotonic() + seconds
        sizes = [2 * cone.forms.shape[0] + 1 for cone in program.cones]
        self.first = self.n + np.concatenate([[0], np.cumsum(sizes)]).astype(int)
        self.solver = highspy.Highs()
        self.solver.silent()
        for option, value in (
            # Searches beside the search cost more here than they find.
            *((f"mip_heuristic_run_{name}", False) for name in ("rens", "rins", "root_reduced_cost")),
            ("threads", 1), ("primal_feasibility_tolerance", 1e-9), ("small_matrix_value", 1e-12), ("mip_rel_gap", gap / 2), ("mip_abs_gap", 1e-9),
            ("mip_max_nodes", nodes if nodes >= 0 else 2**31 - 1),
        ):  # fmt: skip
            self.solver.setOptionValue(option, value)
        self._begin()

    def run(self) -> tuple[Status, np.ndarray, float]:
        """Give the status, the best values and the bound."""
        best, cost, bound = np.zeros(0), float("inf"), -float("inf")
        limited = False
        if not self._approach(whole=False):
            return ("unreachable" if self._proven() else "none"), best, self._no_bound(bound)
        for _ in range(SEARCHES):
            self._ask_for_whole(True)
            if not self._solve():
                if self._proven():
                    return "unreachable", best, float("inf")
                limited = True
                break
            info = self.solver.getInfo()
            bound = max(bound, info.mip_dual_bound)
            limited = self._status() != highspy.HighsModelStatus.kOptimal
            found = self._values()
            self._touch(found)
            values = self._finish(found)
            if values is not None and (own := float(self.program.cost @ values)) < cost:
                best, cost = values, own
            if limited or self._is_near(cost, bound):
                break
        if not len(best):
            return "none", best, bound
        return ("found" if self._is_near(cost, bound) else "limit"), best, min(bound, cost)

    def _is_near(self, cost: float, bound: float) -> bool:
        return bool(np.isfinite(cost)) and cost - bound <= self.gap * abs(cost) + 1e-9

    def _finish(self, found: np.ndarray) -> np.ndarray | None:
        """Keep the whole numbers and move the rest until the cones hold, or say that it cannot be."""
        whole = np.flatnonzero(self.program.whole)
        fixed = np.round(found[whole])
        self._ask_for_whole(False)
        self._bounds(whole, fixed, fixed)
        good = self._approach(whole=True)
        values = self._values()[: self.n] if good else None
        self._bounds(whole, self.program.lower[whole], self.program.upper[whole])
        return values

    def _approach(self, *, whole: bool) -> bool:
        """Solve linear programs with more planes each time until the cones hold."""
        for _ in range(ROUNDS):
            if not self._solve():
                return False
            if not self._touch(self._values(), TOUCH if whole else NEAR):
                return True
        return not whole

    def _touch(self, values: np.ndarray, enough: float = TOUCH) -> bool:
        """Add the planes that touch the cones nearest to a point; tell whether it was outside."""
        outside = False
        y = values[: self.n]
        for cone, first in zip(self.program.cones, self.first.tolist(), strict=False):
            forms, side = cone.forms @ y + cone.shift, float(cone.side @ y + cone.side_shift)
            norm = float(np.linalg.norm(forms))
            if norm <= side * (1 + enough) + 1e-12:
                continue
            outside = True
            slopes = forms / norm
            squares = values[first + len(slopes) : first + 2 * len(slopes)]
            cut = np.flatnonzero(squares < 2 * slopes * forms - slopes**2 * side)
            self._planes(first, len(slopes), cut, slopes[cut])
        return outside

    def _planes(self, first: int, m: int, which: np.ndarray, slopes: np.ndarray) -> None:
        """Hold squares over the side above their tangents: w >= 2 s f - s^2 g."""
        columns = np.stack([first + which, first + m + which, np.full(len(which), first + 2 * m)])
        weights = np.stack([-2 * slopes, np.ones(len(which)), slopes**2])
        place = np.tile(np.arange(len(which)), 3)
        rows = sp.coo_array(
            (weights.ravel(), (place, columns.ravel())), shape=(len(which), int(self.first[-1]))
        )
        self._rows(sp.csr_array(rows), np.zeros(len(which)), np.full(len(which), np.inf))

    def _begin(self) -> None:
        program, width = self.program, int(self.first[-1])
        extra, none = width - self.n, np.zeros(0, dtype=np.int32)
        low = np.concatenate([program.lower, np.zeros(extra)])
        for cone, first in zip(program.cones, self.first.tolist(), strict=False):
            low[first : first + cone.forms.shape[0]] = -np.inf
        self.solver.addCols(
            width, np.concatenate([program.cost, np.zeros(extra)]), low,
            np.concatenate([program.upper, np.full(extra, np.inf)]), 0, none, none, np.zeros(0),
        )  # fmt: skip
        pad = sp.csr_array((program.rows.shape[0], extra))
        own = sp.csr_array(sp.hstack([program.rows, pad]))
        self._rows(own, program.row_lower, program.row_upper)
        for cone, first in zip(program.cones, self.first.tolist(), strict=False):
            self._begin_cone(cone, first, width)

    def _begin_cone(self, cone: Cone, first: int, width: int) -> None:
        m = cone.forms.shape[0]
        after = first + 2 * m + 1
        forms = sp.hstack([cone.forms, sp.csr_array((m, first - self.n)), -sp.eye_array(m),
                           sp.csr_array((m, width - first - m))])  # fmt: skip
        self._rows(sp.csr_array(forms), -cone.shift, -cone.shift)
        side = sp.hstack([sp.csr_array(cone.side[None, :]), sp.csr_array((1, after - 1 - self.n)),
                          sp.csr_array([[-1.0]]), sp.csr_array((1, width - after))])  # fmt: skip
        self._rows(sp.csr_array(side), np.array([-cone.side_shift]), np.array([-cone.side_shift]))
        sums = np.zeros((1, width))
        sums[0, first + m : after - 1], sums[0, after - 1] = 1.0, -1.0
        self._rows(sp.csr_array(sums), np.array([-np.inf]), np.array([0.0]))

    def _rows(self, rows: sp.csr_array, low: np.ndarray, high: np.ndarray) -> None:
        if rows.shape[0]:
            self.solver.addRows(
                rows.shape[0], low, high, rows.nnz, rows.indptr[:-1].astype(np.int32),
                rows.indices.astype(np.int32), rows.data,
            )  # fmt: skip

    def _ask_for_whole(self, yes: bool) -> None:
        columns = np.flatnonzero(self.program.whole).astype(np.int32)
        kind = highspy.HighsVarType.kInteger if yes else highspy.HighsVarType.kContinuous
        self.solver.changeColsIntegrality(len(columns), columns, np.full(len(columns), kind))

    def _bounds(self, columns: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        self.solver.changeColsBounds(len(columns), columns.astype(np.int32), low, high)

    def _solve(self) -> bool:
        """Solve what stands; tell whether there is a solution."""
        left = max(0.01, min(self.ends - time.monotonic(), 1e9))
        # The solver counts the time of all its runs.
        self.solver.setOptionValue("time_limit", self.solver.getRunTime() + left)
        self.solver.run()
        return bool(self.solver.getInfo().primal_solution_status == 2)

    def _values(self) -> np.ndarray:
        return np.array(self.solver.getSolution().col_value)

    def _status(self) -> highspy.HighsModelStatus:
        return self.solver.getModelStatus()

    def _proven(self) -> bool:
        return self._status() in (
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        )

    def _no_bound(self, bound: float) -> float:
        return float("inf") if self._proven() else bound
