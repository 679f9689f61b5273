SELECT
  "org_id" AS org,
  0 AS bucket,
  "amount_fen" AS item,
  COUNT(*) AS n
FROM "core"."loan"
WHERE
  "business_date" = CAST('2026-03-31' AS DATE)
  AND "is_active"
  AND NOT "amount_fen" IS NULL
GROUP BY
  1,
  2,
  3;
