"""Few clusters: by hand, against slow loops and other packages, and whatever the order of rows."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import boottest
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from analysis.methods import clusters

TWO_WAYS = ["school", "year"]


def difference(treated: list[float], other: list[float]) -> pd.DataFrame:
    """One row a county."""
    scores = [*treated, *other]
    on = [1] * len(treated) + [0] * len(other)
    return pd.DataFrame(
        {"county": [f"c{i}" for i in range(len(scores))], "on": on, "score": scores}
    )


def panel(seed: int, *, counties: int = 7, treated: int = 3, years: int = 4) -> pd.DataFrame:
    """Counties of unequal size, a covariate, weights, and years that some schools lack."""
    rng = np.random.default_rng(seed)
    schools = np.repeat(np.arange(counties), 1 + np.arange(counties) % 3)
    county, school = np.repeat(schools, years), np.repeat(np.arange(len(schools)), years)
    year = np.tile(np.arange(years), len(schools))
    first = np.where(county < treated, 2, 0)
    rows = pd.DataFrame({"county": county, "school": school, "year": year + 2014,
                         "first": np.where(first > 0, 2014 + first, 0),
                         "treated": ((first > 0) & (year >= first)).astype(float),
                         "poor": rng.random(len(county)), "weight": rng.integers(1, 4, len(county))})  # fmt: skip
    shocks = rng.normal(size=(counties, years))[county, year]
    score = 0.7 * rows["treated"] - rows["poor"] + shocks + rng.normal(size=len(rows)) + 500
    kept = rng.random(len(rows)) < 0.9
    return rows.assign(score=score)[kept].reset_index(drop=True)


def columns_of(rows: pd.DataFrame, *names: str, units: bool = True) -> np.ndarray:
    """All columns by themselves: schools and years as marks."""
    marks = [pd.get_dummies(rows["school"], dtype=float)] if units else []
    years = pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]
    constant = [] if units else [pd.Series(1.0, index=rows.index)]
    return np.column_stack([rows[[*names]], *marks, *constant, years])


def slowly(y: np.ndarray, x: np.ndarray, county: np.ndarray) -> tuple[float, float]:
    """Estimate and squared error by CV1 of the first column, without the factor of N and K."""
    inverse = np.linalg.pinv(x.T @ x)
    b = inverse @ x.T @ y
    scores = np.array([x[county == g].T @ (y - x @ b)[county == g] for g in np.unique(county)])
    few = len(scores) / (len(scores) - 1)
    return b[0], few * float(((scores @ inverse[0]) ** 2).sum())


def fit(rows: pd.DataFrame, weights: str | None = None, **asked: object) -> clusters.Regression:
    return clusters.fit(rows, outcome="score", covariates=["treated", "poor"], cluster="county",
                        within=TWO_WAYS, weights=weights, **asked)  # fmt: skip


def deal(rows: pd.DataFrame, **asked: object) -> clusters.Inference:
    return clusters.randomise(rows, outcome="score", first_treated="first", time="year",
                              cluster="county", covariates=["poor"], within=TWO_WAYS, **asked)  # fmt: skip


# By hand.


def test_a_difference_of_means_by_hand() -> None:
    # Means 6 and 2; squares around them 8 and 6.
    made = clusters.fit(difference([4, 8], [1, 1, 4, 2]), outcome="score", covariates=["on"],
                        cluster="county")  # fmt: skip
    plain, left_out = clusters.cv1(made, "on"), clusters.cv3(made, "on")
    assert plain.estimate == pytest.approx(4)
    # 6/5 times 5/4 times (8 / 2^2 + 6 / 4^2); 5/6 times (8 / 1^2 + 6 / 3^2).
    assert plain.se**2 == pytest.approx(1.5 * (2 + 0.375))
    assert left_out.se**2 == pytest.approx(5 / 6 * (8 + 6 / 9))
    assert (plain.error, left_out.error) == ("CV1", "CV3")
    # t of 5 degrees: 2.5706.
    assert left_out.high - left_out.low == pytest.approx(2 * 2.570582 * left_out.se, rel=1e-6)


def test_a_randomisation_by_hand() -> None:
    rows = difference([9, 8], [1, 2, 4]).rename(columns={"on": "first"})
    found = clusters.randomise(rows, outcome="score", first_treated="first", cluster="county",
                               studentised=False)  # fmt: skip
    # Of ten pairs 9 and 8 differ most, 17/2 - 7/3 = 6.17; 1 and 2 next, 3/2 - 21/3 = -5.5.
    assert (found.p, found.draws, found.every) == (0.1, 10, True)
    # With one in ten the least that can be, nothing is ruled out at 95 %, at 80 % something is.
    assert (found.low, found.high) == (-np.inf, np.inf)
    less_sure = clusters.randomise(rows, outcome="score", first_treated="first", cluster="county",
                                   studentised=False, level=0.8)  # fmt: skip
    assert 0 < less_sure.low < less_sure.estimate < less_sure.high < np.inf


def test_equal_clusters_are_as_many_as_they_are() -> None:
    rows = difference([1, 2, 3], [3, 4, 6])
    made = clusters.fit(rows, outcome="score", covariates=["on"], cluster="county")
    assert clusters.leverage(made, "on").effective == pytest.approx(6)
    assert clusters.leverage(made, "on").share.to_numpy() == pytest.approx(np.full(6, 1 / 6))


def test_the_smallest_effect_by_hand() -> None:
    # Independent shocks of variance 2: a mean of two less a mean of two has 2 (1/2 + 1/2) = 2.
    shocks = clusters.Shocks(2.0, 0.0, 0.0, 16, 4)
    found = clusters.find_detectable(shocks, clusters=10, treated=5, before=2, after=2)
    assert found.se == pytest.approx(np.sqrt(2 * 0.4))
    # t of 9 degrees: 2.262157 and 0.883404; the jackknife shows 9/10 times 2 (1/4 + 1/4) = 0.9.
    assert found.effect == pytest.approx(
        2.262157 * np.sqrt(0.9) + 0.883404 * np.sqrt(0.8), rel=1e-6
    )
    alone = clusters.find_detectable(shocks, clusters=10, treated=1, before=2, after=2)
    assert alone.effect == np.inf


# Against slow loops and other packages.


@pytest.mark.parametrize("weights", [None, "weight"])
def test_cv1_is_what_statsmodels_says(weights: str | None) -> None:
    rows = panel(1)
    x = columns_of(rows, "treated", "poor")
    weight = np.ones(len(rows)) if weights is None else rows[weights]
    theirs = sm.WLS(rows["score"], x, weights=weight).fit(
        cov_type="cluster", cov_kwds={"groups": rows["county"]}
    )
    made = fit(rows, weights)
    found = clusters.cv1(made, "treated")
    # It counts effects of schools as well, which lie in counties.
    n, theirs_k = x.shape
    ours = theirs.bse.iloc[0] ** 2 * (n - theirs_k) / (n - made.rank)
    assert made.rank == 2 + (rows["year"].nunique() - 1) + 1
    assert found.estimate == pytest.approx(theirs.params.iloc[0], rel=1e-9)
    assert found.se**2 == pytest.approx(ours, rel=1e-9)


@pytest.mark.parametrize("weights", [None, "weight"])
def test_cv3_is_a_loop_that_leaves_each_county_out(weights: str | None) -> None:
    rows = panel(2)
    root = np.ones(len(rows)) if weights is None else np.sqrt(rows[weights])
    x, y = columns_of(rows, "treated", "poor") * np.array(root)[:, None], rows["score"] * root
    whole = np.linalg.lstsq(x, y)[0][0]
    without = [np.linalg.lstsq(x[kept], y[kept])[0][0]
               for county in rows["county"].unique() if (kept := rows["county"] != county).any()]  # fmt: skip
    g = len(without)
    expected = np.sqrt((g - 1) / g * ((np.array(without) - whole) ** 2).sum())
    found = clusters.cv3(fit(rows, weights), "treated")
    assert (found.estimate, found.se) == pytest.approx((whole, expected), rel=1e-8)


@pytest.fixture(scope="module")
def turned() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rows = panel(3)
    return rows, columns_of(rows, "treated", "poor"), rows["county"].to_numpy()


def wild_p(turned: tuple[pd.DataFrame, np.ndarray, np.ndarray], null: float) -> float:
    """P-value of a null by residuals turned and regressions run, all of them."""
    rows, x, county = turned
    y = rows["score"].to_numpy()
    b, variance = slowly(y, x, county)
    seen = abs(b - null) / np.sqrt(variance)
    rest = x[:, 1:] @ np.linalg.lstsq(x[:, 1:], y - null * x[:, 0])[0]
    left = y - null * x[:, 0] - rest
    further, counties = 0, rows["county"].nunique()
    for signs in itertools.product([-1, 1], repeat=counties):
        drawn = null * x[:, 0] + rest + left * np.array(signs)[county]
        b, variance = slowly(drawn, x, county)
        further += abs(b - null) / np.sqrt(variance) >= seen * (1 - 1e-7)
    return further / 2**counties


def test_the_wild_bootstrap_is_a_loop_of_regressions(
    turned: tuple[pd.DataFrame, np.ndarray, np.ndarray],
) -> None:
    found = clusters.wild_bootstrap(fit(turned[0]), "treated", weights="rademacher")
    assert (found.draws, found.every) == (128, True)
    assert found.p == wild_p(turned, 0.0)
    # What lies within the range is not ruled out, what lies beyond is.
    width = found.high - found.low
    assert np.isfinite(width)
    for end, out in ((found.low, -1), (found.high, 1)):
        assert wild_p(turned, end - out * 1e-4 * width) > 0.05
        assert wild_p(turned, end + out * 1e-4 * width) <= 0.05


def dealt_p(rows: pd.DataFrame, null: float, studentised: bool) -> float:
    """P-value of an effect by treatments dealt out and regressions run, all of them."""
    county = rows["county"].to_numpy()
    y = (rows["score"] - null * rows["treated"]).to_numpy()
    counties = np.unique(county)
    other = columns_of(rows, "poor")

    def statistic(treated: tuple[int, ...]) -> float:
        on = np.isin(county, treated) & (rows["year"] >= 2016)
        b, variance = slowly(y, np.column_stack([on, other]).astype(float), county)
        return abs(b) / np.sqrt(variance) if studentised else abs(b)

    seen = statistic(tuple(np.unique(county[rows["first"] > 0])))
    deals = [*itertools.combinations(counties, rows.loc[rows["first"] > 0, "county"].nunique())]
    return float(np.mean([statistic(deal) >= seen * (1 - 1e-7) for deal in deals]))


@pytest.mark.parametrize("studentised", [True, False])
def test_randomisation_is_a_loop_of_regressions(studentised: bool) -> None:
    rows = panel(4, counties=8, treated=3)
    found = deal(rows, studentised=studentised)
    assert (found.draws, found.every) == (56, True)
    assert found.p == pytest.approx(dealt_p(rows, 0.0, studentised), abs=1e-12)
    width = found.high - found.low
    assert np.isfinite(width)
    for end, out in ((found.low, -1), (found.high, 1)):
        assert dealt_p(rows, end - out * 1e-4 * width, studentised) > 0.05
        assert dealt_p(rows, end + out * 1e-4 * width, studentised) <= 0.05


def test_first_years_are_dealt_out_as_often_as_they_were() -> None:
    rows = panel(5, counties=6, treated=3)
    rows["first"] = rows["county"].map({0: 2015, 1: 2016, 2: 2016}).fillna(0).astype(int)
    found = deal(rows, studentised=False)
    # 6! / (3! 2! 1!) ways.
    assert (found.draws, found.every) == (60, True)
    county, year = rows["county"].to_numpy(), rows["year"].to_numpy()

    def estimate(firsts: tuple[int, ...]) -> float:
        first = np.array(firsts)[county]
        on = (first > 0) & (year >= first)
        x = np.column_stack([on, columns_of(rows, "poor")]).astype(float)
        return slowly(rows["score"].to_numpy(), x, county)[0]

    was = (2015, 2016, 2016, 0, 0, 0)
    seen = estimate(was)
    ways = set(itertools.permutations(was))
    assert found.estimate == pytest.approx(seen, rel=1e-8)
    assert found.p == np.mean([abs(estimate(w)) >= abs(seen) * (1 - 1e-7) for w in ways])


def test_without_units_the_constant_stays() -> None:
    rows = panel(6, counties=6, treated=2)
    once = rows.drop_duplicates("school")
    assert once["county"].nunique() == 6
    once = once.assign(treated=(once["first"] > 0).astype(float))
    found = clusters.randomise(once, outcome="score", first_treated="first", cluster="county",
                               covariates=["poor"], weights="weight")  # fmt: skip
    made = clusters.fit(once, outcome="score", covariates=["treated", "poor"], cluster="county",
                        weights="weight")  # fmt: skip
    assert found.estimate == pytest.approx(made.estimate("treated"), rel=1e-10)
    county, root = once["county"].to_numpy(), np.sqrt(once["weight"].to_numpy())
    other = np.column_stack([once["poor"], np.ones(len(once))])

    def statistic(treated: tuple[int, ...]) -> float:
        x = np.column_stack([np.isin(county, treated), other]) * root[:, None]
        b, variance = slowly(once["score"].to_numpy() * root, x, county)
        return abs(b) / np.sqrt(variance)

    seen = statistic((0, 1))
    ways = itertools.combinations(range(6), 2)
    assert found.p == np.mean([statistic(way) >= seen * (1 - 1e-7) for way in ways])


@pytest.mark.parametrize(("name", "weights"), [("plain", None), ("weighted", "weight")])
def test_errors_are_what_pyfixest_says(name: str, weights: str | None) -> None:
    frozen = json.loads(boottest.FROZEN.read_text(encoding="utf-8"))
    rows = boottest.draw()
    assert len(rows) == frozen["rows"]
    made = fit(rows, weights)
    found, g = clusters.cv1(made, "treated"), made.clusters
    assert found.estimate == pytest.approx(frozen[f"{name} estimate"], rel=1e-9)
    assert found.se == pytest.approx(frozen[f"{name} CRV1"], rel=1e-9)
    jackknife = clusters.cv3(made, "treated").se
    assert jackknife == pytest.approx(frozen[f"{name} CRV3"] * np.sqrt((g - 1) / g), rel=1e-9)


def test_the_wild_bootstrap_is_what_wildboottest_says() -> None:
    frozen = json.loads(boottest.FROZEN.read_text(encoding="utf-8"))["wild"]
    made = clusters.fit(boottest.draw(), outcome="score", covariates=["treated", "poor"],
                        cluster="county", within=["year"])  # fmt: skip
    for name, told in frozen.items():
        plain = clusters.cv1(made, name)
        found = clusters.wild_bootstrap(made, name, draws=boottest.ALL, weights="rademacher")
        assert plain.estimate / plain.se == pytest.approx(told["t"], rel=1e-9)
        assert (found.p, found.every) == (told["p"], True)


@pytest.mark.slow
@pytest.mark.skipif(not all(map(find_spec, ("pyfixest", "wildboottest"))),
                    reason="missing: pyfixest and wildboottest")  # fmt: skip
def test_the_packages_still_say_what_is_frozen() -> None:
    frozen, made = (
        json.loads(boottest.FROZEN.read_text(encoding="utf-8")),
        boottest.fit(boottest.draw()),
    )
    for name, value in frozen.items():
        if isinstance(value, float):
            assert made[name] == pytest.approx(value, rel=1e-8)
    assert made["wild"] == {name: pytest.approx(told) for name, told in frozen["wild"].items()}


@pytest.mark.shared_data
def test_o4_the_rule_of_the_error_of_two_way_effects(shared_data: Path) -> None:
    rows = pd.read_csv(shared_data / "did_mpdta" / "mpdta.csv")
    rows["post"] = ((rows["first.treat"] > 0) & (rows["year"] >= rows["first.treat"])).astype(float)
    made = clusters.fit(rows, outcome="lemp", covariates=["post"], cluster="countyreal",
                        within=["countyreal", "year"])  # fmt: skip
    found = clusters.cv1(made, "post")
    assert found.estimate == pytest.approx(-0.0365489367, rel=1e-6)
    assert found.se == pytest.approx(0.0132651554, rel=1e-6)


# What could be found.


def means(
    rng: np.random.Generator, draws: int, counties: int, years: int, fade: float, passing: float
) -> np.ndarray:
    """Means of counties by year: a part of the variance 1 passes at once, the rest fades."""
    lasting = rng.normal(size=(draws, counties, years))
    for year in range(1, years):
        lasting[..., year] = (fade * lasting[..., year - 1]
                              + np.sqrt(1 - fade**2) * lasting[..., year])  # fmt: skip
    passed = np.sqrt(passing) * rng.normal(size=lasting.shape)
    return np.sqrt(1 - passing) * lasting + passed


@pytest.mark.parametrize(("counties", "treated"), [(16, 5), (16, 8), (40, 6), (9, 3)])
@pytest.mark.parametrize(("fade", "passing"), [(0.0, 0.0), (0.5, 0.2), (0.9, 0.0)])
def test_the_smallest_effect_is_found_in_four_of_five_draws(
    counties: int, treated: int, fade: float, passing: float
) -> None:
    drawn = means(np.random.default_rng(1), 20_000, counties, 7, fade, passing)
    change = drawn[..., 4:].mean(axis=2) - drawn[..., :4].mean(axis=2)
    on, off = change[:, :treated], change[:, treated:]
    few = (counties - 1) / counties
    se = np.sqrt(few * (on.var(axis=1, ddof=1) / (treated - 1)
                        + off.var(axis=1, ddof=1) / (counties - treated - 1)))  # fmt: skip
    width = stats.t.ppf(0.975, counties - 1) * se
    errors = on.mean(axis=1) - off.mean(axis=1)
    point = optimize.brentq(lambda e: (np.abs(errors + e) > width).mean() - 0.8, 0, 20)
    shocks = clusters.Shocks(1.0, fade, passing, 200, 7)
    said = clusters.find_detectable(shocks, clusters=counties, treated=treated, before=4, after=3)
    assert said.effect == pytest.approx(point, rel=0.04)
    assert said.se == pytest.approx(errors.std(), rel=0.03)


def observed(table: np.ndarray) -> pd.DataFrame:
    rows = pd.DataFrame(table).stack().rename("score").rename_axis(["county", "year"])
    return rows.reset_index()


@pytest.mark.parametrize(("fade", "passing"), [(0.0, 0.0), (0.6, 0.0), (0.8, 0.3)])
def test_shocks_of_many_counties_are_found(fade: float, passing: float) -> None:
    rows = observed(means(np.random.default_rng(2), 1, 4000, 8, fade, passing)[0])
    # Levels of counties and years in common decide nothing.
    rows["score"] += 100 * rows["county"] + rows["year"] ** 2
    shocks = clusters.estimate_shocks(rows, outcome="score", cluster="county", time="year")
    truth = clusters.Shocks(1.0, fade, passing, 4000, 8)
    for before, after in ((1, 1), (4, 4), (5, 3)):
        change = truth.of_change(before, after)
        assert shocks.of_change(before, after) == pytest.approx(change, rel=0.1)
        low, high = shocks.range_of_change(before, after)
        assert low < change < high
    # The fewer counties, the less is ruled out.
    few = clusters.estimate_shocks(rows[rows["county"] < 20], outcome="score", cluster="county",
                                   time="year")  # fmt: skip
    ends = few.range_of_change(4, 4)
    whole = shocks.range_of_change(4, 4)
    assert ends[0] < whole[0] < whole[1] < ends[1]
    said = clusters.find_detectable(few, clusters=20, treated=6, before=4, after=4)
    assert 0 < said.low < said.effect < said.high


def test_variances_end_where_the_likelihood_falls_by_what_chance_allows() -> None:
    rows = observed(means(np.random.default_rng(3), 1, 30, 5, 0.4, 0.0)[0])
    shocks = clusters.estimate_shocks(rows, outcome="score", cluster="county", time="year")
    free = 29 * 4
    for variance, fade, part in shocks.plausible:
        if (fade, part) == (shocks.persistence, shocks.passing):
            ratio = variance / shocks.variance
            assert free * (np.log(ratio) + 1 / ratio - 1) == pytest.approx(3.841459, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("fade", [0.0, 0.5, 0.8])
def test_four_years_of_sixteen_counties_are_right_on_average(fade: float) -> None:
    """And wide of it one by one, which their range says."""
    truth = clusters.Shocks(1.0, fade, 0.2, 16, 4).of_change(4, 4)
    drawn = means(np.random.default_rng(4), 600, 16, 4, fade, 0.2)
    made = [clusters.estimate_shocks(observed(each), outcome="score", cluster="county", time="year")
            for each in drawn]  # fmt: skip
    said = np.sqrt([shocks.of_change(4, 4) / truth for shocks in made])
    assert said.mean() == pytest.approx(1, abs=0.13)
    ranges = np.array([shocks.range_of_change(4, 4) for shocks in made])
    assert ((ranges[:, 0] <= truth) & (truth <= ranges[:, 1])).mean() >= 0.93


@pytest.mark.parametrize("rows", [
    pd.DataFrame({"county": [1, 1, 2, 2, 3, 3], "year": [1, 2] * 3, "score": range(6)}),
    pd.DataFrame({"county": [1, 1, 1, 2, 2, 2, 3, 3], "year": [1, 2, 3, 1, 2, 3, 1, 2],
                  "score": range(8)}),
])  # fmt: skip
def test_two_years_or_years_missing_say_nothing(rows: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="three years or more, every cluster in every year"):
        clusters.estimate_shocks(rows, outcome="score", cluster="county", time="year")
    shocks = clusters.Shocks(1.0, 0.0, 0.0, 5, 5)
    with pytest.raises(ValueError, match="treated and other"):
        clusters.find_detectable(shocks, clusters=5, treated=5, before=1, after=1)


# What decides nothing: order, names, hashes, threads.


def told(rows: pd.DataFrame) -> list[clusters.Inference]:
    """All there is, few draws by chance."""
    made = fit(rows, "weight")
    return [
        clusters.cv1(made, "treated"), clusters.cv3(made, "treated"),
        clusters.wild_bootstrap(made, "treated", draws=99),
        clusters.wild_bootstrap(made, "poor", draws=99, weights="rademacher"),
        deal(rows, weights="weight", draws=30), deal(rows, studentised=False, draws=30),
    ]  # fmt: skip


def reordered(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same in another order, schools under other names."""
    other = rows.sample(frac=1, random_state=seed)
    return other.assign(school=(other["school"] * 7919) % 10007)


