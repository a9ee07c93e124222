"""What the verbs share: help in both languages, codes, and how faults are printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from analysis.errors import Fault, InputError, JunhengError
from analysis.i18n import LANGUAGES, say

_CODE = re.compile(r"\d{5,6}", re.ASCII)


class Verb(click.Command):
    """A verb whose options are explained by the catalogue, ``cli.option.<name>``.

    Its docstring is raw, so the mark before lines that are not to be wrapped is put in here.
    """

    def __init__(self, name: str | None, *, help: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, help=_marked(help), **kwargs)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        explain(self)
        super().format_help(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return summary(self)


class County(click.Group):
    """The command itself; its verbs are listed in the order in which they are used."""

    def __init__(self, name: str | None, *, help: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, help=_marked(help), **kwargs)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        explain(self)
        super().format_help(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def _marked(help: str | None) -> str:
    return (help or "").replace(r"\b", "\b")


class Code(click.ParamType):
    """A division code: digits, kept as text."""

    name = "code"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not _CODE.fullmatch(str(value)):
            self.fail(say("cli.bad.code", "zh") + " / " + say("cli.bad.code", "en"), param, ctx)
        return str(value)


class Years(click.ParamType):
    """A span of school years, ``2014-2021``."""

    name = "years"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", str(value), re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            self.fail(say("cli.bad.years", "zh") + " / " + say("cli.bad.years", "en"), param, ctx)
        return first, last


class Listed(click.ParamType):
    """Words with commas between them, each one of those that there are."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self.name = ",".join(self.words)

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        asked = tuple(dict.fromkeys(word.strip() for word in str(value).split(",")))
        wrong = [word for word in asked if word not in self.words]
        if wrong:
            self.fail(f"{', '.join(wrong)} ∉ {', '.join(self.words)}", param, ctx)
        return asked


def explain(command: click.Command) -> None:
    """Give each option its line of help, English first, then Chinese."""
    for param in command.params:
        key = f"cli.option.{param.name}"
        if isinstance(param, click.Option) and param.name not in ("help", "version"):
            param.help = f"{say(key, 'en')}  {say(key, 'zh')}"


def summary(command: click.Command) -> str:
    """Give the first line of a verb's description in both languages."""
    lines = [line.strip() for line in (command.help or "").splitlines() if line.strip()]
    return " ".join(lines[:2])


@contextmanager
def meter(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far something is, on a terminal only."""
    from tqdm import tqdm

    label = " ".join(say(f"cli.doing.{doing}", language) for language in LANGUAGES)
    with tqdm(desc=label, disable=None, leave=False, delay=1) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def tell(key: str, **values: str | float | int | None) -> None:
    """Say something of the catalogue in both languages on the standard error."""
    for language in LANGUAGES:
        click.echo(say(f"cli.{key}", language, **values), err=True)


def complain(error: JunhengError) -> None:
    """Say what went wrong on the standard error, every fault with its place."""
    if isinstance(error, InputError):
        print_faults(error.faults, err=True)
    click.echo(f"{error.zh}\n{error.en}", err=True)


def explain_usage(error: click.ClickException) -> None:
    """Say in Chinese what is wrong with a call; click says it in English below."""
    kind, name = "call", None
    if isinstance(error, click.NoSuchOption):
        kind, name = "option", error.option_name
    elif isinstance(error, click.BadParameter):
        kind = "missing" if isinstance(error, click.MissingParameter) else "value"
        name = error.param.opts[-1] if error.param else None
    click.echo(say(f"cli.usage.{kind}", "zh", name=name), err=True)


def print_faults(faults: Iterable[Fault], *, format: str = "text", err: bool = False) -> None:
    """Print faults: a paragraph each, or one JSON object a line."""
    for fault in faults:
        if format == "json":
            click.echo(json.dumps(fault.as_dict(), ensure_ascii=False), err=err)
            continue
        level = " / ".join(say(f"cli.level.{fault.level}", language) for language in LANGUAGES)
        click.echo(f"{level} [{fault.code}] {fault.where()}", err=err)
        for problem, fix in ((fault.zh, fault.fix_zh), (fault.en, fault.fix_en)):
            click.echo("  " + " → ".join(part for part in (problem, fix) if part), err=err)
