"""What the codes in customers' tables are called: the bank's own words first, then these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from titian.data.tags.fields import profile_of
from titian.data.tags.model import ProfileField
from titian.kernel.errors import NotFound
from titian.kernel.scope import Scope
from titian.web.i18n import Text, lazy, locale

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
    "entry": {
        "payment": lazy("Payment"),
        "transfer": lazy("Transfer"),
        "market": lazy("Market purchase"),
        "interest": lazy("Interest"),
        "cash": lazy("Cash"),
        "utility": lazy("Utility bill"),
        "sale": lazy("Sales income"),
        "subsidy": lazy("Subsidy"),
        "loan_repay": lazy("Loan repayment"),
        "loan_grant": lazy("Loan paid out"),
        "pension": lazy("Pension"),
        "deposit": lazy("Deposit"),
        "card_repay": lazy("Card repayment"),
        "salary": lazy("Salary"),
        "tax": lazy("Tax"),
        "red_packet": lazy("Red packet"),
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
    "repayment": {"repayment": lazy("Instalment paid")},
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


def wording(scope: Scope) -> Wording:
    """Give the words of a bank: those of its profile, and the platform's for the rest."""
    try:
        return Wording(profile_of(scope).fields)
    except NotFound:
        return Wording({})
