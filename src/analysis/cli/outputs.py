"""Verbs on what was made: what is current, and whether each file is as it was put there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.cli import reports
from analysis.cli.data import find_scheme
from analysis.cli.verbs import Code, Verb, tell
from analysis.errors import EXIT_DIFFERENT
from analysis.i18n import LANGUAGES, say

if TYPE_CHECKING:
    from analysis.press.standing import Standing

_PRESENT = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@click.command(cls=Verb)
@click.argument("out", metavar="OUT", type=_PRESENT)
@click.argument("codes", metavar="[CODE]...", nargs=-1, type=Code())
@click.option("--store", type=_PRESENT, required=True)
@click.option("--year", type=int, required=True)
@click.option(
    "--audience", type=click.Choice(["public", "superior", "internal"]), default="public",
    show_default=True,
)  # fmt: skip
@click.option("--scheme")
@click.option("--edition", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--release-date", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--font", "fonts", type=_FILE, multiple=True)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(
    out: Path,
    codes: tuple[str, ...],
    store: Path,
    year: int,
    audience: str,
    scheme: str | None,
    edition: int,
    release_date: datetime | None,
    fonts: tuple[Path, ...],
    format: str,
) -> None:
    r"""Say which reports are current, stale and why, missing, or failed.

    列出哪些报告已是最新、哪些已过时及其原因、哪些缺失或未完成。

    \b
    county status reports --store store --year 2021
    county status reports 130722 --store store --year 2021
    """
    from analysis.press import standing
    from analysis.press.jobs import Settings
    from analysis.records.reference import folder

    parameters = {"store": str(store.resolve()), "scheme": scheme or find_scheme(store)}
    jobs = [
        replace(job, audience=audience, languages=(), parameters=parameters)
        for job in reports.plan(store, year, codes, everything=not codes)
    ]
    settings = Settings(
        formats=(),
        audit=reports.AUDIT,
        fonts=tuple(map(str, fonts)),
        edition=edition,
        release_date=release_date.date().isoformat() if release_date else "",
    )
    found = standing.judge(jobs, settings, notebooks=folder("notebooks"), out=out.resolve())
    if format == "json":
        told = [_plain(one) for one in found]
        click.echo(json.dumps({"schema": 1, "reports": told}, ensure_ascii=False))
    else:
        for line in _lines(found):
            click.echo(line)


def _plain(one: Standing) -> dict[str, Any]:
    plain: dict[str, Any] = {"code": one.order.job.county, "state": one.state}
    if one.state == "stale":
        plain["differ"] = {name: list(items) for name, items in one.differ.items()}
    if one.state == "failed" and one.entry:
        entry = one.entry
        plain |= {"kind": entry.kind, "chapter": entry.chapter, "cell": entry.cell}
        plain |= {"cause": entry.grouping, "attempts": entry.attempts}
    return plain


def _lines(found: Sequence[Standing]) -> Iterator[str]:
    """Count the states, then say of each report that is not current why, one cause together."""
    counts = Counter(one.state for one in found)
    for state in ("current", "stale", "incomplete", "missing", "failed"):
        if counts[state]:
            yield " / ".join(say(f"cli.state.{state}", lang, n=counts[state]) for lang in LANGUAGES)
    causes: dict[str, list[str]] = {}
    for one in found:
        if one.state != "current":
            causes.setdefault(_cause(one), []).append(one.order.job.county)
    for cause, codes in sorted(causes.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield f"  {cause} ({len(codes)}): {' '.join(codes)}"


def _cause(one: Standing) -> str:
    """Name what is the cause; data are each county's own, so of them only that they changed."""
    if one.state == "failed" and one.entry:
        entry = one.entry
        cell = str(entry.cell) if entry.cell else ""
        where = " · ".join(part for part in (entry.kind, entry.chapter, cell) if part)
        return f"failed {where}" + (f": {entry.grouping}" if entry.grouping else "")
    names = [
        name if name == "data" else f"{name} ({_few(items)})" for name, items in one.differ.items()
    ]
    return " ".join([one.state, ", ".join(names)]).strip()


def _few(items: Sequence[str]) -> str:
    return ", ".join(items[:3]) + (" …" if len(items) > 3 else "")


@click.command(cls=Verb)
@click.argument("out", metavar="OUT", type=_PRESENT)
def verify(out: Path) -> int:
    r"""Hold every report against its hashes; status 1 if a file is not as it was made.

    核对每份报告的校验值；有文件与生成时不同则返回状态 1。

    \b
    county verify reports
    """
    from analysis.press.verification import verify as check

    total, wrong = check(out)
    for path in wrong:
        click.echo(path.as_posix())
    if wrong:
        tell("differ", n=len(wrong))
        return EXIT_DIFFERENT
    tell("verified", n=total)
    return 0
