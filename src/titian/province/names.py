"""Names for people, firms, villages and banks of the synthetic province.

Surnames follow the published order of frequency of Chinese surnames (National Citizen Identity
Information Centre, 2020 name report: the first hundred cover about 85 % of the population); given
names are drawn from common characters of the generation and gender. Counties are invented.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from titian.province.model import Codes, Dates, Gender, Text

SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹"
    "彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
    "石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶黎贺顾毛郝龚邵"
    "万钱严赖覃洪武莫孔汤向常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂"
)
COMPOUND_SURNAMES: Final = ("欧阳", "上官", "司马", "诸葛", "司徒", "皇甫")
RARE_CHARACTERS: Final = "堃喆犇翀骉䶮㛃𬭎𫖮𬀩"
"""Characters real names use and old systems choke on; the last are four bytes in GB18030."""

_GIVEN: Final[dict[tuple[Gender, int], tuple[str, str]]] = {
    (Gender.MALE, 0): ("国建志永德文玉学世忠家福春树金广", "华明军平生林荣清义贵祥成发云山根"),
    (Gender.MALE, 1): ("志建海晓国小永文伟少向新红宏立俊", "军强勇伟刚峰斌涛辉波平杰东鹏超亮"),
    (Gender.MALE, 2): ("子浩宇俊泽嘉一梓皓明天思文瑞晨逸", "轩宇涵杰豪然博阳睿霖辰铭凯鑫晨毅"),
    (Gender.FEMALE, 0): ("秀桂玉淑凤春金兰素月菊翠美爱惠文", "英兰珍芳花莲梅荣琴云香华芝娥莲珠"),
    (Gender.FEMALE, 1): ("晓丽红小海艳春雪燕文玉秋亚美慧静", "丽霞红敏艳娟燕玲萍梅静芳霞琴娜华"),
    (Gender.FEMALE, 2): ("雨梓欣思佳诗嘉可子依紫雅语若一心", "涵怡婷妍萱彤琪瑶菲悦琳雯洁晴宁然"),
}
_SINGLE_GIVEN_SHARE: Final = (0.25, 0.4, 0.12)
_COMPOUND_SHARE: Final = 0.004
_RARE_SHARE: Final = 0.003

COUNTIES: Final = (
    ("qinghe", "清禾"), ("baishui", "柏水"), ("luonan", "洛岚"), ("yunxi", "云汐"),
    ("shiqiao", "石乔"), ("longtan", "珑潭"), ("fengling", "枫岭"), ("jinsha", "锦沙"),
    ("nanpo", "楠坡"), ("heshan", "鹤善"), ("lanxi", "岚溪"), ("meiyuan", "梅沅"),
    ("tongya", "桐崖"), ("xiangshu", "香树"), ("gufan", "谷畈"), ("shuangxi", "双汐"),
    ("qiaotou", "樵头"), ("dalu", "大麓"), ("hongyan", "虹岩"), ("ziyang", "梓阳"),
    ("liuhe", "柳禾"), ("songgang", "松冈"), ("zhuxi", "竹熙"), ("yanhu", "雁湖"),
    ("changling", "苌岭"), ("maoping", "茆坪"), ("tianxing", "田兴"), ("wutan", "梧潭"),
    ("pingchuan", "坪川"), ("chengxi", "澄汐"), ("anlan", "安澜"), ("qiuyuan", "楸原"),
    ("mutan", "牧滩"), ("yulin", "玉霖"), ("xingtan", "杏潭"), ("huangpo", "凰坡"),
    ("sanhe", "叁禾"), ("luyang", "鹭洋"), ("ganquan", "甘荃"), ("bifeng", "碧枫"),
    ("shanhe", "杉禾"), ("yinshan", "茵山"), ("taoyuan", "桃沅"), ("jiulong", "九珑"),
    ("kuixing", "葵杏"), ("chaming", "茶茗"), ("daoxiang", "稻香"), ("lucheng", "芦澄"),
    ("weishui", "苇水"), ("xunyang", "荀漾"), ("zhenlu", "榛麓"),
)  # fmt: skip
"""Fifty-one invented counties: (bank id in pinyin, county name without 县)."""

TOWNSHIPS: Final = (
    "城关镇", "东河镇", "西坪镇", "南塘镇", "北岗镇", "青石镇", "白马乡", "龙泉镇",
    "三合乡", "五里乡", "杨柳镇", "桃花乡", "双桥镇", "新民乡", "大湾乡", "红星镇",
)  # fmt: skip
_VILLAGE_FIRST: Final = "上下大小前后东西南北新老中双三五"
_VILLAGE_MIDDLE: Final = "王李张刘陈杨赵周马朱石白桃柳槐松竹泉塘桥河湾"
_VILLAGE_LAST: Final = ("庄", "村", "沟", "岭", "坝", "屯", "寨", "坪", "湾", "营", "铺", "店")

FIRM_WORDS: Final = (
    "恒丰", "瑞禾", "金穗", "绿源", "兴农", "宏达", "嘉禾", "丰裕", "鑫盛", "永康", "惠民", "广源",
    "天合", "祥和", "利群", "聚丰", "万源", "长青", "顺达", "同辉", "田园", "沃土", "锦绣", "富民",
)  # fmt: skip
FIRM_TRADES: Final[tuple[tuple[str, int], ...]] = (
    ("粮油加工有限公司", 1), ("农资有限公司", 1), ("生猪养殖有限公司", 2), ("饲料有限公司", 2),
    ("牧业有限公司", 3), ("肉类食品有限公司", 4), ("果业有限公司", 5), ("商贸有限公司", 6),
    ("超市有限公司", 6), ("物流有限公司", 7), ("建筑工程有限公司", 7), ("纺织有限公司", 7),
)  # fmt: skip
"""Trade of a firm and the industry code it belongs to."""
COOP_TRADES: Final[tuple[tuple[str, int], ...]] = (
    ("种植专业合作社", 1), ("生猪养殖专业合作社", 2), ("肉牛养殖专业合作社", 3),
    ("山羊养殖专业合作社", 4), ("果蔬专业合作社", 5), ("农机专业合作社", 1),
)  # fmt: skip


def surnames(stream: np.random.Generator, count: int) -> Text:
    """Draw surnames by frequency (1/rank), a few of them two characters long."""
    weights = 1.0 / (np.arange(len(SURNAMES)) + 4.0)
    drawn = np.array(list(SURNAMES))[_pick(stream, weights, count)]
    compound = stream.random(count) < _COMPOUND_SHARE
    other = np.array(COMPOUND_SURNAMES)[stream.integers(0, len(COMPOUND_SURNAMES), count)]
    return np.where(compound, other, drawn)


def given_names(stream: np.random.Generator, gender: Codes, birth: Dates) -> Text:
    """Draw given names fitting gender and generation (born before 1968, before 1993, later)."""
    count = len(gender)
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    era = np.digitize(year, [1968, 1993])
    first_at, last_at = stream.integers(0, 16, count), stream.integers(0, 16, count)
    first, last = np.empty(count, "<U1"), np.empty(count, "<U1")
    for (sex, period), (firsts, lasts) in _GIVEN.items():
        rows = (gender == sex) & (era == period)
        first[rows] = np.array(list(firsts))[first_at[rows]]
        last[rows] = np.array(list(lasts))[last_at[rows]]
    single = stream.random(count) < np.array(_SINGLE_GIVEN_SHARE)[era]
    rare = np.array(list(RARE_CHARACTERS))[stream.integers(0, len(RARE_CHARACTERS), count)]
    last = np.where(stream.random(count) < _RARE_SHARE, rare, last)
    return np.char.add(np.where(single, "", first), last)


def person_names(stream: np.random.Generator, gender: Codes, birth: Dates) -> Text:
    """Draw full names of persons who share no household."""
    return np.char.add(surnames(stream, len(gender)), given_names(stream, gender, birth))


def village_names(stream: np.random.Generator, count: int) -> Text:
    """Draw distinct village names such as 上槐沟村."""
    wheel = len(_VILLAGE_FIRST) * len(_VILLAGE_MIDDLE) * len(_VILLAGE_LAST)
    numbers = stream.permutation(wheel)[np.arange(count) % wheel]
    rest, first = np.divmod(numbers, len(_VILLAGE_FIRST))
    last, middle = np.divmod(rest, len(_VILLAGE_MIDDLE))
    parts = np.char.add(
        np.array(list(_VILLAGE_FIRST))[first], np.array(list(_VILLAGE_MIDDLE))[middle]
    )
    names = np.char.add(parts, np.array(_VILLAGE_LAST)[last])
    return np.where(np.char.endswith(names, "村"), names, np.char.add(names, "村"))


def firm_names(
    stream: np.random.Generator, county: str, count: int, trades: tuple[tuple[str, int], ...]
) -> tuple[Text, Codes]:
    """Draw firm names with their industry codes; names carry the county and are distinct."""
    trade = stream.integers(0, len(trades), count)
    owner = np.array(list(SURNAMES[:60]))[stream.integers(0, 60, count)]
    word = np.array(FIRM_WORDS)[stream.integers(0, len(FIRM_WORDS), count)]
    label = np.where(stream.random(count) < 0.3, np.char.add(owner, "氏"), word)
    names = np.char.add(county, np.char.add(label, np.array([t[0] for t in trades])[trade]))
    return _distinct(names), np.array([t[1] for t in trades], np.uint8)[trade]


def _distinct(names: Text) -> Text:
    order = np.argsort(names, kind="stable")
    ordered = names[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    nth = np.arange(len(names)) - np.repeat(first, np.diff(np.r_[first, len(names)]))
    number = np.empty(len(names), np.int64)
    number[order] = nth
    marks = np.where(number > 0, np.char.add("第", np.char.add((number + 1).astype(str), "号")), "")
    return np.char.add(names, marks)


def _pick(stream: np.random.Generator, weights: np.ndarray, count: int) -> np.ndarray:
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, stream.random(count), side="right").clip(0, len(weights) - 1)
