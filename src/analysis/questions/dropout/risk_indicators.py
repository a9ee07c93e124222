"""What the values of the ``indicator`` column of the risk finding mean."""

from __future__ import annotations

from analysis.finding import Better, Indicator, IntervalKind, Privacy
from analysis.questions.dropout.outcomes import WORDS, Outcome

_DECLARED: tuple[tuple[str, str, str, str, Privacy, Better, IntervalKind, int], ...] = (
    # id, zh, en, unit, privacy, better, interval, digits
    ("risk_pupils", "在籍学生（推算的对象）", "Pupils on the register now", "pupils", "P1", "neither", "none", 0),
    ("risk_expected", "预计下学期开学前{leave}", "Expected to {leave} before next term", "pupils", "P1", "lower", "model", 0),
    ("risk_concentrated", "集中了一半预计{leaving}人数的学校", "Schools that hold half of those expected", "schools", "P0", "neither", "none", 0),
    ("risk_left", "检验学期{leaving}学生", "Pupils who {left} in the terms tried", "pupils", "P1", "neither", "none", 0),
    ("risk_auc", "排序能力", "Ranking", "ratio", "P1", "higher", "sampling", 2),
    ("risk_delong", "排序能力（学生之间独立）", "Ranking (pupils independent)", "ratio", "P1", "higher", "sampling", 2),
    ("risk_auc_school", "仅用学校{leaving}率的排序能力", "Ranking by the school’s rate alone", "ratio", "P1", "higher", "sampling", 2),
    ("risk_hits", "每走访100人中{leave}", "{leaving}, of 100 visited", "ratio", "P1", "higher", "sampling", 1),
    ("risk_hits_school", "只按学校{leaving}率走访时", "{leaving}, by the school’s rate alone", "ratio", "P1", "higher", "sampling", 1),
    ("risk_gain", "模型比学校{leaving}率多出", "More than by the school’s rate", "ratio", "P1", "higher", "sampling", 1),
    ("risk_recall", "{leaving}学生中被走访的比例", "Of those who {left}, visited", "share", "P1", "higher", "sampling", 0),
    ("risk_ratio", "预计与实际之比", "Expected over observed", "ratio", "P1", "neither", "sampling", 2),
    ("risk_slope", "校准斜率", "Calibration slope", "ratio", "P1", "neither", "sampling", 2),
    ("risk_intercept", "校准截距", "Calibration intercept", "ratio", "P1", "neither", "sampling", 2),
    ("risk_missed", "{leave}而未被走访", "Of those who {left}, not visited", "share", "P2", "lower", "sampling", 0),
    ("risk_alarm", "未{leave}而被走访", "Of the others, visited", "share", "P2", "lower", "sampling", 1),
    ("risk_selected", "被走访", "Visited", "share", "P2", "neither", "sampling", 1),
    ("risk_group_ratio", "预计与实际之比（按群体）", "Expected over observed, by group", "ratio", "P2", "neither", "sampling", 2),
    ("risk_auc_more", "加入未使用信息后排序能力的变化", "Change of ranking with what is not used", "ratio", "P0", "neither", "none", 3),
    ("risk_hits_more", "加入未使用信息后每走访100人中{leave}的变化", "Change of hits per 100 with what is not used", "ratio", "P0", "neither", "none", 1),
    ("risk_odds", "{leaving}机会之比（全市）", "Odds ratio, prefecture", "ratio", "P0", "neither", "model", 2),
    ("risk_odds_within", "{leaving}机会之比（各校另有水平）", "Odds ratio, with a level for each school", "ratio", "P0", "neither", "model", 2),
    ("risk_odds_all", "离校机会之比（各地合计）", "Odds ratio, all prefectures", "ratio", "P0", "neither", "model", 2),
    ("risk_all_prefectures", "合计的市", "Prefectures together", "", "P0", "neither", "none", 0),
    ("risk_all_counties", "合计的县", "Counties together", "counties", "P0", "neither", "none", 0),
    ("risk_all_cells", "合计中模型所看各项的组合", "Combinations of what the model looks at, in all prefectures", "", "P0", "neither", "none", 0),
    ("risk_all_pupils", "合计的学生和学期", "Pupils and terms in all prefectures", "pupils", "P1", "neither", "none", 0),
    ("risk_all_left", "合计中离校的学生", "Left, in all prefectures", "pupils", "P1", "neither", "none", 0),
    ("risk_between_sd", "学校之间的标准差（对数机会）", "Standard deviation between schools (log odds)", "ratio", "P0", "neither", "model", 2),
    ("risk_between_odds", "任取两所学校{leaving}机会之比的中位数", "Median odds ratio of two schools", "ratio", "P0", "neither", "model", 2),
    ("risk_odds_left", "离校", "Leaving", "ratio", "P0", "neither", "model", 2),
    ("risk_odds_moved", "转到县外就读（已核实）", "Moving to a school elsewhere (verified)", "ratio", "P0", "neither", "model", 2),
    ("risk_odds_other", "休学或死亡", "Suspension or death", "ratio", "P0", "neither", "model", 2),
    ("risk_ending", "每100名进入七年级的学生", "Of 100 who enter grade 7", "ratio", "P1", "neither", "sampling", 1),
    ("risk_rate", "每100名学生每学期{leave}", "{leaving}, of 100 pupils a term", "ratio", "P1", "lower", "none", 2),
    ("risk_rate_pool", "全市每100名学生每学期{leave}", "{leaving}, of 100 pupils a term, prefecture", "ratio", "P1", "lower", "none", 2),
    ("risk_by_pupils", "与全市的差距：学生构成", "Gap to the prefecture: who the pupils are", "ratio", "P1", "neither", "none", 2),
    ("risk_by_schools", "与全市的差距：学校与当地", "Gap to the prefecture: schools and place", "ratio", "P1", "neither", "sampling", 2),
    ("risk_school_plain", "实际与预计之比", "Observed over expected", "ratio", "P2", "lower", "model", 2),
    ("risk_school", "实际与预计之比（收缩后）", "Observed over expected, shrunken", "ratio", "P2", "lower", "model", 2),
)  # fmt: skip

