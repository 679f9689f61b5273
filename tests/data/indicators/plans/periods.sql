SELECT
  "org_id" AS org,
  CASE
    WHEN "business_date" >= CAST('2026-03-31' AS DATE)
    THEN 3
    WHEN "business_date" >= CAST('2026-03-02' AS DATE)
    THEN 2
    WHEN "business_date" >= CAST('2026-03-01' AS DATE)
    THEN 1
    ELSE 0
  END AS bucket,
  COUNT(*) AS m0,
  CAST(SUM("amount_fen") AS DOUBLE) AS m1
FROM "core"."entry"
WHERE
  "business_date" BETWEEN CAST('2026-01-01' AS DATE) AND CAST('2026-03-31' AS DATE)
GROUP BY
  1,
  2;
