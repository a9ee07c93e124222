"""Many reports: real workers, real kernels, real signals and locks."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import matplotlib
import psutil
import pytest
from tiny import write_notebook

from analysis import wire
from analysis.errors import BusyError, UsageError
from analysis.press import batch, ledger, manifest, site, staging
from analysis.press.jobs import Failure, Job, Order, Settings, Summary, find_chapters
from analysis.press.progress import Meter

HERE = Path(__file__).parent
CODES = ("130702", "130703", "130705")
MARK, ROOM = "JUNHENG_TEST", "JUPYTER_RUNTIME_DIR"
CANARY = "130723200901011234"
HTML = Settings(formats=("html",), audit="tiny:agree", timeout=60)

COLD = replace(HTML, engine="nbclient")

Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let workers find the audits of `tiny`, and be told from those of other tests."""
    monkeypatch.setenv(MARK, str(tmp_path))
    inherited = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (inherited, str(HERE)))))


@pytest.fixture(autouse=True)
def _nothing_left(tmp_path: Path, _environment: None) -> Iterator[None]:
    """After every run: no process of ours, no folder half made."""
    before = set(psutil.Process().children(recursive=True))
    yield
    assert not set(psutil.Process().children(recursive=True)) - before
    assert not workers()
    assert not [*tmp_path.rglob(".*.new"), *tmp_path.rglob(".*.old"), *tmp_path.rglob("*.part")]


def workers() -> list[psutil.Process]:
    """Give every worker and kernel of this test, whoever its parent is now."""
    found = [(process, environment(process)) for process in psutil.process_iter()]
    return [
        process
        for process, about in found
        if about.get(MARK) == os.environ[MARK] and "junheng-" in about.get(ROOM, "")
    ]


def environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except psutil.Error:
        return {}


def notebooks(folder: Path, code: str = "", *, brief: bool = False) -> Path:
    """Write a chapter that does something, and the brief if it is wanted."""
    write_notebook(folder / "tiny.ipynb", code=code)
    if brief:
        write_notebook(folder / "brief.ipynb", chapter="brief", brief=True, order=0)
    return folder


def jobs(*codes: str, **more: object) -> list[Job]:
    return [Job(code, 2021, {"zh": "某县", "en": "Some County"}, **more) for code in codes or CODES]


def files(out: Path) -> Files:
    """Read all that is shared of a folder; the ledger is its owner's alone."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ledger.FOLDER not in path.parts
    }


def of(code: str, found: Files) -> Files:
    return {name: content for name, content in found.items() if f"/{code}/" in name}


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_the_fonts_of_a_run_reach_its_drawings_and_nobody_elses_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(wire.FONTS_VARIABLE, "mine.otf")
    code = (
        "from analysis.display import theme\n"
        "assert [path.name for path in theme.font_paths()][1:] == ['DejaVuSans.ttf']\n"
    )
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    given = replace(HTML, fonts=(str(font),))
    written = notebooks(tmp_path / "notebooks", code)
    with_it = batch.run(jobs("130702"), given, notebooks=written, out=tmp_path / "a")
    without = batch.run(jobs("130702"), HTML, notebooks=written, out=tmp_path / "b")
    assert (with_it.exit_code, without.exit_code) == (0, 4)


def test_one_bad_county_stops_nobody(tmp_path: Path) -> None:
    """The others' bytes are those of a run without it; its own old report stays, and it is named."""
    good, out = notebooks(tmp_path / "good"), tmp_path / "out"
    all_three = batch.run(jobs(), HTML, notebooks=good, out=out, workers=2)
    assert all_three == Summary(done=CODES, failures=())
    assert all_three.exit_code == 0
    before = files(out)

    code = f"if county == '130703': raise ValueError('{CANARY}')\n"
    bad = notebooks(tmp_path / "bad", code)
    new = replace(HTML, edition=2)
    summary = batch.run(jobs(), new, notebooks=bad, out=out, workers=2)
    assert (summary.done, summary.exit_code) == (("130702", "130705"), 4)
    (failure,) = summary.failures
    assert (failure.county, failure.kind, failure.chapter, failure.cell, failure.language) == (
        "130703", "ValueError", "tiny", 4, "zh",
    )  # fmt: skip
    after = files(out)
    assert of("130703", after) == of("130703", before)
    alone = tmp_path / "alone"
    batch.run(jobs("130702", "130705"), new, notebooks=bad, out=alone)
    for county in ("130702", "130705"):
        assert of(county, after) == of(county, files(alone)) != of(county, before)
    listed = json.loads(after["public/2021/failures.json"])["failures"]
    assert [entry["county"] for entry in listed] == ["130703"]
    assert not any(CANARY.encode() in content for content in after.values())

    mended = batch.run(jobs("130703"), new, notebooks=good, out=out)
    assert mended.exit_code == 0
    assert json.loads(files(out)["public/2021/failures.json"])["failures"] == []