_METHODS = (
    (
        "method.hazard", "推算方法", "Model",
        "离散时间风险模型（逻辑斯蒂）：以学年、学期为时段，比较留在学校与离校的学生；登记离校太少时，对象改为列入疑似辍学台账或长期缺勤。只使用学期第一天已知的信息：学籍、上学期考勤与成绩、学校所在地和规模。转出并核实、休学和死亡另计，不作离校。标准误按学校聚类；全市各县合并估计。",
        "Discrete-time hazard (logit) by grade and term of leaving against staying (of being listed as suspected, or absent for long, where too few left), on what is known on the first day of the term: the register, the attendance and marks of the term before, where the school lies and how large it is. Verified transfers, suspensions and deaths are ends of their own. Errors by school; the counties of the prefecture are pooled.",
        "Allison 1982；Begg、Gray 1984；Cameron、Miller 2015〔V2〕",
    ),
    (
        "method.trials", "三种检验", "Three trials",
        "每个预测都由没有见过被预测学生的模型作出：用以前学年预测最近学年；用其他学校预测本校；用其他县预测本县。对照是只看学校以往离校率（向全体收缩）、不看学生个人信息的排序。排序能力是离校学生得分高于未离校学生的概率，0.5与抛硬币相同。",
        "Every prediction is made by a model that has not seen the pupil: earlier years for the last one, other schools for a school, other counties for a county. The benchmark knows no child: the school’s own past rate, shrunken towards all. Ranking is the chance that who left had the higher score; 0.5 is a coin.",
        "DeLong等 1988；Perdomo等 2023〔V2〕",
    ),
    (
        "method.expected", "预计人数的区间", "Range of the expected number",
        "区间包含三部分：偶然性、模型系数的误差、学校之间超出模型所知的差异（在最近一个已知学年上测得）。它是95%的预测区间，不是承诺。",
        "The range holds chance, the error of the estimates, and how much more schools differ than the model knows, measured on the last known year. It is a prediction interval of 95%, no promise.",
        "本项目设定〔J〕",
    ),
    (
        "method.gap", "与全市差距的分解", "Parts of the gap to the prefecture",
        "只用学生信息的合并模型给出“同样的学生在全市平均条件下会有多少人离校”；它与全市之差归于学生构成，其余归于学校与当地。这是对差距的记述，不是因果结论。",
        "A pooled model that knows the pupils alone says how many of the same pupils would leave under the prefecture’s average conditions. Its distance to the prefecture is who the pupils are, the rest is schools and place: a description of the gap, no cause.",
        "间接标准化；Kitagawa 1955〔V2〕",
    ),
    (
        "method.ends", "七年级学生的去向", "What becomes of who enters grade 7",
        "把本县历年学籍中七年级到九年级第一学期各学期的去向逐期累计：一名学生只能有一种去向，所以各种去向与仍在校的相加为100。这是按现有各年级的情况推算，不是对某一届学生的跟踪；离开后又回到学籍的，从回来时重新计算。区间按学校整群重抽样。",
        "The ends of every term from grade 7 to the first term of grade 9, of all years of the county’s register, added up term by term. A pupil comes to one end only, so that all ends and those still in school make a hundred. It follows the grades as they are, and no single cohort; who was gone and is back counts anew. Ranges from drawing schools anew.",
        "Aalen、Johansen 1978；Begg、Gray 1984〔V2〕",
    ),
    (
        "method.between", "学校之间的差别", "What schools differ by",
        "同一模型中给每所学校一个自己的水平。这里学校条件的比值，比较的是其他差别相同的两所学校；按学校聚类误差的模型比较的是全部学校平均的情况，通常更接近1：两者回答不同的问题，并列给出。",
        "The same model with a level of its own for each school. Its odds ratio of a school’s condition compares two schools that are alike in all else, known or not; that of the model with errors by school compares all schools on average and usually lies nearer to 1. They answer different questions and stand side by side.",
        "Pinheiro、Bates 1995；Larsen、Merlo 2005；Neuhaus等 1991〔V2〕",
    ),
)  # fmt: skip

