"""The numbers of a report for people: an XLSX workbook.

Cover, contents and notes come first, then one sheet for each figure and table. Text is written as
text, whatever it begins with; a number is a number with its decimals as format; a cell without
one holds its code in square brackets. There is nothing hidden, no author and no clock.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis import wire
from analysis.i18n import Language, keys, say
from analysis.press.document import opened
from analysis.press.imprint import Imprint, imprint

NAME_LENGTH = 31
WIDEST = 44
HEAD_ROW = 4
_BARRED = re.compile(r"[\[\]:*?/\\']")
_STRINGS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_STYLES: Mapping[str, Mapping[str, Any]] = {
    "plain": {"valign": "top"},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "title": {"bold": True, "font_size": 14, "font_color": "#12436D"},
    "soft": {"font_color": "#4D5661"},
    "label": {"bold": True, "valign": "top"},
    "head": {
        "bold": True, "text_wrap": True, "valign": "top", "bottom": 2, "bottom_color": "#12436D",
        "bg_color": "#F2F5F8",
    },
    "banner": {"bold": True, "bg_color": "#FFF4D6", "text_wrap": True, "valign": "top"},
    "code": {"align": "right", "valign": "top"},
    "link": {"font_color": "#12436D", "underline": 1},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A block with the name of the sheet that shows it."""

    name: str
    block: wire.Block


def write_xlsx(nb: NotebookNode, *, edition: int = 1, release_date: str = "") -> bytes:
    """Write the workbook of a joined notebook.

    Parameters
    ----------
    nb
        The joined notebook, or an executed one.
    edition
        Counts the releases of the same report.
    release_date
        ISO date; default the date of the data.
    """
    document = opened(nb)
    frame = imprint(document, edition=edition, release_date=release_date)
    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True, **_STRINGS}) as book:
        midnight = datetime.datetime.combine(frame.released, datetime.time())
        book.set_properties({"title": frame.title, "created": midnight})
        _Writer(book, frame).write([*_sheets(document.blocks)])
    return stream.getvalue()


def _sheets(blocks: Sequence[wire.Block]) -> Iterator[_Sheet]:
    shown = [block for block in blocks if block["kind"] in ("figure", "table") and block["rows"]]
    for number, block in enumerate(shown, start=1):
        yield _Sheet(sheet_name(number, block["title"] or block["id"]), block)


def sheet_name(number: int, title: str) -> str:
    """Name a sheet by number and title, as long and with such characters as Excel takes.

    >>> sheet_name(3, "[a]: b/c")
    '03 a b c'
    """
    plain = " ".join(_BARRED.sub(" ", title).split())
    units, kept = len(f"{number:02d} "), ""
    for character in plain:
        units += len(character.encode("utf-16-le")) // 2
        if units > NAME_LENGTH:
            break
        kept += character
    return f"{number:02d} {kept}".strip()


