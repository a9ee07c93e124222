"""The balance chapter by the official definitions: vectors, boundaries, exclusions, missing data."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.questions.conftest import GOOD, school

from analysis.errors import UsageError
from analysis.finding import Cell, Finding, from_json, to_json
from analysis.i18n import has
from analysis.methods.dispersion import difference_coefficient
from analysis.questions import balance
from analysis.questions.balance.verdicts import judge_all, judge_coefficient, judge_school
from analysis.records.county import CountyData
from analysis.release import release

Build = Callable[..., CountyData]


def cell(finding: Finding, indicator: str, stage: str = "primary", **where: str) -> pd.Series:
    """Give the one row of an indicator at the county level, or where said."""
    place = {"by": "", "subject": "", "at": str(finding.year), **where}
    table = finding.table
    rows = table[(table["indicator"] == indicator) & (table["stage"] == stage)]
    for column, value in place.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, (indicator, stage, place)
    return rows.iloc[0]


def verdict(finding: Finding, indicator: str, stage: str = "primary", subject: str = "") -> str:
    return next(
        check.verdict
        for check in finding.checks
        if (check.indicator, check.stage, check.subject) == (indicator, stage, subject)
    )


def test_a_school_that_has_everything_meets_the_rule(build_county: Build) -> None:
    finding = balance.assess(build_county([school("A"), school("B")]))
    assert verdict(finding, "schools_rule_met") == "met"
    assert verdict(finding, "schools_rule_met", subject="A") == "met"
    assert cell(finding, "qualified_teachers")["value"] == pytest.approx(5.5)
    assert cell(finding, "qualified_teachers.coefficient")["value"] == 0
    assert verdict(finding, "qualified_teachers.coefficient") == "met"


JIUJIANG = {
    "qualified_teachers": (5.515273, 0.297929), "backbone_teachers": (0.887611, 0.501787),
    "pe_arts_teachers": (0.879277, 0.401952), "teaching_area": (4.563288, 0.288419),
    "sports_area": (7.925946, 0.37545), "equipment": (2496.674864, 0.312782),
    "multimedia_rooms": (2.784743, 0.394205),
}  # fmt: skip


def _pair(published: dict[str, tuple[float, float]], columns: dict[str, str]) -> list[dict]:
    """Two schools, 100 and 900 pupils, whose weighted mean and coefficient are the published ones.

    The small one lies 3·CV above the mean and the large one CV/3 below it.
    """
    rows = []
    for code, pupils, sign in (("A", 100, 3.0), ("B", 900, -1 / 3)):
        values: dict[str, object] = dict.fromkeys(GOOD, 0)
        for id, (mean, coefficient) in published.items():
            per = 100 if id in PER_100 else 1
            values[columns[id]] = mean * (1 + sign * coefficient) * pupils / per
        rows.append(school(code, **{**values, "pupils_n": pupils}))
    return rows


PER_100 = {"qualified_teachers", "backbone_teachers", "pe_arts_teachers", "multimedia_rooms"}
COLUMNS_2017 = {
    "qualified_teachers": "teachers_bachelor_n", "backbone_teachers": "teachers_backbone_n",
    "pe_arts_teachers": "teachers_pe_n", "teaching_area": "teaching_area_m2",
    "sports_area": "sports_ground_m2", "equipment": "equipment_yuan",
    "multimedia_rooms": "multimedia_rooms_n",
}  # fmt: skip


def _exact(county: CountyData, rows: list[dict]) -> CountyData:
    """Put fractional teachers back: published means are not those of whole teachers."""
    tables = dict(county.tables)
    for name in ("school_years", "resources"):
        frame = tables[name].copy()
        for column in frame.columns.intersection(list(GOOD)):
            exact = {(row["school"], row["stage"]): row[column] for row in rows}
            stages = frame["stage"] if "stage" in frame else ["primary"] * len(frame)
            frame[column] = pd.array(
                [exact[key] for key in zip(frame["school"], stages, strict=True)], dtype="Float64"
            )
        tables[name] = frame
    return replace(county, tables=tables)


def _fractional(build_county: Build, rows: list[dict]) -> CountyData:
    whole = [{k: round(v) if k.endswith("_n") else v for k, v in row.items()} for row in rows]
    return _exact(build_county(whole), rows)


def test_jiujiang_2023_through_the_whole_question(build_county: Build) -> None:
    finding = balance.assess(_fractional(build_county, _pair(JIUJIANG, COLUMNS_2017)))
    for id, (mean, coefficient) in JIUJIANG.items():
        assert cell(finding, id)["value"] == pytest.approx(mean, rel=1e-9)
        assert cell(finding, f"{id}.coefficient")["value"] == pytest.approx(coefficient, rel=1e-6)
    assert cell(finding, "composite")["value"] == pytest.approx(0.367503, abs=1e-6)
    assert verdict(finding, "backbone_teachers.coefficient") == "not_met"  # .501787 > .50
    assert cell(finding, "coefficients_met")["value"] == 6


COLUMNS_2012 = {
    "teaching_area": "teaching_area_m2", "sports_area": "sports_ground_m2",
    "equipment": "equipment_yuan", "computers": "computers_n", "books": "books_n",
    "teacher_supply": "teachers_n", "qualified_teachers": "teachers_bachelor_n",
    "midlevel_teachers": "teachers_midlevel_n",
}  # fmt: skip


@pytest.mark.shared_data
def test_o11_published_composites_of_the_2012_scheme(
    build_county: Build, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "PER_100", {"computers"})
    with open(shared_data / "cn_official_cv" / "published_tables.csv", encoding="utf-8-sig") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 4
    for row in rows:
        numbers = [float(value) for value in list(row.values())[2:10]]
        published = dict(zip(COLUMNS_2012, [(2.0, cv) for cv in numbers], strict=True))
        county = _fractional(build_county, _pair(published, COLUMNS_2012))
        finding = balance.assess(county, scheme="basic-2012")
        composite = cell(finding, "composite")["value"]
        assert composite == pytest.approx(float(row["composite_published"]), abs=5e-4)
        assert verdict(finding, "composite") == ("met" if composite <= 0.65 else "not_met")


# The per-school rule -------------------------------------------------------------------------

THRESHOLDS = {f"L{i}": 1.0 for i in range(1, 8)}
RULE = {"at_least": 6, "floor": 0.85}


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([1] * 7, "met"),
        ([1] * 6 + [0.85], "met"),
        ([1] * 6 + [0.8499999], "not_met"),
        ([1] * 5 + [0.99, 0.99], "not_met"),
        ([1] * 6 + [math.nan], "cannot_say"),
        ([1] * 5 + [0.9, math.nan], "cannot_say"),
        ([1] * 4 + [0.9, 0.9, math.nan], "not_met"),
        ([1] * 5 + [0.5, math.nan], "not_met"),
        ([math.nan] * 7, "cannot_say"),
    ],
)
def test_six_of_seven_and_the_rest_at_85_percent(levels: list[float], expected: str) -> None:
    assert judge_school(
        pd.Series(dict(zip(THRESHOLDS, levels, strict=True))), THRESHOLDS, RULE
    ) == (expected)


def test_the_threshold_itself_meets_in_the_school_table(build_county: Build) -> None:
    """42 of 1,000 is 4.2 per hundred: at the threshold, whatever binary fractions do."""
    exact = school("A", teachers_associate_n=0, teachers_bachelor_n=42, teachers_graduate_n=0)
    below = school("B", teachers_associate_n=0, teachers_bachelor_n=41, teachers_graduate_n=0)
    finding = balance.assess(build_county([exact, below, school("C")]))
    assert cell(finding, "qualified_teachers.schools_met")["numerator"] == 2
    assert cell(finding, "qualified_teachers.gap")["value"] == 1
    assert cell(finding, "schools_rule_met.gap")["value"] == 0
    assert verdict(finding, "schools_rule_met", subject="B") == "met"  # six and the rest >= 85 %


def test_the_floor_is_85_percent_of_the_threshold_as_written(build_county: Build) -> None:
    """3.57 per hundred is 85 % of 4.2; the school has 357 for 10,000 pupils."""
    low = school("A", pupils_n=10_000, teachers_associate_n=0, teachers_bachelor_n=357,
                 teachers_graduate_n=0)  # fmt: skip
    finding = balance.assess(build_county([low, school("B")]))
    assert verdict(finding, "schools_rule_met", subject="A") == "met"


def test_a_county_meets_when_all_its_schools_do() -> None:
    assert judge_all(pd.Series(["met", "met"])) == "met"
    assert judge_all(pd.Series(["met", "cannot_say"])) == "cannot_say"
    assert judge_all(pd.Series(["cannot_say", "not_met"])) == "not_met"


# Who is assessed ----------------------------------------------------------------------------


def test_exclusions_are_listed_with_their_reason(build_county: Build) -> None:
    county = build_county(
        [
            school("A"), school("B"),
            school("T49", kind="218", pupils_n=49), school("T50", kind="218", pupils_n=50),
            school("S", kind="510"), school("V", kind="360"),
        ]
    )  # fmt: skip
    finding = balance.assess(county)
    assert cell(finding, "schools_assessed")["value"] == 3
    reasons = {c.subject: c.reason for c in finding.checks if c.rule == "balance.rule.excluded"}
    assert reasons == {
        "T49": "balance.excluded.small_teaching_point",
        "S": "balance.excluded.kind",
        "V": "balance.excluded.kind",
    }
    number = cell(finding, "schools_excluded", by="excluded", subject="kind")["value"]
    assert number == 2


def test_private_schools_are_outside_the_2012_scheme_only(build_county: Build) -> None:
    county = build_county([school("A"), school("B"), school("P", owner="private")])
    assert cell(balance.assess(county), "schools_assessed")["value"] == 3
    basic = balance.assess(county, scheme="basic-2012")
    assert cell(basic, "schools_assessed")["value"] == 2


def test_small_rural_schools_may_count_shared_pe_and_arts_teachers(build_county: Build) -> None:
    none = {f"teachers_{s}_n": 0 for s in ("pe", "music", "fine_art", "arts")}
    village = school("V", zone="220", pupils_n=60, teachers_shared_pe_arts_n=2, **none)
    town = school("T", zone="111", pupils_n=60, teachers_shared_pe_arts_n=2, **none)
    large = school("L", zone="220", pupils_n=100, teachers_shared_pe_arts_n=2, **none)
    finding = balance.assess(build_county([village, town, large]))

    def level(subject: str) -> float:
        return cell(finding, "pe_arts_teachers", by="school", subject=subject)["value"]

    assert level("V") == pytest.approx(2 * 100 / 60)
    assert level("T") == 0
    assert level("L") == 0


def test_a_nine_year_school_counts_once_in_each_stage(build_county: Build) -> None:
    """Grounds are divided 1 : 1.1 by pupils; teachers are those of the stage."""
    primary = school("N", kind="312", pupils_n=166, sports_ground_m2=23226.0,
                     indoor_sports_area_m2=0.0)  # fmt: skip
    junior = {**primary, "stage": "junior", "pupils_n": 210}
    others = [school("A"), school("B", stage="junior")]
    finding = balance.assess(build_county([primary, junior, *others]))
    low = cell(finding, "sports_area", by="school", subject="N")
    high = cell(finding, "sports_area", "junior", by="school", subject="N")
    assert low["numerator"] == pytest.approx(9711.63, abs=0.005)
    assert high["numerator"] == pytest.approx(13514.37, abs=0.005)
    assert low["value"] == pytest.approx(58.504, abs=5e-4)
    assert high["value"] == pytest.approx(64.354, abs=5e-4)


# What is missing ----------------------------------------------------------------------------


def test_missing_is_neither_zero_nor_a_pass(build_county: Build) -> None:
    rows = [school("A"), school("B"), school("C", equipment_yuan=None)]
    finding = balance.assess(build_county(rows))
    assert verdict(finding, "schools_rule_met", subject="C") == "cannot_say"
    assert verdict(finding, "schools_rule_met") == "cannot_say"
    mean = cell(finding, "equipment")
    assert mean["value"] == pytest.approx(2600)
    assert mean["flag"] == "p"
    assert mean["n"] == 2


def test_a_verdict_stands_only_if_no_value_of_the_missing_school_would_change_it(
    build_county: Build,
) -> None:
    even = [school(c) for c in "ABCDEFGH"]
    tiny = school("T", pupils_n=60, equipment_yuan=None)
    met = balance.assess(build_county([*even, tiny]))
    assert verdict(met, "equipment.coefficient") == "met"
    spread = [school("A", equipment_yuan=1.0e6), school("B", equipment_yuan=2.6e6)]
    large = school("L", pupils_n=2000, equipment_yuan=None)
    open_ = balance.assess(build_county([*spread, large]))
    assert verdict(open_, "equipment.coefficient") == "met"
    wide = [school("A", equipment_yuan=0.5e6), school("B", equipment_yuan=1.45e6)]
    assert verdict(balance.assess(build_county([*wide, large])), "equipment.coefficient") == (
        "cannot_say"
    )


def test_too_few_reports_give_no_verdict(build_county: Build) -> None:
    county = build_county([school("A"), school("B")], totals={"schools_expected_n": 4})
    finding = balance.assess(county)
    assert verdict(finding, "equipment.coefficient") == "cannot_say"
    assert {c.reason for c in finding.checks if c.by == ""} == {"balance.reason.coverage"}


@pytest.mark.parametrize("schools", [1, 0])
def test_a_single_school_has_no_coefficient(build_county: Build, schools: int) -> None:
    rows = [*[school("A")][:schools], school("T", kind="218", pupils_n=20)]
    finding = balance.assess(build_county(rows))
    row = cell(finding, "equipment.coefficient")
    assert math.isnan(row["value"])
    assert row["flag"] == "z"
    assert verdict(finding, "equipment.coefficient") == "cannot_say"
    assert "balance.headline.no_coefficient" in {note.key for note in finding.notes}


SILENT = {"schools_expected_n": 98, "primary_pupils_n": 97_300}


def test_a_silent_school_leaves_only_what_it_cannot_change(build_county: Build) -> None:
    """One of 98 schools says nothing; the county's own count gives it 300 pupils."""
    same = [school(f"S{n:02}") for n in range(97)]
    assert verdict(balance.assess(build_county(same)), "schools_rule_met") == "met"
    finding = balance.assess(build_county(same, totals=SILENT))
    assert verdict(finding, "schools_rule_met") == "cannot_say"
    assert verdict(finding, "equipment.coefficient") == "met"
    assert cell(finding, "pupils_silent")["value"] == 300

    rich = [*same[1:], school("R", equipment_yuan=14.9e6)]
    assert cell(balance.assess(build_county(rich)), "equipment.coefficient")["value"] < 0.5
    finding = balance.assess(build_county(rich, totals=SILENT))
    assert verdict(finding, "equipment.coefficient") == "cannot_say"

    poor = [*same[1:], school("P", sports_ground_m2=0.0)]
    assert verdict(balance.assess(build_county(poor, totals=SILENT)), "schools_rule_met") == (
        "not_met"
    )


