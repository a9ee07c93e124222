"""What notebooks import, imported before anybody asks, and whether it is still what it was.

Only what belongs to this environment is imported early: the standard library, what is installed,
and this package. A module that lies beside the notebook may be changed at any time, and is left to
the notebook itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from analysis.press import closure

_LOOK_SECONDS = 0.5
"""Files that were looked at so short a time ago are not looked at again."""
_NEVER = ("antigravity", "this", "__main__")


def import_all(names: Iterable[str]) -> None:
    """Import modules, and what those of this package among them import anywhere.

    A name that is not there, or fails, is left to the notebook to stumble over.
    """
    asked = list(names)
    inside = {name for ours in closure.follow(asked) for name in closure.read_module(ours)}
    for name in [*asked, *sorted(inside)]:
        if name not in _NEVER:
            _import(name)


def _import(name: str) -> None:
    with suppress(Exception):  # whatever it is, it is the notebook's to meet
        if name in sys.modules or _belongs(name):
            importlib.import_module(name)


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
    roots = [str(closure.ROOT), *(sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib"))]
    return any(os.path.realpath(place).startswith(os.path.realpath(root)) for root in roots)


class Watch:
    """Files as they were when something was made of them: our package, libraries, what is named."""

    def __init__(self, more: Iterable[Path] = ()) -> None:
        self._folders = [closure.ROOT, *more]
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
