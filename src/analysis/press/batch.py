"""Many reports, in worker processes, so that one bad county stops nobody else.

The process that calls `run` holds the output tree, hands out the jobs, puts finished reports in
their place and keeps the list of failures; it runs no notebook itself. A worker that dies or
answers nothing for too long costs its one job. A signal stops new work, ends workers and kernels
at once and leaves every report whole, the old or the new one.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from analysis import wire
from analysis.press import closure, kernel, ledger, manifest, staging, standing
from analysis.press.jobs import (
    WARM,
    Chapter,
    Failure,
    Job,
    Order,
    Settings,
    Summary,
    find_chapters,
)
from analysis.press.signature import open_notebook
from analysis.press.standing import Standing

GRACE = 30
"""Seconds beyond the notebook's own limit after which a worker that says nothing is given up."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_JOBS_PER_WORKER = 100


class Progress(Protocol):
    """Who is told how the run goes."""

    def begin(self, total: int) -> None: ...
    def step(self, job: Job, language: str, chapter: str) -> None: ...
    def end(self, job: Job, failure: Failure | None) -> None: ...
    def close(self) -> None: ...


def run(
    jobs: Sequence[Job],
    settings: Settings,
    *,
    notebooks: Path,
    out: Path,
    workers: int = 1,
    fail_fast: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Make the reports of all jobs that are not current.

    Parameters
    ----------
    jobs
        One report each; a county twice in one audience and year is made once.
    settings
        How each is made.
    notebooks
        The folder in which chapters are found.
    out
        The output tree: ``out/<audience>/<year>/<code>/<language>/report.html`` and so on.
    workers
        Reports made at one time.
    fail_fast
        Begin nothing more after the first failure.
    force
        Make those anew too that are current.
    progress
        Who is told.

    Raises
    ------
    UsageError
        If no notebook fits, or an audience may not be written there; nothing was run then.
    BusyError
        If another run holds `out`.
    """
    out, notebooks = out.resolve(), notebooks.resolve()
    folders = {staging.place(out, j.audience, j.year, j.county).parent for j in jobs}
    for scope in {job.scope for job in jobs}:
        find_chapters(notebooks, scope)  # or say that there are none, before anything is made
    with staging.hold(out, private=any(job.audience != "public" for job in jobs)):
        for folder in folders:
            staging.recover(folder)
        found = standing.judge(jobs, settings, notebooks=notebooks, out=out)
        due = [one for one in found if force or one.state != "current"]
        current = tuple(sorted(one.order.job.county for one in found if one not in due))
        if not due:  # nothing is started for nothing
            return Summary((), (), current=current)
        with (
            ledger.open_ledger(out) as book,
            kernel.make_room() as room,
            _hold_parent(room, {one.order.chapters for one in due}, settings),
        ):
            batch = _Batch(deque(due), book, room, fail_fast, progress, settings.fonts)
            try:
                asyncio.run(batch.run(min(workers, len(due))))
            finally:
                batch.note()
    return replace(batch.summary(), current=current)


@contextmanager
def _hold_parent(
    room: Path, chapters: Iterable[Sequence[Chapter]], settings: Settings
) -> Iterator[None]:
    """Have, for a run, the parent that its notebooks' kernels are forked from."""
    if settings.engine != WARM:
        yield
        return
    from analysis.press.warm import address

    notebooks = [open_notebook(chapter.path) for scope in chapters for chapter in scope]
    modules = sorted({name for nb in notebooks for name in closure.read_imports(nb)})
    environment = kernel.isolate(room, _given_fonts(settings.fonts), shared=room)
    wants = address.Wants(tuple(modules), settings.prepare)
    with address.hold(kernel.find_parent(room), wants, environment):
        yield


def _given_fonts(fonts: Sequence[str]) -> dict[str, str]:
    return {**os.environ, wire.FONTS_VARIABLE: os.pathsep.join(fonts)}


@dataclass(slots=True)
class _Worker:
    """A worker process and the room it lives in."""

    process: asyncio.subprocess.Process
    room: Path
    jobs: int = 0

    @classmethod
    async def start(cls, room: Path, fonts: Sequence[str]) -> _Worker:
        room.mkdir(mode=0o700)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "analysis.press.worker", str(room), str(room.parent),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=kernel.isolate(room, _given_fonts(fonts)),
            cwd=room,
            start_new_session=True,
        )  # fmt: skip
        return cls(process, room)

    async def tell(self, order: Order) -> None:
        assert self.process.stdin is not None  # noqa: S101 - PIPE was asked for
        self.process.stdin.write(order.to_json().encode() + b"\n")
        await self.process.stdin.drain()

    async def hear(self, patience: float) -> Mapping[str, Any]:
        """Give the next answer; empty if the worker has died."""
        assert self.process.stdout is not None  # noqa: S101 - PIPE was asked for
        line = await asyncio.wait_for(self.process.stdout.readline(), patience)
        return json.loads(line) if line else {}

    async def end(self) -> None:
        kernel.evict(self.room)
        await self.process.wait()
        shutil.rmtree(self.room, ignore_errors=True)


