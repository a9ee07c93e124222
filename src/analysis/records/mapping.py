"""Tables with other columns than the contracts, read through a mapping file (TOML).

The file says for each table which columns of which files it is made of; everything after that
(typing, bounds, keys, accounts) is the same as for any other input::

    [dataset]
    source_zh = "…"
    regions = "regions.csv"

    [[table]]
    table = "resources"
    file = "districts*.csv"
    constants = { year = 1998 }

    [table.columns]
    school = "district code"
    county = { header = "county", by = "name" }
    spending = { header = "expenditure per pupil", times = "pupils" }
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from analysis.errors import Fault, InputError, UsageError
from analysis.records.blocks import Block, column_of, merge_faults, width_faults
from analysis.records.contracts import TABLES, Column, Table
from analysis.records.dataset import Dataset, declare
from analysis.records.faults import fault
from analysis.records.headers import SEARCHED, Header, Heading, close_to
from analysis.records.layout import RowKind, classify
from analysis.records.parsing import Unfit, Value, type_text
from analysis.records.sheets import Sheet, Sheets
from analysis.records.vocabulary import normal

_ENTRY = frozenset({"table", "file", "sheet", "columns", "constants", "ignore"})
_SOURCE = frozenset({"header", "times", "by"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of a column come from.

    Attributes
    ----------
    header
        Header in the file.
    times
        A factor, or the header of another column to multiply with.
    by_name
        The cells are names of counties, not codes.
    """

    header: str
    times: Decimal | str = Decimal(1)
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a mapping."""

    table: Table
    file: str
    sheet: str
    columns: Mapping[str, Source]
    constants: Mapping[str, Value]
    ignore: frozenset[str] = frozenset()

    def headers(self) -> list[str]:
        """List the headers that the file must have."""
        sources = self.columns.values()
        names = [s.header for s in sources] + [s.times for s in sources if isinstance(s.times, str)]
        return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping file, read."""

    dataset: Dataset
    entries: tuple[Entry, ...]
    own_files: frozenset[Path] = field(default_factory=frozenset)
    faults: tuple[Fault, ...] = ()

    def wants(self, name: str) -> bool:
        """Tell whether a file is mapped."""
        return any(fnmatch(name, entry.file) for entry in self.entries)

    def blocks(self, sheet: Sheet, book: Sheets) -> tuple[list[Block], list[Fault], Counter[str]]:
        """Take a sheet apart into the tables that are mapped to it."""
        entries = [
            entry for entry in self.entries
            if fnmatch(book.name, entry.file) and fnmatch(sheet.name, entry.sheet)
        ]  # fmt: skip
        faults: list[Fault] = []
        blocks: list[Block] = []
        kinds: list[RowKind] = ["unmatched"] * len(sheet.rows)
        for number, entry in enumerate(entries):
            header = _header(sheet, entry)
            if header is None:
                faults.extend(_missing(sheet, entry, book.name))
                continue
            own = classify(sheet.rows, header)
            if number == 0:
                faults.extend(_unused(sheet, header, entries, book.name))
                faults.extend(width_faults(sheet, header, own, file=book.name, csv=book.csv))
                faults.extend(merge_faults(sheet, header, own, file=book.name))
            blocks.append(_block(sheet, header, own, entry, book.name))
            kinds = [a if a == "data" else b for a, b in zip(kinds, own, strict=True)]
        if not entries and any(cell.strip() for row in sheet.rows for cell in row):
            faults.append(
                fault("sheet-not-recognised", file=book.name, sheet=sheet.name, level="warning")
            )
        return blocks, faults, Counter(kinds)


