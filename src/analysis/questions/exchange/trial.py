"""Question. Which schools could receive exchange teachers next year, in what order, so that what
comes of it can be known (先行与等候)?

Data. The schools of a county by year (`panel`), the teachers that the rule asks to be exchanged, the
moves of the balance plan where there is one.

Method. Schools under the threshold on both sides in all years are put into pairs alike; a lot says which
of a pair receives next year and which the year after. From how the county's own schools moved in
the years before follows the smallest change that this would show.

Assumptions. Next year's scores move as they did. Nothing is known of what exchange does here: that is
why a lot decides what comes first. Who goes where is for people to decide.

Source. Parameters with their standing in ``parameters.toml`` ``[exchange.trial]``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Roster
from analysis.methods import clusters, lots
from analysis.methods.clusters import Detectable, Shocks
from analysis.questions.exchange.panel import Panel, assign
from analysis.questions.exchange.rosters import draw_up
from analysis.questions.exchange.rules import read_rules
from analysis.records.county import CountyData


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal for next year.

    Attributes
    ----------
    county
        Of which county and year.
    teachers
        So many teachers the rule asks to be exchanged in a year; nan where that cannot be told.
    at
        Exchange teachers per 100 pupils that a receiving school gets.
    candidates
        One row a school that could receive, the neediest first: ``school``, ``pupils``, ``score``,
        ``needs`` (teachers), ``planned`` (the balance plan sends somebody there), ``pair`` and
        ``turn`` (1 next year, 2 the year after; 0 for schools that are not drawn).
    shocks
        How the scores of the county's schools moved from year to year; none where too few are known.
    found
        Smallest change that would be found, by design: ``one`` year after, ``two`` if the others
        wait for so long, ``every`` pair of candidates starting at once, ``together`` with all
        counties of the prefecture doing the same; empty without shocks or pairs.
    enough
        Pairs from which on a change worth knowing is found after one year; 0 where unknown.
    counties
        Counties of the prefecture.
    idle
        Schools under the threshold on both sides in all years, whether their score is known or not.
    """

    county: CountyData
    teachers: float
    at: float
    candidates: pd.DataFrame
    shocks: Shocks | None
    found: Mapping[str, Detectable]
    enough: int
    counties: int
    idle: int

    @property
    def pairs(self) -> int:
        return int((self.candidates["turn"] == 1).sum())


def count_least(county: CountyData) -> float:
    """Count the teachers that the rule asks to be exchanged in a year; nan where nobody can tell.

    That is the quota of the whole county of those who may be exchanged now, whoever may be besides.
    """
    rules = read_rules(county.reference)
    roster = draw_up(county, county.year, rules)
    if roster is None or roster.eligible.empty:
        return math.nan
    return math.ceil(round(rules["quota"]["county"]["eligible"] * len(roster.eligible), 9))


def propose(
    county: CountyData, panel: Panel, *, moves: Roster | None, counties: int,
    teachers: float | None = None,
) -> Trial:  # fmt: skip
    """Propose who receives next year and who the year after.

    Parameters
    ----------
    county
        For its code, year and parameters.
    panel
        Of this county alone.
    moves
        The balance plan's list of moves, if there is a plan.
    counties
        Counties of the prefecture.
    teachers
        So many teachers are to be exchanged in a year, nan where nobody knows; if not given, as
        many as the rule asks for (`count_least`).
    """
    teachers = count_least(county) if teachers is None else teachers
    parameters = county.reference.parameters["exchange"]
    at = float(parameters["effect"]["main"])
    idle = _find_idle(panel, county.year, at)
    candidates = _choose(idle, at, moves)
    seed = [int(parameters["trial"]["seed"]), int(county.place.code), county.year]
    candidates = _draw(candidates, teachers, seed)
    shocks = _learn(panel, at, parameters["trial"])
    pairs, possible = int((candidates["turn"] == 1).sum()), len(candidates) // 2
    found = _find(shocks, pairs, possible, counties, parameters["trial"])
    enough = 0 if shocks is None else _enough(shocks, parameters["trial"])
    return Trial(county, teachers, at, candidates, shocks, found, enough, counties, len(idle))


