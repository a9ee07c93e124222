"""How long a pooled hazard takes, in how much memory, against a row-level GLM of statsmodels.

::

    python benchmarks/hazard.py [--plain 1000000] [--rows 10000000] [--parquet 10000000]

Made pupil-terms: six flags, two factors of five and two of ten levels, six measures of the school,
six periods, 600 schools; errors by school. First `hazard.fit`, `hazard.fit_parts` and `GLM` take turns on
the same `--plain` rows, and estimates and errors must agree to 1e-8. Then `hazard.fit` alone takes
`--rows` in memory, and `hazard.fit_parts` reads `--parquet` rows from files of half a million. Last, a
logit with an intercept by school on 7,500 pupils in 356 schools (by R's ``glmer(nAGQ = 15)`` too, where R
has lme4). Every step has a process of its own, whose memory at most is printed. Nought leaves a step out.

Set ``OPENBLAS_NUM_THREADS=1`` where others use the machine: threads of dot products wait on one another.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.methods import hazard

SCHOOLS, SIZE = 600, 500_000
FLAGS = [f"flag{i}" for i in range(6)]
FACTORS = {"origin": 5, "home": 5, "score": 10, "absence": 10}
MEASURES = [f"school{i}" for i in range(6)]
USED = [*FLAGS, *FACTORS, *MEASURES]


def make(rows: int, seed: int) -> pd.DataFrame:
    """Draw pupil-terms; measures of schools are the same in every part."""
    rng = np.random.default_rng([1, seed])
    of_school = np.random.default_rng(0).normal(size=(SCHOOLS, 7)).round(2)
    school = rng.integers(0, SCHOOLS, rows)
    frame = {"school": school, "term": rng.integers(1, 7, rows)}
    eta = -3.5 + 0.4 * of_school[school, 6]
    for number, name in enumerate(FLAGS):
        frame[name] = rng.binomial(1, 0.1 + 0.05 * number, rows)
        eta = eta + 0.1 * (number + 1) * frame[name]
    for name, levels in FACTORS.items():
        codes = rng.integers(0, levels, rows)
        frame[name] = pd.Categorical.from_codes(codes, [f"l{i}" for i in range(levels)])
        eta = eta + 0.05 * codes
    for number, name in enumerate(MEASURES):
        frame[name] = of_school[school, number]
        eta = eta + 0.05 * frame[name]
    frame["left"] = (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    return pd.DataFrame(frame)


def plain(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Fit the same by statsmodels, its matrix included, as a user would."""
    import statsmodels.genmod.families as families
    from statsmodels.genmod.generalized_linear_model import GLM

    x = pd.concat(
        [
            pd.get_dummies(rows["term"], dtype=float),
            rows[FLAGS].astype(float),
            pd.get_dummies(rows[list(FACTORS)], drop_first=True, dtype=float),
            rows[MEASURES],
        ],
        axis=1,
    ).to_numpy()
    made = GLM(rows["left"].to_numpy(), x, family=families.Binomial()).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": rows["school"].to_numpy()}
    )
    return np.asarray(made.params), np.asarray(made.bse)


def fit(rows: pd.DataFrame) -> hazard.Fit:
    return hazard.fit(rows, event="left", period="term", covariates=USED, cluster="school")


def fit_parts(parts: Callable[[], Iterable[pd.DataFrame]]) -> hazard.Fit:
    return hazard.fit_parts(parts, event="left", period="term", covariates=USED, cluster="school")