@settings(max_examples=25)
@given(order=st.permutations(range(7)), shuffle=st.integers(0, 2**32 - 1),
       data=st.integers(0, 50), coarse=st.booleans())  # fmt: skip
def test_order_and_names_never_change_a_number(
    order: list[int], shuffle: int, data: int, coarse: bool
) -> None:
    rows = panel(data)
    if coarse:  # Many rows say the same, of schools that do not.
        rows = rows.assign(score=rows["score"].round(), poor=rows["poor"].round(1), weight=1)
    other = reordered(rows, shuffle)
    other["county"] = other["county"].map(dict(enumerate(order))).map("z{}".format)
    # Not nearly: every bit.
    assert repr(told(other)) == repr(told(rows))
    one, two = (clusters.leverage(fit(each), "treated") for each in (rows, other))
    assert one.effective == two.effective
    whole, again = (
        clusters.estimate_shocks(each.groupby("county").filter(lambda d: d["year"].nunique() == 4),
                                 outcome="score", cluster="county", time="year", unit="school")
        for each in (panel(data, counties=12), reordered(panel(data, counties=12), shuffle))
    )  # fmt: skip
    assert whole == again


_SAID = """
import boottest
from analysis.methods import clusters
rows = boottest.draw()
rows["first"] = 2017 * (rows["county"] < boottest.TREATED)
made = clusters.fit(rows, outcome="score", covariates=["treated", "poor"], cluster="county",
                    within=["school", "year"], weights="weight")
print(clusters.cv1(made, "treated"), clusters.cv3(made, "treated"))
print(clusters.wild_bootstrap(made, "treated"), clusters.leverage(made, "treated").effective)
print(clusters.randomise(rows, outcome="score", first_treated="first", time="year", cluster="county",
                         within=["school", "year"], covariates=["poor"], draws=99))
print(clusters.estimate_shocks(rows, outcome="score", cluster="county", time="year").plausible)
"""


