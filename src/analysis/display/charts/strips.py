"""Many units against a threshold: ranked dots, one small chart an indicator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.display import theme
from analysis.display.charts.canvas import DASHED, LEADING, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, flag, present
from analysis.display.view import View
from analysis.i18n import show

_GUTTER = 0.6
_PLOT = 2.2
_FOOT = 0.95
_ACROSS = 3
_MANY = 7
"""From so many on, one more stands side by side."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One indicator: its rows by rank, how many more have no value, and its limit."""

    indicator: str
    rows: tuple[Row, ...]
    missing: int
    limit: float | None
    limit_row: Row | None

    @property
    def values(self) -> list[float]:
        return [float(row["value"]) for row in self.rows]


@theme.drawing()
def dot_strips(
    view: View,
    figure: str,
    indicators: Sequence[str] | None = None,
    *,
    by: str = "school",
    stage: str | None = None,
) -> Blocks:
    """Draw every unit as a dot, ranked from low to high, one strip an indicator.

    Parameters
    ----------
    view, figure
        What may be shown, and the name of the figure.
    indicators
        Which; by default all that have rows by this dimension and are no part of another.
    by
        The dimension.
    stage
        One stage; by default a figure for each.
    """
    return tuple(
        block
        for one in view.stages_of(stage)
        for block in _stage(view, figure, indicators, by, one)
    )


def _stage(
    view: View, figure: str, indicators: Sequence[str] | None, by: str, stage: str
) -> Blocks:
    here = view.ids("", stage, by)
    chosen = [id for id in (indicators or here) if id in here and (indicators or "." not in id)]
    chosen = [id for id in chosen if indicators or _has_parts(view, id)] or chosen
    panels = [panel for id in chosen if (panel := _panel(view, id, stage, by)).rows]
    if not panels:
        rows = [row for id in chosen for row in view.rows(id, stage=stage, by=by)]
        return without(view, figure, "strips", stage, rows, _counts(panels))
    canvas = _draw(view, panels, f"{view.released.name}.{by}")
    shown = [row for panel in panels for row in (*panel.rows, *_some(panel.limit_row))]
    return (finish(view, figure, "strips", stage, canvas, shown, values=_counts(panels)),)


def _has_parts(view: View, id: str) -> bool:
    """Tell whether an indicator is one of those the question is about: it has a coefficient."""
    return any(indicator.id == f"{id}.coefficient" for indicator in view.released.indicators)


def _panel(view: View, id: str, stage: str, by: str) -> Panel:
    found = view.rows(id, stage=stage, by=by)
    known = [row for row in found if present(row)]
    ranked = tuple(sorted(known, key=lambda row: float(row["value"])))  # equal ones as released
    return Panel(
        indicator=id,
        rows=ranked,
        missing=sum(flag(row) == "x" for row in found),
        limit=view.limit(id, stage),
        limit_row=view.row(id, stage=stage, by="limit", subject="threshold"),
    )


def _draw(view: View, panels: Sequence[Panel], field: str) -> Canvas:
    across = {1: 1, 2: 2, 4: 2}.get(len(panels), _ACROSS + (len(panels) >= _MANY))
    width = (theme.WIDTH_CM - 0.2 - (across - 1) * _GUTTER) / across
    bands = [panels[start : start + across] for start in range(0, len(panels), across)]
    heads = [
        max(len(_heading(view, panel, width)) for panel in band) * LEADING + 0.75 for band in bands
    ]
    top = 0.75
    canvas = Canvas(top + sum(head + _PLOT + _FOOT for head in heads), field)
    canvas.key(0.1, 0.25, _key(view, panels))
    for head, band in zip(heads, bands, strict=True):
        for column, panel in enumerate(band):
            left = 0.1 + column * (width + _GUTTER)
            _draw_panel(canvas, view, panel, (left, left + width, top, top + head))
        top += head + _PLOT + _FOOT
    return canvas


def _heading(view: View, panel: Panel, width: float) -> list[str]:
    lines = Canvas.broken(view.titled(panel.indicator), width - 0.1)
    if panel.missing:
        lines.append(view.word("display.chart.missing", n=panel.missing))
    return lines


def _draw_panel(
    canvas: Canvas, view: View, panel: Panel, place: tuple[float, float, float, float]
) -> None:
    left, right, top, upper = place
    for number, line in enumerate(_heading(view, panel, right - left)):
        canvas.text(left, top + 0.2 + number * LEADING, line)
    lower = upper + _PLOT
    limits = [panel.limit] if panel.limit is not None else []
    scale = Scale.over([*panel.values, *limits], left + 0.1, right - 0.1)
    canvas.axis(scale, lower + 0.12)
    if panel.limit is not None:
        x = scale(panel.limit)
        canvas.line([x, x], [upper - 0.1, lower + 0.12], color=theme.INK, dash=DASHED)
        words = view.word("display.chart.threshold", value=show(panel.limit, "g"))
        half = theme.text_width(words, theme.SMALL) * POINT / 2
        x = float(np.clip(x, left + half, right - half))
        canvas.text(x, upper - 0.28, words, size=theme.SMALL, align="center")
    _draw_dots(canvas, view, panel, scale, upper, lower)
    median = scale(float(np.median(panel.values)))
    canvas.line([median] * 2, [lower - 0.18, lower + 0.12], color=theme.INK, width=1.8)


def _draw_dots(
    canvas: Canvas, view: View, panel: Panel, scale: Scale, upper: float, lower: float
) -> None:
    number = len(panel.rows)
    size = float(np.clip(90 / number, 2.2, 4.5))
    ranks = np.linspace(lower - 0.1, upper + 0.1, number) if number > 1 else [(lower + upper) / 2]
    looks = [view.verdict(row) for row in panel.rows]
    for look in dict.fromkeys(looks):
        mine = [n for n in range(number) if looks[n] == look]
        canvas.dots(
            [scale(panel.values[n]) for n in mine], [float(ranks[n]) for n in mine], look, size
        )


def _key(view: View, panels: Sequence[Panel]) -> Iterator[tuple[str, str]]:
    looks = dict.fromkeys(look for panel in panels for look in map(view.verdict, panel.rows))
    lower = all(view.released.indicator(p.indicator).better == "lower" for p in panels)
    ending = "_lower" if lower else ""
    for look in ("met", "not_met"):
        if look in looks:
            yield look, view.word(f"display.chart.{look}{ending}")
    for look in looks:
        if look not in ("met", "not_met"):
            yield look, view.word(f"verdict.{look}" if look else "display.chart.unjudged")
    yield "'", view.word("display.column.median")
    if any(panel.limit is not None for panel in panels):
        yield "|", view.word("display.column.limit")


def _counts(panels: Sequence[Panel]) -> dict[str, int]:
    return {"indicators": len(panels), "dots": sum(len(panel.rows) for panel in panels)}


def _some(row: Row | None) -> tuple[Row, ...]:
    return () if row is None else (row,)
