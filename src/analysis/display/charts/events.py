"""Effects by years since something began: dots with ranges around nought, the years before shaded."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.display import theme
from analysis.display.charts.canvas import DASHED, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, is_number, present
from analysis.display.view import View
from analysis.i18n import show

_TOP, _PLOT, _LEFT = 1.15, 5.6, 1.9
_SHADE = "#F1F3F5"
_REFERENCE = -1


@theme.drawing()
def event_study(
    view: View, figure: str, indicator: str, *, by: str, band: str = "", stage: str | None = None
) -> Blocks:
    """Draw an event study: a dot with its range a year, nought, and where the start lies.

    Parameters
    ----------
    view, figure, stage
        What may be shown, the name of the figure, and one stage alone.
    indicator
        Its rows by this dimension have years since the start as subjects (``-2``, ``0``, ``1``).
        The year before the start, held against all others, is drawn hollow at nought.
    by
        The dimension.
    band
        Indicator of the ranges that hold for all years at once, if there is one.
    """
    made: Blocks = ()
    for one in view.stages_of(stage):
        rows = sorted(view.rows(indicator, stage=one, by=by), key=_since)
        drawn = [row for row in rows if present(row)]
        values = {"before": sum(_since(row) < 0 for row in drawn),
                  "after": sum(_since(row) >= 0 for row in drawn)}  # fmt: skip
        if not drawn:
            made += without(view, figure, "events", one, rows, values)
            continue
        around = [row for row in view.rows(band, stage=one, by=by) if _ranged(row)] if band else []
        canvas = _draw(view, drawn, around, indicator)
        shown = [*drawn, *around]
        made += (finish(view, figure, "events", one, canvas, shown, ranges=True, values=values),)
    return made


def _draw(view: View, rows: Sequence[Row], around: Sequence[Row], indicator: str) -> Canvas:
    canvas = Canvas(_TOP + _PLOT + 1.3, f"{view.released.name}.{indicator}")
    ends = [row[field] for row in [*rows, *around] for field in ("value", "value_low", "value_high")
            if is_number(row[field])]  # fmt: skip
    up = Scale.over([*ends, 0.0], _TOP + _PLOT, _TOP)
    since = [_REFERENCE, *map(_since, rows)]
    across = Scale(min(since) - 0.6, max(since) + 0.6, _LEFT, canvas.width - 0.3)
    _draw_ground(canvas, view, across, up)
    for row in around:
        canvas.range(across(_since(row)), up(row["value_low"]), up(row["value_high"]))
    for row in rows:
        if _ranged(row):
            ends_of = [up(row["value_low"]), up(row["value_high"])]
            canvas.line([across(_since(row))] * 2, ends_of, color=theme.BLUE, width=2.0)
    canvas.dots(
        [across(_since(row)) for row in rows], [up(row["value"]) for row in rows], "met", 5.5
    )
    canvas.dots([across(_REFERENCE)], [up(0.0)], "met", 5.5, hollow=True)
    for n in range(min(since), max(since) + 1):
        canvas.text(across(n), up.start + 0.32, str(n).replace("-", "−"), size=theme.SMALL,
                    align="center", color=theme.GREY)  # fmt: skip
    words = view.word("display.chart.since")
    canvas.text(across.end, up.start + 0.85, words, size=theme.SMALL, align="right")
    canvas.key(0.1, 0.25, _key(view, bool(around)))
    return canvas


def _draw_ground(canvas: Canvas, view: View, across: Scale, up: Scale) -> None:
    """Draw the years before shaded, the start, nought, and the scale of values."""
    start = across(_REFERENCE + 0.5)
    canvas.bar(across.start, start, (up.start + up.end) / 2, up.start - up.end, _SHADE)
    canvas.line([start] * 2, [up.start, up.end - 0.1], color=theme.INK, dash=DASHED)
    canvas.text(start + 0.1, up.end - 0.1, view.word("display.chart.start"), size=theme.SMALL)
    canvas.line([across.start, across.end], [up(0.0)] * 2, color=theme.INK, width=0.8)
    for tick in up.ticks:
        canvas.text(_LEFT - 0.2, up(tick), show(tick, "g"), size=theme.SMALL, align="right",
                    color=theme.GREY)  # fmt: skip


def _key(view: View, around: bool) -> list[tuple[str, str]]:
    entries = [("met", view.word("display.chart.estimate")),
               ("-", view.word("display.chart.range"))]  # fmt: skip
    if around:
        entries.append(("I", view.word("display.chart.band")))
    return entries


def _since(row: Row) -> int:
    return int(row["subject"])


def _ranged(row: Row) -> bool:
    return is_number(row["value_low"]) and is_number(row["value_high"])
