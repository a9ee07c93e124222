"""Who may leave: declared effects come back, trials decide, and little is said on little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.questions.synthetic_counties import county, make

from analysis.errors import UsageError
from analysis.finding import Finding
from analysis.questions.dropout import covariates, look, model, performance, risk, risk_rows
from analysis.questions.dropout.terms import LEFT
from analysis.records.reference import load_reference
from analysis.records.synthetic.parameters import load_parameters
from analysis.release import release

CODES = ("130728", "130725", "130709")
PARAMETERS = {**load_reference().parameters["dropout"]["risk"], "draws": 100, "pool_draws": 50}


@pytest.fixture(scope="module")
def pool() -> risk.Pool:
    pool = risk.gather(county(code, rank=i) for i, code in enumerate(CODES))
    assert pool is not None
    return pool


@pytest.fixture(scope="module")
def studied(pool: risk.Pool) -> risk.Study:
    return risk.study(pool, PARAMETERS)


@pytest.fixture(scope="module")
def together(studied: risk.Study) -> risk.Together:
    return risk.judge_all(studied, PARAMETERS)


@pytest.fixture(scope="module")
def reported(studied: risk.Study, together: risk.Together) -> tuple[Finding, object]:
    return risk.report(studied, county(CODES[0], rank=0), together)


def test_the_declared_effects_come_back(studied: risk.Study) -> None:
    """All at once, and each within its range of 99.9 %: twelve are looked at."""
    declared = load_parameters()["pupils"]["effects"]
    fit = studied.fitted.fitted
    names = [name for name in declared if name in fit.params]
    assert set(names) == set(declared)
    miss = fit.params[names] - pd.Series(declared)[names]
    assert (miss.abs() < stats.norm.ppf(0.9995) * fit.se[names]).all(), miss / fit.se[names]


def test_the_naive_estimate_has_the_wrong_sign_as_declared(pool: risk.Pool) -> None:
    declared = load_parameters()["pupils"]
    naive = model.learn(pool.rows, [declared["naive"]["column"]]).fitted
    low = naive.interval().at[declared["naive"]["column"], "low"]
    assert low > 0
    assert np.sign(declared["effects"]["aided"]) == -declared["naive"]["sign"]
    held_equal = model.learn(pool.rows, covariates.used_columns(pool.rows)).fitted
    assert held_equal.interval().loc["aided", "high"] < 0


def test_what_is_listed_is_what_happened(pool: risk.Pool) -> None:
    """The label against the truth: they differ by the transfers that nobody verified, no more."""
    for rank, code in enumerate(CODES):
        ends = make(code, "survey", rank).followed.terms
        ends = ends[(ends["year"] < 2021) | (ends["term"] == "1")]
        ends = ends[(ends["grade"] < 9) | (ends["term"] == "1")]
        true = ends["exit"].value_counts()
        seen = pool.rows.loc[pool.rows["county"] == code, "exit"].value_counts()
        assert seen.sum() == true.sum()
        unverified = seen[LEFT] - true["left"]
        assert 0 <= unverified <= 0.06 * true["moved"] + 3
        assert seen["moved"] == true["moved"] - unverified


def test_expected_numbers_lie_around_what_came(studied: risk.Study) -> None:
    """The last term has no outcome in the registers; the truth has."""
    for rank, code in enumerate(CODES):
        rows = {
            (r["indicator"], r.get("by", "")): r for r in risk_rows.expected_rows(studied, code)
        }
        expected = rows["risk_expected", ""]
        ends = make(code, "survey", rank).followed.terms.query("year == 2021 and term == '2' and grade < 9")  # fmt: skip
        assert rows["risk_pupils", ""]["value"] == len(ends)
        assert expected["value_low"] <= (ends["exit"] == "left").sum() <= expected["value_high"]


def test_trials_never_know_the_pupils_they_are_tried_on(studied: risk.Study) -> None:
    assert set(studied.tried) == {"forward", "schools", "counties"}
    sizes = {len(frame) for frame in studied.tried.values()}
    assert len(sizes) == 1
    assert studied.tried["forward"]["year"].unique().tolist() == [2021]


def test_visits_take_each_county_s_own_number(studied: risk.Study) -> None:
    tried, capacity = studied.tried["forward"], studied.pool.capacity
    chosen = performance.select(tried, capacity)
    last = performance.last_term(tried)
    by = chosen.groupby(last["county"]).sum()
    place = int(last["place"].iloc[0])
    assert by.to_dict() == {code: capacity[code, place] for code in CODES}
    one = last[last["county"] == CODES[0]].sort_values("probability", ascending=False)
    taken = last.loc[chosen[chosen].index]
    assert set(taken[taken["county"] == CODES[0]]["pseudonym"]) == set(one.head(capacity[CODES[0], place])["pseudonym"])  # fmt: skip


def test_groups_by_hand() -> None:
    tried = pd.DataFrame(
        {
            "pseudonym": list("abcdefghijkl"), "county": "x", "place": 4042, "school": "s",
            "left": [1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0],
            "probability": [0.9, 0.8, 0.7, *[0.1] * 9],
            **{f"seen_{name}": None for name in ("boarding", "left_behind", "ethnicity", "disability", "hardship")},
            "seen_sex": ["1"] * 6 + ["2"] * 6,
        }
    )  # fmt: skip
    made = performance.by_group(tried, {("x", 4042): 3}, least=2).set_index(["group", "rate"])
    assert made.loc[("sex:1", "selected"), ["part", "whole"]].tolist() == [3, 6]
    assert made.loc[("sex:1", "false_negative"), ["part", "whole"]].tolist() == [0, 2]
    assert made.loc[("sex:1", "false_positive"), ["part", "whole"]].tolist() == [1, 4]
    assert bool(made.loc[("sex:2", "false_negative"), "hidden"])
    assert made.loc[("sex:1", "ratio"), "estimate"] == pytest.approx(2.7 / 2)
    assert bool(made.loc[("sex:2", "ratio"), "hidden"])


def test_the_parts_of_the_gap_add_up(reported: tuple[Finding, object]) -> None:
    table = reported[0].table.query("by == ''").set_index("indicator")["value"]
    gap = table["risk_rate"] - table["risk_rate_pool"]
    assert table["risk_by_pupils"] + table["risk_by_schools"] == pytest.approx(gap)


def keys(finding: Finding) -> set[str]:
    return {note.key.removeprefix("risk.") for note in finding.notes}


def decide(judged: performance.Judged, low: float, high: float) -> performance.Judged:
    return replace(judged, gain=replace(judged.gain, low=low, high=high))


@pytest.mark.parametrize(
    ("low", "high", "key", "verdict", "listed"),
    [
        (0.01, 0.05, "headline.children", "met", True),
        (-0.01, 0.05, "headline.schools", "cannot_say", False),
        (-0.05, -0.01, "headline.schools", "not_met", False),
    ],
)
def test_the_interval_of_the_gain_decides_whether_children_are_listed(
    studied: risk.Study, together: risk.Together, monkeypatch: pytest.MonkeyPatch,
    low: float, high: float, key: str, verdict: str, listed: bool,
) -> None:  # fmt: skip
    own = risk_rows.judge_ways(studied, PARAMETERS, CODES[0])
    own = {**own, "forward": decide(own["forward"], low, high)}
    monkeypatch.setattr(risk_rows, "judge_ways", lambda *_: own)
    finding, visits = risk.report(studied, county(CODES[0], rank=0), together)
    assert key in keys(finding)
    (check,) = [c for c in finding.checks if (c.indicator, c.by, c.subject) == ("risk_gain", "way", "forward")]  # fmt: skip
    assert check.verdict == verdict
    assert (visits is not None) == listed
    if visits is not None:
        now = studied.pool.now.query("county == @CODES[0]")
        assert set(visits.rows["pseudonym"]) <= set(now["pseudonym"])
        assert len(visits.rows) == studied.pool.capacity[CODES[0], int(now["place"].max())]
        assert visits.rows["reason"].str.startswith("roster.because.").all()


def test_a_county_of_few_is_judged_with_all_counties(
    studied: risk.Study, together: risk.Together
) -> None:
    few = {**PARAMETERS, "least_events": 10_000}
    assert set(risk_rows.judge_ways(studied, few, CODES[0]).values()) == {None}
    home = county(CODES[0], rank=0)
    parameters = {**home.reference.parameters["dropout"], "risk": few}
    reference = replace(home.reference, parameters={**home.reference.parameters, "dropout": parameters})  # fmt: skip
    finding, _ = risk.report(studied, replace(home, reference=reference), together)
    assert {"headline.children_all", "headline.schools_all"} & keys(finding)
    assert "trials.only_all" in keys(finding)
    assert not (finding.table["by"] == "way").any()
    assert not (finding.table["by"] == "risk_group").any()


def test_where_hardly_anybody_leaves_nothing_is_assessed() -> None:
    home = county("130709", "administrative", 5)
    pool = risk.gather([home])
    few = {**PARAMETERS, "least_events": int((pool.rows["exit"] == LEFT).sum()) + 1}
    studied = risk.study(pool, few)
    finding, visits = risk.report(studied, home, risk.judge_all(studied, few))
    assert keys(finding) >= {"headline.too_few", "caution.lists"}
    assert finding.table.empty
    assert visits is None


def test_without_registers_there_is_no_pool() -> None:
    home = county(CODES[0], rank=0)
    bare = home.with_tables({"pupils": home.tables["pupils"].head(0)})
    assert risk.gather([bare]) is None
    assert keys(risk.recall(bare, None)) == {"headline.no_register"}
    assert keys(risk.recall(home, None)) == {"headline.not_fitted"}


@pytest.mark.parametrize("audience", ["public", "superior"])
def test_outside_the_county_schools_and_small_groups_are_not_told(
    reported: tuple[Finding, object], audience: str
) -> None:
    shown = release(reported[0], audience).table
    assert shown.loc[shown["by"] == "school", "value"].isna().all()
    groups = shown[shown["by"] == "risk_group"]
    few = groups["numerator"].between(1, 9)
    assert not few.any()


def test_the_same_whatever_the_order_of_rows(pool: risk.Pool, studied: risk.Study) -> None:
    rng = np.random.default_rng(3)
    mixed = replace(pool, rows=pool.rows.iloc[rng.permutation(len(pool.rows))])
    again = risk.study(mixed, PARAMETERS)
    np.testing.assert_allclose(again.fitted.fitted.params, studied.fitted.fitted.params, rtol=1e-8)
    for way, tried in studied.tried.items():
        np.testing.assert_allclose(
            again.tried[way].sort_values("pseudonym")["probability"],
            tried.sort_values("pseudonym")["probability"], rtol=1e-7,
        )  # fmt: skip


def test_looking_further_ahead_finds_more_who_leave(pool: risk.Pool) -> None:
    """Two terms ahead by hand: who left in this term or in the next."""
    rows = look.look_ahead(pool.rows, 2)
    by = pool.rows.set_index(["pseudonym", "place"])["exit"]
    for row in rows.sample(300, random_state=1).to_dict("records"):
        now = by[row["pseudonym"], row["place"]]
        expected = now if now != "stays" else by[row["pseudonym"], row["place"] + 1]
        assert row["exit"] == expected
    assert rows["place"].max() == pool.rows["place"].max() - 1
    assert not ((rows["grade"] == 9) & (rows["term"] == "1")).any()
    shares = [(frame["exit"] == LEFT).mean() for frame in (pool.rows, rows)]
    assert shares[1] > 1.5 * shares[0]


def test_the_trial_answers_other_visits_and_groups(pool: risk.Pool) -> None:
    home = county(CODES[0], rank=0)
    trial = look.try_out(pool, 1, PARAMETERS)
    few, many = (look.report(trial, home, n, "boarding", PARAMETERS).table for n in (20, 300))
    recall = [t.query("indicator == 'risk_recall'")["value"].iloc[0] for t in (few, many)]
    assert recall[1] > recall[0]
    assert set(few.query("by == 'risk_group'")["subject"]) == {"boarding:1", "boarding:2"}
    with pytest.raises(UsageError):
        look.report(trial, home, 0, "sex", PARAMETERS)
    with pytest.raises(UsageError):
        look.try_out(pool, 5, PARAMETERS)
