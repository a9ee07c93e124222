"""The gate row by row: what is shown, rounded, coded and withheld, and from whom."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import i18n
from analysis.errors import UsageError, WithheldError
from analysis.finding import (
    COLUMNS,
    PERSON_UNITS,
    Cell,
    Check,
    Finding,
    Given,
    Indicator,
    Name,
    Note,
    Origin,
    reaches,
    tidy,
)
from analysis.records import contracts
from analysis.release import Released, people, profiles, release, schools
from analysis.release.released import AUDIENCES

NAN = math.nan
PUPILS = {"stage": "primary", "at": "2021", "n_unit": "pupils", "unit": "pupils"}
SCHOOLS = {"stage": "primary", "at": "2021", "n_unit": "schools"}


def find(
    rows: list[dict[str, Any]], privacy: str = "P1", unit: str = "pupils", **about: Any
) -> Finding:
    """Make a finding of one indicator, ``x`` unless the rows say otherwise."""
    rows = [{"indicator": "x", **row} for row in rows]
    ids = dict.fromkeys(row["indicator"] for row in rows)
    about.setdefault("indicators", tuple(Indicator(i, "某", "x", unit, privacy) for i in ids))  # type: ignore[arg-type]
    return Finding("toy", "130722", 2021, tidy(rows), **about)


def one(released: Released) -> dict[str, Any]:
    (row,) = released.table.to_dict("records")
    return row  # type: ignore[return-value]


def count(number: float, privacy: str, audience: str = "public", **cells: Any) -> dict[str, Any]:
    return one(release(find([{**PUPILS, "value": number, **cells}], privacy), audience))  # type: ignore[arg-type]


def sweep(
    rows: list[dict[str, Any]], privacy: str, audience: str = "public", unit: str = "pupils"
) -> list[dict[str, Any]]:
    """Release many rows that have nothing to do with one another, each in a year of its own."""
    finding = find([{**row, "at": str(n)} for n, row in enumerate(rows)], privacy, unit)
    return release(finding, audience).table.to_dict("records")  # type: ignore[arg-type, return-value]


def share_row(part: float, whole: float) -> dict[str, Any]:
    return {**PUPILS, "unit": "share", "value": part / whole, "numerator": part,
            "denominator": whole, "n": whole}  # fmt: skip


def share(part: float, whole: float, privacy: str, audience: str = "public") -> dict[str, Any]:
    return sweep([share_row(part, whole)], privacy, audience, "share")[0]


# Threshold and rounding (K1)


@pytest.mark.parametrize("privacy", ["P0", "P1", "P2"])
def test_counts_under_ten_are_withheld_and_others_rounded(privacy: str) -> None:
    rows = [{**PUPILS, "value": n, "numerator": n, "n": n} for n in range(31)]
    for number, row in enumerate(sweep(rows, privacy)):
        shown = number >= 10 or (number == 0 and privacy != "P2")
        expected = 5 * math.floor(number / 5 + 0.5) if shown else None
        assert row["flag"] == ("" if shown else "c")
        for field in ("value", "numerator", "n"):
            assert (None if math.isnan(row[field]) else row[field]) == expected


@pytest.mark.parametrize(("number", "shown"), [(9, None), (10, 10), (11, 10), (12, 10), (13, 15)])
def test_the_boundary(number: int, shown: int | None) -> None:
    row = count(number, "P1")
    assert (None if math.isnan(row["value"]) else row["value"]) == shown


@pytest.mark.parametrize("field", ["numerator", "denominator", "n"])
@pytest.mark.parametrize("number", [1, 9, 10, 11])
def test_no_number_of_persons_under_ten_stands_anywhere(field: str, number: int) -> None:
    row = {**PUPILS, "unit": "share", "value": 0.5, "numerator": 50, "denominator": 100, "n": 100}
    row |= {field: number}
    if field == "denominator":
        row |= {"numerator": number}
    shown = one(release(find([row], "P1", "share"), "public"))
    people = [shown[f] for f in ("numerator", "denominator", "n") if not math.isnan(shown[f])]
    assert all(n == 0 or n >= 10 for n in people)
    assert all(n % 5 == 0 for n in people)
    if number < 10 and field != "numerator":
        assert shown["flag"] == "c"


@pytest.mark.parametrize("audience", ["superior", "internal"])
def test_superior_and_internal_see_unrounded_numbers(audience: str) -> None:
    rows = [{**PUPILS, "value": n, "n": n} for n in range(31)]
    both = zip(sweep(rows, "P1", audience), sweep(rows, "P2", audience), strict=True)
    for number, (ordinary, sensitive) in enumerate(both):
        hidden = audience == "superior" and 0 < number < 10
        assert (ordinary["flag"], sensitive["flag"] == "c") == ("c" if hidden else "", number < 10)
        if number >= 10:
            assert ordinary["value"] == sensitive["value"] == number


@pytest.mark.parametrize(("number", "flag"), [(0, ""), (4, "c"), (5, ""), (9, "")])
def test_internal_shows_groups_of_five_teachers(number: int, flag: str) -> None:
    assert count(number, "P1", "internal", n_unit="teachers", unit="teachers")["flag"] == flag
    sensitive = count(number, "P2", "internal", n_unit="teachers", unit="teachers")
    assert sensitive["flag"] == "c"


# Shares (K5, K8)


def test_shares_are_made_of_the_rounded_parts() -> None:
    row = share(33, 118, "P1")
    assert (row["numerator"], row["denominator"]) == (35, 120)
    assert row["value"] == round(35 / 120, 2)


def written(part: int, whole: int, privacy: str) -> dict[str, Any]:
    """What a share by itself becomes, without the table around it."""
    row = {**people.BLANK, **PUPILS, "by": "", "unit": "share", "value": part / whole, "flag": "",
           "numerator": float(part), "denominator": float(whole), "n": float(whole)}  # fmt: skip
    profile = profiles.load_profile("public")
    read = people.read(row, 0, Indicator("x", "", "", "share", privacy), profile)  # type: ignore[arg-type]
    return people.write(row, read, people.judge(read), profile)


def test_a_share_by_itself_is_what_the_gate_gives() -> None:
    for part, whole in ((0, 60), (9, 60), (33, 60), (60, 60), (10, 19)):
        released = share(part, whole, "P2")
        for field, value in written(part, whole, "P2").items():
            assert released[field] == value or math.isnan(value)


@pytest.mark.parametrize("privacy", ["P1", "P2"])
def test_a_percentage_leaves_at_least_three_numbers_possible(privacy: str) -> None:
    """K5: whatever is published stands for three numbers of persons or more, nobody apart."""
    published: dict[tuple[Any, ...], set[int]] = {}
    for whole in [*range(10, 133), *range(248, 253), *range(298, 303), *range(998, 1003)]:
        for part in range(whole + 1):
            row = written(part, whole, privacy)
            fields = ("value", "numerator", "denominator")
            shown = tuple(None if math.isnan(row[field]) else row[field] for field in fields)
            published.setdefault((*shown, row["flag"]), set()).add(part)
    few = [parts for parts in published.values() if len(parts) < 3]
    assert few == ([{0}] * len(few) if privacy == "P1" else [])


@pytest.mark.parametrize("whole", [20, 40, 99, 100, 300, 1000, 5000])
def test_nobody_and_everybody_are_coded_like_few_and_nearly_all(whole: int) -> None:
    """K8: of a sensitive attribute none and all cannot be told from up to nine."""
    few = sweep([share_row(part, whole) for part in range(10)], "P2", unit="share")
    most = sweep([share_row(whole - part, whole) for part in range(10)], "P2", unit="share")
    for rows in (few, most):
        first = {k: v for k, v in rows[0].items() if k in ("value", "flag", "denominator")}
        assert all({k: row[k] for k in first} == first for row in rows)
        assert all(math.isnan(row["numerator"]) for row in rows)
    assert few[0]["flag"] == "le"
    assert few[0]["value"] * whole >= 9
    assert most[0]["flag"] == "ge"
    assert (1 - most[0]["value"]) * whole >= 9 - 1e-9


def test_a_sensitive_share_needs_a_group_of_twenty() -> None:
    assert share(10, 19, "P2")["flag"] == "c"
    assert share(10, 20, "P2")["flag"] == ""
    assert share(10, 19, "P1")["value"] == 0.5


@pytest.mark.parametrize(
    ("part", "whole", "value", "flag"),
    [(10, 1000, 0.01, "le"), (990, 1000, 0.99, "ge"), (12, 99, 0.10, ""), (95, 100, 0.95, "")],
)
def test_ends_are_coded_by_the_size_of_the_group(
    part: int, whole: int, value: float, flag: str
) -> None:
    row = share(part, whole, "P1")
    assert (row["value"], row["flag"]) == (pytest.approx(value), flag)


def test_a_rate_per_thousand_tells_no_more_than_a_percentage() -> None:
    row = {**PUPILS, "unit": "per_1000", "value": 12 / 1003 * 1000, "numerator": 12,
           "denominator": 1003, "n": 1003}  # fmt: skip
    shown = one(release(find([row], "P2", "per_1000"), "public"))
    assert (shown["numerator"], shown["denominator"]) == (10, 1005)
    assert shown["value"] == pytest.approx(10)


def test_small_samples_are_marked() -> None:
    assert share(10, 19, "P1")["flag"] == "u"
    assert share(10, 21, "P1")["flag"] == ""


# Means


@pytest.mark.parametrize(("n", "flag"), [(9, "c"), (10, "u"), (19, "u"), (20, ""), (NAN, "c")])
def test_a_mean_rests_on_ten_persons(n: float, flag: str) -> None:
    row = {**PUPILS, "unit": "km", "value": 3.456, "numerator": 3.456 * n, "n": n}
    shown = one(release(find([row], "P1", "km"), "public"))
    assert shown["flag"] == flag
    assert math.isnan(shown["numerator"])
    if flag != "c":
        assert shown["value"] == 3.5
        assert shown["n"] % 5 == 0


def test_a_mean_over_many_keeps_its_decimals_and_a_sum_of_money_is_rounded() -> None:
    row = {**PUPILS, "unit": "km", "value": 3.456, "n": 120}
    assert one(release(find([row], "P1", "km"), "public"))["value"] == 3.46
    money = {**PUPILS, "unit": "yuan", "value": 123_456.78, "n": 120}
    assert one(release(find([money], "P1", "yuan"), "public"))["value"] == 123_000


def test_ranges_are_rounded_outwards() -> None:
    row = {**PUPILS, "unit": "share", "value": 0.33, "numerator": 66, "denominator": 200, "n": 200,
           "value_low": 0.2711, "value_high": 0.3901}  # fmt: skip
    shown = one(release(find([row], "P1", "share"), "public"))
    assert (shown["value_low"], shown["value_high"]) == (pytest.approx(0.27), pytest.approx(0.40))
    withheld = count(7, "P1", value_low=3, value_high=12)
    assert math.isnan(withheld["value_low"])
    assert math.isnan(withheld["value_high"])


# Classes, and failing closed (K12)


@pytest.mark.parametrize("privacy", ["P3", "P9", ""])
@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_unclassified_indicator_withholds_everything(privacy: str, audience: str) -> None:
    rows = [{**PUPILS, "value": 100}, {**SCHOOLS, "indicator": "books_n", "value": 3}]
    indicators = (
        Indicator("x", "", "", "pupils", privacy),  # type: ignore[arg-type]
        Indicator("books_n", "", "", "books", "P0"),
    )
    with pytest.raises(WithheldError, match=r"：x\n.*: x$") as held:
        release(find(rows, indicators=indicators), audience)  # type: ignore[arg-type]
    assert held.value.exit_code == 5


def test_an_attribute_of_persons_that_counts_no_persons_is_refused() -> None:
    row = {"value": 4.2, "n": 1, "n_unit": "schools", "by": "school", "subject": "1"}
    with pytest.raises(WithheldError, match="x"):
        release(find([row], "P2"), "public")


def test_an_unknown_audience_is_refused() -> None:
    with pytest.raises(UsageError, match="everybody"):
        release(find([{**PUPILS, "value": 3}]), "everybody")  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(100))
def test_a_gate_that_breaks_releases_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """K12: an exception anywhere inside leaves no result."""
    from analysis.release import attack, gate, notes, persons, quantities, schools

    modules = (attack, gate, notes, people, persons, quantities, schools)
    inside = [
        (module, name)
        for module in modules
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
        and not isinstance(value, type) and name != "release"
    ]  # fmt: skip
    rng = np.random.default_rng(seed)
    module, name = inside[rng.integers(len(inside))]
    calls = int(rng.integers(1, 3))
    left, whole = [calls], getattr(module, name)

    def breaking(*args: Any, **kw: Any) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            raise MemoryError
        return whole(*args, **kw)

    monkeypatch.setattr(module, name, breaking)
    rows = [{**PUPILS, "by": "sex", "subject": s, "value": v} for s, v in (("f", 4), ("m", 40))]
    finding = find([*rows, {**PUPILS, "value": 44}])
    released = None
    try:
        released = gate.release(finding, "public")
    except MemoryError:
        return
    assert left[0] > 0, f"{name} broke and something was released"
    assert released.table.loc[0, "flag"] == "c"


# Facts of institutions

numbers = st.floats(0, 1e6, allow_nan=False) | st.integers(0, 30).map(float) | st.just(NAN)
facts = st.lists(
    st.fixed_dictionaries(
        {
            "indicator": st.sampled_from(["a", "b", "a.coefficient"]),
            "stage": st.sampled_from(["primary", "junior", ""]),
            "by": st.sampled_from(["", "kind", "limit", "county"]),
            "subject": st.sampled_from(["", "1", "2", "3"]),
            "at": st.sampled_from(["2020", "2021"]),
            "value": numbers, "value_low": numbers, "numerator": numbers, "denominator": numbers,
            "n": st.integers(5, 99), "n_unit": st.sampled_from(["", "schools", "counties"]),
            "unit": st.sampled_from(["pupils", "coefficient", "share", "schools"]),
            "flag": st.sampled_from(["", "x", "p"]),
        }
    ),
    min_size=1, max_size=12, unique_by=lambda r: tuple(r[k] for k in ("indicator", "stage", "by", "subject", "at")),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(facts, st.sampled_from(AUDIENCES))
def test_facts_of_institutions_pass_bit_by_bit(rows: list[dict[str, Any]], audience: Any) -> None:
    finding = find(rows, "P0")
    pd.testing.assert_frame_equal(release(finding, audience).table, finding.table, check_exact=True)


persons = st.lists(
    st.fixed_dictionaries(
        {
            "indicator": st.sampled_from(["a", "b"]),
            "by": st.sampled_from(["", "sex", "grade", "school"]),
            "subject": st.sampled_from(["", "1", "2", "3"]),
            "part": st.integers(0, 40), "rest": st.integers(0, 400),
            "kind": st.sampled_from(["share", "count", "mean"]),
            "n_unit": st.sampled_from(sorted(PERSON_UNITS)),
        }
    ),
    min_size=1, max_size=8, unique_by=lambda r: (r["indicator"], r["by"], r["subject"]),
)  # fmt: skip


def _row(plain: dict[str, Any]) -> dict[str, Any]:
    part, whole, unit = plain["part"], plain["part"] + plain["rest"], plain["n_unit"]
    key = {k: plain[k] for k in ("indicator", "by", "subject", "n_unit")}
    if plain["kind"] == "count":
        return {**key, "unit": unit, "value": part, "denominator": whole, "n": part}
    if plain["kind"] == "mean":
        return {**key, "unit": "km", "value": part / 7, "n": whole}
    value = part / whole if whole else NAN
    return {
        **key,
        "unit": "share",
        "value": value,
        "numerator": part,
        "denominator": whole,
        "n": whole,
    }


@settings(max_examples=80, deadline=None)
@given(persons, st.sampled_from(["P0", "P1", "P2"]), st.sampled_from(AUDIENCES))
def test_release_never_adds_information(
    plain: list[dict[str, Any]], privacy: str, audience: str
) -> None:
    """What is shown is a function of what was there, small numbers never show, twice is once."""
    finding = find([_row(row) for row in plain], privacy)
    first, again = (release(finding, audience) for _ in range(2))  # type: ignore[arg-type]
    assert json.dumps(first.to_json(), allow_nan=False) == json.dumps(again.to_json())
    for row in first.table.to_dict("records"):
        people = [row[f] for f in ("numerator", "denominator", "n") if not math.isnan(row[f])]
        if row["flag"] == "c":
            assert not people
            assert math.isnan(row["value"])
        if audience == "public":
            assert all(n == 0 or (n >= 10 and n % 5 == 0) for n in people)
    assert len(first.table) == len(finding.table)


# Schools before the public


def school_rows(
    n: int, indicator: str = "x", stage: str = "primary", at: str = "2021"
) -> list[dict[str, Any]]:
    rng = np.random.default_rng(abs(hash_of(indicator)))
    levels = rng.permutation(n) + 1.0
    base = {**SCHOOLS, "indicator": indicator, "stage": stage, "at": at, "unit": "per_100_pupils"}
    single = [
        {**base, "by": "school", "subject": f"31130722{i:02d}", "value": level,
         "numerator": level * (i + 3), "denominator": (i + 3) * 100.0, "n": 1}
        for i, level in enumerate(levels)
    ]  # fmt: skip
    return [
        *single,
        {**base, "value": levels.mean(), "n": n},
        {**base, "indicator": f"{indicator}.coefficient", "value": 0.3, "value_low": 0.2,
         "value_high": 0.4, "n": n, "unit": "coefficient"},
        {**base, "indicator": f"{indicator}.coefficient", "by": "limit", "subject": "coefficient",
         "value": 0.5, "n": n, "unit": "coefficient"},
        {**base, "indicator": "coefficients_met", "value": 1, "n": n, "unit": "indicators"},
        {**base, "indicator": "schools_assessed", "value": n, "n": n, "unit": "schools"},
    ]  # fmt: skip


def hash_of(text: str) -> int:
    return sum(ord(character) * (i + 1) for i, character in enumerate(text))


def schools_finding(n: int, **about: Any) -> Finding:
    labels = {
        "school": {f"31130722{i:02d}": {"zh": f"第{i}小学", "en": f"No. {i}"} for i in range(n)},
        "county": {"130722": {"zh": "张北县", "en": "Zhangbei"}},
    }
    base = ("primary", "", "", "2021")
    checks = (
        Check("x.coefficient", *base, "balance.rule.coefficient", 0.5, "met"),
        *(
            Check("schools_rule_met", "primary", "school", code, "2021", "balance.rule.school", 6, "met")
            for code in labels["school"]
        ),
    )  # fmt: skip
    return find(school_rows(n), "P0", labels=labels, checks=checks, **about)


def test_the_public_sees_schools_without_names_numbered_by_value() -> None:
    finding = schools_finding(12)
    released = release(finding, "public")
    rows = released.table[released.table["by"] == "school"]
    assert rows["subject"].tolist() == [str(n) for n in range(1, 13)]
    assert rows["value"].tolist() == sorted(rows["value"])
    assert rows[["numerator", "denominator", "n"]].isna().all(axis=None)
    assert released.labels["school"]["3"] == {"zh": "学校3", "en": "School 3"}
    assert released.labels["county"] == finding.labels["county"]
    assert [check.by for check in released.checks] == [""]
    text = json.dumps(released.to_json(), ensure_ascii=False)
    assert "31130722" not in text
    assert "小学" not in text


def test_numbers_of_a_school_differ_between_indicators() -> None:
    """No profile: the school that is first here is not the one that is first there."""
    rows = [*school_rows(12), *school_rows(12, "y")]
    rows = list({tuple(r.get(k) for k in ("indicator", "by", "subject")): r for r in rows}.values())
    finding = find(rows, "P0")
    table = release(finding, "public").table
    real = finding.table[finding.table["by"] == "school"]

    def numbered(indicator: str) -> list[str]:
        levels = real[real["indicator"] == indicator].set_index("subject")["value"]
        shown = table[(table["indicator"] == indicator) & (table["by"] == "school")]
        by_level = dict(zip(shown["value"], shown["subject"], strict=True))
        return [by_level[level] for level in levels.sort_index()]

    assert numbered("x") != numbered("y")


def test_the_order_of_rows_tells_no_school() -> None:
    """Shuffling the schools' codes changes nothing of what the public sees."""
    finding = schools_finding(12)
    rng = np.random.default_rng(7)
    codes = finding.table.loc[finding.table["by"] == "school", "subject"]
    swapped = finding.table.copy()
    swapped.loc[codes.index, "subject"] = rng.permutation(codes.to_numpy())
    other = Finding(**{**_parts(finding), "table": swapped})
    shuffled = Finding(**{**_parts(finding), "table": _shuffle_schools(finding.table, rng)})
    expected = release(finding, "public").to_json()
    assert release(other, "public").to_json() == expected
    assert release(shuffled, "public").to_json() == expected


