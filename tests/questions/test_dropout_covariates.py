"""What the model looks at: values by hand, what is missing, and what was not known in time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.questions.test_dropout_terms import STARTS, at, stored

from analysis.errors import UsageError
from analysis.questions.dropout import covariates, terms
from analysis.questions.dropout.covariates import COVARIATES, LEFT_OUT, Covariate
from analysis.records.contracts import TABLES
from analysis.records.reference import load_reference


def known_at(table: str, column: str) -> str:
    return TABLES[table][column].known_at


PARAMETERS = {**load_reference().parameters["dropout"]["risk"], "starts": STARTS}


def add(pupils: list[dict], attendance: list[dict] = [], scores: list[dict] = [],  # noqa: B006
        schools: list[dict] = [], stages: list[dict] = []) -> pd.DataFrame:  # noqa: B006  # fmt: skip
    tables = {
        "pupils": stored("pupils", pupils),
        "status_changes": stored("status_changes", []),
        "suspected": stored("suspected", []),
        "attendance": stored("attendance", attendance),
        "scores": stored("scores", scores),
        "schools": stored("schools", schools),
        "school_years": stored("school_years", stages),
    }
    rows = terms.list_terms(tables, STARTS).rows
    made = covariates.add_covariates(rows, tables, PARAMETERS)
    return made.set_index(["pseudonym", "period"])


def both(who: str, **facts: object) -> list[dict]:
    return [{**at(who, 2020, term, 7), **facts} for term in (1, 2)]


@pytest.mark.parametrize(
    ("born", "over"),
    [
        ("2008-09-01", 0), ("2008-08-31", 0), ("2007-09-02", 0), ("2007-09-01", 1),
        ("2006-01-01", 2), ("1999-01-01", 4), ("2010-01-01", 0),
    ],
)  # fmt: skip
def test_years_above_the_age_of_the_grade(born: str, over: int) -> None:
    assert add(both("a", born=born)).loc[("a", "7-1"), "years_over"] == over


@pytest.mark.parametrize(("km", "boarding", "far"), [(5.0, "1", 0), (5.1, "1", 1), (30.0, "2", 0)])
def test_far_is_a_day_pupil_s_daily_way(km: float, boarding: str, far: int) -> None:
    assert add(both("a", distance_km=km, boarding=boarding)).loc[("a", "7-1"), "far"] == far


def test_absence_and_scores_are_of_the_term_before() -> None:
    pupils = [*both("a"), *both("b"), at("a", 2021, 1, 8), at("b", 2021, 1, 8)]
    attendance = [{**at("a", 2020, 1, 7), "days_unexcused_n": 10},
                  {**at("a", 2020, 2, 7), "days_unexcused_n": 90}]  # fmt: skip
    scores = [{**at("a", 2020, 1, 7), "score_chinese": 40.0},
              {**at("b", 2020, 1, 7), "score_chinese": 60.0}]  # fmt: skip
    made = add(pupils, attendance, scores)
    assert made.loc[("a", "7-2"), "unexcused"] == 2
    assert made.loc[("a", "7-2"), "score"] == pytest.approx(-np.sqrt(0.5))
    assert made.loc[("a", "7-1"), ["unexcused", "unexcused_missing"]].tolist() == [0, 1]
    assert made.loc[("b", "7-2"), ["unexcused", "unexcused_missing"]].tolist() == [0, 1]


def test_what_is_missing_is_said_and_not_filled_in() -> None:
    made = add([*both("a", hardship=True), *both("b")])
    assert made.loc[("a", "7-1"), ["hardship", "hardship_missing"]].tolist() == [1, 0]
    assert made.loc[("b", "7-1"), ["hardship", "hardship_missing"]].tolist() == [0, 1]
    whole = add(both("a", hardship=True))
    assert "hardship_missing" not in whole
    assert covariates.used_columns(whole)[:1] == ["years_over"]


def test_the_model_s_covariates_are_known_in_time() -> None:
    covariates.refuse_leaks((*COVARIATES, *LEFT_OUT), known_at)


def test_what_is_known_too_late_is_refused_by_name_and_date() -> None:
    late = (
        Covariate("a", "attendance", ("days_unexcused_n",), lambda rows, _: rows["grade"], 0),
        Covariate("b", "suspected", ("outcome",), lambda rows, _: rows["grade"], 1),
        Covariate("c", "pupils", ("grade",), lambda rows, _: rows["grade"], 0),
    )
    with pytest.raises(UsageError) as refused:
        covariates.refuse_leaks(late, known_at)
    said = refused.value.en
    assert "attendance.days_unexcused_n: known on the term's last day" in said
    assert "suspected.outcome: recorded with the event" in said
    assert "pupils.grade" not in said


def test_no_group_that_is_protected_is_among_the_predictors() -> None:
    used = {column for c in COVARIATES for column in c.columns}
    assert not used & {column for c in LEFT_OUT for column in c.columns}


def test_scores_are_compared_within_county_term_and_grade_alone() -> None:
    rows = pd.DataFrame(
        {"county": ["a", "a", "b", "b"], "year": 2021, "term": "1", "grade": 7,
         "score_chinese": [10.0, 20.0, 90.0, 100.0], "score_mathematics": np.nan,
         "score_english": np.nan}
    )  # fmt: skip
    half = np.sqrt(0.5)
    assert covariates.standardise(rows).to_numpy() == pytest.approx([-half, half, -half, half])


@pytest.mark.parametrize(("zone", "rural"), [("112", 0), ("123", 0), ("210", 1), ("220", 1)])
def test_a_school_in_the_country_is_told_by_its_zone(zone: str, rural: int) -> None:
    found = add(both("a"), schools=[{"school": "A", "year": 2020, "zone": zone}])
    assert found.loc[("a", "7-1"), "rural"] == rural
    assert "rural_missing" not in found


def test_of_a_school_without_a_zone_nothing_is_assumed() -> None:
    found = add(both("a"), schools=[{"school": "A", "year": 2020, "zone": None}])
    assert found.loc[("a", "7-1"), ["rural", "rural_missing"]].tolist() == [0, 1]


@pytest.mark.parametrize(("system", "size"), [(None, -1.0), ("54", 1.0)])
def test_facts_of_a_stage_are_those_of_the_school_s_own_system(
    system: str | None, size: float
) -> None:
    """Grade 6 is in classes of 25 in the primary stage, of 65 in the junior one."""
    stages = [{"school": "A", "year": 2020, "stage": stage, "pupils_n": n, "classes_n": 1}
              for stage, n in (("primary", 25), ("junior", 65))]  # fmt: skip
    pupils = [at("a", 2020, term, 6) for term in (1, 2)]
    schools = [{"school": "A", "year": 2020, "system": system}]
    found = add(pupils, schools=schools, stages=stages).loc[("a", "6-1"), "class_size"]
    assert np.sign(found) == size
