"""Dropout: the chapter's finding, and what of it each audience may see."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.questions.dropout_rows import (
    CASES,
    COUNTY,
    Rows,
    case,
    change,
    cohort,
    junior,
    pupil,
    register,
)

from analysis.finding import Finding, Origin
from analysis.questions import dropout
from analysis.questions.dropout.rules import read_rules
from analysis.records.reference import load_reference
from analysis.records.tables import LateTables
from analysis.release import release
from analysis.release.profiles import load_profile

RULES = read_rules(load_reference())


def keys(finding: Finding) -> set[str]:
    return {note.key.removeprefix("dropout.") for note in finding.notes}


def test_a_county_without_a_register_gets_one_sentence(build_county) -> None:
    finding = dropout.assess(build_county([junior()]))
    parts = {f"missing.{part}" for part in ("rates", "retention", "ledger", "absence")}
    assert keys(finding) == {"headline.no_register", *parts}
    assert finding.table.empty
    assert finding.checks == ()


def test_what_is_missing_is_said_part_by_part(build_county) -> None:
    finding = dropout.assess(build_county([junior()], cohorts=[cohort()]))
    missing = {key for key in keys(finding) if key.startswith("missing.")}
    assert missing == {"missing.rates", "missing.ledger", "missing.absence"}
    assert "headline.no_register" not in keys(finding)


def test_the_zero_case_is_said_only_of_a_ledger_that_was_kept(build_county) -> None:
    visits = [{"county": COUNTY, "year": 2021, "term": "1", "children_n": 900}]
    kept = build_county([junior()], visits=visits, origin=Origin("测试", "test", "2022-08-31"))
    assert "headline.zero" in keys(dropout.assess(kept))
    none = build_county([junior()], cohorts=[cohort()])
    assert "headline.no_ledger" in keys(dropout.assess(none))
    assert "headline.zero" not in keys(dropout.assess(none))


def test_months_that_have_not_come_are_no_zero(build_county) -> None:
    visits = [{"county": COUNTY, "year": 2021, "term": "1", "children_n": 900}]
    county = build_county([junior()], visits=visits, origin=Origin("测试", "test", "2021-11-30"))
    finding = dropout.assess(county, levels=("month",))
    months = finding.table.loc[finding.table["by"] == "month", "subject"]
    assert sorted(set(months)) == ["2021-09", "2021-10", "2021-11"]
    assert "headline.zero_so_far" in keys(finding)


def test_one_term_cannot_say_and_gives_its_reason(build_county) -> None:
    finding = dropout.assess(build_county([junior()], pupils=[pupil(1, 2021)]))
    net = [c for c in finding.checks if c.indicator == "dropout_net"]
    assert {(c.verdict, c.reason) for c in net} == {("cannot_say", "dropout.reason.one_register")}
    assert set(finding.table["flag"]) == {"x"}


def test_the_range_of_few_unverified_transfers_is_for_the_desk(build_county) -> None:
    changes = [change(99, "move_out", verified=False)]
    county = build_county([junior()], pupils=register(), status_changes=changes)

    def least(**options: bool) -> list[float]:
        table = dropout.assess(county, **options).table
        return list(table.loc[table["indicator"] == "dropout_verified_least", "value"])

    assert least(few=True) == [pytest.approx(0.04)]
    assert least() == []


def test_rates_by_grade_go_where_one_grade_has_few_and_the_stage_stays(build_county) -> None:
    pupils = [*register(100, 85, 7), *({**row, "pseudonym": f"q{row['pseudonym']}"}
                                       for row in register(100, 97, 8))]  # fmt: skip
    county = build_county([junior()], pupils=pupils)
    table = release(dropout.assess(county), "superior").table
    rates = table[table["indicator"] == "dropout_verified"]
    assert rates[["by", "numerator", "denominator"]].to_numpy().tolist() == [["", 18.0, 200.0]]
    desk = dropout.assess(county, few=True).table
    assert set(desk.loc[desk["by"] == "school_grade", "subject"]) == {"7", "8"}


def test_nothing_small_reaches_the_public(build_county) -> None:
    county = build_county(
        [junior()], pupils=register(), suspected=CASES, cohorts=[cohort()],
        status_changes=[change(98, "leave"), change(97, "move_in")],
    )  # fmt: skip
    table = release(dropout.assess(county), "public").table
    steps = table[table["indicator"].str.startswith("ledger_")]
    assert set(steps.loc[steps["value"].notna(), "value"]) <= {0.0}
    net = table[table["indicator"] == "dropout_net"]
    assert (net["flag"] == "c").all()
    seen = table[(table["indicator"] == "dropout_verified") & (table["subject"] == "")]
    assert set(seen["flag"]) <= {"c", "le"}


def stated(table: pd.DataFrame, indicator: str) -> tuple[float, float]:
    """Give part and whole of a share as a reader of the released numbers has them."""
    rows = table[table["indicator"] == indicator]
    if rows.empty:
        return math.nan, math.nan
    return float(rows["numerator"].iloc[0]), float(rows["denominator"].iloc[0])


@given(
    st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(150, 200),
    st.sampled_from(["superior", "public"]),
)  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture],
          deadline=None)  # fmt: skip
def test_few_of_a_cohort_cannot_be_worked_out_from_its_retentions(
    build_county, moved_in, moved_out, died, graduated, audience
) -> None:
    given_out = cohort(moved_in_n=moved_in, moved_out_n=moved_out, died_n=died,
                       entered_n=240, graduated_n=graduated)  # fmt: skip
    county = build_county([junior()], cohorts=[given_out])
    table = release(dropout.assess(county), audience).table
    nine, plain, inspected, out = (
        stated(table, name) for name in ("dropout_retention_nine", "dropout_retention_plain",
                                         "dropout_retention_inspected", "dropout_moved_out")
    )  # fmt: skip
    graduates = plain[0] if math.isnan(nine[0]) else nine[0]
    came = graduates + out[0] - inspected[0]
    alive = out[1] if math.isnan(inspected[1]) else inspected[1]
    dead = plain[1] - alive
    few = int(RULES["few"]["least"])
    if 0 < moved_in < few:
        assert math.isnan(came)
    elif audience == "superior" and moved_out >= few and moved_in >= RULES["few"]["apart"]:
        assert came == moved_in
    if 0 < died < few:
        assert math.isnan(dead)


def test_what_the_chapter_withholds_is_no_less_than_what_the_gate_does() -> None:
    thresholds = [load_profile(a).least("P1", "pupils") for a in ("public", "superior", "internal")]
    assert RULES["few"]["least"] >= max(thresholds)


def test_the_desk_reads_what_few_make(build_county) -> None:
    county = build_county([junior()], cohorts=[cohort(moved_in_n=3, died_n=3)])

    def told(**options: bool) -> set[str]:
        table = dropout.assess(county, **options).table
        assert set(table["flag"]) <= {"", "x"}, "a mark would say that the number itself is small"
        return set(table["indicator"])

    assert told(few=True) - told() == {"dropout_retention_plain", "dropout_moved_out"}


def test_who_came_and_who_went_cannot_be_told_from_the_net_flow(build_county) -> None:
    came = [change(i, "move_in") for i in range(200, 203)]

    def net(first: int) -> list[list[float]]:
        went = [change(i, "leave") for i in range(first, 100)]
        county = build_county([junior()], pupils=register(), status_changes=went + came)
        table = release(dropout.assess(county), "superior").table
        rows = table[(table["indicator"] == "dropout_net") & (table["subject"] == "")]
        return rows[["numerator", "denominator", "n"]].to_numpy().tolist()

    assert net(70) == [[27, 100, 100]]
    # 17 more went than came: with so few, that many went at least.
    assert net(80) == []


def checked(n: int, outcome: str, start: int) -> Rows:
    day = "2021-10-08"
    return [case(start + i, day, checked_on=day, outcome=outcome) for i in range(n)]


def test_an_outcome_of_few_cannot_be_told_from_the_others(build_county) -> None:
    cases = [*checked(30, "attending", 0), *checked(20, "elsewhere", 100), *checked(12, "left", 200),
             *checked(3, "exempt", 300)]  # fmt: skip
    county = build_county([junior()], suspected=cases)
    table = release(dropout.assess(county), "superior").table
    of = table[(table["indicator"] == "ledger_checked") & (table["by"] == "outcome")]
    total = table[(table["indicator"] == "ledger_checked") & (table["by"] == "")].iloc[0]
    assert total["value"] == 65
    assert of.empty


def test_few_that_were_open_before_cannot_be_told_from_those_open_after(build_county) -> None:
    before = [case(i, "2021-06-20", 2020) for i in range(4)]
    county = build_county([junior()], suspected=before + checked(12, "left", 100))

    def still_open(**options: bool) -> list[float]:
        table = dropout.assess(county, **options).table
        return table.loc[table["indicator"] == "ledger_open", "value"].dropna().tolist()

    assert still_open() == []
    assert still_open(few=True) == [16.0, 16.0]


def test_the_registers_of_a_county_are_read_once_and_only_those_asked_for(build_county) -> None:
    county = build_county([junior()], pupils=register(), cohorts=[cohort()])
    tables = LateTables({name: lambda name=name: county.tables[name] for name in county.tables})
    dropout.assess(replace(county, tables=tables))
    assert "pupils" in tables.read_so_far
    assert not {"scores", "teachers", "resources"} & tables.read_so_far


def test_a_county_gives_its_own_rule_of_absence(build_county) -> None:
    rows = [{"pseudonym": "p1", "school": "A", "county": COUNTY, "year": 2021, "term": "1",
             "longest_n": 4}]  # fmt: skip
    county = build_county([junior()], attendance=rows, pupils=[pupil(1, 2021, 8)])
    usual, own = dropout.assess(county), dropout.assess(county, suspected_days=5)

    def reached(finding: Finding) -> float:
        table = finding.table
        chosen = table[(table["indicator"] == "dropout_absent_suspected") & (table["by"] == "term")]
        return float(chosen["value"].iloc[0])

    assert (reached(usual), reached(own)) == (1, 0)
    assert "absence.usual_rule" in keys(usual)
    assert "absence.own_rule" in keys(own)


def test_without_a_ledger_no_share_of_the_absent_is_on_it(build_county) -> None:
    """No ledger is not an empty one: of those absent 0% on it would read as a fault of schools."""
    rows = [{"pseudonym": "p1", "school": "A", "county": COUNTY, "year": 2021, "term": "1",
             "longest_n": 12}]  # fmt: skip

    def told(**tables: Rows) -> set[str]:
        county = build_county([junior()], attendance=rows, pupils=[pupil(1, 2021, 8)], **tables)
        return {name for name in dropout.assess(county).table["indicator"] if "_listed_" in name}

    assert told() == set()
    names = {"dropout_listed_suspected", "dropout_listed_reported"}
    assert told(suspected=[case(2, "2021-09-10")]) == names


def unregistered(table: pd.DataFrame) -> list[tuple[float, str]]:
    rows = table[table["indicator"] == "ledger_unregistered"]
    return list(zip(rows["value"], rows["flag"], strict=True))


def with_cases(build_county, on_register: int, on_none: int, elsewhere: int = 0):
    """Make a county of so many cases of the year, the last at a school without a register."""
    cases = [case(i, "2021-10-08") for i in range(on_register + on_none)]
    cases += [{**case(900 + i, "2021-10-08"), "school": "B"} for i in range(elsewhere)]
    pupils = [pupil(i, 2021) for i in [*range(on_register), *range(500, 600)]]
    pupils.append(pupil(700, 2020))
    return build_county([junior()], pupils=pupils, suspected=cases)


@pytest.mark.parametrize(
    ("on_register", "on_none", "elsewhere", "outside"),
    [(40, 30, 0, True), (40, 0, 0, True), (40, 3, 0, False), (3, 40, 0, False), (40, 30, 9, True)],
)
def test_who_of_the_ledger_is_on_no_register_is_for_the_desk_where_they_are_few(
    build_county, on_register: int, on_none: int, elsewhere: int, outside: bool
) -> None:
    county = with_cases(build_county, on_register, on_none, elsewhere)
    told = [(float(on_none), "p" if elsewhere else "")]
    desk, other = dropout.assess(county, few=True), dropout.assess(county)
    assert unregistered(desk.table) == told
    assert unregistered(other.table) == (told if outside else [])
    assert "caution.unregistered" in keys(desk)
    said = {note.key for note in release(other, "public").notes}
    assert ("dropout.caution.unregistered" in said) == outside


def test_without_a_register_nothing_is_said_of_who_is_on_none(build_county) -> None:
    finding = dropout.assess(build_county([junior()], suspected=CASES), few=True)
    assert unregistered(finding.table) == []
    said = {note.key for note in release(finding, "internal").notes}
    assert "dropout.caution.unregistered" not in said
