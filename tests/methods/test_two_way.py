"""Two-way fixed effects and what they average: by brute force, as published, as others have them."""

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

KNOWN = json.loads(oracles.FROZEN.read_text(encoding="utf-8"))
NAMES = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treated": "first"}


def two_way(rows: pd.DataFrame, **how: object) -> staggered.TwoWay:
    return staggered.two_way(rows, **{**NAMES, **how})


def bacon(rows: pd.DataFrame, **how: object) -> staggered.Bacon:
    return staggered.bacon(rows, **{**NAMES, **how})


def brute_force(rows: pd.DataFrame, cluster: str) -> tuple[float, float]:
    """Regress on a mark for every unit and period, all written out."""
    treated = ((rows["first"] > 0) & (rows["period"] >= rows["first"])).astype(float)
    x = np.column_stack([
        treated, rows["size"], pd.get_dummies(rows["unit"], dtype=float),
        pd.get_dummies(rows["period"], dtype=float).iloc[:, 1:],
    ])  # fmt: skip
    y = rows["outcome"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    params = bread @ x.T @ y
    scores = pd.DataFrame(x * (y - x @ params)[:, None]).groupby(rows[cluster].to_numpy()).sum()
    n, g = len(rows), len(scores)
    factor = g / (g - 1) * (n - 1) / (n - 2 - rows["period"].nunique())
    spread = factor * bread @ scores.T.to_numpy() @ scores.to_numpy() @ bread
    return params[0], np.sqrt(spread[0, 0])


@pytest.mark.parametrize("data", ["full", "gaps"])
@pytest.mark.parametrize("cluster", ["unit", "place"])
def test_it_equals_a_regression_with_all_marks_written_out(data: str, cluster: str) -> None:
    rows = oracles.draw(data)
    made = two_way(rows, covariates=["size"], cluster=cluster)
    assert (made.estimate, made.se) == pytest.approx(brute_force(rows, cluster), rel=1e-9)
    assert made.counted == 9


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[pytest.mark.shared_data] if n.split()[0] in oracles.REAL else [])
        for n in KNOWN["pyfixest"]
    ],
)
def test_it_equals_pyfixest(name: str) -> None:
    data, cluster, *more = name.split()
    rows = oracles.draw(data)
    made = two_way(rows, cluster=cluster, covariates=["size"] if more else [])
    known = KNOWN["pyfixest"][name]
    k = 2 if more else 1
    factor = np.sqrt((made.rows - k) / (made.rows - k - rows["period"].nunique()))
    assert made.estimate == pytest.approx(known["estimate"], rel=1e-6)
    assert made.se == pytest.approx(known["se"] * factor, rel=1e-6)


def test_units_are_counted_where_clusters_do_not_hold_them() -> None:
    rows = oracles.draw().assign(half=lambda d: d["period"] + 10 * (d["unit"] % 9))
    assert two_way(rows, cluster="half").counted == 1 + 7 + oracles.UNITS - 1


@pytest.mark.shared_data
def test_it_equals_what_is_published(shared_data: Path) -> None:
    """Checks O4 and O6, and the error of fixest for laws of self-defence."""
    rows = pd.read_csv(shared_data / "did_mpdta" / "mpdta.csv")
    how = {"outcome": "lemp", "unit": "countyreal", "time": "year", "first_treated": "first.treat"}
    made = two_way(rows, **how)
    assert (made.estimate, made.se) == pytest.approx((-0.0365489367, 0.0132651554), rel=1e-6)
    assert bacon(rows, **how).estimate == pytest.approx(-0.0365489367, rel=1e-6)
    reform = pd.read_csv(shared_data / "bacondecomp" / "math_reform.csv")
    reform["first"] = reform["reformyr_math"].fillna(0)
    parts = bacon(reform, outcome="incearn_ln", unit="state", time="class")
    kinds = parts.by_kind().loc[["not_yet_treated", "already_treated", "never_treated"]]
    assert kinds["weight"].tolist() == pytest.approx([0.06353, 0.05265, 0.88382], abs=1e-5)
    assert kinds["estimate"].tolist() == pytest.approx([0.02868, 0.03375, -0.00129], abs=1e-5)
    assert parts.estimate == pytest.approx(0.00245997, rel=1e-4)


