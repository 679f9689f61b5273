/*
writes: core.entry
zh: 交易分录
en: Entries
description:
  zh: 业务日期当日的全部账户分录。
  en: Every posting to an account on the business date.
kind: event
sorted_by: party_id
schedule: daily
waits: [entry]
retries: 2
columns:
  entry_id:             {type: string, zh: 流水号, en: Entry, class: C1, level: 3, key: true}
  account_id:           {type: string, zh: 账户号, en: Account, class: C1, level: 3, required: true}
  party_id:             {type: string, zh: 客户号, en: Party, class: C1, level: 2}
  occurred_at:          {type: timestamp, zh: 交易时间, en: Occurred at, class: C1, level: 2, required: true}
  direction:            {type: string, zh: 借贷方向, en: Direction, class: C1, level: 2, required: true}
  amount_fen:           {type: integer, zh: 金额, en: Amount, class: C2, level: 3, mask: none, required: true}
  balance_after_fen:    {type: integer, zh: 交易后余额, en: Balance after, class: C2, level: 3, mask: none}
  channel:              {type: string, zh: 渠道, en: Channel, class: C1, level: 2, required: true}
  summary:              {type: string, zh: 摘要, en: Summary, class: C1, level: 2}
  counterparty_account: {type: string, zh: 对方账号, en: Counterparty account, class: C2, level: 3, mask: account}
  counterparty_name:    {type: string, zh: 对方户名, en: Counterparty name, class: C2, level: 3, mask: name}
  org_id:               {type: string, zh: 机构, en: Organisation, class: none, level: 1}
  signed_fen:           {type: integer, zh: 净额, en: Signed amount, class: C2, level: 3, mask: none,
                         description: {zh: 转入为正，转出为负。, en: "Credit positive, debit negative."}}
  hour:                 {type: integer, zh: 小时, en: Hour, class: C1, level: 2,
                         description: {zh: 交易发生的小时，0 至 23。, en: "The hour it happened in, 0 to 23."}}
  is_night:             {type: boolean, zh: 夜间, en: At night, class: C1, level: 2,
                         description: {zh: "22:00 至次日 06:00。", en: "From 22:00 to 06:00."}}
  is_electronic:        {type: boolean, zh: 电子渠道, en: Electronic channel, class: C1, level: 2,
                         description: {zh: 柜面和自助设备以外的渠道。, en: Neither counter nor ATM.}}
checks:
  - {unique: [entry_id]}
  - {not_null: [entry_id, account_id, occurred_at, direction, amount_fen, channel]}
  - {not_null: [org_id], severity: warning}
  - {accepted: {column: direction, values: [debit, credit]}}
  - {range: {column: amount_fen, min: 0}}
  - {row_count_drift: {max_ratio: 3.0}, severity: warning}
*/
SELECT
  entry_id,
  account_id,
  party_id,
  occurred_at,
  direction,
  amount_fen,
  balance_after_fen,
  channel,
  summary,
  counterparty_account,
  counterparty_name,
  org_id,
  CASE direction WHEN 'credit' THEN amount_fen ELSE -amount_fen END AS signed_fen,
  hour(occurred_at) AS hour,
  hour(occurred_at) >= 22 OR hour(occurred_at) < 6 AS is_night,
  channel NOT IN ('counter', 'atm') AS is_electronic
FROM raw.entry
WHERE business_date = $business_date
