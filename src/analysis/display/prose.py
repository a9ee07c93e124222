"""Sentences, key figures, definitions: what is read and not looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from analysis import i18n
from analysis.display.grid import Grid, Head, Item
from analysis.display.publish import (
    Numbers,
    Rendered,
    Words,
    array,
    call,
    literal,
    make,
    paragraph,
)
from analysis.display.rows import HIDDEN, Row, is_number, present
from analysis.display.view import View, capital
from analysis.errors import UsageError

if TYPE_CHECKING:
    from analysis.release import Said

Blocks = tuple[Rendered, ...]
MOST_TILES = 6
_DEFAULT_TILES = 3
_PARAGRAPHS = 3
"""More sentences than these are a list, unless their role has a shape of its own."""
_FRAMED = ("headline", "confidence", "caution")
_STANDING = re.compile(r"〔([A-Z]\d?)〕")


def said(
    view: View, role: str, stage: str | None = None, *, only: Sequence[str] | None = None
) -> Blocks:
    """Make a block of the sentences of the notes with a role.

    Parameters
    ----------
    view
        What may be shown.
    role
        Second part of the notes' keys, e.g. ``"headline"``.
    stage
        One stage; by default a block for each, and one for what speaks of none.
    only
        Third parts of the keys wanted, e.g. ``["coefficients"]``.

    Returns
    -------
    tuple of Rendered
        Empty where nothing may be said.
    """
    made = []
    for one in view.stages_of(stage):
        sentences = _sentences(view, role, one, only)
        if sentences:
            id = view.id("text", "-".join([role, *(only or ())]), one)
            cells = view.cells_of(sentences.values())
            made.append(_prose(view, id, role, list(sentences), cells))
    return tuple(made)


def box(view: View, role: str, stage: str | None = None) -> Blocks:
    """Make a framed block of the sentences with a role, of all stages together by default.

    Parameters
    ----------
    view, role
        As for `said`; the frame's title is ``<finding>.box.<role>`` or ``display.box.<role>``.
    stage
        One stage alone.
    """
    sentences: dict[str, Said] = {}
    for one in view.stages_of(stage):
        sentences |= _sentences(view, role, one, None)
    if not sentences:
        return ()
    id, title = view.id("box", role, stage or ""), _box_title(view, role)
    texts = "".join(paragraph("said", sentence) for sentence in sentences)
    html = f"{paragraph('title', title)}{texts}"
    typst = call("jh-box", array(map(literal, sentences)), id=id, title=title)
    cells = view.cells_of(sentences.values())
    words, numbers = Words(title=title), _sentence_numbers(view, list(sentences), cells)
    return (make(view, id, "box", words, (html, typst), numbers=numbers, role=role),)


def tiles(
    view: View,
    name: str = "tiles",
    indicators: Sequence[str] | None = None,
    *,
    stage: str | None = None,
) -> Blocks:
    """Make the key figures: value, unit, range and verdict of an indicator each.

    Parameters
    ----------
    view
        What may be shown.
    name
        Part of the block's id.
    indicators
        At most six; by default the first three that are no part of another, those that are judged
        before those that are not.
    stage
        One stage; by default a block for each.

    Raises
    ------
    UsageError
        If more than six are asked for.
    """
    if indicators is not None and len(indicators) > MOST_TILES:
        raise UsageError(f"要点最多{MOST_TILES}个", f"no more than {MOST_TILES} tiles")
    made = []
    for one in view.stages_of(stage):
        wanted = indicators or _foremost(view, one)
        rows = [row for id in wanted if (row := view.row(id, stage=one))]
        if rows:
            made.append(
                _tiles(view, view.id("tiles", name if name != "tiles" else "", one), one, rows)
            )
    return tuple(made)


def method(view: View, name: str = "method") -> Blocks:
    """Make the table of definitions: what is measured, by which document, how far it is checked."""
    declared = [i for i in view.released.indicators if i.source or i.definition_zh]
    if not declared:
        return ()
    defined = any(i.definition_zh for i in declared)
    wanted = ["indicator", *(["definition"] if defined else []), "source", "standing"]
    rows = []
    for indicator in declared:
        source, standing = _source(view, indicator.source)
        texts = {
            "indicator": view.name(indicator.id),
            "definition": indicator.definition_zh
            if view.language == "zh"
            else indicator.definition_en,
            "source": source,
            "standing": standing,
        }
        rows.append(tuple(Item(texts[id] or view.word("flag.z")) for id in wanted))
    heads = tuple(Head(id, view.word(f"display.column.{id}")) for id in wanted)
    words = Words(
        title=view.caption("table", name, "title", "", chart="method"),
        subtitle=view.caption("table", name, "subtitle", "", chart="method"),
    )
    return (Grid(heads, tuple(rows)).render(view, view.id("table", name), words),)


def provenance(view: View, passport: Mapping[str, Any], name: str = "provenance") -> Blocks:
    """Make the table of where the report comes from: place, data, run, what was read.

    Parameters
    ----------
    view, name
        As for `method`.
    passport
        What `CountyData.passport` gives.
    """
    data, place = passport["data"], passport["place"]
    parent = passport["parent"].get(view.language) or None
    facts = {
        "place": view.word("display.place", place=place[view.language], parent=parent),
        "code": place["code"],
        "period": view.period(),
        "source": data[f"source_{view.language}"],
        "as_of": data["as_of"],
        "kind_of_data": view.word("display.synthetic") if data["synthetic"] else "",
        "run": passport["run"],
        "partitions": view.word("display.read", n=len(passport["partitions"])),
    }
    rows = tuple(
        (Item(view.word(f"display.fact.{fact}")), Item(text))
        for fact, text in facts.items()
        if text
    )
    heads = tuple(Head(id, view.word(f"display.column.{id}")) for id in ("fact", "text"))
    words = Words(title=view.caption("table", name, "title", "", chart="provenance"))
    return (Grid(heads, rows).render(view, view.id("table", name), words),)


def nothing(view: View, name: str, stage: str, why: Literal["c", "x", "z"], title: str) -> Rendered:
    """Make the one line that stands where a figure or table cannot: withheld, or no data."""
    sentence = view.word(f"display.empty.{why}", title=title)
    return _prose(view, view.id("empty", name, stage), "empty", [sentence])


def emptiness(rows: Iterable[Row]) -> Literal["c", "x", "z", ""]:
    """Tell why none of these rows has a number; empty where one has."""
    flags = []
    for row in rows:
        if present(row):
            return ""
        flags.append(row["flag"])
    return "c" if "c" in flags else "z" if flags and set(flags) == {"z"} else "x"


def _sentences(view: View, role: str, stage: str, only: Sequence[str] | None) -> dict[str, Said]:
    """Give sentences, each once, with the note that says it."""
    return {
        sentence: note
        for note, sentence in view.said(role, stage)
        if only is None or note.key.split(".")[2] in only
    }


def _prose(
    view: View, id: str, role: str, sentences: Sequence[str], cells: Sequence[Row] = ()
) -> Rendered:
    shape = "list" if len(sentences) > _PARAGRAPHS and role not in _FRAMED else role
    html = "".join(paragraph("said", sentence) for sentence in sentences)
    if shape == "list":
        html = f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"
    typst = call("jh-prose", array(map(literal, sentences)), id=id, role=shape)
    numbers = _sentence_numbers(view, sentences, cells)
    return make(view, id, "prose", Words(), (html, typst), numbers=numbers, role=shape)


def _sentence_numbers(view: View, sentences: Sequence[str], cells: Sequence[Row]) -> Numbers:
    label = view.word("display.column.sentence")
    return Numbers(
        [{"id": "sentence", "label": label, "kind": "text", "digits": 0}],
        [{"sentence": sentence} for sentence in sentences],
        cells,
    )


def _box_title(view: View, role: str) -> str:
    for key in (f"{view.released.name}.box.{role}", f"display.box.{role}"):
        if i18n.has(key):
            return view.word(key)
    return ""


def _foremost(view: View, stage: str) -> list[str]:
    judged = {check.indicator for check in view.checks(stage=stage, by="")}
    whole = [id for id in view.ids("", stage) if "." not in id]
    return sorted(whole, key=lambda whole: whole not in judged)[:_DEFAULT_TILES]


def _tiles(view: View, id: str, stage: str, rows: Sequence[Row]) -> Rendered:
    made = [_tile(view, row) for row in rows]
    title = view.caption("tiles", "tiles", "title", stage) or capital(view.label("stage", stage))
    note = view.caption("tiles", "tiles", "note", stage)
    html = (
        f"{paragraph('title', title)}<dl>{''.join(map(_tile_html, made))}</dl>"
        f"{paragraph('note', note)}"
    )
    dictionaries = (
        "(" + ", ".join(f"{key}: {literal(text)}" for key, text in tile.items()) + ")"
        for tile in made
    )
    typst = call("jh-tiles", array(dictionaries), id=id, title=title, note=note, source="")
    columns = ["label", "value", "unit", "range", "verdict"]
    numbers = Numbers(
        [
            {"id": c, "label": view.word(f"display.column.{c}"), "kind": "text", "digits": 0}
            for c in columns
        ],
        [{column: tile[column] for column in columns} for tile in made],
        rows,
    )
    words = Words(title=title, note=note, source=view.source())
    return make(view, id, "tiles", words, (html, typst), numbers=numbers)


def _tile(view: View, row: Row) -> dict[str, str]:
    id = row["indicator"]
    verdict = view.verdict(row)
    name, unit = view.name(id), view.unit(id)
    hidden = row["flag"] in HIDDEN
    counted = is_number(row["numerator"]) and is_number(row["denominator"])
    return {
        "label": name,
        "value": _tile_value(view, row),
        "unit": "" if hidden or unit == "%" or unit.casefold() in name.casefold() else unit,
        "range": _of(view, row) if counted else view.range(row),
        "mark": view.word(f"verdict.mark.{verdict}") if verdict else "",
        "verdict": view.word(f"verdict.{verdict}") if verdict else "",
    }


def _tile_value(view: View, row: Row) -> str:
    limit = view.limit(row["indicator"], row["stage"], "coefficient")
    if limit is None or not present(row):
        return view.value(row)
    return view.flagged(view.against(row["value"], limit, row["indicator"]), row["flag"])


def _of(view: View, row: Row) -> str:
    """Write the parts of a share: how many of how many."""
    if row["flag"] in HIDDEN or not is_number(row["denominator"]):
        return ""
    met, whole = (i18n.show(row[field], "n") for field in ("numerator", "denominator"))
    return view.word("display.of", met=met, all=whole)


def _tile_html(tile: dict[str, str]) -> str:
    unit = f' <span class="unit">{escape(tile["unit"])}</span>' if tile["unit"] else ""
    verdict = " ".join(text for text in (tile["mark"], tile["verdict"]) if text)
    return (
        f'<div class="tile"><dt>{escape(tile["label"])}</dt>'
        f'<dd class="value">{escape(tile["value"])}{unit}</dd>'
        + (f'<dd class="range">{escape(tile["range"])}</dd>' if tile["range"] else "")
        + (f'<dd class="verdict">{escape(verdict)}</dd>' if verdict else "")
        + "</div>"
    )


def _source(view: View, source: str) -> tuple[str, str]:
    """Split a source from the standing written behind it."""
    found = _STANDING.search(source)
    key = f"display.standing.{found.group(1)}" if found else ""
    standing = view.word(key) if key and i18n.has(key) else ""
    return _STANDING.sub("", source).strip(), standing
