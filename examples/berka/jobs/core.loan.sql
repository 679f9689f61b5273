/*
writes: core.loan
zh: 贷款
en: Loans
description:
  zh: 贷款及其结果、借款人和账户的定期转账。
  en: The loans with their outcome, their borrower and the standing orders of their account.
kind: snapshot
columns:
  loan_id:       {type: string, zh: 贷款号, en: Loan, class: C1, level: 3, key: true}
  account_id:    {type: string, zh: 账户号, en: Account, class: C1, level: 2, required: true}
  party_id:      {type: string, zh: 借款人, en: Borrower, class: C1, level: 2,
                  description: {zh: 账户所有人，即借款人。, en: "The owner of the account, who borrows."}}
  org_id:        {type: string, zh: 开户地区, en: District of the branch, level: 1, required: true,
                  description: {zh: 贷款账户所属的地区。, en: "The district of the loan's account."}}
  amount_fen:    {type: integer, zh: 贷款金额, en: Amount, class: C2, level: 3, mask: none, required: true}
  payment_fen:   {type: integer, zh: 月还款额, en: Monthly payment, class: C2, level: 3, mask: none}
  term_months:   {type: integer, zh: 期限（月）, en: Term (months), class: C1, level: 2}
  grant_date:    {type: date, zh: 发放日, en: Granted, class: C1, level: 2}
  due_date:      {type: date, zh: 到期日, en: Due, class: C1, level: 2,
                  description: {zh: 发放日加期限。, en: The day it was granted plus its term.}}
  status:        {type: string, zh: 状态, en: Status, class: C2, level: 3, mask: none, required: true}
  is_running:    {type: boolean, zh: 未到期, en: Running, class: C1, level: 2, lowers: {zh: 只说是否到期，不说好坏。, en: "Whether it runs, not how well."},
                  description: {zh: 业务日期时合同尚未到期。, en: The contract has not run out at the business date.}}
  is_bad:        {type: boolean, zh: 坏贷款, en: Bad, class: C2, level: 3, mask: none,
                  description: {zh: 到期未还清（B）或拖欠中（D）。, en: Finished unpaid (B) or running in debt (D).}}
  gender:        {type: string, zh: 借款人性别, en: "Borrower's sex", class: C2, level: 3, mask: none}
  age_years:     {type: integer, zh: 借款人年龄, en: "Borrower's age", class: C1, level: 2,
                  description: {zh: 借款人在业务日期的周岁。, en: "The borrower's full years at the business date."}}
  has_card:      {type: boolean, zh: 账户有卡, en: Account has a card, class: C1, level: 2,
                  description: {zh: 贷款账户下发过银行卡。, en: A card was issued for the account.}}
  order_count:   {type: integer, zh: 定期转账数, en: Standing orders, class: C1, level: 2,
                  description: {zh: 贷款账户的定期转账约定数。, en: Standing orders of the account.}}
  order_band:    {type: string, zh: 定期转账数档, en: Number of standing orders, class: C1, level: 2,
                  description: {zh: 按定期转账约定数分档。, en: Its standing orders by number.},
                  codes: {none: {zh: 无, en: None}, one: {zh: 一个, en: One}, two: {zh: 两个, en: Two}, three: {zh: 三个, en: Three}, more: {zh: 四个及以上, en: More}}}
  orders_fen:    {type: integer, zh: 定期转账月额, en: Standing orders a month, class: C2, level: 3, mask: none,
                  description: {zh: 每月定期转账的金额合计。, en: What its standing orders pay a month.}}
  has_household: {type: boolean, zh: 有家用缴费, en: Pays household bills, class: C1, level: 2,
                  description: {zh: 有用途为家庭缴费的定期转账。, en: A standing order pays household bills.}}
  has_insurance: {type: boolean, zh: 有保险缴费, en: Pays insurance, class: C1, level: 2,
                  description: {zh: 有用途为保险的定期转账。, en: A standing order pays insurance.}}
  has_leasing:   {type: boolean, zh: 有租赁付款, en: Pays leasing, class: C1, level: 2,
                  description: {zh: 有用途为租赁的定期转账。, en: A standing order pays leasing.}}
  has_loan_payment: {type: boolean, zh: 有还贷转账, en: Pays a loan, class: C1, level: 2,
                     description: {zh: 有用途为还贷的定期转账。, en: A standing order pays a loan.}}
checks:
  - {unique: [loan_id]}
  - {not_null: [loan_id, account_id, party_id, org_id, amount_fen, status]}
  - {accepted: {column: status, values: [finished, finished_unpaid, running, running_in_debt]}}
  - {range: {column: amount_fen, min: 1}}
  - {reference: {columns: [account_id], to: core.account}}
*/
WITH loan AS (
  SELECT *
  FROM raw.loan
  WHERE business_date = (
    SELECT max(business_date) FROM raw.loan WHERE business_date <= $business_date
  )
),
behaviour AS (
  SELECT
    account_id,
    count(*) AS order_count,
    CAST(sum(amount_fen) AS BIGINT) AS orders_fen,
    bool_or(purpose = 'household') AS has_household,
    bool_or(purpose = 'insurance') AS has_insurance,
    bool_or(purpose = 'leasing') AS has_leasing,
    bool_or(purpose = 'loan_payment') AS has_loan_payment
  FROM core.standing_order
  WHERE business_date = $business_date
  GROUP BY account_id
),
carded AS (
  SELECT DISTINCT account_id
  FROM core.card
  WHERE business_date = $business_date
)
SELECT
  loan.loan_id,
  loan.account_id,
  account.party_id,
  account.org_id,
  loan.amount_fen,
  loan.payment_fen,
  loan.term_months,
  loan.grant_date,
  CAST(loan.grant_date + INTERVAL 1 MONTH * loan.term_months AS DATE) AS due_date,
  loan.status,
  loan.status IN ('running', 'running_in_debt') AS is_running,
  loan.status IN ('finished_unpaid', 'running_in_debt') AS is_bad,
  party.gender,
  party.age_years,
  carded.account_id IS NOT NULL AS has_card,
  coalesce(behaviour.order_count, 0) AS order_count,
  CASE coalesce(behaviour.order_count, 0)
    WHEN 0 THEN 'none'
    WHEN 1 THEN 'one'
    WHEN 2 THEN 'two'
    WHEN 3 THEN 'three'
    ELSE 'more'
  END AS order_band,
  coalesce(behaviour.orders_fen, 0) AS orders_fen,
  coalesce(behaviour.has_household, FALSE) AS has_household,
  coalesce(behaviour.has_insurance, FALSE) AS has_insurance,
  coalesce(behaviour.has_leasing, FALSE) AS has_leasing,
  coalesce(behaviour.has_loan_payment, FALSE) AS has_loan_payment
FROM loan
LEFT JOIN core.account AS account
  ON account.account_id = loan.account_id AND account.business_date = $business_date
LEFT JOIN core.party AS party
  ON party.party_id = account.party_id AND party.business_date = $business_date
LEFT JOIN behaviour ON behaviour.account_id = loan.account_id
LEFT JOIN carded ON carded.account_id = loan.account_id
