"""Units by indicator: what each has, how many reach the threshold, how unequal they are, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.display import theme
from analysis.display.charts.canvas import DASHED, LEADING, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, is_number, present
from analysis.display.view import View, capital
from analysis.i18n import Blank, show

_STEP = 0.36
_TOP = 0.7
_GAP = 0.5
_WIDE = 1.6
"""So much broader is a panel with ranges: they are short."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of an indicator in one stage: a row a unit, and the limit that they are held to."""

    stage: str
    part: str
    id: str
    rows: dict[str, Row]
    limit: Row | None


@theme.drawing()
def unit_panels(
    view: View,
    figure: str,
    parts: Sequence[str] = ("level", "schools_met", "coefficient"),
    *,
    by: str = "county",
) -> Blocks:
    """Draw units by name, in the order of their codes: a figure an indicator, a panel a part.

    The stages stand side by side, so that all that is said of a unit is one row; a part has one
    scale in both. Ranges are drawn where there are any, and the limit of the part, or of the
    indicator itself where it is measured in the same unit.

    Parameters
    ----------
    view, figure
        As for `unit_dots`.
    parts
        Which ``<id>.<part>`` to draw, from left to right.
    by
        The dimension.

    Returns
    -------
    tuple of Rendered
        One figure for each indicator that has any of the parts by this dimension.
    """
    made: Blocks = ()
    known = {indicator.id for indicator in view.released.indicators}
    for id in (i.id for i in view.released.indicators if "." not in i.id):
        panels = [
            _panel(view, id, part, stage, by)
            for stage in view.stages
            for part in parts
            if f"{id}.{part}" in known and view.rows(f"{id}.{part}", stage=stage, by=by)
        ]
        if panels:
            made += _figure(view, figure, id, panels, by)
    return made


def _figure(view: View, figure: str, id: str, panels: Sequence[Panel], by: str) -> Blocks:
    rows = [row for panel in panels for row in panel.rows.values()]
    subjects = sorted({str(row["subject"]) for row in rows})
    values: dict[str, Blank] = {
        "indicator": view.titled(id),
        "units": len(subjects),
        "panels": len(panels),
    }
    if not any(map(present, rows)):
        return without(view, figure, "panels", "", rows, values, of=id)
    canvas = _draw(view, panels, subjects, by)
    limits = [panel.limit for panel in panels if panel.limit is not None]
    shown = [*rows, *{tuple(map(str, row.values())): row for row in limits}.values()]
    return (finish(view, figure, "panels", "", canvas, shown, ranges=True, values=values, of=id),)


def _panel(view: View, id: str, part: str, stage: str, by: str) -> Panel:
    of_part, declared = f"{id}.{part}", view.released.indicator
    limit = view.row(of_part, stage=stage, by="limit", subject="coefficient")
    if limit is None and declared(of_part).unit == declared(id).unit:
        limit = view.row(id, stage=stage, by="limit", subject="threshold")
    rows = {str(row["subject"]): row for row in view.rows(of_part, stage=stage, by=by)}
    return Panel(stage, part, of_part, rows, limit if present(limit) else None)


def _draw(view: View, panels: Sequence[Panel], subjects: Sequence[str], by: str) -> Canvas:
    left = max(theme.text_width(view.label(by, s)) * POINT for s in subjects) + 0.3
    places = _places(view, panels, left)
    heads = [
        Canvas.broken(_head(view, panel), end - start)
        for panel, (start, end) in zip(panels, places, strict=True)
    ]
    first = _TOP + 0.55 + max(map(len, heads)) * LEADING + 0.6
    last = first + (len(subjects) - 1) * _STEP
    canvas = Canvas(last + 0.85, f"{view.released.name}.{by}")
    canvas.key(0.1, 0.25, _key(view, panels))
    for stage in dict.fromkeys(panel.stage for panel in panels):
        span = [place for place, panel in zip(places, panels, strict=True) if panel.stage == stage]
        canvas.text(span[0][0], _TOP + 0.2, capital(view.label("stage", stage)))
        canvas.line([span[0][0], span[-1][1]], [_TOP + 0.45] * 2, width=0.6)
    for panel, place, head in zip(panels, places, heads, strict=True):
        for number, line in enumerate(head):
            canvas.text(place[0], _TOP + 0.75 + number * LEADING, line, size=theme.SMALL)
        scale = _scale(view, [p for p in panels if p.part == panel.part], place)
        _draw_panel(canvas, view, panel, subjects, scale, (first, last))
    for number, subject in enumerate(subjects):
        canvas.text(left - 0.15, first + number * _STEP, view.label(by, subject), align="right")
    return canvas


