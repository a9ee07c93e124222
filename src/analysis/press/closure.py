"""Which modules of the package some code can load, found by reading it and not by running it.

Every import is followed, those inside functions too, so the closure holds at least what a run
loads: a change in a module outside it cannot change what the code does.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The folder of the package."""

_PACKAGE = ROOT.name


def names_imported(source: str, module: str = "", *, package: bool = False) -> frozenset[str]:
    r"""List the dotted names of the package that a source imports.

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
    ['analysis.press', 'analysis.press.batch', 'analysis.press.diff']
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
    return frozenset(name for name in found if name.split(".", 1)[0] == _PACKAGE)


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
        waiting.extend(_read(name))
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
def _read(name: str) -> frozenset[str]:
    path = find_module(name)
    if path is None:
        return frozenset()
    source = path.read_text(encoding="utf-8")
    return names_imported(source, name, package=path.name == "__init__.py")


@cache
def _hash(name: str) -> str:
    path = find_module(name)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