def test_a_report_agrees_with_its_manifest(tmp_path: Path) -> None:
    both = notebooks(tmp_path / "n", brief=True)
    batch.run(jobs("130702"), HTML, notebooks=both, out=tmp_path / "out")
    folder = tmp_path / "out" / "public" / "2021" / "130702"
    about = manifest.read_manifest(folder)
    assert about is not None
    assert about["chapters"] == ["tiny", "brief"]
    assert (about["run"], about["release_date"]) == ("r" * 16, "2021-09-01")
    assert [file["path"] for file in about["files"]] == ["zh/report.html", "zh/results.json"]
    (folder / "zh" / "report.html").write_bytes(b"changed")
    assert manifest.read_manifest(folder) is None


def test_a_language_joins_only_what_says_the_same(tmp_path: Path) -> None:
    """English comes beside Chinese; after the notebooks changed, the old Chinese is dropped."""
    folder, out = notebooks(tmp_path / "n"), tmp_path / "out"
    batch.run(jobs("130702"), HTML, notebooks=folder, out=out)
    batch.run(jobs("130702", languages=("en",)), HTML, notebooks=folder, out=out)
    both = tmp_path / "both"
    batch.run(jobs("130702", languages=("zh", "en")), HTML, notebooks=folder, out=both)
    assert files(out) == files(both)
    notebooks(folder, "changed = True")
    batch.run(jobs("130702", languages=("en",)), HTML, notebooks=folder, out=out)
    assert not [name for name in files(out) if "/zh/" in name]


def test_chapters_pass_results_on_in_private(tmp_path: Path) -> None:
    write = """
import os, stat
from pathlib import Path
assert stat.S_IMODE(os.stat(chapters).st_mode) == 0o700
Path(chapters, "note").write_text(county + language);
"""
    read = (
        "from pathlib import Path\nassert Path(chapters, 'note').read_text() == county + language"
    )
    write_notebook(tmp_path / "n" / "a.ipynb", chapter="a", order=90, code=write)
    write_notebook(tmp_path / "n" / "b.ipynb", chapter="b", order=0, brief=True, code=read)
    asked = jobs("130702", "130703", languages=("zh", "en"))
    summary = batch.run(asked, HTML, notebooks=tmp_path / "n", out=tmp_path / "out")
    assert summary.failures == ()


@pytest.mark.parametrize(
    ("audit", "done", "kind", "status"),
    [
        ("tiny:withhold", (), "WithheldError", 5),
        ("tiny:crash", (), "RuntimeError", 4),
        ("tiny:none", (), "AttributeError", 4),
        ("nowhere:none", (), "ModuleNotFoundError", 4),
    ],
)
def test_what_the_audit_does_not_agree_to_is_not_there(
    tmp_path: Path, audit: str, done: tuple[str, ...], kind: str, status: int
) -> None:
    settings, out = replace(HTML, audit=audit), tmp_path / "out"
    summary = batch.run(jobs("130703"), settings, notebooks=notebooks(tmp_path / "n"), out=out)
    assert (summary.done, summary.exit_code) == (done, status)
    assert [failure.kind for failure in summary.failures] == [kind]
    assert list(files(out)) == ["public/2021/failures.json"]
    noted = files(out)["public/2021/failures.json"]
    assert CANARY.encode() not in noted
    assert "含个人信息".encode() not in noted  # why it was withheld is for the run alone to say


