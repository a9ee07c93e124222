"""A county's plan beside others: what a narrower task would cost, and what each rule does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analysis.questions.balance.plan import program
from analysis.questions.balance.plan.made import Plan, make, meeting
from analysis.questions.balance.plan.options import Options
from analysis.questions.balance.plan.units import Units
from analysis.records.county import CountyData

YEARS = (1, 2, 3)
BINDING = 1e-3
"""A coefficient binds where the plan leaves it within this share of its limit."""


@dataclass(frozen=True, slots=True)
class Study:
    """Plans for one county, each for another task.

    Attributes
    ----------
    county, units, options
        The county, what there is, and what the main plan may use.
    plans
        By scenario: ``both`` (the plan), ``add`` and ``move`` (with one kind of action alone),
        ``schools`` and ``coefficients`` (one kind of rule alone) and, under a yearly cap,
        ``year1`` to ``year3``.
    prices
        By stage and requirement (an indicator, or ``schools``): what the plan would cost less
        without it, in ten thousand yuan, nan where the search found nothing. Those that bind only.
    alone
        The plan of moves alone, as many as it takes, after which the fewest schools fail the
        school rule; None where only the main plan was asked for.
    within_reach
        By stage and indicator above its limit: false where it is proven that moves alone, as many
        as it takes, cannot bring it within.
    """

    county: CountyData
    units: Units
    options: Options
    plans: Mapping[str, Plan]
    prices: Mapping[tuple[str, str], float]
    alone: Plan | None
    within_reach: Mapping[tuple[str, str], bool]

    @property
    def plan(self) -> Plan:
        return self.plans["both"]


def study(county: CountyData, units: Units, options: Options, *, beside: bool = True) -> Study:
    """Make the plan and those beside it.

    Parameters
    ----------
    county, units
        The county and what there is.
    options
        What the plan may use; the others change one thing each.
    beside
        Whether to make the others: without them it takes a second, and says less.
    """
    actions = county.reference.actions

    def solve(*, bounded: bool = False, **changes: object) -> Plan:
        asked = replace(options, **changes)  # type: ignore[arg-type]
        return make(units, asked, actions, bounded=bounded)

    if not beside:
        return Study(county, units, options, {"both": solve(bounded=True)}, {}, None, {})
    tasks: dict[str, dict[str, object]] = {
        "both": {}, "move": {"add": False}, "add": {"move": False},
        "schools": {"coefficients": False}, "coefficients": {"schools": False},
    }  # fmt: skip
    if options.yearly_cap is not None:
        tasks |= {f"year{years}": {"years": years} for years in YEARS}
    plans = {name: solve(bounded=True, **changes) for name, changes in tasks.items()}
    cheaper = {
        rule: solve(dropped=options.dropped | {rule})
        for rule in _binding(units, plans["both"], options)
    }
    return Study(
        county, units, options, plans,
        {rule: max(0.0, plans["both"].cost - without.cost) if without.reached else float("nan")
         for rule, without in cheaper.items()},
        # So near that no school fewer could fail.
        solve(add=False, coefficients=False, fewest=True, yearly_cap=None, exchange_floor=False,
              gap=0.4 / len(units.frame)),
        {rule: _alone(units, rule, solve) for rule in _above(units, options)},
    )  # fmt: skip


def _above(units: Units, options: Options) -> list[tuple[str, str]]:
    return program.above(program.coefficients(units, units.totals), units, options)


def _binding(units: Units, plan: Plan, options: Options) -> list[tuple[str, str]]:
    """List the rules that the plan just keeps, and each stage's school rule that it mends."""
    if not plan.reached:
        return []
    after = program.coefficients(units, plan.totals)
    just = [
        rule for rule, value in after.items() if rule not in options.dropped
        and value > program.limit_of(units, rule[0], options) * (1 - BINDING)
    ]  # fmt: skip
    failing = set(units.frame["stage"][~meeting(units, units.totals)])
    return [*just, *((stage, "schools") for stage in units.stages if stage in failing)]


def _alone(units: Units, rule: tuple[str, str], solve: Callable[..., Plan]) -> bool:
    """Tell whether moves alone, as many as it takes, may bring one coefficient within its limit.

    What the search left open is not denied.
    """
    ids = [indicator["id"] for indicator in units.indicators]
    if not units.of_teachers[ids.index(rule[1])]:
        return False
    others = frozenset((s, i) for s in units.stages for i in ids) - {rule}
    found = solve(
        add=False, schools=False, dropped=others, yearly_cap=None, exchange_floor=False
    )  # fmt: skip
    return found.status != "unreachable"
