"""Workbooks for bureaus to fill in, made from the contracts: one a table.

Each has a guide, the table with its bounds and lists built in, and the codes. Filled in, it reads
back through `intake` as it is.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import xlsxwriter

from analysis.errors import UsageError
from analysis.i18n import Language, say
from analysis.records.contracts import TABLES, Column, Table
from analysis.records.dataset import FILE as DATASET
from analysis.records.dictionary import describe
from analysis.records.reference import load_reference

Progress = Callable[[int, int], None]

FIRST_ROW = 3
"""Row of the first record, counted from 0: title, header, header in the other language."""
RECORDS = 20_000
"""Rows with bounds and lists built in."""

_OTHER: dict[Language, Language] = {"zh": "en", "en": "zh"}
_MEASURED = frozenset({"m2", "yuan", "currency", "week"})
"""Units that a header must state in every language: they say more than what is counted."""
_GUIDE = ("rows", "required", "codes", "year", "check")
_GUIDE_FIELDS = ("kind", "unit", "bounds", "required", "known_at")
_EPOCH = datetime.datetime(2000, 1, 1)
_FONT = {"font_name": "Noto Sans SC", "font_size": 10, "valign": "vcenter"}


def write_templates(
    folder: Path, language: Language = "zh", *, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write a workbook for each table, and a declaration to fill in.

    Parameters
    ----------
    folder
        Where they go; made if missing. Nothing there is ever overwritten.
    language
        Of names and guide; the header is given in the other language too.
    progress
        Called with the number of files done and of all files.

    Returns
    -------
    tuple of Path
        The files. Written again, they have the same bytes.

    Raises
    ------
    UsageError
        If one of the files is there already.
    """
    folder = Path(folder)
    contents: dict[str, Callable[[], bytes]] = {
        f"{name_of(table, language)}.xlsx": partial(template, table, language)
        for table in TABLES.values()
    }
    contents[DATASET] = partial(_declaration, language)
    there = [name for name in contents if (folder / name).exists()]
    if there:
        raise UsageError(
            f"已有同名文件，没有覆盖：{'、'.join(there)}",
            f"files of these names are there already and were kept: {', '.join(there)}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for done, (name, make) in enumerate(contents.items(), 1):
        (folder / name).write_bytes(make())
        if progress:
            progress(done, len(contents))
    return tuple(folder / name for name in contents)


def template(table: Table, language: Language = "zh") -> bytes:
    """Make the workbook of one table.

    >>> from analysis.records.contracts import SCHOOLS
    >>> template(SCHOOLS) == template(SCHOOLS)
    True
    """
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"title": name_of(table, language), "created": _EPOCH})
        formats = {name: book.add_format(_FONT | extra) for name, extra in _FORMATS.items()}
        guide = book.add_worksheet(say("templates.sheet.guide", language))
        sheet = book.add_worksheet(name_of(table, language))
        codes = book.add_worksheet(say("templates.sheet.codes", language))
        _write_guide(guide, table, language, formats)
        lists = _write_codes(codes, table, language, formats)
        _write_table(sheet, table, language, formats, lists)
        sheet.activate()
    return stream.getvalue()


_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "text_wrap": True, "bg_color": "#E6EEF5", "border": 1},
    "other": {"italic": True, "text_wrap": True, "font_color": "#595959", "border": 1},
    "line": {"text_wrap": True},
    "text": {"num_format": "@"},
    "count": {"num_format": "0"},
    "number": {"num_format": "0.00"},
}


def name_of(table: Table, language: Language) -> str:
    """Give the name of a table."""
    return table.zh if language == "zh" else table.en


def header(column: Column, language: Language) -> str:
    """Give the header of a column, with its unit where it says more than the name.

    >>> from analysis.records.contracts import RESOURCES
    >>> header(RESOURCES["equipment_yuan"], "zh")
    '教学仪器设备值（元）'
    """
    name = column.zh if language == "zh" else column.en
    if column.unit and (language == "zh" or column.unit in _MEASURED):
        unit = say(f"units.{column.unit}", language)
        name = say("templates.header.unit", language, name=name, unit=unit)
    return name + "*" * column.required


