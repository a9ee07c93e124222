"""Where differences come from and how sure verdicts are: by hand first, then the gate's readers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.questions.conftest import school

from analysis.errors import UsageError
from analysis.finding import KEY, Cell, Finding, Given, from_json, to_json
from analysis.i18n import has, needs
from analysis.methods.dispersion import difference_coefficient, theil, theil_decomposition
from analysis.questions import balance
from analysis.questions.balance.change import SOURCES, follow, rename, split
from analysis.questions.balance.schools import Entrants
from analysis.questions.balance.stage import Stage
from analysis.records.county import CountyData
from analysis.release import release

Build = Callable[..., CountyData]
AREA = "sports_area"


def value(finding: Finding, indicator: str, stage: str = "primary", **where: str) -> float:
    return float(row(finding, indicator, stage, **where)["value"])


def row(finding: Finding, indicator: str, stage: str = "primary", **where: str) -> pd.Series:
    place = {"by": "", "subject": "", "at": str(finding.year), **where}
    table = finding.table
    rows = table[(table["indicator"] == indicator) & (table["stage"] == stage)]
    for column, text in place.items():
        rows = rows[rows[column] == text]
    assert len(rows) == 1, (indicator, stage, place)
    return rows.iloc[0]


def grounds(code: str, pupils: int, per_pupil: float, **about: Any) -> dict[str, Any]:
    """Describe a school by its sports grounds alone."""
    area = {"sports_ground_m2": pupils * per_pupil, "indoor_sports_area_m2": 0.0}
    return school(code, pupils_n=pupils, **area, **about)


FOUR = [
    grounds("A", 100, 5.0, zone="111", township="甲街道", kind="211"),
    grounds("B", 100, 5.0, zone="111", township="甲街道", kind="218"),
    grounds("C", 100, 15.0, zone="220", township="乙乡", kind="211"),
    grounds("D", 100, 15.0, zone="210", township="乙乡", kind="218"),
]
"""Two urban schools with 5 m² a pupil, two rural ones with 15: the coefficient is 5 over 10."""


# Where it comes from, by hand --------------------------------------------------------------------


def test_all_of_the_difference_lies_between_town_and_country(build_county: Build) -> None:
    finding = balance.explain(build_county(FOUR))
    assert value(finding, f"{AREA}.coefficient") == pytest.approx(0.5)
    between = {
        subject: value(finding, f"{AREA}.between", by="grouping", subject=subject)
        for subject in ("zone", "township", "kind")
    }
    assert between == pytest.approx({"zone": 1, "township": 1, "kind": 0}, abs=1e-12)
    # Of the three ways to pair four schools one leaves all between the pairs, two leave nothing.
    chance = value(finding, f"{AREA}.between", by="grouping", subject="zone_chance")
    assert chance == pytest.approx(1 / 3, abs=0.1)


def test_zones_have_their_level_and_their_part(build_county: Build) -> None:
    finding = balance.explain(build_county(FOUR))
    for zone, relative in (("urban", 0.5), ("rural", 1.5)):
        at = {"by": "zone", "subject": zone}
        assert value(finding, f"{AREA}.relative", **at) == pytest.approx(relative)
        assert value(finding, f"{AREA}.part", **at) == pytest.approx(0.5)
        assert row(finding, f"{AREA}.part", **at)["n"] == 2


def test_indices_are_those_of_pupils(build_county: Build) -> None:
    """Half of the pupils have 5, half 15: a quarter of the grounds; 1/4 is Gini's index too."""
    finding = balance.explain(build_county(FOUR))
    assert value(finding, f"{AREA}.lower_half") == pytest.approx(0.25)
    assert value(finding, f"{AREA}.gini") == pytest.approx(0.25)
    assert value(finding, f"{AREA}.theil") == pytest.approx(
        0.5 * 0.5 * math.log(0.5) + 0.5 * 1.5 * math.log(1.5)
    )
    root = (0.5 * math.sqrt(0.5) + 0.5 * math.sqrt(1.5)) ** 2
    assert value(finding, f"{AREA}.atkinson") == pytest.approx(1 - root)


def test_a_large_school_weighs_as_its_pupils_do(build_county: Build) -> None:
    rows = [grounds("A", 300, 5.0), grounds("B", 100, 15.0)]
    finding = balance.explain(build_county(rows))
    assert value(finding, f"{AREA}.theil") == pytest.approx(theil([5, 5, 5, 15]))
    equal = balance.explain(build_county(rows), weights=None)
    assert value(equal, f"{AREA}.theil") == pytest.approx(theil([5, 15]))


