"""Every file of an output tree held against its manifest, and every manifest against the ledger."""

from __future__ import annotations

import json
from pathlib import Path

from analysis.press import ledger, manifest, staging


def verify(out: Path) -> tuple[int, list[Path]]:
    """Find what is not as it was put there.

    A report that was made before a later attempt failed stands, and is checked as well.

    Parameters
    ----------
    out
        The output tree.

    Returns
    -------
    tuple
        How many reports there are by the ledger, and, below `out`, every file that is changed,
        missing or not of a report, and every folder that no entry knows.
    """
    out = out.resolve()
    entries = [entry for entry in ledger.read_ledgers(out).values() if entry.manifest]
    wrong: list[Path] = []
    known = set()
    for entry in entries:
        folder = staging.place(out, *entry.place)
        known.add(folder)
        if ledger.hash_manifest(folder) == entry.manifest:
            wrong += _check(folder)
        else:
            wrong.append(folder / manifest.NAME)
    for audience in staging.AUDIENCES:
        found = (out / audience).glob("[0-9][0-9][0-9][0-9]/[0-9]*")
        wrong += [folder for folder in found if folder not in known]
    return len(entries), sorted(path.relative_to(out) for path in wrong)


def _check(folder: Path) -> list[Path]:
    listed = json.loads((folder / manifest.NAME).read_bytes())["files"]
    expected = {folder / file["path"]: file["sha256"] for file in listed}
    there = {path for path in folder.rglob("*") if not path.is_dir()} - {folder / manifest.NAME}
    changed = [
        path for path in expected if path in there and manifest.hash_file(path) != expected[path]
    ]
    return [*changed, *(there ^ expected.keys())]
