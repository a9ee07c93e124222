"""Identities: one pseudonym a person, one key, nothing opened unseen."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest
from hand_made import CANARIES, intake, schools, teachers
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import BusyError, StoreError, UsageError
from analysis.records import access, identities, list_years, open_county, store
from analysis.records.contracts import TABLES
from analysis.records.files import hold
from analysis.records.identities import PSEUDONYM, look_up, pseudonym, pseudonymise, verify_log

KEY = bytes(range(32))
WHY = {"who": "李主任", "purpose": "核对名册"}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "config" / "key"


@pytest.fixture
def filled(tmp_path: Path, key: Path) -> Path:
    folder = tmp_path / "STORE"
    store.write(intake(schools=schools(), teachers=teachers()), folder, key=key)
    return folder


def people(folder: Path, county: str = "130722") -> list[str]:
    year = list_years(folder)[-1]
    return sorted(set(open_county(folder, county, year).tables["teachers"]["pseudonym"]))


def test_a_pseudonym_by_hand() -> None:
    # printf 'teacher_id\0A1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:6b, first 15 bytes
    assert pseudonym("A1", "teacher_id", b"k") == "pjjxhs2y6wtp56wuxeor6atur"


@given(st.text(min_size=1, max_size=30))
def test_every_pseudonym_is_recognised(value: str) -> None:
    made = pseudonym(value, "teacher_id", KEY)
    assert PSEUDONYM.fullmatch(made)
    assert PSEUDONYM.search(f"看{made}。") is None or PSEUDONYM.search(f"a {made}.")
    assert made != pseudonym(value, "pupil_id", KEY)
    assert made != pseudonym(value, "teacher_id", KEY[1:])


def test_writings_of_one_number_are_one_person() -> None:
    writings = (
        "11010519491231002X",
        "11010519491231002x",
        " １１０１０５１９４９１２３１００２Ｘ ",
    )
    assert len({pseudonym(value, "teacher_id", KEY) for value in writings}) == 1


def test_pseudonyms_cannot_be_found_by_trying_all_numbers() -> None:
    """Numbers can be enumerated; without the key, hashes of them match nothing."""
    held = {pseudonym(value, "teacher_id", KEY) for value in CANARIES}
    tried = {
        pseudonym(f"1307221980{month:02}{day:02}{serial:04}", "teacher_id", wrong)
        for wrong in (b"", b"junheng")
        for month in (1, 2) for day in (1, 2) for serial in range(100)
    }  # fmt: skip
    assert CANARIES[0] in {f"13072219800101{serial:04}" for serial in range(100)}
    assert not held & tried


def test_pseudonymise_parts_the_table() -> None:
    given_rows = teachers().assign(name=[f"甲{i}" for i in range(6)])
    before = given_rows.copy()
    rows, named = pseudonymise(given_rows, TABLES["teachers"], KEY)
    pd.testing.assert_frame_equal(given_rows, before)
    assert not {"teacher_id", "name"} & set(rows)
    assert list(named) == ["pseudonym", "county", "teacher_id", "name"]
    assert len(named) == 3
    assert set(named["name"]) == {"甲3", "甲4", "甲5"}, "the latest year's name"
    assert rows.groupby("pseudonym")["year"].nunique().eq(2).all()


def test_a_row_without_a_number_is_refused() -> None:
    rows = teachers()
    rows.loc[0, "teacher_id"] = pd.NA
    with pytest.raises(StoreError, match="teacher_id"):
        pseudonymise(rows, TABLES["teachers"], KEY)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["11", "22", "3x", "3X", "44 "]), min_size=1, max_size=8))
def test_persons_before_and_after_are_as_many(ids: list[str]) -> None:
    one = teachers().head(1)
    rows = pd.concat([one.assign(teacher_id=id) for id in ids], ignore_index=True)
    rows["teacher_id"] = rows["teacher_id"].astype("string")
    parted, named = pseudonymise(rows, TABLES["teachers"], KEY)
    persons = len({id.strip().upper() for id in ids})
    assert parted["pseudonym"].nunique() == len(named) == persons
    assert len(parted) == len(ids)


def test_names_come_back_through_the_log(filled: Path) -> None:
    assert verify_log(filled) == 1
    found = look_up(filled, "130722", people(filled), **WHY)
    assert sorted(found["teacher_id"]) == sorted(CANARIES)
    assert verify_log(filled) == 2
    entry = json.loads((filled / "identities" / "access.log").read_text().splitlines()[-1])
    assert (entry["what"], entry["who"], entry["purpose"]) == ("roster", "李主任", "核对名册")
    assert (entry["table"], entry["county"], entry["count"]) == ("teachers", "130722", 3)
    assert not PSEUDONYM.search(json.dumps(entry))


def test_only_who_is_asked_for_is_given(filled: Path, key: Path) -> None:
    other = teachers("130723").assign(teacher_id="130723197701010019", name="乙").head(1)
    store.write(intake(teachers=other.astype({"teacher_id": "string", "name": "string"})), filled,
                key=key)  # fmt: skip
    first = people(filled)[:1]
    assert list(look_up(filled, "130722", first, **WHY)["pseudonym"]) == first
    assert look_up(filled, "130723", first, **WHY).empty
    assert look_up(filled, "*", first, **WHY).empty


@pytest.mark.parametrize("left_out", ["who", "purpose"])
def test_nobody_opens_without_a_name_and_a_purpose(filled: Path, left_out: str) -> None:
    with pytest.raises(UsageError):
        look_up(filled, "130722", people(filled), **{**WHY, left_out: " "})
    assert verify_log(filled) == 1


@pytest.mark.parametrize(
    "name", ["identities", "identities/teachers/130722.parquet"]
)  # fmt: skip
def test_what_others_may_read_is_refused(filled: Path, name: str) -> None:
    path = filled / name
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(StoreError, match="chmod"):
        look_up(filled, "130722", people(filled), **WHY)


def test_modes_are_private(filled: Path, key: Path) -> None:
    root = filled / "identities"
    for path in [root, *root.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path.name
    assert key.stat().st_mode & 0o777 == 0o600


def test_another_key_is_refused(filled: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("ab" * 32)
    other.chmod(0o600)
    with pytest.raises(StoreError, match="not that of this store"):
        store.write(intake(teachers=teachers()), filled, key=other)
    with pytest.raises(StoreError, match="missing"):
        store.write(intake(teachers=teachers()), filled, key=tmp_path / "lost")
    assert not (tmp_path / "lost").exists()


def test_a_key_that_is_none_is_refused(filled: Path, key: Path) -> None:
    for content, mode, says in [("not hex", 0o600, "not a key"), ("ab", 0o600, "not a key"),
                                (key.read_text(), 0o644, "chmod")]:  # fmt: skip
        key.write_text(content)
        key.chmod(mode)
        with pytest.raises(StoreError, match=says):
            store.write(intake(teachers=teachers()), filled, key=key)


def test_the_key_lies_outside_the_store(tmp_path: Path) -> None:
    folder = tmp_path / "S"
    with pytest.raises(UsageError, match="inside the store"):
        store.write(intake(teachers=teachers()), folder, key=folder / "key")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UsageError, match="inside the store"):
        store.write(intake(teachers=teachers()), folder, key=tmp_path / "link" / "key")


def test_the_default_key_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "conf"))
    store.write(intake(schools=schools()), tmp_path / "A")
    assert not (tmp_path / "conf").exists(), "without identifiers no key is needed"
    store.write(intake(teachers=teachers()), tmp_path / "A")
    made = (tmp_path / "conf" / "junheng" / "key").read_bytes()
    assert re.fullmatch(rb"[0-9a-f]{64}\n", made)
    store.write(intake(teachers=teachers()), tmp_path / "B")
    assert (tmp_path / "conf" / "junheng" / "key").read_bytes() == made
    assert people(tmp_path / "A") == people(tmp_path / "B")


def test_a_person_who_leaves_the_tables_leaves_the_identities(filled: Path, key: Path) -> None:
    gone = people(filled)
    left = teachers(years=(2020,)).head(1)
    store.write(
        intake(teachers=pd.concat([left, teachers(years=(2021,)).head(1)])), filled, key=key
    )
    stays = people(filled)
    assert len(stays) == 1
    assert list(look_up(filled, "130722", gone, **WHY)["pseudonym"]) == stays


def test_forgotten_is_forgotten(filled: Path) -> None:
    everyone = people(filled)
    rows = len(open_county(filled, "130722", 2021).tables["teachers"])
    assert identities.forget(filled, everyone[:2], **WHY) == 2
    assert list(look_up(filled, "130722", everyone, **WHY)["pseudonym"]) == everyone[2:]
    assert len(open_county(filled, "130722", 2021).tables["teachers"]) == rows
    assert identities.forget(filled, everyone, **WHY) == 1
    assert look_up(filled, "130722", everyone, **WHY).empty
    content = b"".join(p.read_bytes() for p in filled.rglob("*") if p.is_file())
    assert not any(id.encode() in content for id in CANARIES)
    with hold(filled), pytest.raises(BusyError):
        identities.forget(filled, everyone, **WHY)


def logged(tmp_path: Path, n: int = 6) -> Path:
    folder = tmp_path / "log"
    folder.mkdir(exist_ok=True)
    for i in range(n):
        access.append(folder, what="roster", who=f"甲{i}", purpose="p", count=i, table="teachers")
    return folder


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "access.log").read_bytes().splitlines(keepends=True)


def test_the_log_notices_every_damage(tmp_path: Path) -> None:
    folder = logged(tmp_path)
    good = lines_of(folder)
    assert len(access.read(folder)) == 6
    damaged = [good[:i] + good[i + 1 :] for i in range(6)]
    damaged += [
        [*good[:i], good[i].replace(b"roster", b"forget"), *good[i + 1 :]] for i in range(6)
    ]
    damaged += [[*good[:i], good[i + 1], good[i], *good[i + 2 :]] for i in range(5)]
    damaged += [good[:i] for i in range(6)]
    damaged += [[*good[:i], good[i], good[i], *good[i + 1 :]] for i in range(6)]
    damaged += [[*good[:5], good[5][: len(good[5]) // 2]], [b"junk\n", *good]]
    for number, bad in enumerate(damaged):
        (folder / "access.log").write_bytes(b"".join(bad))
        with pytest.raises(StoreError, match="line"):
            access.read(folder)
        with pytest.raises(StoreError, match="line"):
            access.append(folder, what="x", who="x", purpose="x", count=0, table="x")
        assert (folder / "access.log").read_bytes() == b"".join(bad), number


def test_a_crash_while_logging_leaves_a_valid_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = logged(tmp_path)
    good = b"".join(lines_of(folder))
    (folder / "access.log").write_bytes(good + b'{"n":7,"pr')
    assert len(access.read(folder)) == 6
    logged(tmp_path, 1)
    assert len(access.read(folder)) == 7
    assert b'"pr{' not in (folder / "access.log").read_bytes()

    def crash(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as broken:
        broken.setattr(access, "put", crash)
        with pytest.raises(InterruptedError):
            logged(tmp_path, 1)
    assert len(access.read(folder)) == 8
    logged(tmp_path, 1)
    assert len(access.read(folder)) == 9


def test_a_damaged_log_keeps_the_identities_shut(filled: Path) -> None:
    log = filled / "identities" / "access.log"
    log.write_bytes(log.read_bytes().replace(b"load", b"lead"))
    with pytest.raises(StoreError, match="line 1"):
        look_up(filled, "130722", people(filled), **WHY)
    with pytest.raises(StoreError, match="line 1"):
        verify_log(filled)


def test_a_store_without_identities(tmp_path: Path) -> None:
    store.write(intake(schools=schools()), tmp_path / "S")
    assert verify_log(tmp_path / "S") == 0
    assert look_up(tmp_path / "S", "130722", ["x"], **WHY).empty
    assert not os.path.exists(tmp_path / "S" / "identities")
