"""Cells and sheets as bytes: what the files of a synthetic county are made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import xlsxwriter

Cell = str | int | float | None
Grid = list[list[Cell]]

_CREATED = datetime(2000, 1, 1)


class Sheet:
    """A sheet: its name, its cells, and which of them are one."""

    def __init__(self, name: str, grid: Grid, merged: list[tuple[int, int, int, int]]) -> None:
        self.name, self.grid, self.merged = name, grid, merged


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Write a workbook; the same sheets give the same bytes."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"created": _CREATED})
    centred = book.add_format({"align": "center", "valign": "vcenter"})
    for each in sheets:
        sheet = book.add_worksheet(each.name)
        for at in each.merged:
            sheet.merge_range(*at, "", centred)
        for r, row in enumerate(each.grid):
            for c, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(r, c, value, centred if r < 4 else None)
                elif value is not None:
                    sheet.write_number(r, c, value)
        sheet.set_column(0, 1, 22)
    book.close()
    return stream.getvalue()


def comma_separated(grid: Grid, encoding: str) -> bytes:
    """Write a table as text."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(grid)
    return stream.getvalue().encode(encoding)


def plain(value: Any, per: int = 1) -> Cell:
    """Give a value as a cell holds it, in units of `per`."""
    if isinstance(value, str):
        return value
    number = round(float(value) / per, 2)
    return int(number) if number.is_integer() else number
