"""Why a coefficient changed between two years: pupils, resources, schools that came or went.

Of the schools that are there in both years, pupils and resources are those of the one year or of
the other; schools of one year only stand with what they had in it. The eight coefficients that
this gives are split over the three sources by Shapley's values, which add up to the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods import dispersion
from analysis.questions.balance.rows import Row
from analysis.questions.balance.stage import Stage

SOURCES = ("enrolment", "resources", "schools")
Team = frozenset[str]


def follow(successions: pd.DataFrame, first: int, last: int) -> dict[str, str]:
    """Give the code of a later year for every code that was only changed in between.

    Mergers, closures and splits change no code. A code that two schools were changed to, or
    that one bore already, is a merger whatever it is called.

    Parameters
    ----------
    successions
        Columns ``school``, ``year``, ``successor``, ``event``; the year is the first under the
        new code.
    first, last
        The two years.

    Examples
    --------
    >>> rows = [("a", 2016, "b", "recoded"), ("b", 2018, "c", "recoded"), ("d", 2017, "e", "merged")]
    >>> table = pd.DataFrame(rows, columns=["school", "year", "successor", "event"])
    >>> follow(table, 2015, 2018), follow(table, 2016, 2018)
    ({'a': 'c'}, {'b': 'c'})
    """
    recoded = successions[successions["event"] == "recoded"]
    recoded = recoded[(recoded["year"] > first) & (recoded["year"] <= last)]
    now: dict[str, str] = {}
    for row in recoded.sort_values(["year", "school"]).itertuples(index=False):
        code, new = str(row.school), str(row.successor)
        begun = next((old for old, current in now.items() if current == code), code)
        now[begun] = new
    bearers = list(now.values())
    return {old: new for old, new in now.items() if bearers.count(new) == 1}


def change_rows(before: Stage, now: Stage, heirs: Mapping[str, str], name: str) -> Iterator[Row]:
    """Give what each source adds to the change of each coefficient, and the whole change.

    Parameters
    ----------
    before, now
        The stage in the two years.
    heirs
        From `follow`.
    name
        Of the part: ``change`` since the first year, ``change_year`` since the one before.

    Yields
    ------
    dict
        Of ``denominator`` schools assessed in one year and the other, ``numerator`` reported.
    """
    for indicator in now.indicators:
        id = indicator["id"]
        old, new = _seen(before, id), _seen(now, id)
        old.index = pd.Index(rename(old.index, heirs))
        parts = split(old, new, now)
        nothing = "x" if old.empty or new.empty else "z"
        for source, value in parts.items():
            yield {
                **now.key, "indicator": f"{id}.{name}", "by": "component", "subject": source,
                "value": value, "n": min(len(old), len(new)), "n_unit": "schools",
                "unit": "coefficient", "numerator": len(old) + len(new),
                "denominator": len(before.entrants.counted) + len(now.entrants.counted),
                "flag": nothing if np.isnan(value) else "",
            }  # fmt: skip


def split(old: pd.DataFrame, new: pd.DataFrame, stage: Stage) -> dict[str, float]:
    """Split the change of a coefficient over its sources; ``total`` is the whole.

    Parameters
    ----------
    old, new
        Columns ``pupils`` and ``total``, index the school's code of the later year.
    stage
        Whose weighting it is.
    """
    both = old.index.intersection(new.index)
    gone, come = old.drop(index=both), new.drop(index=both)
    # By year, the earlier first: what those of both years have, and what the others have.
    stayed = [of.loc[both].to_numpy(dtype=float) for of in (old, new)]
    alone = [of.to_numpy(dtype=float) for of in (gone, come)]

    def coefficient(team: Team) -> float:
        enrolment, resources, schools = (int(source in team) for source in SOURCES)
        kept = np.column_stack([stayed[enrolment][:, 0], stayed[resources][:, 1]])
        pupils, totals = np.concatenate([kept, alone[schools]]).T
        return dispersion.difference_coefficient(totals, pupils, weights=stage.weights)

    whole = coefficient(frozenset(SOURCES)) - coefficient(frozenset())
    if np.isnan(whole):
        return dict.fromkeys((*SOURCES, "total"), np.nan)
    return {**dispersion.shapley(coefficient, SOURCES), "total": whole}


def turnover_rows(
    before: Stage, now: Stage, heirs: Mapping[str, str], listed: tuple[set[str], set[str]]
) -> Iterator[Row]:
    """Count the schools that came into the assessment and left it, and why.

    Parameters
    ----------
    before, now, heirs
        As for `change_rows`.
    listed
        Codes of all schools of the county in the two years, whether assessed or not.
    """
    then, today = set(rename(listed[0], heirs)), listed[1]
    old = set(rename(before.entrants.counted.index, heirs))
    new = set(now.entrants.counted.index)
    counts = {
        "opened": len((new - old) - then),
        "entered": len((new - old) & then),
        "closed": len((old - new) - today),
        "left": len((old - new) & today),
    }
    for event, number in counts.items():
        yield {
            **now.key, "indicator": "turnover", "by": "turnover", "subject": event,
            "value": number, "n": number, "n_unit": "schools", "unit": "schools",
        }  # fmt: skip


def rename(codes: Any, heirs: Mapping[str, str]) -> list[str]:
    """Give codes as they are in the later year; who would take another's code keeps its own.

    >>> rename(["a", "b"], {"a": "c"}), rename(["a", "c"], {"a": "c"})
    (['c', 'b'], ['a', 'c'])
    """
    taken = {str(code) for code in codes}
    return [c if heirs.get(c, c) in taken else heirs.get(c, c) for c in map(str, codes)]


def _seen(stage: Stage, id: str) -> pd.DataFrame:
    counted = stage.entrants.counted
    seen = counted.loc[counted[id].notna(), ["pupils", id]]
    return seen.rename(columns={id: "total"})
