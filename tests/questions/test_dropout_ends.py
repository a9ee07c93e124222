"""How school ends: shares by hand, what few make is kept inside, and what goes with which end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.questions.synthetic_counties import county, make

from analysis.finding import tidy
from analysis.methods.hazard import median_odds_ratio
from analysis.questions.dropout import between, ends, model, risk
from analysis.questions.dropout.terms import LEFT, MOVED, OTHER, STAYS
from analysis.records.reference import load_reference
from analysis.release import release

CODES = ("130728", "130725")
PARAMETERS = {**load_reference().parameters["dropout"]["risk"], "draws": 100, "pool_draws": 20}
Shares = dict[str, dict[str, Any]]


def study_of(rows: pd.DataFrame, *, learnt: bool = True) -> risk.Study:
    rows = rows.assign(end=rows["exit"])
    pool = risk.Pool(rows, rows.head(0), {}, {}, 2021, "left")
    dull = model.Model(None, {}, (), (), 0, 0) if learnt else None
    return risk.Study(pool, dull, None, {}, None, 1.0, 0)


def follow(*terms: Sequence[int], schools: int = 4) -> pd.DataFrame:
    """List pupils by term: how many left, moved, are gone for other reasons, and stay."""
    rows = [
        {"pseudonym": f"{period}-{exit}-{i}", "county": "x", "school": f"s{i % schools}",
         "period": period, "exit": exit}
        for period, counts in zip(ends.PERIODS, terms, strict=True)
        for exit, count in zip((LEFT, MOVED, OTHER, STAYS), counts, strict=True)
        for i in range(count)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def shares(rows: pd.DataFrame, **settings: bool) -> dict[str, Shares]:
    made: dict[str, Shares] = {}
    for row in ends.end_rows(study_of(rows, **settings), "x", PARAMETERS):
        made.setdefault(row["by"], {})[row["subject"]] = row
    return made


QUIET = (0, 0, 0, 100)


def test_periods_end_before_the_last_term_of_grade_9() -> None:
    assert ends.PERIODS == ("7-1", "7-2", "8-1", "8-2", "9-1")


def test_shares_by_hand() -> None:
    """A tenth leaves in the first term and a tenth of those still there in the second."""
    made = shares(follow((10, 20, 10, 60), (10, 0, 0, 90), QUIET, QUIET, QUIET))
    assert set(made) == {ends.BY_END, ends.BY_END_INSIDE}
    exact = {LEFT: 16, MOVED: 20, OTHER: 10, STAYS: 54}
    # Of 100 pupils, steps of ten pupils are steps of 10.
    coarse = {LEFT: 20, MOVED: 20, OTHER: 10, STAYS: 50}
    for by, told in made.items():
        assert {name: row["value"] for name, row in told.items()} == pytest.approx(
            exact if by == ends.BY_END_INSIDE else coarse
        )
        assert {row["n"] for row in told.values()} == {100}
        for row in told.values():
            assert row["value_low"] <= row["value"] <= row["value_high"]


def test_two_years_reports_do_not_tell_the_few_who_left_between_them() -> None:
    """12 of 200 and 15 of 300: to the tenth both numbers, and so the 3, could be worked out."""
    for left, entered, told in ((12, 200, 5), (15, 300, 5), (18, 300, 5)):
        first = (left, 20, 15, entered - left - 35)
        made = shares(follow(first, QUIET, QUIET, QUIET, QUIET))
        assert made[ends.BY_END][LEFT]["value"] == told
        assert made[ends.BY_END_INSIDE][LEFT]["value"] == pytest.approx(100 * left / entered)


def test_an_end_of_few_is_told_with_another_outside_the_county() -> None:
    made = shares(follow((20, 20, 9, 60), QUIET, QUIET, QUIET, QUIET))
    assert set(made[ends.BY_END_INSIDE]) == {LEFT, MOVED, OTHER, STAYS}
    assert set(made[ends.BY_END]) == {LEFT, ends.AWAY, STAYS}
    inside = made[ends.BY_END_INSIDE]
    both = inside[MOVED]["value"] + inside[OTHER]["value"]
    assert made[ends.BY_END][ends.AWAY]["value"] == pytest.approx(both, abs=5)


@pytest.mark.parametrize("first", [(9, 20, 20, 60), (20, 4, 5, 60), (20, 9, 0, 60)])
def test_where_no_sum_hides_few_nothing_is_told_outside(first: tuple[int, ...]) -> None:
    """All shares add up to a hundred: the others would tell it."""
    assert set(shares(follow(first, QUIET, QUIET, QUIET, QUIET))) == {ends.BY_END_INSIDE}


def test_the_same_few_pupils_in_two_terms_are_few() -> None:
    rows = follow((20, 6, 20, 100), (0, 6, 0, 100), QUIET, QUIET, QUIET)
    moved = rows["exit"] == MOVED
    rows.loc[moved, "pseudonym"] = "m" + (np.arange(moved.sum()) % 6).astype(str)
    assert ends.AWAY in shares(rows)[ends.BY_END]


def test_an_end_that_nobody_came_to_is_no_secret() -> None:
    made = shares(follow((20, 20, 0, 60), QUIET, QUIET, QUIET, QUIET))
    assert made[ends.BY_END][OTHER]["value"] == 0


def test_what_was_not_seen_is_not_guessed() -> None:
    full = follow((10, 20, 10, 60), QUIET, QUIET, QUIET, QUIET)
    for rows in (full[full["period"] != "8-1"], full[full["exit"] != LEFT]):
        assert shares(rows) == {}
        assert list(ends.tell(study_of(rows), "x", tidy([]))) == [("ends.cannot", {})]
    assert shares(full, learnt=False) == {}
    untold = list(ends.tell(study_of(full, learnt=False), "x", tidy([])))
    assert untold == [("ends.untold", {})]


# All counties together


@pytest.fixture(scope="module")
def studied() -> risk.Study:
    pool = risk.gather(county(code, rank=i) for i, code in enumerate(CODES))
    assert pool is not None
    return risk.study(pool, PARAMETERS)


@pytest.fixture(scope="module")
def together(studied: risk.Study) -> risk.Together:
    return risk.judge_all(studied, PARAMETERS)


def test_moving_does_not_go_with_what_leaving_goes_with(together: risk.Together) -> None:
    """The demo's pupils leave for declared reasons and move for none of them."""
    high = {
        cause: together.causes[cause].fitted.fitted.interval(0.999).at["score", "high"]
        for cause in (LEFT, MOVED)
    }
    assert high[LEFT] < 0 < high[MOVED]


