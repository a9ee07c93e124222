"""Effects by cohort and period: by hand, as published, as csdid has them, and what must not matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import staggered_oracles as oracles
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import UsageError
from analysis.methods import staggered

KNOWN = json.loads(oracles.FROZEN.read_text(encoding="utf-8"))
NAMES = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treated": "first"}


def estimate(rows: pd.DataFrame, **how: object) -> staggered.GroupTime:
    return staggered.group_time_effects(rows, **{**NAMES, **how})


def by_case(name: str, **more: object) -> staggered.GroupTime:
    how = {k: v for k, v in oracles.CASES[name].items() if k not in ("data", "balance")}
    data = oracles.CASES[name].get("data", "full")
    more = {"unit": None, **more} if data == "rows" else more
    return estimate(oracles.draw(data), **{**how, **more})


def same_as_csdid(name: str, made: staggered.GroupTime) -> None:
    """Compare cells, all averages and the test of earlier periods."""
    known = KNOWN["csdid"][name]
    ours = made.table[["first_treated", "period", "estimate", "se"]].to_numpy(dtype=float)
    np.testing.assert_allclose(ours, np.array(known["cells"], dtype=float), rtol=1e-6, atol=1e-12)
    for kind, theirs in known["averages"].items():
        balance = oracles.CASES[name].get("balance") if kind == "dynamic" else None
        average = made.aggregate(kind, balance=balance)
        assert [average.estimate, average.se] == pytest.approx(
            [theirs["estimate"], theirs["se"]], rel=1e-6
        )
        if "cells" in theirs:
            cells = np.array(theirs["cells"], dtype=float)
            np.testing.assert_allclose(average.table.to_numpy(), cells, rtol=1e-6, atol=1e-12)
    if known["wald"] is not None:
        assert made.pretest().statistic == pytest.approx(known["wald"], rel=1e-6)


def two_by_two() -> pd.DataFrame:
    """Three treated rise by 3, 4, 5; two others by 1 and 2."""
    before, after = [1.0, 0.0, 2.0, 5.0, 4.0], [4.0, 4.0, 7.0, 6.0, 6.0]
    return pd.DataFrame(
        {"unit": list("abcde") * 2, "period": [1] * 5 + [2] * 5, "first": [2, 2, 2, 0, 0] * 2,
         "outcome": before + after}
    )  # fmt: skip


def test_two_groups_and_two_periods_by_hand() -> None:
    made = estimate(two_by_two())
    cell = made.table.iloc[0]
    assert (cell["first_treated"], cell["period"], cell["event"], cell["base"]) == (2, 2, 0, 1)
    assert (cell["treated_n"], cell["control_n"], cell["reason"]) == (3, 2, "")
    assert cell["estimate"] == 4 - 1.5
    # Squares about the means over squared sizes: (1 + 0 + 1) / 9 + (1/4 + 1/4) / 4.
    assert cell["se"] == pytest.approx(np.sqrt(2 / 9 + 0.5 / 4), rel=1e-15)
    for kind in oracles.KINDS:
        average = made.aggregate(kind)
        assert average.estimate == 2.5
        assert average.se == pytest.approx(cell["se"], rel=1e-15)


def test_errors_by_cluster_by_hand() -> None:
    rows = two_by_two().assign(town=list("xyyxy") * 2)
    made = estimate(rows, cluster="town")
    # Contributions: treated -1/3, 0, 1/3; others +1/4, -1/4; x has the first and the fourth.
    assert made.clusters == 2
    assert made.table["se"][0] == pytest.approx(np.sqrt(2) / 12, rel=1e-13)


def test_a_covariate_by_hand() -> None:
    """Others change by 1 + z, the treated by 3 + z: their effect is 2 at every z."""
    z = np.array([0.0, 1.0, 2.0, 0.0, 1.0, 3.0])
    rows = pd.DataFrame(
        {"unit": [*range(6)] * 2, "period": [1] * 6 + [2] * 6, "first": [2, 2, 2, 0, 0, 0] * 2,
         "z": [*z, *z], "outcome": [*np.zeros(6), *(1 + z + 2 * (np.arange(6) < 3))]}
    )  # fmt: skip
    for method in ("reg", "dr"):
        made = estimate(rows, covariates=["z"], method=method)
        assert made.table["estimate"][0] == pytest.approx(2, abs=1e-12)
    assert estimate(rows).table["estimate"][0] == pytest.approx(2 - 1 / 3)


def test_rows_of_other_units_before_and_after_by_hand() -> None:
    """Four means, each with the spread of its own rows; names of units are not asked for."""
    made = estimate(two_by_two().drop(columns="unit"), unit=None)
    cell = made.table.iloc[0]
    assert cell["estimate"] == pytest.approx(5 - 1 - 6 + 4.5, rel=1e-15)
    # Squares about the means 5, 1, 6 and 4.5 over squared sizes.
    assert cell["se"] == pytest.approx(np.sqrt(6 / 9 + 2 / 9 + 0 + 0.5 / 4), rel=1e-15)


def test_a_unit_with_a_gap_by_hand() -> None:
    """Without the first unit's row before, means are of those seen, and its row after counts."""
    rows = two_by_two().drop(index=0)
    made = estimate(rows)
    assert made.table["estimate"][0] == pytest.approx(5 - 1 - 6 + 4.5, rel=1e-15)
    full = estimate(rows, gaps="drop")
    assert full.table["estimate"][0] == pytest.approx(4.5 - 1.5)
    assert full.left_out["not_seen_throughout"] == 1
    # b, c: +-1/2 of half, of d, e: +-1/4; each unit before and after together.
    parts = [-1 / 3, -1 / 3 + 1 / 2, 2 / 3 - 1 / 2, -1 / 4, 1 / 4]
    assert made.table["se"][0] == pytest.approx(np.sqrt(np.square(parts).sum()), rel=1e-14)


