"""The text of the PDFs that this project makes.

Typst writes plain objects, deflated streams and a ``ToUnicode`` map for every font, so the text of
a page, of alternative texts, bookmarks and metadata can be read with zlib and a few patterns, in
some milliseconds and without a PDF library at run time (the tests hold it against one). A PDF
built otherwise (encrypted, with object streams, or with a font that maps to no characters) is
refused rather than passed unread.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?<!\d)(\d+)\s+\d+\s+obj\b")
_STRING = re.compile(rb"\(|<([0-9A-Fa-f\s]+)>(?!>)")
_STREAM = re.compile(rb"\bstream\r?\n")
_LENGTH = re.compile(rb"/Length\s+(\d+)(?!\s+\d+\s+R)")
_REFERENCE = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d+)\s+\d+\s+R")
_UNICODE = re.compile(rb"/ToUnicode\s+(\d+)\s+\d+\s+R")
_BARRED = (b"/Encrypt", b"/ObjStm", b"/XFA")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_ACTIONS = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/SubmitForm", b"/RichMedia")
_MAPPED = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>")
_TOKEN = re.compile(
    rb"\((?P<plain>(?:[^()\\]|\\.)*)\)|(?P<nested>\()|<(?P<hex>[0-9A-Fa-f\s]*)>(?!>)|/(?P<font>[^\s/<>\[\]()]+)\s+[-\d.]+\s+Tf\b"
    rb"|\b(?P<move>BT|ET|T[dDm*])",
    re.DOTALL,
)
_PAREN = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_BINARY = (
    b"/Subtype/Image",
    b"/Subtype/CIDFontType0C",
    b"/Length1",
    b"/Range",
    b"/Subtype/OpenType",
)


@dataclass(frozen=True, slots=True)
class _Object:
    head: bytes
    stream: bytes | None


@dataclass(frozen=True, slots=True)
class Paper:
    """What a PDF holds beside its drawings.

    Attributes
    ----------
    texts
        Texts with their places: each page, and all strings beside the pages.
    actions
        What a report on paper has no use for: scripts, attachments, launched programs.
    """

    texts: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]


def read(content: bytes) -> Paper:
    """Read a PDF.

    Raises
    ------
    ValueError
        If it cannot be read for certain.
    """
    if not content.startswith(b"%PDF-") or any(barred in content for barred in _BARRED):
        raise ValueError("a PDF of another kind")
    objects = dict(_objects(content))
    heads = b"\n".join(one.head for one in objects.values())
    if not _PAGE.search(heads):
        raise ValueError("a PDF without pages")
    names = _fonts(objects)
    beside = [text for one in objects.values() for text in _strings(one.head)]
    pages = []
    for number, one in objects.items():
        if one.stream and b"Tf" in one.stream and b"BT" in one.stream:
            pages.append((f"object {number}", _page(one.stream, names)))
        elif one.stream and b"begincmap" not in one.stream:
            beside.append(one.stream.decode("utf-8", errors="replace"))
    actions = tuple(name.decode() for name in _ACTIONS if re.search(name + rb"(?![A-Za-z])", heads))
    return Paper(texts=(*pages, ("", "\n".join(beside))), actions=actions)


def _fonts(objects: Mapping[int, _Object]) -> dict[bytes, list[Mapping[int, str]]]:
    """Find the characters of each font by the names that pages call it by."""
    fonts: dict[int, Mapping[int, str]] = {}
    for number, one in objects.items():
        unicode = _UNICODE.search(one.head)
        stream = objects[int(unicode.group(1))].stream if unicode else None
        if stream:
            fonts[number] = _map(stream)
    names: dict[bytes, list[Mapping[int, str]]] = {}
    for one in objects.values():
        for name, number in _REFERENCE.findall(one.head):
            if int(number) in fonts and fonts[int(number)] not in names.setdefault(name, []):
                names[name].append(fonts[int(number)])
    return names


def _objects(content: bytes) -> Iterator[tuple[int, _Object]]:
    place = 0
    while found := _OBJECT.search(content, place):
        end = content.find(b"endobj", found.end())
        opened = _STREAM.search(content, found.end(), end if end >= 0 else len(content))
        stream = None
        head = content[found.end() : end]
        if opened:
            head = content[found.end() : opened.start()]
            length = _LENGTH.search(head)
            if not length:
                raise ValueError("a stream of unknown length")
            last = opened.end() + int(length.group(1))
            stream = _inflate(head, content[opened.end() : last])
            end = content.find(b"endobj", last)
        if end < 0:
            raise ValueError("an object without end")
        yield int(found.group(1)), _Object(head, stream)
        place = end


def _inflate(head: bytes, raw: bytes) -> bytes | None:
    """Unpack a stream; pixels and outlines of letters are no text."""
    if any(mark in head for mark in _BINARY):
        return None
    if b"/Filter" not in head:
        return raw
    if not re.search(rb"/Filter\s*(?:\[\s*)?/FlateDecode(?:\s*\])?\s*(?!\s*/\w+Decode)", head):
        raise ValueError("a stream packed otherwise")
    return zlib.decompress(raw)


def _map(stream: bytes) -> dict[int, str]:
    """Read a ``ToUnicode`` map."""
    found: dict[int, str] = {}
    for kind, body in _MAPPED.findall(stream):
        codes = [bytes.fromhex(code.decode()) for code in _HEX.findall(body)]
        if kind == b"bfchar":
            for code, text in zip(codes[::2], codes[1::2], strict=True):
                found[int.from_bytes(code)] = text.decode("utf-16-be")
        elif b"[" in body:
            raise ValueError("a map of another kind")
        else:
            for first, last, text in zip(codes[::3], codes[1::3], codes[2::3], strict=True):
                start, head = int.from_bytes(text[-2:]), text[:-2].decode("utf-16-be")
                for step in range(int.from_bytes(last) - int.from_bytes(first) + 1):
                    found[int.from_bytes(first) + step] = head + chr(start + step)
    return found


def _page(stream: bytes, names: Mapping[bytes, list[Mapping[int, str]]]) -> str:
    """Read what a page shows; where a font's name is ambiguous, in every reading."""
    parts: list[str] = []
    maps: list[Mapping[int, str]] = []
    readings: list[list[str]] = []
    place = 0
    while token := _TOKEN.search(stream, place):
        place = token.end()
        if token["font"] is not None:
            maps = names.get(token["font"], [])
            if not maps:
                raise ValueError("a font without characters")
        elif token["move"]:
            parts += ["".join(reading) for reading in readings]
            readings = []
        else:
            codes, place = _codes(token, stream)
            readings = readings or [[] for _ in maps]
            for reading, font in zip(readings, maps, strict=False):
                reading += [font.get(code, "\ufffd") for code in _pairs(codes)]
    return "\n".join([*parts, *("".join(reading) for reading in readings)])


