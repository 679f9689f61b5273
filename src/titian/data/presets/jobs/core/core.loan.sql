/*
writes: core.loan
zh: 贷款借据
en: Loans
description:
  zh: 业务日期日终的全部贷款借据。
  en: Every loan as it stood at the close of the business date.
kind: snapshot
sorted_by: party_id
schedule: daily
waits: [loan, party]
retries: 2
columns:
  loan_id:          {type: string, zh: 借据号, en: Loan, class: C1, level: 3, key: true}
  party_id:         {type: string, zh: 客户号, en: Party, class: C1, level: 2, required: true}
  account_id:       {type: string, zh: 还款账户, en: Repayment account, class: C1, level: 3}
  product:          {type: string, zh: 产品, en: Product, class: C1, level: 2, required: true}
  amount_fen:       {type: integer, zh: 放款金额, en: Amount, class: C2, level: 3, mask: none, required: true}
  balance_fen:      {type: integer, zh: 贷款余额, en: Balance, class: C2, level: 3, mask: none, required: true}
  annual_rate:      {type: "decimal(9,6)", zh: 年利率, en: Annual rate, class: C1, level: 2}
  term_months:      {type: integer, zh: 期限（月）, en: Term (months), class: C1, level: 2}
  grant_date:       {type: date, zh: 放款日, en: Granted, class: C1, level: 2}
  due_date:         {type: date, zh: 到期日, en: Due, class: C1, level: 2}
  repay_method:     {type: string, zh: 还款方式, en: Repayment method, class: C1, level: 2}
  guarantee:        {type: string, zh: 担保方式, en: Guarantee, class: C1, level: 2}
  purpose:          {type: string, zh: 用途, en: Purpose, class: C1, level: 2}
  agri:             {type: boolean, zh: 涉农, en: Agricultural, class: C1, level: 2}
  inclusive:        {type: boolean, zh: 普惠, en: Inclusive, class: C1, level: 2}
  five_class:       {type: string, zh: 五级分类, en: Five-category class, class: C2, level: 3, mask: none}
  overdue_days:     {type: integer, zh: 逾期天数, en: Days past due, class: C2, level: 3, mask: none}
  officer_id:       {type: string, zh: 客户经理, en: Officer, class: C1, level: 2}
  org_id:           {type: string, zh: 经办机构, en: Organisation, class: none, level: 1, required: true}
  status:           {type: string, zh: 状态, en: Status, class: C1, level: 2, required: true}
  party_type:       {type: string, zh: 客户类型, en: Party type, class: C1, level: 2}
  is_active:        {type: boolean, zh: 未结清, en: Outstanding, class: C1, level: 2,
                     description: {zh: 业务日期日终未结清、未核销。, en: Neither settled nor written off at the close of the business date.}}
  is_npl:           {type: boolean, zh: 不良, en: Non-performing, class: C2, level: 3, mask: none,
                     description: {zh: 未结清且分类为次级、可疑或损失。, en: "Outstanding and classed substandard, doubtful or loss."}}
  overdue_bucket:   {type: string, zh: 逾期区间, en: Overdue bucket, class: C2, level: 3, mask: none,
                     description: {zh: 按逾期天数划分的区间。, en: The bucket its days past due fall in.},
                     codes: {current: {zh: 未逾期, en: Current}, d1_30: {zh: 逾期1至30天, en: 1 to 30 days}, d31_60: {zh: 逾期31至60天, en: 31 to 60 days}, d61_90: {zh: 逾期61至90天, en: 61 to 90 days}, d91_180: {zh: 逾期91至180天, en: 91 to 180 days}, over_180: {zh: 逾期180天以上, en: Over 180 days}}}
  term_bucket:      {type: string, zh: 期限区间, en: Term bucket, class: C1, level: 2,
                     description: {zh: 12 个月以内为短期，60 个月以内为中期，其余为长期。, en: "Short to 12 months, medium to 60, long beyond."},
                     codes: {short: {zh: 短期, en: Short}, medium: {zh: 中期, en: Medium}, long: {zh: 长期, en: Long}}}
  days_to_due:      {type: integer, zh: 剩余天数, en: Days to due, class: C1, level: 2,
                     description: {zh: 距到期日的天数，已过到期日为负。, en: Days until the last instalment is due; negative once it has passed.}}
checks:
  - {unique: [loan_id]}
  - {not_null: [loan_id, party_id, product, org_id, status, amount_fen, balance_fen]}
  - {accepted: {column: five_class, values: [normal, special_mention, substandard, doubtful, loss]}}
  - {accepted: {column: status, values: [active, settled, written_off]}}
  - {range: {column: amount_fen, min: 0}}
  - {range: {column: balance_fen, min: 0}}
  - {range: {column: overdue_days, min: 0}}
  - {reference: {columns: [party_id], to: core.party}, severity: warning}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
  - {row_count_drift: {max_ratio: 0.5}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY loan_id ORDER BY business_date) AS replaced_on
  FROM raw.loan
),
loan AS (
  SELECT *
  FROM known
  WHERE business_date <= $business_date
    AND (replaced_on IS NULL OR replaced_on > $business_date)
)
SELECT
  loan.loan_id,
  loan.party_id,
  loan.account_id,
  loan.product,
  loan.amount_fen,
  loan.balance_fen,
  loan.annual_rate,
  loan.term_months,
  loan.grant_date,
  loan.due_date,
  loan.repay_method,
  loan.guarantee,
  loan.purpose,
  loan.agri,
  loan.inclusive,
  loan.five_class,
  loan.overdue_days,
  loan.officer_id,
  loan.org_id,
  loan.status,
  party.party_type,
  loan.status = 'active' AS is_active,
  loan.status = 'active'
    AND loan.five_class IN ('substandard', 'doubtful', 'loss') AS is_npl,
  CASE
    WHEN coalesce(loan.overdue_days, 0) = 0 THEN 'current'
    WHEN loan.overdue_days <= 30 THEN 'd1_30'
    WHEN loan.overdue_days <= 60 THEN 'd31_60'
    WHEN loan.overdue_days <= 90 THEN 'd61_90'
    WHEN loan.overdue_days <= 180 THEN 'd91_180'
    ELSE 'over_180'
  END AS overdue_bucket,
  CASE
    WHEN loan.term_months <= 12 THEN 'short'
    WHEN loan.term_months <= 60 THEN 'medium'
    ELSE 'long'
  END AS term_bucket,
  date_diff('day', CAST($business_date AS DATE), loan.due_date) AS days_to_due
FROM loan
LEFT JOIN core.party AS party
  ON party.party_id = loan.party_id AND party.business_date = $business_date
