"""A plan as a mixed-integer conic program (`analysis.methods.conic`).

With totals x of school i, its pupils P_i, shares w_i and the county's level Xbar, the rule
S <= c Xbar reads: sum of w_i X_i^2 is at most (1 + c^2) Xbar^2. Both sides are linear in what is
moved and added, the left one squared: a second-order cone. A school is short of at most as many
indicators as its rule allows, and then holds the floor: one 0/1 unknown for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from analysis.finding import reaches
from analysis.methods.conic import Cone, Program
from analysis.methods.dispersion import difference_coefficient
from analysis.questions.balance.plan.draft import Draft, Name
from analysis.questions.balance.plan.options import Options
from analysis.questions.balance.plan.places import reachable
from analysis.questions.balance.plan.units import Units

Actions = Mapping[str, Any]
WAN = 10_000
"""Costs are in ten thousand yuan (万元)."""
TIE = 1e-7
"""Ties in cost go to the schools that come first by code: so little is put on each rank, and on the
first as well, since what costs nothing is not to be done for nothing."""
FAILING = 1e5
"""What a school that fails counts, where the fewest are to fail: more than any plan costs."""


def write(
    units: Units, options: Options, actions: Actions, margin: float, *, tie: float = TIE
) -> tuple[Draft, Program]:
    """Write the program of a plan.

    Parameters
    ----------
    units
        What there is.
    options
        What may be used and has to be met.
    actions
        ``actions.toml``.
    margin
        The coefficients are held this share of their limit below it.
    tie
        What is put on each rank.
    """
    draft = Draft(units)
    if options.move and units.stock.any():
        _write_moves(draft, options, actions, tie)
    if options.add:
        _write_additions(draft, options, actions, tie)
    if options.schools:
        _write_shortfalls(draft, options)
    _write_counts(draft, options, actions)
    change, start = draft.change(), draft.start()
    blocks, low, high = _totals(draft, options, actions, change, start)
    count = len(draft.names)
    own = [(r, c, v) for r, (known, *_) in enumerate(draft.rows) for c, v in known.items()]
    r, c, v = zip(*own, strict=True) if own else ((), (), ())
    rows = sp.coo_array((v, (r, c)), shape=(len(draft.rows), count))
    return draft, Program(
        cost=np.array(draft.cost), lower=np.zeros(count), upper=np.array(draft.upper),
        whole=np.array(draft.whole, dtype=bool),
        rows=sp.csr_array(sp.vstack([rows, *blocks])),
        row_lower=np.concatenate([[low for _, low, _ in draft.rows], *low]),
        row_upper=np.concatenate([[high for *_, high in draft.rows], *high]),
        cones=tuple(_cones(draft, options, change, start, margin)),
    )  # fmt: skip


def price(action: Mapping[str, Any], id: str, options: Options, actions: Actions) -> float:
    """Give what one unit of an action costs over the horizon, in ten thousand yuan."""
    years = actions["horizon"]["years"] if action["recurs"] else 1
    return float(options.costs.get(id, action["yuan"])) * years / WAN


def _write_moves(draft: Draft, options: Options, actions: Actions, tie: float) -> None:
    """Teachers leave and come; of each kind as many come within a stage as leave."""
    units = draft.units
    half = price(actions["move"], "move", options, actions) / 2
    # Of a school that did not say what it has nobody can say what it can spare.
    staffed = units.frame["teachers"].notna().to_numpy()
    spares = units.told[:, units.of_teachers].all(axis=1) & staffed
    for kind, counted in enumerate(units.carried):
        told = np.flatnonzero(counted).tolist()
        for unit, there in enumerate(units.stock[:, kind]):
            touched = [*(draft.total(unit, k) for k in told), draft.staff(unit)]
            if there and spares[unit]:
                draft.unknown(("out", kind, unit), half + tie * (1 + unit), upper=float(there),
                              effects=[(total, -1.0) for total in touched])  # fmt: skip
            draft.unknown(("in", kind, unit), half + tie * (1 + unit),
                          effects=[(total, 1.0) for total in touched])  # fmt: skip
    for stage in units.stages:
        for kind in range(len(units.carried)):
            within = units.of_stage(stage)
            if options.distance_km is None:
                balance = {("out", kind, u): 1.0 for u in within}
                draft.row(balance | {("in", kind, u): -1.0 for u in within}, 0.0, 0.0)
                _keep_apart(draft, within, kind, options)
            else:
                _write_ways(draft, within, kind, options.distance_km)


def _keep_apart(draft: Draft, within: np.ndarray, kind: int, options: Options) -> None:
    """Where moves are to be many, let nobody come back to where he or she left.

    All who leave can go elsewhere if no unit has more leaving and coming than come in all.
    """
    if options.exchange_floor:
        coming = {("in", kind, u): -1.0 for u in within}
        for unit in within:
            draft.row(coming | {("out", kind, unit): 1.0, ("in", kind, unit): 0.0}, -np.inf, 0.0)


def _write_ways(draft: Draft, within: np.ndarray, kind: int, distance_km: float) -> None:
    """Let teachers go only where it is near: an unknown for each way that somebody could take."""
    near = reachable(draft.units.frame.iloc[within], distance_km)
    leaving: dict[int, dict[Name, float]] = {int(u): {} for u in within}
    coming: dict[int, dict[Name, float]] = {int(u): {} for u in within}
    for i, j in zip(*np.nonzero(near), strict=True):
        sender, receiver = int(within[i]), int(within[j])
        if draft.units.stock[sender, kind]:
            name = ("way", kind, sender, receiver)
            draft.unknown(name, 0.0, whole=False)
            leaving[sender][name] = coming[receiver][name] = -1.0
    for unit in leaving:
        draft.row({("out", kind, unit): 1.0} | leaving[unit], 0.0, 0.0)
        draft.row({("in", kind, unit): 1.0} | coming[unit], 0.0, 0.0)


def _write_additions(draft: Draft, options: Options, actions: Actions, tie: float) -> None:
    """Additions, to a unit where the stage has it for itself, to a school where stages share it."""
    units, ids = draft.units, [i["id"] for i in draft.units.indicators]
    shared = {i["id"] for i in units.indicators if i.get("shared")}
    schools = units.frame["school"].to_numpy(object)
    for action in actions["add"]:
        if not set(action["counts"]) <= set(ids):
            continue
        at_school = set(action["counts"]) <= shared
        cost = price(action, action["id"], options, actions)
        for rank, place in enumerate(dict.fromkeys(schools) if at_school else units.frame.index):
            within = np.flatnonzero(schools == place).tolist() if at_school else [place]
            effects = [
                (draft.total(u, ids.index(id)), n * (units.frame["part"][u] if at_school else 1.0))
                for u in within for id, n in action["counts"].items()
            ]  # fmt: skip
            effects += [
                (draft.staff(u), float(action["staff"])) for u in within if "staff" in action
            ]
            draft.unknown(
                ("add", action["id"], place), cost + tie * (1 + rank), whole=bool(action.get("whole")),
                upper=float(action.get("most", np.inf)), effects=effects,
            )  # fmt: skip


def _write_shortfalls(draft: Draft, options: Options) -> None:
    """A school may be short of so many indicators, and has to hold the floor there."""
    units = draft.units
    rule = next(iter(units.stages.values())).scheme["school_rule"]
    allowed = len(units.indicators) - rule["at_least"]
    for unit, stage in enumerate(units.frame["stage"]):
        if (stage, "schools") in options.dropped:
            continue
        names = [("short", unit, k) for k in np.flatnonzero(units.told[unit]).tolist()]
        for name in names:
            draft.unknown(name, 0.0, upper=1.0)
        if options.fewest:
            # Who did not report everything is not counted among those that meet the rule.
            weight = FAILING if units.told[unit].all() else 0.0
            draft.unknown(("fails", unit), weight, upper=1.0)
        # What was not reported may be short as well.
        spare = max(0, allowed - int((~units.told[unit]).sum()))
        draft.row(dict.fromkeys(names, 1.0), 0.0, float(spare))


def _write_counts(draft: Draft, options: Options, actions: Actions) -> None:
    """Hold the number of moves between the floor on exchange and the yearly cap."""
    units, exchange = draft.units, actions["exchange"]
    out = {name: 1.0 for name in draft.names if name[0] == "out"}
    if options.yearly_cap is not None:
        staff = units.frame["teachers"].sum()
        draft.row(out, 0.0, float(np.floor(options.yearly_cap * options.years * staff + 1e-9)))
    if options.exchange_floor:
        least = np.nan_to_num(units.eligible) * exchange["of_eligible"]
        draft.row(out, float(np.ceil(least - 1e-9)), np.inf)
        backbone = [k for k, i in enumerate(units.indicators) if i["id"] == "backbone_teachers"]
        share = {
            name: float(units.carried[name[1], backbone].any()) - exchange["of_moved_backbone"]
            for name in out
        }
        draft.row(share, 0.0, np.inf)


def _totals(
    draft: Draft, options: Options, actions: Actions, change: sp.csr_array, start: np.ndarray
) -> tuple[list[sp.sparray], list[np.ndarray], list[np.ndarray]]:
    """Hold totals to the school rule, senders to their standard, staff to its own."""
    units = draft.units
    kept = np.full(start.shape, -np.inf)
    kept[: units.totals.size] = np.fmin(units.totals, units.need).ravel()
    kept[units.totals.size :] = _least_staff(units, actions)
    lowered = np.flatnonzero(np.isfinite(kept) & (change.minimum(0).sum(axis=1) < 0))
    blocks = [_scaled(change[lowered], kept[lowered])]
    low = [(kept - start)[lowered] / _size(kept[lowered])]
    least, eased = _school_rule(draft, change.shape)
    ruled = np.flatnonzero(np.isfinite(least))
    blocks.append(_scaled((change + eased)[ruled], least[ruled]))
    low.append((least - start)[ruled] / _size(least[ruled]))
    high = [np.full(len(part), np.inf) for part in low]
    if options.add:
        titled, without = _titled(draft, actions, change)
        blocks.append(titled)
        low.append(np.full(len(without), -np.inf))
        high.append(without)
    return blocks, low, high


def _size(amounts: np.ndarray) -> np.ndarray:
    """Rows are divided by what is needed: then all are of one size."""
    return np.maximum(np.abs(amounts), 1.0)


def _scaled(rows: sp.csr_array, amounts: np.ndarray) -> sp.sparray:
    return sp.csr_array(sp.diags_array(1 / _size(amounts)) @ rows)


def _school_rule(draft: Draft, shape: tuple[int, int]) -> tuple[np.ndarray, sp.csr_array]:
    """Give the least of each total by the school rule, and what eases it.

    It falls to the floor where the unit is short of the indicator, and to what is there where the
    unit may fail.
    """
    units = draft.units
    least, eased = np.full(shape[0], -np.inf), []
    for name, column in draft.index.items():
        if name[0] == "short":
            _, unit, k = name
            total, need = draft.total(unit, k), units.need[unit, k]
            least[total] = need
            eased.append((total, column, need - units.floor[unit, k]))
            if ("fails", unit) in draft.index:
                missing = max(need - units.totals[unit, k], 0.0)
                eased.append((total, draft.index["fails", unit], missing))
    rows, columns, values = zip(*eased, strict=True) if eased else ((), (), ())
    return least, sp.csr_array(sp.coo_array((values, (rows, columns)), shape=shape))


def _least_staff(units: Units, actions: Actions) -> np.ndarray:
    """Give the staff that a unit keeps: what it has, but no more than the standard."""
    staff = units.frame["teachers"].to_numpy(float)
    ratio = units.frame["stage"].map(actions["staffing"]["pupils_per_teacher"]).to_numpy(float)
    standard = np.ceil(units.frame["pupils"].to_numpy(float) / ratio)
    return np.where(np.isnan(staff), -np.inf, np.fmin(staff, standard))


def _titled(draft: Draft, actions: Actions, change: sp.csr_array) -> tuple[sp.sparray, np.ndarray]:
    """Hold titles to who is there: no unit ends with more of them than teachers.

    None are given where the staff or its titles are not reported.
    """
    units = draft.units
    ids = [indicator["id"] for indicator in units.indicators]
    given = [id for action in actions["add"] if action.get("to_staff") for id in action["counts"]]
    titles = [ids.index(id) for id in given if id in ids]
    every = range(len(units.frame))
    held = np.array([draft.total(u, k) for k in titles for u in every], dtype=int)
    staff = np.array([draft.staff(u) for _ in titles for u in every], dtype=int)
    without = units.frame["teachers"].to_numpy(float)[:, None] - units.totals[:, titles]
    return change[held] - change[staff], np.nan_to_num(without).clip(min=0.0).T.ravel()


def _cones(
    draft: Draft, options: Options, change: sp.csr_array, start: np.ndarray, margin: float
) -> Iterator[Cone]:
    """Hold each coefficient below its limit."""
    units = draft.units
    if not options.coefficients:
        return
    for id in units.stages:
        limit = limit_of(units, id, options) * (1 - margin)
        for k, indicator in enumerate(units.indicators):
            within, weights = units.compared(id, k)
            if (id, indicator["id"]) in options.dropped or len(within) < 2 or np.isnan(limit):
                continue
            pupils = units.frame["pupils"].to_numpy(float)[within]
            totals = np.array([draft.total(u, k) for u in within])
            level = max(
                (weights * start[totals] / pupils).sum(), 1e-9 * units.need[within, k].max()
            )
            root, mean = np.sqrt(weights) / pupils / level, weights / pupils / level
            side = np.sqrt(1 + limit**2) * mean
            yield Cone(
                sp.csr_array(sp.diags_array(root) @ change[totals]), root * start[totals],
                np.asarray(side @ change[totals]).ravel(), float(side @ start[totals]),
            )  # fmt: skip


def coefficients(units: Units, totals: np.ndarray) -> dict[tuple[str, str], float]:
    """Give the coefficients of totals by stage and indicator, nan under two schools."""
    pupils = units.frame["pupils"].to_numpy(float)
    found = {}
    for stage in units.stages:
        for k, indicator in enumerate(units.indicators):
            within, _ = units.compared(stage, k)
            found[stage, str(indicator["id"])] = difference_coefficient(
                totals[within, k], pupils[within], weights=units.stages[stage].weights
            )
    return found


def limit_of(units: Units, stage: str, options: Options) -> float:
    """Give the limit of a stage's coefficients."""
    return float(options.limits.get(stage, units.stages[stage].limit))


def above(
    found: Mapping[tuple[str, str], float], units: Units, options: Options
) -> list[tuple[str, str]]:
    """List the coefficients, by stage and indicator, that are above their limit."""
    return [
        rule for rule, value in found.items()
        if not np.isnan(value) and not reaches(value, limit_of(units, rule[0], options), "lower")
    ]  # fmt: skip
