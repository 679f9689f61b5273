"""The lake tables of this room."""

from __future__ import annotations

from titian.kernel.labels import Label
from titian.lake.schema import Column, Kind, Layer, PiClass, Table

TAG = "mart.tag"
AUDIENCE = "mart.audience"

# Bitmaps that are no tags; their names can be no tag's.
EVERYONE = "_everyone"
OPTED_OUT = "_opted_out"

_BITMAP = Column(
    "bitmap",
    "binary",
    "位图",
    "Bitmap",
    PiClass.C2,
    4,
    required=True,
    description=Label(
        "Roaring 位图（可移植格式），位序为“客户序号”表中的序号。",
        "Roaring, portable format; bits are the numbers of the table “Party numbers”.",
    ),
)


def _key(name: str, zh: str, en: str, description: Label) -> Column:
    return Column(name, "string", zh, en, key=True, required=True, description=description)


def _count(name: str, zh: str, en: str, description: Label) -> Column:
    return Column(name, "integer", zh, en, description=description)


TAG_TABLE = Table(
    Layer.MART,
    "tag",
    "标签",
    "Tags",
    (
        _key("tag", "标签", "Tag", Label("标签编码，名称和口径见标签目录。", "Its code.")),
        _key("value", "取值", "Value", Label("标签取值的编码。", "The code of one of its values.")),
        Column(
            "as_of",
            "date",
            "计算日期",
            "Worked out on",
            required=True,
            description=Label(
                "按周或按月更新的标签，可能早于业务日期。",
                "Before the business date for tags worked out weekly or monthly.",
            ),
        ),
        _count("members", "客户数", "Parties", Label("拥有该取值的有效客户。", "Active ones.")),
        _count(
            "eligible",
            "适用客户数",
            "Eligible parties",
            Label("该标签适用的有效客户。", "Active parties that the tag is made for."),
        ),
        _count(
            "subjects",
            "主体数",
            "Subjects",
            Label(
                "农户类标签按户计，其余按客户计。", "Households for household tags, else parties."
            ),
        ),
        Column(
            "fingerprint",
            "string",
            "定义指纹",
            "Fingerprint",
            description=Label("标签定义改变时随之改变。", "Changes with the tag's definition."),
        ),
        _BITMAP,
    ),
    Label(
        "业务日期日终各标签每个取值的客户，以位图保存。",
        "Every value of every tag at the close of the business date, with its members as a bitmap.",
    ),
    Kind.SNAPSHOT,
)

_SINCE = Label("与上一个有标签的业务日期相比。", "Since the previous date with tags.")
AUDIENCE_TABLE = Table(
    Layer.MART,
    "audience",
    "客群",
    "Audiences",
    (
        _key("audience_id", "客群号", "Audience", Label("保存时给出。", "Given when it is saved.")),
        Column(
            "name",
            "string",
            "客群名称",
            "Name",
            required=True,
            description=Label("保存的人所取的名称。", "As whoever saved it calls it."),
        ),
        _count("members", "客户数", "Parties", Label("客群中的有效客户。", "Active ones in it.")),
        _count(
            "reachable",
            "可触达客户数",
            "Reachable parties",
            Label("不含拒绝营销的客户。", "Without those who opted out."),
        ),
        _count("entered", "新进入", "Entered", _SINCE),
        _count("gone", "已离开", "Left", _SINCE),
        _BITMAP,
    ),
    Label(
        "业务日期日终每个已保存客群的规模及进出。",
        "Every saved audience at the close of the business date, and its movement.",
    ),
    Kind.SNAPSHOT,
)
