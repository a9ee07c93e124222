"""The verb that surveys all counties of a store at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from analysis.cli.data import find_scheme
from analysis.cli.verbs import Verb, meter, tell
from analysis.i18n import LANGUAGES, Language

if TYPE_CHECKING:
    from analysis.release import Audience

_PRESENT = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("store", metavar="STORE", type=_PRESENT)
@click.option("--year", type=int, required=True)
@click.option("--out", "file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--audience", type=click.Choice(["public", "superior", "internal"]), default="public",
    show_default=True,
)  # fmt: skip
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option("--scheme")
def survey(
    store: Path,
    year: int,
    file: Path | None,
    audience: str,
    language: Language,
    scheme: str | None,
) -> None:
    r"""List the balance figures and verdicts of all counties, a line each, as CSV.

    列出库中全部县的资源均衡指标与结论，每行一个数字。

    \b
    county survey store --year 2021 --out survey.csv
    county survey store --year 2021 --audience internal --out desk/survey.csv
    """
    from analysis.display.listing import list_counties
    from analysis.press.staging import refuse_shared
    from analysis.questions import balance
    from analysis.records import list_counties as listed
    from analysis.records.batches import open_batches
    from analysis.release import release

    if file:
        refuse_shared(file.parent, audience)
    scheme = scheme or find_scheme(store)
    total, done = len(listed(store, year)), 0
    with _opened(file, private=audience != "public") as stream, meter("survey") as progress:
        for counties in open_batches(store, year):
            found = balance.assess_many(counties, scheme=scheme)
            lines = list_counties(release(found, cast("Audience", audience)), language)
            lines.to_csv(stream, index=False, header=not done, lineterminator="\n")
            done += len(counties.places)
            progress(done, total)
    tell("surveyed", n=done)


@contextmanager
def _opened(file: Path | None, *, private: bool) -> Iterator[TextIO]:
    """Open what is written to: a file that is whole or not there, or the standard output."""
    if file is None:
        yield sys.stdout
        return
    file.parent.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    mode = 0o600 if private else 0o666
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        # With its mark of order, or spreadsheets take Chinese for something else.
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as stream:
            yield stream
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
