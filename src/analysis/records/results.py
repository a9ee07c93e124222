"""Results that cross counties or are dear: fitted once, read by every report.

``STORE/results/<fit>/<code>/`` (mode 0700) holds the stored Findings of one fit about a division,
and the lists by pseudonym that belong to them; the fit's name is the hash of both and the year. ``STORE/results/pinned.json`` says which
fit counts for a year, and only `save_fit` moves it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import StoreError, UsageError
from analysis.finding import Finding, Roster, load, save, to_json
from analysis.records.county import passport
from analysis.records.files import canonical, digest, hold, private, put
from analysis.records.generations import current
from analysis.records.store import dated

FOLDER, PINNED, MANIFEST = "results", "pinned.json", "fit.json"
NAME = re.compile(r"[a-z][a-z0-9_]*/[0-9]{2,12}")
"""Question and division: what tells one stored Finding from another."""


def save_fit(
    store: str | Path, year: int, findings: Sequence[Finding], rosters: Sequence[Roster] = ()
) -> str:
    """Store the Findings and lists of a fit and make it the one that counts for its year.

    Returns
    -------
    str
        The fit: the same for the same Findings.

    Raises
    ------
    ValueError
        If two Findings answer one question about one division, or a name is not one; likewise
        two lists of a kind.
    """
    names = [_name(finding.name, finding.county) for finding in findings]
    lists = {_name(roster.kind, roster.county): canonical(_plain(roster)) for roster in rosters}
    if len({*names, *lists}) != len(names) + len(rosters) or not all(
        map(NAME.fullmatch, [*names, *lists])
    ):
        raise ValueError(f"names of stored findings and lists: {sorted([*names, *lists])}")
    hashes = {
        name: digest(canonical(to_json(finding)))
        for name, finding in zip(names, findings, strict=True)
    }
    hashes |= {name: digest(content) for name, content in lists.items()}
    manifest = canonical({"schema": 1, "year": year, "findings": hashes})
    fit = digest(manifest)[:16]
    root = private(Path(store) / FOLDER)
    with hold(root):
        draft, target = root / ".draft", root / fit
        shutil.rmtree(draft, ignore_errors=True)
        private(draft)
        for finding in findings:
            save(finding, draft / finding.county)
        for roster, content in zip(rosters, lists.values(), strict=True):
            put(private(draft / roster.county) / f"{roster.kind}.json", content)
        put(draft / MANIFEST, manifest)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        put(root / PINNED, canonical(_pins(root) | {str(year): fit}))
    return fit


def pinned(store: str | Path, year: int) -> str | None:
    """Give the fit that counts for a year, or nothing."""
    return _pins(Path(store) / FOLDER).get(str(year))


def list_fit(store: str | Path, year: int) -> dict[str, str]:
    """Give the hash of each Finding and list of the fit that counts, by question and division.

    Raises
    ------
    StoreError
        If the fit was changed by hand or is incomplete.
    """
    fit = pinned(store, year)
    if fit is None:
        return {}
    try:
        manifest = (Path(store) / FOLDER / fit / MANIFEST).read_bytes()
    except OSError:
        raise _broken(fit) from None
    if digest(manifest)[:16] != fit:
        raise _broken(fit)
    named: dict[str, str] = json.loads(manifest)["findings"]
    return named


def open_fit(
    store: str | Path, code: str, year: int, question: str
) -> tuple[dict[str, Any], Finding]:
    """Read what a fit found out about a division, with the passport of its report.

    Returns
    -------
    tuple
        The passport, as `CountyData.passport` gives it, and the Finding.

    Raises
    ------
    UsageError
        If nothing was fitted for that division and year.
    """
    finding = load_fit(store, code, year, question)
    fit = pinned(store, year)
    if finding is None or fit is None:
        raise UsageError(
            f"没有 {code} {year} 学年的分析结果；请先运行 county fit",
            f"nothing is fitted for {code} in {year}; run county fit first",
        )
    regions = current(Path(store)).regions()
    partition = f"{FOLDER}/{fit}/{code}/{question}.json"
    origin = asdict(dated(finding.origin, year))
    return passport(
        regions.place(code), regions.parent(code), year, (partition,), fit, origin
    ), finding


def load_fit(store: str | Path, code: str, year: int, question: str) -> Finding | None:
    """Read a Finding of the fit that counts for a year, or nothing where there is none.

    Raises
    ------
    StoreError
        If the fit was changed by hand or is incomplete.
    """
    found = _find(store, code, year, question)
    if found is None:
        return None
    path, expected = found
    finding = load(path)
    if digest(canonical(to_json(finding))) != expected:
        raise _broken(path.parents[1].name)
    return finding


def load_roster(store: str | Path, code: str, year: int, kind: str) -> Roster | None:
    """Read a list of the fit that counts for a year, without a date of destruction, or nothing.

    Raises
    ------
    StoreError
        If the fit was changed by hand or is incomplete.
    """
    found = _find(store, code, year, kind)
    if found is None:
        return None
    path, expected = found
    try:
        content = path.read_bytes()
    except OSError:
        raise _broken(path.parents[1].name) from None
    if digest(content) != expected:
        raise _broken(path.parents[1].name)
    plain = json.loads(content)
    return Roster(kind, code, year, pd.DataFrame(plain["rows"], dtype="object"), "")


def attach(
    passport: Mapping[str, Any], store: str | Path, code: str, year: int, *questions: str
) -> dict[str, Any]:
    """Add to the passport of a report what it reads of the fit; as it is where there is none."""
    found = [one for name in questions if (one := _find(store, code, year, name)) is not None]
    if not found:
        return dict(passport)
    partitions = [path.relative_to(Path(store)).as_posix() for path, _ in found]
    hashes = [expected for _, expected in found]
    run = digest(canonical([passport["run"], *hashes]))[: len(passport["run"])]
    return {**passport, "partitions": [*passport["partitions"], *partitions], "run": run}


def _find(store: str | Path, code: str, year: int, name: str) -> tuple[Path, str] | None:
    """Find the file of a result of the fit that counts, and the hash that it has to have."""
    fit = pinned(store, year)
    expected = list_fit(store, year).get(_name(name, code))
    if fit is None or expected is None:
        return None
    return Path(store) / FOLDER / fit / code / f"{name}.json", expected


def _plain(roster: Roster) -> dict[str, Any]:
    return {"kind": roster.kind, "rows": roster.rows.to_dict("list")}


def _name(question: str, code: str) -> str:
    return f"{question}/{code}"


def _pins(root: Path) -> dict[str, str]:
    path = root / PINNED
    if not path.exists():
        return {}
    try:
        pins: dict[str, str] = json.loads(path.read_bytes())
    except ValueError:
        raise _broken(PINNED) from None
    return pins


def _broken(fit: str) -> StoreError:
    return StoreError(
        f"分析结果 {fit} 不完整或被改动；请重新运行 county fit",
        f"fit {fit} is incomplete or was changed; run county fit again",
    )
