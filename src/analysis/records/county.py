"""A county as a question sees it: its place, its tables and the reference data it is judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from analysis.finding import Origin
from analysis.records.contracts import TABLES
from analysis.records.reference import Reference
from analysis.records.tables import of_year, replaced

RegionLevel = Literal["country", "province", "prefecture", "county"]


@dataclass(frozen=True, slots=True)
class Place:
    """A division with its names.

    Attributes
    ----------
    code
        Division code (six digits in China, as given by the region list elsewhere).
    zh, en, pinyin
        Names; `pinyin` without tones and spaces, for search.
    level
        Country, province, prefecture or county.
    parent
        Code of the division above, empty at the top.
    old
        Former names and codes, for search.
    """

    code: str
    zh: str
    en: str
    pinyin: str = ""
    level: RegionLevel = "county"
    parent: str = ""
    old: tuple[str, ...] = ()

    @property
    def label(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class CountyData:
    """All that is known of one county up to one school year.

    Attributes
    ----------
    place, parent
        The county and the prefecture above it.
    year
        The school year asked for.
    tables
        Frames by table id, columns and dtypes of `contracts` as stored (pseudonyms, no
        identifiers), all years up to `year`, sorted by key. A table without rows is an empty
        frame with its columns, never missing. The registers of pupils may be read late, when
        they are first asked for (`records.tables`).
    reference
        Codes, schemes, census: what the county is judged by.
    partitions
        The store's partitions that were read, relative names, sorted.
    run
        Hash of the inputs read.
    origin
        Source and standing of the data.
    """

    place: Place
    parent: Place
    year: int
    tables: Mapping[str, pd.DataFrame]
    reference: Reference
    partitions: tuple[str, ...] = ()
    run: str = ""
    origin: Origin = field(default_factory=Origin)

    def table(self, id: str, *, year: int | None = None) -> pd.DataFrame:
        """Give a table, of one school year if asked; the caller's copy."""
        frame = self.tables[id]
        if year is not None:
            frame = frame[frame["year"] == year]
        return frame.reset_index(drop=True).copy()

    def tables_of(self, year: int) -> Mapping[str, pd.DataFrame]:
        """Give all tables with the rows of one school year; none is read before it is asked for."""
        return of_year(self.tables, year)

    def with_tables(self, changed: Mapping[str, pd.DataFrame]) -> CountyData:
        """Give the county with other frames in place of some tables."""
        return replace(self, tables=replaced(self.tables, changed))

    def name_schools(self) -> dict[str, dict[str, str]]:
        """Name the schools of the year by code; where there is no English name, in Chinese."""
        schools = self.table("schools", year=self.year)
        english = schools["name_en"].fillna(schools["name_zh"])
        rows = zip(schools["school"], schools["name_zh"], english, strict=True)
        return {code: {"zh": zh, "en": en} for code, zh, en in rows}

    def known_at(self, table: str, column: str) -> str:
        """Say when the value of a column exists (`records.columns.KnownAt`)."""
        return TABLES[table][column].known_at

    def passport(self) -> dict[str, Any]:
        """Give what a report says of its subject, as plain values."""
        origin = asdict(self.origin)
        return passport(self.place, self.parent, self.year, self.partitions, self.run, origin)


@dataclass(frozen=True, slots=True)
class Counties:
    """What is known of many counties in one school year, their rows in common tables.

    Attributes
    ----------
    places
        The counties, by code.
    year
        The school year.
    tables
        Frames by table id, columns and dtypes of `contracts` as stored; only the tables that were
        asked for, each with the rows of all counties.
    reference, origin
        As in `CountyData`; of several origins, what holds of all.
    """

    places: tuple[Place, ...]
    year: int
    tables: Mapping[str, pd.DataFrame]
    reference: Reference
    origin: Origin = field(default_factory=Origin)


def passport(
    place: Place,
    parent: Place,
    year: int,
    partitions: Sequence[str],
    run: str,
    origin: Mapping[str, Any],
) -> dict[str, Any]:
    """Give what a report says of its subject, as plain values: `display.Chapter` takes it."""
    return {
        "place": {**_names(place), "old": list(place.old)},
        "parent": _names(parent),
        "year": year,
        "partitions": list(partitions),
        "run": run,
        "data": dict(origin),
    }


def _names(place: Place) -> dict[str, Any]:
    return {"code": place.code, "zh": place.zh, "en": place.en, "pinyin": place.pinyin}
