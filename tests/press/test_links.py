from __future__ import annotations

from pathlib import Path

import pytest
import sample_report as sample
from lxml import html

from analysis.press.exporters import CountyHTMLExporter
from analysis.press.links import link

PAGES = {
    language: CountyHTMLExporter().from_notebook_node(sample.report(language))[0]
    for language in ("zh", "en")
}


def stage(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            PAGES[path.parent.name] if path.suffix == ".html" else "x", encoding="utf-8"
        )
    return folder


def links(path: Path) -> list[str]:
    tree = html.fromstring(path.read_bytes())
    return [a.get("href") for a in tree.iter("a") if not a.get("href").startswith("#")]


@pytest.mark.parametrize(
    ("beside", "wanted"),
    [
        ((), []),
        (("en/results.json",), []),
        (("en/report.xlsx", "zh/report.html"), ["report.xlsx", "../zh/report.html"]),
        (("en/report.xlsx", "en/report.pdf", "zh/report.pdf"), ["report.pdf", "report.xlsx"]),
    ],
)
def test_a_page_links_to_what_is_beside_it_and_to_nothing_else(
    tmp_path: Path, beside: tuple[str, ...], wanted: list[str]
) -> None:
    link(stage(tmp_path, "en/report.html", *beside))
    assert links(tmp_path / "en" / "report.html") == wanted


def test_it_does_not_matter_in_how_many_runs_the_files_were_made(tmp_path: Path) -> None:
    link(stage(tmp_path, "zh/report.html"))
    alone = (tmp_path / "zh" / "report.html").read_bytes()
    link(stage(tmp_path, "zh/report.pdf", "en/report.html"))
    link(tmp_path)
    assert links(tmp_path / "zh" / "report.html") == ["report.pdf", "../en/report.html"]
    assert links(tmp_path / "en" / "report.html") == ["../zh/report.html"]
    for name in ("zh/report.pdf", "en/report.html"):
        (tmp_path / name).unlink()
    link(tmp_path)
    assert (tmp_path / "zh" / "report.html").read_bytes() == alone
