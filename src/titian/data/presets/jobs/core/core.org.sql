/*
writes: core.org
zh: 机构
en: Organisations
description:
  zh: 业务日期日终的总行、支行与网点。
  en: Head office, branches and outlets as they stood at the close of the business date.
kind: snapshot
schedule: daily
waits: [org]
retries: 2
columns:
  org_id:        {type: string, zh: 机构号, en: Organisation, class: none, level: 1, key: true}
  name:          {type: string, zh: 机构名称, en: Name, class: none, level: 1, required: true}
  parent_org_id: {type: string, zh: 上级机构, en: Parent organisation, class: none, level: 1}
  org_level:     {type: string, zh: 机构层级, en: Level, class: none, level: 1, required: true}
  county:        {type: string, zh: 县区, en: County, class: none, level: 1}
  township:      {type: string, zh: 乡镇, en: Township, class: none, level: 1}
  depth:         {type: integer, zh: 层级深度, en: Depth, class: none, level: 1,
                  description: {zh: 总行为 0，支行为 1，网点为 2。, en: "0 for the head office, 1 for branches, 2 for outlets."}}
checks:
  - {unique: [org_id]}
  - {not_null: [org_id, name, org_level]}
  - {accepted: {column: org_level, values: [head, branch, outlet]}}
  - {row_count_drift: {max_ratio: 0.2}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY org_id ORDER BY business_date) AS replaced_on
  FROM raw.org
)
SELECT
  org_id,
  name,
  parent_org_id,
  org_level,
  county,
  township,
  CAST(CASE org_level WHEN 'head' THEN 0 WHEN 'branch' THEN 1 ELSE 2 END AS BIGINT) AS depth
FROM known
WHERE business_date <= $business_date
  AND (replaced_on IS NULL OR replaced_on > $business_date)
