"""What is predicted where hardly anybody leaves: wider outcomes, taken only where they must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.questions.dropout_rows import case, junior, pupil
from tests.questions.synthetic_counties import county, make

from analysis.display import View
from analysis.finding import Finding
from analysis.questions.dropout import outcomes, risk, risk_rows, terms
from analysis.questions.dropout.terms import LEFT, known
from analysis.records.county import CountyData
from analysis.records.reference import load_reference
from analysis.release import release

Build = Callable[..., CountyData]
CODES = ("130728", "130725", "130709")
SETTINGS = load_reference().parameters["dropout"]
PARAMETERS = {**SETTINGS["risk"], "draws": 100, "pool_draws": 50}


def days(n: int, year: int, longest: int | None, term: str = "1") -> dict[str, object]:
    return {"pseudonym": f"p{n}", "school": "A", "county": "130722", "year": year, "term": term,
            "days_unexcused_n": longest, "longest_n": longest}  # fmt: skip


def test_marks_by_hand(build_county: Build) -> None:
    made = build_county(
        [junior()],
        pupils=[pupil(n, 2021, term=t) for n in range(4) for t in "12"],
        attendance=[days(0, 2021, 12), days(1, 2021, 3), days(2, 2021, None)],
        suspected=[case(1, "2021-10-09"), case(2, "2022-03-09")],
    )
    rows = terms.list_terms(made.tables, SETTINGS["terms"]["starts"]).rows
    marked = outcomes.mark(rows, made, SETTINGS).set_index("pseudonym")
    assert marked["suspected"].to_dict() == {"p0": 0, "p1": 1, "p2": 0, "p3": 0}
    absent = marked["absent"]
    assert absent[["p0", "p1"]].tolist() == [1, 0]
    assert absent[["p2", "p3"]].isna().all()


def test_without_a_ledger_nobody_is_known_not_to_be_suspected(build_county: Build) -> None:
    made = build_county([junior()], pupils=[pupil(n, 2021, term=t) for n in range(2) for t in "12"])
    rows = terms.list_terms(made.tables, SETTINGS["terms"]["starts"]).rows
    assert outcomes.mark(rows, made, SETTINGS)["suspected"].isna().all()


def test_where_nobody_is_known_to_be_spared_nobody_is_learnt_from() -> None:
    """School B keeps no ledger: the one who left there would be all whom anything is known of."""
    rows = pd.DataFrame(
        [("A", 2020, "stays", 1.0), ("A", 2020, "stays", 0.0), ("A", 2021, "left", 0.0),
         ("A", 2021, "stays", 1.0), ("A", 2021, "left", np.nan), ("B", 2021, "left", np.nan),
         ("B", 2021, "stays", np.nan), ("B", 2021, "moved", np.nan)],
        columns=["school", "year", "exit", "suspected"],
    ).assign(place=lambda made: 2 * made["year"], absent=np.nan)  # fmt: skip
    taken, outcome = outcomes.choose(pd.concat([rows, rows.iloc[[2]]]), 1)
    assert outcome == "suspected"
    assert taken["exit"].tolist()[:8] == ["left", "stays", "left", "left", "left", "unknown",
                                          "unknown", "moved"]  # fmt: skip


ENDS = st.sampled_from(["stays", "left", "moved", "other"])
FLAGS = st.sampled_from([0.0, 1.0, float("nan")])
ROWS = st.lists(st.tuples(st.sampled_from([2019, 2020, 2021]), ENDS, FLAGS, FLAGS), min_size=1)


@given(ROWS, st.integers(1, 4))
def test_each_outcome_holds_the_one_before_and_the_narrowest_is_taken(
    drawn: list[tuple[int, str, float, float]], least: int
) -> None:
    rows = pd.DataFrame(drawn, columns=["year", "exit", "suspected", "absent"])
    rows = rows.assign(school="A", place=2 * rows["year"])
    taken, outcome = outcomes.choose(rows, least)
    assert taken["end"].tolist() == rows["exit"].tolist()
    flags = {"left": [], "suspected": ["suspected"], "absent": ["suspected", "absent"]}[outcome]
    came = (rows["exit"] == LEFT) | (rows[flags] == 1).any(axis=1)
    if flags:
        told = rows[flags[-1]].notna().groupby(rows["place"]).transform("any")
        came &= told | rows["exit"].isin([terms.MOVED, terms.OTHER])
    assert (taken["exit"] == LEFT).tolist() == came.tolist()
    # Who is told to have stayed is known to have stayed, by what the outcome is about.
    stayed = taken["exit"] == terms.STAYS
    assert (rows.loc[stayed, "exit"] == terms.STAYS).all()
    assert rows.loc[stayed, flags[-1:]].notna().all(axis=None)
    if outcome != "left":
        plain = known(rows)
        left = plain.loc[plain["exit"] == LEFT, "year"]
        last = int((left == plain["year"].max()).sum())
        assert min(last, len(left) - last) < least


@pytest.fixture(scope="module")
def sparse() -> risk.Study:
    pool = risk.gather(county(code, "administrative", rank=i) for i, code in enumerate(CODES))
    assert pool is not None
    return risk.study(pool, PARAMETERS)


@pytest.fixture(scope="module")
def reported(sparse: risk.Study) -> Finding:
    home = county(CODES[0], "administrative", 0)
    return risk.report(sparse, home, risk.judge_all(sparse, PARAMETERS))[0]


def test_suspected_cases_stand_in_for_few_who_left(sparse: risk.Study) -> None:
    rows = sparse.pool.rows
    last = rows[rows["year"] == rows["year"].max()]
    assert (last["end"] == LEFT).sum() < PARAMETERS["least_events"]
    assert sparse.pool.outcome == "suspected"
    assert (last["exit"] == LEFT).sum() >= PARAMETERS["least_events"]
    assert sparse.fitted is not None
    assert set(sparse.tried) == {"forward", "schools", "counties"}


def test_the_expected_number_lies_around_the_cases_that_came(sparse: risk.Study) -> None:
    """The ledger of the last term is not looked at, and is what the prediction is about."""
    for rank, code in enumerate(CODES):
        made = make(code, "administrative", rank)
        now = sparse.pool.now.query("county == @code")["pseudonym"]
        cases = made.reported["suspected"]
        came = cases.loc[cases["found_on"] >= "2022-03-01", "pupil_id"]
        ends = made.followed.terms.query("year == 2021 and term == '2' and exit == 'left'")
        left = made.followed.people["pupil_id"].loc[ends["person"]]
        happened = now.isin(came) | now.isin(left)
        (row,) = [r for r in risk_rows.expected_rows(sparse, code)
                  if r["indicator"] == "risk_expected" and "by" not in r]  # fmt: skip
        assert row["value_low"] <= happened.sum() <= row["value_high"]


def test_a_county_without_records_of_it_is_told_so(sparse: risk.Study) -> None:
    """What is expected there is learnt from the others, and has nothing to be held against."""
    rows = sparse.pool.rows
    here = rows["county"] == CODES[0]
    bare = rows.assign(
        exit=rows["exit"].mask(here & rows["exit"].isin([LEFT, terms.STAYS]), "unknown")
    )
    studied = risk.study(replace(sparse.pool, rows=bare), PARAMETERS)
    together = risk.judge_all(studied, PARAMETERS)
    for rank, code in enumerate(CODES):
        finding, _ = risk.report(studied, county(code, "administrative", rank), together)
        keys = [note.key for note in finding.notes]
        assert ("risk.headline.unrecorded" in keys) == (rank == 0)
        assert finding.table["indicator"].eq("risk_rate").any() == (rank != 0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_sentence_and_title_names_what_is_predicted(reported: Finding, language: str) -> None:
    assert reported.notes[0].key == "risk.headline.instead"
    view = View(release(reported, "internal"), language, chapter="dropout")
    said = [view.sentence(note) for note in view.released.notes]
    wanted = {"zh": "疑似辍学", "en": "listed as suspected"}[language]
    assert wanted in said[0]
    assert wanted in said[1]
    assert not any("{" in text for text in said)
    assert wanted in view.caption("table", "expected", "title", "")
    assert wanted in view.name("risk_expected")
    counted = [view.name(name) for name in ("risk_hits", "risk_left", "risk_recall")]
    assert all(wanted in name for name in counted)
    assert not np.any(["离校" in name or " left" in name for name in counted])
