from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from titian.data.jobs import alerts, board, catalogue, orders, watch, webhooks
from titian.data.jobs.orders import Reason
from titian.kernel import clock
from titian.kernel.errors import Denied, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope

from .conftest import DAY, Plot, job_text, same_day

# 08:30 on 31 March at the banks: the morning after DAY.
MORNING = datetime(2026, 3, 31, 0, 30, tzinfo=UTC)


@pytest.fixture
def waiting(plot: Plot) -> Plot:
    plot.feed("loan", "card")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan"), extra='due: "06:00"'),
        core_card=job_text("core.card", same_day("raw.card")),
    )
    return plot


def late(plot: Plot, day: date = DAY) -> set[str]:
    found = alerts.listed(plot.scope)
    return {a.job for a in found if a.kind is alerts.Kind.LATE and a.business_date == day}


def test_a_day_is_opened_by_its_first_feed_and_only_once(waiting: Plot) -> None:
    with clock.frozen(MORNING):
        assert not watch.open_day(waiting.scope)
        waiting.deliver("loan")
        assert watch.open_day(waiting.scope)
        (order,) = orders.recent(waiting.scope)
        assert (order.reason, order.dates) == (Reason.NIGHT, (DAY,))
        waiting.lead(order)
        assert not watch.open_day(waiting.scope)


def test_a_round_wakes_what_waited(waiting: Plot) -> None:
    waiting.deliver("loan")
    with clock.frozen(MORNING):
        waiting.run()
        waiting.deliver("card")
        watch.look_round()
    assert orders.recent(waiting.scope)[0].dates == (DAY,)


def test_what_is_late_is_told_once_and_settled(waiting: Plot) -> None:
    found = catalogue.load(waiting.scope)
    with clock.frozen(MORNING):
        assert watch.tell_late(waiting.scope, found, DAY) == 3
        assert watch.tell_late(waiting.scope, found, DAY) == 0
        assert late(waiting) == {"feed:loan", "feed:card", "core.loan"}
        waiting.deliver("loan")
        waiting.run()
        watch.tell_late(waiting.scope, found, DAY)
        assert late(waiting) == {"feed:card"}
        assert board.board(waiting.scope, DAY)[0].late == 1
    message = alerts.listed(waiting.scope)[0].message
    assert message == "feed card of 2026-03-30 was due at 03-31 03:00 and is not through"


def test_before_its_time_nothing_is_late(waiting: Plot) -> None:
    with clock.frozen(MORNING - timedelta(hours=6)):
        assert watch.tell_late(waiting.scope, catalogue.load(waiting.scope), DAY) == 0


def test_a_bank_that_delivers_no_more_is_left_alone(waiting: Plot) -> None:
    waiting.deliver("loan", DAY)
    with clock.frozen(MORNING + timedelta(days=30)):
        watch.look_round()
    assert alerts.listed(waiting.scope) == []
    assert orders.recent(waiting.scope) == []


def test_one_banks_trouble_does_not_stop_the_round(waiting: Plot, baishui: Scope) -> None:
    from titian.data import definitions

    place = definitions.folder(baishui, "jobs")
    place.mkdir(parents=True)
    (place / "x.sql").write_text("SELECT 1")
    waiting.deliver("loan")
    with clock.frozen(MORNING):
        watch.look_round()
    assert len(orders.recent(waiting.scope)) == 1


def test_an_alert_is_acknowledged(waiting: Plot, baishui: Scope) -> None:
    with clock.frozen(MORNING):
        watch.tell_late(waiting.scope, catalogue.load(waiting.scope), DAY)
    alert = alerts.listed(waiting.scope)[0].alert
    with pytest.raises(NotFound):
        alerts.acknowledge(baishui, alert)
    operator = Scope(UserId("li"), waiting.scope.bank, frozenset({Role.OPERATOR}))
    alerts.acknowledge(operator, alert)
    found = {a.alert: a.acknowledged_by for a in alerts.listed(waiting.scope)}
    assert found[alert] == "li"