def test_without_a_count_of_pupils_nobody_knows_how_large_a_silent_school_is(
    build_county: Build,
) -> None:
    same = [school(f"S{n:02}") for n in range(97)]
    finding = balance.assess(build_county(same, totals={"schools_expected_n": 98}))
    assert verdict(finding, "equipment.coefficient") == "cannot_say"
    assert {c.reason for c in finding.checks if c.by == ""} == {"balance.reason.coverage"}


def test_a_school_on_the_list_without_pupils_is_silent_too(build_county: Build) -> None:
    county = build_county([school("A"), school("B")])
    listed = county.tables["schools"]
    more = pd.concat([listed, listed.iloc[:1].assign(school="C")], ignore_index=True)
    finding = balance.assess(replace(county, tables={**county.tables, "schools": more}))
    assert cell(finding, "coverage")["value"] == pytest.approx(2 / 3)
    assert verdict(finding, "schools_rule_met") == "cannot_say"


def test_shared_rooms_are_unknown_where_a_stage_was_not_reported(build_county: Build) -> None:
    mixed = school("M", kind="312")
    finding = balance.assess(build_county([school("A"), school("B"), mixed]))
    assert math.isnan(cell(finding, "equipment", by="school", subject="M")["value"])
    assert verdict(finding, "schools_rule_met", subject="M") == "cannot_say"
    none = {**mixed, "stage": "junior", "pupils_n": 0}
    finding = balance.assess(build_county([school("A"), school("B"), mixed, none]))
    assert cell(finding, "equipment", by="school", subject="M")["value"] == 2600


