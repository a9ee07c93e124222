"""Promises of the whole package: importing it changes nothing of the process that imports it.

But one thing: linear algebra gets one thread, where nobody has said how many.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOK = """
import json, locale, logging, os, random, signal, sys, threading, warnings
import matplotlib, numpy, pandas, matplotlib.font_manager
matplotlib.rcParams["font.family"]  # what a lazy default would fill in is filled in before

def look():
    root = logging.getLogger()
    return {
        "handlers": [repr(type(each)) for each in root.handlers],
        "level": root.level,
        "loggers": {
            name: (each.level, len(each.handlers), each.propagate, each.disabled)
            for name, each in sorted(logging.root.manager.loggerDict.items())
            if isinstance(each, logging.Logger) and name in before_loggers
        },
        "filters": [str(each) for each in warnings.filters],
        "rc": {key: str(value) for key, value in matplotlib.rcParams.items()},
        "fonts": len(matplotlib.font_manager.fontManager.ttflist),
        "options": pandas.describe_option(_print_desc=False),
        "errors": str(numpy.geterr()),
        "random": [str(numpy.random.get_state()), str(random.getstate())],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": str([signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]),
        "threads": threading.active_count(),
        "hooks": [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__],
        "path": list(sys.path),
    }
"""

IMPORT = """
import importlib, pkgutil
{warm}
before_loggers = set(logging.root.manager.loggerDict)
before = look()
import analysis
for module in pkgutil.walk_packages(analysis.__path__, "analysis."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
after = look()
print(json.dumps([[key, before[key], after[key]] for key in before if before[key] != after[key]]))
"""

# Libraries that register loggers, filters or options of their own on import, as theirs may.
WARM = """
import nbclient, nbconvert, nbformat, pandera.pandas, papermill, pyarrow, scipy.stats
import statsmodels.regression.linear_model, IPython, bleach, typst, tqdm, xlsxwriter
import IPython.display, ipykernel.kernelapp, ipykernel.ipkernel, jupyter_client
import jupyter_client.provisioning, nbconvert.exporters, tqdm.auto
"""


THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def run(code: str, **threads: str) -> str:
    """Run code in a process of its own, whatever this one has imported by now."""
    rest = {name: value for name, value in os.environ.items() if name not in THREADS}
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120,
        env={**rest, **threads},
    ).stdout  # fmt: skip


def test_importing_changes_nothing() -> None:
    said = dict.fromkeys(THREADS, "2")
    changed = json.loads(run(LOOK + IMPORT.format(warm=WARM), **said))
    assert changed == []


def test_importing_gives_linear_algebra_one_thread_where_nobody_said_how_many() -> None:
    code = "import json, os; before = dict(os.environ); import analysis\n"
    before, after = json.loads(run(code + "print(json.dumps([before, dict(os.environ)]))"))
    assert after == {**before, **dict.fromkeys(THREADS, "1")}


def test_importing_writes_nothing(tmp_path: Path) -> None:
    code = "import analysis, analysis.cli, analysis.press.batch, analysis.display"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, timeout=120)
    assert list(tmp_path.iterdir()) == []


def test_importing_says_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:analysis", "-c", "import analysis.cli"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize("module", ["analysis", "analysis.methods.dispersion", "analysis.cli"])
def test_what_is_not_needed_is_not_imported(module: str) -> None:
    """The prompt and the command answer at once; methods know arrays alone."""
    heavy = "{'matplotlib', 'papermill', 'nbconvert', 'statsmodels', 'typst'}"
    loaded = run(f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))")
    assert loaded.strip() == "[]"
