"""The panel of exchange: hand-made counties whose doses, scores and roles can be worked out on paper."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import exchange_panels
import numpy as np
import pandas as pd
import pytest
from hand_made import frame
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods import staggered
from analysis.questions.exchange import assignment, doses, footing, outcomes, panel, roles, schools
from analysis.records import contracts
from analysis.records.county import CountyData, Place
from analysis.records.reference import load_reference
from analysis.records.tables import LateTables

YEARS = range(2016, 2020)
PARAMETERS = load_reference().parameters["exchange"]["effect"]
Rows = list[dict[str, Any]]


def make(code: str = "130722", pupils: dict[str, float] | None = None, **more: Rows) -> CountyData:
    """Make a county: pupils by school, the same in all years; thin exchange in every year."""
    sizes = {"a": 200, "b": 400, "c": 100} if pupils is None else pupils
    at = [{"school": s, "county": code, "year": y} for s in sizes for y in YEARS]
    rows = {
        "schools": [{**row, "name_zh": "甲", "kind": "211", "owner": "public", "zone": "210"}
                    for row in at],
        "school_years": [{**row, "stage": "primary", "pupils_n": sizes[row["school"]]} for row in at],
        "exchanges": list_thinly(code),
        **more,
    }  # fmt: skip
    tables = {}
    for name, table in contracts.TABLES.items():
        kept = [{"county": code, **row} for row in rows.get(name, [])]
        made = frame(name, kept)
        if "teacher_id" in table.names:
            made = made.rename(columns={"teacher_id": "pseudonym"})
        tables[name] = made
    place = Place(code, "县", "County", parent="130700")
    return CountyData(
        place=place, parent=Place("130700", "市", "City", level="prefecture"), year=YEARS[-1],
        tables=tables, reference=load_reference(),
    )  # fmt: skip


def list_thinly(code: str, years: range = YEARS) -> Rows:
    """List an exchange a year out of and into schools of nowhere: the list was handed in."""
    return [
        {"teacher_id": f"thin{code}{y}", "school": "x", "to_school": "y", "year": y, "form": "regular",
         "start": f"{y}-09-01", "end": f"{y + 1}-08-31"}
        for y in years
    ]  # fmt: skip


def move(teacher: str, home: str, to: str, year: int, **more: Any) -> dict[str, Any]:
    whole = {"form": "regular", "start": f"{year}-09-01", "end": f"{year + 1}-08-31"}
    return {"teacher_id": teacher, "school": home, "to_school": to, "year": year, **whole, **more}


def with_moves(*moves: dict[str, Any], **more: Any) -> CountyData:
    return make(exchanges=[*list_thinly("130722"), *moves], **more)


def score(school: str, year: int, mean: float, **more: Any) -> dict[str, Any]:
    usual = {"grade": 6, "subject": "chinese", "paper": "130700", "tested_n": 50, "score_sd": 10.0}
    return {"school": school, "year": year, "score_mean": mean, **usual, **more}


def values_of(found: panel.Panel, school: str, column: str) -> list[float]:
    rows = found.rows
    return [float(value) for value in rows.loc[rows["school"] == school, column]]


def test_teachers_present_are_counted_by_the_hundred_pupils() -> None:
    found = panel.gather([
        with_moves(
            move("t", "b", "a", 2016, end="2018-08-31"),
            move("u", "b", "a", 2017, form="itinerant", share_week=0.4),
        )
    ])  # fmt: skip
    assert values_of(found, "a", "receives") == pytest.approx([0.5, 0.7, 0, 0])
    assert values_of(found, "b", "sends") == pytest.approx([0.25, 0.35, 0, 0])
    assert values_of(found, "c", "receives") == values_of(found, "c", "sends") == [0] * 4


@pytest.mark.parametrize(
    ("given_", "low", "high"),
    [
        ({}, [1, 0, 0, 0], [1, 0, 0, 0]),
        ({"end": "2018-03-01"}, [1, 1, 0, 0], [1, 1, 0, 0]),
        ({"end": "2018-02-28"}, [1, 0, 0, 0], [1, 0, 0, 0]),
        ({"end": "2017-01-31"}, [0, 0, 0, 0], [0, 0, 0, 0]),
        ({"start": "2017-03-01"}, [1, 0, 0, 0], [1, 0, 0, 0]),
        ({"start": "2017-03-02", "end": "2018-08-31"}, [0, 1, 0, 0], [0, 1, 0, 0]),
        ({"start": None}, [1, 0, 0, 0], [1, 0, 0, 0]),
        ({"end": None}, [1, 0, 0, 0], [1, 1, 1, 1]),
        ({"start": "2017-03-02", "end": None}, [0, 0, 0, 0], [0, 1, 1, 1]),
        ({"form": "itinerant"}, [0, 0, 0, 0], [1, 0, 0, 0]),
        ({"form": None}, [0, 0, 0, 0], [1, 0, 0, 0]),
        ({"form": None, "share_week": 0.5}, [0.5, 0, 0, 0], [0.5, 0, 0, 0]),
        ({"form": "head", "share_week": 0.2}, [0.2, 0, 0, 0], [0.2, 0, 0, 0]),
    ],
)
def test_what_a_list_leaves_open_is_a_range(
    given_: dict[str, Any], low: list[float], high: list[float]
) -> None:
    found = panel.gather([with_moves(move("t", "b", "c", 2016, **given_))])
    assert values_of(found, "c", "receives_low") == pytest.approx(low)
    assert values_of(found, "c", "receives_high") == pytest.approx(high)
    known = [lo if lo == hi else math.nan for lo, hi in zip(low, high, strict=True)]
    assert values_of(found, "c", "receives") == pytest.approx(known, nan_ok=True)


def test_an_open_exchange_ends_where_the_next_one_leaves_no_room() -> None:
    open_ = move("t", "b", "c", 2016, end=None)
    whole = panel.gather([with_moves(open_, move("t", "b", "a", 2018))])
    assert values_of(whole, "c", "receives_high") == [1, 1, 0, 0]
    part = {"form": "itinerant", "share_week": 0.4}
    # Two parts of a week elsewhere leave no room for the rest of an open one either.
    open_part = {**open_, "form": "itinerant", "share_week": 0.4}
    parts = [move("t", "b", to, 2018, **part) for to in ("a", "d")]
    split = panel.gather([with_moves(open_part, *parts)])
    assert values_of(split, "c", "receives_high") == pytest.approx([0.4, 0.4, 0, 0])
    both = panel.gather([with_moves({**open_, **part}, move("t", "b", "a", 2018, **part))])
    assert values_of(both, "c", "receives_high") == pytest.approx([0.4] * 4)


@pytest.mark.parametrize(
    ("lists", "low", "high"),
    [
        # Who is on neither list is gone.
        ({2017: "tb ub uc", 2018: "ub uc", 2019: "ub uc"}, [1, 0, 0, 0], [1, 1, 0, 0]),
        # On the list of the home school a teacher may be back, or still away.
        ({2017: "tb uc", 2018: "tb uc", 2019: "tb uc"}, [1, 0, 0, 0], [1, 1, 1, 1]),
        # Somewhere else: gone as well.
        ({2017: "ub uc ta"}, [1, 0, 0, 0], [1, 0, 0, 0]),
        # On the list of the receiving school: there.
        ({2017: "ub tc", 2018: "ub tc"}, [1, 1, 1, 0], [1, 1, 1, 1]),
        # Back, as the receiving school had listed the teacher before.
        ({2016: "ub tc", 2017: "ub tc", 2018: "tb uc"}, [1, 1, 0, 0], [1, 1, 0, 0]),
        ({2016: "ub tc", 2017: "tb uc"}, [1, 0, 0, 0], [1, 0, 0, 0]),
        # A year without lists in between is not known.
        ({2018: "ub tc"}, [1, 0, 0, 0], [1, 1, 1, 1]),
        # A school that did not hand in its list says nothing of who left.
        ({2017: "uc", 2018: "ub"}, [1, 0, 0, 0], [1, 1, 1, 1]),
        ({}, [1, 0, 0, 0], [1, 1, 1, 1]),
    ],
)
def test_lists_of_teachers_tell_of_an_open_exchange(
    lists: dict[int, str], low: list[float], high: list[float]
) -> None:
    teachers = [{"teacher_id": f"{who[0]}", "name": "甲", "school": who[1], "year": year,
                 "stage": "primary"} for year, text in lists.items() for who in text.split()]  # fmt: skip
    found = panel.gather([with_moves(move("t", "b", "c", 2016, end=None), teachers=teachers)])
    assert values_of(found, "c", "receives_low") == low
    assert values_of(found, "c", "receives_high") == high


@pytest.mark.parametrize(("moved", "low"), [(None, 1), (False, 1), (True, 0)])
def test_a_post_that_moved_along_does_not_say_that_exchange_goes_on(
    moved: bool | None, low: int
) -> None:
    teachers = [{"teacher_id": who, "name": "甲", "school": at, "year": 2017, "stage": "primary"}
                for who, at in (("t", "c"), ("u", "b"))]  # fmt: skip
    stay = move("t", "b", "c", 2016, end=None, transferred=moved)
    found = panel.gather([with_moves(stay, teachers=teachers)])
    assert values_of(found, "c", "receives_low") == [1, low, 0, 0]
    assert values_of(found, "c", "receives_high") == [1, 1, 1, 1]


def test_the_day_on_which_presence_is_told_may_lie_in_autumn() -> None:
    rows = pd.DataFrame([move("t", "a", "b", 2016, share_week=None, transferred=None)]).rename(
        columns={"teacher_id": "pseudonym"}
    )
    for day, first, last in (("09-01", 2016, 2016), ("10-15", 2016, 2016), ("03-01", 2016, 2016)):
        stays = doses.list_stays(rows, day)
        assert stays[["first", "last_low"]].to_numpy().tolist() == [[first, last]]
    later = rows.assign(start="2016-11-01")
    assert doses.list_stays(later, "10-15")["first"].tolist() == [2017]


def test_exchange_between_counties_counts_in_both_once() -> None:
    across = move("t", "a", "k", 2017)
    here = make(exchanges=[*list_thinly("130722"), across])
    there = make("130723", {"k": 100}, exchanges=[*list_thinly("130723"), across])
    found = panel.gather([there, here])
    assert values_of(found, "a", "sends") == [0, 0.5, 0, 0]
    assert values_of(found, "k", "receives") == [0, 1, 0, 0]
    assert found.rows["county"].unique().tolist() == ["130722", "130723"]


def test_a_school_is_followed_over_a_change_of_its_code() -> None:
    at = [("old", 2016), ("old", 2017), ("new", 2018), ("new", 2019)]
    county = make(
        pupils={},
        school_years=[{"school": s, "year": y, "stage": "primary", "pupils_n": 100} for s, y in at],
        successions=[{"school": "old", "year": 2018, "successor": "new", "event": "recoded"}],
        exchanges=[*list_thinly("130722"), move("t", "x", "old", 2017, end="2019-08-31")],
    )
    found = panel.gather([county])
    assert found.rows["school"].unique().tolist() == ["new"]
    assert values_of(found, "new", "receives") == [0, 1, 1, 0]
    assert not found.rows["changed"].any()


@pytest.mark.parametrize(("pupils", "changed"), [(39, False), (40, True)])
def test_a_school_that_took_in_many_is_another(pupils: int, changed: bool) -> None:
    years = [{"school": s, "year": y, "stage": "primary", "pupils_n": n}
             for s, n in (("b", 400), ("z", pupils)) for y in YEARS if s == "b" or y < 2018]  # fmt: skip
    county = make(
        school_years=years,
        successions=[{"school": "z", "year": 2018, "successor": "b", "event": "merged"}],
    )
    found = panel.assign(panel.gather([county]).rows)
    told = dict(zip(found.roles["school"], found.roles["role"], strict=True))
    assert told == {"b": "changed" if changed else "control", "z": "changed"}


@pytest.mark.parametrize(
    ("year", "changed"), [(2016, False), (2017, True), (2019, True), (2020, False)]
)
def test_a_merger_outside_of_the_years_changes_nothing_in_them(year: int, changed: bool) -> None:
    years = [{"school": s, "year": y, "stage": "primary", "pupils_n": 200}
             for s in "ab" for y in YEARS if s == "b" or y < year]  # fmt: skip
    merged = [{"school": "a", "year": year, "successor": "b", "event": "merged"}]
    found = panel.gather([make(school_years=years, successions=merged)]).rows
    assert set(found.loc[found["changed"], "school"]) == (set("ab") if changed else set())


def test_two_schools_of_one_code_are_left_out() -> None:
    joined = [{"school": s, "year": 2018, "successor": "n", "event": "recoded"} for s in ("a", "b")]
    assert dict(schools.trace_codes(make(successions=joined).tables["successions"]).last) == {}
    found = panel.gather([make(successions=joined)])
    assert set(found.rows.loc[found.rows["changed"], "school"]) == {"a", "b"}
    ring = [
        {"school": s, "year": 2018, "successor": t, "event": "recoded"} for s, t in ("ab", "ba")
    ]
    # A ring says that each bears the other's code: nobody is lost, and nothing runs for ever.
    assert set(panel.gather([make(successions=ring)]).rows["school"]) == {"a", "b", "c"}


def test_a_year_without_a_list_is_no_year_without_exchange() -> None:
    lists = [row for row in list_thinly("130722") if row["year"] != 2016]
    found = panel.gather([make(exchanges=lists)])
    assert found.years == {"130722": range(2017, 2020)}
    assert set(found.rows["year"]) == {2017, 2018, 2019}
    none = make("130723", {"k": 100}, exchanges=[])
    both = panel.gather([make(), none])
    assert both.left_out["counties"] == 1
    assert "k" not in set(both.rows["school"])


def test_lists_from_before_the_panel_say_who_was_there_already() -> None:
    before = move("t", "x", "c", 2014, end="2017-08-31")
    found = panel.gather([make(exchanges=[*list_thinly("130722", range(2014, 2020)), before])])
    assert found.years == {"130722": YEARS}
    assert values_of(found, "c", "receives") == [1, 0, 0, 0]
    assert panel.assign(found.rows).counts["treated_before"] == 1


def test_without_any_list_there_are_no_rows_and_no_fault() -> None:
    found = panel.gather([make(exchanges=[])])
    assert found.rows.empty
    assert found.left_out["counties"] == 1
    assert set(panel.OUTCOMES) <= set(found.rows.columns)
    assigned = panel.assign(found.rows)
    assert sum(assigned.counts.values()) == 0
    assert roles.trace_lasting(assigned).empty
    assert footing.compare_roles(found.rows, assigned).empty
    assert math.isnan(assignment.tell_unit(assigned, PARAMETERS).between)


def test_a_year_in_which_a_school_is_silent_is_not_known() -> None:
    years = [{"school": s, "year": y, "stage": "primary", "pupils_n": 100}
             for s in "abc" for y in YEARS if (s, y) not in {("a", 2017), ("b", 2017)}]  # fmt: skip
    found = panel.gather([with_moves(move("t", "x", "a", 2017), school_years=years)])
    assert values_of(found, "a", "receives_low") == [0, 0, 0, 0]
    assert values_of(found, "a", "receives_high") == [0, math.inf, 0, 0]
    assert values_of(found, "b", "receives") == [0] * 4
    told = panel.assign(found.rows).roles.set_index("school")["role"]
    assert told.to_dict() == {"a": "unclear", "b": "control", "c": "control"}


def test_private_schools_are_not_bound_to_exchange() -> None:
    owners = [{"school": s, "year": y, "name_zh": "甲", "kind": "211",
               "owner": "private" if s == "a" else None} for s in "abc" for y in YEARS]  # fmt: skip
    found = panel.gather([make(schools=owners)])
    assert set(found.rows["school"]) == {"b", "c"}
    assert found.left_out["private"] == 1


def test_both_stages_of_a_school_are_one() -> None:
    years = [{"school": "a", "year": y, "stage": s, "pupils_n": n}
             for y in YEARS for s, n in (("primary", 150), ("junior", 50), ("senior", 800))]  # fmt: skip
    found = panel.gather([with_moves(move("t", "x", "a", 2018), school_years=years)])
    assert values_of(found, "a", "pupils") == [200] * 4
    assert values_of(found, "a", "receives") == [0, 0, 0.5, 0]


def test_scores_are_standardised_with_the_spread_of_all_pupils() -> None:
    # Means 60, 70, 80 of 50, 100, 50 pupils; within 8, 10, 6. All: mean 70; between 50, within 75.
    given_ = [score("a", 2018, 60, score_sd=8.0), score("b", 2018, 70, tested_n=100),
              score("c", 2018, 80, score_sd=6.0)]  # fmt: skip
    found = panel.gather([make(school_scores=given_)])
    within = (50 * 64 + 100 * 100 + 50 * 36) / 200
    expected = 10 / math.sqrt(50 + within)
    assert values_of(found, "a", "score")[2] == pytest.approx(-expected)
    assert values_of(found, "b", "score")[2] == pytest.approx(0)
    assert values_of(found, "c", "score_chinese")[2] == pytest.approx(expected)
    assert found.common
    assert found.rows["score"].notna().sum() == 3


def test_all_who_wrote_the_paper_make_its_scale() -> None:
    """Also counties and years without a list of exchanges: they are not in the rows for it."""
    here = make(school_scores=[score("a", 2018, 60), score("b", 2018, 80)])
    there = make("130723", {"k": 100}, exchanges=[], school_scores=[score("k", 2018, 100)])
    late = make("130724", {"m": 100}, exchanges=list_thinly("130724", range(2019, 2020)),
                school_scores=[score("m", 2018, 100), score("m", 2019, 70)])  # fmt: skip
    begun = make("130725", {"o": 100}, school_scores=[score("o", 2018, 60), score("o", 2019, 70)])
    found = panel.gather([here, there, late, begun])
    # 2018: means 60, 80, 100, 100, 60 of as many pupils: mean 80, between 320, within 100.
    assert found.common
    assert values_of(found, "a", "score")[2] == pytest.approx(-20 / math.sqrt(420))
    assert values_of(found, "b", "score")[2] == pytest.approx(0)
    assert set(found.rows["school"]) == {"a", "b", "c", "m", "o"}
    assert found.rows.loc[found.rows["school"] == "m", "year"].tolist() == [2019]
    assert found.left_out["cells"] == 5


def test_marks_on_another_scale_are_the_same_scores() -> None:
    rng = np.random.default_rng(3)
    given_ = [score(s, y, float(rng.normal(70, 9)), score_sd=float(rng.uniform(5, 15)))
              for s in "abc" for y in YEARS]  # fmt: skip
    other = [{**row, "score_mean": 1.5 * row["score_mean"] + 3, "score_sd": 1.5 * row["score_sd"]}
             for row in given_]  # fmt: skip
    first, second = (panel.gather([make(school_scores=rows)]).rows for rows in (given_, other))
    pd.testing.assert_frame_equal(first, second)


def test_where_nobody_gave_a_standard_deviation_there_is_no_scale() -> None:
    given_ = [score("a", 2018, 60, score_sd=None), score("b", 2018, 70, score_sd=None)]
    found = panel.gather([make(school_scores=given_)])
    assert found.rows["score"].isna().all()
    assert found.left_out["without_sd"] == found.left_out["cells"] == 2


def test_counties_with_papers_of_their_own_are_standardised_apart() -> None:
    here = make(school_scores=[score("a", 2018, 60, paper="130722"),
                               score("b", 2018, 80, paper="130722")])  # fmt: skip
    there = make("130723", {"k": 100, "l": 100},
                 school_scores=[score("k", 2018, 600, paper="130723"),
                                score("l", 2018, 620, paper="130723")])  # fmt: skip
    found = panel.gather([here, there])
    assert not found.common
    expected = 10 / math.sqrt(100 + 100)
    for low, high in (("a", "b"), ("k", "l")):
        assert values_of(found, low, "score")[2] == pytest.approx(-expected)
        assert values_of(found, high, "score")[2] == pytest.approx(expected)
    assert panel.gather([here]).common


def test_what_a_county_tests_by_itself_is_left_out_where_others_wrote_one_paper() -> None:
    def test_all(schools_: str, own: str) -> Rows:
        return [
            score(s, y, mean, grade=grade, paper=own if grade == 5 else "130700")
            for y in (2018, 2019) for grade in (5, 6) for s, mean in zip(schools_, (60, 80), strict=True)
        ]  # fmt: skip

    here = make(school_scores=test_all("ab", "130722"))
    there = make("130723", {"k": 100, "l": 100}, school_scores=test_all("kl", "130723"))
    for second in (there, make("130723", {"k": 100, "l": 100}, school_scores=[
            row for row in test_all("kl", "") if row["grade"] == 6])):  # fmt: skip
        found = panel.gather([here, second])
        assert found.common
        assert values_of(found, "b", "score")[2:] == pytest.approx([1 / math.sqrt(2)] * 2)
        assert found.left_out["cells"] == 8
        assert found.left_out["own_papers"] == (8 if second is there else 4)
    # In one year alone is enough: what follows would not be on the scale of what came before.
    mixed = [{**row, "paper": "130722"} if row["year"] == 2019 else row for row in
             test_all("ab", "130722")]  # fmt: skip
    assert not panel.gather([make(school_scores=mixed), there]).common


def test_a_grade_missing_in_one_year_counts_in_none() -> None:
    # Grade 5 of school a is far weaker and is missing in 2018: the school has not risen.
    given_ = [
        score(s, y, mean, grade=grade)
        for y in (2017, 2018)
        for s, grade, mean in (("a", 5, 50.0), ("b", 5, 70.0), ("a", 6, 60.0), ("b", 6, 60.0))
        if (s, grade, y) != ("a", 5, 2018)
    ]
    rows = panel.gather([make(school_scores=given_)]).rows
    assert rows.loc[rows["school"] == "a", "score"].dropna().tolist() == pytest.approx([0, 0])


def test_few_tested_are_missing() -> None:
    given_ = [
        score("a", 2018, 60, tested_n=9),
        score("b", 2018, 70),
        score("c", 2018, 80, tested_n=10),
    ]
    found = panel.gather([make(school_scores=given_)])
    known = found.rows.dropna(subset=["score"])
    assert known["school"].tolist() == ["b", "c"]
    assert found.left_out["unscored"] == 1
    # Nine and nine of two grades are eighteen pupils, of two subjects nine.
    for more, n in (({"grade": 5}, 3), ({"subject": "english"}, 2)):
        second = [score("a", 2018, 60, tested_n=9, **more), score("b", 2018, 70, **more)]
        rows = panel.gather([make(school_scores=[*given_, *second])]).rows
        assert rows["score"].notna().sum() == n


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        # Grades 1 and 2 stay, grade 3 is the last one of a teaching point.
        ({2016: {1: 40, 2: 60, 3: 50}, 2017: {1: 30, 2: 38, 3: 57}}, 0.95),
        # Who moved in makes it more than one.
        ({2016: {1: 40, 2: 60}, 2017: {1: 9, 2: 44}}, 1.1),
        # A grade that is gone next year is not one that everybody left.
        ({2016: {1: 40, 2: 60, 3: 50}, 2017: {1: 30, 2: 38}}, 0.95),
        # No next year.
        ({2016: {1: 40, 2: 60}}, math.nan),
    ],
)
def test_pupils_who_stay(sizes: dict[int, dict[int, int]], expected: float) -> None:
    classes = [
        {"school": "a", "year": year, "stage": "primary", "grade": grade, "class_no": number,
         "pupils_n": part}
        for year, grades in sizes.items() for grade, n in grades.items()
        for number, part in enumerate((n // 2, n - n // 2), start=1)
    ]  # fmt: skip
    found = panel.gather([make(classes=classes)])
    assert values_of(found, "a", "staying")[0] == pytest.approx(expected, nan_ok=True)


def test_moving_up_to_the_next_stage_is_not_staying() -> None:
    classes = [{"school": "a", "year": y, "stage": "primary" if g < 7 else "junior", "grade": g,
                "class_no": 1, "pupils_n": n}
               for y, g, n in ((2016, 6, 50), (2016, 7, 50), (2017, 6, 50), (2017, 7, 10))]  # fmt: skip
    found = panel.gather([make(classes=classes)])
    assert math.isnan(values_of(found, "a", "staying")[0])


def test_what_schools_are_made_up_of() -> None:
    years = [{"school": "a", "year": y, "stage": s, "pupils_n": 100, "boarders_n": b, "migrants_n": 10,
              "teachers_n": 8, "teachers_backbone_n": 2}
             for y in YEARS for s, b in (("primary", 10), ("junior", None if y == 2017 else 30))]  # fmt: skip
    things = [{"school": "a", "year": y, "books_n": 4000, "sports_ground_m2": 900.0,
               "indoor_sports_area_m2": 100.0} for y in YEARS]  # fmt: skip
    first = panel.gather([make(school_years=years, resources=things)]).rows.iloc[:2]
    assert first["boarders"].tolist() == pytest.approx([0.2, math.nan], nan_ok=True)
    made = first.iloc[0][["migrants", "log_pupils", "teachers", "backbone", "books", "sports_area"]]
    assert made.tolist() == pytest.approx([0.1, math.log(200), 8, 0.25, 20, 5])
    assert first.iloc[0]["location"] == "rural"


def test_share_of_pupils_tested() -> None:
    classes = [{"school": "a", "year": 2018, "stage": "primary", "grade": g, "class_no": 1,
                "pupils_n": 50} for g in (5, 6)]  # fmt: skip
    given_ = [
        score("a", 2018, 60, tested_n=45),
        score("a", 2018, 60, tested_n=40, subject="english"),
    ]
    found = panel.gather([make(classes=classes, school_scores=given_)])
    assert values_of(found, "a", "tested")[2] == pytest.approx(0.85)


def test_registers_of_pupils_are_not_read() -> None:
    county = make()
    tables = LateTables({name: lambda f=table: f for name, table in county.tables.items()})  # type: ignore[misc]
    panel.gather([CountyData(county.place, county.parent, county.year, tables, county.reference)])
    assert tables.read_so_far == {
        "schools", "school_years", "resources", "classes", "exchanges", "school_scores", "successions",
        "teachers",
    }  # fmt: skip


@given(seed=st.integers(0, 2**31))
@settings(max_examples=6)
def test_order_of_rows_and_counties_says_nothing(seed: int) -> None:
    rng = np.random.default_rng(4)
    given_ = [score(s, y, float(rng.normal(70, 9)), grade=g)
              for s in "abc" for y in YEARS for g in (5, 6)]  # fmt: skip
    moves = [move("t", "b", "c", 2017, end=None), move("u", "b", "a", 2018),
             move("t", "b", "a", 2019)]  # fmt: skip
    here = with_moves(*moves, school_scores=given_)
    there = make("130723", {"k": 100})
    once = panel.gather([here, there])
    mixed = {name: table.sample(frac=1, random_state=seed) for name, table in here.tables.items()}
    again = panel.gather([there, here.with_tables(mixed)])
    pd.testing.assert_frame_equal(once.rows, again.rows, check_exact=True)
    assert once.left_out == again.left_out


STATES = {"under": (0.2, 0.2), "treated": (1.5, 1.5), "unclear": (0.5, 1.5)}


@pytest.mark.parametrize(
    ("own", "other", "first", "changed"), list(product(STATES, STATES, (2016, 2017), (False, True)))
)
def test_every_school_has_one_role(own: str, other: str, first: int, changed: bool) -> None:
    def dose(state: str, end: int) -> list[float]:
        return [STATES[state][end] if year == first else 0.0 for year in YEARS]

    rows = pd.DataFrame({
        "school": "a", "county": "k", "year": YEARS, "changed": changed,
        "receives_low": dose(own, 0), "receives_high": dose(own, 1),
        "sends_low": dose(other, 0), "sends_high": dose(other, 1),
    })  # fmt: skip
    expected = (
        "changed" if changed
        else "unclear" if "unclear" in (own, other)
        else "both" if own == other == "treated"
        else "control" if own == other == "under"
        else "other" if other == "treated"
        else "treated_before" if first == 2016
        else "treated"
    )  # fmt: skip
    found = panel.assign(rows, "receive", 1.0)
    assert found.counts == {name: int(name == expected) for name in roles.ROLES}
    assert len(found.rows) == (4 if expected in ("treated", "control") else 0)
    sent = rows.rename(columns=lambda name: (
        name.replace("receives", "x").replace("sends", "receives").replace("x", "sends")
    ))  # fmt: skip
    assert panel.assign(sent, "send", 1.0).counts == found.counts


def test_the_first_year_has_to_be_the_same_at_both_ends() -> None:
    rows = pd.DataFrame({
        "school": "a", "county": "k", "year": YEARS, "receives_low": [0, 0, 2, 2],
        "receives_high": [0, 2, 2, 2], "sends_low": 0.0, "sends_high": 0.0,
    })  # fmt: skip
    assert panel.assign(rows).counts["unclear"] == 1
    later = rows.assign(receives_high=[0, 0, 2, 9], receives_low=[0, 0, 2, 0])
    found = panel.assign(later)
    assert found.counts["treated"] == 1
    assert found.rows["on"].tolist() == pytest.approx([0, 0, 1, math.nan], nan_ok=True)
    assert roles.trace_lasting(found).to_numpy().tolist() == [
        [0, 0, 1, 1, 0], [0, 1, 1, 0, 1], [2018, 0, 1, 1, 0], [2018, 1, 1, 0, 1],
    ]  # fmt: skip


def test_a_threshold_is_reached_on_unrounded_values() -> None:
    # 3 teachers to 300 pupils are 1 per 100, whatever the processor makes of the division.
    found = panel.gather([with_moves(*(move(t, "b", "a", 2018) for t in "tuv"),
                                     pupils={"a": 300, "b": 4000})])  # fmt: skip
    for at in (1.0, 1.0 + 1e-12):
        assert panel.assign(found.rows, "receive", at).counts["treated"] == 1
    assert panel.assign(found.rows, "receive", 1.0 + 1e-6).counts["treated"] == 0
    tenth = [move(f"t{i}", "b", "a", 2018, share_week=0.1) for i in range(30)]
    found = panel.gather([with_moves(*tenth, pupils={"a": 300, "b": 4000})])
    assert panel.assign(found.rows, "receive", 1.0).counts["treated"] == 1


@given(seed=st.integers(0, 2**31), at=st.floats(0.05, 3))
@settings(max_examples=25)
def test_controls_of_a_threshold_are_those_of_a_higher_one(seed: int, at: float) -> None:
    rng = np.random.default_rng(seed)
    low = rng.choice([0, 0.2, 0.6, 1.1, 2.4], (30 * len(YEARS), 2), p=[0.6, 0.1, 0.1, 0.1, 0.1])
    high = low + rng.choice([0, 1.0], low.shape, p=[0.9, 0.1])
    rows = pd.DataFrame({
        "school": np.repeat([f"s{i:02}" for i in range(30)], len(YEARS)), "county": "k",
        "year": np.tile(YEARS, 30), "receives_low": low[:, 0], "receives_high": high[:, 0],
        "sends_low": low[:, 1], "sends_high": high[:, 1],
    })  # fmt: skip
    here, higher = (panel.assign(rows, "receive", x) for x in (at, at + 0.5))
    sender = panel.assign(rows, "send", at)
    controls, more, same = (
        set(each.roles.loc[each.roles["role"] == "control", "school"])
        for each in (here, higher, sender)
    )
    assert controls <= more
    assert controls == same
    assert sum(here.counts.values()) == 30
    shuffled = panel.assign(rows.sample(frac=1, random_state=1), "receive", at)
    pd.testing.assert_frame_equal(here.rows, shuffled.rows)
    treated = here.rows[here.rows["first"] > 0]
    starts = treated[treated["year"] == treated["first"]]
    assert (starts["on"] == 1).all()
    assert (treated.loc[treated["year"] < treated["first"], "on"] == 0).all()


def test_a_start_right_after_the_first_list_may_be_the_list_s() -> None:
    rows = pd.concat(
        pd.DataFrame({"school": school, "county": "k", "year": YEARS, "receives_low": dose,
                      "receives_high": dose, "sends_low": 0.0, "sends_high": 0.0})
        for school, dose in (("a", [0, 1, 1, 1]), ("b", [0, 0, 1, 1]))
    )  # fmt: skip
    found = panel.assign(rows, years_before=PARAMETERS["years_before"])
    assert found.roles["role"].tolist() == ["treated_before", "treated"]
    assert found.roles["first"].tolist() == [2017, 2018]


def _deal(first: Callable[[np.random.Generator, int], int], seed: int = 5) -> roles.Assigned:
    rng = np.random.default_rng(seed)
    made = [(f"{c:02}{s:02}", f"k{c:02}", first(rng, c)) for c in range(16) for s in range(20)]
    table = pd.DataFrame(made, columns=["school", "county", "first"])
    rows = table.merge(pd.DataFrame({"year": range(2014, 2022)}), how="cross")
    return roles.Assigned(rows, table, {}, "receive", 1.0)


@pytest.mark.parametrize(
    ("first", "unit", "low", "high"),
    [
        (lambda rng, c: 2016 + c % 4 if c < 6 else 0, "county", 1, 1),
        (lambda rng, c: 2016 + c % 4 if c < 6 and rng.random() < 0.35 else 0, "county", 0.1, 0.4),
        # The same share in every county, each from a year of its own.
        (lambda rng, c: 2015 + c % 7 if rng.random() < 0.5 else 0, "county", 0.05, 0.4),
        (lambda rng, c: int(rng.choice([0, 2016, 2018])), "school", -0.02, 0.02),
        # Few schools, all in five of the counties: rare, and no chance.
        (lambda rng, c: 2016 if c < 5 and rng.random() < 0.15 else 0, "county", 0.0, 0.15),
    ],
)
def test_what_treatment_was_given_to(
    first: Callable[[np.random.Generator, int], int], unit: str, low: float, high: float
) -> None:
    told = assignment.tell_unit(_deal(first), PARAMETERS)
    assert told.unit == unit
    assert not told.fixed
    assert low <= told.between <= high
    assert told.clusters == (16 if unit == "county" else 320)
    for fixed in ("county", "school"):
        asked = assignment.tell_unit(_deal(first), {**PARAMETERS, "assignment": fixed})
        assert asked.unit == fixed
        assert asked.fixed


def test_likeness_within_counties_is_that_of_the_analysis_of_variance() -> None:
    # One year, counties of two: squares between 1 with one degree, within .5 with two.
    table = pd.DataFrame(
        {"county": list("kkmm"), "first": [2016, 2016, 0, 2016]}, index=list("abcd")
    )
    among, within = 2 * (0.25**2 + 0.25**2), 0.5 / 2
    expected = (among - within) / (among + within)
    assert assignment.measure_between(table, [2016]) == pytest.approx(expected)
    nobody = table.assign(first=0)
    assert math.isnan(assignment.measure_between(nobody, [2016]))
    assert assignment.deal_schools(nobody, [2016], 99, 1) == 1


def test_within_one_county_treatment_is_given_to_schools() -> None:
    found = panel.assign(panel.gather([with_moves(move("t", "x", "c", 2018))]).rows)
    told = assignment.tell_unit(found, {**PARAMETERS, "assignment": "county"})
    assert told.unit == "school"
    assert told.clusters == 3
    assert told.treated == 1
    assert told.starts.to_dict("records") == [
        {"county": "130722", "schools": 3, "treated": 1, "start": 2018, "at_start": 1}
    ]


def test_a_drawn_panel_is_read_as_it_was_declared() -> None:
    design = exchange_panels.Design(trend=0.01)
    rows = exchange_panels.draw(design, 7)
    truth = rows.drop_duplicates("school").set_index("school")
    for side in ("receive", "send"):
        found = panel.assign(rows, side, 1.0)
        mine = truth["true_first"].where(truth["true_side"] == side, 0)
        told = found.roles.set_index("school")["first"]
        assert told.equals(mine.astype(int).rename("first"))
    receiving = panel.assign(rows, "receive", 1.0)
    table = footing.compare_roles(rows, receiving).set_index(["role", "measure"])
    assert table.loc[("treated", "boarders"), "apart"] > 3
    assert table.loc[("treated", "rural"), "mean"] == 1
    assert table.loc[("control", "score"), "apart"] == 0


def test_declared_effects_are_recovered() -> None:
    found = []
    for seed in range(20):
        rows = panel.assign(
            exchange_panels.draw(exchange_panels.Design(), seed), "receive", 1.0
        ).rows
        on = rows[(rows["first"] > 0) & (rows["year"] >= rows["first"])]
        effects = staggered.group_time_effects(
            rows, outcome="score", unit="school", time="year", first_treated="first"
        )
        found.append(effects.aggregate("simple").estimate - on["effect"].mean())
    assert abs(np.mean(found)) < 4 * np.std(found, ddof=1) / math.sqrt(len(found))
    assert np.std(found, ddof=1) < 0.06


def test_scores_without_a_spread_have_no_scale() -> None:
    rows = frame("school_scores", [score(s, 2018, 70, score_sd=0.0) for s in "ab"])
    assert outcomes.standardise(rows)["z"].isna().all()


def test_dealing_schools_anew_counts_every_deal_alike() -> None:
    # Two of four schools treated, both of one county: one deal in three is like that.
    table = pd.DataFrame({"county": list("kkmm"), "first": [2016, 2016, 0, 0]}, index=list("abcd"))
    deals = 2999
    found = assignment.deal_schools(table, [2016], deals, 7)
    assert abs(found - 1 / 3) < 4 * math.sqrt(2 / 9 / deals)


def test_schools_treated_by_chance_are_seldom_taken_for_counties() -> None:
    def flip(rng: np.random.Generator, _: int) -> int:
        return int(rng.choice([0, 2016, 2018]))

    few = {**PARAMETERS, "deals": 199}
    told = [assignment.tell_unit(_deal(flip, seed), few).unit for seed in range(100)]
    # Five in a hundred are to be expected; more than eleven would come once in a hundred times.
    assert told.count("county") <= 11
