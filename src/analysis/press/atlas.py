"""What the site knows of places: learnt from the reports themselves and from a given list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice, product
from typing import Any

from analysis.i18n import LANGUAGES

_TEXTS = ("zh", "en", "pinyin", "level", "parent")
_NESTED = 3
"""Digits that a guessed parent shares at least."""

_WAYS = 8
"""Ways to read an old name that are searched at most."""

_BARE = "ang|eng|ai|an|ao|ei|en|er|ou|a|e|o"
_FINAL = f"iang|iong|uang|ing|ong|ian|iao|uai|uan|van|ia|ie|in|iu|ua|ue|ui|un|uo|ve|i|u|v|{_BARE}"
_SYLLABLE = re.compile(f"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])(?:{_FINAL})|{_BARE}")


@dataclass(frozen=True, slots=True)
class Place:
    """A division, as the list shows and finds it."""

    code: str
    zh: str = ""
    en: str = ""
    pinyin: str = ""
    level: str = ""
    parent: str = ""
    old: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Its name by language, its code where it has none."""
        return {language: getattr(self, language) or self.code for language in LANGUAGES}

    @property
    def search(self) -> str:
        """All that it is found by, folded as a query is."""
        letters = initials(self.pinyin, len(self.zh))
        parts = (self.zh, self.en, self.pinyin, *letters, self.code, *self.old)
        return "|".join(fold(part) for part in parts if part)


class Atlas:
    """Places by code; what a report says of its own place goes before the list."""

    def __init__(self, places: Mapping[str, Mapping[str, Any]]) -> None:
        self._places = {code: _place(code, about) for code, about in places.items()}
        self._above = {place.parent for place in self._places.values() if place.parent}
        self._read: Mapping[str, frozenset[str]] | None = None

    def __getitem__(self, code: str) -> Place:
        return self._places.get(code, Place(code))

    def search(self, code: str) -> str:
        """Give all that a place is found by, its old names in pinyin too."""
        place = self[code]
        spoken = [way for name in place.old for way in self._spoken(name, place)]
        letters = ["".join(syllable[0] for syllable in way) for way in spoken]
        return "|".join([place.search, *("".join(way) for way in spoken), *letters])

    def learn(self, place: Mapping[str, Any], parent: Mapping[str, Any]) -> None:
        """Take over what a report says of its place and of the one above."""
        above = str(parent.get("code", ""))
        self._set(place, parent=above)
        if above:
            self._set(parent, parent=self[above].parent)

    def name(self, code: str, names: Mapping[str, str]) -> None:
        """Take over the names of a place that has no report."""
        if code not in self._places:
            self._places[code] = _place(code, names)

    def path(self, code: str) -> tuple[str, str, str]:
        """Give province, prefecture and county of a code; empty where they are not known.

        What has counties of its own is a prefecture: its report stands first among theirs. The
        counties straight under a province are grouped by it.
        """
        above = code if code in self._above else self[code].parent or self._nearest(code)
        province = above if self[above].level == "province" else self[above].parent
        return province, above, "" if above == code else code

    def _spoken(self, name: str, place: Place) -> list[tuple[str, ...]]:
        """Read an old name as its characters are read in the names of today, its own place first."""
        own = _readings([place])
        known = self._readings()
        none: frozenset[str] = frozenset()
        choices = [sorted(own.get(c) or known.get(c) or none) for c in name]
        return list(islice(product(*choices), _WAYS)) if all(choices) else []

    def _readings(self) -> Mapping[str, frozenset[str]]:
        """Tell how each character is read in the names that are known; learnt once."""
        if self._read is None:
            self._read = _readings(self._places.values())
        return self._read

    def _nearest(self, code: str) -> str:
        """Guess the prefecture of a place that only a failure names: division codes nest."""
        shared = {above: _common(code, above) for above in sorted(self._above)}
        best = max(shared, key=lambda above: shared[above], default="")
        return best if shared.get(best, 0) >= _NESTED else ""

    def _set(self, about: Mapping[str, Any], parent: str) -> None:
        code = str(about["code"])
        known = self[code]
        self._places[code] = _place(
            code,
            {
                "zh": about.get("zh") or known.zh,
                "en": about.get("en") or known.en,
                "pinyin": about.get("pinyin") or known.pinyin,
                "old": about.get("old") or known.old,
                "level": known.level,
                "parent": parent or known.parent,
            },
        )
        self._above.update([parent] if parent else [])


def fold(text: str) -> str:
    """Fold what is searched and what is asked for alike: width, case, blanks.

    >>> fold("Zhāngběi １３")
    'zhangbei13'
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if not c.isspace() and not unicodedata.combining(c))


@cache
def initials(pinyin: str, syllables: int) -> tuple[str, ...]:
    """Give the first letters of a name written in pinyin, in every way that it can be read.

    Without blanks the syllables are found by their number, that of the characters: ``xian`` is
    one or two as the name has it, ``jinan`` may be cut in two places. What is no pinyin has none.

    >>> initials("zhangbeixian", 3), initials("xian", 2), initials("xian", 1), initials("Kern", 4)
    (('zbx',), ('xa',), ('x',), ())
    >>> initials("jinanshi", 3)
    ('jas', 'jns')
    """
    ways = syllables_of(pinyin, syllables)
    return tuple(sorted({"".join(syllable[0] for syllable in way) for way in ways}))


def syllables_of(pinyin: str, count: int) -> tuple[tuple[str, ...], ...]:
    """Give every way to read pinyin as so many syllables; blanks and apostrophes decide.

    >>> syllables_of("chongliqu", 3), syllables_of("Xi'an", 2)
    ((('chong', 'li', 'qu'),), (('xi', 'an'),))
    """
    words = pinyin.casefold().replace("ü", "v").replace("'", " ").split()
    if len(words) == count:
        return (tuple(words),)
    return tuple(_cuts("".join(words), count))


def _cuts(letters: str, count: int) -> Iterator[tuple[str, ...]]:
    """Give each way to cut letters into so many syllables."""
    if count <= 0 or not letters:
        if count == 0 and not letters:
            yield ()
        return
    for end in range(min(6, len(letters)), 0, -1):
        if _SYLLABLE.fullmatch(letters[:end]):
            for rest in _cuts(letters[end:], count - 1):
                yield (letters[:end], *rest)


def _readings(places: Iterable[Place]) -> dict[str, frozenset[str]]:
    """Learn how characters are read from names whose pinyin can be cut in one way alone."""
    found: dict[str, set[str]] = {}
    for place in places:
        ways = syllables_of(place.pinyin, len(place.zh)) if place.pinyin and place.zh else ()
        if len(ways) == 1:
            for character, syllable in zip(place.zh, ways[0], strict=True):
                found.setdefault(character, set()).add(syllable)
    return {character: frozenset(read) for character, read in found.items()}


def _place(code: str, about: Mapping[str, Any]) -> Place:
    plain = {name: str(about.get(name) or "") for name in _TEXTS}
    return Place(code=code, old=tuple(about.get("old") or ()), **plain)


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