def test_nobody_else_reads_what_is_not_audited(tmp_path: Path) -> None:
    target = staging.place(tmp_path, "public", 2021, "130722")
    stage = staging.make_stage(target, private=False)
    assert stage.stat().st_mode & 0o777 == 0o700
    staging.publish(stage, target)
    assert target.stat().st_mode == target.parent.stat().st_mode


def test_a_worker_that_dies_costs_one_job(tmp_path: Path) -> None:
    """Killed as the memory killer would, while its kernel runs."""
    code = "import os, signal, time\nif county == '130703':\n    os.kill(os.getppid(), 9); time.sleep(60)"
    summary = batch.run(
        jobs(), COLD, notebooks=notebooks(tmp_path / "n", code), out=tmp_path / "out"
    )
    assert summary.done == ("130702", "130705")
    assert [(f.county, f.kind, f.chapter) for f in summary.failures] == [
        ("130703", "WorkerDied", "tiny")
    ]


def test_a_parent_that_dies_costs_one_job(tmp_path: Path) -> None:
    """Whoever comes after it is run by an interpreter of its own."""
    code = "import os, time\nif county == '130703':\n    os.kill(os.getppid(), 9); time.sleep(60)"
    summary = batch.run(
        jobs(), HTML, notebooks=notebooks(tmp_path / "n", code), out=tmp_path / "out"
    )
    assert summary.done == ("130702", "130705")
    assert [(f.county, f.kind, f.cell) for f in summary.failures] == [
        ("130703", "DeadKernelError", 4)
    ]


def test_a_county_that_hangs_costs_its_time_only(tmp_path: Path) -> None:
    code = "while county == '130703': pass"
    settings = replace(HTML, timeout=8)
    start = time.monotonic()
    summary = batch.run(
        jobs(), settings, notebooks=notebooks(tmp_path / "n", code), out=tmp_path / "out", workers=2
    )
    assert summary.done == ("130702", "130705")
    assert [failure.kind for failure in summary.failures] == ["CellTimeoutError"]
    assert time.monotonic() - start < 40


def test_a_worker_that_says_nothing_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "GRACE", 1)
    code = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)"
    summary = batch.run(
        jobs("130702"),
        replace(COLD, timeout=5),
        notebooks=notebooks(tmp_path / "n", code),
        out=tmp_path / "out",
    )
    assert [failure.kind for failure in summary.failures] == ["TimeoutError"]


def test_fail_fast_begins_nothing_more(tmp_path: Path) -> None:
    summary = batch.run(
        jobs(), HTML, notebooks=notebooks(tmp_path / "n", "1 / 0"), out=tmp_path / "out",
        fail_fast=True,
    )  # fmt: skip
    assert [failure.county for failure in summary.failures] == ["130702"]
    assert summary.left == ("130703", "130705")


def test_a_disk_that_is_full_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = notebooks(tmp_path / "n"), tmp_path / "out"
    batch.run(jobs("130702"), HTML, notebooks=folder, out=out)
    before = files(out)

    def full(self: Path, target: Path) -> Path:
        if self.name.endswith(".new"):
            raise OSError(28, "No space left on device", CANARY)
        return real(self, target)

    real = Path.rename
    monkeypatch.setattr(Path, "rename", full)
    summary = batch.run(jobs("130702"), replace(HTML, edition=2), notebooks=folder, out=out)
    (failure,) = summary.failures
    assert failure.en == "cannot write: No space left on device"
    assert of("130702", files(out)) == before


def test_the_second_run_on_a_folder_is_told(tmp_path: Path) -> None:
    folder, out = notebooks(tmp_path / "n"), tmp_path / "out"
    with staging.hold(out), pytest.raises(BusyError, match=str(out)) as caught:
        batch.run(jobs("130702"), HTML, notebooks=folder, out=out)
    assert caught.value.exit_code == 75
    assert batch.run(jobs("130702"), HTML, notebooks=folder, out=out).exit_code == 0