def _find_idle(panel: Panel, year: int, at: float) -> pd.DataFrame:
    """Find the schools of the year that were under the threshold on both sides all the time."""
    roles = assign(panel.rows, "receive", at).roles
    idle = set(roles.loc[roles["role"] == "control", "school"])
    rows: pd.DataFrame = panel.rows[
        (panel.rows["year"] == year) & panel.rows["school"].isin(idle) & (panel.rows["pupils"] > 0)
    ]
    return rows


def _choose(idle: pd.DataFrame, at: float, moves: Roster | None) -> pd.DataFrame:
    """List the idle schools whose score is known, the neediest first.

    The plan's receivers come first, then schools with few backbone teachers for their pupils.
    """
    rows = idle[idle["score"].notna()]
    planned = set() if moves is None else set(moves.rows["receiver"])
    pupils = rows["pupils"].astype(float)
    made = pd.DataFrame({
        "school": rows["school"], "pupils": pupils, "score": rows["score"],
        "needs": np.maximum(1, np.ceil((at * pupils / 100).round(9))).astype(int),
        "planned": rows["school"].isin(planned), "backbone": rows["backbone"],
    })  # fmt: skip
    order = ["planned", "backbone", "school"]
    made = made.sort_values(order, ascending=[False, True, True], na_position="last")
    return made.drop(columns="backbone").reset_index(drop=True)


def _draw(candidates: pd.DataFrame, teachers: float, seed: list[int]) -> pd.DataFrame:
    """Pair as many of the neediest as there are teachers for, and draw who comes first."""
    rows = candidates.assign(pair=0, turn=0)
    for size in range(len(rows) // 2 * 2, 0, -2):
        some = rows.iloc[:size]
        # The larger half of each pair is half of all or more: no need to pair what cannot do.
        if some["needs"].sum() / 2 > teachers:
            continue
        pairs = lots.pair(np.column_stack([some["score"], np.log(some["pupils"])]))
        needs = some["needs"].to_numpy()[pairs]
        # Whoever the lot takes, there are teachers enough.
        if needs.max(axis=1).sum() <= teachers:
            first = lots.draw(len(pairs), seed)
            for number, (pair, which) in enumerate(zip(pairs, first, strict=True), start=1):
                rows.loc[pair, "pair"] = number
                rows.loc[pair[which], "turn"], rows.loc[pair[1 - which], "turn"] = 1, 2
            break
    return rows


def _learn(panel: Panel, at: float, parameters: Mapping[str, Any]) -> Shocks | None:
    """Learn from the years and schools without exchange how scores move by themselves."""
    rows = assign(panel.rows, "receive", at).rows
    rows = rows[(rows["first"] == 0) & rows["score"].notna()]
    years = sorted(rows["year"].unique())[-int(parameters["years"]) :]
    rows = rows[rows["year"].isin(years)]
    seen = rows.groupby("school")["year"].transform("size")
    rows = rows[seen == len(years)]
    if rows["school"].nunique() < parameters["least_schools"] or len(years) < 3:
        return None
    return clusters.estimate_shocks(rows, outcome="score", cluster="school", time="year")


def _find(
    shocks: Shocks | None, pairs: int, possible: int, counties: int, parameters: Mapping[str, Any]
) -> dict[str, Detectable]:
    if shocks is None:
        return {}
    asked = {
        "one": (pairs, 1), "two": (pairs, 2), "every": (possible, 1),
        "together": (pairs * counties if counties > 1 else 0, 1),
    }  # fmt: skip
    return {name: _detect(shocks, n, after, parameters)
            for name, (n, after) in asked.items() if n >= 2}  # fmt: skip


def _detect(shocks: Shocks, pairs: int, after: int, parameters: Mapping[str, Any]) -> Detectable:
    return clusters.find_detectable(
        shocks, clusters=2 * pairs, treated=pairs, before=int(parameters["before"]), after=after,
        power=parameters["power"], size=parameters["size"],
    )  # fmt: skip


def _enough(shocks: Shocks, parameters: Mapping[str, Any]) -> int:
    """Give the least number of pairs with which a change worth knowing is found after one year."""
    low, high = 1, 2
    while _detect(shocks, high, 1, parameters).effect > parameters["worth"]:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        found = _detect(shocks, middle, 1, parameters).effect <= parameters["worth"]
        low, high = (low, middle) if found else (middle, high)
    return high
