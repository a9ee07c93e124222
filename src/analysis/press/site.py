"""The index of a folder of reports: one page a language that opens offline and is searched.

Everything is read from the manifests, the results and the lists of failures that stand under
``OUT/public``; no report is opened. The page carries one script, allowed by its hash, and is a
list with a table of places where scripts are off. ``releases.json`` says the same to machines.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from analysis.errors import UsageError
from analysis.i18n import LANGUAGES, Language, say, text
from analysis.press import releases, staging
from analysis.press.atlas import Atlas, Place
from analysis.press.imprint import TAGS
from analysis.press.releases import Entry, File

PAGES: Mapping[Language, str] = {"zh": "index.html", "en": "index.en.html"}
RELEASES = "releases.json"
TEMPLATES = Path(__file__).parent / "templates" / "site"


_KB = 1024


def build(out: Path, *, places: Mapping[str, Mapping[str, Any]] | None = None) -> Path:
    """Write the index of the public reports under a folder.

    Parameters
    ----------
    out
        Folder of output; the reports stand in ``out/public``.
    places
        The divisions by code, ``{"zh", "en", "pinyin", "level", "parent", "old"}``, for the names of
        provinces and of places without a report. What a report says of its own place goes first.

    Returns
    -------
    Path
        ``out/index.html``.

    Raises
    ------
    UsageError
        If there is no public report, or reports of other audiences stand beside them.
    StoreError
        If a manifest or results cannot be read.
    """
    out = Path(out)
    _refuse_private(out)
    atlas = Atlas(places or {})
    entries = releases.read_entries(out, atlas)
    if not entries:
        raise UsageError(f"{out} 中没有公开报告", f"no public report in {out}")
    staging.replace(out / RELEASES, releases.dump(entries, atlas))
    for language in reversed(LANGUAGES):
        staging.replace(out / PAGES[language], _page(entries, atlas, language))
    return out / PAGES["zh"]


def _refuse_private(out: Path) -> None:
    """A site is made to be passed on as a folder, so nothing else may be in it."""
    others = [
        name for name in staging.AUDIENCES if name != releases.AUDIENCE and (out / name).exists()
    ]
    if others:
        raise UsageError(
            f"{out} 中还有非公开报告（{'、'.join(others)}），不能在此生成站点",
            f"{out} also holds reports that are not public ({', '.join(others)}): no site there",
        )


def _page(entries: list[Entry], atlas: Atlas, language: Language) -> bytes:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (_source(name) for name in ("site.css", "site.js"))
    page = environment.get_template("index.html.j2").render(
        language=language,
        tag=TAGS[language],
        releases=RELEASES,
        other=(PAGES["en" if language == "zh" else "zh"], TAGS["en" if language == "zh" else "zh"]),
        style=style,
        script=script,
        style_hash=_sha256(style),
        script_hash=_sha256(script),
        say=lambda key, **values: say(f"site.{key}", language, **values),
        raw=lambda key: text(f"site.{key}", language),
        banner=_banner(entries, language),
        counts=(sum(bool(e.files) for e in entries), len({e.code for e in entries if e.files})),
        provinces=_provinces(entries, atlas, language),
        years=sorted(
            {(entry.year, _year(entry.year, language)) for entry in entries}, reverse=True
        ),
        failed=[_row(entry, atlas, language) for entry in entries if entry.failure],
    )
    return page.encode()


def _provinces(
    entries: list[Entry], atlas: Atlas, language: Language
) -> dict[Place, dict[Place, list[dict[str, Any]]]]:
    """Group the rows by province and prefecture, a prefecture's own report first."""
    provinces: dict[Place, dict[Place, list[dict[str, Any]]]] = {}
    for entry in sorted(entries, key=lambda entry: (*atlas.path(entry.code), -entry.year)):
        province, prefecture, _ = atlas.path(entry.code)
        rows = provinces.setdefault(atlas[province], {}).setdefault(atlas[prefecture], [])
        rows.append(_row(entry, atlas, language))
    return provinces


def _row(entry: Entry, atlas: Atlas, language: Language) -> dict[str, Any]:
    place = atlas[entry.code]
    year = _year(entry.year, language)
    return {
        "code": entry.code,
        "name": place.names[language],
        "former": _former(place.old, language),
        "search": atlas.search(entry.code),
        "year": entry.year,
        "year_shown": year,
        "status": _status(entry, language),
        "missing": not entry.files,
        "synthetic": say("site.synthetic.mark", language) if entry.synthetic else "",
        "grade": entry.grade or say("site.no_grade", language),
        "files": [
            _link(file, place, year, language)
            for file in sorted(entry.files, key=lambda file: file.language != language)
        ],
        "kind": entry.failure.kind if entry.failure else "",
        "reason": getattr(entry.failure, language) if entry.failure else "",
    }


def _former(old: Sequence[str], language: Language) -> str:
    """Say old names, each with the code that went with it, and codes that went without a name."""
    pairs = [
        (before if not before.isdigit() else "", each) if each.isdigit() else (each, "")
        for before, each, after in zip(("", *old), old, (*old[1:], ""), strict=False)
        if each.isdigit() or not after.isdigit()
    ]
    comma = "、" if language == "zh" else ", "
    named = comma.join(
        say("site.former_name", language, name=name, code=code or None)
        for name, code in pairs
        if name
    )
    coded = comma.join(code for name, code in pairs if not name)
    said = [
        say(f"site.{key}", language, names=names)
        for key, names in (("former", named), ("former_code", coded))
        if names
    ]
    return ("；" if language == "zh" else "; ").join(said)


def _status(entry: Entry, language: Language) -> str:
    """Say how a report stands; made data are never final, only their mark is shown."""
    if not entry.files:
        return say("site.status.missing", language)
    if entry.failure:
        return say("site.status.kept", language)
    if entry.edition > 1:
        return say("site.status.revised", language, n=entry.edition)
    return "" if entry.synthetic else say("site.status.first", language)


def _link(file: File, place: Place, year: str, language: Language) -> dict[str, str]:
    spoken = say(f"site.language_{file.language}", language)
    size = _size(file.bytes, language)
    label = say(
        "site.link", language, place=place.names[language], year=year, language=spoken,
        format=file.format.upper(), size=size,
    )  # fmt: skip
    return {
        "language": spoken,
        "format": file.format.upper(),
        "path": file.path,
        "size": size,
        "label": label,
    }


def _size(count: int, language: Language) -> str:
    if count < _KB * _KB:
        return say("site.size.kb", language, n=max(1, round(count / _KB)))
    return say("site.size.mb", language, n=count / _KB / _KB)


def _year(year: int, language: Language) -> str:
    following = year + 1 if language == "zh" else f"{(year + 1) % 100:02d}"
    return say("press.year.short", language, first=year, next=following)


def _banner(entries: list[Entry], language: Language) -> dict[str, str]:
    synthetic = [entry.synthetic for entry in entries if entry.files]
    if not any(synthetic):
        return {}
    note = say(f"site.synthetic.{'all' if all(synthetic) else 'some'}", language)
    return {"title": say("press.synthetic.both", language), "note": note}


def _source(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


def _sha256(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
