"""Markdown of a notebook → HTML and Typst, both from mistune's tree, with nothing live in it.

Raw HTML stays text, links and images become their text: a report refers to nothing outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mistune
from markupsafe import Markup, escape

from analysis.errors import RenderError
from analysis.i18n import Language


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading: what a table of contents needs."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A first-level heading and the ones of the second level below it."""

    text: str
    anchor: str
    below: list[Entry]


@dataclass(slots=True)
class Outline:
    """The headings placed so far; levels never skip, anchors never repeat.

    >>> outline = Outline(top=2)
    >>> outline.place(1, "均衡", "balance").level, outline.place(4, "附", "balance").level
    (2, 3)
    """

    top: int
    entries: list[Entry] = field(default_factory=list)

    def place(self, level: int, text: str, anchor: str) -> Entry:
        before = self.entries[-1].level if self.entries else self.top - 1
        used = {entry.anchor for entry in self.entries}
        names = (anchor, *(f"{anchor}-{n}" for n in range(2, len(used) + 3)))
        free = next(name for name in names if name not in used)
        entry = Entry(min(level + self.top - 1, before + 1, 6), text, free)
        self.entries.append(entry)
        return entry

    def tree(self) -> list[Chapter]:
        """Give the two upper levels as chapters and what is below each."""
        chapters: list[Chapter] = []
        for entry in self.entries:
            if entry.level == self.top:
                chapters.append(Chapter(entry.text, entry.anchor, []))
            elif entry.level == self.top + 1:
                chapters[-1].below.append(entry)
        return chapters


def to_html(source: str, language: Language, outline: Outline, anchor: str) -> Markup:
    r"""Turn markdown into HTML that needs no trust.

    Parameters
    ----------
    source
        Markdown.
    language
        Decides whether a line break within a paragraph is a space.
    outline
        Where its headings are entered.
    anchor
        What the anchors of its headings begin with.

    Examples
    --------
    >>> to_html("a <b> [c](http://d)", "en", Outline(2), "x")
    Markup('<p>a &lt;b&gt; c (http://d)</p>\n')
    """
    renderer = _HTMLRenderer(language, outline, anchor)
    return Markup(_parse(source, renderer))  # noqa: S704


def to_typst(
    source: str, language: Language, outline: Outline, anchor: str, *, leads: bool = False
) -> str:
    r"""Turn markdown into Typst; every piece of text is a string literal, so none is code.

    Parameters
    ----------
    source, language, outline, anchor
        As for `to_html`.
    leads
        A figure or table follows: a paragraph at the end stays with it.

    >>> to_typst("1 #x *y*", "en", Outline(1), "x")
    '#"1 #x ";#emph[#"y";]\n\n'
    """
    return _parse(source, _TypstRenderer(language, outline, anchor, leads=leads))


def literal(text: str) -> str:
    r"""Write text as a Typst string.

    >>> literal('"a"')
    '"\\"a\\""'
    """
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + quoted.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _parse(source: str, renderer: mistune.BaseRenderer) -> str:
    return str(mistune.create_markdown(renderer=renderer, plugins=["table"])(source))


def _soft(language: Language) -> str:
    return "" if language == "zh" else " "


class _HTMLRenderer(mistune.HTMLRenderer):
    def __init__(self, language: Language, outline: Outline, anchor: str) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False)
        self.language, self.outline, self.anchor = language, outline, anchor

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        entry = self.outline.place(level, Markup(text).striptags(), self.anchor)  # noqa: S704
        return f'<h{entry.level} id="{escape(entry.anchor)}">{text}</h{entry.level}>\n'

    def softbreak(self) -> str:
        return _soft(self.language)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return text if text == escape(url) else f"{text} ({escape(url)})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def block_code(self, code: str, info: str | None = None) -> str:
        return f'<pre tabindex="0"><code>{escape(code)}</code></pre>\n'


