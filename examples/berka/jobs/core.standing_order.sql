/*
writes: core.standing_order
zh: 定期转账
en: Standing orders
description:
  zh: 定期转账及其用途和账户所在地区。
  en: The standing orders with their purpose and the district of the account.
kind: snapshot
columns:
  order_id:   {type: string, zh: 转账号, en: Order, class: C1, level: 2, key: true}
  account_id: {type: string, zh: 账户号, en: Account, class: C1, level: 2, required: true}
  bank_to:    {type: string, zh: 收款行, en: Receiving bank, class: C1, level: 2}
  account_to: {type: string, zh: 收款账号, en: Receiving account, class: C2, level: 3, mask: account}
  amount_fen: {type: integer, zh: 金额, en: Amount, class: C2, level: 3, mask: none, required: true}
  purpose:    {type: string, zh: 用途, en: Purpose, class: C1, level: 2, required: true,
               codes: {household: {zh: 家庭缴费, en: Household bills}, loan_payment: {zh: 还贷, en: Loan payment}, insurance: {zh: 保险, en: Insurance}, leasing: {zh: 租赁, en: Leasing}, other: {zh: 其他, en: Other}}}
  org_id:     {type: string, zh: 开户地区, en: District of the branch, level: 1,
               description: {zh: 付款账户所属的地区。, en: The district of the account it pays from.}}
checks:
  - {unique: [order_id]}
  - {not_null: [order_id, account_id, amount_fen]}
  - {accepted: {column: purpose, values: [household, loan_payment, insurance, leasing, other]}}
  - {reference: {columns: [account_id], to: core.account}}
*/
SELECT
  orders.order_id,
  orders.account_id,
  orders.bank_to,
  orders.account_to,
  orders.amount_fen,
  coalesce(orders.purpose, 'other') AS purpose,
  account.org_id
FROM raw.order AS orders
LEFT JOIN core.account AS account
  ON account.account_id = orders.account_id AND account.business_date = $business_date
WHERE orders.business_date = (
  SELECT max(business_date) FROM raw.order WHERE business_date <= $business_date
)
