"""The squared coefficient split: by hand, exactly, and equal to the official coefficient's square."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.dispersion import difference_coefficient, square_decomposition

units = st.lists(
    st.tuples(st.floats(0.1, 1e3), st.integers(1, 50), st.sampled_from("abc")), min_size=1, max_size=30
)  # fmt: skip


def test_by_hand() -> None:
    # Means 2 and 5 in groups of weight 2 and 1: mean 3; between (2 x 1 + 4) / 3 / 9, within 2 / 3 / 9.
    parts = square_decomposition([1.0, 3.0, 5.0], ["a", "a", "b"], [1.0, 1.0, 1.0])
    assert parts.between == pytest.approx(2 / 9)
    assert parts.within == pytest.approx(2 / 27)
    assert parts.total == pytest.approx(8 / 27)


@given(units)
def test_the_parts_add_up_to_the_square_of_the_coefficient(
    rows: list[tuple[float, int, str]],
) -> None:
    x, w = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    parts = square_decomposition(x, [r[2] for r in rows], w)
    assert parts.between + parts.within == pytest.approx(parts.total, abs=1e-12)
    if len(rows) > 1:
        assert math.sqrt(parts.total) == pytest.approx(difference_coefficient(x * w, w), abs=1e-9)


def test_what_has_no_mean_has_no_parts() -> None:
    assert math.isnan(square_decomposition([0.0, 0.0], ["a", "b"], [1.0, 1.0]).between)
    with pytest.raises(ValueError, match="same length"):
        square_decomposition([1.0], ["a", "b"], [1.0])
    with pytest.raises(ValueError, match="negative"):
        square_decomposition([-1.0], ["a"], [1.0])
