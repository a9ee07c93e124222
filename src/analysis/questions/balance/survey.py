"""Many counties assessed at once: each county's figures and verdicts, no school by itself.

The rules are those of `assess`, and so is the code (`stage`, `checks`, `rows`): schools are
joined and totalled for all counties of a batch together, then each county is judged by its own.
What takes a look at single schools (shares, influence, gaps), the simulated reporting errors and
the years before are left to the county's report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice, product
from typing import Literal

from analysis.finding import Check, Finding, Verdict, tidy
from analysis.methods.dispersion import Weights
from analysis.questions.balance import rows
from analysis.questions.balance.checks import county_checks
from analysis.questions.balance.indicators import declare
from analysis.questions.balance.stage import Stage, form, weigh
from analysis.records.county import Counties


def assess_many(
    counties: Counties,
    *,
    scheme: str = "quality-2017",
    weights: Weights | Literal["scheme"] = "scheme",
) -> Finding:
    """Assess how resources are balanced in each of many counties.

    Parameters
    ----------
    counties
        From `analysis.records.open_batches`.
    scheme, weights
        As for `assess`.

    Returns
    -------
    Finding
        Named ``"survey"``, about no single county. Rows ``by="county"``: for each stage and
        indicator the level, the coefficient and the share of schools at the threshold; for each
        stage the composite, the share of schools that meet the school rule and the schools
        assessed, without data where no school reported the stage. Checks are the requirements on
        each county.

    Raises
    ------
    UsageError
        If there is no such scheme.
    """
    rules = counties.reference.scheme(scheme)
    chosen = weigh(rules, weights)
    stages = form(counties.tables, counties.reference, rules, chosen)
    table = [row for formed in stages.values() for row in _limits(formed.values())]
    judged: list[Check] = []
    for place, id in product(counties.places, stages):
        own = {"by": "county", "subject": place.code}
        stage = stages[id].get((place.code, counties.year))
        if stage is None or stage.is_empty:
            table.append({**rows.nobody_row(id, counties.year), **own})
            continue
        verdicts = stage.judge_schools()
        table.extend({**row, **own} for row in _rows(stage, verdicts))
        judged.extend(
            replace(check, by="county", subject=place.code)
            for check in county_checks(stage, verdicts)
        )
    return Finding(
        name="survey",
        county="",
        year=counties.year,
        table=tidy(table),
        indicators=declare(rules),
        labels={"county": {place.code: place.label for place in counties.places}},
        checks=tuple(judged),
        origin=counties.origin,
    )


def _limits(stages: Iterable[Stage]) -> Iterator[rows.Row]:
    """Give what every county is held against, once."""
    for stage in islice(stages, 1):
        for indicator in stage.indicators:
            yield from rows.coefficient_limit_rows(stage, indicator)
            yield from rows.threshold_rows(stage, indicator)
        yield from rows.composite_limit_rows(stage)


def _rows(stage: Stage, school_verdicts: Iterable[Verdict]) -> Iterator[rows.Row]:
    for indicator in stage.indicators:
        yield rows.level_row(stage, indicator)
        yield rows.coefficient_row(stage, indicator)
        yield from rows.schools_met_rows(stage, indicator)
    yield rows.composite_row(stage)
    yield from rows.schools_rule_rows(stage, school_verdicts)
    yield rows.assessed_row(stage)
