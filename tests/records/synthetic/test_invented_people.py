"""Names and numbers are invented: right in form, assigned to nobody, never twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.records.regions import regions
from analysis.records.synthetic.names import area_code, check_character, make_gazetteer, name_people


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_check_character_is_the_standards(number):
    """The two numbers that GB 11643 prints."""
    assert check_character(number[:17]) == number[17]


def test_area_codes_are_assigned_to_no_place_and_apart():
    places = regions()
    real = {place.code for place in places.places.values()} | set(places.changes)
    codes = {area_code(f"{province}0000", rank) for province in (13, 51, 65) for rank in range(250)}
    assert len(codes) == 750
    assert not codes & real
    assert all(code[2] == "9" and code[2:4] != "90" for code in codes)


def test_numbers_carry_birth_and_sex_and_are_never_twice(params):
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"born": [1980] * 4000, "sex": [1, 2] * 2000})
    named = name_people(people, "139906", params, rng)
    numbers = named["teacher_id"]
    assert numbers.is_unique
    assert (numbers.str.len() == 18).all()
    assert (numbers.str[6:10] == "1980").all()
    assert [int(n[16]) % 2 for n in numbers[:4]] == [1, 0, 1, 0]
    assert all(check_character(n[:17]) == n[17] for n in numbers)


def test_a_gazetteer_gives_each_name_once(params):
    villages = make_gazetteer(params, np.random.default_rng(1)).villages
    given = [next(villages) for _ in range(3000)]
    assert len(set(given)) == 3000


def test_school_names_are_unique_in_a_county_and_year(county):
    schools = county.frames["schools"]
    assert not schools.duplicated(["year", "name_zh"]).any()
