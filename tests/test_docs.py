"""What the documents say can be done can be done: commands, links, worked examples."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from analysis.cli import county

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "data" / "README.md",
                 ROOT / "reports" / "README.md")
)  # fmt: skip
IDS = [path.relative_to(ROOT).as_posix() for path in PAGES]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:county|make) [^`]+)`")


def commands(path: Path) -> list[list[str]]:
    """Give the command lines of a page, in blocks and in running text."""
    text = path.read_text(encoding="utf-8")
    blocks = [body for kind, body in BLOCK.findall(text) if kind in ("", "sh", "bash", "console")]
    lines = [line for body in blocks for line in body.replace("\\\n", " ").splitlines()]
    return [
        words
        for line in (*lines, *INLINE.findall(text))
        if (words := shlex.split(line, comments=True)) and words[0] in ("county", "make")
    ]


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_there_are_pages_and_commands() -> None:
    assert len(PAGES) > 15
    assert len(commands(ROOT / "README.md")) > 8


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_every_command_of_a_page_exists(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for words in commands(path):
        if words[0] == "make":
            for word in words[1:]:
                name = word.split("=")[0]
                known = name in targets() or re.search(rf"\b{name}\b\s*(?:\?=|\),)", makefile)
                assert known, f"make {word}"
        elif words[1:] and not words[1].startswith("-"):
            parse(words)


def parse(words: list[str]) -> None:
    """Read a command line as the program does, without running it or touching files."""
    command = county.commands.get(words[1])
    assert command is not None, f"county {words[1]}"
    if words[2:] in ([], ["…"]):
        return
    context = click.Context(command, info_name=words[1], resilient_parsing=True)
    if "--help" not in words:
        command.make_parser(context).parse_args(words[2:])


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_readme_shows_every_way_in(name: str) -> None:
    said = {tuple(words[:2]) for words in commands(ROOT / name)}
    assert {("make", "report"), ("make", "test")} <= said
    verbs = ("template", "check", "load", "fit", "report", "site", "diff")
    assert {("county", verb) for verb in verbs} <= said


def test_both_readmes_give_the_same_commands() -> None:
    blocks = [
        [body for kind, body in BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))]
        for name in ("README.md", "README.zh.md")
    ]
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_links_resolve(path: Path) -> None:
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", text):
        assert "://" not in link, f"{link}: documents name no hosts"
        file, _, anchor = unquote(link).partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert target.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(target), link


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.casefold()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_worked_examples_run(path: Path) -> None:
    if ">>>" not in path.read_text(encoding="utf-8"):
        return
    failed, tried = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0


def test_the_coefficient_page_has_a_worked_example() -> None:
    page = (ROOT / "docs/methods/difference-coefficient.md").read_text(encoding="utf-8")
    assert page.count(">>>") > 8


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    decisions = sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))
    assert [name for name in decisions if f"({name})" not in index] == []
    assert len(decisions) >= 9


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_chinese_has_its_own_punctuation(path: Path) -> None:
    text = BLOCK.sub("", path.read_text(encoding="utf-8"))
    text = re.sub(r"`[^`]*`", "", text)
    assert re.findall(r"[\u4e00-\u9fff][,;:][\u4e00-\u9fff]", text) == []
