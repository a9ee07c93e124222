"""What may be said of a study of plans, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.finding import Cell, Given, Name, Note, NoteValue
from analysis.questions.balance.plan.studies import Study

Values = dict[str, NoteValue]


def tell(study: Study) -> Iterator[Note]:
    """Give the notes of a study."""
    county = study.county
    at = str(county.year)
    common: Values = {
        "county": Name("county", county.place.code),
        "year": Given(county.year),
        "units": Cell("plan_schools", at=at),
        "years": Cell("years_counted", at=at),
    }
    for key, stage, values in _all(study, at):
        yield Note(f"plan.{key}", {**common, **values}, stage)


def tell_nothing(county: str, year: int, why: str) -> Note:
    """Say in one line why there is no plan: ``no_rule``, ``no_data``, ``not_fitted``, ``outdated``."""
    return Note(f"plan.headline.{why}", {"county": Name("county", county), "year": Given(year)})


def _all(study: Study, at: str) -> Iterator[tuple[str, str, Values]]:
    plan = study.plan
    cost, moves = Cell("plan_cost", at=at), Cell("plan_moves", at=at)
    if plan.idle:
        yield "headline.nothing_needed", "", {}
    elif plan.reached:
        said: Values = {
            "cost": cost, "moves": moves, "gap": Cell("plan_gap", at=at),
            "bound": Cell("plan_bound", at=at),
        }  # fmt: skip
        rule = next(iter(study.units.stages.values())).scheme["school_rule"]
        said |= {"at_least": Given(rule["at_least"]), "floor": Given(rule["floor"])}
        if not plan.moves["n"].sum():
            del said["moves"]
        yield f"headline.{plan.status}", "", said
        adding = study.plans.get("add")
        if adding and adding.reached and adding.cost > plan.cost and plan.moves["n"].sum():
            add = Cell("plan_cost", by="scenario", subject="add", at=at)
            yield "headline.moves_save", "", {"cost": cost, "moves": moves, "add": add}
    else:
        yield f"headline.{plan.status}", "", {}
    if not plan.idle:
        yield from _moves_alone(study, at)
        yield from _exchange(study, at)
    yield from _cautions(study, at)


def _moves_alone(study: Study, at: str) -> Iterator[tuple[str, str, Values]]:
    """Say what moving teachers can do by itself, and what it cannot."""
    units = study.units
    if not units.stock.any():
        yield "alone.no_list", "", {}
        return
    if "move" not in study.plans:
        return
    if study.plans["move"].reached:
        yield (
            "alone.enough",
            "",
            {"moves": Cell("plan_moves", by="scenario", subject="move", at=at)},
        )
        return
    yield f"alone.{study.plans['move'].status}", "", {}
    for stage in units.stages:
        values: Values = {
            "stage": Name("stage", stage), "now": Cell("schools_now", stage, at=at),
            "moved": Cell("schools_moved", stage, at=at),
            "all": Cell("schools_now", stage, at=at, field="denominator"),
        }  # fmt: skip
        if study.alone and study.alone.reached:
            yield "alone.schools", stage, values
        for (where, id), reached in study.within_reach.items():
            if where == stage and not reached:
                yield f"alone.{_why(study, id)}", stage, {
                    "stage": Name("stage", stage), "indicator": Name("indicator", id),
                    "now": Cell("coefficient_now", stage, "indicator", id, at),
                    "limit": Cell("coefficient_limit", stage, "indicator", id, at),
                }  # fmt: skip


def _why(study: Study, id: str) -> str:
    ids = [indicator["id"] for indicator in study.units.indicators]
    return "spread" if study.units.of_teachers[ids.index(id)] else "material"


def _exchange(study: Study, at: str) -> Iterator[tuple[str, str, Values]]:
    if np.isnan(study.units.eligible) or not study.plan.reached:
        return
    rule = study.county.reference.actions["exchange"]
    values: Values = {
        "eligible": Cell("plan_exchange_eligible", at=at), "least": Cell("plan_exchange_least", at=at),
        "share": Given(rule["of_eligible"]), "backbone_share": Given(rule["of_moved_backbone"]),
        "tenure": Given(study.units.tenure), "moves": Cell("plan_moves", at=at),
        "backbone": Cell("plan_exchange_backbone", at=at),
    }  # fmt: skip
    if not study.plan.moves["n"].sum():
        del values["backbone"]
    yield "exchange.floor", "", values
    if study.options.yearly_cap is not None:
        yield "exchange.cap", "", {"cap": Given(study.options.yearly_cap)}
    else:
        yield "exchange.no_cap", "", {}


def _cautions(study: Study, at: str) -> Iterator[tuple[str, str, Values]]:
    if not study.units.told.all():
        yield "caution.unreported", "", {"unreported": Cell("plan_unreported", at=at)}
    if any(stage.silent != 0 for stage in study.units.stages.values()):
        yield "caution.silent", "", {}
    if study.plan.reached and not study.plan.idle:
        yield "caution.prices", "", {}
        yield "caution.not_planned", "", {}
