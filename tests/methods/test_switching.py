"""A treatment that goes on and off: by hand, as published software has it, and in loops."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import switching as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import UsageError
from analysis.methods import clusters, staggered

NAMES = {"outcome": "score", "unit": "school", "time": "year", "treatment": "on"}


def by_hand() -> pd.DataFrame:
    """Joiners in 2 rise by 3 and 5 where others rise by 1 and 2; in 3 one of them leaves, by -2.

    Two that have it throughout change by 0 and 1 in 3.
    """
    on = {"a": (0, 1, 0), "b": (0, 1, 1), "c": (0, 0, 0), "d": (0, 0, 0), "e": (1, 1, 1),
          "f": (1, 1, 1)}  # fmt: skip
    score = {"a": (0, 3, 1), "b": (0, 5, 5), "c": (0, 1, 1), "d": (0, 2, 3), "e": (4, 4, 4),
             "f": (4, 5, 6)}  # fmt: skip
    return pd.DataFrame([(name, year, on[name][year - 1], float(score[name][year - 1]))
                         for name in on for year in (1, 2, 3)],
                        columns=["school", "year", "on", "score"])  # fmt: skip


def test_joiners_and_leavers_by_hand() -> None:
    made = staggered.switchers(by_hand(), **NAMES)
    assert made.joiners is not None
    assert made.leavers is not None
    assert made.effect is not None
    # 4 - 3/2; those with it throughout and b, 0 + 1 + 0 over 3, less -2.
    assert made.joiners.estimate == pytest.approx(2.5)
    assert made.leavers.estimate == pytest.approx(1 / 3 + 2)
    assert made.effect.estimate == pytest.approx((2 * 2.5 + 7 / 3) / 3)
    assert made.effect.table["switchers_n"].tolist() == [2, 1]
    assert made.effect.table["stayers_n"].tolist() == [2, 3]
    # The leaver was not treated in 1, so that no period before its change says anything.
    assert made.placebo is None
    # Since the first change: a and b less c and d, in 2 and in 3 since 1.
    assert set(made.dynamic) == {1, 2}
    assert made.dynamic[1].estimate == pytest.approx(2.5)
    assert made.dynamic[2].estimate == pytest.approx((1 + 5) / 2 - (1 + 3) / 2)
    doses = made.table.set_index(["of", "event"])["dose"]
    assert doses[("dynamic", 2.0)] == pytest.approx(1.5)


def test_the_period_before_a_change_by_hand() -> None:
    rows = pd.DataFrame(
        [(name, year, int(name == "a" and year == 3), float(score))
         for name, scores in {"a": (0, 2, 9), "b": (0, 1, 1), "c": (0, 0, 3)}.items()
         for year, score in enumerate(scores, start=1)],
        columns=["school", "year", "on", "score"])  # fmt: skip
    made = staggered.switchers(rows, **NAMES)
    assert made.effect is not None
    assert made.placebo is not None
    assert made.effect.estimate == pytest.approx(7 - (0 + 3) / 2)
    assert made.placebo.estimate == pytest.approx(2 - (1 + 0) / 2)
    # As many periods before, against the last without change: the same turned round.
    assert made.dynamic[-1].estimate == pytest.approx(-1.5)


@pytest.mark.parametrize(("name", "cluster"), [("schools", None), ("towns", "town")])
def test_effects_since_the_first_change_are_the_package_s(name: str, cluster: str | None) -> None:
    known = json.loads(oracle.FROZEN.read_text(encoding="utf-8"))[name]
    made = staggered.switchers(oracle.draw(), **NAMES, cluster=cluster)
    ours = made.table[made.table["of"] == "dynamic"].set_index("event")
    assert len(known) == oracle.EFFECTS + oracle.PLACEBOS
    for event, (estimate, se, count) in known.items():
        row = ours.loc[float(event)]
        assert row["estimate"] == pytest.approx(estimate, rel=1e-9)
        assert row["switchers_n"] == count
        # Theirs are of each cohort around its own mean: another error, near where units are many.
        assert row["se"] == pytest.approx(se, rel=0.15)


def test_a_treatment_that_stays_is_what_callaway_and_sant_anna_have() -> None:
    rows = oracle.draw()
    rows = rows[rows.groupby("school")["on"].transform("first") == 0]
    begins = rows["year"].where(rows["on"] == 1).groupby(rows["school"]).transform("min")
    rows = rows.assign(first=begins.fillna(0), on=(rows["year"] >= begins).astype(int))
    made = staggered.switchers(rows, **NAMES)
    known = staggered.group_time_effects(rows, outcome="score", unit="school", time="year",
                                         first_treated="first", control="notyet")  # fmt: skip
    dynamic = known.aggregate("dynamic").table.set_index("event")["estimate"]
    assert made.leavers is None
    assert made.effect is not None
    assert made.effect.estimate == pytest.approx(dynamic[0], rel=1e-12)
    for event, average in made.dynamic.items():
        if event > 0:
            assert average.estimate == pytest.approx(dynamic[event - 1], rel=1e-12)


def holes(seed: int) -> pd.DataFrame:
    rows = oracle.draw()
    return rows[np.random.default_rng(seed).random(len(rows)) < 0.9]


def slowly(rows: pd.DataFrame, back: int) -> dict[str, float]:
    """DID_M and its placebo from the definition, unit by unit."""
    of = {(s, y): (d, v) for s, y, d, v in rows[["school", "year", "on", "score"]].to_numpy()}
    years = sorted(set(rows["year"]))
    total, count = {0: 0.0, 1: 0.0}, {0: 0, 1: 0}
    for year in years[1 + back :]:
        changes: dict[tuple[float, float], list[float]] = {}
        for school in sorted(set(rows["school"])):
            seen = [of.get((school, year - k)) for k in range(2 + back)]
            if None in seen or (back and seen[1][0] != seen[2][0]):
                continue
            change = seen[back][1] - seen[back + 1][1]
            changes.setdefault((seen[1][0], seen[0][0]), []).append(change)
        for start in (0, 1):
            moved, stayed = changes.get((start, 1 - start), []), changes.get((start, start), [])
            if moved and stayed:
                total[start] += (1 - 2 * start) * len(moved) * (np.mean(moved) - np.mean(stayed))
                count[start] += len(moved)
    return {"joiners": total[0] / count[0], "leavers": total[1] / count[1],
            "effect": (total[0] + total[1]) / (count[0] + count[1])}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_changes_from_year_to_year_are_a_loop(seed: int) -> None:
    made = staggered.switchers(holes(seed), **NAMES)
    expected = slowly(holes(seed), 0)
    for name, value in expected.items():
        assert getattr(made, name).estimate == pytest.approx(value, rel=1e-11)
    assert made.placebo is not None
    assert made.placebo.estimate == pytest.approx(slowly(holes(seed), 1)["effect"], rel=1e-10)


@pytest.mark.parametrize("seed", [1, 2])
def test_first_changes_in_a_panel_with_gaps_are_a_loop(seed: int) -> None:
    rows = holes(seed)
    wide = {
        name: rows.pivot(index="school", columns="year", values=name) for name in ("on", "score")
    }
    on, score = (wide[name].to_numpy() for name in ("on", "score"))
    for length in (1, 3):
        total, count = 0.0, 0
        for start in (0, 1):
            for at in range(1, on.shape[1] - length + 1):
                before = (on[:, :at] == start).all(axis=1)
                end = at + length - 1
                change = score[:, end] - score[:, at - 1]
                moved = before & (on[:, at] == 1 - start) & np.isfinite(change)
                stayed = before & (on[:, at : end + 1] == start).all(axis=1) & np.isfinite(change)
                if moved.any() and stayed.any():
                    sign = 1 - 2 * start
                    total += sign * moved.sum() * (change[moved].mean() - change[stayed].mean())
                    count += moved.sum()
        made = staggered.switchers(rows, **NAMES).dynamic[length]
        assert made.estimate == pytest.approx(total / count, rel=1e-10)
        assert made.table["switchers_n"].sum() == count


def test_an_effect_of_the_present_treatment_is_found() -> None:
    made = staggered.switchers(oracle.draw(), **NAMES, cluster="town")
    assert made.effect is not None
    found = clusters.cv3(made.effect.regression, made.effect.name)
    assert found.low < 0.8 < found.high
    assert found.high - found.low < 0.5
    assert made.placebo is not None
    nothing = clusters.cv3(made.placebo.regression, made.placebo.name)
    assert nothing.low < 0 < nothing.high


@given(st.integers(0, 10**6), st.floats(-50, 50))
@settings(max_examples=10)
def test_order_and_constants_do_not_matter(seed: int, constant: float) -> None:
    rows = holes(seed % 5)
    found = staggered.switchers(rows, **NAMES, cluster="town")
    moved = staggered.switchers(rows.sample(frac=1, random_state=seed), **NAMES, cluster="town")
    pd.testing.assert_frame_equal(found.table, moved.table, check_exact=True)
    shifted = rows.assign(score=rows["score"] + constant * rows["year"] + rows["school"])
    again = staggered.switchers(shifted, **NAMES, cluster="town").table
    pd.testing.assert_frame_equal(found.table, again, rtol=1e-6, atol=1e-7)


def test_what_is_compared_with_nothing_is_counted() -> None:
    rows = by_hand()
    alone = rows[~rows["school"].isin(["e", "f", "b"])]
    made = staggered.switchers(alone, **NAMES)
    # a gives it up where nobody else has it.
    assert made.left_out == {"no_stayers": 1, "gaps": 0}
    assert made.leavers is None
    gap = rows[~((rows["school"] == "a") & (rows["year"] == 1))]
    assert staggered.switchers(gap, **NAMES).left_out["gaps"] == 1


def test_wrong_calls_are_refused() -> None:
    rows = by_hand()
    with pytest.raises(UsageError, match="the treatment is 0 or 1"):
        staggered.switchers(rows.assign(on=rows["on"] * 2), **NAMES)
    with pytest.raises(UsageError, match="no change of treatment to compare"):
        staggered.switchers(rows[rows["school"].isin(["c", "d", "e", "f"])], **NAMES)
    with pytest.raises(UsageError, match="more than one row"):
        staggered.switchers(pd.concat([rows, rows]), **NAMES)
