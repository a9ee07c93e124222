"""A plan under other conditions beside the one as things stand: by hand, and before readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.questions.conftest import school
from tests.questions.test_plan import DEAR, MOVE, two_schools

from analysis import i18n
from analysis.errors import UsageError
from analysis.finding import Finding
from analysis.questions.balance import plan
from analysis.questions.balance.plan import Options, what_if
from analysis.questions.balance.plan.what_if import WhatIf
from analysis.records.county import CountyData
from analysis.release import release

Build = Callable[..., CountyData]
SCHEME = "quality-2017"


def tried(county: CountyData, merger: tuple[str, str] = ("", ""), **changes: Any) -> WhatIf:
    """Change conditions of a plan for which titles are dear, so that teachers move."""
    before = what_if.begin(county, Options(gap=0, costs=DEAR), scheme=SCHEME)
    options = replace(before.options, **changes)
    return what_if.try_out(before, options, scheme=SCHEME, merger=merger)


def value(finding: Finding, indicator: str, field: str = "value", **where: str) -> float:
    table = finding.table
    rows = table[table["indicator"] == indicator]
    for column, text in {"by": "", "subject": "", "stage": "", **where}.items():
        rows = rows[rows[column] == text]
    assert len(rows) == 1, (indicator, where)
    return float(rows[field].iloc[0])


def said(
    finding: Finding, role: str, audience: Any = "internal", language: Any = "zh"
) -> list[str]:
    """Give the sentences of a role as a reader sees them."""
    told = []
    for note in release(finding, audience).notes:
        if note.key.split(".")[1] == role:
            filled = {
                blank: word[language] if isinstance(word, dict) else word
                for blank, word in note.values.items()
            }
            told.append(i18n.say(note.key, language, **filled))
    return told


def test_a_dearer_move_makes_the_plan_dearer(build_county: Build) -> None:
    # Two move from A to B in any case: 7.2 at the listed price, 14.4 at twice of it.
    found = tried(two_schools(build_county, 12, 3), costs={**DEAR, "move": 24_000.0})
    assert what_if.turn(found) == "dearer"
    finding = what_if.report(found)
    assert value(finding, "plan_cost", by="case", subject="before") == pytest.approx(2 * MOVE)
    assert value(finding, "plan_cost", by="case", subject="after") == pytest.approx(4 * MOVE)
    assert value(finding, "difference_plan_cost") == pytest.approx(2 * MOVE)
    assert value(finding, "after_quantity", by="action", subject="move") == 2
    assert value(finding, "before_plan_cost", by="action", subject="move") == pytest.approx(7.2)
    assert said(finding, "changed") == ["单价：校际交流教师（人），由12,000元改为24,000元。"]
    [headline] = said(finding, "headline")
    assert headline.startswith("按改变后的条件，张北县最少约需投入14万元，比改变前的7万元多7万元；")


def test_cheaper_titles_take_the_place_of_moves(build_county: Build) -> None:
    # Two trained cost 4 instead of the 7.2 of two moves.
    found = tried(two_schools(build_county, 12, 3), costs={})
    assert what_if.turn(found) == "cheaper"
    finding = what_if.report(found)
    assert value(finding, "difference_plan_cost") == pytest.approx(2 * MOVE - 2 * 2.0)
    quantities = {
        (case, action): value(finding, f"{case}_quantity", by="action", subject=action)
        for case in ("before", "after") for action in ("move", "train_backbone")
    }  # fmt: skip
    assert quantities == {
        ("before", "move"): 2, ("before", "train_backbone"): 0,
        ("after", "move"): 0, ("after", "train_backbone"): 2,
    }  # fmt: skip


def test_one_school_in_place_of_two_needs_nothing(build_county: Build) -> None:
    county = two_schools(build_county, 12, 3)
    finding = what_if.report(tried(county, ("B02", "A01")))
    assert value(finding, "plan_cost", by="case", subject="after") == 0
    assert value(finding, "plan_schools", by="case", subject="before") == 2
    assert value(finding, "plan_schools", by="case", subject="after") == 1
    assert said(finding, "changed") == ["第B02学校并入第A01学校。"]
    assert len(county.table("schools")) == 2
    # With one school there is no coefficient; with two there was.
    told = set(finding.table["indicator"])
    assert "coefficient_now" in told
    assert not {"coefficient_merged", "coefficient_after"} & told


def test_a_merger_shows_the_coefficients_before_anything_is_done(build_county: Build) -> None:
    county = build_county(
        [school(c, pupils_n=500, sports_ground_m2=m)
         for c, m in (("A01", 4000.0), ("B02", 8000.0), ("C03", 6000.0))]
    )  # fmt: skip
    found = tried(county, ("B02", "A01"))
    where = {"by": "indicator", "subject": "sports_area", "stage": "primary"}
    finding = what_if.report(found)
    # 250 m² of halls each: 8.5, 16.5, 12.5 a pupil, then 12.5 in both.
    spread = ((4.0**2 + 4.0**2) / 3) ** 0.5 / 12.5
    assert value(finding, "coefficient_now", **where) == pytest.approx(spread)
    assert value(finding, "coefficient_merged", **where) == pytest.approx(0, abs=1e-12)


def test_a_limit_is_said_and_shown_beside_the_old_one(build_county: Build) -> None:
    county = build_county(
        [school("A01", sports_ground_m2=200_000.0), *(school(f"B{i:02}") for i in range(6))]
    )
    found = tried(county, limits={"primary": 0.8})
    finding = what_if.report(found)
    where = {"by": "indicator", "subject": "sports_area", "stage": "primary"}
    assert value(finding, "coefficient_limit", **where) == 0.5
    assert value(finding, "limit_after", **where) == 0.8
    assert value(finding, "coefficient_before", **where) <= 0.5
    assert 0.5 < value(finding, "coefficient_after", **where) <= 0.8
    assert what_if.turn(found) == "cheaper"
    assert said(finding, "changed") == ["差异系数上限：小学，由0.5改为0.8。"]


def test_nothing_changed_is_said_and_costs_the_same(build_county: Build) -> None:
    finding = what_if.report(tried(two_schools(build_county, 12, 3)))
    assert said(finding, "changed") == ["没有改变任何条件。"]
    assert said(finding, "headline") == ["按改变后的条件，张北县最少约需投入7万元，与改变前相同。"]
    assert "limit_after" not in set(finding.table["indicator"])


def test_what_lies_within_the_error_of_the_searches_is_not_called_cheaper(
    build_county: Build,
) -> None:
    found = tried(two_schools(build_county, 12, 3), costs={**DEAR, "move": 12_010.0})
    assert what_if.turn(found) == "dearer"  # both searches are exact here
    plans = {"both": replace(found.after.plan, bound=found.after.plan.cost * 0.995)}
    rough = replace(found, after=replace(found.after, plans=plans))
    assert what_if.turn(rough) == "alike"
    assert "不能说哪一个更省" in said(what_if.report(rough), "headline")[0]


def test_what_cannot_be_is_told_from_what_was_not_found(build_county: Build) -> None:
    county = two_schools(build_county, 12, 3)
    found = tried(county, move=False, add=False)
    assert what_if.turn(found) == "out_of_reach"
    finding = what_if.report(found)
    assert said(finding, "headline") == [
        "按改变后的条件，张北县没有任何方案能够达标；改变前约需投入7万元。"
    ]
    assert said(finding, "changed") == ["不交流教师。", "不招聘、不培养、不建设、不购置。"]
    table = finding.table
    assert not ((table["indicator"] == "plan_cost") & (table["subject"] == "after")).any()
    plans = {"both": replace(found.after.plan, status="none", bound=6.0)}
    unsure = what_if.report(replace(found, after=replace(found.after, plans=plans)))
    assert "不说明方案不存在；如有方案，投入不低于6万元" in said(unsure, "headline")[0]


def test_a_plan_where_there_was_none_is_said(build_county: Build) -> None:
    county = two_schools(build_county, 12, 3)
    before = what_if.begin(county, Options(gap=0, move=False, add=False), scheme=SCHEME)
    found = what_if.try_out(before, Options(gap=0, costs=DEAR), scheme=SCHEME)
    assert what_if.turn(found) == "won"
    finding = what_if.report(found)
    assert "改变前没有找到达标的方案" in said(finding, "headline")[0]
    assert "可以交流教师。" in said(finding, "changed")


def test_caps_and_the_floor_are_said(build_county: Build) -> None:
    county = two_schools(build_county, 12, 3)
    found = what_if.report(tried(county, yearly_cap=0.02, years=2, exchange_floor=True))
    assert said(found, "changed") == [
        "交流人数须达到办法规定的每年最低要求。",
        "每年交流的教师不超过教师总数的2.0%，交流分2年完成。",
    ]
    before = what_if.begin(county, Options(yearly_cap=0.5), scheme=SCHEME)
    free = what_if.report(what_if.try_out(before, Options(), scheme=SCHEME))
    assert said(free, "changed") == ["每年交流人数不设上限。"]
    assert said(what_if.report(tried(county, years=3)), "changed") == ["没有改变任何条件。"]


@pytest.mark.parametrize("merger", [("A01", "A01"), ("A01", ""), ("", "B02"), ("A01", "Z99")])
def test_a_merger_that_is_none_is_refused(build_county: Build, merger: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="合并须"):
        tried(two_schools(build_county, 12, 3), merger)


@pytest.mark.parametrize(("schools", "scheme"), [(2, "basic-2012"), (0, SCHEME)])
def test_where_no_plan_can_be_made_it_says_why(
    build_county: Build, schools: int, scheme: str
) -> None:
    county = build_county([school(f"A{i:02}") for i in range(schools)])
    with pytest.raises(UsageError, match="没有可供测算的数据"):
        what_if.begin(county, Options(), scheme=scheme)


def test_controls_begin_at_what_holds(build_county: Build) -> None:
    county = two_schools(build_county, 12, 3)
    before = what_if.begin(county, Options(costs=DEAR, limits={"primary": 0.4}), scheme=SCHEME)
    prices, actions = what_if.prices(before), county.reference.actions
    assert list(prices) == ["move", *(action["id"] for action in actions["add"])]
    assert prices["train_backbone"] == DEAR["train_backbone"]
    assert prices["move"] == actions["move"]["yuan"]
    assert what_if.limits(before) == {"primary": 0.4}
    assert what_if.recurring(before) == {"move", "hire", "hire_pe_arts"}


def test_schools_of_one_name_are_told_apart(build_county: Build) -> None:
    county = build_county(
        [school("A01", name_zh="中心小学", name_en="Central"), school("B02", name_zh="中心小学"),
         school("C03", name_zh="一小")]
    )  # fmt: skip
    names = what_if.name_schools(county)
    assert {code: label["zh"] for code, label in names.items()} == {
        "A01": "中心小学 A01", "B02": "中心小学 B02", "C03": "一小",
    }  # fmt: skip
    assert [names["A01"]["en"], names["B02"]["en"]] == ["Central", "中心小学"]


def test_every_sentence_and_name_stands_in_the_catalogue() -> None:
    for part in ("headline", "changed", "case", "control"):
        assert i18n.keys(f"what_if.{part}."), part
    turns = ("dearer", "cheaper", "same", "alike", "won", "out_of_reach", "not_found")
    assert {key.split(".")[2] for key in i18n.keys("what_if.headline.")} == set(turns)


def test_demo_counties_before_readers(demo_store: Any) -> None:
    """Costs by action sum to the plan's, all is said in both languages, no school in public."""
    from analysis.records import list_counties, open_county

    for place in list_counties(demo_store, 2021)[:3]:
        county = open_county(demo_store, place.code, 2021)
        before = what_if.begin(county, Options(), scheme=SCHEME)
        closed, into = list(what_if.name_schools(county))[:2]
        options = Options(costs={"build_rooms": 4_500.0}, limits={"primary": 0.48})
        found = what_if.try_out(before, options, scheme=SCHEME, merger=(closed, into))
        finding = what_if.report(found)
        table = finding.table
        for case, studied in (("before", found.before), ("after", found.after)):
            costs = table.loc[table["indicator"] == f"{case}_plan_cost", "value"]
            assert costs.sum() == pytest.approx(studied.plan.cost)
        for language in i18n.LANGUAGES:
            assert len(said(finding, "changed", language=language)) == 3
            assert len(said(finding, "headline", language=language)) == 1
        name = what_if.name_schools(county)[closed]["zh"]
        assert any(name in sentence for sentence in said(finding, "changed"))
        public = release(finding, "public")
        assert not any("merger" in note.key for note in public.notes)
        assert name not in str(public.notes) + str(public.labels)


def test_a_plan_beside_itself_is_the_plan(demo_store: Any) -> None:
    from analysis.records import list_counties, open_county

    county = open_county(demo_store, list_counties(demo_store, 2021)[0].code, 2021)
    before = what_if.begin(county, Options(), scheme=SCHEME)
    units = plan.open_units(county, SCHEME)
    assert units is not None
    whole = plan.make(units, Options(), county.reference.actions)
    found = what_if.try_out(before, Options(), scheme=SCHEME)
    assert (before.plan.cost, found.after.plan.cost) == (whole.cost, whole.cost)
    assert what_if.turn(found) == "same"
