SELECT
  org,
  item,
  BIT_OR(
    CASE WHEN cell BETWEEN 0 AND 63 THEN CAST(1 AS UBIGINT) << (
      cell - 0
    ) ELSE 0 END
  ) AS w0
FROM (
  SELECT
    "org_id" AS org,
    "party_id" AS item,
    (
      (
        0
      ) * 2 + CASE WHEN "is_active" THEN 1 ELSE 0 END
    ) * 2 + CASE WHEN "is_npl" THEN 1 ELSE 0 END AS cell
  FROM "core"."loan"
  WHERE
    "business_date" = CAST('2026-03-31' AS DATE) AND NOT "party_id" IS NULL
) AS cells
GROUP BY
  1,
  2;
