"""A monitor as bytes and back: arrays in one npz, the rest as JSON inside it. No pickles."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np

from titian.kernel.errors import Corrupt
from titian.payments.channels.alarms import Statistic
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.choose import Var
from titian.payments.channels.conformal import Rolling
from titian.payments.channels.detect import Detector, Watch
from titian.payments.channels.fdr import DecayingFdr
from titian.payments.channels.fit import Fitted, Moments
from titian.payments.channels.model import Factor, Floats, SeriesId
from titian.payments.channels.monitor import Monitor, Settings
from titian.payments.channels.online import Online
from titian.payments.channels.prior import Prior
from titian.payments.channels.rare import Seen
from titian.payments.channels.stabilise import Kind, Left, Stabiliser
from titian.payments.model import Channel

VERSION: Final = 1
MAX_BYTES: Final = 256_000_000

Arrays = dict[str, Floats]
Meta = dict[str, Any]


def dump(monitor: Monitor) -> bytes:
    """Write a monitor with its calibration; `load` gives one that judges the next bins alike."""
    meta = {
        "version": VERSION,
        "next_us": monitor.next_us,
        "settings": asdict(monitor.settings),
        "stabiliser": _stabiliser_meta(monitor.stabiliser),
        "model": _model_meta(monitor.online),
        "detector": _detector_meta(monitor.detector),
        "pressures": [one.size for one in monitor.pressures],
    }
    into = io.BytesIO()
    text = np.frombuffer(json.dumps(meta).encode(), np.uint8)
    np.savez_compressed(into, meta=text, allow_pickle=False, **_arrays(monitor))
    return into.getvalue()


def load(data: bytes) -> Monitor:
    """Read what `dump` wrote. Raises Corrupt."""
    if len(data) > MAX_BYTES:
        raise _corrupt()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        meta = json.loads(arrays.pop("meta").tobytes())
        if meta["version"] != VERSION:
            raise _corrupt()
        return _monitor(meta, arrays)
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError, OSError):
        raise _corrupt() from None


def _arrays(monitor: Monitor) -> Arrays:
    online, stabiliser = monitor.online, monitor.stabiliser
    block = np.array(monitor.block).reshape(-1, 2, len(stabiliser.ids))
    arrays = {
        "level": stabiliser.level,
        "spread": stabiliser.spread,
        "shapes": stabiliser.shapes,
        "fitted": online.model.fitted.coefficients,
        "covariance": online.model.fitted.covariance,
        "prior_mean": online.model.prior.mean,
        "precision": online.model.prior.precision,
        "learnt": online.fitted.coefficients,
        "learnt_covariance": online.fitted.covariance,
        "xx": online.moments.xx,
        "xy": online.moments.xy,
        "yy": online.moments.yy,
        "past": online.past,
        "came": monitor.seen.came,
        "expected": monitor.seen.expected,
        "smooth": monitor.smooth,
        "last": monitor.last,
        "block": block,
    }
    if online.model.loadings is not None:
        arrays["loadings"] = online.model.loadings
    for statistic, watch in monitor.detector.watches.items():
        arrays[f"scores_{statistic}"] = watch.rolling.scores()
    for code, rolling in enumerate(monitor.pressures):
        arrays[f"pressure_{code}"] = rolling.scores()
    return arrays


def _stabiliser_meta(stabiliser: Stabiliser) -> Meta:
    calendar = stabiliser.calendar
    return {
        "bin_us": stabiliser.bin_us,
        "ids": stabiliser.ids,
        "kinds": stabiliser.kinds,
        "left_out": stabiliser.left_out,
        "seed": stabiliser.seed,
        "daily": calendar.daily,
        "weekly": calendar.weekly,
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
        "workdays": sorted(day.isoformat() for day in calendar.workdays),
    }


def _model_meta(online: Online) -> Meta:
    model = online.model
    return {
        "order": model.order,
        "exogenous": model.exogenous,
        "tightness": model.tightness,
        "log_score": model.log_score,
        "weight": online.moments.weight,
        "forgetting": online.forgetting,
    }


def _detector_meta(detector: Detector) -> Meta:
    return {
        "fdr": asdict(detector.fdr),
        "expected": detector.expected,
        "observed": detector.observed,
        "watches": {
            statistic: [one.rolling.size, one.calm, one.saved, one.quiet, one.running]
            for statistic, one in detector.watches.items()
        },
    }


def _monitor(meta: Meta, arrays: Arrays) -> Monitor:
    return Monitor(
        stabiliser=_stabiliser(meta["stabiliser"], arrays),
        online=_online(meta["model"], arrays),
        seen=Seen(arrays["came"], arrays["expected"]),
        next_us=int(meta["next_us"]),
        settings=Settings(**meta["settings"]),
        detector=_detector(meta["detector"], arrays),
        pressures=tuple(
            _rolling(size, arrays[f"pressure_{code}"])
            for code, size in enumerate(meta["pressures"])
        ),
        smooth=arrays["smooth"],
        last=arrays["last"],
        block=[(pair[0], pair[1]) for pair in arrays["block"]],
    )


def _stabiliser(meta: Meta, arrays: Arrays) -> Stabiliser:
    days = {name: frozenset(map(date.fromisoformat, meta[name])) for name in _DAYS}
    return Stabiliser(
        calendar=Calendar(meta["daily"], meta["weekly"], days["holidays"], days["workdays"]),
        bin_us=meta["bin_us"],
        ids=tuple(map(_id, meta["ids"])),
        kinds=tuple(map(Kind, meta["kinds"])),
        level=arrays["level"],
        spread=arrays["spread"],
        shapes=arrays["shapes"],
        left_out=tuple(Left(_id(one), why) for one, why in meta["left_out"]),
        seed=meta["seed"],
    )


_DAYS: Final = ("holidays", "workdays")


def _id(pair: list[str]) -> SeriesId:
    return SeriesId(Channel(pair[0]), Factor(pair[1]))


def _online(meta: Meta, arrays: Arrays) -> Online:
    model = Var(
        order=meta["order"],
        exogenous=meta["exogenous"],
        fitted=Fitted(arrays["fitted"], arrays["covariance"]),
        prior=Prior(arrays["prior_mean"], arrays["precision"]),
        loadings=arrays.get("loadings"),
        tightness=meta["tightness"],
        log_score=meta["log_score"],
    )
    return Online(
        model=model,
        moments=Moments(arrays["xx"], arrays["xy"], arrays["yy"], meta["weight"]),
        fitted=Fitted(arrays["learnt"], arrays["learnt_covariance"]),
        past=arrays["past"],
        forgetting=meta["forgetting"],
    )


def _detector(meta: Meta, arrays: Arrays) -> Detector:
    fdr = meta["fdr"]
    watches = {}
    for name, (size, calm, saved, quiet, running) in meta["watches"].items():
        rolling = _rolling(size, arrays[f"scores_{name}"])
        watches[Statistic(name)] = Watch(rolling, calm, saved, quiet, running)
    return Detector(
        fdr=DecayingFdr(fdr["rate"], fdr["memory"], tuple(fdr["discoveries"])),
        watches=watches,
        expected=meta["expected"],
        observed=meta["observed"],
    )


def _rolling(size: int, scores: Floats) -> Rolling:
    rolling = Rolling(size)
    for score in scores:
        rolling.admit(float(score))
    return rolling


def _corrupt() -> Corrupt:
    return Corrupt(
        "the stored monitor of the channels cannot be read",
        "Fit it anew from the events: nothing else is lost.",
    )