def test_nothing_private_goes_where_public_reports_are(tmp_path: Path) -> None:
    folder = notebooks(tmp_path / "n")
    for audience in ("internal", "superior"):
        with pytest.raises(UsageError, match="reports"):
            batch.run(
                jobs("130702", audience=audience), HTML, notebooks=folder,
                out=tmp_path / "reports" / "x",
            )  # fmt: skip
    desk = tmp_path / "desk"
    batch.run(jobs("130702", audience="internal"), HTML, notebooks=folder, out=desk)
    made = [path for path in (desk / "internal").rglob("*") if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in (desk, desk / "internal", *made[:2])} == {0o700}


@pytest.mark.parametrize("audience", ["internal", "superior"])
def test_nothing_private_goes_into_a_public_tree_of_any_name(tmp_path: Path, audience: str) -> None:
    shared, built = tmp_path / "shared", tmp_path / "built"
    (shared / "public" / "2021" / "130702").mkdir(parents=True)
    built.mkdir()
    (built / site.RELEASES).write_bytes(b"[]")
    (tmp_path / "link").symlink_to(shared)
    for out in (shared, shared / "x" / "y", shared / "public" / "2021", built, built / "x",
                tmp_path / "link", tmp_path / "public"):  # fmt: skip
        with pytest.raises(UsageError, match="public reports"):
            staging.place(out, audience, 2021, "130702")
        assert staging.place(out, "public", 2021, "130702")
    assert staging.place(tmp_path / "desk", audience, 2021, "130702")


@pytest.mark.parametrize(
    "code", ["../../x", "/etc/x", "1307", "130702/..", "１３０７０２", "", "CON"]
)
def test_a_path_is_made_of_numbers_and_fixed_words(tmp_path: Path, code: str) -> None:
    with pytest.raises(UsageError):
        staging.place(tmp_path, "public", 2021, code)
    with pytest.raises(UsageError):
        staging.place(tmp_path, "../public", 2021, "130702")


SCRIPT = """
import sys
from pathlib import Path
from analysis.press import batch
from analysis.press.jobs import Job, Settings
names = {"zh": "某县", "en": "Some County"}
jobs = [Job(str(code), 2021, names) for code in range(130702, 130705)]
settings = Settings(formats=("html",), audit="tiny:agree")
summary = batch.run(jobs, settings, notebooks=Path(sys.argv[1]), out=Path(sys.argv[2]), workers=2)
print(len(summary.done), len(summary.left))
sys.exit(summary.exit_code)
"""


