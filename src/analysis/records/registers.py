"""What is known of pupils by term: the register, attendance, scores, changes and the ledgers.

A term is named by the school year and its number: 1 is the autumn, 2 the spring. The register is
as of the first day of the term; attendance and scores are of the whole term and known at its end.
Pupils are told apart by their registry number (学籍号), which only the identity store holds.
"""

from __future__ import annotations

from analysis.records.columns import COUNTY, YEAR, Column, Table, count, person, school

PUPIL = person("pupil_id", "学籍号", "Registry number", "text", privacy="P3", required=True)
TERM = Column("term", "学期", "Term", "code", required=True, codes="term", privacy="P0",
              known_at="always")  # fmt: skip

PUPILS = Table(
    "pupils", "学籍信息", "Register of pupils", ("pupil_id", "year", "term"),
    (
        PUPIL,
        person("name", "姓名", "Name", "text", privacy="P3", required=True),
        school(),
        COUNTY,
        YEAR,
        TERM,
        person("grade", "年级", "Grade", "count", low=1, high=9, required=True),
        person("class_no", "班级", "Class", "count", low=1, high=60),
        person("sex", "性别", "Sex", "code", codes="sex"),
        person("born", "出生日期", "Date of birth", "date", privacy="P2"),
        person("ethnicity", "民族", "Ethnicity", "code", codes="ethnicity", privacy="P2"),
        person("registration", "户口性质", "Household registration", "code",
               codes="registration"),
        person("boarding", "就读方式", "Day pupil or boarder", "code", codes="boarding"),
        person("left_behind", "是否留守儿童", "Left-behind child", "code", codes="left_behind",
               privacy="P2"),
        person("migrant", "是否进城务工人员随迁子女", "Child of migrant workers", "flag"),
        person("orphan", "是否孤儿", "Orphan", "flag", privacy="P2"),
        person("disability", "残疾类型", "Disability", "code", codes="disability", privacy="P2"),
        person("hardship", "是否需要申请资助", "Needs aid", "flag", privacy="P2"),
        person("aided", "是否享受一补", "Receives the boarding subsidy", "flag", privacy="P2"),
        person("distance_km", "上下学距离", "Distance to school", "number", unit="km", low=0,
               high=500),
    ),
    "每名学生每学期一行，统计时点为学期开始；列名与编码同全国学籍系统。学籍号、姓名入库时分开存放。",
    "One row a pupil and term, as of the term's first day; columns and codes of the national "
    "register. Numbers and names are kept apart from the rest.",
    optional=True,
)  # fmt: skip

ATTENDANCE = Table(
    "attendance", "学生考勤", "Attendance", ("pupil_id", "year", "term"),
    (
        PUPIL,
        school(),
        COUNTY,
        YEAR,
        TERM,
        person("days_due_n", "应到天数", "School days", "count", unit="days", low=0, high=150,
               known_at="term_end"),
        person("days_absent_n", "缺勤天数", "Days absent", "count", unit="days", low=0, high=150,
               known_at="term_end"),
        person("days_unexcused_n", "无故缺勤天数", "Days absent without leave", "count", unit="days",
               low=0, high=150, known_at="term_end"),
        person("longest_n", "最长连续无故缺勤天数", "Longest run of days without leave", "count",
               unit="days", low=0, high=150, known_at="term_end"),
    ),
    "每名学生每学期一行，全学期合计。",
    "One row a pupil and term, sums of the whole term.",
    optional=True,
)  # fmt: skip

SCORES = Table(
    "scores", "学生成绩", "Scores", ("pupil_id", "year", "term"),
    (
        PUPIL,
        school(),
        COUNTY,
        YEAR,
        TERM,
        person("grade", "年级", "Grade", "count", low=1, high=9, required=True),
        *(
            person(f"score_{subject}", f"{zh}成绩", f"Score in {en}", "number", unit="points",
                   low=0, high=200, privacy="P2", known_at="term_end")
            for subject, zh, en in (
                ("chinese", "语文", "Chinese"), ("mathematics", "数学", "mathematics"),
                ("english", "外语", "English"),
            )
        ),
    ),
    "每名学生每学期一行，期末卷面分；按年级、学科、学期标准化后使用。",
    "One row a pupil and term: marks of the final examination, standardised by grade, subject and "
    "term before use.",
    optional=True,
)  # fmt: skip

