"""What may be said of dropout, each number a cell of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.finding import Cell, Given, Name, Note, NoteValue
from analysis.methods.shrinkage import most_behind
from analysis.questions.dropout.indicators import BY_OUTCOME, RETENTION
from analysis.questions.dropout.ledgers import Flow
from analysis.questions.dropout.rates import Rate
from analysis.questions.dropout.retention import Cohort
from analysis.questions.dropout.rules import Rules

Values = dict[str, NoteValue]


def tell_nothing(county: str, year: int) -> Note:
    """Say that the county handed in no register."""
    return Note("dropout.headline.no_register", _common(county, year))


def tell_missing(county: str, year: int, parts: Sequence[str]) -> Iterator[Note]:
    """Say of each part of the chapter that cannot be assessed what it takes."""
    for part in parts:
        yield Note(f"dropout.missing.{part}", _common(county, year))


def tell_rates(
    county: str, year: int, found: Sequence[Rate], why: str, unmeasured: Sequence[str]
) -> Iterator[Note]:
    """Say both rates of the latest year side by side, or why there are none."""
    common = _common(county, year)
    if why:
        yield Note(f"dropout.headline.{why}", common)
        return
    last = max(rate.year for rate in found)
    for rate in found:
        if rate.year != last or rate.grade is not None:
            continue
        at, stage = str(rate.year), rate.stage
        values: Values = {
            **common, "year": Given(rate.year), "stage": Name("stage", stage),
            "net": Cell("dropout_net", stage=stage, at=at),
        }  # fmt: skip
        followed: Values = {
            "followed": Cell("dropout_verified", stage=stage, at=at),
            "least": Cell("dropout_verified_least", stage=stage, at=at),
        }
        yield Note("dropout.headline.rates", {**values, **followed}, stage)
        if rate.out < rate.into:
            yield Note("dropout.caution.negative", values, stage)
    for stage in unmeasured:
        values = {**common, "year": Given(last), "stage": Name("stage", stage)}
        yield Note("dropout.confidence.stage", values, stage)
    yield Note("dropout.confidence.two_rates", common)


def tell_retention(county: str, cohorts: Sequence[Cohort]) -> Iterator[Note]:
    """Say what the latest cohort's retention is, and how many moved out."""
    for cohort in cohorts[-1:]:
        common = _common(county, cohort.year)
        cells: Values = {
            name: Cell(indicator, stage="junior", at=str(cohort.year))
            for name, indicator in RETENTION.items()
        }
        yield Note("dropout.headline.retention", {**common, "nine": cells["nine_year"]}, "junior")
        inspected = {"inspected": cells["inspected"], "out": cells["moved_out"]}
        yield Note("dropout.caution.moved_out", {**common, **inspected}, "junior")
        if cohort.partial:
            yield Note("dropout.caution.some_cohorts", common, "junior")


def tell_ledger(
    county: str, year: int, flow: Flow | None, rules: Rules, *, whole: bool
) -> Iterator[Note]:
    """Say how many cases there were, what zero means, or that no ledger was handed in.

    Parameters
    ----------
    county, year, rules
        Which, and what `rules.read_rules` gives.
    flow
        The year's, none without a ledger.
    whole
        The data reach to the end of the school year.
    """
    common = _common(county, year)
    if flow is None:
        yield Note("dropout.headline.no_ledger", common)
        return
    at = str(year)
    steps = ("entered", "checked", "returned", "open")
    cells: Values = {step: Cell(f"ledger_{step}", at=at) for step in steps}
    yield Note("dropout.headline.ledger", {**common, **cells})
    if flow.outcomes.get("left", 0) == 0:
        left = Cell("ledger_checked", by=BY_OUTCOME, subject="left", at=at)
        zero = "zero" if whole else "zero_so_far"
        level = rules["zero"]["level"]
        bound: Values = {"bound": Given(most_behind(0, level)), "level": Given(level)}
        yield Note(f"dropout.headline.{zero}", {**common, "left": left, **bound})
    yield Note("dropout.caution.unregistered",
               {**common, "unregistered": Cell("ledger_unregistered", at=at)})  # fmt: skip
    yield Note("dropout.confidence.steps", common)


def tell_absence(county: str, year: int, days: dict[str, int], *, own_rule: bool) -> Note:
    """Say which rule of absence is in use and whose it is."""
    values: Values = {name: Given(number) for name, number in days.items()}
    key = "own_rule" if own_rule else "usual_rule"
    return Note(f"dropout.absence.{key}", {**_common(county, year), **values})


def _common(county: str, year: int) -> Values:
    return {"county": Name("county", county), "year": Given(year)}
