"""How drawings look: one font by its path, two colours and grey, shapes beside colours.

Nothing global is touched: no font cache is asked, no rcParams stay changed, no pyplot state. The
same drawing gives the same bytes.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from analysis import wire
from analysis.errors import RenderError

BLUE = "#12436D"
ORANGE = "#F46A25"
GREY = "#6B7280"
FAINT = "#D5D9DF"
INK = "#1F2933"

WIDTH_CM = 16.2
SIZE = 8.5
SMALL = 8.0
LINE = 1.35

MARKERS: dict[str, dict[str, Any]] = {
    "met": {"marker": "o", "color": BLUE, "fill": BLUE},
    "likely_met": {"marker": "o", "color": BLUE, "fill": "white"},
    "likely_not_met": {"marker": "D", "color": ORANGE, "fill": "white"},
    "not_met": {"marker": "D", "color": ORANGE, "fill": ORANGE},
    "cannot_say": {"marker": "X", "color": GREY, "fill": GREY},
    "not_applicable": {"marker": "s", "color": GREY, "fill": "white"},
    "": {"marker": "o", "color": BLUE, "fill": BLUE},
}
"""How a verdict is drawn: shape first, so that it holds without colour."""

_SETTINGS: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "junheng",
    "svg.image_inline": True,
    "path.simplify": False,
    "text.usetex": False,
    "text.parse_math": False,
}
_PIECE = re.compile(
    r"（[^（）\s]{1,12}）|[（“《]*(?:[^\s\u2e80-\uffff“”]+|[^\s“”]|(?<=[（“《])[“”])[，。；：、）”》？！％]*\s*"
)
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}
_CLUTTER = re.compile(r"<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", re.S)
_GLYPH = re.compile(r'<path id="([^"]+)" d="([^"]+)" transform="scale\(([0-9.]+)\)"')
_FONT_NAME = re.compile(r"NotoSansSC-Regular-(?=[0-9a-f]+\")")
_OUTLINE = re.compile(r'(?<= d=")[^"]+')
_LONG = re.compile(r"scale\([^)]*\)|(\d+\.\d\d)\d+")


@contextmanager
def drawing() -> Iterator[None]:
    """Hold the settings of a drawing, whatever the user's own are, and only while it is drawn."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def new_figure(height_cm: float) -> Figure:
    """Make an empty drawing as wide as the text of a page."""
    return Figure(figsize=(WIDTH_CM / 2.54, height_cm / 2.54), facecolor="white")


def to_svg(figure: Figure) -> str:
    """Write a drawing as SVG without date, author, comments, or digits that nobody can see."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata=_NOTHING)
    svg = _FONT_NAME.sub("g", _CLUTTER.sub("", stream.getvalue()))
    svg = _OUTLINE.sub(lambda d: re.sub(r"\s*([A-Za-z])\s*", r"\1", d[0]).strip(), svg)
    svg = _LONG.sub(lambda number: number[1] or number[0], _GLYPH.sub(_coarser, svg))
    return re.sub(r">\s+<", "><", re.sub(r"\s*\n\s*", " ", svg)).strip() + "\n"


def _coarser(glyph: re.Match[str]) -> str:
    """Write a glyph's outline in 640 steps an em instead of 6,400: a third of the bytes."""
    outline = re.sub(r"-?\d+(\.\d+)?", lambda n: str(round(float(n[0]) / 10)), glyph[2])
    return f'<path id="{glyph[1]}" d="{outline}" transform="scale({float(glyph[3]) * 10:.6g})"'


def font(text: str, field: str, size: float = SIZE) -> FontProperties:
    """Choose the fonts for a text: ours, and for what it lacks those that the user gave.

    Parameters
    ----------
    text
        What is to be drawn.
    field
        Where it comes from, for the message.
    size
        In points.

    Raises
    ------
    RenderError
        If no font has one of its characters: it would become a box.

    Examples
    --------
    >>> font("鄠邑区 4.2", "county").get_size()
    8.5
    """
    files = [font_paths()[0]]
    lacking = _lacking(text, files[0])
    for path in font_paths()[1:]:
        left = _lacking(lacking, path)
        if left != lacking:
            files.append(path)
            lacking = left
    if not lacking:
        return _Fonts(files, size)
    points = ", ".join(f"U+{ord(character):04X}" for character in lacking)
    raise RenderError(
        f"字体缺少字符 {points}（{field}）；请用 --font 提供字体文件",
        f"no font has {points} ({field}); give a font file with --font",
    )


class _Fonts(FontProperties):
    """Font files by their paths, asked one after the other for each character.

    Matplotlib asks families one after the other and takes a file alone: here the files are the
    families, so that a line with one rare character keeps the usual font for all others.
    """

    def __init__(self, files: Sequence[Path], size: float) -> None:
        super().__init__(family=[str(file) for file in files], fname=str(files[0]), size=size)

    def set_family(self, family: str | Iterable[str] | None) -> None:
        super().set_family(family)
        self.set_file(self.get_family()[0])

    def __copy__(self) -> _Fonts:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new


def font_paths() -> tuple[Path, ...]:
    """Give the font files, the shipped one first."""
    more = os.environ.get(wire.FONTS_VARIABLE, "")
    shipped = Path(pylopdf_fonts_zh_cn.sans_path())
    return (shipped, *(Path(path) for path in more.split(os.pathsep) if path))


def text_width(text: str, size: float = SIZE) -> float:
    """Measure a text in points.

    >>> text_width("均衡", 10.0)
    20.0
    """
    advances, units = _metrics(font_paths()[0])
    return sum(advances.get(ord(c), units) for c in text) / units * size


def wrap(text: str, width: float, size: float = SIZE) -> list[str]:
    """Break a text into lines no wider than `width` points.

    Chinese breaks anywhere but before a closing or behind an opening mark, the rest at spaces.

    >>> wrap("Teachers above the norm", 60.0, 10.0), wrap("生均面积（平方米）", 50.0, 10.0)
    (['Teachers', 'above the', 'norm'], ['生均面积', '（平方米）'])
    """
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and text_width(lines[-1] + piece.rstrip(), size) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _lacking(text: str, path: Path) -> str:
    advances, _ = _metrics(path)
    return "".join(sorted({c for c in text if ord(c) not in advances and c not in "\n"}))


@cache
def _metrics(path: Path) -> tuple[dict[int, int], int]:
    """Read which characters a font has, and how wide they are."""
    try:
        with path.open("rb") as stream, TTFont(stream, lazy=True, fontNumber=0) as opened:
            widths, cmap = opened["hmtx"].metrics, opened.getBestCmap()
            advances = {code: widths[name][0] for code, name in cmap.items()}
            return advances, opened["head"].unitsPerEm
    except Exception as error:
        raise RenderError(
            f"无法读取字体文件 {path.name}", f"cannot read the font file {path.name}"
        ) from error
