"""Counties that are no more: their rows are stored under the code that stands today."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analysis.errors import UsageError
from analysis.records.contracts import Table
from analysis.records.generations import Generation, Key, partition
from analysis.records.regions import Regions


def codes_in_files(frames: Mapping[str, pd.DataFrame], places: Regions) -> dict[Key, list[str]]:
    """Say which codes in files each partition comes from; refuse codes of no county."""
    found: dict[Key, list[str]] = {}
    for id, frame in sorted(frames.items()):
        pairs = set(zip(frame["county"], frame["year"], strict=True))
        for code, year in sorted((str(code), int(year)) for code, year in pairs):
            place = places.place(places.succeeded(code))
            if place.level != "county":
                raise UsageError(
                    f"{code} {place.zh} 不是县级区划", f"{code} {place.en} is no county"
                )
            found.setdefault((id, place.code, year), []).append(code)
    return found


def under_today(frame: pd.DataFrame, table: Table, places: Regions) -> pd.DataFrame:
    """Put the codes of today in place of former ones."""
    moved = {code: places.succeeded(code) for code in frame["county"].unique()}
    if all(old == new for old, new in moved.items()):
        return frame
    frame = frame.assign(county=frame["county"].map(moved).astype("string"))
    if table.key[:2] != ("county", "year"):
        return frame
    joined = [_total(group, table) for _, group in frame.groupby(list(table.key), sort=True)]
    return pd.concat(joined, ignore_index=True).astype(frame.dtypes.to_dict())


def _total(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Add up what is said of counties that became one: unknown if any part of it is.

    A number without a unit counts nothing (a rate, a level): it stands only where all say the same.
    """
    total = rows.head(1).copy()
    if len(rows) > 1:
        for column in table.columns:
            if column.id not in table.key and column.kind in ("count", "number") and column.unit:
                total[column.id] = rows[column.id].sum(skipna=False)
            elif column.id not in table.key and rows[column.id].nunique(dropna=False) > 1:
                total[column.id] = pd.NA
    return total


def refuse_loss(codes: Mapping[Key, list[str]], base: Generation | None) -> None:
    """Refuse to replace a county that was put together from several by a part of it."""
    for county in {county for _, county, _ in codes} & set(base.years if base else ()):
        for key, entry in base.partitions(county).items() if base else ():
            missing = set(entry["codes"]) - set(codes.get(key, entry["codes"]))
            if missing:
                listed = ", ".join(sorted(missing))
                raise UsageError(
                    f"{partition(key)} 还含有 {listed} 的数据；请把合并前各县的文件放在一起载入",
                    f"{partition(key)} also holds {listed}; load the files of all former counties "
                    "together",
                )
