"""Total rows (合计, 小计) held against the sums of the rows they stand for, then left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from analysis.errors import Fault
from analysis.records.contracts import Column
from analysis.records.faults import fault, quotable
from analysis.records.headers import Header
from analysis.records.layout import RowKind
from analysis.records.parsing import Unfit, type_text
from analysis.records.sheets import Sheet

_ROUNDING = 0.005
"""Half of the last digit of a figure with two decimals."""


def total_faults(
    sheet: Sheet, header: Header, kinds: Sequence[RowKind], *, file: str
) -> Iterator[Fault]:
    """Compare each total with the sum of the rows it may stand for.

    A 合计 stands for all rows of the sheet, or, like a 小计, for those since the total before it
    or up to the next one: files do it either way, so any of them counts as agreement.
    """
    totals = [number for number, kind in enumerate(kinds) if kind in ("total", "subtotal")]
    if not totals:
        return
    for place, found in enumerate(header.headings):
        column = _summable(header, found.column if found and found.fits else "")
        if column is None or found is None:
            continue
        values = {
            number: _value(column, sheet.rows[number], place)
            for number, kind in enumerate(kinds)
            if kind in ("data", "total", "subtotal")
        }
        for number in totals:
            stated = values[number]
            if stated is None and _unreadable(column, sheet.rows[number], place):
                yield fault("total-not-a-number", file=file, sheet=sheet.name, row=number + 1,
                            column=found.text, level="warning")  # fmt: skip
            sums = _sums(number, totals, values)
            if stated is None or any(_agree(column, stated, *both) for both in sums):
                continue
            shown = quotable(header.table, column)
            yield fault(
                "total-differs", file=file, sheet=sheet.name, row=number + 1, column=found.text,
                level="warning", stated=float(stated) if shown else None,
                summed=float(sums[0][0]) if shown else None,
            )  # fmt: skip


def _summable(header: Header, id: str) -> Column | None:
    if id not in header.table.names:
        return None
    column = header.table[id]
    return column if column.kind in ("count", "number") and column.unit else None


def _value(column: Column, row: Sequence[str], place: int) -> Decimal | None:
    """Read a number without the column's bounds, which are for one school."""
    try:
        value = type_text(_unbounded(column), row[place] if place < len(row) else "")
    except Unfit:
        return None
    return None if value is None else Decimal(str(value))


def _unreadable(column: Column, row: Sequence[str], place: int) -> bool:
    """Tell whether a cell holds something that is no number; an empty one is none."""
    try:
        type_text(_unbounded(column), row[place] if place < len(row) else "")
    except Unfit:
        return True
    return False


def _unbounded(column: Column) -> Column:
    return Column(column.id, column.zh, column.en, "number", unit=column.unit)


def _sums(
    number: int, totals: Sequence[int], values: dict[int, Decimal | None]
) -> list[tuple[Decimal, int]]:
    before = max((t for t in totals if t < number), default=-1)
    after = min((t for t in totals if t > number), default=max(values) + 1)
    spans = [(-1, max(values) + 1), (before, number), (number, after)]
    parts = [
        [v for n, v in values.items() if low < n < high and n not in totals and v is not None]
        for low, high in spans
    ]
    return [(sum(part, Decimal(0)), len(part)) for part in parts]


def _agree(column: Column, stated: Decimal, summed: Decimal, count: int) -> bool:
    slack = 0.0 if column.kind == "count" else _ROUNDING * max(count, 1)
    return abs(float(stated - summed)) <= slack + 1e-9
