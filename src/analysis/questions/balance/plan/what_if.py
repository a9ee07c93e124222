"""What if prices, limits, means or schools were others: a plan beside the one as things stand.

For a desk inside the county: a merger names its schools, and two answers side by side say more
than each of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.errors import UsageError
from analysis.finding import Cell, Finding, Given, Name, Note, NoteValue, merge_labels, tidy
from analysis.questions.balance.plan import program
from analysis.questions.balance.plan.carried_out import merge_schools
from analysis.questions.balance.plan.labels import name
from analysis.questions.balance.plan.options import Options
from analysis.questions.balance.plan.studies import Study, study
from analysis.questions.balance.plan.units import Units, open_units
from analysis.questions.balance.plan.what_if_rows import declare, table
from analysis.records.county import CountyData

Values = dict[str, NoteValue]
Turn = Literal["dearer", "cheaper", "same", "alike", "won", "out_of_reach", "not_found"]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Two studies of one county, the second under other conditions.

    Attributes
    ----------
    before, after
        As things stand, and as they would be.
    merger
        Codes of the school that is closed and the one that takes it in; empty for no merger.
    """

    before: Study
    after: Study
    merger: tuple[str, str] = ("", "")


def begin(county: CountyData, options: Options, *, scheme: str) -> Study:
    """Make the main plan alone as things stand.

    Parameters
    ----------
    county, scheme
        As for `open_units`.
    options
        What the plan may use; give it `seconds`, for somebody waits.

    Raises
    ------
    UsageError
        If the scheme or the county allows no plan.
    """
    return study(county, _open(county, scheme), options, beside=False)


def try_out(
    before: Study, options: Options, *, scheme: str, merger: tuple[str, str] = ("", "")
) -> WhatIf:
    """Make the plan under other conditions.

    Parameters
    ----------
    before
        From `begin`.
    options
        All of the other conditions, those that stay as they are as well.
    scheme
        The same as before.
    merger
        Codes of the school that is closed and the one that takes it in.

    Raises
    ------
    UsageError
        If the merger is none, or leaves nothing to plan for.
    """
    county, units = before.county, before.units
    if any(merger):
        if not all(merger) or merger[0] == merger[1]:
            raise UsageError(
                "合并须选定两所不同的学校：一所撤并，一所接收。",
                "A merger takes two different schools: one that closes and one that takes it in.",
            )
        county = merge_schools(county, *merger)
        units = _open(county, scheme)
    return WhatIf(before, study(county, units, options, beside=False), merger)


def prices(studied: Study) -> dict[str, float]:
    """Give the yuan that a study reckons with, by action, where its scheme has a use for it."""
    actions, own = studied.county.reference.actions, studied.options.costs
    known = {indicator["id"] for indicator in studied.units.indicators}
    used = [action for action in actions["add"] if set(action["counts"]) <= known]
    listed = {"move": actions["move"]["yuan"], **{a["id"]: a["yuan"] for a in used}}
    return {id: float(own.get(id, yuan)) for id, yuan in listed.items()}


def recurring(studied: Study) -> frozenset[str]:
    """Give the actions whose price is one of every year."""
    actions = studied.county.reference.actions
    yearly = {action["id"] for action in actions["add"] if action["recurs"]}
    return frozenset(yearly | ({"move"} if actions["move"]["recurs"] else set()))


def limits(studied: Study) -> dict[str, float]:
    """Give the limits that a study holds coefficients to, by stage in the order of schooling."""
    units = studied.units
    order = [id for stage in units.stages.values() for id in stage.scheme["stages"]]
    found = {
        stage: program.limit_of(units, stage, studied.options)
        for stage in dict.fromkeys(order)
        if stage in units.stages
    }
    return {stage: limit for stage, limit in found.items() if not np.isnan(limit)}


def name_schools(county: CountyData) -> dict[str, dict[str, str]]:
    """Name the schools of the county in its year, by code, in the order of their names.

    Where two have one name, the code tells them apart.
    """
    names = county.name_schools()
    told: dict[str, dict[str, str]] = {code: {} for code in names}
    for language in ("zh", "en"):
        often = Counter(label[language] for label in names.values())
        for code, label in names.items():
            own = label[language]
            told[code][language] = own if often[own] == 1 else f"{own} {code}"
    return dict(sorted(told.items(), key=lambda item: (item[1]["zh"], item[1]["en"])))