STATUS_CHANGES = Table(
    "status_changes", "学籍异动", "Changes of status", ("pupil_id", "year", "term", "change"),
    (
        PUPIL,
        school(),
        COUNTY,
        YEAR,
        TERM,
        person("grade", "年级", "Grade", "count", low=1, high=9, required=True),
        person("change", "异动类型", "Change", "code", codes="change", privacy="P2",
               required=True, known_at="event"),
        person("changed_on", "异动日期", "Date of the change", "date", privacy="P2",
               known_at="event"),
        person("verified", "去向已核实", "Whereabouts verified", "flag", privacy="P2",
               known_at="event"),
    ),
    "休学、复学、退学、转入、转出、死亡等，每人每次一行；“去向已核实”指已确认在别处就读。",
    "Suspension, return, leaving, transfers, death: one row a pupil and change; verified means "
    "known to be in school elsewhere.",
    optional=True,
)  # fmt: skip

SUSPECTED = Table(
    "suspected", "疑似辍学台账", "Ledger of suspected dropouts", ("pupil_id", "year", "found_on"),
    (
        PUPIL,
        school(),
        COUNTY,
        YEAR,
        person("grade", "年级", "Grade", "count", low=1, high=9, required=True),
        person("found_on", "列入日期", "Entered on", "date", privacy="P2", required=True,
               known_at="event"),
        person("cause", "原因", "Cause", "code", codes="dropout_cause", privacy="P2",
               known_at="event"),
        person("checked_on", "核实日期", "Checked on", "date", privacy="P2", known_at="event"),
        person("outcome", "核实结果", "Found to be", "code", codes="ledger_outcome",
               privacy="P2", known_at="event"),
        person("returned_on", "劝返复学日期", "Returned on", "date", privacy="P2",
               known_at="event"),
        person("closed_on", "销号日期", "Closed on", "date", privacy="P2", known_at="event"),
    ),
    "疑似辍学学生台账，每人每次一行：列入、核实、劝返复学、销号各有日期；核实为辍学的即辍学台账。",
    "The ledger of suspected dropouts, one row a case: entered, checked, returned, closed, each "
    "with its date; those found to have left are the ledger of dropouts.",
    optional=True,
)  # fmt: skip

VISITS = Table(
    "visits", "走访能力", "Visiting capacity", ("county", "year", "term"),
    (
        COUNTY,
        YEAR,
        TERM,
        count("visits_n", "本学期可走访学生数", "Pupils that can be visited in the term", "pupils",
              high=100_000),
        count("children_n", "适龄儿童台账人数", "Children of school age on the ledger", "pupils",
              high=1_000_000),
    ),
    "每县每学期一行：本学期能走访多少名学生，适龄儿童台账上有多少人。",
    "One row a county and term: how many pupils can be visited, and how many children of school "
    "age are on the ledger.",
    optional=True,
)  # fmt: skip

COHORTS = Table(
    "cohorts", "毕业班入学情况", "Cohorts of graduating classes", ("school", "year", "stage"),
    (
        school(),
        COUNTY,
        YEAR,
        Column("stage", "学段", "Stage", "code", required=True, codes="stage", privacy="P0",
               known_at="always"),
        count("entered_n", "该届入学时学生数", "Pupils when the cohort entered", "pupils"),
        count("entered_first_n", "该届小学一年级入学时学生数",
              "Pupils when the cohort entered grade 1", "pupils"),
        count("graduated_n", "毕业生数", "Graduates", "pupils"),
        count("moved_in_n", "在学期间转入", "Transferred in", "pupils"),
        count("moved_out_n", "在学期间转出", "Transferred out", "pupils"),
        count("died_n", "在学期间死亡", "Died", "pupils", privacy="P2"),
    ),
    "每校每学年每学段一行：本学年毕业的一届。巩固率由此计算。",
    "One row a school, year and stage: the cohort that leaves in the year. Retention is made of it.",
    optional=True,
)  # fmt: skip

REGISTERS = (PUPILS, ATTENDANCE, SCORES, STATUS_CHANGES, SUSPECTED, VISITS, COHORTS)
