"""Real input with other columns: 420 districts of 45 counties, through the mapping file."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from analysis.records.contracts import TABLES, schema
from analysis.records.intake import Intake, read_folder
from analysis.records.reference import folder, load_reference
from analysis.records.regions import regions

HOME = folder("examples") / "california"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "bring-your-own-columns.md"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "aer_schools" / "CASchools.csv"
SINGLE = {"Alameda County", "Calaveras County", "Inyo County", "Mendocino County"}


@cache
def california() -> Intake:
    return read_folder(HOME, mapping=HOME / "mapping.toml")


def districts() -> list[dict[str, str]]:
    with (HOME / "districts.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_it_reads_without_a_word() -> None:
    intake = california()
    assert [fault.code for fault in intake.faults] == []
    record = intake.files[0]
    assert (record.name, record.rows_read, record.used) == ("districts.csv", 421, 420)
    for id, frame in intake.frames.items():
        schema(TABLES[id]).validate(frame)


def test_districts_and_counties() -> None:
    frames = california().frames
    for id in ("schools", "school_years", "resources"):
        assert len(frames[id]) == 420
        assert frames[id]["county"].nunique() == 45
        assert set(frames[id]["year"]) == {1998}
    assert set(frames["schools"]["kind"]) == {"900"}
    assert set(frames["school_years"]["stage"]) == {"elementary"}
    counts = frames["schools"].groupby("county").size()
    alone = {
        regions(HOME / "regions.csv").place(str(code)).en for code in counts[counts == 1].index
    }
    assert alone == SINGLE


@pytest.mark.parametrize(("code", "name"), [("06037", "Los Angeles"), ("06029", "Kern"),
                                            ("06097", "Sonoma")])  # fmt: skip
def test_totals_are_the_sums_of_the_file(code: str, name: str) -> None:
    rows = [row for row in districts() if row["county"] == name]
    frames = {id: f[f["county"] == code] for id, f in california().frames.items()}
    years, resources = frames["school_years"], frames["resources"]
    assert len(years) == len(rows) > 10
    assert years["pupils_n"].sum() == sum(int(row["pupils"]) for row in rows)
    assert resources["computers_n"].sum() == sum(int(row["computers"]) for row in rows)
    teachers = sum(Decimal(row["teachers"]) for row in rows)
    assert years["teachers_n"].sum() == pytest.approx(float(teachers), abs=1e-9)
    spent = sum(int(row["pupils"]) * Decimal(row["expenditure per pupil"]) for row in rows)
    assert resources["spending"].sum() == pytest.approx(float(spent), rel=1e-12)


@pytest.mark.shared_data
def test_the_table_is_the_published_one_without_its_noise() -> None:
    with SHARED.open(encoding="utf-8") as stream:
        published = {row["district"]: row for row in csv.DictReader(stream)}
    own = districts()
    assert len(own) == len(published) == 420
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in own:
        theirs = published[row["district code"]]
        assert row["district name"] == theirs["school"]
        assert (row["county"], row["grades"]) == (theirs["county"], theirs["grades"])
        assert (row["pupils"], row["computers"]) == (theirs["students"], theirs["computer"])
        assert abs(float(row["teachers"]) - float(theirs["teachers"])) <= 0.005 + 1e-9
        assert (
            abs(float(row["expenditure per pupil"]) - float(theirs["expenditure"])) <= 0.005 + 1e-9
        )
        sums[row["county"]][0] += float(row["teachers"])
        sums[row["county"]][1] += float(theirs["teachers"])
    assert all(abs(ours - theirs) < 0.1 for ours, theirs in sums.values())


def test_student_teacher_ratio_is_the_textbooks() -> None:
    """Mean 19.64 and standard deviation 1.89 over the 420 districts (Stock and Watson, table 4.1)."""
    frame = california().frames["school_years"]
    ratio = frame["pupils_n"].astype("float64") / frame["teachers_n"].astype("float64")
    assert round(ratio.mean(), 1) == 19.6
    assert round(ratio.std(), 1) == 1.9


def test_list_of_divisions() -> None:
    list_ = regions(HOME / "regions.csv")
    counties = list_.counties("06000")
    assert len(counties) == 45
    assert all(re.fullmatch("06[0-9]{3}", place.code) for place in counties)
    assert all(int(place.code) % 2 == 1 for place in counties)
    assert all(place.zh.endswith("县") and place.en.endswith(" County") for place in counties)
    assert len({place.zh for place in counties}) == 45
    assert all(place.pinyin.isascii() and place.pinyin.islower() for place in counties)
    assert list_.place("06037").zh == "洛杉矶县"


def test_declaration_and_its_scheme() -> None:
    dataset = california().dataset
    assert dataset.names_public
    assert not dataset.synthetic
    assert dataset.scheme in load_reference().schemes
    assert Path(dataset.regions) == HOME / "regions.csv"


def test_the_page_shows_the_mapping_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = tomllib.loads(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])  # type: ignore[index]
    real = tomllib.loads((HOME / "mapping.toml").read_text(encoding="utf-8"))
    assert shown["dataset"] == real["dataset"]
    assert shown["table"][0] in real["table"]
    assert page.count("Sunol Glen Unified,Alameda,KK-08,195,10.90,67,6384.91") == 1
    assert ",".join(districts()[0]) in page


def test_teachers_stay_fractions_of_posts() -> None:
    years = california().frames["school_years"].set_index("school")
    assert isinstance(years["teachers_n"].dtype, pd.Float64Dtype)
    assert years.loc["75119", "teachers_n"] == 10.9
