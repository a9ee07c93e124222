"""The fonts a report is set in, found without the network, and what they can show."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTCollection, TTFont, TTLibError

from analysis.errors import RenderError, UsageError

SERIF = "Noto Serif SC"
SANS = "Noto Sans SC"
_SPACES = frozenset("\n\t\u2009\u202f")


def coverage(fonts: tuple[Path, ...] = ()) -> frozenset[int]:
    """Give the code points that our fonts and these can show.

    >>> ord("鄠") in coverage(), ord("𠮷") in coverage()
    (True, False)
    """
    return frozenset().union(*(_points(path) for path in (*_ours(), *fonts)))


def check_characters(texts: Mapping[str, str], fonts: tuple[Path, ...] = ()) -> None:
    """Refuse text with a character that no font has, never printing a box.

    Parameters
    ----------
    texts
        Text by the place it stands in.
    fonts
        Font files beside ours.

    Raises
    ------
    RenderError
        Naming each code point and where it stands.
    """
    known = coverage(fonts)
    missing: dict[str, list[str]] = {}
    for place, text in texts.items():
        for character in sorted(set(text) - _SPACES):
            if ord(character) not in known and not _silent(character):
                missing.setdefault(f"U+{ord(character):04X}", []).append(place)
    if missing:
        found = "; ".join(f"{point} ({', '.join(places)})" for point, places in missing.items())
        raise RenderError(
            f"字体中没有这些字符：{found}。请用 --font 指定一个含有它们的字体文件",
            f"no font has these characters: {found}. Give a font file that has them with --font",
        )


@cache
def open_fonts(fonts: tuple[Path, ...] = ()) -> typst.Fonts:
    """Open our fonts and these for Typst; the system's are not looked at."""
    return _open((*_ours(), *fonts))


def families(fonts: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """Name the families of font files, in their order, for the end of the fallback list.

    Raises
    ------
    UsageError
        If a file is no font that Typst can use.
    """
    named: dict[str, None] = {}
    for font in fonts:
        found = _open((font,)).families()
        if not found:
            raise _unreadable(font)
        named.update(dict.fromkeys(found))
    return tuple(named)


def _ours() -> tuple[Path, Path]:
    return pylopdf_fonts_zh_cn.serif_path(), pylopdf_fonts_zh_cn.sans_path()


def _open(files: Iterable[Path]) -> typst.Fonts:
    """Open exactly these files: Typst looks through folders, so they are linked into one."""
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            Path(folder, f"{number}{file.suffix}").symlink_to(file.resolve())
        return typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
        )


def _silent(character: str) -> bool:
    """Tell whether a character has no shape of its own: joiners, selectors, direction marks."""
    selector = "\ufe00" <= character <= "\ufe0f"
    return selector or (unicodedata.category(character) == "Cf" and character != "\ufeff")


@cache
def _points(path: Path) -> frozenset[int]:
    try:
        with path.open("rb") as stream:
            faces = TTCollection(stream).fonts if _is_collection(stream) else [TTFont(stream)]
            return frozenset().union(*(face.getBestCmap() or {} for face in faces))
    except (OSError, TTLibError) as error:
        raise _unreadable(path) from error


def _is_collection(stream: BinaryIO) -> bool:
    tag = stream.read(4)
    stream.seek(0)
    return tag == b"ttcf"


def _unreadable(path: Path) -> UsageError:
    return UsageError(f"无法使用字体文件 {path.name}", f"cannot use the font file {path.name}")
