"""Identity numbers of persons (GB 11643) and registry numbers of pupils, which are made of them.

Nothing here ever raises or returns with the number in a message.
"""

from __future__ import annotations

import datetime
import re
from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHARACTERS = "10X98765432"
_FIFTEEN = re.compile(r"[0-9]{15}")
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")


def check_character(first: str) -> str:
    """Compute the check character of the first 17 digits (ISO 7064 MOD 11-2).

    >>> check_character("11010519491231002")
    'X'
    """
    total = sum(map(mul, _WEIGHTS, map(int, first)))
    return _CHARACTERS[total % 11]


def is_valid(number: str) -> bool:
    """Tell whether 18 characters are an identity number: check character and date of birth.

    >>> is_valid("11010519491231002X"), is_valid("110105194912310021")
    (True, False)
    """
    if not _EIGHTEEN.fullmatch(number) or born(number) is None:
        return False
    return check_character(number[:17]) == number[17]


def born(number: str) -> datetime.date | None:
    """Read the date of birth off an identity number of 18 or, until 1999, of 15 characters.

    >>> born("11010519491231002X"), born("110105491231002"), born("E12345678")
    (datetime.date(1949, 12, 31), datetime.date(1949, 12, 31), None)
    """
    if _FIFTEEN.fullmatch(number):
        number = f"{number[:6]}19{number[6:]}"
    elif not _EIGHTEEN.fullmatch(number):
        return None
    try:
        return datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def is_of_a_person(code: str) -> bool:
    """Tell whether a code is made like an identity or registry number, whatever its check character.

    >>> [is_of_a_person(c) for c in ("110105194912310021", "G110105194912310021", "2113000001")]
    [True, True, False]
    """
    number = code.upper()
    number = number[1:] if looks_like_registry(number) else number
    return len(number) == 18 and born(number) is not None


_REGISTRY = re.compile(r"[GJL][0-9]{17}[0-9X]")


def looks_like_registry(number: str) -> bool:
    """Tell whether a text has the shape of a registry number: a letter and 18 characters.

    >>> looks_like_registry("G11010519491231002X"), looks_like_registry("11010519491231002X")
    (True, False)
    """
    return bool(_REGISTRY.fullmatch(number))


def is_registry(number: str) -> bool:
    """Tell whether 19 characters are a pupil's registry number (全国学籍号).

    ``G`` and an identity number; ``J`` and 18 characters made like one, for pupils who have none;
    ``L`` for the time being: area, date of birth and four digits without a check.

    >>> is_registry("G11010519491231002X"), is_registry("G110105194912310021")
    (True, False)
    >>> is_registry("L130722200901015678"), is_registry("L130722200913015678")
    (True, False)
    """
    if not looks_like_registry(number):
        return False
    rest = number[1:]
    return born(rest) is not None if number[0] == "L" else is_valid(rest)
