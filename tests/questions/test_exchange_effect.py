"""Effects of exchange on made panels whose truth is declared, and the finding that tells them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.questions.exchange_frames import make_panel

from analysis import i18n
from analysis.finding import Finding
from analysis.methods import clusters, staggered
from analysis.questions.exchange import doubts, effect, estimators, inference, study
from analysis.questions.exchange.cases import Case, examine, refute
from analysis.questions.exchange.effect_indicators import LABELS
from analysis.questions.exchange.events import Events, follow
from analysis.questions.exchange.ladder import RESULTS, WORDS
from analysis.questions.exchange.panel import Panel
from analysis.questions.exchange.roles import Assigned
from analysis.questions.exchange.study import select
from analysis.records.county import CountyData
from analysis.records.reference import load_reference
from analysis.release import release

PARAMETERS = load_reference().parameters["exchange"]["effect"]
RULES, REFUTATION = PARAMETERS["inference"], PARAMETERS["refutation"]


def _examine(rows: pd.DataFrame, cluster: str = "county", **how: Any) -> Case:
    made = {at: Assigned(rows, rows, {}, "receive", at) for at in PARAMETERS["at"]}
    rows["on"] = (rows["receives"] >= 1).astype(float)
    return examine(made, scope="all", cluster=cluster, parameters=PARAMETERS, **how)


def _results(case: Case) -> dict[str, str]:
    assert case.refuted is not None
    return {doubt.id: doubt.result for doubt in case.refuted.doubts}


# What is compared


def test_two_schools_and_two_that_never_began_by_hand() -> None:
    """Scores rise by 3 and 5 where they rose by 1 elsewhere: 3, and the jackknife's error from 1, 2, 3."""
    rows = pd.DataFrame({
        "school": list("aabbccdd"), "county": list("kkllmmnn"), "year": [1, 2] * 4,
        "first": [2, 2, 2, 2, 0, 0, 0, 0], "score": [1.0, 4, 0, 5, 5, 6, 2, 3],
    })  # fmt: skip
    sample = select(rows, "score", "county")
    found = study.find_range(sample, RULES)
    assert found.value == pytest.approx(3.0)
    # Without a 4, without b 2, without either of the others 3: 3/4 of 1 + 1.
    assert found.se**2 == pytest.approx(1.5)
    assert (sample.treated_clusters, sample.control_clusters) == (2, 2)


def test_schools_without_scores_throughout_are_left_out_and_years_without_scores_are_no_years() -> (
    None
):
    rows = make_panel(counties=2, treated=1, schools=3)
    rows.loc[rows["year"] == rows["year"].max(), "score"] = np.nan
    rows.loc[(rows["school"] == "s00004") & (rows["year"] == 2003), "score"] = np.nan
    sample = select(rows, "score", "county")
    assert sample.incomplete == 1
    assert sample.rows["year"].max() == rows["year"].max() - 1
    assert len(sample.rows) == 5 * 7


def test_neighbours_are_no_controls_where_counties_begin_as_one() -> None:
    rows = make_panel(spill=0.2)
    near = study.whole_counties(rows)
    assert set(near.loc[near["first"] == 0, "county"]) == {f"c{n:02d}" for n in range(5, 16)}
    case = _examine(rows)
    assert case.sample.control_schools == 11 * 20
    assert case.sample.treated_schools == 5 * 10


def test_too_few_clusters_have_no_verdict_whatever_the_estimate() -> None:
    for treated, reason in ((4, "few_treated"), (12, "few_controls"), (0, "nobody")):
        case = _examine(make_panel(treated=treated, effect=2.0))
        assert (case.reason, case.refuted, case.word) == (reason, None, "cannot")
    assert _examine(make_panel(treated=5)).reason == ""
    assert _examine(make_panel(), comparable=False).reason == "papers"


def test_a_threshold_that_few_reach_has_no_estimate() -> None:
    rows = make_panel(by="school", counties=1, schools=60, treated=20)
    few = rows[(rows["first"] == 0) | (rows["school"] < "s00004")]
    made = {0.5: rows, 1.0: rows, 2.0: few}
    assigned = {at: Assigned(r, r, {}, "receive", at) for at, r in made.items()}
    for each in assigned.values():
        each.rows["on"] = 1.0
    case = examine(assigned, scope="own", cluster="school", parameters=PARAMETERS)
    assert set(case.by_dose) == {0.5, 1.0}
    assert case.by_dose[1.0][1] == case.by_outcome["score"][1] == 20


