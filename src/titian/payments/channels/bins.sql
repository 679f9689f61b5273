-- Events in order of time → what each channel did in each bin. Events before the first bin are
-- history: they only say which devices and payees a customer has already used.
WITH known AS (
  SELECT
    *,
    event_type IN ('transfer', 'payment', 'cash_out') AS is_attempt,
    row_number() OVER (
      PARTITION BY party_id, device_id, event_type = 'login' ORDER BY at_us
    ) = 1 AS is_first_on_device,
    row_number() OVER (
      PARTITION BY party_id, payee_account, event_type = 'transfer' ORDER BY at_us
    ) = 1 AS is_first_to_payee
  FROM events
  WHERE at_us < $end_us
)
SELECT
  channel,
  (at_us - $start_us) // $bin_us AS bin,
  count(*) FILTER (is_attempt) AS attempts,
  count(*) FILTER (is_attempt AND result <> 'success') AS declines,
  avg(ln(amount_fen)) FILTER (is_attempt AND amount_fen > 0) AS log_amount,
  count(*) FILTER (is_attempt AND amount_fen > 0) AS amounts,
  count(DISTINCT payee_account) FILTER (is_attempt) AS payees,
  count(*) FILTER (event_type = 'login' AND result <> 'success') AS failed_logins,
  count(*) FILTER (
    event_type = 'login' AND is_first_on_device AND party_id IS NOT NULL AND device_id IS NOT NULL
  ) AS new_device_logins,
  count(*) FILTER (
    event_type = 'transfer' AND is_first_to_payee AND party_id IS NOT NULL
    AND payee_account IS NOT NULL
  ) AS first_payee_transfers
FROM known
WHERE at_us >= $start_us
GROUP BY ALL
