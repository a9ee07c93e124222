"""Government assurance and quality: each item and each relaxation at its edge, and what is missing."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.questions.conftest import school

from analysis.finding import Finding
from analysis.questions import assurance
from analysis.questions import county as brief
from analysis.questions.assurance.outcomes import judge_ratio, judge_share
from analysis.records.reference import load_reference
from analysis.release import release

COUNTY = "130722"
ITEMS = [item["id"] for item in load_reference().assurance["item"]]


def rows(**values: Any) -> dict[str, Any]:
    return {"county": COUNTY, "year": 2021, **values}


def room(code: str, kind: str, area: float | None = 100.0, n: int = 1, **values: Any) -> dict[str, Any]:  # fmt: skip
    return rows(school=code, room=kind, room_no=1, rooms_n=n, area_m2=area, **values)


def both(code: str, music: float = 100.0, art: float = 100.0, n: int = 1) -> list[dict[str, Any]]:
    return [room(code, "music", music, n), room(code, "fine_art", art, n)]


def klass(code: str, pupils: int, no: int = 1, stage: str = "primary", grade: int = 1) -> dict[str, Any]:  # fmt: skip
    return rows(school=code, stage=stage, grade=grade, class_no=no, pupils_n=pupils)


def teacher(n: int, code: str = "A", **values: Any) -> dict[str, Any]:
    return rows(pseudonym=f"t{n}", school=code, stage="primary", **values)


def check(finding: Finding, item: str) -> tuple[str, str]:
    """Give the verdict on an item and the last word of its reason."""
    (found,) = (c for c in finding.checks if c.by == "" and c.indicator.split(".")[0] == item)
    return found.verdict, found.reason.split(".")[-1]


def value(finding: Finding, indicator: str, **at: str) -> float:
    at = {"by": "", **at}
    table = finding.table[finding.table["indicator"] == indicator]
    for column, wanted in at.items():
        table = table[table[column] == wanted]
    (found,) = table["value"]
    return float(found)


# Music and art rooms --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "number", "verdict"),
    [(1, 1, "met"), (12, 1, "met"), (13, 1, "not_met"), (13, 2, "met"), (24, 2, "met"),
     (25, 2, "not_met"), (25, 3, "met")],
)  # fmt: skip
def test_one_room_of_each_for_every_twelve_classes_or_part_of_them(
    build_county, classes, number, verdict
):
    county = build_county(
        [school("A", classes_n=classes, opened=2018)], special_rooms=both("A", n=number)
    )
    assert check(assurance.assess(county), "rooms")[0] == verdict


@pytest.mark.parametrize(
    ("opened", "music", "art", "verdict"),
    [
        (2017, 96.0, 90.0, "met"), (2017, 95.9, 90.0, "not_met"), (2017, 96.0, 89.9, "not_met"),
        (2016, 73.0, 67.0, "met"), (2016, 72.9, 67.0, "not_met"), (2016, 73.0, 66.9, "not_met"),
        (None, 96.0, 90.0, "met"), (None, 80.0, 90.0, "cannot_say"), (None, 72.9, 90.0, "not_met"),
    ],
)  # fmt: skip
def test_rooms_are_as_large_as_when_the_school_was_built_asks(
    build_county, opened, music, art, verdict
):
    schools = [school("A", classes_n=10, opened=opened, zone="121")]
    county = build_county(schools, special_rooms=both("A", music, art))
    assert check(assurance.assess(county), "rooms")[0] == verdict


@pytest.mark.parametrize(("built", "verdict"), [(2016, "met"), (2017, "cannot_say")])
def test_a_school_with_an_old_room_is_an_old_school(build_county, built, verdict):
    rooms = [room("A", "music", 80.0, built=built), room("A", "fine_art", 90.0)]
    county = build_county([school("A", classes_n=10)], special_rooms=rooms)
    assert check(assurance.assess(county), "rooms")[0] == verdict


@pytest.mark.parametrize(
    ("stage", "area", "largest", "zone", "pupils", "verdict"),
    [
        ("primary", 54.0, 29, "220", 58, "met"),
        ("primary", 53.9, 29, "220", 58, "not_met"),
        ("primary", 54.0, 30, "220", 60, "not_met"),
        ("primary", 54.0, 29, "121", 58, "not_met"),
        ("primary", 54.0, 25, "210", 100, "not_met"),
        ("primary", 54.0, 29, None, 58, "cannot_say"),
        ("junior", 61.0, 29, "210", 58, "met"),
        ("junior", 60.9, 29, "210", 58, "not_met"),
    ],
)
def test_small_rural_schools_may_have_smaller_rooms(
    build_county, stage, area, largest, zone, pupils, verdict
):
    kind = {"primary": "211", "junior": "311"}[stage]
    number = math.ceil(pupils / largest)
    one = school(
        "A", kind=kind, stage=stage, pupils_n=pupils, classes_n=number, zone=zone, opened=2018
    )
    sizes = [largest, *[(pupils - largest) // (number - 1)] * (number - 1)]
    sizes[-1] += pupils - sum(sizes)
    classes = [klass("A", n, no, stage) for no, n in enumerate(sizes, 1)]
    county = build_county([one], special_rooms=both("A", area, area), classes=classes)
    assert check(assurance.assess(county), "rooms")[0] == verdict


def test_no_room_is_a_report_and_no_row_is_none(build_county):
    schools = [school("A", classes_n=10, opened=2018)]
    none = build_county(
        schools, special_rooms=[room("A", "music", None, 0), room("A", "fine_art", 95.0)]
    )
    assert check(assurance.assess(none), "rooms") == ("not_met", "")
    half = build_county(schools, special_rooms=[room("A", "music")])
    assert check(assurance.assess(half), "rooms") == ("cannot_say", "incomplete")
    nothing = build_county(schools)
    assert check(assurance.assess(nothing), "rooms") == ("cannot_say", "not_reported")


def test_one_school_at_fault_settles_it_and_one_that_is_silent_keeps_it_open(build_county):
    schools = [school(code, classes_n=10, opened=2018) for code in "ABC"]
    silent = build_county(schools, special_rooms=both("A") + both("B"))
    finding = assurance.assess(silent)
    assert check(finding, "rooms") == ("cannot_say", "incomplete")
    assert value(finding, "rooms.schools_met") == 1.0
    assert value(finding, "rooms.unknown") == 1
    failing = build_county(schools, special_rooms=both("A") + both("B", music=10.0))
    finding = assurance.assess(failing)
    assert check(finding, "rooms") == ("not_met", "")
    assert value(finding, "rooms.schools_met") == 0.5
    assert value(finding, "rooms.at_fault") == 1
    assert value(finding, "rooms.lack", by="kind×school", subject="211×B") == 1


def test_classes_are_counted_from_their_list_where_no_total_is_given(build_county):
    one = school("A", classes_n=None, pupils_n=26 * 13, opened=2018)
    listed = [klass("A", 26, no) for no in range(1, 14)]
    county = build_county([one], special_rooms=both("A"), classes=listed)
    assert check(assurance.assess(county), "rooms")[0] == "not_met"
    county = build_county([one], special_rooms=both("A"))
    assert check(assurance.assess(county), "rooms")[0] == "cannot_say"


# Size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pupils", "opened", "migrants", "verdict"),
    [
        (2000, 2018, 0, "met"), (2001, 2018, 0, "not_met"), (2000, None, None, "met"),
        (2400, 2010, 0, "met"), (2401, 2010, 0, "not_met"), (2001, 2011, 0, "not_met"),
        (2100, 2018, 1051, "met"), (2100, 2018, 1050, "not_met"), (2401, 2018, 2000, "not_met"),
        (2100, None, 0, "cannot_say"), (2100, 2018, None, "cannot_say"),
        (2100, None, 1051, "met"), (2401, None, None, "not_met"),
    ],
)  # fmt: skip
def test_a_school_has_two_thousand_pupils_or_the_relaxed_number(
    build_county, pupils, opened, migrants, verdict
):
    one = school("A", pupils_n=pupils, opened=opened, migrants_n=migrants)
    finding = assurance.assess(build_county([one]))
    assert check(finding, "size")[0] == verdict


@pytest.mark.parametrize(
    ("junior", "opened", "verdict", "lack"),
    [(1500, 2018, "met", 0), (1501, 2018, "not_met", 1), (2000, 2010, "met", 0),
     (2001, 2010, "not_met", 1)],
)  # fmt: skip
def test_a_nine_year_school_is_counted_whole(build_county, junior, opened, verdict, lack):
    parts = [
        school("A", kind="312", stage=stage, pupils_n=n, opened=opened, migrants_n=0)
        for stage, n in (("primary", 1000), ("junior", junior))
    ]
    finding = assurance.assess(build_county(parts))
    assert check(finding, "size")[0] == verdict
    if lack:
        assert value(finding, "size.lack", by="kind×school", subject="312×A") == lack


def test_a_stage_that_did_not_report_leaves_the_size_open(build_county):
    part = school("A", kind="312", stage="primary", pupils_n=1000, opened=2018, migrants_n=0)
    assert check(assurance.assess(build_county([part])), "size") == ("cannot_say", "incomplete")
    part = school("A", kind="312", stage="primary", pupils_n=3001, opened=2000, migrants_n=0)
    assert check(assurance.assess(build_county([part])), "size") == ("not_met", "")


# Classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "kind", "size", "verdict"),
    [("primary", "211", 45, "met"), ("primary", "211", 46, "not_met"),
     ("junior", "311", 50, "met"), ("junior", "311", 51, "not_met")],
)  # fmt: skip
def test_every_class_is_within_its_limit(build_county, stage, kind, size, verdict):
    one = school("A", kind=kind, stage=stage, pupils_n=30 + size, classes_n=2)
    listed = [klass("A", 30, 1, stage), klass("A", size, 2, stage)]
    finding = assurance.assess(build_county([one], classes=listed))
    assert check(finding, "class_size")[0] == verdict
    assert value(finding, "class_size") == (1.0 if verdict == "met" else 0.5)


@pytest.mark.parametrize(
    ("listed", "classes", "pupils", "verdict"),
    [([45, 45], 2, 90, "met"), ([45], 2, 90, "cannot_say"), ([46], 2, 90, "not_met"),
     ([45, 40], 2, 90, "cannot_say"), ([45, 45], None, 90, "met"), ([], 2, 90, "cannot_say")],
)  # fmt: skip
def test_a_list_of_classes_has_to_be_whole(build_county, listed, classes, pupils, verdict):
    schools = [
        school("A", pupils_n=pupils, classes_n=classes), school("B", pupils_n=30, classes_n=1)
    ]  # fmt: skip
    rows_ = [klass("A", n, no) for no, n in enumerate(listed, 1)] + [klass("B", 30)]
    assert check(assurance.assess(build_county(schools, classes=rows_)), "class_size")[0] == verdict


def test_senior_classes_are_not_judged(build_county):
    parts = [
        school("A", kind="341", stage=stage, pupils_n=n, classes_n=1)
        for stage, n in (("junior", 50), ("senior", 60))
    ]
    listed = [klass("A", 50, 1, "junior"), klass("A", 60, 1, "senior", 10)]
    assert check(assurance.assess(build_county(parts, classes=listed)), "class_size")[0] == "met"


# Funds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "budget", "verdict"),
    [(2020, 60_000.0, "met"), (2020, 59_999.0, "not_met"), (2021, 65_000.0, "met"),
     (2021, 64_999.0, "not_met"), (2021, None, "cannot_say")],
)  # fmt: skip
def test_small_rural_schools_are_funded_as_if_of_a_hundred(build_county, year, budget, verdict):
    schools = [school(code, kind="218", zone="220", pupils_n=20, year=year) for code in ("A", "B")]
    funds = [
        {"school": "A", "county": COUNTY, "year": year, "budget_yuan": budget},
        {"school": "B", "county": COUNTY, "year": year, "budget_yuan": 70_000.0},
    ]
    county = build_county(schools, year=year, school_funds=funds)
    assert check(assurance.assess(county), "small_funds")[0] == verdict


@pytest.mark.parametrize(
    ("pupils", "zone", "kind", "verdict"),
    [(99, "220", "211", "not_met"), (100, "220", "211", "not_applicable"),
     (99, "121", "211", "not_applicable"), (99, "220", "311", "not_applicable"),
     (99, None, "211", "cannot_say")],
)  # fmt: skip
def test_only_village_schools_under_a_hundred_are_small(build_county, pupils, zone, kind, verdict):
    stage = "junior" if kind == "311" else "primary"
    one = school("A", kind=kind, stage=stage, zone=zone, pupils_n=pupils)
    county = build_county([one], school_funds=[rows(school="A", budget_yuan=1000.0)])
    assert check(assurance.assess(county), "small_funds")[0] == verdict


@pytest.mark.parametrize(
    ("budget", "verdict"), [(120_000.0, "met"), (119_999.0, "not_met"), (None, "cannot_say")]
)
def test_special_schools_have_six_thousand_a_pupil(build_county, budget, verdict):
    schools = [school("S", kind="510", stage="primary", pupils_n=20), school("A")]
    funds = [rows(school="S", budget_yuan=budget), rows(school="A", budget_yuan=1.0)]
    county = build_county(schools, school_funds=funds)
    assert check(assurance.assess(county), "special_funds")[0] == verdict


def test_a_county_without_special_schools_is_not_asked(build_county):
    finding = assurance.assess(build_county([school("A")]))
    assert check(finding, "special_funds") == ("not_applicable", "none")
    assert value(finding, "assurance_items") == len(ITEMS) - 2  # and no small rural school
    short = build_county([school("A")], totals={"schools_expected_n": 2})
    assert check(assurance.assess(short), "special_funds") == ("cannot_say", "incomplete")


@pytest.mark.parametrize(("pupils", "verdict"), [(2000, "cannot_say"), (2001, "not_met")])
def test_a_school_that_is_not_on_the_list_keeps_all_open_but_what_is_settled(
    build_county, pupils, verdict
):
    one = school("A", pupils_n=pupils, opened=2018, migrants_n=0)
    county = build_county([one], totals={"schools_expected_n": 2})
    assert check(assurance.assess(county), "size")[0] == verdict


# Teachers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "listed", "verdict", "reason"),
    [([360.0, 400.0], 2, "met", ""), ([359.9, 400.0], 2, "not_met", ""),
     ([360.0, None], 2, "cannot_say", "incomplete"), ([359.9, None], 3, "not_met", ""),
     ([360.0, 400.0], 3, "cannot_say", "incomplete"), ([None, None], 2, "cannot_say", "not_reported")],
)  # fmt: skip
def test_every_teacher_has_the_hours(build_county, hours, listed, verdict, reason):
    teachers = [teacher(n, training_hours_n=h) for n, h in enumerate(hours)]
    county = build_county([school("A", teachers_n=listed)], teachers=teachers)
    assert check(assurance.assess(county), "training") == (verdict, reason)


@pytest.mark.parametrize(
    ("held", "verdict"),
    [([True, True], "met"), ([True, False], "not_met"), ([True, None], "cannot_say")],
)
def test_every_teacher_has_a_certificate(build_county, held, verdict):
    teachers = [teacher(n, certificate=h) for n, h in enumerate(held)]
    county = build_county([school("A", teachers_n=2)], teachers=teachers)
    assert check(assurance.assess(county), "certificates")[0] == verdict


def test_teachers_of_other_schools_and_stages_are_not_asked(build_county):
    schools = [
        school("A", kind="345", stage="primary", teachers_n=1),
        school("A", kind="345", stage="senior", teachers_n=1),
        school("V", kind="360", stage="junior", teachers_n=1),
        school("S", kind="510", stage="primary", teachers_n=1),
    ]
    teachers = [
        teacher(1, certificate=True),
        {**teacher(2, certificate=False), "stage": "senior"},
        {**teacher(3, "V", certificate=False), "stage": "junior"},
        teacher(4, "S", certificate=True),
    ]
    finding = assurance.assess(build_county(schools, teachers=teachers))
    assert check(finding, "certificates") == ("met", "")
    (n,) = finding.table.loc[finding.table["indicator"] == "certificates", "denominator"]
    assert n == 2


def test_a_school_without_any_list_keeps_it_open(build_county):
    schools = [school("A", teachers_n=1), school("B", teachers_n=None)]
    finding = assurance.assess(build_county(schools, teachers=[teacher(1, certificate=True)]))
    assert check(finding, "certificates") == ("cannot_say", "incomplete")


def move(n: int, code: str = "A") -> dict[str, Any]:
    return rows(pseudonym=f"t{n}", school=code, to_school="B", form="regular")


@pytest.mark.parametrize(
    ("eligible", "moved", "verdict"), [(10, 1, "met"), (11, 1, "not_met"), (20, 2, "met")]
)
def test_ten_of_a_hundred_eligible_teachers_move(build_county, eligible, moved, verdict):
    """Six years at one school make a teacher eligible; five do not."""
    teachers = [teacher(n, first_year=2015) for n in range(eligible)]
    teachers += [teacher(100 + n, first_year=2016) for n in range(30)]
    county = build_county(
        [school("A", teachers_n=eligible + 30), school("B", teachers_n=0)],
        teachers=teachers, exchanges=[move(n) for n in range(moved)],
    )  # fmt: skip
    finding = assurance.assess(county)
    assert check(finding, "exchange")[0] == verdict
    assert value(finding, "exchange") == pytest.approx(moved / eligible)


def test_the_county_says_after_how_many_years(build_county):
    teachers = [teacher(n, first_year=2013) for n in range(10)]
    teachers += [teacher(100 + n, first_year=2012) for n in range(5)]
    schools = [school("A", teachers_n=15), school("B", teachers_n=0)]
    own = build_county(
        schools, teachers=teachers, exchanges=[move(1)],
        county_years=[rows(eligibility_years_n=9)],
    )  # fmt: skip
    usual = build_county(schools, teachers=teachers, exchanges=[move(1)])
    assert value(assurance.assess(own), "exchange") == pytest.approx(1 / 5)
    assert value(assurance.assess(usual), "exchange") == pytest.approx(1 / 15)
    keys = {note.key for note in assurance.assess(own).notes}
    assert "assurance.caution.own_years" in keys
    assert "assurance.caution.usual_years" not in keys


def test_who_moved_with_the_post_is_judged_by_the_school_before(build_county):
    schools = [
        school(code, teachers_n=n, year=year)
        for year in (2020, 2021) for code, n in (("A", 10), ("B", 1))
    ]  # fmt: skip
    before = [{**teacher(n, first_year=2010), "year": 2020} for n in range(10)]
    now = [teacher(n, first_year=2010) for n in range(1, 10)]
    now.append(teacher(0, "B", first_year=2021))
    county = build_county(schools, teachers=before + now, exchanges=[move(0)])
    assert value(assurance.assess(county), "exchange") == pytest.approx(1 / 10)


def test_private_schools_neither_send_nor_count(build_county):
    schools = [
        school("A", teachers_n=10), school("P", teachers_n=10, owner="private"),
        school("B", teachers_n=0),
    ]  # fmt: skip
    teachers = [teacher(n, first_year=2000) for n in range(10)]
    teachers += [teacher(50 + n, "P", first_year=2000) for n in range(10)]
    county = build_county(schools, teachers=teachers, exchanges=[move(1), move(50, "P")])
    assert value(assurance.assess(county), "exchange") == pytest.approx(1 / 10)


def test_a_teacher_at_two_schools_moved_once(build_county):
    teachers = [teacher(n, first_year=2000, backbone=n == 1) for n in range(20)]
    twice = [move(1), {**move(1), "to_school": "C"}, move(2)]
    schools = [school("A", teachers_n=20), school("B", teachers_n=0), school("C", teachers_n=0)]
    finding = assurance.assess(build_county(schools, teachers=teachers, exchanges=twice))
    assert value(finding, "exchange") == pytest.approx(2 / 20)
    assert value(finding, "exchange_backbone") == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("backbone", "verdict"),
    [([True] + [False] * 4, "met"), ([True] + [False] * 5, "not_met"),
     ([True, None, None, None], "met"), ([False, None, False, False], "cannot_say"),
     ([None, False, False, False, False], "cannot_say")],
)  # fmt: skip
def test_one_in_five_of_those_who_move_is_a_backbone_teacher(build_county, backbone, verdict):
    teachers = [teacher(n, first_year=2000, backbone=b) for n, b in enumerate(backbone)]
    county = build_county(
        [school("A", teachers_n=len(backbone)), school("B", teachers_n=0)],
        teachers=teachers, exchanges=[move(n) for n in range(len(backbone))],
    )  # fmt: skip
    assert check(assurance.assess(county), "exchange_backbone")[0] == verdict


def test_without_a_list_of_moves_nothing_is_said_of_them(build_county):
    county = build_county([school("A", teachers_n=1)], teachers=[teacher(1, first_year=2000)])
    finding = assurance.assess(county)
    assert check(finding, "exchange") == ("cannot_say", "not_reported")
    assert check(finding, "exchange_backbone") == ("cannot_say", "not_reported")


# Figures --------------------------------------------------------------------------------------

AT_THE_LIMIT = {
    "pay": {"pay_teachers_yuan": 100.0, "paid_teachers_n": 10, "pay_officials_yuan": 50.0,
            "paid_officials_n": 5},
    "nearby_primary": {"primary_nearby_n": 100, "primary_intake_n": 100},
    "nearby_junior": {"junior_nearby_n": 95, "junior_intake_n": 100},
    "quota": {"senior_allotted_n": 50, "senior_places_n": 100},
    "migrants": {"migrants_public_n": 80, "migrants_bought_n": 5, "migrants_n": 100},
    "retention": {"cohort_graduates_n": 190, "cohort_in_n": 10, "cohort_out_n": 10,
                  "cohort_n": 202, "cohort_died_n": 2},
    "disabled": {"disabled_enrolled_n": 95, "disabled_n": 100},
    "training_funds": {"training_yuan": 5.0, "funds_yuan": 100.0},
    "recognition": {"approving_n": 85, "surveyed_n": 100},
}  # fmt: skip
"""First of each is what one less of makes the item fail."""


@pytest.mark.parametrize("item", AT_THE_LIMIT)
def test_a_figure_that_reaches_the_limit_meets_it_and_one_less_does_not(build_county, item):
    figures = AT_THE_LIMIT[item]
    first = next(iter(figures))
    met = assurance.assess(build_county([school("A")], county_years=[rows(**figures)]))
    less = rows(**{**figures, first: figures[first] - 1})
    if item == "retention":
        assert value(met, "retention") == pytest.approx(190 / 200)
        assert value(met, "transfers_out") == pytest.approx(10 / 200)
    failing = assurance.assess(build_county([school("A")], county_years=[less]))
    assert check(met, item)[0] == "met"
    assert check(failing, item)[0] == "not_met"


@pytest.mark.parametrize("item", AT_THE_LIMIT)
def test_a_figure_with_any_part_missing_is_not_reported(build_county, item):
    for column in AT_THE_LIMIT[item]:
        partly = rows(**{**AT_THE_LIMIT[item], column: None})
        finding = assurance.assess(build_county([school("A")], county_years=[partly]))
        assert check(finding, item) == ("cannot_say", "not_reported"), column


@pytest.mark.parametrize("item", sorted(set(AT_THE_LIMIT) - {"pay", "training_funds"}))
def test_nobody_to_count_is_nothing_to_judge(build_county, item):
    nobody = rows(**dict.fromkeys(AT_THE_LIMIT[item], 0))
    finding = assurance.assess(build_county([school("A")], county_years=[nobody]))
    assert check(finding, item) == ("not_applicable", "none")


SUBJECTS = ("chinese", "mathematics", "science", "pe", "arts", "morals")


def results(variation: float = 0.1, level: int = 3, year: int = 2021, leave: int = 0) -> list[dict[str, Any]]:  # fmt: skip
    found = [
        {"county": COUNTY, "year": 2019 + n // 2, "monitored": s, "level": 3, "variation": 0.1}
        for n, s in enumerate(SUBJECTS[: len(SUBJECTS) - leave])
    ]
    found[-1] |= {"variation": variation, "level": level, "year": year}
    return found


@pytest.mark.parametrize(
    ("given_", "verdict", "reason"),
    [
        (results(0.149), "met", ""),
        (results(0.15), "not_met", ""),
        (results(level=2), "not_met", "level"),
        (results(leave=1), "cannot_say", "incomplete"),
        (results(0.2, leave=1), "not_met", ""),
        (results(year=2018), "cannot_say", "incomplete"),
        ([], "cannot_say", "not_reported"),
    ],
)
def test_the_latest_result_of_every_subject_counts(build_county, given_, verdict, reason):
    county = build_county([school("A")], monitoring=given_)
    assert check(assurance.assess(county), "monitoring") == (verdict, reason)


def test_a_later_result_replaces_an_earlier_one(build_county):
    early = {"county": COUNTY, "year": 2019, "monitored": "morals", "level": 1, "variation": 0.4}
    county = build_county([school("A")], monitoring=[*results(), early])
    assert check(assurance.assess(county), "monitoring")[0] == "met"


# The chapter ----------------------------------------------------------------------------------


def test_what_only_documents_decide_is_listed_and_never_counted(build_county):
    finding = assurance.assess(build_county([school("A")]))
    documents = [c for c in finding.checks if c.by == "document"]
    assert len(documents) == len(load_reference().assurance["document"]) == 11
    assert {(c.verdict, c.reason) for c in documents} == {
        ("cannot_say", "assurance.reason.document")
    }
    counted = sum(
        value(finding, "items_by_verdict", by="chapter→verdict", subject=f"assurance→{v}")
        for v in ("met", "not_met", "cannot_say", "not_applicable")
    )
    assert counted == len(ITEMS)


def test_all_items_of_the_document_are_there():
    """15 of government assurance, 9 of quality, recognition: none is left out."""
    rules = load_reference().assurance
    for part, count in (("assurance", 15), ("quality", 9), ("recognition", 1)):
        entries = [*rules["item"], *rules["document"]]
        assert {e["no"] for e in entries if e["part"] == part} == set(range(1, count + 1))


def test_another_scheme_asks_for_none_of_it(build_county):
    finding = assurance.assess(build_county([school("A")]), scheme="basic-2012")
    assert finding.checks == ()
    assert finding.table.empty
    assert [note.key for note in finding.notes] == ["assurance.headline.other_scheme"]


def test_a_county_without_anything_gives_a_chapter(build_county):
    finding = assurance.assess(build_county([]))
    assert {c.verdict for c in finding.checks} == {"cannot_say"}
    release(finding, "public")


# Before the public ----------------------------------------------------------------------------


def full(build_county, **figures: Any):
    schools = [
        school(f"S{n}", pupils_n=300, classes_n=7, opened=2018, migrants_n=0) for n in range(6)
    ]
    schools += [
        school(f"N{n}", kind="312", stage=stage, pupils_n=200, classes_n=5, opened=2018, migrants_n=0)
        for n in range(2) for stage in ("primary", "junior")
    ]  # fmt: skip
    rooms = [r for code in ("S0", "S1", "S2", "S3", "S4", "S5", "N0") for r in both(code)]
    rooms += both("N1", music=10.0)
    return build_county(schools, special_rooms=rooms, county_years=[rows(**figures)])


@pytest.mark.parametrize("audience", ["public", "superior", "internal"])
def test_disabled_children_who_are_few_are_withheld_and_so_is_the_verdict(build_county, audience):
    figures = {"disabled_n": 40, "disabled_enrolled_n": 37}
    out = release(assurance.assess(full(build_county, **figures)), audience)
    (row,) = out.table[out.table["indicator"] == "disabled"].to_dict("records")
    assert row["flag"] in ("c", "ge")
    (verdict,) = (c for c in out.checks if c.indicator == "disabled")
    assert (verdict.verdict, verdict.reason) == ("cannot_say", "gate.withheld")
    counted = out.table[(out.table["indicator"] == "items_by_verdict")].set_index("subject")
    assert counted.loc["assurance→cannot_say", "value"] == sum(
        c.verdict == "cannot_say" for c in out.checks if c.by == ""
    )


def test_the_public_reads_no_school_and_cannot_work_one_out(build_county):
    finding = assurance.assess(full(build_county))
    out = release(finding, "public")
    assert not any("school" in str(by).split("×") for by in out.table["by"])
    assert "kind×school" not in out.labels
    # Two nine-year schools are too few; with their complement they could be worked out.
    kinds = out.table[(out.table["indicator"] == "rooms.at_fault") & (out.table["by"] == "kind")]
    assert kinds["value"].isna().all()
    inside = release(finding, "internal").table
    kinds = inside[(inside["indicator"] == "rooms.at_fault") & (inside["by"] == "kind")]
    assert kinds.set_index("subject")["value"].to_dict() == {"211": 0, "312": 1}
    assert "312×N1" in set(inside["subject"])


def test_counts_of_persons_are_rounded_and_shares_coded(build_county):
    figures = {"migrants_n": 203, "migrants_public_n": 198, "migrants_bought_n": 4,
               "surveyed_n": 407, "approving_n": 388}  # fmt: skip
    out = release(assurance.assess(full(build_county, **figures)), "public")
    shown = out.table.set_index("indicator")
    assert shown.loc["migrants", "flag"] == "ge"
    assert shown.loc["recognition", ["numerator", "denominator", "value"]].tolist() == [390, 405, 0.96]  # fmt: skip


def test_the_summary_counts_the_same_items(build_county):
    county = full(build_county, disabled_n=40, disabled_enrolled_n=37)
    finding = assurance.assess(county)
    here = release(finding, "public").table
    there = release(brief.gather(county, [finding]), "public").table

    def counts(table):
        mine = table[table["indicator"] == "items_by_verdict"]
        return mine.set_index("subject")["value"].to_dict()

    assert counts(here).items() >= counts(there).items()
    assert counts(there)
    all_ = there[(there["indicator"] == "requirements") & (there["by"] == "")]["value"]
    by = there[(there["indicator"] == "requirements") & (there["by"] == "verdict")]["value"]
    assert all_.sum() == by.sum()


# What a verdict may rest on ---------------------------------------------------------------------

few = st.integers(0, 30)


@given(few, few, few, st.sampled_from([0.1, 0.2, 0.5, 0.85, 0.95, 1.0]))
def test_a_verdict_on_a_share_stands_whatever_is_missing(done, rest, unknown, limit):
    known = done + rest
    found = judge_share(done, known, unknown, limit)
    if known == 0:
        assert found.verdict in ("cannot_say", "not_applicable")
        return
    whole = known + unknown
    possible = {(done + more) / whole >= limit - 1e-9 for more in range(unknown + 1)}
    wanted = {frozenset({True}): "met", frozenset({False}): "not_met"}
    assert found.verdict == wanted.get(frozenset(possible), "cannot_say")


@given(st.integers(0, 40), st.integers(1, 200), st.integers(0, 50))
def test_a_verdict_on_a_ratio_stands_for_every_whole(part, least, more):
    found = judge_ratio(part, least, least + more, 0.1)
    possible = {part / whole >= 0.1 - 1e-9 for whole in range(least, least + more + 1)}
    wanted = {frozenset({True}): "met", frozenset({False}): "not_met"}
    assert found.verdict == wanted.get(frozenset(possible), "cannot_say")
