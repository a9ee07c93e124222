"""Being ready changes nothing that is drawn, and nothing of the process that a fork could trip on."""

from __future__ import annotations

import subprocess
import sys
import threading

import matplotlib
import pytest

from analysis.display.readiness import prepare

DRAWN = """
import os, sys
from analysis.display import theme
from analysis.display.charts.canvas import Canvas
if "ready" in sys.argv:
    from analysis.display.readiness import prepare
    prepare()
if "fork" in sys.argv and os.fork():
    os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
with theme.drawing():
    canvas = Canvas(3.0, "x")
    canvas.text(1.0, 1.0, "张北县 4.2 met")
    canvas.dots([2.0], [2.0], "not_met")
    sys.stdout.write(canvas.svg())
sys.stdout.flush()
os._exit(0)
"""


def draw(*how: str) -> bytes:
    return subprocess.run(
        [sys.executable, "-c", DRAWN, *how], check=True, capture_output=True, timeout=120
    ).stdout


def test_a_drawing_is_the_same_whether_its_process_was_ready_or_not() -> None:
    cold = draw()

    assert b"<svg" in cold
    assert draw("ready") == cold


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_child_of_a_ready_process_draws_the_same() -> None:
    assert draw("ready", "fork") == draw()


def test_no_thread_is_started_and_no_setting_changed() -> None:
    threads, settings = threading.active_count(), dict(matplotlib.rcParams)

    prepare()

    assert threading.active_count() == threads
    assert dict(matplotlib.rcParams) == settings
