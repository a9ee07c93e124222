"""The model and its trials on pupils whose risks are known, because they were drawn from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.methods import discrimination
from analysis.questions.dropout import model, trials
from analysis.records.reference import load_reference

PARAMETERS = load_reference().parameters["dropout"]["risk"]
EFFECTS = {"years_over": 0.8, "hardship": 0.6, "score": -0.5}
COLUMNS = list(EFFECTS)


def pupils(
    rng: np.random.Generator, *, schools: int = 40, size: int = 150, sd: float = 0.0,
    level: float = -3.2, effects: dict[str, float] = EFFECTS,
) -> pd.DataFrame:  # fmt: skip
    """Draw pupils at risk over three school years with what ended their terms."""
    n = schools * size * 3
    school = np.repeat(np.arange(schools), size * 3)
    rows = pd.DataFrame(
        {
            "pseudonym": [f"p{i:06}" for i in range(n)],
            "school": [f"s{i:03}" for i in school],
            "county": [f"c{i % 4}" for i in school],
            "year": np.tile(np.repeat([2019, 2020, 2021], size), schools),
            "term": rng.choice(["1", "2"], n),
            "grade": rng.integers(7, 9, n),
            "years_over": rng.binomial(2, 0.2, n).astype(float),
            "hardship": rng.binomial(1, 0.3, n).astype(float),
            "score": rng.standard_normal(n),
        }
    )
    rows["period"] = rows["grade"].astype(str) + "-" + rows["term"]
    own = rng.normal(0, sd, schools)[school] if sd else 0.0
    eta = level + own + 0.4 * (rows["grade"] == 8)
    eta += sum(effect * rows[name] for name, effect in effects.items())
    rows["exit"] = np.where(rng.random(n) < expit(eta), "left", "stays")
    return rows


def test_known_effects_are_found_within_three_errors() -> None:
    rows = pupils(np.random.default_rng(1))
    fitted = model.learn(rows, COLUMNS)
    assert fitted is not None
    for name, effect in EFFECTS.items():
        assert abs(fitted.fitted.params[name] - effect) < 3 * fitted.fitted.se[name]
    assert fitted.rows == len(rows)
    assert fitted.events == int((rows["exit"] == "left").sum())


def test_expected_equals_observed_on_what_was_learnt() -> None:
    # The score equations of a logit with a dummy for each period.
    rows = pupils(np.random.default_rng(2))
    fitted = model.learn(rows, COLUMNS)
    assert fitted is not None
    expected = pd.Series(model.predict(fitted, rows)).groupby(rows["period"]).sum()
    observed = (rows["exit"] == "left").groupby(rows["period"]).sum()
    assert expected.to_numpy() == pytest.approx(observed.to_numpy(), rel=1e-6)


def test_other_exits_are_no_event_and_do_not_count_as_staying() -> None:
    rows = pupils(np.random.default_rng(3))
    moved = rows.assign(exit=rows["exit"].where(np.arange(len(rows)) % 10 > 0, "moved"))
    one, two = model.learn(moved, COLUMNS), model.learn(moved[moved["exit"] != "moved"], COLUMNS)
    assert one is not None
    assert two is not None
    assert one.fitted.params.to_numpy() == pytest.approx(two.fitted.params.to_numpy())


def test_a_mark_that_nobody_who_left_bore_is_left_out_and_named() -> None:
    rows = pupils(np.random.default_rng(4), schools=8)
    rows["orphan"] = ((rows["exit"] == "stays") & (np.arange(len(rows)) % 50 == 0)).astype(float)
    fitted = model.learn(rows, [*COLUMNS, "orphan"])
    assert fitted is not None
    assert fitted.unusable == ("orphan",)
    assert "orphan" not in fitted.fitted.params


def test_a_period_without_events_takes_the_level_of_the_one_before() -> None:
    rows = pupils(np.random.default_rng(5))
    calm = rows.assign(exit=rows["exit"].where(rows["period"] != "8-2", "stays"))
    fitted = model.learn(calm, COLUMNS)
    assert fitted is not None
    assert fitted.levels["8-2"] == "8-1"
    two = rows.iloc[[0, 0]].assign(period=["8-1", "8-2"])
    first, second = model.predict(fitted, two)
    assert first == second


def test_where_nobody_left_there_is_no_model() -> None:
    rows = pupils(np.random.default_rng(6), schools=2).assign(exit="stays")
    assert model.learn(rows, COLUMNS) is None
    assert trials.run(rows, COLUMNS, PARAMETERS) == {}


def test_no_pupil_is_predicted_from_a_year_school_or_county_that_was_learnt() -> None:
    rows = pupils(np.random.default_rng(7), sd=1.0)
    tried = trials.run(rows, COLUMNS, PARAMETERS)
    assert set(tried) == set(trials.WAYS)
    for frame in tried.values():
        assert set(frame["year"]) == {2021}
        assert len(frame) == int((rows["year"] == 2021).sum())
    # Only what is learnt forward knows the school itself.
    assert tried["forward"]["environment"].nunique() > 4
    assert tried["counties"].groupby("county")["environment"].nunique().max() == 1


def test_where_schools_make_the_difference_the_benchmark_is_hard_to_beat() -> None:
    rng = np.random.default_rng(8)
    none = dict.fromkeys(EFFECTS, 0.0)
    frame = trials.run(pupils(rng, sd=1.2, effects=none), COLUMNS, PARAMETERS)["forward"]
    by_child = discrimination.auc(frame["left"], frame["probability"]).estimate
    by_school = discrimination.auc(frame["left"], frame["environment"]).estimate
    assert by_school > 0.7 > by_child + 0.1


def test_where_children_make_the_difference_the_model_is_better() -> None:
    rows = pupils(np.random.default_rng(9))
    frame = trials.run(rows, COLUMNS, PARAMETERS)["forward"]
    by_child = discrimination.auc(frame["left"], frame["probability"]).estimate
    by_school = discrimination.auc(frame["left"], frame["environment"]).estimate
    assert by_child > by_school + 0.1


def test_the_order_of_rows_changes_no_prediction() -> None:
    rows = pupils(np.random.default_rng(10), schools=8)
    mixed = rows.sample(frac=1, random_state=1)
    one, two = (trials.run(r, COLUMNS, PARAMETERS) for r in (rows, mixed))
    for way in one:
        for name in ("probability", "environment"):
            assert one[way][name].to_numpy() == pytest.approx(two[way][name].to_numpy(), rel=1e-9)


def test_two_marks_of_one_gap_are_one() -> None:
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "exit": np.where(rng.random(600) < 0.2, "left", "stays"),
            "period": np.where(rng.random(600) < 0.5, "7-1", "7-2"),
            "school": rng.integers(0, 12, 600).astype(str),
            "a": rng.random(600),
            "gap": (rng.random(600) < 0.3).astype(float),
        }
    )
    rows["same"], rows["spring"] = rows["gap"], (rows["period"] == "7-2").astype(float)
    rows["sum"] = rows["a"] - 2 * rows["gap"]
    fitted = model.learn(rows, ["a", "gap", "same", "spring", "sum"])
    assert fitted is not None
    assert fitted.columns == ("a", "gap")
    assert fitted.unusable == ("same", "spring", "sum")
    plain = model.learn(rows, ["a", "gap"])
    assert plain is not None
    np.testing.assert_allclose(fitted.fitted.params, plain.fitted.params)


def test_gaps_that_differ_for_a_few_who_all_stayed_are_one() -> None:
    rng = np.random.default_rng(9)
    rows = pd.DataFrame(
        {
            "exit": np.where(rng.random(800) < 0.1, "left", "stays"), "period": "7-1",
            "school": rng.integers(0, 40, 800).astype(str), "a": rng.random(800),
            "gap": (rng.random(800) < 0.4).astype(float),
        }
    )  # fmt: skip
    few = rows.index[(rows["gap"] == 0) & (rows["exit"] == "stays")][:6]
    rows["more"] = rows["gap"].mask(rows.index.isin(few), 1.0)
    fitted = model.learn(rows, ["a", "gap", "more"])
    assert fitted is not None
    assert fitted.columns == ("a", "gap")
    assert fitted.unusable == ("more",)
