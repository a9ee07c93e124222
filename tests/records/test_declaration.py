"""What a report may read is named with a hash, and new data of one county touch no other's."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hand_made import intake, schools

from analysis.errors import StoreError
from analysis.finding import Finding, Indicator, Origin, tidy
from analysis.records import attach, open_county, open_fit, store
from analysis.records.declaration import declare
from analysis.records.results import save_fit

CODES = ("130722", "130723", "130700")


def finding(name: str, code: str, value: float = 0.5) -> Finding:
    rows = [
        {"indicator": "cv", "stage": "primary", "by": "county", "subject": code, "value": value}
    ]
    indicators = (Indicator("cv", "差异系数", "CV"),)
    return Finding(
        name, code, 2021, tidy(rows), indicators=indicators, origin=Origin("某局", "a bureau")
    )


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    for code in ("130722", "130723"):
        store.write(intake(schools=schools(code)), tmp_path)
    return tmp_path


def changed(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> set[str]:
    return {code for code in before if before[code] != after[code]}


def test_all_that_a_passport_lists_is_declared(filled: Path) -> None:
    save_fit(filled, 2021, [finding("plan", "130722"), finding("prefecture", "130700")])
    declared = declare(filled, 2021, CODES)
    passport = open_county(filled, "130722", 2021).passport()
    read = attach(passport, filled, "130722", 2021, "plan")["partitions"]
    assert [name for name in read if name.endswith("plan.json")]
    assert len(read) == 3
    of_city, _ = open_fit(filled, "130700", 2021, "prefecture")

    def covers(code: str, names: list[str]) -> bool:
        return all(any(fnmatchcase(n, p) for p in declared[code]) for n in names)

    assert covers("130722", read)
    assert covers("130700", of_city["partitions"])
    assert not covers("130723", read[:1])
    assert not covers("130723", read[-1:])


def test_new_data_of_one_county_touch_that_one_alone(filled: Path) -> None:
    before = declare(filled, 2021, CODES)
    assert declare(filled, 2021, CODES) == before
    store.write(intake(schools=schools("130723", n=3)), filled)
    after = declare(filled, 2021, CODES)
    assert changed(before, after) == {"130723"}
    names = {n for n in after["130723"] if after["130723"][n] != before["130723"][n]}
    assert names == {"tables/*/county=130723/*"}


def test_a_new_fit_touches_those_of_whom_it_says_something_else(filled: Path) -> None:
    save_fit(filled, 2021, [finding("plan", "130722"), finding("plan", "130723")])
    before = declare(filled, 2021, CODES)
    save_fit(filled, 2021, [finding("plan", "130722"), finding("plan", "130723", 0.25)])
    # A prefecture's report names its fit.
    assert changed(before, declare(filled, 2021, CODES)) == {"130723", "130700"}
    assert changed(before, declare(filled, 2020, CODES)) == set(CODES)


def test_a_fit_that_was_changed_is_refused(filled: Path) -> None:
    fit = save_fit(filled, 2021, [finding("plan", "130722")])
    (filled / "results" / fit / "fit.json").write_text("{}")
    with pytest.raises(StoreError, match=fit):
        declare(filled, 2021, CODES)
