"""What a published block may bring into a report: an allow-list for its HTML and for its Typst.

Blocks come from our own display code, which escapes what it prints. This is the second net, for
the day on which that code has a hole and a school is called ``<script>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bleach.sanitizer import Cleaner
from markupsafe import Markup

from analysis.errors import RenderError

_STRUCTURE = "section div header footer p pre blockquote ul ol li dl dt dd figure figcaption img a"
_WORDS = (
    "span strong em b i small sub sup abbr br hr code q h2 h3 h4 h5 h6 details summary data time"
)
_TABLES = "table caption colgroup col thead tbody tfoot tr th td"
TAGS = frozenset(f"{_STRUCTURE} {_WORDS} {_TABLES}".split())
_EVERYWHERE = frozenset({"class", "id", "lang", "role", "tabindex"})
_ARIA = re.compile(r"aria-(label|labelledby|describedby|hidden|level)")
_OF_TAG: Mapping[str, frozenset[str]] = {
    "img": frozenset({"src", "alt", "width", "height"}),
    "a": frozenset({"href"}),
    "th": frozenset({"scope", "colspan", "rowspan", "headers", "abbr"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "ol": frozenset({"start"}),
    "details": frozenset({"open"}),
    "abbr": frozenset({"title"}),
    "data": frozenset({"value"}),
    "time": frozenset({"datetime"}),
}
_VALUES: Mapping[str, re.Pattern[str]] = {
    "src": re.compile("#jh-image-[0-9a-f]{64}"),
    "href": re.compile(r"#[\w-]+"),
    "tabindex": re.compile("0|-1"),
    "role": re.compile("region|group|list|listitem|note|img|presentation|doc-[a-z]+"),
}
_TYPST_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TYPST_BARRED = re.compile(
    r"\b(import|include|eval|plugin|sys|cbor|csv|json|read|toml|xml|yaml|bytes|link)\b|@|//|/\*|<"
)


def allowed(tag: str, name: str, value: str) -> bool:
    """Tell whether an element may carry this attribute.

    >>> allowed("a", "href", "javascript:alert(1)"), allowed("a", "href", "#balance")
    (False, True)
    """
    if name in _VALUES and not _VALUES[name].fullmatch(value):
        return False
    known = name in _EVERYWHERE or name in _OF_TAG.get(tag, ())
    return known or bool(_ARIA.fullmatch(name))


_CLEANER = Cleaner(tags=TAGS, attributes=allowed)


def clean(html: str) -> Markup:
    """Pass HTML through the allow-list; what is not on it stays to be read as text.

    >>> clean('<p onclick="x">a</p><script>b</script>')
    Markup('<p>a</p>&lt;script&gt;b&lt;/script&gt;')
    """
    return Markup(_CLEANER.clean(html))  # noqa: S704


def check_typst(source: str, where: str) -> None:
    """Refuse Typst that reaches for files, packages, other code or addresses.

    Text in a block's Typst stands in string literals; what is outside of them is ours.

    >>> check_typst('#jh-prose[#"import @a";]', "x")

    Raises
    ------
    RenderError
        If anything outside of the string literals could reach out of the document.
    """
    barred = _TYPST_BARRED.search(_TYPST_STRING.sub('""', source))
    if barred:
        raise RenderError(
            f"内容块 {where} 的 Typst 含有不允许的 {barred.group()}",
            f"the Typst of block {where} holds {barred.group()!r}, which is not allowed",
        )
