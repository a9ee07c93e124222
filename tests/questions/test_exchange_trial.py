"""Next year's order: who can be drawn, how many there are teachers for, and what would be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import exchange_panels
import numpy as np
import pandas as pd
import pytest
from exchange_panels import Design

from analysis.display import View, prose
from analysis.finding import Roster
from analysis.methods import clusters
from analysis.questions.exchange import trial, trial_report
from analysis.questions.exchange.panel import Panel
from analysis.records.county import CountyData
from analysis.release import release

QUIET = Design(starts=(0,), schools=40)


@pytest.fixture
def county(build_county: Callable[..., CountyData]) -> CountyData:
    return build_county([])


def panel_of(design: Design = QUIET, seed: int = 1) -> Panel:
    rows = exchange_panels.draw(design, seed)
    rows["backbone"] = rows["school"].rank(method="dense")
    return Panel(rows, True, {"130700": design.years}, {})


def by_hand(*schools: tuple[str, float, float, float]) -> Panel:
    """Give a panel of schools: code, pupils, score, backbone teachers; nobody receives or sends."""
    parts = [
        pd.DataFrame({
            "school": code, "county": "130722", "year": range(2014, 2022), "pupils": pupils,
            "score": score, "backbone": backbone,
            **{f"{name}{end}": 0.0 for name in ("receives", "sends") for end in ("", "_low", "_high")},
        })
        for code, pupils, score, backbone in schools
    ]  # fmt: skip
    return Panel(pd.concat(parts, ignore_index=True), True, {"130722": range(2014, 2022)}, {})


SIX = (("a", 100, 0.0, 1), ("b", 110, 0.1, 2), ("c", 300, 1.0, 3), ("d", 310, 1.1, 4),
       ("e", 800, -1.0, 5), ("f", 900, -1.1, 6))  # fmt: skip


def test_as_many_pairs_are_drawn_as_there_are_teachers_for(county: CountyData) -> None:
    # At one teacher per 100 pupils the pairs a-b, c-d, e-f need at most 2, 4 and 9 teachers.
    for teachers, pairs in ((1, 0), (2, 1), (6, 2), (14, 2), (15, 3), (99, 3)):
        made = trial.propose(county, by_hand(*SIX), teachers=teachers, moves=None, counties=1)
        assert made.pairs == pairs
        drawn = made.candidates[made.candidates["turn"] > 0]
        assert drawn.groupby("pair")["turn"].agg(sorted).tolist() == [[1, 2]] * pairs
        assert made.candidates.loc[made.candidates["turn"] == 1, "needs"].sum() <= teachers
    together = made.candidates.groupby("pair")["school"].agg("".join).tolist()
    assert sorted(together) == ["ab", "cd", "ef"]


def test_the_plan_comes_first_and_then_the_neediest(county: CountyData) -> None:
    moves = Roster("moves", "130722", 2021, pd.DataFrame({"receiver": ["f", "e", "f"]}), "")
    made = trial.propose(county, by_hand(*SIX), teachers=9, moves=moves, counties=1)
    assert made.candidates["school"].tolist() == ["e", "f", "a", "b", "c", "d"]
    assert made.candidates.loc[made.candidates["turn"] > 0, "school"].tolist() == ["e", "f"]


def test_who_received_or_sent_is_not_drawn(county: CountyData) -> None:
    panel = by_hand(*SIX)
    rows = panel.rows
    for name, school in (("receives", "a"), ("sends", "c")):
        at = (rows["school"] == school) & (rows["year"] == 2017)
        rows.loc[at, [name, f"{name}_low", f"{name}_high"]] = 1.5
    made = trial.propose(county, panel, teachers=99, moves=None, counties=1)
    assert made.candidates["school"].tolist() == ["b", "d", "e", "f"]


def test_the_lot_is_the_countys_own_and_makes_groups_alike(county: CountyData) -> None:
    panel = panel_of()
    one, again = (trial.propose(county, panel, teachers=500, moves=None, counties=1) for _ in "ab")
    pd.testing.assert_frame_equal(one.candidates, again.candidates)
    other = replace(county, place=replace(county.place, code="130723"))
    assert not trial.propose(
        other, panel, teachers=500, moves=None, counties=1
    ).candidates.equals(one.candidates)  # fmt: skip


def test_groups_are_more_alike_than_free_lots_would_make_them() -> None:
    rows = panel_of().rows.query("year == 2021")
    listed = pd.DataFrame({"score": rows["score"], "pupils": rows["pupils"], "needs": 1})
    listed = listed.reset_index(drop=True)
    apart = []
    for seed in range(200):
        drawn = trial._draw(listed, 99, [seed])
        first, waits = (drawn.loc[drawn["turn"] == turn, "score"].mean() for turn in (1, 2))
        apart.append(first - waits)
    free = listed["score"].std() * np.sqrt(2 / 20)
    assert np.std(apart) < free / 2
    assert abs(np.mean(apart)) < 4 * np.std(apart) / np.sqrt(len(apart))


def test_what_it_says_would_be_found_is_found_as_often(county: CountyData) -> None:
    """Next year drawn many times: the effect that is said is found in about 80 % of them."""
    design = replace(QUIET, schools=60, years=range(2014, 2023), county_sd=0.0)
    known = panel_of(replace(design, years=range(2014, 2022)), 3)
    made = trial.propose(county, known, teachers=2000, moves=None, counties=1)
    effect = made.found["one"].effect
    found, draws = 0, 300
    for seed in range(draws):
        rows = exchange_panels.draw(design, 1000 + seed)
        rows = rows[rows["year"] >= 2018]
        schools = np.sort(rows["school"].unique())
        starts = np.random.default_rng(seed).permutation(len(schools)) < len(schools) // 2
        on = rows["school"].map(dict(zip(schools, starts, strict=True))) & (rows["year"] == 2022)
        rows = rows.assign(on=on.astype(float), score=rows["score"] + effect * on)
        fitted = clusters.fit(rows, outcome="score", covariates=["on"], cluster="school",
                              within=["school", "year"])  # fmt: skip
        found += clusters.cv3(fitted, "on").p < 0.05
    # The years before are few: its own range says how far the effect may be from the right one.
    assert made.found["one"].low < effect < made.found["one"].high
    assert 0.65 < found / draws < 0.93


def test_more_pairs_and_more_counties_find_less(county: CountyData) -> None:
    made = trial.propose(county, panel_of(), teachers=60, moves=None, counties=16)
    effects = {name: found.effect for name, found in made.found.items()}
    assert effects["together"] < effects["every"] < effects["one"]
    assert effects["two"] < effects["one"]
    worth = county.reference.parameters["exchange"]["trial"]["worth"]

    def effect(pairs: int) -> float:
        assert made.shocks is not None
        return clusters.find_detectable(
            made.shocks, clusters=2 * pairs, treated=pairs, before=4, after=1
        ).effect

    assert effect(made.enough) <= worth < effect(made.enough - 1)


def test_without_scores_or_teachers_nothing_is_made_up(county: CountyData) -> None:
    few = trial.propose(county, by_hand(*SIX), teachers=15, moves=None, counties=1)
    assert (few.shocks, few.found, few.enough) == (None, {}, 0)
    said = [note.key for note in trial_report.report(few).notes]
    assert said[:3] == ["trial.headline.possible", "trial.order.needy", "trial.found.unknown"]
    unknown = trial.propose(county, by_hand(*SIX), teachers=np.nan, moves=None, counties=1)
    assert [note.key for note in trial_report.report(unknown).notes] == ["trial.headline.no_rule"]
    none = trial.propose(county, by_hand(SIX[0]), teachers=9, moves=None, counties=1)
    assert [note.key for note in trial_report.report(none).notes] == ["trial.headline.too_few"]


def test_no_school_to_draw_has_its_reason(county: CountyData) -> None:
    """Schools without scores are not schools that took part, and nobody left is no lack of scores."""
    rows = by_hand(*SIX).rows
    busy = [rows.assign(**{f"{side}{end}": 2.0 for end in ("", "_low", "_high")})
            for side in ("receives", "sends")]  # fmt: skip
    for changed, reason in ((rows.assign(score=np.nan), "no_scores"), (busy[0], "nobody"),
                            (busy[1], "nobody")):  # fmt: skip
        panel = Panel(changed, True, {"130722": range(2014, 2022)}, {})
        made = trial.propose(county, panel, teachers=15, moves=None, counties=1)
        (note,) = trial_report.report(made).notes
        assert note.key == f"trial.headline.{reason}"
        for language in ("zh", "en"):
            shown = release(trial_report.report(made), "internal")
            view = View(shown, language, chapter="exchange")  # type: ignore[arg-type]
            (said,) = prose.said(view, "headline")
            assert "15" in said.html
            assert "0所" not in said.html
            assert "0 schools" not in said.html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_outside_the_county_no_school_is_told(county: CountyData, language: str) -> None:
    made = trial.propose(county, panel_of(), teachers=60, moves=None, counties=16)
    finding = trial_report.report(made)
    assert (finding.table["by"] == trial_report.SCHOOL).sum() == 3 * 2 * made.pairs
    for audience in ("public", "superior", "internal"):
        kept = trial_report.recall(county, finding, inside=audience == "internal")
        shown = release(kept, audience)  # type: ignore[arg-type]
        assert (shown.table["by"] == trial_report.SCHOOL).any() == (audience == "internal")
        view = View(shown, language, chapter="exchange")  # type: ignore[arg-type]
        text = "".join(block.html for block in prose.said(view, "headline"))
        assert str(made.pairs) in text
    absent = trial_report.recall(county, None)
    assert [note.key for note in absent.notes] == ["trial.headline.no_exchanges"]
    listed = {"pseudonym": "t", "school": "a", "to_school": "b", "county": "130722", "year": 2021}
    tables = {**county.tables, "exchanges": pd.DataFrame([listed])}
    unfitted = trial_report.recall(replace(county, tables=tables), None)
    assert [note.key for note in unfitted.notes] == ["trial.headline.not_fitted"]