def test_a_universal_base_has_a_cell_that_is_nought_by_definition() -> None:
    made = by_case("universal").table
    base = made[made["period"] == made["base"]]
    assert len(base) == made["first_treated"].nunique()
    assert (base["estimate"] == 0).all()
    assert base["se"].isna().all()
    # From treatment on, bases are the same.
    late = made[made["event"] >= 0].reset_index(drop=True)
    other = by_case("never reg").table.query("event >= 0").reset_index(drop=True)
    pd.testing.assert_frame_equal(late, other)


def test_anticipation_moves_the_base_and_the_controls() -> None:
    table = by_case("anticipation").table
    within = table[table["event"] >= -1]
    assert (within["base"] == within["first_treated"] - 2).all()
    assert (table[table["event"] < -1]["base"] == table[table["event"] < -1]["period"] - 1).all()


def test_a_balanced_event_study_has_the_same_cohorts_throughout() -> None:
    made = by_case("never reg")
    narrow = made.aggregate("dynamic", balance=2)
    assert narrow.table["event"].max() == 2
    cells = made.table[made.table["first_treated"].isin([3, 4])]
    for event in (0, 1, 2):
        own = cells[cells["event"] == event]
        share = made.shares[own["first_treated"]].to_numpy()
        mean = (share * own["estimate"]).sum() / share.sum()
        told = narrow.table.set_index("event")["estimate"]
        assert told[event] == pytest.approx(mean, rel=1e-12)
    with pytest.raises(UsageError, match="seen for so long"):
        made.aggregate("dynamic", balance=9)


@pytest.mark.parametrize("weights", ["mammen", "webb", "rademacher"])
def test_a_band_holds_for_all_cells_at_once(weights: str) -> None:
    """Its width is that of the largest of as many normal numbers, correlated as the cells are."""
    average = by_case("never reg").aggregate("dynamic")
    band = average.band(draws=4999, weights=weights)
    wide = ((band["high"] - band["low"]) / (2 * band["se"])).to_numpy()
    assert np.ptp(wide) < 1e-9
    spread = average.covariance().to_numpy()
    drawn = np.random.default_rng(2).multivariate_normal(np.zeros(len(spread)), spread, 20_000)
    known = np.quantile(np.abs(drawn / np.sqrt(np.diag(spread))).max(axis=1), 0.95)
    assert wide[0] == pytest.approx(known, abs=0.12)
    assert wide[0] > 1.96


