/*
writes: core.org
zh: 机构
en: Organisations
description: The bank, its regions as branches, its districts as outlets.
kind: snapshot
columns:
  org_id:        {type: string, zh: 机构号, en: Organisation, level: 1, key: true, description: "bank, a region's name, or a district's number"}
  name:          {type: string, zh: 机构名称, en: Name, level: 1, required: true}
  parent_org_id: {type: string, zh: 上级机构, en: Parent organisation, level: 1}
  org_level:     {type: string, zh: 机构层级, en: Level, level: 1, required: true}
checks:
  - {unique: [org_id]}
  - {not_null: [org_id, name, org_level]}
*/
SELECT
  'bank' AS org_id,
  'Berka' AS name,
  CAST(NULL AS VARCHAR) AS parent_org_id,
  'head' AS org_level
UNION ALL
SELECT DISTINCT
  lower(replace(region, ' ', '_')) AS org_id,
  region AS name,
  'bank' AS parent_org_id,
  'branch' AS org_level
FROM core.district
WHERE business_date = $business_date
UNION ALL
SELECT
  district_id AS org_id,
  name,
  lower(replace(region, ' ', '_')) AS parent_org_id,
  'outlet' AS org_level
FROM core.district
WHERE business_date = $business_date
