/*
writes: core.village
zh: 行政村
en: Villages
description:
  zh: 业务日期日终的行政村、所属网格与服务网点。
  en: Villages, their grids and the outlet that serves them, at the close of the business date.
kind: snapshot
schedule: daily
waits: [village]
retries: 2
columns:
  village_id:      {type: string, zh: 村号, en: Village, class: none, level: 1, key: true}
  name:            {type: string, zh: 村名, en: Name, class: none, level: 1, required: true}
  township:        {type: string, zh: 乡镇, en: Township, class: none, level: 1}
  county:          {type: string, zh: 县区, en: County, class: none, level: 1}
  org_id:          {type: string, zh: 服务机构, en: Serving organisation, class: none, level: 1, required: true}
  grid_id:         {type: string, zh: 网格, en: Grid, class: none, level: 1}
  grid_officer_id: {type: string, zh: 网格员, en: Grid officer, class: C1, level: 2}
  households:      {type: integer, zh: 户数, en: Households, class: none, level: 1}
  credit_village:  {type: boolean, zh: 信用村, en: Credit village, class: none, level: 1}
checks:
  - {unique: [village_id]}
  - {not_null: [village_id, org_id]}
  - {range: {column: households, min: 0}}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY village_id ORDER BY business_date) AS replaced_on
  FROM raw.village
)
SELECT
  village_id,
  name,
  township,
  county,
  org_id,
  grid_id,
  grid_officer_id,
  households,
  credit_village
FROM known
WHERE business_date <= $business_date
  AND (replaced_on IS NULL OR replaced_on > $business_date)
