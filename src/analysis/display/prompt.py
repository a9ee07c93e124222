"""What a Finding shows of itself at a JupyterLab prompt: headlines and verdicts, no more.

It passes the internal gate first, so nothing is seen here that a county's own report would not
show.
"""

from __future__ import annotations

from html import escape

from analysis.display import prose, tables
from analysis.display.publish import SHEET
from analysis.display.view import View
from analysis.finding import Finding
from analysis.i18n import LANGUAGES
from analysis.release import release


def show(finding: Finding) -> str:
    """Write a Finding as HTML: in Chinese, the same in English folded below.

    Parameters
    ----------
    finding
        As a question returned it.
    """
    released = release(finding, "internal")
    chinese, english = (_overview(View(released, language)) for language in LANGUAGES)
    return f"{SHEET}{chinese}<details><summary>English</summary>{english}</details>"


def _overview(view: View) -> str:
    released = view.released
    blocks = [
        *prose.said(view, "headline"),
        *tables.verdicts(view, "targets"),
        *prose.said(view, "caution"),
    ]
    title = view.word(
        "display.prompt", place=view.place(), period=view.period(), name=released.name,
        rows=len(released.table), checks=len(released.checks),
    )  # fmt: skip
    return f'<p class="jh title">{escape(title)}</p>' + "".join(block.html for block in blocks)
