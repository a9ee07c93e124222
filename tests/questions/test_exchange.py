"""Exchange of teachers: quotas, flows, stays, arithmetic and selection of counties made by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from tests.questions.conftest import school

from analysis.display import View, prose
from analysis.finding import PERSON_UNITS, Finding
from analysis.methods.dispersion import difference_coefficient
from analysis.questions import assurance, balance, exchange
from analysis.questions.exchange import arithmetic, flows, selection, stays
from analysis.questions.exchange.kinds import classify
from analysis.questions.exchange.rules import read_rules
from analysis.records.county import CountyData
from analysis.records.reference import load_reference
from analysis.release import release

COUNTY = "130722"
RULES = read_rules(load_reference())
Rows = list[dict[str, Any]]


def teacher(n: int, code: str = "A", year: int = 2021, **values: Any) -> dict[str, Any]:
    return {"pseudonym": f"t{n:03}", "school": code, "county": COUNTY, "year": year,
            "stage": "primary", "first_year": 2000, "backbone": False, "midlevel": False,
            "qualification": "associate", "subject": "chinese", **values}  # fmt: skip


def move(n: int, code: str = "A", to: str = "B", year: int = 2021, **values: Any) -> dict[str, Any]:
    return {"pseudonym": f"t{n:03}", "school": code, "to_school": to, "county": COUNTY,
            "year": year, "form": "regular", "end": f"{year + 1}-08-31", **values}  # fmt: skip


def number(finding: Finding, indicator: str, **key: str) -> float:
    rows = finding.table[finding.table["indicator"] == indicator]
    wanted = {"by": "", "subject": "", "stage": "", "at": "2021", **key}
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return float(rows["value"].iloc[0]) if len(rows) else math.nan


def verdict(finding: Finding, indicator: str, scope: str = "") -> tuple[str, str]:
    check = next(c for c in finding.checks if (c.indicator, c.subject) == (indicator, scope))
    return check.verdict, check.reason.removeprefix("exchange.reason.")


def keys(finding: Finding) -> set[str]:
    return {note.key.removeprefix("exchange.") for note in finding.notes}


# The rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("eligible", "moved", "expected"), [(10, 1, "met"), (11, 1, "not_met"), (20, 2, "met")]
)
def test_ten_of_a_hundred_of_the_eligible(build_county, eligible, moved, expected) -> None:
    """Six years at one school make a teacher eligible where the county gives no number."""
    teachers = [teacher(n, first_year=2015) for n in range(eligible)]
    teachers += [teacher(100 + n, first_year=2016) for n in range(30)]
    county = build_county(
        [school("A", teachers_n=eligible + 30), school("B", teachers_n=0)],
        teachers=teachers, exchanges=[move(n) for n in range(moved)],
    )  # fmt: skip
    finding = exchange.assess(county)
    assert verdict(finding, "exchange_of_eligible") == (expected, "")
    assert number(finding, "exchange_of_eligible") == pytest.approx(moved / eligible)
    assert "confidence.usual_years" in keys(finding)


def test_the_quota_of_urban_and_good_schools_is_its_own(build_county) -> None:
    """Of 20 in the town 3 go, of 20 in the country none: 7.5 % of all, 15 % of the town's."""
    schools = [
        school("A", zone="121", teachers_n=20, teachers_backbone_n=5),
        school("C", zone="220", teachers_n=20, teachers_backbone_n=0),
        school("B", zone="220", teachers_n=0, teachers_backbone_n=0, pupils_n=0),
    ]
    teachers = [teacher(n, backbone=n == 0) for n in range(20)]
    teachers += [teacher(50 + n, "C") for n in range(20)]
    county = build_county(schools, teachers=teachers, exchanges=[move(n) for n in range(3)])
    outside = exchange.assess(county)
    assert verdict(outside, "exchange_of_eligible", "urban_or_good") == ("cannot_say", "few")
    told = outside.table.loc[outside.table["by"] == "exchange_scope", "indicator"]
    assert set(told) == {"exchange_eligible"}
    finding = exchange.assess(county, few=True)
    assert verdict(finding, "exchange_of_eligible")[0] == "not_met"
    assert verdict(finding, "exchange_of_eligible", "urban_or_good")[0] == "met"
    assert verdict(finding, "exchange_of_moved", "urban_or_good")[0] == "met"
    scope = {"by": "exchange_scope"}
    urban, other = ({**scope, "subject": s} for s in ("urban_or_good", "other"))
    assert number(finding, "exchange_of_eligible", **urban) == pytest.approx(3 / 20)
    assert number(finding, "exchange_of_eligible", **other) == 0.0
    assert number(finding, "exchange_of_moved", **urban) == pytest.approx(1 / 3)


