"""First years dealt anew: loops over all deals, and what a deal by chance must promise."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import UsageError
from analysis.methods import clusters, staggered

NAMES = {"outcome": "score", "unit": "school", "time": "year", "first_treated": "first"}


def draw(seed: int, firsts: tuple[int, ...], *, gaps: bool = False, years: int = 5) -> pd.DataFrame:
    """Counties of one to three schools, in no order."""
    rng = np.random.default_rng(seed)
    county = np.repeat(np.arange(len(firsts)), rng.integers(1, 4, len(firsts)) + gaps)
    schools = len(county)
    school, year = np.repeat(np.arange(schools), years), np.tile(np.arange(years) + 1, schools)
    first = np.array(firsts)[county][school]
    score = (rng.normal(70, 10, schools)[school] + rng.normal(0, 3, len(school)) + year
             + 4 * ((first > 0) & (year >= first)))  # fmt: skip
    rows = pd.DataFrame({"county": county[school], "school": school, "year": year, "first": first,
                         "half": county[school] % 2, "score": score})  # fmt: skip
    if gaps:
        rows = rows[rng.random(len(rows)) < 0.9]
    return rows.sample(frac=1, random_state=seed)


def deals(rows: pd.DataFrame, by: str, strata: str | None = None) -> list[dict[object, int]]:
    """All different ways to deal the first years out."""
    of = rows.drop_duplicates(by).sort_values(by).set_index(by)
    made = {
        way for way in itertools.permutations(of["first"])
        if strata is None or all(
            sorted(np.array(way)[of[strata] == s]) == sorted(of["first"][of[strata] == s])
            for s in set(of[strata]))
    }  # fmt: skip
    return [dict(zip(of.index, way, strict=True)) for way in sorted(made)]


def statistic(rows: pd.DataFrame, by: str, control: str, studentised: bool) -> float:
    made = staggered.differences(rows, **NAMES, cluster=by, control=control)
    if not studentised:
        return abs(made.estimate)
    se = clusters.cv1(made.regression, made.name).se / np.sqrt(made.regression.correction)
    return abs(made.estimate) / se


def loop_p(
    rows: pd.DataFrame, null: float, by: str, control: str, studentised: bool,
    strata: str | None = None,
) -> float:  # fmt: skip
    """P-value of a constant effect by averages of all deals, one after the other."""
    on = (rows["first"] > 0) & (rows["year"] >= rows["first"])
    rows = rows.assign(score=rows["score"] - null * on)
    seen = statistic(rows, by, control, studentised)
    far = [
        statistic(rows.assign(first=rows[by].map(way)), by, control, studentised)
        >= seen * (1 - 1e-7)
        for way in deals(rows, by, strata)
    ]
    return float(np.mean(far))


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("control", ["never", "notyet"])
@pytest.mark.parametrize("studentised", [True, False])
def test_it_is_a_loop_over_all_deals(gaps: bool, control: str, studentised: bool) -> None:
    rows = draw(1, (3, 3, 4, 0, 0, 0), gaps=gaps)
    how = {**NAMES, "cluster": "county", "control": control, "studentised": studentised}
    found = staggered.randomise(rows, **how)
    assert (found.draws, found.every, found.clusters) == (60, True, 6)
    effects = staggered.group_time_effects(rows, **NAMES, control=control)
    assert found.estimate == pytest.approx(effects.aggregate("simple").estimate, rel=1e-12)
    assert found.p == pytest.approx(loop_p(rows, 0, "county", control, studentised), abs=1e-12)


@pytest.mark.parametrize("studentised", [True, False])
def test_the_range_is_what_a_loop_does_not_rule_out(studentised: bool) -> None:
    rows = draw(2, (3, 3, 4, 0, 0, 0))
    found = staggered.randomise(rows, **NAMES, cluster="county", studentised=studentised, level=0.9)
    width = found.high - found.low
    assert np.isfinite(width)
    for end, out in ((found.low, -1), (found.high, 1)):
        for step, ruled_out in ((-out, False), (out, True)):
            p = loop_p(rows, end + step * 1e-4 * width, "county", "never", studentised)
            assert (p <= 0.1 + 1e-12) is ruled_out


@pytest.mark.parametrize("studentised", [True, False])
def test_schools_that_exchange_first_years_within_counties_alone(studentised: bool) -> None:
    rows = draw(3, (3, 0, 4, 0, 0, 3, 0))
    rows = rows[rows["school"].isin(rows.groupby("county")["school"].min())]
    found = staggered.randomise(rows, **NAMES, strata="half", studentised=studentised)
    # Two of four even ones begin, in 3 and in 4: 12 ways; one of three odd ones: 3.
    ways = deals(rows, "school", "half")
    assert (found.draws, found.every, len(ways)) == (36, True, 36)
    expected = loop_p(rows, 0, "school", "never", studentised, "half")
    assert found.p == pytest.approx(expected, abs=1e-12)


def test_strata_in_a_regression_are_a_loop_too() -> None:
    rows = draw(4, (3, 3, 0, 0, 3, 0, 0)).assign(on=lambda d: (d["first"] > 0) & (d["year"] >= 3))
    how = {"outcome": "score", "cluster": "county", "within": ["school", "year"]}
    found = clusters.randomise(rows, first_treated="first", time="year", strata="half",
                               studentised=False, **how)  # fmt: skip

    def estimate(first: pd.Series) -> float:
        on = ((first > 0) & (rows["year"] >= first)).astype(float)
        made = clusters.fit(rows.assign(on=on), covariates=["on"], **how)
        return abs(made.estimate("on"))

    seen, ways = estimate(rows["first"]), deals(rows, "county", "half")
    far = [estimate(rows["county"].map(way)) >= seen * (1 - 1e-7) for way in ways]
    assert (found.draws, found.every) == (len(ways), True)
    assert found.p == pytest.approx(np.mean(far))
    with pytest.raises(ValueError, match="every cluster has one year"):
        clusters.randomise(rows, first_treated="first", time="year", strata="year", **how)


@pytest.mark.parametrize("studentised", [True, False])
def test_without_effect_no_level_is_exceeded(studentised: bool) -> None:
    """Over all deals of one outcome, p is at most a value no more often than that value says."""
    rows = draw(5, (3, 4, 0, 0, 0))
    found = [
        staggered.randomise(rows.assign(first=rows["county"].map(way)), **NAMES, cluster="county",
                            studentised=studentised).p
        for way in deals(rows, "county")
    ]  # fmt: skip
    assert len(found) == 20
    for level in (0.05, 0.1, 0.2, 0.5):
        assert np.mean(np.array(found) <= level + 1e-12) <= level + 1e-12
    assert min(found) == pytest.approx(0.05)


def test_by_chance_it_is_near_all_deals() -> None:
    rows = draw(6, (3, 3, 3, 4, 4, 0, 0, 0, 0, 0))
    # 10! / (3! 2! 5!) = 2,520 ways.
    every = staggered.randomise(rows, **NAMES, cluster="county", draws=2520)
    some = staggered.randomise(rows, **NAMES, cluster="county", draws=2000)
    assert (every.draws, every.every) == (2520, True)
    assert (some.draws, some.every) == (2000, False)
    assert abs(some.p - every.p) < 4 * np.sqrt(every.p / 2000)
    other = staggered.randomise(rows, **NAMES, cluster="county", draws=2000, seed=1)
    assert other.p != some.p


@given(st.integers(0, 10**6), st.floats(-100, 100))
@settings(max_examples=15)
def test_neither_order_nor_names_nor_a_constant_matter(seed: int, constant: float) -> None:
    rows = draw(7, (3, 3, 4, 4, 4, 5, 0, 0, 0, 0, 0, 0), gaps=seed % 2 == 0)
    found = staggered.randomise(rows, **NAMES, cluster="county", strata="half")
    moved = rows.sample(frac=1, random_state=seed)
    assert staggered.randomise(moved, **NAMES, cluster="county", strata="half") == found
    names = {c: f"{(c * 7 + seed) % 12:02d}" for c in range(12)}
    renamed = rows.assign(county=rows["county"].map(names), half=rows["half"].map({0: "z", 1: "a"}))
    again = staggered.randomise(renamed, **NAMES, cluster="county", strata="half")
    assert (again.p, again.low, again.high) == (found.p, found.low, found.high)
    shifted = rows.assign(score=rows["score"] + constant * rows["year"])
    again = staggered.randomise(shifted, **NAMES, cluster="county", strata="half")
    assert again.p == found.p
    assert (again.low, again.high) == pytest.approx((found.low, found.high), rel=1e-8, abs=1e-8)


def test_an_effect_on_everybody_is_taken_out_to_the_digit() -> None:
    rows = draw(8, (3, 3, 4, 0, 0, 0, 0))
    on = (rows["first"] > 0) & (rows["year"] >= rows["first"])
    one, two = (
        staggered.randomise(rows.assign(score=rows["score"] + by * on), **NAMES, cluster="county")
        for by in (0, 5)
    )
    assert two.estimate - one.estimate == pytest.approx(5, rel=1e-10)
    assert two.low - one.low == pytest.approx(5, rel=1e-8)
    assert two.high - one.high == pytest.approx(5, rel=1e-8)


def test_what_was_not_dealt_to_whole_clusters_is_refused() -> None:
    rows = draw(9, (3, 3, 0, 0, 0), gaps=True)
    mixed = rows.assign(first=np.where(rows["school"] == rows["school"].max(), 3, rows["first"]))
    with pytest.raises(UsageError, match="the cluster is what treatment was dealt to"):
        staggered.randomise(mixed, **NAMES, cluster="county")
    with pytest.raises(UsageError, match="every cluster has one score"):
        staggered.randomise(rows, **NAMES, cluster="county", strata="score")
    with pytest.raises(UsageError, match="no such column"):
        staggered.randomise(rows, **NAMES, cluster="county", strata="town")
    with pytest.raises(UsageError, match="needs a draw"):
        staggered.randomise(rows, **NAMES, cluster="county", draws=0)


SCRIPT = """
import test_staggered_randomisation as here
from analysis.methods import clusters, staggered
rows = here.draw(7, (3, 3, 4, 4, 4, 5, 0, 0, 0, 0, 0, 0), gaps=True)
print(repr(staggered.randomise(rows, **here.NAMES, cluster="county")))
made = staggered.differences(rows, **here.NAMES, cluster="county")
print(repr(clusters.cv3(made.regression, made.name)), made.table.to_csv(float_format="%r"))
print(repr(clusters.wild_bootstrap(made.regression, made.name)))
print(repr(staggered.find_detectable(rows, **here.NAMES, cluster="county")))
"""


def test_neither_hashes_nor_threads_matter() -> None:
    told = set()
    for hashes, threads in (("0", "1"), ("1", "2")):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": hashes, "OPENBLAS_NUM_THREADS": threads,
                 "OMP_NUM_THREADS": threads, "PYTHONPATH": str(Path(__file__).parent)},
        )  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1
