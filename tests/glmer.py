"""What lme4 says of a logit with an intercept by school, frozen for tests that run without R.

``python tests/glmer.py`` draws 7,500 pupils in 356 schools, fits them by R's ``glmer(nAGQ = 15)``
and writes ``glmer.json`` beside this file. R with lme4 is needed for that alone.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

FROZEN = Path(__file__).with_suffix(".json")
PUPILS, SCHOOLS, POINTS = 7500, 356, 15
COVARIATES = ["poor", "score", "village"]

_FIT = """
suppressMessages(library(lme4))
rows <- read.csv(commandArgs(TRUE)[1])
made <- glmer(left ~ poor + score + village + (1 | school), rows, binomial, nAGQ = %d,
              control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12,
                                     optCtrl = list(rhobeg = 2e-3, rhoend = 1e-10, maxfun = 1e5)))
# Of the marginal likelihood; what lme4 calls deviance is another number, given the modes.
cat(sprintf("%%.12g", fixef(made)), sprintf("%%.12g", sqrt(diag(vcov(made)))),
    sprintf("%%.12g", attr(VarCorr(made)$school, "stddev")),
    sprintf("%%.12g", -2 * as.numeric(logLik(made))), sprintf("%%.12g", ranef(made)$school[1:3, 1]),
    as.character(packageVersion("lme4")), paste(R.version$major, R.version$minor, sep = "."))
"""


def draw() -> pd.DataFrame:
    """Draw pupils in schools of many sizes; the intercepts of schools have a standard deviation of 0.8.

    Only integers and sums of uniform numbers are drawn, so that no library's version changes a row.
    """
    rng = np.random.Generator(np.random.PCG64(20_210))
    school = np.sort((rng.random(PUPILS) ** 1.5 * SCHOOLS).astype(int))
    poor = (rng.random(PUPILS) < 0.3).astype(int)
    score = (rng.random((PUPILS, 12)).sum(axis=1) - 6).round(3)
    village = (np.arange(SCHOOLS) % 2)[school]
    spread = 0.8 * (rng.random((SCHOOLS, 12)).sum(axis=1) - 6)
    eta = -1.5 + 0.5 * poor - 0.6 * score + 0.4 * village + spread[school]
    left = (rng.random(PUPILS) < 1 / (1 + np.exp(-eta))).astype(int)
    return pd.DataFrame({"school": school, "left": left, "poor": poor, "score": score,
                         "village": village})  # fmt: skip


def fit(rows: pd.DataFrame) -> dict[str, object]:
    """Fit by lme4."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        rows.to_csv(file.name, index=False)
        words = ["Rscript", "-e", _FIT % POINTS, file.name]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    names = ["intercept", *COVARIATES]
    k = len(names)
    numbers = [float(word) for word in told[:-2]]
    return {
        "pupils": len(rows), "schools": int(rows["school"].nunique()), "left": int(rows["left"].sum()),
        "points": POINTS, "lme4": told[-2], "R": told[-1],
        "params": dict(zip(names, numbers[:k], strict=True)),
        "se": dict(zip(names, numbers[k : 2 * k], strict=True)),
        "sd": numbers[2 * k], "deviance": numbers[2 * k + 1], "modes": numbers[2 * k + 2 :],
    }  # fmt: skip


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(fit(draw()), indent=2) + "\n", encoding="utf-8")
