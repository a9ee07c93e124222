"""What a reader can work out: an auditor of its own, who has only what is shown.

The auditor shares no code with the gate. It reads the released table as a reader does, writes
down what each shown number can be and how the rows add up, and asks a linear programme for the
range of every number that is not shown.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from analysis.finding import Check, Finding, Indicator, tidy
from analysis.release import Released, release
from analysis.release.quantities import place

AUDIENCES = ("public", "superior")
BASE = {"indicator": "x", "stage": "primary", "at": "2021", "n_unit": "pupils", "unit": "pupils"}


def counts(cells: dict[tuple[str, ...], int], names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Make the rows of a table with all its margins and its total."""
    sums: defaultdict[tuple[tuple[str, str], ...], int] = defaultdict(int)
    for subjects, number in cells.items():
        full = tuple(zip(names, subjects, strict=True))
        for size in range(len(full) + 1):
            for kept in itertools.combinations(full, size):
                sums[kept] += number
    return [
        {**BASE, "by": "×".join(n for n, _ in at), "subject": "×".join(s for _, s in at),
         "value": number, "numerator": number, "n": number}
        for at, number in sums.items()
    ]  # fmt: skip


def find(rows: list[dict[str, Any]], privacy: str = "P1") -> Finding:
    ids = dict.fromkeys(row["indicator"] for row in rows)
    indicators = tuple(Indicator(i, "", "", "pupils", privacy) for i in ids)  # type: ignore[arg-type]
    return Finding("toy", "130722", 2021, tidy(rows), indicators=indicators)


def random_table(
    rng: np.random.Generator, shape: tuple[int, ...], mean: float
) -> list[dict[str, Any]]:
    """Make a table with many small cells, as schools and townships have them."""
    numbers = rng.negative_binomial(0.7, 0.7 / (0.7 + mean), size=shape)
    names = ("town", "grade", "sex")[: len(shape)]
    cells = {tuple(map(str, at)): int(number) for at, number in np.ndenumerate(numbers)}
    return counts(cells, names)


class Reader:
    """An auditor who sees a released table and knows the rules, and nothing else."""

    def __init__(self, table: pd.DataFrame, step: int) -> None:
        self.rows = table.to_dict("records")
        self.points = [self._point(row) for row in self.rows]
        self.bounds = [self._bounds(row, step) for row in self.rows]
        self.equations = np.array(list(self._equations())).reshape(-1, len(self.rows))

    @staticmethod
    def _point(row: dict[str, Any]) -> frozenset[tuple[str, str]]:
        pairs = zip(row["by"].split("×"), row["subject"].split("×"), strict=True)
        stage = {("stage", row["stage"])} if row["stage"] else set()
        return frozenset(
            {(a, b) for a, b in pairs if a} | stage | {("indicator", row["indicator"])}
        )

    @staticmethod
    def _bounds(row: dict[str, Any], step: int) -> tuple[float, float | None]:
        value = row["value"]
        if math.isnan(value):
            return 0, None
        if value == 0 or step == 1:
            return value, value
        return max(value - step // 2, 10), value + step // 2

    def _equations(self) -> Any:
        index = {point: n for n, point in enumerate(self.points)}
        families: defaultdict[Any, list[int]] = defaultdict(list)
        for point, n in index.items():
            for pair in point:
                if point - {pair} in index:
                    families[point - {pair}, pair[0]].append(n)
        for (above, _), parts in families.items():
            line = np.zeros(len(self.rows))
            line[parts] = 1
            line[index[above]] = -1
            yield line

    def range(
        self, n: int, extra: dict[int, tuple[float, float]] | None = None
    ) -> tuple[int, float]:
        """Give the least and the most a number can be."""
        bounds = [(extra or {}).get(m, b) for m, b in enumerate(self.bounds)]
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(self.rows))
            goal[n] = sign
            solved = linprog(
                goal, A_eq=self.equations, b_eq=np.zeros(len(self.equations)), bounds=bounds
            )
            assert solved.status in (0, 3), solved.message
            ends.append(solved.fun * sign if solved.status == 0 else sign * -math.inf)
        return math.ceil(ends[0] - 1e-6), ends[1] if math.isinf(ends[1]) else math.floor(
            ends[1] + 1e-6
        )


