"""What the site knows of places: learnt from the reports themselves and from a given list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from analysis.i18n import LANGUAGES

_TEXTS = ("zh", "en", "pinyin", "level", "parent")
_NESTED = 3
"""Digits that a guessed parent shares at least."""

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

    def __getitem__(self, code: str) -> Place:
        return self._places.get(code, Place(code))

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
    words = pinyin.casefold().replace("ü", "v").replace("'", " ").split()
    if len(words) == syllables:
        return ("".join(word[0] for word in words),)
    return tuple(sorted(set(_splits("".join(words), syllables))))


def _splits(letters: str, count: int) -> Iterator[str]:
    """Give the initials of each way to cut letters into so many syllables."""
    if count <= 0 or not letters:
        if count == 0 and not letters:
            yield ""
        return
    for end in range(min(6, len(letters)), 0, -1):
        if _SYLLABLE.fullmatch(letters[:end]):
            for rest in _splits(letters[end:], count - 1):
                yield letters[0] + rest


def _place(code: str, about: Mapping[str, Any]) -> Place:
    plain = {name: str(about.get(name) or "") for name in _TEXTS}
    return Place(code=code, old=tuple(about.get("old") or ()), **plain)


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
