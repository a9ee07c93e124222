"""A logit with an intercept by group: against brute force, known truth, and its own limits."""

from __future__ import annotations

import json
import shutil

import glmer
import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import expit

from analysis.errors import UsageError
from analysis.methods import hazard
from analysis.methods.hazard import fit_random_intercept


def draw(
    rng: np.random.Generator, *, schools: int = 60, size: int = 40, sd: float = 0.8
) -> pd.DataFrame:
    school = np.repeat(np.arange(schools), size)
    n = schools * size
    rows = pd.DataFrame(
        {"school": [f"s{i:03}" for i in school], "poor": rng.binomial(1, 0.3, n).astype(float),
         "village": rng.binomial(1, 0.5, schools)[school].astype(float)}
    )  # fmt: skip
    eta = -1.5 + 0.6 * rows["poor"] + 0.5 * rows["village"] + rng.normal(0, sd, schools)[school]
    return rows.assign(left=(rng.random(n) < expit(eta)).astype(float))


def brute_force(rows: pd.DataFrame, covariates: list[str]) -> tuple[np.ndarray, np.ndarray, float]:
    """Maximise the likelihood integrated on a fine grid, with numerical derivatives: slow and plain."""
    u = np.linspace(-8, 8, 1601)
    log_density = -(u**2) / 2 - 0.5 * np.log(2 * np.pi) + np.log(u[1] - u[0])
    x = np.column_stack([np.ones(len(rows)), rows[covariates]])
    groups = [np.flatnonzero(rows["school"] == s) for s in sorted(rows["school"].unique())]
    y = rows["left"].to_numpy()

    def minus(theta: np.ndarray) -> float:
        total = 0.0
        for at in groups:
            eta = (x[at] @ theta[:-1])[:, None] + theta[-1] * u
            height = (y[at][:, None] * eta - np.logaddexp(0, eta)).sum(axis=0) + log_density
            total += np.log(np.exp(height - height.max()).sum()) + height.max()
        return -total

    start = np.append(np.zeros(x.shape[1]), 0.5)
    found = optimize.minimize(minus, start, method="BFGS", options={"gtol": 1e-6})
    step = 1e-3 * np.eye(len(start))
    best = found.x
    curve = np.array([
        [(minus(best + a + b) - minus(best + a - b) - minus(best - a + b) + minus(best - a - b))
         / 4e-6 for b in step] for a in step
    ])  # fmt: skip
    return best, np.sqrt(np.diag(np.linalg.inv(curve))), 2 * found.fun


def test_it_equals_the_likelihood_integrated_by_brute_force() -> None:
    rows = draw(np.random.default_rng(1), schools=15, size=12)
    fitted = fit_random_intercept(rows, outcome="left", covariates=["poor"], group="school")
    best, errors, deviance = brute_force(rows, ["poor"])
    assert fitted.deviance == pytest.approx(deviance, abs=1e-5)
    assert [*fitted.params, fitted.sd] == pytest.approx(best, abs=1e-3)
    assert [*fitted.se, fitted.sd_se] == pytest.approx(errors, rel=5e-3)


