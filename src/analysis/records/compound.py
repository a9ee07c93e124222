"""Old workbooks (XLS) looked at before they are read: how far their cells reach, what is broken.

A compound file is a small file system of sectors (MS-CFB); the workbook inside is a list of
records (MS-XLS). Only what bounds and error cells need is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.records.sheets import Cell

_END = 0xFFFFFFFA
"""Sector numbers from here on mark the end of a chain, or no sector."""
_CELLS = frozenset({0x0006, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E})
_BOF, _FILEPASS, _SHEET, _FORMULA, _RUN, _ERROR = 0x0809, 0x002F, 0x0085, 0x0006, 0x00BD, 0x0205
_DIMENSIONS, _STRINGS = 0x0200, 0x00FC
_ROWS, _COLUMNS = 65_536, 256
"""What a sheet of this format can hold."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows and columns that the cells of a sheet reach, and its cells with an error."""

    rows: int
    columns: int
    broken: frozenset[Cell]


def streams(content: bytes) -> dict[str, bytes]:
    """Read the streams of a compound file by name.

    Raises
    ------
    ValueError, struct.error
        If it is damaged.
    """
    sector, mini = (1 << shift for shift in struct.unpack_from("<HH", content, 30))
    directory, _, cutoff, mini_fat = struct.unpack_from("<IIII", content, 48)
    count = len(content) // sector
    table = [n for n in struct.unpack_from("<109I", content, 76) if n < _END]
    (more,) = struct.unpack_from("<I", content, 68)
    while more < _END and len(table) <= count:
        part = struct.unpack_from(f"<{sector // 4}I", content, (more + 1) * sector)
        table += [n for n in part[:-1] if n < _END]
        more = part[-1]
    fat = [n for at in table
           for n in struct.unpack_from(f"<{sector // 4}I", content, (at + 1) * sector)]  # fmt: skip

    def chain(start: int, links: list[int]) -> Iterator[int]:
        seen = 0
        while start < _END:
            seen += 1
            if seen > len(links):
                raise ValueError("a chain of sectors without end")
            yield start
            start = links[start]

    def read(start: int) -> bytes:
        return b"".join(content[(n + 1) * sector : (n + 2) * sector] for n in chain(start, fat))

    entries = [read(directory)[at : at + 128] for at in range(0, len(read(directory)), 128)]
    root = next(entry for entry in entries if entry[66] == 5)
    short = read(struct.unpack_from("<I", root, 116)[0])
    links = [n for (n,) in struct.iter_unpack("<I", read(mini_fat))] if mini_fat < _END else []
    found = {}
    for entry in entries:
        if len(entry) < 128 or entry[66] != 2:
            continue
        (length,) = struct.unpack_from("<H", entry, 64)
        start, size = struct.unpack_from("<II", entry, 116)
        if size < cutoff:
            body = b"".join(short[n * mini : (n + 1) * mini] for n in chain(start, links))
        else:
            body = read(start)
        found[entry[: max(length - 2, 0)].decode("utf-16-le")] = body[:size]
    return found


def extents(book: bytes) -> list[Extent]:
    """Follow the cells of each sheet of an XLS workbook, in order of its list of sheets.

    Raises
    ------
    PermissionError
        If the workbook has a password.
    ValueError, struct.error
        If it is damaged where a reader would reserve memory by what it says.
    """
    order: list[int] = []
    sheets: dict[int, tuple[list[int], set[Cell]]] = {}
    size, broken = [0, 0], set[Cell]()
    for at, kind, body in _records(book):
        if kind == _FILEPASS:
            raise PermissionError
        if kind == _BOF:
            size, broken = [0, 0], set()
            sheets[at] = (size, broken)
        elif kind == _SHEET:
            order.append(struct.unpack_from("<I", body)[0])
        elif kind == _DIMENSIONS:
            _require_dimensions(body)
        elif kind == _STRINGS and struct.unpack_from("<I", body, 4)[0] > len(book):
            raise ValueError("more strings than bytes")
        elif kind == _RUN or kind in _CELLS:
            row, column = struct.unpack_from("<HH", body)
            last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _RUN else column
            size[:] = max(size[0], row + 1), max(size[1], last + 1)
            if _is_error(kind, body):
                broken.add((row, column))
    found = (sheets[at] for at in order if at in sheets)
    return [Extent(size[0], size[1], frozenset(broken)) for size, broken in found]


def _require_dimensions(body: bytes) -> None:
    """Hold the stated area of a sheet against what the format can hold."""
    shape = "<IIHH" if len(body) >= 12 else "<HHHH"
    top, bottom, left, right = struct.unpack_from(shape, body)
    if not (top <= bottom <= _ROWS and left <= right <= _COLUMNS):
        raise ValueError("an area that no sheet has")


def _records(book: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield at, kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _is_error(kind: int, body: bytes) -> bool:
    if kind == _ERROR:
        return body[7:8] == b"\x01"
    return kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6:7] == b"\x02"
