"""The data dictionary: ``data/README.md``, made from the contracts and code lists.

::

    python -m analysis.records.dictionary
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.i18n import LANGUAGES, Language, say
from analysis.records.contracts import TABLES, Column, Table
from analysis.records.reference import folder, load_reference

_FIELDS = ("id", "name_zh", "name_en", "kind", "unit", "bounds", "required", "privacy", "known_at")


def describe(column: Column, language: Language) -> dict[str, str]:
    """Describe a column in words, by field.

    >>> from analysis.records.contracts import SCHOOL_YEARS
    >>> words = describe(SCHOOL_YEARS["pupils_n"], "en")
    >>> words["kind"], words["unit"], words["bounds"], words["required"]
    ('whole number', 'pupils', '0 to 30,000', 'required')
    """
    key = "columns.years" if column.kind == "year" else "columns.bounds"
    bounded = column.low is not None and column.high is not None
    return {
        "id": column.id,
        "zh": column.zh,
        "en": column.en,
        "kind": say(f"columns.kind.{column.kind}", language),
        "unit": say(f"units.{column.unit}", language) if column.unit else "",
        "bounds": say(key, language, low=column.low, high=column.high) if bounded else "",
        "required": say(f"columns.required.{'yes' if column.required else 'no'}", language),
        "privacy": say(f"columns.privacy.{column.privacy}", language),
        "known_at": say(f"columns.known_at.{column.known_at}", language),
    }


def dictionary() -> str:
    """Write the dictionary as Markdown, Chinese and English side by side.

    >>> dictionary().startswith("# 数据字典 · Data dictionary")
    True
    """
    lines = [f"# {_both('dictionary.title')}", ""]
    for key in ("made", "folder", "year", "headers"):
        lines += [*(say(f"dictionary.{key}", language) for language in LANGUAGES), ""]
    for table in TABLES.values():
        lines += _table(table)
    lines += [f"## {_both('dictionary.codes')}", ""]
    for id, entries in load_reference().codes.items():
        lines += [f"### {id}", "", *_grid([_both(f"columns.head.{name}") for name in
                  ("code", "name_zh", "name_en", "also")],
                  ([code, e["zh"], e["en"], "、".join(e["also"])] for code, e in entries.items())),
                  ""]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def write_dictionary(path: Path | None = None) -> Path:
    """Write the dictionary to ``data/README.md``, or where told."""
    path = path or folder().parent / "README.md"
    path.write_text(dictionary(), encoding="utf-8", newline="\n")
    return path


def _table(table: Table) -> Iterator[str]:
    key = {"zh": "、".join(ids := [f"`{id}`" for id in table.key]), "en": ", ".join(ids)}
    keys = ["dictionary.optional"] * table.optional
    keys += ["dictionary.kept_apart"] * bool(table.identifiers)
    yield from (f"## {table.zh} · {table.en} (`{table.id}`)", "")
    for language, about in zip(LANGUAGES, (table.about_zh, table.about_en), strict=True):
        said = [
            about,
            say("dictionary.key", language, key=key[language]),
            *(say(k, language) for k in keys),
        ]
        yield ("" if language == "zh" else " ").join(said)
        yield ""
    head = [_both(f"columns.head.{name}") for name in _FIELDS]
    yield from _grid(head, (_row(column) for column in table.columns))
    yield ""


def _row(column: Column) -> list[str]:
    zh, en = (describe(column, language) for language in LANGUAGES)
    cells = [
        value if value == en[name] else f"{value} · {en[name]}"
        for name, value in zh.items()
        if name not in ("id", "zh", "en", "bounds", "privacy")
    ]
    kind, unit, required, known_at = cells
    if column.codes:
        kind = f"{kind} (`{column.codes}`)"
    privacy = f"{column.privacy} {zh['privacy']} · {en['privacy']}"
    return [f"`{column.id}`", column.zh, column.en, kind, unit, zh["bounds"], required, privacy,
            known_at]  # fmt: skip


def _both(key: str) -> str:
    return " · ".join(say(key, language) for language in LANGUAGES)


def _grid(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


if __name__ == "__main__":
    write_dictionary()
