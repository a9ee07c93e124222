"""What a county may ask of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.errors import UsageError


@dataclass(frozen=True, slots=True)
class Options:
    """What a plan may use, what it has to meet, and how long it may be looked for.

    Attributes
    ----------
    move, add
        Whether teachers may be moved, and whether something may be hired, built or bought.
    coefficients, schools
        Whether the coefficients and the school rule are to be met.
    dropped
        Requirements not to be met: ``(stage, indicator id)`` for a coefficient,
        ``(stage, "schools")`` for the school rule of a stage.
    yearly_cap
        Share of the county's teachers that may be moved in a year; ``None`` for no cap.
    years
        Years that the plan has; the cap counts once for each.
    exchange_floor
        Whether the moves have to satisfy the scheme's floor on exchange as well.
    fewest
        Do not look for the cheapest plan that meets the school rule but for the one after which
        the fewest schools fail it, and among those for the cheapest.
    distance_km
        Teachers are moved no farther than this; schools without coordinates then take no part.
    costs
        Yuan by action (``"move"`` or the id of an addition), where not as in ``actions.toml``.
    limits
        Limit of the coefficients by stage, where not as in the scheme.
    gap, nodes, seconds
        When the search stops (`analysis.methods.conic.minimise`); ``None``: as in
        ``actions.toml``, and no limit of time.
    """

    move: bool = True
    add: bool = True
    coefficients: bool = True
    schools: bool = True
    dropped: frozenset[tuple[str, str]] = frozenset()
    yearly_cap: float | None = None
    years: int = 1
    exchange_floor: bool = False
    fewest: bool = False
    distance_km: float | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    gap: float | None = None
    nodes: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.yearly_cap is not None and not 0 <= self.yearly_cap <= 1:
            raise UsageError(
                "每年交流教师的上限是一个比例，在0与1之间",
                "the yearly cap is a share of the teachers, from 0 to 1",
            )
        if self.years < 1:
            raise UsageError("方案至少为期一年", "a plan has one year at least")
        wrong = sorted(id for id, yuan in self.costs.items() if not yuan >= 0)
        if wrong:
            raise UsageError(
                f"单价不能为负：{'、'.join(wrong)}", f"costs below zero: {', '.join(wrong)}"
            )
