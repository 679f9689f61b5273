/*
writes: core.card
zh: 银行卡
en: Cards
description:
  zh: 业务日期日终的借记卡与信用卡。
  en: Debit and credit cards at the close of the business date.
kind: snapshot
sorted_by: party_id
schedule: daily
waits: [card, party]
retries: 2
columns:
  card_id:          {type: string, zh: 卡标识, en: Card, class: C1, level: 3, key: true}
  card_no:          {type: string, zh: 卡号, en: Card number, class: C2, level: 3, mask: account}
  party_id:         {type: string, zh: 客户号, en: Party, class: C1, level: 2, required: true}
  account_id:       {type: string, zh: 账户号, en: Account, class: C1, level: 3}
  card_type:        {type: string, zh: 卡种, en: Type, class: C1, level: 2, required: true}
  open_date:        {type: date, zh: 开卡日, en: Opened, class: C1, level: 2}
  status:           {type: string, zh: 状态, en: Status, class: C1, level: 2, required: true}
  credit_limit_fen: {type: integer, zh: 信用额度, en: Credit limit, class: C2, level: 3, mask: none}
  org_id:           {type: string, zh: 归属机构, en: Home organisation, class: none, level: 1,
                     description: {zh: 持卡人归属的机构。, en: The organisation the holder belongs to.}}
  is_active:        {type: boolean, zh: 有效卡, en: Active, class: C1, level: 2,
                     description: {zh: 业务日期日终可正常使用。, en: In use at the close of the business date.}}
checks:
  - {unique: [card_id]}
  - {not_null: [card_id, party_id, card_type, status]}
  - {accepted: {column: card_type, values: [debit, credit]}}
  - {range: {column: credit_limit_fen, min: 0}}
  - {reference: {columns: [party_id], to: core.party}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY card_id ORDER BY business_date) AS replaced_on
  FROM raw.card
),
card AS (
  SELECT *
  FROM known
  WHERE business_date <= $business_date
    AND (replaced_on IS NULL OR replaced_on > $business_date)
)
SELECT
  card.card_id,
  card.card_no,
  card.party_id,
  card.account_id,
  card.card_type,
  card.open_date,
  card.status,
  card.credit_limit_fen,
  party.org_id,
  card.status = 'active' AS is_active
FROM card
LEFT JOIN core.party AS party
  ON party.party_id = card.party_id AND party.business_date = $business_date
