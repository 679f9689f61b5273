SELECT
  "org_id" AS org,
  CASE WHEN "business_date" >= CAST('2026-03-02' AS DATE) THEN 1 ELSE 0 END AS bucket,
  CASE WHEN (
    "amount_fen" >= 5000000
  ) THEN 1 ELSE 0 END AS k0,
  CASE WHEN "direction" = 'credit' THEN 1 WHEN "direction" = 'debit' THEN 2 ELSE 0 END AS k1,
  CASE WHEN "summary" = 'fee' THEN 1 WHEN "summary" = 'interest' THEN 2 ELSE 0 END AS k2,
  COUNT(*) AS m0,
  CAST(SUM("amount_fen") AS DOUBLE) AS m1
FROM "core"."entry"
WHERE
  "business_date" BETWEEN CAST('2026-03-01' AS DATE) AND CAST('2026-03-31' AS DATE)
GROUP BY
  1,
  2,
  3,
  4,
  5;
