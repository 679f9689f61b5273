SELECT
  "org_id" AS org,
  0 AS bucket,
  CASE WHEN "agri" THEN 1 ELSE 0 END AS k0,
  CASE WHEN "is_npl" THEN 1 ELSE 0 END AS k1,
  CAST(SUM("balance_fen") AS DOUBLE) AS m0
FROM "core"."loan"
WHERE
  "business_date" = CAST('2026-03-31' AS DATE) AND "is_active"
GROUP BY
  1,
  2,
  3,
  4;
