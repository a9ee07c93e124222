from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import hostile
import nbformat
import pylopdf_fonts_zh_cn
import pypdfium2
import pytest
import sample_report as sample
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from lxml import html as parser

from analysis import wire
from analysis.errors import RenderError, RunError, UsageError
from analysis.press.exporters import CountyHTMLExporter, CountyPDFExporter
from analysis.press.sanitise import check_typst

LIMIT = 700_000
ACTIVE = {"script", "iframe", "object", "embed", "form", "input", "base", "link", "svg", "math", "textarea", "template", "noscript"}  # fmt: skip


def page(nb: nbformat.NotebookNode, **traits: object) -> str:
    return str(CountyHTMLExporter(**traits).from_notebook_node(nb)[0])


def paper(nb: nbformat.NotebookNode, **traits: object) -> bytes:
    return bytes(CountyPDFExporter(**traits).from_notebook_node(nb)[0])


def text_of(pdf: bytes) -> str:
    return "\n".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(pdf))


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-Hans-CN"), ("en", "en-GB")])
def test_the_page_is_one_document_with_its_landmarks(language: str, tag: str) -> None:
    tree = parser.fromstring(page(sample.report(language)))
    assert tree.get("lang") == tag
    assert tree.findtext(".//title")
    for element in ("main", "nav", "h1", "body/header", "body/footer"):
        assert len(tree.findall(f".//{element}")) == 1, element
    anchors = [link.get("href") for link in tree.iter("a")]
    assert anchors[0] == "#main"
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {anchor[1:] for anchor in anchors} <= set(ids)
    assert len(anchors) > 2


def test_headings_never_skip_a_level() -> None:
    nb = sample.executed("zh", markdown="### deep\n\n# top\n\n#### deeper")
    levels = [int(h.tag[1]) for h in parser.fromstring(page(nb)).iter() if re.fullmatch("h[1-6]", str(h.tag))]  # fmt: skip
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_of_one_name_are_regions_of_different_names() -> None:
    words = sample.WORDS["en"]
    tables = [sample.table(words, ["A"], language="en", name=f"t{n}", subtitle=said) for n, said in enumerate(("", "primary", "primary"))]  # fmt: skip
    tree = parser.fromstring(page(sample.report("en", bundles=tables)))
    labels = [e.get("aria-label") for e in tree.iter() if e.get("role") == "region"]
    first = "Seven indicators by school"
    assert labels == [first, f"{first} · primary", f"{first} · primary 2"]


def test_the_page_refers_to_nothing_outside_and_holds_no_script() -> None:
    tree = parser.fromstring(page(sample.report()))
    assert not ACTIVE & {str(element.tag) for element in tree.iter()}
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            assert name != "style"
            if name in ("src", "href", "action", "data", "srcset"):
                assert value.startswith(("#", "data:image/")), value
    assert "url(" not in tree.findtext(".//style")


