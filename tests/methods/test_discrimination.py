"""How well scores tell events: by hand, brute force, published numbers, drawn data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from statsmodels.discrete.discrete_model import Logit
from statsmodels.stats.proportion import proportion_confint

from analysis.methods import discrimination as d


def draw(
    rng: np.random.Generator, schools: int = 30, size: int = 40, sd: float = 0.8
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    school = np.repeat(np.arange(schools), size)
    eta = -1.5 + rng.normal(0, 0.9, schools * size) + rng.normal(0, sd, schools)[school]
    return (rng.random(len(eta)) < expit(eta)).astype(float), expit(eta), school


def test_pairs_are_counted_and_ties_count_half() -> None:
    y, s = [1, 1, 0, 0, 0], [3, 1, 2, 1, 0]
    # Pairs: 3 beats all three; 1 ties one and beats one.
    assert d.auc(y, s).estimate == pytest.approx((3 + 1.5) / 6)


def test_delong_equals_the_brute_force_of_its_formula() -> None:
    rng = np.random.default_rng(1)
    y, p, _ = draw(rng, 4, 30)
    s = p.round(1)
    kernel = (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
    variance = kernel.mean(1).var(ddof=1) / len(kernel) + kernel.mean(0).var(ddof=1) / len(kernel.T)
    value, ours = d._delong(y, s)
    assert value == pytest.approx(kernel.mean())
    assert ours == pytest.approx(variance)


def test_one_outcome_alone_has_no_ranking() -> None:
    made = d.auc([0, 0, 0], [1, 2, 3])
    assert np.isnan([made.estimate, made.low, made.high]).all()
    assert (made.n, made.events) == (3, 0)


def test_the_bootstrap_of_schools_is_wider_where_schools_differ() -> None:
    y, p, school = draw(np.random.default_rng(2), sd=1.5)
    plain = d.auc(y, p)
    drawn = d.auc(y, p, cluster=school, rng=np.random.default_rng(3))
    assert drawn.estimate == plain.estimate
    assert drawn.low < drawn.estimate < drawn.high
    assert drawn.high - drawn.low > 1.2 * (plain.high - plain.low)


def test_draws_of_each_school_once_give_the_plain_numbers() -> None:
    y, p, _ = draw(np.random.default_rng(4))
    _, ranks = np.unique(p, return_inverse=True)
    assert d._weighted_auc(y, ranks, np.ones(len(y))) == pytest.approx(d.auc(y, p).estimate)
    s = p.round(2)
    order = np.argsort(-s, kind="stable")
    taken = d._take_weighted(s, np.ones(len(s)), 100 / len(s), order)
    assert taken == pytest.approx(d._take(s, 100))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_and_scale_of_scores_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, p, _ = draw(rng, 5, 12)
    p = p.round(1)
    order = rng.permutation(len(y))
    one, two = d.auc(y, p), d.auc(y[order], 7 * p[order] - 3)
    assert one.estimate == pytest.approx(two.estimate, nan_ok=True)
    k = int(rng.integers(1, len(y)))
    a, b = d.precision_at(y, p, k), d.precision_at(y[order], 7 * p[order] - 3, k)
    assert a.hits == pytest.approx(b.hits)
    assert a.hits == pytest.approx(k * a.precision.estimate)
    assert d.auc(1 - y, p).estimate == pytest.approx(1 - one.estimate, nan_ok=True)


def test_calibration_equals_statsmodels() -> None:
    y, p, _ = draw(np.random.default_rng(5))
    eta = np.log(p / (1 - p))
    slope = Logit(y, np.column_stack([np.ones(len(y)), eta])).fit(disp=0, tol=1e-12)
    large = Logit(y, np.ones((len(y), 1)), offset=eta).fit(disp=0, tol=1e-12)
    made = d.calibration(y, p)
    assert made.slope.estimate == pytest.approx(slope.params[1])
    assert made.intercept.estimate == pytest.approx(large.params[0])
    assert made.ratio.estimate == pytest.approx(p.sum() / y.sum())
    assert made.slope.low < 1 < made.slope.high
    assert made.ratio.low < 1 < made.ratio.high


def test_chances_that_are_too_extreme_or_too_low_are_found() -> None:
    y, p, school = draw(np.random.default_rng(6), 100, 60)
    extreme = d.calibration(y, expit(2 * np.log(p / (1 - p))), cluster=school)
    assert extreme.slope.high < 0.7
    low = d.calibration(y, p / 2, cluster=school)
    assert low.ratio.high < 0.6
    assert low.intercept.low > 0.5


def test_the_first_by_score_with_ties_over_the_last_place() -> None:
    made = d.precision_at([1, 0, 1, 0, 0], [9, 8, 7, 7, 7], 3)
    assert made.hits == pytest.approx(1 + 1 / 3)
    assert made.recall.estimate == pytest.approx((1 + 1 / 3) / 2)
    assert d.precision_at([1, 0], [2, 1], 10).capacity == 2


def test_wilson_is_statsmodels_wilson() -> None:
    for part, whole in ((0, 12), (3, 12), (12, 12), (40, 1000)):
        expected = proportion_confint(part, whole, method="wilson")
        assert d.wilson(part, whole) == pytest.approx(expected, abs=1e-9)


def test_a_better_score_is_seen_to_be_better_and_an_equal_one_is_not() -> None:
    y, p, school = draw(np.random.default_rng(7), 60, 100)
    rng = np.random.default_rng(8)
    noise = rng.random(len(y))
    better = d.compare_precision_at(y, p, noise, 600, cluster=school, rng=rng)
    assert better.low > 0
    same = d.compare_precision_at(y, p, 2 * p, 600, cluster=school, rng=rng)
    assert (same.estimate, same.low, same.high) == (0, 0, 0)


@pytest.mark.shared_data
def test_o13_errors_by_group(shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "aequitas_compas" / "compas_for_aequitas.csv")
    made = d.group_errors(rows["label_value"], rows["score"], rows["race"])
    table = made.set_index(["group", "rate"])["estimate"]
    expected = {"African-American": (0.448468, 0.279853), "Caucasian": (0.234543, 0.477226)}
    for race, errors in expected.items():
        found = (table[race, "false_positive"], table[race, "false_negative"])
        assert found == pytest.approx(errors, abs=1e-5)


def test_rates_of_few_are_hidden() -> None:
    y, f = [1] * 9 + [0] * 30, [1] * 20 + [0] * 19
    made = d.group_errors(y, f, ["a"] * 39).set_index("rate")
    assert made.loc["false_negative", "hidden"]
    assert np.isnan(made.loc["false_negative", ["estimate", "low", "high"]].astype(float)).all()
    assert not made.loc["false_positive", "hidden"]
    assert made.loc["false_positive", "estimate"] == pytest.approx(11 / 30)


@pytest.mark.shared_data
def test_university_dropout_is_told_as_well_as_others_found(shared_data: Path) -> None:
    # UCI 697: by what is known at enrolment, and after the first semester (stats.md: .799, .897).
    rows = pd.read_csv(shared_data / "uci_dropout" / "data.csv", sep=";", encoding="utf-8-sig")
    rows.columns = rows.columns.str.strip()
    y = (rows["Target"] == "Dropout").to_numpy(dtype=float)
    later = [c for c in rows if "sem" in c]
    doubtful = ["Tuition fees up to date", "Debtor", "Unemployment rate", "Inflation rate", "GDP"]
    codes = ["Marital status", "Application mode", "Course", "Previous qualification",
             "Mother's occupation", "Father's occupation", "Mother's qualification",
             "Father's qualification", "Nacionality", "Target"]  # fmt: skip
    early = rows.drop(columns=[*later, *doubtful, *codes])
    early = early.join(pd.get_dummies(rows["Course"], drop_first=True).add_prefix("c"))
    first = rows[[c for c in later if "1st" in c]]
    found = [_auc_of_a_logit(y, x.astype(float)) for x in (early, early.join(first))]
    assert 0.74 < found[0] < 0.82
    assert 0.85 < found[1] < 0.92


def _auc_of_a_logit(y: np.ndarray, x: pd.DataFrame) -> float:
    """Learn from two thirds and try on the rest."""
    learnt = np.arange(len(y)) % 3 > 0
    z = np.column_stack([np.ones(len(x)), (x - x.mean()) / x.std()])
    params = (
        Logit(y[learnt], z[learnt])
        .fit(disp=0, maxiter=200, method="bfgs", skip_hessian=True)
        .params
    )
    return d.auc(y[~learnt], z[~learnt] @ params).estimate


def test_the_range_of_the_bootstrap_holds_as_often_as_said() -> None:
    # A fast part of the simulation in docs/methods/dropout.md: 200 schools of 40.
    rng = np.random.default_rng(9)
    truth = d.auc(*draw(rng, 4000, 100)[:2]).estimate
    inside = 0
    for _ in range(120):
        y, p, school = draw(rng, 200, 40)
        made = d.auc(y, p, cluster=school, rng=rng, draws=200)
        inside += made.low <= truth <= made.high
    assert inside / 120 > 0.88  # 95 % less three and a half Monte-Carlo errors
