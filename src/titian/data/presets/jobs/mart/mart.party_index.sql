/*
writes: mart.party_index
zh: 客户序号
en: Party numbers
description:
  zh: 每个客户一个连续序号，一经分配不再改变，客群位图据此存放；业务日期下为当日首次编号的客户。
  en: A dense number for every party, given once and never again, under which bitmaps hold it; a business date holds the parties first numbered on it.
kind: event
schedule: daily
retries: 2
columns:
  party_id: {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true,
             description: {zh: 已编号的客户。, en: The customer who has the number.}}
  dense_id: {type: integer, zh: 序号, en: Number, class: C1, level: 1, lowers: {zh: 只是行内序号，不含客户信息。, en: A mere number within the bank.}, required: true,
             description: {zh: 行内从 0 起连续编号，一经给出不再改变。, en: "0, 1, 2 … within the bank; once given it never changes."}}
checks:
  - {unique: [party_id]}
  - {unique: [dense_id]}
*/
WITH known AS (
  SELECT party_id, dense_id FROM mart.party_index
),
fresh AS (
  SELECT party.party_id, party.open_date
  FROM core.party AS party
  WHERE party.business_date = $business_date
    AND party.party_id NOT IN (SELECT known.party_id FROM known)
)
SELECT today.party_id, today.dense_id
FROM mart.party_index AS today
WHERE today.business_date = $business_date
UNION ALL
SELECT
  fresh.party_id,
  (SELECT coalesce(max(known.dense_id), -1) FROM known)
    + row_number() OVER (ORDER BY fresh.open_date, fresh.party_id) AS dense_id
FROM fresh
