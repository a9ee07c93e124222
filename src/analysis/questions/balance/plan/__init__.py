"""Question. What is the least a county has to do so that its schools meet the standard?

Data. What the assessment needs, and for moves of teachers the table ``teachers``; what things cost
is in ``data/reference/actions.toml``, to be replaced by the county's own prices.

Method. The cheapest set of actions after which every school meets the school rule and every
difference coefficient is within its limit: teachers moved between schools of a stage, each counted
in every indicator that he or she carries; teachers hired or trained, rooms, grounds and equipment
added. It is found as a mixed-integer conic program (`program`) with a proven bound, and then held
against the rules of the assessment once more. Beside it stand plans with fewer means or fewer
rules, what each binding rule costs, and what moves alone can do.

Assumptions. Enrolment stays as it is. No school that sends teachers falls below the standard or
its staff below the ratio of the establishment. What a school did not report is neither planned nor
taken from. Nobody's consent, land or budget is known to the plan: it is a lower bound to start
from, and who moves is for people to decide.

Source. 教督〔2017〕6号; the conic form is ours (`docs/methods/balance.md`).
"""

from __future__ import annotations

from analysis.finding import Finding, Note, Roster, tidy
from analysis.questions.balance.plan import notes, rows
from analysis.questions.balance.plan.carried_out import apply, choose, merge_schools
from analysis.questions.balance.plan.indicators import declare
from analysis.questions.balance.plan.labels import Labels, name
from analysis.questions.balance.plan.made import Plan, make
from analysis.questions.balance.plan.options import Options
from analysis.questions.balance.plan.studies import Study, study
from analysis.questions.balance.plan.units import Units, open_units
from analysis.records.county import CountyData

__all__ = [
    "Options", "Plan", "Study", "Units", "absent", "apply", "choose", "list_moves", "make",
    "merge_schools", "open_units", "recall", "report", "study",
]  # fmt: skip


def report(studied: Study) -> Finding:
    """Put a study into numbers and notes.

    Returns
    -------
    Finding
        Named ``"plan"``: counts by kind of teacher and type of school, no school by itself.
    """
    table = list(rows.table(studied))
    return _finding(studied.county, table, tuple(notes.tell(studied)), name(studied, table))


def recall(county: CountyData, fitted: Finding | None, *, scheme: str) -> Finding:
    """Give the plan that was fitted for a county, or say why there is none that holds.

    Parameters
    ----------
    county, scheme
        As for `open_units`.
    fitted
        From `report`, as it was stored, or nothing.

    Returns
    -------
    Finding
        The one given, if it was made of these data by this scheme.
    """
    if fitted is None:
        return absent(county, scheme=scheme)
    rules = county.reference.scheme(scheme)
    made_of = fitted.labels.get("made_of", {})
    if set(made_of) == {county.run, str(rules["zh"])}:
        return fitted
    return absent(county, scheme=scheme, otherwise="outdated")


def absent(county: CountyData, *, scheme: str, otherwise: str = "not_fitted") -> Finding:
    """Give the finding of a county for which no plan was made, saying why.

    Parameters
    ----------
    county, scheme
        As for `open_units`.
    otherwise
        What to say where there could be one.
    """
    rules = county.reference.scheme(scheme)
    why = "no_rule"
    if "school_rule" in rules and rules["coefficient"]["rule"] == "each":
        why = "no_data" if open_units(county, scheme) is None else otherwise
    note = notes.tell_nothing(county.place.code, county.year, why)
    labels: Labels = {"county": {county.place.code: county.place.label}}
    return _finding(county, [], (note,), labels)


def list_moves(studied: Study) -> Roster | None:
    """List the moves of a study's plan by school and teacher, for the county's desk.

    Returns
    -------
    Roster or None
        None where nobody moves. `expires` is empty: who draws the list sets it.
    """
    chosen = choose(studied.county, studied.units, studied.plan)
    if chosen.empty:
        return None
    listed = chosen.assign(
        reason="roster.reason.moves",
        counted=[" ".join(studied.units.counted(kind)) for kind in chosen["kind"]],
    ).drop(columns="kind")
    county = studied.county
    return Roster("moves", county.place.code, county.year, listed, "")


def _finding(
    county: CountyData, table: list[rows.Row], said: tuple[Note, ...], labels: Labels
) -> Finding:
    return Finding(
        name="plan",
        county=county.place.code,
        year=county.year,
        table=tidy(table),
        indicators=declare(county.reference.actions),
        labels=labels,
        notes=said,
        origin=county.origin,
    )
