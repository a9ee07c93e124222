"""The store: what was loaded, by county and year, and a county opened from it.

How it lies on disk is told in `generations`, how a partition is written in `partitions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.errors import InputError, StoreError, UsageError
from analysis.finding import Origin
from analysis.records import identities, reference
from analysis.records.boundaries import codes_in_files, refuse_loss, under_today
from analysis.records.compatibility import refuse_disagreement, refuse_other_source
from analysis.records.contracts import TABLES, empty, stored_key
from analysis.records.county import CountyData, Place
from analysis.records.files import canonical, digest, hold
from analysis.records.generations import (
    Draft,
    Generation,
    Key,
    current,
    current_or_none,
    partition,
)
from analysis.records.partitions import arrange, complete, decode, split
from analysis.records.regions import Regions, regions
from analysis.records.rules import statistical_date
from analysis.records.tables import LateTables

if TYPE_CHECKING:
    from analysis.records.dataset import Dataset
    from analysis.records.intake import Intake

LATE = frozenset(id for id, table in TABLES.items() if "pupil_id" in table.names)
"""Tables with a row a pupil: read when they are first asked for."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a load did.

    Attributes
    ----------
    generation
        Hash of the whole state of the store.
    rows
        Rows written by table.
    counties, years
        What they are of.
    mapped
        County codes in files that stand no more, and the code of today they are stored under.
    """

    generation: str
    rows: Mapping[str, int]
    counties: tuple[str, ...]
    years: tuple[int, ...]
    mapped: Mapping[str, str] = field(default_factory=dict)


def write(intake: Intake, store: str | Path, *, key: Path | None = None) -> Written:
    """Load an intake: replace the partitions that it brings, keep the others.

    Identifiers go to the identity store; the tables get pseudonyms. If anything fails, the store
    stays as it was.

    Parameters
    ----------
    intake
        Frames with the contract's columns and dtypes, identifiers still in.
    store
        The store's folder, made when it is not there.
    key
        The key file of the pseudonyms (default: see `identities.read_key`); only needed when the
        intake has identifiers.

    Raises
    ------
    InputError
        If the intake has errors, or would not agree with the tables that are kept.
    BusyError
        If another load is going on.
    UsageError
        If a county is unknown, a partition would lose the rows of a former county, or the data
        have another scheme or list of divisions than the store.
    """
    if intake.errors:
        raise InputError(intake.faults)
    store = Path(store)
    places = regions(intake.dataset.regions)
    given = {id: frame for id, frame in intake.frames.items() if len(frame)}
    codes = codes_in_files(given, places)
    frames = {id: under_today(frame, TABLES[id], places) for id, frame in given.items()}
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold(store):
        base = current_or_none(store)
        refuse_other_source(base, intake.dataset.scheme, places)
        refuse_loss(codes, base)
        refuse_disagreement(frames, base)
        frames, named = _part(frames, store, key)
        draft = Draft(store, base)
        origin = asdict(_origin(intake.dataset))
        for id, frame in frames.items():
            for county, year, n, content in split(frame):
                part = (id, county, year)
                draft.add(part, content, {"rows": n, "codes": codes[part], "origin": origin})
        for id, rows in named.items():
            identities.merge(store, TABLES[id], rows)
        mapped = {old: key[1] for key, olds in codes.items() for old in olds if old != key[1]}
        known = base.regions() if base else Regions({}, {})
        generation = draft.commit(known.joined(places), _dataset(intake, base, mapped))
        _prune(store, generation, named)
    return Written(
        generation=generation.id,
        rows={id: len(frame) for id, frame in frames.items()},
        counties=tuple(sorted({county for _, county, _ in codes})),
        years=tuple(sorted({year for _, _, year in codes})),
        mapped=mapped,
    )


def open_county(store: str | Path, code: str, year: int) -> CountyData:
    """Read all that is known of a county up to a school year, and nothing of any other.

    The registers of pupils are read, and held against the manifest, when they are first asked
    for; by then a second load may have taken the state away that was opened, which is said.

    Raises
    ------
    UsageError
        If there is nothing of that county or year; says what there is.
    StoreError
        If a partition was changed since it was loaded; names it.
    """
    generation = current(Path(store))
    return _open(generation, _reachable(generation, code, year), year)


def open_prefecture(store: str | Path, code: str, year: int) -> tuple[CountyData, ...]:
    """Read all counties below a prefecture (or province) that have data of a school year."""
    generation = current(Path(store))
    years = generation.years
    found = [p for p in generation.regions().counties(code) if year in years.get(p.code, ())]
    if not found:
        raise UsageError(
            f"{code} 没有 {year} 学年的数据；{_there_is(generation, 'zh')}",
            f"no data of {year} below {code}; {_there_is(generation, 'en')}",
        )
    return tuple(_open(generation, place.code, year) for place in found)


def list_counties(store: str | Path, year: int | None = None) -> tuple[Place, ...]:
    """List the counties that have data, of one school year if asked, by code."""
    generation = current(Path(store))
    places = generation.regions()
    return tuple(
        places.place(code)
        for code, years in sorted(generation.years.items())
        if year is None or year in years
    )


def list_years(store: str | Path) -> tuple[int, ...]:
    """List the school years that have data of any county."""
    years = current(Path(store)).years
    return tuple(sorted({year for of_county in years.values() for year in of_county}))


def describe(store: str | Path) -> dict[str, Any]:
    """Give what is known of the data as a whole: origin, scheme, files read, codes mapped."""
    return current(Path(store)).dataset()


def verify(store: str | Path) -> int:
    """Hold every partition against the manifest and give how many there are.

    Raises
    ------
    StoreError
        If any was changed or is gone: names every one.
    """
    generation = current(Path(store))
    total, wrong = 0, []
    for county in generation.years:
        for key, entry in generation.partitions(county).items():
            total += 1
            try:
                generation.read(partition(key), entry["sha256"])
            except StoreError:
                wrong.append(partition(key))
    if wrong:
        raise StoreError(
            f"数据库中 {len(wrong)} 个文件被改动或缺失：{'、'.join(wrong)}",
            f"{len(wrong)} files of the store were changed or are missing: {', '.join(wrong)}",
        )
    return total


def _open(generation: Generation, code: str, year: int) -> CountyData:
    entries = {k: e for k, e in sorted(generation.partitions(code).items()) if k[2] <= year}
    tables = LateTables({id: partial(_frame, generation, entries, id) for id in TABLES})
    for id in TABLES.keys() - LATE:
        tables[id]
    places = generation.regions()
    place, parent = places.place(code), places.parent(code)
    origin = join([dated(Origin(**e["origin"]), key[2]) for key, e in entries.items()])
    hashes = {partition(key): entry["sha256"] for key, entry in entries.items()}
    inputs = {
        "partitions": hashes,
        "place": asdict(place), "parent": asdict(parent), "year": year,
        "origin": asdict(origin), "reference": reference_digest(),
    }  # fmt: skip
    return CountyData(
        place=place, parent=parent, year=year, tables=tables,
        reference=reference.load_reference(), partitions=tuple(sorted(hashes)),
        run=digest(canonical(inputs))[:16], origin=origin,
    )  # fmt: skip


def _frame(
    generation: Generation, entries: Mapping[Key, Mapping[str, Any]], id: str
) -> pd.DataFrame:
    table = TABLES[id]
    wanted = [key for key in entries if key[0] == id]
    parts = [generation.read(partition(key), entries[key]["sha256"]) for key in wanted]
    return complete(decode(parts, stored_key(table)), table) if parts else empty(table)


def _reachable(generation: Generation, code: str, year: int) -> str:
    years = generation.years.get(code)
    if years is None:
        asked = regions().succeeded(code)
        moved = (f"（现为 {asked}）", f" (now {asked})") if asked != code else ("", "")
        raise UsageError(
            f"数据库中没有县级区划 {code}{moved[0]}；{_there_is(generation, 'zh')}",
            f"the store has no county {code}{moved[1]}; {_there_is(generation, 'en')}",
        )
    if year not in years:
        listed = ", ".join(map(str, years))
        raise UsageError(
            f"{code} 没有 {year} 学年的数据；有 {listed}",
            f"{code} has no data of {year}; it has {listed}",
        )
    return code


def _there_is(generation: Generation, language: str) -> str:
    years = generation.years
    codes = ", ".join(list(years)[:20]) + (" …" if len(years) > 20 else "")
    if language == "zh":
        return f"共有 {len(years)} 个县级区划：{codes}"
    return f"counties in the store ({len(years)}): {codes}"


def _part(
    frames: Mapping[str, pd.DataFrame], store: Path, key: Path | None
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Take the identifiers out and hold what is left against the contract."""
    stored, named = {}, {}
    for id, frame in frames.items():
        table = TABLES[id]
        if table.identifiers:
            secret = identities.read_key(store, key)
            frame, named[id] = identities.pseudonymise(frame, table, secret)
        stored[id] = arrange(frame, table)
    return stored, named