def test_the_policy_lets_only_our_style_sheet_in() -> None:
    tree = parser.fromstring(page(sample.report()))
    policy = tree.find(".//meta[@http-equiv='Content-Security-Policy']").get("content")
    digest = base64.b64encode(hashlib.sha256(tree.findtext(".//style").encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy


def test_no_code_and_no_metadata_leave() -> None:
    for text in (page(sample.executed()), text_of(paper(sample.executed()))):
        for gone in ("publish(", "parameters", "/home/", "只给笔记本读者", "papermill"):
            assert gone not in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_frame_says_what_must_be_said(language: str) -> None:
    nb = sample.report(language)
    wanted = {
        "zh": ("模拟数据", "内部", "0123456789ab", "2021年9月1日", "张家口市张北县", "第1版"),
        "en": ("Synthetic data", "Internal", "0123456789ab", "1 September 2021", "Zhangbei County, Zhangjiakou", "Edition"),
    }[language]  # fmt: skip
    for text in (parser.fromstring(page(nb)).text_content(), text_of(paper(nb))):
        for said in wanted:
            assert said.replace(" ", "") in text.replace(" ", ""), said


def test_each_sheet_of_paper_says_that_the_data_are_synthetic_and_its_number() -> None:
    document = pypdfium2.PdfDocument(paper(sample.report()))
    for number, sheet in enumerate(document, start=1):
        text = sheet.get_textpage().get_text_range()
        assert text.count("模拟数据 / Synthetic data") >= 2
        assert f"第 {number} 页 共 {len(document)} 页" in text
        assert "张北县" in text


def test_real_data_are_not_called_synthetic() -> None:
    data = {**sample.sentinel([])["data"], "synthetic": False, "source_zh": "某", "source_en": "x"}
    text = page(sample.report("en", bundles=[sample.prose("a", "headline", ["x"], language="en")], data=data))  # fmt: skip
    assert "ynthetic" not in text


def test_edition_and_release_date_are_given() -> None:
    traits = {"edition": 2, "release_date": "2022-03-05"}
    assert "第2版（修订）" in page(sample.report(), **traits)
    assert "2022年3月5日" in text_of(paper(sample.report(), **traits)).replace(" ", "")
    with pytest.raises(UsageError):
        page(sample.report(), release_date="5.3.2022")


def test_one_date_is_not_said_twice() -> None:
    assert "发布日期" not in page(sample.report())
    assert "发布日期" not in page(sample.report(), release_date="2021-09-01")
    assert "发布日期" in page(sample.report(), release_date="2021-09-02")
    assert b"D:20210901" in paper(sample.report())


@pytest.mark.parametrize(
    ("place", "said"), [("Zhangbei", "Zhangbei, California"), ("California", "California")]
)
def test_a_place_is_not_named_within_itself(place: str, said: str) -> None:
    names = {
        "place": {**sample.PLACE, "en": place},
        "parent": {**sample.PARENT, "en": "California"},
    }
    block = sample.prose("a", "headline", ["x"], language="en")
    made = page(sample.report("en", bundles=[block], **names))
    assert f"<dd>{said}</dd>" in made


def test_the_run_is_called_the_same_everywhere() -> None:
    """As long as in the table of where a report comes from."""
    run = "0123456789abcdef"
    made = sample.report("zh", bundles=[sample.prose("a", "headline", ["x"])], run=run)
    assert f"<dd>{run}</dd>" in page(made)
    assert run in text_of(paper(made))


@pytest.mark.parametrize("as_of", ["1999", "1999-05"])
def test_data_dated_by_year_or_month_alone_are_not_dated_to_the_day(as_of: str) -> None:
    data = {**sample.sentinel([])["data"], "as_of": as_of}
    block = sample.prose("a", "headline", ["x"])
    assert f"<dd>{as_of}</dd>" in page(sample.report("zh", bundles=[block], data=data))
    assert b"D:1999" in paper(sample.report("zh", bundles=[block], data=data))


def test_a_notebook_that_did_not_run_is_not_rendered() -> None:
    nb = sample.executed()
    nb.cells.pop()
    for exporter in (CountyHTMLExporter(), CountyPDFExporter()):
        with pytest.raises(RunError):
            exporter.from_notebook_node(nb)


def test_names_that_try_to_be_markup_stay_names() -> None:
    nb = sample.report("en", bundles=sample.blocks("en", hostile.NAMES))
    text = page(nb)
    tree = parser.fromstring(text)
    rows = tree.findall(".//section[@id='balance-schools-primary']//tbody/tr")
    assert [row.findtext("th") for row in rows] == list(hostile.NAMES)
    assert not ACTIVE & {str(element.tag) for element in tree.iter()}
    assert not [a for element in tree.iter() for a in element.attrib if a.startswith("on")]


@pytest.mark.parametrize("payload", hostile.SCRIPTS)
@pytest.mark.parametrize("traits", [{}, {"preprocessors": []}], ids=["as it is", "one net less"])
def test_markup_that_display_failed_to_escape_is_disarmed(
    payload: str, traits: dict[str, object]
) -> None:
    block = sample.bundle(
        "prose", "a", f"<p>{payload}</p>", '#jh-prose(id: "a", role: "x", ("a",))'
    )
    tree = parser.fromstring(page(sample.report("zh", bundles=[block]), **traits))
    assert not ACTIVE & {str(element.tag) for element in tree.iter()}
    for element in tree.iter():
        assert element.get("style") is None
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name != "src" or value.startswith("data:image/")
            assert "javascript:" not in value
    assert len(tree.findall(".//main")) == len(tree.findall(".//h1")) == 1


@pytest.mark.parametrize("payload", hostile.SCRIPTS + hostile.MARKDOWN)
def test_markdown_brings_nothing_live_in(payload: str) -> None:
    nb = sample.executed("zh", markdown=f"# 标题\n\n甲 {payload} 乙")
    tree = parser.fromstring(page(nb))
    assert not ACTIVE & {str(element.tag) for element in tree.iter()}
    assert not tree.findall(".//main//a")
    assert not [i for i in tree.iter("img") if not i.get("src").startswith("data:image/")]
    paper(nb)


def test_templates_are_not_run_and_names_reach_the_paper_as_they_are() -> None:
    names = hostile.TEMPLATES + hostile.TYPST + hostile.MARKDOWN
    nb = sample.report("en", bundles=sample.blocks("en", names))
    printed = re.sub(r"\s", "", text_of(paper(nb)))
    assert "49" not in parser.fromstring(page(nb)).text_content()
    for name in names:
        assert re.sub(r"\s", "", name) in printed, name


@pytest.mark.parametrize("source", ['#read("/etc/passwd")', '#import "@preview/a:1.0.0": *', "#eval(\"1\")", "#include \"x\"", "a // b", "#link(\"http://x\")[y]", "@ref <label>"])  # fmt: skip
def test_typst_that_reaches_out_is_refused(source: str) -> None:
    block = sample.bundle("prose", "a-block", "<p>x</p>", source)
    with pytest.raises(RenderError, match="a-block"):
        paper(sample.report("zh", bundles=[block]))


def test_typst_of_display_passes() -> None:
    for block in sample.blocks("en", hostile.NAMES):
        check_typst(block[wire.TYPST], "x")


def test_rare_characters_of_place_names_are_printed() -> None:
    nb = sample.report("zh", bundles=sample.blocks("zh", ["鄠邑浉瀍猇甪小学", "𬱖㑇小学"]))
    assert "鄠邑浉瀍猇甪小学" in text_of(paper(nb))


def test_a_character_no_font_has_is_named_with_its_place() -> None:
    nb = sample.report("zh", bundles=sample.blocks("zh", ["𠮷祥小学", "第◔小学"]))
    with pytest.raises(RenderError) as caught:
        paper(nb)
    for said in ("U+20BB7", "U+25D4", "balance-schools-primary"):
        assert said in str(caught.value)
    assert "祥" not in str(caught.value)


def test_a_character_missing_from_the_frame_is_named_too() -> None:
    place = {**sample.PLACE, "zh": "\ue000县"}
    with pytest.raises(RenderError, match=r"U\+E000 \(frame\)"):
        paper(sample.report("zh", place=place))


def test_a_font_file_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.otf").write_bytes(b"no font")
    with pytest.raises(UsageError, match=r"a\.otf"):
        paper(sample.report(), fonts=[str(tmp_path / "a.otf")])


def test_a_further_font_is_taken_for_what_ours_lack(tmp_path: Path) -> None:
    font = _font_with(tmp_path / "Rare.otf", 0x20BB7)
    nb = sample.report("zh", bundles=sample.blocks("zh", ["𠮷祥小学"]))
    assert "𠮷祥小学" in text_of(paper(nb, fonts=[str(font)]))


def _font_with(path: Path, point: int) -> Path:
    """Make a font whose only character is a rare one, in the shape of a common one."""
    font = TTFont(pylopdf_fonts_zh_cn.sans_path())
    subsetter = subset.Subsetter()
    subsetter.populate(unicodes=[ord("吉")])
    subsetter.subset(font)
    table = CmapSubtable.newSubtable(12)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.cmap = {point: font.getBestCmap()[ord("吉")]}
    font["cmap"].tables = [table]
    for name in font["name"].names:
        if name.nameID in (1, 4, 6, 16):
            name.string = "Rare Test"
    font.save(path)
    return path


def test_a_font_file_without_a_family_is_said_to_be_of_no_use(tmp_path: Path) -> None:
    font = TTFont(_font_with(tmp_path / "Rare.otf", 0x20BB7))
    font["name"].names = []
    font.save(tmp_path / "Nameless.otf")
    with pytest.raises(UsageError, match=r"Nameless\.otf"):
        paper(sample.report(), fonts=[str(tmp_path / "Nameless.otf")])


def test_sizes_stay_small() -> None:
    nb = sample.report()
    assert len(page(nb).encode()) < LIMIT
    assert len(paper(nb)) < LIMIT


@pytest.mark.parametrize("format", ["html", "pdf"])
def test_nbconvert_makes_it_by_itself(tmp_path: Path, format: str) -> None:
    nbformat.write(sample.executed(), tmp_path / "executed.ipynb")
    (tmp_path / "county").mkdir()
    (tmp_path / "county" / "index.html.j2").write_text("not ours")
    environment = {**os.environ, "TZ": "Pacific/Apia", "JUPYTER_CONFIG_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "nbconvert", "--to", f"county-{format}", "executed.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    made = (tmp_path / f"executed.{format}").read_bytes()
    alone = page(sample.executed()).encode() if format == "html" else paper(sample.executed())
    assert made == alone
