/*
writes: core.card
zh: 银行卡
en: Cards
description:
  zh: 银行卡及其所属的客户和账户。
  en: The cards with the client and the account they belong to.
kind: snapshot
columns:
  card_id:    {type: string, zh: 卡标识, en: Card, class: C1, level: 2, key: true}
  party_id:   {type: string, zh: 持卡人, en: Holder, class: C1, level: 2,
               description: {zh: 持卡人的客户号。, en: The client the card was issued to.}}
  account_id: {type: string, zh: 账户号, en: Account, class: C1, level: 2}
  card_type:  {type: string, zh: 卡种, en: Type, class: C1, level: 2, required: true}
  open_date:  {type: date, zh: 发卡日, en: Issued, class: C1, level: 2,
               description: {zh: 发卡的日期。, en: The day the card was issued.}}
  org_id:     {type: string, zh: 开户地区, en: District of the branch, level: 1,
               description: {zh: 卡片所属账户的地区。, en: "The district of the card's account."}}
checks:
  - {unique: [card_id]}
  - {not_null: [card_id, party_id, account_id]}
  - {accepted: {column: card_type, values: [junior, classic, gold]}}
  - {reference: {columns: [account_id], to: core.account}}
*/
WITH card AS (
  SELECT *
  FROM raw.card
  WHERE business_date = (
    SELECT max(business_date) FROM raw.card WHERE business_date <= $business_date
  )
),
disposition AS (
  SELECT *
  FROM raw.disp
  WHERE business_date = (
    SELECT max(business_date) FROM raw.disp WHERE business_date <= $business_date
  )
)
SELECT
  card.card_id,
  disposition.client_id AS party_id,
  disposition.account_id,
  card.card_type,
  card.issue_date AS open_date,
  account.org_id
FROM card
LEFT JOIN disposition ON disposition.disp_id = card.disp_id
LEFT JOIN core.account AS account
  ON account.account_id = disposition.account_id AND account.business_date = $business_date