def test_a_column_that_others_report_is_missing_where_it_is_empty(build_county: Build) -> None:
    """Arts teachers, and shared ones of small rural schools; a form without the column has none."""

    def level(**changed: float | None) -> float:
        small = school("V", zone="220", pupils_n=60, **changed)
        finding = balance.assess(build_county([school("A"), school("B"), small]))
        return cell(finding, "pe_arts_teachers", by="school", subject="V")["value"]

    assert level() == pytest.approx(100 * 0 / 60)
    assert math.isnan(level(teachers_arts_n=None))
    assert math.isnan(level(teachers_shared_pe_arts_n=None))
    forms = [
        school(s, zone="220", pupils_n=60, teachers_arts_n=None, teachers_shared_pe_arts_n=None)
        for s in "AB"
    ]
    finding = balance.assess(build_county(forms))
    assert cell(finding, "pe_arts_teachers", by="school", subject="A")["value"] == 0


def test_more_indoor_rooms_than_rooms_is_no_area_at_all(build_county: Build) -> None:
    odd = school("X", teaching_area_m2=400.0, indoor_sports_area_m2=500.0)
    finding = balance.assess(build_county([school("A"), school("B"), odd]))
    assert math.isnan(cell(finding, "teaching_area", by="school", subject="X")["value"])
    assert verdict(finding, "schools_rule_met", subject="X") == "cannot_say"


