"""Reading feature files: each entry names a key, measures and spans, and stands for many features.

features:
customer:                      # prefix of the names
key: customer_id
label: {zh: 客户, en: Customer}
spans: [1h, 1d, 7d]
measures: [count, sum, max]  # customer_count_1h, customer_sum_1h ...
where: "channel = 'card'"    # optional
delay: 7d                    # optional
of: terminal_id              # for distinct
current: true                # whether the event itself counts (default)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from titian.data.strict import Document, Place, read_yaml
from titian.decide import Condition, ConditionError, parse
from titian.kernel.labels import Label
from titian.payments.features.model import BEFORE, EVER, MEASURES, NEEDS_MAX, Source, Velocity
from titian.payments.windows.layout import Measure

MAX_FEATURES: Final = 512
MAX_SPAN_DAYS: Final = 400
_KEYS: Final = ("key", "label", "spans", "measures", "where", "delay", "of", "current")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SPAN: Final = re.compile(r"([1-9]\d{0,5})([smhd])")
_WORDS: Final = {
    Measure.COUNT: Label("笔数", "count"),
    Measure.SUM: Label("金额", "sum"),
    Measure.MEAN: Label("平均金额", "mean amount"),
    Measure.MAX: Label("最大金额", "largest amount"),
    Measure.DISTINCT: Label("不同个数", "distinct"),
    Measure.SINCE_LAST: Label("距上次秒数", "seconds since the last"),
    Measure.SINCE_FIRST: Label("距首次秒数", "seconds since the first"),
    Measure.SINCE_OLDEST: Label("距窗口内最早秒数", "seconds since the oldest"),
    Measure.SINCE_NEWEST: Label("距窗口内最近秒数", "seconds since the newest"),
    Measure.TIMES_MEAN: Label("相对平均倍数", "times the mean"),
    Measure.TIMES_MAX: Label("相对最大倍数", "times the largest"),
}


def read_features(text: str, file: str, source: Source) -> tuple[Velocity, ...]:
    """Read a feature file. Raises InvalidDefinition with file, line and remedy."""
    document = read_yaml(text, file)
    top = document.mapping(document.value, (), "a feature file")
    document.known_keys(top, ("features",), ())
    groups = document.mapping(top.get("features"), ("features",), "features")
    made: dict[str, Velocity] = {}
    for prefix in groups:
        for feature in _group(document, source, prefix, groups[prefix]):
            place = ("features", prefix)
            if feature.name in made:
                raise document.error(place, f"{feature.name} is made twice", "Rename the entry.")
            made[feature.name] = feature
            if len(made) > MAX_FEATURES:
                raise document.error(place, f"more than {MAX_FEATURES} features", "Drop some.")
    return tuple(made.values())


def _group(document: Document, source: Source, prefix: str, value: object) -> Iterator[Velocity]:
    place: Place = ("features", prefix)
    entry = document.mapping(value, place, prefix)
    document.known_keys(entry, _KEYS, place)
    key = _key(document, source, entry.get("key"), (*place, "key"))
    label = document.label(entry.get("label", prefix), (*place, "label"), "label")
    where = _where(document, source, entry.get("where"), (*place, "where"))
    delay = _microseconds(document, entry["delay"], (*place, "delay")) if "delay" in entry else 0
    of = entry.get("of", "")
    if of:
        of = document.choice(of, (*place, "of"), "of", source.keys)
    current = document.flag(entry.get("current", True), (*place, "current"), "current")
    names = document.texts(entry.get("measures"), (*place, "measures"), "measures")
    spans = document.texts(entry.get("spans", []), (*place, "spans"), "spans")
    for name in names:
        measure = MEASURES[document.choice(name, (*place, "measures"), "measure", tuple(MEASURES))]
        _check(document, place, measure, of=str(of), delayed=delay > 0)
        for span in ("",) if measure in EVER else spans:
            yield Velocity(
                name="_".join(part for part in (prefix, name, span) if part),
                label=_label(label, measure, span),
                key=key,
                measure=measure,
                span_us=_microseconds(document, span, (*place, "spans")) if span else 0,
                delay_us=delay,
                of=str(of) if measure is Measure.DISTINCT else "",
                where=where,
                with_current=current and measure not in BEFORE and not delay,
            )


def _check(document: Document, place: Place, measure: Measure, *, of: str, delayed: bool) -> None:
    if measure is Measure.DISTINCT and not of:
        raise document.error(place, "distinct does not say of what", "Add `of: <key column>`.")
    if delayed and (measure in NEEDS_MAX or measure in EVER):
        raise document.error(
            (*place, "delay"),
            f"{measure.name.lower()} cannot be delayed",
            "Delay count, sum, mean, distinct, since_oldest or since_newest.",
        )


def _key(document: Document, source: Source, value: object, place: Place) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not 1 <= len(names) <= 2:  # noqa: PLR2004 - a pair
        raise document.error(place, "key must be one column or a pair", "Write customer_id.")
    return tuple(document.choice(name, place, "key", source.keys) for name in names)


def _where(document: Document, source: Source, value: object, place: Place) -> Condition | None:
    if value is None:
        return None
    try:
        return parse(document.text(value, place, "where"), source.schema)
    except ConditionError as error:
        raise document.error(place, error.what, error.remedy) from None


def _microseconds(document: Document, value: object, place: Place) -> int:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) * _UNITS[found[2]] > MAX_SPAN_DAYS * 86_400:
        raise document.error(
            place,
            f"{value!r} is not a length of time",
            f"Write 10m, 24h or 30d, up to {MAX_SPAN_DAYS}d.",
        )
    return int(found[1]) * _UNITS[found[2]] * 1_000_000


def _label(group: Label, measure: Measure, span: str) -> Label:
    words = _WORDS[measure]
    after = f" {span}" if span else ""
    return Label(f"{group.zh}{words.zh}{after}", f"{group.en}: {words.en}{after}")
