"""The word for what is known of an effect, which follows from range and diagnostics by rule.

Four words and no other: fairly strong evidence, some evidence, insufficient evidence, cannot be
assessed. What a diagnostic does to the word stands in ``parameters.toml``
``[exchange.effect.ladder]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Word = Literal["strong", "some", "insufficient", "cannot"]
Result = Literal["passes", "weak", "fails", "cannot_say"]
Ladder = Mapping[str, Mapping[str, Word]]

WORDS: tuple[Word, ...] = ("strong", "some", "insufficient", "cannot")
RESULTS: tuple[Result, ...] = ("passes", "weak", "fails", "cannot_say")


def find_word(
    low: float, high: float, results: Mapping[str, Result], ladder: Ladder, *, design: bool = True
) -> Word:
    """Give the word.

    Parameters
    ----------
    low, high
        Range of the effect.
    results
        Of every diagnostic of the ladder; one that is not there cannot say.
    ladder
        By diagnostic: the highest word that a result leaves. What passes leaves all.
    design
        Whether there is anything to compare.

    Examples
    --------
    >>> rule = {"pretrend": {"fails": "cannot", "weak": "some", "cannot_say": "some"}}
    >>> [find_word(0.1, 0.3, {"pretrend": result}, rule) for result in RESULTS]
    ['strong', 'some', 'cannot', 'some']
    >>> find_word(-0.1, 0.3, {"pretrend": "passes"}, rule)
    'insufficient'
    """
    if not design:
        return "cannot"
    excluded = low > 0 or high < 0
    place = WORDS.index("strong" if excluded else "insufficient")
    for id, rule in ladder.items():
        result = results.get(id, "cannot_say")
        if result != "passes":
            place = max(place, WORDS.index(rule[result]))
    return WORDS[place]
