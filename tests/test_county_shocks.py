"""What simulations of few counties found, again in small, and in full where time is given."""

from __future__ import annotations

import county_shocks
import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(county_shocks.TABLE).set_index("treated")


def error_of(share: float, draws: int) -> float:
    """Give the Monte-Carlo error of a share."""
    return float(np.sqrt(share * (1 - share) / draws))


@pytest.mark.parametrize("treated", county_shocks.DESIGNS)
def test_the_table_keeps_what_the_methods_promise(table: pd.DataFrame, treated: int) -> None:
    row = table.loc[treated]
    assert row["draws"] >= 2000
    assert abs(row["bias"]) < 0.01
    for name in ("cv3", "wild", "dealt"):
        assert 0.93 <= row[name] <= 0.97
    assert abs(row["size"] - 0.05) < 2 * error_of(0.05, int(row["draws"]))
    # What four years before say is right on average, and each time only within a wide range.
    assert row["said_mean"] == pytest.approx(1, abs=0.1)
    assert row["said_median"] == pytest.approx(1, abs=0.1)
    assert row["said_holds"] >= 0.93


def test_the_usual_error_is_too_sure_where_few_are_treated(table: pd.DataFrame) -> None:
    assert table.loc[5, "cv1"] < table.loc[5, "cv3"]
    assert table.loc[5, "cv1"] < 0.95 - 2 * error_of(0.95, int(table.loc[5, "draws"]))


@pytest.mark.parametrize("treated", county_shocks.DESIGNS)
def test_a_few_draws_agree_with_the_table(table: pd.DataFrame, treated: int) -> None:
    draws = 60
    found = county_shocks.simulate(treated, draws, 7)
    for name in (*county_shocks.ERRORS, "size", "said_holds"):
        share = table.loc[treated, name]
        assert abs(found[name] - share) < 3.5 * error_of(min(share, 0.96), draws)
    assert found["said_mean"] == pytest.approx(table.loc[treated, "said_mean"], abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("treated", county_shocks.DESIGNS)
def test_all_draws_give_the_table(table: pd.DataFrame, treated: int) -> None:
    found = county_shocks.simulate(treated, county_shocks.DRAWS, 2026)
    for name, value in table.loc[treated].items():
        # Last digits of the libraries may turn a single range.
        assert found[str(name)] == pytest.approx(value, abs=2e-3)
