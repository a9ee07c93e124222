"""One finding before one audience.

Order: classify, judge each row about persons by its size, hide what others would give away,
write the rest rounded, then treat schools, verdicts and sentences. Facts of institutions pass as
they are. Whatever goes wrong on the way, nothing is released.
"""

from __future__ import annotations

from typing import get_args

from analysis.errors import WithheldError
from analysis.finding import PERSON_UNITS, Finding, Privacy
from analysis.release import notes, persons, schools, tallies
from analysis.release.people import LIMIT, SCHOOL
from analysis.release.profiles import load_profile
from analysis.release.released import Audience, Released


def release(finding: Finding, audience: Audience) -> Released:
    """Give what an audience may see of a finding.

    Parameters
    ----------
    finding
        What a question found out.
    audience
        ``"internal"``, ``"superior"`` or ``"public"``.

    Raises
    ------
    WithheldError
        If an indicator is not classified: then nothing is released.
    UsageError
        If there is no such audience.

    Examples
    --------
    >>> from analysis.finding import Finding, Indicator, tidy
    >>> boarders = Indicator("boarders", "寄宿生", "Boarders", "pupils", "P1")
    >>> def shown(number):
    ...     row = {"indicator": "boarders", "n_unit": "pupils", "unit": "pupils", "value": number}
    ...     finding = Finding("x", "130722", 2021, tidy([row]), indicators=(boarders,))
    ...     table = release(finding, "public").table
    ...     return float(table["value"][0]), table["flag"][0]
    >>> shown(12), shown(9)
    ((10.0, ''), (nan, 'c'))
    """
    profile = load_profile(audience)
    _classify(finding)
    protected = persons.protect(finding, profile)
    named = schools.shows_names(finding, profile)
    few = schools.find_few(finding, profile) | schools.find_orders(finding, profile)
    table = schools.blank(protected.table, few, named=named)
    if not named and profile.school_digits:
        better = {indicator.id: indicator.better for indicator in finding.indicators}
        table = schools.coarsen(table, better, profile.school_digits)
    checks = persons.judge(
        schools.judge(finding.checks, finding.table, few, named=named), protected
    )
    table = tallies.recount(table, checks)
    numbered = table if named else schools.number(table)
    labels = finding.labels if named else schools.label(finding.labels, numbered)
    # A number given to a school is no name: no sentence may use it as one.
    names = labels if named else {by: n for by, n in labels.items() if by != SCHOOL}
    said, unsaid = notes.say(finding, table, names)
    return Released(
        name=finding.name,
        county=finding.county,
        year=finding.year,
        audience=audience,
        table=numbered.reset_index(drop=True),
        indicators=finding.indicators,
        labels=labels,
        checks=checks,
        notes=said,
        origin=finding.origin,
        sdc={
            **protected.counts,
            "few_schools": int(few.sum()),
            "left_out": len(table) - len(numbered),
            "checks": len(finding.checks) - len(checks),
            "notes": unsaid,
        },
    )


def _classify(finding: Finding) -> None:
    """Refuse indicators of no class or of one that is never shown, and rows that hide persons."""
    classes = {indicator.id: indicator.privacy for indicator in finding.indicators}
    used = finding.table[["indicator", "by", "n_unit", "value"]]
    privacy = used["indicator"].map(classes)
    shown = set(get_args(Privacy)) - {"P3"}
    wrong = sorted(set(used.loc[~privacy.isin(shown), "indicator"]))
    if wrong:
        raise WithheldError(
            f"指标没有可公布的隐私级别：{'、'.join(wrong)}",
            f"indicators without a privacy class that may be shown: {', '.join(wrong)}",
        )
    personal = privacy.isin(["P1", "P2"]) & (used["by"] != LIMIT) & used["value"].notna()
    silent = sorted(set(used.loc[personal & ~used["n_unit"].isin(PERSON_UNITS), "indicator"]))
    if silent:
        raise WithheldError(
            f"涉及个人的指标没有说明人数单位：{'、'.join(silent)}",
            f"indicators about persons with rows that do not count persons: {', '.join(silent)}",
        )
