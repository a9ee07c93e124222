"""How long it takes to assess every county of the country, in how much memory, and against a loop.

::

    python benchmarks/survey.py [--counties 2850] [--schools 120] [--sample 250]

A store of made schools is written through the records code, of 300 counties and then of all. Each run
of ``county survey`` is a process of its own, as a user types it; its memory must not grow with the
number of counties. Then the schools of some counties are assessed without reading, by
`balance.assess_many` and by a plain loop over schools, once over the rows of frames and once over
dictionaries: the figures must agree to 1e-12 of their size, the verdicts exactly.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

YEAR, SCHEME = 2021, "quality-2017"
COUNTS = {
    "teachers_graduate_n": 0.002, "teachers_bachelor_n": 0.045, "teachers_associate_n": 0.012,
    "teachers_backbone_n": 0.012, "teachers_pe_n": 0.004, "teachers_music_n": 0.004,
    "teachers_fine_art_n": 0.003, "teachers_arts_n": 0.001, "teachers_shared_pe_arts_n": 0.001,
    "multimedia_rooms_n": 0.026,
}  # fmt: skip
AMOUNTS = {
    "teaching_area_m2": 5.5, "indoor_sports_area_m2": 0.4, "sports_ground_m2": 9.0,
    "equipment_yuan": 2600.0,
}  # fmt: skip
"""What a school has a pupil; a fiftieth of it is not reported."""


def make(store: Path, counties: int, schools: int) -> None:
    """Write a store of made schools, every fifth of them with two stages."""
    import numpy as np
    import pandas as pd

    from analysis.records import store as stores
    from analysis.records.contracts import DTYPES, TABLES
    from analysis.records.dataset import Dataset
    from analysis.records.intake import Intake
    from analysis.records.regions import regions

    rng = np.random.default_rng(1)
    codes = np.repeat([place.code for place in regions().counties()][:counties], schools)
    n, order = len(codes), np.tile(np.arange(schools), counties)
    kind = np.array(["211", "211", "311", "312", "218"])[order % 5]
    pupils = np.maximum(20, rng.lognormal(6.2, 0.8, n).round())
    columns: dict[str, Any] = {
        "school": [f"{code}{number:04}" for code, number in zip(codes, order, strict=True)],
        "county": codes, "year": YEAR, "name_zh": "学校", "kind": kind, "pupils_n": pupils,
        "zone": np.array(["111", "121", "220"])[order % 3], "owner": "public",
        "stage": np.where(kind == "311", "junior", "primary"),
    }  # fmt: skip
    for name, each in (COUNTS | AMOUNTS).items():
        values = pupils * each * rng.lognormal(0, 0.35, n)
        values = values.round() if name in COUNTS else values
        columns[name] = np.where(rng.random(n) < 0.02, np.nan, values)
    rows = pd.DataFrame(columns)
    junior = rows[rows["kind"] == "312"].assign(stage="junior")
    given = {"schools": rows, "school_years": pd.concat([rows, junior]), "resources": rows}
    frames = {
        id: pd.DataFrame(
            {
                c.id: given[id]
                .get(c.id, pd.Series(pd.NA, index=given[id].index))
                .astype(DTYPES[c.kind])
                for c in table.columns
            }
        )
        if id in given
        else pd.DataFrame({c.id: pd.Series(dtype=DTYPES[c.kind]) for c in table.columns})
        for id, table in TABLES.items()
    }
    dataset = Dataset("模拟数据", "made data", f"{YEAR}-09-01", synthetic=True)
    stores.write(Intake(frames, (), (), dataset), store)


def measure(*words: str) -> tuple[float, float, float]:
    """Run a process; give its seconds, those of the processor, and the MiB it had at most."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"status {status}: {words}")
    busy = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - start, busy, usage.ru_maxrss / 1024


Figures = dict[tuple[str, str, str], float | str]


Rows = Callable[[Any], Iterator[Any]]


