"""Numbers and names that identify a person, wherever they stand in a text.

Found are citizens' identity numbers (18 digits with a valid region, date and check character),
pupils' registry numbers, phone numbers, this project's pseudonyms and paths of a machine;
in full-width digits, in the usual groups with spaces or hyphens, behind invisible characters,
percent-encoded and in base64 too. A match is reported by its kind alone, never by what it says.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from typing import Literal
from urllib.parse import unquote

from analysis.release.profiles import load_rules

Kind = Literal["identity", "registry", "phone", "pseudonym", "path"]
NAMES: dict[Kind, tuple[str, str]] = {
    "identity": ("身份证件号", "identity number"),
    "registry": ("学籍号", "pupil registry number"),
    "phone": ("电话号码", "phone number"),
    "pseudonym": ("化名", "pseudonym"),
    "path": ("计算机路径", "path of a machine"),
}

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_IDENTITY = re.compile(
    r"(?<!\d)(?:\d{17}[\dXx]"
    r"|\d{6}([ -])\d{8}\1\d{3}[\dXx]"
    r"|\d{6}([ -])\d{4}\2\d{2}\2\d{2}\2\d{3}[\dXx]"
    r"|\d{4}([ -])\d{4}\3\d{4}\3\d{4}\3\d[\dXx]"
    r"|\d([ -])(?:\d\4){16}[\dXx])(?!\d)"
)
_REGISTRY = re.compile(r"(?<![A-Za-z0-9])[GJLgjl] ?\d{17}[\dXx](?![A-Za-z0-9])")
_PHONE = re.compile(
    r"(?<!\d)(?<!\d\.)(?:86)?(1[3-9]\d{9}|1[3-9]\d([ -])\d{4}\2\d{4})(?!\d)(?!\.\d)"
)
_LANDLINE = re.compile(r"(?<![\d.-])0\d{2,3}-\d{7,8}(?![\d.-])")
_PSEUDONYM = re.compile(r"p(?<![A-Za-z0-9]p)[a-z2-7]{24}(?![A-Za-z0-9])")
_ROOTS = ("/home/", "/root/", "/Users/", "/tmp/", "/mnt/", ":\\")  # noqa: S108
_PATH = re.compile(r"(?<![\w.:/<])/(?:home|root|Users|tmp|mnt)/\w|(?<![A-Za-z])[A-Za-z]:\\{1,2}\w")
_DIGITS = re.compile(r"\d(?:[ -]?\d){9,}")
_HASH = re.compile(r"[0-9a-f]{32,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\x00]")
_SEPARATORS = re.compile(r"[\u2010-\u2015\u2212\u00b7]")
_OTHER_DIGITS = re.compile(r"(?![0-9])\d")


def find(text: str, known: frozenset[str] = frozenset()) -> set[Kind]:
    """Say which kinds of identifiers a text holds.

    Parameters
    ----------
    text
        Any text, markup and all.
    known
        Numbers that look like one and are none: school codes, released totals.

    Examples
    --------
    >>> sorted(find("电话１３９００００１２３４，证件 11010519491231002X"))
    ['identity', 'phone']
    >>> find("11010519491231002X".replace("X", "1"))
    set()
    """
    plain = normalise(text)
    found = _find(plain, known)
    for token in _BASE64.findall(plain):
        found |= _find(_decode(token), known)
    return found


def is_identity_number(number: str) -> bool:
    """Tell whether 18 characters are a citizen's identity number (GB 11643-1999).

    >>> is_identity_number("11010519491231002X"), is_identity_number("110105194912310021")
    (True, False)
    """
    if number[:2] not in load_rules()["audit"]["provinces"]:
        return False
    try:
        born = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return born.year >= 1900 and _CHECKS[total % 11] == number[17].upper()


def normalise(text: str) -> str:
    """Bring digits and separators to one form and drop what cannot be seen.

    >>> normalise("１３\u200b８")
    '138'
    """
    if "%3" in text:
        text = unquote(text, errors="replace")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = _OTHER_DIGITS.sub(lambda digit: str(unicodedata.decimal(digit.group())), text)
        text = _SEPARATORS.sub("-", _INVISIBLE.sub("", text)).replace("\u2009", " ")
    return _HASH.sub(_without_hash, text.replace("\x00", ""))


def _without_hash(run: re.Match[str]) -> str:
    """Drop what is a hash, and keep what is a row of digits."""
    return run.group() if run.group().isdigit() else " "


def _find(text: str, known: frozenset[str]) -> set[Kind]:
    # Long rows of digits are few: only they are looked at closely.
    around = [text[max(0, run.start() - 6) : run.end() + 3] for run in _DIGITS.finditer(text)]
    tests: dict[Kind, Iterator[bool]] = {
        "identity": (is_identity_number(n) for n in _numbers(_IDENTITY, around)),
        "registry": (True for part in around if _REGISTRY.search(part)),
        "phone": chain(
            (n[-11:] not in known for n in _numbers(_PHONE, around)),
            (True for part in around if _LANDLINE.search(part)),
        ),
        "pseudonym": (True for _ in _PSEUDONYM.finditer(text)),
        "path": (_PATH.search(text) is not None for root in _ROOTS if root in text),
    }
    return {kind for kind, hits in tests.items() if any(hits)}


def _numbers(pattern: re.Pattern[str], parts: list[str]) -> Iterator[str]:
    for part in parts:
        for match in pattern.finditer(part):
            yield match.group().replace(" ", "").replace("-", "")


def _decode(token: str) -> str:
    """Read a word as base64; an empty text where it is none."""
    alphabet = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(alphabet + "=" * (-len(alphabet) % 4))
    except (binascii.Error, ValueError):
        return ""
    return content.replace(b"\x00", b"").decode("utf-8", errors="replace")
