"""A table as a reader sees it, written as HTML, as Typst and as rows of numbers.

Not pandas' Styler: its Typst has no `table.header` and escapes nothing, and its HTML escapes
neither captions nor headers and gives them no `scope` (pandas 3.1); a tagged PDF needs the first,
readers with a screen reader the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from analysis import wire
from analysis.display.publish import Numbers, Rendered, Words, array, call, literal, make, paragraph
from analysis.display.rows import Row, plain_number
from analysis.display.view import View

SHADE = "#FDEBE1"
MOST_COLUMNS = 8
_SHORT = 9
"""Texts no broader than so many Chinese characters stay on one line."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column: `kind` number is aligned right; `digits` are those of its numbers in XLSX."""

    id: str
    label: str
    kind: Literal["text", "number"] = "text"
    digits: int = 0
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A cell: what it says, its number where it is one, its flag, and whether it is shaded."""

    text: str
    value: float | None = None
    flag: str = ""
    shaded: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns and rows; the first column names the rows.

    Attributes
    ----------
    heads, rows
        One `Item` a column in each row.
    cells
        The released rows behind it.
    """

    heads: tuple[Head, ...]
    rows: tuple[tuple[Item, ...], ...]
    cells: Sequence[Row] = ()

    def render(self, view: View, id: str, words: Words) -> Rendered:
        """Make the block."""
        html = (
            f'<div class="wide" tabindex="0" role="region" aria-label="{escape(words.title)}">'
            f"{self._html(words)}</div>"
            f"{paragraph('note', words.note)}{paragraph('source', words.source)}"
        )
        typst = call(
            "jh-table", self._typst(), id=id, title=words.title, subtitle=words.subtitle,
            note=words.note, source=words.source,
        )  # fmt: skip
        return make(view, id, "table", words, (html, typst), numbers=self.numbers())

    def numbers(self) -> Numbers:
        """Give the rows as XLSX, CSV and JSON take them; shares as percent, as their header says."""
        columns: list[wire.Column] = [
            {"id": h.id, "label": h.label, "kind": h.kind, "digits": h.digits} for h in self.heads
        ]
        return Numbers(columns, [self._row(row) for row in self.rows], self.cells)

    def _row(self, row: tuple[Item, ...]) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for head, item in zip(self.heads, row, strict=True):
            if head.kind == "text":
                plain[head.id] = item.text
                continue
            scale = 100.0 if head.percent else 1.0
            plain[head.id] = None if item.value is None else plain_number(item.value * scale)
            plain[f"{head.id}_flag"] = item.flag
        return plain

    def _html(self, words: Words) -> str:
        caption = (
            f'<caption><span class="title">{escape(words.title)}</span>'
            + (
                f'<br><span class="subtitle">{escape(words.subtitle)}</span>'
                if words.subtitle
                else ""
            )
            + "</caption>"
        )
        heads = "".join(
            f'<th scope="col"{_class(head)}>{escape(head.label)}</th>' for head in self.heads
        )
        body = "".join(f"<tr>{self._html_row(row)}</tr>" for row in self.rows)
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"

    def _html_row(self, row: tuple[Item, ...]) -> str:
        first, *rest = row
        cells = [f'<th scope="row"{_class(self.heads[0], first)}>{escape(first.text)}</th>']
        for head, item in zip(self.heads[1:], rest, strict=True):
            cells.append(f"<td{_class(head, item)}>{escape(item.text)}</td>")
        return "".join(cells)

    def _typst(self) -> str:
        widths = [
            "auto" if head.kind == "number" else self._share(n) for n, head in enumerate(self.heads)
        ]
        sides = ["right" if head.kind == "number" else "left" for head in self.heads]
        header = ", ".join(literal(head.label) for head in self.heads)
        cells = "".join(f", {_typst_cell(item)}" for row in self.rows for item in row)
        return (
            f"table(columns: {array(widths)}, align: {array(sides)}, table.header({header}){cells})"
        )

    def _share(self, column: int) -> str:
        """Give a text column room by its longest text, within reason."""
        texts = [self.heads[column].label, *(row[column].text for row in self.rows)]
        longest = max(_breadth(text) for text in texts)
        return "auto" if longest <= _SHORT else f"{min(max(longest, 8), 24)}fr"


def _typst_cell(item: Item) -> str:
    text = literal(item.text)
    return f'table.cell(fill: rgb("{SHADE}"), {text})' if item.shaded else text


def _class(head: Head, item: Item | None = None) -> str:
    names = ["num"] if head.kind == "number" else []
    if item is not None:
        names += (["keep"] if _breadth(item.text) <= _SHORT else []) + ["shaded"] * item.shaded
    return f' class="{" ".join(names)}"' if names else ""


def _breadth(text: str) -> int:
    """Measure a text in widths of a Chinese character."""
    return round(sum(1.0 if ord(character) > 0x2E7F else 0.5 for character in text))
