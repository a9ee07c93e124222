"""Exchange of teachers and scores: the lists hold the declared doses, the scores the declared effect."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.records.contracts import TABLES, schema
from analysis.records.synthetic import SyntheticCounty, government, write_demo
from analysis.records.synthetic.gains import LEVELS, count_doses, tell_exchange
from analysis.records.synthetic.parameters import load_parameters

SHAPE = load_parameters()["exchange"]
STARTS = {code: year for code, year in SHAPE["start"].items() if code.startswith("1307")}
YEARS = range(2014, 2022)


@pytest.fixture(scope="module")
def counties(make) -> dict[str, SyntheticCounty]:
    """Every county that begins, and three that do not, of those that hand in their exchanges."""
    return {code: make(code) for code in (*STARTS, "130702", "130705", "130732")}


@pytest.fixture(scope="module")
def panel(counties) -> pd.DataFrame:
    """Scores by school and year in pupils' standard deviations, with the true rows beside."""
    scores = pd.concat(
        [county.frames["school_scores"].assign(county=code) for code, county in counties.items()]
    )
    cells = scores.groupby(["grade", "subject", "year"])
    weight = scores["tested_n"].astype(float)
    mean = scores["score_mean"].astype(float)
    middle = (weight * mean).groupby([scores["grade"], scores["subject"], scores["year"]])
    scores["middle"] = middle.transform("sum") / cells["tested_n"].transform("sum").astype(float)
    squares = weight * (scores["score_sd"].astype(float) ** 2 + (mean - scores["middle"]) ** 2)
    total = squares.groupby([scores["grade"], scores["subject"], scores["year"]]).transform("sum")
    spread = np.sqrt(total / cells["tested_n"].transform("sum").astype(float))
    scores["z"] = (mean - scores["middle"]) / spread
    by = scores.groupby(["county", "school", "year"], as_index=False)["z"].mean()
    rows = pd.concat([c.exchange.rows.assign(county=code) for code, c in counties.items()])
    return by.merge(rows, on=["county", "school", "year"])


def kinds(county: SyntheticCounty) -> pd.DataFrame:
    marks = county.frames["teachers"][["teacher_id", "year", "backbone"]]
    return county.frames["exchanges"].merge(marks, on=["teacher_id", "year"], validate="1:1")


@pytest.mark.parametrize("code", ["130722", "130702", "130725"])
def test_as_many_are_exchanged_as_the_government_counts(make, params, code):
    """Who goes where is arranged anew; how many, and how many backbone teachers, is not."""
    county = make(code)
    true = {name: county.frames[name] for name in
            ("schools", "school_years", "resources", "classes", "teachers")}  # fmt: skip
    streams = np.random.default_rng([1, int(code)]).spawn(9)
    given, _ = government.provide(true, params, streams[8])
    draft = given["exchanges"].merge(
        county.frames["teachers"][["teacher_id", "year", "backbone"]], on=["teacher_id", "year"]
    )
    wanted = draft.groupby(["year", "backbone"]).size()
    pd.testing.assert_series_equal(
        kinds(county).groupby(["year", "backbone"]).size(), wanted, check_index_type=False
    )


def test_nothing_else_of_a_county_depends_on_how_its_exchange_is_arranged(make, params, county):
    other = {**SHAPE, "start": {}, "start_chance": 0.0, "thin": {**SHAPE["thin"], "crowded": 9.0}}
    changed = make_with(make, {**params, "exchange": other}, "130722")
    assert not changed.frames["exchanges"].equals(county.frames["exchanges"])
    for name, frame in county.frames.items():
        if name not in ("exchanges", "school_scores"):
            pd.testing.assert_frame_equal(frame, changed.frames[name])
    for name, frame in county.reported.items():
        if name not in ("exchanges", "school_scores"):
            pd.testing.assert_frame_equal(frame, changed.reported[name])


def make_with(make, params, code: str, **more: object) -> SyntheticCounty:
    from analysis.records.reference import load_reference
    from analysis.records.regions import regions
    from analysis.records.synthetic import make_county

    reference = load_reference()
    return make_county(regions().place(code), reference.census, params, 1,
                       scheme=reference.scheme("quality-2017"), **more)  # fmt: skip


