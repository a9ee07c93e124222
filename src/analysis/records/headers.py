"""Header rows: where they are, and which column of which table each of them means.

A sheet's header stands below a title and a row of units, takes one to three rows, and groups
columns (专任教师 over 合计, 研究生, 本科 …). A sheet belongs to the table whose columns it matches
best.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise

from analysis.records.contracts import TABLES, Table
from analysis.records.vocabulary import EXTRAS, names_of, normal, vocabulary

DEEPEST = 3
"""Most rows of one header."""
SEARCHED = 30
"""Rows from the top in which a header is looked for."""
JOINT = "·"

_CONTEXT = ("county", "year", "stage", "term")
_STATED = r"(?:(?:金额|计量)?单位:?)?(?:人民币)?"
_BRACKET = re.compile(rf"[(\[]{_STATED}([^()\[\]]*)[)\]]$")
_TRAILING = re.compile(rf"[/,:;]{_STATED}([^/,:;()]+)$")
_AMONG = re.compile(r"^其中")


@dataclass(frozen=True, slots=True)
class Heading:
    """What one header means.

    Attributes
    ----------
    text
        The header as a message shows it, levels joined by ``·``.
    column
        Id of a column of the table, one of `vocabulary.EXTRAS`, or empty if unknown.
    unit
        The unit that the header states, as written; empty if none.
    times
        Factor from that unit to the contract's.
    fits
        The stated unit is one of the column's.
    """

    text: str
    column: str = ""
    unit: str = ""
    times: Decimal = Decimal(1)
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet.

    Attributes
    ----------
    table
        The table it matches best.
    row, depth
        Its first row, counted from 0, and how many rows it takes.
    headings
        One for each column of the sheet; `None` where the header is empty.
    """

    table: Table
    row: int
    depth: int
    headings: tuple[Heading | None, ...]

    @property
    def found(self) -> frozenset[str]:
        return frozenset(h.column for h in self.headings if h and h.column)


def heading(table_id: str, parts: tuple[str, ...]) -> Heading:
    """Tell what a header means in a table.

    >>> heading("school_years", ("专任教师", "本科")).column
    'teachers_bachelor_n'
    >>> found = heading("resources", ("教学仪器设备值（万元）",))
    >>> found.column, found.times
    ('equipment_yuan', Decimal('10000'))
    """
    table, words = TABLES[table_id], vocabulary()
    text = JOINT.join(" ".join(part.split()) for part in parts)
    plain = ["".join(unicodedata.normalize("NFKC", part).split()).strip("*") for part in parts]
    groups = [_split_unit(part) for part in plain[:-1]]
    above = next((unit for _, unit in reversed(groups) if unit), "")
    bare, unit = _split_unit(plain[-1])
    for last, stated in ((bare, unit or above), (plain[-1], "")) if unit else ((bare, above),):
        id = _column(table, [_AMONG.sub("", normal(part)) for part, _ in (*groups, (last, ""))])
        if not id:
            continue
        if not stated or id in EXTRAS:
            return Heading(text, id)
        known = words.units[normal(stated)]
        fits = table[id].unit in known.fits
        return Heading(text, id, stated, known.times if fits else Decimal(1), fits)
    return Heading(text)


_cached_heading = cache(heading)


def locate(rows: Sequence[Sequence[str]], hint: str = "") -> Header | None:
    """Find the header among the first rows of a sheet.

    Parameters
    ----------
    rows
        The sheet.
    hint
        Names of sheet and file: decides between tables that match equally well.

    Returns
    -------
    Header or None
        Nothing if no row names two columns of any table, one of them a value of it.

    Examples
    --------
    >>> rows = [["某县2021学年学校表", "", ""], ["学校标识码", "年级", "班额"], ["2113000001", "1", "40"]]
    >>> found = locate([["学校标识码", "学段", "年级", "班号", "班级人数"]])
    >>> found.table.id
    'classes'
    """
    best: tuple[tuple[float, ...], Header] | None = None
    hint = normal(hint)
    for row in range(min(len(rows), SEARCHED)):
        if best and row > best[1].row + DEEPEST:
            break
        for depth in _depths(rows, row):
            parts = join(rows[row : row + depth])
            for table in TABLES.values():
                header = Header(table, row, depth, _headings(table, parts))
                score = _score(header, hint)
                if score and (best is None or score > best[0]):
                    best = (score, header)
    return best[1] if best else None


