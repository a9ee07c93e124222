"""Dropout: the ledgers, how cases flow through them, and long absence."""

from __future__ import annotations

import pytest
from tests.questions.dropout_rows import CASES, COUNTY, case, change, junior, pupil

from analysis.questions.dropout import ledgers
from analysis.questions.dropout.rules import read_rules
from analysis.records.reference import load_reference

RULES = read_rules(load_reference())


@pytest.fixture
def cases(build_county):
    return build_county([junior()], suspected=CASES).table("suspected")


def test_each_step_counts_in_the_period_of_its_own_date(cases) -> None:
    flows = {
        (f.level, f.period): f
        for f in ledgers.count_flows(cases, ledgers.months(2021, RULES), RULES)
    }
    year = flows["", ""]
    assert dict(year.steps) == {"entered": 4, "checked": 3, "returned": 1, "closed": 3}
    assert dict(year.outcomes) == {"attending": 1, "elsewhere": 1, "left": 1}
    assert (year.open_start, year.open_end) == (1, 2)
    september, autumn = flows["month", "2021-09"], flows["term", "1"]
    assert (september.steps["entered"], september.outcomes) == (2, {"attending": 1})
    assert (autumn.outcomes["left"], autumn.steps["closed"], autumn.open_end) == (1, 2, 1)
    assert flows["quarter", "2021-Q4"].steps["returned"] == 1


@pytest.mark.parametrize("level", ledgers.LEVELS)
def test_the_periods_of_a_level_add_up_to_the_year(cases, level) -> None:
    flows = list(ledgers.count_flows(cases, ledgers.months(2021, RULES), RULES))
    parts = [flow for flow in flows if flow.level == level]
    for step in ledgers.STEPS:
        assert sum(flow.steps[step] for flow in parts) == flows[0].steps[step]
    assert parts[-1].open_end == flows[0].open_end
    # Who is open before, and entered, less who is closed, is open after.
    for before, flow in zip([None, *parts], parts, strict=False):
        assert flow.open_start == (before.open_end if before else flows[0].open_start)
        assert flow.open_end == flow.open_start + flow.steps["entered"] - flow.steps["closed"]


def test_the_spring_term_begins_when_the_parameters_say(cases) -> None:
    assert RULES["terms"]["starts"]["2"] == "03-01"
    terms = [ledgers.period_of(month, "term", RULES) for month in ledgers.months(2021, RULES)]
    assert terms == ["1"] * 6 + ["2"] * 6


def test_days_to_check_are_of_the_cases_checked_in_the_year(cases) -> None:
    assert ledgers.median_days(cases, 2021, RULES) == (4.0, 3)


def test_absent_pupils_and_who_of_them_is_on_the_ledger(build_county) -> None:
    rows = [
        {"pseudonym": f"p{i}", "school": "A", "county": COUNTY, "year": 2021, "term": "1",
         "longest_n": days}
        for i, days in enumerate([0, 4, 3, 2, None])
    ]  # fmt: skip
    pupils = [pupil(i, 2021, 8) for i in range(5)]
    county = build_county([junior()], attendance=rows, pupils=pupils, suspected=CASES)
    tables = (county.table(name) for name in ("attendance", "pupils", "suspected"))
    found = ledgers.count_absent(*tables, 2021, 3)
    assert found[["pupils", "reached", "listed"]].to_numpy().tolist() == [[4, 2, 1]]


def test_cases_of_children_on_no_register_are_counted(build_county) -> None:
    """Of the cases 2 to 5 of the year one is on its register, one on the last, one came, one is not."""
    months = ledgers.months(2021, RULES)
    pupils = [pupil(2, 2021), pupil(3, 2020)]
    came = [change(4, "move_in", 2021), change(5, "leave", 2021)]
    county = build_county([junior()], pupils=pupils, suspected=CASES, status_changes=came)
    assert ledgers.find_unregistered(county, months) == (4, 4, 1)
    assert ledgers.find_unregistered(county, months[:6]) == (2, 2, 0)
    again = [*CASES, case(5, "2022-06-20"), case(2, "2022-06-20")]
    county = build_county([junior()], pupils=pupils, suspected=again, status_changes=came)
    assert ledgers.find_unregistered(county, months) == (4, 4, 1)


def test_where_a_school_lacks_one_of_two_registers_it_is_not_asked(build_county) -> None:
    months = ledgers.months(2021, RULES)
    for pupils in ([], [pupil(2, 2020)], [pupil(2, 2021)]):
        county = build_county([junior()], pupils=pupils, suspected=CASES)
        assert ledgers.find_unregistered(county, months) == (4, 0, 0)
    both = [pupil(2, 2020), pupil(2, 2021)]
    other = {**case(6, "2021-09-10"), "school": "B"}
    county = build_county([junior()], pupils=both, suspected=[*CASES, other])
    assert ledgers.find_unregistered(county, months) == (5, 4, 3)