def test_the_layers_of_both_stages_add_up(build_county: Build) -> None:
    rng = np.random.default_rng(4)
    rows = [
        grounds(f"{stage[0]}{n:02}", int(rng.integers(60, 900)), float(rng.uniform(3, 20)),
                stage=stage, kind=kind, zone=("111", "121", "220")[n % 3], township=f"乡{n % 4}")
        for stage, kind in (("primary", "211"), ("junior", "311")) for n in range(12)
    ]  # fmt: skip
    finding = balance.explain(build_county(rows))
    layers = finding.table[finding.table["indicator"] == f"{AREA}.layer"]
    assert list(layers["subject"]) == ["stage", "zone", "township", "school"]
    assert layers["value"].sum() == pytest.approx(1, abs=1e-12)
    levels = [r["sports_ground_m2"] / r["pupils_n"] for r in rows]
    weights = [r["pupils_n"] for r in rows]
    parts = theil_decomposition(levels, [r["stage"] for r in rows], weights)
    assert layers["value"].iloc[0] == pytest.approx(parts.between[0] / parts.total)
    for stage in ("primary", "junior"):
        for by in ("zone", "township"):
            table = finding.table
            own = table[(table["stage"] == stage) & (table["by"] == by)]
            shares = own.loc[own["indicator"] == f"{AREA}.part", "value"]
            assert shares.sum() == pytest.approx(1, abs=1e-12)


def test_schools_of_unknown_zone_are_a_group_of_their_own(build_county: Build) -> None:
    """What is shown of the others would give them away if they were in none."""
    finding = balance.explain(build_county([*FOUR, grounds("E", 100, 10.0, zone=None)]))
    parts = finding.table[
        (finding.table["indicator"] == f"{AREA}.part") & (finding.table["by"] == "zone")
    ]
    assert list(parts["subject"]) == ["urban", "rural", "unknown"]
    assert parts["value"].sum() == pytest.approx(1, abs=1e-12)


def test_a_group_of_which_nobody_reported_has_no_data(build_county: Build) -> None:
    silent = {"sports_ground_m2": None}
    rows = [*FOUR, {**grounds("E", 100, 1.0, zone="121"), **silent}]
    town = row(balance.explain(build_county(rows)), f"{AREA}.part", by="zone", subject="town")
    assert (town["flag"], town["n"]) == ("x", 0)


# The one school that moves it most -----------------------------------------------------------------


def test_the_school_that_moves_the_coefficient_most_is_brought_to_the_mean(
    build_county: Build,
) -> None:
    """5, 5, 5 and 25 have mean 10; with the last at 10 they are 5, 5, 5 and 10."""
    rows = [*(grounds(c, 100, 5.0) for c in "ABC"), grounds("D", 100, 25.0)]
    finding = balance.explain(build_county(rows))
    now, then = (difference_coefficient([5, 5, 5, last], [1] * 4) for last in (25, 10))
    assert value(finding, f"{AREA}.corrected") == pytest.approx(then - now)
    note = next(n for n in finding.notes if n.key == "imbalance.corrected.above")
    assert note.values["school"].subject == "D"  # type: ignore[union-attr]


def test_one_school_may_be_enough(build_county: Build) -> None:
    """1.2 and 0.87: over the limit of 0.50 before, at 0.35 after; in another county never."""
    rows = [*(grounds(c, 100, 5.0) for c in "ABC"), grounds("D", 100, 25.0)]
    worst = next(
        n
        for n in balance.explain(build_county(rows)).notes
        if n.key.startswith("imbalance.corrected")
    )
    assert worst.values["limit"] == Given(0.5)
    even = [grounds("A", 100, 1.0), grounds("B", 100, 20.0), grounds("C", 100, 40.0),
            grounds("D", 100, 1.0)]  # fmt: skip
    open_ = [n for n in balance.explain(build_county(even)).notes if ".corrected." in n.key]
    assert [n.key for n in open_ if "limit" in n.values] == []


