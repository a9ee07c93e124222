"""The ``county`` command: verbs only, each a few lines that hand on to a room.

Faults and errors are said in Chinese and English on the standard error; the exit status is that
of the error (`analysis.errors`). An error that is not ours shows its class and nothing else,
because its text may hold a pupil.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

import click

from analysis.cli import data, outputs, reports, surveys, warmth
from analysis.cli.verbs import County, complain, explain_usage
from analysis.errors import EXIT_INTERRUPTED, JunhengError


@click.group(cls=County, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="junheng", prog_name="county")
@click.option("--debug", is_flag=True)
def county(debug: bool) -> None:
    r"""Junheng: county education, from raw tables to reports that can be shared.

    均衡：县域教育数据，从原始表格到可以公开的报告。

    \b
    county demo demo-files
    county check demo-files
    county load demo-files --store store
    county fit store --year 2021
    county report --all --store store --year 2021
    county site reports
    """


for verb in (
    data.template, data.check, data.load, data.fit, surveys.survey, reports.report, reports.site, reports.diff,
    outputs.status, outputs.verify, data.roster, data.demo, warmth.warm,
):  # fmt: skip
    county.add_command(verb)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    """Run the command; whatever is raised becomes a message and a status."""
    try:
        status = county.main(arguments, prog_name="county", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        explain_usage(error)
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except JunhengError as error:
        complain(error)
        return error.exit_code
    except Exception as error:
        _unexpected(error, debug="--debug" in arguments)
        return 1
    return status if isinstance(status, int) else 0


def _reason(error: OSError) -> str:
    """Say what the system says, and of which file: the last part of its path alone."""
    from analysis.records.faults import masked

    name = Path(error.filename).name if isinstance(error.filename, str) else ""
    return " ".join(part for part in (error.strerror or "", masked(name)) if part)


def _unexpected(error: Exception, *, debug: bool) -> None:
    """Name the class of an error; its text may hold anything."""
    if debug:
        traceback.print_exception(error)
        return
    reason = _reason(error) if isinstance(error, OSError) else ""
    complain(
        JunhengError(
            f"意外错误 {type(error).__name__} {reason}（--debug 显示详情，可能含个人信息，勿外传）",
            f"unexpected error {type(error).__name__} {reason} (--debug shows more, which may hold "
            "personal data: do not pass it on)",
        )
    )
