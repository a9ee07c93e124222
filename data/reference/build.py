"""Make ``regions.csv`` and ``census2020.csv`` from the public files they come from.

A tool for developers, run by hand when a source is renewed; nothing of it is needed to use the
workbench::

    python data/reference/build.py [FOLDER]

FOLDER holds ``cn_divisions`` and ``cn_census2020_county`` (default: ``../shared/data`` beside the
project). What each file is, from where and under which licence stands in ``README.md`` here.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pandas as pd
from pypinyin import lazy_pinyin

HERE = Path(__file__).parent
SOURCE = HERE.parents[2] / "shared" / "data"

PSEUDO = ("1101", "1201", "3101", "5001", "5002", "4190", "4290", "4690", "6590")
"""Second-level codes that name no place (市辖区, 县, 省直辖县级行政区划): their counties stand
directly under the province."""

TYPES = (
    ("自治区", "Autonomous Region"), ("自治州", "Autonomous Prefecture"),
    ("自治县", "Autonomous County"), ("自治旗", "Autonomous Banner"), ("地区", "Prefecture"),
    ("特区", "Special District"), ("矿区", "Mining District"), ("群岛", "Islands"),
    ("省", "Province"), ("市", "City"), ("县", "County"), ("区", "District"), ("旗", "Banner"),
    ("盟", "League"),
)  # fmt: skip
NATIONS = {
    "满": "Manchu", "蒙古": "Mongol", "回": "Hui", "藏": "Tibetan", "维吾尔": "Uygur",
    "苗": "Miao", "彝": "Yi", "壮": "Zhuang", "布依": "Buyei", "朝鲜": "Korean", "侗": "Dong",
    "瑶": "Yao", "白": "Bai", "土家": "Tujia", "哈尼": "Hani", "哈萨克": "Kazak", "傣": "Dai",
    "黎": "Li", "傈僳": "Lisu", "佤": "Va", "畲": "She", "拉祜": "Lahu", "水": "Sui",
    "东乡": "Dongxiang", "纳西": "Naxi", "景颇": "Jingpo", "柯尔克孜": "Kirgiz", "土": "Tu",
    "达斡尔": "Daur", "仫佬": "Mulao", "羌": "Qiang", "布朗": "Blang", "撒拉": "Salar",
    "毛南": "Maonan", "仡佬": "Gelao", "锡伯": "Xibe", "普米": "Pumi", "塔吉克": "Tajik",
    "怒": "Nu", "保安": "Bonan", "裕固": "Yugur", "独龙": "Derung", "鄂伦春": "Oroqen",
    "鄂温克": "Ewenki", "各": "Various Nationalities",
}  # fmt: skip
_NATION = re.compile("|".join(f"{nation}族" for nation in sorted(NATIONS, key=len, reverse=True)))
_BARE = re.compile("(蒙古|哈萨克|柯尔克孜|塔吉克|锡伯|维吾尔)$")

CENSUS = {
    "population": {"POPU": "population", "POPU_URB": "share_urban", "POPU_ETHNIC": "share_minority"},
    "ages": {
        "AGES_0": "share_0", "AGES_1-4": "share_1_4", "AGES_5-9": "share_5_9",
        "AGES_10-14": "share_10_14", "AGES_0-14": "share_0_14", "AGES_15-19": "share_15_19",
        "AGES_65P": "share_65",
    },
    "education": {"EDUC_AVGY": "education_years", "EDUC_LITR": "share_illiterate"},
}  # fmt: skip
CENSUS_NOTE = """\
# Population by county, census of 1 November 2020. Figures of the National Bureau of Statistics,
# Tabulation on the 2020 Population Census of the People's Republic of China by County; transcription
# from github.com/thebamboogrove/tudigong, commit 4db2f14, 2026-02-26 (MIT). Shares are of the whole
# population, 0 to 1, except education_years (mean of persons aged 3 and over) and share_illiterate (the
# tabulation's rate; its base is to be confirmed). Statistical zones are rows of their own.
"""


def main(source: Path = SOURCE) -> None:
    """Write both files."""
    overrides = pd.read_csv(HERE / "pinyin_overrides.csv", dtype=str, comment="#").fillna("")
    write_regions(source / "cn_divisions", overrides)
    write_census(source / "cn_census2020_county")


def write_regions(source: Path, overrides: pd.DataFrame) -> None:
    """Write all divisions down to the county, without statistical zones."""
    special = {(row.zh, row.code): row for row in overrides.itertuples()}
    rows = [
        (code, zh, *name(code, zh, special), level, parent)
        for code, zh, level, parent in divisions(source)
    ]
    with (HERE / "regions.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("code", "zh", "en", "pinyin", "level", "parent"))
        writer.writerows(sorted(rows))


def divisions(source: Path) -> list[tuple[str, str, str, str]]:
    """Give code, name, level and parent of every place.

    A county-level code whose fifth digit is 7 is a statistical zone, no place of its own. A city
    without districts (东莞, 中山, 儋州) has one code for both levels and is listed as a county.
    """
    areas = _read(source / "areas.csv")
    cities = _read(source / "cities.csv")
    counties = areas[areas["code"].str[4] != "7"]
    both = (
        set(counties["code"].str[:4])
        & set(cities["code"])
        & {code[:4] for code in counties["code"] if code.endswith("00")}
    )
    under_province = both | set(PSEUDO)
    rows = [("100000", "中国", "country", "")]
    for code, zh in _read(source / "provinces.csv")[["code", "name"]].itertuples(index=False):
        rows.append((f"{code}0000", zh, "province", "100000"))
    for code, zh in cities[["code", "name"]].itertuples(index=False):
        if code not in under_province:
            rows.append((f"{code}00", zh, "prefecture", f"{code[:2]}0000"))
    for code, zh in counties[["code", "name"]].itertuples(index=False):
        parent = f"{code[:2]}0000" if code[:4] in under_province else f"{code[:4]}00"
        rows.append((code, zh, "county", parent))
    return rows


def name(code: str, zh: str, special: dict) -> tuple[str, str]:
    """Give the English name and the pinyin of the whole name."""
    entry = special.get((zh, code)) or special.get((zh, ""))
    stem, nations, word = split(zh)
    read = [special.get((sign, "")) for sign in zh]
    spoken = [r.pinyin if r else s for r, s in zip(read, lazy_pinyin(zh), strict=True)]
    given = entry.pinyin.split() if entry else []
    syllables, rest = given or spoken[: len(stem)], spoken[len(stem) :]
    pinyin = re.sub("[^a-z]", "", "".join([*syllables, *rest]).replace("ü", "v"))
    if entry and entry.en:
        return entry.en, pinyin
    return " ".join(part for part in (_spell(syllables), nations, word) if part), pinyin


def split(zh: str) -> tuple[str, str, str]:
    """Split a name into stem, peoples in English and type word in English.

    >>> split("围场满族蒙古族自治县")
    ('围场', 'Manchu and Mongol', 'Autonomous County')
    """
    fitting = (pair for pair in TYPES if zh.endswith(pair[0]) and zh != pair[0])
    suffix, word = next(fitting, ("", ""))
    stem = zh.removesuffix(suffix)
    found: list[str] = []
    first = _NATION.search(stem, 1)
    bare = _BARE.search(stem) if word.startswith("Autonomous") else None
    if first:
        found = [NATIONS[nation[:-1]] for nation in _NATION.findall(stem[first.start() :])]
        stem = stem[: first.start()]
    elif bare:
        found, stem = [NATIONS[bare.group()]], stem[: bare.start()]
    listed = ", ".join(found[:-1]) + " and " + found[-1] if len(found) > 1 else "".join(found)
    return stem, listed, word


def write_census(source: Path) -> None:
    """Write the columns that are used of the census, one row a county or zone."""
    frames = []
    for stem, columns in CENSUS.items():
        frame = pd.read_csv(source / f"{stem}.csv", dtype=str, encoding="utf-8-sig")
        frames.append(frame.set_index(["CODE", "NAME"])[list(columns)].rename(columns=columns))
    census = pd.concat(frames, axis=1).rename_axis(["code", "name"]).reset_index()
    numbers = census.columns[2:]
    census[numbers] = census[numbers].apply(pd.to_numeric, errors="coerce")
    census["population"] = census["population"].astype("Int64")
    census.loc[census["population"].isna(), numbers] = pd.NA
    with (HERE / "census2020.csv").open("w", encoding="utf-8", newline="") as stream:
        stream.write(CENSUS_NOTE)
        census.sort_values("code").to_csv(stream, index=False, lineterminator="\n")


def _spell(syllables: list[str]) -> str:
    """Join syllables: an apostrophe before one that begins with a vowel, ü kept."""
    joined = "".join(
        f"'{s}" if i and s[0] in "aoe" else s for i, s in enumerate(syllables)
    ).replace("v", "ü")
    return joined[:1].upper() + joined[1:]


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
