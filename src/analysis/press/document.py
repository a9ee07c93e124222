"""Executed notebooks → one document: what is proven to have run, joined in reading order.

`read_chapter` takes nothing on trust: every code cell ran, in order, without an error; every
output is a published block or the sentinel; the sentinel names exactly these blocks. `join` then
keeps what a reader is to see, markdown of the one language and published blocks, and drops the
rest: code, parameters, papermill's metadata, whatever was printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.notebooknode import from_dict
from nbformat.v4 import new_notebook

from analysis import wire
from analysis.errors import RunError
from analysis.i18n import Language

Bundle = Mapping[str, Any]

JOINED = "joined"
BACK = "back"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,120}")
_HEADING = re.compile(r"\s*(#{1,6})\s")


@dataclass(frozen=True, slots=True)
class ExecutedChapter:
    """A notebook that ran to its sentinel.

    Attributes
    ----------
    name
        The chapter, e.g. ``"balance"``.
    order
        Place among the chapters; the brief comes before all of them.
    brief
        Whether this is the county's brief: cover, summary, and behind all chapters the methods.
    title
        Heading by language.
    sentinel
        The proof.
    cells
        Markdown of the report's language and published blocks, rebuilt without anything else.
    """

    name: str
    order: int
    brief: bool
    title: Mapping[str, str]
    sentinel: wire.Sentinel
    cells: tuple[NotebookNode, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A joined notebook, opened: its cells, its blocks, its proofs.

    `title` is the heading of the only chapter, empty for a whole report.
    """

    cells: tuple[NotebookNode, ...]
    bundles: tuple[Bundle, ...]
    sentinels: tuple[wire.Sentinel, ...]
    title: Mapping[str, str]

    @property
    def language(self) -> Language:
        return "zh" if self.sentinels[0]["language"] == "zh" else "en"

    @property
    def blocks(self) -> tuple[wire.Block, ...]:
        return tuple(bundle[wire.RELEASED] for bundle in self.bundles)


