"""The log of who opened identities: append-only, each line holding the hash of the one before.

``access.head`` holds the number of lines and the hash of the last, so that lines cut off at the
end are missed too. The chain shows damage and careless edits; who may write the folder could
compute it anew, so a district that wants more writes the head down elsewhere.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from analysis.errors import StoreError
from analysis.records.files import canonical, digest, hold, put

LOG, HEAD = "access.log", "access.head"
START = "0" * 64


def append(
    folder: Path, *, what: str, who: str, purpose: str, count: int, table: str, county: str = ""
) -> None:
    """Add an entry and make sure it is on disk.

    Raises
    ------
    StoreError
        If the log was damaged: nothing is opened before that is looked into.
    BusyError
        If another process writes to it at this moment.
    """
    with hold(folder):
        lines = read(folder)
        entry = {
            "n": len(lines) + 1,
            "prev": digest(lines[-1]) if lines else START,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "what": what, "who": who, "purpose": purpose,
            "table": table, "county": county, "count": count,
        }  # fmt: skip
        line = canonical(entry)
        descriptor = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            # What a crash left of a line that was never finished is written over.
            stream.truncate(sum(map(len, lines)))
            stream.seek(0, os.SEEK_END)
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        put(folder / HEAD, canonical({"n": entry["n"], "sha256": digest(line)}))


def read(folder: Path) -> list[bytes]:
    """Give the lines of the log after checking every one.

    Raises
    ------
    StoreError
        If a line was changed, removed, added or moved; names the first wrong line.
    """
    log, head = folder / LOG, folder / HEAD
    content = log.read_bytes() if log.exists() else b""
    lines = [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
    before = START
    for number, line in enumerate(lines, 1):
        if _entry(line) != (number, before):
            raise _damaged(number)
        before = digest(line)
    known = json.loads(head.read_bytes()) if head.exists() else {"n": 0}
    number = int(known["n"])
    if not number and _holds_identities(folder):  # whoever wrote them is on record
        raise _damaged(1)
    # A crash between the line and the head leaves one line more than the head knows of.
    if len(lines) - number not in (0, 1):
        raise _damaged(min(len(lines), number) + 1)
    if number and digest(lines[number - 1]) != known["sha256"]:
        raise _damaged(number)
    return lines


def _holds_identities(folder: Path) -> bool:
    return next(folder.glob("*/*.parquet"), None) is not None


def _entry(line: bytes) -> tuple[int, str] | None:
    try:
        entry = json.loads(line)
        return entry["n"], entry["prev"]
    except (ValueError, KeyError, TypeError):
        return None


def _damaged(number: int) -> StoreError:
    return StoreError(
        f"身份信息查阅日志第 {number} 行被改动或缺失",
        f"line {number} of the log of access to identities was changed or is missing",
    )
