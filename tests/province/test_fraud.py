from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

import numpy as np
import pytest

from titian.province.fraud import Scenario, inject
from titian.province.fraud.inject import PLANTERS
from titian.province.generate import Summary
from titian.province.ledger import settle
from titian.province.model import (
    Channel,
    Direction,
    EventType,
    Flows,
    Injection,
    ProvinceConfig,
    Result,
    World,
    concat,
    size,
    take,
)
from titian.province.world import build_worlds

Incidents = list[dict[str, Any]]
Plant = Callable[[ProvinceConfig, World], tuple[Flows, Injection]]

SCENARIOS = [scenario.name.lower() for scenario in Scenario]
MONEY = [EventType.TRANSFER, EventType.PAYMENT, EventType.CASH_OUT]


def rows_of(incidents: Incidents, scenario: str, *, fraud: bool) -> Incidents:
    return [r for r in incidents if r["scenario"] == scenario and r["fraud"] is fraud]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_has_frauds_and_innocents(incidents: Incidents, scenario: str) -> None:
    assert rows_of(incidents, scenario, fraud=True)
    assert rows_of(incidents, scenario, fraud=False)


def test_labels_are_numbered_without_gaps_and_every_label_left_traces(
    incidents: Incidents, injection: Injection
) -> None:
    labels = [row["label"] for row in incidents]
    assert labels == list(range(1, injection.labels + 1))
    traced = np.union1d(injection.events.label, injection.entries.label)
    assert traced.tolist() == labels


def test_truth_tells_when_and_how_much_as_the_events_do(
    incidents: Incidents, injection: Injection
) -> None:
    events, entries = injection.events, injection.entries
    for row in incidents:
        moments = np.r_[
            events.at[events.label == row["label"]], entries.at[entries.label == row["label"]]
        ]
        assert np.datetime64(row["started_at"]) == moments.min()
        assert np.datetime64(row["ended_at"]) == moments.max()
        mine = take(entries, entries.label == row["label"])
        sides = [mine.amount_fen[mine.direction == side].sum() for side in (-1, 1)]
        assert row["amount_fen"] == max(sides)


def test_reports_come_after_the_last_trace_and_innocents_are_never_reported(
    incidents: Incidents,
) -> None:
    for row in incidents:
        if row["reported_at"] is None:
            assert row["reporter"] == "nobody"
        else:
            assert row["fraud"]
            assert row["reported_at"] >= row["ended_at"] + timedelta(minutes=5)
            assert row["reporter"] in {"customer", "bank", "police"}


def test_label_delays_differ_by_scenario(plant: Plant) -> None:
    config = ProvinceConfig(banks=1, customers=20_000, days=60)
    _, injection = plant(config, build_worlds(config)[0])
    incidents = injection.truth["fraud_incident"].to_pylist()

    def hours(scenario: str, role: str) -> float:
        chosen = rows_of(incidents, scenario, fraud=True)
        delays = [
            (r["reported_at"] - r["ended_at"]) / timedelta(hours=1)
            for r in chosen
            if r["reported_at"] and r["role"] == role
        ]
        return float(median(delays))

    telecom = hours("telecom_fraud", "victim")
    stolen = hours("card_theft", "victim")
    identity = hours("identity_theft", "victim")
    gambling = hours("prohibited_transaction", "abuser")
    assert 4 < telecom < 16
    assert telecom < stolen < identity < gambling


def test_everything_happens_inside_the_window_to_open_accounts(
    injection: Injection, planted_config: ProvinceConfig, planted_world: World
) -> None:
    config, accounts = planted_config, planted_world.accounts
    for at in (injection.events.at, injection.entries.at):
        assert at.min() >= config.start_day
        assert at.max() < config.end_day + 1
    used = injection.entries.account
    assert (used >= 0).all()
    assert (accounts.open_date[used] < config.start_day).all()
    assert np.isnat(accounts.close_date[used]).all()


def test_money_of_successful_events_is_in_the_ledger(
    injection: Injection, planted_world: World
) -> None:
    events, entries = injection.events, injection.entries
    paid = take(events, np.isin(events.kind, MONEY) & (events.result == Result.SUCCESS))
    debits = take(entries, entries.direction == Direction.DEBIT)
    assert size(paid) == size(debits)
    assert sorted(zip(paid.account, paid.at, paid.amount_fen, strict=True)) == sorted(
        zip(debits.account, debits.at, debits.amount_fen, strict=True)
    )
    inside = take(paid, (paid.payee >= 0) & (paid.payee < size(planted_world.accounts)))
    received = take(entries, (entries.direction == Direction.CREDIT) & (entries.counterparty >= 0))
    credited = set(zip(received.account, received.at, received.amount_fen, strict=True))
    assert set(zip(inside.payee, inside.at, inside.amount_fen, strict=True)) <= credited


def test_declined_attempts_move_nothing(injection: Injection) -> None:
    events, entries = injection.events, injection.entries
    declined = take(events, (events.result != Result.SUCCESS) & (events.amount_fen > 0))
    moved = set(zip(entries.account, entries.at, entries.amount_fen, strict=True))
    assert size(declined) > 0
    assert not moved & set(zip(declined.account, declined.at, declined.amount_fen, strict=True))


def test_balances_stay_consistent_and_only_cards_are_negative(
    injection: Injection, honest: Flows, planted_config: ProvinceConfig, planted_world: World
) -> None:
    config, world = planted_config, planted_world
    both = concat([honest.entries, injection.entries])
    ledger = settle(config, world, both)
    below = np.unique(ledger.entries.account[ledger.balance_fen < 0])
    assert set(world.accounts.product[below].tolist()) <= {8}
    before = settle(config, world, honest.entries)
    raised = (ledger.opening_fen > before.opening_fen).mean()
    assert raised < 0.05