def _parts(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in Finding.__dataclass_fields__}


def _shuffle_schools(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    single = (table["by"] == "school").to_numpy()
    order = np.arange(len(table))
    order[single] = rng.permutation(order[single])
    return table.iloc[order].reset_index(drop=True)


@given(
    value=st.floats(0.01, 1e6),
    limit=st.floats(0.01, 1e6),
    better=st.sampled_from(["higher", "lower"]),
)
def test_a_nameless_schools_value_is_coarse_and_on_its_side(
    value: float, limit: float, better: Any
) -> None:
    """Two digits, so that no ratio gives its parts away, and the verdict it had."""
    base = {**SCHOOLS, "indicator": "x", "unit": "ratio"}
    rows = [
        {**base, "by": "school", "subject": "3113072201", "value": value, "n": 1},
        {**base, "by": "limit", "subject": "threshold", "value": limit},
        {**base, "value": value, "n": 9},
    ]
    table = schools.coarsen(tidy(rows), {"x": better}, 2).set_index("by")["value"]
    coarse = float(table["school"])
    assert float(f"{coarse:.1e}") == pytest.approx(coarse, rel=1e-12)
    assert reaches(coarse, limit, better) == reaches(value, limit, better)
    assert abs(coarse - value) <= 0.11 * value
    assert table[""] == value  # the county's own figure is untouched


def test_enrolments_cannot_be_worked_out_of_public_school_values() -> None:
    """The attack: a school's enrolment divides the denominators of its exact ratios."""
    rng = np.random.default_rng(5)
    pupils = rng.integers(60, 1500, 40)
    rows = [
        {**SCHOOLS, "indicator": f"i{k}", "by": "school", "subject": f"31130722{n:02d}",
         "value": float(rng.integers(1, 60)) * 100 / p, "n": 1, "unit": "per_100_pupils"}
        for k in range(3) for n, p in enumerate(pupils)
    ]  # fmt: skip

    def found(values: pd.Series) -> set[int]:
        fractions = [Fraction(float(v) / 100).limit_denominator(1500) for v in values]
        return {f.denominator for f in fractions} & set(map(int, pupils))

    exact = found(pd.Series([row["value"] for row in rows]))
    assert len(exact) > 20
    by_chance = 5
    assert len(found(release(find(rows, "P0"), "public").table["value"])) <= by_chance


def test_verdicts_are_counted_anew_from_those_that_are_released() -> None:
    """A count made before the gate would give away the verdict that the gate took back."""
    rows = school_rows(3)
    base = {"at": "2021", "n_unit": "counties"}
    rows += [
        {
            **base,
            "indicator": "all",
            "by": "verdict",
            "subject": v,
            "value": n,
            "unit": "requirements",
        }
        for v, n in (("met", 1), ("cannot_say", 0))
    ]
    rows += [
        {**base, "indicator": "all", "stage": "primary", "by": "requirement→verdict",
         "subject": f"x.coefficient→{v}", "value": n, "unit": "counties"}
        for v, n in (("met", 1), ("cannot_say", 0))
    ]  # fmt: skip
    check = Check(
        "x.coefficient", "primary", "", "", "2021", "balance.rule.coefficient", 0.5, "met"
    )
    for audience, numbers in (("internal", [1, 0]), ("public", [0, 1])):
        released = release(find(rows, "P0", checks=(check,)), audience)  # type: ignore[arg-type]
        for by in ("verdict", "requirement→verdict"):
            table = released.table
            assert table.loc[table["by"] == by, "value"].tolist() == numbers


def test_a_chapter_counts_its_own_verdicts_wherever_they_stand() -> None:
    """In the summary the checks of all chapters stand together; documents are nobody's count."""

    def checked(rule: str, verdict: Any, by: str = "", subject: str = "") -> Check:
        return Check("x", "primary", by, subject, "2021", rule, 1.0, verdict)

    rows = [{
        "indicator": "all", "at": "2021", "by": "chapter→verdict", "unit": "requirements",
        "subject": f"duties→{verdict}", "value": 99,
    } for verdict in ("met", "cannot_say")]  # fmt: skip
    checks = (
        checked("duties.rule.a", "met"), checked("duties.rule.b", "cannot_say"),
        checked("balance.rule.a", "met"),
        checked("duties.rule.c", "cannot_say", "document", "plan"),
        checked("duties.rule.d", "met", "kind×school", "211×A"),
    )  # fmt: skip
    released = release(find(rows, "P0", "requirements", checks=checks), "superior")
    assert released.table["value"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ([6, 9, 20], set()),
        ([3, 9, 20], {0, 1}),
        ([3, 4, 20], {0, 1}),
        ([1, 2, 20], {0, 1, 2}),
        ([2, 2, 2, 20], {0, 1, 2}),
        ([4], {0}),
    ],
)
def test_groups_that_a_total_would_give_away_go_with_those_of_few_schools(
    sizes: list[int], hidden: set[int]
) -> None:
    """Groups add up to the county: the hidden ones are two or more, of five schools together."""
    total = {**SCHOOLS, "indicator": "x.at_fault", "unit": "schools"}
    rows = [{**total, "value": len(sizes), "n": sum(sizes)}]
    rows += [
        {**total, "by": "kind", "subject": str(k), "value": 1, "n": n} for k, n in enumerate(sizes)
    ]
    finding = find(rows, "P0", "schools")
    for audience in ("public", "superior"):
        table = release(finding, audience).table  # type: ignore[arg-type]
        kinds = table[table["by"] == "kind"]
        assert set(np.flatnonzero(kinds["value"].isna())) == hidden
    inside = release(finding, "internal").table
    assert inside["value"].notna().all()


