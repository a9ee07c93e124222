"""Counties side by side: their own numbers, unchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.questions.conftest import PARENT, school

from analysis.finding import Cell, Name
from analysis.i18n import has
from analysis.questions import balance, prefecture
from analysis.records.county import CountyData

Build = Callable[..., CountyData]


def test_numbers_and_verdicts_are_those_of_the_counties(build_county: Build) -> None:
    even = balance.assess(build_county([school("A"), school("B")]))
    uneven = build_county([school("A", equipment_yuan=3e5), school("B", equipment_yuan=5e6)])
    uneven_finding = replace(balance.assess(uneven), county="130723")
    finding = prefecture.compare(PARENT, [even, uneven_finding])
    table = finding.table
    shown = table[(table["indicator"] == "equipment.coefficient") & (table["by"] == "county")]
    assert dict(zip(shown["subject"], shown["value"], strict=True)) == pytest.approx(
        {"130722": 0.0, "130723": 4.7 / 5.3}
    )
    met = table[table["subject"] == "equipment.coefficient→met"]
    assert met["value"].tolist() == [1]
    assert {c.subject: c.verdict for c in finding.checks if c.indicator == "equipment.coefficient"} == {
        "130722": "met", "130723": "not_met",
    }  # fmt: skip
    assert not set(finding.labels) & {"school"}
    assert all(has(note.key) for note in finding.notes)


def test_findings_of_other_questions_or_years_are_refused(build_county: Build) -> None:
    finding = balance.assess(build_county([school("A"), school("B")]))
    with pytest.raises(ValueError, match="one school year"):
        prefecture.compare(PARENT, [finding, replace(finding, year=2020)])
    with pytest.raises(ValueError, match="balance"):
        prefecture.compare(PARENT, [])


def test_counties_that_cannot_be_judged_are_counted_and_said(build_county: Build) -> None:
    known = balance.assess(build_county([school("A"), school("B")]))
    gap = [school("A"), school("B", equipment_yuan=7.5e6), school("C", equipment_yuan=None)]
    unknown = replace(balance.assess(build_county(gap)), county="130723")
    finding = prefecture.compare(PARENT, [known, unknown])
    rows = finding.table[finding.table["indicator"] == "counties_by_verdict"]
    count = dict(zip(rows["subject"], rows["value"], strict=True))
    unknown_in = {name.split("→")[0] for name, n in count.items() if n and "cannot_say" in name}
    assert unknown_in == {"equipment.coefficient", "schools_rule_met"}
    note = next(
        n
        for n in finding.notes
        if n.key == "prefecture.detail.coefficient"
        and n.values["indicator"] == Name("indicator", "equipment")
    )
    assert isinstance(note.values["unknown"], Cell)
    assert count[note.values["unknown"].subject] == 1
