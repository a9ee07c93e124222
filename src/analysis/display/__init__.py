"""Released → what a reader sees: charts, tables, sentences, and how they leave the notebook."""

from analysis.display import across, charts, pairs, prose, tables
from analysis.display.publish import Chapter, Rendered
from analysis.display.view import View

__all__ = ["Chapter", "Rendered", "View", "across", "charts", "pairs", "prose", "tables"]
