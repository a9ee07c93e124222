"""The parents that a run started: how often they forked, and their end."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from analysis.press.warm import address, client


def about(folder: Path) -> list[dict[str, Any]]:
    """Ask the parents whose sockets lie in a folder about themselves."""
    return [json.loads(client.question(path, "about")) for path in _sockets(folder)]


def end(folder: Path) -> None:
    """End them: nobody else uses this folder."""
    for path in _sockets(folder):
        with contextlib.suppress(client.RefusedError):
            client.question(path, "end")


def check(folder: Path, counties: int) -> None:
    """Refuse a run that was not warm: what cannot be forked goes to the stock engine unasked.

    Raises
    ------
    SystemExit
        If fewer children were forked than there were counties.
    """
    forks = sum(parent["forks"] for parent in about(folder))
    if forks != counties:
        raise SystemExit(f"{counties} counties, but {forks} children: not warm")


def _sockets(folder: Path) -> list[Path]:
    before = os.environ.get("JUNHENG_WARM")
    os.environ["JUNHENG_WARM"] = str(folder)
    try:
        return list(address.list_sockets())
    finally:
        if before is None:
            del os.environ["JUNHENG_WARM"]
        else:
            os.environ["JUNHENG_WARM"] = before