def test_the_lists_are_of_the_contract_and_nobody_is_in_two_places(counties):
    for county in counties.values():
        for name in ("exchanges", "school_scores"):
            schema(TABLES[name]).validate(county.frames[name])
        stays = county.frames["exchanges"]
        assert (stays["school"] != stays["to_school"]).all()
        assert (stays["start"] < stays["end"].fillna("9999")).all()
        assert (stays["share_week"].notna() == (stays["form"] == "itinerant")).all()
        ends = stays["end"].fillna("9999-12-31")
        order = stays.assign(end=ends).sort_values(["teacher_id", "start"])
        before = order.groupby("teacher_id")["end"].shift()
        assert (before.isna() | (before < order["start"])).all()


def test_who_is_exchanged_is_on_the_list_of_the_school_that_sends(counties):
    for county in counties.values():
        listed = county.frames["teachers"].set_index(["teacher_id", "year"])["school"]
        stays = county.frames["exchanges"]
        at = pd.MultiIndex.from_frame(stays[["teacher_id", "year"]])
        there = listed.reindex(at).to_numpy()
        moved = stays["transferred"].to_numpy(dtype=bool)
        assert (there[~moved] == stays["school"].to_numpy()[~moved]).all()
        assert (there[moved] == stays["to_school"].to_numpy()[moved]).all()
        assert stays["end"].isna().to_numpy()[moved].all()


def test_doses_counted_from_the_lists_are_those_arranged(counties):
    for county in counties.values():
        rows = county.exchange.rows.to_dict("records")
        doses = count_doses(county.exchange.tables["exchanges"], rows)
        for side, column in (("receive", "receives"), ("send", "sends")):
            counted = [doses[side][row["site"]][row["year"]] for row in rows]
            assert counted == pytest.approx([row[column] for row in rows], abs=0.01)


def test_before_a_county_begins_and_where_none_does_exchange_is_thin(counties):
    for county in counties.values():
        rows = county.exchange.rows
        thin = rows[rows["scored"] & (rows["year"] < (county.exchange.start or 9999))]
        for side in ("receives", "sends"):
            assert (thin[side] >= 0.5).mean() < 0.01
        assert thin["receives"].mean() > 0.02


def test_where_a_county_has_begun_a_third_receives_and_some_send(counties):
    assert {code: c.exchange.start for code, c in counties.items() if c.exchange.start} == STARTS
    assert len(STARTS) >= 6
    assert len(set(STARTS.values())) == 4
    assert 2014 not in STARTS.values()
    for code, start in STARTS.items():
        rows = counties[code].exchange.rows.query("scored")
        later, sites = rows[rows["year"] > start], rows["site"].nunique()
        firsts = later[later["receives"] >= 0.5].groupby("site")["year"].min()
        assert 0.2 < len(firsts) / sites < 0.4
        senders = later[later["sends"] >= 0.5]["site"].nunique()
        assert 0.1 < senders / sites < 0.35
        receives = rows.set_index(["site", "year"])["receives"]
        first_doses = [receives[site, year] for site, year in firsts.items()]
        assert np.mean(np.array(first_doses) >= 1.2) > 0.9


def test_some_receivers_stop_and_some_start_again(counties):
    stopped = again = 0
    for code in STARTS:
        rows = counties[code].exchange.rows.sort_values(["site", "year"])
        for _, own in rows[rows["year"] >= STARTS[code]].groupby("site"):
            on = "".join("1" if dose >= 0.5 else "0" for dose in own["receives"])
            stopped += "10" in on
            again += "101" in on or "1001" in on
    assert stopped > again > 0


def test_receivers_are_small_and_stood_lower_before(counties, panel):
    ever = panel[panel["receives"] >= 1.2].groupby("county")["site"].agg(set)
    before = panel[panel["year"] < panel["county"].map(STARTS)]
    of = [site in ever[code] for code, site in zip(before["county"], before["site"], strict=True)]
    groups = before.assign(ever=of)
    level = groups.groupby(["county", "ever"])["z"].mean().unstack()
    assert (level[True] < level[False]).all()
    size = groups.groupby(["county", "ever"])["pupils"].median().unstack()
    assert (size[True] < size[False]).all()


def _pre_trend(panel: pd.DataFrame, code: str) -> tuple[float, float]:
    """What receivers lose a year beside the others before the county begins, with its error."""
    own = panel[panel["county"] == code]
    ever = set(own.loc[own["receives"] >= 1.2, "site"])
    before = (
        own[own["year"] < STARTS[code]].pivot(index="site", columns="year", values="z").dropna()
    )
    years = before.columns.to_numpy(dtype=float)
    slope = before.to_numpy() @ (years - years.mean()) / ((years - years.mean()) ** 2).sum()
    mine = np.array([site in ever for site in before.index])
    error = np.sqrt(slope[mine].var(ddof=1) / mine.sum() + slope[~mine].var(ddof=1) / (~mine).sum())
    return float(slope[mine].mean() - slope[~mine].mean()), float(error)