def test_neither_hashes_nor_threads_change_a_number() -> None:
    said = set()
    for seed, threads in (("0", "1"), ("77", "4")):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, threads), "PYTHONHASHSEED": seed,
                       "PYTHONPATH": str(Path(boottest.__file__).parent)}  # fmt: skip
        done = subprocess.run([sys.executable, "-c", _SAID], env=environment, check=True,
                              capture_output=True, text=True)  # fmt: skip
        said.add(done.stdout)
    assert len(said) == 1
    assert "randomisation" in said.pop()


def test_frames_are_never_written_to() -> None:
    rows = panel(9)
    before = rows.copy(deep=True)
    told(rows)
    pd.testing.assert_frame_equal(rows, before)


@settings(max_examples=25)
@example(data=5, shift=1.0, times=1e7)
@example(data=5, shift=1.0, times=1e-4)
@example(data=347, shift=1.0, times=1.0)  # Some deals tie with what was under every null.
@given(data=st.integers(0, 10_000), shift=st.floats(-2, 2), times=st.floats(0.1, 50))
def test_effects_added_and_other_units_move_ranges_along(
    data: int, shift: float, times: float
) -> None:
    rows = panel(data)
    moved = rows.assign(score=times * (rows["score"] + shift * rows["treated"]))
    for one, two in zip(said_by_all_draws(rows), said_by_all_draws(moved), strict=True):
        ends = np.array([one.estimate, one.low, one.high])
        expected = pytest.approx(times * (ends + shift), rel=1e-6, abs=1e-6 * times)
        assert [two.estimate, two.low, two.high] == expected


