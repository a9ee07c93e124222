"""The model over all prefectures: the same as from all rows at once, and few persons are not told."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.questions.synthetic_counties import county
from tests.questions.test_dropout_model import PARAMETERS, pupils

from analysis.finding import Finding
from analysis.questions.dropout import country, evidence, model, risk
from analysis.questions.dropout.covariates import used_columns
from analysis.records import workroom
from analysis.release import release

PLACES = {"130706": "1307", "130709": "1307", "130804": "1308", "130803": "1308"}


def draw(seed: int, *, schools: int, sd: float = 0.5) -> pd.DataFrame:
    """Draw pupils of four counties, with gaps that not every county has."""
    rng = np.random.default_rng(seed)
    rows = pupils(rng, schools=schools, size=60, sd=sd)
    rows["county"] = rows["county"].map(dict(zip(("c0", "c1", "c2", "c3"), PLACES, strict=True)))
    gap = (rng.random(len(rows)) < 0.2) & rows["county"].isin(["130706", "130804"])
    rows["score_missing"] = gap.astype(float)
    rows["score"] = rows["score"].where(~gap, 0.0).round(1)
    # Says the same as the gap of scores; one that nobody who left bore; one of another end.
    rows["unexcused_missing"] = rows["score_missing"]
    rows["orphan"] = ((rows["exit"] == "stays") & (np.arange(len(rows)) % 50 == 0)).astype(float)
    rows["exit"] = rows["exit"].where(np.arange(len(rows)) % 40 > 0, "moved")
    rows["exit"] = rows["exit"].where(rows["period"] != "8-2", "stays")
    rows["end"] = rows["exit"]
    return rows


def part(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Part rows by county, each without the marks that it lacks."""
    parts = {}
    for code, own in rows.groupby("county"):
        lacking = [name for name in used_columns(own) if name.endswith("_missing") and not own[name].any()]  # fmt: skip
        parts[str(code)] = country.reduce(own.drop(columns=lacking))
    return parts


def learn(parts: dict[str, pd.DataFrame], **more: int) -> country.Country | None:
    places = {code: PLACES[code] for code in parts}
    return country.learn(places, parts.__getitem__, **{"least": 20, "few": 10, **more})


@pytest.mark.parametrize(("schools", "kind"), [(12, "CV3"), (40, "CR1")])
def test_the_same_as_from_all_rows_at_once(schools: int, kind: str) -> None:
    rows = draw(1, schools=schools)
    parts = part(rows)
    assert "score_missing" not in parts["130709"]
    whole, found = model.learn(rows, used_columns(rows)), learn(parts)
    assert whole is not None
    assert found is not None
    one = found.model
    assert (one.columns, one.unusable, one.levels) == (whole.columns, whole.unusable, whole.levels)
    assert set(one.unusable) == {"score_missing", "orphan"}
    assert one.levels["8-2"] == "8-1"
    assert (one.rows, one.events) == (whole.rows, whole.events)
    assert one.fitted.se_kind == whole.fitted.se_kind == kind
    for name in ("params", "se", "covariance"):
        np.testing.assert_allclose(
            getattr(one.fitted, name), getattr(whole.fitted, name), rtol=1e-8, atol=1e-10
        )
    assert found.counties == 4
    assert found.prefectures == 2
    assert found.cells == sum(map(len, parts.values())) < one.rows


def test_the_same_where_a_column_turns_out_to_hang_on_others_only_in_the_fit() -> None:
    rows = draw(9, schools=40)
    few = rows.index[(rows["score_missing"] == 0) & (rows["exit"] == "stays")][:6]
    rows["unexcused_missing"] = rows["score_missing"].mask(rows.index.isin(few), 1.0)
    whole, found = model.learn(rows, used_columns(rows)), learn(part(rows))
    assert whole is not None
    assert found is not None
    columns = used_columns(rows)
    assert "score_missing" in evidence.look(model.mark_ends(rows, columns), columns).find_usable(columns)  # fmt: skip
    assert "score_missing" in found.model.unusable
    assert found.model.unusable == whole.unusable
    np.testing.assert_allclose(found.model.fitted.se, whole.fitted.se, rtol=1e-8)


def test_the_same_on_the_counties_of_the_demo() -> None:
    codes = ("130728", "130725", "130821")
    pool = risk.gather(county(code, rank=i) for i, code in enumerate(codes))
    assert pool is not None
    places = {code: code[:4] for code in codes}
    parts = {str(c): country.reduce(rows) for c, rows in pool.rows.groupby("county")}
    found = country.learn(places, parts.__getitem__, least=20, few=10)
    whole = model.learn(pool.rows, used_columns(pool.rows))
    assert found is not None
    assert whole is not None
    np.testing.assert_allclose(found.model.fitted.params, whole.fitted.params, atol=1e-8)
    np.testing.assert_allclose(found.model.fitted.se, whole.fitted.se, rtol=1e-8)


def test_what_is_kept_of_a_county_names_no_pupil() -> None:
    pool = risk.gather([county("130728", rank=0)])
    assert pool is not None
    kept = country.reduce(pool.rows)
    assert list(kept) == ["event", "period", "school", *used_columns(pool.rows), "count"]
    assert kept["count"].sum() == pool.rows["exit"].isin(["stays", "left"]).sum()


