"""How released cells become the cells and headers of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analysis import i18n
from analysis.display.grid import Head, Item
from analysis.display.rows import HIDDEN, Row, flag, is_number, number
from analysis.display.view import View
from analysis.finding import NUMBER_COLUMNS, Check

FIELDS = (*NUMBER_COLUMNS, "range", "verdict", "unit", "limit")


def field(view: View, id: str, stage: str, column: str) -> tuple[Row | None, Item]:
    """Give one cell of a table by indicator, and the released row behind it."""
    if column == "unit":
        return None, Item(view.unit(id))
    if column == "limit":
        row = view.row(id, stage=stage, by="limit", subject="threshold")
        return row, valued(view, row)
    of_part = column not in FIELDS
    row = view.row(f"{id}.{column}" if of_part else id, stage=stage)
    if column == "range":
        return row, Item(view.range(row) or view.word("flag.z"))
    if column == "verdict":
        verdict = view.verdict(row) if row else ""
        return row, Item(view.verdict_text(verdict) if verdict else view.word("flag.z"))
    if column in NUMBER_COLUMNS and column != "value":
        found = number(row, column)
        code = flag(row) if row is None or found is not None else row["flag"] or "z"
        return row, Item(view.value(row, column), found, code)
    if column == "gap" and row:
        return row, Item(gap_text(view, row), number(row), flag(row))
    return row, valued(view, row)


def named(view: View, subject: str, stage: str, by: str, *, judged: bool) -> Item:
    """Name a subject, if asked behind the mark of its own verdict: a check that no column shows."""
    name = view.label(by, subject)
    columns = view.ids("", stage, by)
    for check in view.checks(stage=stage, by=by) if judged else ():
        if check.subject == subject and check.indicator not in columns:
            return Item(f"{view.word(f'verdict.mark.{check.verdict}')} {name}")
    return Item(name)


def marked(view: View, row: Row | None) -> Item:
    """Make the cell of a value with the mark of its verdict, shaded where it is not met."""
    item = valued(view, row)
    verdict = view.verdict(row) if row and item.value is not None else ""
    if not verdict:
        return item
    text = f"{view.word(f'verdict.mark.{verdict}')} {item.text}"
    return Item(text, item.value, item.flag, shaded=verdict == "not_met")


def ranging(view: View, row: Row | None) -> Item:
    """Make the cell of a row's range; one that holds a single number is that number."""
    text = view.range(row)
    if row is None or not text:
        return Item(view.word(f"flag.{flag(row) if flag(row) in HIDDEN else 'z'}"))
    low, high = (view.count(row, end) for end in ("value_low", "value_high"))
    return Item(view.flagged(low if low == high else text, row["flag"]))


def estimated(view: View, row: Row | None) -> Item:
    """Make the cell of an estimate: the value, and behind it its range."""
    item = marked(view, row)
    text = view.range(row)
    if row is None or not text or item.value is None:
        return item
    both = view.word("display.estimate", value=item.text, range=text)
    return Item(both, item.value, item.flag, shaded=item.shaded)


def valued(view: View, row: Row | None, limit: float | None = None) -> Item:
    """Make the cell of a row's value, written to tell it from the limit it is held to."""
    found = number(row)
    if row is None or found is None:
        return Item(view.value(row), None, flag(row))
    if limit is not None and is_number(limit):
        return Item(
            view.flagged(view.against(found, limit, row["indicator"]), row["flag"]),
            found,
            row["flag"],
        )
    return Item(view.value(row), found, row["flag"])


def gap_text(view: View, row: Row) -> str:
    """Write a gap with the unit that it is counted in."""
    base = row["indicator"].split(".")[0]
    labels = view.released.labels
    many = labels.get("measure", {}).get(base, {}).get(view.language)
    one = labels.get("measure_one", {}).get(base, {}).get(view.language)
    measure = one if one and row["value"] == 1 else many
    if number(row) is None or not measure:
        return view.value(row)
    return view.word("display.measured", number=view.value(row), measure=measure)


def subject_head(view: View, by: str) -> Head:
    """Head the column of a dimension's subjects."""
    key = f"display.column.{by}"
    return Head("subject", view.word(key if i18n.has(key) else "display.column.subject"))


def number_head(view: View, id: str, indicator: str, *, name: bool = False) -> Head:
    """Head a column of an indicator's values, by its name if asked."""
    declared = view.released.indicator(indicator)
    percent = declared.unit == "share"
    label = view.titled(indicator) if name else view.word("display.column.value")
    return Head(id, label, "number", declared.digits, percent)


def short_head(view: View, indicator: str) -> Head:
    """Head a narrow column of an indicator's values."""
    declared = view.released.indicator(indicator)
    return Head(
        indicator, view.short(indicator), "number", declared.digits, declared.unit == "share"
    )


def field_head(view: View, column: str, ids: Sequence[str]) -> Head:
    """Head a column of a field or part of several indicators."""
    label = view.word(f"display.column.{column}")
    if column in ("unit", "range", "verdict", "gap"):
        return Head(column, label)
    if column in ("value", "limit", "value_low", "value_high"):
        return Head(column, label, "number", max(view.released.indicator(i).digits for i in ids))
    known = {i.id: i for i in view.released.indicators}
    parts = [known[f"{id}.{column}"] for id in ids if f"{id}.{column}" in known]
    if not parts:
        return Head(column, label, "number", 0)
    percent = all(part.unit == "share" for part in parts)
    return Head(column, label, "number", max(part.digits for part in parts), percent)


def interval(view: View, cells: Iterable[Row]) -> str:
    """Say what the ranges shown are."""
    kinds = {row["interval_kind"] for row in cells if view.range(row)} - {"none"}
    said = [view.word(f"interval.{kind}") for kind in sorted(kinds)]
    return view.join(*(view.word("display.interval", text=text) for text in said))


def verdict_item(view: View, id: str, check: Check, row: Row | None, gap: Row | None) -> Item:
    """Make one cell of a table of requirements."""
    if id == "requirement":
        return Item(requirement(view, check))
    if id == "value":
        return valued(view, row, check.limit)
    if id == "range":
        return Item(view.range(row) or view.word("flag.z"))
    text = view.verdict_text(check.verdict, check.reason)
    if gap and number(gap):
        text = view.word("display.short", verdict=text, gap=gap_text(view, gap))
    return Item(text, shaded=check.verdict == "not_met")


def requirement(view: View, check: Check) -> str:
    """Write what a check requires."""
    limit = check.limit if is_number(check.limit) else None
    stage = view.label("stage", check.stage) if check.stage else None
    name = view.base_name(check.indicator)
    return view.word(check.rule, indicator=name, limit=limit, stage=stage)


def row_of(view: View, check: Check) -> Row | None:
    """Give the row that a check judges."""
    return view.row(
        check.indicator, stage=check.stage, by=check.by, subject=check.subject, at=check.at
    )


def gap_of(view: View, check: Check) -> Row | None:
    """Give what is lacking to the threshold that a check is about, where that is known."""
    row = view.row(f"{check.indicator}.gap", stage=check.stage, at=check.at)
    return row if row is not None and number(row) is not None else None
