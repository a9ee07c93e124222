"""A file as text: its sheets, and what could not be read of it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import Fault

MAX_BYTES = 500 * 1024**2
"""Largest file, and largest content of a packed one."""
MAX_COLUMNS = 300
MAX_FIELD = 32_767
"""Longest cell, as in a spreadsheet."""

Cell = tuple[int, int]
"""Row and column of a cell, both counted from 0."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as text.

    Attributes
    ----------
    name
        Name of the sheet; empty for a CSV file.
    rows
        All rows from the first one a spreadsheet shows; ``rows[0]`` is its row 1. Rows of a CSV
        file keep their own length.
    rounded
        Cells that were stored as numbers of more than 15 digits, or shown in scientific
        notation: the digits after the 15th are lost.
    broken
        Cells with a formula that has no result.
    merged
        First and last cell of each area of merged cells, where the format tells.
    """

    name: str
    rows: list[list[str]]
    rounded: frozenset[Cell] = frozenset()
    broken: frozenset[Cell] = frozenset()
    merged: tuple[tuple[Cell, Cell], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a file holds.

    Attributes
    ----------
    name
        Name of the file, relative to the folder that was given.
    sha256
        Hash of its bytes.
    sheets
        Its sheets in order; none if the file could not be read.
    faults
        Why the file, or a part of it, could not be read.
    csv
        It is a text file: a row longer than the header has lost its columns.
    """

    name: str
    sha256: str
    sheets: tuple[Sheet, ...] = ()
    faults: tuple[Fault, ...] = ()
    csv: bool = False
