"""Pupils followed on the schools: the register is the enrolment, and what leaves is accounted for."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.errors import UsageError
from analysis.records.identity_numbers import is_registry
from analysis.records.synthetic import write_demo
from analysis.records.synthetic.fates import tell_pupils

LAST = 2021
TABLES = ("pupils", "attendance", "scores", "status_changes", "suspected", "visits", "cohorts")


@pytest.fixture(scope="module")
def survey(make):
    return make("130722", scale=0.3, regime="survey")


@pytest.fixture(scope="module")
def administrative(make):
    return make("130722", scale=0.3, regime="administrative")


def test_no_other_table_moves(make, survey):
    plain = make("130722", scale=0.3)
    for name, frame in plain.reported.items():
        pd.testing.assert_frame_equal(frame, survey.reported[name])
    assert not set(TABLES) & set(plain.reported)
    assert plain.followed is None


def test_the_register_of_autumn_is_the_enrolment(survey):
    pupils = survey.frames["pupils"].query("term == '1'")
    listed = pupils.groupby(["school", "year", "grade"]).size()
    wanted = survey.enrolment.query("year >= 2019 and stage == 'junior'")
    wanted = wanted.set_index(["school", "year", "grade"])["pupils_n"]
    assert len(wanted)
    pd.testing.assert_series_equal(
        listed.sort_index(), wanted.sort_index(), check_names=False, check_dtype=False
    )


def test_numbers_are_registry_numbers_and_agree_with_birth_and_sex(survey):
    people = survey.followed.people
    assert people["pupil_id"].is_unique
    assert people["pupil_id"].map(is_registry).all()
    assert (people["pupil_id"].str[7:15] == people["born"].dt.strftime("%Y%m%d")).all()
    assert (people["pupil_id"].str[17].astype(int) % 2 == people["sex"] % 2).all()
    assert not set(people["pupil_id"].str[1:]) & set(survey.frames["teachers"]["teacher_id"])


def test_who_stays_is_there_next_term_and_who_ends_is_not(survey):
    terms = survey.followed.terms
    place = 2 * terms["year"] + (terms["term"] == "2")
    at = pd.MultiIndex.from_arrays([terms["person"], place])
    assert at.is_unique
    after = pd.MultiIndex.from_arrays([terms["person"], place + 1]).isin(at)
    ends = (terms["grade"] == 9) & (terms["term"] == "2") | (place == place.max())
    assert (after[~ends] == (terms.loc[~ends, "exit"] == "stays")).all()
    steps = terms.sort_values(["person", "year", "term"]).groupby("person")[["grade", "year"]].diff().dropna()  # fmt: skip
    assert (steps["grade"] == steps["year"]).all()


def test_a_cohort_is_accounted_for(survey):
    cohorts = survey.frames["cohorts"].astype({"entered_n": int})
    assert set(cohorts["year"]) == {LAST}
    total = cohorts[["entered_n", "graduated_n", "moved_in_n", "moved_out_n", "died_n"]].sum()
    terms = survey.followed.terms
    own = terms[terms["year"] - terms["grade"] == LAST - 9]
    dead = survey.frames["status_changes"].query("change == 'die'")
    dead = dead[dead["year"] - dead["grade"] == LAST - 9]
    lost = own["exit"].isin(["left", "other"]).sum() - len(dead)
    assert total["died_n"] == len(dead)
    assert (
        total["entered_n"] + total["moved_in_n"] - total["moved_out_n"] - total["died_n"]
        == total["graduated_n"] + lost
    )


def test_moves_inside_the_county_leave_one_school_and_come_to_another(survey):
    terms = survey.followed.terms.sort_values(["person", "year", "term"])
    before = terms.groupby("person")["site"].shift()
    inside = int((before.notna() & (before != terms["site"])).sum())
    assert inside > 20
    new = (before.isna() & (terms["year"] > 2019) & (terms["grade"] > 7)).sum()
    changes = survey.frames["status_changes"]["change"].value_counts()
    away = (survey.followed.terms["exit"] == "moved").sum()
    left = (survey.followed.terms["exit"] == "left").sum()
    assert changes["move_in"] == inside + new
    # Those entered as moved away though they left are some more.
    assert inside + away < changes["move_out"] < inside + away + 0.2 * left


def yearly(county) -> pd.Series:
    terms = county.followed.terms.query("year < @LAST")
    left = (terms["exit"] == "left").groupby([terms["year"], terms["grade"]]).sum()
    autumn = terms.query("term == '1'").groupby(["year", "grade"]).size()
    return (left / autumn).groupby("grade").mean()


def test_the_regimes_have_the_hazards_that_they_declare(survey, administrative):
    rates = yearly(survey)
    assert rates.between(0.03, 0.12).all()
    assert rates[8] > rates[7]
    assert yearly(administrative).between(0, 0.003).all()


def test_the_ledger_has_its_steps_in_order_and_some_are_open(survey):
    cases = survey.frames["suspected"]
    assert {"attending", "left"} <= set(cases["outcome"].dropna())
    assert cases["outcome"].isna().any()
    for before, after in (("found_on", "checked_on"), ("checked_on", "returned_on"), ("returned_on", "closed_on")):  # fmt: skip
        both = cases[[before, after]].dropna()
        assert (both[before] <= both[after]).all()
    assert cases.loc[cases["outcome"] == "left", "closed_on"].isna().all()


def test_the_truth_is_counted_and_names_nobody(survey, tmp_path):
    told = tell_pupils(survey)
    terms = survey.followed.terms
    counted = terms.groupby("exit").size()
    sums = {
        end: sum(grade.get(end, 0) for term in told["ends"].values() for grade in term.values())
        for end in counted.index
    }
    assert sums == counted.to_dict()
    assert np.sign(told["naive"]["aided"]) == 1
    assert not any(
        number in json.dumps(told) for number in survey.followed.people["pupil_id"][:200]
    )


def test_an_unknown_regime_is_refused(tmp_path):
    with pytest.raises(UsageError, match="administrative"):
        write_demo(tmp_path, counties="130725", years=(2021, 2021), regime="recent")
    assert not list(tmp_path.iterdir())


def test_without_a_regime_there_are_no_lists_of_pupils(tmp_path):
    write_demo(tmp_path, counties="130725", scale=0.05, years=(2021, 2021), regime=None)
    names = {path.name for path in (tmp_path / "130725").iterdir()}
    assert not any("学籍" in name or "控辍" in name or "学生" in name for name in names)
