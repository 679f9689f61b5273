/*
writes: core.repayment
zh: 还款明细
en: Repayments
description:
  zh: 业务日期当日应还或已还的期次，及所属贷款。
  en: Instalments billed or paid on the business date, with the loan they belong to.
kind: event
sorted_by: party_id
schedule: daily
waits: [repayment, loan]
retries: 2
columns:
  repayment_id:       {type: string, zh: 还款流水号, en: Repayment, class: C1, level: 3, key: true}
  loan_id:            {type: string, zh: 借据号, en: Loan, class: C1, level: 3, required: true}
  period:             {type: integer, zh: 期次, en: Instalment number, class: C1, level: 2}
  due_date:           {type: date, zh: 应还日, en: Due, class: C1, level: 2}
  due_principal_fen:  {type: integer, zh: 应还本金, en: Principal due, class: C2, level: 3, mask: none}
  due_interest_fen:   {type: integer, zh: 应还利息, en: Interest due, class: C2, level: 3, mask: none}
  paid_principal_fen: {type: integer, zh: 实还本金, en: Principal paid, class: C2, level: 3, mask: none}
  paid_interest_fen:  {type: integer, zh: 实还利息, en: Interest paid, class: C2, level: 3, mask: none}
  paid_date:          {type: date, zh: 实还日, en: Paid, class: C1, level: 2}
  party_id:           {type: string, zh: 客户号, en: Party, class: C1, level: 2}
  product:            {type: string, zh: 产品, en: Product, class: C1, level: 2}
  agri:               {type: boolean, zh: 涉农, en: Agricultural, class: C1, level: 2}
  org_id:             {type: string, zh: 经办机构, en: Organisation, class: none, level: 1}
  days_late:          {type: integer, zh: 迟还天数, en: Days late, class: C2, level: 3, mask: none,
                       description: {zh: 实还日减应还日；未还的算到业务日期。, en: Paid date less due date; up to the business date when unpaid.}}
  is_late:            {type: boolean, zh: 迟还, en: Paid late, class: C2, level: 3, mask: none,
                       description: {zh: 实还日晚于应还日，或到期未还。, en: "Paid after it was due, or still unpaid."}}
checks:
  - {unique: [repayment_id]}
  - {not_null: [repayment_id, loan_id]}
  - {range: {column: paid_principal_fen, min: 0}}
  - {range: {column: paid_interest_fen, min: 0}}
  - {reference: {columns: [loan_id], to: core.loan}, severity: warning}
*/
SELECT
  repayment.repayment_id,
  repayment.loan_id,
  repayment.period,
  repayment.due_date,
  repayment.due_principal_fen,
  repayment.due_interest_fen,
  repayment.paid_principal_fen,
  repayment.paid_interest_fen,
  repayment.paid_date,
  loan.party_id,
  loan.product,
  loan.agri,
  loan.org_id,
  greatest(
    date_diff(
      'day', repayment.due_date, coalesce(repayment.paid_date, CAST($business_date AS DATE))
    ),
    0
  ) AS days_late,
  coalesce(repayment.paid_date, CAST($business_date AS DATE)) > repayment.due_date AS is_late
FROM raw.repayment AS repayment
LEFT JOIN core.loan AS loan
  ON loan.loan_id = repayment.loan_id AND loan.business_date = $business_date
WHERE repayment.business_date = $business_date
