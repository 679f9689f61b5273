SELECT count(*), sum(a) FILTER (WHERE b > 1), avg(a) OVER (PARTITION BY c ORDER BY d) FROM
core.loan WHERE a LIKE '%x' AND b IN (1, 2) AND c BETWEEN 1 AND 2 GROUP BY ALL HAVING a > 1;

SELECT a::DATE, CAST(b AS DECIMAL(9, 2)), extract(year FROM d), date_trunc('month', d), d +
INTERVAL 1 DAY, d - DATE '2026-01-01', strftime(d, '%Y'), current_date FROM core.loan;

SELECT CASE WHEN a THEN 1 ELSE 2 END, coalesce(a, b), nullif(a, b), if(a, 1, 2), a IS NULL, NOT
a, a || b, a[1], a[1:2], [1, 2], {'x': 1}, a.b, -a, a // 2, a % 2, a ** 2 FROM core.loan;

SELECT list_transform([1], lambda x: x + 1), list_sum([1]), unnest([1, 2]);

SELECT DISTINCT ON (a) a, quantile_cont(b, 0.5), string_agg(c, ',' ORDER BY c), arg_max(a, b),
count(DISTINCT c), median(b), stddev(b), corr(a, b) FROM core.loan GROUP BY a;

SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM core.loan ORDER BY ALL LIMIT 5 OFFSET 1;

SELECT * FROM core.loan a ASOF JOIN core.loan b ON a.x = b.x AND a.d >= b.d;

SELECT * FROM core.loan a LEFT JOIN core.loan b USING (x) WHERE EXISTS (SELECT 1 FROM core.loan
c WHERE c.x = a.x) UNION ALL BY NAME SELECT * FROM core.loan;

SELECT * FROM core.loan PIVOT (sum(a) FOR b IN (1, 2));

SELECT * FROM core.loan UNPIVOT (v FOR k IN (a, b));

SELECT * FROM core.loan USING SAMPLE 10 ROWS;

SELECT a, grouping(a) FROM core.loan GROUP BY ROLLUP (a);

SELECT row_number() OVER w, lag(a) OVER w FROM core.loan WINDOW w AS (ORDER BY a);

SELECT regexp_extract(a, '\d+'), a SIMILAR TO 'x', a GLOB 'x*', printf('%d', b), now(),
epoch(d), hash(a), md5(a), json_extract(j, '$.x'), j ->> 'x', to_json(a) FROM core.loan;

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(i, s);

SELECT COLUMNS('a.*') FROM core.loan;

SELECT (SELECT max(a) FROM core.loan), a > ALL (SELECT 1), a = ANY ([1]);