def _write_guide(sheet: Any, table: Table, language: Language, formats: dict[str, Any]) -> None:
    name = name_of(table, language)
    about = table.about_zh if language == "zh" else table.about_en
    lines = [about, *(say(f"templates.guide.{key}", language) for key in _GUIDE)]
    if table.identifiers:
        lines.append(say("templates.guide.personal", language))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 5, 24)
    sheet.write_string(0, 0, say("templates.guide.title", language, table=name), formats["title"])
    for row, line in enumerate(lines, 1):
        sheet.merge_range(row, 0, row, 5, line, formats["line"])
    first = len(lines) + 2
    heads = [say(f"columns.head.{name}", language) for name in (f"name_{language}", *_GUIDE_FIELDS)]
    sheet.write_row(first, 0, heads, formats["head"])
    for row, column in enumerate(table.columns, first + 1):
        words = describe(column, language)
        cells = [header(column, language), *(words[name] for name in _GUIDE_FIELDS)]
        sheet.write_row(row, 0, cells, formats["line"])


def _write_codes(
    sheet: Any, table: Table, language: Language, formats: dict[str, Any]
) -> dict[str, str]:
    """Write the code lists side by side; give the range of each."""
    ranges: dict[str, str] = {}
    codes = load_reference().codes
    title = say("templates.sheet.codes", language)
    lists = {c.codes: [e[language] for e in codes[c.codes].values()]
             for c in table.columns if c.codes}  # fmt: skip
    for place, (id, labels) in enumerate(lists.items()):
        name = next(header(c, language) for c in table.columns if c.codes == id)
        letter = chr(65 + place)
        sheet.write_string(0, place, name.rstrip("*"), formats["head"])
        sheet.write_column(1, place, labels, formats["text"])
        sheet.set_column(place, place, 28)
        ranges[id] = f"='{title}'!${letter}$2:${letter}${len(labels) + 1}"
    return ranges


def _write_table(
    sheet: Any, table: Table, language: Language, formats: dict[str, Any], lists: dict[str, str]
) -> None:
    sheet.write_string(0, 0, name_of(table, language), formats["title"])
    sheet.freeze_panes(FIRST_ROW, 1)
    for place, column in enumerate(table.columns):
        own, other = header(column, language), header(column, _OTHER[language])
        sheet.write_string(1, place, own, formats["head"])
        sheet.write_string(2, place, other.rstrip("*"), formats["other"])
        sheet.write_comment(1, place, _prompt(column, language), {"author": "", "x_scale": 1.5})
        kind = column.kind if column.kind in ("count", "number") else "text"
        sheet.set_column(place, place, max(12, min(24, len(other))), formats[kind])
        rule = _rule(column, language, lists)
        if rule:
            sheet.data_validation(FIRST_ROW, place, FIRST_ROW + RECORDS - 1, place, rule)


def _rule(column: Column, language: Language, lists: dict[str, str]) -> dict[str, Any]:
    """Make the built-in check of a column's cells; empty cells always pass."""
    words = describe(column, language)
    rule: dict[str, Any] = {"ignore_blank": True, "input_message": _prompt(column, language)}
    if column.codes:
        rule |= {"validate": "list", "source": lists[column.codes],
                 "error_message": say("templates.reject.list", language)}  # fmt: skip
    elif column.kind == "flag":
        rule |= {"validate": "list",
                 "source": [say(f"templates.flag.{word}", language) for word in ("yes", "no")],
                 "error_message": say("templates.reject.list", language)}  # fmt: skip
    elif column.low is not None and column.high is not None:
        rule |= {"validate": "decimal" if column.kind == "number" else "integer",
                 "criteria": "between", "minimum": column.low, "maximum": column.high,
                 "error_message": say("templates.reject.bounds", language, kind=words["kind"],
                                      bounds=words["bounds"])}  # fmt: skip
    elif column.pattern or column.id.endswith("_id"):
        rule |= {"validate": "length", "criteria": "between", "minimum": 3, "maximum": 20,
                 "error_message": say("templates.reject.length", language)}  # fmt: skip
    else:
        return {}
    return rule


def _prompt(column: Column, language: Language) -> str:
    words = describe(column, language)
    return say("templates.prompt", language, kind=words["kind"], unit=words["unit"] or None,
               bounds=words["bounds"] or None, required=words["required"])  # fmt: skip


def _declaration(language: Language) -> bytes:
    """Write a ``dataset.toml`` to fill in."""
    text = (
        f"# {say('templates.dataset', language)}\n"
        'source_zh = ""\nsource_en = ""\nas_of = ""\n'
        "synthetic = false\nnames_public = false\n"
    )
    return text.encode()
