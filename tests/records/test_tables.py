"""Tables read late: what stands in them is the same, when it is read is not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hand_made import frame, intake, schools

from analysis.errors import StoreError
from analysis.records import open_county, store
from analysis.records.tables import LateTables, of_year, replaced

PUPIL = {"pupil_id": "G11010519491231002X", "name": "张小测", "school": "21130722000",
         "county": "130722", "term": "1", "grade": 4}  # fmt: skip


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "STORE"
    pupils = frame("pupils", [PUPIL | {"year": year} for year in (2020, 2021)])
    store.write(intake(schools=schools(), pupils=pupils), folder, key=tmp_path / "config" / "key")
    return folder


def test_a_register_is_not_read_before_somebody_asks(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: read.append(str(p)) or plain(p))
    county = open_county(filled, "130722", 2021)
    assert "pupils" in county.tables
    assert not any("tables/pupils/" in name for name in read)
    assert "tables/pupils/county=130722/year=2021/part.parquet" in county.partitions
    assert county.table("pupils")["year"].tolist() == [2020, 2021]
    assert sum("tables/pupils/" in name for name in read) == 2
    assert len(county.table("pupils", year=2021)) == 1
    assert sum("tables/pupils/" in name for name in read) == 2


def test_a_changed_register_is_named_when_it_is_asked_for(filled: Path) -> None:
    name = "tables/pupils/county=130722/year=2021/part.parquet"
    content = bytearray((filled / name).read_bytes())
    content[len(content) // 2] ^= 1
    (filled / name).write_bytes(content)
    county = open_county(filled, "130722", 2021)
    with pytest.raises(StoreError, match=name):
        county.tables["pupils"]


def test_the_run_is_that_of_all_partitions_whether_read_or_not(filled: Path) -> None:
    county = open_county(filled, "130722", 2021)
    before = county.run
    assert len(county.table("pupils")) == 2
    assert open_county(filled, "130722", 2021).run == before
    assert open_county(filled, "130722", 2020).run != before


def test_what_is_made_of_late_tables_reads_only_what_it_is_asked_for() -> None:
    years = pd.DataFrame({"year": [2020, 2021]})
    tables = LateTables({"pupils": years.copy, "schools": years.copy, "classes": years.copy})
    changed = replaced(of_year(tables, 2021), {"schools": years.iloc[:0]})
    assert list(changed) == list(tables)
    assert changed["schools"].empty
    assert tables.read_so_far == frozenset()
    assert changed["classes"]["year"].tolist() == [2021]
    assert tables.read_so_far == {"classes"}
    with pytest.raises(KeyError):
        changed["nothing"]
    assert tables["pupils"] is tables["pupils"]
