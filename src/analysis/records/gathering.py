"""Blocks of text typed by their contracts and gathered into one frame a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd

from analysis.errors import Fault, Level
from analysis.records import grades
from analysis.records.blocks import Block
from analysis.records.contracts import DTYPES, TABLES, Column, Table
from analysis.records.faults import At, quotable, quote
from analysis.records.parsing import Typed, Unfit, Value, type_answers, type_texts
from analysis.records.setting import Gazetteer
from analysis.records.vocabulary import normal, vocabulary

PLACE = "_place"
ROW = "_row"
SCHOOL_NAME = "_school_name"
FROM_JUNIOR = "_from_junior"
"""Whether the file counts the row's grade from the first of junior school (初一)."""


@dataclass(slots=True)
class Gathered:
    """Values of all blocks by table and column, with the place each row comes from.

    Attributes
    ----------
    names
        Divisions, to check county codes and names.
    places
        File and sheet of each block; `PLACE` of a row is its position here.
    faults
        What was found while typing.
    unread
        `PLACE` and row of the cells that could not be read, by table and column.
    """

    names: Gazetteer
    places: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread: dict[tuple[str, str], set[tuple[int, int]]] = field(default_factory=dict)
    _values: dict[str, dict[str, list[Value]]] = field(default_factory=dict)

    def add(self, block: Block) -> None:
        """Type a block and keep its rows."""
        store = self._values.setdefault(block.table.id, {})
        for column in block.table.columns:
            values = self._typed(block, column)
            self.faults.extend(_contradicted(block, column, values))
            store.setdefault(column.id, []).extend(values)
        count = len(block.rows)
        names: list[Value] = list(block.texts.get("school_name", [None] * count))
        store.setdefault(SCHOOL_NAME, []).extend(names)
        said = block.texts.get("grade", [""] * count)
        counted = {text: grades.counts_from_junior(text) for text in dict.fromkeys(said)}
        store.setdefault(FROM_JUNIOR, []).extend(counted[text] for text in said)
        store.setdefault(PLACE, []).extend([len(self.places)] * count)
        store.setdefault(ROW, []).extend(block.rows)
        self.places.append((block.file, block.sheet))

    def frames(self) -> dict[str, pd.DataFrame]:
        """Give the frames of all tables, with `PLACE`, `ROW`, `SCHOOL_NAME` and `FROM_JUNIOR` beside."""
        return {table.id: self._frame(table) for table in TABLES.values()}

    def _frame(self, table: Table) -> pd.DataFrame:
        store = self._values.get(table.id, {})
        kinds = {column.id: DTYPES[column.kind] for column in table.columns}
        kinds |= {SCHOOL_NAME: "string", FROM_JUNIOR: "boolean", PLACE: "int64", ROW: "int64"}
        return pd.DataFrame(
            {id: pd.Series(cast(Any, store.get(id, [])), dtype=kind) for id, kind in kinds.items()}
        )

    def _typed(self, block: Block, column: Column) -> list[Value]:
        count = len(block.rows)
        if column.id == "county" and "county" not in block.texts and "county_name" in block.texts:
            return self._counties_by_name(block)
        texts = block.texts.get(column.id)
        if texts is None:
            return [block.constants.get(column.id)] * count
        texts = _grades_of_the_year(block, texts) if column.id == "grade" else texts
        typed = _type(block, column, texts)
        found = list(_cell_faults(block, column, texts, typed))
        self.faults.extend(found)
        unread = self.unread.setdefault((block.table.id, column.id), set())
        unread.update((len(self.places), fault.row) for fault in found)
        if column.id == "county":
            codes = self._checked_counties(block, typed.values)
            self.faults.extend(self._named_otherwise(block, codes))
            return codes
        return typed.values

    def _checked_counties(self, block: Block, codes: list[Value]) -> list[Value]:
        """Hold county codes against the list of divisions; old codes give way to new ones."""
        regions = self.names.regions
        first: dict[Value, int] = {}
        for row, code in zip(block.rows, codes, strict=True):
            first.setdefault(code, row)
        now: dict[Value, Value] = {None: None}
        for code, row in first.items():
            if code is None:
                continue
            current = regions.succeeded(str(code))
            at = At(block.file, block.sheet, row, block.headers["county"])
            now[code] = current
            if current != code:
                self.faults.append(
                    at.fault("county-replaced", level="info", action="normalised",
                             old=str(code), new=current)
                )  # fmt: skip
            known = regions.places.get(current)
            if known is None or known.level != "county":
                near = regions.find(str(code)[:4])[:3] if known is None else ()
                shown = quote(str(code), allowed=quotable(block.table, block.table["county"]))
                self.faults.append(
                    at.fault("county-unknown", value=shown,
                             near=", ".join(p.code for p in near) or None)
                )  # fmt: skip
        return [now[code] for code in codes]

    def _counties_by_name(self, block: Block) -> list[Value]:
        texts = block.texts["county_name"]
        constant = block.constants.get("county")
        codes: dict[str, Value] = {}
        for row, text in zip(block.rows, texts, strict=True):
            if text in codes:
                continue
            if constant and not text.strip():
                codes[text] = constant
                continue
            found = self._named(text)
            if constant in found:
                found = frozenset({str(constant)})
            codes[text] = next(iter(found)) if len(found) == 1 else None
            if len(found) != 1:
                code = "county-name-ambiguous" if found else "county-name-unknown"
                shown = quote(text, allowed=quotable(block.table, block.table["county"]))
                at = At(block.file, block.sheet, row, block.headers["county_name"])
                self.faults.append(
                    at.fault(code, value=shown, choices=", ".join(sorted(found)) or None)
                )
        return [codes[text] for text in texts]

    def _named(self, text: str) -> frozenset[str]:
        """Find the counties that a cell names, alone or with the divisions above."""
        if not text.strip():
            return frozenset()
        return self.names.named(text) or self.names.places(text)

    def _named_otherwise(self, block: Block, codes: Sequence[Value]) -> Iterator[Fault]:
        """Say where a column of names tells another county than the column of codes beside it."""
        seen: set[tuple[str, Value]] = set()
        for row, text, code in zip(
            block.rows, block.texts.get("county_name", ()), codes, strict=False
        ):
            if code is None or (text, code) in seen:
                continue
            seen.add((text, code))
            found = self._named(text)
            if found and code not in found:
                at = At(block.file, block.sheet, row, block.headers["county_name"])
                yield at.fault("county-name-differs", given=str(code),
                               named=", ".join(sorted(found)))  # fmt: skip


