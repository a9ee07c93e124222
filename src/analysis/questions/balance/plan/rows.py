"""The numbers of a study of plans, one row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.questions.balance.plan import program
from analysis.questions.balance.plan.made import Plan, meeting, sum_up
from analysis.questions.balance.plan.studies import Study

Row = dict[str, Any]
OTHER = "other"
SCENARIOS = ("both", "add", "move", "schools", "coefficients", "year1", "year2", "year3")


def table(study: Study) -> Iterator[Row]:
    """Give all rows of a study."""
    base = {"at": str(study.county.year), "n": len(study.units.frame), "n_unit": "schools"}
    yield from _scope(study, base)
    # Where one stage needs nothing, what the county needs is the other's: few schools there are few.
    smallest = int(study.units.frame["stage"].value_counts().min())
    base["n"] = smallest if smallest < _least_schools(study) else base["n"]
    yield from _scenarios(study, base)
    yield from _reach(study)
    yield from _exchange(study, base)
    if study.plan.reached:
        yield from _main(study, base)
        yield from _by_kind(study, base)
        yield from _prices(study, base)


def _scope(study: Study, base: Row) -> Iterator[Row]:
    units = study.units
    told = np.asarray(units.told.all(axis=1))
    yield {**base, "indicator": "plan_schools", "value": len(told), "unit": "schools"}
    if not told.all():
        yield {
            **base, "indicator": "plan_unreported", "value": int((~told).sum()),
            "unit": "schools",
        }  # fmt: skip
    years = study.county.reference.actions["horizon"]["years"]
    yield {**base, "indicator": "years_counted", "value": years}


def _cost(base: Row, plan: Plan) -> Iterator[Row]:
    """Give a plan's cost with what it may be above the least possible, and its moves."""
    yield {**base, "indicator": "plan_cost", "value": plan.cost, "unit": "wan_yuan"}
    yield {
        **base,
        "indicator": "plan_moves",
        "value": int(plan.moves["n"].sum()),
        "unit": "teachers",
    }
    # "At most" is rounded up.
    yield {**base, "indicator": "plan_gap", "value": np.ceil(plan.gap * 1e3) / 1e3, "unit": "share"}


def _scenarios(study: Study, base: Row) -> Iterator[Row]:
    for scenario in SCENARIOS:
        plan = study.plans.get(scenario)
        if plan is not None and plan.reached:
            yield from _cost({**base, "by": "scenario", "subject": scenario}, plan)


def _main(study: Study, base: Row) -> Iterator[Row]:
    plan = study.plan
    yield from _cost(base, plan)
    yield {**base, "indicator": "plan_bound", "value": plan.bound, "unit": "wan_yuan"}
    moved = {**base, "by": "teacher_kind", "indicator": "plan_moves", "unit": "teachers"}
    for kind, n in plan.moves.groupby("kind")["n"].sum().items():
        yield {**moved, "subject": str(kind), "value": n}
    for id, (quantity, cost) in sum_up(plan, study.county.reference.actions).items():
        row = {**base, "by": "action", "subject": id}
        yield {**row, "indicator": "plan_quantity", "value": quantity}
        yield {**row, "indicator": "plan_cost", "value": cost, "unit": "wan_yuan"}


def _least_schools(study: Study) -> int:
    return int(study.county.reference.parameters["balance"]["plan"]["least_schools"])


def groups_of_kinds(kinds: Mapping[str, int], least: int) -> dict[str, str]:
    """Put types of schools with few schools together, so that none is told by its type.

    Parameters
    ----------
    kinds
        Number of schools by type.
    least
        So many schools a type, or types together, have to have.

    Returns
    -------
    dict
        Group by type, ``"other"`` for those put together; empty where that leaves less than two
        groups.

    Examples
    --------
    >>> groups_of_kinds({"211": 30, "218": 9, "312": 2, "311": 6}, 5)
    {'211': '211', '218': '218', '312': 'other', '311': 'other'}
    >>> groups_of_kinds({"211": 4, "312": 2}, 5)
    {}
    """
    order = sorted(kinds, key=lambda kind: (kinds[kind], kind))
    together: list[str] = []
    for kind in order:
        small = kinds[kind] < least
        if small or (together and sum(kinds[k] for k in together) < least):
            together.append(kind)
    groups = {kind: OTHER if kind in together else kind for kind in kinds}
    few = 0 < sum(kinds[k] for k in together) < least
    return {} if few or len(set(groups.values())) < 2 else groups


