from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import sample_report as sample
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from analysis import wire
from analysis.errors import RunError
from analysis.press.document import join, opened, prove, read_chapter


def _last(nb: NotebookNode) -> NotebookNode:
    return nb.cells[-1]


def _unexecuted(nb: NotebookNode) -> None:
    nb.cells[5].execution_count = None


def _out_of_order(nb: NotebookNode) -> None:
    nb.cells[5].execution_count = 99


def _failed(nb: NotebookNode) -> None:
    nb.cells[5].outputs.append(
        new_output("error", ename="ValueError", evalue="130722200901011234", traceback=[])
    )


def _papermill_exception(nb: NotebookNode) -> None:
    nb.metadata.papermill["exception"] = True


def _no_sentinel(nb: NotebookNode) -> None:
    nb.cells.pop()


def _sentinel_not_last(nb: NotebookNode) -> None:
    nb.cells.insert(4, nb.cells.pop())
    for count, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count


def _two_sentinels(nb: NotebookNode) -> None:
    _last(nb).outputs.append(copy.deepcopy(_last(nb).outputs[0]))


def _edited_number(nb: NotebookNode) -> None:
    cell = next(c for c in nb.cells if "0.61" in str(c.get("outputs", "")))
    cell.outputs[0].data[wire.HTML] = cell.outputs[0].data[wire.HTML].replace("0.61", "0.16")


def _lost_block(nb: NotebookNode) -> None:
    del nb.cells[5]


def _javascript(nb: NotebookNode) -> None:
    nb.cells[5].outputs[0].data["application/javascript"] = "alert(1)"


def _mermaid_beside(nb: NotebookNode) -> None:
    nb.cells[5].outputs.append(new_output("display_data", {"text/vnd.mermaid": "graph"}))


def _ungated_table(nb: NotebookNode) -> None:
    nb.cells[5].outputs.append(
        new_output("execute_result", {"text/html": "<table>…</table>", "text/plain": "…"})
    )


def _printed(nb: NotebookNode) -> None:
    nb.cells[5].outputs.append(new_output("stream", name="stdout", text="李某 130722200901011234"))


def _other_chapter(nb: NotebookNode) -> None:
    nb.metadata.junheng["chapter"] = "aid"


def _no_metadata(nb: NotebookNode) -> None:
    del nb.metadata["junheng"]


FAULTS: tuple[Callable[[NotebookNode], None], ...] = (
    _unexecuted, _out_of_order, _failed, _papermill_exception, _no_sentinel, _sentinel_not_last,
    _two_sentinels, _edited_number, _lost_block, _javascript, _mermaid_beside, _ungated_table,
    _printed, _other_chapter, _no_metadata,
)  # fmt: skip


def test_a_sound_notebook_is_proven() -> None:
    chapter = prove(sample.executed())
    assert chapter.name == "balance"
    assert chapter.sentinel["county"] == "130722"


@pytest.mark.parametrize("spoil", FAULTS)
def test_a_notebook_that_proves_nothing_is_refused(spoil: Callable[[NotebookNode], None]) -> None:
    nb = sample.executed()
    spoil(nb)
    with pytest.raises(RunError) as caught:
        prove(nb)
    assert "130722200901011234" not in str(caught.value)


def test_blocks_must_agree_with_the_sentinel_on_audience() -> None:
    bundles = sample.blocks("zh", audience="superior")
    with pytest.raises(RunError, match="audience"):
        prove(sample.executed("zh", bundles, audience="public"))


def test_a_block_id_that_could_be_a_path_is_refused() -> None:
    block = sample.prose("../../x", "headline", ["a"])
    with pytest.raises(RunError, match="incomplete"):
        prove(sample.executed("zh", [block]))


def test_a_figure_without_its_drawing_is_refused() -> None:
    figure = sample.figure(sample.WORDS["zh"])
    del figure[wire.SVG]
    with pytest.raises(RunError, match="incomplete"):
        prove(sample.executed("zh", [figure]))


def test_what_was_warned_of_on_stderr_does_not_leave() -> None:
    nb = sample.executed()
    nb.cells[5].outputs.append(new_output("stream", name="stderr", text="/home/x: Warning"))
    assert "Warning" not in nbformat.writes(join([prove(nb)]))


def test_a_file_reads_as_the_notebook_it_was(tmp_path: Path) -> None:
    nbformat.write(sample.executed(), tmp_path / "a.ipynb")
    assert read_chapter(tmp_path / "a.ipynb").sentinel == prove(sample.executed()).sentinel


