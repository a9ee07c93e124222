"""What a column and a table of the contracts are, and the columns that many tables share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from analysis.finding import Privacy

Kind = Literal["text", "code", "count", "number", "year", "date", "flag"]
KnownAt = Literal["year_start", "year_end", "calendar_year_end", "always", "term_end", "event"]
"""``year_start``: 1 September (of a row by term: the term's first day); ``year_end``: 31 August;
``calendar_year_end``: 31 December; ``term_end``: the term's last day; ``event``: the day on which
something happened to the pupil, so that it may tell of the outcome itself."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    id
        Name in the store, ``snake_case``, suffix by meaning (``_n``, ``_m2``, ``_yuan``).
    zh, en
        Header in templates and dictionary. Other headers that are understood are data:
        ``data/reference/aliases.toml``.
    kind
        How the text of a file becomes a value. ``code`` takes the values of `codes` (a list of
        ``data/reference/codes.toml``), or any text of the `pattern`. ``flag`` is yes or no.
    unit
        Key of a unit in ``locale/units.toml``.
    low, high
        Bounds, inclusive.
    required
        An empty cell is a fault.
    privacy
        P0 fact of an institution … P3 direct identifier or free text.
    known_at
        When the value exists.
    """

    id: str
    zh: str
    en: str
    kind: Kind
    unit: str = ""
    low: float | None = None
    high: float | None = None
    required: bool = False
    codes: str = ""
    pattern: str = ""
    privacy: Privacy = "P3"
    known_at: KnownAt = "year_start"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, what makes a row unique, and what it is."""

    id: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    about_zh: str
    about_en: str
    optional: bool = False

    def __getitem__(self, id: str) -> Column:
        return next(column for column in self.columns if column.id == id)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.id for column in self.columns)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Columns of class P3, which only the identity store holds."""
        return tuple(column.id for column in self.columns if column.privacy == "P3")


DTYPES: Mapping[Kind, str] = MappingProxyType(
    {
        "text": "string", "code": "string", "count": "Int64", "number": "Float64",
        "year": "Int64", "date": "string", "flag": "boolean",
    }
)  # fmt: skip
"""Dtype of each kind in memory; every one of them can be missing."""

SCHOOL_PATTERN = r"[0-9A-Za-z-]{3,20}"
COUNTY_PATTERN = r"\d{5,6}"


def school(id: str = "school", zh: str = "学校标识码", en: str = "School code") -> Column:
    """Declare a column of school codes."""
    return Column(id, zh, en, "text", required=True, pattern=SCHOOL_PATTERN, privacy="P0",
                  known_at="always")  # fmt: skip


def count(
    id: str, zh: str, en: str, unit: str, *, high: float = 30_000, required: bool = False,
    privacy: Privacy = "P0",
) -> Column:  # fmt: skip
    """Declare a column of whole numbers, facts of an institution unless said."""
    return Column(id, zh, en, "count", unit=unit, low=0, high=high, required=required,
                  privacy=privacy)  # fmt: skip


def amount(
    id: str, zh: str, en: str, unit: str, high: float, *, known_at: KnownAt = "year_start"
) -> Column:
    """Declare a column of measured amounts of an institution."""
    return Column(id, zh, en, "number", unit=unit, low=0, high=high, privacy="P0",
                  known_at=known_at)  # fmt: skip


def person(
    id: str, zh: str, en: str, kind: Kind, *, codes: str = "", unit: str = "",
    privacy: Privacy = "P1", low: float | None = None, high: float | None = None,
    required: bool = False, pattern: str = "", known_at: KnownAt = "year_start",
) -> Column:  # fmt: skip
    """Declare a column that says something of a person."""
    return Column(id, zh, en, kind, unit=unit, codes=codes, privacy=privacy, low=low, high=high,
                  required=required, pattern=pattern, known_at=known_at)  # fmt: skip


COUNTY = Column("county", "县级区划代码", "County code", "text", required=True,
                pattern=COUNTY_PATTERN, privacy="P0", known_at="always")  # fmt: skip
YEAR = Column("year", "学年", "School year (autumn)", "year", required=True, low=1980, high=2100,
              privacy="P0", known_at="always")  # fmt: skip
STAGE = Column("stage", "学段", "Stage", "code", required=True, codes="stage", privacy="P0",
               known_at="always")  # fmt: skip