def read_chapter(path: str | Path) -> ExecutedChapter:
    """Read an executed notebook and prove that it ran.

    Raises
    ------
    RunError
        If the file is no notebook, or `prove` refuses it.
    """
    path = Path(path)
    try:
        nb = nbformat.read(path, as_version=4)
    except (OSError, ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        raise RunError(
            f"无法读取已执行的笔记本 {path.name}", f"cannot read the executed notebook {path.name}"
        ) from error
    return prove(nb)


def prove(nb: NotebookNode) -> ExecutedChapter:
    """Take from an executed notebook what was published, refusing one that proves nothing.

    Raises
    ------
    RunError
        If a code cell did not run, ran out of order or failed, if anything else than a published
        block was put out, or if the sentinel does not name exactly these blocks.
    """
    _check_executed(nb)
    outputs = list(_bundles(nb))
    found = [bundle for bundle in outputs if wire.SENTINEL in bundle]
    if len(found) != 1 or outputs[-1] is not found[0]:
        raise RunError(
            "笔记本没有结束标记，未运行完毕", "no sentinel at the end: it did not finish"
        )
    sentinel = found[0][wire.SENTINEL]
    blocks = outputs[:-1]
    _check_blocks(blocks, sentinel)
    about = nb.metadata.get("junheng", {})
    if about.get("chapter") != sentinel["chapter"]:
        raise RunError(
            "笔记本的章节与结束标记不一致", "the notebook's chapter is not that of its sentinel"
        )
    return ExecutedChapter(
        name=sentinel["chapter"],
        order=int(about.get("order", 0)),
        brief=bool(about.get("brief", False)),
        title=dict(about.get("title", {})),
        sentinel=sentinel,
        cells=tuple(_kept(nb, sentinel["language"])),
    )


def join(chapters: Iterable[ExecutedChapter]) -> NotebookNode:
    """Join the chapters of one county in one language into one notebook.

    The brief comes first, then the chapters by their order; cells tagged ``back`` come after all
    of them.

    Raises
    ------
    RunError
        If there is no chapter, one comes twice, or they do not speak of the same county, year,
        language and audience.
    """
    ordered = sorted(chapters, key=lambda chapter: (not chapter.brief, chapter.order, chapter.name))
    _check_together(ordered)
    cells = [
        cell for back in (False, True) for c in ordered for cell in c.cells if _back(cell) == back
    ]
    nb = new_notebook(cells=[_numbered(cell, n) for n, cell in enumerate(cells)])
    nb.metadata["junheng"] = {
        JOINED: wire.SCHEMA,
        "title": dict(ordered[0].title) if len(ordered) == 1 and not ordered[0].brief else {},
        "sentinels": [chapter.sentinel for chapter in ordered],
    }
    _check_ids(opened(nb).bundles)
    return nb


def opened(nb: NotebookNode) -> Document:
    """Open a joined notebook, or an executed one as a document of one chapter.

    The hashes of the sentinels are checked again, so a joined notebook that was edited is refused.
    """
    about = nb.metadata.get("junheng", {})
    if JOINED not in about:
        return opened(join([prove(nb)]))
    bundles = tuple(_bundles(nb))
    by_id = {bundle[wire.RELEASED]["id"]: bundle for bundle in bundles if wire.RELEASED in bundle}
    for sentinel in about["sentinels"]:
        ids = [block["id"] for block in sentinel["blocks"]]
        wire.check_sentinel(sentinel, [by_id[id] for id in ids if id in by_id])
    if len(bundles) != sum(len(sentinel["blocks"]) for sentinel in about["sentinels"]):
        raise RunError(
            "合并文档中的内容与结束标记不一致", "the joined document is not what its sentinels name"
        )
    return Document(
        cells=tuple(nb.cells),
        bundles=bundles,
        sentinels=tuple(about["sentinels"]),
        title=about["title"],
    )


def _check_executed(nb: NotebookNode) -> None:
    """Refuse cells that did not run, ran out of order, or failed."""
    count = 0
    for place, cell in enumerate(nb.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if any(output.output_type == "error" for output in cell.outputs):
            raise RunError(f"第 {place} 个单元格出错", f"cell {place} failed")
        now = cell.execution_count
        if now is None or now <= count:
            raise RunError(
                f"第 {place} 个单元格未按顺序执行", f"cell {place} was not executed in order"
            )
        count = now
    if nb.metadata.get("papermill", {}).get("exception"):
        raise RunError("笔记本执行出错", "the notebook's run failed")


def _bundles(nb: NotebookNode) -> Iterator[dict[str, Any]]:
    """Give the published bundles and the sentinel in order, refusing any other output."""
    for place, cell in enumerate(nb.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "stream" and output.name == "stderr":
                continue
            data = _plain(output.get("data", {}))
            published = (wire.RELEASED in data) != (wire.SENTINEL in data)
            if not published or not set(data) <= wire.ALLOWED:
                raise RunError(
                    f"第 {place} 个单元格输出了未经发布的内容",
                    f"cell {place} puts out something that was not published",
                )
            yield data


def _check_blocks(bundles: Sequence[Bundle], sentinel: Mapping[str, Any]) -> None:
    for bundle in bundles:
        block = bundle[wire.RELEASED]
        wire.check_block(block)
        wanted = {wire.HTML, wire.TYPST} | ({wire.SVG} if block["kind"] == "figure" else set())
        if not wanted <= set(bundle) or not _ID.fullmatch(block["id"]):
            raise RunError(f"内容块 {block['id']!r} 不完整", f"block {block['id']!r} is incomplete")
    wire.check_sentinel(sentinel, bundles)
    for bundle in bundles:
        block = bundle[wire.RELEASED]
        if any(block[name] != sentinel[name] for name in ("chapter", "language", "audience")):
            raise RunError(
                f"内容块 {block['id']} 的章节、语言或读者与结束标记不一致",
                f"block {block['id']}: chapter, language or audience is not the sentinel's",
            )
    _check_ids(bundles)


def _check_ids(bundles: Sequence[Bundle]) -> None:
    ids = [bundle[wire.RELEASED]["id"] for bundle in bundles]
    twice = sorted({id for id in ids if ids.count(id) > 1})
    if twice:
        raise RunError(f"内容块重复：{twice}", f"blocks published twice: {twice}")


def _check_together(chapters: Sequence[ExecutedChapter]) -> None:
    same = ("county", "year", "language", "audience")
    of_whom = {tuple(chapter.sentinel[name] for name in same) for chapter in chapters}  # type: ignore[literal-required]
    if len(of_whom) != 1:
        raise RunError(
            "各章的县、学年、语言或读者不一致",
            "the chapters are not of one county, year, language and audience",
        )
    names = [chapter.name for chapter in chapters]
    if len(set(names)) != len(names):
        raise RunError(f"章节重复：{sorted(names)}", f"a chapter comes twice: {sorted(names)}")


def _kept(nb: NotebookNode, language: str) -> Iterator[NotebookNode]:
    """Rebuild the cells that a reader sees, with no metadata but chapter and place."""
    chapter = nb.metadata["junheng"]["chapter"]
    spoken = [
        c for c in nb.cells if c.cell_type == "code" or language in c.metadata.get("tags", [])
    ]
    for place, cell in enumerate(spoken):
        about = {"junheng": {"chapter": chapter, BACK: BACK in cell.metadata.get("tags", [])}}
        if cell.cell_type == "markdown" and not _heads_nothing(cell, spoken[place + 1 : -1]):
            yield _cell("markdown", cell.source, about)
        elif blocks := _published(cell):
            outputs = [put_out(bundle) for bundle in blocks]
            yield _cell("code", "", about, execution_count=None, outputs=outputs)


def put_out(bundle: Bundle, about: Mapping[str, Any] | None = None) -> NotebookNode:
    """Make the output that holds a bundle.

    nbformat's own constructors hold each cell against its schema, which takes longer than all
    else; the exporters validate the page as a whole.
    """
    made: dict[str, Any] = {"output_type": "display_data", "metadata": about or {}, "data": bundle}
    node: NotebookNode = from_dict(made)
    return node


def _cell(kind: str, source: str, about: Mapping[str, Any], **rest: Any) -> NotebookNode:
    """Make a cell, without the id that `_numbered` gives it."""
    node: NotebookNode = from_dict({"cell_type": kind, "metadata": about, "source": source, **rest})
    return node


def _published(cell: NotebookNode) -> list[Bundle]:
    if cell.cell_type != "code":
        return []
    return [b for b in _bundles(NotebookNode(cells=[cell])) if wire.RELEASED in b]


def _heads_nothing(cell: NotebookNode, following: Sequence[NotebookNode]) -> bool:
    """Tell whether all code under a heading had nothing to show: no threshold, no coefficient.

    The heading, with the lead under it, is then left out. A chapter's title stays, and so does a
    section without code, whose words are what it has to say.
    """
    level = _level(cell)
    until = next((n for n, c in enumerate(following) if 0 < _level(c) <= level), len(following))
    code = [c for c in following[:until] if c.cell_type == "code"]
    return level > 1 and bool(code) and not any(map(_published, code))


def _level(cell: NotebookNode) -> int:
    """Give the level of the heading that a cell begins with, 0 for none."""
    heading = _HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    return len(heading[1]) if heading else 0


def _back(cell: NotebookNode) -> bool:
    return bool(cell.metadata["junheng"][BACK])


def _numbered(cell: NotebookNode, number: int) -> NotebookNode:
    return NotebookNode({**cell, "id": f"{cell.metadata['junheng']['chapter']}-{number}"[:64]})


def _plain(node: Any) -> Any:
    """Turn notebook nodes into plain dicts, so that hashes do not depend on where they come from."""
    if isinstance(node, Mapping):
        return {key: _plain(value) for key, value in node.items()}
    return [_plain(item) for item in node] if isinstance(node, list) else node