def test_binary_fractions_decide_nothing(build_county: Build) -> None:
    """582.8 - 83.3 over 111 pupils is 4.5 on paper, 29 and 11 of 120 differ by 0.45."""
    tie = school("T", pupils_n=111, teaching_area_m2=582.8, indoor_sports_area_m2=83.3)
    finding = balance.assess(build_county([tie, school("A")]))
    assert cell(finding, "teaching_area.schools_met")["numerator"] == 2
    assert cell(finding, "teaching_area.gap")["value"] == 0
    backbone = [
        school(code, stage="junior", pupils_n=120, teachers_backbone_n=n)
        for code, n in (("A", 29), ("B", 11))
    ]
    finding = balance.assess(build_county(backbone))
    assert verdict(finding, "backbone_teachers.coefficient", "junior") == "met"


def test_a_total_of_zero_is_the_reason_given(build_county: Build) -> None:
    none = [school(s, teachers_backbone_n=0) for s in "AB"]
    finding = balance.assess(build_county(none))
    check = next(c for c in finding.checks if c.indicator == "backbone_teachers.coefficient")
    assert (check.verdict, check.reason) == ("cannot_say", "balance.reason.no_total")


def test_unweighted_goes_for_shares_and_influence_too(build_county: Build) -> None:
    rows = [
        school(code, pupils_n=pupils, teachers_backbone_n=n)
        for code, pupils, n in (("A", 100, 3), ("B", 1000, 10), ("C", 400, 5))
    ]
    finding = balance.assess(build_county(rows), weights=None)
    totals, pupils = [3, 10, 5], [100, 1000, 400]
    whole = difference_coefficient(totals, pupils, weights=None)
    for place, code in enumerate("ABC"):
        rest = [[v for n, v in enumerate(part) if n != place] for part in (totals, pupils)]
        found = cell(finding, "backbone_teachers.influence", by="school", subject=code)["value"]
        assert found == pytest.approx(difference_coefficient(*rest, weights=None) - whole)


