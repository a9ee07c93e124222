"""Units by their size against what chance alone would give: a funnel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.display import theme
from analysis.display.charts.canvas import DASHED, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, is_number, present
from analysis.display.view import View
from analysis.i18n import show

_PLOT = 6.2
_TOP = 1.1
_LEFT = 1.9


@theme.drawing()
def funnel(
    view: View, figure: str, indicator: str, *, by: str = "school", stage: str | None = None
) -> Blocks:
    """Draw units as dots, size across and ratio up, each on the range that chance alone reaches.

    Parameters
    ----------
    view, figure, stage
        What may be shown, the name of the figure, and one stage alone.
    indicator
        Ratios; a row's ``n`` is its size, ``value_low`` and ``value_high`` what chance alone gives
        a unit as large. Units outside of that are named.
    by
        The dimension.
    """
    made: Blocks = ()
    for one in view.stages_of(stage):
        rows = view.rows(indicator, stage=one, by=by)
        drawn = [row for row in rows if present(row) and is_number(row["n"])]
        outside = [row for row in drawn if _is_outside(row)]
        counts = {"dots": len(drawn), "outside": len(outside)}
        if not drawn:
            made += without(view, figure, "funnel", one, rows, counts)
            continue
        canvas = _draw(view, sorted(drawn, key=lambda row: float(row["n"])), indicator)
        made += (finish(view, figure, "funnel", one, canvas, drawn, values=counts),)
    return made


def _is_outside(row: Row) -> bool:
    return bool(row["value"] < row["value_low"] or row["value"] > row["value_high"])


def _draw(view: View, rows: Sequence[Row], indicator: str) -> Canvas:
    canvas = Canvas(_TOP + _PLOT + 1.5, f"{view.released.name}.{indicator}")
    size = [float(row["n"]) for row in rows]
    ends = [row[field] for row in rows for field in ("value", "value_low", "value_high")]
    across = Scale.over(size, _LEFT, canvas.width - 1.6, zero=True)
    up = Scale.over([*ends, 1.0], _TOP + _PLOT, _TOP, zero=True)
    canvas.key(0.1, 0.25, _key(view))
    for tick in up.ticks:
        canvas.text(_LEFT - 0.3, up(tick), show(tick, "g"), size=theme.SMALL, align="right",
                    color=theme.GREY)  # fmt: skip
    canvas.line([across.start, across.end], [up(1.0)] * 2, width=0.8)
    for row in rows:
        ends_of = [up(float(row[field])) for field in ("value_low", "value_high")]
        canvas.line([across(float(row["n"]))] * 2, ends_of, dash=DASHED)
    canvas.axis(across, up.start + 0.15)
    words = view.word("display.chart.size")
    canvas.text(across.end, up.start + 0.95, words, size=theme.SMALL, align="right")
    for outside, look in ((False, ""), (True, "not_met")):
        mine = [row for row in rows if _is_outside(row) == outside]
        canvas.dots(
            [across(float(row["n"])) for row in mine],
            [up(float(row["value"])) for row in mine], look,
        )  # fmt: skip
    for row in (row for row in rows if _is_outside(row)):
        _name(canvas, view, row, across, up)
    return canvas


def _name(canvas: Canvas, view: View, row: Row, across: Scale, up: Scale) -> None:
    """Write a unit's name beside its dot, on the side where there is room."""
    name = view.label(row["by"], row["subject"])
    x, y = across(float(row["n"])), up(float(row["value"]))
    fits = x + 0.2 + theme.text_width(name, theme.SMALL) * POINT < canvas.width
    canvas.text(x + (0.2 if fits else -0.2), y, name, size=theme.SMALL,
                align="left" if fits else "right")  # fmt: skip


def _key(view: View) -> Iterator[tuple[str, str]]:
    yield "", view.word("display.chart.inside")
    yield "not_met", view.word("display.chart.outside")
    yield "|", view.word("display.chart.by_chance")
