"""Pairs of units: for each, those that it is paired with and the number that each pair has."""

from __future__ import annotations

from collections.abc import Sequence

from analysis import i18n
from analysis.display.grid import Grid, Head, Item
from analysis.display.items import subject_head
from analysis.display.publish import Rendered, Words
from analysis.display.rows import Row, present
from analysis.display.view import View

ARROW = "→"


def partners(view: View, table: str, indicator: str, *, by: str) -> tuple[Rendered, ...]:
    """Make a table with a row a unit, its partners in the order of the rows with their values.

    Parameters
    ----------
    view, table
        As for `analysis.display.tables`.
    indicator
        What a pair has.
    by
        The dimension of pairs, ``"county→peer"``; a subject is ``"<unit>→<partner>"``. Units are
        named by the labels of the first, partners by those of ``place``. A unit that is paired
        with nothing (``"<unit>→"``) has its check's reason there.

    Returns
    -------
    tuple of Rendered
        Empty without such rows, and where no unit has a partner.
    """
    rows = view.rows(indicator, by=by)
    if not any(map(present, rows)):
        return ()
    unit = by.split(ARROW)[0]
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["subject"]).split(ARROW)[0], []).append(row)
    heads = (subject_head(view, unit), Head("partners", view.word("display.column.partners")))
    grid = Grid(
        heads,
        tuple(
            (Item(view.label(unit, code)), Item(_said(view, found[code]))) for code in sorted(found)
        ),
        rows,
    )
    words = Words(
        title=view.caption("table", table, "title", "", chart="partners"),
        subtitle=view.caption("table", table, "subtitle", "", chart="partners"),
        note=view.caption("table", table, "note", ""),
        source=view.source(),
    )
    return (grid.render(view, view.id("table", table), words),)


def _said(view: View, rows: Sequence[Row]) -> str:
    """List the partners of a unit, or say why there are none."""
    separator = i18n.text("display.separator", view.language)
    said = [
        view.word(
            "display.flagged",
            number=view.label("place", str(row["subject"]).split(ARROW)[1]),
            flag=view.value(row),
        )
        for row in rows
        if present(row)
    ]
    if said:
        return separator.join(said)
    subjects = {row["subject"] for row in rows}
    reasons = [c for c in view.checks(stage="", by=rows[0]["by"]) if c.subject in subjects]
    return view.verdict_text("cannot_say", reasons[0].reason if reasons else "")
