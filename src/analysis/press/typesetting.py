"""A document → Typst → PDF/UA-1 and PDF/A-2a.

The document goes to Typst as markup whose every piece of text is a string literal, its frame as a
JSON file that the template reads. The same document gives the same bytes: its files are dated by
the release date, and no clock or host is asked.
"""

from __future__ import annotations

import datetime
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import typst
from nbformat import NotebookNode

from analysis import wire
from analysis.errors import RenderError
from analysis.i18n import say
from analysis.press.document import Document
from analysis.press.fonts import SANS, SERIF, check_characters, families, open_fonts
from analysis.press.imprint import Imprint
from analysis.press.markup import Outline, to_typst
from analysis.press.sanitise import check_typst

STANDARDS: tuple[Literal["ua-1"], Literal["a-2a"]] = ("ua-1", "a-2a")
TEMPLATE = "county.typ"
_HEAD = f'#import "{TEMPLATE}": *\n#show: county.with(json("frame.json"))\n\n'
_QUOTED = re.compile(r'`"(.*?)"`', re.DOTALL)


def typeset(document: Document, frame: Imprint, *, fonts: Sequence[Path] = ()) -> bytes:
    """Set a document as PDF.

    Parameters
    ----------
    document
        What to set.
    frame
        Its cover, headers and footers.
    fonts
        Font files for characters that our fonts lack.

    Raises
    ------
    RenderError
        If no font has a character, a figure has no alternative text, or Typst refuses the source.
    """
    files = tuple(fonts)
    plain = _frame(frame, families(files))
    parts = list(_parts(document))
    check_characters({"frame": json.dumps(plain, ensure_ascii=False), **_named(parts)}, files)
    template = resources.files("analysis.press") / "templates" / "county" / TEMPLATE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / TEMPLATE, template.read_text(encoding="utf-8"))
        _write(folder / "frame.json", json.dumps(plain, ensure_ascii=False))
        _write(folder / "main.typ", _HEAD + "\n".join(source for _, source in parts))
        for bundle in document.bundles:
            if wire.SVG in bundle:
                _write(folder / f"{bundle[wire.RELEASED]['id']}.svg", bundle[wire.SVG])
        return _compile(folder, frame.released, open_fonts(files))


def _parts(document: Document) -> Iterator[tuple[str, str]]:
    """Give the Typst of each cell or block with the name of its place."""
    outline = Outline(top=1)
    language = document.language
    for cell, following in zip(document.cells, (*document.cells[1:], None), strict=True):
        chapter = cell.metadata["junheng"]["chapter"]
        if cell.cell_type == "markdown":
            leads = _shows(following)
            yield chapter, to_typst(cell.source, language, outline, chapter, leads=leads)
            continue
        for output in cell.outputs:
            id = output.data[wire.RELEASED]["id"]
            check_typst(output.data[wire.TYPST], id)
            yield id, output.data[wire.TYPST]


def _shows(cell: NotebookNode | None) -> bool:
    """Tell whether a cell begins with something to look at."""
    if cell is None or cell.cell_type == "markdown":
        return False
    return cell.outputs[0].data[wire.RELEASED]["kind"] in ("figure", "table", "tiles")


def _named(parts: Sequence[tuple[str, str]]) -> dict[str, str]:
    named: dict[str, str] = {}
    for place, source in parts:
        named[place] = named.get(place, "") + source
    return named


def _frame(frame: Imprint, extra: Sequence[str]) -> dict[str, Any]:
    """Give what the template prints around the body, as plain values."""
    language = frame.language
    return {
        "language": language,
        "title": frame.title,
        "heading": frame.heading,
        "year_line": frame.year_line,
        "audience": frame.audience,
        "audience_note": frame.audience_note,
        "running": frame.running,
        "banner": frame.banner,
        "banner_note": frame.banner_note,
        "keywords": [frame.place, frame.year, frame.audience, frame.run],
        "facts": [list(fact) for fact in frame.facts],
        "footer": " · ".join(
            f"{say(f'press.fact.{name}', language)} {value}"
            for name, value in (("run", frame.run), ("as_of", frame.as_of))
        ),
        "page": say("press.page", language, x="{x}", y="{y}"),
        "contents": say("press.contents", language),
        "date": [frame.released.year, frame.released.month, frame.released.day],
        "serif": [SERIF, SANS, *extra],
        "sans": [SANS, SERIF, *extra],
    }


def _compile(folder: Path, released: datetime.date, fonts: typst.Fonts) -> bytes:
    midnight = datetime.datetime.combine(released, datetime.time(), datetime.UTC)
    nowhere = folder / "packages"
    try:
        pdf = typst.compile(
            folder / "main.typ",
            root=folder,
            font_paths=fonts,
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=[*STANDARDS],
            package_path=nowhere,
            package_cache_path=nowhere,
            timestamp=midnight,
        )
    except typst.TypstError as error:
        raise _failed(error) from None
    return bytes(pdf)


def _failed(error: typst.TypstError) -> RenderError:
    """Say what Typst refused without quoting text of the document."""

    def points(match: re.Match[str]) -> str:
        return " ".join(sorted({f"U+{ord(c):04X}" for c in match.group(1) if ord(c) > 0x7E})) or "…"

    what = _QUOTED.sub(points, str(error.message))
    return RenderError(f"排版失败：{what}", f"typesetting failed: {what}")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
