"""Small report notebooks that publish by themselves what display would, for running them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis.errors import WithheldError

PARAMETERS = """\
county: str
year: int = 2021
store: str = ""
language: str = "zh"
audience: str = "public"
scheme: str = "quality-2017"
chapters: str = ""
"""

PUBLISH = """\
from IPython.display import display
from analysis import wire

chapter = {chapter!r}
value = 0.25
block = {{
    "schema": 1, "id": f"{{chapter}}-value", "kind": "prose", "chapter": chapter,
    "language": language, "audience": audience, "title": "", "subtitle": "", "alt": "",
    "note": "", "source": "", "columns": [], "rows": [], "cells": [],
}}
bundle = {{
    wire.HTML: f'<section id="{{chapter}}-value" class="jh block prose"><p>{{county}} {{value}}</p></section>',
    wire.TYPST: f'#jh-prose(id: "{{chapter}}-value", ("{{county}} {{value}}",))',
    wire.PLAIN: chapter,
    wire.RELEASED: block,
}}
display(bundle, raw=True)
"""

CLOSE = """\
sentinel = {{
    "schema": 1, "chapter": chapter, "county": county, "year": year, "language": language,
    "audience": audience,
    "place": {{"code": county, "zh": "某县", "en": "Some County", "pinyin": "mouxian", "old": []}},
    "parent": {{"code": "130700", "zh": "某市", "en": "Some City", "pinyin": "moushi"}},
    "blocks": [{{"id": block["id"], "sha256": wire.digest(bundle)}}],
    "partitions": [], "run": "r" * 64,
    "data": {{"source_zh": "来源", "source_en": "Source", "as_of": "2021-09-01",
             "synthetic": True, "names_public": False}},
    "missing": [],
}}
sentinel = {{name: sentinel[name] for name in wire.Sentinel.__annotations__}}
{before}
display({{wire.SENTINEL: sentinel}}, raw=True)
"""


def write_notebook(
    path: Path,
    *,
    code: str = "",
    last: str = "",
    tags: tuple[str, ...] = (),
    chapter: str = "tiny",
    parameters: str = PARAMETERS,
    **about: Any,
) -> Path:
    """Write a notebook of one chapter.

    `code` runs before anything is published, `last` between the block and the sentinel.
    """
    title = {"zh": "小章", "en": "Tiny chapter"}
    cells = [
        new_code_cell(parameters, metadata={"tags": ["parameters"]}, id="parameters"),
        new_markdown_cell("# 小章", metadata={"tags": ["zh"]}, id="zh"),
        new_markdown_cell("# Tiny chapter", metadata={"tags": ["en"]}, id="en"),
        new_code_cell(code, metadata={"tags": list(tags)}, id="code"),
        new_code_cell(PUBLISH.format(chapter=chapter), id="publish"),
        new_code_cell(CLOSE.format(before=last), id="close"),
    ]
    nb = new_notebook(cells=cells)
    nb.metadata["junheng"] = {
        "chapter": chapter, "order": 10, "scope": "county", "brief": False, "title": title, **about,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


def agree(folder: Path, *, previous: Path | None = None) -> None:
    """Audit that lets everything pass; it sees a whole stage."""
    if not list(folder.glob("*/results.json")):
        raise AssertionError("nothing to audit")


def withhold(folder: Path, *, previous: Path | None = None) -> None:
    """Audit that keeps 130703 back and lets the rest pass."""
    if "130703" in folder.name:
        raise WithheldError("含个人信息", "personal data in it")


def crash(folder: Path, *, previous: Path | None = None) -> None:
    """Audit that fails, quoting what it should not."""
    raise RuntimeError("130723200901011234")
