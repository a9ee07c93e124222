"""Every sentence with a number in it, every label and verdict, Chinese and English side by side.

The catalogue is the TOML files in ``locale/``: the file's name is the first part of each key, so
``[headline.coefficients]`` with ``zh`` and ``en`` in ``balance.toml`` is
``balance.headline.coefficients``. A new question brings its own file; nothing registers it.

A sentence has blanks ``{name}`` or ``{name:format}``:

=============  ===================================================================
``:0`` … ``:6``  a number with that many decimals, thousands grouped
``:n``         a count: no decimals, thousands grouped
``:pct``       a share as a whole percent, ``0.634`` → ``63%``
``:pct1``      the same with one decimal
``:million``   ten thousands (万元) as millions, two decimals, ``5370`` → ``53.70``
``:s0`` …      a change: like ``:0`` with its sign, ``0.5`` → ``+0.50``
``:g``         a number as short as it is exact (limits, thresholds)
``:code``      digits as they are, never grouped (years)
none           text, put in as it is
=============  ===================================================================

``{n|school|schools}`` gives the word for one or for many (English), and ``⟦…⟧`` is left out when
a blank inside it is missing. A blank that is missing outside such brackets is an error.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from analysis.errors import JunhengError

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
LOCALE = Path(__file__).parent / "locale"

Blank = str | float | int | None

_BLANK = re.compile(r"\{(\w+)(?::(\w+))?(?:\|([^|{}]*)\|([^|{}]*))?\}")
_OPTIONAL = re.compile(r"⟦([^⟦⟧]*)⟧")


class CatalogueError(JunhengError):
    """A key, a language or a blank that the catalogue does not have."""


def say(key: str, language: Language, /, **values: Blank) -> str:
    """Say a sentence of the catalogue.

    Parameters
    ----------
    key
        ``file.path.to.entry``.
    language
        ``"zh"`` or ``"en"``.
    **values
        What fills the blanks.

    Raises
    ------
    CatalogueError
        If the key is unknown, a blank is missing, or a number is not finite.

    Examples
    --------
    >>> say("verdict.met", "zh")
    '达标'
    """
    return fill(text(key, language), key, **values)


def fill(sentence: str, key: str = "", /, **values: Blank) -> str:
    """Fill the blanks of a sentence.

    >>> fill("{n:n} {n|school|schools}⟦, {cv:2}⟧", n=1200, cv=None)
    '1,200 schools'
    """

    def optional(match: re.Match[str]) -> str:
        names = [blank.group(1) for blank in _BLANK.finditer(match.group(1))]
        return match.group(1) if all(_present(values.get(name)) for name in names) else ""

    def blank(match: re.Match[str]) -> str:
        name, spec, one, many = match.groups()
        value = values.get(name)
        if not _present(value):
            raise CatalogueError(f"{key}：空缺 {name} 没有值", f"{key}: no value for {name}")
        if one is not None:
            return one if value == 1 else many
        return show(value, spec or "")

    return _BLANK.sub(blank, _OPTIONAL.sub(optional, sentence))


def show(value: Blank, spec: str) -> str:
    """Write one value by a format of the catalogue.

    >>> show(0.634, "pct"), show(1234.5, "1"), show(0.5, "g"), show(2021, "code"), show(0.5, "s2")
    ('63%', '1,234.5', '0.5', '2021', '+0.50')
    """
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        raise CatalogueError("数值缺失", "a number is missing")
    if spec.isdigit():
        return _signed(f"{value:,.{int(spec)}f}")
    if spec[:1] == "s" and spec[1:].isdigit():
        return _signed(f"{value:+,.{int(spec[1:])}f}")
    if spec in ("pct", "pct1"):
        return _signed(f"{value * 100:,.{1 if spec == 'pct1' else 0}f}%")
    if spec == "million":
        return _signed(f"{value / 100:,.2f}")
    if spec == "code":
        return str(int(value))
    if spec == "n":
        return _signed(f"{value:,.0f}")
    return _signed(f"{value:,.10g}" if abs(value) >= 1000 else f"{value:.10g}")


def text(key: str, language: Language) -> str:
    """Give an entry as it stands, blanks unfilled."""
    try:
        return catalogue()[key][language]
    except KeyError:
        raise CatalogueError(
            f"文案库没有 {key}（{language}）", f"the catalogue has no {key} ({language})"
        ) from None


def has(key: str) -> bool:
    """Tell whether the catalogue has this key."""
    return key in catalogue()


def needs(key: str) -> frozenset[str]:
    """Give the blanks that a sentence cannot do without in one language or the other.

    >>> "flag" in needs("display.flagged")
    True
    """
    bare = (_OPTIONAL.sub("", text(key, language)) for language in LANGUAGES)
    return frozenset(blank.group(1) for part in bare for blank in _BLANK.finditer(part))


def brackets(key: str) -> frozenset[str]:
    """Give the blanks of a sentence that stand in what may be left out, in either language."""
    inside = (
        part.group(1) for language in LANGUAGES for part in _OPTIONAL.finditer(text(key, language))
    )
    return frozenset(b.group(1) for part in inside for b in _BLANK.finditer(part)) - needs(key)


def keys(prefix: str = "") -> tuple[str, ...]:
    """List the keys that begin with `prefix`, in order of file and place."""
    return tuple(key for key in catalogue() if key.startswith(prefix))


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Read all files of ``locale/`` once."""
    entries: dict[str, Mapping[str, str]] = {}
    for path in sorted(LOCALE.glob("*.toml")):
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        entries.update(_walk(path.stem, tree))
    return entries


def _walk(key: str, tree: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if set(tree) & set(LANGUAGES):
        missing = set(LANGUAGES) ^ set(tree)
        if missing:
            raise CatalogueError(
                f"{key} 缺少或多出 {sorted(missing)}", f"{key}: wrong languages {sorted(missing)}"
            )
        yield key, {language: str(tree[language]) for language in LANGUAGES}
        return
    for name, branch in tree.items():
        if not isinstance(branch, Mapping):
            raise CatalogueError(f"{key}.{name} 不是条目", f"{key}.{name} is not an entry")
        yield from _walk(f"{key}.{name}", branch)


def _present(value: Blank) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _signed(number: str) -> str:
    """Write minus as U+2212 and never a negative zero."""
    if number.startswith("-"):
        bare = number[1:]
        return bare if not re.search("[1-9]", bare) else f"\N{MINUS SIGN}{bare}"
    return number
