"""Counties side by side: their own numbers, unchanged; where differences lie; peers; possible ranks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from tests.questions.conftest import PARENT, school

from analysis.finding import Cell, Finding, Name, to_json
from analysis.i18n import has
from analysis.questions import balance, prefecture
from analysis.questions.prefecture import peers
from analysis.records.county import CountyData, Place
from analysis.records.reference import load_reference
from analysis.records.regions import regions
from analysis.release import release
from analysis.release.profiles import load_rules

Build = Callable[..., CountyData]


def compare(findings: Sequence[Finding]) -> Finding:
    return prefecture.compare(PARENT, findings, reference=load_reference(), places=regions().places)


def value(finding: Finding, indicator: str, stage: str = "primary", **where: str) -> float:
    table = finding.table
    for column, wanted in {"indicator": indicator, "stage": stage, "by": "", **where}.items():
        table = table[table[column] == wanted]
    (found,) = table["value"]
    return float(found)


def test_numbers_and_verdicts_are_those_of_the_counties(build_county: Build) -> None:
    even = balance.assess(build_county([school("A"), school("B")]))
    uneven = build_county([school("A", equipment_yuan=3e5), school("B", equipment_yuan=5e6)])
    uneven_finding = replace(balance.assess(uneven), county="130723")
    finding = compare([uneven_finding, even])
    table = finding.table
    shown = table[(table["indicator"] == "equipment.coefficient") & (table["by"] == "county")]
    assert dict(zip(shown["subject"], shown["value"], strict=True)) == pytest.approx(
        {"130722": 0.0, "130723": 4.7 / 5.3}
    )
    met = table[table["subject"] == "equipment.coefficient→met"]
    assert met["value"].tolist() == [1]
    assert {c.subject: c.verdict for c in finding.checks if c.indicator == "equipment.coefficient"} == {
        "130722": "met", "130723": "not_met",
    }  # fmt: skip
    assert not set(finding.labels) & {"school"}
    assert all(has(note.key) for note in finding.notes)


def test_findings_of_other_questions_or_years_are_refused(build_county: Build) -> None:
    finding = balance.assess(build_county([school("A"), school("B")]))
    with pytest.raises(ValueError, match="one school year"):
        compare([finding, replace(finding, year=2020)])
    with pytest.raises(ValueError, match="balance"):
        compare([])


def test_counties_that_cannot_be_judged_are_counted_and_said(build_county: Build) -> None:
    known = balance.assess(build_county([school("A"), school("B")]))
    gap = [school("A"), school("B", equipment_yuan=7.5e6), school("C", equipment_yuan=None)]
    unknown = replace(balance.assess(build_county(gap)), county="130723")
    finding = compare([known, unknown])
    rows = finding.table[finding.table["indicator"] == "counties_by_verdict"]
    count = dict(zip(rows["subject"], rows["value"], strict=True))
    unknown_in = {name.split("→")[0] for name, n in count.items() if n and "cannot_say" in name}
    assert unknown_in == {"equipment.coefficient", "schools_rule_met"}
    note = next(
        n
        for n in finding.notes
        if n.key == "prefecture.detail.coefficient"
        and n.values["indicator"] == Name("indicator", "equipment")
    )
    assert isinstance(note.values["unknown"], Cell)
    assert count[note.values["unknown"].subject] == 1


# Between and within -----------------------------------------------------------------------------


def county_of(build: Build, code: str, equipment: Sequence[float | None], **rest: Any) -> Finding:
    """Give a county whose schools of 1,000 pupils have so much equipment (yuan per pupil)."""
    schools = [
        school(f"{code}{n:03d}", equipment_yuan=None if each is None else each * 1000, **rest)
        for n, each in enumerate(equipment)
    ]
    return replace(balance.assess(build(schools)), county=code)


def test_differences_between_even_counties_lie_between_them(build_county: Build) -> None:
    finding = compare(
        [
            county_of(build_county, "130722", [1000.0] * 5),
            county_of(build_county, "130723", [3000.0] * 5),
        ]
    )
    # Half have 0.5 of the mean, half 1.5: (0.5 ln 0.5 + 1.5 ln 1.5) / 2.
    by_hand = (0.5 * math.log(0.5) + 1.5 * math.log(1.5)) / 2
    assert value(finding, "equipment.theil") == pytest.approx(by_hand)
    assert value(finding, "equipment.between") == pytest.approx(1.0)
    assert value(finding, "equipment.within") == pytest.approx(0.0, abs=1e-12)
    assert value(finding, "equipment.between_squared") == pytest.approx(1.0)
    assert value(finding, "equipment") == pytest.approx(2000.0)
    assert value(finding, "equipment.counties") == 2


def test_differences_of_counties_with_one_mean_lie_within_them(build_county: Build) -> None:
    uneven = [1000.0, 1000.0, 2000.0, 3000.0, 3000.0]
    finding = compare([county_of(build_county, code, uneven) for code in ("130722", "130723")])
    assert value(finding, "equipment.between") == pytest.approx(0.0, abs=1e-12)
    assert value(finding, "equipment.within") == pytest.approx(1.0)


def test_the_split_is_that_of_plain_loops_over_pupils(build_county: Build) -> None:
    """Each pupil has what his school has per pupil: Theil's index over all pupils, one by one."""
    sizes = {"130722": (100, 200, 300, 400, 500), "130723": (900, 100, 100, 300, 200, 50)}
    findings, pupils = [], []
    for code, enrolled in sizes.items():
        made = [
            school(f"{code}{n}", pupils_n=size, equipment_yuan=1e6 + 1e5 * n * len(enrolled))
            for n, size in enumerate(enrolled)
        ]
        findings.append(replace(balance.assess(build_county(made)), county=code))
        pupils += [(code, s["equipment_yuan"] / s["pupils_n"]) for s in made for _ in range(s["pupils_n"])]  # fmt: skip
    mean = sum(x for _, x in pupils) / len(pupils)
    total = sum(x / mean * math.log(x / mean) for _, x in pupils) / len(pupils)
    between = 0.0
    for code in sizes:
        mine = [x for c, x in pupils if c == code]
        ratio = sum(mine) / len(mine) / mean
        between += len(mine) / len(pupils) * ratio * math.log(ratio)
    finding = compare(findings)
    assert value(finding, "equipment.theil") == pytest.approx(total)
    assert value(finding, "equipment.between") == pytest.approx(between / total)
    assert value(finding, "equipment.within") == pytest.approx(1 - between / total)


