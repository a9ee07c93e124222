"""Divisions: how many, what they are called, what became of former ones."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import InputError, UsageError
from analysis.records.reference import folder, load_reference
from analysis.records.regions import parse, regions

CHINA = regions()


def test_the_list_has_every_county_and_no_statistical_zone() -> None:
    assert len(CHINA.counties()) == 2854
    assert not [p.code for p in CHINA.counties() if p.code[4] == "7"]
    levels = pd.Series([p.level for p in CHINA.places.values()]).value_counts().to_dict()
    assert levels == {"county": 2854, "prefecture": 330, "province": 31, "country": 1}


@pytest.mark.shared_data
def test_the_list_is_the_source_without_zones(shared_data: Path) -> None:
    areas = pd.read_csv(shared_data / "cn_divisions" / "areas.csv", dtype=str)
    civil = areas[areas["code"].str[4] != "7"]
    assert (len(areas), len(civil)) == (2978, 2854)
    assert {p.code: p.zh for p in CHINA.counties()} == dict(
        zip(civil["code"], civil["name"], strict=True)
    )


def test_zhangjiakou_has_its_sixteen() -> None:
    expected = {
        "130702": "Qiaodong District", "130703": "Qiaoxi District", "130705": "Xuanhua District",
        "130706": "Xiahuayuan District", "130708": "Wanquan District", "130709": "Chongli District",
        "130722": "Zhangbei County", "130723": "Kangbao County", "130724": "Guyuan County",
        "130725": "Shangyi County", "130726": "Yu County", "130727": "Yangyuan County",
        "130728": "Huai'an County", "130730": "Huailai County", "130731": "Zhuolu County",
        "130732": "Chicheng County",
    }  # fmt: skip
    assert {p.code: p.en for p in CHINA.children("130700")} == expected
    assert CHINA.parent("130722").en == "Zhangjiakou City"
    assert [p.en for p in CHINA.ancestors("130722")] == [
        "Zhangjiakou City", "Hebei Province", "China",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("青龙满族自治县", "Qinglong Manchu Autonomous County"),
        ("围场满族蒙古族自治县", "Weichang Manchu and Mongol Autonomous County"),
        ("金平苗族瑶族傣族自治县", "Jinping Miao, Yao and Dai Autonomous County"),
        ("东乡族自治县", "Dongxiang Autonomous County"),
        ("龙胜各族自治县", "Longsheng Various Nationalities Autonomous County"),
        ("塔什库尔干塔吉克自治县", "Taxkorgan Tajik Autonomous County"),
        ("鄂伦春自治旗", "Oroqen Autonomous Banner"),
        ("管城回族区", "Guancheng Hui District"),
        ("达尔罕茂明安联合旗", "Darhan Muminggan Joint Banner"),
        ("迁安市", "Qian'an City"), ("东阿县", "Dong'e County"), ("六安市", "Lu'an City"),
        ("普洱市", "Pu'er City"), ("内蒙古自治区", "Inner Mongolia Autonomous Region"),
        ("新疆维吾尔自治区", "Xinjiang Uygur Autonomous Region"),
        ("西藏自治区", "Tibet Autonomous Region"), ("陕西省", "Shaanxi Province"),
        ("山西省", "Shanxi Province"), ("重庆市", "Chongqing Municipality"),
        ("蔚县", "Yu County"), ("乐亭县", "Laoting County"), ("铅山县", "Yanshan County"),
        ("浚县", "Xun County"), ("荥阳市", "Xingyang City"), ("荥经县", "Yingjing County"),
        ("中牟县", "Zhongmu County"), ("番禺区", "Panyu District"), ("台州市", "Taizhou City"),
        ("丽水市", "Lishui City"), ("莘县", "Shen County"), ("单县", "Shan County"),
        ("任丘市", "Renqiu City"), ("井陉县", "Jingxing County"), ("尉犁县", "Yuli County"),
        ("尉氏县", "Weishi County"), ("盱眙县", "Xuyi County"), ("歙县", "She County"),
        ("黟县", "Yi County"), ("洪洞县", "Hongtong County"), ("厦门市", "Xiamen City"),
        ("亳州市", "Bozhou City"), ("蚌埠市", "Bengbu City"), ("六合区", "Luhe District"),
        ("曾都区", "Zengdu District"), ("柏乡县", "Baixiang County"), ("呼和浩特市", "Hohhot City"),
        ("乌鲁木齐市", "Urumqi City"), ("香格里拉市", "Shangri-La City"), ("哈尔滨市", "Harbin City"),
        ("长春市", "Changchun City"), ("长子县", "Zhangzi County"), ("长垣市", "Changyuan City"),
        ("乐清市", "Yueqing City"), ("朝阳市", "Chaoyang City"), ("渑池县", "Mianchi County"),
        ("涡阳县", "Guoyang County"), ("漯河市", "Luohe City"), ("珲春市", "Hunchun City"),
        ("闵行区", "Minhang District"), ("什邡市", "Shifang City"), ("佛冈县", "Fogang County"),
        ("吕梁市", "Lüliang City"), ("格尔木市", "Golmud City"), ("芒市", "Mangshi City"),
        ("井陉矿区", "Jingxing Mining District"), ("万柏林区", "Wanbailin District"),
        ("浦东新区", "Pudong New Area"), ("六枝特区", "Liuzhi Special District"),
        ("石柱土家族自治县", "Shizhu Tujia Autonomous County"), ("克拉玛依市", "Karamay City"),
    ],
)  # fmt: skip
def test_english_names(zh: str, en: str) -> None:
    assert en in {p.en for p in CHINA.places.values() if p.zh == zh}


def test_names_are_whole() -> None:
    for place in CHINA.places.values():
        assert re.fullmatch("[a-z]+", place.pinyin), place
        assert re.fullmatch(r"[A-ZÀ-Ý][A-Za-zêüÊÜ' ,()-]+", place.en), place
        assert not re.search(r"\s\s|'$|'[bcdfghj-np-t]\b", place.en), place
        if place.level == "county":
            assert CHINA.parent(place.code).level in ("prefecture", "province")


def test_a_county_under_no_prefecture_lies_in_its_province() -> None:
    assert CHINA.parent("110101").code == "110000"
    assert CHINA.parent("429004").code == "420000"
    assert CHINA.place("441900").level == "county"
    assert CHINA.parent("441900").code == "440000"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("zhangbei", "130722"), ("Zhangbei County", "130722"), ("张北", "130722"),
        ("130722", "130722"), ("宣化县", "130705"), ("130733", "130709"), ("qian'an", "130283"),
        ("Qianan", "130283"), ("lvliang", "141100"), ("lüliang", "141100"), ("luliang", "141100"),
        ("garze", "513300"), ("ZHANGJIAKOU", "130700"),
    ],
)  # fmt: skip
def test_find(text: str, code: str) -> None:
    assert CHINA.find(text)[0].code == code


def test_find_gives_all_of_one_name_and_nothing_for_nothing() -> None:
    assert len([p for p in CHINA.find("朝阳区") if p.zh == "朝阳区"]) == 2
    assert CHINA.find("") == CHINA.find("'") == CHINA.find("qqqq") == ()


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("130712", "130732"), ("13072", "130722"), ("zhangbei", "130722 Zhangbei County"),
        ("张北", "130722 张北县"), ("130721", "it is now 130705 Xuanhua District"),
        ("130721", "现为 130705 宣化区"),
    ],
)  # fmt: skip
def test_an_unknown_code_names_the_nearest(code: str, hint: str) -> None:
    with pytest.raises(UsageError, match=re.escape(hint)):
        CHINA.place(code)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=12))
def test_any_text_is_found_or_refused_in_both_languages(text: str) -> None:
    CHINA.find(text)
    if text not in CHINA.places:
        with pytest.raises(UsageError) as caught:
            CHINA.place(text)
        assert "区划名单" in caught.value.zh
        assert "not in the list" in caught.value.en


def test_what_may_be_an_identity_number_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        CHINA.place("130722198001010014")
    assert "130722198001010014" not in str(caught.value)


def test_the_changes_of_2016() -> None:
    for old, new in {"130721": "130705", "130729": "130708", "130733": "130709"}.items():
        assert (
            CHINA.succeeded(old) == CHINA.succeeded(old, 2016) == CHINA.succeeded(old, 2021) == new
        )
        assert CHINA.succeeded(old, 2015) == old
        assert old in CHINA.place(new).old
    assert CHINA.place("130705").old == ("宣化县", "130721")
    assert CHINA.succeeded("130722") == "130722"
    assert CHINA.succeeded("nonsense") == "nonsense"


def test_every_change_leads_from_a_former_code_to_one_of_today() -> None:
    census = load_reference().census.index
    for old, change in CHINA.changes.items():
        assert old not in CHINA.places
        assert CHINA.places[CHINA.succeeded(old)].code[:2] == old[:2]
        assert change.standing in ("V", "M")
        assert change.source
        assert old in census or change.year == 2016


OWN = "code,zh,en,pinyin,level,parent\n06000,加利福尼亚州,California,,province,\n06037,洛杉矶县,Los Angeles County,,county,06000\n"


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("\ufeff" + OWN, encoding="utf-8")
    own = regions(path)
    assert own.parent("06037").en == "California"
    assert own.place("06037").pinyin == "losangelescounty"
    assert own.find("angeles")[0].code == "06037"
    with pytest.raises(UsageError, match="06037"):
        own.place("6037")
    assert parse(own.to_csv()).places == own.places


def test_faults_of_a_list_come_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "code,zh,en,pinyin,level,parent\n../x,甲,A,,county,\n11,,B,,county,\n11,乙,C,,kingdom,99\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        regions(path)
    assert [(f.code, f.row, f.file) for f in caught.value.faults] == [
        ("region-code", 2, "r.csv"), ("region-name", 3, "r.csv"), ("region-twice", 4, "r.csv"),
        ("region-level", 4, "r.csv"), ("region-parent", 4, "r.csv"),
    ]  # fmt: skip
    (tmp_path / "s.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError):
        regions(tmp_path / "s.csv")
    with pytest.raises(UsageError, match=r"nowhere\.csv"):
        regions(tmp_path / "nowhere.csv")


def test_to_csv_keeps_everything() -> None:
    again = parse(CHINA.to_csv())
    assert again.places == CHINA.places


def test_only_keeps_what_lies_above() -> None:
    assert list(CHINA.only(["130722"]).places) == ["100000", "130000", "130700", "130722"]


def test_census_totals_are_the_published_ones() -> None:
    census = load_reference().census["population"]
    assert census[census.index.str.startswith("1307")].sum() == 4_118_908
    assert census[census.index.str.startswith("13")].sum() == 74_610_235
    assert census[census.index.str.startswith("45")].sum() == 50_126_804
    assert {"130771", "130772", "130773"} <= set(census.index)


@pytest.mark.shared_data
def test_census_is_the_source_column_by_column(shared_data: Path) -> None:
    source = shared_data / "cn_census2020_county"
    ages = pd.read_csv(source / "ages.csv", dtype={"CODE": "string"}, encoding="utf-8-sig")
    ages = ages.set_index("CODE")
    census = load_reference().census
    assert len(census) == len(ages) == 2990
    for ours, theirs in {"share_5_9": "AGES_5-9", "share_0_14": "AGES_0-14",
                         "share_65": "AGES_65P"}.items():  # fmt: skip
        theirs_n = pd.to_numeric(ages[theirs], errors="coerce").reindex(census.index)
        pd.testing.assert_series_equal(census[ours], theirs_n, check_names=False, check_dtype=False)
    shares = census.filter(like="share_")
    assert ((shares >= 0) & (shares <= 1) | shares.isna()).all(axis=None)


@pytest.mark.shared_data
def test_the_tool_makes_the_files_that_are_here(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypinyin")
    import importlib.util

    spec = importlib.util.spec_from_file_location("build", folder() / "build.py")
    assert spec
    assert spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    overrides = folder() / "pinyin_overrides.csv"
    (tmp_path / overrides.name).write_bytes(overrides.read_bytes())
    monkeypatch.setattr(build, "HERE", tmp_path)
    build.main(shared_data)
    for name in ("regions.csv", "census2020.csv"):
        assert (tmp_path / name).read_bytes() == (folder() / name).read_bytes()