def said_by_all_draws(rows: pd.DataFrame) -> list[clusters.Inference]:
    made = fit(rows)
    return [
        clusters.cv1(made, "treated"), clusters.cv3(made, "treated"),
        clusters.wild_bootstrap(made, "treated", weights="rademacher"), deal(rows),
        deal(rows, studentised=False),
    ]  # fmt: skip


@settings(max_examples=30)
@given(data=st.integers(0, 10_000))
def test_range_and_p_value_never_contradict_one_another(data: int) -> None:
    for found in told(panel(data)):
        assert (found.p <= 0.05) == (not found.low <= 0 <= found.high)
        assert found.low <= found.estimate <= found.high


# Limits.


def test_a_single_treated_cluster_has_no_jackknife() -> None:
    rows = panel(10, treated=1)
    found = clusters.cv3(fit(rows), "treated")
    assert np.isfinite(found.estimate)
    assert np.isnan([found.se, found.low, found.high, found.p]).all()


def test_clusters_that_agree_to_the_digit_have_no_error() -> None:
    rows = difference([3, 3, 3], [1, 1, 1, 1])
    made = clusters.fit(rows, outcome="score", covariates=["on"], cluster="county")
    dealt = clusters.randomise(rows.rename(columns={"on": "first"}), outcome="score",
                               first_treated="first", cluster="county")  # fmt: skip
    drawn = clusters.wild_bootstrap(made, "on", weights="rademacher")
    for found in (clusters.cv1(made, "on"), clusters.cv3(made, "on"), drawn, dealt):
        assert (found.estimate, found.low, found.high) == pytest.approx((2, 2, 2), abs=1e-6)
        assert found.p < 0.05


