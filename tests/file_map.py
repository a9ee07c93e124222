"""The map of the package in CONTRIBUTING.md: one line a file, the first of its docstring.

``python tests/file_map.py`` writes it anew; `test_architecture` holds it current.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "analysis"
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- map: make docs -->\n", "<!-- /map -->\n"


def modules() -> list[Path]:
    """List the modules that hold anything, relative to the package."""
    found = (path for path in PACKAGE.rglob("*.py") if path.stat().st_size)
    return sorted(
        (path.relative_to(PACKAGE) for path in found), key=lambda path: (path.parent, path)
    )


def summary(module: Path) -> str:
    """Give the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse((PACKAGE / module).read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{module} has no docstring")
    first = " ".join(text.split("\n\n")[0].split())
    return first.removeprefix("Question. ").rstrip(".")


def render() -> str:
    """Give the map as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for folder, group in groupby(modules(), lambda module: module.parent):
        yield ""
        yield f"**src/analysis/{'' if folder == Path() else folder.as_posix() + '/'}**"
        yield ""
        yield from (f"* `{module.name}`: {summary(module)}" for module in group)


def parts() -> tuple[str, str, str]:
    """Give the page before the map, the map, and what comes after."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    middle, after = rest.split(END)
    return before, middle, after


if __name__ == "__main__":
    before, _, after = parts()
    PAGE.write_text(before + BEGIN + render() + "\n" + END + after, encoding="utf-8")
