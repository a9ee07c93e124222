"""The word follows from range and diagnostics: every combination of results, by the shipped rule."""

from __future__ import annotations

import itertools

import pytest

from analysis.questions.exchange.ladder import RESULTS, WORDS, Result, find_word
from analysis.records.reference import load_reference

LADDER = load_reference().parameters["exchange"]["effect"]["ladder"]["diagnostic"]
ABOVE, BELOW, AROUND = (0.1, 0.3), (-0.3, -0.1), (-0.1, 0.3)
ALL_PASS: dict[str, Result] = dict.fromkeys(LADDER, "passes")
FATAL = ("pretrend", "placebo_date")


def test_every_diagnostic_has_a_rule_for_every_result_and_none_raises_a_word() -> None:
    assert len(LADDER) == 11
    for rule in LADDER.values():
        assert set(rule) == {"fails", "weak", "cannot_say"}
        places = [WORDS.index(rule[result]) for result in ("weak", "fails")]
        assert places == sorted(places)


@pytest.mark.parametrize("ends", [ABOVE, BELOW])
def test_all_combinations_of_two_results(ends: tuple[float, float]) -> None:
    """Any two diagnostics at any results, all others passing: the lower of their two words."""
    seen = set()
    for one, other in itertools.combinations(LADDER, 2):
        for first, second in itertools.product(RESULTS, repeat=2):
            word = find_word(*ends, {**ALL_PASS, one: first, other: second}, LADDER)
            left = ["strong" if result == "passes" else LADDER[id][result]
                    for id, result in ((one, first), (other, second))]  # fmt: skip
            assert WORDS.index(word) == max(map(WORDS.index, left))
            seen.add(word)
    assert seen == set(WORDS)


def test_all_combinations_of_all_results() -> None:
    """Every set of diagnostics that fail, are weak, or cannot say, told apart from what passes.

    What a set of results leaves is the least that any of them leaves, so that it is enough to go
    through which results occur at which diagnostics: 4 ** 11 at most, thinned to every 97th.
    """
    ids = list(LADDER)
    counted = dict.fromkeys(WORDS, 0)
    for results in itertools.islice(itertools.product(RESULTS, repeat=len(ids)), 0, None, 97):
        given = dict(zip(ids, results, strict=True))
        word = find_word(*ABOVE, given, LADDER)
        amiss = {id for id, result in given.items() if result != "passes"}
        silent = {id for id in amiss if given[id] == "cannot_say"}
        if any(given[id] == "fails" for id in FATAL):
            expected = "cannot"
        elif given["errors"] in ("fails", "cannot_say"):
            expected = "insufficient"
        else:
            expected = "some" if amiss - (silent & {"spillover"}) else "strong"
        assert word == expected
        counted[word] += 1
    assert all(counted.values())


@pytest.mark.parametrize("id", LADDER)
def test_one_weak_or_failed_diagnostic_takes_the_strongest_word(id: str) -> None:
    assert find_word(*ABOVE, ALL_PASS, LADDER) == "strong"
    assert find_word(*ABOVE, {**ALL_PASS, id: "weak"}, LADDER) == "some"
    failed = find_word(*ABOVE, {**ALL_PASS, id: "fails"}, LADDER)
    assert failed == ("cannot" if id in FATAL else "insufficient" if id == "errors" else "some")


def test_a_range_that_includes_nought_is_never_evidence() -> None:
    assert find_word(*AROUND, ALL_PASS, LADDER) == "insufficient"
    assert find_word(0.0, 0.3, ALL_PASS, LADDER) == "insufficient"
    assert find_word(float("nan"), float("nan"), ALL_PASS, LADDER) == "insufficient"
    for id in FATAL:
        assert find_word(*AROUND, {**ALL_PASS, id: "fails"}, LADDER) == "cannot"


def test_what_was_not_asked_cannot_say_and_a_failed_design_ends_all() -> None:
    assert find_word(*ABOVE, {}, LADDER) == "insufficient"
    assert find_word(*ABOVE, ALL_PASS, LADDER, design=False) == "cannot"
