"""What a report is made from, as named parts with a hash each, so that staleness has a reason.

Two reports with one key are the same report. Where keys differ, the names of the parts that
differ say why. Only what can change a report counts: not outputs, ids or run numbers of a
notebook, not a module that nothing of the report imports, and never a time, host or path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
from nbformat import NotebookNode

from analysis import wire
from analysis.press import closure
from analysis.press.jobs import Chapter, Job, Settings
from analysis.press.manifest import hash_file
from analysis.press.signature import open_notebook

PRESS = "analysis.press.worker"
"""The module whose closure makes every report."""

Parts = Mapping[str, Mapping[str, str]]
"""By the name of a part, what it is made of, with a hash each."""

_LOCAL = frozenset({"store", "chapters"})
"""Parameters that are paths of a machine; what they hold counts as data."""


def share(chapters: Iterable[Chapter], settings: Settings) -> dict[str, dict[str, str]]:
    """Hash what all reports of one run and scope have in common, once for all of them.

    Formats, time limits and engines do not count: they change no word of a report.

    Parameters
    ----------
    chapters
        The notebooks that the reports take.
    settings
        How they are made.

    Returns
    -------
    dict
        ``notebooks``, ``code``, ``catalogue``, ``templates``, ``fonts``, ``lock``, ``settings``.
    """
    paths = sorted({chapter.path for chapter in chapters})
    return {
        "notebooks": {path.name: hash_notebook(path) for path in paths},
        "code": hash_code(paths, settings.audit),
        "catalogue": dict(_hash_folder(closure.ROOT / "locale")),
        "templates": dict(_hash_folder(closure.ROOT / "press" / "templates")),
        "fonts": _hash_fonts(settings.fonts),
        "lock": dict(_versions()),
        "settings": _values(
            {
                "edition": settings.edition,
                "release_date": settings.release_date,
                "audit": settings.audit,
            }
        ),
    }


def gather(
    job: Job, shared: Parts, data: Mapping[str, str] | None = None
) -> dict[str, Mapping[str, str]]:
    """Give all parts of one report: what it shares, what it is asked, and the data it may read.

    Languages do not count: a report in one more of them says the same.

    Parameters
    ----------
    job
        The report.
    shared
        What `share` gave for its chapters.
    data
        By partition, the hash of what is in it; `cli` knows it, the press does not.
    """
    asked = {
        **{name: value for name, value in job.parameters.items() if name not in _LOCAL},
        "county": job.county,
        "year": job.year,
        "audience": job.audience,
        "scope": job.scope,
        "names": dict(job.names),
    }
    return {**shared, "parameters": _values(asked), "data": dict(data or {})}


def sign(parts: Parts) -> str:
    """Give the key of parts.

    >>> sign({"data": {"a": "1"}}) == sign({"data": {"a": "2"}})
    False
    """
    return wire.digest({name: dict(part) for name, part in parts.items()})


def explain(old: Parts, new: Parts) -> dict[str, tuple[str, ...]]:
    """Name the parts that differ, and what in them: changed, new or gone.

    >>> explain({"data": {"a": "1", "b": "1"}}, {"data": {"a": "2", "b": "1"}})
    {'data': ('a',)}
    """
    differ = {}
    for name in sorted({*old, *new}):
        before, after = old.get(name, {}), new.get(name, {})
        changed = tuple(
            sorted(k for k in {*before, *after} if before.get(k, "") != after.get(k, ""))
        )
        if changed:
            differ[name] = changed
    return differ


def hash_notebook(path: Path) -> str:
    """Hash what a notebook would run and say: sources, kinds and tags of cells, what it declares.

    Outputs, ids and run numbers do not count.
    """
    nb = open_notebook(path)
    about = nb.metadata.get("junheng", {})
    return wire.digest({"cells": [_plain(cell) for cell in nb.cells], "junheng": about})


def hash_code(notebooks: Iterable[Path], audit: str) -> dict[str, str]:
    """Hash every module that these notebooks, the press or the audit can load."""
    roots = {PRESS, audit.partition(":")[0]}
    for path in notebooks:
        roots |= closure.read_imports(open_notebook(path))
    return closure.hash_modules(closure.follow(roots))


def _plain(cell: NotebookNode) -> dict[str, Any]:
    tags = sorted(cell.metadata.get("tags", []))
    return {"kind": cell.cell_type, "source": cell.source, "tags": tags}


def _values(plain: Mapping[str, Any]) -> dict[str, str]:
    return {name: wire.digest({"value": value}) for name, value in plain.items()}


@cache
def _hash_folder(folder: Path) -> Mapping[str, str]:
    return {
        path.relative_to(folder).as_posix(): hash_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _hash_fonts(given: Iterable[str]) -> dict[str, str]:
    """Hash fonts by their content, in the order in which they are asked."""
    found = (pylopdf_fonts_zh_cn.serif_path(), pylopdf_fonts_zh_cn.sans_path())
    ours = {f"ours {n}": hash_file(path) for n, path in enumerate(found)}
    return {**ours, **{f"given {n}": hash_file(Path(path)) for n, path in enumerate(given)}}


@cache
def _versions() -> Mapping[str, str]:
    """Give the version of every distribution there is but our own, whose code counts itself."""
    found = {item.name.lower(): item.version for item in distributions()}
    return {name: found[name] for name in sorted(found) if name != "junheng"}
