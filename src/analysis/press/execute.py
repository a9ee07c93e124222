"""One notebook, run once, proven to have run.

papermill runs the notebook in a kernel of its own (`kernel.py`); the engine that does so can be
exchanged. Nothing is believed of it: a run counts only when every cell ran in order without an
error and the sentinel at the end names exactly what was asked for. Anything else is a
`NotebookError`, which tells the class of the exception and the cell and nothing more, because
tracebacks can hold pupils; such a notebook is never written.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from analysis import errors
from analysis.errors import RunError, UsageError
from analysis.press import document, kernel
from analysis.press.jobs import WARM
from analysis.press.signature import Value, bind, open_notebook, read_signature

REQUESTED = ("county", "year", "language", "audience")
"""Parameters that the sentinel has to repeat."""

_INJECTED = "injected-parameters"
_CLASS = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)
_START_SECONDS = 60
_LATE_SECONDS = 10
"""After so many more, who has not ended a kernel that is too slow is not there any more."""


class NotebookError(RunError):
    """A notebook failed: `kind` is the class of the exception, `cell` its place counted from 1.

    `cell` is 0 where no cell is to blame.
    """

    def __init__(self, zh: str, en: str, kind: str = "RunError", cell: int = 0) -> None:
        super().__init__(zh, en)
        self.kind = kind
        self.cell = cell

    def __reduce__(self) -> tuple[type, tuple[str, str, str, int]]:  # type: ignore[override]
        return (type(self), (self.zh, self.en, self.kind, self.cell))


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Value],
    *,
    engine: str | None = None,
    timeout: int = 600,
    within: Path | None = None,
    parent: Path | None = None,
) -> Path:
    """Run a notebook with these parameters and write it, outputs and all, once it is proven.

    Parameters
    ----------
    notebook
        A notebook of this machine; its ``parameters`` cell is its signature.
    output
        Where the executed notebook goes, readable by its owner only.
    parameters
        Text, whole numbers and yes-or-no only.
    engine
        Name of a papermill engine; the stock one by default.
    timeout
        Seconds for the whole notebook.
    within
        A folder for the kernel's room, which other runs of one batch may share; where temporary
        files go by default.
    parent
        Socket of a warm parent (`analysis.press.warm`), for the engine ``warm``.

    Raises
    ------
    UsageError
        If the call does not fit the notebook's signature; nothing was run then.
    NotebookError
        If it did not run to its sentinel, or the sentinel names something else.
    """
    nb = open_notebook(notebook)
    values = bind(read_signature(nb), parameters)
    if not nb.metadata.get("junheng", {}).get("chapter"):
        raise UsageError(
            f"笔记本 {notebook.name} 没有声明章节（metadata.junheng.chapter）",
            f"notebook {notebook.name} declares no chapter (metadata.junheng.chapter)",
        )
    with kernel.make_room(within) as room, _quiet():
        how = _how(room, within, engine, parent, timeout)
        executed = _run(nb, values, timeout, how)
    _check_cells(executed)
    _check_request(document.prove(executed).sentinel, values)
    return _write(executed, output)


@dataclass(slots=True)
class _Cursor:
    """Where the run is: engines call it as a hook at each cell."""

    cell: int = -1

    def __call__(self, cell: NotebookNode, cell_index: int) -> None:
        self.cell = cell_index


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep papermill's log from quoting what a notebook said."""
    log = logging.getLogger("papermill")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _how(
    room: Path, within: Path | None, engine: str | None, parent: Path | None, timeout: int
) -> dict[str, Any]:
    """Say where the kernel comes from: an interpreter of its own, or the parent's next child.

    Where the parent has none to give, the engine takes the first way by itself.
    """
    from traitlets.config import Config

    settings = {"room": str(room), "shared": str(within or "")}
    how = {
        "engine_name": engine,
        "kernel_manager_class": kernel.RoomKernelManager,
        "config": Config(RoomKernelManager=settings),
    }
    if parent is None or engine != WARM:
        return how

    def fork(**limits: Any) -> Any:
        from analysis.press.warm.client import ask

        environment = kernel.isolate(room, os.environ, shared=within)
        return ask(parent, environment=environment, folder=kernel.make_desk(room), **limits)

    return {**how, "warm_kernel": fork, "notebook_timeout": timeout + _LATE_SECONDS}


def _run(
    nb: NotebookNode, values: Mapping[str, Value], timeout: int, how: Mapping[str, Any]
) -> NotebookNode:
    """Hand the notebook to papermill; whatever goes wrong there becomes a `NotebookError`."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    end = time.monotonic() + timeout
    cursor = _Cursor()
    try:
        executed = papermill.execute_notebook(
            nb,
            None,
            dict(values),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            start_timeout=min(timeout, _START_SECONDS),
            execution_timeout=timeout,
            timeout_func=lambda _: max(1, int(end - time.monotonic())),
            on_cell_start=cursor,
            force_raise_errors=True,
            record_timing=False,
            shutdown_kernel="immediate",
            **how,
        )
    except PapermillExecutionError as error:
        raise _failure(error.ename, error.evalue, _place(nb, error.cell_index)) from None
    except Exception as error:
        raise _failure(type(error).__name__, "", _place(nb, cursor.cell)) from None
    return _cleaned(executed)


def _place(nb: NotebookNode, index: int) -> int:
    """Count a cell of the executed notebook as the source counts it, from 1; 0 for none."""
    tags = [cell.metadata.get("tags", []) for cell in nb.cells]
    parameters = next(n for n, cell_tags in enumerate(tags) if "parameters" in cell_tags)
    return index + 1 if index <= parameters else index


def _failure(kind: str, message: str, cell: int) -> NotebookError:
    """Say what failed: class and cell; the message only of our own errors, which quote nobody."""
    kind = kind if _CLASS.fullmatch(kind) else "Exception"
    ours = getattr(errors, kind, None)
    zh, en = f"第 {cell} 个单元格：{kind}", f"cell {cell}: {kind}"
    if isinstance(ours, type) and issubclass(ours, errors.JunhengError) and "\n" in message:
        says_zh, says_en = message.split("\n", 1)
        zh, en = f"{zh}：{says_zh}", f"{en}: {says_en}"
    return NotebookError(zh, en, kind, cell)


def _check_cells(nb: NotebookNode) -> None:
    """Refuse errors that were let pass: a tag that allows them, ``sys.exit(0)``."""
    for place, cell in enumerate(
        (cell for cell in nb.cells if _INJECTED not in cell.metadata.get("tags", [])), start=1
    ):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                raise _failure(output.ename, output.evalue, place)


def _check_request(sentinel: Mapping[str, Any], values: Mapping[str, Value]) -> None:
    wrong = [name for name in REQUESTED if sentinel[name] != values.get(name)]
    if wrong:
        raise NotebookError(
            f"结束标记与请求不符：{'、'.join(wrong)}",
            f"the sentinel is not of what was asked for: {', '.join(wrong)}",
        )


def _cleaned(nb: NotebookNode) -> NotebookNode:
    """Drop what differs from run to run: times, paths, random cell ids."""
    for node in (nb, *nb.cells):
        node.metadata.pop("papermill", None)
        node.metadata.pop("execution", None)
    for cell in nb.cells:
        if _INJECTED in cell.metadata.get("tags", []):
            cell["id"] = _INJECTED
    return nb


def _write(nb: NotebookNode, output: Path) -> Path:
    """Write through a file of our own, so that `output` is whole or not there."""
    part = output.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(nbformat.writes(nb))
    part.replace(output)
    return output
