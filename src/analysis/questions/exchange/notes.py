"""What may be said of exchange, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pandas as pd

from analysis.finding import Cell, Given, Name, Note, NoteValue
from analysis.questions.exchange.rosters import Roster
from analysis.questions.exchange.rows import BY_SCOPE, RATIOS
from analysis.questions.exchange.rule import Quota
from analysis.questions.exchange.rules import Rules
from analysis.questions.exchange.stays import BY_AFTER, BY_PLACE

Values = dict[str, NoteValue]


def common(county: str, year: int) -> Values:
    """Give what every sentence may name: the county and the year."""
    return {"county": Name("county", county), "year": Given(year)}


def tell_nothing(county: str, year: int, why: str) -> Note:
    """Say that exchange cannot be assessed, for want of exchanges or of teachers."""
    return Note(f"exchange.headline.{why}", common(county, year))


def tell_quotas(county: str, year: int, found: Sequence[Quota]) -> Iterator[Note]:
    """Say how many of the eligible were exchanged, and who of them is backbone."""
    for quota in found:
        if quota.year != year or quota.scope in ("other", "unknown"):
            continue
        place: dict[str, str] = {"at": str(year)}
        if quota.scope:
            place |= {"by": BY_SCOPE, "subject": quota.scope}
        values: Values = {
            **common(county, year),
            "moved": Cell("exchange_teachers", **place),
            "eligible": Cell("exchange_eligible", **place),
            "share": Cell(RATIOS["eligible"], **place),
            "backbone": Cell(RATIOS["backbone"], **place),
        }
        yield Note(f"exchange.{'scope.said' if quota.scope else 'headline.county'}", values)


def tell_basis(county: str, roster: Roster) -> Iterator[Note]:
    """Say by which number of years teachers are eligible, and what the list does not know."""
    values: Values = {**common(county, roster.year), "years": Given(roster.years)}
    yield Note(f"exchange.confidence.{'own' if roster.own_years else 'usual'}_years", values)
    yield Note("exchange.confidence.exempt", values)
    if roster.open:
        yield Note("exchange.confidence.open", values)


def tell_flows(
    county: str, year: int, rules: Rules, listed: Collection[int], gone: Collection[str] = ()
) -> Iterator[Note]:
    """Say how many go which way, where that may be said; what is `gone` is for the county alone.

    Of the years together those without a list (not `listed`) are no years without exchange.
    """
    pooled = rules["pool"]["years"]
    values: Values = {**common(county, year), "years": Given(pooled)}
    known = sum(year - pooled < each <= year for each in listed)
    if known < pooled:
        yield Note("exchange.flows.lists", {**values, "known": Given(known)})
    at = str(year)

    def flow(what: str, subject: str) -> Cell:
        return Cell("exchange_moved", by=f"{what}_from→{what}_to", subject=subject, at=at)

    if "exchange_moved" in gone:
        yield Note("exchange.flows.few", values)
        return
    yield Note("exchange.flows.all", {**values, "moved": Cell("exchange_moved", at=at)})
    yield Note(
        "exchange.flows.strength",
        {**values, "down": flow("strength", "strong→weak"), "up": flow("strength", "weak→strong")},
    )


def tell_returns(county: str, year: int, gone: Collection[str] = ()) -> Iterator[Note]:
    """Say where teachers are after their exchange, and how many are there a year later."""
    if {"exchange_lasted", "exchange_then", "exchange_kept"} & set(gone):
        yield Note("exchange.returns.few", common(county, year))
    at = str(year)
    places = {
        name: Cell("exchange_then", by=BY_PLACE, subject=name, at=at)
        for name in ("home", "receiving", "elsewhere")
    }
    one = Cell("exchange_kept", by=BY_AFTER, subject="1", at=at)
    yield Note("exchange.returns.places", {**common(county, year), **places})
    yield Note("exchange.returns.kept", {**common(county, year), "kept": one})
    yield Note("exchange.returns.planned", common(county, year))


def tell_selection(
    county: str, year: int, table: pd.DataFrame, rules: Rules, gone: Collection[str] = ()
) -> Iterator[Note]:
    """Say in one sentence how the exchanged differ in backbone titles, or that they may not."""
    values: Values = {**common(county, year), "years": Given(rules["pool"]["years"])}
    rows = table[table["indicator"] == "exchange_gap_backbone"]
    if rows.empty:
        few = "exchange_gap_backbone" in gone
        yield Note(f"exchange.selection.{'few' if few else 'none'}", values)
        return
    low, high = float(rows["value_low"].iloc[0]), float(rows["value_high"].iloc[0])
    key = "more" if low > 0 else "fewer" if high < 0 else "open"
    cells = {
        name: Cell("exchange_gap_backbone", at=str(year), field=field)
        for name, field in (("gap", "value"), ("low", "value_low"), ("high", "value_high"))
    }
    yield Note(f"exchange.selection.{key}", {**values, **cells})


def tell_arithmetic(county: str, year: int, out: int) -> Iterator[Note]:
    """Say what the numbers before and after are, and that some teachers are left out of them."""
    yield Note("exchange.arithmetic.none_of_effect", common(county, year))
    if out:
        yield Note("exchange.arithmetic.left_out", common(county, year))
