"""What display needs in every process, made ready before the first county is looked at."""

from __future__ import annotations

from analysis.display import theme
from analysis.display.charts.canvas import Canvas, Scale
from analysis.i18n import LANGUAGES, keys, say

_WORDS = {"zh": "均衡（%）", "en": "Balance (%)"}


def prepare() -> None:
    """Read catalogue and font tables and draw every mark once, keeping no drawing.

    For a process that is about to be forked: what it has read, its children need not read. It
    starts no thread, changes no setting and knows no county, so that no report can tell whether
    it was called.

    >>> prepare()
    """
    for language in LANGUAGES:
        say(keys("flag.")[0], language)
    with theme.drawing():
        canvas = Canvas(4.0, "readiness")
        for place, look in enumerate(theme.MARKERS):
            canvas.dots([1.0 + place], [1.0], look)
        for row, words in enumerate(_WORDS.values()):
            canvas.paragraph(1.0, 2.0 + row, words, 40.0)
        canvas.bar(1.0, 2.0, 3.0, 0.2, theme.BLUE)
        canvas.range(3.0, 2.0, 3.0)
        canvas.axis(Scale(0.0, 10.0, 5.0, 10.0), 3.0)
        canvas.svg()
