"""Imputation and the regression by cohort: by hand, as published, as others have them, true effects."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import staggered_oracles as oracles
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import UsageError
from analysis.methods import staggered

KNOWN = json.loads(oracles.FROZEN.read_text(encoding="utf-8"))["diff_diff"]
NAMES = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treated": "first"}
WAYS = {"imputation": staggered.imputation, "sun_abraham": staggered.sun_abraham}


def estimate(way: str, rows: pd.DataFrame, **how: object) -> staggered.EventStudy:
    return WAYS[way](rows, **{**NAMES, **how})


def two_by_two() -> pd.DataFrame:
    """Three treated rise by 3, 4, 5; two others by 1 and 2."""
    before, after = [1.0, 0.0, 2.0, 5.0, 4.0], [4.0, 4.0, 7.0, 6.0, 6.0]
    return pd.DataFrame(
        {"unit": list("abcde") * 2, "period": [1] * 5 + [2] * 5, "first": [2, 2, 2, 0, 0] * 2,
         "outcome": before + after}
    )  # fmt: skip


def test_imputation_by_hand() -> None:
    made = estimate("imputation", two_by_two())
    assert made.estimate == pytest.approx(2.5, rel=1e-12)
    # What is left: -1, 0, 1 thirds of the treated; of others -1/4 and +1/4 in both periods.
    assert made.se == pytest.approx(np.sqrt(2 / 9 + 0.5 / 4), rel=1e-12)
    assert made.table[["event", "rows_n"]].to_numpy().tolist() == [[0, 3]]


def test_the_regression_by_cohort_by_hand() -> None:
    made = estimate("sun_abraham", two_by_two())
    assert made.estimate == pytest.approx(2.5, rel=1e-12)
    # The same parts; 5/4 for five units, 9/(10 - 3) for one estimate and two periods.
    assert made.se == pytest.approx(np.sqrt((2 / 9 + 0.5 / 4) * 5 / 4 * 9 / 7), rel=1e-12)


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "bacon"])
def test_they_equal_diff_diff(name: str) -> None:
    way, *more = name.split()
    rows = oracles.draw("gaps" if "gaps" in more else "full").query("first != 1")
    made = estimate(way, rows, covariates=["size"] if "x" in more else [],
                    cluster="place" if "place" in more else None)  # fmt: skip
    known = KNOWN[name]
    if "estimate" in known:
        assert (made.estimate, made.se) == pytest.approx((known["estimate"], known["se"]), rel=1e-6)
    if "event" in known:
        both = pd.DataFrame(known["event"], columns=["event", "e", "s"]).merge(made.table)
        assert len(both) == len(known["event"]) >= 5
        np.testing.assert_allclose(both[["estimate", "se"]], both[["e", "s"]], rtol=1e-6)


@pytest.mark.shared_data
def test_it_equals_what_is_published(shared_data: Path) -> None:
    """Check O5: made data whose true effect is -1, which two-way fixed effects miss by far."""
    rows = pd.read_csv(shared_data / "fixest_did" / "base_stagg.csv")
    rows["first"] = rows["year_treated"].where(rows["year_treated"] < 100, 0)
    how = {"outcome": "y", "unit": "id", "time": "year", "covariates": ["x1"]}
    made = estimate("sun_abraham", rows, **how)
    assert (made.estimate, made.se) == pytest.approx((-1.133749, 0.205070), rel=1e-5)
    # Covariates count: without them this is -5.0415.
    first = made.table.set_index("event").loc[0, "estimate"]
    assert first == pytest.approx(-5.1882, abs=5e-5)
    before = staggered.two_way(rows, **{**NAMES, **how})
    assert before.estimate == pytest.approx(-3.6831, rel=1e-5)


def test_without_a_never_treated_cohort_the_last_one_serves() -> None:
    rows = oracles.draw("no never")
    made = estimate("sun_abraham", rows)
    assert set(made.cells["first_treated"]) == {3, 4}
    assert made.left_out["nobody_left_untreated"] == (rows["period"] > 5).sum()
    # In 6 and 7 nobody is untreated, so that nothing can be imputed there.
    other = estimate("imputation", rows)
    assert other.left_out == {"not_imputable": int((rows["period"] > 5).sum())}
    assert (other.cells["first_treated"] + other.cells["event"]).max() == 5


def test_those_treated_from_the_start_cannot_be_imputed() -> None:
    rows = oracles.draw()
    made = estimate("imputation", rows)
    assert made.left_out == {"not_imputable": 4 * oracles.PERIODS}
    other = estimate("imputation", rows[rows["first"] != 1])
    assert (made.estimate, made.se) == pytest.approx((other.estimate, other.se), rel=1e-10)


@pytest.mark.parametrize("way", WAYS)
def test_a_unit_seen_once_tells_nothing_and_breaks_nothing(way: str) -> None:
    rows = oracles.draw("gaps").query("first != 1")
    once = rows.query("first == 0").head(1).assign(unit=999, outcome=1e3)
    made, other = estimate(way, rows), estimate(way, pd.concat([rows, once]))
    assert other.estimate == pytest.approx(made.estimate, rel=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_averages_are_those_of_their_cells(way: str) -> None:
    made = estimate(way, oracles.draw("gaps"), cluster="place")
    cells = made.cells.assign(product=made.cells["estimate"] * made.cells["rows_n"])
    sums = cells.groupby("event")[["product", "rows_n"]].sum()
    told = made.table.set_index("event")
    np.testing.assert_allclose(sums["product"] / sums["rows_n"], told["estimate"], rtol=1e-10)
    late = sums[sums.index >= 0].sum()
    assert made.estimate == pytest.approx(late["product"] / late["rows_n"], rel=1e-10)
    np.testing.assert_allclose(np.sqrt(np.diag(made.covariance())), told["se"], rtol=1e-10)


@pytest.mark.parametrize("way", WAYS)
def test_true_effects_are_found(way: str) -> None:
    """Effects that differ by cohort and grow; without noise they are found to the digit."""
    first = np.repeat([0, 3, 4], [40, 20, 20])
    unit, period = np.repeat(np.arange(80), 5), np.tile(np.arange(1, 6), 80)
    begun = (first[unit] > 0) & (period >= first[unit])
    effect = begun * (1 + 0.5 * (period - first[unit]) + (first[unit] == 4))
    fixed = np.random.default_rng(4).normal(size=80)[unit] + period**2
    rows = pd.DataFrame({"unit": unit, "period": period, "first": first[unit]})
    exact = estimate(way, rows.assign(outcome=fixed + effect)).cells.query("event >= 0")
    known = 1 + 0.5 * exact["event"] + (exact["first_treated"] == 4)
    np.testing.assert_allclose(exact["estimate"], known, atol=1e-9)
    rng, inside, off = np.random.default_rng(5), 0, []
    for _ in range(200):
        noisy = rows.assign(outcome=fixed + effect + rng.normal(size=400))
        made = estimate(way, noisy)
        gap = made.estimate - effect[begun].mean()
        off.append(gap)
        inside += abs(gap) < 1.96 * made.se
    assert abs(np.mean(off)) < 4 * np.std(off) / np.sqrt(200)
    assert 0.89 < inside / 200 < 0.99


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from(list(WAYS)))
def test_neither_order_nor_names_nor_constants_matter(seed: int, way: str) -> None:
    rng = np.random.default_rng(seed)
    rows = oracles.draw("gaps")
    how = {"covariates": ["size"], "cluster": "place"}
    made = estimate(way, rows, **how)
    mixed = rows.sample(frac=1, random_state=rng)
    pd.testing.assert_frame_equal(estimate(way, mixed, **how).table, made.table, check_exact=True)
    names = rng.permutation(oracles.UNITS)
    shift = 10 * rng.random(oracles.UNITS)[mixed["unit"]] + rng.random(8)[mixed["period"]]
    moved = mixed.assign(unit=names[mixed["unit"]], outcome=mixed["outcome"] + shift)
    other = estimate(way, moved, **how)
    pd.testing.assert_frame_equal(other.table, made.table, rtol=1e-7, atol=1e-9)
    assert (other.estimate, other.se) == pytest.approx((made.estimate, made.se), rel=1e-8)


def test_what_cannot_be_told_is_refused() -> None:
    rows = oracles.draw()
    with pytest.raises(UsageError, match="rows with and without"):
        estimate("imputation", rows[rows["first"] == 0])
    with pytest.raises(UsageError, match="no treated row"):
        estimate("imputation", rows[rows["first"].isin([3, 1]) & (rows["period"] > 2)
                                    | (rows["first"] == 0) & (rows["period"] < 3)])  # fmt: skip
    with pytest.raises(UsageError, match="no cohort"):
        estimate("sun_abraham", rows[rows["first"] == 3])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("data", ["full", "gaps", "no never"])
def test_anticipation_is_an_earlier_start_that_is_counted_from_the_later(
    way: str, data: str
) -> None:
    rows = oracles.draw(data)
    earlier = rows.assign(first=rows["first"].where(rows["first"] == 0, rows["first"] - 1))
    earlier, rows = (each[rows["first"] != 1] for each in (earlier, rows))
    made, known = estimate(way, rows, anticipation=1), estimate(way, earlier)
    assert made.table["event"].tolist() == [event - 1 for event in known.table["event"]]
    for column in ("estimate", "se", "rows_n"):
        assert made.table[column].to_numpy() == pytest.approx(
            known.table[column].to_numpy(), rel=1e-9
        )
    late = known.cells.query("event >= 1")
    mean = (late["estimate"] * late["rows_n"]).sum() / late["rows_n"].sum()
    assert made.estimate == pytest.approx(mean, rel=1e-9)
    assert made.estimate != pytest.approx(known.estimate, rel=1e-3)


@pytest.mark.parametrize("way", WAYS)
def test_treatment_is_not_known_after_it_began(way: str) -> None:
    with pytest.raises(UsageError, match="anticipation cannot be negative"):
        estimate(way, two_by_two(), anticipation=-1)
    with pytest.raises(UsageError):
        estimate(way, two_by_two(), anticipation=1)