_EVERYWHERE = (
    "method.everywhere", "各地合计", "All prefectures together",
    "库中有两个以上市的学籍时，同一模型另用全部县估计一次：逐县读入，把各县的和相加，结果与全部数据一次估计相同。各地口径和条件不同，合计是平均的关联，不能代替本市的估计。",
    "Where there are registers of two prefectures or more, the same model is also learnt over all counties: one county at a time, whose sums add up to the estimates and errors of all rows at once. Places record and live differently: what they have together is an average, and no substitute for the prefecture’s own.",
    "Fisher得分法；本项目设定〔J〕",
)  # fmt: skip

WAYS = {
    "forward": {"zh": "用以前学年预测最近学年", "en": "Earlier years for the last one"},
    "schools": {"zh": "用其他学校预测本校", "en": "Other schools for a school"},
    "counties": {"zh": "用其他县预测本县", "en": "Other counties for a county"},
}
ZONES = {
    "urban": {"zh": "城区学校", "en": "Urban schools"},
    "town": {"zh": "镇区学校", "en": "Town schools"},
    "rural": {"zh": "乡村学校", "en": "Rural schools"},
}
FACTORS = {
    "rural": {"zh": "乡村学校（与城镇学校比）", "en": "Rural school, against town and urban"},
    "class_size": {"zh": "平均班额每多10人", "en": "Ten more pupils a class"},
    "pupils_per_teacher": {"zh": "每名教师多负责2名学生", "en": "Two more pupils a teacher"},
    "backbone": {
        "zh": "每200名学生多1名骨干教师",
        "en": "One more backbone teacher per 200 pupils",
    },
}
COVARIATES = {
    "years_over": {
        "zh": "比年级的通常年龄每大1岁",
        "en": "One more year above the usual age of the grade",
    },
    "boarder": {"zh": "在校寄宿", "en": "Boards at school"},
    "far": {"zh": "走读且上学路远", "en": "Long daily way to school"},
    "left_behind": {"zh": "父母外出务工", "en": "Parents work away from home"},
    "hardship": {"zh": "家庭需要资助", "en": "Family needs aid"},
    "aided": {"zh": "已得到资助", "en": "Receives aid"},
    "orphan": {"zh": "由亲属或机构抚养（孤儿）", "en": "Raised by relatives or a home (orphan)"},
    "unexcused": {
        "zh": "上学期每多5天无故缺勤",
        "en": "Five more days absent without leave the term before",
    },
    "score": {
        "zh": "上学期成绩每高1个标准差",
        "en": "Marks of the term before higher by one standard deviation",
    },
}
ENDS = {
    "left": {"zh": "离校", "en": "Left school"},
    "moved": {"zh": "转到县外就读（已核实）", "en": "Moved to a school elsewhere (verified)"},
    "other": {"zh": "休学或死亡", "en": "Suspended or died"},
    "away": {
        "zh": "转到县外就读、休学或死亡",
        "en": "Moved to a school elsewhere, suspended or died",
    },
    "stays": {"zh": "仍在本县就读", "en": "Still at school in the county"},
}
GROUPS = {
    "sex": {"zh": "性别", "en": "sex"},
    "boarding": {"zh": "就读方式", "en": "boarding"},
    "left_behind": {"zh": "留守", "en": "left-behind"},
    "ethnicity": {"zh": "民族", "en": "ethnicity"},
    "disability": {"zh": "残疾", "en": "disability"},
    "hardship": {"zh": "资助", "en": "aid"},
}
OWN_NAMES = {
    "left_behind:0": {"zh": "非留守儿童", "en": "Not left behind"},
    "left_behind:1": {"zh": "留守儿童", "en": "Left-behind children"},
    "hardship:0": {"zh": "不需要申请资助", "en": "Needs no aid"},
    "hardship:1": {"zh": "需要申请资助", "en": "Needs aid"},
}


def declare(outcome: Outcome = "left") -> tuple[Indicator, ...]:
    """Declare every indicator of the risk finding, in the words of what is predicted."""
    words = {
        language: {form: names[language] for form, names in WORDS[outcome].items()}
        for language in ("zh", "en")
    }
    own = (
        Indicator(id, zh.format_map(words["zh"]), _capital(en.format_map(words["en"])), unit,
                  privacy, better, interval, digits)
        for id, zh, en, unit, privacy, better, interval, digits in _DECLARED
    )  # fmt: skip
    return (*own, *map(_tell, _METHODS))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def declare_everywhere() -> Indicator:
    """Declare how all prefectures are learnt from together."""
    return _tell(_EVERYWHERE)


def _tell(method: tuple[str, str, str, str, str, str]) -> Indicator:
    id, zh, en, in_zh, in_en, source = method
    return Indicator(
        id, zh, en, privacy="P0", definition_zh=in_zh, definition_en=in_en, source=source
    )
