"""The balance plan: how long it takes, how near the least possible, and against enumeration.

::

    python benchmarks/plan.py STORE [--year 2021] [--gap 0.01]

Every county of a store gets its plan, at the gap asked for; then random programs in whole numbers
with cones are solved by `analysis.methods.conic` and by going through every point, in turns, and
the script stops where the two do not cost the same.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from analysis.methods.conic import Cone, Program, minimise
from analysis.questions.balance import plan
from analysis.records import list_counties, open_county

VALUES = range(7)
UNKNOWNS = 6


def plans(store: Path, year: int, gap: float) -> None:
    """Print a line for each county: its schools, the seconds, the gap reached."""
    print(f"{'county':>8} {'schools':>8} {'seconds':>8} {'gap':>8}  status")
    seconds = []
    for place in list_counties(store, year):
        county = open_county(store, place.code, year)
        units = plan.open_units(county, "quality-2017")
        if units is None:
            continue
        start = time.perf_counter()
        made = plan.make(units, plan.Options(gap=gap), county.reference.actions)
        seconds.append(time.perf_counter() - start)
        print(f"{place.code:>8} {units.frame['school'].nunique():>8} {seconds[-1]:8.2f} "
              f"{made.gap:8.4f}  {made.status}")  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"longest {max(seconds):.2f} s, all {sum(seconds):.2f} s, at most {peak:.0f} MiB")


def draw(rng: np.random.Generator) -> Program:
    """Draw a program that asks for enough of everything, and not too unequally."""
    cost, rows = rng.integers(1, 9, UNKNOWNS), rng.integers(0, 4, (3, UNKNOWNS))
    forms = rng.integers(-2, 3, (4, UNKNOWNS))
    cone = Cone(
        sp.csr_array(forms.astype(float)), rng.integers(-3, 4, 4).astype(float),
        rng.integers(0, 3, UNKNOWNS).astype(float), 2.0,
    )  # fmt: skip
    top = np.full(UNKNOWNS, float(max(VALUES)))
    return Program(
        cost.astype(float), np.zeros(UNKNOWNS), top, np.ones(UNKNOWNS, dtype=bool),
        sp.csr_array(rows.astype(float)), rng.integers(3, 14, 3).astype(float),
        np.full(3, np.inf), (cone,),
    )  # fmt: skip


def enumerate_all(program: Program, points: np.ndarray) -> float:
    """Give the least cost by going through every point; infinite if none will do."""
    good = (points @ program.rows.toarray().T >= program.row_lower).all(axis=1)
    for cone in program.cones:
        norms = np.linalg.norm(points @ cone.forms.toarray().T + cone.shift, axis=1)
        good &= norms <= (points @ cone.side + cone.side_shift) * (1 + 1e-9)
    return float((points[good] @ program.cost).min()) if good.any() else float("inf")


def against_enumeration(number: int) -> None:
    """Solve random programs both ways and print the ratio of the times."""
    points = np.array(list(itertools.product(VALUES, repeat=UNKNOWNS)), dtype=float)
    spent = {"solver": 0.0, "points": 0.0}
    for seed in range(number):
        program = draw(np.random.default_rng(seed))
        start = time.perf_counter()
        found = minimise(program, gap=0).cost
        middle = time.perf_counter()
        least = enumerate_all(program, points)
        spent["solver"] += middle - start
        spent["points"] += time.perf_counter() - middle
        if not (found == least or abs(found - least) < 1e-6):
            raise SystemExit(f"seed {seed}: {found} by the solver, {least} by enumeration")
    ratio = spent["points"] / spent["solver"]
    print(f"{number} programs of {len(points):,} points: {spent['solver'] / number * 1e3:.1f} ms each, "
          f"enumeration {ratio:.1f} times as long")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--year", type=int, default=2021)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--programs", type=int, default=100)
    asked = parser.parse_args()
    plans(asked.store, asked.year, asked.gap)
    against_enumeration(asked.programs)


if __name__ == "__main__":
    main()
