"""What passes to the press: exactly the fields of the schema, exactly the blocks published."""

from __future__ import annotations

import pytest

from analysis import wire
from analysis.errors import RunError

BLOCK = {
    "schema": 1, "id": "a", "kind": "prose", "chapter": "toy", "language": "zh",
    "audience": "public", "title": "", "subtitle": "", "alt": "", "note": "", "source": "",
    "columns": [], "rows": [], "cells": [],
}  # fmt: skip


def sentinel(*bundles: dict) -> dict:
    return {
        "schema": 1, "chapter": "toy", "county": "130722", "year": 2021, "language": "zh",
        "audience": "public", "place": {}, "parent": {}, "partitions": [], "run": "", "data": {},
        "missing": [],
        "blocks": [{"id": b[wire.RELEASED]["id"], "sha256": wire.digest(b)} for b in bundles],
    }  # fmt: skip


def test_a_block_has_the_fields_of_the_schema() -> None:
    wire.check_block(BLOCK)


@pytest.mark.parametrize("field", ["alt", "cells", "schema"])
def test_a_block_with_a_field_missing_is_refused(field: str) -> None:
    with pytest.raises(RunError, match=field):
        wire.check_block({k: v for k, v in BLOCK.items() if k != field})


def test_a_block_with_a_field_too_many_is_refused() -> None:
    with pytest.raises(RunError, match="raw"):
        wire.check_block({**BLOCK, "raw": 1})


def test_a_sentinel_proves_the_blocks_in_their_order() -> None:
    first, second = {wire.RELEASED: BLOCK}, {wire.RELEASED: {**BLOCK, "id": "b"}}
    proof = sentinel(first, second)
    wire.check_sentinel(proof, [first, second])
    for wrong in ([second, first], [first], [first, second, first]):
        with pytest.raises(RunError):
            wire.check_sentinel(proof, wrong)


def test_a_block_changed_after_it_was_published_is_refused() -> None:
    bundle = {wire.RELEASED: BLOCK, wire.HTML: "<p>a</p>"}
    proof = sentinel(bundle)
    with pytest.raises(RunError):
        wire.check_sentinel(proof, [{**bundle, wire.HTML: "<p>b</p>"}])