def broken(finding: Finding, released: Released, *, told: bool) -> list[tuple[int, float]]:
    """Give the ranges of small numbers that leave less than 1 to 9 open.

    `told`: the reader even knows which of the hidden numbers are hidden for being small.
    """
    step = 5 if released.audience == "public" else 1
    sensitive = finding.indicators[0].privacy == "P2"
    reader = Reader(released.table, step)
    values = finding.table["value"]
    small = [n for n, v in enumerate(values) if (v >= 0 if sensitive else v > 0) and v < 10]
    assert all(math.isnan(released.table["value"][n]) for n in small)
    extra = dict.fromkeys(small, (0.0, 9.0)) if told else None
    ranges = [reader.range(n, extra) for n in small]
    return [(low, high) for low, high in ranges if low > 1 or high < 9]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("shape", "mean"), [((6,), 15), ((4, 3), 12), ((4, 3), 40), ((6, 4), 25), ((3, 2, 2), 30)]
)
@pytest.mark.parametrize(
    ("audience", "privacy"),
    [("public", "P1"), ("public", "P2"), ("superior", "P1"), ("superior", "P2")],
)
def test_no_hidden_number_can_be_worked_out(
    shape: tuple[int, ...], mean: float, audience: Any, privacy: str, seed: int
) -> None:
    """K2: over 200 random tables with margins, 0 ranges are narrower than 1 to 9."""
    rng = np.random.default_rng([seed, *shape, int(mean)])
    finding = find(random_table(rng, shape, mean), privacy)
    released = release(finding, audience)
    # What a reader who is told less could work out is wider still.
    assert broken(finding, released, told=True) == []


def test_the_auditor_breaks_what_is_only_suppressed() -> None:
    """The auditor can do its work: small cells hidden, margins exact, all is known."""
    rows = counts({("a",): 4, ("b",): 30, ("c",): 50}, ("town",))
    finding = find(rows)
    naive = finding.table.copy()
    naive.loc[naive["value"] < 10, ["value", "numerator", "n"]] = math.nan
    released = Released(
        **{
            **{f: getattr(release(finding, "superior"), f) for f in Released.__dataclass_fields__},
            "table": naive,
        }
    )
    assert broken(finding, released, told=False) == [(4, 4)]


def test_rounding_alone_does_not_always_do() -> None:
    """Total 20, cells 11 and 9: rounded, the hidden one is 6 to 12; more has to go."""
    finding = find(counts({("a",): 11, ("b",): 9}, ("town",)))
    released = release(finding, "public")
    assert released.sdc["complementary"] == 1
    assert broken(finding, released, told=True) == []


def test_what_rounding_protects_stays() -> None:
    """Shown 100, 125 and 230: the hidden cell is 0 to 11 anyway."""
    finding = find(counts({("a",): 7, ("b",): 99, ("c",): 124}, ("town",)))
    released = release(finding, "public")
    assert released.sdc == {**released.sdc, "primary": 1, "complementary": 0, "rounded": 3}
    table = released.table.set_index("subject")["value"]
    assert (table["b"], table["c"], table[""]) == (100, 125, 230)


def test_the_cheapest_number_goes() -> None:
    finding = find(counts({("a",): 4, ("b",): 300, ("c",): 25, ("d",): 0}, ("town",)))
    table = release(finding, "superior").table.set_index("subject")["value"]
    assert math.isnan(table["c"])
    assert (table["b"], table[""], table["d"]) == (300, 329, 0)