@pytest.mark.parametrize("content", ["", "{", '{"cells": [', "[]", '{"nbformat": 4}'])
def test_a_broken_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.ipynb").write_text(content)
    with pytest.raises(RunError):
        read_chapter(tmp_path / "a.ipynb")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"a\.ipynb"):
        read_chapter(tmp_path / "a.ipynb")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_only_the_language_and_what_was_published_is_kept(language: str) -> None:
    nb = sample.executed(language)
    nb.cells[5].metadata.update({"tags": ["hide-output"], "collapsed": True, "jupyter": {"outputs_hidden": True}})  # fmt: skip
    nb.metadata["widgets"] = {"state": "李某"}
    joined = join([prove(nb)])
    text = nbformat.writes(joined)
    for gone in ("只给笔记本读者", "other language", "publish(", "parameters", "papermill", "/home/x", "hidden", "李某"):  # fmt: skip
        assert gone not in text, gone
    assert sample.MARKDOWN[language].splitlines()[0] in text
    assert [b["id"] for b in opened(joined).blocks] == [
        b[wire.RELEASED]["id"] for b in sample.blocks(language)
    ]


def _chapter(name: str, order: int, *, brief: bool = False, **about: object) -> NotebookNode:
    block = sample.prose(f"{name}-one", "headline", [name], chapter=name)
    nb = sample.executed("zh", [block], chapter=name, order=order, brief=brief, markdown=f"# {name}", **about)  # fmt: skip
    back = new_code_cell("chapter.publish(back)", execution_count=3, metadata={"tags": ["back"]})
    tail = sample.prose(f"{name}-tail", "method", [f"{name} tail"], chapter=name)
    back.outputs = [new_output("display_data", tail)]
    nb.cells.insert(-1, back)
    nb.cells[-1].execution_count = 4
    nb.cells[-1].outputs[0].data[wire.SENTINEL] = sample.sentinel(
        [block, tail], chapter=name, **about
    )
    return nb


def test_chapters_stand_in_reading_order() -> None:
    made = [_chapter("quality", 90), _chapter("county", 50, brief=True), _chapter("balance", 30)]
    joined = join(prove(nb) for nb in made)
    assert [b["id"] for b in opened(joined).blocks] == [
        "county-one", "balance-one", "quality-one", "county-tail", "balance-tail", "quality-tail",
    ]  # fmt: skip
    assert len({cell.id for cell in joined.cells}) == len(joined.cells)
    assert nbformat.validator.isvalid(joined)


def test_joining_is_the_same_whatever_the_order_given() -> None:
    made = [prove(_chapter(name, n)) for n, name in enumerate(("a", "b", "c"))]
    assert nbformat.writes(join(made)) == nbformat.writes(join(reversed(made)))


@pytest.mark.parametrize("about", [{"county": "130723"}, {"year": 2020}])
def test_chapters_of_different_counties_or_years_do_not_join(about: dict[str, object]) -> None:
    with pytest.raises(RunError, match="not of one county"):
        join([prove(_chapter("a", 1)), prove(_chapter("b", 2, **about))])


def test_a_chapter_does_not_come_twice() -> None:
    with pytest.raises(RunError, match="twice"):
        join([prove(_chapter("a", 1)), prove(_chapter("a", 1))])


def test_nothing_does_not_join() -> None:
    with pytest.raises(RunError):
        join([])


def test_a_joined_notebook_that_was_edited_is_refused() -> None:
    joined = sample.report()
    cell = next(c for c in joined.cells if c.cell_type == "code")
    cell.outputs[0].data[wire.RELEASED]["title"] = "x"
    with pytest.raises(RunError):
        opened(joined)


def test_a_joined_notebook_with_a_block_more_is_refused() -> None:
    joined = sample.report()
    more = new_output("display_data", sample.prose("more", "headline", ["x"]))
    joined.cells.append(new_code_cell("", outputs=[more], metadata={"junheng": {"chapter": "balance", "back": False}}))  # fmt: skip
    with pytest.raises(RunError, match="sentinels name"):
        opened(joined)


def test_a_joined_notebook_survives_the_disk(tmp_path: Path) -> None:
    nbformat.write(sample.report(), tmp_path / "joined.ipynb")
    again = nbformat.read(tmp_path / "joined.ipynb", as_version=4)
    assert opened(again).blocks == opened(sample.report()).blocks


def test_a_heading_whose_code_has_nothing_to_show_is_left_out() -> None:
    """With its lead; a section of words alone stays, and so does one that shows something."""
    nb = sample.executed()
    at = next(n for n, cell in enumerate(nb.cells) if cell.cell_type == "markdown") + 1
    silent = new_code_cell("chapter.publish(())", execution_count=1)
    spoken = {"metadata": {"tags": ["zh"]}}
    nb.cells[at:at] = [
        new_markdown_cell("## 空节\n\n引言。", **spoken), silent,
        new_markdown_cell("### 空小节", **spoken), copy.deepcopy(silent),
        new_markdown_cell("## 说明\n\n只有文字。", **spoken),
    ]  # fmt: skip
    for count, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
    kept = [c.source for c in prove(nb).cells if c.cell_type == "markdown"]
    own = [c.source for c in prove(sample.executed()).cells if c.cell_type == "markdown"]
    assert {*own, "## 说明\n\n只有文字。"} == set(kept)
