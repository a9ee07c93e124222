"""How many times faster a report is than with the plain tools, both sides taking turns.

::

    python benchmarks/press/ratios.py [T1 T2 T3] [--runs 3] [--counties 40]

T1: ten cells that do nothing, to ipynb and HTML, both sides on one core. T2: four figures, three
tables and a GLM with errors by school, to ipynb and HTML. T3: the same, with PDF.

*loop* is papermill's command, then nbconvert's, county by county (``--to webpdf`` for PDF).
*simple* is its best simple form: xargs -P2, nothing saved per cell, nbconvert started once for
half of the notebooks. *ours* is one process that calls papermill with ``engine_name="warm"`` and
then an exporter built once. For T1 and T2 that is nbconvert's own HTML exporter with its own
template, so both sides write the same page, which is looked at. For T3 ours is what chapters use:
the notebook publishes the same drawings and tables as blocks (as SVG, where the plain side has
PNG), and Typst sets the PDF. *ours, 2* is two such processes with one parent, against *simple*.

The first county of our process pays for its imports and the start of the parent; it is shown as
``start`` and left out of ``a county``, and ``2,850 with start`` has it back.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import machine
import nbformat
import parents
import plain

HERE = Path(__file__).parent
COUNTRY = 2850


@dataclass(frozen=True, slots=True)
class Task:
    """What both sides make."""

    notebook: str
    ours: str
    route: str
    formats: tuple[str, ...]
    cores: int
    least: float
    aim: float


TASKS = {
    "T1": Task("trivial", "trivial", "stock", ("html",), 1, 40, 100),
    "T2": Task("frozen", "frozen", "stock", ("html",), 0, 20, 30),
    "T3": Task("frozen", "published", "report", ("html", "webpdf"), 0, 20, 40),
}


@dataclass(slots=True)
class Seen:
    """Seconds a county of each side, a value a run; `start` is what ours pays once."""

    loop: list[float] = field(default_factory=list)
    simple: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    pair: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    steps: dict[str, list[float]] = field(default_factory=lambda: {"run": [], "export": []})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tasks", nargs="*", help=" ".join(TASKS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--counties", type=int, default=40, help="of ours in a run")
    parser.add_argument("--plain", type=int, default=2, help="of the loop in a run")
    options = parser.parse_args()
    print(machine.describe())
    for name in options.tasks or TASKS:
        with tempfile.TemporaryDirectory(prefix="press-") as folder:
            measure(name, TASKS[name], options, Path(folder))


def measure(name: str, task: Task, options: argparse.Namespace, folder: Path) -> None:
    """Let the sides take turns, then print what was seen."""
    environment = dict(os.environ)
    if "webpdf" in task.formats:
        environment |= plain.link_chromium(folder / "browsers")
    codes = [str(130000 + number) for number in range(options.counties)]
    few, four = codes[: options.plain], codes[: 2 * options.plain]
    seen = Seen()
    for turn in range(options.runs):
        out = {side: folder / f"{side}-{turn}" for side in ("loop", "simple", "ours", "pair")}
        for place in out.values():
            place.mkdir()
        notebook = HERE / "notebooks" / f"{task.notebook}.ipynb"
        with on_cores(task.cores):
            script = plain.loop(notebook, few, task.formats, out["loop"])
            seen.loop.append(clock(script, environment) / len(few))
            ours(task, codes, out["ours"], seen)
        script = plain.simple(notebook, four, task.formats, out["simple"])
        seen.simple.append(clock(script, environment) / len(four))
        seen.pair.append(two_of_ours(task, codes, out["pair"]))
        compare(task, few, out["loop"], out["ours"])
    show(name, task, seen, options)


class on_cores:  # noqa: N801 - reads as what it does
    """Keep to the first so many cores; 0 for all there are."""

    def __init__(self, cores: int) -> None:
        self.all = os.sched_getaffinity(0)
        self.wanted = set(sorted(self.all)[:cores]) or self.all

    def __enter__(self) -> None:
        os.sched_setaffinity(0, self.wanted)

    def __exit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self.all)


def clock(script: str, environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    plain.run(script, environment)
    return time.perf_counter() - start


def ours(task: Task, codes: Sequence[str], out: Path, seen: Seen) -> None:
    """Run our side alone, in a process and with a parent of its own."""
    start = time.perf_counter()
    (said,) = finish([begin(task, codes, out)], out, len(codes))
    whole = time.perf_counter() - start
    later = sum(said["run"][1:]) + sum(said["export"][1:])
    seen.ours.append(later / (len(codes) - 1))
    seen.start.append(whole - later)
    for step, seconds in seen.steps.items():
        seconds.append(median(said[step][1:]))


def two_of_ours(task: Task, codes: Sequence[str], out: Path) -> float:
    """Run two of our processes at once; give the seconds a county without the start."""
    halves = [codes[0::2], codes[1::2]]
    both = finish([begin(task, half, out) for half in halves], out, len(codes))
    return max((sum(s["run"][1:]) + sum(s["export"][1:])) / (len(s["run"]) - 1) for s in both) / 2


def begin(task: Task, codes: Sequence[str], out: Path) -> subprocess.Popen[str]:
    words = [str(HERE / "notebooks" / f"{task.ours}.ipynb"), str(out), "--route", task.route]
    return subprocess.Popen(
        [sys.executable, str(HERE / "ours.py"), *words, "--counties", *codes],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "JUNHENG_WARM": str(out)},
    )  # fmt: skip


def finish(
    processes: Sequence[subprocess.Popen[str]], sockets: Path, counties: int
) -> list[dict[str, list[float]]]:
    """Wait for our processes, see that they were warm, and end their parent."""
    try:
        told = [process.communicate()[0] for process in processes]
        if any(process.returncode for process in processes):
            raise SystemExit("ours failed")
        parents.check(sockets, counties)
        return [json.loads(said) for said in told]
    finally:
        parents.end(sockets)


def compare(task: Task, codes: Sequence[str], theirs: Path, own: Path) -> None:
    """Hold the two sides against one another: a fast side that makes something else is no side.

    Raises
    ------
    SystemExit
        If they differ.
    """
    for code in codes:
        suffixes = [".ipynb", *(".pdf" if to == "webpdf" else f".{to}" for to in task.formats)]
        if not all(
            (side / f"{code}{s}").stat().st_size for side in (theirs, own) for s in suffixes
        ):
            raise SystemExit(f"an empty file of {code}")
        if task.route == "stock" and outputs(theirs, code) != outputs(own, code):
            raise SystemExit(f"other outputs of {code}")
        if task.route == "stock" and page(theirs, code) != page(own, code):
            raise SystemExit(f"another page of {code}")


def outputs(folder: Path, code: str) -> list[object]:
    nb = nbformat.read(folder / f"{code}.ipynb", as_version=4)
    return [cell.get("outputs") for cell in nb.cells]


def page(folder: Path, code: str) -> str:
    """Read a page without the random id that papermill gives to the cell that it adds."""
    text = (folder / f"{code}.html").read_text(encoding="utf-8")
    nb = nbformat.read(folder / f"{code}.ipynb", as_version=4)
    for number, cell in enumerate(nb.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            text = text.replace(cell.id, f"injected-{number}")
    return text


def show(name: str, task: Task, seen: Seen, options: argparse.Namespace) -> None:
    cores = f"on {task.cores} core" if task.cores else "serial against serial"
    print(f"\n{name}  {task.notebook}.ipynb → ipynb, {', '.join(task.formats)}; {cores}; "
          f"{options.runs} runs, medians; {machine.load()}")  # fmt: skip
    loop, one, start = median(seen.loop), median(seen.ours), median(seen.start)
    row("loop", seen.loop, f"{options.plain} counties a run")
    steps = ", ".join(f"{step} {median(values):.3f}" for step, values in seen.steps.items())
    row("ours", seen.ours, f"{options.counties} counties a run; {steps}; start {start:.1f} s")
    row("simple (xargs -P2)", seen.simple, f"{2 * options.plain} counties a run")
    row("ours, 2", seen.pair, f"{options.counties} counties a run")
    whole = loop * COUNTRY / (start + one * COUNTRY)
    print(f"  ratio {loop / one:.1f} (at least {task.least:g}, aim {task.aim:g}); "
          f"2,850 with start {whole:.1f}; against simple, 2 processes each "
          f"{median(seen.simple) / median(seen.pair):.1f}")  # fmt: skip


def row(side: str, values: Sequence[float], about: str) -> None:
    runs = " ".join(f"{value:.3f}" for value in values)
    print(f"  {side:20} {median(values):8.3f} s a county   [{runs}]  {about}")


if __name__ == "__main__":
    main()
