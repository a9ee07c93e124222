"""Children of school age follow the census, zones and gaps included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.records.county import Place
from analysis.records.synthetic.population import Children, count_children, pupils_by_grade

CENSUS = pd.DataFrame(
    {
        "population": [100_000, 10_000, 2_000, 50_000],
        "share_5_9": [0.05, 0.10, 0.05, 0.04],
        "share_10_14": [0.06, 0.10, 0.05, 0.02],
    },
    index=pd.Index(["130722", "130772", "130773", "130802"], name="code"),
)


def place(code: str) -> Place:
    return Place(code, "某县", "Some County")


def test_half_of_a_zone_is_counted_with_the_county(params):
    children = count_children(place("130722"), CENSUS, params)
    assert children.by_age == pytest.approx((5_000 + 500, 6_000 + 500))
    assert (children.basis, children.zones) == ("folded", {"130772": 0.5})


def test_zones_are_counted_once_in_all(params):
    for zone in params["census"]["zone"]:
        assert sum(zone["into"].values()) == 1


def test_a_county_of_its_own_row_takes_nothing_else(params):
    children = count_children(place("130802"), CENSUS, params)
    assert children == Children((2_000.0, 1_000.0), "own", {})


@pytest.mark.parametrize(
    ("code", "aged_5_9"),
    [("130899", 2_000.0), ("139999", (5_000 + 1_000 + 100 + 2_000) / 4)],
    ids=["prefecture", "province"],
)
def test_a_county_without_a_row_takes_the_mean_around_it(params, code, aged_5_9):
    children = count_children(place(code), CENSUS, params)
    assert children.basis == "fallback"
    assert children.by_age[0] == pytest.approx(aged_5_9)


def test_a_cohort_moves_up_a_grade_a_year(params):
    grades = pupils_by_grade(Children((4_000.0, 6_000.0), "own", {}), params)
    assert grades.shape == (8, 9)
    assert np.allclose(grades[1:, 1:], grades[:-1, :-1])


def test_zhangjiakou_has_the_children_of_its_nineteen_census_rows(reference, params):
    census = reference.census
    whole = census[census.index.str.startswith("1307")]
    counties = [code for code in whole.index if code[4] != "7"]
    counted = [count_children(place(code), census, params).by_age for code in counties]
    expected = (whole["population"] * whole["share_5_9"]).sum()
    assert len(counties) == 16
    assert sum(young for young, _ in counted) == pytest.approx(expected)