class _TypstRenderer(mistune.BaseRenderer):
    """One method a kind of token; an unknown kind is an error of mistune's, so nothing slips by."""

    NAME = "typst"

    def __init__(self, language: Language, outline: Outline, anchor: str, *, leads: bool) -> None:
        super().__init__()
        self.language, self.outline, self.anchor, self.leads = language, outline, anchor, leads

    def __call__(self, tokens: Iterable[dict[str, Any]], state: Any) -> str:
        tokens = [token for token in tokens if token["type"] != "blank_line"]
        if self.leads and tokens and tokens[-1]["type"] == "paragraph":
            tokens[-1] = {**tokens[-1], "type": "lead"}
        return self.render_tokens(tokens, state)

    def render_token(self, token: dict[str, Any], state: Any) -> str:
        method: Callable[[dict[str, Any], Any], str] | None = getattr(self, token["type"], None)
        if method is None:
            raise RenderError(
                f"不支持的 Markdown 元素 {token['type']}", f"no such markdown here: {token['type']}"
            )
        return method(token, state)

    def _inner(self, token: Mapping[str, Any], state: Any) -> str:
        return self.render_tokens(token.get("children", ()), state)

    def _wrapped(self, function: str, token: Mapping[str, Any], state: Any) -> str:
        return f"#{function}[{self._inner(token, state)}]"

    def text(self, token: dict[str, Any], state: Any) -> str:
        return f"#{literal(token['raw'])};"

    inline_html = text

    def codespan(self, token: dict[str, Any], state: Any) -> str:
        return f"#raw({literal(token['raw'])})"

    def emphasis(self, token: dict[str, Any], state: Any) -> str:
        return self._wrapped("emph", token, state)

    def strong(self, token: dict[str, Any], state: Any) -> str:
        return self._wrapped("strong", token, state)

    def link(self, token: dict[str, Any], state: Any) -> str:
        inner, url = self._inner(token, state), literal(token["attrs"]["url"])
        return inner if inner == f"#{url};" else f'{inner}#" (";#{url};#")";'

    def image(self, token: dict[str, Any], state: Any) -> str:
        return self._inner(token, state)

    def softbreak(self, token: dict[str, Any], state: Any) -> str:
        return f"#{literal(_soft(self.language))};"

    def linebreak(self, token: dict[str, Any], state: Any) -> str:
        return "#linebreak();"

    def blank_line(self, token: dict[str, Any], state: Any) -> str:
        return ""

    def paragraph(self, token: dict[str, Any], state: Any) -> str:
        return self._inner(token, state) + "\n\n"

    def lead(self, token: dict[str, Any], state: Any) -> str:
        return self._wrapped("jh-lead", token, state) + "\n\n"

    def block_text(self, token: dict[str, Any], state: Any) -> str:
        return self._inner(token, state)

    def block_html(self, token: dict[str, Any], state: Any) -> str:
        return f"#{literal(token['raw'].strip())};\n\n"

    def block_error(self, token: dict[str, Any], state: Any) -> str:
        return self.block_html(token, state)

    def heading(self, token: dict[str, Any], state: Any) -> str:
        entry = self.outline.place(token["attrs"]["level"], "", self.anchor)
        return f"#heading(level: {entry.level})[{self._inner(token, state)}]\n\n"

    def thematic_break(self, token: dict[str, Any], state: Any) -> str:
        return "#jh-rule()\n\n"

    def block_code(self, token: dict[str, Any], state: Any) -> str:
        return f"#raw({literal(token['raw'])}, block: true)\n\n"

    def block_quote(self, token: dict[str, Any], state: Any) -> str:
        return self._wrapped("quote(block: true)", token, state) + "\n\n"

    def list(self, token: dict[str, Any], state: Any) -> str:
        function = "enum" if token["attrs"]["ordered"] else "jh-list"
        start = f"start: {token['attrs'].get('start', 1)}, " if function == "enum" else ""
        items = "".join(f"[{self._inner(item, state).strip()}]," for item in token["children"])
        return f"#{function}({start}{items})\n\n"

    def table(self, token: dict[str, Any], state: Any) -> str:
        head, *bodies = token["children"]
        rows = [row for body in bodies for row in body["children"]]
        header = "".join(self._cells(head, state))
        cells = "".join(cell for row in rows for cell in self._cells(row, state))
        columns = len(head["children"])
        return f"#jh-grid(columns: {columns}, table.header({header}),{cells})\n\n"

    def _cells(self, row: Mapping[str, Any], state: Any) -> Iterable[str]:
        return (f"[{self._inner(cell, state)}]," for cell in row["children"])
