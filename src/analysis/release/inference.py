"""What all chapters of a release together tell of few persons.

Every number of persons, shown, withheld or never spoken of, has to stay as open as the threshold
leaves it: known to be large enough, or anything from one (or nobody) to the last number that is
withheld. What cannot be proven open counts as worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis import i18n
from analysis.release.agreement import Breach, is_about_persons
from analysis.release.knowledge import GUESSES, Knowledge
from analysis.release.links import Links
from analysis.release.people import CODED, LIMIT
from analysis.release.profiles import Profile
from analysis.release.statements import MOST, Cell, Key, Known, privacy
from analysis.release.worlds import CLOSE, Line, Target, Worlds, find_narrow, split

View = Callable[[Known], bool]
"""Which knowledge is looked at."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A released cell and the chapters that show it."""

    cell: Cell
    chapters: frozenset[str]


def everything(known: Known) -> bool:
    """View all that is known."""
    return True


def gather(blocks: Iterable[Mapping[str, object]]) -> dict[str, Shown]:
    """Give the cells of all blocks by key, each once, with the chapters that show it."""
    found: dict[str, Shown] = {}
    for block in blocks:
        for cell in block["cells"]:  # type: ignore[attr-defined]
            chapters = frozenset({str(block["chapter"])})
            before = found.get(cell["key"])
            found[cell["key"]] = Shown(cell, chapters | before.chapters if before else chapters)
    return found


def check_union(
    shown: Iterable[Shown], profile: Profile, links: Links, order: Sequence[str] = ()
) -> Iterator[Breach]:
    """Refuse what the numbers of all chapters together tell of few persons.

    Parameters
    ----------
    shown
        The released cells.
    profile
        The audience; one whose hidden numbers nobody protects from inference is not looked at.
    links
        What the cells count.
    order
        The chapters in reading order: of two that say the same, the later is named.
    """
    if not profile.complementary:
        return
    knowledge = Knowledge(profile, links)
    for one in shown:
        indicator, _, by, *_ = str(one.cell["key"]).split("|")
        if by == LIMIT or not (indicator in links.forms or _speaks(one.cell)):
            continue
        if not knowledge.add(one.cell, one.chapters):
            yield Breach(
                str(one.cell["key"]),
                "指标没有声明统计的是哪些人，无法与其他章节一并核查",
                "an indicator that is not declared with the persons it counts, so that it cannot be held against the other chapters",
            )
    knowledge.close()
    yield from sorted(_Inference(knowledge, order).find(), key=lambda breach: breach.place)


def _speaks(cell: Cell) -> bool:
    """Tell whether a cell gives, codes or withholds a number about persons."""
    given = cell["value"] is not None or cell["flag"] in {"c", *CODED}
    return given and is_about_persons(cell)


class _Inference:
    """A reader who looks at one group of unknowns after another."""

    def __init__(self, knowledge: Knowledge, order: Sequence[str]) -> None:
        self.knowledge, self.keys = knowledge, list(knowledge.unknowns)
        self.order = {chapter: place for place, chapter in enumerate(order)}

    def find(self) -> Iterator[Breach]:
        """Find what can be worked out, and numbers that contradict each other."""
        index = {key: place for place, key in enumerate(self.keys)}
        lines = [
            Line(tuple((index[key], weight) for key, weight in one.terms), one.low, one.high)
            for one in self.knowledge.known
        ]
        groups = split(range(len(self.keys)), [[q for q, _ in line.terms] for line in lines])
        of_group = {q: number for number, group in enumerate(groups) for q in group}
        known: list[list[tuple[Known, Line]]] = [[] for _ in groups]
        for one, line in zip(self.knowledge.known, lines, strict=True):
            known[of_group[line.terms[0][0]]].append((one, line))
        within = {index[part]: index[whole] for part, whole in self.knowledge.within().items()}
        for group, some in zip(groups, known, strict=True):
            keys = {q: self.keys[q] for q in group}
            yield from self._look(_Group(self.knowledge, keys, some, within))

    def _look(self, group: _Group) -> Iterator[Breach]:
        targets = group.targets()
        if not targets:
            return
        while (worlds := group.worlds()) is None and group.guesses:
            group.guesses -= 1
        if worlds is None:
            named = self._needed(group, lambda view: group.worlds(view) is None)
            yield self._breach(targets[0], named, "contradiction")
            return
        for target in dict.fromkeys(find_narrow(worlds, targets)):
            if group.tells(target) and not group.is_cleared(target):
                named = self._needed(group, lambda view, t=target: group.tells(t, view))  # type: ignore[misc]
                yield self._breach(target, named, "inference")

    def _needed(self, group: _Group, told: Callable[[View], bool]) -> list[str]:
        """Leave out the chapters without which it can be told all the same."""
        needed = frozenset(chapter for one, _ in group.known for chapter in one.chapters)
        ordered = sorted(needed, key=lambda chapter: (self.order.get(chapter, -1), chapter))
        for chapter in ordered:
            fewer = needed - {chapter}
            if told(lambda one, some=fewer: not one.chapters or bool(one.chapters & some)):  # type: ignore[misc]
                needed = fewer
        return [chapter for chapter in ordered if chapter in needed]

    def _breach(self, target: Target, chapters: Sequence[str], what: str) -> Breach:
        key = self.keys[target.terms[-1][0]]
        population = self.knowledge.links.populations[key.population]
        names = {language: [_title(c, language) for c in chapters] for language in i18n.LANGUAGES}
        zh = "".join(f"《{name}》" for name in names["zh"])
        en = ", ".join(f"“{name}”" for name in names["en"])
        many = "together" if len(chapters) > 1 else "alone"
        return Breach(
            str(key),
            i18n.say(f"audit.{what}.{many}", "zh", chapters=zh, population=population.zh),
            i18n.say(f"audit.{what}.{many}", "en", chapters=en, population=population.en),
        )


