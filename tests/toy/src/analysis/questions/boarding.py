"""Question. How many pupils board at school (寄宿)?

Data. Table ``school_years``: pupils and boarders by school and stage.

Method. Total over total, by stage, of the schools that gave both.

Assumptions. None.

Source. 教育事业统计, 在校生中的寄宿生.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.finding import Cell, Finding, Given, Indicator, Name, Note, tidy
from analysis.records.county import CountyData

INDICATORS = (
    Indicator(
        "boarding_schools", "有寄宿生的学校", "Schools with boarders", "schools", "P0", digits=0
    ),
    Indicator("boarding_share", "寄宿生占比", "Share of boarders", "share", "P1", digits=1),
)


def count(county: CountyData) -> Finding:
    """Count a county's boarders.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.
    """
    rows = county.table("school_years", year=county.year).dropna(subset=["pupils_n", "boarders_n"])
    stages = [stage for stage in county.reference.names("stage") if stage in set(rows["stage"])]
    return Finding(
        name="boarding",
        county=county.place.code,
        year=county.year,
        table=tidy(row for stage in stages for row in _rows(rows[rows["stage"] == stage], stage)),
        indicators=INDICATORS,
        labels={
            "county": {county.place.code: county.place.label},
            "stage": county.reference.names("stage"),
        },
        notes=tuple(_note(county, stage) for stage in stages),
        origin=county.origin,
    )


def _rows(rows: pd.DataFrame, stage: str) -> Iterator[dict[str, Any]]:
    pupils, boarders = float(rows["pupils_n"].sum()), float(rows["boarders_n"].sum())
    schools = int((rows["boarders_n"] > 0).sum())
    at = str(int(rows["year"].iloc[0]))
    yield {
        "indicator": "boarding_schools", "stage": stage, "at": at, "value": schools,
        "n": schools, "n_unit": "schools", "unit": "schools",
    }  # fmt: skip
    yield {
        "indicator": "boarding_share", "stage": stage, "at": at, "value": boarders / pupils,
        "numerator": boarders, "denominator": pupils, "n": boarders, "n_unit": "pupils",
        "unit": "share",
    }  # fmt: skip


def _note(county: CountyData, stage: str) -> Note:
    at = str(county.year)
    return Note(
        "boarding.headline.schools",
        {
            "county": Name("county", county.place.code),
            "stage": Name("stage", stage),
            "year": Given(county.year),
            "schools": Cell("boarding_schools", stage, at=at),
        },
        stage,
    )
