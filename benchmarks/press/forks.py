"""What the parent weighs before and after thousands of forks, and what a child adds.

::

    python benchmarks/press/forks.py [--forks 300] [--notebook trivial]

The table asks for 3,000. Memory is what the system counts (/proc/PID/smaps_rollup): *resident*
counts shared pages in full, *proportional* by how many share them, *own* only what nobody else
has. Children are looked at every few milliseconds, so a peak is the highest that was seen.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import machine
import ours
import parents

HERE = Path(__file__).parent
NAMES = {"Rss": "resident", "Pss": "proportional", "Private": "own"}
WARMED = 20
EVERY = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--forks", type=int, default=300)
    parser.add_argument("--notebook", default="trivial")
    options = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="press-") as name:
        folder = Path(name)
        os.environ["JUNHENG_WARM"] = name
        try:
            measure(options.notebook, options.forks, folder)
        finally:
            parents.end(folder)


def measure(name: str, forks: int, folder: Path) -> None:
    notebook = HERE / "notebooks" / f"{name}.ipynb"
    seconds: list[float] = []

    def run(times: int) -> None:
        for county in range(times):
            start = time.perf_counter()
            ours.execute(notebook, folder / "out.ipynb", str(130000 + county % 10_000), "warm")
            seconds.append(time.perf_counter() - start)

    run(WARMED)
    (parent,) = parents.about(folder)
    pid = int(parent["pid"])
    before, open_before = weigh(pid), count_open(pid)
    seconds.clear()
    with watched(pid) as peak:
        run(forks)
    time.sleep(0.5)  # the last child is buried
    after, open_after = weigh(pid), count_open(pid)
    parents.check(folder, WARMED + forks)
    print(f"\n{name}.ipynb, {forks} forks, {machine.load()}")
    for key, word in NAMES.items():
        change = after[key] / before[key] - 1
        print(f"  parent, {word:13} {before[key]:8.1f} → {after[key]:8.1f} MiB  {change:+.2%}")
    print(f"  parent, open files    {open_before:8} → {open_after:8}")
    for key, word in NAMES.items():
        print(f"  a child, {word:13} {peak()[key]:8.1f} MiB at most")
    part = max(1, min(100, forks // 3))
    first, last = median(seconds[:part]), median(seconds[-part:])
    print(f"  a run                 {first:8.4f} → {last:8.4f} s   first and last {part}")


def weigh(pid: int) -> dict[str, float]:
    """Give the MiB of a process; private pages are clean and dirty ones together."""
    found = dict.fromkeys(NAMES, 0.0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        word, _, rest = line.partition(":")
        key = word.partition("_")[0]
        if key in found and (key == "Private" or word == key):
            found[key] += int(rest.split()[0]) / 1024
    return found


def count_open(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


@contextmanager
def watched(parent: int) -> Iterator[Callable[[], dict[str, float]]]:
    """Look at the children of a parent all the time; give the highest that each number was."""
    peak, over = dict.fromkeys(NAMES, 0.0), threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            try:
                pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
                seen = [weigh(int(pid)) for pid in pids]
            except (OSError, ValueError, IndexError):  # it ended while it was looked at
                continue
            for child in seen:
                peak.update({key: max(peak[key], child[key]) for key in peak})

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield lambda: peak
    finally:
        over.set()
        watcher.join()


if __name__ == "__main__":
    main()