def report(tried: WhatIf) -> Finding:
    """Put both plans side by side, with what was changed.

    Returns
    -------
    Finding
        Named ``"what_if"``.
    """
    county = tried.before.county
    rows = list(table(tried.before, tried.after))
    schools = name_schools(county)
    merged = {code: schools[code] for code in tried.merger if code}
    return Finding(
        name="what_if",
        county=county.place.code,
        year=county.year,
        table=tidy(rows),
        indicators=declare(),
        labels=merge_labels(name(tried.before, []), {"school": merged}),
        notes=tuple(_tell(tried)),
        origin=county.origin,
    )


def turn(tried: WhatIf) -> Turn:
    """Tell what the change does to the cost, as far as the two searches can tell.

    A plan found costs at most a little more than the least: one is dearer only where the least
    possible of it is above what the other was found to cost.
    """
    before, after = tried.before.plan, tried.after.plan
    if not after.reached:
        # What was not found may still be there; what was proven is not.
        return "out_of_reach" if after.status == "unreachable" else "not_found"
    if not before.reached:
        return "won"
    if after.cost == before.cost:
        return "same"
    if after.bound > before.cost:
        return "dearer"
    return "cheaper" if after.cost < before.bound else "alike"


def _open(county: CountyData, scheme: str) -> Units:
    units = open_units(county, scheme)
    if units is None:
        raise UsageError(
            f"{county.place.zh}{county.year}学年没有可供测算的数据，或所用评估方案没有学校标准和单项上限。",
            f"{county.place.en} has no data for {county.year} to plan with, or the scheme has no "
            "school rule or no limits for single indicators.",
        )
    return units


def _tell(tried: WhatIf) -> Iterator[Note]:
    county = tried.before.county
    common: Values = {"county": Name("county", county.place.code), "year": Given(county.year)}
    for key, values in (_headline(tried), *_changed(tried)):
        yield Note(f"what_if.{key}", {**common, **values})


def _headline(tried: WhatIf) -> tuple[str, Values]:
    at = str(tried.before.county.year)
    values: Values = {
        case: Cell("plan_cost", by="case", subject=case, at=at) for case in ("before", "after")
    }
    values["bound"] = Cell("plan_bound", by="case", subject="after", at=at)
    for blank, field in (("difference", "value"), ("low", "value_low"), ("high", "value_high")):
        values[blank] = Cell("difference_plan_cost", at=at, field=field)
    return f"headline.{turn(tried)}", values


def _changed(tried: WhatIf) -> Iterator[tuple[str, Values]]:
    """Say each condition that is not what it was."""
    changes = [*_numbers(tried), *_means(tried.before.options, tried.after.options)]
    closed, into = tried.merger
    if closed:
        merger: Values = {"school": Name("school", closed), "into": Name("school", into)}
        changes.append(("changed.merger", merger))
    yield from changes or [("changed.nothing", {})]


def _numbers(tried: WhatIf) -> Iterator[tuple[str, Values]]:
    for key, by, one, other in (
        ("price", "action", prices(tried.before), prices(tried.after)),
        ("limit", "stage", limits(tried.before), limits(tried.after)),
    ):
        for id, now in one.items():
            if id in other and other[id] != now:
                ends: Values = {"from": Given(now), "to": Given(other[id])}
                yield f"changed.{key}", {by: Name(by, id), **ends}


def _means(before: Options, after: Options) -> Iterator[tuple[str, Values]]:
    for means in ("move", "add", "exchange_floor"):
        if getattr(before, means) != getattr(after, means):
            yield f"changed.{'with' if getattr(after, means) else 'without'}_{means}", {}
    if after.yearly_cap is None:
        if before.yearly_cap is not None:
            yield "changed.no_cap", {}
    elif (before.yearly_cap, before.years) != (after.yearly_cap, after.years):
        cap, years = Given(after.yearly_cap), Given(after.years)
        yield "changed.cap", {"cap": cap, "years": years}
