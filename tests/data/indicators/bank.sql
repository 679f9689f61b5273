-- Rows for the made-up bank: 13 organisations, 400 parties, snapshots of five dates, 9,000 entries.
CREATE MACRO pick(seed, n, list) AS list[1 + (hash(seed || ':' || n) % len(list))::INTEGER];
CREATE MACRO upto(seed, n, top) AS (hash(seed || ':' || n) % top)::BIGINT;
CREATE MACRO chance(seed, n, percent) AS hash(seed || ':' || n) % 100 < percent;
CREATE MACRO outlet(seed, n) AS 'o' || (5 + upto(seed, n, 9));

INSERT INTO core.org
SELECT
  'o' || n, '机构' || n,
  CASE WHEN n = 1 THEN NULL WHEN n <= 4 THEN 'o1' ELSE 'o' || (2 + n % 3) END,
  CASE WHEN n = 1 THEN 'head' WHEN n <= 4 THEN 'branch' ELSE 'outlet' END,
  '某县', '某镇' || n, CASE WHEN n = 1 THEN 0 WHEN n <= 4 THEN 1 ELSE 2 END, day
FROM range(1, 14) AS t (n), snapshot;

INSERT INTO core.officer
SELECT
  'f' || n, '员工' || n, 'o' || (1 + n % 13), pick('role', n, ['loan', 'teller', 'grid']),
  pick('left', n, ['active', 'active', 'active', 'left']), chance('left', n, 75), day
FROM range(60) AS t (n), snapshot;

INSERT INTO core.village
SELECT
  'v' || n, '村' || n, '某镇', '某县', outlet('vo', n), 'g' || n, 'f' || n,
  50 + upto('vh', n, 300), chance('vc', n, 40), day
FROM range(20) AS t (n), snapshot;

INSERT INTO core.household
SELECT
  'h' || n, 'v' || (n % 20), 'p' || n, 1 + upto('hm', n, 6), upto('hl', n, 3000) / 100,
  pick('hh', n, ['brick', 'storey', 'old']),
  pick('hi', n, ['crop', 'pig', 'cattle', 'sheep', 'orchard', 'trade', 'labour']),
  outlet('vo', n % 20), chance('vc', n % 20, 40), chance('hi', n, 43), day
FROM range(150) AS t (n), snapshot;

INSERT INTO core.party BY NAME
SELECT
  'p' || n AS party_id,
  pick('pt', n, ['person', 'person', 'person', 'person', 'enterprise', 'cooperative']) AS party_type,
  '客户' || n AS name,
  pick('po', n, ['farmer', 'worker', 'trader', 'civil', 'teacher', 'retired', 'student', 'other'])
    AS occupation,
  (DATE '2026-03-31' - upto('pd', n, 400)::INTEGER) AS open_date,
  CASE WHEN chance('px', n, 2) THEN 'gone' ELSE outlet('po', n) END AS org_id,
  CASE WHEN chance('ps', n, 5) THEN 'closed' ELSE 'active' END AS status,
  chance('pp', n, 12) AS opt_out,
  NOT chance('ps', n, 5) AS is_active,
  CASE WHEN chance('pa', n, 4) THEN NULL ELSE 18 + upto('pa', n, 70) END AS age_years,
  pick('pb', n, ['under_25', '25_34', '35_44', '45_59', '60_up', NULL]) AS age_band,
  chance('pr', n, 60) AS is_rural,
  day AS business_date
FROM range(400) AS t (n), snapshot
WHERE day >= DATE '2026-03-31' - upto('pd', n, 400)::INTEGER;

INSERT INTO core.account BY NAME
SELECT
  'a' || n AS account_id, 'p' || (n % 400) AS party_id,
  pick('ap', n, ['demand', 'demand', 'time', 'wealth', 'notice', 'loan_settle', 'credit_card'])
    AS product,
  'CNY' AS currency, outlet('ao', n) AS org_id,
  pick('as', n, ['active', 'active', 'active', 'active', 'dormant', 'closed']) AS status,
  (DATE '2026-03-31' - upto('ad', n, 500)::INTEGER) AS open_date,
  CAST(upto('ar', n, 40000) / 1000000 AS DECIMAL(9, 6)) AS annual_rate,
  CASE WHEN chance('ab', n, 10) THEN 0 ELSE upto('ab' || day, n, 90000000) END AS balance_fen,
  pick('pt', n % 400, ['person', 'person', 'person', 'person', 'enterprise', 'cooperative'])
    AS party_type,
  pick('ap', n, [TRUE, TRUE, TRUE, FALSE, TRUE, TRUE, FALSE]) AS is_deposit,
  pick('as', n, [TRUE, TRUE, TRUE, TRUE, TRUE, FALSE]) AS is_open,
  day AS business_date
FROM range(900) AS t (n), snapshot;

INSERT INTO core.card BY NAME
SELECT
  'c' || n AS card_id, 'p' || upto('cp', n, 400) AS party_id,
  pick('ct', n, ['debit', 'debit', 'credit']) AS card_type,
  DATE '2025-06-01' AS open_date, 'active' AS status, outlet('co', n) AS org_id,
  NOT chance('cs', n, 6) AS is_active, day AS business_date
FROM range(300) AS t (n), snapshot;

