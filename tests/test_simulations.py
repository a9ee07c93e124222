"""What the simulations found, again in small, and in full where time is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import simulations


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(simulations.TABLE).set_index("schools")


def error_of(share: float, draws: int) -> float:
    """Give the Monte-Carlo error of a share."""
    return float(np.sqrt(share * (1 - share) / draws))


def test_the_table_keeps_what_the_methods_promise(table: pd.DataFrame) -> None:
    assert (table["draws"] >= 2000).all()
    # A school-level effect: the plain logit is far too sure, an intercept by school is not.
    assert (table["plain"] < 0.8).all()
    assert table.loc[60, "intercepts"] >= 0.93
    assert 0.93 <= table.loc[200, "auc"] <= 0.97
    assert (table.loc[[60, 200], "slope"] - 1).abs().max() < 0.05
    assert table["bias"].abs().max() < 0.03


def test_a_few_draws_agree_with_the_table(table: pd.DataFrame) -> None:
    draws = 150
    found = simulations.simulate(60, 40, draws, 7)
    for name in ("plain", "clusters", "intercepts", "auc"):
        share = table.loc[60, name]
        assert abs(found[name] - share) < 3.5 * error_of(min(share, 0.98), draws)


@pytest.mark.slow
@pytest.mark.parametrize(("schools", "size"), simulations.DESIGNS)
def test_all_draws_give_the_table(table: pd.DataFrame, schools: int, size: int) -> None:
    found = simulations.simulate(schools, size, simulations.DRAWS, 2026)
    for name, value in table.loc[schools].items():
        # Last digits of the libraries may turn a single range.
        assert found[str(name)] == pytest.approx(value, abs=2e-3)
