"""Plans: made, held against the rules once more, and carried out on paper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import reaches
from analysis.methods.conic import Program, Solution, Status, minimise
from analysis.questions.balance.plan import program
from analysis.questions.balance.plan.options import Options
from analysis.questions.balance.plan.places import pair
from analysis.questions.balance.plan.program import Actions, Draft
from analysis.questions.balance.plan.units import SLACK, Units

_TRIES = 4
"""Rounding up to whole square metres may lift a coefficient over its limit: then again, lower."""
NOISE = 0.02
"""So small a part of a step is the solver's, not something to build."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The cheapest actions found that meet what was asked.

    Attributes
    ----------
    status
        ``found``, ``limit``, ``unreachable`` or ``none`` (`analysis.methods.conic.Status`).
    options
        What was asked.
    cost, bound
        Ten thousand yuan over the horizon, and what no plan can cost less than.
    moves
        One row a way: ``stage, kind`` (of teacher, position in `Units.carried`), ``sender,
        receiver`` (school codes), ``n``.
    additions
        One row an addition: ``action, school, stage`` (empty where a school's stages share it),
        ``quantity``, ``cost``.
    totals
        Shape (n, k): what the units have after it.
    """

    status: Status
    options: Options
    cost: float
    bound: float
    moves: pd.DataFrame
    additions: pd.DataFrame
    totals: np.ndarray

    @property
    def reached(self) -> bool:
        """Whether there is a plan."""
        return self.status in ("found", "limit")

    @property
    def idle(self) -> bool:
        """Whether it is a plan in which nothing is to be done."""
        return self.reached and self.moves.empty and self.additions.empty

    @property
    def gap(self) -> float:
        """How much dearer it may be than the cheapest, as a share of its cost."""
        if not self.reached:
            return float("nan")
        return max(0.0, (self.cost - self.bound) / self.cost) if self.cost else 0.0


def make(units: Units, options: Options, actions: Actions, *, bounded: bool = True) -> Plan:
    """Find the cheapest plan.

    Parameters
    ----------
    units
        What there is (`open_units`).
    options
        What may be used and has to be met.
    actions
        ``actions.toml`` (`Reference.actions`).
    bounded
        Whether its bound is wanted: without, it takes half the time and says zero.

    Returns
    -------
    Plan
        The same for the same data, options and actions, unless ``options.seconds`` ends it. Ties
        in cost go to the schools that come first by code.
    """
    margin = actions["precision"]["margin"]
    least = None
    if bounded:
        draft, least = _prove(units, options, actions)
        plan = _read(draft, least, options, actions)
        idle = plan.idle and meets(units, units.totals, options)
        if plan.status == "unreachable" or idle:
            return plan
    for _ in range(_TRIES):
        draft, written = program.write(units, options, actions, margin)
        plan = _read(draft, _search(written, options, actions), options, actions)
        if not plan.reached or options.fewest or meets(units, plan.totals, options):
            break
        margin *= 10
    else:
        plan = replace(plan, status="none")
    if plan.status == "unreachable":
        least = least or _prove(units, options, actions)[1]
        # Nothing below a stricter limit proves nothing of the limit itself.
        plan = replace(plan, status="unreachable" if least.status == "unreachable" else "none")
    return replace(plan, bound=max(0.0, min(least.bound, plan.cost)) if least else 0.0)


def _prove(units: Units, options: Options, actions: Actions) -> tuple[Draft, Solution]:
    """Solve the program without what a plan keeps to besides: margin, slack and order of ties.

    A plan has to hold after rounding and is planned with a little to spare. No plan costs less
    than the bound of this one, and where this one has no solution there is none.
    """
    exact = replace(units, need=units.need / (1 + SLACK), floor=units.floor / (1 + SLACK))
    draft, written = program.write(exact, options, actions, 0.0, tie=0.0)
    return draft, _search(written, options, actions)


def _search(written: Program, options: Options, actions: Actions) -> Solution:
    precision = actions["precision"]
    return minimise(
        written,
        gap=precision["gap"] if options.gap is None else options.gap,
        nodes=precision["nodes"] if options.nodes is None else options.nodes,
        seconds=1e20 if options.seconds is None else options.seconds,
    )


def sum_up(plan: Plan, actions: Actions) -> dict[str, tuple[float, float]]:
    """Give quantity and cost of what a plan does, by action in the order of ``actions.toml``."""
    moves = int(plan.moves["n"].sum())
    price = program.price(actions["move"], "move", plan.options, actions)
    sums = plan.additions.groupby("action")[["quantity", "cost"]].sum()
    of = {str(id): (float(quantity), float(cost)) for id, quantity, cost in sums.itertuples()}
    added = {action["id"]: of[action["id"]] for action in actions["add"] if action["id"] in of}
    return ({"move": (float(moves), price * moves)} if moves else {}) | added


def meets(units: Units, totals: np.ndarray, options: Options) -> bool:
    """Tell whether totals meet what was asked, by the rules of the assessment."""
    return not (
        (options.schools and not _schools_meet(units, totals, options).all())
        or (options.coefficients and _over(units, totals, options))
    )


def _schools_meet(units: Units, totals: np.ndarray, options: Options) -> np.ndarray:
    met = meeting(units, totals)
    dropped = [(stage, "schools") in options.dropped for stage in units.frame["stage"]]
    return met | np.array(dropped)


def meeting(units: Units, totals: np.ndarray) -> np.ndarray:
    """Tell which units meet the school rule, as far as they reported."""
    rule = next(iter(units.stages.values())).scheme["school_rule"]
    pupils = units.frame["pupils"].to_numpy(float)
    limits = np.array(
        [[units.stages[s].threshold(i) for i in units.indicators] for s in units.frame["stage"]]
    )
    levels = totals * np.array([i["per"] for i in units.indicators]) / pupils[:, None]
    short = units.told & ~_at(levels, limits)
    below = units.told & ~_at(levels, rule["floor"] * limits)
    allowed = len(units.indicators) - rule["at_least"]
    return np.asarray((short.sum(axis=1) <= allowed) & ~below.any(axis=1))


def _at(levels: np.ndarray, limits: np.ndarray) -> np.ndarray:
    return np.asarray(reaches(levels, limits))  # type: ignore[arg-type]


def _over(units: Units, totals: np.ndarray, options: Options) -> list[tuple[str, str]]:
    """List the coefficients above their limit."""
    above = program.above(program.coefficients(units, totals), units, options)
    return [rule for rule in above if rule not in options.dropped]


def _read(draft: Draft, solution: Solution, options: Options, actions: Actions) -> Plan:
    """Read what is to be done; what is built or bought is rounded up to whole steps."""
    units = draft.units
    amounts = dict(zip(draft.names, solution.values.tolist(), strict=False))
    steps = {action["id"]: action.get("step", 1) for action in actions["add"]}
    for name, amount in amounts.items():
        if name[0] == "add":
            step = steps[name[1]]
            amounts[name] = max(0.0, float(np.ceil(amount / step - NOISE) * step))
    moves = _moves(units, amounts, options)
    additions = _additions(units, amounts, options, actions)
    values = np.array([amounts[name] for name in draft.names]) if amounts else None
    after = draft.start() if values is None else draft.start() + draft.change() @ values
    moving = program.price(actions["move"], "move", options, actions) * moves["n"].sum()
    return Plan(
        status=solution.status, options=options,
        cost=float(moving + additions["cost"].sum()) if amounts else float("inf"),
        bound=solution.bound, moves=moves, additions=additions,
        totals=np.where(units.told, after[: units.totals.size].reshape(units.totals.shape), np.nan),
    )  # fmt: skip


def _moves(units: Units, amounts: dict[Any, float], options: Options) -> pd.DataFrame:
    """Give the ways of those who leave; who could as well stay does, where any way is open."""
    ways = []
    for stage in units.stages:
        within = units.of_stage(stage)
        schools = units.frame.iloc[within]
        codes = schools["school"].tolist()
        for kind in range(len(units.carried)):
            out, come = (
                np.array([round(amounts.get((way, kind, u), 0.0)) for u in within])
                for way in ("out", "in")
            )
            # Within a distance somebody may come so that another can go on: both ways stay.
            stays = not options.exchange_floor and options.distance_km is None
            both = np.minimum(out, come) if stays else 0 * out
            for sender, receiver in pair(schools, out - both, come - both, options.distance_km):
                ways.append((stage, kind, codes[sender], codes[receiver]))
    frame = pd.DataFrame(ways, columns=["stage", "kind", "sender", "receiver"])
    return frame.groupby([*frame.columns]).size().rename("n").reset_index()


def _additions(
    units: Units, amounts: dict[Any, float], options: Options, actions: Actions
) -> pd.DataFrame:
    known = {action["id"]: action for action in actions["add"]}
    rows = []
    for (what, *where), amount in amounts.items():
        if what == "add" and amount > 0:
            id, place = where
            at_unit = not isinstance(place, str)
            school = units.frame["school"][place] if at_unit else place
            stage = units.frame["stage"][place] if at_unit else ""
            cost = amount * program.price(known[id], id, options, actions)
            rows.append((id, school, stage, amount, cost))
    return pd.DataFrame(rows, columns=["action", "school", "stage", "quantity", "cost"])
