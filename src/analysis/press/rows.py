"""The rows of a block as a reader takes them up: told apart, and in the order of the years."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis import wire
from analysis.i18n import Language, has, say, text

_TO_SHARE = (1.0, 100.0)
"""What a released value may have been multiplied by in a row: shares may be percentages."""

Series = tuple[tuple[str, ...], int]


def in_order(block: wire.Block) -> list[int]:
    """Give the order in which to read the rows: what belongs together as it came, by its years.

    Returns
    -------
    list of int
        Places in the block's rows; as they are where no row has a year.
    """
    rows = block["rows"]
    if not any("at" in row for row in rows):
        return [*range(len(rows))]
    series = list(_series(block))
    first = {each: place for place, each in reversed([*enumerate(series)])}
    return sorted(
        range(len(rows)), key=lambda row: (first[series[row]], str(rows[row].get("at", "")))
    )


def numbered(block: wire.Block, language: Language) -> bool:
    """Tell whether a block lists schools by number instead of name."""
    before, _, after = text("gate.school", language).partition("{n:code}")
    pattern = re.compile(re.escape(before) + r"\d+" + re.escape(after))
    return any(pattern.fullmatch(str(row.get("subject", ""))) for row in block["rows"])


def with_stages(block: wire.Block, language: Language) -> wire.Block:
    """Name the stage of each row where rows of several stages cannot be told apart otherwise.

    The stages are those of the block's cells; where a series of rows could be of more than one,
    the block stays as it is.
    """
    series = list(_series(block))
    if all(count == 0 for _, count in series):
        return block
    may_be: dict[Series, set[str]] = {}
    for each, row in zip(series, block["rows"], strict=True):
        if row.get("value") is not None:
            found = _stages(block["cells"], row)
            may_be[each] = may_be[each] & found if each in may_be else found
    named = {each: next(iter(stages)) for each, stages in may_be.items() if len(stages) == 1}
    if set(named) != set(series) or not all(has(f"stage.{stage}") for stage in named.values()):
        return block
    column: wire.Column = {
        "id": "stage", "label": say("press.stage", language), "kind": "text", "digits": 0,
    }  # fmt: skip
    rows = [
        {**row, "stage": say(f"stage.{named[each]}", language)}
        for each, row in zip(series, block["rows"], strict=True)
    ]
    return {
        **block,
        "columns": [*block["columns"][:1], column, *block["columns"][1:]],
        "rows": rows,
    }


def _series(block: wire.Block) -> Iterator[Series]:
    """Give the series of each row: its words but the year, and how often they came with the year."""
    texts = [c["id"] for c in block["columns"] if c["kind"] == "text" and c["id"] != "at"]
    seen: dict[tuple[tuple[str, ...], str], int] = {}
    for row in block["rows"]:
        words = tuple(str(row.get(id)) for id in texts)
        count = seen.get((words, str(row.get("at"))), 0)
        seen[words, str(row.get("at"))] = count + 1
        yield words, count


def _stages(cells: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> set[str]:
    """Find the stages of the released cells that a row may show."""
    value = row["value"]
    return {
        stage
        for cell in cells
        for _, stage, _, _, at in [cell["key"].split("|")]
        if at == str(row.get("at", at)) and cell["value"] is not None
        if any(float(f"{cell['value'] * scale:.12g}") == value for scale in _TO_SHARE)
    }
