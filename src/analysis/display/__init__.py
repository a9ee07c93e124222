"""Released → what a reader sees: charts, tables, sentences, and how they leave the notebook."""

from analysis.display import charts, pairs, prose, tables
from analysis.display.publish import Chapter, Rendered
from analysis.display.view import View

__all__ = ["Chapter", "Rendered", "View", "charts", "pairs", "prose", "tables"]
