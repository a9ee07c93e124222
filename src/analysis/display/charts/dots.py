"""Coefficients against their limit: by indicator, and by unit."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.display import theme
from analysis.display.charts.canvas import DASHED, LEADING, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, is_number, present
from analysis.display.view import View
from analysis.i18n import show

_NAMES = 5.4
_WORDS = 3.7
_UNIT_NAMES = 2.6
_UNIT_STEP = 0.36
_PER_ROW = 4


@theme.drawing()
def limit_dots(
    view: View, figure: str, indicators: Sequence[str] | None = None, *, stage: str | None = None
) -> Blocks:
    """Draw an indicator a row: its value, its range, the limit, the verdict in words.

    Parameters
    ----------
    view, figure
        What may be shown, and the name of the figure.
    indicators
        Which; by default the coefficients (``<id>.coefficient``).
    stage
        One stage; by default a figure for each.
    """
    made: Blocks = ()
    for one in view.stages_of(stage):
        chosen = indicators or view.ids(".coefficient", one)
        rows = [row for id in chosen if (row := view.row(id, stage=one))]
        known = [row for row in rows if present(row)]
        if not known:
            made += without(view, figure, "limits", one, rows, _values(view, rows))
            continue
        ranked = sorted(known, key=lambda row: -row["value"])
        canvas = _draw_limits(view, ranked, one)
        shown = [*ranked, *_limit_rows(view, ranked, one)]
        values = _values(view, ranked)
        made += (finish(view, figure, "limits", one, canvas, shown, ranges=True, values=values),)
    return made


@theme.drawing()
def unit_dots(
    view: View,
    figure: str,
    indicators: Sequence[str] | None = None,
    *,
    by: str = "county",
    stage: str | None = None,
) -> Blocks:
    """Draw units by name, in the order of their codes, one small chart an indicator.

    Parameters
    ----------
    view, figure, stage
        As for `limit_dots`.
    indicators
        Which; by default the coefficients that have rows by this dimension.
    by
        The dimension.
    """
    made: Blocks = ()
    for one in view.stages_of(stage):
        chosen = [
            id
            for id in (indicators or view.ids(".coefficient", one, by))
            if id in view.ids("", one, by)
        ]
        frames = {id: _by_subject(view, id, one, by) for id in chosen}
        rows = [row for frame in frames.values() for row in frame.values()]
        subjects = sorted({row["subject"] for row in rows if present(row)})
        counts = {"indicators": len(frames), "units": len(subjects)}
        if not subjects:
            made += without(view, figure, "units", one, rows, counts)
            continue
        canvas = _draw_units(view, frames, subjects, by, one)
        shown = [*rows, *_limit_rows(view, [{"indicator": id} for id in chosen], one)]
        made += (finish(view, figure, "units", one, canvas, shown, values=counts),)
    return made


def _draw_limits(view: View, rows: Sequence[Row], stage: str) -> Canvas:
    names = [Canvas.broken(view.base_name(row["indicator"]), _NAMES - 0.3) for row in rows]
    limits = [_limit(view, row, stage) for row in rows]
    said = [_said(view, row, limit) for row, limit in zip(rows, limits, strict=True)]
    heights = [
        max(0.62, max(len(name), len(words)) * LEADING + 0.2)
        for name, words in zip(names, said, strict=True)
    ]
    top = 1.05
    canvas = Canvas(top + sum(heights) + 0.75, f"{view.released.name}.coefficient")
    ends = [row[field] for row in rows for field in ("value", "value_low", "value_high")]
    scale = Scale.over(
        [*ends, *(limit for limit in limits if limit is not None)],
        _NAMES, canvas.width - _WORDS, zero=True,
    )  # fmt: skip
    canvas.key(0.1, 0.25, _limit_key(view, rows, limits))
    bottom = top + sum(heights)
    canvas.axis(scale, bottom + 0.1)
    _draw_limit_lines(canvas, view, scale, limits, heights, top)
    y = top
    for row, name, words, height in zip(rows, names, said, heights, strict=True):
        middle = y + height / 2
        _draw_lines(canvas, 0.1, middle, name)
        _draw_row(canvas, view, scale, row, middle)
        _draw_lines(canvas, canvas.width - _WORDS + 0.3, middle, words)
        y += height
    return canvas


def _draw_lines(canvas: Canvas, x: float, middle: float, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines):
        canvas.text(x, middle + (number - (len(lines) - 1) / 2) * LEADING, line)


def _said(view: View, row: Row, limit: float | None) -> list[str]:
    """Say a row's number and verdict, broken to the width there is."""
    verdict = view.verdict(row)
    number = view.number(row["value"], row["indicator"])
    if limit is not None:
        number = view.against(row["value"], limit, row["indicator"])
    words = f"{number}  {view.word(f'verdict.{verdict}')}" if verdict else number
    return Canvas.broken(view.flagged(words, row["flag"]), _WORDS - 0.4)


def _draw_row(canvas: Canvas, view: View, scale: Scale, row: Row, y: float) -> None:
    if is_number(row["value_low"]) and is_number(row["value_high"]):
        ends = [scale(row["value_low"]), scale(row["value_high"])]
        canvas.line(ends, [y, y], color=theme.GREY, width=1.6)
    canvas.dots([scale(row["value"])], [y], view.verdict(row), 5.5)


