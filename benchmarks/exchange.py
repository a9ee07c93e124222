"""How long the whole refutation of exchange's effect takes, for one county and for a prefecture.

::

    python benchmarks/exchange.py [--turns 3] [--counties 60]

Made panels over eight years: a county of 120 schools, of which 40 began in three different years,
clustered by school; and a prefecture of 16 counties of 550 schools, of which 8 began, clustered by
county. Timed is all that the finding needs of one side at the main threshold: six estimators, Bacon's
weights, event study with band, jackknife, 999 wild draws, 999 deals, smallest effect, pretest with its
power, pretended start, placebo outcomes and composition, both kinds of HonestDiD with breakdown
values, every cluster left out, neighbours, and the word. The shortest of the turns counts, by the clock
and by processor time, which others on the machine do not lengthen.

The same of many counties, one after the other in one process and in two: their ratio is what spreading
them over workers gains, once these have started.

Set ``OPENBLAS_NUM_THREADS=1`` where others use the machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from analysis.questions.exchange.cases import MAIN, refute, take_compared
from analysis.questions.exchange.study import select
from analysis.records.reference import load_reference

YEARS = 8


def make(counties: int, schools: int, treated: int, by: str) -> pd.DataFrame:
    """Draw a panel in which `treated` schools of the county, or counties, began in years 4 to 6."""
    rng = np.random.default_rng(2)
    count = counties * schools
    school = np.arange(count)
    county = school // schools
    begun = county < treated if by == "county" else school % schools < treated
    start = 4 + (county if by == "county" else school) % 3
    first = np.where(begun, start, 0)
    made = pd.DataFrame({"school": np.repeat(school, YEARS), "county": np.repeat(county, YEARS),
                         "year": np.tile(np.arange(1, YEARS + 1), count),
                         "first": np.repeat(first, YEARS)})  # fmt: skip
    on = (made["first"] > 0) & (made["year"] >= made["first"])
    made["score"] = np.repeat(rng.normal(size=count), YEARS) + 0.3 * on
    for name in ("score", "books", "sports_area", "log_pupils", "boarders", "migrants", "tested"):
        noise = rng.normal(size=len(made)) * 0.1
        made[name] = made[name] + noise if name in made else noise
    return made


def measure(rows: pd.DataFrame, cluster: str, turns: int) -> tuple[float, float, str]:
    """Give the shortest time by the clock and by the processor, and the word."""
    parameters = load_reference().parameters["exchange"]["effect"]
    clock, processor, word = [], [], ""
    for _ in range(turns + 1):
        begun, used = time.perf_counter(), time.process_time()
        compared = take_compared(rows, cluster)
        sample = select(compared, MAIN, cluster)
        word = refute(sample, compared, rows, cluster, parameters).word
        clock.append(time.perf_counter() - begun)
        processor.append(time.process_time() - used)
    # The first turn loads what is loaded at first use.
    return min(clock[1:] or clock), min(processor[1:] or processor), word


def refute_one(number: int) -> str:
    """Refute the panel of one county; the word."""
    return measure(make(1, 120, 20 + number % 40, "school"), "school", 0)[2]


def spread(counties: int, workers: int) -> float:
    """Give the seconds that so many counties take in so many processes, these having started."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn) as pool:
        list(pool.map(refute_one, range(2 * workers)))
        begun = time.perf_counter()
        list(pool.map(refute_one, range(counties)))
        return time.perf_counter() - begun


def main() -> None:
    """Time all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--counties", type=int, default=60)
    given = parser.parse_args()
    turns = given.turns
    for name, rows, cluster in (
        ("one county, 120 schools", make(1, 120, 40, "school"), "school"),
        ("a prefecture, 8,800 schools", make(16, 550, 8, "county"), "county"),
    ):
        clock, processor, word = measure(rows, cluster, turns)
        print(f"{name}: {clock:.2f} s by the clock, {processor:.2f} s of processor; {word}")
    one, two = (min(spread(given.counties, workers) for _ in range(turns)) for workers in (1, 2))
    print(
        f"{given.counties} counties: {one:.1f} s in one process, {two:.1f} s in two, "
        f"{one / two:.2f} times as fast"
    )


if __name__ == "__main__":
    main()
