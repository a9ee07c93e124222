"""What the chapter on exchange is judged by, and which teachers and schools it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.records.reference import Reference

Rules = Mapping[str, Any]
_SCHEME = "quality-2017"
_QUALIFIED = "qualified_teachers"


def read_rules(reference: Reference) -> Rules:
    """Put ``exchange.toml`` beside what it shares with the chapter on duties and with balance.

    ``scope`` says which teachers belong, ``qualified`` which columns count the teachers over the
    required qualification of a stage, ``exclude`` which schools have no coefficient.

    >>> from analysis.records.reference import load_reference
    >>> rules = read_rules(load_reference())
    >>> rules["quota"]["county"]["eligible"], rules["qualified"]["junior"]
    (0.1, ['teachers_bachelor_n', 'teachers_graduate_n'])
    """
    scheme = reference.scheme(_SCHEME)
    qualified = next(each for each in scheme["indicator"] if each["id"] == _QUALIFIED)
    return {
        **reference.exchange,
        "scope": reference.assurance["scope"],
        "qualified": qualified["plus"],
        "exclude": scheme["exclude"],
    }
