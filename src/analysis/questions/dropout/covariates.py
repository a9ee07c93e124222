"""What the model may look at of a pupil, and the proof that it was known in time.

A risk begins on the first day of a term. What is known only at the end of a term may be used for
the next one; what is recorded of an event (a change of status, an entry of the ledger) may be the
outcome itself and is refused. Missing values are not filled in silently: the value is 0 and a
column of its own says that it was missing.

Sex, ethnicity and disability are not used (`LEFT_OUT`): to predict from them would hold a child's
group against the child. What that costs is measured, and they serve the audit of fairness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.errors import UsageError
from analysis.questions.dropout.terms import add_before
from analysis.records.reference import locate_zone, tell_stages

Made = Callable[[pd.DataFrame, Mapping[str, Any]], pd.Series]
KnownAt = Callable[[str, str], str]
"""When the value of a column of a table exists: `CountyData.known_at`."""

SUBJECTS = ("score_chinese", "score_mathematics", "score_english")


@dataclass(frozen=True, slots=True)
class Covariate:
    """One thing that the model looks at.

    Attributes
    ----------
    id
        Name of the column made.
    table, columns
        Where it is taken from.
    terms_before
        How many terms before the risk begins; 0 is the register of its first day.
    make
        From the rows (columns of earlier terms begin with ``before_``) and the parameters to
        values; missing where not known.
    """

    id: str
    table: str
    columns: tuple[str, ...]
    make: Made
    terms_before: int = 0


def _years_over(rows: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.Series:
    """Count years above the age of the grade on the first day of the school year."""
    born, first = rows["born"], parameters["starts"]["1"]
    age = (
        rows["year"]
        - pd.to_numeric(born.str[:4])
        - (born.str[5:] > first).astype("boolean").astype("Int64")
    )
    over = age - (rows["grade"] + parameters["age_before_grade_1"])
    return over.clip(0, parameters["most_years_over"]).astype("Float64")


def _is(column: str, *codes: str) -> Made:
    return lambda rows, _: rows[column].isin(codes).astype("Float64").where(rows[column].notna())


def _flag(column: str) -> Made:
    return lambda rows, _: rows[column].astype("Float64")


def _far(rows: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.Series:
    """Mark day pupils who live far away; how far a boarder lives is nobody's daily way."""
    by_day = (rows["boarding"] == "1").astype("boolean")
    return ((rows["distance_km"] > parameters["far_km"]) & by_day).astype("Float64")