def test_one_county_has_a_trend_of_its_own_before(panel):
    (declared,) = SHAPE["trend"]
    found, error = _pre_trend(panel, declared)
    assert found == pytest.approx(SHAPE["trend"][declared], abs=3 * error)
    assert found < -2 * error
    others = [_pre_trend(panel, code) for code in STARTS if code != declared]
    z = [slope / error for slope, error in others]
    assert np.mean(np.abs(z)) < 1.7


def _within(values: np.ndarray, *groups: np.ndarray) -> np.ndarray:
    """Take the means of groups out, in turn, until nothing is left of them."""
    values = values.astype(float).copy()
    for _ in range(200):
        for group in groups:
            values -= (np.bincount(group, values) / np.bincount(group))[group]
    return values


def test_the_scores_hold_the_declared_effect(panel):
    """Schools and counties' years taken out, scores rise by what the truth says, unit for unit."""
    use = panel[~panel["county"].isin(SHAPE["trend"])]
    site = pd.factorize(use["county"] + use["site"].astype(str))[0]
    time = pd.factorize(use["county"] + use["year"].astype(str))[0]
    z, effect = (_within(use[c].to_numpy(), site, time) for c in ("z", "effect"))
    slope = (z * effect).sum() / (effect**2).sum()
    meat = np.bincount(site, effect * (z - slope * effect))
    error = np.sqrt((meat**2).sum()) / (effect**2).sum()
    assert slope == pytest.approx(1.0, abs=2.5 * error)
    assert slope > 3 * error


def test_the_declared_average_is_that_of_the_rows(counties):
    told = tell_exchange(counties["130722"])["average"]
    rows = counties["130722"].exchange.rows
    for level in LEVELS:
        first = rows[rows["receives"] >= level].groupby("site")["year"].min()
        sends = set(rows.loc[rows["sends"] >= level, "site"])
        own = rows[rows["site"].isin(first.index) & ~rows["site"].isin(sends) & rows["scored"]]
        own = own[own["year"] >= own["site"].map(first)]
        assert told[f"{level:g}"]["receive"]["school_years"] == len(own)
        assert told[f"{level:g}"]["receive"]["effect"] == pytest.approx(
            own["effect"].mean(), abs=1e-6
        )


def test_effects_dip_rise_and_end_as_declared(counties):
    effect = SHAPE["effect"]
    for code in STARTS:
        rows = counties[code].exchange.rows.sort_values(["site", "year"])
        quiet = rows[(rows["receives"] < effect["least"]) & (rows["sends"] < effect["least"])]
        assert (quiet["effect"] == 0).all()
        for _, own in rows[rows["sends"] < effect["least"]].groupby("site"):
            felt = own[own["receives"] >= effect["least"]]
            if len(felt) and len(own) == len(YEARS):
                assert felt["effect"].iloc[0] == effect["first_year"]
                assert felt["effect"].max() <= effect["backbone"] + 1e-12
    best = pd.concat([counties[code].exchange.rows for code in STARTS])["effect"].max()
    assert best == pytest.approx(effect["backbone"])


def test_weaker_teachers_are_sent_where_that_is_declared(counties):
    def gap(county: SyntheticCounty) -> float:
        """Mean rank of those sent less that of all others who could have gone, same kind, stage, year."""
        listed = county.frames["teachers"]
        listed = listed[listed["stage"].isin(["primary", "junior"])]
        sent = set(
            zip(*(county.frames["exchanges"][c] for c in ("teacher_id", "year")), strict=True)
        )
        served = listed["year"] - listed["first_year"]
        able = listed[served >= 9].assign(
            level=lambda t: (
                t["midlevel"].astype(float)
                + t["qualification"].map(
                    {"secondary": 0, "associate": 1, "bachelor": 2, "graduate": 3}
                )
            )
        )
        went = np.array([key in sent for key in zip(able["teacher_id"], able["year"], strict=True)])
        groups = (
            able.assign(went=went).groupby(["year", "stage", "backbone", "went"])["level"].mean()
        )
        return float((groups.xs(True, level="went") - groups.xs(False, level="went")).mean())

    gaps = {code: gap(county) for code, county in counties.items()}
    assert all(gaps[code] < -0.25 for code in SHAPE["weak"])
    assert all(abs(gap) < 0.15 for code, gap in gaps.items() if code not in SHAPE["weak"])