@dataclass(slots=True)
class _Batch:
    queue: deque[Standing]
    book: ledger.Ledger
    room: Path
    fail_fast: bool
    progress: Progress | None
    fonts: Sequence[str]
    hired: int = 0
    stopped: int = 0
    done: list[Order] = field(default_factory=list)
    failed: list[tuple[Order, Failure]] = field(default_factory=list)
    open: list[Standing] = field(default_factory=list)

    async def run(self, workers: int) -> None:
        if self.progress:
            self.progress.begin(len(self.queue))
        tasks = [asyncio.create_task(self._serve()) for _ in range(workers)]
        try:
            with self._signals(tasks):
                await asyncio.gather(*tasks)
        except asyncio.CancelledError:
            if not self.stopped:
                raise
        finally:
            if not self.stopped:  # a signal has done so: once more would cut their farewell short
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self.progress:
                self.progress.close()

    @contextmanager
    def _signals(self, tasks: list[asyncio.Task[None]]) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            self.stopped = self.stopped or number
            for task in tasks:
                task.cancel()

        for number in _SIGNALS:
            loop.add_signal_handler(number, stop, number)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    async def _serve(self) -> None:
        """Take one job after another, with a worker that is replaced when it dies or grows old."""
        worker: _Worker | None = None
        try:
            while self.queue and not (self.fail_fast and self.failed):
                task = self.queue.popleft()
                self.open.append(task)
                worker = worker or await self._hire()
                alive = await self._make(worker, task)
                self.open.remove(task)
                if not alive or worker.jobs >= _JOBS_PER_WORKER:
                    leaving, worker = worker, None
                    await leaving.end()
        finally:
            if worker:
                await worker.end()

    async def _hire(self) -> _Worker:
        self.hired += 1
        return await _Worker.start(self.room / f"w{self.hired}", self.fonts)

    async def _make(self, worker: _Worker, task: Standing) -> bool:
        """Have one report made and put it in its place; tell whether the worker still lives."""
        worker.jobs += 1
        order, alive, start = task.order, False, time.monotonic()
        try:
            staging.make_stage(order.target, private=order.job.audience != "public")
            failure, alive = await self._follow(worker, order)
            if failure is None:
                self._publish(task, time.monotonic() - start)
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or ""
            failure = _lost(
                order, type(error).__name__, f"无法写入：{reason}", f"cannot write: {reason}"
            )
        finally:
            if not alive:
                kernel.evict(worker.room)
            shutil.rmtree(order.stage, ignore_errors=True)
        if failure is None:
            self.done.append(order)
        else:
            self.failed.append((order, failure))
            with suppress(sqlite3.Error):  # what cannot be noted is not current either
                self.book.note(standing.fail(task, failure, time.monotonic() - start))
        if self.progress:
            self.progress.end(order.job, failure)
        return alive

    def _publish(self, task: Standing, seconds: float) -> None:
        """Put a report in its place, which its entry knows before it stands there."""
        order = task.order
        entry = standing.enter(task, ledger.hash_manifest(order.stage), seconds)
        self.book.note(entry)
        staging.publish(order.stage, order.target)
        self.book.note(replace(entry, state="ok"))

    async def _follow(self, worker: _Worker, order: Order) -> tuple[Failure | None, bool]:
        at = {"language": "", "chapter": ""}
        patience = order.settings.timeout + GRACE
        try:
            await worker.tell(order)
            while answer := await worker.hear(patience):
                if "failure" in answer:
                    plain = answer["failure"]
                    return (None if plain is None else Failure(**plain)), True
                at = {"language": answer["language"], "chapter": answer["chapter"]}
                if self.progress:
                    self.progress.step(order.job, at["language"], at["chapter"])
        except TimeoutError:
            return _lost(order, "TimeoutError", "超时未答", "no answer in time", **at), False
        except (BrokenPipeError, ConnectionResetError):
            pass
        return _lost(order, "WorkerDied", "工作进程意外终止", "the worker died", **at), False

    def note(self) -> None:
        """Write down what failed, beside the reports of each year."""
        for folder in {order.target.parent for order in [*self.done, *(o for o, _ in self.failed)]}:
            tried = [o.job.county for o in self.done if o.target.parent == folder]
            failures = [f for o, f in self.failed if o.target.parent == folder]
            with suppress(OSError):  # the summary tells it as well
                manifest.note_failures(folder, [*tried, *(f.county for f in failures)], failures)

    def summary(self) -> Summary:
        return Summary(
            done=tuple(sorted(order.job.county for order in self.done)),
            failures=tuple(sorted((f for _, f in self.failed), key=lambda f: f.county)),
            left=tuple(sorted(task.order.job.county for task in [*self.queue, *self.open])),
            stopped=self.stopped,
        )


def _lost(
    order: Order, kind: str, zh: str, en: str, *, language: str = "", chapter: str = ""
) -> Failure:
    return Failure(order.job.county, order.job.names, kind, zh, en, language, chapter)
