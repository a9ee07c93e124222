"""What a data set says of itself: its source, its date, and what may be shown of it."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from analysis import i18n
from analysis.errors import Fault
from analysis.records.faults import fault

FILE = "dataset.toml"


@dataclass(frozen=True, slots=True)
class Dataset:
    """The declaration of a data set.

    Attributes
    ----------
    source_zh, source_en
        The source line under every figure and table.
    as_of
        Date of the data, ISO.
    synthetic
        Made data: every page says so.
    names_public
        The institutions may be named in public.
    regions
        Path of a list of divisions of its own; empty for China.
    scheme
        Id of the scheme that its reports are judged by; empty for the default.
    """

    source_zh: str = ""
    source_en: str = ""
    as_of: str = ""
    synthetic: bool = False
    names_public: bool = False
    regions: str = ""
    scheme: str = ""


def read_dataset(folder: Path) -> tuple[Dataset, tuple[Fault, ...]]:
    """Read ``dataset.toml`` of a folder; without one, the source is a general phrase."""
    path = folder / FILE
    if not path.is_file():
        return undeclared(), (fault("dataset-undeclared", file=FILE, level="warning"),)
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        row = getattr(error, "lineno", 0) or 0
        return undeclared(), (fault("toml-malformed", file=FILE, row=row),)
    return declare(tree.get("dataset", tree), folder, FILE)


def declare(tree: Mapping[str, Any], folder: Path, file: str) -> tuple[Dataset, tuple[Fault, ...]]:
    """Make a declaration of a TOML table, with a fault for each entry that is not understood.

    >>> declare({"source_zh": "甲", "as_of": "2021-13-01", "sorce": 1}, Path("."), "x.toml")[1][0].code
    'dataset-entry-wrong'
    """
    kinds = {entry.name: bool if entry.type == "bool" else str for entry in fields(Dataset)}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in tree.items():
        if name not in kinds:
            faults.append(fault("dataset-entry-unknown", file=file, column=name, level="warning",
                                near=", ".join(kinds)))  # fmt: skip
            continue
        if isinstance(value, datetime.date):
            value = value.isoformat()
        if not isinstance(value, kinds[name]) or (name == "as_of" and not _is_date(value)):
            faults.append(fault("dataset-entry-wrong", file=file, column=name))
            continue
        values[name] = value
    if values.get("regions"):
        values["regions"] = str((folder / values["regions"]).resolve())
    default = undeclared()
    for name in ("source_zh", "source_en"):
        values[name] = values.get(name, "").strip() or getattr(default, name)
    return Dataset(**values), tuple(faults)


def undeclared() -> Dataset:
    """Give the declaration of data that came without one."""
    return Dataset(
        source_zh=i18n.say("intake.dataset.source", "zh"),
        source_en=i18n.say("intake.dataset.source", "en"),
    )


def _is_date(text: object) -> bool:
    if not isinstance(text, str) or not text:
        return text == ""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
