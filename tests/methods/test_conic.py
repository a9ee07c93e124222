"""Mixed-integer conic programs: hand cases, proof of emptiness, and complete enumeration."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.conic import Cone, Program, minimise


def program(
    cost: list[float], upper: list[float], rows: list[list[float]], low: list[float],
    cones: tuple[Cone, ...] = (), whole: bool = True,
) -> Program:  # fmt: skip
    n = len(cost)
    return Program(
        np.array(cost, float), np.zeros(n), np.array(upper, float), np.full(n, whole),
        sp.csr_array(np.array(rows, float).reshape(-1, n)), np.array(low, float),
        np.full(len(low), np.inf), cones,
    )  # fmt: skip


def disc(radius: float, centre: tuple[float, float]) -> Cone:
    """|y - centre| <= radius."""
    return Cone(sp.csr_array(np.eye(2)), -np.array(centre, float), np.zeros(2), radius)


def test_a_linear_program_in_whole_numbers() -> None:
    # 3 a + 2 b >= 7: a=2, b=1 costs 2*5+4=14; a=1,b=2: 13; a=3: 15; b=4: 16.
    found = minimise(program([5, 4], [np.inf, np.inf], [[3, 2]], [7]), gap=0)
    assert found.status == "found"
    assert found.values.tolist() == [1, 2]
    assert found.cost == pytest.approx(13)
    assert found.bound == pytest.approx(13)
    assert found.gap == 0


def test_a_cone_cuts_the_corner() -> None:
    # The point of the disc around (3, 3) of radius 2 nearest to the origin along (1, 1).
    task = program([1, 1], [9, 9], [[0, 0]], [0], (disc(2, (3, 3)),), whole=False)
    found = minimise(task, gap=0)
    assert found.values == pytest.approx([3 - np.sqrt(2)] * 2, abs=1e-2)
    assert found.cost == pytest.approx(2 * (3 - np.sqrt(2)), rel=3e-5)
    assert found.bound <= found.cost
    whole = minimise(replace(task, whole=np.array([True, True])), gap=0)
    assert found.cost <= whole.cost == pytest.approx(4)


def test_that_there_is_none_is_proven() -> None:
    task = program([1, 1], [9, 9], [[0, 0]], [0], (disc(0.4, (2.5, 2.5)),))
    found = minimise(task)
    assert found.status == "unreachable"
    assert len(found.values) == 0
    assert np.isnan(found.gap)


def test_a_limit_of_nodes_says_what_is_known() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(1, 40, (12, 30)).astype(float)
    task = program(rng.integers(5, 50, 30).tolist(), [5.0] * 30, rows.tolist(), [777.0] * 12)
    best, short = minimise(task, gap=0), minimise(task, gap=0, nodes=1)
    assert short.status in ("limit", "found")
    assert short.bound <= best.cost + 1e-6 <= short.cost + 2e-6


def test_unknowns_of_very_different_size_are_still_solved() -> None:
    # One unknown in square metres, weight 1e-4, and one in persons.
    cone = Cone(sp.csr_array([[1e-4, 0.0]]), np.array([-1.0]), np.array([0.0, 0.1]), 0.0)
    task = Program(
        np.array([3e-1, 1.0]), np.zeros(2), np.array([np.inf, np.inf]), np.array([False, True]),
        sp.csr_array([[1e-4, 0.0]]), np.array([0.9]), np.array([np.inf]), (cone,),
    )  # fmt: skip
    found = minimise(task, gap=0)
    # 0.1 b >= |1e-4 a - 1|: b = 1 asks for a >= 9,000, which the row asks for as well.
    assert found.values == pytest.approx([9000, 1], rel=1e-4)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_least_is_what_enumeration_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(1, 9, 3).astype(float)
    rows, low = rng.integers(0, 4, (1, 3)).astype(float), float(rng.integers(0, 10))
    forms, shift = rng.integers(-2, 3, (2, 3)).astype(float), rng.integers(-3, 4, 2).astype(float)
    side, own = rng.integers(0, 3, 3).astype(float), float(rng.integers(0, 4))
    cone = Cone(sp.csr_array(forms), shift, side, own)
    task = program(cost.tolist(), [3, 3, 3], rows.tolist(), [low], (cone,))
    points = [np.array(y, float) for y in itertools.product(range(4), repeat=3)]
    good = [
        y for y in points
        if rows[0] @ y >= low and np.linalg.norm(forms @ y + shift) <= side @ y + own + 1e-9
    ]  # fmt: skip
    found = minimise(task, gap=0)
    if not good:
        assert found.status == "unreachable"
    else:
        assert found.cost == pytest.approx(min(float(cost @ y) for y in good))
