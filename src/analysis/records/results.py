"""Results that cross counties or are dear: fitted once, read by every report.

``STORE/results/<fit>/<code>/`` (mode 0700) holds the stored Findings of one fit about a division;
the fit's name is the hash of the Findings and the year. ``STORE/results/pinned.json`` says which
fit counts for a year, and only `save_fit` moves it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.errors import StoreError, UsageError
from analysis.finding import Finding, load, save, to_json
from analysis.records.county import passport
from analysis.records.files import canonical, digest, hold, private, put
from analysis.records.generations import current
from analysis.records.store import dated

FOLDER, PINNED, MANIFEST = "results", "pinned.json", "fit.json"
NAME = re.compile(r"[a-z][a-z0-9_]*/[0-9]{2,12}")
"""Question and division: what tells one stored Finding from another."""


def save_fit(store: str | Path, year: int, findings: Sequence[Finding]) -> str:
    """Store the Findings of a fit and make it the one that counts for its year.

    Returns
    -------
    str
        The fit: the same for the same Findings.

    Raises
    ------
    ValueError
        If two Findings answer one question about one division, or a name is not one.
    """
    names = [_name(finding.name, finding.county) for finding in findings]
    if len(set(names)) != len(names) or not all(map(NAME.fullmatch, names)):
        raise ValueError(f"names of stored findings: {sorted(names)}")
    hashes = {
        name: digest(canonical(to_json(finding)))
        for name, finding in zip(names, findings, strict=True)
    }
    manifest = canonical({"schema": 1, "year": year, "findings": hashes})
    fit = digest(manifest)[:16]
    root = private(Path(store) / FOLDER)
    with hold(root):
        draft, target = root / ".draft", root / fit
        shutil.rmtree(draft, ignore_errors=True)
        private(draft)
        for finding in findings:
            save(finding, draft / finding.county)
        put(draft / MANIFEST, manifest)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        put(root / PINNED, canonical(_pins(root) | {str(year): fit}))
    return fit


def pinned(store: str | Path, year: int) -> str | None:
    """Give the fit that counts for a year, or nothing."""
    return _pins(Path(store) / FOLDER).get(str(year))


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
    fit = pinned(store, year)
    if fit is None:
        return None
    root = Path(store) / FOLDER / fit
    try:
        manifest = (root / MANIFEST).read_bytes()
    except OSError:
        raise _broken(fit) from None
    if digest(manifest)[:16] != fit:
        raise _broken(fit)
    hashes = json.loads(manifest)["findings"]
    name = _name(question, code)
    if name not in hashes:
        return None
    finding = load(root / code / f"{question}.json")
    if digest(canonical(to_json(finding))) != hashes[name]:
        raise _broken(fit)
    return finding


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
