"""All text of a report's files, however it is packed.

An HTML file gives its sections, with and without their markup, and whatever its data URIs hold;
a workbook gives each of its parts; a PDF gives what `paper` reads; ``results.json`` gives each
block. What belongs in none of these files is said too: an address from which something would be
fetched, a hidden sheet, an author.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from analysis.release import paper
from analysis.release.profiles import load_rules


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text and its place within the file."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that has no place in a file, and where in it."""

    place: str
    zh: str
    en: str


_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|code|em|font|i|mark|s|small|span|strong|sub|sup|time|tspan|u|wbr)\b[^>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^>]*>")
_SECTION = re.compile(r'(?=<section\b[^>]*?\bid="([^"]*)")')
_DATA = re.compile(r"data:([\w.+/-]*)((?:;[\w=.+-]+)*),([^\"'\s)>]*)")
_AWAY = re.compile(r"//")
_SCHEME = re.compile(
    r"\b(?:src|href|action|formaction)\s*=\s*[\"']?\s*(?:javascript|vbscript|file|ftp|mailto|tel):",
    re.IGNORECASE,
)
_LEADS = re.compile(
    r"(?:\b(?:src|href|action|formaction|poster|background|cite|ping|srcset|data|manifest)\s*=\s*"
    r"[\"']?|\burl\(\s*[\"']?|@import\s+[\"']?)\s*(?:[a-z][a-z0-9+.-]*:)?$",
    re.IGNORECASE,
)
_FAR = 60
"""Characters before an address in which to look for what leads to it."""
_FETCHED = re.compile(r"<(?:iframe|object|embed|frame|base)\b", re.IGNORECASE)
_CELL_END = re.compile(r"</(?:si|c|row|definedName|(?:dc|dcterms|cp):\w+|\w+Properties)>")
_HIDDEN_SHEET = re.compile(r"<sheet\b[^>]*\bstate=\"(?!visible)")
_HIDDEN_PART = re.compile(r"<(?:row|col)\b[^>]*\bhidden=\"(?:1|true)\"")
_AUTHOR = re.compile(r"<(dc:creator|cp:lastModifiedBy|Manager)>\s*[^<\s]")
_MOST = 1 << 28
"""Bytes that a workbook may unpack to."""


def of_html(content: bytes) -> Iterator[Text | Flaw]:
    """Give the texts and flaws of a page."""
    page = content.decode("utf-8")
    if "<html" not in page or not page.rstrip().endswith("</html>"):
        raise ValueError("no whole page")
    rest = _DATA.sub("data:,", page)
    for n, uri in enumerate(_DATA.finditer(page), start=1):
        yield from _of_data(f"data:{uri.group(1)} {n}", uri)
    yield from _addresses("", rest)
    ids = ["", *_SECTION.findall(rest)]
    for id, piece in zip(ids, _SECTION.split(rest)[::2], strict=True):
        yield Text(id, html.unescape(piece))
        yield Text(id, html.unescape(_TAG.sub("\n", _INLINE.sub("", piece))))


def of_xlsx(content: bytes) -> Iterator[Text | Flaw]:
    """Give the texts and flaws of a workbook."""
    allowed = re.compile(
        "|".join(f"(?:{part})" for part in load_rules()["audit"]["workbook_parts"])
    )
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        if sum(part.file_size for part in book.infolist()) > _MOST:
            raise ValueError("too large")
        for part in book.infolist():
            if not allowed.fullmatch(part.filename):
                yield Flaw(part.filename, "工作簿中有不应有的部件", "a part that no workbook needs")
            text = book.read(part).decode("utf-8", errors="replace")
            yield Text(part.filename, html.unescape(text))
            yield Text(part.filename, html.unescape(_TAG.sub("", _CELL_END.sub("\n", text))))
            yield from _of_part(part.filename, text)


def of_pdf(content: bytes) -> Iterator[Text | Flaw]:
    """Give the texts and flaws of a PDF."""
    read = paper.read(content)
    yield from (Text(place, text) for place, text in read.texts)
    for name in read.actions:
        yield Flaw(name, "PDF 中有不应有的动作或附件", "an action or attachment")


def of_json(content: bytes) -> Iterator[Text | Flaw]:
    """Give the texts of the numbers for machines, block by block."""
    plain = json.loads(content)
    rest = {key: value for key, value in plain.items() if key != "blocks"}
    yield Text("", json.dumps(rest, ensure_ascii=False))
    for block in plain["blocks"]:
        yield Text(str(block["id"]), json.dumps(block, ensure_ascii=False))


def _of_data(place: str, uri: re.Match[str]) -> Iterator[Text | Flaw]:
    kind, options, body = uri.groups()
    content = (
        base64.b64decode(body, validate=True) if ";base64" in options else unquote_to_bytes(body)
    )
    if "svg" not in kind and "xml" not in kind:
        yield Text(place, content.replace(b"\x00", b"").decode("utf-8", errors="replace"))
        return
    drawing = content.decode("utf-8")
    yield from _addresses(place, drawing)
    yield Text(place, html.unescape(drawing))
    yield Text(place, html.unescape(_TAG.sub("\n", _INLINE.sub("", drawing))))


def _addresses(place: str, markup: str) -> Iterator[Flaw]:
    away = _AWAY.finditer(markup)
    leads = any(_LEADS.search(markup[max(0, at.start() - _FAR) : at.start()]) for at in away)
    if leads or _SCHEME.search(markup) or _FETCHED.search(markup):
        yield Flaw(place, "有外部地址或嵌入内容", "an external address or embedded content")


def _of_part(name: str, text: str) -> Iterator[Flaw]:
    if _HIDDEN_SHEET.search(text) or _HIDDEN_PART.search(text):
        yield Flaw(name, "有隐藏的工作表、行或列", "a hidden sheet, row or column")
    if _AUTHOR.search(text):
        yield Flaw(name, "写有作者", "an author is named")
    if 'TargetMode="External"' in text:
        yield Flaw(name, "有外部链接", "an external link")
    if "<f>" in text or "<f " in text:
        yield Flaw(name, "有公式", "a formula")
