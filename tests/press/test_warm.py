"""The parent, its children and who asks for them: real processes, real sockets, real signals."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_client.provisioning import KernelProvisionerFactory
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import PapermillExecutionError

from analysis.press import closure
from analysis.press.warm import address, client, line, preload

QUIET = {"progress_bar": False, "request_save_on_cell_execute": False, "record_timing": False}


SHARED = {
    "test_both_engines_write_the_same_notebook",
    "test_the_canaries_would_notice",
    "test_a_kernel_that_dies_is_no_success",
}
"""Tests that are content with any parent: they share theirs."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    with folder_of_sockets() as folder:
        yield folder


@pytest.fixture(autouse=True)
def _parents(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep a test's parents to itself, and see that none outlives it."""
    monkeypatch.setattr(address, "_HOPELESS", set())
    if request.node.originalname in SHARED:
        monkeypatch.setenv("JUNHENG_WARM", str(request.getfixturevalue("shared")))
        yield
        return
    with folder_of_sockets() as folder:
        monkeypatch.setenv("JUNHENG_WARM", str(folder))
        yield


@contextmanager
def folder_of_sockets() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jh-", dir="/tmp"))  # a socket's name has to be short
    yield folder
    for path in folder.rglob("*.sock"):
        with suppress(client.RefusedError):
            pid = json.loads(client.question(path, "about"))["pid"]
            client.question(path, "end")
            until(lambda pid=pid: not alive(pid))
    shutil.rmtree(folder)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def notebook(folder: Path, *cells: str) -> Path:
    nb = new_notebook(cells=[new_code_cell(cell, id=f"c{n}") for n, cell in enumerate(cells)])
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    path = folder / f"{len(list(folder.iterdir()))}.ipynb"
    nbformat.write(nb, path)
    return path


def run(path: Path, engine: str = "warm", **how: object) -> NotebookNode:
    return papermill.execute_notebook(path, None, engine_name=engine, **{**QUIET, **how})


def said(nb: NotebookNode) -> list[str]:
    return [o.text.strip() for cell in nb.cells for o in cell.outputs if o.output_type == "stream"]


def the_parent() -> int:
    (path,) = address.list_sockets()
    return int(json.loads(client.question(path, "about"))["pid"])


ALIKE = {
    "streams": "import sys\nprint('a'); print('b', file=sys.stderr); print('c', flush=True)",
    "result": "x = 1\nx + 1",
    "quiet": "1;",
    "rich": "from IPython.display import display, HTML, SVG\ndisplay(HTML('<b>x</b>'), metadata={'a': 1})",
    "update": "h = display('one', display_id='d')\nh.update('two')",
    "clear": "from IPython.display import clear_output\nprint(1); clear_output(); print(2)",
    "wait": "from IPython.display import clear_output\nprint(1); clear_output(wait=True); print(2)",
    "await": "import asyncio\nawait asyncio.sleep(0.01)\n'slept'",
    "thread": "import threading\nt = threading.Thread(target=lambda: print('in a thread'))\nt.start(); t.join()",
    "system": "import os\nos.system('echo below')",
    "descriptor": "import os, time\nos.write(1, b'raw\\n'); time.sleep(0.2)",
    "fork": "import os\npid = os.fork()\nif pid == 0:\n    print('child', flush=True); os._exit(0)\nos.waitpid(pid, 0)[1]",
    "magic": "%precision 2\n3.14159",
    "input": "try:\n    input()\nexcept Exception as e:\n    print(type(e).__name__)",
    "names": "__name__, '__file__' in globals(), In[0], len(Out)",
    "warning": "import warnings\nwarnings.warn('careful')",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "frame": "import pandas as pd\npd.DataFrame({'a': [1]})",
    "binary": "display({'application/x-y': 'z', 'text/plain': ''}, raw=True)",
    "large": "print('x' * 3_000_000)",
    "many": "for n in range(500): display(n)",
    "error": "def f():\n    return 1 / 0\nf()",
    "chained": "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e",
    "syntax": "a b",
    "exit": "import sys\nsys.exit(3)",
    "interrupt": "raise KeyboardInterrupt",
}


def shown(cell: NotebookNode) -> list[dict]:
    """Give a cell's outputs, with what differs from process to process masked."""
    text = json.dumps(cell.get("outputs"), ensure_ascii=False)
    text = re.sub(r"0x[0-9a-f]{8,}", "0x…", text)
    return json.loads(re.sub(r"/tmp/ipykernel_\d+/\d+\.py", "…", text))


def run_to_its_end(path: Path, engine: str) -> tuple[NotebookNode, str]:
    """Run a notebook; give what was written, and what was raised."""
    out, error = path.with_suffix(f".{engine}.ipynb"), ""
    try:
        papermill.execute_notebook(path, out, engine_name=engine, **QUIET)
    except PapermillExecutionError as raised:
        error = re.sub(r"/tmp/ipykernel_\d+/\d+\.py", "…", str(raised))
    return nbformat.read(out, 4), error


@pytest.mark.parametrize("name", ALIKE)
def test_both_engines_write_the_same_notebook(tmp_path: Path, name: str) -> None:
    path = notebook(tmp_path, "before = 1", ALIKE[name], "after = 1\nafter")
    (warm, warmly), (cold, coldly) = (run_to_its_end(path, e) for e in ("warm", "nbclient"))
    assert [shown(c) for c in warm.cells] == [shown(c) for c in cold.cells]
    assert [c.get("execution_count") for c in warm.cells] == [
        c.get("execution_count") for c in cold.cells
    ]
    assert [c.source for c in warm.cells] == [c.source for c in cold.cells]
    assert warm.metadata.get("language_info") == cold.metadata.get("language_info")
    assert warmly == coldly


def test_an_error_is_raised_as_papermill_raises_it(tmp_path: Path) -> None:
    path = notebook(tmp_path, "1", "raise ValueError('x')", "2")
    caught = []
    for engine in ("warm", "nbclient"):
        with pytest.raises(PapermillExecutionError) as error:
            run(path, engine)
        caught.append((str(error.value), error.value.ename, error.value.cell_index))
    assert caught[0] == caught[1]


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(1e9)"])
def test_a_cell_that_hangs_costs_its_time_only(tmp_path: Path, code: str) -> None:
    path = notebook(tmp_path, "import os; print(os.getpid(), flush=True)", code)
    start = time.monotonic()
    with pytest.raises(CellTimeoutError):
        run(path, execution_timeout=2)
    assert time.monotonic() - start < 12
    assert said(run(notebook(tmp_path, "print('next')"))) == ["next"]


@pytest.mark.parametrize(
    "code",
    ["import os; os._exit(0)", "import os; os.abort()", "import os; os.kill(os.getpid(), 9)"],
)
def test_a_kernel_that_dies_is_no_success(tmp_path: Path, code: str) -> None:
    with pytest.raises(DeadKernelError):
        run(notebook(tmp_path, code, "1"))


def test_a_notebook_has_the_memory_and_the_time_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError, match="MemoryError"):
        run(notebook(tmp_path, "x = bytearray(600 * 2**20)"), memory=300)
    assert said(run(notebook(tmp_path, "x = bytearray(2**20); print(1)"), memory=300)) == ["1"]
    with pytest.raises(DeadKernelError):
        run(notebook(tmp_path, "import time; time.sleep(60)"), notebook_timeout=2)


