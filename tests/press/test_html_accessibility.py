"""Every page, opened in a real browser: axe-core, narrow, zoomed, printed, offline, scripts off."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile
import pypdfium2
import pytest
import sample_report as sample

from analysis.press.exporters import CountyHTMLExporter

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT_OFF = """() => [...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.right > document.documentElement.clientWidth + 1
    && !element.closest('.wide, .scroll, .drawing, pre, .skip');
}).map(element => element.outerHTML.slice(0, 80))"""
ALIVE = """() => [...document.querySelectorAll('*')].flatMap(element => [
  ...(element.localName === 'script' ? ['script'] : []),
  ...[...element.attributes].filter(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))
    .map(a => element.localName + ' ' + a.name)])"""


@pytest.fixture(scope="module", params=["zh", "en"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _written(sample.report(request.param), tmp_path_factory.mktemp("page"))


def _written(nb: Any, folder: Path) -> str:
    path = folder / "report.html"
    path.write_text(CountyHTMLExporter().from_notebook_node(nb)[0], encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def browse(chromium: Any) -> Iterator[Any]:
    """Open an address in a context of its own; gives the page and what it asked for or said."""
    contexts = []

    def go(address: str, **options: Any) -> tuple[Any, list[str]]:
        contexts.append(chromium.new_context(**options))
        page, events = contexts[-1].new_page(), []
        page.on("request", lambda request: events.append(request.url))
        page.on("dialog", lambda dialog: (events.append("dialog"), dialog.dismiss()))
        page.on("console", lambda message: events.append(message.text))
        page.goto(address)
        return page, [event for event in events if not event.startswith((address, "data:image/"))]

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280, 1600])
def test_axe_finds_nothing(browse: Any, address: str, axe: str, scheme: str, width: int) -> None:
    page, _ = browse(address, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": RULES}}
    found = page.evaluate("options => axe.run(document, options)", options)
    assert found["passes"]
    broken = [
        (v["id"], [node["html"][:120] for node in v["nodes"]][:3]) for v in found["violations"]
    ]
    assert not broken, json.dumps(broken, ensure_ascii=False, indent=1)


def test_it_asks_for_nothing_and_complains_of_nothing(browse: Any, address: str) -> None:
    _, events = browse(address)
    assert events == []


@pytest.mark.parametrize("width", [320, 375, 768])
def test_nothing_is_wider_than_a_narrow_screen(browse: Any, address: str, width: int) -> None:
    page, _ = browse(address, viewport={"width": width, "height": 640})
    assert page.evaluate(WIDER) == 0
    assert page.evaluate(CUT_OFF) == []


def test_it_reflows_at_400_percent(browse: Any, address: str) -> None:
    page, _ = browse(
        address, viewport={"width": 1280 // 4, "height": 1024 // 4}, device_scale_factor=4
    )
    assert page.evaluate(WIDER) == 0
    assert page.evaluate(CUT_OFF) == []


def test_it_needs_no_script(browse: Any, address: str) -> None:
    page, events = browse(address, java_script_enabled=False)
    assert events == []
    assert page.locator("h1").is_visible()
    assert page.locator("tbody tr").count() > 60
    assert page.locator("main img").first.bounding_box()["height"] > 50


def test_skip_link_and_tables_are_reached_by_keyboard(browse: Any, address: str) -> None:
    page, _ = browse(address, viewport={"width": 320, "height": 640})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "wide":
            return
    pytest.fail("the table was not reached")


def test_it_prints_whole_and_light(browse: Any, address: str) -> None:
    page, _ = browse(address, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")  # fmt: skip
    page.set_viewport_size({"width": 624, "height": 900})
    assert page.evaluate(WIDER) == 0
    sheets = list(
        pypdfium2.PdfDocument(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    )
    width, height = sheets[0].get_size()
    assert (round(width), round(height)) == (595, 842)
    text = "".join(sheet.get_textpage().get_text_range() for sheet in sheets)
    for said in ("2,059.5", "0123456789ab"):
        assert said in text


def test_drawings_keep_their_size_on_a_phone(browse: Any, address: str) -> None:
    """Forty ems wide in a region that scrolls; its caption and the hint stand outside of it."""
    page, _ = browse(address, viewport={"width": 360, "height": 640})
    image = page.locator(".block.figure img").first
    assert image.bounding_box()["width"] >= 640
    assert page.locator(".block.figure .hint").first.is_visible()
    region = page.locator(".drawing").first
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert region.evaluate("region => region.scrollLeft") > 0
    assert page.locator(".block.figure figcaption").first.bounding_box()["x"] >= 0
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.locator(".hint").first.is_visible()


def test_a_tables_title_stays_where_it_is_when_the_table_is_scrolled(
    browse: Any, address: str
) -> None:
    page, _ = browse(address, viewport={"width": 360, "height": 640})
    page.evaluate("document.querySelector('.wide').scrollLeft = 100")
    assert page.locator(".wide caption .title").first.bounding_box()["x"] >= 0


def test_the_numbers_of_a_drawing_unfold_and_are_printed(browse: Any, address: str) -> None:
    page, _ = browse(address, java_script_enabled=False)
    table = page.locator("details.numbers table").first
    assert not table.is_visible()
    page.locator("details.numbers summary").first.click()
    assert table.is_visible()
    page, _ = browse(address)
    sheets = pypdfium2.PdfDocument(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    caption = page.locator("details.numbers caption").first.text_content()
    text = "".join(sheet.get_textpage().get_text_range() for sheet in sheets)
    assert "".join(caption.split()) in "".join(text.split())


@pytest.mark.parametrize("payload", [None, *hostile.SCRIPTS[:12]])
def test_hostile_names_do_nothing(browse: Any, tmp_path: Path, payload: str | None) -> None:
    if payload is None:
        bundles = sample.blocks("en", hostile.NAMES)
    else:
        bundles = [sample.bundle("prose", "a", f"<p>{payload}</p>", '#jh-prose(id: "a", role: "x", ("a",))', language="en")]  # fmt: skip
    page, events = browse(_written(sample.report("en", bundles=bundles), tmp_path))
    page.wait_for_timeout(50)
    assert page.evaluate(ALIVE) == []
    assert events == []
    if payload is None:
        shown = page.locator("#balance-schools-primary tbody th").all_text_contents()
        assert shown == list(hostile.NAMES)
