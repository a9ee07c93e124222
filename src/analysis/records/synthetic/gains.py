"""What exchange of teachers did in a synthetic county, counted in plain loops from the list of stays.

Like `truth`, a second way to the numbers: full-time equivalents are added up day by day from the
list, not taken from where they were arranged, and nothing of `analysis.questions` is used.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.records.synthetic.county import SyntheticCounty

LEVELS = (0.5, 1.0, 2.0)
"""Full-time equivalents for 100 pupils from which a school is called treated: three values."""
SIDES = {"receive": "to_school", "send": "school"}
_DIGITS = 6

Doses = dict[str, dict[int, dict[int, float]]]
"""By side, site and year."""


def tell_exchange(county: SyntheticCounty) -> dict[str, Any]:
    """Tell what exchange truly was, over all years that are simulated, whichever are written.

    Returns
    -------
    dict
        ``start``, ``weak`` and ``trend`` as declared; ``schools``: by site its codes by year, the
        first years receiving and sending at each of `LEVELS`, full-time equivalents for 100 pupils
        and the true effect by year, zeros left out; ``average``: by level and side, the mean effect
        over school-years from the first one on, of tested schools that reach the level on that
        side alone and not in the very first year, with how many; the same by years since. Then how
        many marks, schools and last days the reports leave out. Whether pupils stay is untouched.
    """
    true = county.exchange
    if true is None:
        return {}
    rows = true.rows.to_dict("records")
    doses = count_doses(true.tables["exchanges"], rows)
    sites: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in rows:
        sites[row["site"]].append(row)
    firsts = {site: _firsts(site, doses) for site in sites}
    schools = {str(site): _school(site, own, firsts[site], doses) for site, own in sites.items()}
    return {
        "start": true.start,
        "weak": true.weak,
        "trend": true.trend,
        "schools": schools,
        "average": {
            f"{level:g}": {side: _average(level, side, sites, firsts) for side in SIDES}
            for level in LEVELS
        },
        "staying": 0.0,
        "scores_missing": _left_out(true.missing, county.years),
        "undated_n": int(true.undated["year"].isin(county.years).sum()),
    }  # fmt: skip


def _left_out(missing: pd.DataFrame, years: tuple[int, ...]) -> list[list[Any]]:
    """List marks left out, and with None for what follows schools that handed in none in a year."""
    own = missing[missing["year"].isin(years)].astype(object)
    return own.where(own.notna(), None).to_numpy().tolist()


def count_doses(stays: pd.DataFrame, rows: list[dict[Any, Any]]) -> Doses:
    """Count full-time equivalents for 100 pupils, by side, site and year.

    Parameters
    ----------
    stays
        Exchanges, complete: a stay without a last day goes on.
    rows
        One a site and year: ``site``, ``school``, ``year``, ``pupils``.
    """
    at = {(row["school"], row["year"]): row["site"] for row in rows}
    pupils = {(row["site"], row["year"]): row["pupils"] for row in rows}
    last = max(row["year"] for row in rows)
    doses: Doses = {side: defaultdict(lambda: defaultdict(float)) for side in SIDES}
    for stay in stays.to_dict("records"):
        share = 1.0 if pd.isna(stay["share_week"]) else float(stay["share_week"])
        for year in range(stay["year"], last + 1):
            part = share * _present(stay, year)
            for side, column in SIDES.items():
                site = at[stay[column], stay["year"]]
                if part and (site, year) in pupils:
                    doses[side][site][year] += 100 * part / pupils[site, year]
    return doses


def _present(stay: Mapping[Any, Any], year: int) -> float:
    """Give the part of a school year that a stay covers."""
    first, after = datetime.date(year, 9, 1), datetime.date(year + 1, 9, 1)
    begins = datetime.date.fromisoformat(stay["start"])
    ends = after if pd.isna(stay["end"]) else datetime.date.fromisoformat(stay["end"])
    covered = (min(ends + datetime.timedelta(days=1), after) - max(begins, first)).days
    return max(0, covered) / (after - first).days


def _firsts(site: int, doses: Doses) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for side in SIDES:
        for level in LEVELS:
            years = [y for y, dose in doses[side][site].items() if dose >= level - 1e-9]
            if years:
                found.setdefault(side, {})[f"{level:g}"] = min(years)
    return found


def _school(
    site: int, rows: list[Mapping[Any, Any]], first: Mapping[str, Any], doses: Doses
) -> dict[str, Any]:
    own = {
        f"{side}s": {str(y): round(d, _DIGITS) for y, d in sorted(doses[side][site].items())}
        for side in SIDES
    }
    effect = {str(r["year"]): round(r["effect"], _DIGITS) for r in rows if r["effect"]}
    return {"codes": {str(r["year"]): r["school"] for r in rows}, "first": first, **own,
            "effect": effect}  # fmt: skip


def _average(
    level: float,
    side: str,
    sites: Mapping[int, list[Mapping[Any, Any]]],
    firsts: Mapping[int, Mapping[str, Mapping[str, int]]],
) -> dict[str, Any]:
    """Average the effect over treated school-years, in all and by years since the first."""
    (other,) = set(SIDES) - {side}
    start = min(row["year"] for rows in sites.values() for row in rows)
    since: dict[int, list[float]] = defaultdict(list)
    schools = 0
    for site, rows in sites.items():
        first = firsts[site].get(side, {}).get(f"{level:g}")
        both = f"{level:g}" in firsts[site].get(other, {})
        treated = [r for r in rows if first is not None and r["year"] >= first and r["scored"]]
        if both or first == start or not treated:
            continue
        schools += 1
        for row in treated:
            since[row["year"] - (first or 0)].append(row["effect"])
    every = [effect for effects in since.values() for effect in effects]
    return {
        "schools": schools,
        "school_years": len(every),
        "effect": round(sum(every) / len(every), _DIGITS) if every else None,
        "since": {str(k): {"n": len(e), "effect": round(sum(e) / len(e), _DIGITS)}
                  for k, e in sorted(since.items())},
    }  # fmt: skip
