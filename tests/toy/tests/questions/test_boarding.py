"""Boarders: total over total of the schools that gave both numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.questions.conftest import school

from analysis.i18n import has
from analysis.questions import boarding
from analysis.records.county import CountyData


def test_total_over_total(build_county: Callable[..., CountyData]) -> None:
    county = build_county(
        [
            school("A", pupils_n=300, boarders_n=30),
            school("B", pupils_n=100, boarders_n=0),
            school("C", pupils_n=500, boarders_n=None),
        ]
    )
    finding = boarding.count(county)
    assert finding.table["value"].tolist() == pytest.approx([1, 30 / 400])
    assert all(has(note.key) for note in finding.notes)