def _draw_limit_lines(
    canvas: Canvas, view: View, scale: Scale, limits: Sequence[float | None],
    heights: Sequence[float], top: float,
) -> None:  # fmt: skip
    """Draw one line where all have one limit, else a piece beside each row."""
    known = {limit for limit in limits if limit is not None}
    if len(known) == 1:
        common = known.pop()
        place = scale(common)
        words = view.word("display.chart.limit", value=show(common, "2"))
        canvas.line(
            [place] * 2, [top - 0.15, top + sum(heights) + 0.1], color=theme.INK, dash=DASHED
        )
        canvas.text(place, top - 0.33, words, size=theme.SMALL, align="center")
        return
    y = top
    for limit, height in zip(limits, heights, strict=True):
        if limit is not None:
            canvas.line(
                [scale(limit)] * 2, [y + 0.05, y + height - 0.05], color=theme.INK, dash=DASHED
            )
        y += height


def _limit_key(
    view: View, rows: Sequence[Row], limits: Sequence[float | None]
) -> list[tuple[str, str]]:
    looks = dict.fromkeys(view.verdict(row) for row in rows)
    entries: list[tuple[str, str]] = [
        (look, view.word(f"verdict.{look}" if look else "display.column.value")) for look in looks
    ]
    if any(view.range(row) for row in rows):
        entries.append(("-", view.word("display.column.range")))
    if any(limit is not None for limit in limits):
        entries.append(("|", view.word("display.column.upper")))
    return entries


def _draw_units(
    view: View, frames: dict[str, dict[str, Row]], subjects: Sequence[str], by: str, stage: str
) -> Canvas:
    across = min(_PER_ROW, len(frames))
    ids = list(frames)
    bands = [ids[start : start + across] for start in range(0, len(ids), across)]
    left = max(theme.text_width(view.label(by, s)) * POINT for s in subjects) + 0.4
    width = (theme.WIDTH_CM - left - 0.1) / across
    heads = [
        max(len(Canvas.broken(view.base_name(i), width - 0.3)) for i in band) for band in bands
    ]
    band_heights = [head * LEADING + 0.7 + len(subjects) * _UNIT_STEP + 0.8 for head in heads]
    canvas = Canvas(0.7 + sum(band_heights), f"{view.released.name}.{by}")
    rows = [row for frame in frames.values() for row in frame.values() if present(row)]
    limits = [view.limit(id, stage, "coefficient") for id in ids]
    # One scale for all, so that panels can be compared.
    most = max([*(row["value"] for row in rows), *(limit or 0.0 for limit in limits)])
    canvas.key(0.1, 0.25, _limit_key(view, [{**r, "value_low": None} for r in rows], limits))
    top = 0.7
    for band, head, height in zip(bands, heads, band_heights, strict=True):
        first = top + head * LEADING + 0.7
        for number, subject in enumerate(subjects):
            y = first + number * _UNIT_STEP
            canvas.text(left - 0.2, y, view.label(by, subject), align="right")
        for column, id in enumerate(band):
            start = left + column * width
            _draw_unit_panel(
                canvas, view, frames[id], subjects, (start, start + width, top, first), stage, most
            )
        top += height
    return canvas


def _draw_unit_panel(
    canvas: Canvas, view: View, frame: dict[str, Row], subjects: Sequence[str],
    place: tuple[float, float, float, float], stage: str, most: float,
) -> None:  # fmt: skip
    left, right, top, first = place
    id = next(iter(frame.values()))["indicator"]
    canvas.paragraph(left, top + 0.2, view.base_name(id), right - left - 0.3)
    limit = view.limit(id, stage, "coefficient")
    last = first + (len(subjects) - 1) * _UNIT_STEP
    scale = Scale.over([0.0, most], left + 0.1, right - 0.3, zero=True)
    canvas.axis(scale, last + 0.3)
    if limit is not None:
        canvas.line([scale(limit)] * 2, [first - 0.2, last + 0.3], color=theme.INK, dash=DASHED)
        words = view.word("display.chart.limit", value=show(limit, "2"))
        canvas.text(scale(limit), first - 0.38, words, size=theme.SMALL, align="center")
    for number, subject in enumerate(subjects):
        y = first + number * _UNIT_STEP
        canvas.line([scale.start, scale.end], [y, y], color=theme.FAINT, width=0.4)
        row = frame.get(subject)
        if row is not None and present(row):
            canvas.dots([scale(row["value"])], [y], view.verdict(row))


def _by_subject(view: View, id: str, stage: str, by: str) -> dict[str, Row]:
    return {str(row["subject"]): row for row in view.rows(id, stage=stage, by=by)}


def _limit(view: View, row: Row, stage: str) -> float | None:
    return view.limit(row["indicator"], stage, "coefficient")


def _limit_rows(view: View, rows: Sequence[Row], stage: str) -> list[Row]:
    found = [
        view.row(row["indicator"], stage=stage, by="limit", subject="coefficient") for row in rows
    ]
    return [row for row in found if row is not None]


def _values(view: View, rows: Sequence[Row]) -> dict[str, str | int]:
    known = [row for row in rows if present(row)]
    most = max(known, key=lambda row: float(row["value"]), default=None)
    shown = view.number(most["value"], most["indicator"]) if most else ""
    return {"indicators": len(rows), "most": shown}