def read_mapping(path: Path) -> Plan:
    """Read a mapping file.

    Raises
    ------
    UsageError
        If there is no such file.
    InputError
        If it has faults: all of them.
    """
    path = Path(path)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        raise UsageError(
            f"无法读取对照文件 {path.name}", f"cannot read the mapping file {path.name}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        row = getattr(error, "lineno", 0) or 0
        raise InputError([fault("toml-malformed", file=path.name, row=row)]) from None
    dataset, found = declare(tree.get("dataset", {}), path.parent, path.name)
    faults = list(found)
    entries = [entry for raw in _tables(tree) if (entry := _entry(raw, path.name, faults))]
    if not _tables(tree):
        faults.append(fault("mapping-empty", file=path.name))
    if any(found.level == "error" for found in faults):
        raise InputError(faults)
    own = {path.resolve()} | ({Path(dataset.regions)} if dataset.regions else set())
    return Plan(dataset, tuple(entries), frozenset(own), tuple(faults))


def _tables(tree: Mapping[str, Any]) -> list[Any]:
    tables = tree.get("table", [])
    return tables if isinstance(tables, list) else [tables]


def _entry(raw: Any, file: str, faults: list[Fault]) -> Entry | None:
    """Make an entry of a TOML table; what is wrong with it goes to `faults`."""
    before = len(faults)
    if not isinstance(raw, dict) or raw.get("table") not in TABLES:
        faults.append(fault("mapping-table-unknown", file=file, choices=", ".join(TABLES)))
        return None
    table = TABLES[raw["table"]]
    at = f"[{table.id}]"
    for name in raw.keys() - _ENTRY:
        faults.append(fault("mapping-entry-unknown", file=file, column=f"{at} {name}",
                            choices=", ".join(sorted(_ENTRY))))  # fmt: skip
    columns = dict(_sources(table, raw.get("columns", {}), file, faults))
    constants = dict(_constants(table, raw.get("constants", {}), file, faults))
    named = {name for part in ("columns", "constants") for name in raw.get(part, ())}
    for column in table.columns:
        if column.required and column.id not in named:
            faults.append(fault("mapping-column-missing", file=file, column=f"{at} {column.id}"))
    if len(faults) > before:
        return None
    ignore = frozenset(map(normal, raw.get("ignore", ())))
    return Entry(table, str(raw.get("file", "*")), str(raw.get("sheet", "*")), columns, constants,
                 ignore)  # fmt: skip


def _sources(
    table: Table, raw: Any, file: str, faults: list[Fault]
) -> Iterator[tuple[str, Source]]:
    for id, value in raw.items() if isinstance(raw, dict) else ():
        at = f"[{table.id}] {id}"
        source = {"header": value} if isinstance(value, str) else value
        if id not in table.names:
            near = ", ".join(close_to(id, table.names)) or ", ".join(table.names)
            faults.append(fault("mapping-column-unknown", file=file, column=at, choices=near))
        elif not isinstance(source, dict) or "header" not in source or source.keys() - _SOURCE:
            faults.append(fault("mapping-source-wrong", file=file, column=at))
        else:
            try:
                times = source.get("times", 1)
                factor = times if isinstance(times, str) else Decimal(str(times))
            except InvalidOperation:
                faults.append(fault("mapping-source-wrong", file=file, column=at))
                continue
            yield id, Source(str(source["header"]), factor, source.get("by") == "name")


def _constants(
    table: Table, raw: Any, file: str, faults: list[Fault]
) -> Iterator[tuple[str, Value]]:
    for id, value in raw.items() if isinstance(raw, dict) else ():
        at = f"[{table.id}] {id}"
        if id not in table.names:
            near = ", ".join(close_to(id, table.names)) or ", ".join(table.names)
            faults.append(fault("mapping-column-unknown", file=file, column=at, choices=near))
            continue
        try:
            yield id, type_text(table[id], str(value))
        except Unfit:
            faults.append(fault("mapping-constant-wrong", file=file, column=at))


def _header(sheet: Sheet, entry: Entry) -> Header | None:
    """Find the first row that has all headers of an entry."""
    wanted = {normal(name) for name in entry.headers()}
    ids = {normal(source.header): id for id, source in reversed(list(entry.columns.items()))}
    for number, row in enumerate(sheet.rows[:SEARCHED]):
        names = [normal(cell) for cell in row]
        if wanted <= set(names):
            headings = tuple(
                Heading(cell.strip(), ids.get(name, "")) if name else None
                for cell, name in zip(row, names, strict=True)
            )
            return Header(entry.table, number, 1, headings)
    return None


def _missing(sheet: Sheet, entry: Entry, file: str) -> Iterator[Fault]:
    """Say which headers no row has, against the row that has the most of them."""
    wanted = {normal(name): name for name in entry.headers()}
    rows = sheet.rows[:SEARCHED] or [[]]
    best = max(rows, key=lambda row: len(wanted.keys() & set(map(normal, row))))
    for name, header in wanted.items():
        if name not in map(normal, best):
            near = "、".join(close_to(header, best)) or None
            yield fault("mapped-header-missing", file=file, sheet=sheet.name, column=header,
                        near=near)  # fmt: skip


def _unused(sheet: Sheet, header: Header, entries: Sequence[Entry], file: str) -> Iterator[Fault]:
    used = {normal(name) for entry in entries for name in entry.headers()}
    used |= {name for entry in entries for name in entry.ignore}
    for heading in header.headings:
        if heading and normal(heading.text) not in used:
            yield fault("column-not-mapped", file=file, sheet=sheet.name, row=header.row + 1,
                        column=heading.text, level="warning")  # fmt: skip


def _block(
    sheet: Sheet, header: Header, kinds: Sequence[RowKind], entry: Entry, file: str
) -> Block:
    numbers = [number for number, kind in enumerate(kinds) if kind == "data"]
    names = [normal(cell) for cell in sheet.rows[header.row]]

    def cells(name: str) -> list[str]:
        return column_of(sheet, numbers, names.index(normal(name)))

    texts: dict[str, list[str]] = {}
    headers: dict[str, str] = {}
    times: dict[str, Decimal] = {}
    for id, source in entry.columns.items():
        key = "county_name" if id == "county" and source.by_name else id
        texts[key], headers[key] = cells(source.header), source.header
        if isinstance(source.times, str):
            column = entry.table[id]
            texts[key] = [_product(column, *both) for both in
                          zip(texts[key], cells(source.times), strict=True)]  # fmt: skip
            headers[key] = f"{source.header} × {source.times}"
        else:
            times[key] = source.times
    return Block(entry.table, file, sheet.name, [number + 1 for number in numbers], texts, headers,
                 times, entry.constants)  # fmt: skip


def _product(column: Column, text: str, other: str) -> str:
    """Multiply two cells; what is no number stays text, and becomes a fault when it is typed."""
    plain = Column(column.id, column.zh, column.en, "number")
    try:
        values = [type_text(plain, part) for part in (text, other)]
    except Unfit:
        return f"{text} × {other}"
    if None in values:
        return ""
    product = Decimal(str(values[0])) * Decimal(str(values[1]))
    return f"{product:f}"
