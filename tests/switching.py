"""What py-did-multiplegt-dyn says of a treatment that goes on and off, frozen for tests without it.

``python tests/switching.py`` draws 120 schools over 7 years, estimates effects since the first change by
that package (0.1.9, with polars 1.19.0, whose later versions it does not run with) and writes
``switching.json`` beside this file.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

FROZEN = Path(__file__).with_suffix(".json")
SCHOOLS, YEARS, TOWNS = 120, 7, 30
EFFECTS, PLACEBOS = 4, 2


def draw() -> pd.DataFrame:
    """Draw schools that take a treatment up and give it up.

    Only sums of uniform numbers are drawn, so that no library's version changes a row.
    """
    rng = np.random.Generator(np.random.PCG64(2_024))
    on = np.zeros((SCHOOLS, YEARS), dtype=int)
    on[:, 0] = rng.random(SCHOOLS) < 0.3
    for year in range(1, YEARS):
        turned = rng.random(SCHOOLS) < np.where(on[:, year - 1] == 0, 0.12, 0.2)
        on[:, year] = np.where(turned, 1 - on[:, year - 1], on[:, year - 1])
    level = rng.random((SCHOOLS, 12)).sum(axis=1) - 6
    drift = (rng.random((SCHOOLS, YEARS, 12)).sum(axis=2) - 6).cumsum(axis=1) / 2
    score = level[:, None] + drift + 0.3 * np.arange(YEARS) + 0.8 * on
    school = np.repeat(np.arange(SCHOOLS), YEARS)
    return pd.DataFrame({"school": school, "year": np.tile(np.arange(YEARS) + 2014, SCHOOLS),
                         "town": school % TOWNS, "on": on.ravel(),
                         "score": score.ravel().round(6)})  # fmt: skip


def fit(rows: pd.DataFrame) -> dict[str, object]:
    """Estimate by the package, schools alone and in towns."""
    import polars as pl
    from did_multiplegt_dyn import DidMultiplegtDyn

    told: dict[str, object] = {name: version(name) for name in ("py-did-multiplegt-dyn", "polars")}
    frame = pl.DataFrame({name: rows[name].to_numpy() for name in rows})
    for name, cluster in (("schools", None), ("towns", "town")):
        model = DidMultiplegtDyn(df=frame, outcome="score", group="school", time="year",
                                 treatment="on", cluster=cluster, effects=EFFECTS,
                                 placebo=PLACEBOS)  # fmt: skip
        model.fit()
        found = model.result["did_multiplegt_dyn"]
        told[name] = {
            str(sign * (number + 1)): [float(row["Estimate"]), float(row["SE"]),
                                       int(row["Switchers"])]
            for sign, table in ((1, found["Effects"]), (-1, found["Placebos"]))
            for number, (_, row) in enumerate(table.iterrows())
        }  # fmt: skip
    return told


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(fit(draw()), indent=2) + "\n", encoding="utf-8")
