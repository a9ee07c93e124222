"""Synthetic counties as the store would give them, without the way over files."""

from __future__ import annotations

from functools import cache

import pandas as pd

from analysis.finding import Origin
from analysis.records import contracts
from analysis.records.county import CountyData
from analysis.records.reference import load_reference
from analysis.records.regions import regions
from analysis.records.synthetic import SyntheticCounty, make_county
from analysis.records.synthetic.parameters import load_parameters

YEAR = 2021


@cache
def make(code: str, regime: str, rank: int, seed: int = 1) -> SyntheticCounty:
    reference = load_reference()
    return make_county(
        regions().place(code), reference.census, load_parameters(), seed,
        scheme=reference.scheme("quality-2017"), rank=rank, scale=0.05, regime=regime,
    )  # fmt: skip


def _stored(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    empty = contracts.empty(contracts.TABLES[table])
    if "pupil_id" in frame:
        frame = frame.rename(columns={"pupil_id": "pseudonym"})
    return frame.reindex(columns=empty.columns).astype(empty.dtypes.to_dict())


@cache
def county(code: str, regime: str = "survey", rank: int = 3) -> CountyData:
    """Give a county as `open_county` would; numbers serve as pseudonyms."""
    made = make(code, regime, rank)
    place = regions().place(code)
    tables = {
        name: _stored(name, made.reported[name])
        if name in made.reported
        else contracts.empty(contracts.TABLES[name])
        for name in contracts.TABLES
    }
    return CountyData(
        place=place, parent=regions().parent(code), year=YEAR, tables=tables,
        reference=load_reference(), origin=Origin("测试", "test", "2022-08-31", synthetic=True),
    )  # fmt: skip
