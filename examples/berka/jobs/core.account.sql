/*
writes: core.account
zh: 账户
en: Accounts
description:
  zh: 账户及其所有人和被授权人数。
  en: The accounts with their owner and the number of others who may use them.
kind: snapshot
columns:
  account_id:          {type: string, zh: 账户号, en: Account, class: C1, level: 2, key: true}
  party_id:            {type: string, zh: 所有人, en: Owner, class: C1, level: 2,
                        description: {zh: 账户所有人的客户号。, en: The client who owns the account.}}
  org_id:              {type: string, zh: 开户地区, en: District of the branch, level: 1, lowers: {zh: 只说地区。, en: "The district alone."}, required: true,
                        description: {zh: 开户网点所在的地区，作为机构使用。, en: "The district of the branch, which stands for the outlet."}}
  open_date:           {type: date, zh: 开户日, en: Opened, class: C1, level: 2}
  statement_frequency: {type: string, zh: 对账单频率, en: Statement frequency, class: C1, level: 2}
  users:               {type: integer, zh: 授权人数, en: Authorised users, class: C1, level: 2,
                        description: {zh: 除所有人外可使用账户的客户数。, en: Clients who may use it beside the owner.}}
  tenure_days:         {type: integer, zh: 开户天数, en: Days open, class: C1, level: 2,
                        description: {zh: 从开户日到业务日期的天数。, en: Days from opening to the business date.}}
checks:
  - {unique: [account_id]}
  - {not_null: [account_id, party_id, org_id]}
  - {reference: {columns: [party_id], to: core.party}}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
*/
WITH account AS (
  SELECT *
  FROM raw.account
  WHERE business_date = (
    SELECT max(business_date) FROM raw.account WHERE business_date <= $business_date
  )
),
disposition AS (
  SELECT
    account_id,
    min(client_id) FILTER (WHERE role = 'owner') AS party_id,
    count(*) FILTER (WHERE role = 'user') AS users
  FROM raw.disp
  WHERE business_date = (
    SELECT max(business_date) FROM raw.disp WHERE business_date <= $business_date
  )
  GROUP BY account_id
)
SELECT
  account.account_id,
  disposition.party_id,
  account.district_id AS org_id,
  account.open_date,
  account.statement_frequency,
  coalesce(disposition.users, 0) AS users,
  date_diff('day', account.open_date, CAST($business_date AS DATE)) AS tenure_days
FROM account
LEFT JOIN disposition ON disposition.account_id = account.account_id
