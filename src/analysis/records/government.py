"""Tables on what a county's government owes its schools: rooms, funds, figures, moves of teachers.

All of them are optional. County figures are numerators and denominators, never percentages, so
that a share is made in one place and counties that became one can be added up.
"""

from __future__ import annotations

from analysis.records.columns import COUNTY, YEAR, Column, Table, amount, count, person, school

_MANY = 5_000_000
"""No county counts more persons than these."""
_MOST_YUAN = 1e12


def _persons(id: str, zh: str, en: str, unit: str) -> Column:
    return count(id, zh, en, unit, high=_MANY, privacy="P1")


SPECIAL_ROOMS = Table(
    "special_rooms", "专用教室", "Special-purpose rooms", ("school", "year", "room", "room_no"),
    (
        school(),
        COUNTY,
        YEAR,
        Column("room", "教室类别", "Kind of room", "code", required=True, codes="room",
               privacy="P0"),
        Column("room_no", "序号（同类教室）", "Line number", "count", low=1, high=99, required=True,
               privacy="P0"),
        Column("rooms_n", "间数", "Rooms of this size", "count", unit="rooms", low=0, high=99,
               required=True, privacy="P0"),
        amount("area_m2", "每间面积", "Area of each", "m2", 2_000),
        Column("built", "建成年份", "Year built", "year", low=1800, high=2100, privacy="P0",
               known_at="always"),
    ),
    "每所学校音乐、美术专用教室，面积相同的一行；没有这类教室的学校也填一行，间数填0，否则视为未填报。",
    "Music and art rooms of each school, one row for those of one size; a school without any gives "
    "one row with 0 rooms, or else it has not reported.",
    optional=True,
)  # fmt: skip

SCHOOL_FUNDS = Table(
    "school_funds", "学校公用经费", "Public funds of schools", ("school", "year"),
    (
        school(),
        COUNTY,
        YEAR,
        amount("budget_yuan", "公用经费预算", "Budget of public funds", "yuan", 1e9,
               known_at="calendar_year_end"),
    ),
    "每所学校一行：学年起始的公历年度公用经费预算，与当年秋季在校生对应。",
    "One row a school: its budget of public funds in the calendar year in which the school year "
    "begins, held against the pupils of that autumn.",
    optional=True,
)  # fmt: skip

COUNTY_YEARS = Table(
    "county_years", "县级保障情况", "County figures", ("county", "year"),
    (
        COUNTY,
        YEAR,
        amount("pay_teachers_yuan", "义务教育教师工资收入总额", "Pay of compulsory teachers in all",
               "yuan", _MOST_YUAN, known_at="calendar_year_end"),
        count("paid_teachers_n", "领取工资的义务教育教师数", "Compulsory teachers paid", "teachers",
              high=_MANY),
        amount("pay_officials_yuan", "公务员工资收入总额", "Pay of civil servants in all", "yuan",
               _MOST_YUAN, known_at="calendar_year_end"),
        count("paid_officials_n", "领取工资的公务员数", "Civil servants paid", "persons",
              high=_MANY),
        count("eligibility_years_n", "教师交流规定年限（年）",
              "Years at one school after which teachers move", "", high=40),
        _persons("primary_intake_n", "城镇公办小学招生数", "Admitted by urban public primary schools",
                 "children"),
        _persons("primary_nearby_n", "城镇公办小学就近划片入学数",
                 "Of them placed near home, primary", "children"),
        _persons("junior_intake_n", "城镇公办初中招生数",
                 "Admitted by urban public junior secondary schools", "children"),
        _persons("junior_nearby_n", "城镇公办初中就近划片入学数",
                 "Of them placed near home, junior secondary", "children"),
        count("senior_places_n", "优质高中招生计划数", "Places of good senior secondary schools",
              "places", high=_MANY),
        count("senior_allotted_n", "优质高中分配到初中的名额数",
              "Of them allotted to junior secondary schools", "places", high=_MANY),
        _persons("migrants_n", "符合条件的随迁子女数", "Eligible children of migrant workers",
                 "children"),
        _persons("migrants_public_n", "在公办学校就读的随迁子女数", "Of them in public schools",
                 "children"),
        _persons("migrants_bought_n", "政府购买服务在民办学校就读的随迁子女数",
                 "Of them in private schools at public cost", "children"),
        count("disabled_n", "适龄残疾儿童少年数", "Disabled children of school age", "children",
              high=_MANY, privacy="P2"),
        count("disabled_enrolled_n", "已入学残疾儿童少年数", "Of them enrolled", "children",
              high=_MANY, privacy="P2"),
        _persons("cohort_n", "毕业年级三年前初一在校生数", "Pupils of the leaving cohort in grade 7",
                 "pupils"),
        _persons("cohort_graduates_n", "该届初中毕业生数", "Graduates of that cohort", "pupils"),
        _persons("cohort_in_n", "该届三年转入数", "Moved in over three years", "pupils"),
        _persons("cohort_out_n", "该届三年转出数", "Moved out over three years", "pupils"),
        count("cohort_died_n", "该届三年死亡数", "Died over three years", "pupils", high=_MANY,
              privacy="P2"),
        amount("funds_yuan", "学校年度公用经费预算总额", "Schools' budgets of public funds in all",
               "yuan", _MOST_YUAN, known_at="calendar_year_end"),
        amount("training_yuan", "教师培训经费", "Funds for teachers' training", "yuan", _MOST_YUAN,
               known_at="calendar_year_end"),
        _persons("surveyed_n", "社会认可度问卷有效份数", "Persons who answered the survey", "persons"),
        _persons("approving_n", "问卷表示认可的份数", "Of them approving", "persons"),
    ),
    "每县每学年一行：政府保障与教育质量各项的分子和分母，不填百分比。工资、经费为学年起始的公历年度数；"
    "毕业与招生为当年夏秋季数。",
    "One row a county and year: numerators and denominators, no percentages. Pay and funds are of "
    "the calendar year in which the school year begins; graduates and admissions of that summer.",
    optional=True,
)  # fmt: skip