def test_equal_schools_have_nothing_to_correct_and_nothing_between(build_county: Build) -> None:
    finding = balance.explain(build_county([grounds(c, 100, 8.0, zone="111") for c in "ABC"]))
    assert math.isnan(value(finding, f"{AREA}.corrected"))
    assert row(finding, f"{AREA}.corrected")["flag"] == "z"
    assert not {"grouping", "zone", "township"} & set(finding.table["by"]), "one group is none"
    assert value(finding, f"{AREA}.theil") == pytest.approx(0, abs=1e-12)


# Changes over the years ----------------------------------------------------------------------------


def stage_of(weights: Any = "enrolment") -> Stage:
    nobody = Entrants(pd.DataFrame(), pd.DataFrame())
    return Stage("primary", 2021, nobody, {}, weights, 1.0, 0.0, {}, 0.95)


def frame(schools: dict[str, tuple[float, float]]) -> pd.DataFrame:
    table = pd.DataFrame.from_dict(schools, orient="index", columns=["pupils", "total"])
    return table.astype(float)


def changes(finding: Finding, name: str = "change", indicator: str = AREA) -> dict[str, float]:
    table = finding.table[finding.table["indicator"] == f"{indicator}.{name}"]
    return dict(zip(table["subject"], table["value"], strict=True))


def two_years(*pairs: tuple[dict[str, Any], dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**one, "year": year}
        for pair in pairs
        for year, one in zip((2020, 2021), pair, strict=True)
    ]


def test_a_change_of_one_source_is_all_its_own(build_county: Build) -> None:
    def explained(*pairs: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, float]:
        return changes(balance.explain(build_county(two_years(*pairs))))

    same = (grounds("A", 100, 5.0), grounds("A", 100, 5.0))
    richer = explained(same, (grounds("B", 100, 5.0), grounds("B", 100, 15.0)))
    assert richer == pytest.approx(
        {"enrolment": 0, "resources": 0.5, "schools": 0, "total": 0.5}, abs=1e-12
    )
    smaller = explained(same, (grounds("B", 300, 5.0), grounds("B", 100, 15.0)))
    assert smaller == pytest.approx(
        {"enrolment": 0.5, "resources": 0, "schools": 0, "total": 0.5}, abs=1e-12
    )


def test_a_school_that_closed_is_all_of_the_change(build_county: Build) -> None:
    rows = [
        *two_years(*((grounds(c, 100, 5.0),) * 2 for c in "AB")),
        {**grounds("C", 100, 20.0), "year": 2020},
    ]
    finding = balance.explain(build_county(rows))
    before = difference_coefficient([5, 5, 20], [1, 1, 1])
    assert changes(finding) == pytest.approx(
        {"enrolment": 0, "resources": 0, "schools": -before, "total": -before}, abs=1e-12
    )
    turnover = {
        event: value(finding, "turnover", by="turnover", subject=event)
        for event in ("opened", "entered", "closed", "left")
    }
    assert turnover == {"opened": 0, "entered": 0, "closed": 1, "left": 0}


def test_a_recoded_school_is_no_closure(build_county: Build) -> None:
    """The same school under another code: only its pupils changed."""
    rows = [
        *two_years((grounds("A11", 100, 5.0),) * 2),
        {**grounds("B11", 300, 5.0), "year": 2020},
        {**grounds("C11", 100, 15.0), "year": 2021},
    ]
    event = {"school": "B11", "county": "130722", "year": 2021, "successor": "C11"}
    apart = changes(balance.explain(build_county(rows)))
    assert apart["schools"] != pytest.approx(0, abs=1e-3)
    finding = balance.explain(build_county(rows, successions=[{**event, "event": "recoded"}]))
    assert changes(finding) == pytest.approx(
        {"enrolment": 0.5, "resources": 0, "schools": 0, "total": 0.5}, abs=1e-12
    )
    assert value(finding, "turnover", by="turnover", subject="closed") == 0
    merged = balance.explain(build_county(rows, successions=[{**event, "event": "merged"}]))
    assert changes(merged) == pytest.approx(apart)
    assert value(merged, "turnover", by="turnover", subject="closed") == 1
    assert value(merged, "turnover", by="turnover", subject="opened") == 1


def test_a_point_that_became_too_small_left_and_did_not_close(build_county: Build) -> None:
    rows = two_years(
        *((grounds(c, 100, 5.0),) * 2 for c in "AB"),
        (grounds("T", 60, 20.0, kind="218"), grounds("T", 40, 30.0, kind="218")),
    )
    finding = balance.explain(build_county(rows))
    assert value(finding, "turnover", by="turnover", subject="left") == 1
    assert value(finding, "turnover", by="turnover", subject="closed") == 0