# Estimates and errors


@pytest.mark.parametrize("by", ["county", "school"])
def test_the_declared_effect_is_found_and_every_estimator_agrees(by: str) -> None:
    rows = make_panel(by=by, starts=(4, 5, 6), effect=0.3, shock=0.02)
    case = _examine(rows, by)
    assert case.refuted is not None
    main = case.refuted.judged.estimate
    assert main.low < 0.3 < main.high
    assert set(case.refuted.estimates) >= {"never", "notyet", "robust", "imputation", "sun_abraham",
                                           "two_way"}  # fmt: skip
    for one in case.refuted.estimates.values():
        assert one.value == pytest.approx(0.3, abs=0.05)
    assert case.by_outcome["staying"][0].low < 0 < case.by_outcome["staying"][0].high


@pytest.mark.parametrize(
    ("counties", "treated", "few"),
    [(29, 14, True), (30, 15, False), (40, 14, True), (40, 26, True)],
)
def test_the_error_follows_the_number_of_clusters(counties: int, treated: int, few: bool) -> None:
    rows = make_panel(counties=counties, treated=treated, schools=4)
    judged = inference.judge(select(rows, "score", "county"), RULES)
    made = staggered.differences(
        rows, outcome="score", unit="school", time="year", first_treated="first", cluster="county"
    )
    own = clusters.cv3(made.regression, made.name)
    assert judged.few == few
    assert judged.jackknife.se == pytest.approx(own.se, rel=1e-12)
    assert judged.estimate.se == (judged.jackknife.se if few else judged.plain.se)
    assert judged.estimate.value == pytest.approx(judged.plain.value, rel=1e-12)


def test_a_range_alone_decides_nothing_where_the_other_errors_disagree() -> None:
    sample = select(make_panel(shock=0.05), "score", "county")
    judged = inference.judge(sample, RULES)
    assert inference.doubt_errors(judged, RULES).result == "passes"
    apart = replace(judged, wild=replace(judged.wild, p=0.2))
    assert inference.doubt_errors(apart, RULES).result == "fails"
    assert inference.doubt_errors(replace(apart, few=False), RULES).result == "passes"


def test_starts_of_schools_that_lie_apart_are_dealt_by_the_first_of_their_cluster() -> None:
    rows = make_panel(effect=0.5)
    late = (rows["county"] == "c00") & (rows["school"] < "s00010")
    rows["first"] = rows["first"].where(~late, rows["first"] + 1)
    found = inference.deal(select(rows, "score", "county"), RULES)
    assert found.p < 0.01
    least = inference.find_detectable(select(rows, "score", "county"), RULES)
    assert least is not None
    assert 0 < least.effect < 0.5
    assert np.isnan([found.low, found.high]).all()


def test_covariance_of_few_clusters_is_the_jackknifes() -> None:
    sample = select(make_panel(starts=(5, 6), shock=0.1), "score", "county")
    made = follow(sample, RULES, REFUTATION)
    left = []
    for county in sorted(sample.rows["county"].unique()):
        rows = sample.rows[sample.rows["county"] != county]
        found = staggered.group_time_effects(
            rows, outcome="score", unit="school", time="year", first_treated="first",
            base="universal",
        ).aggregate("dynamic")  # fmt: skip
        left.append(found.table.set_index("event")["estimate"].loc[made.table["event"]].to_numpy())
    apart = np.array(left) - np.mean(left, axis=0)
    np.testing.assert_allclose(made.covariance, 15 / 16 * apart.T @ apart, rtol=1e-9)
    table = made.table
    assert (table["band_low"] <= table["low"]).all()
    assert (table["band_high"] >= table["high"]).all()
    assert made.weights.sum() == pytest.approx(1.0)


def test_what_could_be_found_is_said_from_years_without_exchange_alone() -> None:
    rows = make_panel(shock=0.1)
    found = inference.find_detectable(select(rows, "score", "county"), RULES)
    changed = rows.assign(score=rows["score"] + 5.0 * (rows["year"] >= 2005) * (rows["first"] > 0))
    again = inference.find_detectable(select(changed, "score", "county"), RULES)
    assert found is not None
    assert again is not None
    assert found.effect == again.effect
    assert found.low < found.effect < found.high


# Doubts


