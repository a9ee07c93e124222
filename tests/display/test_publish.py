"""What leaves the notebook: complete bundles, once each, and a sentinel that proves them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import pytest
import typst
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from analysis import wire
from analysis.display import Chapter, Rendered, View, charts, prose, publish, tables
from analysis.errors import RenderError, UsageError
from analysis.finding import Finding, save
from analysis.press.sanitise import check_typst, clean

Look = Callable[..., View]


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """A shell to publish in, gone afterwards."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def _blocks(view: View) -> list[Rendered]:
    return [
        *prose.said(view, "headline"),
        *prose.tiles(view),
        *tables.verdicts(view, "targets"),
        *tables.heat(view, "schools"),
        *prose.box(view, "note"),
        *prose.method(view),
        *charts.dot_strips(view, "strips"),
        *charts.limit_dots(view, "limits"),
    ]


def _publish(view: View, passport: dict[str, Any]) -> list[dict[str, Any]]:
    with capture_output() as captured:
        chapter = Chapter(view, passport)
        chapter.publish(prose.said(view, "headline"), prose.tiles(view))
        chapter.publish(*charts.limit_dots(view, "limits"))
        chapter.close(missing=["aid"])
    return [output.data for output in captured.outputs]


def test_the_sentinel_proves_what_was_published(
    shell: InteractiveShell, look: Look, passport: dict[str, Any]
) -> None:
    *blocks, last = _publish(look("public", "en"), passport)
    sentinel = last[wire.SENTINEL]
    wire.check_sentinel(sentinel, blocks)
    assert len(blocks) == 7
    assert (sentinel["chapter"], sentinel["county"], sentinel["year"]) == ("sample", "130722", 2021)
    assert (sentinel["language"], sentinel["audience"]) == ("en", "public")
    assert sentinel["missing"] == ["aid"]
    assert sentinel["run"] == passport["run"]
    for bundle in blocks:
        wire.check_block(bundle[wire.RELEASED])
        assert set(bundle) <= wire.ALLOWED
        assert "<style" not in bundle[wire.HTML]
        json.dumps(bundle, allow_nan=False)


def test_publishing_twice_gives_the_same_bytes(
    shell: InteractiveShell, look: Look, passport: dict[str, Any]
) -> None:
    assert _publish(look(), passport) == _publish(look(), passport)


def test_a_block_is_published_once_in_its_own_chapter_before_the_end(
    shell: InteractiveShell, look: Look, passport: dict[str, Any]
) -> None:
    with capture_output():
        chapter = Chapter(look(), passport)
        tiles = prose.tiles(look())
        chapter.publish(tiles)
        with pytest.raises(UsageError, match="published twice"):
            chapter.publish(tiles)
        for other in (look("public"), look(language="en"), View(look().released, "zh", "county")):
            with pytest.raises(UsageError, match="not of this chapter"):
                chapter.publish(prose.said(other, "headline"))
        chapter.close()
        with pytest.raises(UsageError, match="closed"):
            chapter.publish(prose.said(look(), "headline"))
        with pytest.raises(UsageError, match="closed"):
            chapter.close()


def test_a_figure_without_alt_or_title_is_refused(look: Look) -> None:
    for words in (publish.Words(title="x"), publish.Words(alt="y")):
        with pytest.raises(RenderError):
            publish.make_figure(look(), "sample-figure-x", words, "<svg/>", publish.Numbers())


def test_the_image_on_screen_is_the_drawing_on_paper(look: Look) -> None:
    block = charts.limit_dots(look(), "limits")[0]
    encoded = block.html.split("base64,")[1].split('"')[0]
    assert base64.b64decode(encoded).decode() == block.svg
    assert f'path: "{block.id}.svg"' in block.typst


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_press_lets_every_block_pass_unchanged(look: Look, language: str) -> None:
    for block in _blocks(look(language=language)):
        check_typst(block.typst, block.id)
        cleaned = str(clean(block.html))
        for tag in ("section", "table", "th", "td", "img", "p", "dl", "div", "li"):
            assert cleaned.count(f"<{tag}") == block.html.count(f"<{tag}")
        assert "&lt;" not in cleaned.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")


TEMPLATE = """
#set document(title: "t")
#set text(font: "Noto Sans SC", lang: "zh")
#let shown(..texts) = texts.pos().filter(it => it != "").map(it => par(it)).join()
#let jh-figure(id: "", path: "", alt: "", title: "", subtitle: "", reading: "", note: "", source: "") = {
  figure(image(path), alt: alt, caption: title)
  shown(subtitle, reading, note, source)
}
#let jh-table(id: "", title: "", subtitle: "", note: "", source: "", body) = {
  figure(body, caption: title)
  shown(subtitle, note, source)
}
#let jh-prose(id: "", role: "", paragraphs) = paragraphs.map(it => par(it)).join()
#let jh-box(id: "", title: "", paragraphs) = shown(title, ..paragraphs)
#let jh-tiles(id: "", title: "", note: "", source: "", tiles) = {
  for it in tiles { shown(it.label, it.value + it.unit, it.range, it.mark + it.verdict) }
}
"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_typst_of_every_block_compiles_to_an_accessible_pdf(
    look: Look, language: str, tmp_path: Path
) -> None:
    blocks = _blocks(look(language=language))
    for block in blocks:
        if block.svg:
            (tmp_path / f"{block.id}.svg").write_text(block.svg, encoding="utf-8")
    source = tmp_path / "report.typ"
    source.write_text(TEMPLATE + "".join(block.typst for block in blocks), encoding="utf-8")
    pdf = typst.compile(
        str(source),
        font_paths=[str(Path(pylopdf_fonts_zh_cn.sans_path()).parent)],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
    )
    assert pdf.startswith(b"%PDF")


def test_text_that_is_not_printable_stays_on_its_line() -> None:
    assert publish.literal('a\nb\t"c"\u200b\x00') == '"a b \\"c\\"  "'


PROMPT = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import analysis, sys
from analysis.finding import load
finding = load(sys.argv[1])
assert "analysis.display" not in sys.modules
data, _ = shell.display_formatter.format(finding)
assert "analysis.display" in sys.modules
print(data["text/html"])
"""


def test_a_finding_shows_itself_at_the_prompt(finding: Finding, tmp_path: Path) -> None:
    from dataclasses import replace

    # The sample's sentences are not in the shipped catalogue, which another process reads.
    checks = tuple(replace(check, rule="verdict.met", reason="") for check in finding.checks)
    path = save(replace(finding, notes=(), checks=checks), tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", PROMPT, str(path)], check=True, capture_output=True, text=True
    )
    assert "张北县，2021—2022学年：sample" in run.stdout
    assert "<summary>English</summary>" in run.stdout
    assert "0.5004" in run.stdout
    assert "<script" not in run.stdout


def test_importing_analysis_needs_no_ipython() -> None:
    code = "import analysis, sys; assert 'IPython' not in sys.modules; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
