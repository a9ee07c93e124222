"""The two nbconvert exporters: ``county-html`` and ``county-pdf``.

Both take an executed notebook of one chapter, or the joined one of a county, and work by
themselves: ``jupyter nbconvert --to county-pdf executed.ipynb``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape
from nbconvert.exporters.exporter import Exporter
from nbconvert.exporters.html import HTMLExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from traitlets import Int, List, Unicode, default
from traitlets.config import Config

from analysis import wire
from analysis.i18n import Language, say
from analysis.press import typesetting
from analysis.press.document import Bundle, opened, put_out
from analysis.press.imprint import imprint
from analysis.press.links import EMPTY
from analysis.press.markup import Outline, to_html
from analysis.press.plates import mount
from analysis.press.sanitise import clean

TEMPLATE = Path(__file__).parent / "templates" / "county"
WORDS = ("skip", "contents", "about")

_SAFE = " !$'()*+,-./:;=?@_~"
_STYLE = re.compile(r"<style\b[^>]*>[^<]*</style>")
_IMAGE = re.compile(r'(?<= src=")data:image/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]+(?=")')
_LIFTED = re.compile(r' src="#jh-image-([0-9a-f]{64})"')
_STYLES = re.compile(r'style="[^"]*"')
_REGION = re.compile(r'(?<= role="region" aria-label=")[^"]+(?=")')
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)


class BlockSanitizer(SanitizeHTML):
    """nbconvert's own pass, by our allow-list: it keeps known MIME types and cleans their HTML.

    Markdown is left to the renderer, which takes no HTML at all.
    """

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        if cell.cell_type == "markdown":
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)

    def sanitize_html_tags(self, html_str: str) -> Markup:
        """Clean HTML; its type says from then on that it is clean, so that it is parsed once."""
        return clean(html_str)


class CountyHTMLExporter(HTMLExporter):
    """One self-contained page: no script, no address, nothing that was not published."""

    export_from_notebook = "County report (HTML)"

    edition = Int(1, help="Counts the releases of the same report.").tag(config=True)
    release_date = Unicode("", help="ISO date; default the date of the data.").tag(config=True)

    @default("template_paths")
    def _template_paths_default(self) -> list[str]:
        return [str(TEMPLATE)]

    @default("template_name")
    def _template_name_default(self) -> str:
        return TEMPLATE.name

    @property
    def default_config(self) -> Config:
        """The base class's, with nbconvert's sanitising on and every other preprocessor off."""
        config = super().default_config
        config.merge(
            {
                "CountyHTMLExporter": {
                    "default_preprocessors": [],
                    "preprocessors": [BlockSanitizer],
                },
            }
        )
        return config

    def _create_environment(self) -> Any:
        environment = super()._create_environment()
        environment.autoescape = True
        return environment

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Render the page; refuses a notebook that does not prove that it ran."""
        document = opened(nb)
        frame = imprint(document, edition=self.edition, release_date=self.release_date)
        style = Markup((TEMPLATE / "style.css").read_text(encoding="utf-8"))  # noqa: S704
        images: dict[str, str] = {}
        labels: set[str] = set()
        outline = Outline(top=2)
        resources = self._init_resources(resources)
        resources["county"] = {
            "frame": frame,
            "words": {word: say(f"press.{word}", frame.language) for word in WORDS},
            "downloads": EMPTY,
            "style": style,
            "style_hash": _sha256(style),
        }
        self.environment.globals["outline"] = outline
        self.register_filter("prose", lambda cell: _prose(cell, frame.language, outline))
        by_id = {bundle[wire.RELEASED]["id"]: bundle for bundle in document.bundles}
        self.register_filter(
            "block",
            lambda output: _block(
                output, by_id[output.metadata.id], frame.language, images, labels
            ),
        )
        page = new_notebook(cells=[_shown(cell, images) for cell in document.cells])
        # HTMLExporter would parse the whole page once more to add alt texts, which ours has.
        return super(HTMLExporter, self).from_notebook_node(page, resources, **kw)


