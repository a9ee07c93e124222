"""A county's files as bureaus have them, written by hand: the smallest that holds every form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from analysis.records.identity_numbers import check_character

Rows = list[list[Any]]

SCHOOLS: Rows = [
    ["张北县2021学年义务教育学校基本情况表", "", "", "", "", "", ""],
    ["填报单位：张北县教育局", "", "", "", "", "", ""],
    ["学校标识码", "学校名称", "所在乡镇", "办学类型", "城乡类型", "举办者", "建校年份"],
    ["2113000001", "城关小学", "张北镇", "小学", "镇中心区", "公办", "1956"],
    ["2113000002", "油篓沟教学点", "油篓沟镇", "教学点", "村庄", "公办", ""],
    ["3113000003", "第二中学", "张北镇", "九年一贯制学校", "镇中心区", "公办", "1978年"],
    ["注：按学年初统计。", "", "", "", "", "", ""],
]
GROUPS = ["学校标识码", "学校名称", "在校生", "", "班数", "专任教师", *[""] * 10]
PARTS = ["", "", "合计", "其中：寄宿生", "", "合计", "研究生", "本科", "专科", "县级以上骨干", "体育", "音乐",
         "美术", "艺术", "走教兼职（体育艺术）", "中级以上职称"]  # fmt: skip
PRIMARY: Rows = [
    ["张北县2021学年分学段办学情况表", *[""] * 15],
    ["单位：人、个", *[""] * 15],
    GROUPS,
    PARTS,
    ["合计", "", 660, 20, 17, 50, 1, 30, 18, 5, 3, 2, 2, 0, 1, 20],
    ["2113000001", "城关小学", 400, 0, 9, 25, 0, 15, 10, 3, 2, 1, 1, 0, 0, 12],
    ["2113000002", "油篓沟教学点", 10, 0, 2, 3, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1],
    ["3113000003", "第二中学", "２５０", 20, 6, 22, 1, 14, 7, 2, 1, 1, 1, "—", "…", 7],
]
JUNIOR: Rows = [
    *PRIMARY[:4],
    ["合计", "", 1200, 600, 24, 90, 5, 80, 5, 9, 5, 3, 3, 0, 0, 40],
    ["3113000003", "第二中学", "1,200", 600, 24, 90, 5, 80, 5, 9, 5, 3, 3, "-", "", 40],
    ["说明：艺术为综合艺术课教师。", *[""] * 15],
]
RESOURCES: Rows = [
    ["张北县2021学年办学条件"],
    ["学校标识码", "学校名称", "教学及辅助用房面积（平方米）", "室内体育用房面积（平方米）",
     "运动场地面积（平方米）", "教学仪器设备值（万元）", "网络多媒体教室（间）", "计算机（台）", "图书（册)"],
    ["2113000001", "城关小学", "2400", "300", "5000", "35.2", "10", "60", "12000"],
    ["2113000002", "油篓沟教学点", "120.5", "", "400", "1.15", "1", "3", "300"],
    ["3113000003", "第二中学", "6800", "900", "15000", "180", "30", "200", "41000"],
    ["合计", "", "9320.5", "1200", "20400", "216.35", "41", "263", "53300"],
]  # fmt: skip
CLASSES: Rows = [
    ["学校标识码", "学段", "年级", "班号", "班级人数"],
    ["2113000001", "小学", "1", "1", "200"],
    ["2113000001", "小学", "2", "1", "200"],
    ["2113000002", "小学", "1", "1", "10"],
]


def identity(serial: int, year: int = 1980) -> str:
    """Make a checksum-valid identity number."""
    first = f"130722{year}0101{serial:03}"
    return first + check_character(first)


TEACHERS: Rows = [
    ["张北县2021学年专任教师名册", *[""] * 9],
    ["姓名", "身份证件号", "学校标识码", "学段", "性别", "学历", "中级以上职称", "县级以上骨干", "任教学科",
     "到校年份"],
    ["王　芳", identity(1), "2113000001", "小学", "女", "本科", "是", "否", "语文", "2003"],
    ["李\u3000小 明", identity(2), "2113000001", "小学", "男", "大专", "√", "0", "体育与健康", "2010年"],
    ["NA", identity(3).replace("130722", "１３０７２２"), "3113000003", "初中", "女", "硕士", "否", "有",
     "数学", "2015"],
]  # fmt: skip


def to_csv(rows: Rows) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def write_xlsx(path: Path, sheets: dict[str, Rows], merges: Sequence[str] = ()) -> Path:
    """Write rows as a workbook: numbers as numbers, text as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(number, column, cell) if cell else None
                    else:
                        sheet.write(number, column, cell)
            for area in merges:
                sheet.merge_range(area, str(_at(rows, area)))
    return path


def _at(rows: Rows, area: str) -> Any:
    first = area.split(":")[0]
    return rows[int(first[1:]) - 1][ord(first[0]) - 65]


DECLARATION = """\
source_zh = "张北县教育局"
source_en = "Zhangbei education bureau"
as_of = "2021-09-01"
synthetic = true
names_public = false
"""
COUNTIES: Rows = [
    ["县级区划代码", "学年", "应报学校数", "小学在校生总数", "初中在校生总数", "数据截止日期"],
    ["130722", "2021", "3", "660", "1200", "2021-09-01"],
]


def write_county(folder: Path, **changed: Callable[[Rows], Rows] | Rows) -> Path:
    """Write the files of one county; `changed` gives other rows, or what to make of them."""

    def rows(name: str, default: Rows) -> Rows:
        change = changed.get(name, default)
        return change([list(row) for row in default]) if callable(change) else change

    home = folder / "130722"
    home.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.toml").write_text(DECLARATION, encoding="utf-8")
    (folder / "1307_县级总数.csv").write_text(to_csv(rows("counties", COUNTIES)), encoding="utf-8")
    write_xlsx(
        home / "130722_2021_学校.xlsx", {"学校基本情况": rows("schools", SCHOOLS)}, ["A1:G1"]
    )
    write_xlsx(
        home / "130722_2021_分学段.xlsx",
        {"小学": rows("primary", PRIMARY), "初中": rows("junior", JUNIOR)},
        ["A1:P1", "C3:D3", "F3:P3"],
    )
    text = to_csv(rows("resources", RESOURCES))
    (home / "130722_2021_办学条件.csv").write_bytes(text.encode("gb18030"))
    text = to_csv(rows("classes", CLASSES))
    (home / "130722_2021_班级.csv").write_bytes(text.encode("utf-8-sig"))
    write_xlsx(
        home / "130722_2021_教师名册.xlsx", {"教师名册": rows("teachers", TEACHERS)}, ["A1:J1"]
    )
    return folder