def test_good_schools_are_those_with_most_backbone_teachers_for_their_size(build_county) -> None:
    backbone = {"A": 8, "B": 4, "C": 1, "D": 1}
    schools = [
        school(code, zone="220", teachers_n=20, teachers_backbone_n=n)
        for code, n in backbone.items()
    ]
    kinds = classify(build_county(schools), 2021, RULES)
    assert kinds["urban_or_good"].to_dict() == {"A": True, "B": False, "C": False, "D": False}
    named = {**RULES, "good": {**RULES["good"], "named": {COUNTY: ["D"]}}}
    kinds = classify(build_county(schools), 2021, named)
    assert kinds.index[kinds["urban_or_good"]].tolist() == ["D"]


@pytest.mark.parametrize(("gone", "expected"), [(5, "met"), (2, "cannot_say"), (0, "not_met")])
def test_schools_of_unknown_type_leave_the_scope_open(build_county, gone, expected) -> None:
    """20 eligible in the town, 20 at a school that says neither where it lies nor who is there.

    With 5 the share is at least 5 of 40; with 2 it is 2 of 20 or 2 of 40; with none but one of the
    unknown it is at most 1 of 20.
    """
    schools = [
        school("A", zone="121", teachers_n=20), school("C", zone=None, teachers_n=20,
                                                       teachers_backbone_n=None),
        school("B", zone="220", teachers_n=0, pupils_n=0),
    ]  # fmt: skip
    teachers = [teacher(n) for n in range(20)] + [teacher(50 + n, "C") for n in range(20)]
    moves = [move(n) for n in range(gone)] or [move(50, "C")]
    county = build_county(schools, teachers=teachers, exchanges=moves)
    finding = exchange.assess(county, few=True)
    assert verdict(finding, "exchange_of_eligible", "urban_or_good")[0] == expected


def test_a_school_that_is_silent_is_what_it_was_the_year_before(build_county) -> None:
    def schools(year: int, backbone: int | None) -> Rows:
        return [
            school("A", zone="220", year=year, teachers_n=20, teachers_backbone_n=backbone),
            *(
                school(c, zone="220", year=year, teachers_n=20, teachers_backbone_n=1)
                for c in "BCD"
            ),
        ]

    county = build_county(
        [*schools(2020, 10), *schools(2021, None)],
        teachers=[teacher(n, year=y) for n in range(20) for y in (2020, 2021)],
        exchanges=[move(1, year=2020), *(move(n) for n in range(2, 5))],
    )
    finding = exchange.assess(county, few=True)
    scope = {"by": "exchange_scope", "subject": "urban_or_good"}
    assert number(finding, "exchange_teachers", **scope) == 3


