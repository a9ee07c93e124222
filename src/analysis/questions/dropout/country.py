"""One model of leaving over the counties of all prefectures, learnt from a county at a time.

Newton's method takes sums over rows, and sums of counties add up (`hazard.fit_parts`): the same
likelihood and the same errors as from all rows at once, whatever the number of counties. Of each
county there is what the model looks at, and no pupil.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.finding import Cell, Finding, Given, Name, Note, NoteValue, tidy
from analysis.methods import hazard
from analysis.methods.hazard import COUNT
from analysis.questions.dropout import evidence, model, risk_rows
from analysis.questions.dropout.covariates import ALL, used_columns
from analysis.questions.dropout.evidence import Evidence
from analysis.questions.dropout.model import Model
from analysis.questions.dropout.risk_indicators import declare_everywhere

Take = Callable[[str], pd.DataFrame]
"""Reads what `reduce` made of a county, by its code."""


@dataclass(frozen=True, slots=True)
class Country:
    """What all counties teach together.

    Attributes
    ----------
    model
        The model.
    counties, prefectures
        Of how many, with rows to learn from.
    cells
        How many different kinds of rows.
    told
        It may be said how many left: what else is known does not leave few persons over.
    step
        Persons are told in multiples of so many: a few more or less in some county must not be
        seen in the next report of another.
    """

    model: Model
    counties: int
    prefectures: int
    cells: int
    told: bool
    step: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a first pass over all counties finds."""

    known: Evidence
    left: Mapping[str, int]
    schools: frozenset[str]
    columns: frozenset[str]
    cells: int


def reduce(rows: pd.DataFrame) -> pd.DataFrame:
    """Give what the model looks at of pupils who stayed or left, equal rows once with their number.

    Parameters
    ----------
    rows
        Pupils at risk of one county, from `pool.gather`.

    Returns
    -------
    pandas.DataFrame
        ``event``, ``period``, ``school``, covariates and ``count``; no pseudonym.
    """
    columns = used_columns(rows)
    # What a prefecture predicts in place of leaving is its own affair.
    seen = model.mark_ends(rows.assign(exit=rows["end"]), columns)
    return hazard.compress(seen, ["event", "period", "school", *columns])


def learn(
    places: Mapping[str, str], take: Take, *, least: int, few: int, room: Path | None = None
) -> Country | None:
    """Learn the model over all counties; none for one prefecture, or where too few left.

    Parameters
    ----------
    places
        The counties that there is something of, each with its prefecture.
    take
        Reads a county, as often as it is asked.
    least
        How many must have left.
    few
        Fewer persons than this must not be told, by differences either.
    room
        Folder for what does not fit into memory.
    """
    seen = _look(places, take)
    if seen is None or len(set(places.values())) < 2 or seen.known.events < least:
        return None
    columns = [name for name in _every_column() if name in seen.columns]

    def fit(usable: Sequence[str], levels: Mapping[str, str]) -> hazard.Fit:
        def parts() -> Iterator[pd.DataFrame]:
            for county in places:
                yield _complete(take(county), usable, levels)

        # With few schools errors are by leaving out each in turn, and rows are few as well.
        if len(seen.schools) < hazard.FEW:
            whole = pd.concat(list(parts()), ignore_index=True)
            return hazard.fit(whole, event="event", period="period", covariates=usable,
                              cluster="school", counts=COUNT)  # fmt: skip
        return hazard.fit_parts(parts, event="event", period="period", covariates=usable,
                                cluster="school", counts=COUNT, room=room)  # fmt: skip

    learnt = model.settle(seen.known, columns, fit)
    if learnt is None:
        return None
    return Country(
        learnt, len(places), len(set(places.values())), seen.cells,
        _may_tell(seen.left, places, least, few), few,
    )  # fmt: skip


def _may_tell(left: Mapping[str, int], places: Mapping[str, str], least: int, few: int) -> bool:
    """Tell whether the sum of all who left leaves no few persons over.

    Who left is told of each prefecture where enough did, and of each other county where not few
    did. What the sum then tells of are the counties of few left over, each of which knows itself.
    """
    by_county = pd.Series(left, dtype=int)
    of_prefecture = by_county.groupby(pd.Series(places)).transform("sum")
    over = by_county[(of_prefecture < least) & (by_county > 0) & (by_county < few)]
    return over.empty or int(over.sum() - over.max()) >= few


def _look(places: Mapping[str, str], take: Take) -> _Seen | None:
    whole: _Seen | None = None
    for county in places:
        part = take(county)
        columns = used_columns(part)
        known = evidence.look(part, columns, COUNT)
        left, schools = {county: known.events}, frozenset(part["school"])
        whole = (
            _Seen(known, left, schools, frozenset(columns), len(part))
            if whole is None
            else _Seen(whole.known + known, {**whole.left, **left}, whole.schools | schools,
                       whole.columns | set(columns), whole.cells + len(part))
        )  # fmt: skip
    return whole


def _every_column() -> list[str]:
    return [name for each in ALL for name in (each.id, f"{each.id}_missing")]


def _complete(
    part: pd.DataFrame, columns: Sequence[str], levels: Mapping[str, str]
) -> pd.DataFrame:
    """Give each period its level; a mark of missing values that a county lacks is 0 there."""
    whole = part.reindex(columns=["event", "period", "school", *columns, COUNT], fill_value=0.0)
    return whole.assign(period=part["period"].map(levels))


def add(finding: Finding, country: Country) -> Finding:
    """Put what all counties teach beside what the prefecture of a county does.

    Parameters
    ----------
    finding
        Of `risk.report`.
    country
        From `learn`.
    """
    rows = [*risk_rows.odds_rows(country.model, "risk_odds_all"), *_size_rows(country)]
    tables = [table for table in (finding.table, tidy(rows)) if len(table)]
    common: dict[str, NoteValue] = {
        "county": Name("county", finding.county), "year": Given(finding.year),
    }  # fmt: skip
    said: dict[str, NoteValue] = {
        **common, "prefectures": Cell("risk_all_prefectures"), "counties": Cell("risk_all_counties"),
        "pupils": Cell("risk_all_pupils"), "cells": Cell("risk_all_cells"),
    }  # fmt: skip
    if country.told:
        said["left"] = Cell("risk_all_left")
    own = bool((finding.table["indicator"] == "risk_odds").any())
    notes = [Note(f"risk.factors.{'told' if country.told else 'untold'}", said)]
    if not own:
        notes.insert(0, Note("risk.factors.instead", common))
    return replace(finding, table=pd.concat(tables, ignore_index=True), notes=(*finding.notes, *notes),
                   indicators=(*finding.indicators, declare_everywhere()))  # fmt: skip


def _size_rows(country: Country) -> Iterator[risk_rows.Row]:
    for name in ("prefectures", "counties", "cells"):
        number = getattr(country, name)
        unit = name if name == "counties" else ""
        yield {"indicator": f"risk_all_{name}", "value": number, "unit": unit}
    whole, left = (
        country.step * round(number / country.step)
        for number in (country.model.rows, country.model.events)
    )
    pupils: risk_rows.Row = {"n": whole, "n_unit": "pupils", "unit": "pupils"}
    yield {**pupils, "indicator": "risk_all_pupils", "value": whole}
    if country.told:
        yield {**pupils, "indicator": "risk_all_left", "value": left}