def test_weights_by_hand() -> None:
    """Two cohorts of one unit each and one never treated, in three periods.

    Weights go with products of shares and of times before and after: of 2 against never 1 * 2, of 3
    against never 2 * 1, of 2 while 3 waits 1 * 1, of 3 against 2 already treated 1 * 1.
    """
    rows = pd.DataFrame(
        {"unit": [1] * 3 + [2] * 3 + [3] * 3, "period": [1, 2, 3] * 3,
         "first": [2] * 3 + [3] * 3 + [0] * 3, "outcome": [0, 1, 3, 0, 0, 1, 0, 0, 0.0]}
    )  # fmt: skip
    made = bacon(rows)
    told = {(a, b, kind): (w, e) for a, b, kind, w, e in made.table.itertuples(index=False)}
    assert told == {
        (2, 0, "never_treated"): (pytest.approx(1 / 3), 2.0),
        (2, 3, "not_yet_treated"): (pytest.approx(1 / 6), 1.0),
        (3, 0, "never_treated"): (pytest.approx(1 / 3), 1.0),
        # The earlier rises by 2 when the later rises by 1: growth counts against it.
        (3, 2, "already_treated"): (pytest.approx(1 / 6), -1.0),
    }
    assert made.estimate == pytest.approx(1.0)


@pytest.mark.parametrize("data", ["full", "no never"])
def test_the_parts_add_up_to_the_estimate(data: str) -> None:
    rows = oracles.draw(data)
    made = bacon(rows)
    assert made.table["weight"].sum() == pytest.approx(1, rel=1e-12)
    assert (made.table["weight"] > 0).all()
    assert made.estimate == pytest.approx(two_way(rows).estimate, rel=1e-9)
    if data == "full":
        # Those of 1 are treated from the start.
        assert "always_treated" in set(made.table["kind"])


def test_the_parts_equal_those_of_diff_diff() -> None:
    rows = oracles.draw().query("first != 1")
    ours = bacon(rows).table
    theirs = pd.DataFrame(
        KNOWN["diff_diff"]["bacon"], columns=["first_treated", "control", "e", "w"]
    )
    both = ours.merge(theirs, on=["first_treated", "control"], validate="1:1")
    assert len(both) == len(ours) == len(theirs)
    np.testing.assert_allclose(both[["estimate", "weight"]], both[["e", "w"]], rtol=1e-6)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["full", "gaps"]))
def test_neither_order_nor_names_nor_constants_matter(seed: int, data: str) -> None:
    rng = np.random.default_rng(seed)
    rows = oracles.draw(data)
    how = {"covariates": ["size"], "cluster": "place"}
    made = two_way(rows, **how)
    mixed = rows.sample(frac=1, random_state=rng)
    again = two_way(mixed, **how)
    assert (again.estimate, again.se) == (made.estimate, made.se)
    names = rng.permutation(oracles.UNITS)
    shift = 10 * rng.random(oracles.UNITS)[mixed["unit"]] + rng.random(8)[mixed["period"]]
    moved = mixed.assign(unit=names[mixed["unit"]], outcome=mixed["outcome"] + shift)
    other = two_way(moved, **how)
    assert (other.estimate, other.se) == pytest.approx((made.estimate, made.se), rel=1e-8)
    if data == "full":
        assert bacon(moved).estimate == pytest.approx(bacon(rows).estimate, rel=1e-8)


def test_a_column_that_units_explain_has_no_estimate() -> None:
    made = two_way(oracles.draw(), covariates=["poor", "size"])
    assert np.isnan(made.params["poor"])
    assert made.params[["treated", "size"]].notna().all()
    assert made.se == pytest.approx(two_way(oracles.draw(), covariates=["size"]).se, rel=1e-9)


def test_what_cannot_be_told_is_refused() -> None:
    rows = oracles.draw()
    with pytest.raises(UsageError, match="cannot be told"):
        two_way(rows[rows["first"] == 3])
    with pytest.raises(UsageError, match="every unit in every period"):
        bacon(oracles.draw("gaps"))
    with pytest.raises(UsageError, match="no cohorts to compare"):
        bacon(rows[rows["first"] == 0])
    with pytest.raises(UsageError, match="two clusters"):
        two_way(rows.assign(all=1), cluster="all")
