"""Workbooks (XLSX, XLS, ODS) read as text through python-calamine, after a look at their size.

A workbook is a packed file: a few kilobytes can ask for gigabytes, by sheer content, by one stray
cell at the far corner, or by cells that are repeated a million times. So the parts are measured
while they are unpacked piece by piece, before anything is built from them.
"""

from __future__ import annotations

import datetime
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO
from xml.etree import ElementTree

import python_calamine as calamine

from analysis.errors import Fault
from analysis.records import compound
from analysis.records.faults import fault
from analysis.records.sheets import MAX_BYTES, MAX_COLUMNS, Cell, Sheet

MAX_RATIO = 100
RATIO_MATTERS_FROM = 20 * 1024**2
MAX_PARTS = 2_000
MAX_CELLS = 8_000_000
"""Cells of a sheet, empty ones included: calamine holds a rectangle."""

_PIECE = 4 * 1024**2
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>[^<]")
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


class _Refusal(Exception):  # noqa: N818 - carries a fault, is none
    def __init__(self, found: Fault) -> None:
        self.fault = found


@dataclass(slots=True)
class _Extent:
    """How far the cells of a sheet reach, and which of them hold a formula without a result."""

    rows: int = 0
    columns: int = 0
    broken: set[Cell] = field(default_factory=set)


def is_workbook(content: bytes) -> bool:
    """Tell a packed or compound file from text by its first bytes."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"))


def read(content: bytes, name: str) -> tuple[tuple[Sheet, ...], tuple[Fault, ...]]:
    """Read a workbook as text, or say why not."""
    try:
        packed = content.startswith(b"PK")
        broken = _inspect(content, name) if packed else {}
        old = [] if packed else _inspect_old(content, name)
        return _read(content, broken, old, name), ()
    except _Refusal as refusal:
        return (), (refusal.fault,)
    except (calamine.PasswordError, PermissionError):
        return (), (fault("file-has-password", file=name),)
    except (calamine.CalamineError, zipfile.BadZipFile, zlib.error, ElementTree.ParseError,
            struct.error, LookupError, ValueError, OSError, EOFError, NotImplementedError,
            RuntimeError, StopIteration):  # fmt: skip
        return (), (fault("file-not-readable", file=name),)


def _read(
    content: bytes, broken: dict[str, set[Cell]], old: list[compound.Extent], name: str
) -> tuple[Sheet, ...]:
    """Read all sheets; a file that makes the reader itself fall over is a damaged file."""
    try:
        with _silent(), calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            titles = book.sheet_names
            broken |= {t: set(e.broken) for t, e in zip(titles, old, strict=False)}
            return tuple(_sheet(book, title, broken, name) for title in titles)
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError from None
        raise


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the standard error closed: a panic in the reader would print what it was reading."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def show(value: object) -> str:
    """Give a cell as a spreadsheet shows it.

    >>> show(12.0), show(0.1 + 0.2), show(True), show(datetime.date(2021, 9, 1)), show("012")
    ('12', '0.3', 'TRUE', '2021-09-01', '012')
    """
    if isinstance(value, str):
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return f"{value:.15g}" if abs(value) < 1e15 else f"{value:.0f}"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _sheet(
    book: calamine.CalamineWorkbook, title: str, broken: dict[str, set[Cell]], name: str
) -> Sheet:
    source = book.get_sheet_by_name(title)
    if source.total_width > MAX_COLUMNS or source.total_width * source.total_height > MAX_CELLS:
        raise _Refusal(_too_far(name, title, source.total_height, source.total_width))
    rows: list[list[str]] = []
    rounded: set[Cell] = set()
    for number, row in enumerate(source.to_python(skip_empty_area=False)):
        rows.append([show(value) for value in row])
        rounded.update(
            (number, column)
            for column, value in enumerate(row)
            if isinstance(value, int | float) and abs(value) >= 1e15
        )
    merged = tuple(source.merged_cell_ranges or ())
    return Sheet(title, rows, frozenset(rounded), frozenset(broken.get(title, ())), merged)


def _inspect(content: bytes, name: str) -> dict[str, set[Cell]]:
    """Measure a packed workbook; give the broken cells of each sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        total = sum(part.file_size for part in parts)
        if len(parts) > MAX_PARTS or total > MAX_BYTES:
            raise _Refusal(fault("file-is-a-bomb", file=name))
        if total > RATIO_MATTERS_FROM and total > MAX_RATIO * len(content):
            raise _Refusal(fault("file-is-a-bomb", file=name))
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                _refuse_doctype(archive, part.filename, name)
        names = {part.filename for part in parts}
        if "content.xml" in names:
            return _measure_ods(archive, name)
        if "xl/workbook.xml" not in names:
            raise _Refusal(fault("file-type-unknown", file=name))
        titles = _titles(archive)
        return {
            titles.get(part, ""): _measure(archive, part, name, titles.get(part, "")).broken
            for part in sorted(names)
            if _SHEET_PART.fullmatch(part)
        }


