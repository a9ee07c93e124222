"""What each row of a sheet is: title, header, data, total, note … so that none is lost unseen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from analysis.records.headers import Header, heading
from analysis.records.vocabulary import normal, vocabulary

RowKind = Literal[
    "title", "header", "numbering", "blank", "total", "subtotal", "note", "data", "unmatched"
]

_COLON = re.compile("[:：]")
_LONGEST_TOTAL = 12


def classify(rows: Sequence[Sequence[str]], header: Header) -> list[RowKind]:
    """Tell what each row of a sheet is.

    Examples
    --------
    >>> from analysis.records.headers import locate
    >>> rows = [["某县2021学年"], ["学校标识码", "学段", "班数"], ["合计", "", "9"],
    ...         ["2113000001", "小学", "9"], ["注：按学年初统计。"]]
    >>> classify(rows, locate(rows))
    ['title', 'header', 'total', 'data', 'note']
    """
    first = header.row + header.depth
    printed = [[cell.strip() for cell in row] for row in rows[header.row : first]]
    kinds: list[RowKind] = []
    after_note = False
    for number, row in enumerate(rows):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            kinds.append("blank")
        elif number < header.row:
            kinds.append("title")
        elif number < first or cells in printed or (number == first and _translates(cells, header)):
            kinds.append("header")
        elif number == first and _numbers_columns(cells):
            kinds.append("numbering")
        else:
            kinds.append(_body(cells, header, after_note=after_note))
            after_note = after_note or kinds[-1] == "note"
    return kinds


def inner_titles(rows: Sequence[Sequence[str]], kinds: Sequence[RowKind]) -> list[int]:
    """Find the rows inside a table that may be the title of another one below it.

    A note stands below all rows. A text alone in its row, below a note and with rows of data
    after it, may begin a second table of the same form.
    """
    last = max((number for number, kind in enumerate(kinds) if kind == "data"), default=0)
    return [
        number
        for number, kind in enumerate(kinds[:last])
        if kind == "note" and not _is_note([c.strip() for c in rows[number] if c.strip()])
    ]


def _body(cells: Sequence[str], header: Header, *, after_note: bool) -> RowKind:
    filled = [cell for cell in cells if cell]
    if _is_note(filled, after_note=after_note):
        return "note"
    school = next(
        (cells[i] for i, h in enumerate(header.headings)
         if h and h.column in ("school", "teacher_id") and i < len(cells)), "",
    )  # fmt: skip
    for cell in filled[:3]:
        kind = _total(cell)
        if kind and school in ("", cell):
            return kind
    return "data"


def _is_note(filled: Sequence[str], *, after_note: bool = False) -> bool:
    before, *rest = _COLON.split(filled[0], maxsplit=1)
    alone = len(filled) == 1
    if not (rest or alone):
        return False
    words = vocabulary().rows
    word = normal(before).rstrip("0123456789一二三四五六七八九")
    return (alone and after_note) or word in words["note"] or word in words["signature"]


def _total(cell: str) -> RowKind | None:
    if len(cell) > _LONGEST_TOTAL or cell.rstrip(":： ")[-1:].casefold() not in _last_letters():
        return None
    word, words = normal(cell), vocabulary().rows
    for kind, ends in (("subtotal", words["subtotal"]), ("total", words["total"])):
        if word in ends or any(not end.isascii() and word.endswith(end) for end in ends):
            return "subtotal" if kind == "subtotal" else "total"
    return None


@cache
def _last_letters() -> frozenset[str]:
    return frozenset(word[-1] for word in vocabulary().rows["total"])


def _translates(cells: Sequence[str], header: Header) -> bool:
    """Tell whether a row is the header again in the other language."""
    if sum(map(bool, cells)) < 2:
        return False
    return all(
        i < len(header.headings)
        and (own := header.headings[i]) is not None
        and heading(header.table.id, (cell,)).column == own.column != ""
        for i, cell in enumerate(cells)
        if cell
    )


def _numbers_columns(cells: Sequence[str]) -> bool:
    """The row 甲 乙 1 2 3 below the header of a statistical form."""
    filled = [cell for cell in cells if cell]
    letters = vocabulary().rows["numbering"]
    digits = [cell for cell in filled if cell not in letters]
    counted = [str(number) for number in range(1, len(digits) + 1)]
    return len(filled) >= 3 and digits == counted
