"""The numbers of two plans side by side, one row each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.finding import Indicator
from analysis.questions.balance.plan import program
from analysis.questions.balance.plan.made import Plan, sum_up
from analysis.questions.balance.plan.rows import Row
from analysis.questions.balance.plan.studies import Study

# The gate knows what a plan costs by the end of the id, and coefficients by the unit of the row.
_INDICATORS = (
    # id, zh, en, unit, digits, better
    ("plan_cost", "所需投入", "Cost", "wan_yuan", 0, "lower"),
    ("plan_bound", "投入的下界", "Least possible cost", "wan_yuan", 0, "neither"),
    ("plan_moves", "交流教师数", "Teachers moved", "teachers", 0, "neither"),
    ("plan_schools", "参加测算的学校数（分学段计）", "Schools planned for, by stage", "", 0, "neither"),
    ("difference_plan_cost", "投入之差", "Difference in cost", "wan_yuan", 0, "lower"),
    ("before_quantity", "原数量", "Quantity before", "", 0, "neither"),
    ("after_quantity", "新数量", "Quantity after", "", 0, "neither"),
    ("before_plan_cost", "原投入", "Cost before", "wan_yuan", 0, "lower"),
    ("after_plan_cost", "新投入", "Cost after", "wan_yuan", 0, "lower"),
    ("coefficient_now", "现状", "Now", "", 3, "lower"),
    ("coefficient_merged", "合并后现状", "Now, merged", "", 3, "lower"),
    ("coefficient_limit", "原上限", "Limit before", "", 2, "neither"),
    ("coefficient_before", "原方案后", "Planned before", "", 3, "lower"),
    ("limit_after", "新上限", "Limit after", "", 2, "neither"),
    ("coefficient_after", "新方案后", "Planned after", "", 3, "lower"),
)  # fmt: skip


def declare() -> tuple[Indicator, ...]:
    """Declare every indicator of two plans side by side."""
    return tuple(
        Indicator(id, zh, en, unit, "P0", better, digits=digits)  # type: ignore[arg-type]
        for id, zh, en, unit, digits, better in _INDICATORS
    )


def table(before: Study, after: Study) -> Iterator[Row]:
    """Give all rows: each plan by itself, what each does, and the coefficients.

    Parameters
    ----------
    before, after
        As things stand, and as they would be.
    """
    base = {"at": str(before.county.year), "n": len(before.units.frame), "n_unit": "schools"}
    for case, studied in (("before", before), ("after", after)):
        yield from _plan({**base, "by": "case", "subject": case}, studied)
    yield from _difference(base, before.plan, after.plan)
    yield from _actions(base, before, after)
    yield from _coefficients(base, before, after)


def _plan(base: Row, studied: Study) -> Iterator[Row]:
    """Give what a plan costs; without one, what no plan can cost less than."""
    plan, units = studied.plan, studied.units
    base = {**base, "n": len(units.frame)}
    if plan.reached:
        yield {**base, "indicator": "plan_cost", "value": plan.cost, "unit": "wan_yuan"}
    if np.isfinite(plan.bound):
        yield {**base, "indicator": "plan_bound", "value": plan.bound, "unit": "wan_yuan"}
    if plan.reached:
        moves = int(plan.moves["n"].sum())
        yield {**base, "indicator": "plan_moves", "value": moves, "unit": "teachers"}
    yield {**base, "indicator": "plan_schools", "value": len(units.frame), "unit": "schools"}


def _difference(base: Row, before: Plan, after: Plan) -> Iterator[Row]:
    """Give by how much the dearer plan is dearer, between the ends that the bounds leave open."""
    if before.reached and after.reached:
        less, more = sorted((before, after), key=lambda plan: plan.cost)
        yield {
            **base, "indicator": "difference_plan_cost", "value": more.cost - less.cost,
            "value_low": more.bound - less.cost, "value_high": more.cost - less.bound,
            "unit": "wan_yuan",
        }  # fmt: skip


def _actions(base: Row, before: Study, after: Study) -> Iterator[Row]:
    """Give quantity and cost by action; what only one of two plans does, the other does none of."""
    done = {
        case: sum_up(studied.plan, studied.county.reference.actions)
        for case, studied in (("before", before), ("after", after))
        if studied.plan.reached
    }
    order = ["move", *(action["id"] for action in before.county.reference.actions["add"])]
    for id in order:
        if not any(id in of for of in done.values()):
            continue
        row = {**base, "by": "action", "subject": id}
        for case, of in done.items():
            quantity, cost = of.get(id, (0.0, 0.0))
            yield {**row, "indicator": f"{case}_quantity", "value": quantity}
            yield {**row, "indicator": f"{case}_plan_cost", "value": cost, "unit": "wan_yuan"}


def _coefficients(base: Row, before: Study, after: Study) -> Iterator[Row]:
    """Give the coefficients now and after each plan, with their limits where these differ."""
    one, other = before.units, after.units
    told = {
        "coefficient_now": program.coefficients(one, one.totals),
        "coefficient_limit": _limits(before),
        "coefficient_before": _planned(before),
        "coefficient_after": _planned(after),
    }
    if one is not other:
        told["coefficient_merged"] = program.coefficients(other, other.totals)
    if _limits(before) != _limits(after):
        told["limit_after"] = _limits(after)
    for place, indicator in enumerate(one.indicators):
        for stage in one.stages:
            row = {
                **base, "stage": stage, "by": "indicator", "subject": indicator["id"],
                "unit": "coefficient", "n": len(one.compared(stage, place)[0]),
            }  # fmt: skip
            for id, values in told.items():
                value = values.get((stage, indicator["id"]), np.nan)
                if not np.isnan(value):
                    yield {**row, "indicator": id, "value": value}


def _planned(studied: Study) -> dict[tuple[str, str], float]:
    plan = studied.plan
    return program.coefficients(studied.units, plan.totals) if plan.reached else {}


def _limits(studied: Study) -> dict[tuple[str, str], float]:
    units = studied.units
    return {
        (stage, indicator["id"]): program.limit_of(units, stage, studied.options)
        for stage in units.stages
        for indicator in units.indicators
    }
