"""The declared truth is found again: by the methods, from the tables and from the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.finding import Origin
from analysis.methods.dispersion import difference_coefficient
from analysis.questions.balance.schools import Entrants, enter
from analysis.records.county import CountyData
from analysis.records.regions import regions
from analysis.records.synthetic import truth


@pytest.fixture(scope="module")
def told(demo: Path) -> dict:
    return json.loads((demo / "truth.json").read_text(encoding="utf-8"))["counties"][0]


def as_read(intake, reference, year: int) -> CountyData:
    tables = {name: frame for name, frame in intake.frames.items() if name != "teachers"}
    place = regions().place("130723")
    return CountyData(place, regions().parent("130723"), year, tables, reference, origin=Origin())


def assessed(county: CountyData, scheme: Any, stage: str) -> Entrants:
    entered = enter(county.tables, county.reference.codes["kind"], scheme)
    return entered[stage][county.place.code, county.year]


@pytest.mark.parametrize("id", ["quality-2017", "basic-2012"])
def test_coefficients_are_the_truth_where_all_is_reported(intake, reference, told, id):
    scheme, complete = reference.scheme(id), 0
    for year, stages in told["coefficients"][id].items():
        county = as_read(intake, reference, int(year))
        for stage, coefficients in stages.items():
            counted = assessed(county, scheme, stage).counted
            for name, value in coefficients.items():
                if name in told["incomplete"][id][year][stage]:
                    continue
                found = difference_coefficient(counted[name], counted["pupils"])
                assert found == pytest.approx(value, rel=1e-9), (year, stage, name)
                complete += 1
    assert complete > 10


def test_what_is_incomplete_is_seen_as_incomplete(intake, reference, told):
    """A cell or a school that is missing is in no coefficient as if it were there."""
    id, seen = "quality-2017", 0
    scheme = reference.scheme(id)
    for year, stages in told["incomplete"][id].items():
        county = as_read(intake, reference, int(year))
        for stage, names in stages.items():
            counted = assessed(county, scheme, stage).counted
            silent = [school for school, at in told["silent"] if at == int(year)]
            for name in names:
                assert counted[name].isna().any() or silent
                seen += 1
    assert seen > 0


def test_excluded_schools_are_told(intake, reference, told):
    scheme = reference.scheme("quality-2017")
    for year, stages in told["excluded"]["quality-2017"].items():
        for stage, excluded in stages.items():
            entrants = assessed(as_read(intake, reference, int(year)), scheme, stage)
            assert sorted(entrants.excluded.index) == excluded


def test_silent_schools_are_expected_and_not_there(intake, told):
    silent = told["silent"]
    assert len(silent) == 2
    totals = intake.frames["counties"].set_index("year")
    schools = intake.frames["schools"]
    for name in ("schools", "school_years", "resources", "classes", "teachers"):
        frame = intake.frames[name]
        there = set(zip(frame["school"], frame["year"], strict=True))
        assert not there & {(school, year) for school, year in silent}
    expected = int(totals.loc[2021, "schools_expected_n"])
    assert expected == (schools["year"] == 2021).sum() + 2


def test_lists_differ_where_it_is_told(make):
    county = make("130726", scale=0.4)
    key = ["school", "year", "stage"]
    listed = county.reported["teachers"].groupby(key).size()
    true = county.frames["teachers"].groupby(key).size()
    difference = (listed - true).dropna()
    told = county.defects.lists.set_index(key)["difference"]
    found = difference[difference != 0].astype(int).sort_index()
    assert len(found) > 5
    assert (found > 0).any()
    assert found.to_dict() == told[told != 0].to_dict()


def test_about_one_cell_in_a_hundred_is_missing(make):
    counties = [make(code, scale=0.3) for code in ("130702", "130722", "130726")]
    missing = pd.concat([county.defects.missing for county in counties])
    cells = sum(
        11 * len(c.frames["school_years"]) + 7 * len(c.frames["resources"]) for c in counties
    )
    assert 0.005 < len(missing) / cells < 0.015
    for county in counties:
        for row in county.defects.missing.sample(5, random_state=1).itertuples():
            frame = county.reported[row.table]
            at = (frame["school"] == row.school) & (frame["year"] == row.year)
            if row.stage:
                at &= frame["stage"] == row.stage
            assert frame.loc[at, row.column].isna().all()


def test_an_unknown_or_single_school_has_no_coefficient():
    assert truth.coefficient({"a": (1.0, 10), "b": (None, 10)}) is None
    assert truth.coefficient({"a": (1.0, 10)}) is None
    assert truth.coefficient({"a": (0.0, 10), "b": (0.0, 10)}) is None


@pytest.mark.slow
def test_the_prefecture_lies_around_the_limits(make, reference):
    """Some counties pass, some fail, some are near; sports and rooms differ most."""
    codes = [place.code for place in regions().counties("130700")]
    scheme = reference.scheme("quality-2017")
    rows = []
    for code in codes:
        told = truth.tell(make(code, scale=0.3, years=[2021]), {"quality-2017": scheme})
        for stage, values in told["coefficients"]["quality-2017"]["2021"].items():
            rows.append({"stage": stage, **values})
    frame = pd.DataFrame(rows).set_index("stage")
    for stage, limit in scheme["coefficient"]["limits"].items():
        values = frame.loc[stage]
        assert 0.6 < (values <= limit).to_numpy().mean() < 0.95
        assert ((values - limit).abs() <= 0.03).to_numpy().sum() >= 8
        means = values.mean().sort_values()
        assert means.index[0] == "qualified_teachers"
        assert means.index[-1] == "sports_area"
