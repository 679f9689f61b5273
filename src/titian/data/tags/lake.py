"""The lake tables of this room."""

from __future__ import annotations

from titian.lake.schema import Column, Kind, Layer, PiClass, Table

TAG = "mart.tag"
AUDIENCE = "mart.audience"

# Bitmaps that are no tags; their names can be no tag's.
EVERYONE = "_everyone"
OPTED_OUT = "_opted_out"

_BITMAP = "Roaring, portable format; bits are dense ids of mart.party_index"


def _count(name: str, zh: str, en: str, description: str = "") -> Column:
    return Column(name, "integer", zh, en, description=description)


TAG_TABLE = Table(
    Layer.MART,
    "tag",
    "标签",
    "Tags",
    (
        Column("tag", "string", "标签", "Tag", key=True, required=True),
        Column("value", "string", "取值", "Value", key=True, required=True),
        Column("as_of", "date", "计算日期", "Worked out on", required=True),
        _count("members", "客户数", "Parties", "active parties that wear it"),
        _count("eligible", "适用客户数", "Eligible parties"),
        _count("subjects", "主体数", "Subjects", "households for household tags, else parties"),
        Column("fingerprint", "string", "定义指纹", "Fingerprint of its definition"),
        Column(
            "bitmap", "binary", "位图", "Bitmap", PiClass.C2, 4, required=True, description=_BITMAP
        ),
    ),
    "Every value of every tag at the close of the business date, with its members as a bitmap.",
    Kind.SNAPSHOT,
)

AUDIENCE_TABLE = Table(
    Layer.MART,
    "audience",
    "客群",
    "Audiences",
    (
        Column("audience_id", "string", "客群号", "Audience", key=True, required=True),
        Column("name", "string", "客群名称", "Name", required=True),
        _count("members", "客户数", "Parties"),
        _count("reachable", "可触达客户数", "Reachable parties", "without those who opted out"),
        _count("entered", "新进入", "Entered", "since the previous date with tags"),
        _count("gone", "已离开", "Left", "since the previous date with tags"),
        Column(
            "bitmap", "binary", "位图", "Bitmap", PiClass.C2, 4, required=True, description=_BITMAP
        ),
    ),
    "Every saved audience at the close of the business date, and its movement.",
    Kind.SNAPSHOT,
)
