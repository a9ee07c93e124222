"""The indices of inequality, against those of PySAL, on the same numbers in the same run.

::

    python benchmarks/indices.py [--repeat 7]

PySAL's `inequality` is installed for the run alone, by pip, into a temporary folder. It knows no
weights, so ours are asked without them too; both have to say the same to 1e-12.
The time of each is the best of several, and the order in which they take turns alternates.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

# Dot products of this size gain nothing from threads, and lose by them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from analysis.methods import dispersion

THEIRS = "inequality==1.1.2"
SIZES = (20, 120, 2850, 100_000)
"""Schools of a small county and of a large one, counties of the country, schools of a province."""

Index = Callable[[Any], float]


def pairs(groups: np.ndarray) -> Iterator[tuple[str, Index, Index]]:
    """Give each index that both have: its name, ours, theirs."""
    from inequality.atkinson import Atkinson
    from inequality.gini import Gini
    from inequality.theil import Theil, TheilD

    yield "Gini", dispersion.gini, lambda x: Gini(x).g
    yield "Theil", dispersion.theil, lambda x: Theil(x).T
    yield "Atkinson, 0.5", dispersion.atkinson, lambda x: Atkinson(x, 0.5).A
    yield (
        "Theil between groups",
        lambda x: dispersion.theil_decomposition(x, groups).between[0],
        lambda x: np.ravel(TheilD(x, groups).bg)[0],
    )


def measure(one: Index, other: Index, values: np.ndarray, repeat: int) -> tuple[float, float]:
    """Give the microseconds of both, each the best of `repeat` turns."""
    best = {one: float("inf"), other: float("inf")}
    calls = max(1, 20_000 // len(values))
    for turn in range(repeat):
        for index in (one, other) if turn % 2 else (other, one):
            start = time.perf_counter()
            for _ in range(calls):
                index(values)
            best[index] = min(best[index], (time.perf_counter() - start) / calls)
    return best[one] * 1e6, best[other] * 1e6


def fetch(folder: str) -> None:
    """Install PySAL's package into a folder; what it needs of these indices is here already."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder]
    done = subprocess.run([*command, THEIRS], check=False)
    if done.returncode:
        raise SystemExit(f"{THEIRS} could not be installed: there is nothing to compare with")
    sys.path.append(folder)


def compare(repeat: int) -> None:
    rng = np.random.default_rng(1)
    print(f"{'index':22} {'values':>8} {'ours, µs':>10} {'PySAL, µs':>10} {'ratio':>7}")
    for size in SIZES:
        values = rng.lognormal(1.5, 0.4, size)
        groups = rng.integers(0, 12, size)
        for name, ours, theirs in pairs(groups):
            a, b = ours(values), float(theirs(values))
            if not abs(a - b) <= 1e-12:
                raise SystemExit(f"{name} of {size} values: {a!r} is not {b!r}")
            mine, other = measure(ours, theirs, values, repeat)
            print(f"{name:22} {size:8} {mine:10.1f} {other:10.1f} {other / mine:7.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fetch(folder)
        compare(options.repeat)


if __name__ == "__main__":
    main()
