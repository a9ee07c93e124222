"""What files call things, read from ``data/reference/aliases.toml``: data, not code."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from analysis.records.contracts import TABLES, Column, Table
from analysis.records.reference import folder

EXTRAS = ("school_name", "county_name", "ignored")
"""Roles of headers that are read for something else than a value of the table."""

_IGNORABLE = re.compile(r"[\s()\[\]{}<>《》【】〔〕*:、,。.;'\"“”‘’_\-—–/\\|]+")
_NUMBERED = re.compile(r"^\(?(?:\d{1,2}|[一二三四五六七八九十]{1,2})[)、.](?=\D)")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit a header may state: the contract's units it fits, and the factor to them."""

    fits: frozenset[str]
    times: Decimal


@dataclass(frozen=True, slots=True)
class Question:
    """Headers that ask a question of a column of codes, and the codes of its two answers."""

    headers: frozenset[str]
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of files.

    Attributes
    ----------
    missing
        Cells that mean: not known. Never zero.
    yes, no
        Cells of a flag.
    questions
        Columns of codes below headers that ask for yes or no, by id.
    grades, grade_spans
        Grades by what registers write; first and last grade of a stage by its name.
    fourth_of_junior
        What registers write for the fourth grade of junior school.
    rows
        First cells of rows that are no data, by kind: total, subtotal, note, signature …
    units
        Units by what a header says.
    headers
        ``headers[table][header]`` is the id of a column or one of `EXTRAS`.
    neutral
        Groups of headers that say nothing of their own.
    foreign
        Groups of headers whose columns are of something else.
    sheets
        Names of sheets that hold no data.
    tables
        Names that a sheet or file of a table may carry.
    pupils
        What tells a list of pupils: words, other words that hold them, headers.
    several_stages
        Words that hold the name of a stage and do not name that one alone.
    """

    missing: frozenset[str]
    yes: frozenset[str]
    no: frozenset[str]
    questions: Mapping[str, Question]
    grades: Mapping[str, int]
    fourth_of_junior: frozenset[str]
    grade_spans: Mapping[str, tuple[int, int]]
    rows: Mapping[str, frozenset[str]]
    units: Mapping[str, Unit]
    headers: Mapping[str, Mapping[str, str]]
    neutral: frozenset[str]
    foreign: frozenset[str]
    sheets: frozenset[str]
    tables: Mapping[str, tuple[str, ...]]
    pupils: Mapping[str, tuple[str, ...]]
    several_stages: tuple[str, ...]


def normal(text: str) -> str:
    r"""Give a word as words are compared: half-width, small, without spaces and punctuation.

    >>> normal("１．学校（机构）\n名称 *"), normal("School code")
    ('学校机构名称', 'schoolcode')
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = _NUMBERED.sub("", "".join(plain.split()))
    return _IGNORABLE.sub("", plain).casefold()


@cache
def vocabulary() -> Vocabulary:
    """Read the words of files once."""
    tree = tomllib.loads((folder() / "aliases.toml").read_text(encoding="utf-8"))
    missing = {unicodedata.normalize("NFKC", token) for token in tree["missing"]["tokens"]}
    return Vocabulary(
        missing=frozenset(missing | set(tree["missing"]["tokens"]) | {""}),
        yes=frozenset(tree["flag"]["yes"]),
        no=frozenset(tree["flag"]["no"]),
        questions={
            id: Question(frozenset(map(normal, asked["headers"])), asked["yes"], asked["no"])
            for id, asked in tree["question"].items()
        },
        grades={
            normal(word): int(grade)
            for grade, words in tree["grade"]["words"].items()
            for word in words
        },
        fourth_of_junior=frozenset(map(normal, tree["grade"]["five_four"]["fourth"])),
        grade_spans={
            normal(stage): (first, last)
            for stage, (first, last) in tree["grade"]["entered"].items()
        },
        rows={kind: frozenset(map(normal, words)) for kind, words in tree["rows"].items()},
        units={
            normal(name): Unit(frozenset(unit["fits"]), Decimal(unit["times"]))
            for name, unit in tree["unit"].items()
        },
        headers={table.id: _headers(table, tree) for table in TABLES.values()},
        neutral=frozenset(map(normal, tree["groups"]["neutral"])),
        foreign=frozenset(map(normal, tree["groups"]["foreign"])),
        sheets=frozenset(map(normal, tree["sheets"]["ignored"])),
        tables={id: tuple(map(normal, names)) for id, names in tree["tables"].items()},
        several_stages=tuple(map(normal, tree["stages"]["several"])),
        pupils={kind: tuple(map(normal, words)) for kind, words in tree["pupils"].items()},
    )


_SECTIONS = {"pupils": "register"}
"""Sections of headers that do not bear the name of their table: ``pupils`` are words."""


def _headers(table: Table, tree: Mapping[str, Any]) -> dict[str, str]:
    """Collect a table's headers; what is nearer to the table wins."""
    known: dict[str, str] = {}
    for role in EXTRAS:
        known.update((normal(name), role) for name in tree["extra"]["any"].get(role, ()))
    for scope in ("any", _SECTIONS.get(table.id, table.id)):
        for id, names in tree.get(scope, {}).items():
            if id in table.names:
                known.update((normal(name), id) for name in names)
    for column in table.columns:
        known.update((normal(name), column.id) for name in names_of(column))
    return known


def names_of(column: Column) -> tuple[str, str, str]:
    """Give the names of a column that always count as its header."""
    return column.zh, column.en, column.id
