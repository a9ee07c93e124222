"""What a county's report costs, step by step, and what the press adds to it.

::

    python benchmarks/rendering.py STORE [--county 130722] [--year 2021] [--lang zh]
                                   [--audience internal] [--engine NAME] [--press]
                                   [--profile STEP]

The chapters run in this one process, cell after cell as their notebooks have them, once without
being timed, so that nobody pays for imports and first uses. Then each function of the house that
they call is timed with all that it calls: opening the county, the gate, drawing, tables and
prose, publishing; what is left of a cell is analysis. The executed chapters are rendered format by
format and audited. ``--press`` runs the same chapters twice more through the press, to notebook
and HTML, and prints the ratio of the better turn: an engine that keeps its imports between runs has
paid them by then, the stock one pays them for every chapter, and its ratio holds them.
``--profile`` prints what one step spends its time on; that of ``analysis`` is of whole cells.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

import nbformat
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output

import analysis.records
import analysis.release
from analysis.display import charts, prose, publish, tables
from analysis.press import document, results, workbook
from analysis.press.execute import execute
from analysis.press.exporters import CountyHTMLExporter, CountyPDFExporter
from analysis.press.jobs import Chapter, find_chapters
from analysis.records.reference import folder

ORDER = ("open", "analysis", "release", "charts", "tables", "prose", "publish", "read",
         "join", "html", "pdf", "xlsx", "results", "audit")  # fmt: skip


class Watch:
    """Seconds by step; a step within another one belongs to the outer."""

    def __init__(self, profiled: str = "") -> None:
        self.seconds: Counter[str] = Counter()
        self.profile = cProfile.Profile()
        self.profiled, self.inside = profiled, False

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        if self.inside:
            yield
            return
        self.inside = True
        if name == self.profiled:
            self.profile.enable()
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start
            if name == self.profiled:
                self.profile.disable()
            self.inside = False

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.step(name):
                return function(*args, **kwargs)

        return timed


def watch_all(watch: Watch) -> None:
    """Time what notebooks call; they look the names up when they run."""
    for name, module in (("charts", charts), ("tables", tables), ("prose", prose)):
        for key, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and not key.startswith("_"):
                _set(module, key, watch.watched(name, value))
    for key in ("open_county", "load_fit", "attach"):
        _set(analysis.records, key, watch.watched("open", getattr(analysis.records, key)))
    _set(analysis.release, "release", watch.watched("release", analysis.release.release))
    for key in ("publish", "close"):
        watched = watch.watched("publish", getattr(publish.Chapter, key))
        setattr(publish.Chapter, key, watched)


def _set(module: ModuleType, name: str, value: Any) -> None:
    setattr(module, name, value)


def run_plain(chapter: Chapter, parameters: dict[str, Any], watch: Watch) -> NotebookNode:
    """Run a chapter's cells in this process; give the notebook as executed."""
    nb = nbformat.read(chapter.path, as_version=4)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    shell.history_manager.enabled = False
    shell.display_pub = CapturingDisplayPublisher(parent=shell)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        shell.display_pub.outputs.clear()
        start, before = time.perf_counter(), sum(watch.seconds.values())
        if watch.profiled == "analysis":
            watch.profile.enable()
        shell.run_cell(cell.source, silent=True).raise_error()
        watch.profile.disable()
        if "parameters" in cell.metadata.get("tags", []):
            shell.push(parameters)
        rest = sum(watch.seconds.values()) - before
        watch.seconds["analysis"] += time.perf_counter() - start - rest
        cell.execution_count = number
        cell.outputs = [
            new_output("display_data", output["data"]) for output in shell.display_pub.outputs
        ]
    return nb


def render_all(chapters: list[NotebookNode], watch: Watch, stage: Path, language: str) -> None:
    """Render executed chapters as the press does, each step timed."""
    into = stage / language
    into.mkdir(parents=True)
    paths = [stage.parent / f"{number}.ipynb" for number in range(len(chapters))]
    for nb, path in zip(chapters, paths, strict=True):
        nbformat.write(nb, path)
    with watch.step("read"):
        read = [document.read_chapter(path) for path in paths]
    with watch.step("join"):
        joined = document.join(read)
    with watch.step("html"):
        html = CountyHTMLExporter().from_notebook_node(joined)[0]
    with watch.step("pdf"):
        pdf = CountyPDFExporter().from_notebook_node(joined)[0]
    with watch.step("xlsx"):
        xlsx = workbook.write_xlsx(joined)
    with watch.step("results"):
        numbers = results.write(results.collect(joined))
    for name, content in (("report.html", html.encode()), ("report.pdf", pdf),
                          ("report.xlsx", xlsx), ("results.json", numbers)):  # fmt: skip
        (into / name).write_bytes(content)
    with watch.step("audit"):
        analysis.release.audit(stage, previous=None)


def whole_plain(chapters: tuple[Chapter, ...], parameters: dict[str, Any], watch: Watch) -> None:
    with tempfile.TemporaryDirectory() as name:
        found = Path(name) / "chapters"
        found.mkdir(mode=0o700)
        given = {**parameters, "chapters": str(found)}
        done = [run_plain(chapter, given, watch) for chapter in chapters]
        render_all(done, watch, Path(name) / "stage", parameters["language"])


def through_press(chapters: tuple[Chapter, ...], parameters: dict[str, Any], engine: str) -> float:
    """Give the seconds to notebooks and HTML."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        found = room / "chapters"
        found.mkdir(mode=0o700)
        given = {**parameters, "chapters": str(found)}
        start = time.perf_counter()
        done = [
            execute(chapter.path, room / f"{chapter.name}.ipynb", given, engine=engine or None)
            for chapter in chapters
        ]
        joined = document.join([document.read_chapter(path) for path in done])
        CountyHTMLExporter().from_notebook_node(joined)
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--county", default="130722")
    parser.add_argument("--year", type=int, default=2021)
    parser.add_argument("--lang", choices=["zh", "en"], default="zh")
    parser.add_argument("--audience", default="internal")
    parser.add_argument("--engine", default="")
    parser.add_argument("--press", action="store_true")
    parser.add_argument("--profile", default="", choices=["", *ORDER])
    given = parser.parse_args()
    parameters = {
        "county": given.county, "year": given.year, "store": str(given.store.resolve()),
        "language": given.lang, "audience": given.audience, "scheme": "quality-2017",
    }  # fmt: skip
    chapters = find_chapters(folder("notebooks"), "county")
    watch = Watch(given.profile)
    watch_all(watch)
    whole_plain(chapters, parameters, watch)
    watch.seconds.clear()
    watch.profile = cProfile.Profile()
    whole_plain(chapters, parameters, watch)
    for step in ORDER:
        print(f"{step:10} {watch.seconds[step]:8.3f} s")
    print(f"{'all':10} {sum(watch.seconds.values()):8.3f} s")
    if given.press:
        compare(chapters, parameters, given.engine, watch)
    if given.profile:
        pstats.Stats(watch.profile, stream=sys.stdout).sort_stats("cumulative").print_stats(45)


def compare(
    chapters: tuple[Chapter, ...], parameters: dict[str, Any], engine: str, watch: Watch
) -> None:
    through = min(through_press(chapters, parameters, engine) for _ in range(2))
    plain = sum(watch.seconds[s] for s in ("open", "analysis", "release", "charts", "tables",
                                           "prose", "publish"))  # fmt: skip
    print(f"plain calls {plain:.2f} s; through the press, to notebook and HTML, {through:.2f} s")
    print(f"engine {engine or 'stock'}: ratio {through / plain:.2f}")


if __name__ == "__main__":
    main()