class CountyPDFExporter(Exporter):
    """PDF/UA-1 and PDF/A-2a, set by Typst in the fonts that come with the project."""

    export_from_notebook = "County report (PDF)"
    output_mimetype = "application/pdf"

    edition = Int(1, help="Counts the releases of the same report.").tag(config=True)
    release_date = Unicode("", help="ISO date; default the date of the data.").tag(config=True)
    fonts = List(Unicode(), help="Font files for characters that ours lack.").tag(config=True)

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".pdf"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """Set the document; refuses a notebook that does not prove that it ran."""
        document = opened(nb)
        frame = imprint(document, edition=self.edition, release_date=self.release_date)
        fonts = tuple(Path(font) for font in self.fonts)
        return typesetting.typeset(document, frame, fonts=fonts), self._init_resources(resources)


def _shown(cell: NotebookNode, images: dict[str, str]) -> NotebookNode:
    """Keep of a block its HTML alone, its images lifted out: no later pass need read them."""
    if cell.cell_type == "markdown":
        return cell
    outputs = []
    for output in cell.outputs:
        html = _STYLE.sub("", output.data[wire.HTML])
        about = {"id": output.data[wire.RELEASED]["id"]}
        outputs.append(put_out({wire.HTML: _lifted(html, images)}, about))
    return NotebookNode({**cell, "outputs": outputs})


def _lifted(html: str, images: dict[str, str]) -> str:
    def lift(match: re.Match[str]) -> str:
        key = hashlib.sha256(match.group().encode()).hexdigest()
        images[key] = compact(match.group())
        return f"#jh-image-{key}"

    return _IMAGE.sub(lift, html)


def compact(uri: str) -> str:
    """Write a drawing's data URI a fifth shorter: percent signs where base64 would swell it all.

    >>> compact("data:image/svg+xml;base64,PHN2ZyB4PSIxIi8+")
    "data:image/svg+xml,%3Csvg x='1'/%3E"
    """
    head, _, content = uri.partition(";base64,")
    if head != "data:image/svg+xml":
        return uri
    svg = base64.b64decode(content).decode()
    if "'" in svg:
        return uri
    tight = _STYLES.sub(lambda style: re.sub(r"([:;]) ", r"\1", style.group()), svg)
    plain = " ".join(tight.split()).replace('"', "'")
    return f"{head},{quote(plain, safe=_SAFE)}"


def _prose(cell: NotebookNode, language: Language, outline: Outline) -> Markup:
    html = clean(to_html(cell.source, language, outline, cell.metadata["junheng"]["chapter"]))
    label = escape(say("press.scroll", language))
    region = f'<div class="scroll" role="group" tabindex="0" aria-label="{label}">'
    return Markup(_TABLE.sub(lambda table: f"{region}{table.group()}</div>", html))  # noqa: S704


def _block(
    output: NotebookNode,
    bundle: Bundle,
    language: Language,
    images: Mapping[str, str],
    labels: set[str],
) -> Markup:
    """Put the images of a block back and tell its regions from others.

    A block that has not passed the allow-list, because nbconvert's pass was configured away,
    passes it here.
    """

    def put_back(match: re.Match[str]) -> str:
        found = images.get(match.group(1))
        return f' src="{found}"' if found else ""

    def tell_apart(match: re.Match[str]) -> str:
        longer = f"{match.group()} · {escape(bundle[wire.RELEASED]['subtitle'])}"
        names = (match.group(), longer, *(f"{longer} {n}" for n in range(2, len(labels) + 3)))
        label = next(name for name in names if name not in labels)
        labels.add(label)
        return label

    given = output.data[wire.HTML]
    html = _REGION.sub(tell_apart, str(given if isinstance(given, Markup) else clean(given)))
    return Markup(_LIFTED.sub(put_back, mount(html, bundle, language)))  # noqa: S704


def _sha256(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
