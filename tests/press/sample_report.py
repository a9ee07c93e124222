"""An executed notebook as display would have made it, with a block of every kind, for the press."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from analysis import wire
from analysis.press.document import join, prove
from analysis.press.markup import literal

SVG_TEXT = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="420" height="160" viewBox="0 0 420 160">'
    '<path d="M40 20V130H400" fill="none" stroke="#555"/>'
    + "".join(
        f'<circle cx="{60 + 30 * n}" cy="{120 - 8 * n}" r="5" fill="#12436d"/>' for n in range(11)
    )
    + '<path d="M40 60H400" stroke="#f46a25" stroke-width="2" stroke-dasharray="6 4"/></svg>'
)
PLACE = {"code": "130722", "zh": "张北县", "en": "Zhangbei County", "pinyin": "zhangbei", "old": []}
PARENT = {"code": "130700", "zh": "张家口市", "en": "Zhangjiakou", "pinyin": "zhangjiakou"}
WORDS = {
    "zh": {
        "headline": "小学七项指标中有五项的差异系数不高于0.50；最高的是“教学仪器设备值”，为0.61。",
        "figure": ("七项指标中五项在限值以内", "校际差异系数，小学，2021学年", "十一个点的图，最高值0.61，限值0.50。", "读图：虚线是限值，点在线下为达标。"),
        "table": "各校七项指标", "head": ("学校", "城乡", "每百名学生网络多媒体教室（间）", "仪器设备值（元）", "判定"),
        "tiles": "主要数字", "box": "怎样读这份报告", "school": "第{}小学", "source": "来源：模拟数据。",
        "place": "镇区", "met": "达标", "note": "判定依据未取整的数值。", "unit": "系数",
        "prose": "本章比较同一县内学校之间的资源配置。差异系数按在校生数加权计算，数值越小，学校之间越均衡；规定的上限，小学为0.50，初中为0.45。",
    },
    "en": {
        "headline": "Five of the seven primary indicators have a coefficient of 0.50 or less; the highest is teaching equipment at 0.61.",
        "figure": ("Five of seven indicators within the limit", "Coefficient between schools, primary, 2021/22", "Eleven dots, the highest 0.61, the limit 0.50.", "Reading: the dashed line is the limit; dots below it meet it."),
        "table": "Seven indicators by school", "head": ("School", "Setting", "Multimedia classrooms per 100 pupils", "Equipment (yuan)", "Verdict"),
        "tiles": "Main figures", "box": "How to read this report", "school": "Primary School No. {}", "source": "Source: synthetic data.",
        "place": "town", "met": "Meets", "note": "Verdicts are judged on unrounded values.", "unit": "coefficient",
        "prose": "This chapter compares the resources of schools in the same county. The coefficient is weighted by enrolment; the smaller it is, the more balanced the schools; the upper limit is 0.50 for primary and 0.45 for junior secondary.",
    },
}  # fmt: skip


def typst_call(function: str, body: str = "", **texts: str) -> str:
    named = "".join(f"{name}: {literal(value)}, " for name, value in texts.items())
    return f"#{function}({named}{body})"


def array(texts: Iterable[str]) -> str:
    return "(" + "".join(f"{literal(text)}, " for text in texts) + ")"


def bundle(
    kind: str, name: str, html: str, typst: str, role: str = "", **block: Any
) -> dict[str, Any]:
    defaults = {"chapter": "balance", "language": "zh", "audience": "internal", "columns": [], "rows": [], "cells": []}  # fmt: skip
    blank = dict.fromkeys(("title", "subtitle", "alt", "note", "source"), "")
    section = f'<section id="{name}" class="jh block {kind} role-{role}"><style>.jh{{color:red}}</style>{html}</section>'
    data = {**blank, **defaults, "schema": wire.SCHEMA, "id": name, "kind": kind, **block}
    return {wire.HTML: section, wire.TYPST: typst, wire.PLAIN: name, wire.RELEASED: data}


def paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def figure(words: dict[str, Any], **block: Any) -> dict[str, Any]:
    title, subtitle, alt, reading = words["figure"]
    uri = "data:image/svg+xml;base64," + base64.b64encode(SVG_TEXT.encode()).decode()
    html = (
        f'<figure><figcaption><p class="title">{title}</p><p class="subtitle">{subtitle}</p></figcaption>'
        f'<img src="{uri}" alt="{alt}" width="420" height="160">'
        f'<p class="reading">{reading}</p><p class="source">{words["source"]}</p></figure>'
    )
    name = "balance-coefficients-primary"
    typst = typst_call("jh-figure", id=name, path=f"{name}.svg", alt=alt, title=title, subtitle=subtitle, reading=reading, note="", source=words["source"])  # fmt: skip
    columns = [{"id": "value", "label": title, "kind": "number", "digits": 2}]
    made = bundle("figure", name, html, typst, title=title, subtitle=subtitle, alt=alt, source=words["source"], columns=columns, rows=[{"value": 0.61, "value_flag": ""}], **block)  # fmt: skip
    return {**made, wire.SVG: SVG_TEXT}


def table(
    words: dict[str, Any],
    schools: Sequence[str],
    name: str = "balance-schools-primary",
    **block: Any,
) -> dict[str, Any]:
    head = words["head"]
    rows = [
        {
            "school": school,
            "setting": words["place"],
            "rooms": 2.3 + n / 10 if n else None,
            "rooms_flag": "" if n else "c",
            "yuan": 2000.5 + n,
            "yuan_flag": "",
            "verdict": words["met"],
        }
        for n, school in enumerate(schools)
    ]
    shown = [
        (
            r["school"],
            r["setting"],
            "[c]" if r["rooms"] is None else f"{r['rooms']:.2f}",
            f"{r['yuan']:,.1f}",
            r["verdict"],
        )
        for r in rows
    ]
    html = (
        f'<div class="wide" tabindex="0" role="region" aria-label="{words["table"]}">'
        f'<table><caption><span class="title">{words["table"]}</span></caption><thead><tr>'
        + "".join(f'<th scope="col">{cell}</th>' for cell in head)
        + "</tr></thead><tbody>"
        + "".join(
            f'<tr><th scope="row">{escape(first)}</th>'
            + "".join(
                f"<td{' class=num' if '.' in cell else ''}>{escape(cell)}</td>" for cell in rest
            )
            + "</tr>"
            for first, *rest in shown
        )
        + f'</tbody></table></div><p class="note">{words["note"]}</p>'
    )
    cells = ", ".join(literal(cell) for row in shown for cell in row)
    header = ", ".join(literal(cell) for cell in head)
    body = f"table(columns: (2fr, auto, auto, auto, auto), align: (left, left, right, right, left), table.header({header}), {cells})"
    typst = typst_call("jh-table", body, id=name, title=words["table"], subtitle="", note=words["note"], source=words["source"])  # fmt: skip
    columns = [
        {"id": "school", "label": head[0], "kind": "text", "digits": 0},
        {"id": "setting", "label": head[1], "kind": "text", "digits": 0},
        {"id": "rooms", "label": head[2], "kind": "number", "digits": 2},
        {"id": "yuan", "label": head[3], "kind": "number", "digits": 1},
        {"id": "verdict", "label": head[4], "kind": "text", "digits": 0},
    ]
    return bundle("table", name, html, typst, title=words["table"], note=words["note"], source=words["source"], columns=columns, rows=rows, **block)  # fmt: skip


def prose(name: str, role: str, texts: Sequence[str], **block: Any) -> dict[str, Any]:
    typst = typst_call("jh-prose", array(texts), id=name, role=role)
    return bundle("prose", name, paragraphs(texts), typst, role=role, **block)


def tiles(words: dict[str, Any], **block: Any) -> dict[str, Any]:
    one = {"label": words["figure"][0], "value": "0.61", "unit": words["unit"], "range": "0.58 – 0.64", "mark": "○", "verdict": words["met"]}  # fmt: skip
    dictionary = "(" + ", ".join(f"{k}: {literal(v)}" for k, v in one.items()) + ")"
    typst = typst_call("jh-tiles", f"({dictionary}, {dictionary}, {dictionary}, {dictionary},)", id="balance-tiles", title=words["tiles"], note="", source="")  # fmt: skip
    item = f"<div><dt>{one['label']}</dt><dd class='value'>0.61 <span class='unit'>{words['unit']}</span></dd><dd>○ {words['met']}</dd></div>"
    html = f'<p class="title">{words["tiles"]}</p><dl>{item * 4}</dl>'
    return bundle("tiles", "balance-tiles", html, typst, title=words["tiles"], **block)


def box(words: dict[str, Any], **block: Any) -> dict[str, Any]:
    texts = [words["note"], words["prose"]]
    html = f'<p class="title">{words["box"]}</p>' + paragraphs(texts)
    typst = typst_call("jh-box", array(texts), id="balance-box", title=words["box"])
    return bundle("box", "balance-box", html, typst, title=words["box"], **block)


def blocks(
    language: str, schools: Sequence[str] | None = None, **about: Any
) -> list[dict[str, Any]]:
    words = WORDS[language]
    names = schools or [words["school"].format(n) for n in range(1, 61)]
    about = {"language": language, **about}
    return [
        prose("balance-headline", "headline", [words["headline"]], **about),
        tiles(words, **about),
        figure(words, **about),
        prose("balance-method", "method", [words["prose"], words["prose"]], **about),
        table(words, names, **about),
        prose("balance-caution", "caution", [words["note"]], **about),
        prose("balance-list", "list", [words["note"], words["headline"]], **about),
        box(words, **about),
    ]


def sentinel(bundles: Sequence[dict[str, Any]], **about: Any) -> dict[str, Any]:
    return {
        "schema": wire.SCHEMA, "chapter": "balance", "county": "130722", "year": 2021,
        "language": "zh", "audience": "internal", "place": PLACE, "parent": PARENT,
        "blocks": [{"id": b[wire.RELEASED]["id"], "sha256": wire.digest(b)} for b in bundles],
        "partitions": ["schools/county=130722/year=2021"], "run": "0123456789abcdef" * 4,
        "data": {"source_zh": "教育事业统计（模拟）", "source_en": "Education statistics (synthetic)", "as_of": "2021-09-01", "synthetic": True, "names_public": False},
        "missing": [], **about,
    }  # fmt: skip


MARKDOWN = {
    "zh": "# 校际资源均衡\n\n依据 **县域义务教育优质均衡发展督导评估办法** （教督〔2017〕6号），\n逐校逐项判定；详见[教育部网站](http://www.moe.gov.cn/)。\n\n- 第一层\n- 第二层 `code`\n\n> 引文\n\n| 甲 | 乙 |\n|-|-|\n| 1 | 2 |\n\n## 差异系数",
    "en": "# Balance of resources\n\nJudged school by school under *the 2017 measures*,\nsee [the ministry](http://www.moe.gov.cn/).\n\n1. first\n2. second `code`\n\n> quoted\n\n| A | B |\n|-|-|\n| 1 | 2 |\n\n## Coefficients",
}


def executed(
    language: str = "zh", bundles: list[dict[str, Any]] | None = None, *, chapter: str = "balance",
    order: int = 30, brief: bool = False, markdown: str = "", **about: Any,
) -> NotebookNode:  # fmt: skip
    """Make an executed notebook; what is said of it goes to every block and the sentinel alike."""
    if bundles is None:
        bundles = blocks(language, **{k: v for k, v in about.items() if k == "audience"})
    proof = sentinel(bundles, chapter=chapter, language=language, **about)
    sources = [
        ([{}], "parameters"),
        *(([one], f"chapter.publish({n})") for n, one in enumerate(bundles)),
        ([{wire.SENTINEL: proof}], "chapter.close()"),
    ]
    cells = [
        new_markdown_cell("# 只给笔记本读者"),
        new_markdown_cell(markdown or MARKDOWN[language], metadata={"tags": [language]}),
        new_markdown_cell(
            "# other language", metadata={"tags": ["zh" if language == "en" else "en"]}
        ),
    ]
    for count, (datas, source) in enumerate(sources, start=1):
        outputs = [new_output("display_data", data) for data in datas if data]
        cells.append(new_code_cell(source, execution_count=count, outputs=outputs))
    about_nb = {"chapter": chapter, "order": order, "scope": "county", "brief": brief, "title": {"zh": "校际资源均衡", "en": "balance of resources"}}  # fmt: skip
    return new_notebook(
        cells=cells,
        metadata={
            "junheng": about_nb,
            "papermill": {"exception": None, "input_path": "/home/x/a.ipynb"},
        },
    )


def report(language: str = "zh", **about: Any) -> NotebookNode:
    return join([prove(executed(language, **about))])