def test_planted_events_wear_what_honest_ones_wear(injection: Injection, honest: Flows) -> None:
    theirs_all, events = honest.events, injection.events
    for channel in np.unique(events.channel):
        ours, theirs = events.channel == channel, theirs_all.channel == channel
        for name in ("device", "card", "merchant", "terminal"):
            seen = set((getattr(theirs_all, name)[theirs] >= 0).tolist())
            assert set((getattr(events, name)[ours] >= 0).tolist()) <= seen, (channel, name)
        assert set((events.ip[ours] > 0).tolist()) <= set((theirs_all.ip[theirs] > 0).tolist())
    known = (events.party >= 0) & (events.channel != Channel.CARD)
    assert (events.phone[known] > 0).all()


def test_victims_of_callers_use_their_own_phone_and_thieves_do_not(
    incidents: Incidents, injection: Injection
) -> None:
    events, truth = injection.events, {row["label"]: row for row in incidents}
    own = events.device == events.party * 4
    for label, device_is_own in zip(events.label, own, strict=True):
        row = truth[int(label)]
        if row["scenario"] == "telecom_fraud" and row["fraud"]:
            assert device_is_own
        if row["scenario"] == "credential_stuffing" and row["fraud"]:
            assert not device_is_own


def test_stuffing_tries_many_customers_from_few_devices(
    incidents: Incidents, injection: Injection
) -> None:
    rows = rows_of(incidents, "credential_stuffing", fraud=True)
    events = injection.events
    for campaign in {row["campaign"] for row in rows}:
        labels = [row["label"] for row in rows if row["campaign"] == campaign]
        tries = take(events, np.isin(events.label, labels) & (events.kind == EventType.LOGIN))
        assert len(np.unique(tries.device)) <= 3
        assert len(np.unique(tries.party)) >= 20
        assert (tries.result == Result.FAILED).mean() > 0.6


def test_stolen_cards_were_used_at_one_till_before(
    incidents: Incidents, injection: Injection, honest: Flows
) -> None:
    before_all = honest.events
    rows = rows_of(incidents, "card_theft", fraud=True)
    events = injection.events
    shared = 0
    for campaign in {row["campaign"] for row in rows}:
        mine = [row for row in rows if row["campaign"] == campaign]
        tills: list[set[int]] = []
        for row in mine:
            stolen = take(events, events.label == row["label"])
            first = stolen.at.min()
            before = (
                (before_all.card == stolen.card[0])
                & (before_all.at < first)
                & (before_all.merchant >= 0)
            )
            tills.append(set(before_all.terminal[before].tolist()))
        assert set.intersection(*tills)
        shared += len(mine) > 1
    assert shared > 0


def test_nobody_is_known_behind_a_device_farm(incidents: Incidents, injection: Injection) -> None:
    rows = rows_of(incidents, "malicious_registration", fraud=True)
    events = injection.events
    for row in rows:
        batch = take(events, events.label == row["label"])
        assert row["party_id"] is None
        assert (batch.party == -1).all()
        assert size(batch) >= 20
        assert (np.diff(np.sort(batch.phone)) == 1).all()


def test_parties_are_named_as_the_unload_names_them(
    incidents: Incidents, injection: Injection
) -> None:
    events = injection.events
    for row in rows_of(incidents, "telecom_fraud", fraud=True):
        if row["role"] == "victim":
            party = events.party[events.label == row["label"]]
            assert row["party_id"] == f"P01{int(party[0]) + 1:07d}"


def test_labels_continue_after_those_before(
    planted_config: ProvinceConfig, planted_world: World, honest: Flows, injection: Injection
) -> None:
    later = inject(planted_config, planted_world, honest, labels_before=1_000)
    assert later.labels == injection.labels
    assert later.events.label.min() == injection.events.label.min() + 1_000
    assert later.truth["fraud_incident"]["label"][0].as_py() == 1_001


def test_same_seed_same_frauds(
    injection: Injection, honest: Flows, planted_config: ProvinceConfig
) -> None:
    again = inject(planted_config, build_worlds(planted_config)[0], honest)
    assert again.truth["fraud_incident"].equals(injection.truth["fraud_incident"])
    assert (again.events.at == injection.events.at).all()
    assert (again.entries.amount_fen == injection.entries.amount_fen).all()


def test_planters_have_names_of_their_own() -> None:
    names = [name for name, _ in PLANTERS]
    assert len(set(names)) == len(names) == 2 * len(Scenario)


@pytest.mark.parametrize("days", [1, 7])
def test_short_windows_and_small_banks_work(plant: Plant, days: int) -> None:
    config = ProvinceConfig(banks=3, customers=300, days=days)
    for world in build_worlds(config):
        _, small = plant(config, world)
        assert small.labels == small.truth["fraud_incident"].num_rows
        assert small.labels > 0


def test_written_labels_lead_from_files_to_incidents(
    unload: Summary, truth_rows: Callable[[str], Incidents]
) -> None:
    incidents = {(row["bank"], row["label"]) for row in truth_rows("fraud_incident")}
    labels = truth_rows("label")
    assert {(row["bank"], row["label"]) for row in labels} == incidents
    for kind in ("entry", "event"):
        wanted = {row["id"] for row in labels if row["kind"] == kind}
        written = {
            line.split("|@|", 1)[0]
            for file in (unload.out / "unload").rglob(f"{kind.upper()}_*.dat")
            for line in file.read_bytes().decode("gb18030", errors="replace").splitlines()
        }
        assert len(wanted - written) <= 0.02 * len(wanted)
