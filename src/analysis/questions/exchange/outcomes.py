"""What schools are compared by: scores on one scale, pupils who stay, and what exchange cannot move.

Nothing is filled in: a school-year without a figure has none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

KEY = ["school", "year"]
CELL = ["grade", "subject"]
SUBJECTS = ("chinese", "mathematics", "english")


def keep_common(scores: pd.DataFrame) -> pd.DataFrame:
    """Keep the grades and subjects of which in every year one paper was set to more than one county.

    What one county tests by itself has the mean of that county, whatever its pupils know. Of one county
    alone everything is kept that had one paper.

    Parameters
    ----------
    scores
        Columns as in the contract.

    Examples
    --------
    >>> rows = pd.DataFrame({"county": ["130702", "130703"] * 2, "year": 2020, "grade": [5, 5, 6, 6],
    ...     "subject": "chinese", "paper": ["130700", "130700", "130702", "130703"]})
    >>> keep_common(rows)["grade"].tolist()
    [5, 5]
    """
    by_paper = scores.groupby(["year", *CELL], sort=False)
    papers, counties = (by_paper[name].transform("nunique") for name in ("paper", "county"))
    common = (papers == 1) & ((counties > 1) | (scores["county"].nunique() == 1))
    return scores[common.groupby([scores[name] for name in CELL], sort=False).transform("all")]


def standardise(scores: pd.DataFrame, *, by: str | None = None) -> pd.DataFrame:
    """Put scores on one scale by year, grade and subject: the mean of all pupils, and their spread.

    The variance between pupils is that within schools, over those that gave their standard deviation,
    and that between the schools' means, each school by its pupils tested.

    Parameters
    ----------
    scores
        Columns as in the contract.
    by
        Column of groups that are standardised each by itself; none for all together.

    Returns
    -------
    DataFrame
        ``school``, ``year``, ``grade``, ``subject``, ``tested``, ``sd`` as given, ``z``, which is nan
        where nobody gave a standard deviation or all pupils have one score.

    Examples
    --------
    Means 60 and 80 of as many pupils: 10 between schools, 10 within.

    >>> rows = pd.DataFrame({"school": ["a", "b"], "year": 2020, "grade": 6, "subject": "chinese",
    ...                      "tested_n": 50, "score_mean": [60.0, 80.0], "score_sd": [10.0, None]})
    >>> standardise(rows)["z"].round(4).tolist()
    [-0.7071, 0.7071]
    """
    rows = scores[(scores["tested_n"] > 0).fillna(False) & scores["score_mean"].notna()]
    given = [*([by] if by else []), "year", *CELL]
    rows = rows.sort_values([*KEY, *CELL], kind="stable").reset_index(drop=True)
    n, mean, sd = (rows[name].astype("float64") for name in ("tested_n", "score_mean", "score_sd"))
    group = [rows[name] for name in given]

    def sum_up(values: pd.Series) -> pd.Series:
        return values.groupby(group).transform("sum")

    apart = mean - sum_up(n * mean) / sum_up(n)
    between = sum_up(n * apart**2) / sum_up(n)
    within = sum_up(n * sd.pow(2)) / sum_up(n.where(sd.notna()))
    spread = np.sqrt(between + within)
    z = apart / spread.where(spread > 0)
    found = rows[[*KEY, *CELL]].assign(year=rows["year"].astype(int), tested=n, sd=sd, z=z)
    return found[[*KEY, *CELL, "tested", "sd", "z"]]


def average_scores(marks: pd.DataFrame, least: float) -> pd.DataFrame:
    """Average each school's standardised scores, over the same grades and subjects in all its years.

    A grade or subject that a school lacks in one of its years would move its average by what it is
    like: only those count that it has in every year in which it has any. They weigh by who was tested.

    Parameters
    ----------
    marks
        From `standardise`.
    least
        A school and year with fewer pupils tested, its grades together, is missing.

    Returns
    -------
    DataFrame
        ``school``, ``year``, ``score`` and ``score_<subject>``, sorted.

    Examples
    --------
    Grade 5 is weaker and missing in 2021: it is left out of 2020 too.

    >>> rows = [("a", 2020, 5, "chinese", 20, -1.0), ("a", 2020, 6, "chinese", 20, 0.25),
    ...         ("a", 2021, 6, "chinese", 20, 0.5)]
    >>> marks = pd.DataFrame(rows, columns=["school", "year", "grade", "subject", "tested", "z"])
    >>> average_scores(marks, 10)[["year", "score"]].to_numpy().tolist()
    [[2020.0, 0.25], [2021.0, 0.5]]
    """
    known = marks[marks["z"].notna()]
    parts = {"score": known}
    parts |= {f"score_{name}": known[known["subject"] == name] for name in SUBJECTS}
    found = [_average(rows, least).rename(name) for name, rows in parts.items()]
    return pd.concat(found, axis=1).rename_axis(KEY).sort_index().reset_index()


def _average(rows: pd.DataFrame, least: float) -> pd.Series:
    rows = rows[_count_tested(rows) >= least]
    years = rows["school"].map(rows.groupby("school")["year"].nunique())
    present = rows.groupby(["school", *CELL])["year"].transform("nunique")
    kept = rows[present == years]
    kept = kept[_count_tested(kept) >= least]
    sums = (
        kept.assign(weighted=kept["tested"] * kept["z"]).groupby(KEY)[["weighted", "tested"]].sum()
    )
    return sums["weighted"] / sums["tested"]


def _count_tested(rows: pd.DataFrame) -> pd.Series:
    """Count the pupils tested in each row's school and year: in the subject that most were."""
    by_subject = rows.groupby([*KEY, "subject"])["tested"].transform("sum")
    return by_subject.groupby([rows["school"], rows["year"]]).transform("max")


