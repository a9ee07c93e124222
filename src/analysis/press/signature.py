"""A notebook as a function: the cell tagged ``parameters`` is its signature.

One typed assignment a line, ``county: str = "130722"``; without a value the parameter must be
given. What is passed is held against it before anything runs: unknown names, missing ones and
values of another type are all named at once. Codes are text and stay text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from analysis.errors import UsageError

Value = str | int | bool

_KINDS: Mapping[str, type] = {"str": str, "int": int, "bool": bool}
_WORDS: Mapping[type, str] = {str: "文本", int: "整数", bool: "是否值"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a notebook; `default` is ``None`` where it must be given."""

    name: str
    kind: type
    default: Value | None


def open_notebook(path: Path) -> NotebookNode:
    """Open a notebook of this machine; an address of another one is no path.

    Raises
    ------
    UsageError
        If there is no such file, or it holds no notebook.
    """
    if path.suffix != ".ipynb" or not path.is_file():
        raise UsageError(f"没有笔记本 {path.name}", f"no notebook {path.name}")
    try:
        nb = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(nb)
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise UsageError(f"{path.name} 不是笔记本", f"{path.name} is not a notebook") from error
    return nb


def read_signature(nb: NotebookNode) -> dict[str, Parameter]:
    r"""Read the parameters of a notebook.

    Raises
    ------
    UsageError
        If there is not exactly one ``parameters`` cell, or a line of it is no typed assignment
        of a text, a whole number or a yes-or-no.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> cell = new_code_cell('county: str\nyear: int = 2021', metadata={"tags": ["parameters"]})
    >>> read_signature(new_notebook(cells=[cell]))["year"]
    Parameter(name='year', kind=<class 'int'>, default=2021)
    """
    cells = [cell for cell in nb.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise UsageError(
            f"笔记本应有一个 parameters 单元格，实有 {len(cells)} 个",
            f"a notebook has one cell tagged parameters, this one has {len(cells)}",
        )
    try:
        lines = ast.parse(cells[0].source).body
    except SyntaxError as error:
        raise _malformed(error.lineno or 0) from error
    parameters = [_read_line(line) for line in lines]
    return {parameter.name: parameter for parameter in parameters}


def bind(signature: Mapping[str, Parameter], given: Mapping[str, object]) -> dict[str, Value]:
    """Hold what is given against a signature and fill in the defaults.

    Raises
    ------
    UsageError
        Naming every parameter that is unknown, missing or of another type.

    Examples
    --------
    >>> bind({"county": Parameter("county", str, None)}, {"county": "010000"})
    {'county': '010000'}
    """
    faults = [*_unknown(signature, given), *_unfit(signature, given)]
    if faults:
        raise UsageError("；".join(zh for zh, _ in faults), "; ".join(en for _, en in faults))
    defaults = {name: p.default for name, p in signature.items() if p.default is not None}
    return {name: {**defaults, **given}[name] for name in signature}  # type: ignore[misc]


def _read_line(line: ast.stmt) -> Parameter:
    target: ast.expr
    if isinstance(line, ast.AnnAssign):
        target, value, annotation = line.target, line.value, line.annotation
    elif isinstance(line, ast.Assign) and len(line.targets) == 1:
        target, value, annotation = line.targets[0], line.value, None
    else:
        raise _malformed(line.lineno)
    default = _constant(value, line.lineno) if value is not None else None
    kind = type(default)
    if annotation is not None:
        kind = _KINDS.get(ast.unparse(annotation), type(None))
    fits = default is None or type(default) is kind
    if not isinstance(target, ast.Name) or kind not in _WORDS or not fits:
        raise _malformed(line.lineno)
    return Parameter(target.id, kind, default)


def _constant(value: ast.expr, line: int) -> Value:
    try:
        constant = ast.literal_eval(value)
    except ValueError as error:
        raise _malformed(line) from error
    if type(constant) not in _WORDS:
        raise _malformed(line)
    return constant


def _unknown(
    signature: Mapping[str, Parameter], given: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    for name in sorted(set(given) - set(signature), key=str):
        near = get_close_matches(str(name), signature, n=1)
        known = near or sorted(signature)
        yield (
            f"没有参数 {name!r}（{'应为' if near else '有'} {'、'.join(known)}）",
            f"no parameter {name!r} ({'did you mean' if near else 'there are'} {', '.join(known)})",
        )


def _unfit(
    signature: Mapping[str, Parameter], given: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    for name, parameter in signature.items():
        if name not in given and parameter.default is None:
            yield f"缺少参数 {name}", f"parameter {name} is missing"
        elif name in given and not _fits(given[name], parameter.kind):
            kind = parameter.kind
            yield f"参数 {name} 应为{_WORDS[kind]}", f"parameter {name} has to be {kind.__name__}"


def _fits(value: object, kind: type) -> bool:
    """Tell whether a value is exactly of a kind, and text that can be written at all."""
    if type(value) is not kind:
        return False
    return not isinstance(value, str) or not any(
        char == "\0" or "\ud800" <= char <= "\udfff" for char in value
    )


def _malformed(line: int) -> UsageError:
    return UsageError(
        f"parameters 单元格第 {line} 行不是“名称: 类型 = 值”（类型限 str、int、bool）",
        f"line {line} of the parameters cell is not `name: type = value` with str, int or bool",
    )
