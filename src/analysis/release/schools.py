"""Schools before audiences that may not know them by name, and stages of too few schools.

The indicators of a school are facts of an institution and are shown as they are; before the
public they are numbered anew within each indicator by size, so that no profile can be put
together, and what would tell a school by its size is left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis import i18n
from analysis.finding import KEY, PERSON_UNITS, Better, Check, Finding, reaches
from analysis.release.people import LIMIT, SCHOOL, split
from analysis.release.profiles import Profile, load_rules

Labels = dict[str, dict[str, Mapping[str, str]]]
OF_STAGE = ["stage", "at"]


def shows_names(finding: Finding, profile: Profile) -> bool:
    """Tell whether this audience may read schools by name."""
    return profile.names or finding.origin.names_public


def find_few(finding: Finding, profile: Profile) -> pd.Series:
    """Mark the rows that tell of too few schools.

    They are coefficients and what follows from them, the single schools of such a stage and its
    groups and, where schools have no names, groups of so few of them and what would give these
    away. What a public data set says anyway stays.

    Parameters
    ----------
    finding
        What was found out.
    profile
        The audience.
    """
    table, rules = finding.table, load_rules()["places"]
    if finding.origin.names_public or not profile.schools:
        return pd.Series(False, index=table.index)
    told = (table["n_unit"] == "schools") & table["value"].notna() & (table["by"] != LIMIT)
    single = table["by"] == SCHOOL
    few = told & ~single & (table["n"] < profile.schools)
    marked = few & table["unit"].isin(rules["coefficient_units"])
    marked |= few & _tells_of_schools(table["indicator"])
    small = _is_small_stage(table, profile)
    grouped = told & table["by"].isin([*rules["groupings"], *rules["crossing"]])
    grouped &= table["unit"] != "schools"
    marked |= told & (single | grouped | table["by"].isin(rules["of_groups"])) & small
    if not profile.names:
        marked |= few & ~table["by"].isin(["", *rules["places"]]) & (table["unit"] != "schools")
        marked |= grouped & table["by"].isin(rules["crossing"])
        marked |= _find_complements(table[grouped], marked, profile)
    return _join_neighbours(table, marked, profile.schools)


def _find_complements(groups: pd.DataFrame, marked: pd.Series, profile: Profile) -> pd.Series:
    """Mark groups of enough schools that must go because what is left of the county tells of few."""
    found: list[Hashable] = []
    for _, rows in groups.groupby(["indicator", *OF_STAGE, "by"], sort=False):
        hidden = marked[rows.index]
        missing = float(rows.loc[hidden, "n"].sum())
        for label, n in rows.loc[~hidden, "n"].sort_values(kind="stable").items():
            if not 0 < missing < profile.schools:
                break
            found.append(label)
            missing += n
    return pd.Series(marked.index.isin(found), index=marked.index)


def find_orders(finding: Finding, profile: Profile) -> pd.Series:
    """Mark the rows that put places in order, before an audience that may not read ranks."""
    orders = finding.table["indicator"].str.endswith(tuple(load_rules()["places"]["orders"]))
    return orders & (not profile.ranks)


def _join_neighbours(table: pd.DataFrame, marked: pd.Series, least: int) -> pd.Series:
    """Mark further groups where a county's total would give the marked ones away.

    Groups of schools by what they are like add up to the county's row. Of those that are marked
    there are two or more, with `least` schools together, or the smallest others join them.
    """
    group = _tells_of_schools(table["indicator"]) & ~table["by"].isin(
        ["", SCHOOL, LIMIT, *load_rules()["places"]["places"]]
    )
    group &= table["n"].notna()
    marked = marked.copy()
    for _, rows in table[group].groupby(["indicator", *OF_STAGE, "by"], sort=False):
        ordered = rows.sort_values("n", kind="stable").index
        hidden = [label for label in ordered if marked[label]]
        others = [label for label in ordered if not marked[label]]
        while hidden and others and (
            len(hidden) < 2 or table.loc[hidden, "n"].sum() < least
        ):  # fmt: skip
            hidden.append(others.pop(0))
        marked.loc[hidden] = True
    return marked


def _tells_of_schools(indicator: pd.Series) -> pd.Series:
    """Mark the county's rows that count schools by what they are like, or what they lack."""
    return indicator.str.endswith(tuple(load_rules()["places"]["tells_of_schools"]))


def blank(table: pd.DataFrame, few: pd.Series, *, named: bool) -> pd.DataFrame:
    """Empty the rows of too few schools, and in those of nameless ones what tells their size."""
    table = table.copy()
    table.loc[few, ["value", "value_low", "value_high", "numerator", "denominator"]] = np.nan
    table.loc[few, "flag"] = "c"
    if not named:
        table.loc[table["by"] == SCHOOL, ["numerator", "denominator", "n"]] = np.nan
    return table


