/*
writes: core.household
zh: 农户
en: Households
description:
  zh: 业务日期日终的农户及其所在村、土地与主业。
  en: Farming households with their village, land and trade, at the close of the business date.
kind: snapshot
schedule: daily
waits: [household, village]
retries: 2
columns:
  household_id:   {type: string, zh: 农户号, en: Household, class: C1, level: 2, key: true}
  village_id:     {type: string, zh: 村号, en: Village, class: none, level: 1}
  head_party_id:  {type: string, zh: 户主客户号, en: Head of household, class: C1, level: 2}
  members:        {type: integer, zh: 人口, en: Members, class: C1, level: 2}
  land_mu:        {type: "decimal(9,2)", zh: 耕地亩数, en: Land (mu), class: C2, level: 3, mask: none}
  house:          {type: string, zh: 住房, en: House, class: C2, level: 3, mask: none}
  industry:       {type: string, zh: 主业, en: Main trade, class: C1, level: 2}
  org_id:         {type: string, zh: 服务机构, en: Serving organisation, class: none, level: 1}
  credit_village: {type: boolean, zh: 信用村, en: Credit village, class: none, level: 1}
  is_livestock:   {type: boolean, zh: 养殖户, en: Keeps livestock, class: C1, level: 2,
                   description: {zh: 主业为养猪、养牛或养羊。, en: "Its main trade is pigs, cattle or sheep."}}
checks:
  - {unique: [household_id]}
  - {not_null: [household_id, village_id]}
  - {accepted: {column: house, values: [brick, storey, old]}}
  - {range: {column: members, min: 0, max: 30}, severity: warning}
  - {range: {column: land_mu, min: 0}}
  - {reference: {columns: [village_id], to: core.village}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY household_id ORDER BY business_date) AS replaced_on
  FROM raw.household
),
household AS (
  SELECT *
  FROM known
  WHERE business_date <= $business_date
    AND (replaced_on IS NULL OR replaced_on > $business_date)
)
SELECT
  household.household_id,
  household.village_id,
  household.head_party_id,
  household.members,
  household.land_mu,
  household.house,
  household.industry,
  village.org_id,
  coalesce(village.credit_village, FALSE) AS credit_village,
  household.industry IN ('pig', 'cattle', 'sheep') AS is_livestock
FROM household
LEFT JOIN core.village AS village
  ON village.village_id = household.village_id AND village.business_date = $business_date
