/*
writes: core.district
zh: 地区
en: Districts
description:
  zh: 各地区的人口、工资和就业，与供数一致。
  en: The districts with their people, wages and work, as delivered.
kind: snapshot
columns:
  district_id:        {type: string, zh: 地区号, en: District, level: 1, key: true}
  name:               {type: string, zh: 地区名, en: Name, level: 1, required: true}
  region:             {type: string, zh: 大区, en: Region, level: 1, required: true}
  inhabitants:        {type: integer, zh: 人口, en: Inhabitants, level: 1}
  urban_percent:      {type: "decimal(5,1)", zh: 城镇人口占比（%）, en: Urban inhabitants (%), level: 1}
  average_salary_fen: {type: integer, zh: 平均工资, en: Average salary, level: 1}
  unemployment_1996_percent: {type: "decimal(5,2)", zh: 1996年失业率（%）, en: Unemployment 1996 (%), level: 1}
checks:
  - {unique: [district_id]}
  - {not_null: [district_id, name, region]}
*/
SELECT
  district_id,
  name,
  region,
  inhabitants,
  urban_percent,
  average_salary_fen,
  unemployment_1996_percent
FROM raw.district
WHERE business_date = (
  SELECT max(business_date) FROM raw.district WHERE business_date <= $business_date
)
