"""The same number asked in several ways: dots with ranges around nought, one a line."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.display import theme
from analysis.display.charts.canvas import LEADING, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, is_number, present
from analysis.display.view import View

_NAMES = 5.6
_TOP = 0.75


@theme.drawing()
def range_dots(
    view: View, figure: str, indicator: str, *, by: str, main: str = "", stage: str | None = None
) -> Blocks:
    """Draw a subject a line: its name, its dot and range, nought, and the number in words.

    Parameters
    ----------
    view, figure, stage
        What may be shown, the name of the figure, and one stage alone.
    indicator, by
        Which rows, in the order of the table.
    main
        The subject that the others are held against: it is drawn full, they hollow. Without one all
        are full.
    """
    made: Blocks = ()
    for one in view.stages_of(stage):
        rows = view.rows(indicator, stage=one, by=by)
        drawn = [row for row in rows if present(row)]
        values = {"dots": len(drawn)}
        if not drawn:
            made += without(view, figure, "ranges", one, rows, values)
            continue
        canvas = _draw(view, drawn, indicator, main)
        made += (finish(view, figure, "ranges", one, canvas, drawn, ranges=True, values=values),)
    return made


def _draw(view: View, rows: Sequence[Row], indicator: str, main: str) -> Canvas:
    names = [Canvas.broken(view.label(row["by"], row["subject"]), _NAMES - 0.3) for row in rows]
    heights = [max(0.62, len(name) * LEADING + 0.2) for name in names]
    canvas = Canvas(_TOP + sum(heights) + 0.75, f"{view.released.name}.{indicator}")
    ends = [row[field] for row in rows for field in ("value", "value_low", "value_high")
            if is_number(row[field])]  # fmt: skip
    said = [_say(view, row, indicator) for row in rows]
    words = canvas.width - max(theme.text_width(text) for text in said) * POINT - 0.1
    scale = Scale.over([*ends, 0.0], _NAMES, words - 0.3)
    bottom = _TOP + sum(heights)
    canvas.key(0.1, 0.25, [("met", view.word("display.chart.estimate")),
                           ("-", view.word("display.chart.range"))])  # fmt: skip
    canvas.axis(scale, bottom + 0.1)
    canvas.line([scale(0.0)] * 2, [_TOP - 0.1, bottom + 0.1], color=theme.INK, width=0.8)
    y = _TOP
    for row, name, height, told in zip(rows, names, heights, said, strict=True):
        middle = y + height / 2
        for place, line in enumerate(name):
            canvas.text(0.1, middle + (place - (len(name) - 1) / 2) * LEADING, line)
        if is_number(row["value_low"]) and is_number(row["value_high"]):
            reach = [scale(row["value_low"]), scale(row["value_high"])]
            canvas.line(reach, [middle] * 2, width=1.6)
        canvas.dots(
            [scale(row["value"])], [middle], "met", 5.5, hollow=main not in ("", row["subject"])
        )
        canvas.text(words, middle, told)
        y += height
    return canvas


def _say(view: View, row: Row, indicator: str) -> str:
    """Write the number of a line, with its range where it has one."""
    number = view.flagged(view.number(row["value"], indicator), row["flag"])
    reach = view.range(row)
    return view.word("display.flagged", number=number, flag=reach) if reach else number