def test_a_county_of_few_schools_or_figures_does_not_enter_the_split(build_county: Build) -> None:
    large = [
        county_of(build_county, "130722", [1000.0, 1200.0, 900.0, 1100.0, 800.0]),
        county_of(build_county, "130723", [2000.0, 2200.0, 1900.0, 2100.0, 1800.0]),
    ]
    small = county_of(build_county, "130724", [9e4, 10.0, 4e4, 1.0])
    silent = county_of(build_county, "130725", [9e4, 10.0, None, None, 4e4, 1.0])
    for finding in (compare([*large, small]), compare([*large, silent])):
        assert value(finding, "equipment.counties") == 2
        assert value(finding, "equipment.between") == value(compare(large), "equipment.between")
    assert value(compare([*large, silent]), "teaching_area.counties") == 3


def test_no_split_without_two_counties_or_without_a_difference(build_county: Build) -> None:
    alone = compare([county_of(build_county, "130722", [1000.0, 2000.0, 3000.0, 4000.0, 5000.0])])
    same = compare([county_of(build_county, code, [1000.0] * 5) for code in ("130722", "130723")])
    for finding in (alone, same):
        rows = finding.table[finding.table["indicator"] == "equipment.between"]
        assert rows["flag"].tolist() == ["z"]
        assert rows["value"].isna().all()
    assert not any(note.role in ("spread", "meaning") for note in alone.notes)


def test_the_note_names_the_widest_and_points_at_its_cell(build_county: Build) -> None:
    finding = compare(
        [
            county_of(build_county, "130722", [1000.0] * 5),
            county_of(build_county, "130723", [3000.0] * 5),
        ]
    )
    (note,) = (n for n in finding.notes if n.key.startswith("prefecture.spread."))
    assert note.values["most"] == Cell("equipment.between", "primary", at="2021")
    assert note.values["most_indicator"] == Name("indicator", "equipment")
    assert any(n.key == "prefecture.meaning.spread" for n in finding.notes)


