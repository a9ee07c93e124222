"""Keys name what a report is made from; the closure of imports misses nothing that a run loads."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from tiny import write_notebook

from analysis.press import closure, keys
from analysis.press.jobs import Chapter, Job, Settings
from analysis.press.signature import open_notebook

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
JOB = Job("130702", 2021, {"zh": "某县", "en": "Some County"}, parameters={"store": "/a"})
SETTINGS = Settings(formats=("html",), audit="analysis.release:audit")


def chapter(path: Path) -> Chapter:
    return Chapter("tiny", path, 10, "county", brief=False)


def changed(path: Path, **settings: object) -> dict[str, tuple[str, ...]]:
    """Say what differs between the plain report and one with these settings."""
    before = keys.share([chapter(path)], SETTINGS)
    return keys.explain(before, keys.share([chapter(path)], replace(SETTINGS, **settings)))


def test_outputs_ids_and_run_numbers_of_a_notebook_do_not_count(tmp_path: Path) -> None:
    plain = write_notebook(tmp_path / "a.ipynb", code="1 + 1")
    nb = nbformat.read(plain, as_version=4)
    for place, cell in enumerate(nb.cells):
        cell["id"] = f"other{place}"
        if cell.cell_type == "code":
            cell.execution_count = 7
            cell.outputs = [nbformat.v4.new_output("stream", text="x")]
    nbformat.write(nb, tmp_path / "b.ipynb")
    other = write_notebook(tmp_path / "c.ipynb", code="1 + 2")
    tagged = write_notebook(tmp_path / "d.ipynb", code="1 + 1", tags=("skip-execution",))
    first, same, *different = [
        keys.hash_notebook(path) for path in (plain, tmp_path / "b.ipynb", other, tagged)
    ]
    assert first == same
    assert len({first, *different}) == 3


def test_what_differs_is_named(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb")
    font = tmp_path / "x.ttf"
    font.write_bytes(b"font")
    assert changed(path) == {}
    assert changed(path, edition=2) == {"settings": ("edition",)}
    assert changed(path, fonts=(str(font),)) == {"fonts": ("given 0",)}
    assert changed(path, timeout=1, engine="warm", formats=("pdf",)) == {}


def test_a_path_of_this_machine_does_not_count_and_an_audience_does(tmp_path: Path) -> None:
    shared = keys.share([chapter(write_notebook(tmp_path / "a.ipynb"))], SETTINGS)
    first = keys.gather(JOB, shared, {"130702": "1"})
    moved = replace(JOB, parameters={"store": "/b"}, languages=("zh", "en"))
    assert keys.sign(first) == keys.sign(keys.gather(moved, shared, {"130702": "1"}))
    internal = keys.gather(replace(JOB, audience="internal"), shared, {"130702": "2"})
    assert keys.explain(first, internal) == {"data": ("130702",), "parameters": ("audience",)}


def test_a_notebook_written_anew_in_the_same_process_is_seen(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", code="1")
    before = keys.share([chapter(path)], SETTINGS)
    write_notebook(path, code="2")
    assert keys.explain(before, keys.share([chapter(path)], SETTINGS)) == {
        "notebooks": ("a.ipynb",)
    }


def test_parts_that_come_and_go() -> None:
    old = {"data": {"a": "1", "b": "1"}, "gone": {"x": "1"}}
    new = {"data": {"a": "1", "c": "1"}, "code": {"m": "1"}}
    assert keys.explain(old, new) == {"code": ("m",), "data": ("b", "c"), "gone": ("x",)}
    assert keys.explain(old, old) == {}


def test_imports_of_every_shape() -> None:
    source = """
import analysis.wire as w
from . import diff
from ..i18n import say
def late():
    if True:
        from analysis.press.jobs import Job
"""
    assert closure.follow(closure.names_imported(source, "analysis.press.site")) >= {
        "analysis", "analysis.wire", "analysis.press", "analysis.press.diff", "analysis.i18n",
        "analysis.press.jobs", "analysis.errors",
    }  # fmt: skip
    inside = closure.names_imported("from . import x", "analysis.press", package=True)
    assert inside == {"analysis.press", "analysis.press.x"}


def test_a_question_does_not_hang_on_another() -> None:
    """What only one chapter uses makes no other stale."""
    of_balance = closure.follow(["analysis.questions.balance"])
    assert "analysis.questions.dropout" not in of_balance
    assert not [m for m in closure.follow(["analysis.wire"]) if m.startswith("analysis.questions")]


def test_a_magic_hides_no_import(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", code="%precision 3\nfrom analysis import finding")
    assert "analysis.finding" in closure.read_imports(open_notebook(path))


LOADED = """
import sys
exec(sys.argv[1])
print(*(name for name in sys.modules if name.split(".")[0] == "analysis"))
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_loads_lies_in_the_closure(path: Path) -> None:
    """Its own imports, made in a process of their own."""
    nb = nbformat.read(path, as_version=4)
    lines = [
        line
        for cell in nb.cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if line.startswith(("from ", "import "))
    ]
    told = subprocess.run(
        [sys.executable, "-c", LOADED, "\n".join(lines)], capture_output=True, text=True, check=True
    ).stdout
    loaded = {name for name in told.split() if closure.find_module(name)}
    assert len(loaded) > 20
    assert loaded <= closure.follow(closure.read_imports(open_notebook(path)))