def test_codes_are_followed_through_every_change() -> None:
    rows = [
        ("a", 2016, "b", "recoded"), ("b", 2018, "c", "recoded"), ("x", 2017, "z", "recoded"),
        ("y", 2017, "z", "recoded"), ("m", 2017, "n", "merged"), ("p", 2017, "q", "split"),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["school", "year", "successor", "event"])
    assert follow(table, 2015, 2021) == {"a": "c"}
    assert follow(table, 2016, 2021) == {"b": "c"}
    assert follow(table, 2018, 2021) == {}
    assert rename(["a", "c"], {"a": "c"}) == ["a", "c"], "a code that is borne already is another's"


schools = st.dictionaries(
    st.sampled_from("ABCDEFGH"), st.tuples(st.integers(1, 900), st.floats(0.1, 1e4)), min_size=2
)


@given(schools, schools, st.sampled_from(["enrolment", None]))
@settings(deadline=None)
def test_the_sources_add_up_to_the_change(old: Any, new: Any, weights: Any) -> None:
    found = split(frame(old), frame(new), stage_of(weights))
    whole = [
        difference_coefficient(of["total"], of["pupils"], weights=weights)
        for of in (frame(old), frame(new))
    ]
    assert found["total"] == pytest.approx(whole[1] - whole[0], abs=1e-12)
    assert sum(found[source] for source in SOURCES) == pytest.approx(found["total"], abs=1e-12)
    back = split(frame(new), frame(old), stage_of(weights))
    assert back == pytest.approx({key: -v for key, v in found.items()}, abs=1e-12)


def test_the_year_before_has_its_own_rows_where_it_is_not_the_first(build_county: Build) -> None:
    rows = [
        {**grounds(c, 100, area + 2 * (year - 2019) * (c == "B")), "year": year}
        for year in (2019, 2020, 2021) for c, area in (("A", 5.0), ("B", 6.0))
    ]  # fmt: skip
    three = balance.explain(build_county(rows))
    coefficients = {y: difference_coefficient([5, 6 + 2 * y], [1, 1]) for y in range(3)}
    assert changes(three)["total"] == pytest.approx(coefficients[2] - coefficients[0])
    assert changes(three, "change_year")["total"] == pytest.approx(
        coefficients[2] - coefficients[1]
    )
    assert changes(balance.explain(build_county(rows[2:])), "change_year") == {}
    assert changes(balance.explain(build_county(rows[4:]))) == {}


# How sure ------------------------------------------------------------------------------------------


def test_the_three_coefficients_of_the_official_example(build_county: Build) -> None:
    """O10: 0.5153, 0.4888 and 0.5465 stand on two sides of the limit of 0.50."""
    example = ((45, 279), (37, 137), (89, 935), (76, 160), (55, 402))
    rows = [grounds(str(n), p, x / p) for n, (p, x) in enumerate(example)]
    finding = balance.explain(build_county(rows))
    at = {"by": "variant", "indicator": f"{AREA}.coefficient"}
    expected = {"official_enrolment": 0.515257, "none": 0.4888, "sample": 0.5465}
    for subject, number in expected.items():
        assert value(finding, subject=subject, **at) == pytest.approx(number, abs=5e-5)
    assert verdicts(finding) == {
        "official_enrolment": "not_met", "errors_low": "met", "errors_high": "not_met",
        "none": "met", "sample": "not_met",
    }  # fmt: skip
    ways = ("errors_low", "errors_high", "none", "sample")
    found = {c.indicator: verdicts(finding, c.indicator) for c in finding.checks}
    found = {id: of for id, of in found.items() if "cannot_say" not in of.values()}
    for way in ways:
        other = sum(of[way] != of["official_enrolment"] for of in found.values())
        assert value(finding, "verdicts_changed", by="variant", subject=way) == other
    stable = row(finding, "verdicts_stable")
    same = sum(
        len({of[way] for way in (*ways, "official_enrolment")}) == 1 for of in found.values()
    )
    assert (stable["value"], stable["denominator"]) == (same, len(found))
    assert same < len(found)


def verdicts(finding: Finding, indicator: str = f"{AREA}.coefficient") -> dict[str, str]:
    return {c.subject: c.verdict for c in finding.checks if c.indicator == indicator}


