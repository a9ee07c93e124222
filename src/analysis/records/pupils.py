"""Lists of pupils that are no register: told by their words, their columns and their ages.

A list of pupils has names, identity numbers and schools, as a list of teachers has. Taken for one
it would be counted, stored and shown as teachers. Pupils come in by the tables of `registers` alone,
told apart by their registry numbers.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

import pandas as pd

from analysis.errors import Fault, Level
from analysis.records.contracts import TABLES
from analysis.records.crosschecks import Crossing
from analysis.records.faults import At, fault
from analysis.records.gathering import FROM_JUNIOR, PLACE
from analysis.records.headers import Header
from analysis.records.identity_numbers import born
from analysis.records.reference import USUAL_SYSTEM, load_reference, tell_stages
from analysis.records.rules import rules, statistical_date
from analysis.records.vocabulary import normal, vocabulary


def pupil_faults(header: Header, texts: Iterable[str], at: At) -> list[Fault]:
    """Say why a sheet that lists persons is one of pupils and no register.

    Parameters
    ----------
    header
        The sheet's header.
    texts
        Its title, and the names of sheet and file.
    at
        The sheet.
    """
    if not header.table.identifiers or "pupil_id" in header.found:
        return []
    words = vocabulary().pupils
    faults = [
        at.to(row=header.row + header.depth, column=h.text).fault("list-of-pupils")
        for h in header.headings
        if h and normal(h.text) in words["headers"]
    ]
    if not faults and (
        "pupil_id" in header.table.names or any(_names_pupils(normal(text)) for text in texts)
    ):
        faults.append(at.fault("list-of-pupils"))
    return faults


def _names_pupils(text: str) -> bool:
    words = vocabulary().pupils
    for other in words["other"]:
        text = text.replace(other, " ")
    return any(word in text for word in words["words"])


def age_faults(crossing: Crossing) -> Iterator[Fault]:
    """Find persons on a list of teachers who are too young to be any; no age is told."""
    least = rules()["teacher_age"]["at_least"]
    rows = crossing.frames["teachers"].dropna(subset=["teacher_id", "year"])
    for row in rows.to_dict("records"):
        birth = born(row["teacher_id"])
        if birth and _age(birth, int(row["year"])) < least:
            yield crossing.fault("teacher-too-young", row, limit=least,
                                 column=TABLES["teachers"]["teacher_id"].zh)  # fmt: skip


def _age(birth: datetime.date, year: int) -> int:
    day = statistical_date(year)
    return day.year - birth.year - ((birth.month, birth.day) > (day.month, day.day))


ARRIVALS = ("move_in", "resume", "other_in")
"""Changes after which a pupil is in school whom the register of the first day does not have."""
_OF_PUPILS = {"attendance": ("term",), "scores": ("term",), "status_changes": (), "suspected": ()}
"""Tables of pupils beside the register; without a term, what is recorded of an event."""
_ORDER = ("found_on", "checked_on", "returned_on", "closed_on")
"""Dates of a case of the ledger, in the order in which things happen."""


def register_faults(crossing: Crossing) -> Iterator[Fault]:
    """Say what registers of pupils do not agree on; no date and no number of a pupil is told."""
    yield from _dates_in_order(crossing)
    yield from _pupils_count(crossing)
    yield from _grades_fit(crossing)
    yield from _grades_told(crossing)
    yield from _mostly_disabled(crossing)
    yield from _unregistered(crossing)


def _dates_in_order(crossing: Crossing) -> Iterator[Fault]:
    """Find cases of the ledger in which a later step has an earlier date."""
    table, frame = TABLES["suspected"], crossing.frames["suspected"]
    for late in range(1, len(_ORDER)):
        before = frame[list(_ORDER[:late])].max(axis=1)
        wrong = (frame[_ORDER[late]] < before).fillna(False)
        for row in frame[wrong].to_dict("records"):
            yield crossing.fault("dates-out-of-order", row, column=table[_ORDER[late]].zh)


def _pupils_count(crossing: Crossing) -> Iterator[Fault]:
    """Hold the autumn register against the schools' enrolment: one line a file."""
    key = ["school", "year", "stage"]
    pupils = crossing.frames["pupils"].dropna(subset=["school", "year", "term", "grade"])
    autumn = pupils[pupils["term"] == "1"]
    stage = tell_stages(autumn, crossing.frames["schools"])
    counts = autumn.assign(stage=stage).groupby(key, as_index=False).agg(
        listed=("pupil_id", "size"), place=(PLACE, "first")
    )  # fmt: skip
    rows = crossing.frames["school_years"].dropna(subset=[*key, "pupils_n"])
    joined = rows.merge(counts, on=key)
    differ = joined[joined["pupils_n"] != joined["listed"]]
    for place, group in differ.groupby("place", sort=True):
        file, sheet = crossing.places[int(str(place))]
        yield fault("pupil-count-differs", file=file, sheet=sheet, level="info", n=len(group))


