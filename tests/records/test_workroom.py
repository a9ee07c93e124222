"""The private room of a run: for its owner alone, and gone with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import BusyError, StoreError
from analysis.records import files, workroom

ROWS = pd.DataFrame({"event": [0.0, 1.0], "school": ["a", "b"], "count": [3, 1]})


def rooms(store: Path) -> list[Path]:
    return sorted((store / "results").glob(".room-*"))


def test_what_is_put_down_is_taken_up_again(tmp_path: Path) -> None:
    with workroom.open_workroom(tmp_path) as room:
        workroom.put_part(room, "1307", "130706", ROWS)
        workroom.put_part(room, "1308", "130804", ROWS[:1])
        assert workroom.list_parts(room) == {"130706": "1307", "130804": "1308"}
        again = workroom.take_part(room, "1307", "130706")
        pd.testing.assert_frame_equal(again, ROWS, check_dtype=False)
        assert rooms(tmp_path) == [room]
        for path in (room, *room.iterdir()):
            assert path.stat().st_mode & 0o077 == 0
    assert not rooms(tmp_path)


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), SystemExit(1)])
def test_the_room_goes_however_the_run_ends(tmp_path: Path, error: BaseException) -> None:
    def run() -> None:
        with workroom.open_workroom(tmp_path) as room:
            workroom.put_part(room, "1307", "130706", ROWS)
            raise error

    with pytest.raises(type(error)):
        run()
    assert not rooms(tmp_path)


def test_two_runs_leave_each_other_s_rooms_alone(tmp_path: Path) -> None:
    with workroom.open_workroom(tmp_path) as one:
        workroom.put_part(one, "1307", "130706", ROWS)
        with workroom.open_workroom(tmp_path) as two:
            assert one != two
            assert not workroom.list_parts(two)
        assert len(workroom.take_part(one, "1307", "130706")) == 2


def test_what_a_killed_run_left_is_taken_away_by_the_next(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom analysis.records import workroom\n"
        "from tests.records.test_workroom import ROWS\n"
        "with workroom.open_workroom(sys.argv[1]) as room:\n"
        "    workroom.put_part(room, '1307', '130706', ROWS)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False,
                          env={**os.environ, "PYTHONPATH": str(root)})  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    (left,) = rooms(tmp_path)
    assert workroom.list_parts(left)
    with workroom.open_workroom(tmp_path) as room:
        assert rooms(tmp_path) == [room]


def test_nothing_is_put_where_others_may_look(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir(mode=0o755)
    with pytest.raises(StoreError, match="chmod"), workroom.open_workroom(tmp_path):
        pytest.fail("it was opened")
    results.chmod(0o700)
    with workroom.open_workroom(tmp_path) as room:
        workroom.put_part(room, "1307", "130706", ROWS)
        room.chmod(0o750)
        with pytest.raises(StoreError):
            workroom.put_part(room, "1307", "130709", ROWS)
        with pytest.raises(StoreError):
            workroom.take_part(room, "1307", "130706")
    assert not rooms(tmp_path)


def test_a_part_that_is_gone_is_named(tmp_path: Path) -> None:
    with (
        workroom.open_workroom(tmp_path) as room,
        pytest.raises(StoreError, match="130706 is gone"),
    ):
        workroom.take_part(room, "1307", "130706")


def test_while_results_are_stored_no_room_is_made(tmp_path: Path) -> None:
    results = files.private(tmp_path / "results")
    with files.hold(results), pytest.raises(BusyError), workroom.open_workroom(tmp_path):
        pytest.fail("it was opened")