def _places(view: View, panels: Sequence[Panel], left: float) -> list[tuple[float, float]]:
    """Give each panel's left and right edge."""
    broad = [_WIDE if any(map(view.range, p.rows.values())) else 1.0 for p in panels]
    unit = (theme.WIDTH_CM - left - 0.2 - _GAP * (len(panels) - 1)) / sum(broad)
    starts = [left + unit * sum(broad[:n]) + _GAP * n for n in range(len(panels))]
    return [(start, start + unit * of) for start, of in zip(starts, broad, strict=True)]


def _draw_panel(
    canvas: Canvas, view: View, panel: Panel, subjects: Sequence[str], scale: Scale,
    ends: tuple[float, float],
) -> None:  # fmt: skip
    first, last = ends
    times = _times(view, panel)
    canvas.axis(scale, last + 0.3)
    if panel.limit is not None:
        at, words = scale(panel.limit["value"] * times), show(panel.limit["value"] * times, "g")
        canvas.line([at] * 2, [first - 0.2, last + 0.3], color=theme.INK, dash=DASHED)
        canvas.text(at, first - 0.38, words, size=theme.SMALL, align="center")
    for number, subject in enumerate(subjects):
        y = first + number * _STEP
        canvas.line([scale.start, scale.end], [y, y], color=theme.FAINT, width=0.4)
        row = panel.rows.get(subject)
        if row is None or not present(row):
            continue
        if view.range(row):
            band = [scale(row[end] * times) for end in ("value_low", "value_high")]
            canvas.line(band, [y, y], color=theme.GREY, width=1.6)
        canvas.dots([scale(row["value"] * times)], [y], view.verdict(row), 3.6)


def _scale(view: View, panels: Sequence[Panel], place: tuple[float, float]) -> Scale:
    """Give the scale that a part has in all stages; shares go from none to all."""
    times = _times(view, panels[0])
    ends = [
        row[field] * times
        for panel in panels
        for row in (*panel.rows.values(), *([panel.limit] if panel.limit else []))
        for field in ("value", "value_low", "value_high")
        if present(row) and is_number(row[field])
    ]
    if times != 1.0:
        return Scale(0.0, times * 1.06, *place)
    return Scale.over(ends or [1.0], *place)


def _times(view: View, panel: Panel) -> float:
    return 100.0 if view.released.indicator(panel.id).unit == "share" else 1.0


def _head(view: View, panel: Panel) -> str:
    label = view.word(f"display.panel.{panel.part}")
    return view.word("display.header", name=label, unit="%") if _times(view, panel) > 1 else label


def _key(view: View, panels: Sequence[Panel]) -> list[tuple[str, str]]:
    rows = [row for panel in panels for row in panel.rows.values() if present(row)]
    seen = set(map(view.verdict, rows)) - {""}
    entries: list[tuple[str, str]] = [
        (look, view.word(f"verdict.{look}")) for look in theme.MARKERS if look in seen
    ]
    if any(view.range(row) for row in rows):
        entries.append(("-", view.word("display.column.range")))
    if any(panel.limit is not None for panel in panels):
        entries.append(("|", view.word("display.chart.line")))
    return entries
