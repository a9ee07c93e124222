"""The plain tools: a loop of papermill and nbconvert, and the best that a shell makes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from machine import chromium

BIN = Path(sys.executable).parent
_MISSING = re.compile(r"Executable doesn't exist at (\S+)")
_LAUNCH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch().close()
"""


def loop(notebook: Path, counties: Sequence[str], formats: Sequence[str], out: Path) -> str:
    """Give the loop that everybody writes: one tool after another, county by county."""
    lines = [f"{papermill(notebook, out)}", *(nbconvert(to, f'"{out}/$c.ipynb"') for to in formats)]
    return f"set -e; for c in {' '.join(counties)}; do\n" + "\n".join(lines) + "\ndone"


def simple(notebook: Path, counties: Sequence[str], formats: Sequence[str], out: Path) -> str:
    """Give its best simple form: two at a time, nothing saved per cell, nbconvert on many at once.

    Each of two nbconverts gets half of the notebooks, so that it starts once for all of them.
    """
    quiet = "--no-progress-bar --no-request-save-on-cell-execute --autosave-cell-every 0"
    one = papermill(notebook, out, quiet).replace("$c", "{}")
    half = (len(counties) + 1) // 2
    lines = [f"echo {' '.join(counties)} | xargs -n1 | xargs -P2 -I{{}} {one}"]
    for to in formats:
        files = " ".join(f'"{out}/{county}.ipynb"' for county in counties)
        lines.append(f"echo {files} | xargs -P2 -n{half} {nbconvert(to, '')}")
    return "set -e\n" + "\n".join(lines)


def papermill(notebook: Path, out: Path, words: str = "") -> str:
    return f'"{BIN}/papermill" {words} -r county $c "{notebook}" "{out}/$c.ipynb"'


def nbconvert(to: str, files: str) -> str:
    """Give a call of nbconvert; Chromium refuses to run in its sandbox for root."""
    more = " --disable-chromium-sandbox" if to == "webpdf" and os.getuid() == 0 else ""
    return f'"{BIN}/jupyter" nbconvert --to {to}{more} {files}'


def run(script: str, environment: Mapping[str, str]) -> None:
    """Run a script as a shell does.

    Raises
    ------
    SystemExit
        If it fails, with the last it said.
    """
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=dict(environment)
    )
    if done.returncode:
        raise SystemExit(f"{script}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def link_chromium(folder: Path) -> dict[str, str]:
    """Make a browser folder as playwright expects it, holding the system's Chromium.

    nbconvert takes no path of a browser. Where playwright looks depends on its version: it is
    asked.
    """
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(folder)}
    said = subprocess.run(
        [sys.executable, "-c", _LAUNCH], capture_output=True, text=True, check=False,
        env=environment,
    )  # fmt: skip
    missing = _MISSING.search(said.stderr)
    if missing is None or not chromium():
        raise SystemExit(f"no Chromium to link: {said.stderr[-500:]}")
    place = Path(missing.group(1))
    place.parent.mkdir(parents=True)
    place.symlink_to(chromium())
    return {"PLAYWRIGHT_BROWSERS_PATH": str(folder)}
