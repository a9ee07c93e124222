"""Question. How many children leave school before they should, and what became of each case
(控辍保学)?

Data. Tables ``pupils``, ``status_changes``, ``cohorts``, ``suspected``, ``visits``,
``attendance``, ``school_years``; each part says so where its own is missing.

Method. Two dropout rates under two names: the official net flow, and children followed from one
autumn register to the next. Retention in three definitions. The ledger's cases by the dates of
their steps. Pupils who reach the county's rule of absence, and who of them is on the ledger.

Assumptions. A transfer that nobody verified is shown as a range: all in school, none in school.
A ledger that was not handed in is no zero; a zero is no proof that there is no risk.

Source. 国办发〔2017〕72号; 教督〔2017〕6号; limits and ages with their standing in
``data/reference/dropout.toml``, our own parameters in ``parameters.toml`` ``[dropout.*]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.finding import Finding, Note, tidy
from analysis.questions.dropout import labels, ledgers, notes, rates, retention, risk, rows
from analysis.questions.dropout.indicators import declare
from analysis.questions.dropout.rules import Rules, read_rules
from analysis.records.county import CountyData

__all__ = ["assess", "risk"]


def assess(
    county: CountyData,
    *,
    levels: Sequence[ledgers.Level] = ("term",),
    few: bool = False,
    suspected_days: int | None = None,
    report_days: int | None = None,
) -> Finding:
    """Assess dropout, retention and the ledgers of a county.

    Parameters
    ----------
    county
        From `analysis.records.open_county`.
    levels
        Periods of the ledger beside the school year. More than one level is for the county's own
        desk: months taken from quarters would tell small numbers.
    few
        Give also what few persons could be told from (few unverified transfers, few deaths, few
        who moved in, few open cases), likewise for the county's own desk.
    suspected_days, report_days
        The county's own rule of absence, in school days running without leave; by default the
        product's, which is no national rule.

    Returns
    -------
    Finding
        Named ``"dropout"``; without rows where nothing was handed in, with notes that say what
        cannot be assessed and what it would take.
    """
    code, year, rules = county.place.code, county.year, read_rules(county.reference)
    least, apart = (0 if few else int(rules["few"][name]) for name in ("least", "apart"))
    own_rule = suspected_days is not None or report_days is not None
    days = {
        "suspected": suspected_days or int(rules["absence"]["suspected_days"]),
        "reported": report_days or int(rules["absence"]["report_days"]),
    }
    found, reasons = rates.measure(county, rules)
    why = "" if found else _why(reasons)
    unmeasured = rates.left_out(county, found) if found else rates.STAGES if why else ()
    cohorts = retention.trace(county)
    ledger, told = _ledger(county, rules, levels, apart)
    absent = _absence(county, days)
    missing = {
        "rates": why == "no_pupils", "retention": not cohorts, "ledger": not ledger,
        "absence": not absent,
    }  # fmt: skip
    lacking = notes.tell_missing(code, year, [part for part in missing if missing[part]])
    finding = Finding(
        "dropout", code, year, tidy([]), labels=labels.name(county, rules), origin=county.origin
    )
    if all(missing.values()):
        return replace(finding, notes=(notes.tell_nothing(code, year), *lacking))
    if absent:
        told.append(notes.tell_absence(code, year, days, own_rule=own_rule))
    made = [
        *rows.rate_rows(found, least, apart),
        *rows.retention_rows(cohorts, apart),
        *ledger,
        *absent,
    ]
    children = [
        *notes.tell_rates(code, year, found, why, unmeasured),
        *notes.tell_retention(code, cohorts),
    ]
    return replace(
        finding,
        table=tidy([*made, *rows.unmeasured_rows(found, unmeasured, year)]),
        indicators=declare(
            rules, days, own_rule=own_rule, grades=retention.grades_of_junior(county)
        ),
        checks=tuple(rows.judge(found, cohorts, why, unmeasured, rules, year)),
        notes=(*told, *children, *lacking),
    )


def _why(reasons: dict[int, str]) -> str:
    """Say why no year could be measured; schools that did not report are what can be mended."""
    if not reasons:
        return "no_pupils"
    return "some_schools" if "some_schools" in reasons.values() else "one_register"


def _ledger(
    county: CountyData, rules: Rules, levels: Sequence[ledgers.Level], apart: int
) -> tuple[list[rows.Row], list[Note]]:
    code, year = county.place.code, county.year
    if not ledgers.keeps(county, year):
        return [], list(notes.tell_ledger(code, year, None, rules, whole=False))
    cases = county.tables["suspected"]
    reached = ledgers.covered(county, rules)
    flows = list(ledgers.count_flows(cases, reached, rules, levels))
    whole = reached == ledgers.months(year, rules)
    days, checked = ledgers.median_days(cases, year, rules)
    heads = rows.head_rows(ledgers.of_year(county, "visits", year), days, checked, year)
    strangers = ledgers.find_unregistered(county, reached)
    return (
        [
            *heads,
            *rows.ledger_rows(flows, year, apart),
            *rows.unregistered_rows(*strangers, year, apart),
        ],
        list(notes.tell_ledger(code, year, flows[0], rules, whole=whole)),
    )


def _absence(county: CountyData, days: dict[str, int]) -> list[rows.Row]:
    attendance, pupils, cases = (county.tables[n] for n in ("attendance", "pupils", "suspected"))
    # Without a ledger nobody is on it, which is not to say that 0% of them are.
    kept = ledgers.keeps(county, county.year)
    return [
        row
        for name, number in days.items()
        for row in rows.absence_rows(
            ledgers.count_absent(attendance, pupils, cases, county.year, number), name, county.year
        )
        if kept or not row["indicator"].startswith("dropout_listed")
    ]
