"""The parameters cell is a notebook's signature: whatever does not fit it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from analysis.errors import UsageError
from analysis.press.signature import Parameter, bind, open_notebook, read_signature

SIGNATURE = {
    "county": Parameter("county", str, None),
    "year": Parameter("year", int, 2021),
    "draft": Parameter("draft", bool, False),
}


def cell(source: str, *tags: str):
    return new_code_cell(source, metadata={"tags": list(tags)})


def test_signature_of_one_assignment_a_line() -> None:
    nb = new_notebook(cells=[cell('a: str\nb = -3  # why\nc: bool = True\nd = "x"', "parameters")])
    assert read_signature(nb) == {
        "a": Parameter("a", str, None),
        "b": Parameter("b", int, -3),
        "c": Parameter("c", bool, True),
        "d": Parameter("d", str, "x"),
    }


@pytest.mark.parametrize(
    "source",
    [
        "a = 1.5",
        "a = None",
        "a = b = 1",
        "a: float = 1",
        "a: int = '1'",
        "a: bool = 1",
        "a: list[str]",
        "a, b = 1, 2",
        "a.b = 1",
        "a = open('x')",
        "import os",
        "print(1)",
        "a = 1 +",
        "a = [1]",
        "for a in 'x': pass",
        "a += 1",
    ],
)
def test_anything_else_is_no_signature(source: str) -> None:
    with pytest.raises(UsageError, match="line 1 of the parameters cell"):
        read_signature(new_notebook(cells=[cell(source, "parameters")]))


@pytest.mark.parametrize("cells", [[], [cell("a = 1", "parameters"), cell("a = 1", "parameters")]])
def test_exactly_one_parameters_cell(cells: list) -> None:
    with pytest.raises(UsageError, match=str(len(cells))):
        read_signature(new_notebook(cells=cells))


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        bind(SIGNATURE, {"countty": "130722", "year": "2021", "draft": 1})
    for words in ("countty", "did you mean county", "county is missing", "year has to be int",
                  "draft has to be bool"):  # fmt: skip
        assert words in caught.value.en
    for words in ("countty", "缺少参数 county", "year 应为整数", "draft 应为是否值"):
        assert words in caught.value.zh


def test_codes_stay_text() -> None:
    for code in ("010000", "1e5", "nan", "1_000", "010100", "12:30", "\uff11\uff12\uff13"):
        assert bind(SIGNATURE, {"county": code})["county"] == code


@pytest.mark.parametrize(
    "value",
    [130722, 1.0, None, True, b"130722", Path("130722"), ["130722"], {"a": 1}, "a\0b", "\ud800"],
)
def test_only_text_is_text(value: object) -> None:
    with pytest.raises(UsageError, match="county"):
        bind(SIGNATURE, {"county": value})


@pytest.mark.parametrize(
    "name", ["x=1\nimport os\ny", "__import__('os')", "", "county ", "County", "pm", "ｃounty"]
)
def test_names_are_those_of_the_signature(name: str) -> None:
    with pytest.raises(UsageError):
        bind(SIGNATURE, {"county": "130722", name: "x"})


VALUES = ("", "130722", 0, -1, 2021, True, None, 1.5, b"", "\0")


@given(st.dictionaries(st.sampled_from(sorted(SIGNATURE)), st.sampled_from(VALUES)))
def test_what_is_bound_has_the_declared_types(passed: dict) -> None:
    try:
        values = bind(SIGNATURE, passed)
    except UsageError:
        return
    assert list(values) == list(SIGNATURE)
    assert all(type(values[name]) is SIGNATURE[name].kind for name in values)


@pytest.mark.parametrize(
    "name", ["http://127.0.0.1:9/x.ipynb", "s3://b/x.ipynb", "none.ipynb", "x"]
)
def test_only_files_of_this_machine_are_notebooks(name: str, monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    with pytest.raises(UsageError):
        open_notebook(Path(name))


@pytest.mark.parametrize("content", ["", "{}", "[]", "{", '{"cells": 1, "nbformat": 4}'])
def test_a_file_that_is_no_notebook(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"x\.ipynb"):
        open_notebook(path)
