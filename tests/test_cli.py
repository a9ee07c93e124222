"""The command as a user types it: help, status, both languages, nothing personal in a message."""

from __future__ import annotations

import codecs
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import pytest

from analysis import cli
from analysis.cli.verbs import Listed, Years
from analysis.errors import Fault, InputError, JunhengError, StoreError, WithheldError
from analysis.press import ledger, manifest, staging

VERBS = (
    "template", "check", "load", "fit", "survey", "report", "site", "diff", "status", "verify",
    "roster", "demo", "warm",
)  # fmt: skip
CANARY = "130723200901011234"
OPTIONS = ("--store", "store", "--year", "2021")


def county(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command as another process would."""
    return subprocess.run(
        [sys.executable, "-m", "analysis.cli", *map(str, arguments)],
        capture_output=True, check=False, cwd=cwd, env={**os.environ, **environment},
    )  # fmt: skip


def run(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command in this process: status, output, errors."""
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return int(end.value.code or 0), out, err


def test_every_verb_explains_itself_in_both_languages(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capfd, "--help")
    assert status == 0
    assert tuple(cli.county.commands) == VERBS
    for verb in VERBS:
        assert f"\n  {verb} " in out
        status, help, _ = run(capfd, verb, "--help")
        assert status == 0
        assert f"\n  county {verb} " in help, "an example"
        assert any("\u4e00" <= char <= "\u9fff" for char in help)
        assert "cli." not in help


def test_help_is_there_at_once() -> None:
    """Help loads none of the heavy libraries."""
    code = (
        "import sys\nfrom analysis import cli\n"
        "try:\n    cli.main(['report', '--help'])\nexcept SystemExit:\n    pass\n"
        "print({'pandas', 'nbformat', 'papermill', 'matplotlib', 'tqdm'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines()[-1] == "set()"


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "--version") == (0, "county, version 0.1.0\n", "")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("reprot",), "report"),
        (("report", "130722"), "--store"),
        (("report", "130722", "--stor", ".", "--year", "2021"), "--store"),
        (("report", "13x722", "--store", ".", "--year", "2021"), "digits"),
        (("report", "１３０７２２", "--store", ".", "--year", "2021"), "digits"),
        (("report", "../130722", "--store", ".", "--year", "2021"), "digits"),
        (("report", "130722", "--store", ".", "--year", "2021", "--lang", "fr"), "fr"),
        (("report", "130722", "--store", ".", "--year", "2021", "--format", "html,doc"), "doc"),
        (("report", "130722", "--store", ".", "--year", "2021", "--jobs", "0"), "0"),
        (
            ("report", "130722", "--store", ".", "--year", "2021", "--release-date", "1 May"),
            "1 May",
        ),
        (("report", "130722", "--store", "nowhere", "--year", "2021"), "nowhere"),
        (("demo", "x", "--years", "2021-2014"), "2014-2021"),
        (("demo", "x", "--scale", "0"), "0"),
        (("check", "nowhere"), "nowhere"),
        (("survey", "nowhere", "--year", "2021"), "nowhere"),
        (("survey", "."), "--year"),
    ],
)
def test_a_wrong_call(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str], word: str,
) -> None:  # fmt: skip
    """Status 2, what is wrong, and the usage; nothing is written."""
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capfd, *arguments)
    assert (status, out) == (2, "")
    assert "Usage: county" in err
    assert word in err
    assert "见下面的用法" in err.split("Usage: county")[0], "Chinese goes first"
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="session")
def california(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """A store of the small real table that the project holds."""
    folder = project_root / "data" / "examples" / "california"
    store = tmp_path_factory.mktemp("california") / "store"
    made = county("load", folder, "--mapping", folder / "mapping.toml", "--store", store)
    assert made.returncode == 0, made.stderr.decode()
    return store


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (("99999",), 2, ("库中没有1998学年的数据：99999", "no data of 1998 for: 99999")),
        ((), 2, ("请给出区划代码", "give division codes, or --all")),
        (("06037", "--all"), 2, ("请给出区划代码", "give division codes, or --all")),
        (("06037", "--scheme", "none"), 2, ("没有评估方案 none", "no scheme none")),
        (
            ("06037", "--audience", "internal", "--out", "reports"),
            2,
            ("desk", "public reports only"),
        ),
        (("06037", "--audience", "superior", "--out", "reports/x"), 2, ("desk",)),
    ],
)
def test_a_report_that_cannot_be(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    california: Path, more: Sequence[str], status: int, words: Sequence[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found, _, err = run(capfd, "report", *more, "--store", california, "--year", "1998")
    assert found == status
    assert all(word in err for word in words)
    assert not list(tmp_path.rglob("*.html"))


def test_a_folder_in_use(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, california: Path
) -> None:
    out = tmp_path / "reports"
    with staging.hold(out):
        status, _, err = run(
            capfd, "report", "06037", "--store", california, "--year", "1998", "--out", out
        )
    assert status == 75
    assert str(out) in err


def test_the_status_of_a_folder_names_causes_and_verify_what_is_not_as_made(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, california: Path
) -> None:
    """Two counties failed for one cause, one was made from other parts, all others are missing."""
    out = tmp_path / "reports"
    made = out / "public" / "1998" / "06041"
    made.mkdir(parents=True)
    manifest.write_manifest(made, {})
    one = ledger.Entry("public", 1998, "06037", "failed", kind="ValueError", chapter="balance")
    with ledger.open_ledger(out) as book:
        for code in ("06037", "06039"):
            book.note(replace(one, code=code, cell=4, grouping="row #"))
        book.note(replace(one, code="06041", state="ok", manifest=ledger.hash_manifest(made)))
    asked = ("status", out, "--store", california, "--year", "1998")
    status, said, _ = run(capfd, *asked)
    assert status == 0
    assert said.splitlines()[:3] == [
        "已过时1份 / 1 stale", "缺失42份 / 42 missing", "未完成2份 / 2 failed",
    ]  # fmt: skip
    assert "  failed ValueError · balance · 4: row # (2): 06037 06039" in said.splitlines()
    _, said, _ = run(capfd, *asked, "06037", "06041", "--format", "json")
    failed, stale = json.loads(said)["reports"]
    assert (failed["code"], failed["state"], failed["cause"]) == ("06037", "failed", "row #")
    assert (stale["code"], stale["state"]) == ("06041", "stale")
    assert stale["differ"]["data"] == ["place", "reference", "tables/*/county=06041/*"]
    assert run(capfd, "verify", out)[0] == 0
    (made / "manifest.json").write_text("{}")
    assert run(capfd, "verify", out)[:2] == (1, "public/1998/06041/manifest.json\n")


SURVEY = ("--year", "1998")


def test_a_survey_of_all_counties(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, california: Path
) -> None:
    file = tmp_path / "new" / "survey.csv"
    assert run(capfd, "survey", california, *SURVEY, "--lang", "en", "--out", file)[0] == 0
    written = file.read_bytes()
    assert written.startswith(codecs.BOM_UTF8)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["code"] for row in rows}) == 45
    assert next(row["county"] for row in rows if row["code"] == "06037") == "Los Angeles County"
    assert {row["stage"] for row in rows} == {"elementary"}
    status, out, err = run(capfd, "survey", california, *SURVEY, "--lang", "en")
    assert status == 0
    assert out.encode() == written.removeprefix(codecs.BOM_UTF8)
    assert "45 counties assessed" in err
    assert sorted(path.name for path in file.parent.iterdir()) == ["survey.csv"]


