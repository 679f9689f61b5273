"""The words of planted fraud: scenarios, incidents, and what a scenario plants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from titian.province.model import (
    Codes,
    Entries,
    Events,
    Flags,
    Ints,
    Refs,
    Text,
    concat,
    replace,
)


class Scenario(IntEnum):
    """The nine scenarios of payment risk."""

    CREDENTIAL_STUFFING = 1
    BONUS_ABUSE = 2
    CARD_THEFT = 3
    TELECOM_FRAUD = 4
    LAUNDERING = 5
    IDENTITY_THEFT = 6
    UNAUTHORISED_USE = 7
    MALICIOUS_REGISTRATION = 8
    PROHIBITED_TRANSACTION = 9


class Role(IntEnum):
    """What the party of an incident is in it."""

    VICTIM = 1
    ABUSER = 2
    MULE = 3
    COLLECTOR = 4
    SOURCE = 5
    INNOCENT = 6


class Reporter(IntEnum):
    """Who brings an incident to light; `NOBODY` = it never is."""

    NOBODY = 0
    CUSTOMER = 1
    BANK = 2
    POLICE = 3


NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Incidents:
    """One row per label: a party's part in a campaign, or a look-alike that is innocent.

    `campaign` numbers campaigns within the bank, `party` is a row of People (-1 = nobody known),
    `how` a short English name of the way it was done (or of the innocent story); `delay_s` is
    the time from the last trace to the report, `NEVER` when it is never reported.
    """

    scenario: Codes
    campaign: Refs
    fraud: Flags
    party: Refs
    role: Codes
    how: Text
    reporter: Codes
    delay_s: Ints


@dataclass(frozen=True, slots=True)
class Part:
    """What one scenario plants; labels and campaigns count from 1 and 0 within the part.

    `events` are channel events; the ledger entries that successful payments imply follow from
    them, so `entries` holds only money that moves without a channel event.
    """

    events: Events
    entries: Entries
    incidents: Incidents


def merge(parts: list[Part], *, one_campaign_list: bool = False) -> Part:
    """Put parts under each other, renumbering labels, and campaigns unless they are one list."""
    events, entries, incidents = [], [], []
    labels = campaigns = 0
    for part in parts:
        events.append(replace(part.events, label=_moved(part.events.label, labels)))
        entries.append(replace(part.entries, label=_moved(part.entries.label, labels)))
        numbered = part.incidents.campaign + campaigns
        incidents.append(replace(part.incidents, campaign=numbered.astype(np.int32)))
        labels += len(part.incidents.scenario)
        if not one_campaign_list:
            campaigns = int(numbered.max(initial=campaigns - 1)) + 1
    return Part(concat(events), concat(entries), concat(incidents))


def _moved(label: Refs, by: int) -> Refs:
    moved: Refs = (label + by).astype(np.int32)
    return moved
