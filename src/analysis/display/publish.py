r"""Blocks and chapters: what display hands to a notebook, and how it leaves it (`analysis.wire`).

Typst that a block writes
-------------------------
A block's ``text/vnd.typst`` is markup that calls one of these functions, which the press's
template defines. All arguments are named except the last, positional one. Every text is a Typst
string literal (only ``\`` and ``"`` escaped, no line breaks), so nothing in it is markup or code.
A text may be ``""``: then the function shows nothing for it. `id` is the block's id, unique in a
document and fit for a label. ::

    #jh-figure(id: "…", path: "<id>.svg", alt: "…", title: "…", subtitle: "…",
               reading: "…", note: "…", source: "…")
    #jh-table(id: "…", title: "…", subtitle: "…", note: "…", source: "…",
              table(columns: (2fr, auto, auto), align: (left, right, right),
                    table.header("…", "…", "…"), "…", "…", "…", …))
    #jh-prose(id: "…", role: "headline", ("…", "…",))
    #jh-tiles(id: "…", title: "…", note: "…", source: "…",
              ((label: "…", value: "…", unit: "…", range: "…", mark: "…", verdict: "…"),))
    #jh-box(id: "…", title: "…", ("…", "…",))

* `jh-figure`: `title` is the headline, `subtitle` says measure, place and period, `reading` is the
  one line "how to read" under the drawing (its own words such as "Reading" are in the text).
* `jh-table`: the body is content, a `table(…)` with a `table.header(…)` (header cells), strings as
  cells, ``table.cell(fill: rgb("#e8eef4"), "…")`` where a cell is shaded, ``table.cell(colspan: n,
  align: left, strong("…"))`` for a row that only names a group. Columns that hold words are ``fr``,
  numbers ``auto``. Strokes, insets and text size are the template's.
* `jh-prose`: an array of paragraphs (strings; one element keeps its trailing comma). `role` is
  ``headline``, ``confidence``, ``caution``, ``method``, … and ``list`` for what reads as a list.
* `jh-tiles`: an array of dictionaries with exactly these keys.
* `jh-box`: an array of paragraphs in a frame, `title` above.

HTML that a block writes
------------------------
``<section id="…" class="jh block figure|table|prose|tiles|box role-…">``; inside, `figure`,
`figcaption`, `table`, `p`, `dl` with the classes ``title subtitle reading note source``. No
heading element, no `style`, no script, no event attribute. A table stands in ``<div class="wide"
tabindex="0" role="region" aria-label="…">`` and can be scrolled by itself; shaded cells have the
class ``shaded``, numbers ``num``, what stays on
one line ``keep``. The style that makes blocks look right in JupyterLab leaves with
the sentinel's HTML, which the press does not print.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from IPython.display import display

from analysis import wire
from analysis.display.rows import Row, shown
from analysis.display.view import View
from analysis.errors import RenderError, UsageError

SHEET = (
    "<style>.jh{max-width:46em}.jh p{margin:.3em 0}.jh img{max-width:100%;background:#fff}"
    ".jh .title{font-weight:600}.jh .subtitle,.jh .note,.jh .source,.jh .reading{font-size:.88em;"
    "opacity:.85}.jh table{border-collapse:collapse;min-width:60%}.jh th,.jh td{text-align:left!important;"
    "vertical-align:top!important;padding:.25em .6em;white-space:normal!important}"
    ".jh .num{text-align:right!important;font-variant-numeric:tabular-nums}"
    ".jh .keep{white-space:nowrap!important}.jh .shaded{background:#FDEBE1;color:#1F2933}"
    ".jh figure{margin:0}.jh caption{text-align:left;caption-side:top}.jh .wide{overflow-x:auto}"
    ".jh dl{display:flex;flex-wrap:wrap;gap:1em}.jh dt,.jh dd{margin:0}"
    ".jh .value{font-size:1.5em}.jh.box{border-left:4px solid #12436D;padding-left:1em}</style>"
)
"""Default style for JupyterLab; leaves only with the sentinel and the prompt, never in a block."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A block, made but not yet published.

    Attributes
    ----------
    id, kind
        As in the wire's `Block`.
    html, typst
        The block for screen and for paper.
    svg
        The drawing of a figure, else empty.
    data
        The numbers behind it.
    """

    id: str
    kind: wire.Kind
    html: str
    typst: str
    svg: str
    data: wire.Block

    def bundle(self) -> dict[str, Any]:
        """Give the block as the MIME bundle that leaves the notebook."""
        drawing = {wire.SVG: self.svg} if self.svg else {}
        return {
            wire.HTML: self.html,
            wire.TYPST: self.typst,
            **drawing,
            wire.PLAIN: self.data["title"] or self.id,
            wire.RELEASED: self.data,
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {wire.HTML: SHEET + self.html, wire.PLAIN: self.data["title"] or self.id}


@dataclass(frozen=True, slots=True)
class Words:
    """What stands around a drawing or a table."""

    title: str = ""
    subtitle: str = ""
    alt: str = ""
    reading: str = ""
    note: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A block's numbers as columns and rows, and the released cells that it shows."""

    columns: list[wire.Column] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    cells: Sequence[Row] = ()