def test_a_band_is_the_same_for_the_same_seed_in_any_order_by_any_name() -> None:
    rows = oracles.draw()
    made = estimate(rows, cluster="place").aggregate("dynamic").band(weights="webb")
    mixed = rows.sample(frac=1, random_state=3)
    again = estimate(mixed, cluster="place").aggregate("dynamic").band(weights="webb")
    pd.testing.assert_frame_equal(again, made, check_exact=True)
    renamed = mixed.assign(place=101 - mixed["place"], unit=500 - mixed["unit"])
    other = estimate(renamed, cluster="place").aggregate("dynamic").band(weights="webb")
    pd.testing.assert_frame_equal(other, made, rtol=1e-9)
    changed = estimate(rows, cluster="place").aggregate("dynamic").band(weights="webb", seed=2)
    assert (changed["high"] != made["high"]).any()


def test_a_band_of_all_cells_leaves_out_what_has_no_estimate() -> None:
    rows = oracles.draw().assign(apart=lambda d: d["size"] + 50 * (d["first"] == 3))
    made = estimate(rows, covariates=["apart"], method="dr").band()
    lost = made["first_treated"] == 3
    assert made.loc[lost, ["low", "high"]].isna().all(axis=None)
    assert (
        made.loc[~lost, "high"] - made.loc[~lost, "estimate"] > 1.96 * made.loc[~lost, "se"]
    ).all()


def test_a_band_that_cannot_be_made_is_refused() -> None:
    average = by_case("never reg").aggregate("dynamic")
    with pytest.raises(UsageError, match="weights"):
        average.band(weights="normal")
    with pytest.raises(UsageError, match="level"):
        average.band(level=95)


@pytest.mark.parametrize("name", ["gaps dr x", "rows dr x", "rows reg"])
def test_order_and_names_do_not_matter_with_gaps(name: str) -> None:
    case = oracles.CASES[name]
    how = {k: v for k, v in case.items() if k != "data"}
    how |= {"unit": None} if case["data"] == "rows" else {}
    rows = oracles.draw(case["data"])
    made = estimate(rows, **how)
    mixed = rows.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(estimate(mixed, **how).table, made.table, check_exact=True)
    renamed = mixed.assign(unit=1000 - mixed["unit"], place=1000 - mixed["place"])
    shift = np.arange(8.0)[mixed["period"]]
    moved = renamed.assign(outcome=mixed["outcome"] + shift)
    pd.testing.assert_frame_equal(estimate(moved, **how).table, made.table, rtol=1e-8)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[pytest.mark.shared_data] if case.get("data") in oracles.REAL else [])
        for n, case in oracles.CASES.items()
    ],
)
def test_it_equals_csdid(name: str) -> None:
    same_as_csdid(name, by_case(name))


@pytest.mark.shared_data
def test_it_equals_what_is_published(shared_data: Path) -> None:
    """Minimum wages and teenage employment (Callaway and Sant'Anna 2021), checks O1 to O3."""
    rows = pd.read_csv(shared_data / "did_mpdta" / "mpdta.csv")
    made = estimate(rows, outcome="lemp", unit="countyreal", time="year",
                    first_treated="first.treat")  # fmt: skip
    known = {
        "simple": (-0.0399512752, 0.0120340128),
        "dynamic": (-0.0772398215, 0.0199649891),
        "group": (-0.0310182822, 0.0124460593),
    }
    for kind, numbers in known.items():
        average = made.aggregate(kind)
        assert (average.estimate, average.se) == pytest.approx(numbers, rel=1e-6)
    late = made.aggregate("dynamic").table.query("event >= 0")
    assert late["estimate"].tolist() == pytest.approx(
        [-0.0199318168, -0.0509573671, -0.1372587389, -0.1008113631], rel=1e-6
    )
    assert late["se"].tolist() == pytest.approx(
        [0.0118263641, 0.0168934763, 0.0364356643, 0.0343592258], rel=1e-6
    )
    # With a year of anticipation, its effects are no part of the average.
    wary = estimate(rows, outcome="lemp", unit="countyreal", time="year",
                    first_treated="first.treat", anticipation=1)  # fmt: skip
    assert wary.aggregate("simple").estimate == pytest.approx(-0.0452, abs=5e-5)
    test = made.pretest()
    assert test.df == 5
    assert (test.statistic, test.p) == pytest.approx((7.791237, 0.16812), rel=1e-4)