def test_what_the_rows_do_not_tell_is_an_error() -> None:
    rows = panel(11).assign(same=lambda d: d["county"].astype(float))
    made = clusters.fit(rows, outcome="score", covariates=["treated", "same"], cluster="county",
                        within=TWO_WAYS)  # fmt: skip
    assert made.estimate("treated") == pytest.approx(
        clusters.fit(rows, outcome="score", covariates=["treated"], cluster="county",
                     within=TWO_WAYS).estimate("treated"))  # fmt: skip
    for of in (clusters.cv1, clusters.cv3, clusters.wild_bootstrap, clusters.leverage):
        with pytest.raises(ValueError, match="do not tell"):
            of(made, "same")


def test_rows_with_holes_are_an_error() -> None:
    rows = panel(12)
    with pytest.raises(ValueError, match="must be there"):
        fit(rows.assign(poor=np.nan))
    with pytest.raises(ValueError, match="above 0"):
        fit(rows.assign(weight=0), "weight")
    with pytest.raises(ValueError, match="needs its county"):
        fit(rows.assign(county=None))
    with pytest.raises(ValueError, match="one first time"):
        deal(rows.assign(first=rows["year"]))
    with pytest.raises(ValueError, match="two clusters"):
        fit(rows.assign(county=1))


def test_webb_weights_stand_in_where_signs_are_too_few() -> None:
    few, enough = fit(panel(13)), fit(panel(13, counties=12))
    assert clusters.wild_bootstrap(few, "treated").draws == 999
    assert clusters.wild_bootstrap(few, "treated") == clusters.wild_bootstrap(
        few, "treated", weights="webb"
    )
    assert clusters.wild_bootstrap(enough, "treated") == clusters.wild_bootstrap(
        enough, "treated", weights="rademacher")  # fmt: skip