@given(cuts=st.lists(st.integers(0, 600), max_size=5), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_evidence_of_parts_is_that_of_the_whole(cuts: list[int], seed: int) -> None:
    rows = draw(3, schools=4).sample(600, random_state=seed)
    columns = used_columns(rows)
    seen = model.mark_ends(rows, columns)
    whole = evidence.look(seen, columns)
    ends = [0, *sorted(cuts), len(seen)]
    parts = [seen[a:b] for a, b in pairwise(ends) if b > a]
    added = evidence.look(parts[0], columns)
    for other in parts[1:]:
        added = added + evidence.look(other, columns)
    assert (added.rows, added.events) == (whole.rows, whole.events)
    assert added.find_levels() == whole.find_levels()
    assert added.find_usable(columns) == whole.find_usable(columns)


def test_memory_does_not_grow_with_the_counties(tmp_path: Path) -> None:
    """A county is read when it is asked for: what is held at once is told by the peak."""

    def peak(number: int) -> int:
        with workroom.open_workroom(tmp_path) as room:
            for i in range(number):
                rows = pupils(np.random.default_rng(i), schools=4, size=500)
                rows["school"] = f"{i:02}" + rows["school"]
                workroom.put_part(
                    room, str(i % 2), f"{i:02}", country.reduce(rows.assign(end=rows["exit"]))
                )
            places = workroom.list_parts(room)
            tracemalloc.start()
            found = country.learn(
                places,
                lambda code: workroom.take_part(room, places[code], code),
                least=20, few=10, room=room,
            )  # fmt: skip
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert found is not None
        assert found.model.fitted.clusters == 4 * number
        return most

    assert peak(24) < 1.25 * peak(8)


def test_one_prefecture_teaches_nothing_more() -> None:
    parts = part(draw(2, schools=12))
    assert learn({code: frame for code, frame in parts.items() if PLACES[code] == "1307"}) is None
    assert learn(parts, least=100_000) is None
    assert country.learn({}, parts.__getitem__, least=20, few=10) is None


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ((40, 3, 30, 25), True),  # 3 is what its prefecture's 43 tell already
        ((40, 30, 12, 0), True),
        ((40, 30, 3, 0), False),  # all less the first prefecture
        ((40, 30, 12, 3), False),  # and less the county of 12
        ((40, 30, 9, 9), False),  # each of the two knows the other
        ((5, 5, 6, 9), True),  # either way ten or more are left
        ((5, 0, 6, 0), False),
    ],
)
def test_few_are_not_told_by_what_is_left_over(left: tuple[int, ...], told: bool) -> None:
    by_county = dict(zip(PLACES, left, strict=True))
    assert country._may_tell(by_county, PLACES, 20, 10) is told


@pytest.fixture(scope="module")
def home() -> Finding:
    place = county("130728", rank=0)
    pool = risk.gather([place])
    assert pool is not None
    studied = risk.study(pool, {**PARAMETERS, "draws": 50, "pool_draws": 20})
    together = risk.judge_all(studied, {**PARAMETERS, "pool_draws": 20})
    return risk.report(studied, place, together)[0]


@pytest.fixture(scope="module")
def everywhere() -> country.Country:
    rows = draw(4, schools=12).assign(rural=lambda r: (r["school"] < "s006").astype(float))
    found = learn(part(rows))
    assert found is not None
    return found


def keys(finding: Finding) -> list[str]:
    return [note.key for note in finding.notes if note.role == "factors"]


def test_odds_over_all_stand_beside_the_prefecture_s_own(
    home: Finding, everywhere: country.Country
) -> None:
    assert not keys(home), "nothing is said where there is one prefecture"
    made = country.add(home, everywhere)
    odds = made.table.query("indicator == 'risk_odds_all'").set_index("subject")
    fit = everywhere.model.fitted
    assert odds.at["rural", "value"] == pytest.approx(np.exp(fit.params["rural"]))
    assert (
        odds.at["rural", "value_low"] < odds.at["rural", "value"] < odds.at["rural", "value_high"]
    )
    assert keys(made) == ["risk.factors.told"]
    table = made.table.set_index("indicator")["value"]
    for name, number in (("left", everywhere.model.events), ("pupils", everywhere.model.rows)):
        assert table[f"risk_all_{name}"] % 10 == 0
        assert abs(table[f"risk_all_{name}"] - number) <= 5
    pd.testing.assert_frame_equal(made.table.head(len(home.table)), home.table)


def test_a_prefecture_of_few_is_shown_the_whole(home: Finding, everywhere: country.Country) -> None:
    bare = replace(home, table=home.table.head(0), checks=(), notes=home.notes[-1:])
    made = country.add(bare, replace(everywhere, told=False))
    assert keys(made) == ["risk.factors.instead", "risk.factors.untold"]
    assert "risk_all_left" not in set(made.table["indicator"])
    assert "left" not in made.notes[-1].values
    assert "risk_odds_all" in set(release(made, "public").table["indicator"])