def test_linked_tables_are_looked_at_together() -> None:
    """K3: regions grouped in two ways; each table safe by itself, together they give 3 away."""
    regions = {"A": 2, "B": 3, "I": 8, "J": 8, "K": 13, "L": 13, "M": 13, "N": 17}
    counties = {"A": "1", "B": "1", "I": "2", "J": "2", "K": "3", "L": "3", "M": "4", "N": "4"}
    sizes = {
        "A": "small",
        "B": "big",
        "I": "small",
        "J": "big",
        "K": "big",
        "L": "small",
        "M": "big",
        "N": "small",
    }
    cells = {(counties[r], sizes[r]): 0 for r in regions}
    for region, number in regions.items():
        cells[counties[region], sizes[region]] += number
    for audience in AUDIENCES:
        finding = find(counts(cells, ("county", "size")))
        released = release(finding, audience)  # type: ignore[arg-type]
        assert broken(finding, released, told=True) == []


def test_stages_add_up_too() -> None:
    rows = [
        {**BASE, "stage": stage, "value": number}
        for stage, number in (("primary", 3), ("junior", 240), ("", 243))
    ]
    finding = find(rows)
    released = release(finding, "superior")
    assert broken(finding, released, told=True) == []
    assert released.sdc["complementary"] == 1


def test_a_category_that_is_missing_still_bounds_the_others() -> None:
    """Total 62, shown 60: whoever is hidden is at most 2 however the rest is called."""
    rows = [
        {**BASE, "by": by, "subject": subject, "value": number}
        for by, subject, number in (("sex", "f", 60), ("sex", "m", 1), ("", "", 62))
    ]
    table = release(find(rows), "superior").table
    assert table["flag"].tolist().count("c") == 2


def shares(parts: dict[str, tuple[int, int]], privacy: str, **cells: Any) -> Finding:
    total = tuple(map(sum, zip(*parts.values(), strict=True)))
    rows = [
        {**BASE, "unit": "share", "by": "town" if subject else "", "subject": subject,
         "value": part / whole, "numerator": part, "denominator": whole, "n": whole, **cells}
        for subject, (part, whole) in {**parts, "": total}.items()
    ]  # fmt: skip
    return find(rows, privacy)


