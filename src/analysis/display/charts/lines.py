"""Values over the years: one line a small chart, or a few lines in one."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.display import theme
from analysis.display.charts.canvas import DASHED, LEADING, POINT, Canvas, Scale
from analysis.display.charts.frame import Blocks, finish, without
from analysis.display.rows import Row, flag, present
from analysis.display.view import View
from analysis.errors import UsageError
from analysis.i18n import show

MOST_SERIES = 4
_ACROSS = 4
_PLOT = 2.4
_LOOKS = ("met", "not_met", "likely_met", "likely_not_met")
_LINES = (theme.BLUE, theme.ORANGE, theme.BLUE, theme.ORANGE)
Series = dict[int, Row]


@theme.drawing()
def trend_lines(
    view: View, figure: str, indicators: Sequence[str] | None = None, *, stage: str | None = None
) -> Blocks:
    """Draw values over the years; a year without one breaks the line.

    Parameters
    ----------
    view, figure
        What may be shown, and the name of the figure.
    indicators
        Which; by default the coefficients (``<id>.coefficient``), a small chart each, a figure a
        stage. Of one indicator all stages are lines of one chart, whose axis begins at zero.
    stage
        One stage alone.

    Raises
    ------
    UsageError
        If more than four lines would lie in one chart.
    """
    if indicators is not None and len(indicators) == 1 and stage is None:
        return _by_stage(view, figure, indicators[0])
    made: Blocks = ()
    for one in view.stages_of(stage):
        chosen = indicators or view.ids(".coefficient", one)
        series = {id: found for id in chosen if (found := _series(view, id, one))}
        rows = [row for found in series.values() for row in found.values()]
        drawn = {id: found for id, found in series.items() if sum(map(present, found.values())) > 1}
        if not drawn:
            several = [row for row in rows if len({r["at"] for r in rows}) > 1]
            made += without(view, figure, "lines", one, several, _values(rows, series))
            continue
        canvas = _draw_panels(view, drawn, one)
        limits = [view.row(id, stage=one, by="limit", subject="coefficient") for id in drawn]
        shown = [*rows, *(row for row in limits if row is not None)]
        made += (finish(view, figure, "lines", one, canvas, shown, values=_values(rows, drawn)),)
    return made


def _by_stage(view: View, figure: str, indicator: str) -> Blocks:
    series = {
        one: found for one in view.stages_of(None) if (found := _series(view, indicator, one))
    }
    rows = [row for found in series.values() for row in found.values()]
    drawn = {one: found for one, found in series.items() if sum(map(present, found.values())) > 1}
    if len(drawn) > MOST_SERIES:
        raise UsageError(
            f"一张图最多{MOST_SERIES}条线", f"no more than {MOST_SERIES} lines in one chart"
        )
    if not drawn:
        return without(view, figure, "lines", "", [], _values(rows, series))
    canvas = _draw_stages(view, indicator, drawn)
    return (finish(view, figure, "lines", "", canvas, rows, values=_values(rows, [indicator])),)


def _draw_panels(view: View, series: dict[str, Series], stage: str) -> Canvas:
    across = min(_ACROSS, len(series))
    width = (theme.WIDTH_CM - 0.2) / across
    ids = list(series)
    bands = [ids[start : start + across] for start in range(0, len(ids), across)]
    heads = [
        max(len(Canvas.broken(view.base_name(i), width - 0.3)) for i in band) for band in bands
    ]
    heights = [head * LEADING + 0.35 + _PLOT + 0.9 for head in heads]
    limits = {id: view.limit(id, stage, "coefficient") for id in ids}
    top = 0.7 if any(limit is not None for limit in limits.values()) else 0.1
    canvas = Canvas(top + sum(heights), f"{view.released.name}.trend")
    if top > 0.1:
        canvas.key(0.1, 0.25, [("|", _limit_words(view, list(limits.values())))])
    years = _years(series.values())
    values = [r["value"] for found in series.values() for r in found.values() if present(r)]
    known_limits = [limit for limit in limits.values() if limit is not None]
    for band, head, height in zip(bands, heads, heights, strict=True):
        upper = top + head * LEADING + 0.35
        for column, id in enumerate(band):
            left = 0.1 + column * width
            canvas.paragraph(left, top + 0.2, view.base_name(id), width - 0.3)
            across_scale = Scale(years[0], years[-1], left + 0.3, left + width - 0.7)
            up = Scale.over([*values, *known_limits], upper + _PLOT, upper + 0.3, zero=True)
            _draw_panel(canvas, view, series[id], years, (across_scale, up), limits[id])
        top += height
    return canvas


def _draw_panel(
    canvas: Canvas, view: View, series: Series, years: Sequence[int],
    scales: tuple[Scale, Scale], limit: float | None,
) -> None:  # fmt: skip
    across, up = scales
    _year_axis(canvas, across, years, up.start)
    if limit is not None:
        canvas.line([across.start, across.end], [up(limit)] * 2, color=theme.INK, dash=DASHED)
    _draw_line(canvas, series, years, scales, 0)
    present_years = [year for year in years if year in series and present(series[year])]
    for year in dict.fromkeys((present_years[0], present_years[-1])):
        row = series[year]
        text = view.number(row["value"], row["indicator"])
        y = up(row["value"]) - 0.3
        if limit is not None and abs(y - up(limit)) < 0.22:
            y = up(row["value"]) + 0.3
        canvas.text(across(year), y, text, size=theme.SMALL, align="center")


def _draw_stages(view: View, indicator: str, series: dict[str, Series]) -> Canvas:
    years = _years(series.values())
    canvas = Canvas(6.6, f"{view.released.name}.{indicator}")
    values = [r["value"] for found in series.values() for r in found.values() if present(r)]
    names = [_end(view, indicator, stage, found) for stage, found in series.items()]
    widest = max(theme.text_width(words) * POINT for _, words in names)
    across = Scale(years[0], years[-1], 1.9, canvas.width - widest - 0.5)
    up = Scale.over(values, 5.7, 0.4, zero=True)
    for tick in up.ticks:
        canvas.line([across.start, across.end], [up(tick)] * 2, color=theme.FAINT, width=0.5)
        canvas.text(
            1.6, up(tick), show(tick, "g"), size=theme.SMALL, align="right", color=theme.GREY
        )
    _year_axis(canvas, across, years, up.start)
    for number, found in enumerate(series.values()):
        _draw_line(canvas, found, years, (across, up), number)
    for y, words in _apart([(up(value), words) for value, words in names]):
        canvas.text(across.end + 0.3, y, words)
    return canvas


def _end(view: View, indicator: str, stage: str, series: Series) -> tuple[float, str]:
    """Give the last value of a line and what is written behind it."""
    last = series[max(year for year in series if present(series[year]))]
    name = view.label("stage", stage) if stage else ""
    return last["value"], f"{name} {view.number(last['value'], indicator)}".strip()


def _draw_line(
    canvas: Canvas, series: Series, years: Sequence[int], scales: tuple[Scale, Scale], number: int
) -> None:
    across, up = scales
    places = [across(year) for year in years]
    heights = [
        up(series[year]["value"]) if year in series and present(series[year]) else float("nan")
        for year in years
    ]
    canvas.line(places, heights, color=_LINES[number], width=1.3)
    for partial in (False, True):
        mine = [
            n for n, y in enumerate(years) if y in series and (flag(series[y]) == "p") == partial
        ]
        canvas.dots(
            [places[n] for n in mine], [heights[n] for n in mine], _LOOKS[number], 3.2,
            hollow=partial,
        )  # fmt: skip


def _year_axis(canvas: Canvas, across: Scale, years: Sequence[int], y: float) -> None:
    canvas.line([across.start, across.end], [y, y], width=0.6)
    apart = across.end - across.start
    step = max(1, -(-len(years) * 9 // int(apart * 10)))
    shown = set(years[:: len(years) - 1 or 1]) if apart < 4 else set(years[::-step])
    for year in years:
        canvas.line([across(year)] * 2, [y, y + 0.08], width=0.6)
        if year in shown:
            canvas.text(
                across(year), y + 0.28, str(year), size=theme.SMALL, align="center",
                color=theme.GREY,
            )  # fmt: skip


def _apart(ends: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Move labels down so that none lies on another."""
    placed: list[tuple[float, str]] = []
    for y, words in sorted(ends):
        above = placed[-1][0] if placed else -1.0
        placed.append((max(y, above + LEADING), words))
    return placed


def _series(view: View, indicator: str, stage: str) -> Series:
    rows = view.rows(indicator, stage=stage, at=None)
    return {int(row["at"]): row for row in rows if row["at"].isdigit()}


def _years(series: object) -> list[int]:
    """Give every year from the first to the last, those without a value too."""
    years = [year for found in series for year in found]  # type: ignore[attr-defined]
    return list(range(min(years), max(years) + 1))


def _limit_words(view: View, limits: Sequence[float | None]) -> str:
    known = {limit for limit in limits if limit is not None}
    if len(known) == 1:
        return view.word("display.chart.limit", value=show(known.pop(), "2"))
    return view.word("display.column.upper")


def _values(rows: Sequence[Row], indicators: object) -> dict[str, str | int | None]:
    years = sorted(row["at"] for row in rows)
    return {
        "indicators": len(list(indicators)),  # type: ignore[call-overload]
        "first": years[0] if years else None,
        "last": years[-1] if years else None,
    }