@pytest.mark.parametrize("indicator", ["x.schools_met", "x.gap", "schools_rule_met"])
def test_what_few_schools_lack_is_not_told(indicator: str) -> None:
    row = {
        **SCHOOLS,
        "indicator": indicator,
        "value": 0.5,
        "numerator": 1,
        "denominator": 2,
        "n": 2,
    }
    assert one(release(find([row], "P0"), "public"))["flag"] == "c"
    assert one(release(find([row], "P0"), "internal"))["flag"] == ""


def test_missing_schools_come_last_and_equal_ones_cannot_be_told_apart() -> None:
    rows = [
        {**SCHOOLS, "by": "school", "subject": code, "value": value, "n": 1,
         "flag": "x" if math.isnan(value) else "", "unit": "per_100_pupils"}
        for code, value in zip("edcba", (2.0, NAN, 2.0, 1.0, 3.0), strict=True)
    ]  # fmt: skip
    rows.append(
        {**SCHOOLS, "indicator": "x.coefficient", "value": 0.1, "n": 5, "unit": "coefficient"}
    )
    table = release(find(rows, "P0"), "public").table
    single = table[table["by"] == "school"]
    assert single["value"].tolist()[:4] == [1.0, 2.0, 2.0, 3.0]
    assert single["flag"].tolist() == ["", "", "", "", "x"]