@pytest.mark.parametrize("audience", ["public", "superior"])
def test_the_split_does_not_tell_of_a_county_that_is_withheld(
    build_county: Build, audience: Any
) -> None:
    """Whatever the few schools of a county have, what is shown of the split stays as it is."""
    large = [
        county_of(build_county, "130722", [1000.0, 1200.0, 900.0, 1100.0, 800.0]),
        county_of(build_county, "130723", [2000.0, 2200.0, 1900.0, 2100.0, 1800.0]),
    ]
    seen = []
    for few in ([500.0, 700.0, 900.0, 5000.0], [1500.0, 100.0, 1.0, 9000.0]):
        finding = prefecture.rank(compare([*large, county_of(build_county, "130724", few)]))
        table = release(finding, audience).table
        hidden = table[
            (table["subject"] == "130724") & (table["indicator"] == "equipment.coefficient")
        ]
        assert hidden["flag"].tolist() == ["c"]
        split = table["indicator"].str.contains(
            r"equipment\.(?:theil|between|within|counties|rank)"
        )
        seen.append(table[split & (table["subject"] != "130724")].to_json())
    assert seen[0] == seen[1]


def test_the_least_number_of_schools_is_not_below_that_of_any_audience() -> None:
    least = load_reference().parameters["prefecture"]["spread"]["least_schools"]
    assert least >= max(profile["schools"] for profile in load_rules()["audience"].values())


# Peers ------------------------------------------------------------------------------------------

VARIABLES = [
    {"id": "a", "columns": ["a"], "scale": "plain", "weight": 1.0, "unit": "share"},
    {"id": "b", "columns": ["b"], "scale": "plain", "weight": 1.0, "unit": "share"},
]


def pairs(rows: Sequence[Any]) -> list[tuple[str, float]]:
    return [(row["subject"], row["value"]) for row in rows if row["indicator"] == "peer" and "value" in row]  # fmt: skip


def test_peers_by_hand_with_ties_by_code() -> None:
    """One variable with quartiles 1 and 3, so a spread of 2 / 1.349; the other is all the same."""
    published = pd.DataFrame(
        {"a": [0.0, 1.0, 2.0, 3.0, 4.0], "b": [7.0] * 5},
        index=["130722", "130723", "130724", "130725", "130726"],
    )
    rows = list(
        peers.peer_rows(["130724"], published, {"variable": VARIABLES, "number": 3, "cap": 9.0})
    )
    # A step of 1 is 0.6745 spreads in one of two variables: 0.6745 / root 2.
    step = 1.349 / 2 / math.sqrt(2)
    assert [(subject, pytest.approx(far)) for subject, far in pairs(rows)] == [
        ("130724→130723", step), ("130724→130725", step), ("130724→130722", 2 * step),
    ]  # fmt: skip
    typical = next(row for row in rows if row["indicator"] == "peer_typical")
    assert typical["value"] == pytest.approx(1.5 * step)


def test_peers_in_the_census_are_the_nearest_of_all_counties(build_county: Build) -> None:
    """All distances of one county from the file, by plain loops."""
    reference, places = load_reference(), regions().places
    rule = reference.parameters["prefecture"]["peers"]
    published = peers.publish(reference.census, places, rule["variable"])
    assert len(published) > 2800
    assert all(places[code].level == "county" for code in published.index)
    columns = []
    for variable in rule["variable"]:
        x = [math.log(v) if variable["scale"] == "log" else v for v in published[variable["id"]]]
        low, middle, high = (float(pd.Series(x).quantile(q)) for q in (0.25, 0.5, 0.75))
        columns.append([max(-3, min(3, (v - middle) / ((high - low) / 1.349))) for v in x])
    here = list(published.index).index("130722")
    far = {
        code: math.sqrt(sum((c[n] - c[here]) ** 2 for c in columns) / len(columns))
        for n, code in enumerate(published.index)
        if n != here
    }
    nearest = sorted(far, key=lambda code: (far[code], code))[:10]
    finding = compare([county_of(build_county, "130722", [1000.0] * 5)])
    shown = finding.table[(finding.table["indicator"] == "peer")]
    assert shown["subject"].tolist() == [f"130722→{code}" for code in nearest]
    assert shown["value"].tolist() == pytest.approx([far[code] for code in nearest])
    assert shown["value"].is_monotonic_increasing
    named = finding.table[finding.table["by"] == "place"]
    assert set(named["subject"]) == {"130722", *nearest} == set(finding.labels["place"])
    population = named[named["indicator"] == "published_population"].set_index("subject")["value"]
    assert population["130722"] == reference.census.loc["130722", "population"]


