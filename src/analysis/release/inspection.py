"""The audit: everything of a county that would leave together, looked at once more.

What the gate released has since become files in several languages. The audit reads all of them
as a stranger would and refuses the county if anything in them identifies a person, if the same
number reads differently in two places, or if an earlier release would give away the difference.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import i18n
from analysis.errors import WithheldError
from analysis.release import agreement, identifiers, inference, texts
from analysis.release.links import load_links
from analysis.release.profiles import load_profile, load_rules
from analysis.release.texts import Flaw, Text

READERS: Mapping[str, Callable[[bytes], Iterator[Text | Flaw]]] = {
    "report.html": texts.of_html,
    "report.pdf": texts.of_pdf,
    "report.xlsx": texts.of_xlsx,
    "results.json": texts.of_json,
}
RESULTS = "results.json"
MANIFEST = "manifest.json"
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a county is held back, and where."""

    place: str
    zh: str
    en: str


def audit(
    folder: Path,
    *,
    previous: Path | None = None,
    forbidden: Iterable[str] = (),
    expected: Iterable[str] = (),
) -> None:
    """Look at all that would leave together for a county, and refuse it if anything is wrong.

    Parameters
    ----------
    folder
        The staged report: ``<language>/report.html``, ``report.pdf``, ``report.xlsx`` and
        ``results.json``.
    previous
        The earlier release of the same report, if there is one.
    forbidden
        Ids of further columns that identify persons.
    expected
        Paths within the folder that have to be there.

    Raises
    ------
    WithheldError
        With every reason and its place (file, block, cell), never a value.
    """
    try:
        reasons = list(_inspect(folder, previous, forbidden, expected))
    except Exception as error:
        raise WithheldError(
            f"审计未能完成（{type(error).__name__}），不予公布",
            f"the audit could not be finished ({type(error).__name__}); nothing is released",
        ) from error
    if reasons:
        raise WithheldError(*_message(reasons))


def _inspect(
    folder: Path, previous: Path | None, forbidden: Iterable[str], expected: Iterable[str]
) -> Iterator[Reason]:
    reports = {path.parent.name: _load(path) for path in sorted(folder.glob(f"*/{RESULTS}"))}
    yield from _check_files(folder, expected)
    broken = [language for language, report in reports.items() if report is None]
    yield from (Reason(f"{name}/{RESULTS}", "无法读取", "cannot be read") for name in broken)
    whole = {language: report for language, report in reports.items() if report is not None}
    known = _known(whole.values())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name in READERS:
            yield from _check_file(path, path.relative_to(folder).as_posix(), known)
    if whole and not broken:
        yield from _check_numbers(whole, forbidden)
        yield from _check_union(whole, previous)
        yield from _check_previous(whole, previous)