def test_the_official_way_is_marked_and_the_same_as_in_the_assessment(build_county: Build) -> None:
    rows = [grounds(str(n), 100 + 50 * n, 5.0 + n * n) for n in range(6)]
    for weights, name in (("scheme", "official_enrolment"), (None, "official_none")):
        county = build_county(rows)
        finding = balance.explain(county, weights=weights)  # type: ignore[arg-type]
        assessed = balance.assess(county, weights=weights)  # type: ignore[arg-type]
        official = {c.indicator: c.verdict for c in finding.checks if c.subject == name}
        assert official == {
            c.indicator: c.verdict for c in assessed.checks
            if c.by == "" and c.indicator.endswith(".coefficient")
        }  # fmt: skip
        at = {"by": "variant", "subject": name}
        assert value(finding, f"{AREA}.coefficient", **at) == value(assessed, f"{AREA}.coefficient")


def test_other_schools_are_counted_too_or_left_out(build_county: Build) -> None:
    counted = [grounds(c, 100, 6.0) for c in "ABC"]
    large = [grounds(f"L{n}", 60, 6.0, kind="218") for n in range(2)]
    small = [grounds(f"S{n}", 40, 60.0, kind="218") for n in range(3)]
    silent = grounds("X", 40, 6.0, kind="510", equipment_yuan=None)
    finding = balance.explain(build_county([*counted, *large, *small, silent]))
    at = {"by": "variant", "indicator": f"{AREA}.coefficient"}
    everybody = difference_coefficient(
        [600] * 3 + [360] * 2 + [2400] * 3, [100] * 3 + [60] * 2 + [40] * 3
    )
    excluded = row(finding, subject="with_excluded", **at)
    assert excluded["value"] == pytest.approx(everybody)
    assert excluded["n"] == 3, "three schools tell; the special school did not report everything"
    assert value(finding, subject="without_points", **at) == pytest.approx(0, abs=1e-9)
    assert row(finding, subject="without_points", **at)["n"] == 2
    assert verdicts(finding)["with_excluded"] == "not_met"
    said = {n.key for n in finding.notes if ".sure." in n.key}
    assert "imbalance.sure.with_excluded" in said
    assert "imbalance.sure.without_points_same" in said


def test_where_nothing_is_excluded_there_is_no_such_row(build_county: Build) -> None:
    finding = balance.explain(build_county(FOUR[::2]))
    assert not {"with_excluded", "without_points"} & set(finding.table["subject"])


def test_no_other_way_gives_a_verdict_that_the_data_do_not(build_county: Build) -> None:
    rows = [grounds("A", 100, 5.0), grounds("B", 100, 6.0)]
    county = build_county(rows, totals={"schools_expected_n": 4})
    finding = balance.explain(county)
    assert set(verdicts(finding).values()) == {"cannot_say"}
    assert "imbalance.sure.undecided" in {note.key for note in finding.notes}


def test_a_scheme_of_a_composite_judges_the_composite(build_county: Build) -> None:
    finding = balance.explain(build_county(FOUR), scheme="basic-2012")
    assert {c.indicator for c in finding.checks} == {"composite"}
    own = value(balance.assess(build_county(FOUR), scheme="basic-2012"), "composite")
    assert value(finding, "composite", by="variant", subject="official_enrolment") == own


# A real county, and what a reader is told ------------------------------------------------------------


def county_of(build_county: Build, n: int, seed: int = 1) -> CountyData:
    """A county of n primary schools in three zones and several townships, three years."""
    rng = np.random.default_rng(seed)
    zones = rng.choice(["111", "121", "220"], n, p=[0.2, 0.3, 0.5])
    rows = []
    for i in range(n):
        pupils, level = int(rng.integers(60, 900)), float(rng.uniform(3, 20))
        for year in (2019, 2020, 2021):
            rows.append(
                grounds(
                    f"{i:04}", pupils + 10 * (year - 2019), level, year=year, zone=zones[i],
                    township=f"乡{i % 9}", kind=("211", "218")[i % 7 == 0],
                    equipment_yuan=float(rng.uniform(1e4, 1e6)),
                )
            )  # fmt: skip
    return build_county(rows)