def test_every_county_of_the_country_has_ten_other_counties_as_peers() -> None:
    reference, places = load_reference(), regions().places
    rule = reference.parameters["prefecture"]["peers"]
    published = peers.publish(reference.census, places, rule["variable"])
    some = list(published.index[::40])
    found: dict[str, list[tuple[str, float]]] = {}
    for subject, far in pairs(list(peers.peer_rows(some, published, rule))):
        one, other = subject.split("→")
        found.setdefault(one, []).append((other, far))
    assert list(found) == some
    for one, mine in found.items():
        assert len({other for other, _ in mine} - {one}) == len(mine) == 10
        assert mine == sorted(mine, key=lambda pair: (pair[1], pair[0]))


def test_a_county_is_found_by_its_old_code_if_it_had_only_one() -> None:
    reference, places = load_reference(), regions().places
    rule = reference.parameters["prefecture"]["peers"]
    published = peers.publish(reference.census, places, rule["variable"])
    old = reference.census.loc["431121"]
    assert published.loc["431181", "population"] == old["population"]
    assert "350404" not in published.index  # put together of two
    assert "130771" not in published.index  # a zone of statistics


def test_a_county_without_published_figures_gets_cannot_say(build_county: Build) -> None:
    finding = compare(
        [county_of(build_county, code, [1000.0] * 5) for code in ("130722", "350404")]
    )
    rows = finding.table[(finding.table["indicator"] == "peer") & finding.table["value"].isna()]
    assert list(zip(rows["subject"], rows["flag"], strict=True)) == [("350404→", "x")]
    (check,) = (c for c in finding.checks if c.indicator == "peer")
    assert (check.subject, check.verdict) == ("350404→", "cannot_say")
    assert has(check.reason)
    assert has(check.rule)
    nobody = compare([county_of(build_county, "350404", [1000.0] * 5)])
    assert [n.key for n in nobody.notes if n.role == "peers"] == ["prefecture.peers.none"]
    assert nobody.table[nobody.table["by"] == "place"].empty


def test_the_weights_and_variables_are_printed() -> None:
    rule = load_reference().parameters["prefecture"]["peers"]
    assert sum(variable["weight"] for variable in rule["variable"]) > 0
    for variable in rule["variable"]:
        assert "{weight:g}" in variable["definition_zh"]
        assert "{weight:g}" in variable["definition_en"]
        assert set(variable["columns"]) <= set(load_reference().census.columns)
        assert len(rule["variable"]) <= 8  # as many as the note of the table has blanks for


def test_places_elsewhere_are_named_with_what_they_lie_in() -> None:
    places = {
        "130700": PARENT,
        "130722": Place("130722", "张北县", "Zhangbei County", parent="130700"),
        "140200": Place("140200", "大同市", "Datong City", level="prefecture"),
        "140214": Place("140214", "云冈区", "Yungang District", parent="140200"),
    }
    assert peers.name_places(["130722", "140214"], places, "130700") == {
        "130722": {"zh": "张北县", "en": "Zhangbei County"},
        "140214": {"zh": "大同市云冈区", "en": "Yungang District, Datong City"},
    }


# Ranks ------------------------------------------------------------------------------------------


@pytest.fixture
def three(build_county: Build) -> Finding:
    """Three counties: the second widest apart, the third near the first; given in no order."""
    return compare(
        [
            county_of(build_county, "130725", [1000.0, 1300.0, 1000.0, 1300.0, 1010.0]),
            county_of(build_county, "130722", [1000.0, 1300.0, 1000.0, 1300.0, 1000.0]),
            county_of(build_county, "130723", [1000.0, 9000.0, 1000.0, 9000.0, 1000.0]),
        ]
    )


def test_ranks_are_intervals_and_stand_in_the_order_of_codes(three: Finding) -> None:
    rows = prefecture.rank(three).table
    rows = rows[rows["indicator"] == "equipment.rank"]
    assert rows["subject"].tolist() == ["130722", "130723", "130725"]
    ends = list(zip(rows["value_low"], rows["value_high"], strict=True))
    assert ends == [(1, 2), (3, 3), (1, 2)]
    assert rows["value"].tolist() == [2, 1, 2]  # how many ranks, not which


