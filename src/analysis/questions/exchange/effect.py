"""Question. What did exchange do for schools that received teachers, and for those that sent them
(交流轮岗的效果)?

Data. The panel of a prefecture's schools (`panel`): ``exchanges``, ``school_scores``, ``classes``,
``school_years``, ``resources``.

Method. Every cohort of schools that began is compared, year by year, with schools that did neither
(`analysis.methods.staggered`); errors by the number of clusters; every doubt put to the data; and a
word that follows from range and doubts by rule (`ladder`).

Assumptions. Without exchange, schools that began would have changed as the others did. The years
before can contradict that and never prove it. Schools that are not studied (both sides, unclear,
treated before) are counted, and nothing is said of them.

Source. Callaway, Sant'Anna 2021; Rambachan, Roth 2023; MacKinnon, Nielsen, Webb 2023; parameters with
their standing in ``parameters.toml`` ``[exchange.effect]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

import pandas as pd

from analysis.finding import Finding, Given, Name, Note, NoteValue, merge_labels, tidy
from analysis.questions.exchange import effect_notes, effect_rows, roles
from analysis.questions.exchange.assignment import tell_unit
from analysis.questions.exchange.cases import Case, examine
from analysis.questions.exchange.effect_indicators import LABELS, declare
from analysis.questions.exchange.panel import Panel
from analysis.questions.exchange.roles import ROLES, Assigned, Side, assign
from analysis.questions.exchange.study import Parameters
from analysis.records.county import CountyData

__all__ = ["Study", "recall", "report", "study"]

SIDES: tuple[Side, ...] = get_args(roles.Side)
Sides = Mapping[Side, Mapping[float, Assigned]]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What is said of a prefecture, worked out once for the reports of all its counties.

    Attributes
    ----------
    panel
        Schools by year.
    assigned
        By side and threshold: who is treated and who stands beside them.
    together
        All counties together, by side.
    """

    panel: Panel
    assigned: Sides
    together: Mapping[Side, Case]


def study(panel: Panel, parameters: Parameters) -> Study:
    """Study all counties of a prefecture together.

    Parameters
    ----------
    panel
        From `panel.gather`.
    parameters
        ``parameters.toml`` ``[exchange.effect]``.
    """
    assigned = {
        side: {
            at: assign(panel.rows, side, at, years_before=parameters["years_before"])
            for at in parameters["at"]
        }
        for side in SIDES
    }
    together = {
        side: examine(
            by_dose, scope="all", cluster=tell_unit(by_dose[parameters["main"]], parameters).unit,
            parameters=parameters, comparable=panel.common,
        )
        for side, by_dose in assigned.items()
    }  # fmt: skip
    return Study(panel, assigned, together)


def report(studied: Study, county: CountyData) -> Finding:
    """Say what the study tells about one of its counties, and what that county tells by itself.

    Parameters
    ----------
    studied
        From `study`.
    county
        One of the counties that the panel was gathered from.
    """
    code, reference = county.place.code, county.reference
    parameters = reference.parameters["exchange"]["effect"]
    own = {
        side: examine(
            {at: _within(one, code) for at, one in by_dose.items()},
            scope="own", cluster="school", parameters=parameters,
        )
        for side, by_dose in studied.assigned.items()
    }  # fmt: skip
    cases = tuple(made[side] for made in (studied.together, own) for side in SIDES)
    rows = [row for case in cases for row in effect_rows.tell(case, parameters)]
    table = tidy([*rows, *effect_rows.count_silent(studied.panel.left_out.get("counties", 0))])
    return Finding(
        name="effect",
        county=code,
        year=county.year,
        table=table,
        indicators=declare(),
        labels=merge_labels({"county": {code: county.place.label}}, LABELS,
                            effect_rows.name_doses(parameters)),
        checks=tuple(check for case in cases for check in effect_rows.judge(case)),
        notes=tuple(effect_notes.tell(cases, code, county.year, table, parameters)),
        origin=county.origin,
    )  # fmt: skip


def recall(county: CountyData, fitted: Finding | None, *, inside: bool = False) -> Finding:
    """Give what the fit found, or a finding that says why there is none.

    Parameters
    ----------
    county
        Of whom.
    fitted
        From `analysis.records.load_fit`; none where nothing was fitted, or no list of exchanges
        handed in.
    inside
        For the county itself: estimates that rest on few schools as well.
    """
    code = county.place.code
    if fitted is None:
        why = "no_exchanges" if county.table("exchanges").empty else "not_fitted"
        said: dict[str, NoteValue] = {"county": Name("county", code), "year": Given(county.year)}
        return Finding(
            name="effect", county=code, year=county.year, table=tidy([]),
            labels={"county": {code: county.place.label}},
            notes=(Note(f"effect.headline.{why}", said),), origin=county.origin,
        )  # fmt: skip
    if inside:
        return fitted
    outside = county.reference.parameters["exchange"]["effect"]["outside"]
    kept = ~effect_rows.find_few(fitted.table, outside)
    table = fitted.table[kept].reset_index(drop=True)
    shown = set(table.loc[table["indicator"].isin(effect_rows.ESTIMATES), "stage"])
    return replace(
        fitted,
        table=table,
        checks=tuple(check for check in fitted.checks if check.stage in shown),
        notes=tuple(effect_notes.keep(fitted.notes, shown)),
    )


def _within(assigned: Assigned, county: str) -> Assigned:
    """Take the schools of one county."""
    own = assigned.roles[assigned.roles["county"] == county].reset_index(drop=True)
    counts = {role: int((own["role"] == role).sum()) for role in ROLES}
    rows: pd.DataFrame = assigned.rows[assigned.rows["county"] == county].reset_index(drop=True)
    return replace(assigned, rows=rows, roles=own, counts=counts)
