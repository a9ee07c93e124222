"""Numbers and names that are data: what is told from a code is told of every code of its list."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.records.reference import load_reference, locate_zone

BY_DIGITS = {"11": "urban", "12": "town", "21": "rural", "22": "rural"}
"""The first digit parts towns from the country, the first two a town from a city."""


def test_every_zone_has_its_location() -> None:
    zones = load_reference().codes["zone"]
    assert {zone: locate_zone(zone) for zone in zones} == {z: BY_DIGITS[z[:2]] for z in zones}


@pytest.mark.parametrize("zone", [None, "", "9", "130", pd.NA, float("nan")])
def test_of_a_zone_that_is_none_nothing_is_told(zone: object) -> None:
    assert locate_zone(zone) is None