@pytest.mark.parametrize("audience", ["superior", "internal"])
def test_superior_and_internal_see_names(audience: Any) -> None:
    finding = schools_finding(12)
    released = release(finding, audience)
    pd.testing.assert_frame_equal(released.table, finding.table)
    assert released.labels == finding.labels
    assert released.checks == finding.checks


def test_a_public_data_set_keeps_its_names() -> None:
    finding = schools_finding(3, origin=Origin(names_public=True))
    released = release(finding, "public")
    pd.testing.assert_frame_equal(released.table, finding.table)
    assert released.labels == finding.labels
    assert released.checks == finding.checks


@pytest.mark.parametrize(("n", "hidden"), [(4, True), (5, False)])
@pytest.mark.parametrize("audience", ["public", "superior"])
def test_stages_of_fewer_than_five_schools(n: int, hidden: bool, audience: Any) -> None:
    released = release(schools_finding(n), audience)
    table = released.table.set_index(["indicator", "by"])
    dependent = table.loc[[("x.coefficient", ""), ("coefficients_met", ""), ("x", "school")]]
    assert (dependent["flag"] == "c").all() == hidden
    assert dependent["value"].isna().all() == hidden
    assert table.loc[("x.coefficient", "limit"), "value"].item() == 0.5
    assert not math.isnan(table.loc[("x", ""), "value"].item())
    assert table.loc[("schools_assessed", ""), "value"].item() == n
    county = next(check for check in released.checks if check.by == "")
    assert county.verdict == ("cannot_say" if hidden else "met")
    assert county.reason == ("gate.few_schools" if hidden else "")
    single = [check for check in released.checks if check.by == "school"]
    assert bool(single) == (audience == "superior" and not hidden)
    assert released.sdc["few_schools"] == (2 + n if hidden else 0)
    assert i18n.has("gate.few_schools")