def _grades_of_the_year(block: Block, texts: list[str]) -> list[str]:
    """Turn grades by the year of entry (小学2019级) into those of the row's school year."""
    if not any(map(grades.is_by_entry, dict.fromkeys(texts))):
        return texts
    said = block.texts.get("year")
    years = (
        [block.constants.get("year")] * len(texts)
        if said is None
        else type_texts(block.table["year"], said).values
    )
    known = {
        (text, year): grades.by_entry(text, int(year)) if year is not None else None
        for text, year in dict.fromkeys(zip(texts, years, strict=True))
    }
    return [text if known[text, year] is None else str(known[text, year])
            for text, year in zip(texts, years, strict=True)]  # fmt: skip


def _type(block: Block, column: Column, texts: list[str]) -> Typed:
    question = vocabulary().questions.get(column.id)
    if question and normal(block.headers.get(column.id, "")) in question.headers:
        return type_answers(column, question, texts)
    times = block.times.get(column.id)
    return type_texts(column, texts, times) if times else type_texts(column, texts)


def _contradicted(block: Block, column: Column, values: Sequence[Value]) -> Iterator[Fault]:
    """Say where a column tells another county, year or term than the texts around the sheet."""
    said = block.said.get(column.id)
    if column.id not in ("county", "year", "term") or said is None:
        return
    seen: set[Value] = {said, None}
    header = block.headers.get(column.id, block.headers.get("county_name", ""))
    for row, value in zip(block.rows, values, strict=True):
        if value not in seen:
            seen.add(value)
            level: Level = "error" if column.id == "county" else "warning"
            yield At(block.file, block.sheet, row, header).fault(
                f"{column.id}-differs", level=level, here=str(value), there=str(said)
            )


def _cell_faults(block: Block, column: Column, texts: list[str], typed: Typed) -> Iterator[Fault]:
    """Say what is wrong with the cells of a column."""
    broken = block.broken.get(column.id, frozenset())
    rounded = block.rounded.get(column.id, frozenset()) if _holds_codes(column) else frozenset()
    for position in sorted(broken | rounded):
        reason = Unfit("formula-without-value" if position in broken else "digits-lost")
        yield _cell_fault(block, column, position, texts[position], reason)
        typed.values[position] = None
    if not typed.unfit:
        return
    for position, text in enumerate(texts):
        if text in typed.unfit and position not in broken and position not in rounded:
            yield _cell_fault(block, column, position, text, typed.unfit[text])


def _cell_fault(block: Block, column: Column, position: int, text: str, reason: Unfit) -> Fault:
    header = block.headers.get(column.id, column.zh)
    telling = column.kind in ("text", "code") or any(map(str.isdigit, text))
    # In place of a code of digits and letters, Han characters are most likely somebody's name.
    telling = telling and (not column.pattern or text.isascii())
    values = {
        "value": quote(text, allowed=telling and quotable(block.table, column)),
        "name_zh": column.zh,
        "name_en": column.en,
        **reason.values,
    }
    at = At(block.file, block.sheet, block.rows[position], header)
    return at.fault(reason.code, **cast(dict[str, Any], values))


def _holds_codes(column: Column) -> bool:
    """Tell whether every digit of a column matters: codes and identity numbers."""
    return column.kind == "text"
