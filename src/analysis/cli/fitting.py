"""What `county fit` computes: prefectures side by side, who may leave, what exchange did, and a plan for
each county.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import tomllib
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import UsageError

if TYPE_CHECKING:
    from typing import TypeAlias

    from analysis.finding import Finding, Roster
    from analysis.questions.balance.plan import Options
    from analysis.records.county import CountyData

    Made: TypeAlias = tuple[list[Finding], list[Roster]]


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


def plan_county(fit: Fit, code: str) -> Made:
    """Make the plan of a county with its list of moves; none where the scheme allows none."""
    from analysis.questions.balance import plan
    from analysis.records import open_county

    county = open_county(fit.store, code, fit.year)
    units = plan.open_units(county, fit.scheme)
    if units is None:
        return order_schools(county, None), []
    studied = plan.study(county, units, fit.options)
    moves = plan.list_moves(studied)
    made = [plan.report(studied), *order_schools(county, moves)]
    return made, [] if moves is None else [moves]


def order_schools(county: CountyData, moves: Roster | None) -> list[Finding]:
    """Propose which schools receive next year; nothing where no exchange was ever listed."""
    from analysis.questions.exchange import panel, trial, trial_report
    from analysis.records.regions import regions

    gathered = panel.gather([county])
    if gathered.rows.empty:
        return []
    counties = len(regions().counties(county.parent.code))
    return [trial_report.report(trial.propose(county, gathered, moves=moves, counties=counties))]


def find_effects(fit: Fit, code: str) -> Made:
    """Study what exchange did in a prefecture; a finding a county, none without any exchange."""
    from analysis.questions.exchange import effect, panel
    from analysis.records import open_prefecture

    counties = open_prefecture(fit.store, code, fit.year)
    gathered = panel.gather(counties)
    if gathered.rows.empty:
        return [], []
    studied = effect.study(gathered, counties[0].reference.parameters["exchange"]["effect"])
    listed = set(gathered.rows["county"])
    return [effect.report(studied, county) for county in counties
            if county.place.code in listed], []  # fmt: skip


def find_risks(fit: Fit, code: str, room: Path | None = None) -> Made:
    """Learn from the pupils of a prefecture's counties; a finding and a list a county with any.

    What a model over all prefectures looks at is put into the room, if there is one.
    """
    from analysis.questions.dropout import country, risk
    from analysis.records import open_prefecture, workroom

    counties = open_prefecture(fit.store, code, fit.year)
    pool = risk.gather(counties)
    if pool is None:
        return [], []
    for county, rows in pool.rows.groupby("county") if room is not None else ():
        part = country.reduce(rows)
        if room is not None and len(part):
            workroom.put_part(room, code, str(county), part)
    parameters = counties[0].reference.parameters["dropout"]["risk"]
    studied = risk.study(pool, parameters)
    together = risk.judge_all(studied, parameters)
    present = set(pool.rows["county"]) | set(pool.now["county"])
    made = [risk.report(studied, county, together) for county in counties
            if county.place.code in present]  # fmt: skip
    return (
        [finding for finding, _ in made],
        [visits for _, visits in made if visits is not None],
    )


def join_risks(room: Path, findings: Sequence[Finding]) -> list[Finding]:
    """Learn from the pupils of all prefectures, and put it beside what each of them found."""
    from analysis.questions.dropout import country
    from analysis.records import workroom
    from analysis.records.reference import load_reference

    parameters = load_reference().parameters["dropout"]
    places = workroom.list_parts(room)
    learnt = country.learn(
        places,
        lambda county: workroom.take_part(room, places[county], county),
        least=parameters["risk"]["least_events"],
        few=parameters["few"]["least"],
        room=room,
    )
    if learnt is None:
        return list(findings)
    return [country.add(finding, learnt) if finding.name == "risk" else finding
            for finding in findings]  # fmt: skip


def run(
    fit: Fit, prefectures: Sequence[str], counties: Sequence[str], jobs: int,
    progress: Callable[[int, int], None],
) -> Made:  # fmt: skip
    """Compute everything, in order, in as many processes as asked.

    Returns
    -------
    tuple
        Findings and lists; the same whatever the number of processes.
    """
    from analysis.records.workroom import open_workroom

    # What takes longest begins first.
    tasks = [*(("risk", code) for code in prefectures), *(("plan", code) for code in counties),
             *(("effect", code) for code in prefectures)]  # fmt: skip
    total = len(prefectures) + len(tasks)
    findings: list[Finding] = []
    rosters: list[Roster] = []
    with open_workroom(fit.store) as room:
        for done, code in enumerate(prefectures, start=1):
            findings.append(compare(fit, code))
            progress(done, total)
        work = partial(_do, fit, room if len(prefectures) > 1 else None)
        # However this ends, whoever writes into the room ends before the room does.
        with closing(_spread(work, tasks, jobs)) as made:
            for done, (found, listed) in enumerate(made, start=len(prefectures) + 1):
                findings += found
                rosters += listed
                if done == 2 * len(prefectures) > 2:
                    findings = join_risks(room, findings)
                progress(done, total)
    return findings, rosters


def _do(fit: Fit, room: Path | None, task: tuple[str, str]) -> Made:
    kind, code = task
    if kind == "risk":
        return find_risks(fit, code, room)
    return find_effects(fit, code) if kind == "effect" else plan_county(fit, code)


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


def _spread(
    work: Callable[[tuple[str, str]], Made], tasks: Sequence[tuple[str, str]], jobs: int
) -> Generator[Made]:
    if jobs == 1 or len(tasks) < 2:
        yield from map(work, tasks)
        return
    # Never fork: the solver and the numeric libraries have threads of their own.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), spawn, initializer=_end_with_parent) as pool:
        # Ctrl-C is for this process alone: others inherit that it is held back.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            futures = [pool.submit(work, task) for task in tasks]
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
