"""What stands under ``OUT/public``: reports, and places that should have one and do not.

Read from the manifests, the results and the lists of failures; no report is opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.errors import StoreError
from analysis.i18n import LANGUAGES
from analysis.press import manifest
from analysis.press.atlas import Atlas

AUDIENCE = "public"
RESULTS = "results.json"
FORMATS = ("html", "pdf", "xlsx", "json")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a report, `path` relative to the site."""

    language: str
    format: str
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report is missing or old: class of the error and a reason that quotes nobody."""

    kind: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list: the report of a place and year, or the want of one.

    Attributes
    ----------
    code, year
        Whose report.
    edition
        0 where there is none.
    grade
        Grade of the data, or empty.
    run, synthetic
        As the report says.
    files
        By language and format.
    failure
        Why the last run gave none.
    """

    code: str
    year: int
    edition: int = 0
    grade: str = ""
    run: str = ""
    synthetic: bool = False
    files: tuple[File, ...] = ()
    failure: Failure | None = None


def read_entries(out: Path, atlas: Atlas) -> list[Entry]:
    """Read all public reports of a folder, by code, the latest year first.

    Parameters
    ----------
    out
        Folder of output.
    atlas
        Learns the names of places on the way.

    Raises
    ------
    StoreError
        If a manifest, results or a list of failures cannot be read.
    """
    return sorted(_entries(out, atlas), key=lambda entry: (entry.code, -entry.year))


def dump(entries: list[Entry], atlas: Atlas) -> bytes:
    """Write the entries as JSON for machines."""
    reports = [
        {**asdict(entry), "names": atlas[entry.code].names, "parent": atlas[entry.code].parent}
        for entry in entries
    ]
    plain = {"schema": 1, "reports": reports}
    return json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _entries(out: Path, atlas: Atlas) -> Iterator[Entry]:
    for year in sorted((out / AUDIENCE).glob("[0-9]*")):
        failures = dict(_failures(year, atlas))
        for path in sorted(year.glob(f"[0-9]*/{manifest.NAME}")):
            yield _report(path.parent, atlas, failures.pop(path.parent.name, None))
        for code, failure in failures.items():
            yield Entry(code, int(year.name), failure=failure)


def _failures(year: Path, atlas: Atlas) -> Iterator[tuple[str, Failure]]:
    path = year / manifest.FAILURES
    if not path.exists():
        return
    for failure in _read(path)["failures"]:
        atlas.name(failure["county"], failure["names"])
        yield failure["county"], Failure(failure["kind"], failure["zh"], failure["en"])


def _report(folder: Path, atlas: Atlas, failure: Failure | None) -> Entry:
    """Read one report; files that its manifest names and that are gone are not listed."""
    about = _read(folder / manifest.NAME)
    root = f"{AUDIENCE}/{folder.parent.name}/{folder.name}"
    files = tuple(_file(root, file) for file in about["files"] if (folder / file["path"]).is_file())
    says = _read(min(folder.glob(f"*/{RESULTS}"), default=folder / RESULTS))
    sentinels = says["sentinels"]
    atlas.learn(sentinels[0]["place"], sentinels[0]["parent"])
    return Entry(
        code=str(about["county"]),
        year=int(about["year"]),
        edition=int(about["edition"]),
        grade=_grade(says),
        run=str(about["run"]),
        synthetic=any(sentinel["data"]["synthetic"] for sentinel in sentinels),
        files=tuple(sorted(files, key=_reading_order)),
        failure=failure,
    )


def _file(root: str, file: Mapping[str, Any]) -> File:
    language, name = file["path"].split("/")
    return File(
        language, name.rsplit(".", 1)[1], f"{root}/{language}/{name}", file["bytes"], file["sha256"]
    )


def _reading_order(file: File) -> tuple[int, int]:
    return [*LANGUAGES].index(file.language), FORMATS.index(file.format)  # type: ignore[arg-type]


def _grade(says: Mapping[str, Any]) -> str:
    """Find the grade of the data: a released cell ``grade||grade|A|at``."""
    keys = (cell["key"].split("|") for block in says["blocks"] for cell in block["cells"])
    return next((key[3] for key in keys if key[0] == "grade"), "")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"无法读取 {path}", f"cannot read {path}") from error