def rows_of_frame(frame: Any) -> Iterator[Any]:
    return (row for _, row in frame.iterrows())


def rows_as_dictionaries(frame: Any) -> Iterator[Any]:
    return iter(frame.to_dict("records"))


def loop(
    tables: Mapping[str, Any], rules: Mapping[str, Any], kinds: Mapping[str, Any], rows: Rows
) -> Figures:
    """Assess school by school, county by county, as one would write it down first."""
    listed = {(r["county"], r["school"]): r for r in rows(tables["schools"])}
    shared = {(r["county"], r["school"]): r for r in rows(tables["resources"])}
    by_stage: dict[tuple[str, str], dict[str, Any]] = {}
    of_county: dict[str, list[tuple[str, str]]] = {}
    for row in rows(tables["school_years"]):
        by_stage.setdefault((row["county"], row["school"]), {})[row["stage"]] = row
    for key in by_stage:
        of_county.setdefault(key[0], []).append(key)
    found: Figures = {}
    for county, mine in of_county.items():
        for stage in rules["stages"]:
            schools = []
            for key in mine:
                if stage in by_stage[key]:
                    part = _part(by_stage[key], kinds[listed[key]["kind"]], rules, stage)
                    schools.append((listed[key], by_stage[key][stage], shared[key], part))
            kept = [school for school in schools if _counts(school, rules["exclude"])]
            found.update(_judge(county, stage, kept, rules))
    return found


def _part(
    stages: Mapping[str, Any], kind: Mapping[str, Any], rules: Mapping[str, Any], stage: str
) -> float:
    total = 0.0
    for name, weight in rules["split"]["weights"].items():
        if name in stages:
            total += float(stages[name]["pupils_n"]) * weight
        elif name in kind.get("stages", ()):
            return math.nan
    return float(stages[stage]["pupils_n"]) * rules["split"]["weights"][stage] / total


def _counts(school: tuple[Any, ...], rule: Mapping[str, Any]) -> bool:
    listed, here, *_ = school
    point = listed["kind"] in rule["teaching_point_kinds"]
    return not (
        listed["kind"] in rule["kinds"]
        or listed["owner"] in rule["owners"]
        or (point and here["pupils_n"] < rule["min_teaching_point"])
    )


def _judge(county: str, stage: str, schools: list[Any], rules: Mapping[str, Any]) -> Figures:
    import pandas as pd

    def known(value: Any) -> float:
        return math.nan if pd.isna(value) else float(value)

    found: Figures = {}
    short = [0] * len(schools)
    low, open_ = [False] * len(schools), [False] * len(schools)
    for indicator in rules["indicator"]:
        limit, per = indicator["threshold"][stage], indicator["per"]
        totals = []
        for listed, here, shared, part in schools:
            total = 0.0
            for column in indicator["plus"][stage]:
                total += known(here[column]) if column in here else known(shared[column]) * part
            for column in indicator.get("minus", ()):
                total -= known(shared[column]) * part
            small = indicator.get("small_rural")
            if (
                small
                and listed["zone"] in small["zones"]
                and small["from"] <= here["pupils_n"] < small["below"]
            ):
                total += sum(known(here[column]) for column in small["add"])
            totals.append(total if total >= 0 else math.nan)
        pupils = [float(here["pupils_n"]) for _, here, _, _ in schools]
        levels = [total * per / p for total, p in zip(totals, pupils, strict=True)]
        for i, level in enumerate(levels):
            reaches = level >= limit * (1 - 1e-9)
            open_[i] |= math.isnan(level)
            short[i] += not math.isnan(level) and not reaches
            low[i] |= level < 0.85 * limit * (1 - 1e-9)
        seen = [(t, p) for t, p in zip(totals, pupils, strict=True) if not math.isnan(t)]
        total, of = sum(t for t, _ in seen), sum(p for _, p in seen)
        mean = total / of
        square = sum(p / of * (t / p - mean) ** 2 for t, p in seen)
        found[county, stage, indicator["id"]] = mean * per
        found[county, stage, f"{indicator['id']}.coefficient"] = math.sqrt(square) / mean
        met = sum(level >= limit * (1 - 1e-9) for level in levels)
        found[county, stage, f"{indicator['id']}.schools_met"] = met / len(seen)
    judged = [
        "not_met" if s > 1 or floor else "cannot_say" if unknown else "met"
        for s, floor, unknown in zip(short, low, open_, strict=True)
    ]
    found[county, stage, "schools_rule_met"] = judged.count("met") / len(judged)
    worst = ("not_met", "cannot_say", "met")
    found[county, stage, "verdict"] = next(verdict for verdict in worst if verdict in judged)
    return found


