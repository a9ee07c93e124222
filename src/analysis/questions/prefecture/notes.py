"""What may be said of a prefecture, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.finding import Cell, Check, Name, Note, NoteValue
from analysis.questions.prefecture.peers import CENSUS_YEAR

Values = dict[str, NoteValue]


def tell_verdicts(common: Values, year: int, checks: Sequence[Check]) -> Iterator[Note]:
    """Say how many counties meet what, by stage."""
    for stage in dict.fromkeys(check.stage for check in checks):
        values = {**common, "stage": Name("stage", stage)}
        rules = dict.fromkeys(check.indicator for check in checks if check.stage == stage)

        def number(indicator: str, verdict: str, stage: str = stage) -> Cell:
            subject = f"{indicator}→{verdict}"
            return Cell("counties_by_verdict", stage, "requirement→verdict", subject, str(year))

        if "schools_rule_met" in rules:
            met = number("schools_rule_met", "met")
            yield Note("prefecture.headline.schools", {**values, "met": met}, stage)
        for indicator in (rule for rule in rules if rule.endswith(".coefficient")):
            said: Values = {
                **values,
                "met": number(indicator, "met"),
                "not_met": number(indicator, "not_met"),
                "unknown": number(indicator, "cannot_say"),
                "indicator": Name("indicator", indicator.removesuffix(".coefficient")),
            }
            yield Note("prefecture.detail.coefficient", said, stage)
        for part in ("title", "subtitle", "alt", "reading"):
            yield Note(f"prefecture.figure.coefficients.{part}", values, stage)


def tell_spread(common: Values, table: pd.DataFrame) -> Iterator[Note]:
    """Say where most of the differences lie, and what that means for who can remove them."""
    between = table[table["indicator"].str.endswith(".between") & table["value"].notna()]
    for stage, rows in between.groupby("stage", sort=False):
        values: Values = {**common, "stage": Name("stage", str(stage))}
        ends = {"most": rows["value"].idxmax(), "least": rows["value"].idxmin()}
        for end, label in ends.items():
            indicator, at = (str(rows[column].to_dict()[label]) for column in ("indicator", "at"))
            values[end] = Cell(indicator, str(stage), at=at)
            values[f"{end}_indicator"] = Name("indicator", indicator.removesuffix(".between"))
        one = "between_one" if len(rows) == 1 else "between"
        yield Note(f"prefecture.spread.{one}", values, str(stage))
        yield Note("prefecture.table.spread.subtitle", values, str(stage))
    if len(between):
        yield Note("prefecture.meaning.spread", common)
        least = Cell("least_schools", by="limit", subject="schools", at=between["at"].iloc[0])
        yield Note("prefecture.table.spread.note", {**common, "least": least})


def tell_peers(common: Values, table: pd.DataFrame, variables: Sequence[str]) -> Iterator[Note]:
    """Say how peers were found and what they are not."""
    values: Values = {**common, "candidates": Cell("peer_candidates", at=CENSUS_YEAR)}
    found = table[(table["indicator"] == "peer") & table["value"].notna()]
    if found.empty:
        yield Note("prefecture.peers.none", values)
        return
    typical = Cell("peer_typical", at=CENSUS_YEAR)
    yield Note("prefecture.peers.what", {**values, "typical": typical})
    yield Note("prefecture.peers.caution", values)
    names = {f"variable_{n}": Name("variable", id) for n, id in enumerate(variables, start=1)}
    yield Note("prefecture.table.peers.note", {**values, **names})
