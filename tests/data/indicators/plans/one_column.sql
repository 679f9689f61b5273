SELECT
  "org_id" AS org,
  0 AS bucket,
  CASE WHEN "channel" = 'counter' THEN 1 WHEN "channel" = 'mobile' THEN 2 ELSE 0 END AS k0,
  COUNT(*) AS m0
FROM "core"."entry"
WHERE
  "business_date" BETWEEN CAST('2026-03-01' AS DATE) AND CAST('2026-03-31' AS DATE)
GROUP BY
  1,
  2,
  3;
