"""What some code imports, and which modules of the package it can load so, found by reading it.

Every import is followed, those inside functions too, so the closure holds at least what a run
loads: a change in a module outside it cannot change what the code does.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
"""The folder of the package."""

_PACKAGE = ROOT.name


def names_imported(source: str, module: str = "", *, package: bool = False) -> frozenset[str]:
    r"""List the dotted names that a source imports; which of them are modules is not asked.

    Parameters
    ----------
    source
        Python code.
    module
        Its dotted name, to which relative imports refer.
    package
        Whether the source is the ``__init__.py`` of that module.

    Examples
    --------
    >>> sorted(names_imported("from analysis.press import batch, diff\nimport json"))
    ['analysis.press', 'analysis.press.batch', 'analysis.press.diff', 'json']
    >>> sorted(names_imported("def f():\n    from . import wire", "analysis.errors"))
    ['analysis', 'analysis.wire']
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(node, module, package=package)
            found.add(origin)
            found.update(f"{origin}.{alias.name}" for alias in node.names)
    return frozenset(found)


def read_imports(nb: NotebookNode) -> frozenset[str]:
    r"""List the dotted names that the code cells of a notebook import.

    A cell that only IPython understands, with a magic or a shell line, is read as IPython does.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cell = new_code_cell("%matplotlib inline\nimport json\nfrom os import path as p")
    >>> sorted(read_imports(new_notebook(cells=[cell])))
    ['json', 'os', 'os.path']
    """
    from IPython.core.inputtransformer2 import TransformerManager

    found: set[str] = set()
    for cell in nb.cells:
        if cell.cell_type == "code":
            with suppress(SyntaxError):  # it fails when it runs, and says so there
                found |= names_imported(TransformerManager().transform_cell(cell.source))
    return frozenset(found)


def _origin(node: ast.ImportFrom, module: str, *, package: bool) -> str:
    """Give what ``from … import`` names, a relative one in full."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    up = node.level - 1 if package else node.level
    base = parts[: len(parts) - up]
    return ".".join([*base, *([node.module] if node.module else [])])


def follow(names: Iterable[str]) -> frozenset[str]:
    """Find all modules of the package that loading these can load, themselves included.

    Examples
    --------
    >>> "analysis.errors" in follow(["analysis.wire"])
    True
    """
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen or find_module(name) is None:
            continue
        seen.add(name)
        waiting.extend(read_module(name))
        if "." in name:  # a module is loaded after the packages that hold it
            waiting.append(name.rpartition(".")[0])
    return frozenset(seen)


def hash_modules(names: Iterable[str]) -> dict[str, str]:
    """Hash the source of each module by its name."""
    return {name: _hash(name) for name in sorted(names)}


@cache
def find_module(name: str) -> Path | None:
    """Find the file of a module of the package; None for a name that is no module."""
    head, *rest = name.split(".")
    if head != _PACKAGE or not all(part.isidentifier() for part in rest):
        return None
    stem = ROOT.joinpath(*rest)
    return next((path for path in (stem / "__init__.py", _file(stem)) if path.is_file()), None)


def _file(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.py")


@cache
def read_module(name: str) -> frozenset[str]:
    """List the dotted names that a module of the package imports; nothing for another name."""
    path = find_module(name)
    if path is None:
        return frozenset()
    source = path.read_text(encoding="utf-8")
    return names_imported(source, name, package=path.name == "__init__.py")


@cache
def _hash(name: str) -> str:
    path = find_module(name)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