def start(folder: Path, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def whole(out: Path) -> bool:
    """Tell whether every report under a folder agrees with its manifest, and nothing else is there."""
    folders = list((out / "public" / "2021").glob("*/"))
    return all(manifest.read_manifest(folder) for folder in folders)


@pytest.mark.whole
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_everything_and_the_run_can_go_on(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """At two random moments; then a run to the end gives what an undisturbed one gives."""
    folder, out = notebooks(tmp_path / "n", "import time; time.sleep(3)"), tmp_path / "out"
    rng = random.Random(number)
    for _ in range(2):
        process = start(folder, out)
        until(workers)
        time.sleep(rng.uniform(0, 4))  # three reports by two workers last six seconds at least
        os.kill(process.pid, number)
        sent = time.monotonic()
        _, said = process.communicate(timeout=10)
        assert process.returncode == status
        assert "Traceback" not in said
        assert time.monotonic() - sent < 10
        assert not workers()
        assert not list(out.rglob(".*.new"))
        assert whole(out)
    last = start(folder, out)
    assert last.communicate(timeout=120)[0].split() == ["3", "0"]
    undisturbed = tmp_path / "undisturbed"
    start(folder, undisturbed).communicate(timeout=120)
    assert files(out) == files(undisturbed)
    assert len(files(out)) == 9


@pytest.mark.whole
def test_a_run_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    folder, out = notebooks(tmp_path / "n", "import time; time.sleep(60)"), tmp_path / "out"
    process = start(folder, out)
    until(lambda: len(workers()) >= 4)
    rooms = {Path(environment(worker)[ROOM]).parent for worker in workers()}
    process.kill()
    process.communicate()
    until(lambda: not workers(), 5)
    assert not [room for room in rooms if room.exists()]
    assert not list(out.rglob(".*.new"))
    notebooks(folder)
    assert start(folder, out).communicate(timeout=120)[0].split() == ["3", "0"]


@pytest.mark.whole
def test_the_same_bytes_however_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other numbers of workers, order, time zone, locale, hash seed, folder: the same files."""
    settings = replace(HTML, formats=("html", "pdf", "xlsx"))
    asked = jobs("130702", "130703", languages=("zh", "en"))
    first, second = tmp_path / "first", tmp_path / "第 二"
    batch.run(
        asked, settings, notebooks=notebooks(tmp_path / "n", brief=True), out=first, workers=2
    )
    for name, value in {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "99"}.items():
        monkeypatch.setenv(name, value)
    batch.run(
        asked[::-1], settings, notebooks=notebooks(tmp_path / "笔记 本", brief=True), out=second
    )
    assert files(first) == files(second)
    assert len(files(first)) == 2 * (2 * 4 + 1)


def test_a_killed_rename_is_put_right(tmp_path: Path) -> None:
    """Whatever moment it was killed at, the old or the new report stands."""
    target = tmp_path / "130702"
    old, new = tmp_path / ".130702.old", tmp_path / ".130702.new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "which").write_text(folder.suffix)
    staging.recover(tmp_path)
    assert (target / "which").read_text() == ".old"
    old.mkdir()
    staging.recover(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["130702"]


def test_orders_survive_the_wire(tmp_path: Path) -> None:
    chapters = find_chapters(notebooks(tmp_path), "county")
    (job,) = jobs("130702", parameters={"store": "x", "n": 1})
    order = Order(job, chapters, HTML, tmp_path / "a", tmp_path / "b")
    assert Order.from_json(order.to_json()) == order


def test_chapters_are_found_and_the_brief_comes_last(tmp_path: Path) -> None:
    write_notebook(tmp_path / "z.ipynb", chapter="z", order=1)
    write_notebook(tmp_path / "a.ipynb", chapter="a", order=0, brief=True)
    write_notebook(tmp_path / "m.ipynb", chapter="m", order=2)
    write_notebook(tmp_path / "p.ipynb", chapter="p", scope="prefecture")
    write_notebook(tmp_path / "explore" / "e.ipynb", chapter="e")
    assert [chapter.name for chapter in find_chapters(tmp_path, "county")] == ["z", "m", "a"]
    assert [chapter.name for chapter in find_chapters(tmp_path, "prefecture")] == ["p"]


def test_chapters_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no notebook"):
        find_chapters(tmp_path, "county")
    outside = write_notebook(tmp_path / "outside.ipynb")
    inside = tmp_path / "n"
    write_notebook(inside / "a.ipynb", chapter="a")
    write_notebook(inside / "b.ipynb", chapter="a")
    with pytest.raises(UsageError, match="chapter"):
        find_chapters(inside, "county")
    (inside / "b.ipynb").unlink()
    (inside / "b.ipynb").symlink_to(outside)
    with pytest.raises(UsageError, match="leads out"):
        find_chapters(inside, "county")
    (inside / "b.ipynb").unlink()
    write_notebook(inside / "b.ipynb", chapter="b", order="first")
    with pytest.raises(UsageError, match="incomplete"):
        find_chapters(inside, "county")


def test_progress_in_plain_lines() -> None:
    stream = StringIO()
    meter = Meter(stream)
    one, two = jobs("130702", "130703")
    meter.begin(2)
    meter.step(one, "zh", "tiny")
    meter.end(one, None)
    meter.end(two, Failure("130703", two.names, "RunError", "没有结束", "did not end"))
    meter.close()
    done, failed = stream.getvalue().splitlines()
    assert done.startswith("[1/2] 130702 某县 完成，剩余约1秒 / Some County done, about 1 s left")
    assert failed == "[2/2] 130703 某县 未完成：没有结束 / Some County failed: did not end"


def test_status_of_a_run() -> None:
    withheld = Failure("130702", {}, "WithheldError", "", "")
    failed = Failure("130703", {}, "ValueError", "", "")
    assert Summary((), (withheld,)).exit_code == 5
    assert Summary((), (withheld, failed)).exit_code == 4
    assert Summary((), (), ("130702",), stopped=signal.SIGINT).exit_code == 130
    assert Summary((), (failed,), stopped=signal.SIGTERM).exit_code == 143