def test_an_end_is_held_against_staying_alone(studied: risk.Study, together: risk.Together) -> None:
    rows = studied.pool.rows
    moved = together.causes[MOVED].fitted
    assert moved.rows == rows["exit"].isin([STAYS, MOVED]).sum()
    assert moved.events == (rows["exit"] == MOVED).sum()
    assert together.causes[LEFT].fitted is studied.fitted


def test_ends_of_few_are_not_learnt(studied: risk.Study) -> None:
    number = (studied.pool.rows["exit"] == MOVED).sum()
    made = ends.learn(studied, {**PARAMETERS, "least_events": number + 1})
    assert MOVED not in made


def test_what_rests_on_few_pupils_is_not_told(studied: risk.Study, together: risk.Together) -> None:
    told = {(row["indicator"], row["subject"]) for row in ends.cause_rows(together.causes)}
    rows = studied.pool.rows
    for cause, made in together.causes.items():
        ended = rows[rows["exit"] == cause]
        marked = ended.loc[ended["orphan"] == 1, "pseudonym"].nunique()
        enough = "orphan" in made.fitted.columns and marked >= PARAMETERS["least_group"]
        assert ((f"risk_odds_{cause}", "orphan") in told) == enough
    assert not any(subject.endswith("_missing") for _, subject in told)
    all_ = ends.learn(studied, {**PARAMETERS, "least_group": 10**6})
    assert {row["subject"] for row in ends.cause_rows(all_)} & {"boarder", "orphan", "far"} == set()


def test_shares_of_the_demo_are_those_of_its_truth(studied: risk.Study) -> None:
    """Hazards counted from how every term truly ended; they differ by transfers not verified."""
    truth = make(CODES[0], "survey", 0).followed.terms
    still, left = 1.0, 0.0
    for period in ends.PERIODS:
        grade, term = period.split("-")
        rows = truth[(truth["grade"] == int(grade)) & (truth["term"] == term)]
        rows = rows[(rows["year"] < 2021) | (rows["term"] == "1")]
        exits = rows["exit"].value_counts(normalize=True)
        left += still * exits.get("left", 0)
        still *= exits["stays"]
    made = {
        row["subject"]: row["value"]
        for row in ends.end_rows(studied, CODES[0], PARAMETERS)
        if row["by"] == ends.BY_END_INSIDE
    }
    assert made[LEFT] == pytest.approx(100 * left, abs=1.0)
    assert made[STAYS] == pytest.approx(100 * still, abs=0.2)
    assert sum(made.values()) == pytest.approx(100)


def test_schools_have_levels_in_the_model_of_leaving(
    studied: risk.Study, together: risk.Together
) -> None:
    made = together.between
    assert made is not None
    assert studied.fitted is not None
    assert set(studied.fitted.columns) <= set(made.params.index)
    assert len(made.groups) == studied.pool.rows["school"].nunique()
    rows = {(row["indicator"], row.get("subject")): row for row in between.rows(made)}
    odds = rows["risk_between_odds", None]
    assert odds["value"] == pytest.approx(median_odds_ratio(made.sd))
    beside = {row["subject"] for row in risk.risk_rows.factor_rows(studied)}
    assert {subject for indicator, subject in rows if indicator == "risk_odds_within"} == beside


def test_where_schools_do_not_differ_no_odds_are_given_within_them(
    together: risk.Together,
) -> None:
    """They would be the other model's, with ranges that take pupils of a school for independent."""
    assert together.between is not None
    told = [row["indicator"] for row in between.rows(replace(together.between, sd=0.0))]
    assert told == ["risk_between_sd", "risk_between_odds"]


def test_without_a_model_there_is_nothing_to_say(studied: risk.Study) -> None:
    bare = study_of(studied.pool.rows, learnt=False)
    assert ends.learn(bare, PARAMETERS) == {}
    assert between.learn(bare) is None
    assert list(between.rows(None)) == []


@pytest.mark.parametrize("audience", ["internal", "superior", "public"])
def test_few_ends_stay_inside(studied: risk.Study, together: risk.Together, audience: str) -> None:
    home = county(CODES[0], rank=0)
    finding, _ = risk.report(studied, home, together)
    kept = risk.recall(home, finding, inside=audience == "internal")
    shown = release(kept, audience).table  # type: ignore[arg-type]
    assert (shown["by"] == ends.BY_END_INSIDE).any() == (audience == "internal")
