"""Many counties at once: the rows of each as it would be read alone, of one year, nobody's names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hand_made import intake, schools, teachers, totals

from analysis.errors import StoreError, UsageError
from analysis.records import open_county, store
from analysis.records.batches import FACTS, open_batches
from analysis.records.contracts import TABLES, empty

CODES = ("130722", "130723", "130724")


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "STORE"
    for code in reversed(CODES):
        store.write(intake(schools=schools(code)), folder)
    store.write(
        intake(teachers=teachers(), counties=totals("130722", 2021, schools_expected_n=3)),
        folder, key=tmp_path / "key",
    )  # fmt: skip
    store.write(intake(schools=schools("130725", years=(2020,))), folder)
    return folder


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_batches_hold_every_county_of_the_year_once(filled: Path, size: int) -> None:
    batches = list(open_batches(filled, 2021, size=size))
    assert [place.code for batch in batches for place in batch.places] == list(CODES)
    assert all(len(batch.places) == size for batch in batches[:-1])
    assert batches[0].places[0].zh == "张北县"
    for id in FACTS:
        read = pd.concat([batch.tables[id] for batch in batches], ignore_index=True)
        alone = [open_county(filled, code, 2021).table(id, year=2021) for code in CODES]
        pd.testing.assert_frame_equal(read, pd.concat(alone, ignore_index=True))
        assert dict(read.dtypes) == dict(empty(TABLES[id]).dtypes)
    assert {batch.origin for batch in batches} == {open_county(filled, "130723", 2021).origin}


def test_only_facts_of_institutions_of_that_year_are_read(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: read.append(str(p)) or plain(p))
    list(open_batches(filled, 2021))
    parquet = [name for name in read if name.endswith(".parquet")]
    assert len(parquet) == 4
    assert all("year=2021" in name for name in parquet)
    assert not any("teachers" in name or "identities" in name for name in parquet)


def test_a_batch_is_read_when_its_turn_comes(filled: Path) -> None:
    """At most one batch ahead of the one asked for: a fault in the third is met there."""
    path = filled / "current" / "tables" / "schools" / "county=130724" / "year=2021"
    (path.resolve() / "part.parquet").write_bytes(b"changed")
    batches = open_batches(filled, 2021, size=1)
    assert next(batches).places[0].code == "130722"
    assert next(batches).places[0].code == "130723"
    with pytest.raises(StoreError, match="130724"):
        next(batches)


def test_a_load_meanwhile_changes_nothing(filled: Path) -> None:
    batches = open_batches(filled, 2021, size=1)
    first = next(batches)
    store.write(intake(schools=schools("130723", n=5)), filled)
    rest = list(batches)
    assert [len(batch.tables["schools"]) for batch in (first, *rest)] == [2, 2, 2]


def test_a_year_without_data_is_refused_at_once(filled: Path) -> None:
    with pytest.raises(UsageError, match="1999"):
        open_batches(filled, 1999)
