"""Faults of input files, worded by the catalogue (``locale/intake.toml``).

A rule code such as ``value-not-a-number`` has its sentence at ``intake.fault.<code>`` and how to
put it right at ``intake.fix.<code>``. A value of a file is only put into a sentence where
`quotable` allows it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis import i18n
from analysis.errors import Action, Fault, Level
from analysis.i18n import Blank
from analysis.records.contracts import Column, Table

_NUMBER_OF_A_PERSON = re.compile(r"\d{11,}|\d{6,}[Xx]\b")
_LONG = re.compile(r"\d{15,}[Xx]?")
_LONGEST_QUOTE = 30
_LONGEST_HEADER = 80


def fault(
    code: str,
    *,
    file: str = "",
    sheet: str = "",
    row: int = 0,
    column: str = "",
    level: Level = "error",
    action: Action | None = None,
    **values: Blank,
) -> Fault:
    """Make a fault with its sentences in both languages.

    A blank that differs by language is given twice, with the suffixes ``_zh`` and ``_en``.

    >>> fault("file-too-large", file="a.csv", size=612.0).en
    'the file is larger than 500 MB (612 MB)'
    """
    told = {n: masked(v) if isinstance(v, str) else v for n, v in values.items()}

    def worded(kind: str, language: i18n.Language) -> str:
        key = f"intake.{kind}.{code}"
        if kind == "fix" and not i18n.has(key):
            return ""
        own = {
            name.removesuffix(f"_{language}"): value
            for name, value in told.items()
            if name.endswith(f"_{language}")
        }
        return i18n.say(key, language, **{**told, **own})

    return Fault(
        code=code,
        zh=worded("fault", "zh"),
        en=worded("fault", "en"),
        fix_zh=worded("fix", "zh"),
        fix_en=worded("fix", "en"),
        file=masked(file),
        sheet=masked(sheet),
        row=row,
        column=_NUMBER_OF_A_PERSON.sub("…", _shown(column)[:_LONGEST_HEADER]),
        level=level,
        action=action or ("refused" if level == "error" else "kept"),
    )


@dataclass(frozen=True, slots=True)
class At:
    """A place in a file, at which faults are found."""

    file: str
    sheet: str = ""
    row: int = 0
    column: str = ""

    def to(self, *, row: int | None = None, column: str | None = None) -> At:
        """Give another row or column of the same sheet."""
        return At(
            self.file,
            self.sheet,
            self.row if row is None else row,
            self.column if column is None else column,
        )

    def fault(
        self, code: str, *, level: Level = "error", action: Action | None = None, **values: Blank
    ) -> Fault:
        """Make a fault at this place.

        >>> At("a.csv", row=3).fault("same-file", first="b.csv").where()
        'a.csv · 3'
        """
        return fault(code, file=self.file, sheet=self.sheet, row=self.row, column=self.column,
                     level=level, action=action, **values)  # fmt: skip


def quotable(table: Table, column: Column) -> bool:
    """Tell whether values of a column may stand in a message.

    Only facts of institutions may, and none of a table that lists persons, nor of scores by school,
    for which lists of pupils are taken: there, a shifted column puts a name or a number where it
    does not belong.
    """
    return column.privacy == "P0" and not table.identifiers and table.id != "school_scores"


def quote(text: str, *, allowed: bool = True) -> str | None:
    """Give a value as a message may show it, or nothing.

    A value that looks like a number of a person is never shown, whatever its column.

    >>> quote("12O"), quote("110105194912310021"), quote("12", allowed=False)
    ('12O', None, None)
    """
    shown = " ".join(text.split())
    if not allowed or not shown or _NUMBER_OF_A_PERSON.search(shown):
        return None
    return shown if len(shown) <= _LONGEST_QUOTE else shown[:_LONGEST_QUOTE] + "…"


def masked(name: str) -> str:
    """Give the name of a file or sheet as a message may show it.

    >>> masked("张三110105194912310021.xlsx"), masked("130722_2021_学校.xlsx")
    ('张三….xlsx', '130722_2021_学校.xlsx')
    """
    return _LONG.sub("…", _shown(name))


def _shown(text: str) -> str:
    """Replace what a terminal or a page would obey instead of show."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
