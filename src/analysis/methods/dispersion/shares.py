r"""What each of several sources adds to a whole (Shapley 1953; Shorrocks 2013).

A source's share is what it adds when it joins those before it, on average over all orders in
which they may join: the only split that adds up, treats equals alike and gives nothing to who adds
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from math import factorial
from typing import TypeVar

Player = TypeVar("Player", bound=Hashable)

MOST = 16
"""With more players than these the exact value asks for too many coalitions (2 to the n)."""


def shapley(
    value: Callable[[frozenset[Player]], float], players: Sequence[Player]
) -> dict[Player, float]:
    """Split ``value(all) - value(none)`` over the players, exactly.

    Parameters
    ----------
    value
        What a coalition is worth; asked once for each of the 2 to the n coalitions.
    players
        All different, at most 16.

    Returns
    -------
    dict
        The share of each player, in their order.

    Raises
    ------
    ValueError
        For a player named twice, or too many of them.

    Examples
    --------
    >>> worth = {"": 0, "a": 1, "b": 2, "ab": 5}
    >>> shapley(lambda team: worth["".join(sorted(team))], ["a", "b"])
    {'a': 2.0, 'b': 3.0}
    """
    if len(set(players)) != len(players) or len(players) > MOST:
        raise ValueError(f"players are all different and at most {MOST}")
    n = len(players)
    worth = {
        team: float(value(team))
        for size in range(n + 1)
        for team in map(frozenset, combinations(players, size))
    }
    weight = [factorial(size) * factorial(n - size - 1) / factorial(n) for size in range(n)]
    return {
        player: sum(
            weight[len(team)] * (worth[team | {player}] - before)
            for team, before in worth.items()
            if player not in team
        )
        for player in players
    }