class Receiver:
    """A made-up receiver that keeps what it is sent."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.answers.pop(0) if self.answers else 200
        if not status:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)


def raise_one(plot: Plot) -> str:
    plot.feed("loan")
    plot.jobs(
        core_loan=job_text("core.loan", same_day("raw.loan", "id, CAST(id AS INT) AS amount_fen"))
    )
    plot.deliver("loan")
    plot.run()
    return alerts.listed(plot.scope)[0].alert


def test_alerts_go_out_signed(plot: Plot, union: Scope, baishui: Scope) -> None:
    hook = webhooks.add(plot.scope, "https://alerts.example/hook")
    webhooks.add(union, "https://union.example/hook")
    webhooks.add(baishui, "https://other.example/hook")
    alert = raise_one(plot)
    receiver = Receiver()
    assert webhooks.deliver(receiver.client()) == 2
    assert webhooks.deliver(receiver.client()) == 0
    sent = {request.url.host: request for request in receiver.requests}
    assert set(sent) == {"alerts.example", "union.example"}
    request = sent["alerts.example"]
    assert request.headers["webhook-id"] == alert
    secret = base64.b64decode(webhooks.secret(plot.scope, hook.hook).removeprefix("whsec_"))
    moment = request.headers["webhook-timestamp"]
    signed = f"{alert}.{moment}.".encode() + request.content
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    body = json.loads(request.content)
    assert body["type"] == "job.failed"
    assert body["data"]["job"] == "core.loan"
    assert body["data"]["business_date"] == "2026-03-30"


def test_a_refusal_is_tried_again_ever_more_rarely(plot: Plot) -> None:
    webhooks.add(plot.scope, "https://alerts.example/hook")
    with clock.frozen(MORNING):
        alert = raise_one(plot)
    receiver = Receiver(500, 0)
    tried: list[timedelta] = []
    for minute in range(30):
        moment = timedelta(minutes=minute)
        with clock.frozen(MORNING + moment):
            before = len(receiver.requests)
            webhooks.deliver(receiver.client())
            tried += [moment] * (len(receiver.requests) - before)
    assert tried == [timedelta(0), timedelta(minutes=1), timedelta(minutes=2)]
    (done,) = webhooks.deliveries(plot.scope, alert)
    assert (done.attempts, done.error) == (3, "")
    assert done.delivered is not None


def test_tries_end(plot: Plot) -> None:
    webhooks.add(plot.scope, "https://alerts.example/hook")
    with clock.frozen(MORNING):
        alert = raise_one(plot)
    receiver = Receiver(*[500] * 50)
    for day in range(20):
        with clock.frozen(MORNING + timedelta(days=day)):
            webhooks.deliver(receiver.client())
    assert len(receiver.requests) == len(webhooks.BACKOFF) + 1
    (done,) = webhooks.deliveries(plot.scope, alert)
    assert done.next_attempt is None
    assert done.error == "the receiver answered 500"


@pytest.mark.parametrize(
    "url",
    ["http://alerts.example/x", "ftp://a", "https://", "https://user@a.example/", "x" * 600, ""],
)
def test_an_unsafe_address_is_refused(plot: Plot, url: str) -> None:
    with pytest.raises(InvalidInput):
        webhooks.add(plot.scope, url)


def test_receivers_are_removed_by_their_owner(plot: Plot, baishui: Scope) -> None:
    hook = webhooks.add(plot.scope, "http://127.0.0.1:9/x").hook
    with pytest.raises(NotFound):
        webhooks.remove(baishui, hook)
    with pytest.raises(NotFound):
        webhooks.secret(baishui, hook)
    webhooks.remove(plot.scope, hook)
    assert webhooks.listed(plot.scope) == []
    operator = Scope(UserId("li"), plot.scope.bank, frozenset({Role.OPERATOR}))
    with pytest.raises(Denied):
        webhooks.add(operator, "https://a.example")
