"""One county's statistical peers, for its own report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analysis.finding import Cell, Finding, Given, Name, Note, NoteValue, tidy
from analysis.questions.prefecture import peers
from analysis.questions.prefecture.counties import Row
from analysis.questions.prefecture.indicators import declare_peers
from analysis.records.county import CountyData, Place


def find_peers(county: CountyData, places: Mapping[str, Place]) -> Finding:
    """Find the counties of the country that published figures call most like this one.

    Parameters
    ----------
    county
        From `analysis.records.open_county`; only its place and its reference data are used.
    places
        All divisions by code: among their counties peers are looked for.

    Returns
    -------
    Finding
        Named ``"peers"``; rows ``by="place"``, the county first and its peers by distance. It
        cannot say where the county has no published figures, and says nothing of a place that is
        not among `places`.
    """
    code, rule = county.place.code, county.reference.parameters["prefecture"]["peers"]
    published = peers.publish(county.reference.census, places, rule["variable"])
    rows = list(_rows(list(peers.peer_rows([code], published, rule)))) if code in places else []
    found = [row["subject"] for row in rows if row["indicator"] == "peer"]
    shown = [code, *found] if found else []
    return Finding(
        name="peers",
        county=code,
        year=county.year,
        table=tidy(rows),
        indicators=declare_peers(rule),
        labels={
            "county": {code: county.place.label},
            "place": peers.name_places(shown, places, county.parent.code),
        },
        notes=tuple(_notes(county, rule["number"], bool(found))) if rows else (),
        origin=replace(
            county.origin,
            source_zh=rule["variable"][0]["source"], source_en=rule["variable"][0]["source_en"],
            as_of="", synthetic=False,
        ),
    )  # fmt: skip


def _rows(rows: list[Row]) -> Iterator[Row]:
    """Turn pairs into rows about places, the published ones in the order of the distances."""
    pairs = [row for row in rows if row["indicator"] == "peer" and "value" in row]
    order = {str(row["subject"]).split("→")[1]: place for place, row in enumerate(pairs, start=1)}
    yield from (row for row in rows if row["indicator"].startswith("peer_"))
    figures = [row for row in rows if row["indicator"].startswith("published_")]
    yield from sorted(figures, key=lambda row: order.get(row["subject"], 0))
    for row in pairs:
        yield {**row, "by": "place", "subject": str(row["subject"]).split("→")[1]}


def _notes(county: CountyData, number: int, found: bool) -> Iterator[Note]:
    values: dict[str, NoteValue] = {
        "county": Name("county", county.place.code),
        "number": Given(number),
        "candidates": Cell("peer_candidates", at=peers.CENSUS_YEAR),
    }
    if not found:
        yield Note("peers.headline.none", values)
        return
    typical = Cell("peer_typical", at=peers.CENSUS_YEAR)
    yield Note("peers.headline.found", {**values, "typical": typical})
