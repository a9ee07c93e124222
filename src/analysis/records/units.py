"""Units that stand above a table, for the columns whose headers state none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache

from analysis.errors import Fault
from analysis.records.contracts import Table
from analysis.records.faults import At
from analysis.records.headers import Header, Heading
from analysis.records.layout import RowKind
from analysis.records.sheets import Sheet
from analysis.records.vocabulary import Unit, normal, vocabulary

_MONEY = "yuan"
_BETWEEN = re.compile(r"[、,;/\s和]+")


def sheet_units(sheet: Sheet, kinds: Sequence[RowKind]) -> Mapping[str, Unit]:
    """Read the units stated above the header: a row of its own, in brackets, or behind a unit's name.

    >>> sheet = Sheet("", [["某县（金额单位：万元）"], ["填报单位：某局 单位：人"], ["学校标识码", "班数"]])
    >>> list(sheet_units(sheet, ["title", "title", "header"]))
    ['万元', '人']
    """
    known = vocabulary().units
    found: dict[str, Unit] = {}
    for text in _titles(sheet, kinds):
        for stated in _stated().findall(text):
            for unit in _BETWEEN.split(stated):
                bare = _without_currency(unit)
                if normal(bare) in known:
                    found[bare] = known[normal(bare)]
    return found


def unit_of(table: Table, heading: Heading, units: Mapping[str, Unit]) -> str | None:
    """Give the only unit of the sheet that fits a column."""
    fitting = [name for name, unit in units.items() if table[heading.column].unit in unit.fits]
    return fitting[0] if len(fitting) == 1 else None


def times_of(table: Table, heading: Heading, units: Mapping[str, Unit]) -> Decimal:
    """Give the factor of a column: that of its header's unit, else of the sheet's."""
    if heading.unit:
        return heading.times
    name = unit_of(table, heading, units)
    return units[name].times if name else Decimal(1)


def unit_faults(sheet: Sheet, header: Header, kinds: Sequence[RowKind], at: At) -> Iterator[Fault]:
    """Say which units were applied, which are missing, and which stand there unused."""
    units, money = sheet_units(sheet, kinds), _money_above(sheet, kinds)
    for h in header.headings:
        if not h or h.column not in header.table.names:
            continue
        name = unit_of(header.table, h, units)
        is_money = header.table[h.column].unit == _MONEY
        unused = (
            money if is_money and times_of(header.table, h, units) not in money.values() else {}
        )
        if unused:
            yield at.to(column=h.text).fault("unit-above-not-used", unit="、".join(unused))
        elif h.unit:
            continue
        elif name is None and is_money:
            yield at.to(column=h.text).fault("unit-not-stated", level="warning")
        elif name is not None and units[name].times != 1:
            yield at.to(column=h.text).fault(
                "unit-applied", level="info", action="normalised", unit=name
            )


def _money_above(sheet: Sheet, kinds: Sequence[RowKind]) -> dict[str, Decimal]:
    """Find the larger units of money in the texts above a table, stated as a unit or not."""
    units = {name: u.times for name, u in vocabulary().units.items() if _MONEY in u.fits}
    larger = sorted((name for name, times in units.items() if times != 1), key=len, reverse=True)
    words = re.compile("|".join(map(re.escape, larger)))
    texts = [normal(text) for text in (*_titles(sheet, kinds), sheet.name)]
    return {word: units[word] for text in texts for word in words.findall(text)}


def _titles(sheet: Sheet, kinds: Sequence[RowKind]) -> Iterator[str]:
    for row, kind in zip(sheet.rows, kinds, strict=True):
        for cell in row if kind == "title" else ():
            yield unicodedata.normalize("NFKC", cell)


@cache
def _stated() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, vocabulary().rows["unit"]), key=len, reverse=True))
    behind = rf"((?:(?!(?:{words})\s*:)[^()\[\]])*)"
    return re.compile(rf"(?:{words})\s*:{behind}", re.IGNORECASE)


def _without_currency(unit: str) -> str:
    """Take off the currency that stands before a unit of money (人民币万元)."""
    for word in vocabulary().rows["currency"]:
        unit = re.sub(f"^{re.escape(word)}", "", unit, flags=re.IGNORECASE)
    return unit
