"""Looking again at what exchange did: declared effects come back, and what cannot be said is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import exchange_panels
import numpy as np
import pandas as pd
import pytest
from exchange_panels import Design

from analysis.display import View, prose
from analysis.errors import UsageError
from analysis.finding import Finding
from analysis.questions.exchange import look
from analysis.questions.exchange.panel import Panel
from analysis.records.county import CountyData
from analysis.release import release

DESIGN = Design(county_sd=0.0, year_sd=0.05, cost=0.0)
STARTED = "130700"
"""The first county of a drawn panel, in which exchange begins."""


@pytest.fixture
def county(build_county: Callable[..., CountyData]) -> CountyData:
    made = build_county([])
    return replace(made, place=replace(made.place, code=STARTED))


def draw(design: Design = DESIGN, *, common: bool = True, seed: int = 1) -> Panel:
    rows = exchange_panels.draw(design, seed)
    return Panel(rows, common, dict.fromkeys(rows["county"].unique(), design.years), {})


def truth(panel: Panel) -> float:
    """Give the declared effect on the treated years of receiving schools, on average."""
    rows = panel.rows
    on = (rows["true_side"] == "receive") & (rows["year"] >= rows["true_first"])
    return float(rows.loc[on, "effect"].mean())


def pick(finding: Finding, indicator: str) -> pd.DataFrame:
    rows = finding.table[finding.table["indicator"] == indicator]
    return rows.set_index("subject")[["value", "value_low", "value_high"]]


@pytest.mark.parametrize("estimator", ["compare", "robust", "imputation", "sun_abraham"])
@pytest.mark.parametrize("control", ["never", "notyet"])
def test_every_way_gives_the_declared_effect(
    county: CountyData, estimator: look.Estimator, control: look.Control
) -> None:
    panel = draw()
    if estimator == "robust":
        # Boarders tell the receiving schools apart so well that nobody is left to compare with.
        panel = replace(panel, rows=panel.rows.assign(boarders=panel.rows["migrants"]))
    found = look.look_again(panel, county, look.Conditions(estimator=estimator, control=control))
    mean = pick(found, "effect_score").loc[""]
    assert mean["value_low"] < truth(panel) < mean["value_high"]
    assert mean["value"] == pytest.approx(truth(panel), abs=0.03)
    assert pick(found, "effect_event").loc["3", "value"] == pytest.approx(0.10, abs=0.04)
    assert pick(found, "effect_relative").empty == (estimator == "imputation")


def test_schools_too_unlike_to_be_compared_are_not(county: CountyData) -> None:
    finding = look.look_again(draw(), county, look.Conditions(estimator="robust"))
    assert [note.key for note in finding.notes] == ["effect.look.cannot_no_years"]


def test_a_wider_bound_gives_a_wider_range(county: CountyData) -> None:
    panel, widths = draw(), []
    for bound in (0.0, 0.5, 2.0):
        table = look.look_again(panel, county, look.Conditions(bound=bound)).table
        row = table[table["indicator"] == "effect_relative"].iloc[0]
        widths.append(row["value_high"] - row["value_low"])
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_what_exchange_cannot_change_does_not_change(county: CountyData) -> None:
    asked = look.Conditions(outcome="books")
    found = [pick(look.look_again(draw(seed=seed), county, asked), "effect_score")["value"].iloc[0]
             for seed in range(12)]  # fmt: skip
    assert abs(np.mean(found)) < 3 * np.std(found, ddof=1) / np.sqrt(len(found))
    assert set(look.look_again(draw(), county, asked).table["unit"]) == {"", "schools"}


def test_one_county_is_its_own_schools_alone(county: CountyData) -> None:
    table = look.look_again(draw(), county, look.Conditions(scope="own")).table
    values = table.set_index("indicator")["value"]
    assert values["effect_compared_treated"] == 7
    assert values["effect_compared_treated"] + values["effect_compared_controls"] <= DESIGN.schools


@pytest.mark.parametrize(
    ("panel", "asked", "reason"),
    [
        (draw(common=False), {}, "papers"),
        (draw(replace(DESIGN, starts=(0,) * 16)), {}, "nobody"),
        (draw(), {"at": 9.0}, "nobody"),
        (draw(replace(DESIGN, starts=(2017,) * 3 + (0,) * 13)), {}, "few_treated"),
        (draw(replace(DESIGN, starts=(2017,) * 13 + (0,) * 3)), {}, "few_controls"),
    ],
    ids=["papers", "nobody", "dose", "treated", "controls"],
)
def test_what_cannot_be_said_is_not(
    county: CountyData, panel: Panel, asked: dict[str, float], reason: str
) -> None:
    finding = look.look_again(panel, county, look.Conditions(**asked))  # type: ignore[arg-type]
    assert [note.key for note in finding.notes] == [f"effect.look.cannot_{reason}"]
    assert not set(finding.table["indicator"]) & {"effect_event", "effect_score", "effect_relative"}
    for language in ("zh", "en"):
        view = View(release(finding, "internal"), language, chapter="exchange")  # type: ignore[arg-type]
        [block] = prose.said(view, "look")
        assert "assessed" in block.html or "不能评估" in block.html


def test_where_papers_differ_what_is_no_score_is_still_compared(county: CountyData) -> None:
    finding = look.look_again(draw(common=False), county, look.Conditions(outcome="staying"))
    assert [note.key for note in finding.notes] == ["effect.look.found"]


def test_neither_order_of_rows_nor_another_look_changes_a_number(county: CountyData) -> None:
    panel = draw()
    shuffled = replace(panel, rows=panel.rows.sample(frac=1, random_state=3))
    one, two = (look.look_again(p, county, look.Conditions()).table for p in (panel, shuffled))
    numbers = ["value", "value_low", "value_high"]
    np.testing.assert_array_equal(one[numbers], two[numbers])


@pytest.mark.parametrize(
    "wrong", [{"outcome": "books_n"}, {"estimator": "ols"}, {"at": 0.0}, {"bound": -1.0}]
)
def test_a_condition_that_there_is_not_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        look.Conditions(**wrong)  # type: ignore[arg-type]


def test_all_that_can_be_chosen_has_a_name() -> None:
    assert set(look.NAMED[look.BY_OUTCOME]) == set(look.OUTCOMES)
    assert all(
        {"zh", "en"} == set(label) for names in look.NAMED.values() for label in names.values()
    )
