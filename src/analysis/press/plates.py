"""Figures and tables on a page: the numbers behind a drawing, and room to scroll sideways."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from analysis import wire
from analysis.i18n import Language, say
from analysis.press.document import Bundle
from analysis.press.forms import Form, forms, written
from analysis.press.rows import in_order, numbered, with_stages

_IMAGE = re.compile(r'<img\b(?:[^">]|"[^"]*")*>')
_WIDE = re.compile(r'(?=<div\b[^>]*\bclass="wide")')
_END = re.compile(r"(?=</section>\s*$)")
_PHONE, _NAME, _WORDS, _DIGITS = 22, 8, 6.5, 4
"""Widths in ems: of a small screen, and of a table's columns at their least."""


def mount(html: str, bundle: Bundle, language: Language) -> str:
    """Give a block's cleaned HTML what only a page needs.

    Parameters
    ----------
    html
        A block that has passed the allow-list.
    bundle
        What was published.
    language
        Of the page.

    Returns
    -------
    str
        A drawing in a region that scrolls by itself, with a table of its numbers to unfold; a wide
        table with a line that says that it scrolls.
    """
    block: wire.Block = bundle[wire.RELEASED]
    hint = Markup('<p class="hint">{}</p>').format(say("press.sideways", language))
    if block["kind"] == "table":
        return _WIDE.sub(lambda _: hint, html) if _is_wide(block) else html
    if block["kind"] != "figure":
        return html
    label = say("press.drawing", language, title=block["title"])
    start = Markup('<div class="drawing" role="group" tabindex="0" aria-label="{}">').format(label)
    framed = _IMAGE.sub(lambda image: f"{hint}{start}{image.group()}</div>", html, count=1)
    return _END.sub(lambda _: _numbers(bundle, language), framed) if block["rows"] else framed


def _is_wide(block: wire.Block) -> bool:
    least = sum(_DIGITS if c["kind"] == "number" else _WORDS for c in block["columns"][1:])
    return _NAME + least > _PHONE


def _numbers(bundle: Bundle, language: Language) -> Markup:
    """Write a drawing's numbers as a table to unfold, what is the same in all rows above it."""
    block = with_stages(bundle[wire.RELEASED], language)
    said = forms(bundle)
    rows = [(block["rows"][at], said[at]) for at in in_order(block)]
    same = [column for column in block["columns"] if _same(column, block["rows"])]
    first = block["rows"][0]
    facts = [
        say("press.fact_of", language, label=column["label"], value=first[column["id"]])
        for column in same
    ]
    caption = " · ".join([say("press.numbers", language, title=block["title"]), *facts])
    columns = [column for column in block["columns"] if column not in same]
    grouped = len(columns) > 2 and columns[0]["id"] == "indicator"
    units = grouped and "unit" in [c["id"] for c in columns] and _one_unit_each(block["rows"])
    columns = [column for column in columns if not units or column["id"] != "unit"]
    body = (
        _groups(rows, columns, language, units=units)
        if grouped
        else [_body(rows, columns, language)]
    )
    shown = columns[1:] if grouped else columns
    heads = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_class(column), column["label"])
        for column in shown
    )
    note = Markup('<p class="note">{}</p>').format(say("press.numbered", language))
    return Markup(
        '<details class="numbers"><summary>{summary}</summary>{note}'
        '<div class="scroll" role="group" tabindex="0" aria-label="{caption}"><table>'
        "<caption>{caption}</caption><thead><tr>{heads}</tr></thead>{body}</table></div></details>"
    ).format(
        summary=say("press.unfold", language, n=len(rows)),
        note=note if numbered(block, language) else "",
        caption=caption,
        heads=heads,
        body=Markup("").join(body),
    )


def _same(column: wire.Column, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a column of words says one thing; what is empty in all rows says nothing."""
    words = {row.get(column["id"]) for row in rows}
    return len(rows) > 1 and column["kind"] == "text" and len(words) == 1 and all(words)


Rows = Sequence[tuple[Mapping[str, Any], Mapping[str, Form]]]


def _groups(
    rows: Rows, columns: Sequence[wire.Column], language: Language, *, units: bool
) -> Iterator[Markup]:
    """Write the rows of each indicator under its name, which then need not stand in every row."""
    for (name, unit), group in groupby(rows, key=lambda row: _measure(row[0])):
        said = say("press.in_unit", language, name=name, unit=unit if units else None)
        head = Markup('<tr><th scope="rowgroup" colspan="{}">{}</th></tr>').format(
            len(columns) - 1, said
        )
        yield _body([*group], columns[1:], language, head)


def _measure(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row.get("indicator", "")), str(row.get("unit", ""))


def _one_unit_each(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether each indicator has one unit, which then can stand beside its name."""
    measures = {_measure(row) for row in rows}
    return len(measures) == len({name for name, _ in measures})


def _body(rows: Rows, columns: Sequence[wire.Column], language: Language, head: str = "") -> Markup:
    lines = (_line(*row, columns, language) for row in rows)
    return Markup("<tbody>{}{}</tbody>").format(head, Markup("").join(lines))


def _line(
    row: Mapping[str, Any],
    said: Mapping[str, Form],
    columns: Sequence[wire.Column],
    language: Language,
) -> Markup:
    cells = []
    for place, column in enumerate(columns):
        id = column["id"]
        if id in said:
            shown = written(row, id, said[id], language)
        else:
            shown = "" if row.get(id) is None else str(row[id])
        tag = Markup('<th scope="row"{}>{}</th>') if place == 0 else Markup("<td{}>{}</td>")
        cells.append(tag.format(_class(column), shown))
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _class(column: wire.Column) -> Markup:
    return Markup(' class="num"') if column["kind"] == "number" else Markup("")
