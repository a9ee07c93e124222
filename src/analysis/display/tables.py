"""Tables: requirements and verdicts, values, verdicts by school or county, lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from analysis.display.grid import MOST_COLUMNS, Grid, Head, Item
from analysis.display.items import (
    FIELDS,
    estimated,
    field,
    field_head,
    gap_of,
    interval,
    marked,
    named,
    number_head,
    ranging,
    row_of,
    short_head,
    subject_head,
    valued,
    verdict_item,
)
from analysis.display.prose import nothing
from analysis.display.publish import Rendered, Words
from analysis.display.rows import Row
from analysis.display.view import View, capital
from analysis.finding import Check

Blocks = tuple[Rendered, ...]
_RANGES = 4
_RANGED = (("range",), ("estimate",))
"""So many columns of ranges fit beside the names: they are texts, and longer than numbers."""


def verdicts(view: View, table: str, *, stage: str | None = None) -> Blocks:
    """Make the table of requirements: one row for each check on the county as a whole.

    Parameters
    ----------
    view
        What may be shown.
    table
        Name of the table: part of its id, and of its words' keys.
    stage
        One stage; all of them by default.

    Returns
    -------
    tuple of Rendered
        One table a stage that has such checks.
    """
    return tuple(
        block for stage in view.stages_of(stage) for block in _verdicts(view, table, stage)
    )


def _verdicts(view: View, table: str, stage: str) -> Iterator[Rendered]:
    checks = view.checks(stage=stage, by="")
    if not checks:
        return
    found = [(check, row_of(view, check)) for check in checks]
    gaps = [gap_of(view, check) for check in checks]
    ranges = any(view.range(row) for _, row in found)
    wanted = ["requirement", "value", *(["range"] if ranges else []), "verdict"]
    heads = tuple(Head(id, view.word(f"display.column.{id}")) for id in wanted)
    heads = tuple(Head(h.id, h.label, "number", 3) if h.id == "value" else h for h in heads)
    rows = tuple(
        tuple(verdict_item(view, id, check, row, gap) for id in wanted)
        for (check, row), gap in zip(found, gaps, strict=True)
    )
    cells = [row for _, row in found if row] + [gap for gap in gaps if gap]
    yield _finish(view, table, "verdicts", stage, Grid(heads, rows, cells))


def cells(
    view: View,
    table: str,
    indicators: Sequence[str] | None = None,
    *,
    rows: Literal["indicator", "subject", "at"] = "indicator",
    columns: Sequence[str] = ("value", "range"),
    by: str = "",
    stage: str | None = None,
) -> Blocks:
    """Make a table of values.

    Parameters
    ----------
    view, table, stage
        As for `verdicts`.
    indicators
        Which; by default all that have rows there and are no part (``<id>.<part>``) of another;
        ``".<part>"`` stands for that part of all.
    rows
        What a row is. ``"indicator"``: an indicator, with the `columns` (with ``value`` alone the
        stages stand side by side); ``"subject"``: a subject
        of the dimension `by`, with a column an indicator; ``"at"``: a point in time, likewise.
    columns
        ``("range",)`` for ranges alone, ``("estimate",)`` for values each with its range. For rows by indicator: fields (``value``, ``range``, ``limit``, ``unit``, ``n``,
        ``numerator`` …) or parts (``coefficient`` for the value of ``<id>.coefficient``).
    by
        The dimension.

    Returns
    -------
    tuple of Rendered
        Empty for a stage without such rows, and where subjects may not be told from one another
        across indicators (schools, in public).
    """
    made: list[Rendered] = []
    if rows == "indicator":
        for name, entries in _grouped(view, indicators, stage, by, columns):
            grid = _beside(view, entries) if name is None else _by_indicator(view, entries, columns)
            made += _finish_all(view, table, "cells", name or "", [grid])
        return tuple(made)
    for one in view.stages_of(stage):
        chosen = _chosen(view, indicators, one, by)
        if not chosen or (rows == "subject" and len(chosen) > 1 and _unlinked(view, by)):
            continue
        shown = columns[0] if tuple(columns) in _RANGED else "value"
        parts = _parts(chosen, MOST_COLUMNS - 1 if shown == "value" else _RANGES)
        grids = [_crossed(view, part, one, by, rows, shown=shown) for part in parts]
        made += _finish_all(view, table, "cells", one, grids)
    return tuple(made)


def heat(
    view: View,
    table: str,
    indicators: Sequence[str] | None = None,
    *,
    by: str = "school",
    stage: str | None = None,
) -> Blocks:
    """Make a table of subjects by indicators, each cell its value with the mark of its verdict.

    A verdict is that of the subject's check where there is one, else how the value stands to the
    threshold. The subject's own verdict (a check on an indicator that is not shown) marks its name.

    Returns
    -------
    tuple of Rendered
        Empty for the public where institutions are not named.
    """
    if _unlinked(view, by):
        return ()
    made: list[Rendered] = []
    for one in view.stages_of(stage):
        here = view.ids("", one, by)
        chosen = [id for id in indicators or here if id in here and _judged(view, id, one)]
        made += _finish_all(view, table, "heat", one, _marked(view, chosen, one, by))
    return tuple(made)


def parts(
    view: View, table: str, names: Sequence[str], *, by: str, stage: str | None = None
) -> Blocks:
    """Make a table of parts of indicators: a row a subject of `by`, a column an indicator.

    `names` are parts (``coefficient`` for ``<id>.coefficient``) or whole ids. A cell that a check
    speaks of has the mark of its verdict.
    """
    made: list[Rendered] = []
    for one in view.stages_of(stage):
        chosen = [id for id in view.ids("", one, by) if id in names or id.split(".")[-1] in names]
        made += _finish_all(view, table, "cells", one, _marked(view, chosen, one, by))
    return tuple(made)


def _marked(view: View, ids: Sequence[str], stage: str, by: str) -> list[Grid]:
    return [
        _crossed(view, part, stage, by, "subject", judged=True)
        for part in _parts(ids, MOST_COLUMNS - 1)
    ]


def listing(
    view: View,
    table: str,
    indicator: str,
    *,
    by: str = "school",
    stage: str | None = None,
) -> Blocks:
    """Make a list of the subjects that checks on an indicator speak of, each with the reason.

    Returns
    -------
    tuple of Rendered
        Empty where no check speaks of a single subject (in public, for schools).
    """
    made: list[Rendered] = []
    for one in view.stages_of(stage):
        checks = view.checks(stage=one, by=by, indicator=indicator)
        if checks:
            made.append(_finish(view, table, "listing", one, _listing(view, indicator, by, checks)))
    return tuple(made)


def _listing(view: View, indicator: str, by: str, checks: Sequence[Check]) -> Grid:
    found = [
        (check, view.row(indicator, stage=check.stage, by=by, subject=check.subject, at=check.at))
        for check in checks
    ]
    why = "reason" if any(check.reason for check in checks) else "verdict"
    heads = (subject_head(view, by), number_head(view, "value", indicator, name=True),
             Head("reason", view.word(f"display.column.{why}")))  # fmt: skip
    rows = tuple(
        (
            Item(view.label(by, check.subject)),
            valued(view, row),
            Item(view.word(check.reason or f"verdict.{check.verdict}")),
        )
        for check, row in found
    )
    return Grid(heads, rows, [row for _, row in found if row])


def _grouped(
    view: View, indicators: Sequence[str] | None, stage: str | None, by: str, columns: Sequence[str]
) -> Iterator[tuple[str | None, list[tuple[str, str]]]]:
    """Give the tables by indicator: a stage with its indicators; ``None`` for stages side by side.

    What speaks of no stage shares one table with what speaks of some, the stage in the row's name.
    """
    parts = [c for c in columns if c not in FIELDS]
    found = {
        one: [id for id in _chosen(view, indicators, one, by) if _has(view, id, parts, indicators)]
        for one in view.stages_of(stage)
    }
    found = {one: ids for one, ids in found.items() if ids}
    entries = [(one, id) for one, ids in found.items() for id in ids]
    if not entries:
        return
    if "" in found:
        yield "", entries
    elif len(found) > 1 and tuple(columns) == ("value",):
        yield None, entries
    else:
        for one, ids in found.items():
            yield one, [(one, id) for id in ids]


def _has(view: View, id: str, parts: Sequence[str], indicators: Sequence[str] | None) -> bool:
    """Tell whether an indicator has any of the parts wanted, unless it was asked for by name."""
    known = {indicator.id for indicator in view.released.indicators}
    return not parts or indicators is not None or any(f"{id}.{part}" in known for part in parts)


def _beside(view: View, entries: Sequence[tuple[str, str]]) -> Grid:
    """Make a grid with a row an indicator and a column a stage."""
    stages = list(dict.fromkeys(stage for stage, _ in entries))
    ids = list(dict.fromkeys(id for _, id in entries))
    digits = max(view.released.indicator(id).digits for id in ids)
    heads = [Head("indicator", view.word("display.column.indicator"))]
    heads += [Head(s, capital(view.label("stage", s)), "number", digits) for s in stages]
    shown: list[Row] = []
    rows = []
    for id in ids:
        found = [view.row(id, stage=stage) for stage in stages]
        shown += [row for row in found if row]
        rows.append((Item(view.titled(id)), *(valued(view, row) for row in found)))
    return Grid(tuple(heads), tuple(rows), shown)


def _by_indicator(view: View, entries: Sequence[tuple[str, str]], columns: Sequence[str]) -> Grid:
    """Make a grid with a row an indicator; a column that has nothing in any row is left out."""
    mixed = len({stage for stage, _ in entries}) > 1
    found = {
        column: [field(view, id, stage, column) for stage, id in entries] for column in columns
    }
    kept = [c for c in columns if c == "unit" or any(row is not None for row, _ in found[c])]
    ids = [id for _, id in entries]
    heads = [Head("indicator", view.word("display.column.indicator"))]
    heads += [field_head(view, column, ids) for column in kept]
    rows = []
    for place, (stage, id) in enumerate(entries):
        name = view.titled(id) if "unit" not in columns else view.name(id)
        if mixed and stage:
            name = view.word("display.staged", name=name, stage=view.label("stage", stage))
        rows.append((Item(name), *(found[column][place][1] for column in kept)))
    shown = [row for column in kept for row, _ in found[column] if row is not None]
    return Grid(tuple(heads), tuple(rows), shown)


def _crossed(
    view: View,
    ids: Sequence[str],
    stage: str,
    by: str,
    key: Literal["subject", "at"],
    *,
    judged: bool = False,
    shown: str = "value",
) -> Grid:
    """Make a grid with a row a subject or a point in time, and a column an indicator."""
    found = {
        id: {
            row[key]: row
            for row in view.rows(id, stage=stage, by=by, at=None if key == "at" else "")
        }
        for id in ids
    }
    names = list(dict.fromkeys(name for rows in found.values() for name in rows))
    names = sorted(names) if key == "at" else names
    first = Head("at", view.word("display.column.at")) if key == "at" else subject_head(view, by)
    heads = [short_head(view, id) if judged else number_head(view, id, id, name=True) for id in ids]
    if shown != "value":
        heads = [Head(f"{id}.range", view.short(id)) for id in ids]
    show = {"range": ranging, "estimate": estimated}.get(shown, marked if judged else valued)
    rows = [
        (
            Item(name) if key == "at" else named(view, name, stage, by, judged=judged),
            *(show(view, found[id].get(name)) for id in ids),
        )
        for name in names
    ]
    behind = [row for cells in found.values() for row in cells.values()]
    return Grid((first, *heads), tuple(rows), behind)


def _judged(view: View, id: str, stage: str) -> bool:
    """Tell whether there is anything that an indicator's values are held against."""
    verdicts = {check.verdict for check in view.checks(stage=stage, indicator=id)}
    return view.limit(id, stage) is not None or bool(verdicts - {"not_applicable"})