class _Group:
    """Unknowns that have to do with one another, and what is known of them."""

    def __init__(
        self,
        knowledge: Knowledge,
        keys: Mapping[int, Key],
        known: Sequence[tuple[Known, Line]],
        within: Mapping[int, int],
    ) -> None:
        self.keys, self.known, self.guesses = keys, known, GUESSES
        self.judged = knowledge.judged
        self.privacy = {
            q: "P0" if key in knowledge.facts else privacy(key, knowledge.links)
            for q, key in keys.items()
        }
        self.least = {q: knowledge.profile.least(self.privacy[q], "") for q in keys}
        self.within = {part: whole for part, whole in within.items() if part in keys}

    def targets(self) -> list[Target]:
        """List the numbers that may be small, and what is left of a sensitive group."""
        limits, _ = self._read(everything)
        found = []
        for q in self.keys:
            if self.privacy[q] == "P0":
                continue
            most = self.least[q] - 1.0
            if q in self.within:
                low, high = limits[self.within[q]]
                public = self.privacy[self.within[q]] == "P0" and low == high
                most = min(most, high) if public else most
                if self.privacy[q] == "P2":
                    found.append(Target(((self.within[q], 1), (q, -1)), most))
            if limits[q][0] < self.least[q]:
                found.append(Target(((q, 1),), most))
        return found

    def tells(self, target: Target, view: View = everything) -> bool:
        """Tell whether a number is narrowed down that may, for all that is known, be small."""
        worlds = self.worlds(view)
        if worlds is None or next(find_narrow(worlds, [target]), None) is None:
            return False
        q = target.terms[-1][0]
        nobody = 0 if self.privacy[q] == "P2" else 1
        return self.worlds(view, Line(target.terms, nobody, self.least[q] - 1)) is not None

    def is_cleared(self, target: Target) -> bool:
        """Tell whether it is harmless that a number can be narrowed down: see the two reasons."""
        indicators = sorted(self.judged[self.keys[target.terms[-1][0]]])
        return any(
            self._is_judged(target, name) or self._is_of_terms(target, name) for name in indicators
        )

    def _is_judged(self, target: Target, indicator: str) -> bool:
        """Tell whether the gate let a number be narrowed down, which has to be large then.

        The gate knows the number itself: a small one would not be as narrow to the reader of a
        single indicator. So it may be told from all chapters too, if they leave it large.
        """

        def seen(one: Known) -> bool:
            rule = not one.indicator and all(
                indicator in self.judged[key] for key, _ in one.terms
            )  # fmt: skip
            return one.plain and (rule or one.indicator == indicator)

        least = self.least[target.terms[-1][0]]
        return (
            self.worlds(everything, Line(target.terms, least, MOST)) is not None
            and self.tells(target, seen)
        )  # fmt: skip

    def _is_of_terms(self, target: Target, indicator: str) -> bool:
        """Tell whether all that is told is what an exact share says of its own terms.

        Of 0.4 the part is two, or four, or six: never one, of however many.
        """

        def own(one: Known) -> bool:
            return one.indicator == indicator

        worlds = self.worlds(own)
        lowest = worlds.extreme(target.terms, 1) if worlds else None
        if worlds is None or lowest is None or not self.tells(target, own):
            return False
        low = worlds.value(target.terms, lowest) + CLOSE
        return all(
            self.worlds(everything, Line(target.terms, *ends)) is not None
            for ends in ((0, low), (self.least[target.terms[-1][0]], MOST))
        )

    def worlds(self, view: View = everything, *more: Line) -> Worlds | None:
        """Give the worlds that are possible with what is viewed; nothing if there are none."""
        limits, lines = self._read(view)
        if any(low > high for low, high in limits.values()):
            return None
        worlds = Worlds(limits, [*lines, *more], [True] * len(self.keys))
        return None if worlds.are_none() else worlds

    def _read(self, view: View) -> tuple[dict[int, tuple[float, float]], list[Line]]:
        """Part what is known of single unknowns from what ties them together."""
        limits: dict[int, tuple[float, float]] = dict.fromkeys(self.keys, (0.0, MOST))
        lines = []
        for one, line in self.known:
            if not view(one) or one.guess > self.guesses:
                continue
            (q, weight), *others = line.terms
            if others or weight != 1:
                lines.append(line)
            else:
                low, high = limits[q]
                limits[q] = max(low, line.low), min(high, line.high)
        return limits, lines


def _title(chapter: str, language: i18n.Language) -> str:
    entry = i18n.catalogue().get(f"{chapter}.title")
    return entry[language] if entry else chapter