def coarsen(table: pd.DataFrame, better: Mapping[str, Better], digits: int) -> pd.DataFrame:
    """Write the values of nameless schools with few digits, each on its side of the threshold.

    So are the county's rows that tell what one school makes of a coefficient.

    A ratio of whole numbers written out gives away what was divided by what: the enrolment, which
    anybody may know, and so the school and all its values.

    Parameters
    ----------
    table
        Released rows.
    better
        Which direction is good, by indicator.
    digits
        Significant digits.
    """
    table = table.copy()
    thresholds = table[(table["by"] == LIMIT) & (table["subject"] == "threshold")]
    limits = {
        tuple(key): limit
        for *key, limit in thresholds[["indicator", *OF_STAGE, "value"]].to_numpy()
    }
    of_one = table["indicator"].str.endswith(tuple(load_rules()["places"]["tells_of_one_school"]))
    told = table["value"].notna() & (table["value"] != 0)
    single = table[((table["by"] == SCHOOL) | of_one) & told]
    for row in single[["indicator", *OF_STAGE, "value"]].itertuples():
        label, *key, value = row
        limit = limits.get(tuple(key), np.nan)
        table.at[label, "value"] = _coarse(value, limit, better[key[0]], digits)
    return table


def _coarse(value: float, limit: float, better: Better, digits: int) -> float:
    """Round to significant digits, but never across the limit.

    >>> _coarse(4.16, 4.2, "higher", 2), _coarse(4.24, 4.2, "higher", 2), _coarse(2287.4, 1e4, "higher", 2)
    (4.1, 4.2, 2300.0)
    """
    step = 10.0 ** (np.floor(np.log10(abs(value))) - digits + 1)

    def steps(number: float) -> float:
        return float(f"{number * step:.12g}")

    rounded = steps(round(value / step))
    if np.isnan(limit) or reaches(rounded, limit, better) == reaches(value, limit, better):
        return rounded
    return steps(np.floor(value / step) if rounded > value else np.ceil(value / step))


def number(table: pd.DataFrame) -> pd.DataFrame:
    """Number the schools anew within each indicator, stage and year, by order of value.

    The rows are put in that order too, so that their place tells nothing. Rows that cross schools
    with something else are left out.
    """
    crossed = table["by"].map(lambda by: SCHOOL in split(by) and by != SCHOOL).astype(bool)
    table = table[~crossed]
    single = table["by"] == SCHOOL
    columns = [column for column in table.columns if column != "subject"]
    ordered = table[single].sort_values(
        ["indicator", *OF_STAGE, "value", *columns], kind="stable", na_position="last"
    )
    ordered["subject"] = (
        ordered.groupby(["indicator", *OF_STAGE], sort=False).cumcount().add(1).astype(str)
    )
    return _in_place(table, ordered)


def label(labels: Mapping[str, Mapping[str, Mapping[str, str]]], table: pd.DataFrame) -> Labels:
    """Give labels without the names of schools, numbers in their place."""
    kept: Labels = {by: dict(names) for by, names in labels.items() if SCHOOL not in split(by)}
    numbers = sorted(set(table.loc[table["by"] == SCHOOL, "subject"]), key=int)
    if numbers:
        kept[SCHOOL] = {
            n: {
                language: i18n.say("gate.school", language, n=int(n)) for language in i18n.LANGUAGES
            }
            for n in numbers
        }
    return kept


def judge(
    checks: Iterable[Check], table: pd.DataFrame, few: pd.Series, *, named: bool
) -> tuple[Check, ...]:
    """Take back the verdicts on what is not shown for want of schools or of their names."""
    hidden = set(map(tuple, table.loc[few, list(KEY)].to_numpy()))
    stages = set(map(tuple, table.loc[few & (table["by"] == SCHOOL), OF_STAGE].to_numpy()))
    kept = (
        check
        for check in checks
        if (named or SCHOOL not in split(check.by))
        and not (check.by == SCHOOL and (check.stage, check.at) in stages)
    )
    return tuple(
        replace(check, verdict="cannot_say", reason="gate.few_schools")
        if tuple(getattr(check, field) for field in KEY) in hidden
        else check
        for check in kept
    )


def _is_small_stage(table: pd.DataFrame, profile: Profile) -> pd.Series:
    """Mark the rows of stages with too few schools: by the coefficients, else by the rows."""
    coefficients = table[(table["by"] == "") & (table["unit"] == "coefficient")]
    said = coefficients.groupby(OF_STAGE)["n"].max()
    single = table[(table["by"] == SCHOOL) & ~table["n_unit"].isin(PERSON_UNITS)]
    counted = single[single["value"].notna()].groupby(OF_STAGE)["subject"].nunique()
    sizes = said.combine_first(counted.astype("float64"))
    of_row = pd.Series(
        sizes.reindex(pd.MultiIndex.from_frame(table[OF_STAGE])).to_numpy(), index=table.index
    )
    return of_row < profile.schools


def _in_place(table: pd.DataFrame, ordered: pd.DataFrame) -> pd.DataFrame:
    """Put the ordered school rows where school rows of the same indicator stood."""
    place = pd.Series(np.arange(len(table)), index=table.index)
    groups = ["indicator", *OF_STAGE]
    first = place[ordered.index].groupby([ordered[g] for g in groups], sort=False).transform("min")
    place.loc[ordered.index] = first
    rank = pd.Series(0, index=table.index)
    rank.loc[ordered.index] = ordered["subject"].astype(int)
    table = pd.concat([table.drop(index=ordered.index), ordered])
    order = pd.DataFrame({"place": place, "rank": rank}).reindex(table.index)
    return table.loc[order.sort_values(["place", "rank"]).index].reset_index(drop=True)
