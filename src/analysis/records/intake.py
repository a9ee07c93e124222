"""What comes in: a folder of files as bureaus have them, checked whole, as typed tables.

Either a file is used completely, or every row that is not used is accounted for: for each file,
``rows_read = used + quarantined + sum(excluded)``. Every fault is found at once and named with
file, sheet, row, column and how to put it right. Nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from analysis.errors import Fault, UsageError
from analysis.i18n import Language
from analysis.records import account
from analysis.records.account import FileRecord
from analysis.records.blocks import (
    CONTEXT,
    Block,
    column_faults,
    make_block,
    merge_faults,
    width_faults,
)
from analysis.records.contracts import TABLES
from analysis.records.crosschecks import Crossing, cross_faults
from analysis.records.dataset import FILE as DATASET
from analysis.records.dataset import Dataset, read_dataset
from analysis.records.faults import At, fault, masked
from analysis.records.folders import list_files
from analysis.records.gathering import Gathered
from analysis.records.headers import locate
from analysis.records.layout import RowKind, classify, inner_titles
from analysis.records.mapping import Plan, read_mapping
from analysis.records.marks import mark_faults
from analysis.records.pupils import age_faults, pupil_faults, register_faults
from analysis.records.readers import Sheet, Sheets, read_file
from analysis.records.regions import regions
from analysis.records.setting import Evidence, Setting, gazetteer, is_reporter, read_setting
from analysis.records.stays import stay_faults
from analysis.records.totals import total_faults
from analysis.records.vocabulary import normal, vocabulary

__all__ = ["Dataset", "FileRecord", "Intake", "read_folder"]

Progress = Callable[[int, int], None]

SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"})
_BESIDE = frozenset({DATASET, "truth.json", "readme.md", "readme.txt", "readme"})
"""Files that describe a data set and hold no table."""


@dataclass(frozen=True, slots=True)
class Intake:
    """A folder read whole.

    Attributes
    ----------
    frames
        A frame for each table of `contracts.TABLES`, with its columns and dtypes, identifiers
        still in.
    faults
        Everything found, in the order of the files, then between them.
    files
        What became of the rows of each file.
    dataset
        What the data set says of itself.
    """

    frames: Mapping[str, pd.DataFrame]
    faults: tuple[Fault, ...]
    files: tuple[FileRecord, ...]
    dataset: Dataset

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Faults that keep the data from being loaded."""
        return tuple(fault for fault in self.faults if fault.level == "error")

    def report(self, language: Language) -> list[str]:
        """Say in lines of text what was read and what is wrong, alike faults together."""
        return account.lines(self.frames, self.faults, self.files, language)

    def as_json(self) -> dict[str, Any]:
        """Give faults, files and counts as plain values; no value of a personal column."""
        return account.as_json(self.frames, self.faults, self.files)


