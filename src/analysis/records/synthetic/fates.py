"""What became of the pupils of a synthetic county, counted in plain loops from what is true.

Like `truth`, a second way to the numbers: nothing of `analysis.questions` is used.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from analysis.records.synthetic.county import SyntheticCounty

_TOLD = ["person", "year", "term", "grade", "exit"]


def tell_pupils(county: SyntheticCounty) -> dict[str, Any]:
    """Tell how terms ended, what a table of two columns would say, and what the ledgers hold.

    Returns
    -------
    dict
        ``ends``: by term (``2021-1``) and grade, pupils by how the term ended for them;
        ``naive``: log odds of leaving, marked against not marked, of the column that is declared
        to mislead; ``ledger``: cases by outcome. Empty where the county has no pupils.
    """
    if county.followed is None:
        return {}
    people, ends, cross = county.followed.people, Counter[tuple[str, str, str]](), Counter[Any]()
    terms = county.followed.terms
    for person, year, term, grade, end in terms[_TOLD].to_numpy().tolist():
        if year not in county.years:
            continue
        ends[f"{year}-{term}", str(grade), end] += 1
        if end in ("stays", "left"):
            cross[bool(people.at[person, "aided"]), end] += 1
    tree: dict[str, dict[str, dict[str, int]]] = {}
    for (term, grade, end), number in sorted(ends.items()):
        tree.setdefault(term, {}).setdefault(grade, {})[end] = number
    outcomes = Counter(str(found) if isinstance(found, str) else "open"
                       for found in county.frames["suspected"]["outcome"])  # fmt: skip
    return {
        "ends": tree,
        "naive": {"aided": _log_odds(cross)},
        "ledger": dict(sorted(outcomes.items())),
    }


def _log_odds(cross: Counter[Any]) -> float | None:
    four = [cross[True, "left"], cross[True, "stays"], cross[False, "left"], cross[False, "stays"]]
    if not all(four):
        return None
    return math.log(four[0] / four[1]) - math.log(four[2] / four[3])
