"""One joined notebook → the files of a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode

from analysis.errors import UsageError
from analysis.press import results, workbook
from analysis.press.exporters import CountyHTMLExporter, CountyPDFExporter

RESULTS = "results.json"


def render(
    nb: NotebookNode,
    formats: Sequence[str],
    *,
    fonts: Sequence[Path] = (),
    edition: int = 1,
    release_date: str = "",
) -> dict[str, bytes]:
    """Render a joined notebook.

    Parameters
    ----------
    nb
        What `analysis.press.document.join` gave.
    formats
        Which of ``"html"``, ``"pdf"``, ``"xlsx"``; ``results.json`` always comes with them.
    fonts
        Font files for characters that ours lack.
    edition
        Counts the releases of the same report.
    release_date
        ISO date; default the date of the data.

    Returns
    -------
    dict
        File name → bytes: ``report.html``, ``report.pdf``, ``report.xlsx``, ``results.json``.

    Raises
    ------
    RunError
        If the notebook does not prove that it ran.
    RenderError
        If it cannot be set.
    UsageError
        If a format is unknown.
    """

    def html() -> bytes:
        exporter = CountyHTMLExporter(edition=edition, release_date=release_date)
        return exporter.from_notebook_node(nb)[0].encode()

    def pdf() -> bytes:
        exporter = CountyPDFExporter(
            edition=edition, release_date=release_date, fonts=[str(font) for font in fonts]
        )
        return exporter.from_notebook_node(nb)[0]

    def xlsx() -> bytes:
        return workbook.write_xlsx(nb, edition=edition, release_date=release_date)

    makers: Mapping[str, Callable[[], bytes]] = {"html": html, "pdf": pdf, "xlsx": xlsx}
    unknown = sorted(set(formats) - set(makers))
    if unknown:
        raise UsageError(
            f"没有格式 {unknown}；可用的有 {sorted(makers)}",
            f"no such formats: {unknown}; there are {sorted(makers)}",
        )
    files = {f"report.{format}": makers[format]() for format in formats}
    return {**files, RESULTS: results.write(results.collect(nb, edition=edition))}
