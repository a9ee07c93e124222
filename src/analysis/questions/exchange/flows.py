"""Who moves where: exchanges of some years together, by type of school and by subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from analysis.questions.exchange.kinds import LOCATIONS, STRENGTHS, UNKNOWN
from analysis.questions.exchange.rosters import Roster
from analysis.questions.exchange.rules import Rules

Row = dict[str, Any]
ENDS = {"location": ("exchange_from", "exchange_to"), "strength": ("strength_from", "strength_to")}
"""The two ends of a flow, by what types are told by."""
BY_SUBJECT = "exchange_subject"
_COARSE = {"urban": "urban_town", "town": "urban_town"}
_TYPES = {"location": ("urban_town", *LOCATIONS, UNKNOWN), "strength": (*STRENGTHS, UNKNOWN)}


def pool(rosters: Sequence[Roster], year: int, rules: Rules) -> pd.DataFrame:
    """Put the exchanges of the last years together, each teacher once, by the latest.

    Returns
    -------
    DataFrame
        The moves, with the types of both schools as ``from_location``, ``to_location``,
        ``from_strength``, ``to_strength``, and ``group`` of subjects.
    """
    wanted = [r for r in rosters if year - rules["pool"]["years"] < r.year <= year]
    parts = []
    for roster in reversed(wanted):
        rows = roster.moves.copy()
        for end, column in (("from", "school"), ("to", "to_school")):
            for what in ENDS:
                types = rows[column].map(roster.kinds[what])
                rows[f"{end}_{what}"] = types.fillna(UNKNOWN).astype(object)
        parts.append(rows)
    if not parts:
        return pd.DataFrame(columns=["pseudonym"])
    groups = {s: group for group, subjects in rules["subject_group"].items() for s in subjects}
    moves = pd.concat(parts).drop_duplicates("pseudonym").reset_index(drop=True)
    return moves.assign(group=moves["subject"].map(groups).fillna(UNKNOWN).astype(object))


def flow_rows(moves: pd.DataFrame, rules: Rules, at: str, *, few: bool) -> Iterator[Row]:
    """Count the exchanged in all, by both ends, by type against type, and by group of subjects.

    Parameters
    ----------
    moves
        From `pool`.
    rules, at
        What `rules.read_rules` gives, and the year of the rows.
    few
        Give every type: for the county's own desk. Else types are told as finely as leaves none
        that few teachers went from or to, or that is of few schools; tables that would have some
        in the end are left out, or the gate would have to hide the others with them.
    """
    if moves.empty:
        return
    base: Row = {"indicator": "exchange_moved", "at": at, "n_unit": "teachers", "unit": "teachers"}
    yield {**base, "value": len(moves)}
    for what, ends in ENDS.items():
        types = _types(moves, what, rules, few=few)
        if types is None:
            continue
        for name, column in zip(ends, types, strict=True):
            yield from _counts(base, name, types[column], _TYPES[what])
        crossed = _cross(types)
        if few or _may_show(moves, crossed, rules):
            order = [f"{a}→{b}" for a in _TYPES[what] for b in _TYPES[what]]
            yield from _counts(base, "→".join(ends), crossed, order)
    if few or _may_show(moves, moves["group"], rules):
        order = [*rules["subject_group"], UNKNOWN]
        yield from _counts(base, BY_SUBJECT, moves["group"], order)


def _types(moves: pd.DataFrame, what: str, rules: Rules, *, few: bool) -> pd.DataFrame | None:
    """Give the types of both ends as finely as may be: crossed, else apart, else none."""
    types = moves[[f"from_{what}", f"to_{what}"]]
    ways = [types, *([types.replace(_COARSE)] if what == "location" else [])]
    for way in ways:
        if few or _may_show(moves, _cross(way), rules):
            return way
    for way in ways:
        if all(_may_show(moves, way[column], rules) for column in way):
            return way
    return None


def _cross(types: pd.DataFrame) -> pd.Series:
    return types.iloc[:, 0] + "→" + types.iloc[:, 1]


def _may_show(moves: pd.DataFrame, groups: pd.Series, rules: Rules) -> bool:
    """Tell whether every group is of enough teachers, and of enough schools at both ends."""
    for _, rows in moves.groupby(groups.to_numpy()):
        schools = min(rows["school"].nunique(), rows["to_school"].nunique())
        if len(rows) < rules["few"]["teachers"] or schools < rules["few"]["schools"]:
            return False
    return True


def _counts(base: Row, by: str, groups: pd.Series, order: Sequence[str]) -> Iterator[Row]:
    sizes = groups.value_counts()
    for subject in order:
        if sizes.get(subject, 0):
            yield {**base, "by": by, "subject": subject, "value": int(sizes[subject])}
