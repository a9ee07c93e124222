"""How long effects by cohort and period take, in how much memory, against csdid and diff-diff.

::

    python benchmarks/staggered.py [--rows 1600000] [--turns 3] [--others PYTHON]

Made panel: units over eight periods in four cohorts and the never treated, in 2,000 places; errors by
unit and by place, and all four averages. Every step has a process of its own, whose memory at most is
printed. ``--others`` is the interpreter of an environment that has csdid and diff-diff; they do the
same with the same rows, and the overall effects of all must agree to 1e-8. Last, everything that one
county's panel of 120 schools asks for: all estimators, and both kinds of sensitivity.

Set ``OPENBLAS_NUM_THREADS=1`` where others use the machine: threads of dot products wait on one another.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

PERIODS, PLACES = 8, 2000
NAMES = {"outcome": "outcome", "unit": "unit", "time": "period", "first_treated": "first"}


def make(rows: int, shuffled: bool = False) -> pd.DataFrame:
    """Draw a panel."""
    rng = np.random.default_rng(1)
    units = rows // PERIODS
    first = rng.choice([0, 3, 4, 5, 6], units)
    unit, period = np.repeat(np.arange(units), PERIODS), np.tile(np.arange(1, PERIODS + 1), units)
    begun = (first[unit] > 0) & (period >= first[unit])
    outcome = rng.normal(size=units)[unit] + 0.1 * period + begun + rng.normal(size=len(unit))
    made = pd.DataFrame(
        {"unit": unit, "period": period, "first": first[unit], "place": unit % PLACES,
         "outcome": outcome}
    )  # fmt: skip
    return made.iloc[rng.permutation(len(made))].reset_index(drop=True) if shuffled else made


def most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(rows: pd.DataFrame, cluster: str | None) -> float:
    from analysis.methods import staggered

    made = staggered.group_time_effects(rows, **NAMES, cluster=cluster)
    return [made.aggregate(k).estimate for k in ("group", "dynamic", "calendar", "simple")][-1]


def csdid(rows: pd.DataFrame, cluster: str | None) -> float:
    from csdid.att_gt import ATTgt

    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = ATTgt(yname="outcome", tname="period", idname="unit", gname="first", data=rows,
                     control_group="nevertreated", clustervar=cluster)  # fmt: skip
        made.fit(est_method="reg", bstrap=False)
        kinds = ("group", "dynamic", "calendar", "simple")
        return [float(made.aggte(kind).atte["overall_att"]) for kind in kinds][-1]


def diff_diff(rows: pd.DataFrame, cluster: str | None) -> float:
    from diff_diff import CallawaySantAnna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = CallawaySantAnna(control_group="never_treated", estimation_method="reg",
                               cluster=cluster)  # fmt: skip
        made = how.fit(rows, outcome="outcome", unit="unit", time="period", first_treat="first",
                       aggregate="all")  # fmt: skip
    return float(made.overall_att)


WAYS: dict[str, Callable[[pd.DataFrame, str | None], float]] = {
    "ours": ours,
    "ours, rows shuffled": ours,
    "csdid": csdid,
    "diff-diff": diff_diff,
}
STEPS = [f"{way} by {cluster}" for cluster in ("unit", "place") for way in WAYS]


def step(name: str, size: int, turns: int) -> None:
    """Estimate in turns and tell the shortest."""
    way, by = name.split(" by ")
    cluster = None if by == "unit" else by
    rows = make(size, "shuffled" in way)
    # What is loaded at first use is not counted.
    WAYS[way](make(16_000), cluster)
    before, seconds = most_memory(), []
    for _ in range(turns):
        start = time.perf_counter()
        estimate = WAYS[way](rows, cluster)
        seconds.append(time.perf_counter() - start)
    print(json.dumps([estimate, min(seconds), before, most_memory()]))


def county() -> None:
    """Do all that one county's panel of 120 schools asks for."""
    from analysis.methods import sensitivity, staggered

    rows = make(120 * PERIODS).assign(place=lambda d: d["unit"] // 8)
    start = time.perf_counter()
    made = staggered.group_time_effects(rows, **NAMES, base="universal", cluster="place")
    events = made.aggregate("dynamic")
    for kind in ("simple", "group", "calendar"):
        staggered.group_time_effects(rows, **NAMES, control="notyet", cluster="place").aggregate(
            kind
        )
    made.pretest(), events.band(weights="webb")
    for way in (staggered.two_way, staggered.imputation, staggered.sun_abraham):
        way(rows, **NAMES, cluster="place")
    staggered.bacon(rows, **NAMES)
    middle = time.perf_counter()
    table = events.table[events.table["event"].between(-4, 3) & (events.table["event"] != -1)]
    spread = events.covariance().loc[table["event"], table["event"]]
    event = table["event"].to_numpy()
    asked = {"pre": int((event < 0).sum()), "post": int((event >= 0).sum())}
    for bound in (0.0, 0.5, 1.0, 2.0):
        sensitivity.relative_magnitudes(table["estimate"], spread, **asked, bound=bound)
        sensitivity.smoothness(table["estimate"], spread, **asked, bound=bound / 10)
    lost = [sensitivity.breakdown(kind, table["estimate"], spread, **asked)
            for kind in ("relative_magnitudes", "smoothness")]  # fmt: skip
    print(f"one county: estimators {middle - start:.2f} s, sensitivity "
          f"{time.perf_counter() - middle:.2f} s; lost at {lost}")  # fmt: skip


def main() -> None:
    """Run all steps, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_600_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--others", help="interpreter that has csdid and diff-diff")
    parser.add_argument("--step", choices=[*STEPS, "county"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "county":
        county()
        return
    if given.step:
        step(given.step, given.rows, given.turns)
        return
    told: dict[str, list[float]] = {}
    for name in STEPS:
        own = name.startswith("ours")
        if not own and not given.others:
            continue
        words = [sys.executable if own else given.others, __file__, "--step", name,
                 "--rows", str(given.rows), "--turns", str(given.turns)]  # fmt: skip
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        told[name] = json.loads(done.stdout.splitlines()[-1])
        estimate, seconds, before, most = told[name]
        print(f"{name}: {seconds:.3f} s; {before:.0f} MiB at most before, {most:.0f} MiB with it; "
              f"{estimate:.10f}")  # fmt: skip
    for name in told:
        way, by = name.split(" by ")
        if not way.startswith("ours"):
            print(f"{name} takes {told[name][1] / told[f'ours by {by}'][1]:.1f} times as long")
    subprocess.run([sys.executable, __file__, "--step", "county"], check=True)
    if np.ptp([estimate for estimate, *_ in told.values()]) > 1e-8:
        raise SystemExit("the estimates differ")


if __name__ == "__main__":
    main()
