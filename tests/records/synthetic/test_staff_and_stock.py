"""Teachers and resources: the list gives the totals, people stay, stocks only grow."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.methods.dispersion import difference_coefficient
from analysis.records.synthetic import aims

KEY = ["school", "year", "stage"]


def test_totals_are_the_true_list_counted(county):
    stages = county.frames["school_years"].set_index(KEY).sort_index()
    teachers = county.frames["teachers"]
    count = {
        "teachers_n": teachers.index >= 0,
        "teachers_graduate_n": teachers["qualification"] == "graduate",
        "teachers_associate_n": teachers["qualification"] == "associate",
        "teachers_backbone_n": teachers["backbone"],
        "teachers_midlevel_n": teachers["midlevel"],
        "teachers_pe_n": teachers["subject"] == "pe",
    }
    for column, mark in count.items():
        listed = teachers[mark].groupby(KEY).size().reindex(stages.index, fill_value=0)
        assert (listed == stages[column]).all(), column


def test_qualifications_are_shared_out_as_declared(county, params):
    teachers = county.frames["teachers"]
    last = teachers[teachers["year"] == 2021]
    for stage in ("primary", "junior"):
        qualified = last.loc[last["stage"] == stage, "qualification"]
        declared = params["staff"]["qualified"][stage]
        graduates = (qualified == "graduate").mean()
        bachelors = qualified.isin(["graduate", "bachelor"]).mean()
        assert graduates == pytest.approx(declared["graduate"], abs=0.02)
        # Beginners come with a bachelor's degree, wanted or not.
        assert declared["bachelor"] - 0.02 <= bachelors <= declared["bachelor"] + 0.12


def test_a_person_is_one_person_over_the_years(county):
    teachers = county.frames["teachers"].sort_values(["teacher_id", "year"])
    assert not teachers.duplicated(["teacher_id", "year"]).any()
    people = teachers.groupby("teacher_id")
    assert (people[["name", "sex"]].nunique() == 1).all().all()
    order = teachers["qualification"].map({"secondary": 0, "associate": 1, "bachelor": 2, "graduate": 3})  # fmt: skip
    assert order.groupby(teachers["teacher_id"]).is_monotonic_increasing.all()
    assert teachers["backbone"].astype(int).groupby(teachers["teacher_id"]).is_monotonic_increasing.all()  # fmt: skip


def test_most_stay_and_some_come_from_another_school(county):
    teachers = county.frames["teachers"]
    before = teachers.assign(year=teachers["year"] + 1)[["teacher_id", "year", "school"]]
    joined = teachers.merge(before, on=["teacher_id", "year"], suffixes=("", "_before"))
    events = county.frames["successions"]
    recoded = events.loc[events["event"] == "recoded", ["school", "successor"]]
    same = dict(recoded.to_numpy())
    before_now = joined["school_before"].map(lambda code: same.get(code, code))
    stayed = (joined["school"] == joined["school_before"]) | (joined["school"] == before_now)
    assert 0.90 < stayed.mean() < 0.99
    assert (joined.loc[~stayed, "first_year"] == joined.loc[~stayed, "year"]).all()


def test_first_years_are_not_in_the_future_nor_change_without_a_move(county):
    teachers = county.frames["teachers"]
    assert (teachers["first_year"] <= teachers["year"]).all()
    arrivals = teachers.groupby(["teacher_id", "school", "stage"])["first_year"].nunique()
    assert (arrivals == 1).mean() > 0.99


def test_rooms_and_grounds_never_shrink(county):
    stock = county.frames["resources"].sort_values(["school", "year"])
    for column in ("sports_ground_m2", "books_n", "equipment_yuan", "multimedia_rooms_n"):
        change = stock.groupby("school")[column].diff().dropna()
        # A hall that is built takes its place from the open ground.
        assert (change >= 0).mean() > 0.995, column


@pytest.mark.parametrize("aim", [0.2, 0.45, 0.7])
def test_a_spread_reaches_its_coefficient(aim):
    rng = np.random.default_rng(7)
    z, pupils = rng.standard_normal(60), rng.lognormal(5.5, 1.0, 60)
    spread = aims.reach(z, pupils, aim, lambda share: share)
    made = pupils * spread.factors(z)
    assert difference_coefficient(made, pupils) == pytest.approx(aim, abs=0.02)
    assert made.sum() == pytest.approx(pupils.sum())


def test_poor_counties_have_less(params):
    rng = np.random.default_rng(1)
    poor = [aims.set_aims("130722", params, rng) for _ in range(60)]
    other = [aims.set_aims("130702", params, rng) for _ in range(60)]
    level = "teaching_area", "primary"
    means = [np.mean([a[level].level for a in draws]) for draws in (poor, other)]
    assert means[0] == pytest.approx(params["aim"]["poor_level"] * means[1], rel=0.06)
