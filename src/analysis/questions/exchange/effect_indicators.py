"""What the values of the ``indicator`` column of the effect finding mean, and names of what rows are about."""

from __future__ import annotations

from analysis.finding import Indicator, IntervalKind

BY_SINCE, BY_SPEC, BY_DOSE, BY_DOUBT = "since", "estimator", "dose", "diagnostic"
BY_ERROR, BY_BOUND, BY_TURN, BY_MEASURE = "error", "bound", "turn", "measure"

_DECLARED: tuple[tuple[str, str, str, str, IntervalKind, int], ...] = (
    # id, zh, en, unit, interval, digits
    ("effect_score", "成绩", "Scores", "sd", "model", 3),
    ("effect_score_chinese", "语文成绩", "Scores in Chinese", "sd", "model", 3),
    ("effect_score_mathematics", "数学成绩", "Scores in mathematics", "sd", "model", 3),
    ("effect_score_english", "英语成绩", "Scores in English", "sd", "model", 3),
    ("effect_staying", "学生去留", "Pupils who stay at the school", "percentage_points", "model", 1),
    ("effect_staying_size", "学生去留，差异的大小", "Pupils who stay, size of the difference", "percentage_points", "none", 1),
    ("effect_staying_doubt", "检验值", "Value", "ratio", "none", 2),
    ("effect_staying_treated", "参加比较的交流学校（学生去留）", "Schools with exchange compared, pupils who stay", "schools", "none", 0),
    ("effect_staying_controls", "参加比较的对照学校（学生去留）", "Other schools compared, pupils who stay", "schools", "none", 0),
    ("effect_size", "成绩差异的大小", "Size of the difference in scores", "sd", "none", 3),
    ("effect_event", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_band", "各年同时成立的区间", "Range for all years at once", "sd", "model", 3),
    ("effect_calendar", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_spec", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_dose", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_error", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_chance", "没有效果时出现的概率", "Chance without any effect", "ratio", "none", 3),
    ("effect_doubt", "检验值", "Value", "ratio", "none", 2),
    ("effect_relative", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_smooth", "成绩的差异", "Difference in scores", "sd", "model", 3),
    ("effect_lost_relative", "失去结论的偏离倍数", "Multiple at which the answer is lost", "ratio", "none", 2),
    ("effect_left", "逐一剔除后的差异", "Difference without each", "sd", "none", 3),
    ("effect_power", "检验能发现偏离的概率", "Power of the test", "share", "none", 0),
    ("effect_detectable", "能够发现的最小差异", "Smallest difference that would be found", "sd", "model", 3),
    ("effect_shock", "没有交流时各组逐年的波动", "How years without exchange vary", "sd", "none", 3),
    ("effect_matters", "值得重视的差异", "Difference that would matter", "sd", "none", 3),
    ("effect_wrong_weight", "双向固定效应中不当比较的权重", "Weight of wrong comparisons in two-way effects", "share", "none", 0),
    ("effect_still", "仍达到标准的学校", "Still at the threshold", "share", "none", 0),
    ("effect_apart", "与对照学校的差距", "Apart from the other schools", "sd", "none", 3),
    ("effect_compared_treated", "参加比较的交流学校", "Schools with exchange compared", "schools", "none", 0),
    ("effect_compared_controls", "参加比较的对照学校", "Other schools compared", "schools", "none", 0),
    ("effect_incomplete", "成绩不全而未比较的学校", "Left out, scores not complete", "schools", "none", 0),
    ("effect_counties_silent", "没有交流名单的县", "Counties without a list of exchanges", "counties", "none", 0),
    ("effect_clusters", "独立的组", "Clusters", "", "none", 0),
    ("effect_clusters_treated", "其中参加交流的组", "Clusters with exchange", "", "none", 0),
    ("effect_clusters_controls", "其中对照的组", "Clusters without", "", "none", 0),
    ("effect_role_treated", "交流学校", "With exchange", "schools", "none", 0),
    ("effect_role_control", "对照学校", "Controls", "schools", "none", 0),
    ("effect_role_other", "只属另一方向", "Other side only", "schools", "none", 0),
    ("effect_role_both", "既接收又派出", "Both sides", "schools", "none", 0),
    ("effect_role_unclear", "无法确定", "Unclear", "schools", "none", 0),
    ("effect_role_treated_before", "此前已开始", "Began before", "schools", "none", 0),
    ("effect_role_changed", "学校有变动", "School changed", "schools", "none", 0),
)  # fmt: skip

_METHODS = (
    (
        "method.effect", "比较的是什么", "What is compared",
        "学校自每百名学生的交流教师首次达到规定人数的学年起算作交流学校，之后交流结束的仍算在内；对照学校在两个方向、所有学年都低于这一人数。每一批学校逐年与对照学校比较，以开始前一年为基准，再按学校数平均。两个方向都达到的、无法确定的、此前已开始的学校不参加比较，另列其数。",
        "A school counts from the first year with so many exchange teachers per 100 pupils, also after exchange has ended; controls are under that number on both sides in all years. Every cohort is held against the controls year by year, from the year before its start, and averaged by schools. Schools on both sides, unclear, or begun before are not compared, and counted.",
        "Callaway、Sant'Anna 2021〔V2〕",
    ),
    (
        "method.effect_scores", "标准差", "Standard deviations",
        "成绩按年级、学科、学年以学生的标准差标准化：0.1个标准差约相当于在100名学生的排序中从第50名升到第46名。",
        "Scores are in standard deviations of pupils by grade, subject and year: 0.1 is about from place 50 to place 46 of 100 pupils.",
        "本项目设定〔J〕",
    ),
    (
        "method.effect_errors", "区间怎样算", "How ranges are made",
        "同一组（县或学校）内的学校和学年不独立。组数不少于30、两方各不少于15时用解析的聚类误差；否则以逐组剔除的刀切法（CV3，自由度为组数减1）为准，另列野生自助法和把开始学年在各组间重新分配的结果，三者一致才下结论。任一方不足5组的不下结论。",
        "Schools and years of a cluster (county or school) depend on one another. From 30 clusters on, 15 on either side, the analytic error by clusters; with fewer the jackknife over clusters (CV3, t with one degree less) counts, beside the wild bootstrap and dealing the starts out anew, and only where they agree is anything concluded. With fewer than 5 clusters on either side nothing is.",
        "MacKinnon、Nielsen、Webb 2023；Roodman等 2019〔V2〕",
    ),
    (
        "method.effect_doubts", "检验", "Doubts",
        "开始前各年是否已有差异，及这一检验的把握；假设提前两年开始；交流不可能改变的图书和运动场地；两组走势不一致时结论能承受多大偏离；逐一剔除各组；开始前是否相近；未参加学校是否受到影响；学生构成是否变化；换一种估计方法。",
        "Whether years before the start already differ, and how well that would be seen; the start pretended two years early; books and sports grounds, which exchange cannot change; how large a drift the answer survives; each cluster left out; how alike schools were before; whether schools nearby feel it; whether pupils changed; other estimators.",
        "Roth 2022；Rambachan、Roth 2023〔V2〕",
    ),
    (
        "method.effect_ladder", "措辞", "Words",
        "有较强证据：区间不含0，各项检验通过，另有至少两种估计一致；有一定证据：区间不含0，但有检验较弱或未通过；证据不足：区间包含0，不能据此得出没有效果；不能评估：比较不成立。措辞由规则得出，不由人选择。",
        "Fairly strong evidence: the range leaves out 0, the doubts pass and two more estimators agree. Some evidence: it leaves out 0 and a doubt is weak or fails. Insufficient: it includes 0, which is not evidence of no effect. Cannot be assessed: the comparison does not hold. The word follows from a rule and is nobody’s choice.",
        "本项目设定〔J〕",
    ),
)  # fmt: skip

LABELS = {
    "stage": {
        "receive_all": {"zh": "全市接收学校", "en": "receiving schools of the prefecture"},
        "send_all": {"zh": "全市派出学校", "en": "sending schools of the prefecture"},
        "receive_own": {"zh": "本县接收学校", "en": "receiving schools of the county"},
        "send_own": {"zh": "本县派出学校", "en": "sending schools of the county"},
    },
    "direction": {
        "higher": {"zh": "相对上升", "en": "risen"},
        "lower": {"zh": "相对下降", "en": "fallen"},
    },
    BY_SPEC: {
        "never": {"zh": "主要估计：与从未参加的学校比", "en": "Main: against schools that never began"},
        "notyet": {"zh": "与尚未开始的学校比", "en": "Against schools not begun yet"},
        "robust": {"zh": "规模和寄宿比例相同的学校之间（双重稳健）", "en": "Size and boarders held equal (doubly robust)"},
        "imputation": {"zh": "插补法", "en": "Imputation"},
        "sun_abraham": {"zh": "交互加权回归", "en": "Interaction-weighted regression"},
        "switchers": {"zh": "开始或停止的学校，只看当年（不作依据）", "en": "Schools that begin or stop, that year alone (no ground)"},
        "two_way": {"zh": "双向固定效应（旧方法，不作依据）", "en": "Two-way fixed effects (as formerly; no ground)"},
    },
    BY_ERROR: {
        "analytic": {"zh": "解析聚类误差", "en": "Analytic, by cluster"},
        "jackknife": {"zh": "逐组剔除（CV3）", "en": "Jackknife (CV3)"},
        "wild": {"zh": "野生自助法", "en": "Wild bootstrap"},
        "dealt": {"zh": "重新分配开始学年", "en": "Starts dealt out anew"},
    },
    BY_DOUBT: {
        "errors": {"zh": "几种误差是否一致（p值）", "en": "Errors agree (p)"},
        "pretrend": {"zh": "开始前各年有无差异（p值）", "en": "Years before the start (p)"},
        "placebo_date": {"zh": "假设提前两年开始（差异）", "en": "Start pretended early (difference)"},
        "placebo_outcome": {"zh": "图书、运动场地（p值）", "en": "Books and sports grounds (p)"},
        "relative": {"zh": "能承受的偏离倍数", "en": "Drift survived, times the worst before"},
        "smooth": {"zh": "扣除直线趋势后（可承受的转折）", "en": "A straight trend taken off (turn survived)"},
        "left_out": {"zh": "逐一剔除后最小的比例", "en": "Least share left without any one"},
        "selection": {"zh": "开始前的差距（标准差）", "en": "Apart before the start (sd)"},
        "spillover": {"zh": "邻近未参加学校的差异", "en": "Schools nearby (difference)"},
        "composition": {"zh": "学生构成（p值）", "en": "Who the pupils are (p)"},
        "estimators": {"zh": "一致的其他估计（种）", "en": "Other estimators that agree"},
    },
    BY_MEASURE: {
        "score": {"zh": "成绩", "en": "Scores"},
        "staying": {"zh": "学生去留", "en": "Pupils who stay at the school"},
        "pupils": {"zh": "在校生", "en": "Pupils"},
        "rural": {"zh": "乡村学校", "en": "Rural schools"},
        "boarders": {"zh": "寄宿生比例", "en": "Boarders"},
        "migrants": {"zh": "随迁子女比例", "en": "Migrants’ children"},
        "teachers": {"zh": "每百名学生教师", "en": "Teachers per 100 pupils"},
        "backbone": {"zh": "每百名学生骨干教师", "en": "Backbone teachers per 100 pupils"},
        "books": {"zh": "生均图书", "en": "Books per pupil"},
        "sports_area": {"zh": "生均运动场地", "en": "Sports grounds per pupil"},
    },
    BY_SINCE: {
        **{str(-n): {"zh": f"开始前{n}年", "en": f"{n} years before"} for n in range(2, 13)},
        "-1": {"zh": "开始前1年", "en": "1 year before"},
        "0": {"zh": "开始当年", "en": "Year of the start"},
        "1": {"zh": "开始后1年", "en": "1 year after"},
        **{str(n): {"zh": f"开始后{n}年", "en": f"{n} years after"} for n in range(2, 13)},
    },
}  # fmt: skip


def declare() -> tuple[Indicator, ...]:
    """Declare every indicator of the effect finding: facts of institutions, all of them."""
    own = (
        Indicator(id, zh, en, unit, "P0", "neither", interval, digits)
        for id, zh, en, unit, interval, digits in _DECLARED
    )
    methods = (
        Indicator(id, zh, en, privacy="P0", definition_zh=in_zh, definition_en=in_en, source=source)
        for id, zh, en, in_zh, in_en, source in _METHODS
    )
    return (*own, *methods)
