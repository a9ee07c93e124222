"""A sheet to draw on, measured in centimetres from its upper left corner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.ticker import MaxNLocator

from analysis.display import theme
from analysis.i18n import show

POINT = 2.54 / 72
LEADING = 0.40
Dash = tuple[float, tuple[float, float]]
DASHED: Dash = (0, (3.0, 2.0))


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale between two places of the sheet.

    >>> Scale(0.0, 10.0, 2.0, 4.0)(5.0)
    3.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers within the scale, at least two unless it is very short."""
        values = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        slack = (self.high - self.low) * 1e-9
        return [float(f"{v:.10g}") for v in values if self.low - slack <= v <= self.high + slack]

    @classmethod
    def over(
        cls, values: Iterable[float], start: float, end: float, *, zero: bool = False
    ) -> Scale:
        """Make the scale that holds these values with a little room; `zero` begins it at zero."""
        finite = np.asarray([value for value in values if np.isfinite(value)], dtype=float)
        low, high = float(finite.min()), float(finite.max())
        room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        if zero and low >= 0:
            return cls(0.0, high + room, start, end)
        low = 0.0 if 0 <= low < room else low - room
        return cls(low, high + room, start, end)


class Canvas:
    """A sheet as wide as the text of a page.

    Parameters
    ----------
    height
        In centimetres.
    field
        What is drawn, for messages about characters that no font has.
    """

    def __init__(self, height: float, field: str) -> None:
        self.width, self.height, self.field = theme.WIDTH_CM, height, field
        self.figure = theme.new_figure(height)
        self._axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set(xlim=(0, self.width), ylim=(height, 0))
        self._axes.set_axis_off()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = theme.SIZE,
        align: Literal["left", "center", "right"] = "left",
        color: str = theme.INK,
    ) -> None:
        """Write one line, `y` being the middle of its height."""
        self._axes.text(
            x, y, text, ha=align, va="center_baseline", color=color, parse_math=False,
            fontproperties=theme.font(text, self.field, size),
        )  # fmt: skip

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        width: float,
        *,
        align: Literal["left", "right"] = "left",
    ) -> int:
        """Write text broken at `width`, its first line at `y`; give the number of lines."""
        lines = self.broken(text, width)
        for number, line in enumerate(lines):
            self.text(x, y + number * LEADING, line, align=align)
        return len(lines)

    @staticmethod
    def broken(text: str, width: float) -> list[str]:
        """Break text to a width in centimetres."""
        return theme.wrap(text, width / POINT)

    def line(
        self, x: Sequence[float], y: Sequence[float], *, color: str = theme.GREY,
        width: float = 0.8, dash: Dash | None = None,
    ) -> None:  # fmt: skip
        """Draw a line through points; a missing one breaks it."""
        self._axes.plot(
            x,
            y,
            color=color,
            linewidth=width,
            linestyle=dash or "-",
            solid_capstyle="butt",
            clip_on=False,
        )

    def dots(
        self, x: Sequence[float], y: Sequence[float], look: str, size: float = 4.5, *,
        hollow: bool = False,
    ) -> None:  # fmt: skip
        """Draw the marks of a verdict (`theme.MARKERS`), `size` points across."""
        mark = theme.MARKERS[look]
        self._axes.plot(
            x, y, linestyle="none", marker=mark["marker"], markersize=size,
            markerfacecolor="white" if hollow else mark["fill"], markeredgecolor=mark["color"], markeredgewidth=0.9,
            clip_on=False,
        )  # fmt: skip

    def bar(self, start: float, end: float, y: float, thick: float, color: str) -> None:
        self._axes.barh(
            [y], [end - start], left=start, height=thick, color=color, linewidth=0, clip_on=False
        )

    def range(self, x: float, low: float, high: float, *, cap: float = 0.12) -> None:
        """Draw an upright thin line with a cap at both ends."""
        self.line([x, x], [low, high], width=0.7)
        for end in (low, high):
            self.line([x - cap, x + cap], [end, end], width=0.7)

    def axis(self, scale: Scale, y: float) -> None:
        """Draw a horizontal scale with round numbers below it, none on another."""
        self.line([scale.start, scale.end], [y, y], width=0.6)
        free = -np.inf
        for tick in scale.ticks:
            label, place = show(tick, "g"), scale(tick)
            half = theme.text_width(label, theme.SMALL) * POINT / 2
            self.line([place, place], [y, y + 0.08], width=0.6)
            # Nothing over the edge of the sheet, nor on the scale beside this one.
            fits = place + half <= min(self.width, scale.end + 0.25) or place - half <= scale.start
            if place - half > free and fits:
                self.text(
                    place, y + 0.28, label, size=theme.SMALL, align="center", color=theme.GREY
                )
                free = place + half + 0.1

    def key(self, x: float, y: float, entries: Iterable[tuple[str, str]]) -> None:
        """Draw the key: a mark or a line and its words.

        Lines: ``"|"`` dashed, ``"'"`` tick, ``"-"`` range, ``"I"`` range with caps.
        """
        for look, words in entries:
            if look == "|":
                self.line([x + 0.15] * 2, [y - 0.2, y + 0.2], color=theme.INK, dash=DASHED)
            elif look == "'":
                self.line([x + 0.15] * 2, [y - 0.12, y + 0.12], color=theme.INK, width=1.8)
            elif look == "I":
                self.range(x + 0.15, y - 0.15, y + 0.15)
            elif look == "-":
                self.line([x, x + 0.4], [y, y], color=theme.GREY, width=1.6)
            else:
                self.dots([x + 0.15], [y], look)
            self.text(x + (0.5 if look == "-" else 0.35), y, words, size=theme.SMALL)
            x += theme.text_width(words, theme.SMALL) * POINT + 0.9

    def svg(self) -> str:
        return theme.to_svg(self.figure)
