"""What the press is given and what it gives back, all of it plain values.

Chapters are found, not registered: every notebook of the folder that declares itself in its
metadata, ``{"junheng": {"chapter", "order", "scope", "brief", "title"}}``, is a chapter of the
reports of its scope.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from analysis.errors import EXIT_OK, EXIT_SOME_FAILED, UsageError, WithheldError
from analysis.press.signature import Value, open_notebook

Scope = Literal["county", "prefecture"]

WARM = "warm"
"""The engine whose kernels are forked (`analysis.press.warm`)."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A notebook that is a chapter; the brief runs after all others, whose results it reads."""

    name: str
    path: Path
    order: int
    scope: str
    brief: bool


@dataclass(frozen=True, slots=True)
class Job:
    """One report: a county or a prefecture, for one year and audience, in some languages.

    Attributes
    ----------
    county, year
        Division code and school year.
    names
        What it is called, ``{"zh", "en"}``, for messages.
    languages
        Languages of the report.
    audience
        Whom it is for.
    scope
        Which notebooks it takes.
    parameters
        What else the notebooks are given, e.g. ``store`` and ``scheme``.
    data
        By pattern of partitions, the hash of what the report may read of them.
    """

    county: str
    year: int
    names: Mapping[str, str]
    languages: tuple[str, ...] = ("zh",)
    audience: str = "public"
    scope: Scope = "county"
    parameters: Mapping[str, Value] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report was not made: class of the error, where, and a reason that quotes nobody."""

    county: str
    names: Mapping[str, str]
    kind: str
    zh: str
    en: str
    language: str = ""
    chapter: str = ""
    cell: int = 0

    @property
    def withheld(self) -> bool:
        return self.kind == WithheldError.__name__


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the jobs.

    Attributes
    ----------
    done
        Codes with a new report, sorted.
    failures
        Those without, sorted by code.
    left
        Codes that were not begun or not finished, because the run was stopped.
    stopped
        The signal that stopped it, or 0.
    current
        Codes whose report stands as it would be made again, sorted.
    """

    done: tuple[str, ...]
    failures: tuple[Failure, ...]
    left: tuple[str, ...] = ()
    stopped: int = 0
    current: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Exit status of the command.

        >>> Summary(("130722",), ()).exit_code
        0
        """
        if self.stopped:
            return 128 + self.stopped
        if not self.failures:
            return EXIT_OK
        withheld = all(failure.withheld for failure in self.failures)
        return WithheldError.exit_code if withheld else EXIT_SOME_FAILED


def find_chapters(folder: Path, scope: Scope) -> tuple[Chapter, ...]:
    """Find the chapters of a scope in the order in which they run.

    Raises
    ------
    UsageError
        If there is none, two have one name, or one lies outside the folder.
    """
    found = [chapter for path in sorted(folder.glob("*.ipynb")) for chapter in _read(path, folder)]
    chapters = sorted(
        (chapter for chapter in found if chapter.scope == scope),
        key=lambda chapter: (chapter.brief, chapter.order, chapter.name),
    )
    names = [chapter.name for chapter in chapters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"章节重复：{'、'.join(twice)}", f"two notebooks are chapter {twice}")
    if not chapters:
        raise UsageError(
            f"{folder} 中没有 {scope} 范围的笔记本", f"no notebook of scope {scope} in {folder}"
        )
    return tuple(chapters)


def _read(path: Path, folder: Path) -> list[Chapter]:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path.name} 指向文件夹之外", f"{path.name} leads out of its folder")
    about: Mapping[str, Any] = open_notebook(path).metadata.get("junheng", {})
    if not about:
        return []
    try:
        return [
            Chapter(
                name=about["chapter"],
                path=path.resolve(),
                order=int(about["order"]),
                scope=about["scope"],
                brief=bool(about.get("brief", False)),
            )
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path.name} 的 metadata.junheng 不完整", f"{path.name}: incomplete metadata.junheng"
        ) from error


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run makes its reports, the same for all of its jobs.

    Attributes
    ----------
    formats
        Of ``html``, ``pdf`` and ``xlsx``.
    audit
        Dotted name ``module:function`` of what has to agree before anything is published.
    fonts
        More font files, asked when ours lack a character.
    edition, release_date
        Printed on the report; the date defaults to that of the data.
    timeout
        Seconds for one notebook.
    engine
        Name of a papermill engine; ``nbclient`` is papermill's own.
    prepare
        Dotted names of functions whose work all notebooks of a run may share.
    """

    formats: tuple[str, ...]
    audit: str
    fonts: tuple[str, ...] = ()
    edition: int = 1
    release_date: str = ""
    timeout: int = 600
    engine: str = WARM
    prepare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told: a job, its chapters, where to build it, what stands there now, its key."""

    job: Job
    chapters: tuple[Chapter, ...]
    settings: Settings
    stage: Path
    target: Path
    key: str = ""

    @property
    def place(self) -> tuple[str, int, str]:
        return self.job.audience, self.job.year, self.job.county

    def to_json(self) -> str:
        """Write the order as one line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str | bytes) -> Order:
        """Read an order that `to_json` wrote."""
        plain = json.loads(line)
        job, settings = plain["job"], plain["settings"]
        return cls(
            job=Job(**{**job, "languages": tuple(job["languages"])}),
            chapters=tuple(
                Chapter(**{**chapter, "path": Path(chapter["path"])})
                for chapter in plain["chapters"]
            ),
            settings=Settings(
                **{
                    **settings,
                    "formats": tuple(settings["formats"]),
                    "fonts": tuple(settings["fonts"]),
                    "prepare": tuple(settings["prepare"]),
                }
            ),
            stage=Path(plain["stage"]),
            target=Path(plain["target"]),
            key=plain["key"],
        )
