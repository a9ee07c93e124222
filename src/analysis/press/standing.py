"""How the reports of an output tree stand: which are as they would be made again, which not and why.

A report is current when its folder is the one that its entry in the ledger knows, was made from
the same parts (`keys`), and holds every language and format that is asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from analysis.press import keys, ledger, manifest, staging
from analysis.press.jobs import Failure, Job, Order, Settings, find_chapters

State = Literal["current", "stale", "incomplete", "missing", "failed"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One report that is asked for, and what there is of it.

    Attributes
    ----------
    order, parts
        How it would be made, and from what.
    entry
        What the ledger knows of it.
    state
        ``current``; ``stale``, made from other parts; ``incomplete``, without a language or format
        that is asked; ``missing``, or not what its entry says; ``failed`` when last tried.
    differ
        Of a stale one, the parts that differ and what in them.
    """

    order: Order
    parts: keys.Parts
    entry: ledger.Entry | None = None
    state: State = "missing"
    differ: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def judge(jobs: Sequence[Job], settings: Settings, *, notebooks: Path, out: Path) -> list[Standing]:
    """Say how each report stands; one that is asked for twice is told once.

    Parameters
    ----------
    jobs
        The reports.
    settings
        How they would be made.
    notebooks
        The folder in which chapters are found.
    out
        The output tree.

    Raises
    ------
    UsageError
        If no notebook fits, or an audience may not be written there.
    """
    chapters = {job.scope: find_chapters(notebooks, job.scope) for job in jobs}
    places = {staging.place(out, job.audience, job.year, job.county): job for job in jobs}
    shared = {scope: keys.share(found, settings) for scope, found in chapters.items()}
    entries = ledger.read_ledgers(out)
    standings = []
    for target, job in places.items():
        parts = keys.gather(job, shared[job.scope], job.data)
        stage = target.with_name(f".{target.name}.new")
        key = keys.sign(parts)
        order = Order(job, chapters[job.scope], settings, stage, target, key)
        standings.append(_compare(out, order, parts, entries.get(order.place)))
    return standings


def enter(task: Standing, sha256: str, seconds: float) -> ledger.Entry:
    """Give the entry of a report that is about to take its place.

    Parameters
    ----------
    task
        The report as it stood.
    sha256
        Hash of the new manifest.
    seconds
        How long it took.
    """
    audience, year, code = task.order.place
    return ledger.Entry(
        audience,
        year,
        code,
        "publishing",
        key=task.order.key,
        parts=task.parts,
        manifest=sha256,
        seconds=seconds,
        attempts=1 + (task.entry.attempts if task.entry else 0),
        engine=task.order.settings.engine,
    )


def fail(task: Standing, failure: Failure, seconds: float) -> ledger.Entry:
    """Give the entry of a report that was not made; the manifest is that of the earlier one.

    Failures with one class, chapter and message are of one cause, whatever numbers are in it. Why
    disclosure control kept a report back is for the run alone to say.
    """
    message = "" if failure.withheld else re.sub(r"\d", "#", failure.en)
    return replace(
        enter(task, task.entry.manifest if task.entry else "", seconds),
        state="failed",
        kind=failure.kind,
        chapter=failure.chapter,
        cell=failure.cell,
        grouping=message,
    )


def _compare(out: Path, order: Order, parts: keys.Parts, entry: ledger.Entry | None) -> Standing:
    if entry is None or not ledger.is_valid(out, entry):
        failed = entry is not None and entry.state == "failed"
        return Standing(order, parts, entry, "failed" if failed else "missing")
    if entry.key != order.key:
        return Standing(order, parts, entry, "stale", keys.explain(entry.parts, parts))
    whole = _has_all(order.target, order.job.languages, order.settings.formats)
    return Standing(order, parts, entry, "current" if whole else "incomplete")


def _has_all(folder: Path, languages: Iterable[str], formats: Iterable[str]) -> bool:
    """Tell whether a report holds what is asked, every file that it lists as long as listed."""
    listed = json.loads((folder / manifest.NAME).read_bytes())["files"]
    asked = {f"{language}/report.{format}" for language in languages for format in formats}
    return asked <= {file["path"] for file in listed} and all(
        _size(folder / file["path"]) == file["bytes"] for file in listed
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