def _unexcused(rows: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.Series:
    days = rows["before_days_unexcused_n"].clip(upper=parameters["most_days_absent"])
    return (days / parameters["days_per_step"]).astype("Float64")


def _score(rows: pd.DataFrame, _: Mapping[str, Any]) -> pd.Series:
    return rows["before_score"].astype("Float64")


def _rural(rows: pd.DataFrame, _: Mapping[str, Any]) -> pd.Series:
    """Mark schools in the country (乡村)."""
    zone = rows["of_school_zone"]
    rural = {each: float(locate_zone(each) == "rural") for each in zone.dropna().unique()}
    return zone.map(rural).astype("Float64")


def _per(part: str, whole: str, middle: str, step: str) -> Made:
    """Give a ratio of two columns of the school, in steps from a middle that parameters say."""

    def make(rows: pd.DataFrame, parameters: Mapping[str, Any]) -> pd.Series:
        below = rows[f"of_school_{whole}"].astype("Float64")
        ratio = rows[f"of_school_{part}"].astype("Float64") / below.where(below > 0)
        return (ratio - parameters[middle]) / parameters[step]

    return make


COVARIATES = (
    Covariate("years_over", "pupils", ("born", "grade"), _years_over),
    Covariate("boarder", "pupils", ("boarding",), _is("boarding", "2")),
    Covariate("far", "pupils", ("distance_km", "boarding"), _far),
    Covariate("left_behind", "pupils", ("left_behind",), _is("left_behind", "1", "2")),
    Covariate("hardship", "pupils", ("hardship",), _flag("hardship")),
    Covariate("aided", "pupils", ("aided",), _flag("aided")),
    Covariate("orphan", "pupils", ("orphan",), _flag("orphan")),
    Covariate("unexcused", "attendance", ("days_unexcused_n",), _unexcused, 1),
    Covariate("score", "scores", SUBJECTS, _score, 1),
)
"""What the model looks at of a pupil."""
OF_SCHOOLS = (
    Covariate("rural", "schools", ("zone",), _rural),
    Covariate(
        "class_size",
        "school_years",
        ("pupils_n", "classes_n"),
        _per("pupils_n", "classes_n", "class_size_middle", "class_size_step"),
    ),
    Covariate(
        "pupils_per_teacher",
        "school_years",
        ("pupils_n", "teachers_n"),
        _per("pupils_n", "teachers_n", "pupils_per_teacher_middle", "pupils_per_teacher_step"),
    ),
    Covariate(
        "backbone",
        "school_years",
        ("teachers_backbone_n", "pupils_n"),
        _per("teachers_backbone_n", "pupils_n", "backbone_middle", "backbone_step"),
    ),
)
"""What it looks at of the school and stage; none of it is a child's."""
ALL = (*COVARIATES, *OF_SCHOOLS)
LEFT_OUT = (
    Covariate("female", "pupils", ("sex",), _is("sex", "2")),
    Covariate("minority", "pupils", ("ethnicity",), _is("ethnicity", "other")),
    Covariate("disabled", "pupils", ("disability",), _is("disability", "1")),
)
"""What it deliberately does not look at."""


def refuse_leaks(covariates: Sequence[Covariate], known_at: KnownAt) -> None:
    """Refuse what could be known only after the risk began: all of it at once, by name and date.

    Raises
    ------
    UsageError
        Names each column, when its value is known, and what would be allowed.
    """
    late = [
        (f"{covariate.table}.{column}", when)
        for covariate in covariates
        for column in covariate.columns
        if not _in_time(when := known_at(covariate.table, column), covariate.terms_before)
    ]
    if late:
        zh = "；".join(f"{name}：{_WHEN[when][0]}" for name, when in late)
        en = "; ".join(f"{name}: {_WHEN[when][1]}" for name, when in late)
        raise UsageError(
            f"这些变量在风险期开始（学期第一天）之后才知道，不能用来预测：{zh}",
            f"not known on the first day of the term, so nothing can be predicted from them: {en}",
        )


def _in_time(when: str, terms_before: int) -> bool:
    if when in ("always", "year_start"):
        return True
    return when == "term_end" and terms_before >= 1


_WHEN = {
    "term_end": ("学期最后一天才有，只能用上一学期的", "known on the term's last day; use the term before"),
    "year_end": ("学年末（8月31日）才有", "known at the end of the school year (31 August)"),
    "calendar_year_end": ("12月31日才有", "known on 31 December"),
    "event": ("随事件登记，可能就是结果本身", "recorded with the event, which may be the outcome itself"),
}  # fmt: skip


def add_covariates(
    rows: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    parameters: Mapping[str, Any],
    covariates: Sequence[Covariate] = ALL,
) -> pd.DataFrame:
    """Add covariates to the rows of `terms.list_terms`.

    Parameters
    ----------
    rows
        Pupils at risk.
    tables
        ``attendance``, ``scores``, ``schools`` and ``school_years`` as stored.
    parameters
        ``parameters.toml`` ``[dropout.risk]`` with the ``starts`` of the terms.
    covariates
        Which.

    Returns
    -------
    pandas.DataFrame
        The rows with a float column for each covariate, 0 where missing, and ``<id>_missing``
        (0 or 1) for each that is missing anywhere.
    """
    scores = tables["scores"]
    wide = add_before(rows, tables["attendance"], {"days_unexcused_n": "before_days_unexcused_n"})
    wide = add_before(wide, scores.assign(score=standardise(scores)), {"score": "before_score"})
    wide = _join_schools(wide, tables)
    made: dict[str, Any] = {}
    for covariate in covariates:
        values = covariate.make(wide, parameters)
        missing = values.isna().to_numpy(dtype=bool)
        made[covariate.id] = values.fillna(0).to_numpy(dtype=float)
        if missing.any():
            made[f"{covariate.id}_missing"] = missing.astype(float)
    return rows.assign(**made)


def _join_schools(rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put beside each pupil what is known of the school, and of its stage, in the year."""
    wide = rows.assign(stage=tell_stages(rows, tables["schools"]))
    for table, key in (
        ("schools", ["school", "year"]),
        ("school_years", ["school", "year", "stage"]),
    ):
        taken = sorted({c for each in ALL if each.table == table for c in each.columns})
        named = {column: f"of_school_{column}" for column in taken}
        found = tables[table][[*key, *taken]].drop_duplicates(key).rename(columns=named)
        wide = wide.merge(found, on=key, how="left", validate="many_to_one")
    return wide


def standardise(scores: pd.DataFrame) -> pd.Series:
    """Give each pupil's mean over the subjects, each standardised by county, term, grade and subject.

    Papers differ between counties, so nothing is compared across them. A subject that all have the
    same marks in, or that only one has, says nothing.

    >>> scores = pd.DataFrame({"county": "c", "year": 2021, "term": "1", "grade": 7,
    ...     "score_chinese": [60.0, 80.0], "score_mathematics": [50.0, 50.0],
    ...     "score_english": [90.0, None]})
    >>> standardise(scores).round(3).tolist()
    [-0.707, 0.707]
    """
    by = [scores[c] for c in ("county", "year", "term", "grade")]
    parts = []
    for subject in SUBJECTS:
        marks = scores[subject].astype("float64")
        groups = marks.groupby(by)
        spread = groups.transform("std")
        parts.append((marks - groups.transform("mean")) / spread.where(spread > 0))
    return pd.concat(parts, axis=1).mean(axis=1)


def used_columns(rows: pd.DataFrame, covariates: Sequence[Covariate] = ALL) -> list[str]:
    """Name the columns that `add_covariates` made of these covariates, in order."""
    names = [name for c in covariates for name in (c.id, f"{c.id}_missing")]
    return [name for name in names if name in rows]