def test_what_was_seen_counts_as_a_draw() -> None:
    rows = panel(16, counties=16, treated=7)
    rows["score"] += 1000 * rows["treated"]
    made = clusters.wild_bootstrap(fit(rows), "treated", draws=99)
    dealt = deal(rows, draws=99)
    assert (made.p, made.every, dealt.p, dealt.every) == (0.01, False, 0.01, False)


def test_where_deals_tie_under_every_null_none_is_ruled_out() -> None:
    """Half of the clusters treated: the other half instead gives the same with the sign turned."""
    rows = difference([9, 8], [1, 2]).rename(columns={"on": "first"})
    for studentised in (True, False):
        found = clusters.randomise(rows, outcome="score", first_treated="first", cluster="county",
                                   studentised=studentised)  # fmt: skip
        assert (found.p, found.low, found.high) == (2 / 6, -np.inf, np.inf)


def test_draws_come_near_to_all_there_are() -> None:
    rows = panel(14, counties=12, treated=5)
    made = fit(rows)
    every = clusters.wild_bootstrap(made, "treated", draws=4096)
    some = clusters.wild_bootstrap(made, "treated", draws=4000, seed=3)
    assert (every.every, some.every) == (True, False)
    assert abs(every.p - some.p) < 4 * np.sqrt(every.p * (1 - every.p) / 4000)
    dealt, part = deal(rows, draws=792), deal(rows, draws=700, seed=3)
    assert (dealt.every, part.every) == (True, False)
    assert abs(dealt.p - part.p) < 4 * np.sqrt(dealt.p * (1 - dealt.p) / 700)


def test_a_county_panel_takes_a_moment() -> None:
    rows = panel(15, counties=60, treated=20, years=8)
    assert 800 < len(rows) < 1000
    fastest = np.inf
    for _ in range(3):
        start = time.perf_counter()
        clusters.wild_bootstrap(fit(rows), "treated")
        deal(rows)
        fastest = min(fastest, time.perf_counter() - start)
    assert fastest < 0.5
