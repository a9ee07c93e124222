"""How each number of a block is written: its decimals, and whether it is a share.

The wire gives decimals by column, and the rows of a column may be of different indicators. What
a table shows is therefore asked of the table itself, cell by cell; the rows of a drawing are
given the decimals that an indicator's own numbers need, no more than its column has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from analysis import wire
from analysis.i18n import Language, say
from analysis.press.document import Bundle

BESIDE = frozenset({"p", "r", "e", "b", "u", "le", "ge"})
"""Flags that stand beside a number; without one they say nothing of the cell."""
RANGES = ("value_low", "value_high")
LARGE, MIDDLING = 100, 10
"""From these sizes on numbers need no decimals, or one."""
_NUMBER = re.compile(r"([+\-−]?\d[\d,]*(?:\.(\d+))?)\s*(%?)")


@dataclass(frozen=True, slots=True)
class Form:
    """How a number is written.

    Attributes
    ----------
    digits
        Decimals as shown, those of a percentage if it is one.
    percent
        A share, written as a percentage.
    scale
        What the wire's number is multiplied by; a share is 0 to 1 then.
    """

    digits: int
    percent: bool = False
    scale: float = 1.0

    @property
    def pattern(self) -> str:
        """The format of a workbook.

        >>> Form(1, percent=True).pattern, Form(2).pattern, Form(0).pattern
        ('0.0%', '#,##0.00', '#,##0')
        """
        decimals = "." + "0" * self.digits if self.digits else ""
        return f"0{decimals}%" if self.percent else f"#,##0{decimals}"

    def number(self, value: float) -> float:
        """Give the number as a workbook takes it."""
        return value if self.scale == 1 else float(f"{value * self.scale:.12g}")

    def text(self, value: float) -> str:
        """Write the number for a reader.

        >>> Form(0, percent=True, scale=0.01).text(83.0), Form(1).text(-1234.56)
        ('83%', '−1,234.6')
        """
        shown = f"{self.number(value):,.{self.digits}{'%' if self.percent else 'f'}}"
        return shown.replace("-", "−")


def forms(bundle: Bundle) -> list[dict[str, Form]]:
    """Give the form of every number, a mapping by column for each row of the block."""
    block: wire.Block = bundle[wire.RELEASED]
    columns = [column for column in block["columns"] if column["kind"] == "number"]
    if block["kind"] == "table":
        return _shown_in_table(bundle[wire.HTML], block, columns)
    needed = _needed(block["rows"], columns)
    return [
        {column["id"]: needed[_group(row), column["id"]] for column in columns}
        for row in block["rows"]
    ]


def code(row: Mapping[str, Any], column: str) -> str:
    """Give the code that stands where a number is missing; empty where there is none to miss.

    >>> code({"value": 1.0, "value_low": None, "value_low_flag": "p"}, "value_low")
    ''
    """
    flag = row.get(f"{column}_flag") or ""
    if column in RANGES and row.get("value") is not None:
        return "" if flag in BESIDE else flag
    return flag or "x"


def written(row: Mapping[str, Any], column: str, form: Form, language: Language) -> str:
    """Write a cell for a reader, its flag as a word."""
    value, flag = row.get(column), row.get(f"{column}_flag") or ""
    if value is None:
        missing = code(row, column)
        return say(f"flag.{missing}", language) if missing else ""
    shown = form.text(value)
    if not flag:
        return shown
    return say("press.flagged", language, number=shown, flag=say(f"flag.{flag}", language))


def _group(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row.get("indicator", "")), str(row.get("unit", ""))


def _needed(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[wire.Column]
) -> dict[tuple[tuple[str, str], str], Form]:
    """Find the form of each group of rows that share indicator and unit, by column."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    return {
        (group, column["id"]): _form(
            [row[id] for row in found for id in _alike(columns, column) if row.get(id) is not None],
            max(c["digits"] for c in columns if c["id"] in _alike(columns, column)),
            percent=group[1] == "%",
        )
        for group, found in groups.items()
        for column in columns
    }


def _alike(columns: Sequence[wire.Column], column: wire.Column) -> list[str]:
    """A value and its range are written alike."""
    family = ("value", *RANGES)
    ids = [other["id"] for other in columns]
    return [id for id in ids if id in family] if column["id"] in family else [column["id"]]


def _form(values: Sequence[float], most: int, *, percent: bool) -> Form:
    """Take the decimals that the numbers need, no more than their column has or their size bears."""
    least = min((abs(value) for value in values if value), default=0.0)
    if percent:
        return Form(min(_decimals(values), max(most, 1)), percent=True, scale=0.01)
    bears = 0 if least >= LARGE else min(most, 1) if least >= MIDDLING else most
    return Form(min(_decimals(values), bears))


def _decimals(values: Iterable[float]) -> int:
    """Count the decimals that numbers have.

    >>> _decimals([0.5, 2.25, 3.0])
    2
    """
    texts = (f"{value:.6f}".rstrip("0").partition(".")[2] for value in values)
    return max(map(len, texts), default=0)


def _shown_in_table(
    html: str, block: wire.Block, columns: Sequence[wire.Column]
) -> list[dict[str, Form]]:
    """Read from a table what its cells show; where it is not of the rows' shape, ask the columns."""
    reader = _Cells()
    reader.feed(html)
    ids = [column["id"] for column in block["columns"]]
    fits = [len(row) for row in reader.rows] == [len(ids)] * len(block["rows"])
    shown: Sequence[Sequence[str]] = reader.rows if fits else [[""] * len(ids)] * len(block["rows"])
    return [
        {
            column["id"]: _as_shown(texts[ids.index(column["id"])], row.get(column["id"]), column)
            for column in columns
        }
        for row, texts in zip(block["rows"], shown, strict=True)
    ]


def _as_shown(shown: str, value: float | None, column: wire.Column) -> Form:
    found = _NUMBER.match(shown.strip())
    if found is None or value is None:
        return Form(column["digits"])
    number = float(found[1].replace(",", "").replace("−", "-"))
    digits = len(found[2] or "")
    if not found[3]:
        return Form(digits)
    as_share = math.isclose(value, number / 100, abs_tol=0.6 * 10 ** -(digits + 2))
    return Form(digits, percent=True, scale=1.0 if as_share else 0.01)


class _Cells(HTMLParser):
    """The texts of a table's body, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._body = self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._body = self._body or tag == "tbody"
        if self._body and tag == "tr":
            self.rows.append([])
        if self._body and tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._body = self._body and tag != "tbody"
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data
