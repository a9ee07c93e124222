"""Which numbers changed between two runs: old and new results, county by county, cell by cell.

Only ``results.json`` is read: what a reader was shown, after the gate. Numbers are compared as
they were released, without a tolerance, because the same inputs give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from analysis.errors import StoreError, UsageError
from analysis.i18n import Language, say

RESULTS = "results.json"
WORDS = ("key", "n_unit", "flag")
"""Fields of a cell that are no numbers."""

What = Literal["changed", "appeared", "disappeared"]
Report = tuple[str, int, str]
"""Audience, year and county."""


@dataclass(frozen=True, slots=True)
class Change:
    """One number that is not the same in both runs.

    Attributes
    ----------
    audience, year, county
        Whose report.
    block, cell, field
        Which number: id of the block, key of the cell, ``value``, ``n`` and so on.
    what
        Changed, or to be found in one run only.
    old, new
        The number; ``None`` where it is withheld, missing or the cell is not there.
    old_flag, new_flag
        The cell codes.
    """

    audience: str
    year: int
    county: str
    block: str
    cell: str
    field: str
    what: What
    old: float | None
    new: float | None
    old_flag: str
    new_flag: str


@dataclass(frozen=True, slots=True)
class DiffReport:
    """All changes, in order of audience, year, county, block and cell.

    Attributes
    ----------
    changes
        Numbers of reports that both runs have.
    appeared, disappeared
        Reports that one run has alone.
    compared
        Numbers that both runs have.
    """

    changes: tuple[Change, ...]
    appeared: tuple[Report, ...]
    disappeared: tuple[Report, ...]
    compared: int

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return not (self.changes or self.appeared or self.disappeared)

    def to_json(self) -> dict[str, Any]:
        """Give the whole as plain values."""
        return {
            "schema": 1,
            "same": self.same,
            "compared": self.compared,
            "appeared": [list(report) for report in self.appeared],
            "disappeared": [list(report) for report in self.disappeared],
            "changes": [asdict(change) for change in self.changes],
        }

    def to_text(self, language: Language = "zh") -> str:
        """Give the whole as lines for a terminal."""
        return "\n".join(self._lines(language))

    def _lines(self, language: Language) -> Iterator[str]:
        for what, reports in (("appeared", self.appeared), ("disappeared", self.disappeared)):
            for audience, year, county in reports:
                yield say(
                    f"site.diff.report_{what}", language, county=county, year=year,
                    audience=say(f"press.audience.{audience}", language),
                )  # fmt: skip
        for (audience, year, county), group in groupby(
            self.changes, lambda change: (change.audience, change.year, change.county)
        ):
            yield f"{county} · {year} · {say(f'press.audience.{audience}', language)}"
            yield from (f"  {_line(change, language)}" for change in group)
        yield say(
            "site.diff.total", language, n=self.compared, changed=len(self.changes),
            reports=len(self.appeared) + len(self.disappeared),
        )  # fmt: skip


def compare(old: Path, new: Path) -> DiffReport:
    """Compare the results of two runs.

    Parameters
    ----------
    old, new
        Folders of output, or of one county, or two ``results.json``.

    Returns
    -------
    DiffReport

    Raises
    ------
    UsageError
        If one of them holds no results.
    StoreError
        If a file of results cannot be read.
    """
    before, after = _read(Path(old)), _read(Path(new))
    both = sorted(before.keys() & after.keys())
    return DiffReport(
        changes=tuple(
            change for report in both for change in _changes(report, before[report], after[report])
        ),
        appeared=tuple(sorted(after.keys() - before.keys())),
        disappeared=tuple(sorted(before.keys() - after.keys())),
        compared=sum(len(before[report].keys() & after[report].keys()) for report in both),
    )


Numbers = dict[tuple[str, str, str], tuple[float | None, str]]
"""Number and flag by block, cell and field."""


def _read(root: Path) -> dict[Report, Numbers]:
    """Read all results under a folder; the languages of a report hold the same numbers."""
    paths = [root] if root.is_file() else sorted(root.rglob(RESULTS))
    if not paths:
        raise UsageError(f"{root} 中没有 {RESULTS}", f"no {RESULTS} in {root}")
    reports: dict[Report, Numbers] = {}
    for path in paths:
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            proof = plain["sentinels"][0]
            report = (proof["audience"], proof["year"], proof["county"])
            reports.setdefault(report, {}).update(_numbers(plain))
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise StoreError(f"无法读取 {path}", f"cannot read {path}") from error
    return reports


def _numbers(plain: Mapping[str, Any]) -> Numbers:
    return {
        (block["id"], cell["key"], field): (number, cell["flag"])
        for block in plain["blocks"]
        for cell in block["cells"]
        for field, number in cell.items()
        if field not in WORDS
    }


def _changes(report: Report, before: Numbers, after: Numbers) -> Iterator[Change]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) == after.get(key):
            continue
        old, old_flag = before.get(key, (None, ""))
        new, new_flag = after.get(key, (None, ""))
        what: What = "changed"
        if key not in before:
            what = "appeared"
        elif key not in after:
            what = "disappeared"
        yield Change(*report, *key, what, old, new, old_flag, new_flag)


def _line(change: Change, language: Language) -> str:
    return say(
        f"site.diff.{change.what}", language,
        block=change.block,
        cell=change.cell if change.field == "value" else f"{change.cell} · {change.field}",
        old=_shown(change.old, change.old_flag),
        new=_shown(change.new, change.new_flag),
    )  # fmt: skip


def _shown(number: float | None, flag: str) -> str:
    """Show a number with all its digits, and its cell code."""
    parts = ["" if number is None else repr(number), f"[{flag}]" if flag else ""]
    return " ".join(part for part in parts if part) or "[x]"
