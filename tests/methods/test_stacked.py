"""An average of effects as one regression: the same number, with the errors of few clusters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import UsageError
from analysis.methods import clusters, staggered

NAMES = {"outcome": "score", "unit": "school", "time": "year", "first_treated": "first",
         "cluster": "county"}  # fmt: skip
FIRSTS = (0, 0, 0, 3, 3, 4, 4, 5, 0)


def draw(seed: int, *, gaps: bool = False, firsts: tuple[int, ...] = FIRSTS) -> pd.DataFrame:
    """Counties of two to five schools over six years, in no order."""
    rng = np.random.default_rng(seed)
    county = np.repeat(np.arange(len(firsts)), rng.integers(2, 6, len(firsts)))
    schools, years = len(county), 6
    school, year = np.repeat(np.arange(schools), years), np.tile(np.arange(years) + 1, schools)
    first = np.array(firsts)[county][school]
    score = (rng.normal(70, 10, schools)[school] + rng.normal(0, 3, len(school))
             + year * (1 + county[school] % 3) + (first > 0) * np.maximum(year - first + 1, 0))  # fmt: skip
    rows = pd.DataFrame({"county": [f"c{i}" for i in county[school]], "school": school,
                         "year": year, "first": first, "score": score})  # fmt: skip
    if gaps:
        rows = rows[rng.random(len(rows)) < 0.85]
    return rows.sample(frac=1, random_state=seed)


def by_hand() -> pd.DataFrame:
    """Two treated in 2 change by 3 and 5, one in 3 by 1 and then 4; others by 1 and 0 a year."""
    scores = {"a": (0, 3, 3), "b": (0, 5, 3), "c": (0, 1, 5), "d": (0, 1, 2), "e": (0, 0, 0)}
    firsts = {"a": 2, "b": 2, "c": 3, "d": 0, "e": 0}
    return pd.DataFrame([
        {"school": name, "county": name, "year": year, "first": firsts[name], "score": float(score)}
        for name, values in scores.items() for year, score in enumerate(values, start=1)
    ])  # fmt: skip


def test_three_cells_by_hand() -> None:
    made = staggered.differences(by_hand(), **NAMES)
    # (2, 2): 4 - 1/2; (2, 3): 3 - 1; (3, 3): 4 - 1/2; cohorts of two, two and one.
    assert made.table["estimate"].tolist() == [3.5, 2.0, 3.5]
    assert made.table["weight"].tolist() == pytest.approx([0.4, 0.4, 0.2])
    assert made.estimate == pytest.approx(0.4 * 3.5 + 0.4 * 2 + 0.2 * 3.5, rel=1e-14)
    first = staggered.differences(by_hand(), **NAMES, cells=0)
    assert first.estimate == pytest.approx(3.5, rel=1e-14)
    pair = staggered.differences(by_hand(), **NAMES, cells=[(2, 3)])
    assert pair.estimate == pytest.approx(2, rel=1e-14)
    # Changes 3 and 3 of the treated, 2 and 0 of others: 4 / 3 times 2 (1 / 2)^2 of the others.
    assert clusters.cv3(pair.regression, pair.name).se == pytest.approx(np.sqrt(3 / 4 * 2))


def test_clusters_keep_their_names() -> None:
    made = staggered.differences(by_hand(), **NAMES, cells=[(2, 2)])
    share = clusters.leverage(made.regression, made.name).share
    assert share.sort_index().round(9).to_dict() == {"a": 0.25, "b": 0.25, "d": 0.25, "e": 0.25}
    without_early = staggered.differences(draw(1).replace({"first": {3: 1}}), **NAMES)
    # Counties treated from the first year on are in nothing.
    assert set(without_early.regression.labels) == {"c0", "c1", "c2", "c5", "c6", "c7", "c8"}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("control", ["never", "notyet"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_the_coefficient_is_the_average(gaps: bool, control: str, anticipation: int) -> None:
    for seed in range(3):
        rows = draw(seed, gaps=gaps)
        how = {**NAMES, "control": control, "anticipation": anticipation}
        effects = staggered.group_time_effects(rows, **how)
        simple = staggered.differences(rows, **how)
        expected = effects.aggregate("simple").estimate
        assert simple.estimate == pytest.approx(expected, rel=1e-12, abs=1e-12)
        for event, estimate in effects.aggregate("dynamic").table[["event", "estimate"]].to_numpy():
            if event != -1 - anticipation or (effects.table["event"] == event).any():
                made = staggered.differences(rows, **how, cells=event)
                assert made.estimate == pytest.approx(estimate, rel=1e-12, abs=1e-12)


def test_a_universal_base_and_dropped_units_are_the_same_average_too() -> None:
    rows = draw(4, gaps=True)
    how = {**NAMES, "base": "universal", "gaps": "drop", "control": "notyet"}
    # One school more a county without a gap, so that someone is left.
    whole = draw(5).assign(school=lambda d: d["school"] + 1000)
    rows = pd.concat([rows, whole])
    effects = staggered.group_time_effects(rows, **how)
    for event, estimate in effects.aggregate("dynamic").table[["event", "estimate"]].to_numpy():
        if event == -1:
            with pytest.raises(UsageError, match="no cells to average"):
                staggered.differences(rows, **how, cells=event)
        else:
            made = staggered.differences(rows, **how, cells=event)
            assert made.estimate == pytest.approx(estimate, rel=1e-12, abs=1e-12)


def stack_slowly(rows: pd.DataFrame, control: str) -> pd.DataFrame:
    """Rows of changes one by one, from the definition."""
    wide = rows.pivot(index="school", columns="year", values="score")
    of = rows.drop_duplicates("school").set_index("school")
    first = of["first"]
    cells = [(g, t) for g in sorted(set(first) - {0}) for t in wide.columns if t >= g]
    total = sum((first == g).sum() for g, _ in cells)
    made = []
    for number, (g, t) in enumerate(cells):
        waiting = (first > t) & (first != g) if control == "notyet" else False
        for on, side in ((1.0, first == g), (0.0, (first == 0) | waiting)):
            change = (wide[t] - wide[g - 1])[side]
            made.append(pd.DataFrame({
                "change": change, "on": on, "cell": number, "county": of["county"][side],
                "weight": (first == g).sum() / total / side.sum()}))  # fmt: skip
    return pd.concat(made)


@pytest.mark.parametrize("control", ["never", "notyet"])
def test_errors_are_those_of_the_rows_one_by_one(control: str) -> None:
    rows = draw(7)
    made = staggered.differences(rows, **NAMES, control=control)
    slow = stack_slowly(rows, control)
    x = np.column_stack([slow["on"], pd.get_dummies(slow["cell"], dtype=float)])
    codes = pd.factorize(slow["county"])[0]
    theirs = sm.WLS(slow["change"].to_numpy(), x, weights=slow["weight"].to_numpy()).fit(
        cov_type="cluster", cov_kwds={"groups": codes}
    )
    plain = clusters.cv1(made.regression, made.name)
    assert plain.estimate == pytest.approx(theirs.params[0], rel=1e-11)
    assert plain.se == pytest.approx(theirs.bse[0], rel=1e-9)
    left = []
    for county in range(codes.max() + 1):
        kept = codes != county
        fit = sm.WLS(slow["change"].to_numpy()[kept], x[kept], weights=slow["weight"][kept]).fit()
        left.append(fit.params[0])
    g = len(left)
    expected = np.sqrt((g - 1) / g * ((np.array(left) - theirs.params[0]) ** 2).sum())
    assert clusters.cv3(made.regression, made.name).se == pytest.approx(expected, rel=1e-9)


def test_levels_and_changes_say_the_same_where_nothing_is_missing() -> None:
    """A school seen in no year that counts makes rows of levels; it changes nothing."""
    rows = draw(8)
    alone = pd.DataFrame({"county": ["c0"], "school": [999], "year": [1], "first": [0],
                          "score": [50.0]})  # fmt: skip
    # Before 2 nobody is treated: the base of the earliest cohort is 2.
    one = staggered.differences(rows, **NAMES)
    two = staggered.differences(pd.concat([rows, alone]), **NAMES)
    assert two.estimate == pytest.approx(one.estimate, rel=1e-12)
    a, b = (clusters.cv3(each.regression, "treated") for each in (one, two))
    assert a.se == pytest.approx(b.se, rel=1e-9)
    a, b = (clusters.wild_bootstrap(each.regression, "treated", weights="rademacher")
            for each in (one, two))  # fmt: skip
    assert a.every
    assert (a.p, a.low, a.high) == pytest.approx((b.p, b.low, b.high), rel=1e-6)


@given(st.integers(0, 10**6), st.floats(-5, 5))
@settings(max_examples=15)
def test_order_and_constants_do_not_matter(seed: int, constant: float) -> None:
    rows = draw(seed % 7, gaps=seed % 2 == 0)
    moved = rows.sample(frac=1, random_state=seed)
    one, two = (staggered.differences(each, **NAMES) for each in (rows, moved))
    assert one.estimate == two.estimate
    assert clusters.cv3(one.regression, "treated") == clusters.cv3(two.regression, "treated")
    shifted = staggered.differences(rows.assign(score=rows["score"] + constant), **NAMES)
    assert shifted.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-9)


def test_cells_that_cannot_be_told_are_refused_or_dropped() -> None:
    rows = draw(9)
    rows = rows[~((rows["first"] == 5) & (rows["year"] == 6))]
    with pytest.raises(UsageError, match="have no estimate"):
        staggered.differences(rows, **NAMES)
    made = staggered.differences(rows, **NAMES, missing="drop")
    effects = staggered.group_time_effects(rows, **NAMES)
    expected = effects.aggregate("simple", missing="drop").estimate
    assert made.estimate == pytest.approx(expected, rel=1e-12)
    assert staggered.differences(rows, **NAMES, cells=[(3, 4)]).estimate == pytest.approx(
        effects.table.query("first_treated == 3 and period == 4")["estimate"].iloc[0], rel=1e-12
    )


def test_where_nobody_is_never_treated_the_last_to_begin_are_the_others() -> None:
    rows = draw(10, firsts=(3, 3, 3, 4, 4, 6, 6, 6, 6))
    how = {**NAMES, "control": "notyet"}
    expected = staggered.group_time_effects(rows, **how).aggregate("simple").estimate
    assert staggered.differences(rows, **how).estimate == pytest.approx(expected, rel=1e-12)
    assert staggered.randomise(rows, **how).estimate == pytest.approx(expected, rel=1e-12)
    said = staggered.find_detectable(rows, **how)
    assert (said.clusters, said.treated) == (9, 5)
    # Nobody is left to compare with from 6 on, so that five years count; 2 and 3 years of the early.
    assert said.untreated_n == 3 * 2 + 2 * 3 + 4 * 5
