"""The numbers of the two quotas, one row each, and the checks on them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from analysis.finding import Check, Verdict
from analysis.questions.exchange.rosters import Roster
from analysis.questions.exchange.rule import Quota, Ratio, judge
from analysis.questions.exchange.rules import Rules
from analysis.records.county import CountyData

Row = dict[str, Any]
BY_SCOPE = "exchange_scope"
_POOLED = ("exchange_moved", "exchange_gap_")
RATIOS = {"eligible": "exchange_of_eligible", "backbone": "exchange_of_moved"}


def quota_rows(found: Sequence[Quota], hidden: Collection[str] = ()) -> Iterator[Row]:
    """Give who was exchanged, who was eligible, and both ratios, by year and scope.

    Parameters
    ----------
    found
        From `rule.measure`.
    hidden
        Indicators that are not told by scope (`find_few`).
    """
    for quota in found:
        base: Row = {
            "by": BY_SCOPE if quota.scope else "", "subject": quota.scope, "at": str(quota.year),
            "n_unit": "teachers",
        }  # fmt: skip
        able, flag = quota.eligible, "p" if quota.eligible.partial else ""
        rows: list[Row] = [
            {"indicator": "exchange_teachers", "value": able.part, "unit": "teachers"},
            {"indicator": RATIOS["eligible"], "unit": "share", **_ratio(able)},
            {"indicator": RATIOS["backbone"], "unit": "share", **_ratio(quota.backbone)},
        ]
        if able.whole:
            counted = {"value": able.whole, "unit": "teachers", "flag": flag}
            rows.insert(1, {"indicator": "exchange_eligible", **counted})
        yield from (
            {**base, **row} for row in rows if not quota.scope or row["indicator"] not in hidden
        )


def unknown_rows(year: int) -> Iterator[Row]:
    """Give both ratios of the county as not known."""
    for indicator in RATIOS.values():
        yield {"indicator": indicator, "at": str(year), "n_unit": "teachers", "unit": "share",
               "flag": "x"}  # fmt: skip


def find_few(found: Iterable[Quota], least: int) -> frozenset[str]:
    """Find the indicators of which some scope counts few teachers, though not none.

    With the county's number beside the others they would be known. The summary repeats the
    county's, so that the gate, which sees one chapter at a time, could not withhold it here alone.
    """
    counts: dict[str, set[float]] = {"exchange_teachers": set(), "exchange_eligible": set()}
    backbone: set[float] = set()
    for quota in found:
        if quota.scope:
            counts["exchange_teachers"].add(quota.eligible.part)
            counts["exchange_eligible"].add(quota.eligible.whole)
            backbone |= {quota.backbone.part, quota.backbone.whole}
    counts[RATIOS["eligible"]] = counts["exchange_teachers"] | counts["exchange_eligible"]
    counts[RATIOS["backbone"]] = counts["exchange_teachers"] | backbone
    return frozenset(id for id, each in counts.items() if any(0 < n < least for n in each))


def tells_of_few(total: int, years: Collection[int], least: int) -> bool:
    """Tell whether the teachers of years together say how many a withheld year has at least.

    Each year brings no more than its own: what the others cannot have brought is of that one. That
    there is somebody is said by withholding it.

    Parameters
    ----------
    total
        Teachers of the years together, each once.
    years
        Teachers of each year; of fewer than `least` they are withheld.
    least
        How many may be told.

    Examples
    --------
    >>> tells_of_few(49, [28, 14, 7], 10), tells_of_few(43, [28, 14, 1], 10)
    (True, False)
    >>> tells_of_few(21, [7, 7, 7], 10), tells_of_few(18, [6, 6, 6], 10)
    (True, False)
    """
    few = sum(0 < n < least for n in years)
    told = sum(n for n in years if n >= least)
    return few > 0 and total - told - (least - 1) * (few - 1) > 1


def leave_out_few(
    rows: Iterable[Row], sizes: Mapping[int, int], year: int, rules: Rules
) -> tuple[list[Row], frozenset[str]]:
    """Leave out what is of several years where these tell of a year with few teachers.

    Parameters
    ----------
    rows
        Of flows, stays, returns and selection.
    sizes
        Teachers whose exchange began, by year.
    year, rules
        The year of the report, and what `rules.read_rules` gives.

    Returns
    -------
    list
        The others.
    frozenset
        Indicators of which something was left out.
    """
    kept: list[Row] = []
    gone: set[str] = set()
    pooled = True
    for row in rows:
        id, subject = row["indicator"], row.get("subject", "")
        after = int(subject) if id in ("exchange_lasted", "exchange_kept") else 0
        last = year - after - (id in ("exchange_then", "exchange_kept"))
        first = year - rules["pool"]["years"] + 1 if id.startswith(_POOLED) else 0
        years = [n for at, n in sizes.items() if first <= at <= last]
        total = row["value"] if id == "exchange_moved" else row["n"]
        if not (id == "exchange_moved" and subject):
            pooled = not tells_of_few(int(total), years, rules["few"]["teachers"])
        if pooled:
            kept.append(row)
        else:
            gone.add(id)
    return kept, frozenset(gone)


def _ratio(ratio: Ratio) -> Row:
    if math.isnan(ratio.value):
        return {"flag": "x"}
    return {
        "value": ratio.value, "numerator": ratio.part, "denominator": ratio.whole,
        "n": ratio.whole, "flag": "p" if ratio.partial else "",
    }  # fmt: skip


def judge_quotas(
    found: Sequence[Quota], rules: Rules, year: int, hidden: Collection[str] = ()
) -> Iterator[Check]:
    """Judge both quotas in both scopes in the year of the report; without data nothing is met.

    Nor is anything said of a ratio that is `hidden`: its verdict could tell how few there are.
    """
    now: dict[str, Quota] = {quota.scope: quota for quota in found if quota.year == year}
    for scope, id in (("", "county"), ("urban_or_good", "urban_or_good")):
        limits, quota = rules["quota"][id], now.get(scope)
        for name, indicator in RATIOS.items():
            verdict: Verdict = "cannot_say"
            reason = "not_reported"
            if scope and indicator in hidden:
                reason = "few"
            elif quota:
                verdict, reason = judge(getattr(quota, name), limits[name])
            yield Check(
                indicator=indicator, stage="", by=BY_SCOPE if scope else "", subject=scope,
                at=str(year), rule=f"exchange.rule.{name}", limit=limits[name], verdict=verdict,
                reason=f"exchange.reason.{reason}" if reason else "",
                source=f"{limits['source']}〔{limits['standing']}〕",
            )  # fmt: skip


def week_rows(county: CountyData, roster: Roster, rules: Rules, *, few: bool) -> Iterator[Row]:
    """Give the exchanged of the year by the share of the week, where that differs from heads.

    Not known where an itinerant teacher's share is not: neither a whole week nor none. Of few
    itinerant teachers, what heads and weeks differ by would tell each one's week: that is for the
    county's own desk (`few`).
    """
    moves = roster.moves
    by_week = moves["form"].isin(rules["forms"]["by_week"])
    if by_week.sum() < (1 if few else rules["few"]["teachers"]):
        return
    base: Row = {"at": str(roster.year), "n_unit": "teachers"}
    yield {**base, "indicator": "exchange_itinerant", "value": int(by_week.sum()),
           "unit": "teachers"}  # fmt: skip
    # A teacher at several schools is one row here: the shares of all of them count.
    rows = county.table("exchanges", year=roster.year)
    rows = rows[rows["pseudonym"].isin(moves.loc[by_week, "pseudonym"])]
    known = rows["share_week"].notna().groupby(rows["pseudonym"]).all()
    shares = rows.groupby("pseudonym")["share_week"].sum().astype(float).clip(upper=1.0)
    whole = float((~by_week).sum()) + float(shares.sum())
    yield {**base, "indicator": "exchange_weeks", "n": len(moves), "unit": "persons_week",
           **({"value": whole} if known.all() else {"flag": "x"})}  # fmt: skip
