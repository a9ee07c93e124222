"""Which ranks the counties' coefficients can have: on request, and never as a list of ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from analysis.finding import Cell, Finding, Given, Name, Note, NoteValue, tidy
from analysis.methods.ranks import rank_ranges
from analysis.questions.prefecture.counties import Row


def rank(finding: Finding) -> Finding:
    """Add the ranks that each county's coefficients can have, given their sensitivity ranges.

    Rank 1 is the smallest coefficient. There is no rank, only the interval of those that are
    possible when every coefficient lies in its range; ``value`` is how many they are. Counties
    with fewer schools of the stage than ``least_schools`` are left out, those without a
    coefficient may stand anywhere.

    Parameters
    ----------
    finding
        From `compare`.

    Returns
    -------
    Finding
        The same with rows ``<id>.rank`` by county, in the order of the rows given.
    """
    table = finding.table
    least = float(table.loc[table["indicator"] == "least_schools", "value"].iloc[0])
    rows = list(_rank_rows(table, least))
    if not rows:
        return finding
    return replace(
        finding,
        table=tidy([*({str(k): v for k, v in r.items()} for r in table.to_dict("records")), *rows]),
        notes=(*finding.notes, *_notes(finding, rows)),
    )


def _notes(finding: Finding, rows: Sequence[Row]) -> Iterator[Note]:
    """Say what the intervals are; where they are withheld, nothing is said of them."""
    year = str(finding.year)
    known = [row for row in rows if row["value"] is not None]
    common: dict[str, NoteValue] = {
        "prefecture": Name("county", finding.county),
        "year": Given(finding.year),
        "counties": Cell("counties", at=year),
        "least": Cell("least_schools", by="limit", subject="schools", at=year),
    }
    if known:
        widest = max(known, key=lambda row: int(row["value"]))
        key = ("indicator", "stage", "by", "subject", "at")
        common["widest"] = Cell(*(str(widest[part]) for part in key))
        for part in ("what", "caution"):
            yield Note(f"prefecture.ranks.{part}", common)
    for stage in dict.fromkeys(str(row["stage"]) for row in rows):
        values = {**common, "stage": Name("stage", stage)}
        yield Note("prefecture.table.ranks.subtitle", values, stage)


def _rank_rows(table: pd.DataFrame, least: float) -> Iterator[Row]:
    of_county = table[table["by"] == "county"]
    assessed = of_county[of_county["indicator"] == "schools_assessed"]
    large = assessed[assessed["value"] >= least]
    coefficients = of_county[of_county["indicator"].str.endswith(".coefficient")]
    for (stage, indicator), rows in coefficients.groupby(["stage", "indicator"], sort=False):
        inside = set(large.loc[large["stage"] == stage, "subject"])
        here = rows[rows["subject"].isin(inside)]
        known = here[(here["n"] >= least) & here[["value_low", "value_high"]].notna().all(axis=1)]
        first, last = rank_ranges(
            known["value_low"], known["value_high"], unknown=len(here) - len(known)
        )
        ends = dict(zip(known["subject"], zip(first, last, strict=True), strict=True))
        for row in rows[["subject", "at", "n", "flag"]].to_dict("records"):
            low, high = ends.get(row["subject"], (None, None))
            yield {
                **{str(k): v for k, v in row.items()},
                "indicator": str(indicator).replace(".coefficient", ".rank"),
                "stage": stage, "by": "county", "n_unit": "schools", "unit": "ranks",
                "value_low": low, "value_high": high, "interval_kind": "sensitivity",
                "value": None if low is None else high - low + 1,
                "flag": _flag(row["subject"] in inside, low is None, str(row["flag"])),
            }  # fmt: skip


def _flag(inside: bool, unknown: bool, flag: str) -> str:
    """Tell a county that is left out (not applicable) from one without data."""
    if not inside:
        return "z"
    return "x" if unknown else flag
