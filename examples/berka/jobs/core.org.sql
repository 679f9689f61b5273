/*
writes: core.org
zh: 机构
en: Organisations
description:
  zh: 本行机构：大区为支行，地区为网点。
  en: The bank, its regions as branches, its districts as outlets.
kind: snapshot
columns:
  org_id:        {type: string, zh: 机构号, en: Organisation, level: 1, key: true,
                  description: {zh: 总行为 bank，支行为大区名，网点为地区号。, en: "bank, a region's name, or a district's number."}}
  name:          {type: string, zh: 机构名称, en: Name, level: 1, required: true,
                  description: {zh: 总行、大区或地区的名称。, en: "The name of the bank, region or district."}}
  parent_org_id: {type: string, zh: 上级机构, en: Parent organisation, level: 1,
                  description: {zh: 直接上级机构，总行为空。, en: The one right above it; empty for the bank.}}
  org_level:     {type: string, zh: 机构层级, en: Level, level: 1, required: true,
                  description: {zh: 大区为支行，地区为网点。, en: "Regions are branches, districts outlets."},
                  codes: {head: {zh: 总行, en: Head office}, branch: {zh: 支行, en: Branch}, outlet: {zh: 网点, en: Outlet}}}
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
