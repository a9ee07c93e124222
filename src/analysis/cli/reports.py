"""Verbs on reports: making them, their site, and what changed between two runs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analysis.cli.data import find_scheme
from analysis.cli.verbs import Code, Listed, Verb, tell
from analysis.errors import EXIT_DIFFERENT, UsageError
from analysis.i18n import LANGUAGES

if TYPE_CHECKING:
    from analysis.press.jobs import Job, Summary

AUDIT = "analysis.release:audit"
FORMATS = ("html", "pdf", "xlsx")
PREPARE = (
    "analysis.display.readiness:prepare",
    "analysis.records.reference:load_reference",
    "analysis.records.regions:regions",
)
"""What no report can tell from doing it anew, and every report needs."""

_FOLDER = click.Path(file_okay=False, path_type=Path)
_PRESENT = click.Path(exists=True, file_okay=False, path_type=Path)
_ANY = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)


@click.command(cls=Verb)
@click.argument("codes", metavar="[CODE]...", nargs=-1, type=Code())
@click.option("--all", "everything", is_flag=True)
@click.option("--store", type=_PRESENT, required=True)
@click.option("--year", type=int, required=True)
@click.option("--out", type=_FOLDER)
@click.option(
    "--audience", type=click.Choice(["public", "superior", "internal"]), default="public",
    show_default=True,
)  # fmt: skip
@click.option(
    "--lang", "languages", type=click.Choice(["zh", "en"]), multiple=True, default=("zh",),
    show_default=True,
)  # fmt: skip
@click.option(
    "--format", "formats", type=Listed(FORMATS), default=",".join(FORMATS), show_default=True
)
@click.option("--jobs", type=click.IntRange(min=1))
@click.option("--scheme")
@click.option("--edition", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--release-date", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--font", "fonts", type=_FILE, multiple=True)
@click.option("--fail-fast", is_flag=True)
@click.option("--force", is_flag=True)
@click.option("--timeout", type=click.IntRange(min=1), default=600, show_default=True)
@click.option("--engine", default="warm", show_default=True)
def report(
    codes: tuple[str, ...],
    everything: bool,
    store: Path,
    year: int,
    out: Path | None,
    audience: str,
    languages: tuple[str, ...],
    jobs: int | None,
    scheme: str | None,
    release_date: datetime | None,
    fonts: tuple[Path, ...],
    fail_fast: bool,
    force: bool,
    **settings: Any,
) -> int:
    r"""Make the reports of counties, or of a prefecture by its own code.

    生成县级报告，或按地级市代码生成全市报告。

    \b
    county report 130722 --store store --year 2021
    county report --all --store store --year 2021 --lang zh --lang en --jobs 2
    county report 130700 --store store --year 2021 --format html
    county report 130722 --store store --year 2021 --audience internal --out desk
    """
    from analysis.press import batch
    from analysis.press.jobs import Settings
    from analysis.press.progress import Meter
    from analysis.records.reference import folder, load_reference

    scheme = scheme or find_scheme(store)
    load_reference().scheme(scheme)
    out = out or Path("reports" if audience == "public" else "desk")
    parameters = {"store": str(store.resolve()), "scheme": scheme}
    summary = batch.run(
        [
            replace(job, languages=tuple(dict.fromkeys(languages)), audience=audience,
                    parameters=parameters)
            for job in plan(store, year, codes, everything)
        ],
        Settings(
            audit=AUDIT,
            prepare=PREPARE,
            fonts=tuple(map(str, fonts)),
            release_date=release_date.date().isoformat() if release_date else "",
            **settings,
        ),
        notebooks=folder("notebooks"),
        out=out,
        workers=jobs or os.cpu_count() or 1,
        fail_fast=fail_fast,
        force=force,
        progress=Meter(sys.stderr),
    )  # fmt: skip
    _tell(summary, out)
    return summary.exit_code


@click.command(cls=Verb)
@click.argument("out", metavar="OUT", type=_PRESENT)
def site(out: Path) -> None:
    r"""Build the page that lists and searches the public reports.

    生成可检索全部公开报告的目录页。

    \b
    county site reports
    """
    from analysis.press import site as sites
    from analysis.press import staging
    from analysis.records.regions import regions

    places = {code: asdict(place) for code, place in regions().places.items()}
    with staging.hold(out):
        click.echo(sites.build(out, places=places))


@click.command(cls=Verb)
@click.argument("old", metavar="OLD", type=_ANY)
@click.argument("new", metavar="NEW", type=_ANY)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def diff(old: Path, new: Path, format: str) -> int:
    r"""List the numbers that changed between two runs; status 1 if any did.

    列出两次运行之间变化的数字；有变化时返回状态 1。

    \b
    county diff reports-old reports
    """
    from analysis.press.diff import compare

    changes = compare(old, new)
    if format == "json":
        click.echo(json.dumps(changes.to_json(), ensure_ascii=False))
    else:
        for language in LANGUAGES:
            click.echo(changes.to_text(language))
    return 0 if changes.same else EXIT_DIFFERENT


def plan(store: Path, year: int, codes: Sequence[str], everything: bool) -> list[Job]:
    """Make a job of each code; a code above counties stands for the prefecture itself."""
    from analysis.press.jobs import Job
    from analysis.records import list_counties
    from analysis.records.declaration import declare
    from analysis.records.generations import current

    if everything == bool(codes):
        raise UsageError("请给出区划代码，或用 --all", "give division codes, or --all")
    counties = {place.code: place for place in list_counties(store, year)}
    parents = {place.parent for place in counties.values()}
    unknown = sorted(set(codes) - set(counties) - parents)
    if unknown or not counties:
        raise UsageError(
            f"库中没有{year}学年的数据：{'、'.join(unknown) or '任何县'}",
            f"the store has no data of {year} for: {', '.join(unknown) or 'any county'}",
        )
    known = current(store).regions()
    asked = tuple(dict.fromkeys(codes or sorted(counties)))
    data = declare(store, year, asked)
    return [
        Job(
            code, year, known.place(code).label,
            scope="county" if code in counties else "prefecture", data=data[code],
        )
        for code in asked
    ]  # fmt: skip


def _tell(summary: Summary, out: Path) -> None:
    if summary.stopped:
        tell("stopped", n=len(summary.left))
    if summary.failures:
        tell("failed", n=len(summary.failures))
        for failure in summary.failures:
            where = " · ".join(
                part for part in (failure.county, failure.language, failure.chapter) if part
            )
            click.echo(f"  {where}: {failure.zh} / {failure.en}", err=True)
    if summary.current:
        tell("current", n=len(summary.current))
    tell("made", n=len(summary.done), out=str(out))
