"""The error tree: exit codes, both languages, and that it crosses processes."""

from __future__ import annotations

import pickle

import pytest

from analysis import errors
from analysis.errors import Fault, InputError, JunhengError

TREE = {
    errors.UsageError: 2, errors.InputError: 3, errors.StoreError: 3, errors.RunError: 4,
    errors.RenderError: 4, errors.WithheldError: 5, errors.BusyError: 75,
}  # fmt: skip


@pytest.mark.parametrize(("error", "code"), TREE.items())
def test_each_kind_has_its_exit_code(error: type[JunhengError], code: int) -> None:
    assert error.exit_code == code
    assert issubclass(error, JunhengError)


def test_the_docstring_draws_the_whole_tree() -> None:
    names = {c.__name__: c.exit_code for c in (JunhengError, *TREE)}
    lines = [line for line in (errors.__doc__ or "").splitlines() if "Error  " in line]
    drawn = {line.split()[-len(line.split()) + (line.strip()[0] in "├└")]: line for line in lines}
    assert set(drawn) == set(names)


@pytest.mark.parametrize("error", [e for e in TREE if e is not InputError])
def test_an_error_crosses_processes(error: type[JunhengError]) -> None:
    again = pickle.loads(pickle.dumps(error("错", "wrong")))  # noqa: S301
    assert (type(again), again.zh, again.en) == (error, "错", "wrong")


def test_faults_cross_processes_and_are_counted_by_level() -> None:
    faults = [Fault("a", "错", "wrong"), Fault("b", "注意", "mind", level="warning")]
    again = pickle.loads(pickle.dumps(InputError(faults)))  # noqa: S301
    assert again.faults == tuple(faults)
    assert "1 errors" in again.en
