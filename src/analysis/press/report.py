"""One report, from its notebooks to a stage that only has to be put in its place.

For each language the chapters run in order, the brief last, each in a kernel of its own; they
pass their results on through a private folder that ends with the report. What they published is
joined and rendered. When all languages stand together the audit looks at the whole; only if it
agrees is the manifest written, without which there is no report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

from analysis.errors import JunhengError, RunError
from analysis.press import document, kernel, links, manifest, staging
from analysis.press.execute import NotebookError, execute
from analysis.press.jobs import Failure, Job, Order
from analysis.press.render import render

Step = Callable[[str, str], None]
"""Told the language and the chapter (empty: rendering, audit) that is begun."""


def make(order: Order, room: Path, step: Step) -> Failure | None:
    """Build a report in its stage, or say why not.

    Parameters
    ----------
    order
        What to build and where.
    room
        The folder this process lives in.
    step
        Called at the beginning of each step.
    """
    at = {"language": "", "chapter": ""}

    def begin(language: str, chapter: str) -> None:
        at.update(language=language, chapter=chapter)
        step(language, chapter)

    try:
        _make(order, room, begin)
    except Exception as error:
        return describe(order, error, **at)
    return None


def describe(order: Order, error: Exception, *, language: str = "", chapter: str = "") -> Failure:
    """Say why a report failed: our own words for our own errors, else the class and no more."""
    kind, cell = type(error).__name__, 0
    zh = en = kind
    if isinstance(error, NotebookError):
        kind, cell = error.kind, error.cell
    if isinstance(error, JunhengError):
        zh, en = error.zh, error.en
    elif isinstance(error, OSError) and error.strerror:
        zh = en = f"{kind}: {error.strerror}"
    return Failure(
        county=order.job.county,
        names=order.job.names,
        kind=kind,
        zh=zh,
        en=en,
        language=language,
        chapter=chapter,
        cell=cell,
    )


def _make(order: Order, room: Path, step: Step) -> None:
    job, settings = order.job, order.settings
    sentinels: list[Mapping[str, Any]] = []
    for language in job.languages:
        chapters = _run_chapters(order, language, room, step)
        sentinels += [chapter.sentinel for chapter in chapters]
        step(language, "")
        files = render(
            document.join(chapters),
            settings.formats,
            fonts=[Path(font) for font in settings.fonts],
            edition=settings.edition,
            release_date=settings.release_date,
        )
        for name, content in files.items():
            staging.write(order.stage / language / name, content)
    step("", "")
    _check_declared(job, sentinels)
    run = manifest.join_runs(sentinels)
    manifest.carry_over(order.target, order.stage, order.key, run)
    links.link(order.stage)
    _find(settings.audit)(order.stage, previous=order.target if order.target.exists() else None)
    manifest.write_manifest(order.stage, _about(order, sentinels, run))


def _run_chapters(
    order: Order, language: str, room: Path, step: Step
) -> list[document.ExecutedChapter]:
    with kernel.make_room(room) as desk:
        results = desk / "chapters"
        results.mkdir(mode=0o700)
        done = []
        for chapter in order.chapters:
            step(language, chapter.name)
            parameters = {
                **order.job.parameters,
                "county": order.job.county,
                "year": order.job.year,
                "language": language,
                "audience": order.job.audience,
                "chapters": str(results),
            }
            executed = execute(
                chapter.path,
                desk / f"{chapter.name}.ipynb",
                parameters,
                engine=order.settings.engine or None,
                timeout=order.settings.timeout,
                within=room,
                parent=kernel.find_parent(room.parent),
            )
            done.append(document.read_chapter(executed))
        return done


def _check_declared(job: Job, sentinels: Iterable[Mapping[str, Any]]) -> None:
    """Fail closed where a chapter read what the key of its report knows nothing of."""
    read = {name for sentinel in sentinels for name in sentinel["partitions"]}
    strange = sorted(
        name for name in read if not any(fnmatchcase(name, pattern) for pattern in job.data)
    )
    if strange:
        raise RunError(
            f"报告读取了未登记的数据：{'、'.join(strange)}",
            f"the report read data that were not declared: {', '.join(strange)}",
        )


def _about(order: Order, sentinels: list[Mapping[str, Any]], run: str) -> dict[str, Any]:
    job, settings = order.job, order.settings
    data = sentinels[0]["data"]
    return {
        "county": job.county,
        "year": job.year,
        "audience": job.audience,
        "scope": job.scope,
        "names": dict(job.names),
        "edition": settings.edition,
        "release_date": settings.release_date or data.get("as_of", ""),
        "run": run,
        "inputs": order.key,
        "chapters": list(dict.fromkeys(s["chapter"] for s in sentinels)),
        "missing": sorted({name for s in sentinels for name in s["missing"]}),
    }


def _find(dotted: str) -> Callable[..., None]:
    """Find a function by its dotted name, ``module:function``."""
    module, _, name = dotted.partition(":")
    return getattr(import_module(module), name)
