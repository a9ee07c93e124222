"""Pupils at risk of several counties in one frame, and all that is learnt from them once.

A county alone has too few who left to learn from, and cannot say how a model does elsewhere. The
counties of a prefecture are pooled: each is read, listed by term and given its covariates by
itself, so that no more than one county's registers are held at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.questions.dropout import expected, model, outcomes, trials
from analysis.questions.dropout.covariates import (
    ALL,
    COVARIATES,
    LEFT_OUT,
    add_covariates,
    refuse_leaks,
    used_columns,
)
from analysis.questions.dropout.model import Model
from analysis.questions.dropout.outcomes import Outcome
from analysis.questions.dropout.terms import LEFT, list_terms, number_terms
from analysis.records.county import CountyData
from analysis.records.reference import locate_zone

_TABLES = ("pupils", "attendance", "scores", "status_changes", "suspected", "schools",
           "school_years")  # fmt: skip
SEEN = ("sex", "boarding", "left_behind", "ethnicity", "disability", "hardship")
"""Groups that fairness is looked at by, kept as ``seen_<name>`` with what is missing in them."""
_KEPT = ["pseudonym", "school", "county", "year", "term", "place", "grade", "class_no", "period",
         *(f"seen_{name}" for name in SEEN)]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pool:
    """Pupils at risk of several counties.

    Attributes
    ----------
    rows
        Pupils and terms with covariates, ``end`` as recorded, and ``exit``, in which `terms.LEFT`
        stands for the outcome.
    now
        Pupils whose last term is still open, with covariates.
    capacity
        Pupils that can be visited, by county and number of the term.
    zones
        Location of each school of the last year: ``urban``, ``town`` or ``rural``.
    year
        The school year.
    outcome
        What is predicted (`outcomes.choose`).
    """

    rows: pd.DataFrame
    now: pd.DataFrame
    capacity: Mapping[tuple[str, int], int]
    zones: Mapping[str, str]
    year: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Study:
    """What was learnt from a pool.

    Attributes
    ----------
    pool
        The pool.
    fitted, pupils_only
        The model, and the one that does not know the schools; none where too few left.
    tried
        By way of trial, from `trials.run`.
    with_left_out
        The forward trial of a model that also looks at what is deliberately left out.
    spread
        How much more schools differ than chance.
    events
        Who left, in all.
    """

    pool: Pool
    fitted: Model | None
    pupils_only: Model | None
    tried: Mapping[str, pd.DataFrame]
    with_left_out: pd.DataFrame | None
    spread: float
    events: int


def gather(counties: Iterable[CountyData]) -> Pool | None:
    """Put the pupils at risk of counties into one frame; none where no county has a register."""
    rows: list[pd.DataFrame] = []
    now: list[pd.DataFrame] = []
    capacity: dict[tuple[str, int], int] = {}
    zones: dict[str, str] = {}
    year = least = 0
    for county in counties:
        year = county.year
        least = county.reference.parameters["dropout"]["risk"]["least_events"]
        if county.table("pupils").empty:
            continue
        known, open_ = _at_risk(county)
        rows.append(known)
        now.append(open_)
        capacity |= _visits(county)
        zones |= _zones(county)
    if not rows:
        return None
    (known, outcome), open_ = outcomes.choose(_stack(rows), least), _stack(now)
    # What is missing nowhere among those of the last term has no mark there.
    marks = used_columns(known, (*ALL, *LEFT_OUT))
    open_ = open_.assign(**{name: 0.0 for name in marks if name not in open_})
    return Pool(known, open_, capacity, zones, year, outcome)


def _at_risk(county: CountyData) -> tuple[pd.DataFrame, pd.DataFrame]:
    refuse_leaks((*ALL, *LEFT_OUT), county.known_at)
    settings = county.reference.parameters["dropout"]
    tables = {name: county.tables[name] for name in _TABLES}
    parameters = {**settings["risk"], "starts": settings["terms"]["starts"]}
    listed = list_terms(tables, settings["terms"]["starts"])
    made = [
        add_covariates(
            rows.assign(**{f"seen_{name}": rows[name] for name in SEEN}), tables, parameters,
            (*ALL, *LEFT_OUT),
        )
        for rows in (outcomes.mark(listed.rows, county, settings), listed.now)
    ]  # fmt: skip
    return _lean(made[0], [*_KEPT, "exit", *outcomes.OUTCOMES[1:]]), _lean(made[1], _KEPT)


def _lean(rows: pd.DataFrame, kept: list[str]) -> pd.DataFrame:
    return rows[[*kept, *used_columns(rows, (*ALL, *LEFT_OUT))]]


def _stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put frames below each other; a mark of missing values that a county lacks is 0 there."""
    stacked = pd.concat(frames, ignore_index=True)
    marks = used_columns(stacked, (*ALL, *LEFT_OUT))
    return stacked.assign(**{name: stacked[name].fillna(0.0) for name in marks})


def _visits(county: CountyData) -> dict[tuple[str, int], int]:
    visits = county.table("visits").dropna(subset=["visits_n"])
    places = number_terms(visits)
    return {
        (county.place.code, int(place)): int(n)
        for place, n in zip(places, visits["visits_n"], strict=True)
        if n > 0
    }


def _zones(county: CountyData) -> dict[str, str]:
    schools = county.table("schools", year=county.year).dropna(subset=["zone"])
    places = zip(schools["school"], schools["zone"].map(locate_zone), strict=True)
    return {str(school): place for school, place in places if place}


def study(pool: Pool, parameters: Mapping[str, Any]) -> Study:
    """Learn the model and try it in every way; nothing is learnt from too few who left.

    Parameters
    ----------
    pool
        From `gather`.
    parameters
        ``parameters.toml`` ``[dropout.risk]``.
    """
    rows = pool.rows
    events = int((rows["exit"] == LEFT).sum())
    if events < parameters["least_events"]:
        return Study(pool, None, None, {}, None, 1.0, events)
    columns = used_columns(rows)
    more = [*columns, *used_columns(rows, LEFT_OUT)]
    tried = trials.run(rows, columns, parameters)
    forward = tried.get("forward")
    return Study(
        pool,
        model.learn(rows, columns),
        model.learn(rows, used_columns(rows, COVARIATES), errors=False),
        tried,
        trials.run(rows, more, parameters, ("forward",)).get("forward"),
        expected.find_spread(forward) if forward is not None else 1.0,
        events,
    )