def against_statsmodels(size: int, turns: int) -> None:
    """Take turns on the same rows."""
    rows = make(size, 0)
    print(f"{size:,} rows")
    cuts = [rows.iloc[start : start + size // 4] for start in range(0, size, size // 4)]
    before = 0.0
    seconds: dict[str, list[float]] = {"fit": [], "fit_parts": [], "statsmodels": []}
    for _ in range(turns):
        start = time.perf_counter()
        ours = fit(rows)
        seconds["fit"].append(time.perf_counter() - start)
        start = time.perf_counter()
        parts = fit_parts(lambda: cuts)
        seconds["fit_parts"].append(time.perf_counter() - start)
        before = most_memory() if len(seconds["fit"]) == 1 else before
        start = time.perf_counter()
        params, errors = plain(rows)
        seconds["statsmodels"].append(time.perf_counter() - start)
    print(f"  memory at most before statsmodels {before:.0f} MiB, with it {most_memory():.0f} MiB")
    away = max(
        np.abs(made - theirs).max()
        for one in (ours, parts)
        for made, theirs in ((one.params, params), (one.se, errors))
    )
    best = {name: min(values) for name, values in seconds.items()}
    print(f"  largest difference of estimates and errors {away:.1e}")
    for name, value in best.items():
        print(
            f"  {name} {value:.1f} s: statsmodels {best['statsmodels'] / value:.1f} times as long"
        )
    if away > 1e-8:
        raise SystemExit("the estimates differ")


def in_memory(size: int) -> None:
    """Fit rows that are there already."""
    rows = pd.concat([make(min(SIZE, size - at), at // SIZE + 1) for at in range(0, size, SIZE)],
                     ignore_index=True)  # fmt: skip
    before = most_memory()
    start = time.perf_counter()
    fitted = fit(rows)
    print(f"{fitted.rows:,} rows in memory: {time.perf_counter() - start:.1f} s; {before:.0f} MiB at "
          f"most before, {most_memory():.0f} MiB with the fit")  # fmt: skip


def write(folder: Path, rows: int) -> None:
    """Write parts of Parquet and count how many cells they would be."""
    sizes = [SCHOOLS, 6, *[2] * len(FLAGS), *FACTORS.values(), 2]
    seen = np.zeros(math.prod(sizes), dtype=bool)
    for number in range(-(-rows // SIZE)):
        part = make(min(SIZE, rows - number * SIZE), number + 1)
        part.to_parquet(folder / f"{number:04}.parquet")
        codes = [part[name].cat.codes for name in FACTORS]
        at = [
            part["school"],
            part["term"] - 1,
            *(part[name] for name in FLAGS),
            *codes,
            part["left"],
        ]
        seen[np.ravel_multi_index([np.asarray(each, dtype=int) for each in at], sizes)] = True
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    print(f"{rows:,} rows, {size:.0f} MiB of Parquet: cells/rows {seen.sum() / rows:.2f}")


def fit_folder(folder: Path) -> None:
    """Fit all parts of a folder and say how long it took and how much memory."""
    paths = sorted(folder.glob("*.parquet"))
    load = os.getloadavg()[0]
    start, busy = time.perf_counter(), time.process_time()
    fitted = fit_parts(lambda: map(pd.read_parquet, paths))
    print(f"{fitted.rows:,} rows in {len(paths)} parts: {time.perf_counter() - start:.0f} s, of the "
          f"processor {time.process_time() - busy:.0f} s; {most_memory():.0f} MiB at most; load before "
          f"{load:.1f}, after {os.getloadavg()[0]:.1f}")  # fmt: skip


def most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def intercept() -> None:
    """Fit an intercept by school, by ours and where it can be had by lme4."""
    rng = np.random.default_rng(3)
    school = np.sort(rng.integers(0, 356, 7500))
    rows = pd.DataFrame({"school": school, "poor": rng.binomial(1, 0.3, 7500),
                         "score": rng.normal(size=7500).round(3)})  # fmt: skip
    eta = -1.5 + 0.5 * rows["poor"] - 0.6 * rows["score"] + rng.normal(0, 0.8, 356)[school]
    rows["left"] = (rng.random(7500) < 1 / (1 + np.exp(-eta))).astype(int)
    start = time.perf_counter()
    made = hazard.fit_random_intercept(rows, outcome="left", covariates=["poor", "score"],
                                       group="school")  # fmt: skip
    ours = time.perf_counter() - start
    print(f"intercept by school: {ours:.2f} s; {made.params.round(6).to_dict()}, sd {made.sd:.6f}, "
          f"errors {made.se.round(6).tolist()}, deviance {made.deviance:.4f}")  # fmt: skip
    if shutil.which("Rscript") is None:
        print("  R is not there: not compared")
        return
    code = (
        "suppressMessages(library(lme4)); d <- read.csv(commandArgs(TRUE)[1]);"
        "t <- system.time(m <- glmer(left ~ poor + score + (1 | school), d, binomial, nAGQ = 15));"
        "s <- summary(m); cat(s$coefficients[, 1], attr(VarCorr(m)$school, 'stddev'),"
        "s$coefficients[, 2], t[['elapsed']])"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        rows.to_csv(file.name, index=False)
        done = subprocess.run(["Rscript", "-e", code, file.name], capture_output=True, text=True)
    if done.returncode:
        print("  lme4 is not there: not compared")
        return
    *theirs, seconds = map(float, done.stdout.split())
    own = [*made.params, made.sd, *made.se]
    away = max(abs(a - b) for a, b in zip(own, theirs, strict=True))
    print(
        f"  glmer {seconds:.2f} s: {ours / seconds:.2f} of its time; largest difference {away:.1e}"
    )


STEPS = {"plain": 1_000_000, "rows": 10_000_000, "parquet": 10_000_000}


def main() -> None:
    """Run all steps, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in STEPS.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--step", choices=[*STEPS, "write", "intercept"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    steps = {
        "plain": lambda: against_statsmodels(given.plain, given.turns),
        "rows": lambda: in_memory(given.rows),
        "write": lambda: write(given.folder, given.parquet),
        "parquet": lambda: fit_folder(given.folder),
        "intercept": intercept,
    }
    if given.step:
        steps[given.step]()
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in steps:
            if name != "intercept" and not getattr(given, "parquet" if name == "write" else name):
                continue
            subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--step", name, "--folder", folder],
                check=True,
            )


if __name__ == "__main__":
    main()
