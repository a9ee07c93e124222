"""What the dropout chapter is judged by: limits of documents, and parameters of this project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.records.reference import Reference

Rules = Mapping[str, Any]


def read_rules(reference: Reference) -> Rules:
    """Put ``dropout.toml`` and ``parameters.toml`` ``[dropout.*]`` together.

    >>> from analysis.records.reference import load_reference
    >>> rules = read_rules(load_reference())
    >>> rules["retention"]["value"], rules["absence"]["suspected_days"]
    (0.95, 3)
    """
    return {**reference.parameters["dropout"], **reference.dropout}
