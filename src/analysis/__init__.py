"""Junheng (均衡): a workbench for county education.

Where IPython runs, a `Finding` at the prompt shows itself, through the gate for the county's own
desk. The formatter is named by the type's name and loads `analysis.display` when it is first used.
"""

from __future__ import annotations

import os
import sys
from typing import Any

# Work is spread over processes. Threads of the linear algebra inside each would wait for one another,
# and sums would depend on how many there are. Read when numpy is first loaded; who set it, knows why.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


def _register_formatter() -> None:
    """Name the formatter to a running IPython; elsewhere do nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and shell.display_formatter is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        formatter.for_type_by_name("analysis.finding", "Finding", _show)


def _show(finding: Any) -> str:
    from analysis.display import prompt

    return prompt.show(finding)


_register_formatter()
