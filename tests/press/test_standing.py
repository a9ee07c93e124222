"""Only what is not current is made; a report whose entry does not know it is no output."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import write_notebook

from analysis.press import batch, ledger, manifest, standing
from analysis.press.jobs import Failure, Job, Settings, Summary
from analysis.press.standing import Standing

CODES = ("130702", "130703")
HTML = Settings(formats=("html",), audit="tiny:agree", timeout=60)
READS = "sentinel['partitions'] = [f'tables/schools/county={county}/year=2021/part.parquet']"


@pytest.fixture(scope="module", autouse=True)
def _loop_of_our_own() -> Iterator[None]:
    """Set aside the loop of a browser that other tests have open: a batch runs one of its own."""
    theirs = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(theirs)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    inherited = os.environ.get("PYTHONPATH", "")
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (inherited, here))))


def jobs(**more: object) -> list[Job]:
    """Two counties with data of their own."""
    return [
        Job(
            code, 2021, {"zh": "某县", "en": "Some County"},
            **{"data": {f"tables/*/county={code}/*": "1"}, **more},
        )
        for code in CODES
    ]  # fmt: skip


def judge(folder: Path, asked: list[Job], settings: Settings = HTML) -> dict[str, Standing]:
    found = standing.judge(asked, settings, notebooks=folder / "n", out=folder / "out")
    return {one.order.job.county: one for one in found}


def states(folder: Path, asked: list[Job], settings: Settings = HTML) -> list[str]:
    return [one.state for one in judge(folder, asked, settings).values()]


def make(folder: Path, asked: list[Job], settings: Settings = HTML, **more: bool) -> Summary:
    return batch.run(asked, settings, notebooks=folder / "n", out=folder / "out", **more)


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_notebook(folder / "n" / "tiny.ipynb", last=READS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        assert make(folder, jobs()).done == CODES
    return folder


@pytest.fixture
def made(_made: Path, tmp_path: Path) -> Path:
    """Give a folder of its own in which both reports were made."""
    import shutil

    return Path(shutil.copytree(_made, tmp_path / "made"))


def test_what_is_current_starts_nothing(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no interpreter to start, a run with nothing to do ends well and one with work cannot."""
    report = made / "out" / "public" / "2021" / "130702" / "zh" / "report.html"
    os.utime(report, (0, 0))  # a clock set back is no reason either
    monkeypatch.setattr("sys.executable", "/nowhere")
    assert make(made, jobs()) == Summary((), (), current=CODES)
    with pytest.raises(OSError, match="nowhere"):
        make(made, jobs(), replace(HTML, engine="nbclient"), force=True)


def test_new_data_of_one_county_make_one_report(made: Path) -> None:
    one, two = jobs()
    new = replace(one, data=dict.fromkeys(one.data, "2"))
    found = judge(made, [new, two])
    assert [found[code].state for code in CODES] == ["stale", "current"]
    assert found["130702"].differ == {"data": ("tables/*/county=130702/*",)}
    summary = make(made, [new, two])
    assert (summary.done, summary.current) == (("130702",), ("130703",))
    assert states(made, [new, two]) == ["current", "current"]
    entries = ledger.read_ledgers(made / "out")
    assert [(e.state, e.attempts, e.seconds > 0) for e in entries.values()] == [
        ("ok", 2, True), ("ok", 1, True),
    ]  # fmt: skip
    made_of = json.loads((made / "out/public/2021/130702/manifest.json").read_text())["inputs"]
    assert made_of == entries[("public", 2021, "130702")].key


def test_what_is_asked_and_not_there(made: Path) -> None:
    assert states(made, jobs(languages=("zh", "en"))) == ["incomplete"] * 2
    assert states(made, jobs(), replace(HTML, formats=("html", "pdf"))) == ["incomplete"] * 2
    assert states(made, jobs(), replace(HTML, edition=2)) == ["stale"] * 2
    write_notebook(made / "n" / "tiny.ipynb", last=READS, code="1")
    assert [one.differ for one in judge(made, jobs()).values()] == [
        {"notebooks": ("tiny.ipynb",)}
    ] * 2


def test_a_folder_that_its_entry_does_not_know_is_no_report(made: Path) -> None:
    out = made / "out" / "public" / "2021"
    (out / "130702" / "zh" / "report.html").write_bytes(b"cut")
    (out / "130703" / manifest.NAME).write_bytes(b"{}")
    assert states(made, jobs()) == ["incomplete", "missing"]
    (made / "out" / ledger.FOLDER / "ledger.sqlite").unlink()
    assert states(made, jobs()) == ["missing", "missing"]


def test_a_run_that_was_killed_after_the_rename_has_made_the_report(made: Path) -> None:
    (entry, *_) = ledger.read_ledgers(made / "out").values()
    with ledger.open_ledger(made / "out") as book:
        book.note(replace(entry, state="publishing"))
    assert states(made, jobs()) == ["current", "current"]
    with ledger.open_ledger(made / "out") as book:
        book.note(replace(entry, state="publishing", manifest="0" * 64))
    assert states(made, jobs()) == ["missing", "current"]


def test_the_entry_is_there_before_the_folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `publish` finds in the ledger is the hash of what it is about to put there."""
    real, seen = batch.staging.publish, []

    def look(stage: Path, target: Path) -> None:
        entry = ledger.read_ledgers(made / "out")[("public", 2021, target.name)]
        seen.append((entry.state, entry.manifest == ledger.hash_manifest(stage)))
        real(stage, target)

    monkeypatch.setattr(batch.staging, "publish", look)
    make(made, jobs()[:1], replace(HTML, edition=2))
    assert seen == [("publishing", True)]
    assert ledger.read_ledgers(made / "out")[("public", 2021, "130702")].state == "ok"


def test_a_report_that_read_what_was_not_declared_is_not_made(made: Path) -> None:
    (failure, _) = make(made, jobs(data={"tables/*/county=130799/*": "1"})).failures
    assert failure.kind == "RunError"
    assert "tables/schools/county=130702/year=2021/part.parquet" in failure.en
    noted = ledger.read_ledgers(made / "out")[("public", 2021, "130702")]
    assert (noted.state, noted.kind, noted.attempts) == ("failed", "RunError", 2)
    # The earlier report stands, and the entry still knows its manifest.
    folder = made / "out" / "public" / "2021" / "130702"
    assert manifest.read_manifest(folder) is not None
    assert noted.manifest == ledger.hash_manifest(folder)
    assert states(made, jobs()) == ["failed", "failed"]


def test_failures_of_one_cause_are_noted_alike_and_a_withheld_one_says_nothing(made: Path) -> None:
    tasks = judge(made, jobs()).values()
    noted = [
        standing.fail(task, Failure(code, {}, "ValueError", "", f"row {n}", "zh", "tiny", 4), 1.0)
        for n, (code, task) in enumerate(zip(CODES, tasks, strict=True))
    ]
    assert [(e.kind, e.chapter, e.cell, e.grouping) for e in noted] == [
        ("ValueError", "tiny", 4, "row #")
    ] * 2
    withheld = Failure("130702", {}, "WithheldError", "因", "why")
    assert standing.fail(next(iter(tasks)), withheld, 1.0).grouping == ""