def compare(store: Path, sample: int) -> Iterator[tuple[str, int, float]]:
    """Give the seconds of each way on the same schools, and hold the figures equal."""
    from analysis.questions import balance
    from analysis.records.batches import open_batches
    from analysis.records.reference import load_reference

    batch = next(open_batches(store, YEAR, size=sample))
    schools, reference = len(batch.tables["schools"]), load_reference()
    rules, kinds = reference.scheme(SCHEME), reference.codes["kind"]
    seconds, finding = _best(lambda: balance.assess_many(batch, scheme=SCHEME), 5)
    yield "assess_many", schools, seconds
    told = _told(finding)
    for name, rows, times in (
        ("a loop over dictionaries", rows_as_dictionaries, 3),
        ("a loop over rows of frames", rows_of_frame, 1),
    ):
        seconds, found = _best(lambda rows=rows: loop(batch.tables, rules, kinds, rows), times)
        for key, value in found.items():
            if not _same(told[key], value):
                raise SystemExit(f"{key}: {told[key]} is not {value}")
        yield name, schools, seconds


def _told(finding: Any) -> Figures:
    rows = finding.table[finding.table["by"] == "county"]
    figures: Figures = {
        (row.subject, row.stage, row.indicator): row.value for row in rows.itertuples()
    }
    return figures | {
        (check.subject, check.stage, "verdict"): check.verdict
        for check in finding.checks
        if check.indicator == "schools_rule_met"
    }


def _same(ours: float | str, theirs: float | str) -> bool:
    if isinstance(ours, str) or isinstance(theirs, str):
        return ours == theirs
    return math.isclose(ours, theirs, rel_tol=1e-12)


def _best(do: Callable[[], Any], times: int) -> tuple[float, Any]:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = do()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def _sizes(counties: int) -> Iterator[int]:
    if counties > 300:
        yield 300
    yield counties


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--counties", type=int, default=2850)
    parser.add_argument("--schools", type=int, default=120)
    parser.add_argument("--sample", type=int, default=250)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, options.counties, options.schools)
        return
    survey = "from analysis.cli import main; main()"
    with tempfile.TemporaryDirectory() as folder:
        for counties in _sizes(options.counties):
            store = Path(folder) / f"store{counties}"
            made, *_ = measure(__file__, "--make", str(store), "--counties", str(counties),
                              "--schools", str(options.schools))  # fmt: skip
            seconds, busy, memory = measure("-c", survey, "survey", str(store), "--year", str(YEAR),
                                      "--out", f"{folder}/survey.csv")  # fmt: skip
            print(f"{counties:5} counties × {options.schools} schools: "
                  f"{seconds:6.1f} s, {busy:.1f} s of a processor, {memory:.0f} MiB (store made in {made:.0f} s)", flush=True)  # fmt: skip
        ours = 0.0
        for name, schools, seconds in compare(store, options.sample):
            ours = ours or seconds
            print(f"{schools} schools by {name}: {seconds:.2f} s, {seconds / ours:.1f} times",
                  flush=True)  # fmt: skip
    print("the same figures and verdicts each time")


if __name__ == "__main__":
    main()
