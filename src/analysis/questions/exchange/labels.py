"""Names of what the exchange chapter's rows are about."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.finding import merge_labels
from analysis.questions.exchange.arithmetic import BY_TYPE
from analysis.questions.exchange.flows import BY_SUBJECT, ENDS
from analysis.questions.exchange.rows import BY_SCOPE
from analysis.questions.exchange.rules import Rules
from analysis.questions.exchange.stays import BY_AFTER, BY_PLACE, BY_YEARS
from analysis.records.county import CountyData

Labels = Mapping[str, Mapping[str, Mapping[str, str]]]


def _both(**names: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {id: {"zh": zh, "en": en} for id, (zh, en) in names.items()}


_UNKNOWN = ("不详或县外", "not known or outside the county")
_TYPES = {
    "location": _both(
        urban=("城区", "city"), town=("镇区", "town"), rural=("乡村", "country"),
        urban_town=("城镇", "city or town"), unknown=_UNKNOWN,
    ),
    "strength": _both(
        strong=("较强学校", "stronger school"), weak=("较弱学校", "weaker school"), unknown=_UNKNOWN,
    ),
}  # fmt: skip
_PLACES = _both(
    home=("回到原学校", "Back at their own school"), receiving=("留在接收学校", "At the receiving school"),
    elsewhere=("在本县其他学校", "At another school of the county"),
    other=("在接收学校或本县其他学校", "At the receiving or another school of the county"),
    listed=("在本县名册", "On the county's list"),
    gone=("不在本县名册", "Not on the county's list"),
)  # fmt: skip
_SCOPES = _both(
    urban_or_good=("城镇或优质学校", "Urban or good schools"), other=("其他学校", "Other schools"),
    unknown=("类型不明的学校", "Schools of unknown type"),
)  # fmt: skip
_GROUPS = _both(
    core=("语文、数学、英语", "Chinese, mathematics, English"),
    knowledge=("科学、历史、地理等", "Science and humanities"),
    pe_arts=("体育、艺术", "PE and the arts"), other=("其他", "Other"), unknown=("不详", "Not known"),
)  # fmt: skip


def name(county: CountyData, rules: Rules) -> Labels:
    """Name the county, stages, scopes, types of schools, flows, places and lengths of time."""
    kinds: dict[str, dict[str, dict[str, str]]] = {}
    for what, (start, end) in ENDS.items():
        types = {
            id: {"zh": each["zh"], "en": each["en"][:1].upper() + each["en"][1:]}
            for id, each in _TYPES[what].items()
        }
        kinds |= {start: types, end: types, f"{start}→{end}": _cross(what)}
    years = sorted({*rules["stay"]["lasted"], *rules["stay"]["after"]})
    passed = {
        str(n): {"zh": f"满{n}学年", "en": f"After {n} school year{'s' if n > 1 else ''}"}
        for n in years
    }
    later = {
        str(n): {"zh": f"{n}年后", "en": f"{n} year{'s' if n > 1 else ''} later"} for n in years
    }
    return merge_labels(
        {"county": {county.place.code: county.place.label}},
        {"stage": county.reference.names("stage")},
        {BY_SCOPE: _SCOPES, BY_SUBJECT: _GROUPS, BY_PLACE: _PLACES, BY_TYPE: kinds[ENDS["location"][0]]},
        {BY_YEARS: passed, BY_AFTER: later},
        kinds,
    )  # fmt: skip


def _cross(what: str) -> dict[str, dict[str, str]]:
    types = _TYPES[what]
    return {
        f"{a}→{b}": {
            "zh": f"{types[a]['zh']}到{types[b]['zh']}",
            "en": f"{types[a]['en'][:1].upper()}{types[a]['en'][1:]} to {types[b]['en']}",
        }
        for a in types
        for b in types
    }