def _codes(token: re.Match[bytes], stream: bytes) -> tuple[bytes, int]:
    """Give the bytes of a shown string, and where it ends."""
    if token["plain"] is not None:
        return _ESCAPE.sub(_unescape, token["plain"]), token.end()
    if token["nested"]:
        return _literal(stream, token.end())
    return bytes.fromhex(token["hex"].decode()), token.end()


def _pairs(codes: bytes) -> Iterator[int]:
    return (high << 8 | low for high, low in zip(codes[::2], codes[1::2], strict=False))


def _literal(source: bytes, start: int) -> tuple[bytes, int]:
    """Read a string in parentheses, which may stand in one another; give its end too."""
    depth, place = 1, start
    while depth:
        found = _PAREN.search(source, place)
        if not found:
            raise ValueError("a string without end")
        depth += {b"(": 1, b")": -1}.get(found.group(), 0)
        place = found.end()
    return _ESCAPE.sub(_unescape, source[start : place - 1]), place


def _unescape(escape: re.Match[bytes]) -> bytes:
    octal, character = escape.groups()
    if octal:
        return bytes([int(octal, 8) & 255])
    return b"" if character in (b"\n", b"\r\n") else _ESCAPED.get(character, character)


def _strings(head: bytes) -> Iterator[str]:
    """Read the strings of an object: alternative texts, bookmarks, names."""
    place = 0
    while token := _STRING.search(head, place):
        place = token.end()
        if token.group(1) is not None:
            digits = re.sub(rb"\s", b"", token.group(1)).decode()
            text = bytes.fromhex(digits + "0" * (len(digits) % 2))
        else:
            text, place = _literal(head, place)
        if text.startswith(b"\xfe\xff"):
            yield text[2:].decode("utf-16-be", errors="replace")
        else:
            yield text.decode("utf-8", errors="replace")