def test_groups_that_moved_apart_before_cannot_be_assessed() -> None:
    case = _examine(make_panel(effect=0.0, drift=0.1))
    assert _results(case)["pretrend"] == "fails"
    assert _results(case)["placebo_date"] == "fails"
    assert case.word == "cannot"


def test_without_an_effect_evidence_is_insufficient_in_most_draws() -> None:
    """A word is wrong in one draw of twenty, and another one or two have groups apart before."""
    words = [_examine(make_panel(effect=0.0, shock=0.1, schools=4, seed=n)).word for n in range(8)]
    assert words.count("strong") == 0
    assert words.count("insufficient") >= 5
    assert words.count("some") <= 1


@pytest.mark.slow
def test_words_without_any_effect_in_sixty_draws() -> None:
    """As docs/methods/exchange.md has it: 53 insufficient, 3 some, 4 cannot be assessed."""
    words = []
    for seed in range(100, 160):
        rows = make_panel(effect=0.0, shock=0.1, schools=4, treated=6, seed=seed)
        sample = select(rows, "score", "county")
        words.append(refute(sample, rows, rows, "county", PARAMETERS).word)
    assert words.count("strong") == 0
    assert words.count("some") <= 6
    assert words.count("insufficient") >= 48


def test_neighbours_that_gain_are_told() -> None:
    assert _results(_examine(make_panel(spill=0.2)))["spillover"] == "fails"
    assert _results(_examine(make_panel(spill=1e-9, effect=0.5)))["spillover"] == "passes"
    assert _results(_examine(make_panel()))["spillover"] == "cannot_say"


def test_what_exchange_cannot_change_and_who_the_pupils_are() -> None:
    rows = make_panel()
    on = (rows["first"] > 0) & (rows["year"] >= rows["first"])
    moved = _results(_examine(rows.assign(books=rows["books"] + 5.0 * on)))
    assert (moved["placebo_outcome"], moved["composition"]) == ("fails", "passes")
    moved = _results(_examine(rows.assign(boarders=rows["boarders"] + 0.1 * on)))
    assert (moved["placebo_outcome"], moved["composition"]) == ("passes", "fails")
    less = rows.drop(columns=["books", "sports_area", "log_pupils", "boarders", "migrants"])
    silent = _results(_examine(less))
    assert (silent["placebo_outcome"], silent["composition"]) == ("cannot_say", "cannot_say")


def test_an_effect_of_one_county_alone_is_told() -> None:
    left = np.array([0.31, 0.02, 0.3])
    whole = study.Estimate.by(0.3, 0.05, 15)
    assert doubts.doubt_left_out(left, whole, REFUTATION).result == "weak"
    assert doubts.doubt_left_out(-left, whole, REFUTATION).result == "fails"
    assert doubts.doubt_left_out(left[[0, 2]], whole, REFUTATION).result == "passes"
    unsure = study.Estimate.by(0.3, 0.5, 15)
    assert doubts.doubt_left_out(left, unsure, REFUTATION).result == "cannot_say"
    rows = make_panel(effect=0.0, noise=0.02)
    one = (rows["county"] == "c00") & (rows["year"] >= rows["first"])
    case = _examine(rows.assign(score=rows["score"] + 1.0 * one))
    assert case.refuted is not None
    # A fifth of the counties with all of the effect: without it nothing is left.
    assert abs(case.refuted.events.left.min()) < 0.02
    assert not case.refuted.judged.estimate.excludes_zero


def test_schools_that_were_apart_before_are_told() -> None:
    rows = make_panel()
    apart = rows.assign(score=rows["score"] + 1.0 * (rows["first"] > 0))
    plain, moved = (
        doubts.doubt_selection(select(r, "score", "county"), REFUTATION) for r in (rows, apart)
    )
    assert (plain.result, moved.result) == ("passes", "weak")
    assert moved.value - plain.value == pytest.approx(1.0, abs=0.2)


def test_power_of_the_pretest_is_its_size_against_no_drift_and_grows_with_it() -> None:
    for rows in (
        make_panel(shock=0.1),
        make_panel(by="school", counties=1, schools=120, treated=40),
    ):
        by = "county" if rows["county"].nunique() > 1 else "school"
        made = follow(select(rows, "score", by), RULES, REFUTATION)
        powers = [doubts.test_before(made, size, 0.05).power for size in (0.0, 0.1, 0.3, 1.0)]
        # Each of the two tests has half of the size.
        assert powers[0] == pytest.approx(0.025, abs=1e-6)
        assert powers == sorted(powers)
        assert powers[-1] > 0.9


