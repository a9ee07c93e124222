"""Likeness: distances that can be computed by hand, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.likeness import distances, standardise

tables = st.integers(2, 4).flatmap(
    lambda k: st.lists(st.lists(st.floats(-1e3, 1e3), min_size=k, max_size=k), min_size=3, max_size=12)
)  # fmt: skip


def test_a_variable_is_centred_and_scaled_by_its_quartiles() -> None:
    # Median 30, quartiles 20 and 40: a spread of 20 / 1.349.
    z = standardise([[10.0], [20.0], [30.0], [40.0], [50.0]], cap=9.0)
    assert z[:, 0] == pytest.approx(np.array([-20, -10, 0, 10, 20]) * 1.349 / 20)


def test_what_is_extreme_counts_as_the_cap_and_moves_nobody_else() -> None:
    near = standardise([[1.0], [2.0], [3.0], [4.0], [50.0]], cap=3.0)
    far = standardise([[1.0], [2.0], [3.0], [4.0], [9e9]], cap=3.0)
    assert near.tolist() == far.tolist()
    assert near[4, 0] == 3.0


def test_a_variable_that_is_all_the_same_tells_nothing_apart() -> None:
    z = standardise([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]], cap=3.0)
    assert z[:, 1].tolist() == [0.0, 0.0, 0.0]


def test_distance_is_the_weighted_root_mean_square() -> None:
    z = [[0.0, 0.0], [3.0, 4.0], [3.0, 0.0]]
    assert distances(z, 0, [1.0, 1.0]).tolist() == pytest.approx([0.0, 12.5**0.5, 4.5**0.5])
    # Three parts of the first variable, one of the second: (3 x 9 + 16) / 4.
    assert distances(z, 0, [3.0, 1.0])[1] == pytest.approx((43 / 4) ** 0.5)
    assert distances(z, 0, [0.0, 1.0]).tolist() == pytest.approx([0.0, 4.0, 0.0])


@given(tables, st.floats(0.5, 50))
def test_units_of_measurement_do_not_matter(rows: list[list[float]], factor: float) -> None:
    x = np.round(np.array(rows), 2)
    w = np.ones(x.shape[1])
    before = distances(standardise(x, cap=3.0), 0, w)
    after = distances(standardise(x * 2.0**4 + 64, cap=3.0), 0, w)
    assert after == pytest.approx(before, abs=1e-6)
    assert before[0] == 0
    assert (before <= 6.0 + 1e-9).all()
    assert distances(standardise(x, cap=3.0), 0, w * factor) == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "cap"), [([1.0, 2.0], 3.0), ([[1.0], [float("nan")]], 3.0), ([[1.0]], 0.0)]
)
def test_what_makes_no_sense_is_refused(values: list[float], cap: float) -> None:
    with pytest.raises(ValueError, match=r"units by variables|cap is over 0"):
        standardise(values, cap=cap)
    with pytest.raises(ValueError, match="a weight for each"):
        distances([[0.0, 1.0]], 0, [1.0])
    with pytest.raises(ValueError, match="not all 0"):
        distances([[0.0, 1.0]], 0, [0.0, 0.0])