def _check_files(folder: Path, expected: Iterable[str]) -> Iterator[Reason]:
    """Refuse what is no file of a report, and what is not there."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    names = {file.as_posix() for file in files}
    for file in files:
        fits = len(file.parts) == 2 and file.parts[0] in i18n.LANGUAGES and file.name in READERS
        if (folder / file).is_symlink() or not (fits or file.as_posix() == MANIFEST):
            yield Reason(_safe(file.as_posix()), "不属于报告的文件", "no file of a report")
    languages = sorted({file.parts[0] for file in files if len(file.parts) == 2})
    if not languages:
        yield Reason(".", "没有报告", "no report")
    needed = {f"{language}/{RESULTS}" for language in languages} | set(expected)
    for name in sorted(needed - names):
        yield Reason(name, "缺少文件", "a file is missing")
    for language in languages:
        if not any(name.startswith(f"{language}/report.") for name in names):
            yield Reason(language, "缺少报告文件", "no report file")


def _check_file(path: Path, name: str, known: frozenset[str]) -> Iterator[Reason]:
    """Search all text of a file; a file that cannot be read is refused."""
    found: defaultdict[identifiers.Kind, list[str]] = defaultdict(list)
    try:
        for piece in READERS[path.name](path.read_bytes()):
            if isinstance(piece, Flaw):
                yield Reason(_join(name, piece.place), piece.zh, piece.en)
                continue
            for kind in identifiers.find(piece.text, known):
                found[kind].append(_join(name, piece.place))
    except Exception:
        yield Reason(name, "无法读取，不能审计", "cannot be read and so not be audited")
    for kind, places in sorted(found.items()):
        for place in dict.fromkeys(places):
            yield Reason(place, *identifiers.NAMES[kind])


def _check_numbers(
    reports: Mapping[str, Mapping[str, Any]], forbidden: Iterable[str]
) -> Iterator[Reason]:
    barred = [*load_rules()["audit"]["identifiers"], *forbidden]
    blocks = {language: report["blocks"] for language, report in reports.items()}
    sentinels = [sentinel for report in reports.values() for sentinel in report["sentinels"]]
    yield from _check_sentinels(reports, sentinels)
    audiences = {sentinel["audience"] for sentinel in sentinels}
    breaches: list[agreement.Breach] = []
    for language, some in blocks.items():
        for audience in audiences:
            breaches += _placed(language, agreement.check_cells(some, load_profile(audience)))
        breaches += _placed(language, agreement.check_columns(some, barred))
        if audiences == {"public"} and not any(s["data"].get("names_public") for s in sentinels):
            breaches += _placed(language, agreement.check_schools(some))
    breaches += agreement.check_sameness(blocks)
    breaches += agreement.check_languages(blocks)
    yield from (Reason(_safe(breach.place), breach.zh, breach.en) for breach in breaches)


def _check_sentinels(
    reports: Mapping[str, Mapping[str, Any]], sentinels: list[Mapping[str, Any]]
) -> Iterator[Reason]:
    """Refuse reports that speak of several counties, years, audiences, editions or data."""
    of_whom = {(s["county"], s["year"], s["audience"]) for s in sentinels}
    if len(of_whom) != 1:
        yield Reason(RESULTS, "县、学年或读者不一致", "not of one county, year and audience")
    runs = {
        tuple((s["chapter"], s["run"]) for s in report["sentinels"]) for report in reports.values()
    }
    if len(runs) != 1 or len({report["edition"] for report in reports.values()}) != 1:
        yield Reason(RESULTS, "各语言的数据或版次不一致", "the languages differ in data or edition")
    for language, report in reports.items():
        if {s["language"] for s in report["sentinels"]} != {language}:
            yield Reason(f"{language}/{RESULTS}", "语言不符", "not of its language")
        audiences = {s["audience"] for s in report["sentinels"]}
        if any({block["audience"]} != audiences for block in report["blocks"]):
            yield Reason(
                f"{language}/{RESULTS}", "有其他读者的内容", "a block for another audience"
            )


def _check_union(
    reports: Mapping[str, Mapping[str, Any]], previous: Path | None
) -> Iterator[Reason]:
    """Attack all chapters as one, with what an earlier release of the same edition adds."""
    edition = max(report["edition"] for report in reports.values())
    before = [_load(path) for path in sorted(previous.glob(f"*/{RESULTS}"))] if previous else []
    # Numbers of another edition are of other data: they are compared cell by cell instead.
    earlier = [report for report in before if report and report["edition"] == edition]
    now, old = (
        inference.gather(block for report in some for block in report["blocks"])
        for some in (reports.values(), earlier)
    )
    # An indicator that is gone and no longer declared cannot be held against the others.
    declared = {key: one for key, one in old.items() if key.split("|")[0] in load_links().forms}
    shown = {**declared, **now}
    sentinels = [sentinel for report in reports.values() for sentinel in report["sentinels"]]
    order = list(dict.fromkeys(str(sentinel["chapter"]) for sentinel in sentinels))
    for audience in sorted({sentinel["audience"] for sentinel in sentinels}):
        breaches = inference.check_union(
            shown.values(), load_profile(audience), load_links(), order
        )
        yield from (Reason(_safe(breach.place), breach.zh, breach.en) for breach in breaches)


def _check_previous(
    reports: Mapping[str, Mapping[str, Any]], previous: Path | None
) -> Iterator[Reason]:
    """Compare with every language of the earlier release: a reader may hold any of them."""
    if previous is None:
        return
    for path in sorted(previous.glob(f"*/{RESULTS}")):
        place = f"{path.parent.name}/{RESULTS}"
        before = _load(path)
        if before is None:
            yield Reason(place, "无法读取上一版", "the earlier release cannot be read")
            continue
        for report in reports.values():
            breaches = agreement.check_difference(
                agreement.by_key(report["blocks"]),
                agreement.by_key(before["blocks"]),
                revised=report["edition"] > before["edition"],
            )
            for breach in breaches:
                yield Reason(_join(place, breach.place), breach.zh, breach.en)


def _known(reports: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Collect the numbers of 11 digits that are school codes or released totals."""
    known = set()
    for report in reports:
        counties = {str(sentinel["county"]) for sentinel in report["sentinels"]}
        for cell in agreement.by_key(report["blocks"]).values():
            subject = str(cell["key"]).split("|")[3]
            if any(subject.startswith(county) for county in counties):
                known.add(subject)
            totals = (cell.get(field) for field in agreement.NUMBERS)
            known |= {str(round(total)) for total in totals if total is not None and total >= 1e10}
    return frozenset(known)


def _load(path: Path) -> Mapping[str, Any] | None:
    """Read the numbers of a report, nothing where they are not what they should be."""
    try:
        plain = json.loads(path.read_bytes())
        agreement.by_key(plain["blocks"])
        return plain if plain["sentinels"] and plain["edition"] >= 1 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _placed(language: str, breaches: Iterable[agreement.Breach]) -> list[agreement.Breach]:
    return [
        agreement.Breach(f"{language}/{RESULTS} · {breach.place}", breach.zh, breach.en)
        for breach in breaches
    ]


def _join(name: str, place: str) -> str:
    return _safe(f"{name} · {place}" if place else name)


def _safe(place: str) -> str:
    """Leave out of a place what would itself identify somebody."""
    parts = place.split(" · ")
    return " · ".join("…" if identifiers.find(part) else part for part in parts)


def _message(reasons: Iterable[Reason]) -> tuple[str, str]:
    """Put the reasons in two sentences, each kind once with its places."""
    places: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for reason in reasons:
        places[reason.zh, reason.en].append(reason.place)
    zh = "；".join(f"{kind[0]}：{_list(where, '、', '等{}处')}" for kind, where in places.items())
    en = "; ".join(
        f"{kind[1]}: {_list(where, ', ', ' and more, {} in all')}" for kind, where in places.items()
    )
    return f"审计不予放行。{zh}", f"held back by the audit. {en}"


def _list(places: list[str], comma: str, more: str) -> str:
    shown = list(dict.fromkeys(places))
    rest = more.format(len(shown)) if len(shown) > _LONGEST else ""
    return comma.join(shown[:_LONGEST]) + rest
