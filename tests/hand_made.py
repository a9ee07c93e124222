"""Small inputs of the contract's shape, made by hand, for tests of what comes after the readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import Fault
from analysis.records.contracts import DTYPES, TABLES
from analysis.records.dataset import Dataset
from analysis.records.intake import FileRecord, Intake

SOURCE = Dataset(
    source_zh="张北县教育局", source_en="Zhangbei education bureau", as_of="2021-09-01"
)
CANARIES = ("130722198001010014", "130722198102020029", "130722199003030035")
"""Identity numbers that no output may hold."""


def frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Make a frame with all columns and dtypes of a contract; what a row leaves out is missing."""
    columns = TABLES[table].columns
    return pd.DataFrame(
        {
            c.id: pd.Series([row.get(c.id, pd.NA) for row in rows], dtype=DTYPES[c.kind])
            for c in columns
        }
    )


def schools(
    county: str = "130722", years: tuple[int, ...] = (2020, 2021), n: int = 2
) -> pd.DataFrame:
    return frame(
        "schools",
        [
            {"school": f"21{county}{i:03}", "county": county, "year": year, "name_zh": f"第{i}小学",
             "kind": "211", "zone": "121", "owner": "public"}
            for year in years for i in range(n)
        ],
    )  # fmt: skip


def teachers(county: str = "130722", years: tuple[int, ...] = (2020, 2021)) -> pd.DataFrame:
    return frame(
        "teachers",
        [
            {"teacher_id": id, "name": f"教师甲{i}", "school": f"21{county}000", "county": county,
             "year": year, "stage": "primary", "sex": "2", "qualification": "bachelor",
             "midlevel": True, "backbone": False, "subject": "music", "first_year": 2010}
            for year in years for i, id in enumerate(CANARIES)
        ],
    )  # fmt: skip


def totals(county: str, year: int, **counts: int) -> pd.DataFrame:
    return frame("counties", [{"county": county, "year": year, "as_of": f"{year}-09-01"} | counts])


def intake(
    *, dataset: Dataset = SOURCE, faults: tuple[Fault, ...] = (), **frames: pd.DataFrame
) -> Intake:
    record = FileRecord("130722_2021_学校.xlsx", "0" * 64, 10, 7, excluded={"title": 3})
    every = {id: frames.get(id, frame(id, [])) for id in TABLES}
    return Intake(every, faults, (record,), dataset)


def everything(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder by relative name, links followed once."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()
    }  # fmt: skip