def test_a_steady_drift_is_seen_where_single_years_do_not_show_it() -> None:
    """Four years, each within its error: together they are no accident, as a line they are one."""
    line = np.array([-4.0, -3.0, -2.0])
    table = pd.DataFrame({"event": [-4, -3, -2, 0, 1], "estimate": [0.10, 0.066, 0.033, 0.0, 0.0],
                          "schools": [20] * 5})  # fmt: skip
    spread = 0.045**2 * (0.5 * np.eye(5) + 0.5)
    made = Events(table, spread, np.zeros(2), 60, few=False)
    found = doubts.test_before(made, 0.1, 0.05)
    inverse = np.linalg.inv(spread[:3, :3])
    z = (line + 1) @ inverse @ table["estimate"][:3] / np.sqrt((line + 1) @ inverse @ (line + 1))
    together = stats.chi2.sf(table["estimate"][:3] @ inverse @ table["estimate"][:3], 3)
    assert found.p == pytest.approx(2 * min(2 * stats.norm.sf(abs(z)), together))
    assert found.p < 0.05 < together


def test_the_pretest_seldom_finds_what_is_not_there() -> None:
    rng = np.random.default_rng(3)
    spread = 0.04**2 * (0.5 * np.eye(4) + 0.5)
    drawn = rng.multivariate_normal(np.zeros(4), spread, 2000)
    table = pd.DataFrame({"event": [-4, -3, -2, 0], "schools": [20] * 4})
    events = (
        Events(table.assign(estimate=each), spread, np.zeros(2), 60, few=False) for each in drawn
    )
    share = np.mean([doubts.test_before(one, 0.1, 0.05).p < 0.05 for one in events])
    assert 0.025 < share < 0.06


def test_schools_that_stop_are_followed_through_that_year_and_have_no_say() -> None:
    rows = make_panel(starts=(3, 4), noise=0.01, effect=0.3)
    on = (rows["first"] > 0) & (rows["year"] >= rows["first"])
    stopped = on & (rows["year"] >= rows["first"] + 3) & (rows["school"] > "s00050")
    rows = rows.assign(on=(on & ~stopped).astype(float), score=rows["score"] - 0.3 * stopped)
    sample = select(rows, "score", "county")
    found = estimators.compare(sample, study.find_range(sample, RULES), RULES)
    assert found["switchers"].value == pytest.approx(0.3, abs=0.02)
    # The average follows them on after they have stopped: less than a full effect.
    assert found["never"].value < 0.27
    alone = {id: found[id] for id in ("never", "switchers", "two_way")}
    assert estimators.doubt_estimators(alone, REFUTATION).value == 0
    unknown = replace(sample, rows=sample.rows.drop(columns="on"))
    assert "switchers" not in estimators.compare(unknown, found["never"], RULES)


def test_years_that_one_cluster_alone_tells_of_cannot_be_tested() -> None:
    sample = select(make_panel(shock=0.1), "score", "county")
    made = follow(sample, RULES, REFUTATION)
    blind = replace(made, covariance=np.full_like(made.covariance, np.nan))
    assert (
        doubts.doubt_trend(doubts.test_before(blind, 0.3, 0.05), REFUTATION).result == "cannot_say"
    )
    assert doubts.loosen(blind, REFUTATION, 0.95) is None


def test_the_share_of_wrong_comparisons_is_bacons() -> None:
    rows = make_panel(starts=(4, 6))
    sample = select(rows, "score", "county")
    table = staggered.bacon(rows, outcome="score", unit="school", time="year",
                            first_treated="first").table  # fmt: skip
    wrong = table.loc[table["kind"] == "already_treated", "weight"].sum()
    assert estimators.weigh_wrong(sample) == pytest.approx(wrong)
    assert wrong > 0


# The finding


@pytest.fixture
def county(build_county: Callable[..., CountyData]) -> CountyData:
    return build_county([])


@cache
def _study(shuffle: int | None = None) -> effect.Study:
    """Study the prefecture once, whichever test asks first."""
    return effect.study(_panel(shuffle), PARAMETERS)


def _panel(shuffle: int | None = None) -> Panel:
    """Make a prefecture of 16 counties, of which the one asked for has a study of its own."""
    own = make_panel(counties=1, schools=60, treated=20, by="school", starts=(4, 5), seed=2)
    own = own.assign(school="x" + own["school"], county="130722")
    rows = pd.concat([make_panel(starts=(4, 5), shock=0.02), own], ignore_index=True)
    rows = rows.drop(columns="first").assign(
        receives_low=rows["receives"], receives_high=rows["receives"], sends_low=0.0, sends_high=0.0
    )
    if shuffle is not None:
        rows = rows.sample(frac=1, random_state=shuffle, ignore_index=True)
    return Panel(rows, True, {}, {})


