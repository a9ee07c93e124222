"""What a notebook imports, read from its cells, imported before anybody asks.

Only what belongs to this environment is imported early: the standard library, what is installed,
and this package. A module that lies beside the notebook may be changed at any time, and is left to
the notebook itself.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

_PACKAGE = Path(__file__).parents[2]
_OURS = _PACKAGE.name
_LOOK_SECONDS = 0.5
"""Files that were looked at so short a time ago are not looked at again."""
_NEVER = ("antigravity", "this", "__main__")


def read_imports(nb: NotebookNode) -> tuple[str, ...]:
    r"""Give the modules that the code cells of a notebook import, sorted.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cell = new_code_cell("%matplotlib inline\nimport json\nfrom os import path as p")
    >>> read_imports(new_notebook(cells=[cell]))
    ('json', 'os', 'os.path')
    """
    found: set[str] = set()
    for cell in nb.cells:
        if cell.cell_type == "code":
            found.update(_imports(_parse(cell.source)))
    return tuple(sorted(found))


def import_all(names: Iterable[str]) -> None:
    """Import modules, and what modules of this package among them import anywhere.

    A name that is not there, or fails, is left to the notebook to stumble over.
    """
    queue, seen = list(names), set(_NEVER)
    while queue:
        name = queue.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if _import(name):
            queue += _imported_inside(name)


def _import(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        if not _belongs(name):
            return False
        importlib.import_module(name)
    except Exception:  # whatever it is, it is the notebook's to meet
        return False
    return True


def _belongs(name: str) -> bool:
    """Tell whether a module is of this environment and cannot change by itself."""
    top = importlib.util.find_spec(name.partition(".")[0])
    if top is None or importlib.util.find_spec(name) is None:
        return False
    if top.origin in ("built-in", "frozen"):
        return True
    places = [top.origin] if top.origin else list(top.submodule_search_locations or ())
    return all(_is_ours(place) for place in places)


def _is_ours(place: str) -> bool:
    roots = [str(_PACKAGE), *(sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib"))]
    return any(os.path.realpath(place).startswith(os.path.realpath(root)) for root in roots)


def _imported_inside(name: str) -> list[str]:
    """Give what a module of this package imports, inside its functions too."""
    module = sys.modules.get(name)
    path = getattr(module, "__file__", None)
    if name.partition(".")[0] != _OURS or not path or not path.endswith(".py"):
        return []
    return sorted(_imports(ast.parse(Path(path).read_text(encoding="utf-8"))))


def _parse(source: str) -> ast.AST:
    try:
        return ast.parse(source)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        try:
            return ast.parse(TransformerManager().transform_cell(source))
        except Exception:
            return ast.Module([], [])


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


class Watch:
    """Files as they were when something was made of them: our package, libraries, what is named."""

    def __init__(self, more: Iterable[Path] = ()) -> None:
        self._folders = [_PACKAGE, *more]
        self._seen = self._look()
        self._looked = time.monotonic()

    def changed(self) -> bool:
        """Tell whether a file is not what it was, has gone or is new."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return False
        self._looked = time.monotonic()
        return self._look() != self._seen

    def _look(self) -> dict[str, tuple[int, int]]:
        files = [path for folder in self._folders for path in _files(folder)]
        libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
        return {path: _state(path) for path in [*files, *sorted(libraries)]}


def _files(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (os.path.join(root, name) for name in files)


def _state(path: str) -> tuple[int, int]:
    try:
        about = os.stat(path)
    except OSError:
        return (0, 0)
    return about.st_mtime_ns, about.st_size
