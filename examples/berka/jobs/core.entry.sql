/*
writes: core.entry
zh: 交易分录
en: Entries
description:
  zh: 截至业务日期的全部交易；数据拷贝不含交易时为空。
  en: Every transaction up to the business date; empty where the copy has none.
kind: snapshot
waits: []
columns:
  entry_id:    {type: string, zh: 流水号, en: Entry, class: C1, level: 3, key: true,
                description: {zh: 一笔交易的唯一编号。, en: The number of the transaction.}}
  account_id:  {type: string, zh: 账户号, en: Account, class: C1, level: 2, required: true}
  booked_date: {type: date, zh: 记账日, en: Booked, class: C1, level: 2, required: true}
  direction:   {type: string, zh: 借贷方向, en: Direction, class: C1, level: 2, required: true}
  operation:   {type: string, zh: 方式, en: Operation, class: C1, level: 2}
  purpose:     {type: string, zh: 用途, en: Purpose, class: C1, level: 2}
  amount_fen:  {type: integer, zh: 金额, en: Amount, class: C2, level: 3, mask: none, required: true}
  balance_fen: {type: integer, zh: 交易后余额, en: Balance after, class: C2, level: 3, mask: none}
  org_id:      {type: string, zh: 开户地区, en: District of the branch, level: 1,
                description: {zh: 交易账户所属的地区。, en: The district of the account.}}
checks:
  - {unique: [entry_id]}
  - {accepted: {column: direction, values: [credit, debit]}}
*/
SELECT
  trans.trans_id AS entry_id,
  trans.account_id,
  trans.booked_date,
  trans.direction,
  trans.operation,
  trans.purpose,
  trans.amount_fen,
  trans.balance_fen,
  account.org_id
FROM raw.trans AS trans
LEFT JOIN core.account AS account
  ON account.account_id = trans.account_id AND account.business_date = $business_date
WHERE trans.business_date = (
  SELECT max(business_date) FROM raw.trans WHERE business_date <= $business_date
)