def test_the_covariance_of_an_average_has_its_errors() -> None:
    average = by_case("notyet dr place x").aggregate("dynamic")
    spread = average.covariance()
    assert spread.index.tolist() == average.table["event"].tolist()
    np.testing.assert_allclose(np.sqrt(np.diag(spread)), average.table["se"], rtol=1e-12)
    late = average.table["event"].to_numpy() >= 0
    part = spread.to_numpy()[np.ix_(late, late)]
    assert average.se == pytest.approx(np.sqrt(part.sum()) / late.sum(), rel=1e-12)


def test_true_effects_are_found() -> None:
    """The mean over many draws of outcomes is the effect put in, and errors tell how far each lies off."""
    rng = np.random.default_rng(5)
    first = np.repeat([0, 3, 4], [40, 20, 20])
    unit, period = np.repeat(np.arange(80), 5), np.tile(np.arange(1, 6), 80)
    begun = (first[unit] > 0) & (period >= first[unit])
    effect = begun * (1 + 0.5 * (period - first[unit]))
    off, inside = [], 0
    for _ in range(200):
        outcome = rng.normal(size=80)[unit] + 0.3 * period + effect + rng.normal(size=400)
        rows = pd.DataFrame(
            {"unit": unit, "period": period, "first": first[unit], "outcome": outcome}
        )
        late = estimate(rows, control="notyet").aggregate("dynamic").table.query("event >= 0")
        gap = late["estimate"].to_numpy() - [1, 1.5, 2]
        off.append(gap)
        inside += (np.abs(gap) < 1.96 * late["se"].to_numpy()).sum()
    assert np.abs(np.mean(off, axis=0)).max() < 4 * np.std(off, axis=0).max() / np.sqrt(200)
    assert 0.91 < inside / 600 < 0.98


@settings(max_examples=15)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(["never reg", "notyet dr place x", "never ipw x"])
)
def test_neither_order_nor_names_nor_constants_matter(seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    how = {k: v for k, v in oracles.CASES[name].items() if k != "data"}
    rows = oracles.draw()
    made = estimate(rows, **how)
    mixed = rows.sample(frac=1, random_state=rng)
    again = estimate(mixed, **how)
    pd.testing.assert_frame_equal(again.table, made.table, check_exact=True)
    assert (again.influence == made.influence).all()
    labels = rng.permutation(oracles.UNITS)[mixed["unit"]]
    renamed = mixed.assign(unit=[f"u{i}" for i in labels])
    shift = 10 * rng.random(oracles.UNITS)[mixed["unit"]] + rng.random(8)[mixed["period"]]
    moved = renamed.assign(outcome=renamed["outcome"] + shift)
    for other in (renamed, moved):
        table = estimate(other, **how).table
        pd.testing.assert_frame_equal(table, made.table, rtol=1e-8, atol=1e-10)
        for kind in oracles.KINDS:
            a, b = estimate(other, **how).aggregate(kind), made.aggregate(kind)
            assert (a.estimate, a.se) == pytest.approx((b.estimate, b.se), rel=1e-8)


def test_the_frame_is_not_written_to() -> None:
    rows = oracles.draw()
    before = rows.copy()
    estimate(rows, covariates=["size"], method="dr", control="notyet")
    pd.testing.assert_frame_equal(rows, before)


SCRIPT = """
import staggered_oracles as oracles
from analysis.methods import staggered
made = staggered.group_time_effects(
    oracles.draw(), outcome="outcome", unit="unit", time="period", first_treated="first",
    control="notyet", covariates=["size", "poor"], method="dr", cluster="place")
print(made.table.to_csv(float_format="%r"), made.aggregate("dynamic").covariance().to_csv())
print(made.band(weights="webb").to_csv(float_format="%r"))
names = dict(outcome="outcome", unit="unit", time="period", first_treated="first", cluster="place")
gaps = oracles.draw("gaps")
two = staggered.two_way(gaps, **names, covariates=["size"])
print(repr(two.estimate), repr(two.se))
for way in (staggered.imputation, staggered.sun_abraham):
    print(way(gaps, **names, covariates=["size"]).cells.to_csv(float_format="%r"))
"""


def test_neither_hashes_nor_threads_matter() -> None:
    told = set()
    for hashes, threads in (("0", "1"), ("1", "2"), ("2", "1")):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": hashes, "OPENBLAS_NUM_THREADS": threads,
                 "OMP_NUM_THREADS": threads, "PYTHONPATH": str(Path(__file__).parents[1])},
        )  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1


