"""The style sheet, the templates and the scripts keep the house's rules."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from titian.web import render
from titian.web.charts import Chart, Heat, Series, trend
from titian.web.i18n import speaking

WEB = Path(render.__file__).parent
TOKENS = (WEB / "static" / "css" / "tokens.css").read_text()
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SHEETS = sorted((WEB / "static" / "css").glob("*.css"))
SCRIPTS = sorted((WEB / "static" / "js").glob("*.js"))
LIGHT, DARK = TOKENS.split(".dark {")

# Machado, Oliveira and Fernandes (2009), severity 1.0: how colours look to three kinds of eyes.
EYES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}

Rgb = tuple[float, float, float]


def linear(text: str) -> Rgb:
    channels = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return red, green, blue


def seen(colour: Rgb, eye: str) -> Rgb:
    red, green, blue = (
        min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, colour, strict=True))))
        for row in EYES[eye]
    )
    return red, green, blue


def oklab(colour: Rgb) -> Rgb:
    red, green, blue = colour
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def apart(one: str, other: str, eye: str) -> float:
    first, second = (oklab(seen(linear(colour), eye)) for colour in (one, other))
    return float(sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5)


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def token(block: str, name: str) -> str:
    found = re.search(rf"--{name}: (#[0-9a-f]{{6}}|var\(--([a-z0-9-]+)\));", block)
    assert found, name
    return token(LIGHT, found[2]) if found[2] else found[1]


@pytest.mark.parametrize("block", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_series_are_told_apart_by_all_eyes(block: str, eye: str) -> None:
    colours = [token(block, f"series-{n}") for n in range(1, 9)]
    near = [
        (one, other, round(apart(one, other, eye), 3))
        for one, other in combinations(colours, 2)
        if apart(one, other, eye) < 0.075
    ]
    assert near == []


@pytest.mark.parametrize("block", [LIGHT, DARK], ids=["light", "dark"])
def test_heat_grows_steadily(block: str) -> None:
    lights = [oklab(linear(token(block, f"heat-{n}")))[0] for n in range(5)]
    assert lights in (sorted(lights), sorted(lights, reverse=True))


@pytest.mark.parametrize("block", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"),
        ("ink-2", "paper"),
        ("ink-3", "paper"),
        ("ink-3", "paper-raised"),
        ("ink-3", "paper-sunk"),
        ("brand-strong", "paper"),
        ("brand-ink", "brand"),
        ("good", "good-soft"),
        ("warn", "warn-soft"),
        ("bad", "bad-soft"),
        ("note", "note-soft"),
        ("accent-ink", "paper-raised"),
    ],
)
def test_text_has_contrast(block: str, ink: str, ground: str) -> None:
    assert contrast(token(block, ink), token(block, ground)) >= 4.5


def test_colours_are_named_in_one_file() -> None:
    allowed = {"#fff", "#ffffff17", "#ffffff2e", "#0f2a20", "#3a2c1e"}
    for sheet in SHEETS:
        if sheet.name != "tokens.css":
            text = re.sub(r"\[[^\]]*\]|/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
            found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", text))
            assert found <= allowed, sheet.name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_need_no_eval_and_load_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\son[a-z]+=\"", text), "inline handler"
    assert "hx-on" not in text
    assert "js:" not in text
    assert not re.search(r"hx-trigger[^=]*=\"[^\"]*\w\[(?![a-z]+[\]=])", text), "event filter"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "inline script"
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_short_and_plain(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 200
    assert not re.search(r"\beval\(|new Function|document\.write|innerHTML\s*=", text)


def test_templates_all_compile() -> None:
    env = render.environment()
    for name in env.list_templates(extensions=["html"]):
        env.get_template(name)


def test_an_unknown_icon_is_a_defect() -> None:
    with pytest.raises(LookupError, match=r"icons\.txt"):
        render.icon("no-such-icon")


def test_assets_are_marked_by_their_content() -> None:
    assert re.fullmatch(r"/static/css/tokens\.css\?v=[0-9a-f]{12}", render.asset("css/tokens.css"))


def test_a_chart_is_an_option_and_a_table() -> None:
    with speaking("en"):
        chart = trend("Deposits", ["03-01", "03-02"], [1, None])
        assert chart.option()["series"][0]["data"] == [1, None]
        assert (chart.heads(), chart.rows()) == (["", "Deposits"], [["03-01", "1"], ["03-02", "–"]])


def test_marks_bands_and_axes_of_a_chart() -> None:
    lines = [Series("a", [1, 2]), Series("b", [0.1, 0.2], kind="bar", right=True, stack="s")]
    chart = Chart("x", ["p", "q"], lines, marks=(("limit", 3),), band=([0, 1], [2, 4]), zoom=True)
    option = chart.option()
    assert [one["type"] for one in option["series"]] == ["line", "line", "line", "bar"]
    assert option["series"][1]["data"] == [2, 3]
    assert option["series"][2]["markLine"]["data"] == [{"name": "limit", "yAxis": 3}]
    assert option["series"][3]["yAxisIndex"] == 1
    assert len(option["yAxis"]) == 2


def test_a_heat_map_shows_gaps() -> None:
    heat = Heat("runs", ["0", "1"], ["a"], [(0, 0, 5), (1, 0, None)])
    assert heat.option()["series"][0]["data"] == [[0, 0, 5], [1, 0, "-"]]
    assert heat.rows() == [["a", "5", "–"]]