def test_every_note_rule_and_name_stands_in_the_catalogue(build_county: Build) -> None:
    for scheme in ("quality-2017", "basic-2012"):
        finding = balance.explain(county_of(build_county, 20), scheme=scheme)
        keys = {note.key for note in finding.notes} | {c.rule for c in finding.checks}
        named = finding.table[finding.table["by"].isin(
            ["zone", "grouping", "layer", "component", "variant"])]  # fmt: skip
        keys |= {f"imbalance.{by}.{s}" for by, s in zip(named["by"], named["subject"], strict=True)}
        assert [key for key in sorted(keys) if not has(key)] == []
        for note in finding.notes:
            assert needs(note.key) <= set(note.values), note.key


def test_every_cell_of_a_note_is_there(build_county: Build) -> None:
    finding = balance.explain(county_of(build_county, 20))
    keys = set(map(tuple, finding.table[list(KEY)].to_numpy()))
    cells = [v for note in finding.notes for v in note.values.values() if isinstance(v, Cell)]
    assert len(cells) > 20
    assert [c for c in cells if tuple(getattr(c, f) for f in KEY) not in keys] == []


def test_a_number_that_both_findings_have_is_one_number(build_county: Build) -> None:
    county = county_of(build_county, 20)
    one, other = (f(county).table.set_index(list(KEY)) for f in (balance.assess, balance.explain))
    both = one.index.intersection(other.index)
    assert len(both) >= 14
    pd.testing.assert_frame_equal(one.loc[both], other.loc[both])


def test_a_finding_survives_json_and_order(build_county: Build) -> None:
    county = county_of(build_county, 12)
    finding = balance.explain(county)
    again = from_json(to_json(finding))
    pd.testing.assert_frame_equal(again.table, finding.table)
    shuffled = {k: v.sample(frac=1, random_state=3) for k, v in county.tables.items()}
    other = balance.explain(replace(county, tables=shuffled))
    pd.testing.assert_frame_equal(other.table, finding.table)
    assert other.notes == finding.notes


def test_nothing_is_explained_without_schools(build_county: Build) -> None:
    county = build_county([school("A")])
    empty = county.tables["school_years"].iloc[:0]
    finding = balance.explain(replace(county, tables={**county.tables, "school_years": empty}))
    assert finding.table.empty
    assert finding.notes == ()
    single = balance.explain(county)
    assert math.isnan(value(single, f"{AREA}.gini"))
    assert single.notes == ()


def test_an_unknown_scheme_is_refused(build_county: Build) -> None:
    with pytest.raises(UsageError, match="quality-2017"):
        balance.explain(build_county(FOUR), scheme="2017")


def test_a_county_of_120_schools_is_explained_well_under_a_second(build_county: Build) -> None:
    county = county_of(build_county, 120)
    balance.explain(county)
    start = time.process_time()
    balance.explain(county)
    assert time.process_time() - start < 1.0


# What the public may not work out ----------------------------------------------------------------------


def shown(finding: Finding, audience: Any = "public") -> dict[tuple[str, ...], float]:
    table = release(finding, audience).table
    keys = map(tuple, table[list(KEY)].to_numpy())
    known = zip(keys, table["value"], strict=True)
    return {key: number for key, number in known if not math.isnan(number)}


def attack(finding: Finding, rows: list[dict[str, Any]]) -> list[str]:
    """Work out single schools' grounds from what is public: enrolment, and sums over groups.

    A reader who knows every school's pupils, zone and township has one equation for the county and
    one for every group whose level is shown; he looks for fewer than five schools that these tell.
    """
    public, index = shown(finding), {r["school"]: n for n, r in enumerate(rows)}
    zone = {"111": "urban", "121": "town", "220": "rural"}
    sets = [set(index)]
    for key in public:
        if key[0] == f"{AREA}.relative":
            of = [r["school"] for r in rows
                  if (zone[r["zone"]] if key[2] == "zone" else r["township"]) == key[3]]  # fmt: skip
            sets.append(set(of))
    # All unions and differences of what is known: closed under complement within a known set.
    found = {frozenset(s) for s in sets}
    for _ in range(3):
        found |= {a - b for a in found for b in found if b < a}
        found |= {a | b for a in found for b in found if not a & b}
    return sorted("".join(sorted(s)) for s in found if 0 < len(s) < 5)


