"""How long a pooled hazard takes, in how much memory, against a row-level GLM of statsmodels.

::

    python benchmarks/hazard.py [--rows 1000000] [--plain 500000] [--parquet 10000000]

Made pupil-terms: six flags, two factors of five and two of ten levels, six measures of the school,
six periods, 600 schools; errors by school. First `hazard.fit` and `GLM` take turns on the same rows,
and estimates and errors must agree to 1e-8. Then rows are written to Parquet in parts and fitted by
`hazard.fit_parts` in a process of its own, whose memory is printed. Last, a logit with an intercept by
school on 7,500 pupils in 356 schools (by R's ``glmer(nAGQ = 15)`` too, where R has lme4).
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
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


def against_statsmodels(size: int) -> None:
    """Take turns on the same rows."""
    rows = make(size, 0)
    cells = len(hazard.compress(rows, ["left", "term", "school", *USED]))
    print(f"{size:,} rows, {cells:,} cells: cells/rows {cells / size:.2f}")
    seconds: dict[str, list[float]] = {"ours": [], "statsmodels": []}
    for _ in range(2):
        start = time.perf_counter()
        ours = hazard.fit(rows, event="left", period="term", covariates=USED, cluster="school")
        seconds["ours"].append(time.perf_counter() - start)
        start = time.perf_counter()
        params, errors = plain(rows)
        seconds["statsmodels"].append(time.perf_counter() - start)
    away = max(np.abs(ours.params - params).max(), np.abs(ours.se - errors).max())
    best = {name: min(values) for name, values in seconds.items()}
    print(f"  largest difference of estimates and errors {away:.1e}")
    print(f"  ours {best['ours']:.1f} s, statsmodels {best['statsmodels']:.1f} s: "
          f"{best['statsmodels'] / best['ours']:.1f} times")  # fmt: skip
    if away > 1e-8:
        raise SystemExit("the estimates differ")


def write(folder: Path, rows: int) -> None:
    """Write parts of Parquet."""
    for number in range(-(-rows // SIZE)):
        make(min(SIZE, rows - number * SIZE), number + 1).to_parquet(
            folder / f"{number:04}.parquet"
        )


def fit_folder(folder: Path) -> None:
    """Fit all parts of a folder and say how long it took and how much memory."""
    paths = sorted(folder.glob("*.parquet"))
    start = time.perf_counter()
    fitted = hazard.fit_parts(
        lambda: map(pd.read_parquet, paths), event="left", period="term", covariates=USED,
        cluster="school",
    )  # fmt: skip
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{fitted.rows:,} rows in {len(paths)} parts: {time.perf_counter() - start:.0f} s, "
          f"{most:.0f} MiB at most")  # fmt: skip


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


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="against statsmodels")
    parser.add_argument("--parquet", type=int, default=10_000_000, help="from Parquet")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        fit_folder(given.folder)
        return
    intercept()
    against_statsmodels(given.rows)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), given.parquet)
        subprocess.run([sys.executable, __file__, "--folder", folder], check=True)


if __name__ == "__main__":
    main()
