"""What the codes in customers' tables are called: the bank's own words first, then these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from titian.data.tags.fields import profile_of
from titian.data.tags.model import ProfileField
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope
from titian.web.i18n import Text, _, lazy, locale

_PROFILE_FIELDS = {"guarantee": "loan_guarantee", "channel": "main_channel"}
_WORDS: dict[str, dict[str, Text]] = {
    "party_type": {
        "person": lazy("Person"),
        "enterprise": lazy("Enterprise"),
        "cooperative": lazy("Cooperative"),
    },
    "id_type": {"id_card": lazy("Identity card"), "uscc": lazy("Social credit code")},
    "account_status": {
        "active": lazy("In use"),
        "dormant": lazy("Dormant"),
        "closed": lazy("Closed"),
        "frozen": lazy("Frozen"),
        "lost": lazy("Reported lost"),
    },
    "loan_status": {
        "active": lazy("Being repaid"),
        "settled": lazy("Settled"),
        "written_off": lazy("Written off"),
    },
    "account_product": {
        "demand": lazy("Demand deposit"),
        "time": lazy("Time deposit"),
        "notice": lazy("Notice deposit"),
        "social": lazy("Social security account"),
        "wealth": lazy("Wealth product"),
        "loan_settle": lazy("Loan settlement account"),
        "credit_card": lazy("Credit card account"),
        "corporate": lazy("Corporate account"),
    },
    "card_type": {"debit": lazy("Debit card"), "credit": lazy("Credit card")},
    "repay_method": {
        "equal_principal": lazy("Equal principal"),
        "equal_instalment": lazy("Equal instalments"),
        "interest_first": lazy("Interest first, principal at the end"),
        "bullet": lazy("All at the end"),
    },
    "channel": {
        "batch": lazy("System"),
        "sms": lazy("Text message"),
        "phone": lazy("Phone call"),
        "visit": lazy("Visit"),
    },
    "entry_in": {
        "payment": lazy("Payment received"),
        "transfer": lazy("Transfer received"),
        "market": lazy("Market sale"),
        "interest": lazy("Interest received"),
        "cash": lazy("Cash paid in"),
        "sale": lazy("Sales income"),
        "subsidy": lazy("Subsidy"),
        "loan_grant": lazy("Loan paid out"),
        "pension": lazy("Pension"),
        "deposit": lazy("Moved in from a deposit"),
        "card_repay": lazy("Card repayment received"),
        "salary": lazy("Salary"),
        "red_packet": lazy("Red packet received"),
    },
    "entry_out": {
        "payment": lazy("Payment"),
        "transfer": lazy("Transfer sent"),
        "market": lazy("Market purchase"),
        "interest": lazy("Interest paid"),
        "cash": lazy("Cash withdrawn"),
        "utility": lazy("Utility bill"),
        "sale": lazy("Paid for goods"),
        "loan_repay": lazy("Loan repayment"),
        "deposit": lazy("Moved out to a deposit"),
        "card_repay": lazy("Card repayment"),
        "salary": lazy("Salaries paid"),
        "tax": lazy("Tax"),
        "red_packet": lazy("Red packet sent"),
        "fee": lazy("Fee"),
    },
    "event": {
        "login": lazy("Signed in"),
        "registration": lazy("Registered for the channel"),
        "device_bind": lazy("Bound a new device"),
        "limit_change": lazy("Changed a limit"),
        "payee_add": lazy("Added a payee"),
        "bonus_claim": lazy("Claimed a bonus"),
        "transfer": lazy("Ordered a transfer"),
        "payment": lazy("Paid by card or phone"),
        "cash_out": lazy("Withdrew cash"),
    },
    "touch": {"touch": lazy("Marketing contact")},
    "repayment": {
        "repayment": lazy("Instalment paid"),
        "instalment_due": lazy("Instalment billed"),
    },
    "result": {
        "declined": lazy("declined"),
        "failed": lazy("failed"),
        "late": lazy("late"),
        "responded": lazy("responded"),
        "converted": lazy("converted"),
    },
    "product": {
        "deposit": lazy("Deposits"),
        "wealth": lazy("Wealth"),
        "loan": lazy("Loan"),
        "debit_card": lazy("Debit card"),
        "credit_card": lazy("Credit card"),
    },
    "tie": {
        "household": lazy("Same household"),
        "phone": lazy("Same phone"),
        "address": lazy("Same address"),
    },
    "matched_by": {
        "party_id": lazy("customer number"),
        "id_no": lazy("id number"),
        "phone": lazy("phone"),
        "account": lazy("account"),
        "card": lazy("card"),
        "name": lazy("name"),
    },
}


@dataclass(frozen=True, slots=True)
class Wording:
    """Names codes in the reader's language."""

    fields: Mapping[str, ProfileField]

    def __call__(self, kind: str, code: object) -> str:
        """Name a code of a kind; an unknown code names itself, nothing stays nothing."""
        if code is None:
            return ""
        known = self.fields.get(_PROFILE_FIELDS.get(kind, kind))
        label = (known.field.values or {}).get(str(code)) if known else None
        if label is not None:
            return label.text(locale())
        return str(_WORDS.get(kind, {}).get(str(code), code))

    def entry(self, code: str, *, incoming: bool | None) -> str:
        """Name an entry by the way it moved money: the same code is received and sent."""
        known = _WORDS["entry_in" if incoming else "entry_out"].get(code)
        if known is not None:
            return str(known)
        return (
            _("%(what)s, money in", what=code) if incoming else _("%(what)s, money out", what=code)
        )


def wording(scope: Scope) -> Wording:
    """Give the words of a bank: those of its profile, and the platform's for the rest."""
    try:
        return Wording(profile_of(scope).fields)
    except NotFound:
        return Wording({})
