"""The store: what goes in comes out, nothing half, nothing changed unseen, no identifier."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hand_made import CANARIES, SOURCE, everything, frame, intake, schools, teachers, totals

from analysis.errors import BusyError, Fault, InputError, StoreError, UsageError
from analysis.records import (
    identities,
    list_counties,
    list_years,
    open_county,
    open_prefecture,
    store,
)
from analysis.records.contracts import DTYPES, TABLES, empty, schema, stored_key
from analysis.records.files import hold
from analysis.records.intake import Intake


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "config" / "key"


@pytest.fixture
def filled(tmp_path: Path, key: Path) -> Path:
    folder = tmp_path / "STORE"
    store.write(intake(schools=schools(), teachers=teachers()), folder, key=key)
    return folder


def state(folder: Path) -> tuple[str, dict[str, bytes]]:
    """Everything a reader can see: the pointer and the bytes behind it."""
    return os.readlink(folder / "current"), everything((folder / "current").resolve())


def test_a_county_comes_back_as_the_contract_has_it(filled: Path) -> None:
    county = open_county(filled, "130722", 2021)
    assert county.place.zh == "张北县"
    assert county.parent.zh == "张家口市"
    assert set(county.tables) == set(TABLES)
    for id, table in TABLES.items():
        rows = county.tables[id]
        expected = {c.id: DTYPES[c.kind] for c in table.columns if c.privacy != "P3"}
        expected |= {"pseudonym": "string"} if table.identifiers else {}
        assert {name: str(dtype) for name, dtype in rows.dtypes.items()} == expected
        assert list(rows.columns) == list(expected)
        schema(table, stored=True).validate(rows)
        pd.testing.assert_frame_equal(
            rows, rows.sort_values(list(stored_key(table)), ignore_index=True)
        )
    given = schools().sort_values(["school", "year"], ignore_index=True)
    pd.testing.assert_frame_equal(county.tables["schools"], given)
    assert county.tables["classes"].empty
    assert county.origin.source_zh == "张北县教育局"
    assert county.passport()["run"] == county.run
    assert re.fullmatch("[0-9a-f]{16}", county.run)


def test_only_that_county_and_no_later_year_is_read(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(intake(schools=schools("130723")), filled)
    read: list[str] = []
    plain = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda p: read.append(str(p)) or plain(p))
    county = open_county(filled, "130722", 2020)
    assert set(county.tables["schools"]["year"]) == {2020}
    assert county.partitions == (
        "tables/schools/county=130722/year=2020/part.parquet",
        "tables/teachers/county=130722/year=2020/part.parquet",
    )
    parquet = [name for name in read if name.endswith(".parquet")]
    assert all("county=130722/year=2020" in name for name in parquet)
    assert len(parquet) == 2
    assert not any("identities" in name for name in read)


def test_the_same_input_makes_the_same_bytes_and_run(tmp_path: Path, key: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    store.write(intake(schools=schools(), teachers=teachers()), first, key=key)
    shuffled = teachers().sample(frac=1, random_state=3)
    upset = schools().iloc[::-1]
    store.write(intake(teachers=shuffled, schools=upset), second, key=key)
    assert state(first) == state(second)
    assert open_county(first, "130722", 2021).run == open_county(second, "130722", 2021).run


def test_loading_in_two_parts_is_loading_at_once(tmp_path: Path, key: Path) -> None:
    once, twice = tmp_path / "once", tmp_path / "twice"
    store.write(intake(schools=schools(), teachers=teachers()), once, key=key)
    store.write(intake(schools=schools(years=(2021,))), twice, key=key)
    store.write(intake(schools=schools(years=(2020,)), teachers=teachers()), twice, key=key)
    assert state(once) == state(twice)


def test_a_load_replaces_what_it_brings_and_nothing_else(filled: Path) -> None:
    before = everything((filled / "current").resolve())
    written = store.write(intake(schools=schools(years=(2021,), n=5)), filled)
    after = everything((filled / "current").resolve())
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        "tables/schools/county=130722/year=2021/part.parquet", "counties/130722.json",
        "manifest.json",
    }  # fmt: skip
    assert set(after) == set(before)
    assert written.rows == {"schools": 5}
    assert (written.counties, written.years) == (("130722",), (2021,))
    assert len(open_county(filled, "130722", 2021).table("schools", year=2021)) == 5


def test_a_run_changes_with_its_own_inputs_only(filled: Path) -> None:
    before = open_county(filled, "130722", 2021).run
    store.write(intake(schools=schools("130723")), filled)
    assert open_county(filled, "130722", 2021).run == before
    assert open_county(filled, "130722", 2020).run != before
    dated = replace(SOURCE, as_of="2022-09-01")
    store.write(intake(schools=schools(), dataset=dated), filled)
    assert open_county(filled, "130722", 2021).run != before


def test_loading_again_changes_nothing(filled: Path, key: Path) -> None:
    before = state(filled)
    store.write(intake(schools=schools(), teachers=teachers()), filled, key=key)
    assert state(filled) == before
    assert not [p for p in (filled / "generations").iterdir() if p.name.startswith(".")]


def test_origins_of_all_that_was_read_are_joined(filled: Path) -> None:
    made = replace(SOURCE, source_zh="模拟", source_en="made", as_of="2022-01-01", synthetic=True)
    store.write(intake(totals=frame("counties", []), dataset=made,
                       counties=totals("130722", 2021, primary_pupils_n=5)), filled)  # fmt: skip
    origin = open_county(filled, "130722", 2021).origin
    assert origin.synthetic
    assert origin.as_of == "2022-01-01"
    assert origin.source_zh == "模拟；张北县教育局"
    assert not open_county(filled, "130722", 2020).origin.synthetic


def test_data_without_a_date_are_of_the_day_their_school_year_is_counted(tmp_path: Path) -> None:
    """Without a date there would be no release date, and no report."""
    undated = replace(SOURCE, as_of="")
    store.write(intake(schools=schools(), dataset=undated), tmp_path)
    assert open_county(tmp_path, "130722", 2021).origin.as_of == "2021-09-01"
    assert {c.origin.as_of for c in open_prefecture(tmp_path, "130700", 2020)} == {"2020-09-01"}


def test_lists(filled: Path) -> None:
    store.write(intake(schools=schools("130702", years=(2019,))), filled)
    assert [p.code for p in list_counties(filled)] == ["130702", "130722"]
    assert [p.code for p in list_counties(filled, 2021)] == ["130722"]
    assert list_years(filled) == (2019, 2020, 2021)
    assert [c.place.code for c in open_prefecture(filled, "130700", 2021)] == ["130722"]
    assert [c.place.code for c in open_prefecture(filled, "130000", 2019)] == ["130702"]
    assert store.describe(filled)["files"][0]["name"] == "130722_2021_学校.xlsx"


@pytest.mark.parametrize(
    ("code", "year", "says"),
    [
        ("130799", 2021, "130722"), ("130721", 2021, "now 130705"),
        ("130722", 2022, "it has 2020, 2021"), ("../..", 2021, "130722"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_is(
    filled: Path, code: str, year: int, says: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        open_county(filled, code, year)


def test_an_empty_prefecture_is_said(filled: Path) -> None:
    with pytest.raises(UsageError, match="no data of 2030"):
        open_prefecture(filled, "130700", 2030)


def test_no_store_is_said(tmp_path: Path) -> None:
    for ask in (list_counties, list_years, lambda s: open_county(s, "130722", 2021)):
        with pytest.raises(StoreError, match="county load"):
            ask(tmp_path / "nowhere")


def test_a_changed_partition_is_named_and_no_other(filled: Path) -> None:
    name = "tables/schools/county=130722/year=2020/part.parquet"
    path = filled / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match=re.escape(name)):
        open_county(filled, "130722", 2021)
    with pytest.raises(StoreError, match=r"1 files.*" + re.escape(name)):
        store.verify(filled)
    path.unlink()
    with pytest.raises(StoreError, match=re.escape(name)):
        open_county(filled, "130722", 2021)


@pytest.mark.parametrize("name", ["manifest.json", "counties/130722.json", "regions.csv"])
def test_a_changed_description_is_named(filled: Path, name: str) -> None:
    path = filled / "current" / name
    path.write_bytes(path.read_bytes().replace(b"130722", b"130723"))
    with pytest.raises(StoreError, match=name):
        open_county(filled, "130722", 2021)


def test_every_flipped_bit_is_found(filled: Path) -> None:
    assert store.verify(filled) == 4
    for path in sorted((filled / "current").resolve().rglob("*.parquet")):
        good = path.read_bytes()
        for place in range(0, len(good), 97):
            bad = bytearray(good)
            bad[place] ^= 1 << (place % 8)
            path.write_bytes(bad)
            with pytest.raises(StoreError, match=re.escape(path.parent.name)):
                store.verify(filled)
        path.write_bytes(good)
    assert store.verify(filled) == 4


def test_faults_keep_everything_out(filled: Path) -> None:
    before = state(filled)
    wrong = Fault("value-not-a-number", "不是数字", "not a number")
    with pytest.raises(InputError):
        store.write(intake(schools=schools(n=9), faults=(wrong,)), filled)
    warned = replace(wrong, level="warning")
    with pytest.raises(UsageError, match="130799"):
        store.write(intake(schools=schools("130799"), faults=(warned,)), filled)
    with pytest.raises(UsageError, match="no county"):
        store.write(intake(schools=schools("130700")), filled)
    assert state(filled) == before


def test_a_broken_contract_is_told_without_the_value(filled: Path, key: Path) -> None:
    before = state(filled)
    rows = teachers(years=(2019,)).assign(school="王小明的学校")
    with pytest.raises(StoreError, match="school: str_matches") as caught:
        store.write(intake(teachers=rows), filled, key=key)
    said = str(caught.value) + repr(caught.value.__cause__)
    assert "王小明" not in said
    assert caught.value.__suppress_context__
    twice = pd.concat([schools(), schools()])
    with pytest.raises(StoreError, match="schools"):
        store.write(intake(schools=twice), filled)
    assert state(filled) == before


def test_two_loads_never_mix(filled: Path) -> None:
    before = state(filled)
    with hold(filled), pytest.raises(BusyError) as caught:
        store.write(intake(schools=schools(n=9)), filled)
    assert caught.value.exit_code == 75
    assert state(filled) == before
    store.write(intake(schools=schools(n=9)), filled)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what costs time and changes no file: a process dies here, not the machine."""
    monkeypatch.setattr(
        store, "arrange", lambda rows, table: rows[empty(table).columns].sort_values("school")
    )
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)