def test_itinerant_teachers_by_heads_and_by_the_week(build_county) -> None:
    """One whole week, one at two schools for two days and one day: two heads, 1.6 weeks."""
    half = {"form": "itinerant", "share_week": 0.4}
    moves = [move(1), move(2, **half), move(2, to="C", **{**half, "share_week": 0.2})]
    schools = [school(c, teachers_n=20 if c == "A" else 0) for c in "ABC"]
    county = build_county(schools, teachers=[teacher(n) for n in range(20)], exchanges=moves)
    finding = exchange.assess(county, few=True)
    assert number(finding, "exchange_teachers") == 2
    assert math.isnan(number(exchange.assess(county), "exchange_weeks")), "one teacher's week"
    assert number(finding, "exchange_itinerant") == 1
    assert number(finding, "exchange_weeks") == pytest.approx(1.6)
    moves[2]["share_week"] = None
    unknown = exchange.assess(
        build_county(schools, teachers=[teacher(n) for n in range(20)], exchanges=moves), few=True
    )
    rows = unknown.table[unknown.table["indicator"] == "exchange_weeks"]
    assert rows["flag"].tolist() == ["x"]


@pytest.mark.parametrize("what", ["exchanges", "teachers"])
def test_without_lists_nothing_is_said(build_county, what) -> None:
    tables = {"exchanges": [move(1)], "teachers": [teacher(1)], what: []}
    finding = exchange.assess(build_county([school("A"), school("B")], **tables))
    assert set(finding.table["flag"]) == {"x"}
    assert finding.table["value"].isna().all()
    assert keys(finding) == {f"headline.no_{what}"}
    assert {(c.verdict, c.reason) for c in finding.checks} == {
        ("cannot_say", "exchange.reason.not_reported")
    }


def test_the_quotas_are_those_of_the_chapter_on_duties() -> None:
    items = {item["id"]: item for item in load_reference().assurance["item"]}
    quota = RULES["quota"]["county"]
    assert (quota["eligible"], quota["backbone"], RULES["eligibility"]["years"]) == (
        items["exchange"]["limit"], items["exchange_backbone"]["limit"], items["exchange"]["years"],
    )  # fmt: skip