def test_internal_sees_the_smallest_stage() -> None:
    finding = schools_finding(2)
    pd.testing.assert_frame_equal(release(finding, "internal").table, finding.table)


def test_a_stage_is_small_by_the_schools_assessed_and_not_by_those_listed() -> None:
    """Three schools that lack something in a stage of twenty are shown; so are two excluded."""
    gap = {**SCHOOLS, "indicator": "gap", "by": "school", "unit": "gap", "n": 1}
    rows = [
        *school_rows(20),
        *({**gap, "subject": f"31130722{i:02d}", "value": i + 1.0} for i in range(3)),
    ]
    table = release(find(rows, "P0"), "public").table
    assert table.loc[table["indicator"] == "gap", "value"].tolist() == [1.0, 2.0, 3.0]


def test_only_the_small_stage_and_year_is_hidden() -> None:
    rows = [*school_rows(8), *school_rows(3, stage="junior"), *school_rows(4, at="2020")]
    table = release(find(rows, "P0"), "superior").table
    hidden = table[table["flag"] == "c"]
    assert set(zip(hidden["stage"], hidden["at"], strict=True)) == {
        ("junior", "2021"),
        ("primary", "2020"),
    }


def test_means_of_fewer_than_five_schools_by_a_group_are_hidden_from_the_public() -> None:
    rows = [
        {**SCHOOLS, "by": "kind", "subject": "218", "value": 4.0, "n": 2, "unit": "per_100_pupils"},
        {**SCHOOLS, "by": "kind", "subject": "211", "value": 4.1, "n": 9, "unit": "per_100_pupils"},
        {**SCHOOLS, "indicator": "schools", "by": "kind", "subject": "218", "value": 2, "n": 2, "unit": "schools"},
        {**SCHOOLS, "by": "county", "subject": "130722", "value": 4.0, "n": 3, "unit": "share"},
    ]  # fmt: skip
    finding = find(rows, "P0")
    assert release(finding, "public").table["flag"].tolist() == ["c", "", "", ""]
    assert release(finding, "superior").table["flag"].tolist() == ["", "", "", ""]


