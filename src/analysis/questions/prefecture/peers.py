"""Statistical peers: for each county those of the whole country that published figures call alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.finding import Check
from analysis.methods import likeness
from analysis.questions.prefecture.counties import Row
from analysis.records.county import Place

CENSUS_YEAR = "2020"
PAIR = "county→peer"


def publish(
    census: pd.DataFrame, places: Mapping[str, Place], variables: Sequence[Mapping[str, Any]]
) -> pd.DataFrame:
    """Give the published variables of every county that has all of them, by code.

    A county that has another code than at the census is found by its old one, if it has only one:
    one that was put together of several has no figures of its own.

    Examples
    --------
    >>> census = pd.DataFrame({"population": [9.0, 7.0]}, index=["130722", "130733"])
    >>> places = {"130709": Place("130709", "崇礼区", "Chongli District", old=("崇礼县", "130733")),
    ...           "130722": Place("130722", "张北县", "Zhangbei County")}
    >>> variable = {"id": "population", "columns": ["population"]}
    >>> publish(census, places, [variable])["population"].to_dict()
    {'130709': 7.0, '130722': 9.0}
    """
    rows = {
        place.code: row
        for place in sorted(places.values(), key=lambda place: place.code)
        if place.level == "county" and (row := _census_code(place, census)) is not None
    }
    figures = census.loc[list(rows.values())]
    values = {v["id"]: figures[v["columns"]].sum(axis=1, skipna=False) for v in variables}
    return pd.DataFrame(values).astype("float64").set_axis(list(rows), axis=0).dropna()


def _census_code(place: Place, census: pd.DataFrame) -> str | None:
    if place.code in census.index:
        return place.code
    known = [code for code in place.old if code in census.index]
    return known[0] if len(known) == 1 else None


def peer_rows(
    counties: Sequence[str], published: pd.DataFrame, parameters: Mapping[str, Any]
) -> Iterator[Row]:
    """Give each county's peers with their distances, and the published variables of all of them.

    Parameters
    ----------
    counties
        Codes of the prefecture's counties.
    published
        As `publish` gives it.
    parameters
        ``peers`` of the prefecture's parameters.
    """
    known = [code for code in counties if code in published.index]
    base = {"at": CENSUS_YEAR}
    yield {**base, "indicator": "peer_candidates", "value": len(published), "unit": "counties"}
    for code in sorted(set(counties) - set(known)):
        yield {
            **base, "indicator": "peer", "by": PAIR, "subject": f"{code}→", "flag": "x",
            "unit": "distance",
        }  # fmt: skip
    if not known:
        return
    standard = _standardise(published, parameters)
    weights = [variable["weight"] for variable in parameters["variable"]]
    named: list[str] = []
    others: list[float] = []
    for code in known:
        place = published.index.tolist().index(code)
        away = pd.Series(likeness.distances(standard, place, weights), index=published.index)
        away = away.drop(code)
        others.extend(away)
        # By distance, and by code where two are equally far.
        nearest = away.sort_index().sort_values(kind="stable").head(parameters["number"])
        named.extend(nearest.index)
        for peer, distance in nearest.items():
            yield {
                **base, "indicator": "peer", "by": PAIR, "subject": f"{code}→{peer}",
                "value": distance, "unit": "distance",
            }  # fmt: skip
    if others:
        yield {
            **base, "indicator": "peer_typical", "value": float(np.median(others)),
            "unit": "distance",
        }  # fmt: skip
    shown = list(dict.fromkeys([*known, *sorted(named)]))
    yield from _figure_rows(published.loc[shown], parameters)


def peer_checks(counties: Sequence[str], published: pd.DataFrame) -> Iterator[Check]:
    """Say of which counties no peers can be named, and why."""
    for code in counties:
        if code not in published.index:
            yield Check(
                "peer", "", PAIR, f"{code}→", CENSUS_YEAR, "prefecture.rule.peers", float("nan"),
                "cannot_say", "prefecture.reason.unpublished",
            )  # fmt: skip


def name_places(
    codes: Sequence[str], places: Mapping[str, Place], inside: str
) -> dict[str, dict[str, str]]:
    """Name counties, those outside the prefecture with the division that they lie in."""
    names = {}
    for code in codes:
        place = places[code]
        above = places.get(place.parent)
        if above is None or place.parent == inside:
            names[code] = dict(place.label)
        else:
            names[code] = {"zh": f"{above.zh}{place.zh}", "en": f"{place.en}, {above.en}"}
    return names


def _standardise(published: pd.DataFrame, parameters: Mapping[str, Any]) -> likeness.Floats:
    scaled = {
        v["id"]: np.log(published[v["id"]]) if v["scale"] == "log" else published[v["id"]]
        for v in parameters["variable"]
    }
    return likeness.standardise(pd.DataFrame(scaled).to_numpy(), cap=parameters["cap"])


def _figure_rows(figures: pd.DataFrame, parameters: Mapping[str, Any]) -> Iterator[Row]:
    for variable in parameters["variable"]:
        for code, value in figures[variable["id"]].items():
            yield {
                "indicator": f"published_{variable['id']}", "by": "place", "subject": str(code),
                "at": CENSUS_YEAR, "value": value, "unit": variable["unit"],
            }  # fmt: skip
