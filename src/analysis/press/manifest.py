"""The list of a report's files with their hashes, written last: without it there is no report.

``manifest.json`` of a county::

    {"schema": 1, "county", "year", "audience", "scope", "names": {"zh", "en"},
     "edition", "release_date", "run", "inputs", "languages": [], "chapters": [], "missing": [],
     "files": [{"path": "zh/report.html", "sha256", "bytes"}]}

`run` is the hash of the data read, `inputs` the key of everything the files were made from (`keys`). Beside
the counties of a year stands ``failures.json``: those that have no new report, and why.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis import wire
from analysis.press import staging
from analysis.press.jobs import Failure

NAME = "manifest.json"
FAILURES = "failures.json"
RUN_DIGITS = 16
SCHEMA = 1


def join_runs(sentinels: Sequence[Mapping[str, Any]]) -> str:
    """Give the run of a report: its chapters' one run, or the hash of all of them, as long."""
    runs = sorted({sentinel["run"] for sentinel in sentinels})
    return (runs[0] if len(runs) == 1 else wire.digest({"runs": runs}))[:RUN_DIGITS]


def write_manifest(folder: Path, about: Mapping[str, Any]) -> None:
    """Write the manifest of all files in a folder; the last file to be written."""
    files = [
        {
            "path": path.relative_to(folder).as_posix(),
            "sha256": hash_file(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    ]
    languages = sorted(path.name for path in folder.iterdir() if path.is_dir())
    plain = {"schema": SCHEMA, **about, "languages": languages, "files": files}
    staging.write(folder / NAME, _dump(plain))
    staging.sync(folder)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of a report, if there is a whole one that its files agree with."""
    try:
        plain = json.loads((folder / NAME).read_text(encoding="utf-8"))
        whole = plain["schema"] == SCHEMA and all(
            hash_file(folder / file["path"]) == file["sha256"] for file in plain["files"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return plain if whole else None


def carry_over(previous: Path, stage: Path, inputs: str, run: str) -> None:
    """Keep the files of an earlier run that were made from the very same inputs and data.

    So a report in one more language or format stands beside the others, and none is left that
    says something else.
    """
    manifest = read_manifest(previous)
    if manifest is None or (manifest.get("inputs"), manifest.get("run")) != (inputs, run):
        return
    for file in manifest["files"]:
        target = stage / file["path"]
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(previous / file["path"], target)


def note_failures(folder: Path, tried: Iterable[str], failures: Iterable[Failure]) -> None:
    """Bring the list of failures up to date: what was tried now replaces what it said of it."""
    path = folder / FAILURES
    tried = set(tried)
    try:
        before = json.loads(path.read_text(encoding="utf-8"))["failures"]
    except (OSError, ValueError, KeyError):
        before = []
    kept = [entry for entry in before if entry["county"] not in tried]
    now = sorted([*kept, *map(_told, failures)], key=lambda entry: entry["county"])
    if now or path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        staging.replace(path, _dump({"schema": SCHEMA, "failures": now}))


def _told(failure: Failure) -> dict[str, Any]:
    """Say what failed to whoever may read the folder.

    Why disclosure control kept a county back would itself tell what it keeps; the run said it.
    """
    plain = asdict(failure)
    if failure.withheld:
        plain["zh"] = "披露控制未通过，原因见运行时的提示"
        plain["en"] = "held back by disclosure control; the run said why"
    return plain


def _dump(plain: Any) -> bytes:
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def hash_file(path: Path) -> str:
    """Hash a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