def zone_rows(*sizes: int, by: str = "zone", **about: Any) -> list[dict[str, Any]]:
    base = {**SCHOOLS, "indicator": "x.relative", "by": by, "unit": "share", **about}
    return [{**base, "subject": str(i), "value": 1.1, "n": n} for i, n in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "flags"),
    [
        ((5, 6, 7), "   "), ((1, 9, 6), "c c"), ((1, 2, 9), "ccc"), ((2, 3, 9), "cc "),
        ((4, 4, 9), "cc "), ((1, 5), "cc"), ((9, 9, 1, 7), "  cc"),
    ],
)  # fmt: skip
def test_what_is_left_of_the_groups_is_not_a_few_schools(
    sizes: tuple[int, ...], flags: str
) -> None:
    """Groups add up to the county: with a small one the next smallest goes, until five are left."""
    table = release(find(zone_rows(*sizes), "P0"), "public").table
    assert "".join(flag or " " for flag in table["flag"]) == flags
    assert table["value"].isna().tolist() == [flag == "c" for flag in flags]
    assert (release(find(zone_rows(*sizes), "P0"), "internal").table["flag"] == "").all()


def test_groups_that_cross_others_are_for_those_who_read_names() -> None:
    finding = find(zone_rows(9, 9, by="township"), "P0")
    assert release(finding, "public").table["flag"].tolist() == ["c", "c"]
    assert release(finding, "superior").table["flag"].tolist() == ["", ""]
    public = find(zone_rows(9, 9, by="township"), "P0", origin=Origin(names_public=True))
    assert release(public, "public").table["flag"].tolist() == ["", ""]
    counted = find([{**row, "unit": "schools"} for row in zone_rows(9, 9, by="township")], "P0")
    assert release(counted, "public").table["flag"].tolist() == ["", ""]