def test_every_notebook_has_a_process_of_its_own(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os; print(os.getpid(), os.getppid())")
    first, second = (said(run(path))[0].split() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] == second[1] == str(the_parent())
    assert not alive(int(first[0]))


POISON = {
    "environment": ("import os; os.environ['LEAK'] = '1'", "import os; print('LEAK' in os.environ)"),
    "folder": ("import os; os.chdir('/')", "import os; print(os.getcwd())"),
    "umask": ("import os; os.umask(0)", "import os; m = os.umask(0); print(m)"),
    "path": ("import sys; sys.path.insert(0, '/leak')", "import sys; print(sys.path)"),
    "modules": ("import sys; sys.modules['json'] = None", "import json; print(json.dumps(1))"),
    "builtins": ("import builtins; builtins.leak = 1", "import builtins; print(hasattr(builtins, 'leak'))"),
    "patched pandas": ("import pandas as pd; pd.DataFrame.sum = lambda s: 7", "import pandas as pd; print(pd.DataFrame({'a': [1]}).sum())"),
    "patched numpy": ("import numpy as np; np.mean = lambda x: 7", "import numpy as np; print(np.mean([1, 2]))"),
    "errors": ("import numpy as np; np.seterr(all='raise')", "import numpy as np; print(np.geterr())"),
    "printing": ("import numpy as np; np.set_printoptions(precision=1)", "import numpy as np; print(np.array([1.2345]))"),
    "options": ("import pandas as pd; pd.set_option('display.max_rows', 1)", "import pandas as pd; print(pd.get_option('display.max_rows'))"),
    "rc": ("import matplotlib as m; m.rcParams['font.size'] = 99", "import matplotlib as m; print(m.rcParams['font.size'])"),
    "figures": ("import matplotlib.pyplot as plt; plt.switch_backend('agg'); plt.figure()", "import matplotlib.pyplot as plt; print(plt.get_fignums())"),
    "context": ("import contextvars; leak = contextvars.ContextVar('leak'); leak.set(1)", "import contextvars; print([v.name for v in contextvars.copy_context() if v.name == 'leak'])"),
    "warnings": ("import warnings; warnings.simplefilter('ignore')", "import warnings; print(len(warnings.filters))"),
    "logging": ("import logging; logging.disable()", "import logging; print(logging.root.manager.disable)"),
    "decimal": ("import decimal; decimal.getcontext().prec = 2", "import decimal; print(decimal.getcontext().prec)"),
    "locale": ("import locale; locale.setlocale(locale.LC_ALL, 'C')", "import locale; print(locale.setlocale(locale.LC_ALL))"),
    "signals": ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", "import signal; print(signal.getsignal(signal.SIGTERM))"),
    "time zone": ("import os, time; os.environ['TZ'] = 'Asia/Shanghai'; time.tzset()", "import time; print(time.tzname)"),
    "recursion": ("import sys; sys.setrecursionlimit(50_000)", "import sys; print(sys.getrecursionlimit())"),
    "collector": ("import gc; gc.disable()", "import gc; print(gc.isenabled())"),
    "limits": ("import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (99, 99))", "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE))"),
    "threads": ("import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "import threading; print(threading.active_count())"),
    "caches": ("from analysis.records.reference import load_reference as r; r().parameters['leak'] = 1", "from analysis.records.reference import load_reference as r; print('leak' in r().parameters)"),
    "shell": ("get_ipython().display_formatter.formatters['text/plain'].for_type(int, lambda *a: a[1].text('leak'))", "print(repr(1)); 1"),
    "count": ("1\n", "print(get_ipython().execution_count)"),
    "names": ("leak = 1", "print('leak' in globals())"),
}  # fmt: skip


def test_nothing_of_one_notebook_reaches_the_next(tmp_path: Path) -> None:
    """Poisons and then canaries from one parent; canaries alone, of another, say the same."""
    canaries = notebook(tmp_path, *(look for _, look in POISON.values()))
    clean = run(canaries)
    for spoil, _ in POISON.values():
        run(notebook(tmp_path, spoil))
    poisoned = run(canaries)
    assert [shown(c) for c in poisoned.cells] == [shown(c) for c in clean.cells]


@pytest.mark.parametrize("name", sorted({*POISON} - {"modules"}))
def test_the_canaries_would_notice(tmp_path: Path, name: str) -> None:
    """In one process, without a fork between, each poison is seen."""
    spoil, look = POISON[name]
    alone = run(notebook(tmp_path, look)).cells[-1]
    after = run(notebook(tmp_path, spoil, look)).cells[-1]
    assert shown(after) != shown(alone)


def test_chance_is_not_shared_by_siblings(tmp_path: Path) -> None:
    path = notebook(
        tmp_path, "import random, numpy as np\nprint(random.random(), np.random.random())"
    )
    draws = {number for _ in range(3) for number in said(run(path))[0].split()}
    assert len(draws) == 6
    seeded = notebook(tmp_path, "import numpy as np\nprint(np.random.default_rng(1).random())")
    assert said(run(seeded)) == said(run(seeded))


def test_changed_code_is_not_run_from_memory(tmp_path: Path) -> None:
    """A module beside the notebook is never imported early; changed libraries end the parent."""
    (tmp_path / "mine.py").write_text("value = 1")
    path = notebook(tmp_path, "import mine; print(mine.value)")
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        assert said(run(path)) == ["1"]
        (tmp_path / "mine.py").write_text("value = 22")
        assert said(run(path)) == ["22"]
    finally:
        os.chdir(before)


def test_a_file_that_changed_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preload, "_LOOK_SECONDS", 0)
    (tmp_path / "a.toml").write_text("x = 1")
    watch = preload.Watch([tmp_path])
    assert not watch.changed()
    (tmp_path / "a.toml").write_text("x = 22")
    assert watch.changed()
    watch = preload.Watch([tmp_path])
    (tmp_path / "b.toml").write_text("")
    assert watch.changed()


def test_a_parent_that_is_not_current_lets_its_children_end(tmp_path: Path) -> None:
    path, folder = tmp_path / "p.sock", tmp_path / "watched"
    folder.mkdir()
    wants = address.Wants((), watch=(str(folder),))
    with address.hold(path, wants, os.environ):
        kernel = client.ask(path)
        pid = json.loads(client.question(path, "about"))["pid"]
        (folder / "new.toml").write_text("")
        time.sleep(0.6)
        with pytest.raises(client.RefusedError, match="changed"):
            client.ask(path)
        time.sleep(1.5)
        assert alive(kernel.pid)
        kernel.end()
        until(lambda: not alive(pid))


def test_a_parent_with_a_thread_gives_no_kernel(tmp_path: Path) -> None:
    """Then, as wherever there is none, the notebook is run by an interpreter of its own."""
    wants = address.Wants(("json",), prepare=("test_warm_threads:start",))
    (tmp_path / "test_warm_threads.py").write_text(
        "import threading, time\ndef start():\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with pytest.raises(client.RefusedError):
        address.get_kernel(wants, environment=environment)


def test_only_its_user_reaches_a_parent(tmp_path: Path) -> None:
    run(notebook(tmp_path, "1"))
    (path,) = address.list_sockets()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.chmod(0o755)
    with pytest.raises(client.RefusedError, match="not ours"):
        address.find(address.Wants(()), os.environ)
    path.parent.chmod(0o700)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_somebody_else_is_shown_out(tmp_path: Path) -> None:
    """Even one whom the folder's mode lets in: the system is asked who it is."""
    run(notebook(tmp_path, "1"))
    (path,) = address.list_sockets()
    path.parent.parent.chmod(0o755)
    path.parent.chmod(0o755)
    path.chmod(0o666)
    code = (
        "import os, socket, sys\nos.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "try: print(len(s.recv(1)))\nexcept OSError: print(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=20
    )
    path.parent.chmod(0o700)
    assert done.stdout.strip() == "0", done.stderr


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 64, b"\0" * 64, line.pack([b"{}"]),
                line.pack([b'{"kind": "run", "environment": 1}']), b"\0\0", b""],
)  # fmt: skip
def test_garbage_harms_nobody(tmp_path: Path, garbage: bytes) -> None:
    run(notebook(tmp_path, "1"))
    pid = the_parent()
    (path,) = address.list_sockets()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(path))
        stranger.sendall(garbage)
        assert said(run(notebook(tmp_path, "print(1)"))) == ["1"]
    assert the_parent() == pid


