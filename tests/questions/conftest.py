"""Counties built by hand: only the values that a test is about are written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from analysis.finding import Origin
from analysis.records import contracts
from analysis.records.county import CountyData, Place
from analysis.records.reference import load_reference

PLACE = Place("130722", "张北县", "Zhangbei County", "zhangbeixian", parent="130700")
PARENT = Place("130700", "张家口市", "Zhangjiakou City", level="prefecture")

GOOD = {
    "teachers_n": 60, "teachers_graduate_n": 5, "teachers_bachelor_n": 40,
    "teachers_associate_n": 10, "teachers_backbone_n": 12, "teachers_pe_n": 4,
    "teachers_music_n": 4, "teachers_fine_art_n": 3, "teachers_arts_n": 0,
    "teachers_shared_pe_arts_n": 0, "teachers_midlevel_n": 20, "boarders_n": 100, "classes_n": 25,
    "teaching_area_m2": 6500.0, "indoor_sports_area_m2": 500.0, "sports_ground_m2": 11000.0,
    "equipment_yuan": 2_600_000.0, "multimedia_rooms_n": 26, "computers_n": 120, "books_n": 30000,
    "spending": 1e7,
}  # fmt: skip
"""A school of 1,000 pupils that meets every threshold of both stages."""


def school(code: str, **values: Any) -> dict[str, Any]:
    """Describe a school: `GOOD` scaled to its pupils, with what the test changes."""
    pupils = values.get("pupils_n", 1000)
    scaled = {name: amount * pupils / 1000 for name, amount in GOOD.items()}
    whole = {name: round(v) for name, v in scaled.items() if name.endswith("_n")}
    base = {"kind": "211", "zone": "121", "owner": "public", "stage": "primary", "year": 2021}
    return {**base, **scaled, **whole, "pupils_n": pupils, "school": code, **values}


def _frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    declared = contracts.TABLES[table]
    empty = contracts.empty(declared)
    if not rows:
        return empty
    frame = pd.DataFrame(rows).reindex(columns=empty.columns)
    return frame.astype(empty.dtypes.to_dict())


@pytest.fixture
def build_county() -> Callable[..., CountyData]:
    """Give a function that builds a county from schools as `school` describes them."""

    def build(
        schools: list[dict[str, Any]],
        *,
        year: int = 2021,
        totals: Mapping[str, Any] | None = None,
        origin: Origin | None = None,
        **tables: list[dict[str, Any]],
    ) -> CountyData:
        rows = [{"county": PLACE.code, "name_zh": f"第{s['school']}学校", **s} for s in schools]
        once = {(row["school"], row["year"]): row for row in rows}
        counties = [{"county": PLACE.code, "year": year, **totals}] if totals else []
        made = {
            "counties": counties, "schools": list(once.values()), "school_years": rows,
            "resources": list(once.values()), **tables,
        }  # fmt: skip
        return CountyData(
            place=PLACE, parent=PARENT, year=year,
            tables={name: _frame(name, made.get(name, [])) for name in contracts.TABLES},
            reference=load_reference(), origin=origin or Origin("测试", "test", "2021-09-01"),
        )  # fmt: skip

    return build
