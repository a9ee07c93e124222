"""From the text of a cell to a value of its column: typed once, by the contract.

Each kind of column has one function. It gives the value, `None` for a cell that says "not known",
or raises `Unfit` with a rule code of ``locale/intake.toml``. Work is done on the distinct texts of
a column.
"""

from __future__ import annotations

import datetime
import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from analysis.i18n import Blank
from analysis.records import grades, identity_numbers
from analysis.records.contracts import Column, Kind
from analysis.records.reference import load_reference
from analysis.records.rules import rules
from analysis.records.vocabulary import Question, normal, vocabulary

Value = str | int | float | bool | None

LONGEST_TEXT = 200
_OWN_FAULT = {"disability": "disability-unclear"}
"""Lists that understand more than they keep: their two choices would not say how to mend a cell."""
_TOO_LONG = Decimal(10) ** 15
"""From here on a number in memory loses digits."""
_SQUARE_METRE = re.compile("[mM]²")
_ALLOWED_CONTROLS = frozenset("\t\n\r")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff·])\s+(?=[\u3400-\u9fff·])")
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)(?:\.\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_SCHOOL_YEAR = re.compile(r"(\d{4})(?:[-~/至—–―](\d{4}|\d{2}))?(?:学年度?|年度?)?")
_YEAR = re.compile(r"(\d{4})(?:年?|[-./年](?:0?[1-9]|1[0-2])(?:[-./月]\d{0,2}日?)?)")
_DATE = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?(?:[T ]00:00(?::00)?)?")


class Unfit(Exception):  # noqa: N818 - no error of the program
    """A text that is no value of its column."""

    def __init__(self, code: str, **values: Blank) -> None:
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Typed:
    """A column of values, and what is wrong with its texts.

    Attributes
    ----------
    values
        One per text; `None` where it is missing or unfit.
    unfit
        What is wrong with a text.
    """

    values: list[Value]
    unfit: Mapping[str, Unfit]


def type_texts(column: Column, texts: Sequence[str], times: Decimal = Decimal(1)) -> Typed:
    """Type a column of text.

    Parameters
    ----------
    column
        The contract.
    texts
        The cells.
    times
        Factor from the unit of the file to the contract's.

    Examples
    --------
    >>> from analysis.records.contracts import RESOURCES
    >>> type_texts(RESOURCES["equipment_yuan"], ["３５.２", "1,200", "—"], Decimal(10000)).values
    [352000.0, 12000000.0, None]
    """
    return _type_each(texts, lambda text: type_text(column, text, times))


def type_answers(column: Column, question: Question, texts: Sequence[str]) -> Typed:
    """Type a column of codes below a header that asks for yes or no (是否住校).

    Digits are answers and never codes: the code 1 of a day pupil would turn a yes into a no.

    >>> from analysis.records.registers import PUPILS
    >>> asked = vocabulary().questions["boarding"]
    >>> type_answers(PUPILS["boarding"], asked, ["1", "是", "0", "住校", "2", ""]).values
    ['2', '2', '1', '2', None, None]
    """
    words, plain = vocabulary(), replace(column, kind="flag", codes="")

    def answer(text: str) -> Value:
        half = _half_width(text).strip()
        if not half.isdigit() and half.casefold() not in words.yes | words.no:
            return type_text(column, text)
        return question.yes if type_text(plain, text) else question.no

    return _type_each(texts, answer)


def _type_each(texts: Sequence[str], type_one: Callable[[str], Value]) -> Typed:
    known: dict[str, Value] = {}
    unfit: dict[str, Unfit] = {}
    for text in dict.fromkeys(texts):
        try:
            known[text] = type_one(text)
        except Unfit as reason:
            known[text], unfit[text] = None, reason
    return Typed([known[text] for text in texts], unfit)


def type_text(column: Column, text: str, times: Decimal = Decimal(1)) -> Value:
    """Type one text; see `type_texts`."""
    if not (text.isascii() and text.isprintable()):
        text = _without_invisible(text)
    half = _half_width(text).strip()
    if half in vocabulary().missing:
        if column.required:
            raise Unfit("value-missing")
        return None
    return _PARSERS[column.kind](column, text if column.kind == "text" else half, times)


def clean_text(text: str) -> str:
    """Give a name as it is kept: composed, trimmed, without spaces between Han characters.

    >>> clean_text("　张　北 县 "), clean_text("Los  Angeles")
    ('张北县', 'Los Angeles')
    """
    return _BETWEEN_HAN.sub("", " ".join(unicodedata.normalize("NFC", text).split()))


def parse_school_year(text: str) -> int | None:
    """Read a school year by the year in which it begins.

    >>> [parse_school_year(t) for t in ("2021", "2021学年", "2021—2022学年", "2021-23", "二〇二一")]
    [2021, 2021, 2021, None, None]
    """
    match = _SCHOOL_YEAR.fullmatch("".join(text.split()))
    if not match:
        return None
    first = int(match[1])
    if match[2] and int(match[2]) % 100 != (first + 1) % 100:
        return None
    return first if not match[2] or len(match[2]) == 2 or int(match[2]) == first + 1 else None


def _half_width(text: str) -> str:
    """Make wide characters plain; 362① and 7² stay as they are, or a mark would become a digit."""
    return text if _has_marks(text) else unicodedata.normalize("NFKC", text)


def _has_marks(text: str) -> bool:
    """Tell whether a text has raised or circled digits other than those of m²."""
    if text.isascii():
        return False
    return any(unicodedata.category(c) == "No" for c in _SQUARE_METRE.sub("", text))


def _without_invisible(text: str) -> str:
    text = _INVISIBLE.sub("", text)
    for character in text:
        if character in _ALLOWED_CONTROLS or character.isprintable():
            continue
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs"):
            raise Unfit("value-has-control-characters", point=f"U+{ord(character):04X}")
    return text


def _text(column: Column, text: str, times: Decimal) -> str:
    if len(text) > LONGEST_TEXT:
        raise Unfit("value-too-long", limit=LONGEST_TEXT)
    if not column.pattern and not _is_identity(column):
        return clean_text(text)
    code = "".join(_half_width(text).split())
    if _SCIENTIFIC.fullmatch(code):
        raise Unfit("digits-lost")
    if _is_identity(column):
        return _registry(code.upper()) if column.id == "pupil_id" else _identity(code.upper())
    if not re.fullmatch(column.pattern, code):
        raise Unfit("value-not-a-code")
    if identity_numbers.is_of_a_person(code):
        raise Unfit("code-of-a-person")
    return code


def _is_identity(column: Column) -> bool:
    return column.privacy == "P3" and column.id.endswith("_id")


def _identity(number: str) -> str:
    """18 characters and the old 15 are checked; other documents are known by their shape."""
    if len(number) == 18 and number[:17].isdecimal():
        if not identity_numbers.is_valid(number):
            raise Unfit("identity-wrong")
        return number
    if len(number) == 15 and number.isdecimal():
        if identity_numbers.born(number) is None:
            raise Unfit("identity-wrong")
        return number
    if not re.fullmatch(rules()["identity"]["other_documents"], number):
        raise Unfit("identity-length")
    return number


def _registry(number: str) -> str:
    if not identity_numbers.looks_like_registry(number):
        raise Unfit("registry-length")
    if not identity_numbers.is_registry(number):
        raise Unfit("registry-wrong")
    return number


def _number(column: Column, text: str, times: Decimal) -> float:
    return float(_decimal(column, text, times))


def _count(column: Column, text: str, times: Decimal) -> int:
    if column.id == "grade":
        text = _grade(text)
    number = _decimal(column, text, times)
    if number != number.to_integral_value():
        raise Unfit("value-not-whole")
    return int(number)


def _grade(text: str) -> str:
    grade = grades.read_grade(text)
    if grade is None and grades.is_by_entry(text):
        raise Unfit("grade-unclear")
    if grade is None and grades.is_fourth_of_junior(text):
        raise Unfit("grade-of-five-four")
    return text if grade is None else str(grade)


def _decimal(column: Column, text: str, times: Decimal) -> Decimal:
    text, own = _without_unit(column, text)
    text = text.replace("\N{MINUS SIGN}", "-")
    if _SCIENTIFIC.fullmatch(text):
        raise Unfit("number-scientific")
    if not _NUMBER.fullmatch(text) or not text.isascii():
        raise Unfit("value-not-a-number")
    number = Decimal(text.replace(",", "").replace(" ", "")) * (times if own is None else own)
    if abs(number) >= _TOO_LONG:
        raise Unfit("number-too-long")
    _require_between(column, number)
    return number


def _without_unit(column: Column, text: str) -> tuple[str, Decimal | None]:
    """Take a unit of the column off a cell (352人), with its factor; another stays, a fault.

    What a cell says of its own unit counts, whatever the header says.
    """
    match = re.search(r"[^\d.,\s]+$", text)
    if match:
        unit = vocabulary().units.get(normal(match[0]))
        if unit and column.unit in unit.fits:
            return text[: match.start()].strip(), unit.times
    return text, None


def _require_between(column: Column, number: Decimal | int) -> None:
    if column.low is not None and number < column.low:
        raise Unfit("value-too-low", limit=column.low)
    if column.high is not None and number > column.high:
        raise Unfit("value-too-high", limit=column.high)


def _year(column: Column, text: str, times: Decimal) -> int:
    if column.id == "year":
        year = parse_school_year(text)
    else:
        match = _YEAR.fullmatch("".join(text.split()))
        year = int(match[1]) if match else None
    if year is None:
        raise Unfit("value-not-a-school-year" if column.id == "year" else "value-not-a-year")
    if column.low is not None and column.high is not None and not column.low <= year <= column.high:
        raise Unfit("year-out-of-range", low=column.low, high=column.high)
    return year


def _date(column: Column, text: str, times: Decimal) -> str:
    match = _DATE.fullmatch(text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    try:
        if match:
            return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        pass
    raise Unfit("value-not-a-date")


def _flag(column: Column, text: str, times: Decimal) -> bool:
    word = "".join(text.split()).casefold()
    if word in vocabulary().yes:
        return True
    if word in vocabulary().no:
        return False
    raise Unfit("value-not-yes-or-no")


def _code(column: Column, text: str, times: Decimal) -> str:
    code = labels(column.codes).get(normal(text))
    if code is None or _has_marks(text):
        raise Unfit(
            _OWN_FAULT.get(column.codes, "value-not-in-list"), **_choices(column.codes, text)
        )
    return code


@cache
def labels(list_id: str) -> Mapping[str, str]:
    """Map everything that a code list understands to its codes.

    >>> labels("stage")["初中"], labels("stage")["primaryschool"], labels("sex")["01"]
    ('junior', 'primary', '1')
    """
    known: dict[str, str] = {}
    entries = load_reference().codes[list_id]
    for code, entry in entries.items():
        known.update((normal(name), code) for name in entry["also"])
    for code, entry in entries.items():
        known.update((normal(name), code) for name in (code, entry["zh"], entry["en"]))
    return known


def _choices(list_id: str, text: str) -> dict[str, Blank]:
    """Name what a list allows: the nearest labels, or all of a short list."""
    entries = load_reference().codes[list_id]
    close = difflib.get_close_matches(normal(text), labels(list_id), n=3, cutoff=0.5)
    codes: Collection[str] = dict.fromkeys(labels(list_id)[name] for name in close)
    if not codes or len(entries) <= 6:
        codes = list(entries)[:12]
    return {
        "choices_zh": "、".join(entries[code]["zh"] for code in codes),
        "choices_en": ", ".join(entries[code]["en"] for code in codes),
    }


_PARSERS: Mapping[Kind, Callable[[Column, str, Decimal], Value]] = {
    "text": _text,
    "code": _code,
    "count": _count,
    "number": _number,
    "year": _year,
    "date": _date,
    "flag": _flag,
}