@pytest.mark.parametrize(
    "sizes", [(1, 6, 9), (2, 2, 9), (4, 5, 6), (1, 1, 12), (5, 5, 5), (3, 12, 0)]
)
def test_no_few_schools_are_what_is_left_of_the_groups(
    build_county: Build, sizes: tuple[int, ...]
) -> None:
    zones = [z for z, n in zip(("111", "121", "220"), sizes, strict=True) for _ in range(n)]
    rows = [
        grounds(f"{n:03}", 100 + 7 * n, 4.0 + n, zone=zone, township=f"乡{n % 2}")
        for n, zone in enumerate(zones)
    ]
    finding = balance.explain(build_county(rows))
    assert attack(finding, rows) == []
    public = shown(finding)
    assert not [key for key in public if key[2] == "township"]
    if min(n for n in sizes if n) < 5:
        # Two means and the part of the difference between them are two equations.
        assert not [k for k in public if k[0].endswith(".between") and k[3].startswith("zone")]
    named = shown(finding, "internal")
    assert len([key for key in named if key[2] == "zone"]) > 0
    assert [key for key in named if key[2] == "township"]


def test_a_school_cannot_be_told_by_what_its_correction_does(build_county: Build) -> None:
    """The attack: pupils are known, so each school's grounds follow from the exact change.

    Only one school's grounds come out as the whole number that it reported. With two digits,
    many could be it.
    """
    rng = np.random.default_rng(8)
    pupils = rng.integers(80, 900, 12)
    areas = np.round(pupils * rng.uniform(4, 9, 12))
    areas[4] = 30 * pupils[4]
    rows = [
        grounds(f"{n:03}", int(p), a / p)
        for n, (p, a) in enumerate(zip(pupils, areas, strict=True))
    ]
    finding = balance.explain(build_county(rows))
    id = f"{AREA}.corrected"
    coefficient, total = value(finding, f"{AREA}.coefficient"), areas.sum()

    def fitting(change: float, slack: float) -> list[int]:
        """List the schools of which some whole number of grounds explains the change."""
        mean, whole = total / pupils.sum(), pupils.sum()
        squares = (coefficient**2 + 1) * mean**2 * whole
        could = []
        for n, p in enumerate(pupils):
            x = np.arange(0, total)
            square, own = squares - x**2 / p + mean**2 * p, (total - x + mean * p) / whole
            after = np.sqrt(np.maximum(square / whole / own**2 - 1, 0))
            if (np.abs(after - coefficient - change) <= slack).any():
                could.append(n)
        return could

    exact = value(finding, id)
    assert fitting(exact, 1e-9) == [4]
    public = next(v for k, v in shown(finding).items() if k[0] == id)
    assert float(f"{public:.1e}") == public
    assert len(fitting(public, 0.5 * 10 ** (math.floor(math.log10(abs(public))) - 1))) > 3


def test_one_excluded_school_does_not_show_in_public(build_county: Build) -> None:
    """The coefficient with it and without it would give its level away."""
    rows = [grounds(f"{n:03}", 100, 5.0 + n) for n in range(8)]
    county = build_county([*rows, grounds("S01", 90, 20.0, kind="510")])
    finding = balance.explain(county)
    where = (f"{AREA}.coefficient", "primary", "variant", "with_excluded", "2021")
    assert where in shown(finding, "internal")
    assert where not in shown(finding)
    released = release(finding, "public")
    told = [n for n in released.notes if "with_excluded" in n.key]
    assert told == []
    hidden = [c.verdict for c in released.checks if c.subject == "with_excluded"]
    assert set(hidden) == {"cannot_say"}


@pytest.mark.parametrize("audience", ["public", "superior"])
def test_a_stage_of_four_schools_tells_nothing_outside(build_county: Build, audience: Any) -> None:
    rows = [grounds(c, 100, a, zone=z, township=t) for c, a, z, t in (
        ("A11", 5.0, "111", "甲"), ("B11", 9.0, "111", "甲"), ("C11", 15.0, "220", "乙"),
        ("D11", 7.0, "220", "乙"))]  # fmt: skip
    told = {key[0] for key in shown(balance.explain(build_county(rows)), audience)}
    base = {i["id"] for i in build_county(rows).reference.scheme("quality-2017")["indicator"]}
    assert told <= base, "the county's level is no secret; everything else is"


def test_no_school_has_its_name_or_code_in_public(build_county: Build) -> None:
    county = county_of(build_county, 30)
    text = str(release(balance.explain(county), "public").to_json())
    codes = set(county.tables["schools"]["school"])
    assert not [c for c in codes if f"'{c}'" in text or f"第{c}学校" in text]