def test_groups_of_a_small_stage_go_where_its_schools_go() -> None:
    rows = [*zone_rows(2, 2), *school_rows(4)]
    table = release(find(rows, "P0"), "superior").table
    assert table.loc[table["by"] == "zone", "flag"].tolist() == ["c", "c"]


@pytest.mark.parametrize("ending", ["influence_most", "corrected"])
def test_what_one_nameless_school_makes_of_a_coefficient_is_coarse(ending: str) -> None:
    row = {
        **SCHOOLS,
        "indicator": f"x.{ending}",
        "unit": "coefficient",
        "value": -0.0534567,
        "n": 9,
    }
    seen = [one(release(find([row], "P0"), a))["value"] for a in ("public", "superior")]  # type: ignore[arg-type]
    assert seen == [-0.053, -0.0534567]


def test_rows_that_cross_schools_with_something_are_left_out() -> None:
    rows = [{**PUPILS, "by": "school→school", "subject": "3113072201→3113072202", "value": 12}]
    released = release(find(rows, "P1"), "public")
    assert len(released.table) == 0
    assert released.sdc["left_out"] == 1
    assert len(release(find(rows, "P1"), "superior").table) == 1


@pytest.mark.parametrize(
    ("by", "subject", "flags"),
    [("school", "1", ("c", "c", "")), ("sex×grade", "f×3", ("c", "", "")),
     ("sex×grade×town", "f×3×1", ("c", "c", "c")), ("sex", "f", ("", "", ""))],
)  # fmt: skip
def test_how_fine_a_sensitive_table_may_be(by: str, subject: str, flags: tuple[str, ...]) -> None:
    finding = find([{**PUPILS, "by": by, "subject": subject, "value": 40}], "P2")
    seen = [release(finding, a).table["flag"][0] for a in ("public", "superior", "internal")]  # type: ignore[arg-type]
    assert tuple(seen) == flags


# Verdicts


def test_verdicts_stay_those_of_the_unrounded_value() -> None:
    row = {
        **PUPILS,
        "unit": "share",
        "value": 12 / 121,
        "numerator": 12,
        "denominator": 121,
        "n": 121,
    }
    check = Check("x", "primary", "", "", "2021", "toy.rule", 0.0995, "not_met")
    released = release(find([row], "P1", "share", checks=(check,)), "public")
    assert released.checks == (check,)


@pytest.mark.parametrize(
    ("part", "limit", "verdict"),
    [
        (3, 0.20, "not_met"),
        (3, 0.05, "cannot_say"),
        (3, 0.10, "cannot_say"),
        (97, 0.50, "met"),
        (97, 0.95, "cannot_say"),
    ],
)
def test_a_verdict_on_a_withheld_number_stays_only_if_it_tells_nothing(
    part: int, limit: float, verdict: str
) -> None:
    row = {
        **PUPILS,
        "unit": "share",
        "value": part / 100,
        "numerator": part,
        "denominator": 100,
        "n": 100,
    }
    true = "met" if part / 100 >= limit else "not_met"
    check = Check("x", "primary", "", "", "2021", "toy.rule", limit, true)  # type: ignore[arg-type]
    (released,) = release(find([row], "P2", "share", checks=(check,)), "public").checks
    assert released.verdict == verdict
    assert released.reason == ("gate.withheld" if released.verdict == "cannot_say" else "")


# Notes