def test_reports_leave_out_what_the_truth_says_and_no_more(counties):
    for code, county in counties.items():
        true, seen = county.frames["school_scores"], county.reported["school_scores"]
        told = tell_exchange(county)
        silent = {(s, y) for s, y, *rest in told["scores_missing"] if rest[-1] is None}
        cells = [row for row in told["scores_missing"] if row[-1] is not None]
        handed = set(zip(seen["school"], seen["year"], strict=True))
        assert set(zip(true["school"], true["year"], strict=True)) - handed == silent
        assert int(seen[["score_mean", "score_sd"]].isna().sum().sum()) == len(cells) > 0
        assert seen["tested_n"].notna().all()
        undated = (
            county.reported["exchanges"]["end"].isna()
            & ~county.reported["exchanges"]["transferred"]
        )
        assert int(undated.sum()) == told["undated_n"] > 0, code


def test_a_county_that_sets_its_own_paper_has_its_own_scale(params, make, county):
    other = {**SHAPE, "scores": {**SHAPE["scores"], "papers": "county"}}
    own = make_with(make, {**params, "exchange": other}, "130722").frames["school_scores"]
    one = county.frames["school_scores"]
    assert set(own["paper"]) == {"130722"}
    assert set(one["paper"]) == {"130700"}
    both = own.merge(one, on=["school", "year", "grade", "subject"], suffixes=("", "_one"))
    assert len(both) == len(one)
    means = both.groupby(["year", "grade", "subject"])[["score_mean", "score_mean_one"]].mean()
    assert (means["score_mean"] - means["score_mean_one"]).abs().mean() > 2


def test_one_paper_is_as_hard_for_every_county_of_the_prefecture(counties):
    """Marks of counties move together from year to year: it is the paper that moves them."""
    scores = pd.concat(
        [c.frames["school_scores"].assign(of=code) for code, c in counties.items()]
    ).astype({"score_mean": float})  # fmt: skip
    means = scores.groupby(["year", "grade", "subject", "of"])["score_mean"].mean().unstack()
    assert means.corr().to_numpy().min() > 0.8


def test_pupils_tested_are_no_more_than_pupils_of_the_grade(county):
    sizes = county.frames["classes"].groupby(["school", "year", "grade"])["pupils_n"].sum()
    scores = county.frames["school_scores"]
    at = pd.MultiIndex.from_frame(scores[["school", "year", "grade"]])
    assert (scores["tested_n"].to_numpy() <= sizes.reindex(at).to_numpy()).all()


def test_a_small_demo_is_written_twice_alike_and_names_nobody(tmp_path: Path):
    found = []
    for name in ("one", "two"):
        write_demo(tmp_path / name, counties="130703", scale=0.05, seed=4, regime=None)
        files = sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
        found.append([(p.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in files])
    assert found[0] == found[1]
    assert sum("学校成绩" in name for name, _ in found[0]) == len(YEARS)
    told = json.loads((tmp_path / "one" / "truth.json").read_text(encoding="utf-8"))
    assert told["counties"][0]["exchange"]["start"] == STARTS["130703"]
    assert set(told["counties"][0]["exchange"]["average"]) == {"0.5", "1", "2"}


def test_schools_that_do_not_report_hand_in_no_scores_and_no_exchanges(make):
    county = make("130723", scale=0.1)
    silent = county.defects.silent
    assert len(silent) > 0
    for name in ("school_scores", "exchanges"):
        seen = pd.MultiIndex.from_frame(county.reported[name][["school", "year"]])
        assert not seen.isin(pd.MultiIndex.from_frame(silent)).any()
    true = pd.MultiIndex.from_frame(county.frames["school_scores"][["school", "year"]])
    assert true.isin(pd.MultiIndex.from_frame(silent)).any()


def test_a_county_of_another_prefecture_begins_by_chance_and_always_alike(make):
    starts = [
        make(code, scale=0.05).exchange.start for code in ("130425", "130426", "130427", "130430")
    ]
    assert all(start in (None, *SHAPE["start_years"]) for start in starts)
    assert starts == [make(code, scale=0.05).exchange.start for code in
                      ("130425", "130426", "130427", "130430")]  # fmt: skip
    assert len(set(starts)) > 1
