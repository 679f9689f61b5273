SELECT
  "org_id" AS org,
  0 AS bucket,
  CASE WHEN "is_active" THEN 1 ELSE 0 END AS k0,
  CASE WHEN "is_npl" THEN 1 ELSE 0 END AS k1,
  "party_id" AS item,
  COUNT(*) AS n
FROM "core"."loan"
WHERE
  "business_date" = CAST('2026-03-31' AS DATE) AND NOT "party_id" IS NULL
GROUP BY
  1,
  2,
  3,
  4,
  5;
