"""Verbs on data: templates, checking, loading, fitting, the demo, lists for the county's desk."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.cli.verbs import Code, Verb, Years, meter, print_faults, tell
from analysis.errors import InputError, UsageError
from analysis.i18n import LANGUAGES, Language

if TYPE_CHECKING:
    from analysis.records.intake import Intake

SCHEME = "quality-2017"
LIFE = timedelta(days=30)
"""How long a list of persons may be kept if nothing else is said."""

_FOLDER = click.Path(file_okay=False, path_type=Path)
_PRESENT = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_STORE = click.option("--store", type=_PRESENT, required=True)
_YEAR = click.option("--year", type=int, required=True)


@click.command(cls=Verb)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
def template(folder: Path, language: Language) -> None:
    r"""Write empty workbooks to fill in, made from the table definitions.

    生成待填报的空白表格。

    \b
    county template forms
    """
    from analysis.records.templates import write_templates

    with meter("template") as progress:
        paths = write_templates(folder, language, progress=progress)
    for path in paths:
        click.echo(path)


@click.command(cls=Verb)
@click.argument("folder", metavar="DIR", type=_PRESENT)
@click.option("--mapping", type=_FILE)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(folder: Path, mapping: Path | None, format: str) -> int:
    r"""Check a folder of files and list every fault with its place and how to mend it.

    检查一个文件夹中的表格，列出全部问题、位置和改法。

    \b
    county check files
    county check files --format json > faults.jsonl
    """
    intake = _read(folder, mapping)
    if format == "json":
        print_faults(intake.faults, format=format)
    else:
        _report(intake)
    return InputError.exit_code if intake.errors else 0


@click.command(cls=Verb)
@click.argument("folder", metavar="DIR", type=_PRESENT)
@click.option("--store", type=_FOLDER, required=True)
@click.option("--mapping", type=_FILE)
@click.option("--key", type=click.Path(dir_okay=False, path_type=Path))
def load(folder: Path, store: Path, mapping: Path | None, key: Path | None) -> int:
    r"""Load a folder of files into a store; names and numbers of persons are kept apart.

    把表格载入数据库；姓名和证件号单独存放。

    \b
    county load files --store store
    county load districts --store california --mapping mapping.toml
    """
    from analysis.records import store as stores

    intake = _read(folder, mapping)
    if intake.errors:
        _report(intake, err=True)
        return InputError.exit_code
    written = stores.write(intake, store, key=key)
    tell(
        "loaded",
        store=str(store),
        rows=sum(written.rows.values()),
        counties=len(written.counties),
        warnings=sum(fault.level == "warning" for fault in intake.faults),
    )
    return 0


@click.command(cls=Verb)
@click.argument("store", metavar="STORE", type=_PRESENT)
@_YEAR
@click.option("--scheme")
@click.option("--yearly-cap", type=click.FloatRange(0, 1))
@click.option("--exchange-floor", is_flag=True)
@click.option("--costs", type=_FILE)
@click.option("--jobs", type=click.IntRange(min=1))
def fit(
    store: Path, year: int, scheme: str | None, yearly_cap: float | None, exchange_floor: bool,
    costs: Path | None, jobs: int | None,
) -> None:  # fmt: skip
    r"""Compute what crosses counties or is dear, once for all reports of a year.

    计算跨县的结果和各县的达标方案，供当年全部报告使用。

    Where there are registers of pupils of several prefectures, who leaves is
    also learnt from all of them together, one county in memory at a time.

    有多个市的学籍时，另用全部县合并估计离校风险，每次只读入一个县。

    \b
    county fit store --year 2021
    county fit store --year 2021 --yearly-cap 0.02 --costs prices.toml --jobs 2
    """
    from analysis.cli.fitting import Fit, read_costs, run
    from analysis.questions.balance.plan import Options
    from analysis.records import list_counties
    from analysis.records.reference import load_reference
    from analysis.records.results import save_fit

    actions = load_reference().actions
    known = ["move", *(action["id"] for action in actions["add"])]
    options = Options(
        yearly_cap=yearly_cap, exchange_floor=exchange_floor, costs=read_costs(costs, known)
    )
    counties = list_counties(store, year)
    parents = sorted({county.parent for county in counties if county.parent})
    if not parents:
        raise UsageError(f"库中没有{year}学年的县", f"the store has no county for {year}")
    codes = sorted(county.code for county in counties)
    with meter("fit") as progress:
        work = Fit(store, year, scheme or find_scheme(store), options)
        findings, rosters = run(work, parents, codes, jobs or os.cpu_count() or 1, progress)
    plans = sum(finding.name == "plan" for finding in findings)
    tell("fitted", fit=save_fit(store, year, findings, rosters), n=len(parents), plans=plans)


def find_scheme(store: Path) -> str:
    """Give the scheme that a data set asks to be judged by, or ours."""
    from analysis.records.store import describe

    return describe(store).get("scheme") or SCHEME


@click.command(cls=Verb)
@click.argument("code", type=Code())
@click.option("--kind", required=True)
@_STORE
@_YEAR
@click.option("--who", required=True)
@click.option("--purpose", required=True)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option("--out", type=_FOLDER, default=Path("desk"), show_default=True)
def roster(
    code: str, kind: str, store: Path, year: int, who: str, purpose: str,
    expires: datetime | None, language: Language, out: Path,
) -> None:  # fmt: skip
    r"""Write a list of persons for the county's own desk; the access is logged.

    为本县办公室导出名单，并记录是谁、为何导出。

    \b
    county roster 130722 --kind teachers --store store --year 2021 \
        --who "registry office" --purpose "check of qualifications"
    county roster 130722 --kind moves --store store --year 2021 \
        --who "staff office" --purpose "exchange plan"
    """
    from analysis.records import open_county
    from analysis.roster import build, write_roster

    until = (expires or datetime.now() + LIFE).date().isoformat()
    listed = build(kind, open_county(store, code, year), until, store)
    click.echo(write_roster(listed, store, out, who, purpose, language=language))


@click.command(cls=Verb)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--counties", default="1307", show_default=True)
@click.option("--scale", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--years", type=Years(), default="2014-2021", show_default=True)
@click.option(
    "--regime",
    type=click.Choice(("survey", "administrative", "none")),
    default="survey",
    show_default=True,
)
def demo(
    folder: Path, counties: str, scale: float, seed: int, years: tuple[int, int], regime: str
) -> None:
    r"""Write the files of a made-up prefecture, as bureaus would have them.

    生成一个模拟地级市的表格文件。

    Junior pupils leave school as often as surveys of about 2010 found (survey), or as ledgers of
    recent years say (administrative); with none there are no lists of pupils, which is quicker.

    \b
    county demo demo-files
    county demo small --scale 0.2 --years 2020-2021
    county demo quick --regime none
    """
    from analysis.records.synthetic import write_demo

    with meter("demo") as progress:
        write_demo(
            folder, counties=counties, scale=scale, seed=seed, years=years,
            regime=None if regime == "none" else regime, progress=progress,
        )  # fmt: skip
    tell("demo", folder=str(folder))


def _read(folder: Path, mapping: Path | None) -> Intake:
    from analysis.records.intake import read_folder

    with meter("read") as progress:
        return read_folder(folder, mapping=mapping, progress=progress)


def _report(intake: Intake, *, err: bool = False) -> None:
    """Say all that was found, in Chinese and then in English."""
    for language in LANGUAGES:
        click.echo("\n".join(intake.report(language)), err=err)
        click.echo(err=err)