def share_tested(marks: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Give the share of pupils tested: of the grades that were, over all subjects.

    Returns
    -------
    DataFrame
        ``school``, ``year``, ``tested``.
    """
    sizes = _count_grades(classes).groupby([*KEY, "grade"])["pupils"].sum().reset_index()
    joined = marks.assign(grade=marks["grade"].astype(int)).merge(sizes, on=[*KEY, "grade"])
    sums = joined.groupby(KEY)[["tested", "pupils"]].sum()
    return (sums["tested"] / sums["pupils"]).rename("tested").reset_index()


def follow_pupils(classes: pd.DataFrame) -> pd.DataFrame:
    """Give the pupils of a school's next grades next year over those of its grades this year.

    Within a stage, over the grades whose next one the school has in both years; the last grade of a
    stage leaves by design. Pupils who come from elsewhere count as well, so that it may exceed 1.

    Parameters
    ----------
    classes
        Columns as in the contract.

    Returns
    -------
    DataFrame
        ``school``, ``year``, ``staying``.

    Examples
    --------
    >>> rows = [("a", 2020, "primary", 5, 40), ("a", 2020, "primary", 6, 50),
    ...         ("a", 2021, "primary", 5, 45), ("a", 2021, "primary", 6, 38)]
    >>> columns = ["school", "year", "stage", "grade", "pupils_n"]
    >>> follow_pupils(pd.DataFrame(rows, columns=columns)).to_numpy().tolist()
    [['a', 2020, 0.95]]
    """
    sizes = _count_grades(classes)
    key = [*KEY, "stage", "grade"]
    ahead = sizes.assign(year=sizes["year"] - 1, grade=sizes["grade"] - 1)
    beside = sizes.assign(grade=sizes["grade"] - 1)[key]
    pairs = sizes.merge(ahead, on=key, suffixes=("", "_next")).merge(beside, on=key)
    sums = pairs.groupby(KEY)[["pupils_next", "pupils"]].sum()
    staying = sums["pupils_next"] / sums["pupils"].where(sums["pupils"] > 0)
    return staying.rename("staying").reset_index()


def _count_grades(classes: pd.DataFrame) -> pd.DataFrame:
    rows = classes[classes["stage"].isin(["primary", "junior"])]
    pupils = rows["pupils_n"].astype("float64")
    rows = rows.assign(
        pupils=pupils, year=rows["year"].astype(int), grade=rows["grade"].astype(int)
    )
    return rows.groupby([*KEY, "stage", "grade"])["pupils"].sum().reset_index()


def describe_schools(school_years: pd.DataFrame, resources: pd.DataFrame) -> pd.DataFrame:
    """Give what schools are made up of: pupils and teachers, books and grounds.

    Returns
    -------
    DataFrame
        ``school``, ``year``; shares of ``boarders`` and ``migrants``; ``log_pupils``; ``teachers`` per
        100 pupils and the share of ``backbone`` among them; ``books`` and ``sports_area`` per pupil.
    """
    rows = school_years[school_years["stage"].isin(["primary", "junior"])]
    names = ["pupils_n", "boarders_n", "migrants_n", "teachers_n", "teachers_backbone_n"]
    values = rows[names].astype("float64")
    # A stage that says nothing leaves the school's sum unknown.
    sums = values.groupby([rows["school"], rows["year"].astype(int)]).sum(skipna=False)
    pupils = sums["pupils_n"].where(sums["pupils_n"] > 0)
    teachers = sums["teachers_n"].where(sums["teachers_n"] > 0)
    things = resources.assign(year=resources["year"].astype(int)).drop_duplicates(KEY)
    things = things.set_index(KEY).reindex(sums.index)
    grounds, indoors, books = (
        things[name].astype("float64")
        for name in ("sports_ground_m2", "indoor_sports_area_m2", "books_n")
    )
    found = pd.DataFrame({
        "boarders": sums["boarders_n"] / pupils, "migrants": sums["migrants_n"] / pupils,
        "log_pupils": np.log(pupils), "teachers": 100 * sums["teachers_n"] / pupils,
        "backbone": sums["teachers_backbone_n"] / teachers, "books": books / pupils,
        "sports_area": (grounds + indoors) / pupils,
    })  # fmt: skip
    return found.reset_index()
