"""Stages side by side: a row a subject or an indicator, a column a stage, so that one table says it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from analysis.display.grid import Grid, Head, Item
from analysis.display.items import estimated, subject_head, valued
from analysis.display.publish import Rendered, Words
from analysis.display.rows import Row, present
from analysis.display.view import View, capital

Kind = Literal["text", "number"]
Show = Literal["value", "estimate", "verdict"]


def subjects(
    view: View, table: str, indicator: str, *, by: str, show: Show = "estimate"
) -> tuple[Rendered, ...]:
    """Make a table with a row a subject of a dimension and a column a stage.

    Parameters
    ----------
    view, table
        As for `analysis.display.tables`.
    indicator
        What stands in the cells.
    by
        The dimension.
    show
        ``value``, ``estimate`` (the value with its range) or ``verdict`` (of the check on the cell, in
        the finding's own words: ``<finding>.result.<verdict>``).

    Returns
    -------
    tuple of Rendered
        One table; none where no stage has such rows.
    """
    stages = [
        one for one in view.stages if any(map(_is_there, view.rows(indicator, stage=one, by=by)))
    ]
    found = {one: {row["subject"]: row for row in view.rows(indicator, stage=one, by=by)}
             for one in stages}  # fmt: skip
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))
    verdicts = {
        (one, check.subject): check.verdict
        for one in stages for check in view.checks(stage=one, by=by, indicator=indicator)
    }  # fmt: skip

    def cell(stage: str, name: str) -> Item:
        if show == "verdict":
            said = verdicts.get((stage, name))
            return Item(view.word(f"{view.released.name}.result.{said}" if said else "flag.z"))
        return (estimated if show == "estimate" else valued)(view, found[stage].get(name))

    rows = [(Item(view.label(by, name)), *(cell(one, name) for one in stages)) for name in names]
    shown = [row for rows_ in found.values() for row in rows_.values()]
    kind: Kind = "text" if show == "verdict" else "number"
    return _finish(view, table, indicator, stages, subject_head(view, by), rows, shown, kind)


def indicators(
    view: View, table: str, ids: Sequence[str], *, show: Literal["value", "estimate"] = "estimate"
) -> tuple[Rendered, ...]:
    """Make a table with a row an indicator and a column a stage; units are for its words to say.

    Parameters
    ----------
    view, table
        As for `analysis.display.tables`.
    ids
        The indicators; those without any row are left out.
    show
        ``value`` or ``estimate`` (the value with its range).
    """
    ids = [id for id in ids if any(id in view.ids("", one) for one in view.stages)]
    stages = [one for one in view.stages if any(id in view.ids("", one) for id in ids)]
    write: Callable[[View, Row | None], Item] = estimated if show == "estimate" else valued
    found = {(id, one): view.row(id, stage=one) for id in ids for one in stages}
    rows = [(Item(view.name(id)), *(write(view, found[id, one]) for one in stages)) for id in ids]
    shown = [row for row in found.values() if row is not None]
    first = Head("indicator", view.word("display.column.indicator"))
    return _finish(view, table, ids[0] if ids else "", stages, first, rows, shown)


def _is_there(row: Row) -> bool:
    return present(row) or bool(row["flag"])


def _finish(
    view: View, table: str, indicator: str, stages: Sequence[str], first: Head,
    rows: Sequence[tuple[Item, ...]], shown: Sequence[Row], kind: Kind = "number",
) -> tuple[Rendered, ...]:  # fmt: skip
    if not rows or not stages:
        return ()
    declared = view.released.indicator(indicator)
    heads = [Head(one, capital(view.label("stage", one)), kind, declared.digits,
                  declared.unit == "share") for one in stages]  # fmt: skip
    words = Words(
        title=view.caption("table", table, "title", "", chart="cells"),
        subtitle=view.caption("table", table, "subtitle", "", chart="cells"),
        note=view.caption("table", table, "note", ""),
        source=view.source(),
    )
    grid = Grid((first, *heads), tuple(rows), shown)
    return (grid.render(view, view.id("table", table), words),)
