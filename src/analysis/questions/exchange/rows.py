"""The numbers of the two quotas, one row each, and the checks on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from analysis.finding import Check, Verdict
from analysis.questions.exchange.rosters import Roster
from analysis.questions.exchange.rule import Quota, Ratio, judge
from analysis.questions.exchange.rules import Rules
from analysis.records.county import CountyData

Row = dict[str, Any]
BY_SCOPE = "exchange_scope"
RATIOS = {"eligible": "exchange_of_eligible", "backbone": "exchange_of_moved"}


def quota_rows(found: Iterable[Quota]) -> Iterator[Row]:
    """Give who was exchanged, who was eligible, and both ratios, by year and scope."""
    for quota in found:
        base: Row = {
            "by": BY_SCOPE if quota.scope else "", "subject": quota.scope, "at": str(quota.year),
            "n_unit": "teachers",
        }  # fmt: skip
        able, flag = quota.eligible, "p" if quota.eligible.partial else ""
        yield {**base, "indicator": "exchange_teachers", "value": able.part, "unit": "teachers"}
        if able.whole:
            yield {**base, "indicator": "exchange_eligible", "value": able.whole,
                   "unit": "teachers", "flag": flag}  # fmt: skip
        for name, ratio in (("eligible", able), ("backbone", quota.backbone)):
            yield {**base, "indicator": RATIOS[name], "unit": "share", **_ratio(ratio)}


def _ratio(ratio: Ratio) -> Row:
    if math.isnan(ratio.value):
        return {"flag": "x"}
    return {
        "value": ratio.value, "numerator": ratio.part, "denominator": ratio.whole,
        "n": ratio.whole, "flag": "p" if ratio.partial else "",
    }  # fmt: skip


def judge_quotas(found: Sequence[Quota], rules: Rules, year: int) -> Iterator[Check]:
    """Judge both quotas in both scopes in the year of the report; without data nothing is met."""
    now = {quota.scope: quota for quota in found if quota.year == year}
    for scope, id in (("", "county"), ("urban_or_good", "urban_or_good")):
        limits, quota = rules["quota"][id], now.get(scope)  # type: ignore[call-overload]
        for name, indicator in RATIOS.items():
            verdict: Verdict = "cannot_say"
            reason = "not_reported"
            if quota:
                verdict, reason = judge(getattr(quota, name), limits[name])
            yield Check(
                indicator=indicator, stage="", by=BY_SCOPE if scope else "", subject=scope,
                at=str(year), rule=f"exchange.rule.{name}", limit=limits[name], verdict=verdict,
                reason=f"exchange.reason.{reason}" if reason else "",
                source=f"{limits['source']}〔{limits['standing']}〕",
            )  # fmt: skip


def week_rows(county: CountyData, roster: Roster, rules: Rules) -> Iterator[Row]:
    """Give the exchanged of the year by the share of the week, where that differs from heads.

    Not known where an itinerant teacher's share is not: neither a whole week nor none.
    """
    moves = roster.moves
    by_week = moves["form"].isin(rules["forms"]["by_week"])
    if not by_week.any():
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
