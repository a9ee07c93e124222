"""What a load must agree on with what the store holds, asked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.errors import Fault, InputError, UsageError
from analysis.records.contracts import TABLES
from analysis.records.crosschecks import LISTED
from analysis.records.faults import fault
from analysis.records.generations import Entry, Generation, Key, partition
from analysis.records.partitions import decode
from analysis.records.regions import Regions


def refuse_other_source(base: Generation | None, scheme: str, places: Regions) -> None:
    """Refuse data of another scheme or list of divisions: a store has one of each.

    Raises
    ------
    UsageError
        If a report would be judged by the wrong scheme, or a county have two places.
    """
    if base is None:
        return
    own = base.dataset().get("scheme", "")
    if own != scheme:
        raise UsageError(
            f"本数据库按评估方案 {own or '（默认）'} 评估，这批数据写明 {scheme or '（默认）'}；"
            "请载入另一个数据库",
            f"this store is judged by the scheme {own or '(default)'}, these data ask for "
            f"{scheme or '(default)'}; load them into another store",
        )
    known = base.regions()
    for code in sorted(base.years):
        replaced = places.succeeded(code) != code
        same = code in places.places and places.parent(code).code == known.parent(code).code
        if not (replaced or same):
            raise UsageError(
                f"这批数据所用的区划名单与本数据库不同（{code}）；请载入另一个数据库",
                f"these data have another list of divisions than this store ({code}); load them "
                "into another store",
            )


def refuse_disagreement(frames: Mapping[str, pd.DataFrame], base: Generation | None) -> None:
    """Refuse a load after which rows would stand of schools that the list does not have.

    A load brings some tables of a county and year and keeps the others, so a new list of schools
    may leave rows of the old one behind.

    Raises
    ------
    InputError
        With a fault for each table that would disagree; it tells counts only.
    """
    faults = list(_disagreements(frames, base)) if base else []
    if faults:
        raise InputError(faults)


def _disagreements(frames: Mapping[str, pd.DataFrame], base: Generation) -> Iterator[Fault]:
    given = {
        (id, str(county), int(str(year))): rows["school"]
        for id, frame in frames.items()
        if id in ("schools", *LISTED)
        for county, of_county in frame.groupby("county")
        for year, rows in of_county.groupby("year")
    }
    for county in sorted({county for _, county, _ in given} & base.years.keys()):
        kept = {key: e for key, e in base.partitions(county).items() if key not in given}
        for year in sorted({year for _, code, year in given if code == county}):
            listed = _schools(("schools", county, year), given, kept, base)
            for id in LISTED:
                key = (id, county, year)
                if key in given and ("schools", county, year) in given:
                    continue
                rows = _schools(key, given, kept, base)
                if rows is None or listed is None:
                    continue
                n = int((~rows.isin(listed)).sum())
                if n:
                    yield fault("store-disagrees", county=county, year=year, n=n,
                                table_zh=TABLES[id].zh, table_en=TABLES[id].en)  # fmt: skip


def _schools(
    key: Key, given: Mapping[Key, pd.Series], kept: Mapping[Key, Entry], base: Generation
) -> pd.Series | None:
    """Give the school of each row that a table would have, or nothing if there is no table."""
    if key in given:
        return given[key]
    if key not in kept:
        return None
    return decode([base.read(partition(key), kept[key]["sha256"])])["school"]
