"""How long it takes to score the pupils of a county, beside a statsmodels GLM.

::

    python benchmarks/scoring.py [--pupils 60000] [--repeat 20]

A synthetic county is followed, the model is learnt from it, and the pupils of its last term are
repeated until there are as many as asked. Both predict from the same rows; the median of some
repetitions is told, and the chances must agree to 1e-6.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm

from analysis.questions.dropout import model
from analysis.questions.dropout.covariates import used_columns
from analysis.questions.dropout.expected import expect
from analysis.questions.dropout.risk import gather
from analysis.questions.dropout.terms import known
from analysis.records import contracts
from analysis.records.county import CountyData
from analysis.records.reference import load_reference
from analysis.records.regions import regions
from analysis.records.synthetic import make_county
from analysis.records.synthetic.parameters import load_parameters

CODE = "130722"


def county() -> CountyData:
    """Make a county as the store would give it."""
    reference, place = load_reference(), regions().place(CODE)
    made = make_county(
        place, reference.census, load_parameters(), 1, scheme=reference.scheme("quality-2017"),
        regime="survey",
    )  # fmt: skip
    tables = {name: contracts.empty(table) for name, table in contracts.TABLES.items()}
    for name, frame in made.reported.items():
        empty = tables[name]
        named = frame.rename(columns={"pupil_id": "pseudonym"})
        tables[name] = named.reindex(columns=empty.columns).astype(empty.dtypes.to_dict())
    return CountyData(
        place=place, parent=regions().parent(CODE), year=2021, tables=tables, reference=reference
    )


def median(work: Callable[[], object], repeat: int) -> float:
    """Give the middle of several times, in seconds."""
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pupils", type=int, default=60_000)
    parser.add_argument("--repeat", type=int, default=20)
    given = parser.parse_args()
    pool = gather([county()])
    if pool is None:
        raise SystemExit("the county has no registers")
    rows = known(pool.rows)
    fitted = model.learn(rows, used_columns(rows))
    if fitted is None:
        raise SystemExit("nobody left")
    now = pd.concat([pool.now] * (given.pupils // len(pool.now) + 1)).head(given.pupils)
    now = now.reset_index(drop=True)
    glm = sm.GLM(
        (rows["exit"] == "left").astype(float), model.design(fitted, rows),
        family=sm.families.Binomial(),
    ).fit(start_params=fitted.fitted.params.to_numpy())  # fmt: skip
    plain = glm.predict(model.design(fitted, now))
    if np.abs(plain - model.predict(fitted, now)).max() > 1e-6:
        raise SystemExit("chances differ")
    score = median(lambda: model.predict(fitted, now), given.repeat)
    number = median(lambda: expect(fitted, now), given.repeat)
    theirs = median(lambda: glm.predict(model.design(fitted, now)), given.repeat)
    print(f"{given.pupils:,} pupils, {len(fitted.fitted.params)} estimates")
    print(f"scores {score:.3f} s, expected number with its range {number:.3f} s")
    print(f"statsmodels, the same columns: {theirs:.3f} s, ratio {theirs / score:.1f}")


if __name__ == "__main__":
    main()
