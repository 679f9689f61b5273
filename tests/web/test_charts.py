from __future__ import annotations

import pytest

from titian.web.charts import Chart, Heat, Series, trend, written
from titian.web.i18n import speaking

DAYS = ["03-01", "03-02", "03-03"]


def test_a_chart_says_what_is_to_be_seen() -> None:
    chart = trend("存款", DAYS, [1, 3, None], unit="yuan")
    with speaking("en"):
        assert chart.told() == (
            "存款: 3 points from 03-01 to 03-03. 存款: lowest ¥1.00, highest ¥3.00 (03-02), "
            "last ¥3.00."
        )
    with speaking("zh"):
        assert chart.told() == (
            "存款：从 03-01 到 03-03，3 个点。"
            "存款：最低 1.00 元，最高 3.00 元（03-02），最新 3.00 元。"
        )
        assert chart.option()["aria"]["label"]["description"] == chart.told()


def test_series_may_count_in_units_of_their_own() -> None:
    with speaking("en"):
        both = [Series("rows", [1, 2, 3], kind="bar", counted="rows")]
        both += [Series("took", [0.045, 2, 90], right=True, unit="seconds")]
        chart = Chart("runs", DAYS, both)
        option = chart.option()
        assert [(one["unit"], one["counted"]) for one in option["series"]] == [
            ("number", "rows"),
            ("seconds", ""),
        ]
        assert [axis["unit"] for axis in option["yAxis"]] == ["number", "seconds"]
        assert chart.rows()[0] == ["03-01", "1", "45 ms"]


@pytest.mark.parametrize(
    "chart",
    [
        trend("x", [], []),
        trend("x", DAYS, [None, None, None]),
        Chart("x", DAYS, []),
        Heat("x", ["a"], ["b"], [(0, 0, None)]),
        Heat("x", [], [], []),
    ],
)
def test_nothing_to_draw_is_known(chart: Chart | Heat) -> None:
    with speaking("en"):
        assert chart.empty
        assert chart.told() == "x"
        chart.option()
        chart.rows()


def test_a_zero_is_something_to_draw() -> None:
    assert not trend("x", DAYS, [0, None, None]).empty
    assert not Heat("x", ["a"], ["b"], [(0, 0, 0)]).empty


def test_a_heat_map_says_where_it_is_highest() -> None:
    heat = Heat("runs", ["00", "01"], ["qinghe", "baishui"], [(0, 0, 5), (1, 1, 9)])
    with speaking("en"):
        assert heat.told() == "runs: 2 by 2; highest 9 at 01, baishui."
        assert heat.option()["visualMap"]["text"] == ["9", "5"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "yuan", "–"),
        (0.1234, "percent", "12.34%"),
        (1234.5, "yuan", "¥1,234.50"),
        (0.045, "seconds", "45 ms"),
        (1.23456, "number", "1.2346"),
        (12, "number", "12"),
    ],
)
def test_values_are_written_by_their_unit(value: float | None, unit: str, text: str) -> None:
    with speaking("en"):
        assert written(value, unit) == text
