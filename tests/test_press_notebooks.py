"""The notebooks by which the press is measured stay what they are: both sides make the same."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

SAME = ("rng = ", "model = ", "by_kind = ")
DRAWN = ("axes.plot(", "axes.scatter(", "axes.errorbar(", "axes.hist(")


@pytest.fixture
def sources(project_root: Path) -> dict[str, list[str]]:
    folder = project_root / "benchmarks" / "press" / "notebooks"
    found = {}
    for path in folder.glob("*.ipynb"):
        nb = nbformat.read(path, as_version=4)
        nbformat.validate(nb)
        found[path.stem] = [cell.source for cell in nb.cells if cell.cell_type == "code"]
    return found


def imported(cells: list[str]) -> set[str]:
    trees = [node for cell in cells for node in ast.walk(ast.parse(cell))]
    names = [a.name for node in trees if isinstance(node, ast.Import) for a in node.names]
    names += [node.module or "" for node in trees if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def calls(cells: list[str], start: str) -> list[str]:
    """Give the calls that begin so, however they are indented."""
    nodes = [node for cell in cells for node in ast.walk(ast.parse(cell))]
    written = [ast.unparse(node) for node in nodes if isinstance(node, ast.Call)]
    return [text for text in written if text.startswith(start)]


def test_the_plain_notebooks_use_nothing_of_ours(sources: dict[str, list[str]]) -> None:
    assert imported(sources["trivial"]) == set()
    assert imported(sources["frozen"]) == {"matplotlib", "numpy", "pandas", "statsmodels"}
    assert imported(sources["published"]) == {"analysis", *imported(sources["frozen"])}


@pytest.mark.parametrize("start", SAME)
def test_both_forms_compute_the_same(sources: dict[str, list[str]], start: str) -> None:
    (frozen,) = (cell for cell in sources["frozen"] if cell.startswith(start))
    assert frozen in sources["published"]


@pytest.mark.parametrize("start", DRAWN)
def test_both_forms_draw_the_same(sources: dict[str, list[str]], start: str) -> None:
    frozen = calls(sources["frozen"], start)
    assert len(frozen) == 1
    assert frozen == calls(sources["published"], start)
