"""Everything that can go wrong, as one tree with one exit code each.

::

    JunhengError                 1   anything of ours
    ├── UsageError               2   the call itself is wrong (option, parameter, unknown code)
    ├── InputError               3   files have faults; carries every `Fault`
    ├── StoreError               3   the store is missing, older than the data, or was changed by hand
    ├── RunError                 4   a notebook did not reach its sentinel
    ├── RenderError              4   an executed notebook cannot be turned into a document
    ├── WithheldError            5   the gate or the audit keeps a county back
    └── BusyError               75   another run holds the folder

No message quotes a value of a personal column: it names the place (file, sheet, row, column)
and the kind of fault, in Chinese and English.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["error", "warning", "info"]
Action = Literal["refused", "quarantined", "normalised", "kept"]

EXIT_OK = 0
EXIT_DIFFERENT = 1
"""Of ``county diff`` alone, as of ``diff``: the two are not the same."""
EXIT_SOME_FAILED = 4
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one place of an input file.

    Attributes
    ----------
    code
        Stable rule code, e.g. ``"value-not-a-number"``.
    zh, en
        What is wrong, as a sentence.
    fix_zh, fix_en
        How to put it right.
    file, sheet, row, column
        The place: file name relative to the folder given, sheet name, 1-based row as a
        spreadsheet shows it, header text. Empty or 0 where the fault has no such place.
    level, action
        How bad it is, and what was done with the value.
    """

    code: str
    zh: str
    en: str
    fix_zh: str = ""
    fix_en: str = ""
    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""
    level: Level = "error"
    action: Action = "refused"

    def where(self) -> str:
        """Give the place in one line.

        >>> Fault("x", "错", "wrong", file="a.csv", row=3, column="在校生数").where()
        'a.csv · 3 · 在校生数'
        """
        parts = (self.file, self.sheet, str(self.row) if self.row else "", self.column)
        return " · ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


class JunhengError(Exception):
    """Base of all errors that are shown to a user without a traceback."""

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh}\n{en}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return (type(self), (self.zh, self.en))


class UsageError(JunhengError):
    """The call itself is wrong."""

    exit_code = 2


class InputError(JunhengError):
    """Input files have faults; every fault found is in `faults`."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        errors = sum(fault.level == "error" for fault in self.faults)
        super().__init__(f"输入文件有 {errors} 处错误", f"the input files have {errors} errors")

    def __reduce__(self) -> tuple[type, tuple[tuple[Fault, ...]]]:  # type: ignore[override]
        return (type(self), (self.faults,))


class StoreError(JunhengError):
    """The store is missing, incomplete or was changed by hand."""

    exit_code = 3


class RunError(JunhengError):
    """A notebook did not run to its sentinel."""

    exit_code = EXIT_SOME_FAILED


class RenderError(JunhengError):
    """An executed notebook cannot be turned into a document."""

    exit_code = EXIT_SOME_FAILED


class WithheldError(JunhengError):
    """Disclosure control keeps something back; nothing of it was written."""

    exit_code = 5


class BusyError(JunhengError):
    """Another run holds the folder."""

    exit_code = 75