class Chapter:
    """A chapter being published: remembers every block, and proves them at its end.

    Parameters
    ----------
    view
        The view whose chapter this is.
    passport
        What `CountyData.passport` gives.
    """

    def __init__(self, view: View, passport: Mapping[str, Any]) -> None:
        self._view = view
        self._passport = dict(passport)
        self._published: list[dict[str, str]] = []
        self._closed = False

    def publish(self, *rendered: Rendered | Iterable[Rendered]) -> None:
        """Put blocks out, in this order.

        Raises
        ------
        UsageError
            If a block is published twice, is of another chapter, language or audience, or comes
            after the end.
        """
        for part in rendered:
            for block in (part,) if isinstance(part, Rendered) else part:
                self._publish(block)

    def close(self, missing: Sequence[str] = ()) -> None:
        """Put out the sentinel: nothing can be published after it.

        Parameters
        ----------
        missing
            Chapters and inputs that a reader would expect and that are not there.
        """
        self._refuse_if_closed()
        self._closed = True
        sentinel = self._sentinel(missing)
        html = f'{SHEET}<p class="jh">{escape(self._view.word("display.closed"))}</p>'
        display({wire.SENTINEL: sentinel, wire.HTML: html, wire.PLAIN: sentinel["run"]}, raw=True)

    def _publish(self, block: Rendered) -> None:
        self._refuse_if_closed()
        of = (block.data["chapter"], block.data["language"], block.data["audience"])
        if of != (self._view.chapter, self._view.language, self._view.released.audience):
            raise UsageError(
                f"内容块 {block.id} 不属于本章：{of}",
                f"block {block.id} is not of this chapter: {of}",
            )
        if block.id in {entry["id"] for entry in self._published}:
            raise UsageError(f"内容块 {block.id} 重复", f"block {block.id} is published twice")
        bundle = json.loads(json.dumps(block.bundle(), ensure_ascii=False, allow_nan=False))
        wire.check_block(bundle[wire.RELEASED])
        self._published.append({"id": block.id, "sha256": wire.digest(bundle)})
        display(bundle, raw=True)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise UsageError("本章已经结束", "the chapter is closed")

    def _sentinel(self, missing: Sequence[str]) -> wire.Sentinel:
        released, passport = self._view.released, self._passport
        return {
            "schema": wire.SCHEMA,
            "chapter": self._view.chapter,
            "county": released.county,
            "year": released.year,
            "language": self._view.language,
            "audience": released.audience,
            "place": dict(passport["place"]),
            "parent": dict(passport["parent"]),
            "blocks": list(self._published),
            "partitions": list(passport["partitions"]),
            "run": passport["run"],
            "data": dict(passport["data"]),
            "missing": list(missing),
        }


def make(
    view: View,
    id: str,
    kind: wire.Kind,
    words: Words,
    body: tuple[str, str],
    *,
    numbers: Numbers | None = None,
    svg: str = "",
    role: str = "",
) -> Rendered:
    """Make a block of its HTML and Typst.

    Parameters
    ----------
    view, id, kind, words
        Whose block it is, what it is, and its words.
    body
        What stands within the section, and the whole call in Typst.
    numbers
        What it shows.
    svg
        A figure's drawing.
    role
        Further class of the section.
    """
    numbers = numbers or Numbers()
    classes = " ".join(("jh", "block", kind, *([f"role-{role}"] if role else [])))
    data: wire.Block = {
        "schema": wire.SCHEMA,
        "id": id,
        "kind": kind,
        "chapter": view.chapter,
        "language": view.language,
        "audience": view.released.audience,
        "title": words.title,
        "subtitle": words.subtitle,
        "alt": words.alt,
        "note": words.note,
        "source": words.source,
        "columns": numbers.columns,
        "rows": numbers.rows,
        "cells": [dict(cell) for cell in shown(numbers.cells)],
    }
    html = f'<section id="{escape(id)}" class="{classes}">{body[0]}</section>'
    return Rendered(id, kind, html, body[1], svg, data)


def make_figure(view: View, id: str, words: Words, svg: str, numbers: Numbers) -> Rendered:
    """Make the block of a drawing.

    Raises
    ------
    RenderError
        If it has no text alternative.
    """
    if not words.alt or not words.title:
        raise RenderError(f"图 {id} 没有标题或替代文字", f"figure {id} has no title or alt text")
    encoded = base64.b64encode(svg.encode()).decode()
    html = (
        f"<figure><figcaption>{paragraph('title', words.title)}"
        f"{paragraph('subtitle', words.subtitle)}</figcaption>"
        f'<img alt="{escape(words.alt)}" src="data:image/svg+xml;base64,{encoded}">'
        f"{paragraph('reading', words.reading)}{paragraph('note', words.note)}"
        f"{paragraph('source', words.source)}</figure>"
    )
    typst = call(
        "jh-figure", id=id, path=f"{id}.svg", alt=words.alt, title=words.title,
        subtitle=words.subtitle, reading=words.reading, note=words.note, source=words.source,
    )  # fmt: skip
    return make(view, id, "figure", words, (html, typst), numbers=numbers, svg=svg)


def paragraph(kind: str, text: str) -> str:
    """Write a paragraph of HTML, nothing for no text."""
    return f'<p class="{kind}">{escape(text)}</p>' if text else ""


def call(function: str, body: str = "", /, **texts: str) -> str:
    r"""Write a call of a template function, every text as a string.

    >>> print(call("jh-box", '("b",)', id="a", title='x "y"').strip())
    #jh-box(id: "a", title: "x \"y\"", ("b",))
    """
    named = [f"{name}: {literal(text)}" for name, text in texts.items()]
    return f"#{function}({', '.join([*named, *([body] if body else [])])})\n"


def array(items: Iterable[str]) -> str:
    """Write a Typst array of code that is already Typst.

    >>> array(['"a"'])
    '("a",)'
    """
    return f"({''.join(f'{item}, ' for item in items).rstrip(' ')})"


def literal(text: str) -> str:
    r"""Write text as a Typst string: nothing in it is markup or code.

    >>> print(literal('a "b" #c'))
    "a \"b\" #c"
    """
    flat = "".join(character if character.isprintable() else " " for character in text)
    return '"' + flat.replace("\\", "\\\\").replace('"', '\\"') + '"'
