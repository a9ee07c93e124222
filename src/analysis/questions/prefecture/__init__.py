"""Question. How do the counties of a prefecture stand beside one another (全市概览)?

Data. The balance findings of its counties, taken as an argument; the 2020 census by county
(``data/reference/census2020.csv``).

Method. Each county's levels, school shares and coefficients side by side, and how many counties
meet each requirement. How much of the differences between all schools lies between counties and
how much within (Theil's index, split exactly). For each county its statistical peers among all
counties with published figures. Nothing is averaged over counties, and nothing is ranked; on
request `rank` gives the intervals of ranks that the ranges leave open.

Assumptions. Counties were assessed under the same scheme and for the same year. Peers are alike
in the variables that were used and in no other.

Source. As for the balance of resources; 国家统计局《中国人口普查分县资料—2020》.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.finding import Cell, Finding, Given, Name, Note, merge_labels, tidy
from analysis.questions.prefecture import counties, notes, peers, spread
from analysis.questions.prefecture.indicators import declare, declare_peers
from analysis.questions.prefecture.nearest import find_peers
from analysis.questions.prefecture.ranks import rank
from analysis.records.county import Place
from analysis.records.reference import Reference

__all__ = ["compare", "find_peers", "rank"]


def compare(
    place: Place,
    findings: Sequence[Finding],
    *,
    reference: Reference,
    places: Mapping[str, Place],
) -> Finding:
    """Put the balance findings of a prefecture's counties side by side.

    Parameters
    ----------
    place
        The prefecture.
    findings
        One finding named ``"balance"`` a county, same scheme and year, at least one.
    reference
        Census figures and parameters.
    places
        All divisions by code: among their counties peers are looked for, of those that are
        among them.

    Returns
    -------
    Finding
        Named ``"prefecture"``, counties in the order of their codes; rows ``by="county"``, those of the prefecture as a whole
        ``by=""``, peers ``by="county→peer"`` and their figures ``by="place"``.

    Raises
    ------
    ValueError
        Without findings, or with findings of several years or questions.
    """
    if {finding.name for finding in findings} != {"balance"}:
        raise ValueError("findings are those of the balance question, at least one")
    if len({finding.year for finding in findings}) != 1:
        raise ValueError("findings are of one school year")
    findings = sorted(findings, key=lambda finding: finding.county)
    year, parameters = findings[0].year, reference.parameters["prefecture"]
    codes = [finding.county for finding in findings if finding.county in places]
    published = peers.publish(reference.census, places, parameters["peers"]["variable"])
    judged = [check for finding in findings for check in counties.county_checks(finding)]
    table = tidy(
        [
            *counties.county_rows(findings),
            *counties.summary_rows(judged, len(findings), year),
            *spread.spread_rows(findings, parameters["spread"]["least_schools"]),
            *(peers.peer_rows(codes, published, parameters["peers"]) if codes else ()),
        ]
    )
    return Finding(
        name="prefecture",
        county=place.code,
        year=year,
        table=table,
        indicators=(
            *declare(findings, parameters),
            *(declare_peers(parameters["peers"]) if codes else ()),
        ),
        labels=_labels(place, findings, table, places, parameters),
        checks=(*judged, *peers.peer_checks(codes, published)),
        notes=tuple(_notes(place, year, judged, table, parameters)),
        origin=findings[0].origin,
    )


def _labels(
    place: Place,
    findings: Sequence[Finding],
    table: pd.DataFrame,
    places: Mapping[str, Place],
    parameters: Mapping[str, Any],
) -> dict[str, dict[str, Mapping[str, str]]]:
    own = merge_labels(
        *({k: v for k, v in f.labels.items() if k != "school"} for f in findings),
        {"county": {place.code: place.label}},
    )
    shown = table.loc[table["by"] == "place", "subject"].unique()
    others = [code for code in shown if code not in own["county"]]
    names = peers.name_places(others, places, place.code)
    inside = {code: own["county"][code] for code in shown if code in own["county"]}
    variables = {v["id"]: {"zh": v["zh"], "en": v["en"]} for v in parameters["peers"]["variable"]}
    return merge_labels(own, {"place": {**inside, **names}, "variable": variables})


def _notes(
    place: Place,
    year: int,
    judged: Sequence[Any],
    table: pd.DataFrame,
    parameters: Mapping[str, Any],
) -> Iterator[Note]:
    common: notes.Values = {
        "prefecture": Name("county", place.code),
        "year": Given(year),
        "counties": Cell("counties", at=str(year)),
    }
    yield from notes.tell_verdicts(common, year, judged)
    yield from notes.tell_spread(common, table)
    if (table["indicator"] != "peer").all():
        return
    number = Given(parameters["peers"]["number"])
    variables = [variable["id"] for variable in parameters["peers"]["variable"]]
    yield from notes.tell_peers(
        {**common, "number": number, "variables": Given(len(variables))}, table, variables
    )
