"""From a sheet to columns of text that are ready to be typed, and what is odd about its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from analysis.errors import Fault
from analysis.records.contracts import Table
from analysis.records.faults import At
from analysis.records.headers import Header, Heading, nearest, resembling
from analysis.records.layout import RowKind
from analysis.records.parsing import Value
from analysis.records.sheets import Sheet
from analysis.records.units import sheet_units, times_of, unit_faults
from analysis.records.vocabulary import EXTRAS, normal, vocabulary

CONTEXT = ("county", "year", "stage", "term")
"""Columns whose value a title, a file or a sheet may give for all rows."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table from one sheet, as columns of text.

    Attributes
    ----------
    table, file, sheet
        What it is and where it stands.
    rows
        Rows as a spreadsheet numbers them.
    texts
        Cells by id of the column or of `vocabulary.EXTRAS`.
    headers, times
        Header and factor of each column.
    constants
        Values that hold for all rows.
    said
        What the texts around the sheet say of county, year and term, to hold its own columns against.
    rounded, broken
        Places in a column of cells that have lost digits or hold a formula without a result.
    """

    table: Table
    file: str
    sheet: str
    rows: Sequence[int]
    texts: Mapping[str, list[str]]
    headers: Mapping[str, str]
    times: Mapping[str, Decimal] = field(default_factory=dict)
    constants: Mapping[str, Value] = field(default_factory=dict)
    said: Mapping[str, Value] = field(default_factory=dict)
    rounded: Mapping[str, frozenset[int]] = field(default_factory=dict)
    broken: Mapping[str, frozenset[int]] = field(default_factory=dict)


def make_block(
    sheet: Sheet,
    header: Header,
    kinds: Sequence[RowKind],
    constants: Mapping[str, Value],
    *,
    file: str,
) -> Block:
    """Take the data rows of a sheet apart into the columns of its table."""
    numbers = [number for number, kind in enumerate(kinds) if kind == "data"]
    places = {h.column: i for i, h in reversed(list(enumerate(header.headings))) if h and h.column}
    places.pop("ignored", None)
    units = sheet_units(sheet, kinds)
    return Block(
        table=header.table,
        file=file,
        sheet=sheet.name,
        rows=[number + 1 for number in numbers],
        texts={id: column_of(sheet, numbers, place) for id, place in places.items()},
        headers={id: _heading(header, place).text for id, place in places.items()},
        times={
            id: times_of(header.table, _heading(header, place), units)
            for id, place in places.items()
            if id not in EXTRAS
        },
        constants={id: v for id, v in constants.items() if id not in places},
        said=constants,
        rounded=_among(sheet.rounded, numbers, places),
        broken=_among(sheet.broken, numbers, places),
    )


def column_of(sheet: Sheet, rows: Sequence[int], place: int) -> list[str]:
    """Give the cells of a column in some rows; a row that is too short has none there."""
    cells = (sheet.rows[row] for row in rows)
    return [row[place] if place < len(row) else "" for row in cells]


def column_faults(
    sheet: Sheet, header: Header, kinds: Sequence[RowKind], given: set[str], *, file: str
) -> Iterator[Fault]:
    """Say what is odd about the columns of a sheet.

    Parameters
    ----------
    sheet, header, kinds
        The sheet, its header and what its rows are.
    given
        Columns whose value is known without a column.
    file
        Name of the file.
    """
    table, at = header.table, At(file, sheet.name, header.row + header.depth)
    headings = [h for h in header.headings if h]
    for place, h in enumerate(header.headings):
        if h and not h.column:
            near = "、".join(nearest(h.text, table)) or None
            # In a list of persons that is turned on its side, a heading is somebody's name.
            told = h.text if near or not table.identifiers else _letters([place])
            yield at.to(column=told).fault("column-unknown", level="warning", near=near)
    for h in headings:
        if not h.column:
            continue
        if not h.fits:
            yield at.to(column=h.text).fault("unit-does-not-fit", unit=h.unit)
    found = [h.column for h in headings if h.column and h.column != "ignored"]
    for id in dict.fromkeys(found):
        if found.count(id) > 1:
            texts = [h.text for h in headings if h.column == id]
            yield at.to(column=texts[-1]).fault("column-twice", other=texts[0])
    above = sheet.rows[header.row - 1] if header.row else []
    for cell in above:
        if normal(cell) in vocabulary().foreign:
            yield at.to(row=header.row, column=cell.strip()).fault("group-foreign")
    loose = [h.text for h in headings if not h.column]
    for column in table.columns:
        if column.required and column.id not in found and column.id not in given:
            close = resembling(column.id, table, loose)
            code = f"{column.id}-missing" if column.id in CONTEXT else "column-missing"
            yield at.to(column=column.zh).fault(
                code, near="、".join(close) or None, name_zh=column.zh, name_en=column.en
            )
    yield from unit_faults(sheet, header, kinds, at)


def width_faults(
    sheet: Sheet, header: Header, kinds: Sequence[RowKind], *, file: str, csv: bool
) -> Iterator[Fault]:
    """Say which cells stand outside the header's columns.

    In a text file such a row has one separator too many, and no one can tell where: a fault. In a
    workbook the cell stands where it stands, and is only not used.
    """
    width = max((i + 1 for i, h in enumerate(header.headings) if h), default=0)
    full = max(len(row) for row in sheet.rows[header.row : header.row + header.depth])
    empty = {i for i, h in enumerate(header.headings) if h is None}
    for number, kind in enumerate(kinds):
        if kind != "data":
            continue
        row = sheet.rows[number]
        outside = [i for i, c in enumerate(row) if (i >= width or i in empty) and c.strip()]
        at = At(file, sheet.name, number + 1)
        if csv and (outside or len(row) > full):
            yield at.fault("extra-fields", fields=len(row), expected=min(width, full))
        elif outside:
            at = at.to(column=_letters(outside))
            yield at.fault("cells-without-header", level="warning")
        elif csv and len(row) < min(width, full):
            yield at.fault("short-row", level="warning", fields=len(row), expected=width)


def merge_faults(
    sheet: Sheet, header: Header, kinds: Sequence[RowKind], *, file: str
) -> Iterator[Fault]:
    """Say where cells of several rows were made one: all but the first of them are empty."""
    for (top, left), (bottom, right) in sheet.merged:
        rows = [n for n in range(top, min(bottom + 1, len(kinds))) if kinds[n] == "data"]
        used = [
            h.text
            for h in header.headings[left : right + 1]
            if h and h.column and h.column != "ignored"
        ]
        if len(rows) > 1 and used:
            area = f"{_letters([left])}{top + 1}:{_letters([right])}{bottom + 1}"
            yield At(file, sheet.name, rows[0] + 1, used[0]).fault("cells-merged", area=area)


def _heading(header: Header, place: int) -> Heading:
    found = header.headings[place]
    assert found is not None  # noqa: S101
    return found


def _among(
    cells: frozenset[tuple[int, int]], numbers: Sequence[int], places: Mapping[str, int]
) -> dict[str, frozenset[int]]:
    if not cells:
        return {}
    order = {number: i for i, number in enumerate(numbers)}
    return {
        id: frozenset(order[row] for row, column in cells if column == place and row in order)
        for id, place in places.items()
    }


def _letters(columns: Sequence[int]) -> str:
    """Name columns as a spreadsheet does.

    >>> _letters([0, 27])
    'A, AB'
    """
    names = []
    for column in columns:
        name, left = "", column + 1
        while left:
            left, letter = divmod(left - 1, 26)
            name = chr(65 + letter) + name
        names.append(name)
    return ", ".join(names)
