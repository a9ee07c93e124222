"""Verbs on what was made: whether each file is as it was put there."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.cli.verbs import Verb, tell
from analysis.errors import EXIT_DIFFERENT


@click.command(cls=Verb)
@click.argument("out", metavar="OUT", type=click.Path(exists=True, file_okay=False, path_type=Path))
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
