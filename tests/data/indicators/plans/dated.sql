SELECT
  "org_id" AS org,
  "business_date" AS "asof",
  CASE WHEN "grant_date" >= CAST('2026-03-01' AS DATE) THEN 1 ELSE 0 END AS bucket,
  CASE WHEN "agri" THEN 1 ELSE 0 END AS k0,
  CAST(SUM("amount_fen") AS DOUBLE) AS m0,
  CAST(SUM((
    "annual_rate" * CAST("amount_fen" AS DECIMAL(19, 0))
  )) AS DOUBLE) AS m1
FROM "core"."loan"
WHERE
  "business_date" = CAST('2026-03-31' AS DATE)
  AND "grant_date" BETWEEN CAST('2026-01-01' AS DATE) AND CAST('2026-03-31' AS DATE)
GROUP BY
  1,
  2,
  3,
  4;
