"""Whole states of a store, one beside the other, and the pointer to the one that counts.

::

    STORE/
    ├── current -> generations/<id>     the one pointer; a load ends by renaming it
    ├── generations/<id>/
    │   ├── manifest.json               hash of every file below; its own hash is the id
    │   ├── counties/<code>.json        the county's partitions: hash, rows, origin, codes in files
    │   ├── tables/<table>/county=<code>/year=<year>/part.parquet
    │   └── regions.csv  dataset.json
    └── tables, regions.csv, … -> current/…

A load writes a new generation, hard-linking what stays, and then renames the pointer: wherever it
is cut off, the store holds all of the old state or all of the new. The generation before is kept
until the next load, for whoever is reading it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.errors import StoreError
from analysis.records.files import canonical, digest
from analysis.records.regions import Regions, parse

SCHEMA = 1
CURRENT, GENERATIONS, DRAFT = "current", "generations", ".draft"
MANIFEST, REGIONS, DATASET = "manifest.json", "regions.csv", "dataset.json"

Key = tuple[str, str, int]
"""Table, county and year: what names a partition."""
Entry = dict[str, Any]
"""What the manifest says of a partition: ``sha256, rows, codes, origin``."""


def partition(key: Key) -> str:
    """Give the name of a partition, as the store and reports call it.

    >>> partition(("schools", "130722", 2021))
    'tables/schools/county=130722/year=2021/part.parquet'
    """
    table, county, year = key
    return f"tables/{table}/county={county}/year={year}/part.parquet"


@dataclass(frozen=True)
class Generation:
    """One whole state of the store."""

    root: Path
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.root.name

    @property
    def years(self) -> dict[str, list[int]]:
        """School years that there is anything of, by county."""
        return {code: entry["years"] for code, entry in self.manifest["counties"].items()}

    def partitions(self, county: str) -> dict[Key, Entry]:
        """Give what there is of a county."""
        expected = self.manifest["counties"][county]["sha256"]
        plain = json.loads(self.read(f"counties/{county}.json", expected))
        return {(p.pop("table"), county, p.pop("year")): p for p in plain["partitions"]}

    def regions(self) -> Regions:
        """Give the divisions that the data are of, and those above them."""
        return parse(self.read(REGIONS, self.manifest[REGIONS]).decode())

    def dataset(self) -> dict[str, Any]:
        """Give where the data come from."""
        plain: dict[str, Any] = json.loads(self.read(DATASET, self.manifest[DATASET]))
        return plain

    def read(self, name: str, sha256: str) -> bytes:
        """Read a file of the generation.

        Raises
        ------
        StoreError
            If it is gone or not what was written; names it.
        """
        try:
            content = (self.root / name).read_bytes()
        except OSError:
            raise StoreError(f"数据库缺少 {name}", f"the store lacks {name}") from None
        if digest(content) != sha256:
            raise StoreError(
                f"数据库文件 {name} 在入库后被改动；请重新载入",
                f"{name} was changed after it was loaded; load the data again",
            )
        return content


def current(store: Path) -> Generation:
    """Give the state that counts.

    Raises
    ------
    StoreError
        If there is no store, or one of another version, or its manifest was changed.
    """
    generation = current_or_none(store)
    if generation is None:
        raise StoreError(
            f"{store} 不是数据库；请先运行 county load",
            f"{store} is no store; run county load first",
        )
    return generation


def current_or_none(store: Path) -> Generation | None:
    """Give the state that counts, or nothing where nothing was loaded yet."""
    pointer = store / CURRENT
    if not pointer.is_symlink():
        return None
    root = store / GENERATIONS / Path(os.readlink(pointer)).name
    try:
        content = (root / MANIFEST).read_bytes()
    except OSError:
        raise StoreError(f"数据库缺少 {MANIFEST}", f"the store lacks {MANIFEST}") from None
    if digest(content)[:16] != root.name:
        raise StoreError(f"{MANIFEST} 在入库后被改动", f"{MANIFEST} was changed after the load")
    manifest = json.loads(content)
    if manifest["schema"] != SCHEMA:
        raise StoreError(
            "数据库版本不同；请重新载入", "the store is of another version; load the data again"
        )
    return Generation(root, manifest)


@dataclass
class Draft:
    """The next state of a store, while it is being written. The store must be held."""

    store: Path
    base: Generation | None
    entries: dict[str, dict[Key, Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.store / GENERATIONS / DRAFT
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(mode=0o700, parents=True)
        for county in self.base.years if self.base else ():
            self.entries[county] = dict(self.base.partitions(county)) if self.base else {}

    def add(self, key: Key, content: bytes, entry: Entry) -> None:
        """Take in a partition, in place of the one of the same name."""
        path = self.root / partition(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        _write(path, content)
        self.entries.setdefault(key[1], {})[key] = entry | {"sha256": digest(content)}

    def commit(self, places: Regions, dataset: Mapping[str, Any]) -> Generation:
        """Finish the state and make it the one that counts."""
        self._link_kept()
        manifest: dict[str, Any] = {"schema": SCHEMA, "counties": self._describe()}
        for name, content in (
            (REGIONS, places.only(self.entries).to_csv().encode()),
            (DATASET, canonical(dataset)),
        ):
            _write(self.root / name, content)
            manifest[name] = digest(content)
        content = canonical(manifest)
        _write(self.root / MANIFEST, content)
        return self._swap(digest(content)[:16])

    def _link_kept(self) -> None:
        for key, entry in [item for e in self.entries.values() for item in e.items()]:
            path = self.root / partition(key)
            if self.base and not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _link(self.base, partition(key), entry["sha256"], path)

    def _describe(self) -> dict[str, Any]:
        (self.root / "counties").mkdir(mode=0o700)
        described = {}
        for county, entries in sorted(self.entries.items()):
            rows = [{"table": t, "year": y} | entries[t, c, y] for t, c, y in sorted(entries)]
            content = canonical({"schema": SCHEMA, "county": county, "partitions": rows})
            _write(self.root / "counties" / f"{county}.json", content)
            years = sorted({year for _, _, year in entries})
            described[county] = {"sha256": digest(content), "years": years}
        return described

    def _swap(self, id: str) -> Generation:
        target = self.root.with_name(id)
        if self.base and self.base.id == id:
            shutil.rmtree(self.root)
        else:
            shutil.rmtree(target, ignore_errors=True)
            self.root.rename(target)
            os.sync()
            _point(self.store / CURRENT, f"{GENERATIONS}/{id}")
        for name in ("tables", REGIONS, DATASET, MANIFEST):
            if not (self.store / name).is_symlink():
                _point(self.store / name, f"{CURRENT}/{name}")
        kept = {id, self.base.id if self.base else id}
        for old in self.root.parent.iterdir():
            if old.name not in kept:
                shutil.rmtree(old, ignore_errors=True)
        return current(self.store)


def _point(link: Path, target: str) -> None:
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    os.symlink(target, new)
    os.replace(new, link)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _link(base: Generation, name: str, sha256: str, path: Path) -> None:
    try:
        os.link(base.root / name, path)
    except OSError:
        _write(path, base.read(name, sha256))
