"""Every PDF, looked into with other people's tools: pikepdf for its tags, PDFium for its text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import pairwise

import pikepdf
import pypdfium2
import pytest
import sample_report as sample

from analysis.press.exporters import CountyPDFExporter

PAINTS = frozenset(
    ["Tj", "TJ", "'", '"', "f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "Do", "sh", "EI"]
)
NEEDED = frozenset({"/Document", "/Title", "/H1", "/H2", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Figure", "/Caption", "/TOC"})  # fmt: skip


@pytest.fixture(scope="module", params=["zh", "en"])
def paper(request: pytest.FixtureRequest) -> bytes:
    schools = {"zh": ["鄠邑浉瀍猇甪小学", "第二小学"], "en": None}[request.param]
    nb = sample.report(request.param, bundles=sample.blocks(request.param, schools))
    return CountyPDFExporter().from_notebook_node(nb)[0]


@pytest.fixture
def pdf(paper: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(paper)) as opened:
        yield opened


def elements(node: object) -> Iterator[pikepdf.Dictionary]:
    """Walk the tag tree in reading order."""
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from elements(child)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node
        yield from elements(node.get("/K", pikepdf.Array()))


def tags(pdf: pikepdf.Pdf) -> list[str]:
    return [str(element.S) for element in elements(pdf.Root.StructTreeRoot.K)]


def test_it_says_what_it_is(pdf: pikepdf.Pdf) -> None:
    assert str(pdf.Root.Lang) in ("zh-CN", "en-GB")
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert re.search(r"张北县|Zhangbei", str(pdf.docinfo["/Title"]))
    assert "/Author" not in pdf.docinfo
    assert str(pdf.docinfo["/CreationDate"]) == "D:20210901000000Z"


def test_it_claims_both_standards(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["pdfaid:part"] == "2"
        assert metadata["pdfaid:conformance"] == "A"
    assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"


def test_bookmarks_follow_the_chapters(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
        below = [child.title for item in outline.root for child in item.children]
    assert {"校际资源均衡", "Balance of resources"} & set(titles)
    assert {"差异系数", "Coefficients"} & set(below)


def test_the_tag_tree_has_every_kind_of_element(pdf: pikepdf.Pdf) -> None:
    assert set(tags(pdf)) >= NEEDED


def test_headings_do_not_skip(pdf: pikepdf.Pdf) -> None:
    levels = [int(tag[2:]) for tag in tags(pdf) if re.fullmatch(r"/H\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_header_cells_of_its_width(pdf: pikepdf.Pdf) -> None:
    tables = [e for e in elements(pdf.Root.StructTreeRoot.K) if e.S == "/Table"]
    assert tables
    for table in tables:
        rows = [[str(c.S) for c in e.K] for e in elements(table.K) if e.S == "/TR"]
        assert set(rows[0]) == {"/TH"}
        assert len({len(row) for row in rows}) == 1


def test_every_figure_has_an_alternative(pdf: pikepdf.Pdf) -> None:
    figures = [e for e in elements(pdf.Root.StructTreeRoot.K) if e.S == "/Figure"]
    assert figures
    for figure in figures:
        assert re.search(r"\d", str(figure.Alt))


def test_nothing_on_a_page_is_untagged(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        parents = _parents(pdf, page)
        depth: list[bool] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                depth.append(_belongs(operands, parents))
            elif name == "EMC":
                depth.pop()
            elif name in PAINTS:
                assert any(depth), f"{name} outside of every tag"
        assert not depth


def _belongs(operands: list[object], parents: dict[int, object]) -> bool:
    """Tell whether marked content is an artifact, or is known to the tag tree."""
    if str(operands[0]) == "/Artifact":
        return True
    number = operands[1].get("/MCID") if len(operands) > 1 else None  # type: ignore[attr-defined]
    return number is not None and parents.get(int(number)) is not None


def _parents(pdf: pikepdf.Pdf, page: pikepdf.Page) -> dict[int, object]:
    tree = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
    return dict(enumerate(tree[int(page.StructParents)]))


def test_every_font_is_embedded_and_ours(pdf: pikepdf.Pdf) -> None:
    found = set()
    for page in pdf.pages:
        for font in page.Resources.get("/Font", {}).values():
            descendant = font.DescendantFonts[0]
            found.add(str(descendant.BaseFont).split("+")[-1])
            assert {"/FontFile2", "/FontFile3"} & set(descendant.FontDescriptor.keys())
            assert "/ToUnicode" in font
    assert found == {"NotoSerifSC-Regular", "NotoSansSC-Regular"}


def test_its_text_extracts(paper: bytes) -> None:
    text = "".join(p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(paper))
    assert ("鄠邑浉瀍猇甪小学" in text) or ("Primary School No. 60" in text)
    assert "\ufffd" not in text


def test_table_headers_come_again_on_the_next_sheet() -> None:
    made = CountyPDFExporter().from_notebook_node(sample.report("en"))[0]
    sheets = [p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(made)]
    assert sum("Multimedia classrooms per 100 pupils" in sheet for sheet in sheets) == 2