def join(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Join the rows of a header: a group's name reaches over the columns that it spans.

    >>> join([["代码", "专任教师", "", "班数"], ["", "合计", "本科", ""]])
    (('代码',), ('专任教师', '合计'), ('专任教师', '本科'), ('班数',))
    """
    width = max(map(len, rows))
    levels = [[*(cell.strip() for cell in row), *[""] * (width - len(row))] for row in rows]
    for upper, lower in pairwise(levels):
        group = ""
        for column in range(width):
            if upper[column]:
                group = upper[column] if lower[column] else ""
            elif lower[column]:
                upper[column] = group
    return tuple(
        tuple(level[column] for level in levels if level[column]) for column in range(width)
    )


def nearest(name: str, table: Table) -> tuple[str, ...]:
    """Give up to three names of the table's columns that resemble a header.

    >>> nearest("在校生人数", TABLES["school_years"])[0]
    '在校生数'
    """
    return close_to(name, [word for column in table.columns for word in names_of(column)[:2]])


def close_to(name: str, words: Iterable[str]) -> tuple[str, ...]:
    """Give up to three of some words that resemble a name.

    >>> close_to("district cod", ["District code", "county"])
    ('District code',)
    """
    known = {normal(word): word for word in words if word.strip()}
    matches = difflib.get_close_matches(normal(name), known, n=3, cutoff=0.4)
    return tuple(known[match] for match in matches)


def resembling(column_id: str, table: Table, headers: Sequence[str]) -> tuple[str, ...]:
    """Give up to three headers of a sheet that resemble a column that is missing."""
    wanted = [normal(name) for name in names_of(table[column_id])[:2]]
    rated = sorted(
        ((max(difflib.SequenceMatcher(None, w, normal(h)).ratio() for w in wanted), h)
         for h in headers),
        key=lambda pair: -pair[0],
    )  # fmt: skip
    return tuple(header for ratio, header in rated[:3] if ratio >= 0.4)


def _column(table: Table, levels: list[str]) -> str:
    """Match the levels of a header, all of them first, then without the groups above."""
    words = vocabulary()
    for start in range(len(levels)):
        id = words.headers[table.id].get(JOINT.join(levels[start:]), "")
        if not id:
            continue
        own = id in table.names and levels[-1] in map(normal, names_of(table[id]))
        allowed = words.neutral | (words.headers[table.id].keys() if own else set())
        if allowed.issuperset(levels[:start]):
            return id
    return ""


def _split_unit(text: str) -> tuple[str, str]:
    """Take a known unit off the end of a header."""
    for pattern in (_BRACKET, _TRAILING):
        match = pattern.search(text)
        if match and normal(match[1]) in vocabulary().units:
            return text[: match.start()], match[1]
    return text, ""


def _headings(table: Table, parts: Sequence[tuple[str, ...]]) -> tuple[Heading | None, ...]:
    return tuple(_cached_heading(table.id, part) if part else None for part in parts)


def _depths(rows: Sequence[Sequence[str]], row: int) -> range:
    """A header of several rows has a gap in its first row with a name below."""
    if sum(bool(cell.strip()) for cell in rows[row]) < 2:
        return range(0)
    deepest = 1
    for below in rows[row + 1 : row + DEEPEST]:
        gaps = any(
            cell.strip() and (column >= len(rows[row]) or not rows[row][column].strip())
            for column, cell in enumerate(below)
        )
        if not gaps or any(any(map(str.isdigit, cell.strip()[:1])) for cell in below):
            break
        deepest += 1
    return range(1, deepest + 1)


def _score(header: Header, hint: str) -> tuple[float, ...]:
    """Rate a header: columns matched, required ones missing, names of sheet and file, depth."""
    table = header.table
    found = header.found - set(EXTRAS)
    own = found - set(_CONTEXT)
    if len(found) < 2 or not own - {"school"}:
        return ()
    doubled = len([h for h in header.headings if h and h.column in found]) - len(found)
    missing = {c.id for c in table.columns if c.required} - found - set(_CONTEXT)
    unknown = sum(h is not None and not h.column for h in header.headings)
    named = max((len(name) for name in vocabulary().tables[table.id] if name in hint), default=0)
    return (len(found) - len(missing) - doubled, -unknown, named, -header.depth, -header.row)
