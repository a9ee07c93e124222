"""What may be said of government assurance and quality, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.finding import Cell, Given, Name, Note, NoteValue
from analysis.questions.assurance.indicators import judged
from analysis.questions.assurance.outcomes import Item, Outcome
from analysis.questions.assurance.rows import BY_VERDICT, Outcomes
from analysis.questions.assurance.sites import Rules
from analysis.questions.assurance.teachers import Staff

Values = dict[str, NoteValue]


def tell(
    county: str, year: int, rules: Rules, outcomes: Outcomes, staff: Staff, table: pd.DataFrame
) -> Iterator[Note]:
    """Give the notes of the chapter.

    Parameters
    ----------
    county, year
        Which.
    rules
        ``data/reference/assurance.toml``.
    outcomes
        By item.
    staff
        From `teachers.gather`.
    table
        The finding's rows.
    """
    at = str(year)
    common: Values = {"county": Name("county", county), "year": Given(year)}

    def number(verdict: str) -> Cell:
        return Cell("items_by_verdict", by=BY_VERDICT, subject=f"assurance→{verdict}", at=at)

    values: Values = {
        **common, "items": Cell("assurance_items", at=at), "met": number("met"),
        "not_met": number("not_met"), "documents": Given(len(rules["document"])),
    }  # fmt: skip
    counts = table[table["indicator"] == "items_by_verdict"].set_index("subject")["value"]
    if counts["assurance→cannot_say"]:
        values["unknown"] = number("cannot_say")
    if counts["assurance→not_applicable"]:
        values["none"] = number("not_applicable")
    yield Note("assurance.headline.items", values)
    yield from _at_fault(rules["item"], table, common, at)
    yield from _retention(outcomes["retention"], common, at)
    yield from _missing(rules["item"], outcomes, common, at)
    if outcomes["exchange"].reason != "not_reported":
        key = "own_years" if staff.own_years else "usual_years"
        yield Note(
            f"assurance.caution.{key}", {**common, "years": Cell("eligibility_years", at=at)}
        )
    if len(table[table["indicator"] == "schools_list_short"]):
        yield Note(
            "assurance.caution.unlisted", {**common, "schools": Cell("schools_list_short", at=at)}
        )
    yield Note("assurance.confidence.rule", common)
    yield Note("assurance.confidence.relaxed", common)


def tell_other_scheme(county: str, year: int) -> Note:
    """Say that the scheme in use asks for none of this."""
    return Note(
        "assurance.headline.other_scheme", {"county": Name("county", county), "year": Given(year)}
    )


def _retention(outcome: Outcome, common: Values, at: str) -> Iterator[Note]:
    if outcome.reason != "not_reported":
        said: Values = {**common, "rate": Cell("retention", at=at),
                        "out": Cell("transfers_out", at=at)}  # fmt: skip
        yield Note("assurance.caution.retention", said)


def _at_fault(
    items: Sequence[Item], table: pd.DataFrame, common: Values, at: str
) -> Iterator[Note]:
    """Say how many schools or classes do not meet an item, where any does not."""
    county = table[(table["by"] == "") & (table["value"] > 0)]
    for item in items:
        if f"{item['id']}.at_fault" not in set(county["indicator"]):
            continue
        said: Values = {
            **common, "item": Name("item", item["id"]),
            "fault": Cell(f"{item['id']}.at_fault", at=at),
            "all": Cell(judged(item), at=at, field="denominator"),
        }  # fmt: skip
        yield Note(f"assurance.fault.{item['basis']}", said)


def _missing(items: Sequence[Item], outcomes: Outcomes, common: Values, at: str) -> Iterator[Note]:
    for item in items:
        schools = outcomes[item["id"]].schools
        if len(schools) and (schools["verdict"] == "cannot_say").any():
            yield Note(
                "assurance.caution.schools_unknown",
                {**common, "item": Name("item", item["id"]),
                 "schools": Cell(f"{item['id']}.unknown", at=at)},
            )  # fmt: skip