def _inspect_old(content: bytes, name: str) -> list[compound.Extent]:
    """Measure an XLS workbook before calamine builds its sheets."""
    parts = compound.streams(content)
    if "EncryptedPackage" in parts:
        raise PermissionError
    book = parts.get("Workbook", parts.get("Book"))
    if book is None:
        raise _Refusal(fault("file-type-unknown", file=name))
    found = compound.extents(book)
    for extent in found:
        if extent.columns > MAX_COLUMNS or extent.rows * extent.columns > MAX_CELLS:
            raise _Refusal(_too_far(name, "", extent.rows, extent.columns))
    return found


def _refuse_doctype(archive: zipfile.ZipFile, part: str, name: str) -> None:
    """No office program writes a document type; one is there to expand entities."""
    with archive.open(part) as stream:
        if b"<!doctype" in stream.read(4096).lower():
            raise _Refusal(fault("file-is-a-bomb", file=name))


def _titles(archive: zipfile.ZipFile) -> dict[str, str]:
    """Map the parts of an XLSX file to the names of their sheets."""
    links = {
        link.get("Id"): str(link.get("Target"))
        for link in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    }
    titles = {}
    for node in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if node.tag.endswith("}sheet"):
            link = next((v for key, v in node.attrib.items() if key.endswith("}id")), "")
            target = links.get(link, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            titles[part] = node.attrib["name"]
    return titles


def _measure(archive: zipfile.ZipFile, part: str, name: str, title: str) -> _Extent:
    """Follow the cells of a sheet; those that hold nothing do not count where they are far out."""
    extent = _Extent()
    with archive.open(part) as stream:
        for piece in _pieces(stream):
            references = _REFERENCE.findall(piece)
            columns = max((_number(letters) for letters in {c for c, _ in references}), default=0)
            rows = max((int(row) for _, row in references), default=0)
            odd = columns > MAX_COLUMNS or max(rows, extent.rows) * columns > MAX_CELLS
            if odd or b"<f" in piece or b":f" in piece or b't="e"' in piece:
                for match in _CELL.finditer(piece):
                    if match[2]:
                        _note_cell(extent, match[1], match[2])
            else:
                extent.rows, extent.columns = max(extent.rows, rows), max(extent.columns, columns)
            _widen(extent, 0, 0, name, title)
    return extent


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Give a part in pieces that end between rows."""
    rest = b""
    while piece := stream.read(_PIECE):
        rest += piece
        end = rest.rfind(b"row>") + 4
        if end >= 4:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > 4 * _PIECE:
            raise zipfile.BadZipFile("one row larger than any spreadsheet allows")
    yield rest


def _note_cell(extent: _Extent, attributes: bytes, inner: bytes) -> None:
    reference = _REFERENCE.search(attributes)
    if not reference:
        return
    column, row = _number(reference[1]), int(reference[2])
    extent.rows, extent.columns = max(extent.rows, row), max(extent.columns, column)
    formula = b"<f" in inner or b":f" in inner
    empty_text = b't="str"' in attributes and b"v>" in inner
    without_value = formula and not empty_text and not _VALUE.search(inner)
    if b't="e"' in attributes or without_value:
        extent.broken.add((row - 1, column - 1))


def _number(letters: bytes) -> int:
    """Number a column from 1.

    >>> _number(b"A"), _number(b"XFD")
    (1, 16384)
    """
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column


def _measure_ods(archive: zipfile.ZipFile, name: str) -> dict[str, set[Cell]]:
    """Follow the repeats of an ODS file: two attributes can make seventeen billion cells."""
    title, row, column, repeat = "", 0, 0, 1
    extents: dict[str, _Extent] = {}
    with archive.open("content.xml") as stream:
        for event, node in ElementTree.iterparse(stream, events=("start", "end")):  # noqa: S314
            tag = node.tag.rpartition("}")[2]
            own = {key.rpartition("}")[2]: value for key, value in node.attrib.items()}
            if event == "start" and tag == "table":
                title, row = own.get("name", ""), 0
                extents[title] = _Extent()
            elif event == "start" and tag == "table-row":
                repeat, column = int(own.get("number-rows-repeated", 1)), 0
            elif event == "end" and tag in ("table-cell", "covered-table-cell"):
                if "error" in (value for key, value in node.attrib.items() if "value-type" in key):
                    extents[title].broken.add((row, column))
                column += int(own.get("number-columns-repeated", 1))
                if len(node) or "value-type" in own:
                    _widen(extents[title], row + repeat, column, name, title)
            elif event == "end" and tag == "table-row":
                row += repeat
                node.clear()
    return {title: extent.broken for title, extent in extents.items()}


def _widen(extent: _Extent, rows: int, columns: int, name: str, title: str) -> None:
    extent.rows, extent.columns = max(extent.rows, rows), max(extent.columns, columns)
    if extent.columns > MAX_COLUMNS or extent.rows * extent.columns > MAX_CELLS:
        raise _Refusal(_too_far(name, title, extent.rows, extent.columns))


def _too_far(name: str, title: str, rows: int, columns: int) -> Fault:
    return fault("sheet-too-large", file=name, sheet=title, rows=rows, columns=columns)
