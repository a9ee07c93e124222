"""The account of an intake: what became of every row, and all faults in readable order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from analysis.errors import Fault, Level
from analysis.i18n import Language, say
from analysis.records.contracts import TABLES

_LEVELS: tuple[Level, ...] = ("error", "warning", "info")
_ROWS_NAMED = 12
"""Rows named one by one before the rest is counted."""
_ALIKE_NAMED = 10
"""Warnings and notes of one kind said one by one before the rest is counted; errors all are."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What became of the rows of a file.

    Attributes
    ----------
    name, sha256
        The file, relative to the folder, and the hash of its bytes.
    rows_read
        Rows in all its sheets, as a spreadsheet counts them.
    used
        Rows that went into a table.
    quarantined
        Rows set aside; none, so far: one error keeps everything back.
    excluded
        Rows that are no data, by reason (title, header, total, note, blank …).
    """

    name: str
    sha256: str
    rows_read: int
    used: int
    quarantined: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)


def lines(
    frames: Mapping[str, pd.DataFrame],
    faults: Sequence[Fault],
    files: Sequence[FileRecord],
    language: Language,
) -> list[str]:
    """Say what was read and what is wrong, one line each."""
    said = [_rows_line(files, language)]
    for id, frame in frames.items():
        if len(frame):
            said.append(
                say("intake.report.table", language, table=_name(id, language), n=len(frame),
                    counties=frame["county"].nunique(), years=_years(frame, language))
            )  # fmt: skip
    for level in _LEVELS:
        said.extend(_fault_lines([f for f in faults if f.level == level], level, language))
    counts = Counter(found.level for found in faults)
    said.append(
        say("intake.report.counts", language, errors=counts["error"], warnings=counts["warning"],
            infos=counts["info"])
    )  # fmt: skip
    said.append(say(f"intake.report.{'refused' if counts['error'] else 'accepted'}", language))
    return said


def as_json(
    frames: Mapping[str, pd.DataFrame], faults: Sequence[Fault], files: Sequence[FileRecord]
) -> dict[str, Any]:
    """Give the account as plain values."""
    counts = Counter(found.level for found in faults)
    return {
        "schema": 1,
        "tables": {id: len(frame) for id, frame in frames.items()},
        "counts": {level: counts[level] for level in _LEVELS},
        "faults": [found.as_dict() for found in faults],
        "files": [{**asdict(_plain(record))} for record in files],
    }


def _years(frame: pd.DataFrame, language: Language) -> str | None:
    years = frame["year"].dropna()
    if not len(years):
        return None
    first, last = int(years.min()), int(years.max())
    if first == last:
        return say("intake.report.year", language, first=first)
    return say("intake.report.years", language, first=first, last=last)


def _plain(record: FileRecord) -> FileRecord:
    return FileRecord(record.name, record.sha256, record.rows_read, record.used,
                      record.quarantined, dict(record.excluded))  # fmt: skip


def _rows_line(files: Sequence[FileRecord], language: Language) -> str:
    excluded: Counter[str] = Counter()
    for record in files:
        excluded.update(record.excluded)
    comma = say("intake.report.comma", language)
    reasons = comma.join(
        say(
            "intake.report.reason", language, reason=say(f"intake.excluded.{reason}", language), n=n
        )
        for reason, n in sorted(excluded.items())
    )
    return say(
        "intake.report.rows", language, files=len(files), rows=sum(r.rows_read for r in files),
        used=sum(r.used for r in files), excluded=sum(excluded.values()), reasons=reasons or None,
    )  # fmt: skip


def _fault_lines(faults: Sequence[Fault], level: Level, language: Language) -> Iterator[str]:
    """Say faults; those that differ by row alone share a line."""
    alike: dict[str, dict[tuple[str, ...], list[Fault]]] = {}
    for found in faults:
        key = (found.file, found.sheet, found.column, found.zh)
        alike.setdefault(found.code, {}).setdefault(key, []).append(found)
    name = say(f"intake.level.{level}", language)
    for places in alike.values():
        several = list(places.values())
        named = several if level == "error" else several[:_ALIKE_NAMED]
        for same in named:
            yield _fault_line(same, name, language)
        if len(named) < len(several):
            yield say("intake.report.alike", language, level=name, n=len(several) - len(named))


def _fault_line(same: Sequence[Fault], level: str, language: Language) -> str:
    first = same[0]
    rows = [str(found.row) for found in same if found.row]
    zh = language == "zh"
    return say(
        "intake.report.fault",
        language,
        level=level,
        where=_where(first, rows, language) or None,
        what=first.zh if zh else first.en,
        fix=(first.fix_zh if zh else first.fix_en) or None,
    )


def _where(fault: Fault, rows: Sequence[str], language: Language) -> str:
    row = ""
    if rows:
        comma, more = say("intake.report.comma", language), len(rows) - _ROWS_NAMED
        row = say("intake.report.row", language, rows=comma.join(rows[:_ROWS_NAMED]),
                  more=more if more > 0 else None)  # fmt: skip
    column = say("intake.report.column", language, name=fault.column) if fault.column else ""
    return " · ".join(part for part in (fault.file, fault.sheet, row, column) if part)


def _name(id: str, language: Language) -> str:
    return TABLES[id].zh if language == "zh" else TABLES[id].en