def _chosen(view: View, indicators: Sequence[str] | None, stage: str, by: str) -> list[str]:
    here = view.ids("", stage, by)
    if indicators is None:
        return [id for id in here if "." not in id]
    wanted = [
        id for one in indicators for id in here if id == one or (one[0] == "." and id.endswith(one))
    ]
    return list(dict.fromkeys(wanted))


def _unlinked(view: View, by: str) -> bool:
    """Tell whether subjects are numbered anew in each indicator, so that rows mix institutions."""
    released = view.released
    return by == "school" and released.audience == "public" and not released.origin.names_public


def _parts(ids: Sequence[str], most: int) -> list[Sequence[str]]:
    """Split columns evenly over as few tables as are needed.

    >>> _parts(["a", "b", "c"], 2)
    [['a', 'b'], ['c']]
    """
    if not ids:
        return []
    number = -(-len(ids) // most)
    size = -(-len(ids) // number)
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _finish_all(
    view: View, table: str, kind: str, stage: str, grids: Sequence[Grid]
) -> Iterator[Rendered]:
    for place, grid in enumerate(grids, start=1):
        part = (place, len(grids)) if len(grids) > 1 else None
        yield _finish(view, table, kind, stage, grid, part)


def _finish(
    view: View,
    table: str,
    kind: str,
    stage: str,
    grid: Grid,
    part: tuple[int, int] | None = None,
) -> Rendered:
    """Put words around a grid; one in which everything is withheld becomes a line that says so."""
    title = view.caption("table", table, "title", stage, chart=kind)
    name = table
    if part:
        title = view.word("display.part", title=title, part=str(part[0]), parts=str(part[1]))
        name = f"{table}-{part[0]}"
    flags = {str(row["flag"]) for row in grid.cells}
    if "c" in flags and flags <= {"c", "x", "z"}:
        return nothing(view, name, stage, "c", title)
    words = Words(
        title=title,
        subtitle=view.caption("table", table, "subtitle", stage, chart=kind),
        note=_note(view, table, stage, grid),
        source=view.source(),
    )
    return grid.render(view, view.id("table", name, stage), words)


def _note(view: View, table: str, stage: str, grid: Grid) -> str:
    """Write the note under a table: its own, and what the ranges that it shows are."""
    own = view.caption("table", table, "note", stage)
    ranged = any(head.id.split(".")[-1] == "range" for head in grid.heads)
    return view.join(own, interval(view, grid.cells) if ranged else "")
