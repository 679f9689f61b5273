"""Marketing: campaigns, who was contacted and converted, who opted out, and the true uplift.

Each campaign targets part of the persons; a tenth of them, chosen at random, is held out. The
hidden truth has a baseline probability of conversion and the uplift a contact adds (negative for
a few: people who are put off); what is observed is drawn from them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

import numpy as np

from titian.province.flow import Clock
from titian.province.model import (
    Dates,
    Flags,
    Floats,
    Ints,
    ProvinceConfig,
    Refs,
    Times,
    TouchChannel,
    Touches,
    World,
    concat,
    replace,
)

DAYS_PER_CAMPAIGN: Final = 20
CAMPAIGN_LENGTH_DAYS: Final = 8
TARGET_SHARE: Final = 0.16
HOLD_OUT_SHARE: Final = 0.1
OPT_OUT_PER_TOUCH: Final = 0.012
_CHANNELS: Final = (TouchChannel.SMS, TouchChannel.PHONE, TouchChannel.WECHAT, TouchChannel.VISIT)


@dataclass(frozen=True, slots=True)
class Marketing:
    """Touches as observed, and the truth: everyone targeted, treated or held out."""

    touches: Touches
    party: Refs
    campaign: Refs
    treated: Flags
    baseline: Floats
    uplift: Floats
    converted: Flags


@dataclass(frozen=True, slots=True)
class _Round:
    touches: Touches
    party: Refs
    treated: Flags
    baseline: Floats
    uplift: Floats
    converted: Flags


def market(config: ProvinceConfig, world: World) -> tuple[World, Marketing]:
    """Run the campaigns; returns the world with the opt-outs they caused, and the marketing."""
    stream = config.stream(world.bank.no, "touches")
    clock = Clock.of(config)
    count = max(clock.days // DAYS_PER_CAMPAIGN, 1)
    opt_out = world.people.opt_out_on
    rounds = []
    for campaign in range(count):
        first = clock.first + campaign * clock.days // count
        result = _campaign(stream, world, opt_out, campaign, first, clock)
        opt_out = _opted_out(stream, opt_out, result.touches)
        rounds.append(result)
    sizes = [len(result.party) for result in rounds]
    marketing = Marketing(
        touches=concat([result.touches for result in rounds]),
        party=np.concatenate([result.party for result in rounds]),
        campaign=np.repeat(np.arange(count), sizes).astype(np.int32),
        treated=np.concatenate([result.treated for result in rounds]),
        baseline=np.concatenate([result.baseline for result in rounds]),
        uplift=np.concatenate([result.uplift for result in rounds]),
        converted=np.concatenate([result.converted for result in rounds]),
    )
    return replace_people(world, opt_out), marketing


def replace_people(world: World, opt_out: Dates) -> World:
    """Return the world with new opt-out dates."""
    return dataclasses.replace(world, people=replace(world.people, opt_out_on=opt_out))


def _campaign(
    stream: np.random.Generator,
    world: World,
    opt_out: Dates,
    campaign: int,
    first: int,
    clock: Clock,
) -> _Round:
    people, traits = world.people, world.traits
    start = np.int64(first).astype("datetime64[D]")
    willing = np.isnat(opt_out) | (opt_out > start + CAMPAIGN_LENGTH_DAYS)
    fit = willing & (people.gender > 0) & (people.open_date < start)
    party = np.flatnonzero(fit & (stream.random(len(fit)) < TARGET_SHARE)).astype(np.int32)
    treated = stream.random(len(party)) >= HOLD_OUT_SHARE
    baseline = 0.03 * np.exp(0.4 * stream.normal(0, 1, len(party)))
    appeal = stream.normal(0.035, 0.03, len(party)) + 0.05 * (traits.digital[party] - 0.5)
    uplift = np.clip(appeal, -0.02, 0.25)
    chance = np.clip(baseline + uplift * treated, 0.001, 0.9)
    converted = stream.random(len(party)) < chance
    reached = np.flatnonzero(treated)
    channel = _CHANNELS[campaign % len(_CHANNELS)]
    days = np.minimum(
        first + stream.integers(0, CAMPAIGN_LENGTH_DAYS, len(reached)), clock.first + clock.days - 1
    )
    at = days * 86_400 + stream.integers(9 * 3_600, 18 * 3_600, len(reached))
    responded = converted[reached] | (stream.random(len(reached)) < 0.08)
    wait = stream.integers(60, 40_000, len(reached))
    answer = np.where(responded, (at + wait).astype("datetime64[s]"), np.datetime64("NaT", "s"))
    touches = Touches(
        party=party[reached],
        campaign=np.full(len(reached), campaign, np.int32),
        channel=np.full(len(reached), channel, np.uint8),
        at=at.astype("datetime64[s]"),
        responded=responded,
        responded_at=_same_day(at, answer),
        converted=converted[reached],
        baseline=baseline[reached],
        uplift=uplift[reached],
    )
    return _Round(touches, party, treated, baseline, uplift, converted)


def _same_day(at: Ints, answer: Times) -> Times:
    # The feed of a day cannot know of an answer on the next one.
    end_of_day = ((at // 86_400 + 1) * 86_400 - 1).astype("datetime64[s]")
    known: Times = np.minimum(answer, end_of_day)
    return known


def _opted_out(stream: np.random.Generator, opt_out: Dates, touches: Touches) -> Dates:
    annoyed = (stream.random(len(touches.party)) < OPT_OUT_PER_TOUCH) & ~touches.converted
    changed = opt_out.copy()
    changed[touches.party[annoyed]] = touches.at[annoyed].astype("datetime64[D]") + 1
    return changed