@given(
    served=st.lists(st.sampled_from([2, 6, 12, None]), min_size=1, max_size=30),
    backbone=st.lists(st.sampled_from([True, False, None]), min_size=30, max_size=30),
    moved=st.sets(st.integers(0, 29), max_size=8),
    short=st.integers(0, 2),
    years=st.sampled_from([None, 6, 9]),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_both_chapters_give_the_same_numbers_and_verdicts(
    build_county, served, backbone, moved, short, years
) -> None:
    teachers = [
        teacher(n, first_year=None if y is None else 2021 - y, backbone=backbone[n])
        for n, y in enumerate(served)
    ]
    county = build_county(
        [school("A", teachers_n=len(served) + short), school("B", teachers_n=0)],
        teachers=teachers, exchanges=[move(n) for n in sorted(moved)],
        county_years=[{"county": COUNTY, "year": 2021, "eligibility_years_n": years}],
    )  # fmt: skip
    ours, theirs = exchange.assess(county), assurance.assess(county)
    for mine, their in (("exchange_of_eligible", "exchange"),
                        ("exchange_of_moved", "exchange_backbone")):  # fmt: skip
        other = next(c for c in theirs.checks if c.indicator == their)
        assert verdict(ours, mine)[0] == other.verdict
        a, b = number(ours, mine), number(theirs, their)
        assert a == b or (math.isnan(a) and math.isnan(b))


# Who moves where ---------------------------------------------------------------------------------


def test_flows_count_each_teacher_once_by_the_latest(build_county) -> None:
    zones = {"A": "121", "B": "220", "C": "121", "D": "220"}
    schools = [
        school(c, zone=z, year=y, teachers_n=10)
        for c, z in zones.items()
        for y in (2018, 2020, 2021)
    ]
    moves = [
        move(1, "A", "C", year=2020), move(1, "A", "B"), move(2, "A", "D"), move(3, "D", "C"),
        move(4, "A", "B", year=2018),  # before the years that are looked at
    ]  # fmt: skip
    teachers = [teacher(n, year=y) for n in range(1, 5) for y in (2018, 2020, 2021)]
    finding = exchange.assess(build_county(schools, teachers=teachers, exchanges=moves), few=True)
    assert number(finding, "exchange_moved") == 3
    rows = finding.table[finding.table["by"] == "exchange_from→exchange_to"]
    assert dict(zip(rows["subject"], rows["value"], strict=True)) == {
        "town→rural": 2.0, "rural→town": 1.0,
    }  # fmt: skip
    ends = finding.table[finding.table["by"] == "exchange_to"]
    assert dict(zip(ends["subject"], ends["value"], strict=True)) == {"town": 1.0, "rural": 2.0}


def _pooled(sizes: dict[tuple[str, str], int], schools: int = 5) -> pd.DataFrame:
    rows = [
        {"pseudonym": f"{a}{b}{n}", "school": f"{a}{n % schools}", "to_school": f"{b}{n % schools}",
         "from_location": a, "to_location": b, "from_strength": "strong", "to_strength": "weak",
         "group": "core"}
        for (a, b), size in sizes.items() for n in range(size)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _flows(moves: pd.DataFrame, *, few: bool = False) -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for row in flows.flow_rows(moves, RULES, "2021", few=few):
        table.setdefault(row.get("by", ""), {})[row.get("subject", "")] = row["value"]
    return table


def test_outside_types_are_as_fine_as_leaves_no_few() -> None:
    many = {("urban", "rural"): 20, ("town", "rural"): 12}
    assert _flows(_pooled(many))["exchange_from→exchange_to"] == {
        "urban→rural": 20, "town→rural": 12,
    }  # fmt: skip
    some = {("urban", "rural"): 20, ("town", "rural"): 9}
    assert _flows(_pooled(some))["exchange_from→exchange_to"] == {"urban_town→rural": 29}
    assert "exchange_from→exchange_to" in _flows(_pooled(some), few=True)
    few = {("urban", "rural"): 20, ("rural", "rural"): 9}
    told = _flows(_pooled(few))
    assert not {"exchange_from", "exchange_to", "exchange_from→exchange_to"} & set(told)
    assert told["strength_from→strength_to"] == {"strong→weak": 29}


def test_outside_a_flow_is_of_three_schools_or_more() -> None:
    moves = _pooled({("town", "rural"): 30}, schools=2)
    assert set(_flows(moves)) == {""}
    assert "exchange_from→exchange_to" in _flows(moves, few=True)


# Stays -------------------------------------------------------------------------------------------


def test_who_is_still_out_after_so_many_years() -> None:
    """Begun in 2018: over after one year, after two, never; begun in 2020: after one."""
    moves = pd.DataFrame([
        move(1, year=2018), move(2, year=2018, end="2020-08-31"), move(3, year=2018, end=None),
        move(4, year=2020), move(1, year=2019),
    ])  # fmt: skip
    shares = {
        row["subject"]: (row["numerator"], row["denominator"])
        for row in stays.stay_rows(moves, 2021, RULES)
    }
    assert shares == {"1": (2, 4), "2": (1, 3), "3": (1, 3)}


def test_where_teachers_are_afterwards_through_mergers_and_new_codes(build_county) -> None:
    years = (2018, 2019, 2020, 2021)
    schools = [school(c, year=y, teachers_n=9) for c in "ABCE" for y in years]
    after = {1: "E", 2: "B", 3: "C", 4: None}  # A is E from 2019: 1 is back
    teachers = [teacher(n, year=2018) for n in after]
    teachers += [teacher(n, c, year=2019) for n, c in after.items() if c]
    teachers += [teacher(1, "E", year=2020), teacher(2, "B", year=2020), teacher(1, "E")]
    county = build_county(
        schools, teachers=teachers, exchanges=[move(n, year=2018) for n in after],
        successions=[{"school": "A", "county": COUNTY, "year": 2019, "successor": "E",
                      "event": "merged"}],
    )  # fmt: skip
    moves = county.table("exchanges")
    over, lists = stays.follow(county, moves, RULES)
    assert over.set_index("pseudonym")["place"].to_dict() == {
        "t001": "home", "t002": "receiving", "t003": "elsewhere", "t004": "gone",
    }  # fmt: skip
    rows = list(stays.return_rows(over, lists, 2021, RULES, few=True))
    kept = {r["subject"]: (r["numerator"], r["denominator"]) for r in rows if
            r["indicator"] == "exchange_kept"}  # fmt: skip
    assert kept == {"1": (2, 3), "2": (1, 3)}


# Arithmetic --------------------------------------------------------------------------------------


def _moved(build_county: Any, listed: str) -> CountyData:
    """Build two schools of 1,000 pupils: 10 and 30 backbone teachers; 5 of B's teach at A.

    The list, and the schools' totals with it, have the five at `listed`.
    """
    shifted = 5 if listed == "A" else 0
    schools = [
        school("A", teachers_n=60 + shifted, teachers_backbone_n=10 + shifted),
        school("B", teachers_n=60 - shifted, teachers_backbone_n=30 - shifted),
    ]
    teachers = [teacher(n, listed, backbone=True) for n in range(5)]
    return build_county(schools, teachers=teachers, exchanges=[move(n, "B", "A") for n in range(5)])


@pytest.mark.parametrize("listed", ["A", "B"])
def test_coefficients_are_the_same_wherever_the_list_has_the_exchanged(
    build_county, listed
) -> None:
    finding = exchange.assess(_moved(build_county, listed), few=True)
    before = number(finding, "exchange_backbone_cv_before", stage="primary")
    after = number(finding, "exchange_backbone_cv_after", stage="primary")
    assert before == pytest.approx(difference_coefficient([10, 30], [1000, 1000]))
    assert after == pytest.approx(difference_coefficient([15, 25], [1000, 1000]))


def test_what_few_moves_change_stays_in_the_county(build_county) -> None:
    county = _moved(build_county, "B")
    for few, told in ((False, 0), (True, 4)):
        table = exchange.assess(county, few=few).table
        assert table["indicator"].str.contains("_cv_").sum() == told


def test_before_is_what_the_chapter_on_balance_says(build_county) -> None:
    county = _moved(build_county, "B")
    rows = balance.assess(county).table
    theirs = rows[(rows["indicator"] == "backbone_teachers.coefficient") & (rows["by"] == "")]
    ours = number(exchange.assess(county, few=True), "exchange_backbone_cv_before", stage="primary")
    assert ours == pytest.approx(float(theirs["value"].iloc[0]))


def test_a_share_of_the_week_moves_that_share(build_county) -> None:
    county = build_county(
        [school("A", teachers_n=60), school("B", teachers_n=60)],
        teachers=[teacher(1, "B", backbone=True), teacher(2, "B", backbone=True)],
        exchanges=[
            move(1, "B", "A", form="itinerant", share_week=0.4),
            move(2, "B", "A", form="itinerant"),
        ],
    )
    moves, out = arithmetic.present(county, RULES)
    assert out == 1
    assert arithmetic.shift(moves, "backbone")[1].to_dict() == {
        ("A", "primary"): pytest.approx(0.4), ("B", "primary"): pytest.approx(-0.4),
    }  # fmt: skip


def test_an_exchange_of_an_earlier_year_counts_until_it_is_over(build_county) -> None:
    county = build_county(
        [school("A", teachers_n=60), school("B", teachers_n=60)],
        teachers=[teacher(n, "B") for n in range(3)],
        exchanges=[move(0, "B", "A", year=2019, end="2022-08-31"),
                   move(1, "B", "A", year=2019, end="2021-08-31"),
                   move(2, "B", "A", year=2019, end=None)],
    )  # fmt: skip
    moves, _ = arithmetic.present(county, RULES)
    assert sorted(moves["pseudonym"]) == ["t000", "t002"]


# Who is sent -------------------------------------------------------------------------------------


def _sent(shares: list[tuple[int, int, int, int]]) -> pd.DataFrame:
    """Make schools: exchanged and of them backbone, others and of them backbone."""
    rows = []
    for place, (moved, of_moved, others, of_others) in enumerate(shares):
        for side, size, good in ((True, moved, of_moved), (False, others, of_others)):
            rows += [
                {"pseudonym": f"{place}{side}{n}", "school": f"S{place}", "year": 2021,
                 "moved": side, "backbone": float(n < good)}
                for n in range(size)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def test_differences_within_schools_by_hand() -> None:
    """Gaps .5, .25 and 0 with 2, 4 and 2 sent: mean .25, clusters' scores ±.5, t with 2."""
    found = selection.differ(_sent([(2, 1, 4, 0), (4, 2, 4, 1), (2, 1, 4, 2)]), "backbone")
    assert found.value == pytest.approx(0.25)
    half = student.ppf(0.975, 2) * math.sqrt(3 / 2 * (0.5**2 + 0.5**2)) / 8
    assert (found.low, found.high) == (pytest.approx(0.25 - half), pytest.approx(0.25 + half))
    assert (found.moved, found.others, found.schools) == (8, 12, 3)


def test_a_school_of_which_all_went_is_compared_with_nobody() -> None:
    found = selection.differ(_sent([(2, 2, 0, 0), (2, 1, 2, 1), (2, 1, 2, 1)]), "backbone")
    assert (found.value, found.moved, found.schools) == (0.0, 4, 2)


def test_the_range_holds_the_truth_as_often_as_it_says() -> None:
    """40 schools, gaps of each drawn around 10 points: 95 of 100 ranges hold it."""
    rng, held, draws = np.random.default_rng(20140902), 0, 400
    for _ in range(draws):
        gaps = rng.normal(0.1, 0.1, 40)
        rows = []
        for place, gap in enumerate(gaps):
            for side, size in ((True, 3), (False, 12)):
                level = 0.3 + (gap if side else 0.0)
                values = rng.random(size) < np.clip(level, 0, 1)
                rows += [(f"{place}{side}{n}", place, 2021, side, float(v))
                         for n, v in enumerate(values)]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["pseudonym", "school", "year", "moved", "backbone"])
        found = selection.differ(frame, "backbone")
        held += found.low <= 0.1 <= found.high
    assert abs(held / draws - 0.95) < 3 * math.sqrt(0.95 * 0.05 / draws)


# All of it ---------------------------------------------------------------------------------------


def _lively(
    build_county: Any, seed: int, sent: int | dict[int, int], order: int | None = None
) -> CountyData:
    """Build a county of 12 schools and 240 teachers of whom `sent` go somewhere each year."""
    rng = np.random.default_rng(seed)
    codes = [f"S{n:02}" for n in range(12)]
    zones = ["111", "121", "121", "220"]
    schools, teachers, moves = [], [], []
    for year in (2019, 2020, 2021):
        schools += [school(c, zone=zones[n % 4], year=year, pupils_n=300, teachers_n=20)
                    for n, c in enumerate(codes)]  # fmt: skip
        teachers += [
            teacher(n, codes[n % 12], year, backbone=n % 5 == 0, subject=("chinese", "pe")[n % 2],
                    qualification=("associate", "bachelor")[n % 3 == 0])
            for n in range(240)
        ]  # fmt: skip
        size = sent if isinstance(sent, int) else sent[year]
        for n in rng.choice(240, size, replace=False):
            at = int(n) % 12
            moves.append(move(int(n), codes[at], codes[(at + 1 + int(rng.integers(11))) % 12], year,
                              form=("regular", "itinerant")[int(n) % 2], share_week=0.6))  # fmt: skip
    if order is not None:
        shuffle = np.random.default_rng(order)
        teachers, moves = ([rows[i] for i in shuffle.permutation(len(rows))]
                           for rows in (teachers, moves))  # fmt: skip
    return build_county(schools, teachers=teachers, exchanges=moves)


def test_the_order_of_rows_changes_nothing(build_county) -> None:
    one, other = (
        exchange.assess(_lively(build_county, 1, 30, order), few=True).table for order in (2, 3)
    )
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-12)


@given(seed=st.integers(0, 10_000), sent=st.integers(1, 60))
@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@pytest.mark.parametrize("audience", ["public", "superior"])
def test_no_number_of_few_leaves_the_county(build_county, audience, seed, sent) -> None:
    released = release(exchange.assess(_lively(build_county, seed, sent)), audience)
    rows = released.table[released.table["n_unit"].isin(PERSON_UNITS)]
    counts = rows.loc[rows["unit"] == "teachers", "value"].dropna()
    assert not ((counts > 0) & (counts < 10)).any()
    for column in ("numerator", "denominator", "n"):
        shown = rows[column].dropna()
        assert not ((shown > 0) & (shown < 10)).any()


def test_years_together_do_not_tell_of_a_year_of_few(build_county) -> None:
    """With 30 and 20 shown, 57 in three years, each once, are at least 7 in the third."""
    county = _lively(build_county, 4, {2019: 30, 2020: 7, 2021: 20})
    inside, outside = (exchange.assess(county, few=few) for few in (True, False))
    together = number(inside, "exchange_moved")
    assert together - 30 - 20 > 1
    withheld = {"exchange_moved", "exchange_gap_backbone", "exchange_gap_served"}
    told, kept = (set(found.table["indicator"]) for found in (outside, inside))
    assert withheld <= kept
    assert not withheld & told
    assert {"flows.few", "selection.few", "returns.few"} <= keys(outside)
    assert not {"flows.all", "selection.none"} & keys(outside)
    # Those begun by 2020 are told of 30 and the few; those begun by 2019 of 30 alone.
    stays_ = outside.table[outside.table["indicator"] == "exchange_lasted"]
    assert stays_["subject"].tolist() == ["2"]
    assert not {"flows.few", "selection.few", "returns.few"} & keys(inside)


@pytest.mark.parametrize("listed", [{2019, 2020, 2021}, {2020, 2021}, {2021}])
def test_years_without_a_list_are_no_years_without_exchange(build_county, listed) -> None:
    county = _lively(build_county, 4, 30)
    rows = county.tables["exchanges"]
    kept = rows[rows["year"].isin(listed)].reset_index(drop=True)
    county = replace(county, tables={**county.tables, "exchanges": kept})
    finding = exchange.assess(county)
    assert ("flows.lists" in keys(finding)) == (len(listed) < 3)
    if len(listed) < 3:
        view = View(release(finding, "public"), "zh")
        text = "".join(block.html for block in prose.said(view, "flows"))
        assert f"只有{len(listed)}个学年" in text


def test_years_of_many_are_told_together(build_county) -> None:
    county = _lively(build_county, 4, {2019: 30, 2020: 10, 2021: 20})
    outside = exchange.assess(county)
    assert {"exchange_moved", "exchange_gap_backbone"} <= set(outside.table["indicator"])
    assert not {"flows.few", "selection.few", "returns.few"} & keys(outside)


@pytest.mark.parametrize(("towns", "told"), [(2, False), (3, True)])
def test_a_type_of_few_schools_is_not_told_outside(build_county, towns, told) -> None:
    """Nobody moves between types: the share of one or two schools would be theirs."""
    zones = {f"S{n}": "121" if n < towns else "220" for n in range(8)}
    schools = [school(c, zone=z, teachers_n=20) for c, z in zones.items()]
    teachers = [teacher(n, f"S{n % 8}", backbone=n % 3 == 0) for n in range(160)]
    moves = [move(n, "S6", "S7") for n in range(160) if n % 8 == 6]
    county = build_county(schools, teachers=teachers, exchanges=moves)
    for few in (True, False):
        table = exchange.assess(county, few=few).table
        assert (table["by"] == "exchange_type").any() == (few or told)


def test_flows_add_up_to_the_exchanged(build_county) -> None:
    finding = exchange.assess(_lively(build_county, 5, 40), few=True)
    all_ = number(finding, "exchange_moved")
    rows = finding.table[finding.table["indicator"] == "exchange_moved"]
    sums = rows[rows["by"] != ""].groupby("by")["value"].sum()
    assert len(sums) == 7
    assert (sums == all_).all()
