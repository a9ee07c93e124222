"""What a report may read of a store, with a hash each, so that whoever makes it can tell what is new.

Names are patterns of partitions, as reports list them (`generations.partition`). The manifest of a
county stands for all of its tables: for a country one file is read and not a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from analysis.records import results
from analysis.records.files import canonical, digest
from analysis.records.generations import REGIONS, current
from analysis.records.store import reference_digest


def declare(store: str | Path, year: int, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Hash what the reports about these divisions may read.

    Parameters
    ----------
    store
        Folder of the store.
    year
        School year of the reports.
    codes
        Counties, and prefectures, whose reports read what was fitted for them.

    Returns
    -------
    dict
        By division, the pattern of partitions and the hash of what it covers.

    Raises
    ------
    StoreError
        If the store or its fit was changed by hand or is incomplete.
    """
    generation = current(Path(store))
    counties, places = generation.manifest["counties"], generation.regions()
    # Where a file came from is kept with its county: `dataset.json` grows with every load.
    shared = {"reference": reference_digest()}
    fitted: dict[str, dict[str, str]] = {}
    for name, sha256 in results.list_fit(store, year).items():
        question, _, code = name.partition("/")
        pattern = f"{results.FOLDER}/*/{code}/{question}.json"
        fitted.setdefault(code, {})[pattern] = sha256
    fit = results.pinned(store, year) or ""
    declared = {}
    for code in codes:
        place = asdict(places.place(code)) | {"parent": asdict(places.parent(code))}
        # A county's report reads its own tables; a prefecture's names the fit that it is of.
        own = (
            {f"tables/*/county={code}/*": str(counties[code]["sha256"])}
            if code in counties
            else {results.FOLDER: fit, REGIONS: str(generation.manifest[REGIONS])}
        )
        declared[code] = {
            **shared,
            "place": digest(canonical(place)),
            **own,
            **fitted.get(code, {}),
        }
    return declared
