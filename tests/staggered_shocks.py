"""Simulations of counties that begin at different times: how often ranges hold, and what could be found.

``python tests/staggered_shocks.py`` runs all and writes ``staggered_shocks.csv`` beside this file; it
takes some minutes a design, of which some may be named (``16/5``). Twenty schools in each county over
eight years, the treated beginning in the third, fifth and seventh in turn; shocks of counties fade by half
a year (standard deviation 0.15), schools have a level of their own (0.4) and differ from year to year
(0.3). Last, 120 schools by themselves, each with such shocks, as in a single county. Effects differ by cohort (0.2, 0.15, 0.1 at first) and grow by 0.025 a year.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import optimize, stats

from analysis.methods import clusters, staggered

TABLE = Path(__file__).with_suffix(".csv")
SCHOOLS, YEARS = 20, 8
AT_FIRST, GROWTH = {3: 0.2, 5: 0.15, 7: 0.1}, 0.025
FADE, COUNTY_SD, SCHOOL_SD, YEAR_SD = 0.5, 0.15, 0.4, 0.3
DESIGNS = ((16, 5), (16, 8), (60, 20), (150, 60), (120, 48))
ALONE = (120, 48)
FEW = 30
"""With fewer counties the jackknife is what is shown, with more the analytic error."""
DRAWS, SEED = 2000, 2026
SAID = 400
NAMES = {"outcome": "score", "unit": "school", "time": "year", "first_treated": "first",
         "cluster": "county"}  # fmt: skip


def draw(rng: np.random.Generator, counties: int, treated: int) -> pd.DataFrame:
    """Draw schools by year; ``without`` is the score without treatment."""
    shocks = rng.normal(0, COUNTY_SD, (counties, YEARS))
    for year in range(1, YEARS):
        shocks[:, year] = FADE * shocks[:, year - 1] + np.sqrt(1 - FADE**2) * shocks[:, year]
    firsts = np.zeros(counties, dtype=int)
    firsts[:treated] = np.resize(list(AT_FIRST), treated)
    each = 1 if (counties, treated) == ALONE else SCHOOLS
    schools = counties * each
    school, year = np.repeat(np.arange(schools), YEARS), np.tile(np.arange(YEARS) + 1, schools)
    county = school // each
    first = firsts[county]
    without = (shocks[county, year - 1] + rng.normal(0, SCHOOL_SD, schools)[school]
               + rng.normal(0, YEAR_SD, len(school)))  # fmt: skip
    at_first = np.array([AT_FIRST.get(year_of, 0.0) for year_of in range(YEARS + 1)])
    effect = np.where((first > 0) & (year >= first), at_first[first] + GROWTH * (year - first), 0.0)
    return pd.DataFrame({"county": county, "school": school, "year": year, "first": first,
                         "effect": effect, "without": without, "score": without + effect})  # fmt: skip


def true_average(rows: pd.DataFrame) -> float:
    """Give the mean effect of treated rows."""
    return float(rows.loc[rows["effect"] > 0, "effect"].mean())


def simulate(counties: int, treated: int, draws: int, seed: int) -> dict[str, float]:
    """Run one design.

    Returns
    -------
    dict
        Bias of the simple average and its Monte-Carlo error; for each error how often its 95 % range
        holds the average effect, and for what is shown (the jackknife under 30 counties, else the
        analytic error); bias and coverage of two-way fixed effects; how often the deal of first years
        finds an effect where there is none; the effect that the jackknife finds in 80 % of the
        draws, and the mean, median and standard deviation, each over that effect, of what untreated
        rows say it to be; how often their range holds it.
    """
    rng = np.random.default_rng(seed)
    made = pd.DataFrame([_once(draw(rng, counties, treated), number) for number in range(draws)],
                        dtype=float)  # fmt: skip
    found = find_point(made["error"], made["se"], counties)
    said_of = made.dropna(subset="said")
    said = said_of["said"] / found
    shares = made[["analytic", "cv1", "cv3", "wild", "two_way"]].mean().to_dict()
    return {"counties": counties, "treated": treated, "draws": draws, "bias": made["error"].mean(),
            "bias_error": made["error"].std() / np.sqrt(draws),
            "shown": shares["cv3" if counties < FEW else "analytic"], **shares,
            "two_way_bias": made["two_way_error"].mean(), "size": made["size"].mean(),
            "found": found, "said_mean": said.mean(), "said_median": said.median(),
            "said_sd": said.std(),
            "said_holds": ((said_of["low"] <= found) & (found <= said_of["high"])).mean()}  # fmt: skip


def find_point(errors: pd.Series, se: pd.Series, counties: int, power: float = 0.8) -> float:
    """Give the effect that the jackknife's t-test finds in so many draws, of these errors."""
    width = stats.t.ppf(0.975, counties - 1) * se

    def lacking(effect: float) -> float:
        return float(((errors + effect).abs() > width).mean()) - power

    return float(optimize.brentq(lacking, 0, 5))


def _once(rows: pd.DataFrame, seed: int) -> dict[str, float]:
    truth, count = true_average(rows), rows["county"].nunique()
    made = staggered.differences(rows, **NAMES)
    jackknife = clusters.cv3(made.regression, made.name)
    ranges = {"cv1": clusters.cv1(made.regression, made.name), "cv3": jackknife}
    few = count < FEW
    if few:
        ranges["wild"] = clusters.wild_bootstrap(made.regression, made.name, seed=seed)
    holds = {name: each.low <= truth <= each.high for name, each in ranges.items()}
    simple = staggered.group_time_effects(rows, **NAMES).aggregate("simple")
    two_way = staggered.two_way(rows, **NAMES)
    wide = float(stats.t.ppf(0.975, count - 1))
    # With many counties neither draws nor deals are shown.
    nothing = rows.assign(score=rows["without"])
    size = staggered.randomise(nothing, **NAMES, seed=seed).p <= 0.05 if few else np.nan
    # What untreated rows say costs most, and its mean is known well enough from some of the draws.
    said = staggered.find_detectable(rows, **NAMES) if seed < SAID else None
    ends = [np.nan] * 3 if said is None else [said.effect, said.low, said.high]
    return {"error": made.estimate - truth, "se": jackknife.se, "wild": np.nan, **holds,
            "analytic": abs(simple.estimate - truth) <= stats.norm.ppf(0.975) * simple.se,
            "two_way": abs(two_way.estimate - truth) <= wide * two_way.se,
            "two_way_error": two_way.estimate - truth, "size": size,
            **dict(zip(("said", "low", "high"), ends, strict=True))}  # fmt: skip


def main(asked: list[str]) -> None:
    """Run designs and write the table; those not asked for stay as they were."""
    known: dict[str, list[str]] = {}
    if asked and TABLE.exists():
        with open(TABLE, encoding="utf-8", newline="") as file:
            known = {"/".join(row[:2]): row for row in list(csv.reader(file))[1:]}
    for counties, treated in DESIGNS:
        name = f"{counties}/{treated}"
        if not asked or name in asked:
            row = simulate(counties, treated, DRAWS, SEED)
            known[name] = [f"{value:.4g}" for value in row.values()]
            header = list(row)
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(known[name] for c, t in DESIGNS if (name := f"{c}/{t}") in known)
    sys.stdout.write(TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
