"""Simulations with a known truth: how often ranges hold, and whether chances mean what they say.

``python tests/simulations.py`` runs all and writes ``simulations.csv`` beside this file; it
takes some minutes. Pupils in schools, intercepts of schools with a standard deviation of 0.8, a
covariate of the pupil (0.6) and one of the school (0.5).
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.methods import discrimination, hazard

TABLE = Path(__file__).with_suffix(".csv")
DESIGNS = ((16, 100), (60, 40), (200, 40))
TRUTH = {"intercept": -1.5, "poor": 0.6, "village": 0.5}
SD, DRAWS, BOOTSTRAP = 0.8, 2000, 200
USED = ["poor", "village"]


def draw(rng: np.random.Generator, schools: int, size: int) -> pd.DataFrame:
    """Draw pupils; half of the schools lie in villages."""
    school = np.repeat(np.arange(schools), size)
    poor = rng.binomial(1, 0.3, len(school))
    village = (school % 2).astype(int)
    eta = TRUTH["intercept"] + TRUTH["poor"] * poor + TRUTH["village"] * village
    chance = expit(eta + rng.normal(0, SD, schools)[school])
    left = (rng.random(len(school)) < chance).astype(int)
    return pd.DataFrame({"school": school, "poor": poor, "village": village, "left": left})


def find_population() -> tuple[float, float]:
    """Give, of a population of many schools, the marginal effect of the school's covariate and the AUC."""
    rows = draw(np.random.default_rng(0), 40_000, 60)
    cells = hazard.compress(rows.drop(columns="school"), ["left", *USED])
    fitted = hazard.fit(cells.assign(p=1), event="left", period="p", covariates=USED,
                        counts="count")  # fmt: skip
    return float(fitted.params["village"]), discrimination.auc(rows["left"], _score(rows)).estimate


def _score(rows: pd.DataFrame) -> pd.Series:
    return TRUTH["poor"] * rows["poor"] + TRUTH["village"] * rows["village"]


def simulate(schools: int, size: int, draws: int, seed: int) -> dict[str, float]:
    """Run one design.

    Returns
    -------
    dict
        Coverage of the 95 % range of the school's covariate by the plain logit, by clusters and with
        an intercept by school; its bias and that of the standard deviation; coverage of the AUC's
        bootstrap of schools; mean slope and expected over observed of chances integrated over
        schools, on schools drawn anew.
    """
    rng = np.random.default_rng(seed)
    marginal, ranking = find_population()
    made = [_once(rng, schools, size, marginal, ranking) for _ in range(draws)]
    table = pd.DataFrame(made)
    return {"schools": schools, "pupils": size, "draws": draws, **table.mean().to_dict()}


def _once(
    rng: np.random.Generator, schools: int, size: int, marginal: float, ranking: float
) -> dict[str, float]:
    rows = draw(rng, schools, size)
    cells = hazard.compress(rows, [*rows.columns]).assign(p=1)
    asked = {"event": "left", "period": "p", "covariates": USED, "counts": "count"}
    plain, robust = hazard.fit(cells, **asked), hazard.fit(cells, cluster="school", **asked)
    mixed = hazard.fit_random_intercept(cells, outcome="left", covariates=USED, group="school",
                                        counts="count")  # fmt: skip
    half = 1.959964 * mixed.se["village"]
    area = discrimination.auc(rows["left"], _score(rows), cluster=rows["school"], rng=rng,
                              draws=BOOTSTRAP)  # fmt: skip
    new = draw(rng, schools, size)
    chances = mixed.predict(new)
    checked = discrimination.calibration(new["left"], chances)
    return {
        "plain": _holds(plain, marginal),
        "clusters": _holds(robust, marginal),
        "intercepts": float(abs(mixed.params["village"] - TRUTH["village"]) <= half),
        "bias": float(mixed.params["village"] - TRUTH["village"]),
        "bias_sd": mixed.sd - SD,
        "auc": float(area.low <= ranking <= area.high),
        "slope": checked.slope.estimate,
        "log_ratio": float(np.log(checked.ratio.estimate)),
    }


def _holds(fitted: hazard.Fit, truth: float) -> float:
    low, high = fitted.interval().loc["village", ["low", "high"]]
    return float(low <= truth <= high)


def main() -> None:
    """Run all designs and write the table."""
    rows = [simulate(schools, size, DRAWS, 2026) for schools, size in DESIGNS]
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([f"{value:.4g}" for value in row.values()] for row in rows)
    sys.stdout.write(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
