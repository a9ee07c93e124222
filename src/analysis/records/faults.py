"""Faults of input files, worded by the catalogue (``locale/intake.toml``).

A rule code such as ``value-not-a-number`` has its sentence at ``intake.fault.<code>`` and how to
put it right at ``intake.fix.<code>``. A value of a file is only put into a sentence where
`quotable` allows it.
"""

from __future__ import annotations

import re

from analysis import i18n
from analysis.errors import Action, Fault, Level
from analysis.i18n import Blank
from analysis.records.contracts import Column, Table

_NUMBER_OF_A_PERSON = re.compile(r"\d{11,}|\d{6,}[Xx]\b")
_LONGEST_QUOTE = 30


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

    def worded(kind: str, language: i18n.Language) -> str:
        key = f"intake.{kind}.{code}"
        if kind == "fix" and not i18n.has(key):
            return ""
        own = {
            name.removesuffix(f"_{language}"): value
            for name, value in values.items()
            if name.endswith(f"_{language}")
        }
        return i18n.say(key, language, **{**values, **own})

    return Fault(
        code=code,
        zh=worded("fault", "zh"),
        en=worded("fault", "en"),
        fix_zh=worded("fix", "zh"),
        fix_en=worded("fix", "en"),
        file=file,
        sheet=sheet,
        row=row,
        column=column,
        level=level,
        action=action or ("refused" if level == "error" else "kept"),
    )


def quotable(table: Table, column: Column) -> bool:
    """Tell whether values of a column may stand in a message.

    Only facts of institutions may, and none of a table that lists persons: there, a shifted
    column puts a name or a number where it does not belong.
    """
    return column.privacy == "P0" and not table.identifiers


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
