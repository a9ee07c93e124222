"""A run counts only when it is proven; every way of failing that looks like success is refused."""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import papermill.engines
import psutil
import pytest
from tiny import write_notebook

from analysis.errors import RunError, UsageError
from analysis.press import kernel
from analysis.press.document import read_chapter
from analysis.press.execute import NotebookError, execute
from analysis.press.warm import address, client

CANARY = "130723200901011234"
COUNTY = {"county": "010000"}


PARENT: dict[str, Path] = {}


@pytest.fixture(params=["nbclient", "warm"], autouse=True)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Every way of running is held to the same; a parent lives as long as the tests that share it."""
    PARENT.clear()
    if request.param == "warm":
        PARENT["parent"] = request.getfixturevalue("parent")
    yield request.param
    if request.param == "warm":
        assert json.loads(client.question(PARENT["parent"], "about", 60))["open"] == 0


@pytest.fixture(scope="module")
def parent() -> Iterator[Path]:
    with kernel.make_room() as room:
        environment = kernel.isolate(room, os.environ)
        with address.hold(kernel.find_parent(room), address.Wants(()), environment) as path:
            assert path is not None
            client.question(path, "about", address.START_SECONDS)  # it is there
            yield path


def run(folder: Path, timeout: int = 60, **how: object) -> Path:
    notebook = write_notebook(folder / "notebooks" / "tiny.ipynb", **how)
    engine = "warm" if PARENT else "nbclient"
    output = folder / "out.ipynb"
    return execute(
        notebook, output, COUNTY, engine=engine, timeout=timeout, within=folder, **PARENT
    )


def test_a_run_to_the_sentinel(tmp_path: Path) -> None:
    """Codes stay text, and nothing of the run is left in what it wrote or beside it."""
    before = set(tmp_path.parent.iterdir())
    output = run(tmp_path)
    chapter = read_chapter(output)
    assert chapter.sentinel["county"] == "010000"
    assert output.stat().st_mode & 0o777 == 0o600
    text = output.read_text(encoding="utf-8")
    assert '"papermill"' not in text
    assert "start_time" not in text
    again = run(tmp_path)
    assert again.read_text(encoding="utf-8") == text
    assert {path.name for path in tmp_path.iterdir()} <= {"notebooks", "out.ipynb", "matplotlib"}
    assert set(tmp_path.parent.iterdir()) == before


FAILS = {
    "exit": ("import os; os._exit(0)", "DeadKernelError"),
    "kill": ("import os; os.kill(os.getpid(), 9)", "DeadKernelError"),
    "quit": ("import sys; sys.exit(0)", "SystemExit"),
    "raise": (f"raise ValueError({CANARY!r})", "ValueError"),
    "assert": (f"assert False, {CANARY!r}", "AssertionError"),
    "named": (f"raise type('孩子{CANARY}', (Exception,), {{}})()", "Exception"),
    "syntax": (f"{CANARY} x", "SyntaxError"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
}


@pytest.mark.parametrize(("code", "kind"), FAILS.values(), ids=FAILS)
def test_a_run_that_fails(tmp_path: Path, code: str, kind: str) -> None:
    with pytest.raises(NotebookError) as caught:
        run(tmp_path, code=code)
    assert (caught.value.kind, caught.value.cell) == (kind, 4)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert not (tmp_path / "out.ipynb").exists()


def test_an_error_that_a_tag_allows(tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        run(tmp_path, code="1 / 0", tags=("raises-exception",))
    assert (caught.value.kind, caught.value.cell) == ("ZeroDivisionError", 4)


def test_a_cell_that_a_tag_skips(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not executed"):
        run(tmp_path, code="1", tags=("skip-execution",))


def test_our_own_errors_keep_their_message(tmp_path: Path) -> None:
    code = (
        "from analysis.errors import RenderError\nraise RenderError('缺字 U+20BB7', 'no U+20BB7')"
    )
    with pytest.raises(NotebookError) as caught:
        run(tmp_path, code=code)
    assert caught.value.zh.endswith("RenderError：缺字 U+20BB7")
    assert caught.value.en == "cell 4: RenderError: no U+20BB7"


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(1e9)"])
def test_a_run_that_hangs(tmp_path: Path, code: str) -> None:
    start = time.monotonic()
    with pytest.raises(NotebookError) as caught:
        run(tmp_path, code=code, timeout=6)
    assert (caught.value.kind, caught.value.cell) == ("CellTimeoutError", 4)
    assert time.monotonic() - start < 11
    assert not living_in(tmp_path)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("sentinel['county'] = '130722'", "county"),
        ("sentinel['year'] = 2020", "year"),
        ("sentinel['language'] = 'en'; block['language'] = 'en'", None),
        ("sentinel['blocks'] = []", None),
        ("sentinel['chapter'] = 'other'", None),
        ("sentinel = {}", None),
        ("display(bundle, raw=True)", None),
        ("print('a line of a table')", None),
    ],
)
def test_a_sentinel_that_proves_something_else(
    tmp_path: Path, change: str, wrong: str | None
) -> None:
    with pytest.raises(RunError, match=wrong):
        run(tmp_path, last=change)
    assert not (tmp_path / "out.ipynb").exists()


def test_a_notebook_that_is_empty(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "tiny.ipynb")
    nb = nbformat.read(path, as_version=4)
    nb.cells = nb.cells[:1]
    nbformat.write(nb, path)
    with pytest.raises(RunError, match="sentinel"):
        execute(path, tmp_path / "out.ipynb", COUNTY, within=tmp_path)


@pytest.mark.parametrize(
    "parameters",
    [{"countty": "130722"}, {}, {"county": 130722}, {"county": "130722", "year": "2021"}],
)
def test_a_call_that_does_not_fit_runs_nothing(
    tmp_path: Path, parameters: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papermill, "execute_notebook", lambda *a, **k: pytest.fail("it ran"))
    notebook = write_notebook(tmp_path / "tiny.ipynb")
    with pytest.raises(UsageError):
        execute(notebook, tmp_path / "out.ipynb", parameters)


def test_hostile_text_arrives_as_it_is(tmp_path: Path) -> None:
    """What a text says is never code, and never ends the text."""
    hostile = 'x"; PWN=1 #\n\'\'\'"""\\" {year} {{7*7}} \u2028 $(touch pwn) 鄠邑🏫'
    code = f"assert store == {hostile!r} and 'PWN' not in globals()"
    notebook = write_notebook(tmp_path / "tiny.ipynb", code=code)
    output = tmp_path / "o{year}ut.ipynb"
    assert execute(notebook, output, {**COUNTY, "store": hostile}, within=tmp_path) == output