def test_who_hangs_up_leaves_no_kernel(tmp_path: Path) -> None:
    run(notebook(tmp_path, "1"))
    (path,) = address.list_sockets()
    kernel = client.ask(path)
    assert alive(kernel.pid)
    kernel.line.close()
    until(lambda: not alive(kernel.pid))
    os.close(kernel.handle)


def test_a_parent_ends_with_its_children_and_with_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "p.sock"
    with address.hold(path, address.Wants(()), os.environ) as held:
        assert held == path
        pid = json.loads(client.question(path, "about", 30))["pid"]
        kernel = client.ask(path)
    assert not alive(pid)
    until(lambda: not alive(kernel.pid))
    assert not path.exists()
    kernel.line.close()
    os.close(kernel.handle)


def test_a_parent_that_is_killed_leaves_no_child(tmp_path: Path) -> None:
    run(notebook(tmp_path, "1"))
    (path,) = address.list_sockets()
    kernel, pid = client.ask(path), the_parent()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(kernel.pid))
    assert said(run(notebook(tmp_path, "print('again')"))) == ["again"]
    assert the_parent() != pid
    kernel.line.close()
    os.close(kernel.handle)


def test_many_at_once_start_one_parent(tmp_path: Path) -> None:
    code = (
        "import sys; from analysis.press.warm import address\n"
        "k = address.get_kernel(address.Wants(('json',))); k.end(now=True); print('ok')"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert [p.communicate(timeout=60)[0].strip() for p in started] == ["ok"] * 6
    (path,) = address.list_sockets()
    assert json.loads(client.question(path, "about"))["forks"] == 6


def test_the_command_line_of_papermill(tmp_path: Path) -> None:
    path = notebook(tmp_path, "county = 'x'", "print(county)")
    nb = nbformat.read(path, 4)
    nb.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nb, path)
    out = tmp_path / "out.ipynb"
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-m", "papermill", "--engine", "warm", "--no-progress-bar", str(path),
             str(out), "-r", "county", "010000"], check=True, timeout=60, capture_output=True,
        )  # fmt: skip
    assert said(nbformat.read(out, 4)) == ["010000"]
    (path,) = address.list_sockets()
    assert json.loads(client.question(path, "about"))["forks"] == 2


