-- Statements that must give the same rows on DuckDB and, transpiled, on a Spark Connect server.

SELECT count(*) AS n, sum(amount_fen) AS s FROM core.loan;

SELECT loan_id, lag(amount_fen) OVER (PARTITION BY business_date ORDER BY loan_id) AS before
FROM core.loan;

SELECT business_date, count(DISTINCT name) AS n FROM core.loan GROUP BY ALL ORDER BY ALL;

SELECT substr(phone, 1, 3) || '*' AS p, upper(loan_id) AS u, length(name) AS l FROM core.loan;

SELECT
  year(booked) * 100 + month(booked) AS m,
  date_trunc('month', booked)::DATE AS d,
  booked + INTERVAL 1 DAY AS t,
  last_day(booked) AS e,
  booked - DATE '2025-12-01' AS n
FROM raw.entry;

SELECT
  amount_fen // 7 AS q, amount_fen % 7 AS r, amount_fen / 8 AS h,
  greatest(amount_fen, 5) AS g, abs(-amount_fen) AS a
FROM raw.entry;

SELECT * EXCLUDE (rate) FROM raw.entry WHERE loan_id IN (SELECT loan_id FROM core.loan);

SELECT * REPLACE (amount_fen + 1 AS amount_fen) FROM raw.entry WHERE amount_fen > 100;

SELECT name FROM core.loan WHERE name LIKE '张%' UNION SELECT loan_id FROM raw.entry;

SELECT core.loan.loan_id FROM core.loan ORDER BY 1 LIMIT 2;

SELECT e.loan_id, arg_max(e.amount_fen, e.entry_id) AS m, bool_or(e.amount_fen > 9) AS b
FROM raw.entry AS e GROUP BY e.loan_id HAVING count(*) > 1;

SELECT
  CASE name WHEN '张三' THEN 1 ELSE 0 END AS c,
  coalesce(rate, 0.5) AS r,
  nullif(name, '李四') AS f,
  amount_fen BETWEEN 1 AND 100 AS w
FROM core.loan;

WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT b.x, a.x AS y FROM b JOIN a ON true;

SELECT loan_id, booked, sum(amount_fen) OVER (
  PARTITION BY loan_id ORDER BY booked, entry_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW
) AS s
FROM raw.entry;

SELECT l.loan_id, count(e.entry_id) AS n, sum(e.amount_fen) FILTER (WHERE e.rate > 0.02) AS s
FROM core.loan AS l LEFT JOIN raw.entry AS e USING (loan_id)
GROUP BY ALL;

SELECT loan_id, booked FROM raw.entry
QUALIFY row_number() OVER (PARTITION BY loan_id ORDER BY booked DESC, entry_id) = 1;
