"""Notes with their blanks filled from what was released; what cannot be said is left unsaid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis import i18n
from analysis.finding import KEY, Cell, Finding, Given, Name, Note, NoteValue
from analysis.release.people import CODED
from analysis.release.released import Said, Word

Cells = Mapping[tuple[str, ...], Mapping[Any, Any]]
Labels = Mapping[str, Mapping[str, Mapping[str, str]]]


def say(finding: Finding, table: pd.DataFrame, labels: Labels) -> tuple[tuple[Said, ...], int]:
    """Fill the notes, and count those that may not be said.

    Parameters
    ----------
    finding
        Whose notes they are.
    table
        The released rows under the keys they have in the finding.
    labels
        The names that the audience may read.

    Raises
    ------
    ValueError
        If a note points at an indicator that the finding does not declare.
    """
    declared = {indicator.id for indicator in finding.indicators}
    for note in finding.notes:
        for value in note.values.values():
            if isinstance(value, Cell) and value.indicator not in declared:
                raise ValueError(f"note {note.key} points at {value.indicator}, not declared")
    records = table.to_dict("records") if finding.notes else []
    cells: Cells = {tuple(row[field] for field in KEY): row for row in records}
    filled = [_fill(note, finding.name, cells, labels) for note in finding.notes]
    said = tuple(note for note in filled if note is not None)
    return said, len(filled) - len(said)


def _fill(note: Note, name: str, cells: Cells, labels: Labels) -> Said | None:
    values = {blank: _resolve(value, name, cells, labels) for blank, value in note.values.items()}
    missing = {blank for blank, value in values.items() if value is None}
    needed = i18n.needs(note.key) if i18n.has(note.key) else set(values)
    if missing & needed or _tells_withheld(note, cells):
        return None
    told = dict.fromkeys(
        _key(value)
        for blank, value in note.values.items()
        if isinstance(value, Cell) and blank not in missing
    )
    return Said(note.key, note.stage, values, tuple(told))


def _tells_withheld(note: Note, cells: Cells) -> bool:
    """Tell whether a note rests on a withheld number, which its other words may give away.

    What stands in brackets only may be left out and is left out.
    """
    optional = i18n.brackets(note.key) if i18n.has(note.key) else frozenset()
    return any(
        cells.get(_key(value), {}).get("flag") == "c"
        for blank, value in note.values.items()
        if isinstance(value, Cell) and blank not in optional
    )


def _resolve(value: NoteValue, name: str, cells: Cells, labels: Labels) -> Word:
    if isinstance(value, Given):
        return value.value
    if isinstance(value, Name):
        return _name(value, name, labels)
    row = cells.get(_key(value))
    # "At most two per cent" is not a number that a sentence could give as it stands.
    if row is None or (row["flag"] in CODED and value.field == "value"):
        return None
    number = float(row[value.field])
    return number if math.isfinite(number) else None


def _key(cell: Cell) -> tuple[str, ...]:
    return tuple(getattr(cell, field) for field in KEY)


def _name(value: Name, name: str, labels: Labels) -> Word:
    """Give a name from the labels, else from the catalogue, as display does."""
    if value.subject in labels.get(value.by, {}):
        return dict(labels[value.by][value.subject])
    for key in (f"{value.by}.{value.subject}", f"{name}.{value.by}.{value.subject}"):
        if i18n.has(key):
            return {language: i18n.text(key, language) for language in i18n.LANGUAGES}
    return None
