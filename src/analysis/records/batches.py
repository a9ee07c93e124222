"""Many counties read at once, a batch after the other, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from analysis.errors import UsageError
from analysis.finding import Origin
from analysis.records import reference
from analysis.records.contracts import TABLES, empty
from analysis.records.county import Counties
from analysis.records.generations import Generation, current, partition
from analysis.records.partitions import decode
from analysis.records.store import dated, join

FACTS = ("counties", "schools", "school_years", "resources")
"""The tables that tell of institutions alone: no row about a person is read."""

SIZE = 250
"""Counties in a batch: some thirty thousand schools, a few tens of megabytes."""


def open_batches(
    store: str | Path, year: int, *, tables: Sequence[str] = FACTS, size: int = SIZE
) -> Iterator[Counties]:
    """Read all counties of a school year in batches, by code.

    All batches are of one state of the store, whatever is loaded meanwhile.

    Parameters
    ----------
    store
        The store's folder.
    year
        The school year; of earlier ones nothing is read.
    tables
        Ids of the tables to read.
    size
        Counties in a batch.

    Raises
    ------
    UsageError
        If there is nothing of that year.
    StoreError
        If a partition was changed since it was loaded; names it.
    """
    generation = current(Path(store))
    codes = [code for code, years in sorted(generation.years.items()) if year in years]
    if not codes:
        raise UsageError(f"库中没有{year}学年的县", f"the store has no county for {year}")
    return _batches(generation, codes, year, tables, size)


def _batches(
    generation: Generation, codes: Sequence[str], year: int, tables: Sequence[str], size: int
) -> Iterator[Counties]:
    first, *rest = [codes[start : start + size] for start in range(0, len(codes), size)]
    # The next batch is read while the caller works on this one; never more than these two.
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming = ahead.submit(_open, generation, first, year, tables)
        for batch in rest:
            counties = coming.result()
            coming = ahead.submit(_open, generation, batch, year, tables)
            yield counties
        yield coming.result()


def _open(
    generation: Generation, codes: Sequence[str], year: int, tables: Sequence[str]
) -> Counties:
    parts: dict[str, list[bytes]] = {id: [] for id in tables}
    origins: dict[Origin, None] = {}
    for code in codes:
        for key, entry in sorted(generation.partitions(code).items()):
            if key[2] == year and key[0] in parts:
                parts[key[0]].append(generation.read(partition(key), entry["sha256"]))
                origins[dated(Origin(**entry["origin"]), year)] = None
    places = generation.regions()
    return Counties(
        places=tuple(map(places.place, codes)),
        year=year,
        tables={id: decode(p) if p else empty(TABLES[id]) for id, p in parts.items()},
        reference=reference.load_reference(),
        origin=join(origins),
    )
