"""What surrounds every drawing: its words, its numbers, its block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.display.charts.canvas import Canvas
from analysis.display.items import interval
from analysis.display.prose import emptiness, nothing
from analysis.display.publish import Numbers, Rendered, Words, make_figure
from analysis.display.rows import Row, flag, is_number, plain_number
from analysis.display.view import View
from analysis.i18n import Blank
from analysis.wire import Column

Blocks = tuple[Rendered, ...]
_OPTIONAL = ("value_low", "value_high")


def finish(
    view: View,
    figure: str,
    chart: str,
    stage: str,
    canvas: Canvas,
    rows: Sequence[Row],
    *,
    values: Mapping[str, Blank],
    ranges: bool = False,
    of: str = "",
) -> Rendered:
    """Make the block of a drawing.

    Parameters
    ----------
    view, figure, stage
        Whose, and which figure: part of its id and of its words' keys.
    chart
        Kind of chart: where the words come from if the finding has none.
    canvas
        The drawing.
    rows
        The released rows that it shows.
    values
        Blanks of the chart's own words.
    ranges
        It shows their ranges too.
    of
        What tells it from the other drawings of the figure, in its id; its words are theirs.
    """

    def part(name: str) -> str:
        return view.caption("figure", figure, name, stage, chart=chart, **values)

    reading = part("reading")
    words = Words(
        title=part("title"),
        subtitle=part("subtitle"),
        alt=part("alt"),
        reading=view.word("display.reading", text=reading) if reading else "",
        note=view.join(part("note"), interval(view, rows) if ranges else ""),
        source=view.source(),
    )
    return make_figure(
        view,
        view.id("figure", _joined(figure, of), stage),
        words,
        canvas.svg(),
        tabulate(view, rows),
    )


def without(
    view: View,
    figure: str,
    chart: str,
    stage: str,
    rows: Sequence[Row],
    values: Mapping[str, Blank],
    *,
    of: str = "",
) -> Blocks:
    """Make the line in the place of a drawing that has nothing to show; nothing for no rows."""
    if not rows:
        return ()
    title = view.caption("figure", figure, "title", stage, chart=chart, **values)
    # A table may have the figure's name: the lines in place of both are not the same block.
    name = _joined(f"figure-{figure}", of)
    return (nothing(view, name, stage, emptiness(rows) or "x", title or figure),)


def _joined(figure: str, of: str) -> str:
    return "-".join(part for part in (figure, of) if part)


def tabulate(view: View, rows: Sequence[Row]) -> Numbers:
    """Turn released rows into the columns and rows of a workbook."""
    several = len({row["stage"] for row in rows}) > 1
    text = ["indicator", *(["stage"] if several else [])]
    text += [c for c in ("subject", "at", "unit") if any(row[c] for row in rows)]
    numbers = ["value", *(c for c in _OPTIONAL if any(is_number(row[c]) for row in rows))]
    digits = max((view.released.indicator(row["indicator"]).digits for row in rows), default=0)
    columns: list[Column] = [
        {"id": id, "label": view.word(f"display.column.{id}"), "kind": kind, "digits": places}
        for ids, kind, places in ((text, "text", 0), (numbers, "number", digits))
        for id in ids
    ]
    return Numbers(columns, [_record(view, row, text, numbers) for row in rows], rows)


def _record(view: View, row: Row, text: Sequence[str], numbers: Sequence[str]) -> dict[str, Any]:
    words: Mapping[str, str] = {
        "indicator": view.name(row["indicator"]),
        "stage": view.label("stage", row["stage"]) if row["stage"] else "",
        "subject": subject(view, row),
        "at": row["at"],
        "unit": view.unit(row["indicator"]),
    }
    percent = view.released.indicator(row["indicator"]).unit == "share"
    record: dict[str, Any] = {column: words[column] for column in text}
    for column in numbers:
        known = is_number(row[column])
        record[column] = plain_number(row[column] * (100 if percent else 1)) if known else None
        record[f"{column}_flag"] = flag(row)
    return record


def subject(view: View, row: Row) -> str:
    """Name the subject of a row; of a limit, what it limits."""
    if row["by"] == "limit":
        return view.word("display.column.limit")
    return view.label(row["by"], row["subject"]) if row["by"] else ""