class _Writer:
    """Writes one workbook in one language."""

    def __init__(self, book: Workbook, frame: Imprint) -> None:
        self.book, self.frame, self.language = book, frame, frame.language
        self.styles = {name: book.add_format(dict(style)) for name, style in _STYLES.items()}
        self.numbers: dict[int, Format] = {}

    def write(self, sheets: Sequence[_Sheet]) -> None:
        cover, contents, notes = (self._add(self._word(n)) for n in ("cover", "contents", "notes"))
        self._cover(cover)
        self._contents(contents, sheets)
        self._notes(notes)
        for sheet in sheets:
            self._data(self._add(sheet.name), sheet.block)

    def _add(self, name: str) -> Worksheet:
        page = self.book.add_worksheet(name)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.hide_gridlines(2)
        return page

    def _word(self, name: str, **values: str) -> str:
        return say(f"press.workbook.{name}", self.language, **values)

    def _text(
        self, page: Worksheet, row: int, column: int, text: str, style: str = "plain"
    ) -> None:
        page.write_string(row, column, text, self.styles[style])

    def _cover(self, page: Worksheet) -> None:
        page.set_column(0, 0, 22)
        page.set_column(1, 1, 80)
        self._text(page, 0, 0, self.frame.title, "title")
        facts = [*self.frame.facts, ("", self.frame.audience_note)]
        for row, (label, value) in enumerate(facts, start=2):
            self._text(page, row, 0, label, "label")
            self._text(page, row, 1, value, "wrapped")
        if self.frame.banner:
            self._text(page, 1, 0, self.frame.banner, "banner")
            self._text(page, 1, 1, self.frame.banner_note, "banner")

    def _contents(self, page: Worksheet, sheets: Sequence[_Sheet]) -> None:
        self._text(page, 0, 0, self._word("contents"), "title")
        for column, (name, width) in enumerate((("sheet", 34), ("title", 60), ("subtitle", 60))):
            page.set_column(column, column, width)
            self._text(page, 1, column, self._word(name), "head")
        for row, sheet in enumerate(sheets, start=2):
            page.write_url(row, 0, f"internal:'{sheet.name}'!A1", self.styles["link"], sheet.name)
            self._text(page, row, 1, sheet.block["title"], "wrapped")
            self._text(page, row, 2, sheet.block["subtitle"], "wrapped")
        page.freeze_panes(2, 0)

    def _notes(self, page: Worksheet) -> None:
        page.set_column(0, 0, 22)
        page.set_column(1, 1, 90)
        self._text(page, 0, 0, self._word("notes"), "title")
        said = (self._word("reading"), self._word("protection"), self.frame.audience_note)
        for row, text in enumerate(said, start=1):
            self._text(page, row, 1, text, "wrapped")
        top = len(said) + 2
        self._text(page, top, 0, self._word("symbol"), "head")
        self._text(page, top, 1, self._word("meaning"), "head")
        for row, key in enumerate(keys("flag."), start=top + 1):
            self._text(page, row, 0, f"[{key.removeprefix('flag.')}]")
            self._text(page, row, 1, say(key, self.language))

    def _data(self, page: Worksheet, block: wire.Block) -> None:
        self._text(page, 0, 0, block["title"], "title")
        self._text(page, 1, 0, block["subtitle"], "soft")
        back = self._word("contents")
        page.write_url(2, 0, f"internal:'{back}'!A1", self.styles["link"], back)
        columns = list(_columns(block, self.language))
        for place, (_, label, _, _) in enumerate(columns):
            self._text(page, HEAD_ROW, place, label, "head")
        for row, values in enumerate(block["rows"], start=HEAD_ROW + 1):
            for place, (id, _, kind, digits) in enumerate(columns):
                self._cell(page, (row, place), values, id, kind, digits)
        for place, (id, label, _, _) in enumerate(columns):
            page.set_column(place, place, _width(label, [row.get(id) for row in block["rows"]]))
        page.freeze_panes(HEAD_ROW + 1, 1)
        page.repeat_rows(HEAD_ROW)
        below = [text for text in (block["note"], block["source"], self.frame.banner) if text]
        for row, text in enumerate(below, start=HEAD_ROW + len(block["rows"]) + 2):
            self._text(page, row, 0, text, "soft")

    def _cell(
        self, page: Worksheet, at: tuple[int, int], values: Mapping[str, Any], id: str, kind: str,
        digits: int,
    ) -> None:  # fmt: skip
        value = values.get(id)
        if kind == "number" and value is not None:
            page.write_number(*at, value, self._number(digits))
        elif kind == "number":
            self._text(page, *at, f"[{values.get(f'{id}_flag') or 'x'}]", "code")
        elif kind == "flag":
            self._text(page, *at, f"[{value}]" if value else "")
        else:
            self._text(page, *at, "" if value is None else str(value))

    def _number(self, digits: int) -> Format:
        if digits not in self.numbers:
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            self.numbers[digits] = self.book.add_format({"num_format": pattern, "valign": "top"})
        return self.numbers[digits]


def _columns(block: wire.Block, language: Language) -> Iterator[tuple[str, str, str, int]]:
    """Give the columns; a number's flags get one of their own where they stand beside numbers."""
    for column in block["columns"]:
        id, flag = column["id"], f"{column['id']}_flag"
        yield id, column["label"], column["kind"], column["digits"]
        if any(row.get(flag) and row.get(id) is not None for row in block["rows"]):
            yield flag, say("press.workbook.flag", language, label=column["label"]), "flag", 0


def _width(label: str, values: Sequence[Any]) -> float:
    """Make room for the longest text, in widths of a digit."""
    texts = [label[: WIDEST // 2], *(str(value) for value in values)]
    longest = max(sum(2 if ord(c) > 0x2E7F else 1 for c in text) for text in texts)
    return float(min(max(longest + 2, 10), WIDEST))