MONITORING = Table(
    "monitoring", "质量监测结果", "National monitoring results", ("county", "year", "monitored"),
    (
        COUNTY,
        YEAR,
        Column("monitored", "监测科目", "Subject monitored", "code", required=True,
               codes="monitored", privacy="P0"),
        Column("level", "学业水平等级（1—4）", "Level of attainment (1 to 4)", "count", low=1, high=4,
               privacy="P0", known_at="year_end"),
        Column("variation", "校际差异率", "Variation between schools", "number", low=0, high=1,
               privacy="P0", known_at="year_end"),
    ),
    "国家义务教育质量监测结果，每县每个监测年度每个科目一行；学业水平Ⅰ至Ⅳ填1至4，差异率填小数。",
    "Results of the national monitoring, one row a county, year and subject; levels I to IV as 1 "
    "to 4, the variation as a decimal.",
    optional=True,
)  # fmt: skip

EXCHANGES = Table(
    "exchanges", "教师交流轮岗名单", "Exchanges of teachers", ("teacher_id", "year", "to_school"),
    (
        person("teacher_id", "身份证件号", "Identity number", "text", privacy="P3", required=True),
        school("school", "原学校标识码", "School code before"),
        school("to_school", "交流到学校标识码", "School code of the exchange"),
        COUNTY,
        YEAR,
        person("form", "交流形式", "Form of exchange", "code", codes="exchange_form"),
        person("share_week", "每周在接收学校工作的比例", "Share of the week at the receiving school",
               "number", unit="week", low=0, high=1),
        person("transferred", "人事关系是否随迁", "Post moved along", "flag"),
        person("start", "交流开始日期", "First day", "date"),
        person("end", "交流结束日期", "Last day", "date"),
    ),
    "当学年开始的交流轮岗，每人每所接收学校一行。走教教师填每周在接收学校工作的比例（0.4即每周两天），"
    "其余可空，按整周计；未定结束日期的可空。证件号入库时分开存放。",
    "Exchanges that begin in the school year, one row a teacher and receiving school. Itinerant "
    "teachers have the share of the week at the receiving school (0.4: two days a week); empty for "
    "others, it means the whole week; the last day is empty where it is not set. Numbers are kept "
    "apart from the rest.",
    optional=True,
)  # fmt: skip

SCHOOL_SCORES = Table(
    "school_scores", "学校学业成绩", "Scores by school", ("school", "year", "grade", "subject"),
    (
        school(),
        COUNTY,
        YEAR,
        person("grade", "年级", "Grade", "count", low=1, high=9, required=True),
        Column("subject", "学科", "Subject", "code", required=True, codes="subject", privacy="P0",
               known_at="always"),
        Column("paper", "试卷", "Paper", "text", required=True, privacy="P0", known_at="year_end"),
        count("tested_n", "参加测试人数", "Pupils tested", "pupils", required=True, privacy="P1"),
        person("score_mean", "平均分", "Mean score", "number", unit="points", low=0, high=1000,
               known_at="year_end"),
        person("score_sd", "标准差", "Standard deviation", "number", unit="points", low=0, high=500,
               known_at="year_end"),
    ),
    "每所学校每学年每个年级、学科一行：学年末统一测试的参加人数、平均分和学生间标准差，填卷面分，由系统标准化。"
    "“试卷”写命题单位的区划代码（全市统一命题填市级代码，县里自行命题填县级代码）；试卷不同的县之间不比较。",
    "One row a school, year, grade and subject: pupils tested at the end of the school year, mean and "
    "standard deviation between pupils, as marked; they are standardised here. The paper is named by "
    "the division that set it: its prefecture's code, or its county's own; counties with different "
    "papers are not compared.",
    optional=True,
)  # fmt: skip