def _grades_fit(crossing: Crossing) -> Iterator[Fault]:
    """Find grades that a school of its type does not have: wrong rates of a stage otherwise.

    Grade 6 of a junior school is that of five and four grades; where the school says so it fits.
    """
    key = ["school", "year"]
    schools = crossing.frames["schools"].dropna(subset=[*key, "kind"]).drop_duplicates(key)
    codes = load_reference().codes
    for id in ("pupils", "status_changes", "school_scores"):
        rows = crossing.frames[id].dropna(subset=[*key, "grade"])
        rows = rows.assign(stage=tell_stages(rows, schools)).merge(schools[[*key, "kind"]], on=key)
        fits = {
            (kind, stage): stage in codes["kind"][kind].get("stages", (stage,))
            for kind, stage in rows[["kind", "stage"]].drop_duplicates().to_numpy()
        }
        at = pd.MultiIndex.from_frame(rows[["kind", "stage"]]).map(fits)
        for row in rows[~at.to_numpy(dtype=bool)].to_dict("records"):
            kind = codes["kind"][row["kind"]]
            yield crossing.fault("grade-not-of-kind", row, column=TABLES[id]["grade"].zh,
                                 kind_zh=kind["zh"], kind_en=kind["en"])  # fmt: skip


def _grades_told(crossing: Crossing) -> Iterator[Fault]:
    """Find grades counted from the first of junior school (初一) at schools of five and four grades.

    They were read as of six and three: 初一 as grade 7.
    """
    key = ["school", "year"]
    schools = crossing.frames["schools"]
    own = schools[schools["system"].notna() & schools["system"].ne(USUAL_SYSTEM)]
    if own.empty:
        return
    for id in ("pupils", "scores", "status_changes", "suspected", "school_scores"):
        rows = crossing.frames[id].dropna(subset=["grade"])
        for row in rows[rows[FROM_JUNIOR] & _among(rows, own, key)].to_dict("records"):
            yield crossing.fault("grade-of-five-four", row, column=TABLES[id]["grade"].zh)


def _mostly_disabled(crossing: Crossing) -> Iterator[Fault]:
    """Find files in which most pupils have a disability: there, 1 may well mean none."""
    rule, key = rules()["disability"], ["school", "year"]
    schools = crossing.frames["schools"].dropna(subset=key).drop_duplicates(key)
    special = schools.loc[schools["kind"].isin(rule["special_kinds"]), key]
    pupils = crossing.frames["pupils"].dropna(subset=["disability"])
    at = pd.MultiIndex.from_frame(pupils[key])
    pupils = pupils[~at.isin(pd.MultiIndex.from_frame(special))]
    marked = pupils["disability"].eq("1").groupby(pupils[PLACE])
    for place, share in marked.mean()[marked.size() >= rule["least_rows"]].items():
        if share > rule["most_share"]:
            file, sheet = crossing.places[int(str(place))]
            yield fault("mostly-disabled", file=file, sheet=sheet, level="warning",
                        column=TABLES["pupils"]["disability"].zh)  # fmt: skip


def _unregistered(crossing: Crossing) -> Iterator[Fault]:
    """Find who is on the ledger, or has attendance, marks or a change, and is on no register.

    Asked only where the row's school handed in a register of the county's term (of the school year,
    for what is recorded of an event): of another nobody knows who its pupils are. Who came during
    the term is not on the register of its first day, and who left over the summer is on the last
    year's: without that of the school, it is a note and no warning.
    """
    pupils, changes = (crossing.frames[id] for id in ("pupils", "status_changes"))
    came = changes[changes["change"].isin(ARRIVALS)]
    later = pupils.assign(year=pupils["year"] + 1)
    for id, term in _OF_PUPILS.items():
        when = ["county", "year", *term]
        rows = crossing.frames[id].dropna(subset=["pupil_id", "school", *when])
        strange = rows[
            _among(rows, pupils, ["school", *when])
            & ~_among(rows, pupils, ["pupil_id", *when], since=not term)
            & ~_among(rows, came, ["pupil_id", *when], since=not term)
        ]
        sure = _among(strange, later, ["school", "county", "year"]) | bool(term)
        code = "ledger-unregistered" if id == "suspected" else "pupil-unregistered"
        yield from _told(crossing, id, strange[sure], code, "warning")
        yield from _told(crossing, id, strange[~sure], "unregistered-here", "info")


def _told(
    crossing: Crossing, id: str, rows: pd.DataFrame, code: str, level: Level
) -> Iterator[Fault]:
    """Tell of rows of pupils, with how many children they are of in the sheet."""
    children = rows.groupby(PLACE)["pupil_id"].nunique()
    for row in rows.to_dict("records"):
        yield crossing.fault(code, row, level=level, column=TABLES[id]["pupil_id"].zh,
                             n=int(children[row[PLACE]]))  # fmt: skip


def _among(
    rows: pd.DataFrame, others: pd.DataFrame, key: list[str], *, since: bool = False
) -> pd.Series:
    """Tell of each row whether its key is one of the others', or was in its year or before."""
    by = [column for column in key if not since or column != "year"]
    whole = others.dropna(subset=key)
    first = whole.assign(_first=whole["year"]).groupby(by, observed=True)["_first"].min()
    found = rows[key].merge(first.reset_index(), on=by, how="left")
    there = found["_first"] <= found["year"] if since else found["_first"].notna()
    return pd.Series(there.fillna(False).to_numpy(dtype=bool), index=rows.index)
