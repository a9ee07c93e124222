"""What governments owe: drawn beside the rest and changing nothing of it, declared, found again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.finding import Origin
from analysis.questions import assurance
from analysis.records.county import CountyData
from analysis.records.regions import regions
from analysis.records.synthetic import government, offices, owed, rooms, write_demo
from analysis.records.synthetic.truth import tell

CODES = ("130702", "130703", "130706", "130722", "130726", "130731")
ITEMS = {"training", "certificates", "exchange"}
"""Items that rest on the list of teachers, which the demo makes to differ from the totals."""


@pytest.fixture(scope="module")
def counties(make):
    return {code: make(code, scale=0.1, years=[2019, 2020, 2021]) for code in CODES}


def as_stored(county, frames) -> CountyData:
    tables = {name: frame.drop(columns=["counted", "gone"], errors="ignore") for name, frame in frames.items()}  # fmt: skip
    for name in ("teachers", "exchanges"):
        tables[name] = tables[name].rename(columns={"teacher_id": "pseudonym"})
    from analysis.records.contracts import TABLES, empty
    from analysis.records.reference import load_reference

    tables["counties"] = empty(TABLES["counties"])
    place = county.place
    return CountyData(place, regions().parent(place.code), 2021, tables, load_reference(), origin=Origin())  # fmt: skip


def verdicts(county: CountyData) -> dict[str, tuple[str, float]]:
    finding = assurance.assess(county)
    values = finding.table[finding.table["by"] == ""].set_index("indicator")["value"]
    return {
        check.indicator.split(".")[0]: (check.verdict, float(values[check.indicator]))
        for check in finding.checks if check.by == ""
    }  # fmt: skip


def test_the_truth_is_found_again_from_complete_tables(counties):
    seen = set()
    for county in counties.values():
        told = owed.tell_owed(county.frames, 2021)
        found = verdicts(as_stored(county, county.frames))
        assert found.keys() == told.keys()
        for item, truth in told.items():
            wanted = {True: "met", False: "not_met", None: "not_applicable"}[truth["met"]]
            verdict, value = found[item]
            assert verdict == wanted, (county.place.code, item)
            assert value == pytest.approx(truth["value"] if truth["value"] is not None else np.nan, nan_ok=True)  # fmt: skip
            seen.add((item, verdict))
    assert len(seen) > 28
    assert {verdict for _, verdict in seen} >= {"met", "not_met"}


def test_what_is_reported_never_contradicts_the_truth(counties):
    """Blank, partly blank or on a list that differs: open then, never the other way."""
    open_ = 0
    for county in counties.values():
        told = owed.tell_owed(county.frames, 2021)
        found = verdicts(as_stored(county, county.reported))
        blank = {item for item, state in county.plan.items.items() if state == "blank"}
        for item, (verdict, _) in found.items():
            wanted = {True: "met", False: "not_met", None: "not_applicable"}[told[item]["met"]]
            assert verdict in (wanted, "cannot_say", "not_applicable"), (county.place.code, item)
            if item in blank - {"size", "class_size"}:
                assert verdict in ("cannot_say", "not_applicable")
                open_ += 1
    assert open_ > 5


def test_a_county_stands_where_its_plan_says(counties):
    """Items drawn by county are met or not as planned; sizes of schools and classes just are."""
    planned = set(next(iter(counties.values())).plan.items) - {"size", "class_size"}
    for county in counties.values():
        told = owed.tell_owed(county.frames, 2021)
        for item in sorted(planned):
            state, met = county.plan.items[item], told[item]["met"]
            if state == "fails" and met is not None and item != "small_funds":
                assert not met, (county.place.code, item)
            elif state != "fails" and met is not None and item not in ("exchange", "exchange_backbone"):  # fmt: skip
                assert met, (county.place.code, item)


def test_each_state_is_drawn_about_as_often_as_it_should(make, params):
    schools = make("130706", scale=0.05, years=[2021]).frames["schools"]
    states = [
        state
        for seed in range(60)
        for state in government.plan_items(schools, params, np.random.default_rng(seed)).items.values()
    ]  # fmt: skip
    share = pd.Series(states).value_counts(normalize=True)
    shape = params["government"]
    assert share["meets"] == pytest.approx(shape["meets"], abs=0.05)
    assert share["blank"] == pytest.approx(shape["blank"], abs=0.05)


def test_rooms_are_enough_for_the_classes_and_large_enough(counties):
    county = counties["130722"]
    facts = rooms.gather_facts(county.frames)
    whole = rooms.furnish_rooms(facts, True, {"government": PARAMS}, np.random.default_rng(1))
    frames = {**county.frames, "special_rooms": whole}
    assert owed.tell_owed(frames, 2021)["rooms"]["met"]
    short = rooms.furnish_rooms(facts, False, {"government": PARAMS}, np.random.default_rng(1))
    assert not owed.tell_owed({**county.frames, "special_rooms": short}, 2021)["rooms"]["met"]
    assert (short["rooms_n"] >= 0).all()


PARAMS = {"relaxed_rooms": 1.0, "rooms_over": 0.0, "schools_at_fault": 0.05}
"""Every room at the very limit of what is relaxed."""


def test_every_cell_of_the_figures_is_there_or_left_blank_whole(counties):
    for county in counties.values():
        figures = county.reported["county_years"]
        for item, columns in offices.COLUMNS.items():
            blank = county.plan.items[item] == "blank"
            assert figures[list(columns)].isna().all(axis=None) == blank, item
            assert figures[list(columns)].isna().any(axis=None) == blank, item


def test_the_truth_file_tells_it_without_a_person(tmp_path, make):
    write_demo(tmp_path, counties="130725", scale=0.05, seed=3, years=(2020, 2021))
    text = (tmp_path / "truth.json").read_text(encoding="utf-8")
    (told,) = json.loads(text)["counties"]
    assert set(told["assurance"]) == {"2020", "2021"}
    assert set(told["assurance"]["2021"]) == set(told_items())
    county = make("130725", seed=3, scale=0.05, years=[2020, 2021])
    assert told["left_blank"] == sorted(i for i, s in county.plan.items.items() if s == "blank")
    people = set(county.frames["exchanges"]["teacher_id"])
    assert people
    assert not any(number in text for number in people)


def told_items() -> list[str]:
    from analysis.records.reference import load_reference

    return [item["id"] for item in load_reference().assurance["item"]]


def test_silent_schools_say_nothing_of_it_either(make):
    county = make("130723", scale=0.2)
    silent = {(row.school, row.year) for row in county.defects.silent.itertuples()}
    assert len(silent) == 2
    for table in ("special_rooms", "school_funds", "exchanges"):
        frame = county.reported[table]
        assert not set(zip(frame["school"], frame["year"], strict=True)) & silent


def test_the_truth_of_a_county_holds_every_year(make):
    county = make("130706", scale=0.05, years=[2020, 2021])
    told = tell(county, {})
    assert set(told["assurance"]) == {"2020", "2021"}
