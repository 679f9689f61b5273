/*
writes: core.party
zh: 客户主体
en: Parties
description:
  zh: 客户及其业务日期的年龄和对账户的权利。
  en: The clients with their age at the business date and what they may do on accounts.
kind: snapshot
columns:
  party_id:    {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true,
                description: {zh: 客户的唯一编号。, en: The number of the client.}}
  party_type:  {type: string, zh: 客户类型, en: Type, class: C1, level: 2, required: true,
                description: {zh: 数据中均为个人。, en: Always a person in these data.},
                codes: {person: {zh: 个人, en: Person}}}
  gender:      {type: string, zh: 性别, en: Sex, class: C2, level: 3, mask: none}
  birth_date:  {type: date, zh: 出生日期, en: Date of birth, class: C2, level: 3, mask: full}
  age_years:   {type: integer, zh: 年龄, en: Age, class: C1, level: 2, lowers: {zh: 只有周岁，推不出出生日期。, en: "Full years do not give the date."},
                description: {zh: 业务日期的周岁。, en: Full years at the business date.}}
  org_id:      {type: string, zh: 居住地区, en: Home district, level: 1, lowers: {zh: 只说地区，不说住址。, en: "The district, not the address."}, required: true,
                description: {zh: 客户居住的地区，作为归属机构。, en: "The district the client lives in, which stands for the home outlet."}}
  owns:        {type: integer, zh: 名下账户数, en: Accounts owned, class: C1, level: 2,
                description: {zh: 作为所有人的账户数。, en: Accounts the client owns.}}
  may_use:     {type: integer, zh: 授权账户数, en: Accounts authorised for, class: C1, level: 2,
                description: {zh: 作为被授权人的账户数。, en: Accounts the client may use without owning them.}}
  is_owner:    {type: boolean, zh: 账户所有人, en: Owns an account, class: C1, level: 2,
                description: {zh: 至少拥有一个账户。, en: Owns at least one account.}}
checks:
  - {unique: [party_id]}
  - {not_null: [party_id, org_id]}
  - {accepted: {column: gender, values: [male, female]}}
  - {range: {column: age_years, min: 0, max: 120}, severity: warning}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
*/
WITH client AS (
  SELECT *
  FROM raw.client
  WHERE business_date = (
    SELECT max(business_date) FROM raw.client WHERE business_date <= $business_date
  )
),
rights AS (
  SELECT
    client_id,
    count(*) FILTER (WHERE role = 'owner') AS owns,
    count(*) FILTER (WHERE role = 'user') AS may_use
  FROM raw.disp
  WHERE business_date = (
    SELECT max(business_date) FROM raw.disp WHERE business_date <= $business_date
  )
  GROUP BY client_id
)
SELECT
  client.client_id AS party_id,
  'person' AS party_type,
  client.gender,
  client.birth_date,
  year($business_date) - year(client.birth_date) - CASE
    WHEN month($business_date) * 100 + day($business_date)
      < month(client.birth_date) * 100 + day(client.birth_date) THEN 1
    ELSE 0
  END AS age_years,
  client.district_id AS org_id,
  coalesce(rights.owns, 0) AS owns,
  coalesce(rights.may_use, 0) AS may_use,
  coalesce(rights.owns, 0) > 0 AS is_owner
FROM client
LEFT JOIN rights ON rights.client_id = client.client_id