def test_rows_that_are_compared_with_nothing_are_counted() -> None:
    made = by_case("never reg")
    assert made.left_out == {"nobody_left_untreated": 0, "treated_from_the_start": 4 * 7}
    # Those treated after the last period are never treated as far as anybody can see.
    assert 9 not in set(made.table["first_treated"])
    late = by_case("no never")
    assert late.left_out["nobody_left_untreated"] > 0
    assert late.table["period"].max() == 5


def test_those_early_are_early_in_the_periods_that_are_left() -> None:
    """In 1 only units treated by then are seen, so that those of 2 have no period before."""
    rows = oracles.draw().query("first != 9")
    rows = rows.assign(first=rows["first"].where(rows["unit"] % 5 > 0, 2))
    rows = rows.query("period > 1 or first == 1")
    made = estimate(rows, control="notyet")
    assert made.table["first_treated"].min() == 3
    assert made.periods.tolist() == [2, 3, 4, 5, 6, 7]
    early = rows["first"].isin([1, 2]).sum()
    assert made.left_out["treated_from_the_start"] == early


def test_what_cannot_be_told_says_why() -> None:
    rows = oracles.draw().assign(twice=lambda d: 2 * d["size"])
    singular = estimate(rows, covariates=["size", "twice"])
    assert set(singular.table["reason"]) == {"singular"}
    assert singular.table[["estimate", "se"]].isna().all(axis=None)
    with pytest.raises(UsageError, match="cells have no estimate"):
        singular.aggregate("simple")
    with pytest.raises(UsageError, match="no estimate from treatment on"):
        singular.aggregate("simple", missing="drop")
    apart = rows.assign(size=rows["size"] + 50 * (rows["first"] == 3))
    made = estimate(apart, covariates=["size"], method="dr")
    reasons = made.table.groupby("first_treated")["reason"].agg(set)
    assert reasons[3] == {"overlap"}
    assert reasons[4] == {""}
    kept = made.aggregate("group", missing="drop")
    assert kept.table["first_treated"].tolist() == [4, 6]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcome": "none"}, "no such columns"),
        ({"control": "all"}, "control is one of"),
        ({"method": "ols"}, "method is one of"),
        ({"base": "first"}, "base is one of"),
        ({"gaps": "fill"}, "gaps is one of"),
        ({"anticipation": -1}, "cannot be negative"),
        ({"outcome": "word"}, "must be numbers"),
        ({"outcome": "gap"}, "missing values"),
        ({"first_treated": "moving"}, "the same in all rows of a unit"),
        ({"unit": "place"}, "more than one row"),
    ],
)
def test_wrong_calls_are_refused(change: dict, words: str) -> None:
    rows = oracles.draw().assign(
        word="a", gap=lambda d: d["outcome"].where(d.index > 3), moving=lambda d: d["period"] + 1
    )
    with pytest.raises(UsageError, match=words):
        estimate(rows, **change)


def test_nobody_never_treated_is_refused_by_name() -> None:
    rows = oracles.draw("no never")
    with pytest.raises(UsageError, match="use control="):
        estimate(rows)
    with pytest.raises(UsageError, match="no cohort"):
        estimate(rows[rows["first"] == 3], control="notyet")
    with pytest.raises(UsageError, match="no rows"):
        estimate(rows[rows["first"] == 99])
