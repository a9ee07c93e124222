"""Files as bureaus have them, read as text: nothing is typed, guessed or dropped here.

CSV (UTF-8 with or without BOM, UTF-16 with BOM, GB18030; comma, tab or semicolon) and workbooks
(XLSX, XLS, ODS; see `workbooks`). What a file is, its content tells, not its name. A number comes
as a spreadsheet shows it (``12.0`` is ``"12"``); the places of numbers that have lost digits and
of formulas without a result are kept beside the text, so that they become faults, not values.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path

from analysis.errors import Fault
from analysis.records import workbooks
from analysis.records.faults import fault
from analysis.records.sheets import MAX_BYTES, MAX_COLUMNS, MAX_FIELD, Sheet, Sheets

__all__ = ["Sheet", "Sheets", "decode", "read_file"]

_DELIMITERS = ",\t;"
_SAMPLE = 200


def read_file(path: Path, *, name: str = "") -> Sheets:
    r"""Read a file as text.

    Parameters
    ----------
    path
        The file.
    name
        What faults call it; its own name if empty.

    Returns
    -------
    Sheets
        Its sheets, or the faults that say why it cannot be read. Never raises for what a file
        holds.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     _ = path.write_bytes("学校名称,在校生数\n城关小学,012\n".encode("gb18030"))
    ...     read_file(path).sheets[0].rows
    [['学校名称', '在校生数'], ['城关小学', '012']]
    """
    name = name or path.name
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError:
        return Sheets(name, "", faults=(fault("file-not-opened", file=name),))
    if size == 0:
        return Sheets(name, "", faults=(fault("file-empty", file=name),))
    if size > MAX_BYTES:
        return Sheets(name, "", faults=(fault("file-too-large", file=name, size=size / 1024**2),))
    sha256 = hashlib.sha256(content).hexdigest()
    if workbooks.is_workbook(content):
        sheets, faults = workbooks.read(content, name)
        return Sheets(name, sha256, sheets, faults)
    if re.match(rb"\s*<(!doctype|html|\?xml|table|meta|style|script)", content[:512].lower()):
        return Sheets(name, sha256, faults=(fault("file-is-a-web-page", file=name),))
    rows, faults = _read_csv(content, name)
    return Sheets(name, sha256, (Sheet("", rows),) if not faults else (), faults, csv=True)


def decode(content: bytes, name: str = "") -> tuple[str, tuple[Fault, ...]]:
    """Decode a text file strictly: as what its first bytes declare, as UTF-8, or as GB18030.

    A file that is UTF-8 but for a few damaged bytes is not taken for GB18030, as which it would
    decode into nonsense.

    >>> decode("县".encode("gb18030"))[0]
    '县'
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content.startswith(b"\xef\xbb\xbf") or _mostly_utf8(content):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding), ()
        except UnicodeDecodeError as error:
            row = error.object[: error.start].count(b"\n") + 1
    return "", (fault("file-not-decodable", file=name, row=row),)


def _mostly_utf8(content: bytes) -> bool:
    """Tell whether nearly all characters beyond ASCII are well-formed UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        damaged = text.count("\N{REPLACEMENT CHARACTER}")
        sound = sum(not character.isascii() for character in text) - damaged
        return sound > 10 * damaged
    return True


def _read_csv(content: bytes, name: str) -> tuple[list[list[str]], tuple[Fault, ...]]:
    text, faults = decode(content, name)
    if faults:
        return [], faults
    rows: list[list[str]] = []
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for row in reader:
            rows.append(row)
    except csv.Error:
        return [], (fault("csv-malformed", file=name, row=len(rows) + 1),)
    if max(map(len, rows), default=0) > MAX_COLUMNS:
        return [], (fault("too-many-columns", file=name, limit=MAX_COLUMNS),)
    return rows, ()


def _delimiter(text: str) -> str:
    """Choose what most often splits the first lines into the most fields."""
    lines = [line for line in text.split("\n", _SAMPLE)[:_SAMPLE] if line.strip()]
    counts = {
        delimiter: sorted((line.count(delimiter) for line in lines), reverse=True)
        for delimiter in _DELIMITERS
    }
    return max(_DELIMITERS, key=lambda d: counts[d][len(lines) // 2] if lines else 0)
