"""The summary repeats what the chapters say and computes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.questions.conftest import school

from analysis.finding import KEY, Cell
from analysis.questions import balance, context, county, quality
from analysis.records.county import CountyData

Build = Callable[..., CountyData]


def test_every_number_is_a_chapters_own(build_county: Build) -> None:
    data = build_county([school("A"), school("B", equipment_yuan=1e5), school("C")])
    chapters = [context.describe(data), balance.assess(data), quality.examine(data)]
    brief = county.gather(data, chapters)
    known = {
        tuple(row[k] for k in KEY): row["value"]
        for chapter in chapters
        for row in chapter.table.to_dict("records")
    }
    for row in brief.table.to_dict("records"):
        if row["indicator"] != "requirements":
            assert row["value"] == pytest.approx(known[tuple(row[k] for k in KEY)], nan_ok=True)
    counted = brief.table[brief.table["indicator"] == "requirements"]
    counts = counted.set_index("subject")["value"]
    for verdict in ("met", "not_met", "cannot_say"):
        assert counts[verdict] == sum(c.verdict == verdict for c in brief.checks)
    cells = {tuple(row[k] for k in KEY) for row in brief.table.to_dict("records")}
    for note in brief.notes:
        for value in note.values.values():
            if isinstance(value, Cell):
                assert (value.indicator, value.stage, value.by, value.subject, value.at) in cells


def test_without_requirements_it_says_that_it_only_describes(build_county: Build) -> None:
    data = build_county([school("A")])
    brief = county.gather(data, [context.describe(data)])
    assert brief.notes[0].key == "county.summary.no_requirements"


def test_a_finding_about_another_county_is_refused(build_county: Build) -> None:
    data = build_county([school("A"), school("B")])
    with pytest.raises(ValueError, match="another county"):
        county.gather(data, [replace(balance.assess(data), county="130723")])
