"""What simulations of counties that begin at different times found, again in small, and in full."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import staggered_shocks

SMALL = [design for design in staggered_shocks.DESIGNS if design[0] < staggered_shocks.FEW]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(staggered_shocks.TABLE).set_index(["counties", "treated"])


def error_of(share: float, draws: int) -> float:
    """Give the Monte-Carlo error of a share."""
    return float(np.sqrt(share * (1 - share) / draws))


@pytest.mark.parametrize("design", staggered_shocks.DESIGNS)
def test_the_table_keeps_what_the_methods_promise(
    table: pd.DataFrame, design: tuple[int, int]
) -> None:
    row = table.loc[design]
    draws = int(row["draws"])
    assert draws >= 2000
    assert abs(row["bias"]) < 0.01
    assert 0.93 <= row["shown"] <= 0.97
    if design in SMALL:
        assert abs(row["size"] - 0.05) < 2.5 * error_of(0.05, draws)
    assert row["said_mean"] == pytest.approx(1, abs=0.1)
    assert row["said_median"] == pytest.approx(1, abs=0.1)


def test_two_way_effects_miss_where_counties_are_many(table: pd.DataFrame) -> None:
    """The proof that effects differ: its range, the narrower it is, holds the less."""
    assert table.loc[(150, 60), "two_way"] == pytest.approx(0.7, abs=0.05)
    assert table.loc[(150, 60), "two_way_bias"] < -0.03
    assert table.loc[(16, 5), "two_way"] > table.loc[(150, 60), "two_way"]


def test_other_errors_than_the_jackknife_are_too_sure_where_counties_are_few(
    table: pd.DataFrame,
) -> None:
    for design in SMALL:
        row = table.loc[design]
        for name in ("analytic", "cv1"):
            assert row[name] < row["cv3"]
            assert row[name] < 0.95 - 2 * error_of(0.95, int(row["draws"]))
    # So is the wild bootstrap, with five treated in three cohorts.
    assert table.loc[(16, 5), "wild"] < 0.93


@pytest.mark.parametrize("design", SMALL)
def test_a_few_draws_agree_with_the_table(table: pd.DataFrame, design: tuple[int, int]) -> None:
    draws = 60
    found = staggered_shocks.simulate(*design, draws, 7)
    for name in ("cv1", "cv3", "wild", "two_way", "size"):
        share = table.loc[design, name]
        assert abs(found[name] - share) < 3.5 * error_of(min(share, 0.96), draws)
    error = table.loc[design, "bias_error"] * np.sqrt(table.loc[design, "draws"] / draws)
    assert abs(found["bias"] - table.loc[design, "bias"]) < 3.5 * error
    assert found["said_mean"] == pytest.approx(table.loc[design, "said_mean"], abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("design", SMALL)
def test_all_draws_give_the_table(table: pd.DataFrame, design: tuple[int, int]) -> None:
    found = staggered_shocks.simulate(*design, staggered_shocks.DRAWS, staggered_shocks.SEED)
    for name, value in table.loc[design].items():
        # Last digits of the libraries may turn a single range.
        assert found[str(name)] == pytest.approx(value, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("design", [d for d in staggered_shocks.DESIGNS if d not in SMALL])
def test_some_draws_of_many_counties_agree_with_the_table(
    table: pd.DataFrame, design: tuple[int, int]
) -> None:
    draws = 300
    found = staggered_shocks.simulate(*design, draws, 8)
    for name in ("analytic", "cv3", "two_way"):
        share = table.loc[design, name]
        assert abs(found[name] - share) < 3.5 * error_of(min(share, 0.96), draws)
    assert found["said_mean"] == pytest.approx(table.loc[design, "said_mean"], abs=0.1)