INSERT INTO core.loan BY NAME
SELECT
  'l' || n AS loan_id, 'p' || upto('lp', n, 400) AS party_id,
  pick('lr', n, ['micro_e', 'tech', 'tax_e', 'mortgage_e', 'consumer', 'farmer_e']) AS product,
  1000000 + upto('la', n, 50000000) AS amount_fen,
  upto('lb' || day, n, 1000000) AS balance_fen,
  CAST(0.03 + upto('li', n, 60000) / 1000000 AS DECIMAL(9, 6)) AS annual_rate,
  CASE WHEN chance('lt', n, 5) THEN NULL ELSE 6 + upto('lt', n, 90) END AS term_months,
  (DATE '2026-03-31' - upto('lg', n, 300)::INTEGER) AS grant_date,
  pick('lq', n, ['credit', 'guarantor', 'mortgage', 'pledge']) AS guarantee,
  chance('lx', n, 45) AS agri, chance('ly', n, 50) AS inclusive,
  pick('lc', n, ['normal', 'normal', 'normal', 'special_mention', 'substandard', 'doubtful', 'loss'])
    AS five_class,
  pick('ld', n, [0, 0, 0, 12, 45, 75, 120, 300])::BIGINT AS overdue_days,
  outlet('lo', n) AS org_id,
  pick('ls', n, ['active', 'active', 'active', 'settled', 'written_off']) AS status,
  pick('lw', n, ['person', 'enterprise', 'cooperative']) AS party_type,
  pick('ls', n, [TRUE, TRUE, TRUE, FALSE, FALSE]) AS is_active,
  pick('ls', n, [TRUE, TRUE, TRUE, FALSE, FALSE])
    AND pick('lc', n, [FALSE, FALSE, FALSE, FALSE, TRUE, TRUE, TRUE]) AS is_npl,
  pick('ld', n, ['current', 'current', 'current', 'd1_30', 'd31_60', 'd61_90', 'd91_180',
    'over_180']) AS overdue_bucket,
  pick('lm', n, ['short', 'medium', 'long']) AS term_bucket,
  upto('lk', n, 400) - 30 AS days_to_due,
  day AS business_date
FROM range(500) AS t (n), snapshot
WHERE day >= DATE '2026-03-31' - upto('lg', n, 300)::INTEGER;

CREATE TABLE happened AS
SELECT n, (DATE '2025-12-20' + upto('day', n, 102)::INTEGER) AS day FROM range(9000) AS t (n);

INSERT INTO core.repayment BY NAME
SELECT
  'r' || n AS repayment_id, 'l' || upto('rl', n, 500) AS loan_id,
  upto('rp', n, 1000000) AS due_principal_fen, upto('ri', n, 50000) AS due_interest_fen,
  CASE WHEN chance('rx', n, 9) THEN 0 ELSE upto('rp', n, 1000000) END AS paid_principal_fen,
  CASE WHEN chance('rx', n, 9) THEN 0 ELSE upto('ri', n, 50000) END AS paid_interest_fen,
  outlet('ro', n) AS org_id, chance('rz', n, 20) AS is_late,
  CASE WHEN chance('rz', n, 20) THEN 1 + upto('ry', n, 60) ELSE 0 END AS days_late,
  day AS business_date
FROM happened WHERE n % 7 = 0;

INSERT INTO core.entry BY NAME
SELECT
  'e' || n AS entry_id, day + INTERVAL 10 HOUR AS occurred_at, 'a' || upto('ea', n, 900) AS account_id,
  CASE WHEN chance('en', n, 3) THEN NULL ELSE 'p' || upto('ep', n, 400) END AS party_id,
  pick('ed', n, ['debit', 'credit']) AS direction, 1 + upto('em', n, 9000000) AS amount_fen,
  pick('ed', n, [-1, 1]) * (1 + upto('em', n, 9000000)) AS signed_fen,
  pick('ec', n, ['counter', 'atm', 'online', 'mobile', 'wechat', 'direct', 'card', 'quick'])
    AS channel,
  pick('es', n, ['salary', 'subsidy', 'transfer', 'payment', 'cash', 'interest', 'fee', 'utility',
    NULL]) AS summary,
  CASE WHEN chance('eo', n, 1) THEN NULL ELSE outlet('eo', n) END AS org_id,
  chance('eh', n, 30) AS is_night,
  pick('ec', n, [FALSE, FALSE, TRUE, TRUE, TRUE, TRUE, TRUE, TRUE]) AS is_electronic,
  day AS business_date
FROM happened;

INSERT INTO core.event BY NAME
SELECT
  'v' || n AS event_id, day + INTERVAL 10 HOUR AS occurred_at,
  pick('vc', n, ['online', 'mobile', 'wechat', 'direct', 'card', 'quick']) AS channel,
  pick('vt', n, ['login', 'registration', 'device_bind', 'limit_change', 'payee_add',
    'bonus_claim', 'transfer', 'payment', 'cash_out']) AS event_type,
  'p' || upto('vp', n, 400) AS party_id, upto('va', n, 500000) AS amount_fen,
  'd' || upto('vd', n, 700) AS device_id,
  pick('vr', n, ['success', 'success', 'success', 'declined', 'failed']) AS result,
  outlet('vo', n) AS org_id, chance('vn', n, 25) AS is_night,
  pick('vt', n, [FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, TRUE, TRUE, TRUE]) AS is_payment,
  day AS business_date
FROM happened WHERE n % 2 = 0;

INSERT INTO core.touch BY NAME
SELECT
  't' || n AS touch_id, day + INTERVAL 10 HOUR AS sent_at, 'p' || upto('tp', n, 400) AS party_id,
  pick('tc', n, ['sms', 'phone', 'visit', 'wechat']) AS channel,
  chance('tr', n, 30) AS responded, chance('tr', n, 12) AS converted,
  chance('to', n, 3) AS opt_out, outlet('tx', n) AS org_id,
  CASE WHEN chance('tr', n, 30) THEN upto('td', n, 9) END AS response_hours,
  day AS business_date
FROM happened WHERE n % 5 = 0;
