"""What pyfixest and wildboottest say of few clusters, frozen for tests that run without them.

``python tests/boottest.py`` draws 10 counties of unequal size over 6 years, fits them by pyfixest
and wildboottest and writes ``boottest.json`` beside this file. These two are needed for that alone.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

FROZEN = Path(__file__).with_suffix(".json")
COUNTIES, YEARS, TREATED = 10, 6, 4
ALL = 2**COUNTIES


def draw() -> pd.DataFrame:
    """Draw schools in counties by year, the first four counties treated from the fourth year.

    Only integers and sums of uniform numbers are drawn, so that no library's version changes a row.
    """
    rng = np.random.Generator(np.random.PCG64(2_023))
    schools = np.repeat(np.arange(COUNTIES), np.arange(COUNTIES) % 4 + 3)
    county, school = np.repeat(schools, YEARS), np.repeat(np.arange(len(schools)), YEARS)
    year = np.tile(np.arange(YEARS), len(schools)) + 2014
    shocks = (rng.random((COUNTIES, YEARS, 12)).sum(axis=2) - 6).round(3)
    poor = (rng.random(len(county)) * 0.4).round(3)
    treated = ((county < TREATED) & (year >= 2017)).astype(int)
    noise = (rng.random((len(county), 12)).sum(axis=1) - 6).round(3)
    score = (0.8 * treated - poor + 0.6 * shocks[county, year - 2014] + noise).round(6)
    weight = (school % 3 + 1).astype(float)
    return pd.DataFrame({"county": county, "school": school, "year": year, "treated": treated,
                         "poor": poor, "weight": weight, "score": score})  # fmt: skip


def fit(rows: pd.DataFrame) -> dict[str, object]:
    """Fit by pyfixest and wildboottest."""
    import pyfixest as pf
    import statsmodels.api as sm
    from wildboottest.wildboottest import wildboottest

    told: dict[str, object] = {
        name: version(name) for name in ("pyfixest", "wildboottest", "statsmodels")
    }
    for name, weights in (("plain", None), ("weighted", "weight")):
        # Effects of schools lie in counties and are not counted, those of years are. By default
        # pyfixest multiplies the jackknife's sum of squares by what belongs to CV1: not asked.
        rules = {"CRV1": pf.ssc(k_fixef="nonnested"), "CRV3": pf.ssc(k_adj=False, G_adj=False)}
        for kind, rule in rules.items():
            made = pf.feols("score ~ treated + poor + C(year) | school", rows, weights=weights,
                            vcov={kind: "county"}, ssc=rule)  # fmt: skip
            told[f"{name} {kind}"] = float(made.se()["treated"])
        told[f"{name} estimate"] = float(made.coef()["treated"])
    wild = {}
    for of, rest in (("treated", ["poor"]), ("poor", ["treated"])):
        dummies = pd.get_dummies(rows["year"], drop_first=True, dtype=float)
        x = sm.add_constant(pd.concat([rows[[of, *rest]].astype(float), dummies], axis=1))
        model = sm.OLS(rows["score"], x)
        found = wildboottest(model, B=ALL + 1, cluster=rows["county"], param=of, show=False)
        wild[of] = {"t": float(np.asarray(found["statistic"])[0]),
                    "p": float(np.asarray(found["p-value"])[0])}  # fmt: skip
    return {**told, "rows": len(rows), "wild": wild}


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(fit(draw()), indent=2) + "\n", encoding="utf-8")
