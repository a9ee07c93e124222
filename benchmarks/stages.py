"""How long each verb takes, from raw files to the site, and how much memory it needs.

::

    python benchmarks/stages.py [--scale 0.2] [--jobs 2]

Every verb is a process of its own, as a user types it. Seconds are wall clock; the memory is that
of the largest process of the verb.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PLAN = (
    ("demo", "demo", "files", "--scale", "{scale}"),
    ("check", "check", "files"),
    ("load", "load", "files", "--store", "store"),
    ("fit", "fit", "store", "--year", "2021"),
    ("one county, HTML", "report", "130722", "--store", "store", "--year", "2021",
     "--format", "html", "--out", "one/reports", "--jobs", "1"),
    ("16 counties, all formats", "report", "--all", "--store", "store", "--year", "2021",
     "--jobs", "{jobs}"),
    ("site", "site", "reports"),
)  # fmt: skip


def measure(words: Sequence[str], folder: str) -> tuple[float, float]:
    """Run one verb; give its seconds and the MiB of the largest process so far."""
    code = "from analysis.cli import main; main()"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *words], check=True, cwd=folder, env=ENVIRONMENT)
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


ENVIRONMENT = {**os.environ, "XDG_CONFIG_HOME": ""}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", default="1")
    parser.add_argument("--jobs", default=str(os.cpu_count() or 1))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ENVIRONMENT["XDG_CONFIG_HOME"] = str(Path(folder) / "config")
        rows = []
        for name, *words in PLAN:
            filled = [word.format(scale=options.scale, jobs=options.jobs) for word in words]
            rows.append((name, *measure(filled, folder)))
    print(f"scale {options.scale}, {options.jobs} jobs, {os.cpu_count()} cores")
    for name, seconds, memory in rows:
        print(f"{name:26} {seconds:8.1f} s {memory:8.0f} MiB")


if __name__ == "__main__":
    main()