def _dataset(intake: Intake, base: Generation | None, mapped: Mapping[str, str]) -> dict[str, Any]:
    before = base.dataset() if base else {"mapped": {}, "files": []}
    new = [{**asdict(file), "excluded": dict(file.excluded)} for file in intake.files]
    files = {(file["name"], file["sha256"]): file for file in [*before["files"], *new]}
    return {
        "schema": 1,
        "origin": asdict(_origin(intake.dataset)),
        "scheme": intake.dataset.scheme,
        "mapped": before["mapped"] | dict(mapped),
        "files": [files[key] for key in sorted(files)],
    }


def _prune(store: Path, generation: Generation, named: Mapping[str, pd.DataFrame]) -> None:
    for id, rows in named.items():
        for county in rows["county"].unique():
            entries = generation.partitions(county).items()
            parts = [generation.read(partition(k), e["sha256"]) for k, e in entries if k[0] == id]
            identities.prune(store, TABLES[id], county, set(decode(parts)["pseudonym"]))


def _origin(source: Dataset) -> Origin:
    return Origin(
        source.source_zh, source.source_en, source.as_of, source.synthetic, source.names_public
    )


def dated(origin: Origin, year: int) -> Origin:
    """Date what came without a date by the day at which its school year is counted."""
    return replace(origin, as_of=origin.as_of or statistical_date(year).isoformat())


def join(origins: Iterable[Origin]) -> Origin:
    """Say of several origins what holds of all that was read."""
    distinct = list(dict.fromkeys(origins))
    return Origin(
        source_zh="；".join(dict.fromkeys(o.source_zh for o in distinct if o.source_zh)),
        source_en="; ".join(dict.fromkeys(o.source_en for o in distinct if o.source_en)),
        as_of=max((o.as_of for o in distinct), default=""),
        synthetic=any(o.synthetic for o in distinct),
        names_public=all(o.names_public for o in distinct),
    )


@cache
def reference_digest() -> str:
    """Hash the reference data that every county is read with."""
    root = reference.folder()
    files = sorted(p for p in root.rglob("*") if p.suffix in (".toml", ".csv"))
    return digest(b"".join(p.name.encode() + p.read_bytes() for p in files))
