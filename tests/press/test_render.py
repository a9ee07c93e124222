from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sample_report as sample

from analysis import wire
from analysis.errors import UsageError
from analysis.press.render import render

SCRIPT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
import sample_report
from analysis.press.render import render
for language in ("zh", "en"):
    files = render(sample_report.report(language), ["html", "pdf", "xlsx"])
    for name in sorted(files):
        print(language, name, hashlib.sha256(files[name]).hexdigest())
"""


def test_each_format_has_its_file() -> None:
    files = render(sample.report(), ["html", "pdf", "xlsx"])
    assert sorted(files) == ["report.html", "report.pdf", "report.xlsx", "results.json"]
    assert files["report.html"].startswith(b"<!DOCTYPE html>")
    assert files["report.pdf"].startswith(b"%PDF-1.7")
    assert files["report.xlsx"].startswith(b"PK")


def test_results_come_whatever_the_formats() -> None:
    files = render(sample.report("en"), [], edition=3)
    assert list(files) == ["results.json"]
    results = json.loads(files["results.json"])
    assert sorted(results) == ["blocks", "edition", "language", "schema", "sentinels"]
    assert (results["schema"], results["language"], results["edition"]) == (1, "en", 3)
    assert results["sentinels"][0]["county"] == "130722"
    assert [b["id"] for b in results["blocks"]] == [
        b[wire.RELEASED]["id"] for b in sample.blocks("en")
    ]
    for block in results["blocks"]:
        wire.check_block(block)


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(UsageError, match="docx"):
        render(sample.report(), ["html", "docx"])


def test_same_bytes_in_another_place_zone_locale_and_hash_seed(tmp_path: Path) -> None:
    here = Path(__file__).parent
    odd = tmp_path / "a folder 中文"
    odd.mkdir()
    surroundings = (
        (tmp_path, {"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8"}),
        (odd, {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "2", "LC_ALL": "C", "HOME": str(odd), "SOURCE_DATE_EPOCH": "1000000000"}),
    )  # fmt: skip
    made = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(here)],
            cwd=folder, env={**os.environ, **variables}, capture_output=True, check=True,
        ).stdout
        for folder, variables in surroundings
    ]  # fmt: skip
    assert made[0] == made[1]
    assert len(made[0].splitlines()) == 8
