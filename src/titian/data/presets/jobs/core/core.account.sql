/*
writes: core.account
zh: 账户
en: Accounts
description:
  zh: 业务日期日终的全部账户及余额。
  en: Every account with its balance at the close of the business date.
kind: snapshot
sorted_by: party_id
schedule: daily
waits: [account, balance, party]
retries: 2
columns:
  account_id:       {type: string, zh: 账户号, en: Account, class: C1, level: 3, key: true}
  account_no:       {type: string, zh: 账号, en: Account number, class: C2, level: 3, mask: account}
  party_id:         {type: string, zh: 客户号, en: Party, class: C1, level: 2, required: true}
  product:          {type: string, zh: 产品, en: Product, class: C1, level: 2, required: true}
  currency:         {type: string, zh: 币种, en: Currency, class: none, level: 1, required: true}
  open_date:        {type: date, zh: 开户日, en: Opened, class: C1, level: 2}
  close_date:       {type: date, zh: 销户日, en: Closed, class: C1, level: 2}
  org_id:           {type: string, zh: 开户机构, en: Organisation, class: none, level: 1, required: true}
  status:           {type: string, zh: 状态, en: Status, class: C1, level: 2, required: true}
  term_months:      {type: integer, zh: 期限（月）, en: Term (months), class: C1, level: 2}
  annual_rate:      {type: "decimal(9,6)", zh: 年利率, en: Annual rate, class: C1, level: 2}
  balance_fen:      {type: integer, zh: 余额, en: Balance, class: C2, level: 3, mask: none}
  balance_date:     {type: date, zh: 余额日期, en: Balance changed on, class: C1, level: 2,
                     description: {zh: 最近一次余额变动的业务日期。, en: The business date on which the balance last moved.}}
  party_type:       {type: string, zh: 客户类型, en: Party type, class: C1, level: 2}
  is_deposit:       {type: boolean, zh: 存款账户, en: Is a deposit, class: C1, level: 2,
                     description: {zh: 除理财和信用卡以外的账户。, en: Neither wealth management nor a credit card.}}
  is_open:          {type: boolean, zh: 未销户, en: Is open, class: C1, level: 2,
                     description: {zh: 业务日期日终未注销。, en: Not closed at the close of the business date.}}
  maturity_date:    {type: date, zh: 到期日, en: Matures on, class: C1, level: 2,
                     description: {zh: 仅定期存款有值，由开户日加存期得出。, en: "Of time deposits only: opening date plus term."}}
  days_to_maturity: {type: integer, zh: 剩余天数, en: Days to maturity, class: C1, level: 2,
                     description: {zh: 距到期日的天数，仅定期存款有值。, en: Days until it matures; of time deposits only.}}
checks:
  - {unique: [account_id]}
  - {not_null: [account_id, party_id, product, org_id, status]}
  - {accepted: {column: product, values: [demand, time, notice, social, corporate, wealth, loan_settle, credit_card]}, severity: warning}
  - {accepted: {column: status, values: [active, dormant, closed]}}
  - {reference: {columns: [party_id], to: core.party}, severity: warning}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
  - {row_count_drift: {max_ratio: 0.2}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY account_id ORDER BY business_date) AS replaced_on
  FROM raw.account
),
account AS (
  SELECT *
  FROM known
  WHERE business_date <= $business_date
    AND (replaced_on IS NULL OR replaced_on > $business_date)
),
known_balance AS (
  SELECT
    account_id,
    balance_fen,
    business_date,
    lead(business_date) OVER (PARTITION BY account_id ORDER BY business_date) AS replaced_on
  FROM raw.balance
),
balance AS (
  SELECT account_id, balance_fen, business_date AS balance_date
  FROM known_balance
  WHERE business_date <= $business_date
    AND (replaced_on IS NULL OR replaced_on > $business_date)
),
dated AS (
  SELECT
    account.*,
    CASE
      WHEN account.product = 'time' AND account.term_months > 0
        THEN CAST(account.open_date + INTERVAL 1 MONTH * account.term_months AS DATE)
    END AS maturity_date
  FROM account
)
SELECT
  dated.account_id,
  dated.account_no,
  dated.party_id,
  dated.product,
  dated.currency,
  dated.open_date,
  dated.close_date,
  dated.org_id,
  dated.status,
  dated.term_months,
  dated.annual_rate,
  coalesce(balance.balance_fen, 0) AS balance_fen,
  balance.balance_date,
  party.party_type,
  dated.product NOT IN ('wealth', 'credit_card') AS is_deposit,
  dated.status <> 'closed' AS is_open,
  dated.maturity_date,
  date_diff('day', CAST($business_date AS DATE), dated.maturity_date) AS days_to_maturity
FROM dated
LEFT JOIN balance ON balance.account_id = dated.account_id
LEFT JOIN core.party AS party
  ON party.party_id = dated.party_id AND party.business_date = $business_date
