SELECT
  "org_id" AS org,
  CASE
    WHEN "business_date" >= CAST('2026-03-31' AS DATE)
    THEN 2
    WHEN "business_date" >= CAST('2026-02-28' AS DATE)
    THEN 1
    ELSE 0
  END AS bucket,
  CAST(SUM("balance_fen") AS DOUBLE) AS m0
FROM "core"."account"
WHERE
  (
    "business_date" = CAST('2025-12-31' AS DATE)
    OR "business_date" = CAST('2026-02-28' AS DATE)
    OR "business_date" = CAST('2026-03-31' AS DATE)
  )
  AND "is_deposit"
  AND "is_open"
GROUP BY
  1,
  2;
