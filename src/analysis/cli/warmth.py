"""The verb that keeps kernels warm for JupyterLab and papermill."""

from __future__ import annotations

import os
from pathlib import Path

import click

from analysis.cli.verbs import Verb, tell
from analysis.errors import RunError

_NOTEBOOK = click.Path(exists=True, dir_okay=False, path_type=Path)
_HOURS = 12.0


@click.command(cls=Verb)
@click.argument("notebooks", metavar="[NOTEBOOK]...", nargs=-1, type=_NOTEBOOK)
@click.option("--hours", type=click.FloatRange(0, min_open=True), default=_HOURS, show_default=True)
@click.option("--end", is_flag=True)
def warm(notebooks: tuple[Path, ...], hours: float, end: bool) -> None:
    r"""Import once what notebooks import, so that kernels open at once; without any, say what is warm.

    预先导入笔记本所需的程序库，使内核随即可用；不给笔记本时，列出已预热的进程。

    \b
    county warm notebooks/*.ipynb notebooks/explore/*.ipynb
    JUPYTER_DEFAULT_PROVISIONER_NAME=warm jupyter lab
    county warm --end
    """
    from analysis.press.warm import address, client

    if notebooks:
        _start(notebooks, hours)
        return
    found = 0
    for path in address.list_sockets():
        try:
            about = address.describe(path)
            if end:
                client.question(path, "end")
        except client.RefusedError:
            continue
        found += 1
        tell("warm.ended" if end else "warm.there", pid=str(about["pid"]), open=about["open"],
             forks=about["forks"])  # fmt: skip
    if not found:
        tell("warm.none")


def _start(notebooks: tuple[Path, ...], hours: float) -> None:
    from analysis.press.closure import read_imports
    from analysis.press.signature import open_notebook
    from analysis.press.warm import address, client

    modules = {name for path in notebooks for name in read_imports(open_notebook(path))}
    try:
        about = address.keep(address.Wants(tuple(sorted(modules))), os.environ, idle=hours * 3600)
    except client.RefusedError as error:
        raise RunError(
            f"无法预热：{error}；笔记本照常可用，只是打开较慢",
            f"cannot keep kernels warm: {error}; notebooks work as ever, and open more slowly",
        ) from None
    tell("warm.ready", pid=str(about["pid"]))
