"""The numbers of a report for machines: ``results.json``."""

from __future__ import annotations

import json
from typing import Any

from nbformat import NotebookNode

from analysis import wire
from analysis.press.document import opened


def collect(nb: NotebookNode, *, edition: int = 1) -> dict[str, Any]:
    """Give the released numbers of a joined notebook and what proves them.

    Parameters
    ----------
    nb
        The joined notebook, or an executed one.
    edition
        Counts the releases of the same report.
    """
    document = opened(nb)
    return {
        "schema": wire.SCHEMA,
        "language": document.language,
        "edition": edition,
        "sentinels": list(document.sentinels),
        "blocks": list(document.blocks),
    }


def write(results: dict[str, Any]) -> bytes:
    r"""Write results as JSON: sorted keys, UTF-8, one line a file ends with.

    >>> write({"b": 1, "a": "县"}).decode()
    '{"a":"县","b":1}\n'
    """
    text = json.dumps(
        results, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")
    )
    return f"{text}\n".encode()