def test_it_equals_lme4() -> None:
    frozen = json.loads(glmer.FROZEN.read_text(encoding="utf-8"))
    rows = glmer.draw()
    drawn = (len(rows), rows["school"].nunique(), rows["left"].sum())
    assert drawn == (frozen["pupils"], frozen["schools"], frozen["left"]) == (7500, 356, 2160)
    fitted = fit_random_intercept(rows, outcome="left", covariates=glmer.COVARIATES,
                                  group="school", points=frozen["points"])  # fmt: skip
    assert fitted.params.to_dict() == pytest.approx(frozen["params"], abs=1e-4)
    assert fitted.se.to_dict() == pytest.approx(frozen["se"], abs=1e-4)
    assert fitted.sd == pytest.approx(frozen["sd"], abs=1e-4)
    assert fitted.deviance == pytest.approx(frozen["deviance"], abs=1e-4)
    assert fitted.groups["mode"].iloc[:3].tolist() == pytest.approx(frozen["modes"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="missing: R with lme4")
def test_lme4_still_says_what_is_frozen() -> None:
    frozen, made = json.loads(glmer.FROZEN.read_text(encoding="utf-8")), glmer.fit(glmer.draw())
    for name in ("params", "se"):
        assert made[name] == pytest.approx(frozen[name], abs=1e-5)
    for name in ("sd", "deviance", "modes"):
        assert made[name] == pytest.approx(frozen[name], abs=1e-5)


def test_known_truth_is_found_and_the_plain_logit_is_too_sure() -> None:
    rows = draw(np.random.default_rng(2), schools=200)
    fitted = fit_random_intercept(
        rows, outcome="left", covariates=["poor", "village"], group="school"
    )
    truth = {"intercept": -1.5, "poor": 0.6, "village": 0.5}
    for name, value in truth.items():
        assert abs(fitted.params[name] - value) < 3 * fitted.se[name]
    assert abs(fitted.sd - 0.8) < 3 * fitted.sd_se
    naive = hazard.fit(rows.assign(p=1), event="left", period="p", covariates=["poor", "village"])
    assert naive.se["village"] < 0.6 * fitted.se["village"]


def test_more_points_change_nothing_any_more() -> None:
    rows = draw(np.random.default_rng(3))
    one, two = (
        fit_random_intercept(rows, outcome="left", covariates=["poor"], group="school", points=q)
        for q in (15, 31)
    )
    assert one.deviance == pytest.approx(two.deviance, abs=1e-6)
    assert one.sd == pytest.approx(two.sd, rel=1e-5)


def test_groups_that_do_not_differ_have_no_spread_and_the_plain_logit_is_what_is_left() -> None:
    rng = np.random.default_rng(4)
    rows = draw(rng, schools=30, sd=0.0)
    # Shuffled until the groups differ by less than chance would make them.
    rows["school"] = np.concatenate([
        np.arange(sum(rows["left"] == v)) % 30 for v in (0, 1)
    ])[np.argsort(np.argsort(rows["left"], kind="stable"), kind="stable")]  # fmt: skip
    fitted = fit_random_intercept(rows, outcome="left", covariates=[], group="school")
    assert fitted.sd == 0
    assert np.isnan(fitted.sd_se)
    plain = hazard.fit(rows.assign(p=1), event="left", period="p")
    assert fitted.params["intercept"] == pytest.approx(plain.params.iloc[0], abs=1e-6)
    assert fitted.se["intercept"] == pytest.approx(plain.se.iloc[0], rel=1e-5)


def test_cells_and_the_order_of_rows_change_no_number() -> None:
    rows = draw(np.random.default_rng(5))
    given = {"outcome": "left", "covariates": ["poor", "village"], "group": "school"}
    plain = fit_random_intercept(rows, **given)
    cells = hazard.compress(rows.sample(frac=1, random_state=1), list(rows.columns))
    small = fit_random_intercept(cells, counts="count", **given)
    assert len(cells) < len(rows) / 5
    assert small.deviance == pytest.approx(plain.deviance, rel=1e-10)
    assert [*small.params, *small.se, small.sd, small.sd_se] == pytest.approx(
        [*plain.params, *plain.se, plain.sd, plain.sd_se], rel=1e-6
    )


def test_modes_are_shrunken_and_predictions_are_of_all_schools() -> None:
    rows = draw(np.random.default_rng(6), schools=100, size=20)
    fitted = fit_random_intercept(rows, outcome="left", covariates=["poor"], group="school")
    assert fitted.groups["mode"].std() < fitted.sd
    new = pd.DataFrame({"poor": [0.0, 1.0]})
    drawn = np.random.default_rng(7).normal(0, fitted.sd, 200_000)
    by_hand = [expit(fitted.params["intercept"] + fitted.params["poor"] * v + drawn).mean()
               for v in (0, 1)]  # fmt: skip
    assert fitted.predict(new).tolist() == pytest.approx(by_hand, abs=2e-3)


def test_one_group_or_one_outcome_is_refused() -> None:
    rows = draw(np.random.default_rng(8), schools=2)
    with pytest.raises(UsageError, match="two groups"):
        fit_random_intercept(rows[rows["school"] == "s000"], outcome="left", covariates=[],
                             group="school")  # fmt: skip
    with pytest.raises(UsageError, match="never varies"):
        fit_random_intercept(rows.assign(left=0.0), outcome="left", covariates=[], group="school")


def test_blocks_of_groups_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of one group, blocks of some, and all in one."""
    rows = draw(np.random.default_rng(8), schools=25, size=20)
    made = []
    for size in (1, 70, 10**6):
        monkeypatch.setattr("analysis.methods.hazard.random_intercept._ROWS", size)
        fitted = fit_random_intercept(rows, outcome="left", covariates=["poor"], group="school")
        made.append([*fitted.params, *fitted.se, fitted.sd, fitted.sd_se, *fitted.groups["mode"]])
    assert made[0] == pytest.approx(made[2], rel=1e-9)
    assert made[1] == pytest.approx(made[2], rel=1e-9)


def test_the_range_of_the_spread_is_never_below_nought() -> None:
    rows = draw(np.random.default_rng(9), schools=40, size=20)
    fitted = fit_random_intercept(rows, outcome="left", covariates=["poor"], group="school")
    low, high = fitted.sd_interval()
    assert 0 < low < fitted.sd < high
    assert low * high == pytest.approx(fitted.sd**2)


def test_the_median_odds_ratio_is_that_of_drawn_pairs() -> None:
    first, second = np.random.default_rng(10).normal(0, 0.7, (2, 400_000))
    drawn = np.median(np.exp(np.abs(first - second)))
    assert hazard.median_odds_ratio(0.7) == pytest.approx(drawn, rel=5e-3)