def test_the_headline_counts_what_could_not_be_judged(build_county: Build) -> None:
    def unknown(*rows: dict[str, Any]) -> float | None:
        finding = balance.assess(build_county([school("A"), school("B"), *rows]))
        note = next(n for n in finding.notes if n.key == "balance.headline.coefficients")
        where = note.values.get("unknown")
        if where is None:
            return None
        assert isinstance(where, Cell)
        return cell(finding, where.indicator, by=where.by, subject=where.subject)["value"]

    far = school("C", equipment_yuan=7e6)
    assert unknown(far) is None
    assert unknown(far, school("D", equipment_yuan=None)) == 1


def test_rules_are_defined_with_their_numbers_and_standing(build_county: Build) -> None:
    finding = balance.assess(build_county([school("A")]))
    defined = {i.id: i for i in finding.indicators if i.definition_zh}
    assert "50人的教学点" in defined["rule.exclude"].definition_zh
    assert "1、1.1、1.32" in defined["rule.split"].definition_zh
    assert "6 indicators and 85%" in defined["rule.school_rule"].definition_en
    assert "0.50" in defined["rule.coefficient"].definition_zh
    assert defined["rule.weighting"].source.endswith("〔M〕")
    assert "50 to under 100 pupils" in defined["pe_arts_teachers"].definition_en


def test_a_mean_of_zero_has_no_coefficient(build_county: Build) -> None:
    rows = [school(c, multimedia_rooms_n=0) for c in "AB"]
    finding = balance.assess(build_county(rows))
    assert math.isnan(cell(finding, "multimedia_rooms.coefficient")["value"])
    assert verdict(finding, "multimedia_rooms.coefficient") == "cannot_say"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.4, 0.5, "met"), (0.4, 0.5000001, "cannot_say"), (0.51, 0.6, "not_met")],
)
def test_the_limit_itself_is_met(low: float, high: float, expected: str) -> None:
    from analysis.methods.dispersion import Range

    assert judge_coefficient((low + high) / 2, Range(low, high), 0.5) == expected


# The rest -----------------------------------------------------------------------------------


