/*
writes: core.party
zh: 客户主体
en: Parties
description:
  zh: 业务日期日终本行的个人、企业与合作社。
  en: Persons, enterprises and cooperatives known to the bank at the close of the business date.
kind: snapshot
sorted_by: party_id
schedule: daily
waits: [party]
retries: 2
columns:
  party_id:           {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true}
  party_type:         {type: string, zh: 客户类型, en: Type, class: C1, level: 2, required: true}
  name:               {type: string, zh: 姓名或名称, en: Name, class: C2, level: 3, mask: name}
  id_type:            {type: string, zh: 证件类型, en: Id type, class: C1, level: 2}
  id_no:              {type: string, zh: 证件号码, en: Id number, class: C2, level: 3, mask: id_no}
  gender:             {type: string, zh: 性别, en: Sex, class: C1, level: 2}
  birth_date:         {type: date, zh: 出生日期, en: Date of birth, class: C2, level: 3}
  phone:              {type: string, zh: 手机号, en: Phone, class: C2, level: 3, mask: phone}
  address:            {type: string, zh: 地址, en: Address, class: C2, level: 3, mask: address}
  village_id:         {type: string, zh: 村号, en: Village, class: C1, level: 2}
  household_id:       {type: string, zh: 农户号, en: Household, class: C1, level: 2}
  marital:            {type: string, zh: 婚姻状况, en: Marital status, class: C1, level: 2}
  education:          {type: string, zh: 学历, en: Education, class: C1, level: 2}
  occupation:         {type: string, zh: 职业, en: Occupation, class: C1, level: 2}
  monthly_income_fen: {type: integer, zh: 月收入, en: Monthly income, class: C2, level: 3, mask: none}
  open_date:          {type: date, zh: 开户日期, en: Customer since, class: C1, level: 2}
  org_id:             {type: string, zh: 归属机构, en: Home organisation, class: none, level: 1, required: true}
  officer_id:         {type: string, zh: 客户经理, en: Officer, class: C1, level: 2}
  status:             {type: string, zh: 客户状态, en: Status, class: C1, level: 2, required: true}
  opt_out:            {type: boolean, zh: 拒绝营销, en: Marketing opt-out, class: C1, level: 2}
  is_active:          {type: boolean, zh: 有效客户, en: Active, class: C1, level: 2,
                       description: {zh: 业务日期日终未销户。, en: Still banks here at the close of the business date.}}
  age_years:          {type: integer, zh: 年龄, en: Age, class: C1, level: 2, lowers: {zh: 只有周岁，推不出出生日期。, en: Full years do not give the date.},
                       description: {zh: 业务日期的周岁，企业和合作社为空。, en: Full years at the business date; empty for enterprises and cooperatives.}}
  age_band:           {type: string, zh: 年龄段, en: Age band, class: C1, level: 2, lowers: {zh: 只有年龄段，推不出出生日期。, en: A band of years does not give the date.},
                       description: {zh: 按周岁划分，企业和合作社为空。, en: By full years; empty for enterprises and cooperatives.},
                       codes: {under_25: {zh: 25岁以下, en: Under 25}, "25_34": {zh: 25至34岁, en: 25 to 34}, "35_44": {zh: 35至44岁, en: 35 to 44}, "45_59": {zh: 45至59岁, en: 45 to 59}, "60_up": {zh: 60岁及以上, en: 60 and over}}}
  tenure_days:        {type: integer, zh: 入行天数, en: Days as a customer, class: C1, level: 2,
                       description: {zh: 从开户日期到业务日期的天数。, en: Days from the first account to the business date.}}
  is_rural:           {type: boolean, zh: 农村客户, en: Lives in a village, class: C1, level: 2,
                       description: {zh: 登记有居住的行政村。, en: A village is registered as home.}}
checks:
  - {unique: [party_id]}
  - {not_null: [party_id, party_type, org_id, status]}
  - {accepted: {column: party_type, values: [person, enterprise, cooperative]}}
  - {accepted: {column: status, values: [active, closed]}}
  - {range: {column: age_years, min: 0, max: 120}, severity: warning}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
  - {row_count_drift: {max_ratio: 0.2}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY party_id ORDER BY business_date) AS replaced_on
  FROM raw.party
),
party AS (
  SELECT *
  FROM known
  WHERE business_date <= $business_date
    AND (replaced_on IS NULL OR replaced_on > $business_date)
),
aged AS (
  SELECT
    *,
    year($business_date) - year(birth_date) - CASE
      WHEN month($business_date) * 100 + day($business_date)
        < month(birth_date) * 100 + day(birth_date) THEN 1
      ELSE 0
    END AS age_years
  FROM party
)
SELECT
  party_id,
  party_type,
  name,
  id_type,
  id_no,
  gender,
  birth_date,
  phone,
  address,
  village_id,
  household_id,
  marital,
  education,
  occupation,
  monthly_income_fen,
  open_date,
  org_id,
  officer_id,
  status,
  opt_out,
  status = 'active' AS is_active,
  age_years,
  CASE
    WHEN party_type <> 'person' OR age_years IS NULL THEN NULL
    WHEN age_years < 25 THEN 'under_25'
    WHEN age_years < 35 THEN '25_34'
    WHEN age_years < 45 THEN '35_44'
    WHEN age_years < 60 THEN '45_59'
    ELSE '60_up'
  END AS age_band,
  date_diff('day', open_date, CAST($business_date AS DATE)) AS tenure_days,
  village_id IS NOT NULL AS is_rural
FROM aged
