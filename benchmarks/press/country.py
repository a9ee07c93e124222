"""From a made-up country to its reports: rows, GB and seconds of each stage, and cost per county.

::

    python benchmarks/press/country.py --counties 1307
    python benchmarks/press/country.py --counties 13 --jobs 2
    python benchmarks/press/country.py --counties all --regime none --keep build/country

``all`` takes hours to write and tens of GB; a prefecture or a province says what a county costs.
With ``--keep`` a stage whose result is there already is not done again, so a run of hours can be
taken up where it stopped; its seconds are then those of this run. Every verb is a process of its
own, as a user types it.

After the reports they are asked for again with nothing changed, and once more after one number of
one school of one county has: the files are loaded anew and fitted, which is shown by itself.
"""

from __future__ import annotations

import argparse
import codecs
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import machine
from pyarrow import parquet

YEAR = "2021"
CHANGED = "办学条件"
NOT_MADE = re.compile(r"[0-9]+ reports? not made")
LAST = re.compile(r"(?<=,)[0-9]+(?=\s*$)")


@dataclass
class Trip:
    """A folder in which every stage leaves what the next one needs."""

    folder: Path
    options: argparse.Namespace

    def verb(self, name: str, *words: str, done: Path | None = None) -> float:
        """Run a verb, unless what it makes is there; give its seconds.

        Reports that were not made are counted, not mended: the gate may hold a county back.
        """
        if done is not None and done.exists():
            self.note(name, 0.0, "was there already")
            return 0.0
        start = time.perf_counter()
        code = "from analysis.cli import main; main()"
        said = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        missing = NOT_MADE.search(said.stdout + said.stderr)
        if said.returncode and missing is None:
            told = said.stdout[-2000:] + said.stderr[-2000:]
            raise SystemExit(f"county {' '.join(words)}\n{told}")
        about = f"largest process {getrusage(RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB so far"
        self.note(name, seconds, f"{about}, {missing[0]}" if missing else about)
        return seconds

    def note(self, name: str, seconds: float, about: str = "") -> None:
        print(f"  {name:28} {seconds:9.1f} s   {about}", flush=True)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_CONFIG_HOME": str(self.folder / "config")}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--counties", default="1307")
    parser.add_argument("--scale", default="1")
    parser.add_argument("--regime", default="none")
    parser.add_argument("--years", default="2014-2021")
    parser.add_argument("--formats", default="html,pdf")
    parser.add_argument("--jobs", default=str(os.cpu_count() or 1))
    parser.add_argument("--keep", type=Path, help="folder to work in and to leave as it is")
    parser.add_argument("--no-change", action="store_true", help="leave out the changed county")
    options = parser.parse_args()
    print(machine.describe())
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        travel(Trip(options.keep.resolve(), options))
        return
    with tempfile.TemporaryDirectory(prefix="press-") as folder:
        travel(Trip(Path(folder), options))


def travel(trip: Trip) -> None:
    """Go through the stages and print what they took."""
    options, folder = trip.options, trip.folder
    about = f"{options.counties}, scale {options.scale}, regime {options.regime}, {options.years}"
    print(f"\n{about}; {options.jobs} jobs; {machine.load()}")
    made = ("--counties", options.counties, "--scale", options.scale)
    trip.verb("demo", "demo", "files", *made, "--regime", options.regime, "--years", options.years,
              done=folder / "files")  # fmt: skip
    trip.verb("load", "load", "files", "--store", "store", done=folder / "store")
    print(f"  files {size(folder / 'files')}; store {size(folder / 'store')}, "
          f"{count_rows(folder / 'store'):,} rows")  # fmt: skip
    trip.verb("fit", "fit", "store", "--year", YEAR, "--jobs", options.jobs, done=folder / "fitted")
    (folder / "fitted").touch()
    seconds = report(trip, "reports")
    counties = len(list((folder / "reports" / "public" / YEAR).glob("[0-9]*")))
    print(f"  {counties} counties, {seconds / counties:.2f} s a county; "
          f"reports {size(folder / 'reports')}")  # fmt: skip
    report(trip, "again, nothing changed")
    if not options.no_change:
        change_one(trip)
        report(trip, "again, one county changed")


def report(trip: Trip, name: str) -> float:
    """Make the reports of all counties."""
    return trip.verb(
        name, "report", "--all", "--store", "store", "--year", YEAR, "--out", "reports",
        "--format", trip.options.formats, "--jobs", trip.options.jobs,
    )  # fmt: skip


def change_one(trip: Trip) -> None:
    """Give one school of one county one more book, say so in the total too, and load anew."""
    path = sorted((trip.folder / "files").rglob(f"*_{YEAR}_{CHANGED}.csv"))[0]
    content = path.read_bytes()
    encoding = next(e for e in ("utf-8-sig", "gb18030") if can_read(content, e))
    lines = content.decode(encoding).splitlines(keepends=True)
    schools = [n for n, line in enumerate(lines) if line[:1].isdigit()]
    for number in (schools[0], schools[-1] + 1):  # a school, and the total below the schools
        lines[number] = LAST.sub(lambda found: str(int(found[0]) + 1), lines[number])
    changed = "".join(lines)
    marked = content.startswith(codecs.BOM_UTF8)
    path.write_bytes(
        changed.encode("utf-8" if encoding == "utf-8-sig" and not marked else encoding)
    )
    print(f"  changed: one number of {path.name}")
    trip.verb("load, one county changed", "load", "files", "--store", "store")
    trip.verb("fit, one county changed", "fit", "store", "--year", YEAR,
              "--jobs", trip.options.jobs)  # fmt: skip


def can_read(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def count_rows(store: Path) -> int:
    return sum(parquet.read_metadata(path).num_rows for path in files_of(store, "*.parquet"))


def files_of(folder: Path, pattern: str) -> list[Path]:
    """List files, those with two names once."""
    found = {path.stat().st_ino: path for path in folder.rglob(pattern) if path.is_file()}
    return list(found.values())


def size(folder: Path) -> str:
    """Give the bytes below a folder as GB."""
    return f"{sum(path.stat().st_size for path in files_of(folder, '*')) / 1e9:.3f} GB"


if __name__ == "__main__":
    main()
