"""What became of every report of an output tree: SQLite beside the reports, for its owner alone.

``OUT/.ledger/ledger.sqlite`` has a row a report: its key and what that is made of, the hash of its
manifest, how often and how long it was tried, why it failed. Seconds and times stand here and in
no output. A writer that is one of several shards has a file of its own, ``shard-1-of-4.sqlite``,
since SQLite is not made for a file that several machines share; reading reads them all, and of a
report in several of them the entry counts that its folder agrees with.

A report is valid only with an entry: ``publishing``, with the hash of the new manifest, is on the
disk before the folder takes its place, and ``ok`` after it. So a run that was killed between the
two leaves a folder that its entry knows.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analysis import wire
from analysis.press import manifest

FOLDER = ".ledger"
State = Literal["publishing", "ok", "failed"]
MADE = ("publishing", "ok")
"""States whose manifest, if it is the folder's, makes the folder a report."""

_WAIT = 30.0
_TABLE = """
CREATE TABLE IF NOT EXISTS reports (
    audience TEXT NOT NULL, year INTEGER NOT NULL, code TEXT NOT NULL,
    state TEXT NOT NULL, key TEXT NOT NULL, parts TEXT NOT NULL, manifest TEXT NOT NULL,
    kind TEXT NOT NULL, chapter TEXT NOT NULL, cell INTEGER NOT NULL, grouping TEXT NOT NULL,
    seconds REAL NOT NULL, attempts INTEGER NOT NULL, engine TEXT NOT NULL, noted REAL NOT NULL,
    PRIMARY KEY (audience, year, code)
) WITHOUT ROWID
"""
# A part is kept once however many reports share it: a country's code would be a hundred megabytes.
_PARTS = "CREATE TABLE IF NOT EXISTS parts (digest TEXT PRIMARY KEY, plain TEXT NOT NULL)"
_FIELDS = (
    "audience", "year", "code", "state", "key", "parts", "manifest", "kind", "chapter", "cell",
    "grouping", "seconds", "attempts", "engine",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one report.

    Attributes
    ----------
    audience, year, code
        Which report.
    state
        ``publishing``, ``ok`` or ``failed``.
    key, parts
        What it was made from (`keys`).
    manifest
        Hash of its manifest, once there is one.
    kind, chapter, cell, grouping
        Class of the failure, where it was, and what failures of one cause have in common.
    seconds, attempts, engine
        How it was made.
    """

    audience: str
    year: int
    code: str
    state: State
    key: str = ""
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    manifest: str = ""
    kind: str = ""
    chapter: str = ""
    cell: int = 0
    grouping: str = ""
    seconds: float = 0.0
    attempts: int = 0
    engine: str = ""

    @property
    def place(self) -> tuple[str, int, str]:
        return self.audience, self.year, self.code


class Ledger:
    """One file of a ledger, open for writing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def note(self, entry: Entry) -> None:
        """Write what became of a report; it is on the disk when this returns."""
        digests = {name: wire.digest(part) for name, part in entry.parts.items()}
        plain = json.dumps(digests, sort_keys=True)
        values = [plain if name == "parts" else getattr(entry, name) for name in _FIELDS]
        marks = ", ".join("?" * (len(_FIELDS) + 1))
        with self._connection:
            self._connection.executemany(
                "INSERT OR IGNORE INTO parts VALUES (?, ?)",
                [(digests[n], json.dumps(dict(p))) for n, p in entry.parts.items()],
            )
            self._connection.execute(
                f"INSERT OR REPLACE INTO reports ({', '.join(_FIELDS)}, noted) VALUES ({marks})",  # noqa: S608 - names of our own
                [*values, time.time()],
            )

    def read(self) -> list[Entry]:
        """Give all entries of this file."""
        return [entry for _, entry in _rows(self._connection)]


@contextmanager
def open_ledger(out: Path, shard: tuple[int, int] | None = None) -> Iterator[Ledger]:
    """Open the ledger of an output tree for writing, made if there is none.

    Parameters
    ----------
    out
        The output tree.
    shard
        Which part of how many writes it, counted from 1.
    """
    folder = out / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"shard-{shard[0]}-of-{shard[1]}" if shard else "ledger"
    path = folder / f"{name}.sqlite"
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=_WAIT)) as connection:
        # A shard's file lies where several machines look, and there a WAL's shared memory fails.
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if shard else 'WAL'}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE)
        connection.execute(_PARTS)
        yield Ledger(connection)


def read_ledgers(out: Path) -> dict[tuple[str, int, str], Entry]:
    """Read all ledger files of an output tree as one, by audience, year and code.

    Of a report that stands in several, the last entry counts whose manifest its folder has; the
    last of all where there is none.
    """
    found: dict[tuple[str, int, str], list[tuple[float, Entry]]] = {}
    for path in sorted((out / FOLDER).glob("*.sqlite")):
        with closing(sqlite3.connect(path, timeout=_WAIT)) as connection:
            for noted, entry in _rows(connection):
                found.setdefault(entry.place, []).append((noted, entry))
    return {place: _choose(out, entries) for place, entries in sorted(found.items())}


def is_valid(out: Path, entry: Entry) -> bool:
    """Tell whether the folder of a report is what its entry says was put there."""
    return entry.state in MADE and hash_manifest(_folder(out, entry)) == entry.manifest != ""


def hash_manifest(folder: Path) -> str:
    """Hash the manifest of a report; empty where there is none."""
    try:
        return manifest.hash_file(folder / manifest.NAME)
    except OSError:
        return ""


def _folder(out: Path, entry: Entry) -> Path:
    return out / entry.audience / f"{entry.year:04d}" / entry.code


def _choose(out: Path, entries: list[tuple[float, Entry]]) -> Entry:
    latest = [entry for _, entry in sorted(entries, key=lambda pair: pair[0], reverse=True)]
    if len(latest) == 1:
        return latest[0]
    return next((entry for entry in latest if is_valid(out, entry)), latest[0])


def _rows(connection: sqlite3.Connection) -> list[tuple[float, Entry]]:
    rows = connection.execute(
        f"SELECT noted, {', '.join(_FIELDS)} FROM reports ORDER BY audience, year, code"  # noqa: S608 - names of our own
    )
    parts = {d: json.loads(p) for d, p in connection.execute("SELECT digest, plain FROM parts")}
    entries = []
    for noted, *values in rows:
        plain = dict(zip(_FIELDS, values, strict=True))
        plain["parts"] = {n: parts[d] for n, d in json.loads(plain["parts"]).items()}
        entries.append((noted, Entry(**plain)))
    return entries