def test_jupyters_kernel_from_the_same_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary kernel in all but its start: it answers, is interrupted, restarts and ends."""
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm")
    KernelProvisionerFactory.clear_instance()  # it has read the variable before
    run(notebook(tmp_path, "import pandas"))
    parent = the_parent()
    manager, asked = start_new_kernel(kernel_name="python3")
    try:
        heard: list[str] = []

        def hear(message: dict) -> None:
            heard.append(message["content"].get("text", ""))

        code = "import os, sys; print(os.getppid(), 'pandas' in sys.modules)"
        asked.execute_interactive(code, timeout=30, output_hook=hear)
        assert "".join(heard).split() == [str(parent), "True"]
        asked.execute("import time; time.sleep(60)")
        time.sleep(0.5)
        manager.interrupt_kernel()
        assert asked.get_shell_msg(timeout=10)["content"]["ename"] == "KeyboardInterrupt"
        manager.restart_kernel(now=True)
        asked.wait_for_ready(timeout=30)
        kernel = manager.provisioner.pid
    finally:
        asked.stop_channels()
        manager.shutdown_kernel(now=True)
    until(lambda: not alive(kernel))


def test_jupyters_kernel_without_a_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "warm")
    KernelProvisionerFactory.clear_instance()  # it has read the variable before
    manager, asked = start_new_kernel(kernel_name="python3")
    assert asked.execute_interactive("1", timeout=30)["content"]["status"] == "ok"
    asked.stop_channels()
    manager.shutdown_kernel(now=True)


def test_what_a_notebook_imports() -> None:
    cells = [
        "import a.b as c, json",
        "from x import y\n%matplotlib inline\n!ls",
        "def f():\n import z",
    ]
    nb = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    assert closure.read_imports(nb) == {"a.b", "json", "x", "x.y", "z"}


def test_a_message_is_whole_or_not_there() -> None:
    messages = [[b"shell", b""], [b"iopub", b"x" * 70_000, b"y"]]
    stream = b"".join(map(line.pack, messages))
    inbox, came = line.Inbox(), []
    for n in range(0, len(stream), 999):
        inbox.feed(stream[n : n + 999])
        came += list(inbox)
    assert came == messages
    inbox.feed(b"\xff" * 8)
    with pytest.raises(line.BrokenLineError):
        list(inbox)