def test_a_survey_for_the_desk_is_for_its_owner_alone(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, california: Path
) -> None:
    internal = ("survey", california, *SURVEY, "--audience", "internal", "--out")
    file = tmp_path / "desk" / "survey.csv"
    assert run(capfd, *internal, file)[0] == 0
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    status, _, err = run(capfd, *internal, tmp_path / "reports" / "survey.csv")
    assert status == 2
    assert "public reports only" in err
    assert not (tmp_path / "reports").exists()


def test_a_survey_that_fails_leaves_the_old_file(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, california: Path
) -> None:
    store, file = tmp_path / "store", tmp_path / "survey.csv"
    shutil.copytree(california, store, symlinks=True)
    file.write_text("old")
    part = next((store / "current" / "tables" / "resources").resolve().rglob("part.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    status, out, err = run(capfd, "survey", store, *SURVEY, "--out", file)
    assert (status, out) == (3, "")
    assert "was changed after it was loaded" in err
    assert file.read_text() == "old"
    status, _, err = run(capfd, "survey", store, "--year", "1999", "--out", file)
    assert status == 2
    assert "no county for 1999" in err
    assert {path.name for path in tmp_path.iterdir()} == {"store", "survey.csv"}


def write_faulty(folder: Path) -> Path:
    """Write a table with a count that is none and a personal number where none belongs."""
    folder.mkdir()
    (folder / "1307_县级总数.csv").write_text(
        "县级区划代码,学年,应报学校数,小学在校生总数,初中在校生总数,数据截止日期\n"
        "130722,2021,很多,100,50,2021-09-01\n130722,2020,-3,100,50,2020-09-01\n",
        encoding="utf-8",
    )
    (folder / "dataset.toml").write_text(
        'source_zh = "来源"\nsource_en = "Source"\nas_of = "2021-09-01"\nsynthetic = true\n'
        "names_public = false\n",
        encoding="utf-8",
    )
    return folder


def test_faults_are_listed_with_their_places(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = write_faulty(tmp_path / "files")
    status, out, _ = run(capfd, "check", folder)
    assert status == 3
    assert out.count("1307_县级总数.csv") >= 4, "both faults, both languages"
    assert "应报学校数" in out
    status, out, _ = run(capfd, "check", folder, "--format", "json")
    faults = [json.loads(line) for line in out.splitlines()]
    assert status == 3
    errors = [fault for fault in faults if fault["level"] == "error"]
    assert {fault["row"] for fault in errors} == {2, 3}
    assert {fault["column"] for fault in errors} == {"应报学校数"}
    assert all(fault["zh"] and fault["en"] for fault in faults)


def test_files_with_faults_are_not_loaded(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, store = write_faulty(tmp_path / "files"), tmp_path / "store"
    status, _, err = run(capfd, "load", folder, "--store", store)
    assert status == 3
    assert "应报学校数" in err
    assert not store.exists()


def test_output_is_utf8_whatever_the_locale(tmp_path: Path) -> None:
    folder = write_faulty(tmp_path / "files")
    made = county("check", folder, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert made.returncode == 3
    assert "应报学校数" in made.stdout.decode("utf-8")


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`county check … | head -1` ends quietly."""
    folder = write_faulty(tmp_path / "files")
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis.cli", "check", str(folder), "--format", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


RAISED = [
    (
        StoreError("数据库不全", "the store is not whole"),
        3,
        ("数据库不全", "the store is not whole"),
    ),
    (WithheldError("不公布", "withheld"), 5, ("不公布", "withheld")),
    (JunhengError("错", "wrong"), 1, ("错", "wrong")),
    (ValueError(CANARY), 1, ("ValueError", "意外错误", "--debug")),
    (OSError(28, "No space left on device", CANARY), 1, ("No space left on device",)),
    (
        PermissionError(13, "Permission denied", "/home/me/lists/学校.xlsx"),
        1,
        ("Permission denied 学校.xlsx",),
    ),
    (KeyboardInterrupt(), 130, ()),
]


@pytest.mark.parametrize(
    ("error", "status", "words"), RAISED, ids=lambda value: type(value).__name__
)
def test_what_is_raised_becomes_a_message_and_a_status(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    error: BaseException, status: int, words: Sequence[str],
) -> None:  # fmt: skip
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr("analysis.press.diff.compare", fail)
    found, out, err = run(capfd, "diff", tmp_path, tmp_path)
    assert (found, out) == (status, "")
    assert all(word in err for word in words)
    assert CANARY not in err
    assert "Traceback" not in err


def test_debug_shows_more(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("analysis.press.diff.compare", lambda *_: 1 / 0)
    status, _, err = run(capfd, "--debug", "diff", tmp_path, tmp_path)
    assert status == 1
    assert "Traceback" in err


def test_faults_of_an_error_are_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fault = Fault("x", "不是数", "no number", "改成数", "make it one", "a.csv", "", 3, "人数")

    def fail(*args: object) -> None:
        raise InputError([fault])

    monkeypatch.setattr("analysis.press.diff.compare", fail)
    status, _, err = run(capfd, "diff", tmp_path, tmp_path)
    assert status == 3
    for words in (
        "错误 / error [x] a.csv · 3 · 人数",
        "不是数 → 改成数",
        "no number → make it one",
    ):
        assert words in err


def test_words_with_commas_and_years() -> None:
    formats = Listed(("html", "pdf"))
    assert formats.convert("pdf, html,pdf", None, None) == ("pdf", "html")
    with pytest.raises(click.BadParameter):
        formats.convert("", None, None)
    assert Years().convert("2021", None, None) == (2021, 2021)
    assert Years().convert("2014-2021", None, None) == (2014, 2021)


@pytest.mark.whole
def test_ctrl_c_in_a_report(tmp_path: Path, california: Path) -> None:
    """Status 130 within ten seconds, what is left is said, no report is half made."""
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis.cli", "report", "--all", "--store", str(california),
         "--year", "1998", "--out", str(tmp_path / "reports"), "--format", "html", "--jobs", "2"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    out = tmp_path / "reports" / "public" / "1998"
    end = time.monotonic() + 60
    while not list(out.glob(".*.new")):
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    sent = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - sent < 10
    assert process.returncode == 130
    assert "run again to go on" in err
    assert not list(out.glob(".*"))


@pytest.mark.parametrize("of_terminal", [True, False])
def test_ctrl_c_in_a_fit(tmp_path: Path, demo_store: Path, of_terminal: bool) -> None:
    """Status 130 at once, no process is left, nobody's traceback, the fit that counts stays."""
    store = tmp_path / "store"
    shutil.copytree(demo_store, store, symlinks=True)
    pinned = (store / "results" / "pinned.json").read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "analysis.cli", "fit", str(store), "--year", "2021", "--jobs", "2",
         "--yearly-cap", "0.03"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while len(children := _children(process.pid)) < 3:
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.5)
    if of_terminal:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < 5
    assert process.returncode == 130
    assert "Traceback" not in err
    assert (store / "results" / "pinned.json").read_bytes() == pinned
    for child in children:
        assert not Path(f"/proc/{child}/exe").exists()


def _children(pid: int) -> list[str]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()


@pytest.mark.whole
def test_from_raw_files_to_a_site(tmp_path: Path) -> None:
    """Every verb by hand, one made-up county, as the how-to says."""

    def do(*arguments: str, status: int = 0) -> str:
        made = county(*arguments, cwd=tmp_path)
        assert made.returncode == status, made.stderr.decode()
        return made.stdout.decode()

    do("template", "forms")
    do("demo", "files", "--counties", "130722", "--scale", "0.2", "--years", "2020-2021")
    do("check", "files")
    do("load", "files", "--store", "store", "--key", "key")
    do("fit", *OPTIONS[1:])
    do("report", "130722", "130700", *OPTIONS, "--lang", "zh", "--lang", "en", "--jobs", "2")
    made = sorted(path.relative_to(tmp_path / "reports" / "public" / "2021").as_posix()
                  for path in (tmp_path / "reports").rglob("report.*"))  # fmt: skip
    assert made == [
        f"{code}/{language}/report.{format}"
        for code in ("130700", "130722")
        for language in ("en", "zh")
        for format in ("html", "pdf", "xlsx")
    ]
    assert do("site", "reports").strip() == "reports/index.html"
    assert json.loads(do("diff", "reports", "reports", "--format", "json"))["same"] is True
    internal = ("130722", *OPTIONS, "--audience", "internal", "--format", "html")
    do("report", *internal)
    assert (tmp_path / "desk" / "internal" / "2021" / "130722" / "zh" / "report.html").is_file()
    do("report", *internal, "--out", "reports", status=2)
    roster = do(
        "roster", "130722", "--kind", "teachers", *OPTIONS, "--who", "甲", "--purpose", "乙"
    )
    assert Path(tmp_path, roster.strip()).stat().st_mode & 0o077 == 0
