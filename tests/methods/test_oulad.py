"""The Open University's students, from the published tables to error rates, by the same functions.

OULAD (Kuzilek, Hlosta and Zdrahal 2017, Scientific Data 4:170171; CC BY 4.0): who registered for a
module by its first day is at risk of unregistering in each stretch of 30 days. What a row knows was on record
before the first day of its stretch. A quarter of the students is taken where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.genmod.families as families
from scipy.special import expit
from statsmodels.genmod.generalized_linear_model import GLM

from analysis.methods import discrimination, hazard

pytestmark = pytest.mark.shared_data

DAYS = 30
KEY = ["code_module", "code_presentation", "id_student"]
AT_START = ["female", "disabled", "older", "again", "credits", "deprived", "unknown_area",
            "no_a_level", "early_registration"]  # fmt: skip
SINCE = ["missed", "nothing_due", "score", "no_score"]


@dataclass(frozen=True)
class Tables:
    students: pd.DataFrame
    works: pd.DataFrame

    def until(self, day: float) -> Tables:
        """Keep what had been handed in before a day."""
        known = self.works["handed_in"] < day
        return Tables(self.students, self.works.assign(
            handed_in=self.works["handed_in"].where(known), score=self.works["score"].where(known)
        ))  # fmt: skip


def read(folder: Path) -> Tables:
    """Read the tables; `works` has a row for each student and piece of work with a date to be due."""
    courses = pd.read_csv(folder / "course.csv")
    students = pd.read_csv(folder / "student.csv.gz").merge(
        pd.read_csv(folder / "student_registration.csv.gz"), on=KEY, validate="1:1"
    )
    students = students.merge(courses, on=KEY[:2], validate="m:1")
    due = pd.read_csv(folder / "assessment.csv").dropna(subset="date")
    handed_in = pd.read_csv(folder / "student_assessment.csv.gz")
    works = students[KEY].merge(due[[*KEY[:2], "id_assessment", "date"]], on=KEY[:2])
    works = works.merge(handed_in, on=["id_assessment", "id_student"], how="left")
    return Tables(students, works.rename(columns={"date_submitted": "handed_in", "date": "due"}))


def expand(tables: Tables, *, leak: bool = False) -> pd.DataFrame:
    """Make a row for each student and stretch at risk; with `leak`, of what came after as well."""
    students = tables.students
    there = (students["date_registration"] <= 0) & ~(students["date_unregistration"] <= 0)
    dated = (students["final_result"] != "Withdrawn") | students["date_unregistration"].notna()
    students = students[there & dated].reset_index(drop=True)
    stretches = students["module_presentation_length"] // DAYS
    last = (students["date_unregistration"] // DAYS).fillna(np.inf)
    rows = students.loc[students.index.repeat(np.minimum(stretches, last + 1).astype(int))]
    month = rows.groupby(level=0).cumcount()
    rows = rows.assign(
        month=month + 1,
        left=(month == last.loc[rows.index]).astype(int),
        first_day=month * DAYS,
        female=(rows["gender"] == "F").astype(int),
        disabled=rows["disability"].astype(int),
        older=(rows["age_band"] != "0-35").astype(int),
        again=(rows["num_of_prev_attempts"] > 0).astype(int),
        credits=rows["studied_credits"].clip(upper=240) / 60,
        deprived=(rows["imd_band"].isin(["0-10%", "10-20", "20-30%"])).astype(int),
        unknown_area=rows["imd_band"].isna().astype(int),
        no_a_level=rows["highest_education"]
        .isin(["Lower Than A Level", "No Formal quals"])
        .astype(int),
        early_registration=(rows["date_registration"] < -60).astype(int),
        presentation=rows["code_module"] + rows["code_presentation"],
        year=rows["code_presentation"].str[:4].astype(int),
    )
    return _add_works(rows.reset_index(drop=True), tables.works, leak)


def _add_works(rows: pd.DataFrame, works: pd.DataFrame, leak: bool) -> pd.DataFrame:
    pairs = rows[[*KEY, "first_day"]].reset_index().merge(works, on=KEY)
    by = np.inf if leak else pairs["first_day"]
    known = pairs["handed_in"] < by
    was_due = pairs["due"] < by
    pairs = pairs.assign(
        due_n=was_due.astype(int),
        missed_n=(was_due & ~known).astype(int),
        known_score=pairs["score"].where(known),
    )
    sums = pairs.groupby("index").agg(
        due=("due_n", "sum"), missed=("missed_n", "sum"), score=("known_score", "mean")
    )
    sums = sums.reindex(rows.index)
    due = sums["due"].fillna(0)
    return rows.assign(
        missed=(sums["missed"].fillna(0) / due.clip(lower=1)).round(2),
        nothing_due=(due == 0).astype(int),
        score=((sums["score"].fillna(75) - 75) / 10).round(1),
        no_score=sums["score"].isna().astype(int),
    )


def score(fitted: hazard.Fit, rows: pd.DataFrame) -> np.ndarray:
    """Give the chances of rows that were not learnt from."""
    made = {
        name: (rows["month"] == int(name[6:-1])) if name.startswith("month[")
        else (rows["code_module"] == name[12:-1]) if name.startswith("code_module[")
        else rows[name]
        for name in fitted.params.index
    }  # fmt: skip
    return expit(np.column_stack([np.asarray(v, dtype=float) for v in made.values()])
                 @ fitted.params.to_numpy())  # fmt: skip


def learn(rows: pd.DataFrame, covariates: list[str], cluster: str | None = None) -> hazard.Fit:
    return hazard.fit(rows, event="left", period="month", covariates=covariates, cluster=cluster)


@pytest.fixture(scope="module")
def tables(shared_data: Path) -> Tables:
    return read(shared_data / "oulad")


@pytest.fixture(scope="module")
def sample(tables: Tables) -> Tables:
    return Tables(
        *(table[table["id_student"] % 4 == 0] for table in (tables.students, tables.works))
    )


@pytest.fixture(scope="module")
def periods(sample: Tables) -> pd.DataFrame:
    return expand(sample)


def test_the_tables_are_those_that_were_published(tables: Tables) -> None:
    students = tables.students
    assert len(students) == 32_593
    assert students.groupby(KEY[:2]).ngroups == 22
    assert students["id_student"].nunique() == 28_785
    results = {"Pass": 12_361, "Withdrawn": 10_156, "Fail": 7_052, "Distinction": 3_024}
    assert students["final_result"].value_counts().to_dict() == results
    # Whom no row can be made of: gone by the first day, registered after it, gone at no known day.
    by_then = students["date_unregistration"] <= 0
    late = ~(students["date_registration"] <= 0)
    undated = (students["final_result"] == "Withdrawn") & students["date_unregistration"].isna()
    assert (by_then.sum(), (late & ~by_then).sum(), undated.sum()) == (3_097, 244, 93)


def test_a_row_knows_nothing_from_its_first_day_on(sample: Tables) -> None:
    known, early = expand(sample), expand(sample.until(3 * DAYS))
    at = known["first_day"] <= 3 * DAYS
    assert 0.3 < at.mean() < 0.7
    pd.testing.assert_frame_equal(known[at], early[at])
    # What is handed in later would be in the rows if it were let in: by then it tells nearly all.
    leaking = [expand(one, leak=True)[at] for one in (sample, sample.until(3 * DAYS))]
    assert not leaking[0].equals(leaking[1])


def test_what_came_after_the_event_would_look_like_foresight(
    sample: Tables, periods: pd.DataFrame
) -> None:
    used = [name for name in (*AT_START, *SINCE) if name != "nothing_due"]
    found = []
    for rows in (periods, expand(sample, leak=True)):
        test = rows[rows["year"] == 2014]
        fitted = learn(rows[rows["year"] == 2013], used)
        found.append(discrimination.auc(test["left"], score(fitted, test)).estimate)
    assert found[0] < 0.76
    assert found[1] > 0.85


def test_the_life_table_counts_who_was_still_registered(tables: Tables) -> None:
    made = hazard.life_table(expand(tables), event="left", period="month").table
    students = tables.students
    students = students[(students["date_registration"] <= 0) & (
        (students["final_result"] != "Withdrawn") | students["date_unregistration"].notna()
    )]  # fmt: skip
    gone = students["date_unregistration"].fillna(np.inf)
    at_risk = gone[gone > 0]
    # No presentation is shorter than seven stretches, so that nobody is lost until then.
    for month in range(1, 8):
        assert made.loc[month, "at_risk"] == (at_risk >= DAYS * (month - 1)).sum()
        assert made.loc[month, "survival"] == pytest.approx((at_risk >= DAYS * month).mean())
    assert made["hazard"].idxmax() == 1


def against_statsmodels(rows: pd.DataFrame) -> hazard.Fit:
    covariates = [*AT_START, *SINCE, "code_module"]
    ours = learn(rows, covariates, "id_student")
    x = pd.concat(
        [
            pd.get_dummies(rows["month"]).astype(float),
            rows[[*AT_START, *SINCE]].astype(float),
            pd.get_dummies(rows["code_module"], drop_first=True).astype(float),
        ],
        axis=1,
    )
    theirs = GLM(rows["left"].to_numpy(), x.to_numpy(), family=families.Binomial()).fit(
        tol=1e-14, maxiter=100, cov_type="cluster",
        cov_kwds={"groups": pd.factorize(rows["id_student"])[0]},
    )  # fmt: skip
    assert ours.se_kind == "CR1"
    assert ours.params.to_numpy() == pytest.approx(theirs.params, rel=1e-8, abs=1e-9)
    assert ours.se.to_numpy() == pytest.approx(theirs.bse, rel=1e-8)
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-10)
    return ours


def test_estimates_and_errors_by_student_are_those_of_statsmodels(periods: pd.DataFrame) -> None:
    ours = against_statsmodels(periods)
    # Work that was due and not handed in tells more than anything known at the start.
    z = ours.params / ours.se
    assert z["missed"] == max(z[[*AT_START, *SINCE]])
    parts = [part for _, part in periods.groupby("presentation")]
    again = hazard.fit_parts(lambda: parts, event="left", period="month", cluster="id_student",
                             covariates=[*AT_START, *SINCE, "code_module"])  # fmt: skip
    assert again.params.to_numpy() == pytest.approx(ours.params.to_numpy(), rel=1e-8, abs=1e-9)
    assert again.se.to_numpy() == pytest.approx(ours.se.to_numpy(), rel=1e-8)


@pytest.mark.slow
def test_all_students_give_the_numbers_of_statsmodels_too(tables: Tables) -> None:
    rows = expand(tables)
    assert len(rows) > 200_000  # summed up over places on axes, 26,000 clusters and all
    against_statsmodels(rows)


def test_twenty_two_presentations_are_few_clusters(tables: Tables) -> None:
    rows = expand(tables).assign(behind=lambda r: (r["missed"] > 0.3).astype(int))
    used = ["female", "disabled", "deprived", "no_a_level", "behind"]
    cells = hazard.compress(rows, ["left", "month", "presentation", *used])
    assert len(cells) < len(rows) / 25
    asked = {"event": "left", "period": "month", "covariates": used, "counts": "count"}
    plain, by = hazard.fit(cells, **asked), hazard.fit(cells, cluster="presentation", **asked)
    assert (by.se_kind, by.clusters, by.rows) == ("CV3", 22, len(rows))
    assert by.params.to_numpy() == pytest.approx(plain.params.to_numpy(), rel=1e-9)
    # Presentations differ: to take their rows as independent would be far too sure of the level.
    assert by.se["month[1]"] > 4 * plain.se["month[1]"]
    spread = hazard.fit_random_intercept(cells, outcome="left", covariates=used,
                                         group="presentation", counts="count")  # fmt: skip
    assert 0.3 < spread.sd < 0.8


def test_odds_of_each_kind_of_end_add_up(sample: Tables, periods: pd.DataFrame) -> None:
    busy = set(sample.works.dropna(subset="handed_in")[KEY].itertuples(index=False, name=None))
    worked = np.array([key in busy for key in periods[KEY].itertuples(index=False, name=None)])
    ends = np.where(periods["left"] == 1, np.where(worked, "after work", "unseen"), "stays")
    first = periods.assign(end=ends)[periods["month"] <= 4]
    both = hazard.fit_competing(first, exit="end", stays="stays", period="month")
    either = hazard.fit(first, event="left", period="month")
    odds = sum(np.exp(one.params) for one in both.values())
    assert odds.to_numpy() == pytest.approx(np.exp(either.params).to_numpy(), rel=1e-8)
    assert both["unseen"].params.idxmax() == "month[1]"


@pytest.fixture(scope="module")
def forward(periods: pd.DataFrame) -> pd.DataFrame:
    """Of 2014, what 2013 gives to expect; a module that 2013 had not has no level and is left out."""
    before = periods[periods["year"] == 2013]
    after = periods[(periods["year"] == 2014) & periods["code_module"].isin(before["code_module"])]
    assert set(periods["code_module"]) - set(after["code_module"]) == {"CCC"}
    late = score(learn(before, [*AT_START, *SINCE, "code_module"]), after)
    return after.assign(chance=late, chance_at_start=score(
        learn(before, [*AT_START, "code_module"]), after))  # fmt: skip


def test_the_next_year_is_ranked_better_by_what_was_done_than_by_who_one_is(
    forward: pd.DataFrame,
) -> None:
    by = forward["presentation"]
    rng = np.random.default_rng(1)
    late = discrimination.auc(forward["left"], forward["chance"], cluster=by, rng=rng, draws=200)
    start = discrimination.auc(forward["left"], forward["chance_at_start"])
    assert late.low > 0.65
    assert late.low < late.estimate < late.high < 0.82
    assert late.estimate > start.high


def test_the_next_year_left_more_often_than_expected(forward: pd.DataFrame) -> None:
    # stats.md: expected over observed .82 in 2014, by a model of its own; the alarm is below .8.
    made = discrimination.calibration(
        forward["left"], forward["chance"], cluster=forward["presentation"]
    )
    assert 0.65 < made.ratio.estimate < 0.85
    assert made.ratio.high < 1
    assert made.intercept.low > 0
    assert made.slope.low < 1 < made.slope.high
    assert made.ratio.estimate == pytest.approx(forward["chance"].sum() / forward["left"].sum())


def test_a_module_never_seen_is_ranked_but_its_level_is_not_known(periods: pd.DataFrame) -> None:
    ratios, ranks = {}, {}
    for module, rows in periods.groupby("code_module"):
        fitted = learn(periods[periods["code_module"] != module], [*AT_START, *SINCE])
        chance = score(fitted, rows)
        ranks[module] = discrimination.auc(rows["left"], chance).estimate
        ratios[module] = discrimination.calibration(rows["left"], chance).ratio.estimate
    assert len(ranks) == 7
    assert min(ranks.values()) > 0.55
    assert 0.68 < np.median(list(ranks.values())) < 0.76
    # Expected over observed leaves [.8, 1.25] on both sides.
    assert min(ratios.values()) < 0.8
    assert max(ratios.values()) > 1.25


def test_those_who_could_be_called_and_whom_the_list_misses(forward: pd.DataFrame) -> None:
    capacity = len(forward) // 20
    rate = forward["left"].mean()
    rng = np.random.default_rng(2)
    made = discrimination.precision_at(
        forward["left"], forward["chance"], capacity, cluster=forward["presentation"], rng=rng,
        draws=200,
    )  # fmt: skip
    assert made.precision.low > rate
    assert made.precision.estimate > 2 * rate
    assert made.precision.estimate < 0.25  # most who are called would have stayed
    assert made.hits == pytest.approx(made.recall.estimate * forward["left"].sum())
    flagged = forward["chance"].rank(ascending=False) <= capacity
    for group in ("female", "disabled", "deprived"):
        table = discrimination.group_errors(forward["left"], flagged, forward[group])
        table = table.set_index(["rate", "group"])
        assert not table["hidden"].any()
        assert table.loc["selected", "part"].sum() == flagged.sum()
        assert table.loc["false_negative", "whole"].sum() == forward["left"].sum()
        # Chances are higher where more leave, and so more are called who stay.
        more, fewer = table.loc[("false_positive", 1)], table.loc[("false_positive", 0)]
        if group != "female":
            assert more["estimate"] > fewer["estimate"]
