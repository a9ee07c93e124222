"""Discrete-time hazards: by hand, published numbers, a second implementation, properties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.genmod.families as families
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from statsmodels.genmod.generalized_linear_model import GLM

from analysis.errors import UsageError
from analysis.methods import hazard
from analysis.methods.hazard import axes
from analysis.methods.hazard.places import Places


def draw(rng: np.random.Generator, *, schools: int = 50, size: int = 60) -> pd.DataFrame:
    n = schools * size
    school = np.repeat(np.arange(schools), size)
    rows = pd.DataFrame(
        {
            "school": [f"s{i:03}" for i in school],
            "term": rng.choice(["7-1", "7-2", "8-1"], n),
            "poor": rng.binomial(1, 0.3, n),
            "zone": rng.choice(["town", "village"], n),
            "size": rng.normal(0, 1, schools)[school].round(1),
        }
    )
    eta = -2 + 0.7 * rows["poor"] + 0.3 * rows["size"] + rng.normal(0, 0.5, schools)[school]
    rows["left"] = (rng.random(n) < expit(eta)).astype(int)
    return rows


def by_statsmodels(rows: pd.DataFrame, link: str, cluster: str | None):
    x = pd.get_dummies(rows["term"]).astype(float)
    x["poor"], x["village"] = rows["poor"], (rows["zone"] == "village").astype(float)
    x["size"] = rows["size"]
    links = {"logit": families.links.Logit(), "cloglog": families.links.CLogLog()}
    model = GLM(rows["left"], x, family=families.Binomial(link=links[link]))
    if cluster is None:
        return model.fit(tol=1e-14, maxiter=200)
    groups = pd.factorize(rows[cluster])[0]
    return model.fit(tol=1e-14, maxiter=200, cov_type="cluster", cov_kwds={"groups": groups})


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("cluster", [None, "school"])
def test_it_equals_row_level_statsmodels(link: str, cluster: str | None) -> None:
    rows = draw(np.random.default_rng(1))
    ours = hazard.fit(rows, event="left", period="term", covariates=["poor", "zone", "size"],
                      cluster=cluster, link=link)  # fmt: skip
    theirs = by_statsmodels(rows, link, cluster)
    assert ours.params.to_numpy() == pytest.approx(theirs.params.to_numpy(), rel=1e-8, abs=1e-9)
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-10)
    assert ours.se.to_numpy() == pytest.approx(theirs.bse.to_numpy(), rel=1e-8)
    assert ours.se_kind == ("CR1" if cluster else "information")


def test_the_level_of_a_period_is_the_share_that_ended_in_it() -> None:
    rows = pd.DataFrame({"term": [1] * 10 + [2] * 5, "left": [1] * 2 + [0] * 8 + [1] + [0] * 4})
    for link, inverse in (("logit", expit), ("cloglog", lambda e: 1 - np.exp(-np.exp(e)))):
        fitted = hazard.fit(rows, event="left", period="term", link=link)
        assert inverse(fitted.params).tolist() == pytest.approx([0.2, 0.2])


def test_the_jackknife_of_few_clusters_is_the_spread_of_what_is_left() -> None:
    rows = draw(np.random.default_rng(2), schools=12)
    given = {"event": "left", "period": "term", "covariates": ["poor"]}
    fitted = hazard.fit(rows, cluster="school", **given)
    away = np.array([
        hazard.fit(rows[rows["school"] != s], **given).params.to_numpy()
        for s in rows["school"].unique()
    ]) - fitted.params.to_numpy()  # fmt: skip
    assert fitted.se_kind == "CV3"
    assert fitted.se.to_numpy() == pytest.approx(np.sqrt(11 / 12 * (away**2).sum(axis=0)), rel=1e-6)
    width = fitted.interval()["high"] - fitted.params
    assert (width / fitted.se).to_numpy() == pytest.approx(2.200985)  # t with 11 degrees


def test_what_rests_on_one_cluster_has_no_jackknife() -> None:
    rows = draw(np.random.default_rng(3), schools=12)
    rows["own"] = (rows["school"] == "s000").astype(float)
    fitted = hazard.fit(rows, event="left", period="term", covariates=["own"], cluster="school")
    assert fitted.se_kind == "CR1"


def test_missing_values_are_refused_by_name() -> None:
    rows = draw(np.random.default_rng(4)).astype({"poor": float})
    rows.loc[3, "poor"] = np.nan
    with pytest.raises(UsageError, match=r"missing values.*poor"):
        hazard.fit(rows, event="left", period="term", covariates=["poor", "size"])


@pytest.mark.parametrize("schools", [10, 50])
@pytest.mark.parametrize("column", ["school", "left", "n"])
def test_missing_clusters_events_and_counts_are_refused_too(schools: int, column: str) -> None:
    rows = draw(np.random.default_rng(9), schools=schools).assign(n=1.0)
    rows[column] = rows[column].where(np.arange(len(rows)) % 20 > 0)
    asked = {"event": "left", "period": "term", "cluster": "school", "counts": "n"}
    for attempt in (hazard.fit, lambda r, **a: hazard.fit_parts(lambda: [r], **a)):
        with pytest.raises(UsageError, match=rf"missing values.*{column}"):
            attempt(rows, **asked)


def test_an_event_is_nought_or_one() -> None:
    rows = draw(np.random.default_rng(10)).assign(left=lambda r: 2 * r["left"])
    with pytest.raises(UsageError, match="left is 0 or 1"):
        hazard.fit(rows, event="left", period="term")


def test_a_column_that_tells_the_event_or_another_column_is_refused_by_name() -> None:
    rows = draw(np.random.default_rng(5))
    told = rows.assign(told=((rows["left"] == 1) & (rows["poor"] == 1)).astype(float))
    with pytest.raises(UsageError, match="cannot be estimated: told"):
        hazard.fit(told, event="left", period="term", covariates=["told"])
    twice = rows.assign(again=rows["poor"] * 2.0)
    with pytest.raises(UsageError, match="cannot be told apart: poor, again"):
        hazard.fit(twice, event="left", period="term", covariates=["poor", "again"])


def test_competing_ends_are_each_held_against_those_who_stay() -> None:
    rows = draw(np.random.default_rng(6))
    rows["end"] = np.where(rows["left"] == 1, np.where(rows["size"] > 0, "moved", "left"), "stays")
    both = hazard.fit_competing(rows, exit="end", stays="stays", period="term", covariates=["poor"])
    assert set(both) == {"left", "moved"}
    alone = rows[rows["end"] != "moved"].assign(e=lambda r: (r["end"] == "left").astype(int))
    expected = hazard.fit(alone, event="e", period="term", covariates=["poor"])
    pd.testing.assert_series_equal(both["left"].params, expected.params)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), link=st.sampled_from(["logit", "cloglog"]))
def test_cells_and_the_order_of_rows_change_no_number(seed: int, link: str) -> None:
    rng = np.random.default_rng(seed)
    rows = draw(rng, schools=35, size=25)
    used = {"event": "left", "period": "term", "covariates": ["poor", "zone"], "cluster": "school"}
    plain = hazard.fit(rows, link=link, **used)
    cells = hazard.compress(rows.sample(frac=1, random_state=seed),
                            ["left", "term", "poor", "zone", "school"])  # fmt: skip
    small = hazard.fit(cells, link=link, counts="count", **used)
    assert small.rows == plain.rows == len(rows)
    assert small.cells < plain.cells
    assert small.deviance == pytest.approx(plain.deviance, rel=1e-10)
    assert small.params.to_numpy() == pytest.approx(plain.params.to_numpy(), rel=1e-7, abs=1e-8)
    assert small.se.to_numpy() == pytest.approx(plain.se.to_numpy(), rel=1e-7)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_parts_give_the_numbers_of_the_whole(link: str) -> None:
    rows = draw(np.random.default_rng(8))
    used = {"event": "left", "period": "term", "covariates": ["poor", "zone", "size"],
            "cluster": "school"}  # fmt: skip
    whole = hazard.fit(rows, link=link, **used)
    # Parts cut through clusters, and one of them lacks a period and a category.
    cut = (rows["term"] == "7-1") & (rows["zone"] == "town")
    rest = rows[~cut]
    parts = [rows[cut], *(part for _, part in rest.groupby(np.arange(len(rest)) % 3))]
    found = hazard.fit_parts(lambda: iter(parts), link=link, **used)
    assert found.params.to_numpy() == pytest.approx(whole.params.to_numpy(), rel=1e-8, abs=1e-9)
    assert found.se.to_numpy() == pytest.approx(whole.se.to_numpy(), rel=1e-8)
    assert found.deviance == pytest.approx(whole.deviance, rel=1e-12)
    assert (found.rows, found.clusters) == (whole.rows, whole.clusters)
    assert list(found.params.index) == list(whole.params.index)


PARTS = {"event": "left", "period": "term", "covariates": ["poor", "zone", "size", "own"]}


def same(one: hazard.Fit, other: hazard.Fit) -> None:
    assert list(one.params.index) == list(other.params.index)
    assert one.params.to_numpy() == pytest.approx(other.params.to_numpy(), rel=1e-8, abs=1e-9)
    assert one.se.to_numpy() == pytest.approx(other.se.to_numpy(), rel=1e-8)
    assert one.deviance == pytest.approx(other.deviance, rel=1e-12)
    assert (one.rows, one.clusters, one.se_kind) == (other.rows, other.clusters, other.se_kind)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("cluster", [None, "school"])
@pytest.mark.parametrize("fine", [False, True], ids=["few values", "values of their own"])
def test_few_values_and_many_give_the_numbers_of_the_matrix(
    link: str, cluster: str | None, fine: bool
) -> None:
    rng = np.random.default_rng(11)
    rows = draw(rng)
    # Without errors by school the size of a school is a number like any other.
    rows["own"] = rng.normal(size=len(rows)) if fine else rng.integers(0, 4, len(rows))
    asked = {**PARTS, "cluster": cluster}
    seen = axes.look(rows, PARTS["covariates"], cluster)
    assert (seen.few["own"] is None) == fine
    assert list(seen.fixed) == (["size"] if cluster else [])
    parts = [rows.iloc[:700], rows.iloc[:0], rows.iloc[700:]]
    same(hazard.fit_parts(lambda: parts, link=link, **asked), hazard.fit(rows, link=link, **asked))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), cluster=st.sampled_from([None, "school"]))
def test_cells_in_parts_and_their_order_change_no_number(seed: int, cluster: str | None) -> None:
    rows = draw(np.random.default_rng(seed), schools=35, size=25)
    used = ["left", "term", "poor", "zone", "size", "school"]
    asked = {**PARTS, "covariates": used[2:5], "cluster": cluster}
    cells = hazard.compress(rows, used).sample(frac=1, random_state=seed)
    cut = seed % (len(cells) + 1)
    # Rows that stand twice, and cells, of one and of many rows, in the same parts.
    parts = [cells.iloc[:cut], cells.iloc[cut:], rows.assign(count=1), rows.assign(count=2.0)]
    again = pd.concat([rows] * 4)
    same(
        hazard.fit_parts(lambda: parts, counts="count", **asked),
        hazard.fit(again.sample(frac=1, random_state=seed), **asked),
    )


def test_a_number_belongs_to_the_cluster_only_where_all_parts_say_so() -> None:
    rows = draw(np.random.default_rng(12)).assign(own=lambda r: r["size"])
    rows.loc[rows.index[-3:], "own"] += 1.0
    parts = [rows.iloc[:1500], rows.iloc[1500:]]
    ones = [axes.look(part, PARTS["covariates"], "school") for part in parts]
    assert [list(one.fixed) for one in ones] == [["size", "own"], ["size"]]
    assert list((ones[0] + ones[1]).fixed) == ["size"]
    # The same in each part, but not in both.
    other = axes.look(parts[0].assign(size=9.0), ["size"], "school")
    assert list((axes.look(parts[0], ["size"], "school") + other).fixed) == []
    asked = {**PARTS, "cluster": "school"}
    same(hazard.fit_parts(lambda: parts, **asked), hazard.fit(rows, **asked))


def test_axes_are_only_looked_for_where_their_tables_stay_small() -> None:
    values = axes.Values({"poor": frozenset({0.0, 1.0})}, pd.DataFrame())
    terms = {"term": list(range(12))}
    given = {"period": "term", "cluster": "school"}
    few = axes.find(["poor"], terms, range(600), values, **given)
    assert [axis.names for axis in few] == [("school",), ("term", "poor")]
    many = axes.find(["poor"], terms, range(2**21), values, **given)
    assert [axis.names for axis in many] == [("school",), ("term",), ("poor",)]
    assert axes.find(["poor"], terms, range(2**22), values, **given) is None


def test_many_rows_in_memory_are_fitted_as_their_cells_are() -> None:
    rows = draw(np.random.default_rng(13), schools=200, size=1000)
    asked = {**PARTS, "covariates": ["poor", "zone", "size"], "cluster": "school"}
    cells = hazard.compress(rows, ["left", "term", "poor", "zone", "size", "school"])
    same(hazard.fit(rows, **asked), hazard.fit(cells, counts="count", **asked))


def test_places_in_a_file_say_what_those_in_memory_say() -> None:
    rows = draw(np.random.default_rng(14), size=400)
    found = axes.find(
        ["poor", "size"], {"term": ["7-1", "7-2", "8-1"]}, sorted(rows["school"].unique()),
        axes.look(rows, ["poor", "size"], "school"), period="term", cluster="school",
    )  # fmt: skip
    assert [len(axis.table) for axis in found] == [50, 6]
    params = np.array([-2.0, -2.1, -1.9, 0.4, 0.2])
    made = []
    outcome = rows["left"]
    for kept in (2**26, 1000):
        places = Places(found, kept)
        for half in (slice(None, 9000), slice(9000, None)):
            places.add(rows[half], outcome[half].to_numpy(float), np.ones(len(rows[half])))
        assert places.cells < 1300
        made.append((*places.add_up(params, "logit"), places.score_clusters(params, "logit")))
        places.close()
    for one, other in zip(*made, strict=True):
        assert np.array_equal(one, other)
    eta = rows["term"].map(dict(zip(["7-1", "7-2", "8-1"], params, strict=False)))
    eta = eta + 0.4 * rows["poor"] + 0.2 * rows["size"]
    by_hand = -2 * (rows["left"] * eta - np.log1p(np.exp(eta))).sum()
    assert made[0][0] == pytest.approx(by_hand, rel=1e-12)


def test_cells_of_parts_add_up_to_the_cells_of_the_whole() -> None:
    rows = draw(np.random.default_rng(7))
    keys = ["left", "term", "poor"]
    parts = pd.concat([hazard.compress(part, keys) for _, part in rows.groupby("school")])
    again = hazard.compress(parts, keys, counts="count")
    pd.testing.assert_frame_equal(again, hazard.compress(rows, keys))


@pytest.mark.shared_data
def test_o7_mathematics_dropout(shared_data: Path) -> None:
    # O7: Singer and Willett (2003), table 11.3, models A to C.
    periods = pd.read_csv(shared_data / "alda_hazard" / "math_dropout.csv")
    a = hazard.fit(periods, event="event", period="term", covariates=["woman"])
    assert a.params["woman"] == pytest.approx(0.3786450, rel=1e-5)
    assert a.se["woman"] == pytest.approx(0.0501481, rel=1e-5)
    assert a.deviance == pytest.approx(9804.3096, rel=1e-5)
    terms = sorted(periods["term"].unique())
    crossed = periods.assign(**{f"w{t}": periods["woman"] * (periods["term"] == t) for t in terms})
    b = hazard.fit(crossed, event="event", period="term", covariates=[f"w{t}" for t in terms])
    assert b.deviance == pytest.approx(9796.2702, rel=1e-5)
    linear = periods.assign(slope=periods["woman"] * (periods["term"] - 1))
    c = hazard.fit(linear, event="event", period="term", covariates=["woman", "slope"])
    assert c.deviance == pytest.approx(9797.8065, rel=1e-5)


@pytest.mark.shared_data
def test_o8_teachers_life_table(shared_data: Path) -> None:
    # O8: Singer and Willett (2003), table 10.1.
    teachers = pd.read_csv(shared_data / "alda_hazard" / "teachers.csv")
    rows = teachers.loc[teachers.index.repeat(teachers["years"])]
    year = rows.groupby(level=0).cumcount() + 1
    left = ((year == rows["years"]) & (rows["censor"] == 0)).astype(int)
    periods = pd.DataFrame({"year": year, "event": left})
    table = hazard.life_table(periods, event="event", period="year")
    survival = table.table["survival"]
    assert survival[[1, 6, 12]].tolist() == pytest.approx([0.884293, 0.518904, 0.412310], abs=1e-6)
    assert table.median == pytest.approx(6.61, abs=5e-3)


def test_places_that_are_many_lie_in_the_folder_that_is_given(tmp_path: Path) -> None:
    rows = draw(np.random.default_rng(15), size=100)
    found = axes.find(
        ["poor"], {"term": ["7-1", "7-2", "8-1"]}, sorted(rows["school"].unique()),
        axes.look(rows, ["poor"], "school"), period="term", cluster="school",
    )  # fmt: skip

    def opened() -> int:
        return sum(tmp_path in path.resolve().parents for path in Path("/proc/self/fd").iterdir())

    places = Places(found, 1000, tmp_path)
    assert opened() == 0
    places.add(rows, rows["left"].to_numpy(float), np.arange(len(rows)) % 3 + 1.0)
    assert opened() == 1
    assert not list(tmp_path.iterdir()), "it has no name"
    places.close()
    assert opened() == 0