def _by_kind(study: Study, base: Row) -> Iterator[Row]:
    """Give what is done at each type of school, and who goes from type to type."""
    plan, schools = study.plan, study.units.frame.drop_duplicates("school").set_index("school")
    numbers = {str(kind): int(n) for kind, n in schools["kind"].value_counts().items()}
    groups = groups_of_kinds(numbers, _least_schools(study))
    if not groups:
        return
    of = schools["kind"].map(groups)
    sizes = of.value_counts()
    order = sorted(sizes.index, key=lambda group: (group == OTHER, group))
    for group in order:
        row = {**base, "by": "kind", "subject": group, "n": int(sizes[group])}
        for name, side in (("plan_moves_out", "sender"), ("plan_moves_in", "receiver")):
            n = plan.moves.loc[plan.moves[side].map(of) == group, "n"].sum()
            yield {**row, "indicator": name, "value": n, "unit": "teachers"}
        here = plan.additions[plan.additions["school"].map(of) == group]
        for id in plan.additions["action"].unique():
            quantity = here.loc[here["action"] == id, "quantity"].sum()
            yield {**row, "indicator": f"at_{id}", "value": quantity}
    ways = plan.moves.assign(
        way=plan.moves["sender"].map(of) + "→" + plan.moves["receiver"].map(of)
    )
    for way, n in ways.groupby("way")["n"].sum().items():
        fewest = min(int(sizes[group]) for group in str(way).split("→"))
        yield {
            **base, "indicator": "plan_moves", "by": "kind→kind", "subject": way, "value": n,
            "n": fewest, "unit": "teachers",
        }  # fmt: skip


def _prices(study: Study, base: Row) -> Iterator[Row]:
    """Give the coefficients before and after, and what each binding rule costs."""
    units, options = study.units, study.options
    now = program.coefficients(units, units.totals)
    after = program.coefficients(units, study.plan.totals)
    for (stage, id), value in now.items():
        k = [indicator["id"] for indicator in units.indicators].index(id)
        row = {
            **base, "stage": stage, "by": "indicator", "subject": id, "unit": "coefficient",
            "n": len(units.compared(stage, k)[0]),
        }  # fmt: skip
        if np.isnan(value):
            continue
        yield {**row, "indicator": "coefficient_now", "value": value}
        yield {**row, "indicator": "coefficient_after", "value": after[stage, id]}
        limit = program.limit_of(units, stage, options)
        yield {**row, "indicator": "coefficient_limit", "value": limit}
    if study.alone is None:
        return
    # A coefficient that the plan leaves well within its limit costs nothing.
    free = {rule: 0.0 for rule, value in now.items() if not np.isnan(value)}
    for (stage, rule), price in (free | dict(study.prices)).items():
        n = min(int((units.frame["stage"] == stage).sum()), base["n"])
        yield {
            **base, "stage": stage, "by": "indicator", "subject": rule, "n": n,
            "indicator": "rule_price", "value": price, "unit": "wan_yuan",
            "flag": "x" if np.isnan(price) else "",
        }  # fmt: skip


def _reach(study: Study) -> Iterator[Row]:
    """Give how many schools meet the rule now, and how many could with moves alone."""
    units = study.units
    # As in the assessment: who did not report everything does not count as meeting the rule.
    told = units.told.all(axis=1)
    now = told & meeting(units, units.totals)
    # "At most" is said of what is proven alone.
    proven = study.alone is not None and study.alone.status == "found"
    alone = study.alone if proven and units.stock.any() else None
    moved = now if alone is None else told & meeting(units, alone.totals)
    for stage in units.stages:
        here = (units.frame["stage"] == stage).to_numpy()
        row = {
            "stage": stage, "at": str(study.county.year), "n": int(here.sum()), "unit": "schools",
            "n_unit": "schools", "denominator": int(here.sum()),
        }  # fmt: skip
        yield {**row, "indicator": "schools_now", "value": int(now[here].sum())}
        if alone is not None:
            yield {**row, "indicator": "schools_moved", "value": int(moved[here].sum())}


def _exchange(study: Study, base: Row) -> Iterator[Row]:
    """Give the scheme's floor on exchange beside what the plan moves."""
    eligible = study.units.eligible
    if np.isnan(eligible):
        return
    rule = study.county.reference.actions["exchange"]
    least = float(np.ceil(rule["of_eligible"] * eligible - 1e-9))
    yield {**base, "indicator": "plan_exchange_eligible", "value": eligible, "unit": "teachers"}
    yield {**base, "indicator": "plan_exchange_least", "value": least, "unit": "teachers"}
    moves = study.plan.moves
    if study.plan.reached and moves["n"].sum():
        total = int(moves["n"].sum())
        backbone = int(moves["n"][_is_backbone(study, moves)].sum())
        yield {
            **base, "indicator": "plan_exchange_backbone", "value": backbone / total, "unit": "share",
            "numerator": backbone, "denominator": total,
        }  # fmt: skip


def _is_backbone(study: Study, moves: pd.DataFrame) -> np.ndarray:
    counted = [study.units.counted(kind) for kind in moves["kind"]]
    return np.array(["backbone_teachers" in ids for ids in counted], dtype=bool)