def test_the_kernel_is_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No user setting, no start-up file, no history and no port to race for."""
    startup = tmp_path / "startup.py"
    startup.write_text("leak = 1")
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "mine"))
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    code = f"""
import json, os, sys
from pathlib import Path
from IPython import get_ipython
from ipykernel import get_connection_file
assert "leak" not in globals()
assert sys.executable == {sys.executable!r}
assert os.environ["PYTHONHASHSEED"] == "0" and os.environ["TZ"] == "UTC"
assert os.environ["OPENBLAS_NUM_THREADS"] == "1" and os.environ["MPLBACKEND"] == "agg"
assert os.listdir() == []
assert get_ipython().history_manager.hist_file == ":memory:"
assert os.environ["IPYTHONDIR"].startswith({str(tmp_path)!r})
"""
    if not PARENT:
        code += "assert json.loads(Path(get_connection_file()).read_text())['transport'] == 'ipc'"
    run(tmp_path, code=code)
    assert not (tmp_path / "mine").exists()


def test_the_engine_can_be_exchanged(tmp_path: Path) -> None:
    """Another papermill engine is used by name, and is believed as little."""

    class Lazy(papermill.engines.Engine):
        @classmethod
        def execute_managed_notebook(cls, nb_man, kernel_name, **kwargs: object) -> None:
            pass

    papermill.engines.papermill_engines.register("lazy", Lazy)
    notebook = write_notebook(tmp_path / "tiny.ipynb")
    with pytest.raises(RunError, match="not executed"):
        execute(notebook, tmp_path / "out.ipynb", COUNTY, engine="lazy")


def test_a_notebook_without_a_chapter(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "tiny.ipynb", chapter="")
    with pytest.raises(UsageError, match="chapter"):
        execute(notebook, tmp_path / "out.ipynb", COUNTY)


def test_errors_survive_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(NotebookError("错", "wrong", "ValueError", 3)))  # noqa: S301
    assert (error.zh, error.en, error.kind, error.cell) == ("错", "wrong", "ValueError", 3)


def test_rooms_are_short_private_and_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with kernel.make_room() as room:
        assert room.stat().st_mode & 0o777 == 0o700
        assert len(str(room / "w100" / "junheng-12345678" / "k-ipc-5")) < 104
    assert not room.exists()


def living_in(room: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter() if kernel._lives_in(p, room)]