def test_ranks_are_given_on_request_alone(three: Finding) -> None:
    assert not three.table["indicator"].str.endswith(".rank").any()
    assert not any(note.role == "ranks" for note in three.notes)
    before = to_json(three)
    assert prefecture.rank(three).name == "prefecture"
    assert to_json(three) == before


def test_nothing_is_ordered_by_value(three: Finding) -> None:
    for _, rows in three.table[three.table["by"] == "county"].groupby(["indicator", "stage"]):
        assert rows["subject"].tolist() == sorted(rows["subject"])


def test_the_public_gets_no_ranks(three: Finding) -> None:
    ranked = prefecture.rank(three)
    for audience, flags in (("public", {"c"}), ("superior", {""}), ("internal", {""})):
        released = release(ranked, audience)  # type: ignore[arg-type]
        rows = released.table[released.table["indicator"] == "equipment.rank"]
        assert set(rows["flag"]) == flags
        assert rows["value_low"].isna().all() == (flags == {"c"})
        assert any(note.role == "ranks" for note in released.notes) == (flags != {"c"})


def test_who_has_few_schools_is_left_out_and_who_has_no_figures_may_stand_anywhere(
    build_county: Build,
) -> None:
    finding = prefecture.rank(
        compare(
            [
                county_of(build_county, "130722", [1000.0, 1300.0, 1000.0, 1300.0, 1000.0]),
                county_of(build_county, "130723", [1000.0, 9000.0, 1000.0, 9000.0, 1000.0]),
                county_of(build_county, "130724", [1000.0, 2000.0, 5000.0]),
                county_of(build_county, "130725", [None] * 5),
            ]
        )
    )
    rows = finding.table[finding.table["indicator"] == "equipment.rank"].set_index("subject")
    assert rows.loc["130722", ["value_low", "value_high"]].tolist() == [1, 2]
    assert rows.loc["130723", ["value_low", "value_high"]].tolist() == [2, 3]
    assert rows["flag"].to_dict() == {"130722": "", "130723": "", "130724": "z", "130725": "x"}


# One county's own peers -------------------------------------------------------------------------


def test_a_county_reads_its_peers_by_distance_with_their_figures(build_county: Build) -> None:
    county = build_county([school("A"), school("B")])
    own = prefecture.find_peers(county, regions().places)
    of_all = compare([county_of(build_county, "130722", [1000.0] * 5)]).table
    pairs_of_all = of_all[of_all["indicator"] == "peer"]
    rows = own.table[own.table["indicator"] == "peer"]
    assert [f"130722→{code}" for code in rows["subject"]] == pairs_of_all["subject"].tolist()
    assert rows["value"].tolist() == pairs_of_all["value"].tolist()
    figures = own.table[own.table["indicator"] == "published_population"]
    assert figures["subject"].tolist() == ["130722", *rows["subject"]]
    assert not own.origin.synthetic
    assert all(has(note.key) for note in own.notes)
    for audience in ("public", "superior", "internal"):
        assert release(own, audience).table["flag"].eq("").all()  # type: ignore[arg-type]


def test_a_county_without_figures_reads_that_nothing_can_be_said(build_county: Build) -> None:
    county = build_county([school("A"), school("B")])
    unknown = replace(county, place=replace(county.place, code="350404"))
    own = prefecture.find_peers(unknown, regions().places)
    assert [note.key for note in own.notes] == ["peers.headline.none"]
    assert own.table["by"].tolist() == [""]  # how many counties have figures, nothing else
    abroad = replace(county, place=replace(county.place, code="06037"))
    nothing = prefecture.find_peers(abroad, regions().places)
    assert nothing.table.empty
    assert nothing.notes == ()


def test_counties_that_are_not_in_the_list_have_no_peers_and_none_are_missed(
    build_county: Build,
) -> None:
    finding = compare([county_of(build_county, "06037", [1000.0] * 5)])
    assert not finding.table["indicator"].str.startswith(("peer", "published")).any()
    assert not any(note.role == "peers" for note in finding.notes)
    assert not any(i.id.startswith(("published", "rule.peers")) for i in finding.indicators)
