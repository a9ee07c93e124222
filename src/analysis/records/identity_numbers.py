"""Identity numbers of persons (GB 11643): 17 digits and a check character.

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