def test_unweighted_is_an_option_and_said(build_county: Build) -> None:
    rows = [school("A", pupils_n=100, equipment_yuan=5e5), school("B")]
    finding = balance.assess(build_county(rows), weights=None)
    expected = difference_coefficient([5e5, 2.6e6], [100, 1000], weights=None)
    assert cell(finding, "equipment.coefficient")["value"] == pytest.approx(expected)
    assert "balance.confidence.unweighted" in {note.key for note in finding.notes}


def test_trend_has_every_earlier_year(build_county: Build) -> None:
    rows = [
        school(c, year=year, equipment_yuan=e * (1 + (2021 - year) * (c == "A")))
        for year in (2019, 2020, 2021)
        for c, e in (("A", 2e6), ("B", 3e6))
    ]
    finding = balance.assess(build_county(rows))
    values = [
        cell(finding, "equipment.coefficient", at=str(y))["value"] for y in (2019, 2020, 2021)
    ]
    assert values == pytest.approx(
        [difference_coefficient([2e6 * k, 3e6], [1000, 1000]) for k in (3, 2, 1)]
    )


def test_shares_and_gaps_add_up(build_county: Build) -> None:
    rng = np.random.default_rng(3)
    rows = [
        school(str(i), pupils_n=int(n), equipment_yuan=float(n) * float(e))
        for i, (n, e) in enumerate(
            zip(rng.integers(60, 2000, 9), rng.uniform(500, 4000, 9), strict=True)
        )
    ]
    finding = balance.assess(build_county(rows))
    table = finding.table[finding.table["by"] == "school"]
    shares = table.loc[table["indicator"] == "equipment.share", "value"]
    assert shares.sum() == pytest.approx(1)
    gaps = table.loc[table["indicator"] == "equipment.gap", "value"]
    assert gaps.sum() == pytest.approx(cell(finding, "equipment.gap")["value"])
    lacking = sum(max(0.0, 2000 * r["pupils_n"] - r["equipment_yuan"]) for r in rows)
    assert gaps.sum() == pytest.approx(lacking)


def test_rows_in_any_order_give_the_same_finding(build_county: Build) -> None:
    rows = [school(c, equipment_yuan=e) for c, e in (("A", 1e6), ("B", 2e6), ("C", 4e6))]
    forward, backward = (balance.assess(build_county(r)) for r in (rows, rows[::-1]))
    pd.testing.assert_frame_equal(forward.table, backward.table)


def test_the_county_is_not_written_to(build_county: Build) -> None:
    county = build_county([school("A"), school("B")])
    before = {name: frame.copy() for name, frame in county.tables.items()}
    balance.assess(county)
    for name, frame in county.tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_every_note_and_rule_stands_in_the_catalogue(build_county: Build) -> None:
    rows = [school("A", equipment_yuan=1e6), school("B"), school("C", books_n=None)]
    for scheme in ("quality-2017", "basic-2012"):
        finding = balance.assess(build_county(rows), scheme=scheme)
        keys = {note.key for note in finding.notes} | {c.rule for c in finding.checks}
        keys |= {c.reason for c in finding.checks if c.reason}
        assert [key for key in sorted(keys) if not has(key)] == []


def test_a_finding_survives_json(build_county: Build) -> None:
    finding = balance.assess(build_county([school("A"), school("B", equipment_yuan=None)]))
    again = from_json(to_json(finding))
    pd.testing.assert_frame_equal(again.table, finding.table)
    assert again.notes == finding.notes
    assert [c.verdict for c in again.checks] == [c.verdict for c in finding.checks]


def test_an_unknown_scheme_names_those_there_are(build_county: Build) -> None:
    with pytest.raises(UsageError, match="quality-2017"):
        balance.assess(build_county([school("A")]), scheme="2017")


def test_a_list_of_schools_alone_gives_one_line(build_county: Build) -> None:
    county = build_county([school("A")])
    empty = county.tables["school_years"].iloc[:0]
    finding = balance.assess(replace(county, tables={**county.tables, "school_years": empty}))
    for audience in ("public", "internal"):
        released = release(finding, audience)  # type: ignore[arg-type]
        assert released.table.empty
        assert [note.key for note in released.notes] == ["balance.headline.no_data"]


def test_no_data_is_something_else_than_nothing_to_compare(build_county: Build) -> None:
    def flag(*rows: dict[str, Any]) -> str:
        finding = balance.assess(build_county(list(rows)))
        return str(cell(finding, "equipment.coefficient")["flag"])

    assert flag(school("A", equipment_yuan=None), school("B", equipment_yuan=None)) == "x"
    assert flag(school("A")) == "z"
