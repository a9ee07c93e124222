"""The numbers of a report for people: an XLSX workbook.

Cover, contents and notes come first, then one sheet for each figure and table. Text is written as
text, whatever it begins with; a number is a number with its own decimals as format, a share a
percentage; a cell without one holds its code in square brackets. There is nothing hidden, no author and no clock.
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
from analysis.i18n import Language, has, keys, say
from analysis.press.document import Bundle, opened
from analysis.press.forms import RANGES, Form, code, forms
from analysis.press.imprint import Imprint, imprint
from analysis.press.rows import in_order, numbered, with_stages

NAME_LENGTH = 31
NARROWEST, WIDEST = 9, 60
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
    """A block with the name of the sheet that shows it and the forms of its numbers, row by row."""

    name: str
    block: wire.Block
    forms: Sequence[Mapping[str, Form]]


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
        _Writer(book, frame).write([*_sheets(document.bundles, frame.language)])
    return stream.getvalue()


def _sheets(bundles: Sequence[Bundle], language: Language) -> Iterator[_Sheet]:
    shown = [
        bundle
        for bundle in bundles
        if bundle[wire.RELEASED]["kind"] in ("figure", "table") and bundle[wire.RELEASED]["rows"]
    ]
    for number, bundle in enumerate(shown, start=1):
        block = with_stages(bundle[wire.RELEASED], language)
        yield _Sheet(sheet_name(number, block["id"], language), block, forms(bundle))


def sheet_name(number: int, id: str, language: Language) -> str:
    """Name a sheet by its number and its block's id: what is shown, of which stage.

    >>> sheet_name(9, "balance-table-levels-junior", "en")
    '09 levels junior secondary'
    """
    chapter, _, rest = id.partition("-")
    words = [word for word in rest.split("-") if word not in ("", "table", "figure")] or [chapter]
    last = f"stage.{words[-1]}"
    staged = [*words[:-1], say(last, language)] if has(last) and len(words) > 1 else words
    for parts in (staged, words):
        name = " ".join((f"{number:02d}", *_BARRED.sub(" ", " ".join(parts)).split()))
        if _units(name) <= NAME_LENGTH:
            return name
    kept = [f"{number:02d}"]
    for word in name.split()[1:]:
        if _units(" ".join((*kept, word))) > NAME_LENGTH:
            break
        kept.append(word)
    return " ".join(kept)


def _units(text: str) -> int:
    """Count as Excel does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class _Writer:
    """Writes one workbook in one language."""

    def __init__(self, book: Workbook, frame: Imprint) -> None:
        self.book, self.frame, self.language = book, frame, frame.language
        self.styles = {name: book.add_format(dict(style)) for name, style in _STYLES.items()}
        self.numbers: dict[str, Format] = {}

    def write(self, sheets: Sequence[_Sheet]) -> None:
        cover, contents, notes = (self._add(self._word(n)) for n in ("cover", "contents", "notes"))
        self._cover(cover)
        self._contents(contents, sheets)
        self._notes(notes, [sheet.block for sheet in sheets])
        for sheet in sheets:
            self._data(self._add(sheet.name), sheet)

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
        if text:
            page.write_string(row, column, text, self.styles[style])
        else:
            page.write_blank(row, column, None, self.styles[style])

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

    def _notes(self, page: Worksheet, blocks: Sequence[wire.Block]) -> None:
        page.set_column(0, 0, 22)
        page.set_column(1, 1, 90)
        self._text(page, 0, 0, self._word("notes"), "title")
        listed = any(numbered(block, self.language) for block in blocks)
        said = [self._word("reading"), self._word("protection"), self.frame.audience_note]
        said += [say("press.numbered", self.language)] if listed else []
        for row, text in enumerate(said, start=1):
            self._text(page, row, 1, text, "wrapped")
        top = len(said) + 2
        self._text(page, top, 0, self._word("symbol"), "head")
        self._text(page, top, 1, self._word("meaning"), "head")
        for row, key in enumerate(keys("flag."), start=top + 1):
            self._text(page, row, 0, f"[{key.removeprefix('flag.')}]")
            self._text(page, row, 1, say(key, self.language))

    def _data(self, page: Worksheet, sheet: _Sheet) -> None:
        block, said = sheet.block, sheet.forms
        self._text(page, 0, 0, block["title"], "title")
        self._text(page, 1, 0, block["subtitle"], "soft")
        back = self._word("contents")
        page.write_url(2, 0, f"internal:'{back}'!A1", self.styles["link"], back)
        if numbered(block, self.language):
            self._text(page, 3, 0, say("press.numbered", self.language), "soft")
        columns = list(_columns(block, self.language))
        for place, column in enumerate(columns):
            self._text(page, HEAD_ROW, place, column.label, "head")
        for row, number in enumerate(in_order(block), start=HEAD_ROW + 1):
            for place, column in enumerate(columns):
                at, form = (row, place), said[number].get(column.id)
                self._cell(page, at, block["rows"][number], column, form)
        self._widths(page, block, columns, said)
        page.freeze_panes(HEAD_ROW + 1, 1)
        page.repeat_rows(HEAD_ROW)
        below = [text for text in (block["note"], block["source"], self.frame.banner) if text]
        for row, text in enumerate(below, start=HEAD_ROW + len(block["rows"]) + 2):
            self._text(page, row, 0, text, "soft")

    def _cell(
        self, page: Worksheet, at: tuple[int, int], values: Mapping[str, Any], column: _Column,
        form: Form | None,
    ) -> None:  # fmt: skip
        value = values.get(column.id)
        if form is not None and value is not None:
            page.write_number(*at, form.number(value), self._number(form.pattern))
        elif form is not None:
            missing = code(values, column.id)
            self._text(page, *at, f"[{missing}]" if missing else "", "code")
        elif column.kind == "flag":
            self._text(page, *at, f"[{value}]" if value else "")
        else:
            self._text(page, *at, "" if value is None else str(value), "wrapped")

    def _number(self, pattern: str) -> Format:
        if pattern not in self.numbers:
            self.numbers[pattern] = self.book.add_format({"num_format": pattern, "valign": "top"})
        return self.numbers[pattern]

    def _widths(
        self, page: Worksheet, block: wire.Block, columns: Sequence[_Column],
        said: Sequence[Mapping[str, Form]],
    ) -> None:  # fmt: skip
        for place, column in enumerate(columns):
            values = [row.get(column.id) for row in block["rows"]]
            texts = [
                "" if value is None
                else form[column.id].text(value) if column.id in form
                else str(value)
                for value, form in zip(values, said, strict=True)
            ]  # fmt: skip
            page.set_column(place, place, _width(column.label, texts))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a sheet: `kind` is that of the wire, or ``"flag"``."""

    id: str
    label: str
    kind: str


def _columns(block: wire.Block, language: Language) -> Iterator[_Column]:
    """Give the columns; a number's flags get one of their own where they stand beside numbers."""
    for column in block["columns"]:
        id, flag = column["id"], f"{column['id']}_flag"
        yield _Column(id, column["label"], column["kind"])
        if id not in RANGES and any(
            row.get(flag) and row.get(id) is not None for row in block["rows"]
        ):
            yield _Column(flag, say("press.workbook.flag", language, label=column["label"]), "flag")


def _width(label: str, texts: Sequence[str]) -> float:
    """Make room for the longest text and for half of the heading, which may take two lines."""
    longest = max((_breadth(text) for text in texts), default=0)
    heading = max(
        [_breadth(label) / 2 + 1, *(len(word) for word in label.split() if word.isascii())]
    )
    return float(min(max(longest + 2, heading + 2, NARROWEST), WIDEST))


def _breadth(text: str) -> int:
    """Measure a text in widths of a digit."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)
