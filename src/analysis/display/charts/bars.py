"""Horizontal bars: the schools that make a difference, and simple counts by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from analysis.display import theme
from analysis.display.charts.canvas import LEADING, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, present
from analysis.display.view import View

_WIDEST_NAME = 5.6
_VALUES = 1.9
_STEP = 0.62


@theme.drawing()
def contribution_bars(
    view: View,
    figure: str,
    indicators: Sequence[str] | None = None,
    *,
    part: Literal["share", "influence"] = "share",
    top: int = 5,
    stage: str | None = None,
) -> Blocks:
    """Draw the schools that contribute most to the difference in an indicator.

    Parameters
    ----------
    view, figure
        What may be shown, and the name of the figure.
    indicators
        Which (``<id>`` without the part); by default the one whose coefficient is the highest.
    part
        ``"share"`` of the variance, or ``"influence"`` on the coefficient.
    top
        How many schools.
    stage
        One stage; by default a figure for each.
    """
    made: Blocks = ()
    for one in view.stages_of(stage):
        for id in indicators or _worst(view, one):
            rows = view.rows(f"{id}.{part}", stage=one, by="school")
            ranked = sorted(
                filter(present, rows), key=lambda row: (-abs(row["value"]), row["subject"])
            )
            name = figure if not indicators or len(indicators) == 1 else f"{figure}-{id}"
            words = {"indicator": view.base_name(id)}
            if not ranked:
                made += without(view, name, "shares", one, rows, words)
                continue
            shown = ranked[:top]
            most = view.number(shown[0]["value"], shown[0]["indicator"])
            canvas = _draw(view, shown, f"{view.released.name}.school")
            made += (
                finish(
                    view,
                    name,
                    "shares",
                    one,
                    canvas,
                    shown,
                    values={**words, "bars": len(shown), "most": most},
                ),
            )
    return made


@theme.drawing()
def bars(view: View, figure: str, indicator: str, by: str, *, stage: str | None = None) -> Blocks:
    """Draw one bar a subject of a dimension, in the order of the finding (ages, kinds, zones).

    Parameters
    ----------
    view, figure, stage
        As for `contribution_bars`.
    indicator, by
        What is counted, and by which dimension.
    """
    made: Blocks = ()
    stages = view.stages_of(stage)
    for one in stages if any(indicator in view.ids("", s, by) for s in stages) else ("",):
        rows = view.rows(indicator, stage=one, by=by)
        shown = [row for row in rows if present(row)]
        words = {"indicator": view.name(indicator)}
        if not shown:
            made += without(view, figure, "bars", one, rows, words)
            continue
        largest = max(shown, key=lambda row: float(row["value"]))
        values = {
            **words,
            "at": shown[0]["at"],
            "unit": view.unit(indicator) or None,
            "bars": len(shown),
            "largest": view.label(by, largest["subject"]),
            "most": view.number(largest["value"], indicator),
        }
        canvas = _draw(view, shown, f"{view.released.name}.{by}")
        made += (finish(view, figure, "bars", one, canvas, shown, values=values),)
    return made


def _draw(view: View, rows: Sequence[Row], field: str) -> Canvas:
    labels = [view.label(row["by"], row["subject"]) for row in rows]
    names = [Canvas.broken(label, _WIDEST_NAME) for label in labels]
    heights = [max(_STEP, len(lines) * LEADING + 0.2) for lines in names]
    canvas = Canvas(sum(heights) + 0.2, field)
    widest = max(theme.text_width(line) * POINT for lines in names for line in lines)
    values = [float(row["value"]) for row in rows]
    left, right = widest + 0.4, canvas.width - _VALUES
    below = 1.6 if min(values) < 0 else 0.0
    scale = Scale(min(0.0, *values), max(0.0, *values) or 1.0, left + below, right)
    y = 0.1
    for row, lines, height in zip(rows, names, heights, strict=True):
        middle = y + height / 2
        for number, line in enumerate(lines):
            canvas.text(
                widest + 0.2,
                middle + (number - (len(lines) - 1) / 2) * LEADING,
                line,
                align="right",
            )
        value, text = float(row["value"]), view.value(row)
        color = theme.BLUE if value >= 0 else theme.ORANGE
        canvas.bar(scale(0.0), scale(value), middle, 0.34, color)
        if value >= 0:
            canvas.text(scale(value) + 0.12, middle, text)
        else:
            canvas.text(scale(value) - 0.12, middle, text, align="right")
        y += height
    canvas.line([scale(0.0)] * 2, [0.05, y], width=0.6)
    return canvas


def _worst(view: View, stage: str) -> tuple[str, ...]:
    rows = [row for id in view.ids(".coefficient", stage) if (row := view.row(id, stage=stage))]
    known = [row for row in rows if present(row)]
    if not known:
        return ()
    return (str(max(known, key=lambda row: float(row["value"]))["indicator"]).split(".")[0],)
