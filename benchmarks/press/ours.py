"""Our side: papermill's API with the engine ``warm``, then our exporters; one process for all.

::

    python benchmarks/press/ours.py NOTEBOOK OUT --counties 130700 … --route stock

Two routes. ``stock``: any notebook, nbconvert's own HTML exporter and template, built once, without
validation between its passes. ``report``: a notebook that publishes blocks and ends with the
sentinel, as every chapter does, to our HTML and PDF. Prints the seconds of each county as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Step = Callable[[Any, Path], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--counties", nargs="+", required=True)
    parser.add_argument("--route", choices=("stock", "report"), default="stock")
    parser.add_argument("--engine", default="warm")
    options = parser.parse_args()
    export = {"stock": stock, "report": report}[options.route]()
    seconds: dict[str, list[float]] = {"run": [], "export": []}
    for county in options.counties:
        start = time.perf_counter()
        nb = execute(options.notebook, options.out / f"{county}.ipynb", county, options.engine)
        middle = time.perf_counter()
        export(nb, options.out / county)
        seconds["run"].append(middle - start)
        seconds["export"].append(time.perf_counter() - middle)
    print(json.dumps(seconds))


def execute(notebook: Path, output: Path, county: str, engine: str) -> Any:
    import papermill

    return papermill.execute_notebook(
        notebook,
        output,
        {"county": county},
        engine_name=engine,
        progress_bar=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        shutdown_kernel="immediate",
    )


def stock() -> Step:
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(optimistic_validation=True)

    def export(nb: Any, place: Path) -> None:
        resources = {"metadata": {"name": place.name}}
        page, _ = exporter.from_notebook_node(nb, resources)
        place.with_suffix(".html").write_text(page, encoding="utf-8")

    return export


def report() -> Step:
    from analysis.press import document, render

    def export(nb: Any, place: Path) -> None:
        files = render.render(document.join([document.prove(nb)]), ("html", "pdf"))
        for name, content in files.items():
            place.with_suffix(Path(name).suffix).write_bytes(content)

    return export


if __name__ == "__main__":
    main()
