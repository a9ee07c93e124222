"""Schools of a county: how many, how large, how they come, change and go."""

from __future__ import annotations

import pandas as pd
import pytest


def of_year(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    return frame[frame["year"] == year]


@pytest.mark.parametrize("scale", [1.0, 0.05])
@pytest.mark.parametrize("code", ["130722", "130706"], ids=["large", "small"])
def test_never_fewer_than_twelve_that_count(make, code, scale):
    stages = make(code, scale=scale).frames["school_years"]
    counted = stages[stages["counted"]].groupby(["year", "stage"]).size().unstack()
    assert counted[["primary", "junior"]].min().min() >= 12


def test_a_smaller_scale_takes_schools_of_the_larger_with_their_sizes(make, county):
    small = make("130722", scale=0.3).frames["school_years"]
    whole = county.frames["school_years"]
    key = ["school", "year", "stage"]
    joined = small.merge(whole, on=key, suffixes=("", "_whole"))
    assert len(joined) == len(small) < 0.6 * len(whole)
    assert (joined["pupils_n"] == joined["pupils_n_whole"]).all()


def test_teaching_points_are_small_and_twice_as_many_as_schools(make):
    counties = [make(code) for code in ("130702", "130722", "130726", "130731")]
    schools = pd.concat([c.frames["schools"] for c in counties])
    kinds = of_year(schools, 2021)["kind"].value_counts()
    assert 1.6 < kinds["218"] / kinds["211"] < 2.6
    stages = pd.concat([c.frames["school_years"] for c in counties]).merge(
        schools[["school", "year", "kind"]], on=["school", "year"]
    )
    points = of_year(stages[stages["kind"] == "218"], 2021)["pupils_n"]
    assert (points < 50).mean() > 0.6
    assert points.between(50, 99).mean() > 0.1


def test_sizes_are_heavy_tailed(county):
    pupils = of_year(county.frames["school_years"], 2021)["pupils_n"].astype(float)
    assert pupils.max() > 1_500
    assert pupils.mean() > 2 * pupils.median()


def test_all_children_of_the_census_are_in_a_school(county):
    stages = county.frames["school_years"]
    schools = county.frames["schools"].set_index(["school", "year"])["kind"]
    kinds = schools.reindex(pd.MultiIndex.from_frame(stages[["school", "year"]])).to_numpy()
    enrolled = stages[~pd.Series(kinds).isin(["510", "360"])].groupby(["year", "stage"])["pupils_n"].sum()  # fmt: skip
    for year in (2014, 2021):
        for stage, grades in {"primary": range(1, 7), "junior": range(7, 10)}.items():
            children = sum(county.children.grade(year, grade) for grade in grades)
            assert enrolled[year, stage] == pytest.approx(children, rel=0.01)


def test_codes_have_the_type_and_the_province_and_live_without_a_gap(county):
    schools = county.frames["schools"]
    assert schools["school"].str.fullmatch(r"(21|31|34|36|51)13\d{6}").all()
    lives = schools.groupby("school")["year"].agg(["min", "max", "size"])
    assert (lives["max"] - lives["min"] + 1 == lives["size"]).all()
    assert (schools.groupby("school")["kind"].nunique() == 1).all()


def test_codes_of_two_counties_are_apart(make):
    first, second = make("130722", rank=6), make("130723", rank=7)
    codes = [set(c.frames["schools"]["school"]) for c in (first, second)]
    people = [set(c.frames["teachers"]["teacher_id"]) for c in (first, second)]
    assert not codes[0] & codes[1]
    assert not people[0] & people[1]


def test_successions_join_the_codes_that_end_to_those_that_follow(county):
    schools = county.frames["schools"].groupby("school")["year"].agg(["min", "max"])
    events = county.frames["successions"]
    assert set(events["event"]) >= {"merged", "recoded"}
    for event in events.itertuples():
        before, after = schools.loc[event.school], schools.loc[event.successor]
        assert after["min"] <= event.year <= after["max"]
        if event.event == "split":
            assert before["min"] < event.year <= before["max"]
            assert after["min"] == event.year
        else:
            assert before["max"] == event.year - 1
        if event.event == "recoded":
            assert after["min"] == event.year
    ended = set(schools.index[schools["max"] < 2021])
    assert ended == set(events.loc[events["event"] != "split", "school"])


def test_a_scheme_is_believed_on_which_schools_count(county, reference):
    schools = county.frames["schools"][["school", "year", "kind"]]
    stages = county.frames["school_years"].merge(schools, on=["school", "year"])
    small = (stages["kind"] == "218") & (stages["pupils_n"] < 50)
    outside = stages["kind"].isin(reference.scheme("quality-2017")["exclude"]["kinds"])
    assert (stages["counted"] == ~(small | outside)).all()
