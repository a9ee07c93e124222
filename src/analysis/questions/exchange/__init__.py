"""Question. Is the quota of exchange met, who moves where, and what becomes of them (教师交流轮岗)?

Data. Tables ``exchanges``, ``teachers``, ``schools``, ``school_years``; ``county_years``,
``successions``.

Method. Two ratios in two scopes, by year. Flows of some years together, by type of school at both
ends. Length of stay, return and who is still there later, by the dates on the list and the lists of
teachers. What shares and coefficients become when teachers are counted where they teach. Who is
sent, beside the eligible of the same schools.

Assumptions. The list does not say who need not move. Where it does not say enough, the ratio is a
range and the verdict that of all of it. Nothing here is an effect on pupils.

Source. 教师〔2014〕4号; 教督〔2017〕6号; quotas and our own rules with their standing in
``data/reference/exchange.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from analysis.finding import Finding, tidy
from analysis.questions.exchange import (
    arithmetic,
    flows,
    labels,
    notes,
    rows,
    rule,
    selection,
    stays,
)
from analysis.questions.exchange.indicators import declare
from analysis.questions.exchange.rosters import Roster, draw_up_all
from analysis.questions.exchange.rules import Rules, read_rules
from analysis.records.county import CountyData

__all__ = ["assess", "sum_up"]


def assess(county: CountyData, *, few: bool = False) -> Finding:
    """Assess the exchange of teachers in a county.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.
    few
        Give also what few teachers or schools could be told from: for the county's own desk.

    Returns
    -------
    Finding
        Named ``"exchange"``; without numbers where no exchange of the year or no teacher is listed,
        with a note that says so.
    """
    code, year, rules = county.place.code, county.year, read_rules(county.reference)
    finding = Finding(
        "exchange", code, year, tidy([]), labels=labels.name(county, rules), origin=county.origin
    )
    rosters = draw_up_all(county, rules)
    now = next((roster for roster in rosters if roster.year == year), None)
    if now is None:
        why = "no_exchanges" if county.table("exchanges", year=year).empty else "no_teachers"
        return replace(
            finding,
            table=tidy(rows.unknown_rows(year)),
            notes=(notes.tell_nothing(code, year, why),),
            indicators=declare(rules, rules["eligibility"]["years"], own_years=False),
            checks=tuple(c for c in rows.judge_quotas([], rules, year) if not c.by),
        )
    # Of other years than the report's, the county alone: scopes of few would hide each other.
    quotas = [q for r in rosters for q in rule.measure(r) if r is now or not q.scope]
    hidden = frozenset() if few else rows.find_few(quotas, rules["few"]["teachers"])
    made = [*rows.quota_rows(quotas, hidden), *rows.week_rows(county, now, rules, few=few)]
    moved, gone = _moves(county, rosters, rules, few=few)
    counted, out = arithmetic.present(county, rules)
    made += [*moved, *arithmetic.compare(county, now, counted, rules, few=few)]
    table = tidy(made)
    return replace(
        finding,
        table=table,
        indicators=declare(rules, now.years, own_years=now.own_years),
        checks=tuple(rows.judge_quotas(quotas, rules, year, hidden)),
        notes=(
            *notes.tell_quotas(code, year, quotas),
            *notes.tell_basis(code, now),
            *notes.tell_flows(code, year, rules, {r.year for r in rosters}, gone),
            *notes.tell_returns(code, year, gone),
            *notes.tell_arithmetic(code, year, out),
            *notes.tell_selection(code, year, table, rules, gone),
        ),
    )


def sum_up(finding: Finding) -> Finding:
    """Give what the summary of a county takes: the headline alone.

    The two requirements of the whole county stand in the chapter on duties, and count once.
    """
    return replace(finding, checks=())


def _moves(
    county: CountyData, rosters: Sequence[Roster], rules: Rules, *, few: bool
) -> tuple[list[rows.Row], frozenset[str]]:
    """Give who moves where, how long, what becomes of them, and how they differ from others.

    Beside the rows, the indicators of which something was left out for the few of a year.
    """
    year = county.year
    pooled = flows.pool(rosters, year, rules)
    begun = pd.concat([roster.moves for roster in rosters], ignore_index=True)
    over, lists = stays.follow(county, begun, rules)
    made = [
        *flows.flow_rows(pooled, rules, str(year), few=few),
        *stays.stay_rows(begun, year, rules),
        *stays.return_rows(over, lists, year, rules, few=few),
        *selection.selection_rows(selection.pair(rosters, year, rules), year, rules, few=few),
    ]
    if few:
        return made, frozenset()
    sizes = {roster.year: len(roster.moves) for roster in rosters}
    return rows.leave_out_few(made, sizes, year, rules)
