"""Pupils by grade and class agree with the totals and move up from year to year."""

from __future__ import annotations

import numpy as np


def test_classes_and_grades_add_up_to_the_pupils(county):
    key = ["school", "year", "stage"]
    pupils = county.frames["school_years"].set_index(key)["pupils_n"].sort_index()
    for frame in (county.frames["classes"], county.enrolment):
        assert (frame.groupby(key)["pupils_n"].sum().sort_index() == pupils).all()
    classes = county.frames["classes"].groupby(key).size()
    assert (county.frames["school_years"].set_index(key)["classes_n"].sort_index() == classes).all()


def test_classes_are_numbered_from_one_and_alike_in_size(county):
    grades = county.frames["classes"].groupby(["school", "year", "stage", "grade"])
    assert (grades["class_no"].max() == grades.size()).all()
    sizes = grades["pupils_n"].agg(["min", "max"])
    assert (sizes["max"] - sizes["min"] <= 1).all()


def test_a_grade_is_the_grade_below_of_the_year_before(county):
    grades = county.enrolment
    below = grades.assign(year=grades["year"] + 1, grade=grades["grade"] + 1)
    moved = grades.merge(below, on=["school", "year", "stage", "grade"], suffixes=("", "_before"))
    large = moved[moved["pupils_n_before"] >= 50]
    ratio = large["pupils_n"].astype(float) / large["pupils_n_before"].astype(float)
    assert len(large) > 300
    assert abs(np.log(ratio)).median() < 0.06
    assert ratio.between(0.75, 1.3).mean() > 0.9


def test_teaching_points_shrink(county):
    schools = county.frames["schools"][["school", "year", "kind"]]
    stages = county.frames["school_years"].merge(schools, on=["school", "year"])
    points = stages[stages["kind"] == "218"].groupby("school").filter(lambda rows: len(rows) == 8)
    pupils = points.groupby("year")["pupils_n"].sum()
    assert pupils[2021] < 0.8 * pupils[2014]


def test_no_more_boarders_than_pupils(county):
    stages = county.frames["school_years"]
    assert (stages["boarders_n"] <= stages["pupils_n"]).all()
