"""Rows of a released table as plain mappings, and what may be taken from them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import pandas as pd

from analysis.finding import KEY, NUMBER_COLUMNS

Row = Mapping[str, Any]
HIDDEN = frozenset({"c", "x", "z"})
"""Flags that stand in the place of a number; the others stand beside it."""
CODED = frozenset({"le", "ge"})
"""Flags of the gate: the number is a bound, the true one is not shown."""


class Shown(TypedDict):
    """A released cell as the audit reads it."""

    key: str
    value: float | None
    value_low: float | None
    value_high: float | None
    numerator: float | None
    denominator: float | None
    n: float | None
    n_unit: str
    flag: str


def records(frame: pd.DataFrame) -> list[Row]:
    """Give the rows of a frame."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def is_number(value: object) -> bool:
    """Tell whether there is a number to show.

    >>> is_number(0), is_number(float("nan")), is_number(None)
    (True, False, False)
    """
    return isinstance(value, int | float) and math.isfinite(value)


def number(row: Row | None, field: str = "value") -> float | None:
    """Give a number of a row, none where it is missing or withheld."""
    if row is None or row["flag"] in HIDDEN or not is_number(row[field]):
        return None
    return float(row[field])


def present(row: Row | None) -> bool:
    """Tell whether a row has a value to show."""
    return number(row) is not None


def flag(row: Row | None) -> str:
    """Give the code of a cell: why it is empty, or what is to be known of its number."""
    if row is None:
        return "z"
    return str(row["flag"]) or ("" if is_number(row["value"]) else "x")


def plain_number(value: object) -> float | None:
    """Give a number as JSON takes it, without the noise of the last binary digits.

    >>> plain_number(0.1 + 0.2), plain_number(float("nan"))
    (0.3, None)
    """
    return float(f"{value:.12g}") if is_number(value) else None


def shown(rows: Iterable[Row]) -> list[Shown]:
    """Give the released cells of rows, in a fixed order, each once."""
    cells = {cell["key"]: cell for cell in map(_shown, rows)}
    return [cells[key] for key in sorted(cells)]


def _shown(row: Row) -> Shown:
    numbers = {column: plain_number(row[column]) for column in NUMBER_COLUMNS}
    return Shown(
        key="|".join(str(row[column]) for column in KEY),
        n_unit=str(row["n_unit"]),
        flag=str(row["flag"]),
        **numbers,  # type: ignore[typeddict-item]
    )