@pytest.fixture
def finding(county: CountyData) -> Finding:
    return effect.report(_study(), county)


def test_the_finding_tells_both_places_and_both_sides(finding: Finding) -> None:
    assert set(finding.table["stage"]) == {"receive_all", "receive_own", "send_all", "send_own"}
    words = {note.stage: note.key for note in finding.notes if note.role == "headline"}
    assert words["send_all"] == words["send_own"] == "effect.headline.cannot_nobody"
    assert words["receive_own"] in ("effect.headline.strong", "effect.headline.some")
    own = finding.table[(finding.table["stage"] == "receive_own") & (finding.table["by"] == "")]
    score = own[own["indicator"] == "effect_score"].iloc[0]
    assert score["value_low"] < 0.3 < score["value_high"]
    judged = {check.subject for check in finding.checks if check.stage == "receive_all"}
    assert judged == set(PARAMETERS["ladder"]["diagnostic"])


def test_the_order_of_rows_changes_no_digit(finding: Finding, county: CountyData) -> None:
    again = effect.report(_study(shuffle=7), county)
    pd.testing.assert_frame_equal(finding.table, again.table, check_exact=True)
    assert finding.notes == again.notes


@pytest.mark.parametrize("audience", ["public", "superior", "internal"])
def test_everything_can_be_said_in_both_languages(
    finding: Finding, county: CountyData, audience: Any
) -> None:
    shown = effect.recall(county, finding, inside=audience == "internal")
    said = release(shown, audience)
    assert {note.key for note in said.notes} == {note.key for note in shown.notes}


def test_estimates_of_few_schools_are_for_the_county_itself(
    finding: Finding, county: CountyData
) -> None:
    few = finding.table["indicator"].eq("effect_compared_treated") & finding.table["stage"].eq("receive_own")  # fmt: skip
    table = finding.table.assign(value=finding.table["value"].where(~few, 4.0))
    small = replace(finding, table=table)
    outside = effect.recall(county, small)
    left = outside.table[outside.table["stage"] == "receive_own"]
    assert set(left["indicator"]) <= {i.id for i in finding.indicators} - set(effect.effect_rows.ESTIMATES)  # fmt: skip
    keys = [note.key for note in outside.notes if note.stage == "receive_own"]
    assert keys == ["effect.headline.withheld"]
    assert not [check for check in outside.checks if check.stage == "receive_own"]
    assert "effect_event" in set(outside.table.loc[outside.table["stage"] == "receive_all", "indicator"])  # fmt: skip
    assert effect.recall(county, small, inside=True) is small
    one = finding.table["by"].eq("since") & finding.table["subject"].eq("0")
    thin = replace(finding, table=finding.table.assign(n=finding.table["n"].where(~one, 4.0)))
    years = effect.recall(county, thin).table
    assert "0" not in set(years.loc[years["by"] == "since", "subject"])


def test_without_a_fit_the_reason_is_said(county: CountyData) -> None:
    assert [n.key for n in effect.recall(county, None).notes] == ["effect.headline.no_exchanges"]


def test_neither_hash_seed_nor_threads_change_a_digit() -> None:
    program = (
        "import hashlib; from tests.questions.test_exchange_effect import _study; "
        "found = _study().together['receive'].refuted; "
        "print(hashlib.sha256(repr((found.judged, found.doubts, found.estimates, "
        "found.robust, found.by_year)).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": seed,
                 "OMP_NUM_THREADS": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1


def test_every_word_reason_and_result_has_its_sentence() -> None:
    reasons = [reason for reason in get_args(study.Reason) if reason]
    assert all(i18n.has(f"effect.headline.cannot_{reason}") for reason in reasons)
    assert all(i18n.has(f"effect.headline.{word}") for word in WORDS)
    for id, result in product(PARAMETERS["ladder"]["diagnostic"], RESULTS):
        assert i18n.has(f"effect.reason.{id}_{result}")
        assert i18n.has(f"effect.rule.{id}")
        assert id in LABELS["diagnostic"]
    assert set(LABELS["estimator"]) == set(estimators.ORDER)
