"""A few things people would have made by now: audiences, a proposed tag, a request for rows."""

from __future__ import annotations

from titian.data.tags import business, exports, saved
from titian.data.tags.business import Proposal
from titian.data.tags.exports import Purpose
from titian.kernel import users
from titian.kernel.errors import NotFound
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Scope

_AUDIENCES = (
    ("大额闲置活期客户", "idle_money", "可推荐定期或理财"),
    ("代发工资的中年客户", "payroll AND age_group = 'from_35'", "消费贷目标客群"),
    ("中等存款、非纯活期", "deposit_band = 'from_10k' AND NOT demand_only", "稳定存款客户"),
)
_PROPOSAL = Proposal(
    code="steady_depositor",
    zh="稳健储户",
    en="Steady depositor",
    when="deposit_fen >= wan(10) AND time_accounts > 0",
    description_zh="存款十万元以上且有定期。",
    description_en="Over 100,000 yuan on deposit, some of it time deposits.",
)


def make(bank: BankId) -> None:
    """Make them as the demo's analyst, once."""
    scope = _as("analyst", bank)
    if saved.find(scope):
        return
    made = [saved.save(scope, name, who, about) for name, who, about in _AUDIENCES]
    business.propose(scope, _PROPOSAL)
    exports.request(scope, made[0].audience_id, ("party_id",), Purpose.MARKETING, "季末存款回访")
    callback = (made[1].audience_id, ("party_id",), Purpose.SERVICE, "客户回访")
    approved = exports.request(scope, *callback)
    exports.decide(_as("risk", bank), approved.export_id, approve=True)


def _as(user_id: str, bank: BankId) -> Scope:
    user = users.find(UserId(user_id))
    if user is None:
        raise NotFound(
            f"there is no demo user {user_id}", "Remove the home folder and start again."
        )
    return user.scope(bank)
