"""Simulations of few counties, some treated: how often ranges hold, and what could be found.

``python tests/county_shocks.py`` runs all and writes ``county_shocks.csv`` beside this file; it takes
some minutes. Twenty schools in each of 16 counties over eight years, the last four treated; shocks of
counties fade by half a year (standard deviation 0.15), schools have a level of their own (0.4) and
differ from year to year (0.3). The treatment adds 0.2.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.methods import clusters

TABLE = Path(__file__).with_suffix(".csv")
COUNTIES, SCHOOLS, YEARS, FIRST = 16, 20, 8, 4
DESIGNS = (5, 8)
EFFECT, FADE, COUNTY_SD, SCHOOL_SD, YEAR_SD = 0.2, 0.5, 0.15, 0.4, 0.3
DRAWS = 2000
ERRORS = ("cv1", "cv3", "wild", "dealt")


def draw(rng: np.random.Generator, treated: int) -> pd.DataFrame:
    """Draw schools by year; the first counties are treated."""
    shocks = rng.normal(0, COUNTY_SD, (COUNTIES, YEARS))
    for year in range(1, YEARS):
        shocks[:, year] = FADE * shocks[:, year - 1] + np.sqrt(1 - FADE**2) * shocks[:, year]
    schools = COUNTIES * SCHOOLS
    school, year = np.repeat(np.arange(schools), YEARS), np.tile(np.arange(YEARS), schools)
    county = school // SCHOOLS
    first = np.where(county < treated, FIRST, 0)
    on = ((first > 0) & (year >= FIRST)).astype(float)
    score = (EFFECT * on + shocks[county, year] + rng.normal(0, SCHOOL_SD, schools)[school]
             + rng.normal(0, YEAR_SD, len(school)))  # fmt: skip
    return pd.DataFrame({"county": county, "school": school, "year": year, "first": first,
                         "treated": on, "score": score})  # fmt: skip


def simulate(treated: int, draws: int, seed: int) -> dict[str, float]:
    """Run one design.

    Returns
    -------
    dict
        Bias; for each error how often its 95 % range holds the effect; how often the randomisation
        finds an effect where there is none; the effect that the jackknife finds in 80 % of the draws,
        and the mean, median and standard deviation, each over that effect, of what the four years
        before say it to be; how often their range holds it.
    """
    rng = np.random.default_rng(seed)
    made = pd.DataFrame([_once(draw(rng, treated), number) for number in range(draws)],
                        dtype=float)  # fmt: skip
    found, said = find_point(made["estimate"] - EFFECT, made["se"]), made["said"]
    within = ((made["low"] <= found) & (found <= made["high"])).mean()
    shares = made.drop(columns=["estimate", "se", "said", "low", "high"]).mean().to_dict()
    return {"counties": COUNTIES, "treated": treated, "draws": draws,
            "bias": made["estimate"].mean() - EFFECT, **shares, "found": found,
            "said_mean": said.mean() / found, "said_median": said.median() / found,
            "said_sd": said.std() / found, "said_holds": within}  # fmt: skip


def find_point(errors: pd.Series, se: pd.Series, power: float = 0.8) -> float:
    """Give the effect that the jackknife's t-test finds in so many draws, of these errors."""
    width = stats.t.ppf(0.975, COUNTIES - 1) * se

    def lacking(effect: float) -> float:
        return float(((errors + effect).abs() > width).mean()) - power

    return float(optimize.brentq(lacking, 0, 5))


def _once(rows: pd.DataFrame, seed: int) -> dict[str, float]:
    made = clusters.fit(rows, outcome="score", covariates=["treated"], cluster="county",
                        within=["school", "year"])  # fmt: skip
    jackknife = clusters.cv3(made, "treated")
    asked = {"first_treated": "first", "time": "year", "cluster": "county",
             "within": ["school", "year"], "seed": seed}  # fmt: skip
    ranges = (clusters.cv1(made, "treated"), jackknife,
              clusters.wild_bootstrap(made, "treated", seed=seed),
              clusters.randomise(rows, outcome="score", **asked))  # fmt: skip
    nothing = rows.assign(score=rows["score"] - EFFECT * rows["treated"])
    size = clusters.randomise(nothing, outcome="score", **asked).p <= 0.05
    shocks = clusters.estimate_shocks(rows[rows["year"] < FIRST], outcome="score",
                                      cluster="county", time="year")  # fmt: skip
    said = clusters.find_detectable(shocks, clusters=COUNTIES, before=FIRST, after=YEARS - FIRST,
                                    treated=int(rows.loc[rows["first"] > 0, "county"].nunique()))  # fmt: skip
    holds = {name: each.low <= EFFECT <= each.high
             for name, each in zip(ERRORS, ranges, strict=True)}  # fmt: skip
    return {"estimate": made.estimate("treated"), "se": jackknife.se, **holds, "size": size,
            "said": said.effect,
            "low": said.low, "high": said.high}  # fmt: skip


def main() -> None:
    """Run all designs and write the table."""
    rows = [simulate(treated, DRAWS, 2026) for treated in DESIGNS]
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([f"{value:.4g}" for value in row.values()] for row in rows)
    sys.stdout.write(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
