SELECT
  "org_id" AS org,
  CASE WHEN "business_date" >= CAST('2026-03-02' AS DATE) THEN 1 ELSE 0 END AS bucket,
  CASE WHEN (
    "amount_fen" >= 5000000
  ) THEN 1 ELSE 0 END AS k0,
  CASE
    WHEN "channel" = 'atm'
    THEN 1
    WHEN "channel" = 'card'
    THEN 2
    WHEN "channel" = 'direct'
    THEN 3
    WHEN "channel" = 'online'
    THEN 4
    WHEN "channel" = 'quick'
    THEN 5
    ELSE 0
  END AS k1,
  CASE WHEN "direction" = 'debit' THEN 1 ELSE 0 END AS k2,
  CASE WHEN "is_electronic" THEN 1 ELSE 0 END AS k3,
  CASE WHEN "is_night" THEN 1 ELSE 0 END AS k4,
  COUNT(*) AS m0,
  CAST(SUM("amount_fen") AS DOUBLE) AS m1
FROM "core"."entry"
WHERE
  "business_date" BETWEEN CAST('2026-03-01' AS DATE) AND CAST('2026-03-31' AS DATE)
GROUP BY
  GROUPING SETS (
    (1, 2, 3, 4, 5, 6),
    (1, 2, 7)
  );
