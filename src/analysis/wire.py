"""What passes from a notebook to the press: MIME names and the schema of a published block.

A published block is one MIME bundle:

==========================================  ====================================================
``text/html``                               a `<section>` that stands by itself
``text/vnd.typst``                          the same for the PDF; a figure calls its image by
                                            ``<block id>.svg``
``image/svg+xml``                           figures only: the drawing
``text/plain``                              one line
``application/vnd.county.released+json``    the numbers behind it (`Block`), all of them released
==========================================  ====================================================

The last cell of a report notebook is the sentinel: what was asked for, what was published, under
which hashes. A notebook without a valid sentinel did not run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from analysis.errors import RunError

HTML = "text/html"
TYPST = "text/vnd.typst"
SVG = "image/svg+xml"
PLAIN = "text/plain"
RELEASED = "application/vnd.county.released+json"
SENTINEL = "application/vnd.county.sentinel+json"

ALLOWED = frozenset({HTML, TYPST, SVG, PLAIN, RELEASED, SENTINEL})
"""MIME types that may leave a notebook; anything else withholds the county."""

Kind = Literal["cover", "prose", "figure", "table", "tiles", "box"]
SCHEMA = 1

FONTS_VARIABLE = "JUNHENG_FONTS"
"""Environment variable by which the press tells a notebook of further font files (``--font``)."""


class Column(TypedDict):
    """A column of a block's data: `kind` is ``"text"`` or ``"number"``."""

    id: str
    label: str
    kind: str
    digits: int


class Block(TypedDict):
    """The released JSON of one block.

    `rows` are the block's numbers for XLSX, CSV and JSON: a number column holds a number or
    ``None``, and the cell code stands in ``<column>_flag``. `cells` are the released cells that
    the block shows, keyed ``indicator|stage|by|subject|at``, with ``value``, ``value_low``,
    ``value_high``, ``numerator``, ``denominator``, ``n``, ``n_unit`` and ``flag``: what the audit
    reads.
    """

    schema: int
    id: str
    kind: Kind
    chapter: str
    language: str
    audience: str
    title: str
    subtitle: str
    alt: str
    note: str
    source: str
    columns: list[Column]
    rows: list[dict[str, Any]]
    cells: list[dict[str, Any]]


class Sentinel(TypedDict):
    """The proof that a notebook ran to its end, for whom and with what.

    `place` and `parent` hold ``code, zh, en, pinyin`` and, for the place, ``old`` (old names);
    `run` is the hash of the inputs; `data` is the standing of the data (`finding.Origin`).
    """

    schema: int
    chapter: str
    county: str
    year: int
    language: str
    audience: str
    place: dict[str, Any]
    parent: dict[str, Any]
    blocks: list[dict[str, str]]
    partitions: list[str]
    run: str
    data: dict[str, Any]
    missing: list[str]


def digest(bundle: Mapping[str, Any]) -> str:
    """Hash a bundle, whatever the order of its keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(bundle, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_block(block: Mapping[str, Any]) -> None:
    """Refuse a block that lacks a field of the schema or has one too many."""
    _check(block, Block.__annotations__, "block")


def check_sentinel(sentinel: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a sentinel that does not prove that exactly these bundles were published.

    Parameters
    ----------
    sentinel
        The sentinel's JSON.
    blocks
        The bundles found in the notebook, in order.
    """
    _check(sentinel, Sentinel.__annotations__, "sentinel")
    found = [{"id": bundle[RELEASED]["id"], "sha256": digest(bundle)} for bundle in blocks]
    if found != sentinel["blocks"]:
        raise RunError(
            "笔记本输出与其结束标记不一致", "the notebook's outputs do not match its sentinel"
        )


def _check(plain: Mapping[str, Any], fields: Mapping[str, Any], what: str) -> None:
    if plain.get("schema") != SCHEMA or set(plain) != set(fields):
        wrong = sorted(set(plain) ^ set(fields)) or ["schema"]
        raise RunError(f"{what} 的字段不符：{wrong}", f"wrong fields in the {what}: {wrong}")
