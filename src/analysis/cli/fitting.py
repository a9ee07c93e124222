"""What `county fit` computes: prefectures side by side, and a plan for each county."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import UsageError

if TYPE_CHECKING:
    from typing import TypeAlias

    from analysis.finding import Finding, Roster
    from analysis.questions.balance.plan import Options

    _Planned: TypeAlias = tuple[Finding, Roster | None] | None


@dataclass(frozen=True, slots=True)
class Fit:
    """What is to be fitted.

    Attributes
    ----------
    store, year, scheme
        Of what.
    options
        What plans may use.
    """

    store: Path
    year: int
    scheme: str
    options: Options


def compare(fit: Fit, code: str) -> Finding:
    """Put the counties of a prefecture side by side."""
    from analysis.questions import balance, prefecture
    from analysis.records import open_prefecture
    from analysis.records.regions import regions

    counties = open_prefecture(fit.store, code, fit.year)
    findings = [balance.assess(county, scheme=fit.scheme) for county in counties]
    return prefecture.compare(
        counties[0].parent, findings, reference=counties[0].reference, places=regions().places
    )


def plan_county(fit: Fit, code: str) -> _Planned:
    """Make the plan of a county with its list of moves; none where the scheme allows none."""
    from analysis.questions.balance import plan
    from analysis.records import open_county

    county = open_county(fit.store, code, fit.year)
    units = plan.open_units(county, fit.scheme)
    if units is None:
        return None
    studied = plan.study(county, units, fit.options)
    return plan.report(studied), plan.list_moves(studied)


def run(
    fit: Fit, prefectures: Sequence[str], counties: Sequence[str], jobs: int,
    progress: Callable[[int, int], None],
) -> tuple[list[Finding], list[Roster]]:  # fmt: skip
    """Compute everything, in order, in as many processes as asked.

    Returns
    -------
    tuple
        Findings and lists; the same whatever the number of processes.
    """
    total = len(prefectures) + len(counties)
    findings: list[Finding] = []
    rosters: list[Roster] = []
    for done, code in enumerate(prefectures, start=1):
        findings.append(compare(fit, code))
        progress(done, total)
    made = _spread(partial(plan_county, fit), counties, jobs)
    for done, result in enumerate(made, start=len(prefectures) + 1):
        if result is not None:
            findings.append(result[0])
            rosters.extend([result[1]] if result[1] is not None else [])
        progress(done, total)
    return findings, rosters


def read_costs(path: Path | None, known: Sequence[str]) -> dict[str, float]:
    """Read the county's own prices: a TOML file with yuan by action.

    Raises
    ------
    UsageError
        If it is no such file, names an action that there is not, or a price is none.
    """
    if path is None:
        return {}
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"无法读取单价文件 {path.name}：应为 TOML，每行如 build_rooms = 3500",
            f"cannot read the prices in {path.name}: TOML with lines such as build_rooms = 3500",
        ) from error
    unknown = sorted(set(tree) - set(known))
    wrong = sorted(
        name for name, yuan in tree.items()
        if isinstance(yuan, bool) or not isinstance(yuan, int | float) or not 0 <= yuan < 1e12
    )  # fmt: skip
    if unknown or wrong:
        raise UsageError(
            f"单价文件 {path.name} 有误："
            + "；".join(
                [f"没有这些项目 {'、'.join(unknown)}（可用的有 {'、'.join(known)}）"] * bool(unknown)
                + [f"应为不小于0的元数：{'、'.join(wrong)}"] * bool(wrong)
            ),
            f"wrong prices in {path.name}: "
            + "; ".join(
                [f"no such items {', '.join(unknown)} (there are {', '.join(known)})"] * bool(unknown)
                + [f"not yuan of 0 or more: {', '.join(wrong)}"] * bool(wrong)
            ),
        )  # fmt: skip
    return {name: float(yuan) for name, yuan in tree.items()}


def _spread(work: Callable[[str], _Planned], codes: Sequence[str], jobs: int) -> Iterator[_Planned]:
    if jobs == 1 or len(codes) < 2:
        yield from map(work, codes)
        return
    # Never fork: the solver and the numeric libraries have threads of their own.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(codes)), spawn, initializer=_end_with_parent) as pool:
        # Ctrl-C is for this process alone: others inherit that it is held back.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            futures = [pool.submit(work, code) for code in codes]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        try:
            yield from (future.result() for future in futures)
        except BaseException:
            # What is under way may take minutes, and nobody will read it.
            for child in multiprocessing.active_children():
                child.terminate()
            raise


def _end_with_parent() -> None:
    """Let no process go on by itself when the one that started it is gone."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