def test_a_coded_share_gives_its_group_but_not_its_number() -> None:
    finding = shares({"a": (3, 200), "b": (60, 300), "c": (80, 400)}, "P2")
    table = release(finding, "superior").table.set_index("subject")
    assert table.loc["a", "flag"] == "le"
    assert table.loc["a", "denominator"] == 200
    assert math.isnan(table.loc["a", "numerator"])
    assert table["numerator"].isna().sum() == 2, "one more number hides the first"
    public = release(finding, "public")
    assert public.table["flag"].tolist().count("le") == 1


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("seed", range(15))
def test_shares_of_sensitive_attributes_hide_part_and_complement(audience: Any, seed: int) -> None:
    """Part, complement and group of every row, by an auditor who knows all groups exactly."""
    rng = np.random.default_rng(seed)
    wholes = rng.integers(20, 400, size=5)
    parts = [int(rng.binomial(whole, rng.choice([0.02, 0.1, 0.5, 0.97]))) for whole in wholes]
    towns = {
        str(n): (part, int(whole))
        for n, (part, whole) in enumerate(zip(parts, wholes, strict=True))
    }
    finding = shares(towns, "P2")
    table = release(finding, audience).table
    step = 5 if audience == "public" else 1
    truth = finding.table
    groups = truth["denominator"]
    # Everybody knows the groups; what is shown of the parts bounds them.
    bounds = [
        (0, group)
        if math.isnan(part)
        else (max(part - step // 2, 10), min(part + step // 2, group - 10))
        for part, group in zip(table["numerator"], groups, strict=True)
    ]
    sums = np.array([[-1.0 if subject == "" else 1.0 for subject in truth["subject"]]])
    for n, (part, group) in enumerate(zip(truth["numerator"], groups, strict=True)):
        if min(part, group - part) >= 10:
            continue
        low, high = (
            sign * linprog(sign * np.eye(len(truth))[n], A_eq=sums, b_eq=[0], bounds=bounds).fun
            for sign in (1, -1)
        )
        open_to = (low, high) if part < 10 else (group - high, group - low)
        assert math.ceil(open_to[0] - 1e-6) <= 1
        assert math.floor(open_to[1] + 1e-6) >= 9


def test_enrolment_is_known_and_protects_nobody() -> None:
    """The group is a public fact: hiding it would protect nothing, so parts have to go."""
    finding = shares({"a": (3, 200), "b": (60, 300), "c": (80, 400)}, "P2")
    facts = [
        {**BASE, "indicator": "pupils", "by": row["by"], "subject": row["subject"], "n_unit": "schools",
         "value": row["denominator"], "n": 9}
        for row in finding.table.to_dict("records")
    ]  # fmt: skip
    both = Finding(
        "toy", "130722", 2021, pd.concat([finding.table, tidy(facts)], ignore_index=True),
        indicators=(*finding.indicators, Indicator("pupils", "", "", "pupils", "P0")),
    )  # fmt: skip
    table = release(both, "superior").table
    pupils = table[table["indicator"] == "pupils"]
    assert pupils["value"].tolist() == [200, 300, 400, 900]
    assert table.loc[table["indicator"] == "x", "numerator"].isna().sum() == 2


def test_a_verdict_on_a_shown_number_counts_as_knowing_it() -> None:
    """The same table needs one more number hidden when verdicts tell the shown ones exactly."""
    rows = counts({("a",): 7, ("b",): 99, ("c",): 124}, ("town",))
    checks = tuple(
        Check("x", "primary", row["by"], row["subject"], "2021", "toy.rule", 100, "met")
        for row in rows
    )
    plain = find(rows)
    judged = Finding("toy", "130722", 2021, plain.table, indicators=plain.indicators, checks=checks)
    assert release(plain, "public").sdc["complementary"] == 0
    assert release(judged, "public").sdc["complementary"] == 1


def test_a_group_shared_by_two_indicators_is_hidden_in_both() -> None:
    """Seven teachers in one town: no indicator may show the town that hides them in the other."""
    rows = [
        {**BASE, "indicator": indicator, "unit": "share", "by": "town" if town else "", "subject": town,
         "value": part / whole, "numerator": part, "denominator": whole, "n": whole}
        for indicator, parts in {"x": {"a": 5, "b": 20, "c": 90, "": 115}, "y": {"a": 1, "b": 30, "c": 11, "": 42}}.items()
        for (town, part), whole in zip(parts.items(), (7, 40, 200, 247), strict=True)
    ]  # fmt: skip
    table = release(find(rows), "superior").table
    hidden = {
        i: set(g.loc[g["denominator"].isna(), "subject"]) for i, g in table.groupby("indicator")
    }
    assert hidden["x"] & hidden["y"] > {"a"}


@pytest.mark.parametrize("seed", range(3))
def test_the_gate_does_not_hide_everything(seed: int) -> None:
    """K11: of a realistic county 95 % of its own cells stay, of its townships 70 %."""
    rng = np.random.default_rng(seed)
    towns = np.exp(rng.normal(5.6, 0.9, size=17))
    grades = rng.poisson(np.outer(towns, np.full(6, 1 / 6)))
    sexes = {
        (str(town), str(grade), sex): int(n)
        for (town, grade), number in np.ndenumerate(grades)
        for sex, n in zip("fm", rng.multinomial(number, [0.47, 0.53]), strict=True)
    }
    by_town: defaultdict[tuple[str, ...], int] = defaultdict(int)
    by_county: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for (town, grade, sex), n in sexes.items():
        by_town[town, grade] += n
        by_county[grade, sex] += n
    for cells, names, least in (
        (by_county, ("grade", "sex"), 0.95),
        (by_town, ("town", "grade"), 0.70),
    ):
        finding = find(counts(dict(cells), names))
        table = release(finding, "public").table
        shown = table["value"].notna()
        assert shown.mean() >= least
        error = (table["value"] - finding.table["value"]).abs()[shown]
        assert error.mean() <= 1.5


def test_places_of_rows() -> None:
    assert place({"stage": "", "by": "type→type", "subject": "a→b"}) == {
        ("type", "a"),
        ("type1", "b"),
    }
    assert place({"stage": "", "by": "town", "subject": "a×b"}) == {("town", "a×b")}
    assert place({"stage": "", "by": "", "subject": ""}) == frozenset()