@pytest.fixture
def sentences(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a function that puts sentences into the catalogue."""

    def put(**entries: str) -> None:
        whole = dict(i18n.catalogue())
        whole |= {key.replace("_", "."): {"zh": text, "en": text} for key, text in entries.items()}
        monkeypatch.setattr(i18n, "catalogue", lambda: whole)

    return put


def test_notes_are_filled_from_what_was_released(sentences: Callable[..., None]) -> None:
    sentences(toy_headline_a="{county} {x:n} {year:code}")
    values = {
        "county": Name("county", "130722"),
        "x": Cell("x", "primary", at="2021"),
        "year": Given(2021),
    }
    finding = find(
        [{**PUPILS, "value": 12}], notes=(Note("toy.headline.a", values, "primary"),),
        labels={"county": {"130722": {"zh": "张北县", "en": "Zhangbei"}}},
    )  # fmt: skip
    (said,) = release(finding, "public").notes
    assert said.values == {"county": {"zh": "张北县", "en": "Zhangbei"}, "x": 10.0, "year": 2021}
    assert (said.role, said.stage) == ("headline", "primary")


@pytest.mark.parametrize(("text", "kept"), [("{x:n}", 0), ("⟦{x:n}⟧.", 1), ("{x:n}⟦{x:n}⟧", 0)])
def test_a_note_with_a_withheld_number_is_left_out_unless_it_can_do_without(
    text: str, kept: int, sentences: Callable[..., None]
) -> None:
    sentences(toy_headline_a=text)
    note = Note("toy.headline.a", {"x": Cell("x", "primary", at="2021")})
    released = release(find([{**PUPILS, "value": 9}], notes=(note,)), "public")
    assert len(released.notes) == kept
    assert released.sdc["notes"] == 1 - kept
    assert all(said.values == {"x": None} for said in released.notes)


def test_a_note_that_rests_on_a_withheld_number_says_nothing_else_of_it(
    sentences: Callable[..., None],
) -> None:
    """\"Widest in PE teachers\" names the largest of the numbers that are not shown."""
    sentences(toy_headline_widest="{what}")
    values: dict[str, Any] = {"what": Name("what", "pe"), "cv": Cell("x", "primary", at="2021")}
    about: dict[str, Any] = {
        "notes": (Note("toy.headline.widest", values),),
        "labels": {"what": {"pe": {"zh": "体育", "en": "PE"}}},
    }
    row = {**PUPILS, "value": 9}
    assert release(find([row], **about), "public").notes == ()
    assert len(release(find([row], **about), "internal").notes) == 1


def test_a_note_that_no_catalogue_has_needs_all_its_numbers() -> None:
    note = Note("toy.headline.none", {"x": Cell("x", "primary", at="2021")})
    assert release(find([{**PUPILS, "value": 9}], notes=(note,)), "public").notes == ()


def test_a_coded_share_is_no_number_for_a_sentence() -> None:
    row = {**PUPILS, "unit": "share", "value": 0.02, "numerator": 2, "denominator": 100, "n": 100}
    note = Note("toy.headline.none", {"x": Cell("x", "primary", at="2021")})
    released = release(find([row], "P2", "share", notes=(note,)), "public")
    assert released.table["flag"].tolist() == ["le"]
    assert released.notes == ()


def test_a_school_name_is_withheld_with_its_note(sentences: Callable[..., None]) -> None:
    sentences(toy_headline_a="{school} {level:1}", toy_headline_b="⟦{school}⟧ {level:1}")
    values = {
        "school": Name("school", "3113072201"),
        "level": Cell("x", "primary", "school", "3113072201", "2021"),
    }
    rows = school_rows(8)
    labels = {
        "school": {"3113072201": {"zh": "第一小学", "en": "No. 1"}, "1": {"zh": "甲", "en": "A"}}
    }
    notes = (
        Note("toy.headline.a", values), Note("toy.headline.b", values),
        Note("toy.headline.a", {**values, "school": Name("school", "1")}),
    )  # fmt: skip
    finding = find(rows, "P0", notes=notes, labels=labels)
    (said,) = release(finding, "public").notes
    level = finding.table.set_index("subject")["value"]["3113072201"]
    assert said.key == "toy.headline.b"
    assert said.values == {"school": None, "level": level}
    assert len(release(finding, "superior").notes) == 3


def test_the_size_of_a_nameless_school_is_in_no_sentence() -> None:
    cell = Cell("x", "primary", "school", "3113072201", "2021", field="denominator")
    finding = find(school_rows(8), "P0", notes=(Note("toy.headline.none", {"pupils": cell}),))
    assert release(finding, "public").notes == ()
    assert len(release(finding, "superior").notes) == 1


def test_a_note_that_points_nowhere_is_an_error() -> None:
    note = Note("toy.headline.none", {"y": Cell("misspelt", "primary", at="2021")})
    with pytest.raises(ValueError, match="misspelt"):
        release(find([{**PUPILS, "value": 12}], notes=(note,)), "public")


# Shape


@pytest.mark.parametrize("audience", AUDIENCES)
def test_released_goes_through_json(audience: Any) -> None:
    released = release(schools_finding(6), audience)
    plain = json.loads(json.dumps(released.to_json(), allow_nan=False))
    again = Released.from_json(plain)
    assert again.to_json() == plain
    assert tuple(again.table.columns) == COLUMNS
    assert again.indicator("x").id == "x"
    assert {type(number) for number in released.sdc.values()} == {int}


def test_matrices_do_not_leave() -> None:
    finding = find([{**PUPILS, "value": 12}], matrices={"covariance": np.eye(3)})
    assert "matrices" not in release(finding, "internal").to_json()


def test_what_a_finding_holds_is_not_changed() -> None:
    finding = schools_finding(6)
    before = finding.table.copy(deep=True)
    for audience in AUDIENCES:
        release(finding, audience)
    pd.testing.assert_frame_equal(finding.table, before)


def test_every_identifier_of_the_contracts_is_known_to_the_audit() -> None:
    declared = {name for table in contracts.TABLES.values() for name in table.identifiers}
    assert declared <= set(profiles.load_rules()["audit"]["identifiers"])
