"""The generated page says what the contracts say."""

from __future__ import annotations

from pathlib import Path

from analysis.records.contracts import TABLES
from analysis.records.dictionary import dictionary, write_dictionary
from analysis.records.reference import load_reference

PAGE = Path(__file__).parents[2] / "data" / "README.md"


def test_the_page_is_the_one_made_from_the_contracts() -> None:
    """If this fails: ``python -m analysis.records.dictionary``."""
    assert PAGE.read_text(encoding="utf-8") == dictionary()


def test_every_column_and_every_code_stands_in_it() -> None:
    lines = dictionary().splitlines()
    for table in TABLES.values():
        for column in table.columns:
            starts = f"| `{column.id}` | {column.zh} | {column.en} |"
            row = next(line for line in lines if line.startswith(starts))
            assert column.privacy in row
            assert row.count("|") == 10
    for entries in load_reference().codes.values():
        for code, entry in entries.items():
            assert any(line.startswith(f"| {code} | {entry['zh']} |") for line in lines)


def test_written_where_told(tmp_path: Path) -> None:
    path = write_dictionary(tmp_path / "README.md")
    assert path.read_text(encoding="utf-8") == dictionary()