def read_folder(
    folder: Path, *, mapping: Path | None = None, progress: Progress | None = None
) -> Intake:
    """Read and check a folder of tables.

    Parameters
    ----------
    folder
        Where the files are; folders inside it are read too.
    mapping
        A mapping file for tables that have other columns than the contracts (see
        ``docs/how-to/bring-your-own-columns.md``).
    progress
        Called with the number of files done and of all files.

    Returns
    -------
    Intake
        Tables, faults and accounts. Faults are returned, not raised.

    Raises
    ------
    UsageError
        If there is no such folder, or no file in it that could hold a table.
    InputError
        If the mapping file or the list of divisions has faults.

    Examples
    --------
    >>> from analysis.records.reference import folder
    >>> california = folder("examples") / "california"
    >>> intake = read_folder(california, mapping=california / "mapping.toml")
    >>> len(intake.frames["schools"]), len(intake.errors)
    (420, 0)
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UsageError(f"没有文件夹 {folder.name}", f"there is no folder {folder.name}")
    plan = read_mapping(mapping) if mapping else None
    dataset, faults = (plan.dataset, plan.faults) if plan else read_dataset(folder)
    if not dataset.as_of:
        faults = (*faults, fault("dataset-undated", file=mapping.name if mapping else DATASET,
                                 level="warning"))  # fmt: skip
    names = gazetteer(regions(dataset.regions))
    reading = _Reading(Gathered(names), list(faults), plan)
    paths = _paths(folder, reading)
    if not paths and not any(found.level == "error" for found in reading.faults):
        raise UsageError(
            f"文件夹 {folder.name} 中没有可读取的表格（CSV、XLSX、XLS、ODS）",
            f"the folder {folder.name} has no tables (CSV, XLSX, XLS, ODS)",
        )
    for done, path in enumerate(paths, 1):
        reading.read(path, path.relative_to(folder).as_posix())
        if progress:
            progress(done, len(paths))
    return reading.finish(dataset)


def _paths(folder: Path, reading: _Reading) -> list[Path]:
    """List the files that may hold tables, by name; say which other files are not read."""
    found = []
    paths, faults = list_files(folder)
    reading.faults.extend(faults)
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if path.name.casefold() in _BESIDE:
            continue
        if reading.plan:
            if reading.plan.wants(name):
                found.append(path)
            elif path.resolve() not in reading.plan.own_files:
                reading.faults.append(fault("file-not-mapped", file=name, level="warning"))
        elif path.suffix.casefold() in SUFFIXES:
            found.append(path)
        else:
            reading.faults.append(fault("file-not-read", file=name, level="warning"))
    return found


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    gathered: Gathered
    faults: list[Fault]
    plan: Plan | None
    files: list[FileRecord] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)

    def read(self, path: Path, name: str) -> None:
        """Read one file into the tables."""
        book = read_file(path, name=name)
        self.faults.extend(book.faults)
        rows = sum(len(sheet.rows) for sheet in book.sheets)
        counts: Counter[str] = Counter()
        if book.sha256 and book.sha256 in self.hashes:
            first = self.hashes[book.sha256]
            self.faults.append(fault("same-file", file=name, first=first))
            counts["same_file"] = rows
        else:
            self.hashes[book.sha256] = name
            if book.sheets and not any(map(_is_written, book.sheets)):
                self.faults.append(fault("file-blank", file=name, level="warning"))
            for sheet in book.sheets:
                counts.update(self._sheet(sheet, book))
        used = counts.pop("data", 0)
        excluded = dict(sorted(counts.items()))
        self.files.append(FileRecord(masked(name), book.sha256, rows, used, 0, excluded))

    def finish(self, dataset: Dataset) -> Intake:
        """Hold the tables against each other and close the account."""
        frames = self.gathered.frames()
        crossing = Crossing(
            frames, self.gathered.places, china=not dataset.regions, unread=self.gathered.unread
        )
        if all(frame.empty for frame in frames.values()):
            self.faults.append(fault("nothing-read"))
        faults = (
            *self.faults,
            *cross_faults(crossing),
            *age_faults(crossing),
            *register_faults(crossing),
            *stay_faults(crossing),
            *mark_faults(crossing),
        )
        tables = {
            table.id: frames[table.id][list(table.names)]
            .sort_values(list(table.key), kind="stable")
            .reset_index(drop=True)
            for table in TABLES.values()
        }
        return Intake(MappingProxyType(tables), faults, tuple(self.files), dataset)

    def _sheet(self, sheet: Sheet, book: Sheets) -> Counter[str]:
        if self.plan:
            return self._mapped_sheet(self.plan, sheet, book)
        rows = len(sheet.rows)
        if _is_guide(sheet):
            return Counter({"guide": rows})
        header = locate(sheet.rows, hint=f"{sheet.name} {Path(book.name).stem}")
        if header is None:
            if _is_written(sheet):
                self.faults.append(
                    fault("sheet-not-recognised", file=book.name, sheet=sheet.name, level="warning")
                )
            return Counter({"unmatched": rows})
        kinds = classify(sheet.rows, header)
        # Our own forms, which have a guide, may lie there untouched.
        if "data" not in kinds and not any(_is_guide(each) for each in book.sheets):
            self.faults.append(
                fault("sheet-without-rows", file=book.name, sheet=sheet.name, level="info",
                      table_zh=header.table.zh, table_en=header.table.en)
            )  # fmt: skip
        evidence = list(_evidence(sheet, kinds, book.name))
        texts = [e.text for e in evidence if e.kind != "folder"]
        refused = pupil_faults(header, texts, At(book.name, sheet.name))
        if refused:
            self.faults.extend(refused)
            return Counter({"refused": rows})
        setting = read_setting(evidence, self.gathered.names)
        constants = _constants(setting)
        wanted = set(CONTEXT) & set(header.table.names) - header.found
        if "county_name" in header.found:
            wanted.discard("county")
        self.faults.extend(_setting_faults(setting, wanted, book.name, sheet.name))
        given = (set(constants) | set(setting.faults)) & set(CONTEXT)
        given |= {"county"} if "county_name" in header.found else set()
        self.faults.extend(self._inner_title_faults(sheet, kinds, setting, wanted, book.name))
        self.faults.extend(column_faults(sheet, header, kinds, given, file=book.name))
        self.faults.extend(width_faults(sheet, header, kinds, file=book.name, csv=book.csv))
        self.faults.extend(merge_faults(sheet, header, kinds, file=book.name))
        self.faults.extend(total_faults(sheet, header, kinds, file=book.name))
        self._gather([make_block(sheet, header, kinds, constants, file=book.name)])
        return Counter(kinds)

    def _inner_title_faults(
        self, sheet: Sheet, kinds: Sequence[RowKind], setting: Setting, wanted: set[str], file: str
    ) -> Iterator[Fault]:
        """Say where a second table begins that is not of the first one's county, year or stage."""
        for number in inner_titles(sheet.rows, kinds):
            text = next(cell for cell in sheet.rows[number] if cell.strip())
            other = read_setting([Evidence("title", text)], self.gathered.names)
            said = _constants(other)
            if any(
                id in other.faults or (id in said and said[id] != getattr(setting, id))
                for id in wanted
            ):
                yield At(file, sheet.name, number + 1).fault("second-table")

    def _mapped_sheet(self, plan: Plan, sheet: Sheet, book: Sheets) -> Counter[str]:
        blocks, faults, counts = plan.blocks(sheet, book)
        self.faults.extend(faults)
        self._gather(blocks)
        return counts

    def _gather(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            self.gathered.add(block)
        self.faults.extend(self.gathered.faults)
        self.gathered.faults.clear()


def _is_guide(sheet: Sheet) -> bool:
    return normal(sheet.name) in vocabulary().sheets


def _is_written(sheet: Sheet) -> bool:
    """Tell whether anything stands in a sheet."""
    return any(cell.strip() for row in sheet.rows for cell in row)


def _constants(setting: Setting) -> dict[str, Any]:
    values = {"county": setting.county, "year": setting.year, "stage": setting.stage,
              "term": setting.term}  # fmt: skip
    return {id: value for id, value in values.items() if value}


def _setting_faults(setting: Setting, wanted: set[str], file: str, sheet: str) -> Iterator[Fault]:
    """Give the contradictions about what the sheet's own columns do not say."""
    for id, found in setting.faults.items():
        if id in wanted:
            yield Fault(**{**found.as_dict(), "file": file, "sheet": sheet})  # type: ignore[arg-type]


def _evidence(sheet: Sheet, kinds: Sequence[str], file: str) -> Iterator[Evidence]:
    """Collect the texts around a sheet, nearest first."""
    if sheet.name:
        yield Evidence("sheet", sheet.name)
    for row, kind in zip(sheet.rows, kinds, strict=True):
        for cell in row if kind == "title" else ():
            if cell.strip():
                yield Evidence("reporter" if is_reporter(cell) else "title", cell)
    path = Path(file)
    yield Evidence("file", path.stem)
    for part in reversed(path.parts[:-1]):
        yield Evidence("folder", part)
