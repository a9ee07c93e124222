"""How pages break: what belongs together stays together, and no page is left empty without need."""

from __future__ import annotations

import pypdfium2
import pytest
import sample_report as sample
from nbformat import NotebookNode

from analysis.press.document import join, prove
from analysis.press.exporters import CountyPDFExporter

LINE = "Filler of a paragraph that takes one line.\n\n"


def pages(nb: NotebookNode) -> list[str]:
    made = CountyPDFExporter().from_notebook_node(nb)[0]
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made)]


def page_of(sheets: list[str], text: str, *, after: int = 1) -> int:
    """Number the first page behind the cover that has a text."""
    return next(n for n, sheet in enumerate(sheets) if n >= after and text in sheet)


def chapter(
    markdown: str, name: str = "balance", order: int = 1, shows: str = "figure"
) -> NotebookNode:
    words = sample.WORDS["en"]
    about = {"language": "en", "chapter": name}
    block = (
        sample.figure(words, **about)
        if shows == "figure"
        else sample.prose(f"{name}-end", "method", ["End."], **about)
    )
    return sample.executed("en", [block], markdown=markdown, chapter=name, order=order)


@pytest.mark.parametrize("lines", range(22, 34))
def test_a_paragraph_stays_with_the_figure_that_it_leads_to(lines: int) -> None:
    markdown = f"# Chapter\n\n{LINE * lines}## Section\n\nThis leads to the figure."
    sheets = pages(join([prove(chapter(markdown))]))
    lead, title = "This leads to the figure.", sample.WORDS["en"]["figure"][0]
    assert page_of(sheets, lead) == page_of(sheets, title) == page_of(sheets, "Section")


@pytest.mark.parametrize("lines", range(28, 40))
def test_a_short_list_stays_together_and_with_its_heading(lines: int) -> None:
    items = "".join(f"- Item {n} of the list.\n" for n in range(1, 5))
    markdown = f"# Chapter\n\n{LINE * lines}## Section\n\n{items}"
    sheets = pages(join([prove(chapter(markdown, shows="prose"))]))
    assert len({page_of(sheets, text) for text in ("Section", "Item 1 of", "Item 4 of")}) == 1


def test_a_short_chapter_is_followed_by_the_next_and_a_long_page_is_not() -> None:
    def numbers(lines: int) -> tuple[int, int]:
        first = chapter(f"# First\n\nBegins.\n\n{LINE * lines}", "first", 1, "prose")
        second = chapter("# Second\n\nFollows.", "second", 2, "prose")
        sheets = pages(join([prove(first), prove(second)]))
        for number, sheet in enumerate(sheets, start=1):
            assert f"Page {number} of {len(sheets)}" in sheet
        return page_of(sheets, "Begins."), page_of(sheets, "Follows.")

    assert numbers(3) == (1, 1)
    assert numbers(25) == (1, 2)


@pytest.mark.parametrize("lines", range(8, 26, 3))
def test_page_numbers_agree_wherever_chapters_end(lines: int) -> None:
    """The contents and the last number are counted from the same pages that are printed."""
    names = ("first", "second", "third", "fourth")
    made = [
        chapter(f"# {name.title()} chapter\n\n{LINE * lines}", name, n, "prose")
        for n, name in enumerate(names)
    ]
    sheets = pages(join([prove(one) for one in made]))
    assert f"Page 1 of {len(sheets)}" in sheets[0]
    for name in names:
        page = page_of(sheets, f"{name.title()} chapter") + 1
        (line,) = [line for line in sheets[0].splitlines() if f"{name.title()} chapter" in line]
        assert line.split()[-1] == str(page)


def test_contents_share_the_cover() -> None:
    sheets = pages(sample.report("en"))
    assert "Contents" in sheets[0]
    assert "Balance of resources" in sheets[0]
    assert "Five of the seven" in sheets[1]


def test_a_list_of_names_with_a_number_each_is_not_stretched() -> None:
    typst = sample.typst_call(
        "jh-table",
        'table(columns: (12fr, auto), align: (left, right), table.header("Type of school", "Schools"), "primary school", "41")',
        id="t", title="Schools", subtitle="", note="", source="",
    )  # fmt: skip
    block = sample.bundle("table", "t", "<p>x</p>", typst, language="en")
    made = CountyPDFExporter().from_notebook_node(sample.report("en", bundles=[block]))[0]
    sheet = pypdfium2.PdfDocument(made)[1]
    text = sheet.get_textpage()
    found = text.search("41").get_next()
    assert found is not None
    left, _, right, _ = text.get_charbox(found[0])
    assert right < sheet.get_width() / 2
    assert left > 0


def test_a_short_column_of_words_keeps_its_line_beside_long_ones() -> None:
    long = (
        "A definition that goes on for so long that it has to take several lines of its column. "
        * 3
    )
    typst = sample.typst_call(
        "jh-table",
        f'table(columns: (24fr, 12fr), align: (left, left), table.header("Definition", "Standing"), {sample.literal(long)}, "from a secondary source")',
        id="t", title="Method", subtitle="", note="", source="",
    )  # fmt: skip
    block = sample.bundle("table", "t", "<p>x</p>", typst, language="en")
    assert "from a secondary source" in pages(sample.report("en", bundles=[block]))[1]


@pytest.mark.parametrize("lines", range(24, 34, 2))
def test_a_row_of_a_table_is_not_torn_apart(lines: int) -> None:
    words = "Word of a row. " * 60
    rows = ", ".join(f'"Begins{n}x {words}Ends{n}x", "y"' for n in range(12))
    typst = sample.typst_call(
        "jh-table",
        f'table(columns: (24fr, 12fr), align: (left, left), table.header("A", "B"), {rows})',
        id="t", title="Table", subtitle="", note="", source="",
    )  # fmt: skip
    block = sample.bundle("table", "t", "<p>x</p>", typst, language="en")
    sheets = pages(join([prove(sample.executed("en", [block], markdown=f"# A\n\n{LINE * lines}"))]))
    for n in range(12):
        assert page_of(sheets, f"Begins{n}x") == page_of(sheets, f"Ends{n}x")
