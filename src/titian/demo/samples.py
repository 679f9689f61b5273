"""What people would have made by now: audiences, a proposed tag, a request, a new colleague."""

from __future__ import annotations

from secrets import token_urlsafe

from titian.data.tags import business, exports, saved
from titian.data.tags.business import Proposal
from titian.data.tags.exports import Purpose
from titian.kernel import users
from titian.kernel.errors import NotFound
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User

_STEWARD = UserId("steward")
_AUDIENCES = (
    (
        "未用贷款的中年储户",
        "age_group IN ('from_35', 'from_45') AND deposit_fen > 0 AND NOT borrower",
        "消费贷目标客群",
    ),
    ("在贷客户", "borrower AND NOT opt_out", "贷后关怀"),
    ("存款万元以上", "deposit_fen >= wan(1)", "稳定存款客户"),
)
_PROPOSAL = Proposal(
    code="steady_depositor",
    zh="稳健储户",
    en="Steady depositor",
    when="deposit_fen >= wan(10) AND time_accounts > 0",
    description_zh="存款十万元以上且有定期。",
    description_en="Over 100,000 yuan on deposit, some of it time deposits.",
)


def save_audiences(bank: BankId) -> None:
    """Save them as the demo's analyst, once; only days run later work them out."""
    scope = _as("analyst", bank)
    if not saved.find(scope):
        for name, who, about in _AUDIENCES:
            saved.save(scope, name, who, about)


def ask(bank: BankId) -> None:
    """Propose the tag, ask for rows of the newest day (one request is approved) and add a user."""
    _welcome(bank)
    scope = _as("analyst", bank)
    if not business.find(scope):
        business.propose(scope, _PROPOSAL)
    if exports.find(scope):
        return
    by_name = {one.name: one.audience_id for one in saved.find(scope)}
    first, second = (by_name[name] for name, _, _ in _AUDIENCES[:2])
    exports.request(scope, first, ("party_id",), Purpose.MARKETING, "季末存款回访")
    approved = exports.request(scope, second, ("party_id",), Purpose.SERVICE, "客户回访")
    exports.decide(_as("risk", bank), approved.export_id, approve=True)


def _welcome(bank: BankId) -> None:
    """Let the bank's administrator add a data steward, whom a second person is to confirm."""
    if users.find(_STEWARD) is None:
        roles = frozenset({Role.DATA_STEWARD})
        new = User(_STEWARD, "新任数据专员", bank, roles, 3, must_change_password=True)
        users.create(_as("bankadmin", bank), new, token_urlsafe())


def _as(user_id: str, bank: BankId) -> Scope:
    user = users.find(UserId(user_id))
    if user is None:
        raise NotFound(
            f"there is no demo user {user_id}", "Remove the home folder and start again."
        )
    return user.scope(bank)