def killed_at(step: int, action: Callable[[], Any]) -> bool:
    """Run something in a child that dies at its n-th change to the disk; tell whether it died."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 137
    left = step

    def dying(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(137)
            return plain(*args, **kwargs)

        return call

    try:
        for name in ("open", "link", "symlink", "replace", "rename", "mkdir", "unlink", "rmdir"):
            setattr(os, name, dying(getattr(os, name)))
        os.fdopen = dying(os.fdopen)
        action()
    finally:
        os._exit(0)


@pytest.mark.usefixtures("quick")
def test_a_load_killed_anywhere_leaves_the_old_or_the_new(
    tmp_path: Path, filled: Path, key: Path
) -> None:
    more = intake(schools=schools(years=(2021, 2022), n=3), teachers=teachers(years=(2021, 2022)))

    def load(folder: Path) -> Callable[[], Any]:
        return lambda: store.write(more, folder, key=key)

    wanted = tmp_path / "wanted"
    shutil.copytree(filled, wanted, symlinks=True)
    load(wanted)()
    old, new = state(filled), state(wanted)
    seen = set()
    for step in range(1000):
        folder = tmp_path / f"s{step}"
        shutil.copytree(filled, folder, symlinks=True)
        died = killed_at(step, load(folder))
        assert state(folder) in (old, new), step
        seen.add(state(folder) == new)
        county = open_county(folder, "130722", 2021)
        people = set(county.tables["teachers"]["pseudonym"])
        known = identities.look_up(folder, "130722", people, who="检验", purpose="检验")
        assert set(known["pseudonym"]) == people, step
        if step % 4 == 0 or not died:
            load(folder)()
            assert state(folder) == new, step
            assert not (folder / "generations" / ".draft").exists()
        identities.verify_log(folder)
        shutil.rmtree(folder)
        if not died:
            break
    assert seen == {False, True}
    assert 30 < step < 999


@pytest.mark.usefixtures("quick")
def test_a_first_load_killed_anywhere_leaves_no_store_or_a_whole_one(
    tmp_path: Path, key: Path
) -> None:
    given = intake(schools=schools())
    for step in range(1000):
        folder = tmp_path / f"s{step}"
        died = killed_at(step, lambda folder=folder: store.write(given, folder))
        if (folder / "current").is_symlink():
            assert len(open_county(folder, "130722", 2021).tables["schools"]) == 4
        else:
            with pytest.raises(StoreError):
                list_years(folder)
        store.write(given, folder)
        assert store.verify(folder) == 2
        if not died:
            break
    assert step > 15


def test_a_reader_of_the_old_state_reads_on(filled: Path) -> None:
    held = (filled / "current").resolve()
    store.write(intake(schools=schools(n=7)), filled)
    assert (held / "manifest.json").exists()
    store.write(intake(schools=schools(n=8)), filled)
    assert not held.exists()


def old_counties(first: dict[str, int], second: dict[str, int]) -> Intake:
    both = [
        totals("130721", 2014, **first), totals("130705", 2014, **second),
        totals("130705", 2016, primary_pupils_n=9),
    ]  # fmt: skip
    return intake(
        counties=pd.concat(both, ignore_index=True),
        schools=pd.concat([schools("130721", (2014,)), schools("130705", (2014,))]),
    )


def test_former_counties_are_stored_under_the_code_of_today(tmp_path: Path) -> None:
    given = old_counties({"primary_pupils_n": 100, "schools_expected_n": 7},
                         {"primary_pupils_n": 250})  # fmt: skip
    written = store.write(given, tmp_path / "S")
    assert written.mapped == {"130721": "130705"}
    assert written.counties == ("130705",)
    county = open_county(tmp_path / "S", "130705", 2016)
    assert len(county.table("schools", year=2014)) == 4
    assert set(county.tables["schools"]["county"]) == {"130705"}
    rows = county.tables["counties"].set_index("year")
    assert rows.loc[2014, "primary_pupils_n"] == 350
    assert pd.isna(rows.loc[2014, "schools_expected_n"])
    assert rows.loc[2014, "as_of"] == "2014-09-01"
    assert rows.loc[2016, "primary_pupils_n"] == 9
    assert store.describe(tmp_path / "S")["mapped"] == {"130721": "130705"}


def test_half_of_a_county_put_together_never_replaces_the_whole(tmp_path: Path) -> None:
    folder = tmp_path / "S"
    store.write(old_counties({"primary_pupils_n": 1}, {"primary_pupils_n": 2}), folder)
    before = state(folder)
    with pytest.raises(UsageError, match="130721"):
        store.write(intake(schools=schools("130705", (2014,))), folder)
    assert state(folder) == before
    store.write(intake(schools=schools("130705", (2015,))), folder)


def test_no_identifier_outside_the_identities(filled: Path, key: Path) -> None:
    store.write(
        intake(schools=schools(n=3), teachers=teachers(years=(2021, 2022))), filled, key=key
    )
    words = [word.encode() for word in (*CANARIES, "教师甲0", "教师甲1")]
    secret = key.read_bytes().strip()
    for name, content in everything(filled).items():
        assert secret not in content, name
        if name.startswith("identities/teachers/"):
            continue
        if name.endswith(".parquet"):
            content = pq.read_table(io.BytesIO(content)).to_pandas().to_csv().encode()
        assert not [word for word in words if word in content], name
    open_to_others = [path for path in filled.rglob("*") if path.stat().st_mode & 0o077]
    assert not [path for path in open_to_others if path.is_file()]
    assert filled.stat().st_mode & 0o777 == 0o700


def test_duckdb_reads_all_counties_at_once(filled: Path) -> None:
    store.write(intake(schools=schools("130723")), filled)
    path = f"{filled}/tables/schools/*/*/part.parquet"
    rows = duckdb.read_parquet(path, hive_partitioning=False)
    found = rows.aggregate("county, year, count(*)").order("county, year").fetchall()
    assert found == [("130722", 2020, 2), ("130722", 2021, 2), ("130723", 2020, 2),
                     ("130723", 2021, 2)]  # fmt: skip


def test_a_region_list_of_ones_own_goes_with_the_store(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "code,zh,en,pinyin,level,parent\n06000,加利福尼亚州,California,,province,\n"
        "06037,洛杉矶县,Los Angeles County,,county,06000\n",
        encoding="utf-8",
    )
    given = intake(schools=schools("06037"), dataset=replace(SOURCE, regions=str(path)))
    store.write(given, tmp_path / "S")
    path.unlink()
    county = open_county(tmp_path / "S", "06037", 2021)
    assert (county.place.en, county.parent.en) == ("Los Angeles County", "California")
    assert [p.en for p in list_counties(tmp_path / "S")] == ["Los Angeles County"]


def test_a_store_has_one_list_of_divisions(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    head = "code,zh,en,pinyin,level,parent\n"
    county = "06037,洛杉矶县,Los Angeles County,,county,"
    path.write_text(f"{head}06000,加州,California,,province,\n{county}06000\n", encoding="utf-8")
    own = intake(schools=schools("06037"), dataset=replace(SOURCE, regions=str(path)))
    store.write(own, tmp_path / "S")
    store.write(intake(schools=schools()), tmp_path / "C")
    before = state(tmp_path / "S"), state(tmp_path / "C")
    for given, folder in ((intake(schools=schools()), "S"), (own, "C")):
        with pytest.raises(UsageError, match="another store"):
            store.write(given, tmp_path / folder)
    other = tmp_path / "other.csv"
    other.write_text(f"{head}07000,他州,Other,,province,\n{county}07000\n", encoding="utf-8")
    with pytest.raises(UsageError, match="another store"):
        store.write(replace(own, dataset=replace(SOURCE, regions=str(other))), tmp_path / "S")
    assert before == (state(tmp_path / "S"), state(tmp_path / "C"))
    store.write(own, tmp_path / "S")


def test_a_store_has_one_scheme(tmp_path: Path) -> None:
    store.write(intake(schools=schools()), tmp_path)
    before = state(tmp_path)
    other = replace(SOURCE, scheme="quality-2019")
    with pytest.raises(UsageError, match="quality-2019"):
        store.write(intake(schools=schools("130723"), dataset=other), tmp_path)
    assert state(tmp_path) == before


def test_a_new_list_of_schools_never_leaves_rows_of_the_old_one(filled: Path) -> None:
    """Three teachers a year of school 0 are kept; the new list of 2021 has only school 9."""
    before = everything(filled)
    listed = schools(years=(2021,), n=1).assign(school="2113072209")
    with pytest.raises(InputError) as raised:
        store.write(intake(schools=listed), filled)
    (fault,) = raised.value.faults
    assert fault.code == "store-disagrees"
    assert all(word in fault.zh for word in ("130722", "2021", "专任教师名册", "3 行"))
    assert everything(filled) == before


def test_rows_of_schools_that_the_kept_list_lacks_are_refused(filled: Path, key: Path) -> None:
    before = everything(filled)
    strangers = teachers(years=(2021,)).assign(school="2113072209")
    with pytest.raises(InputError, match="1"):
        store.write(intake(teachers=strangers), filled, key=key)
    assert everything(filled) == before
    store.write(intake(schools=schools(), teachers=teachers()), filled, key=key)


def test_what_was_given_is_not_touched(tmp_path: Path, key: Path) -> None:
    given = intake(teachers=teachers(), counties=totals("130721", 2014, primary_pupils_n=1))
    before = {id: rows.copy() for id, rows in given.frames.items()}
    store.write(given, tmp_path / "S", key=key)
    for id, rows in given.frames.items():
        pd.testing.assert_frame_equal(rows, before[id])
