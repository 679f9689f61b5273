/*
writes: core.officer
zh: 员工
en: Officers
description:
  zh: 业务日期日终的客户经理、柜员与网格员。
  en: Loan officers, tellers and grid officers as they stood at the close of the business date.
kind: snapshot
schedule: daily
waits: [officer]
retries: 2
columns:
  officer_id: {type: string, zh: 员工号, en: Officer, class: C1, level: 2, key: true}
  name:       {type: string, zh: 姓名, en: Name, class: C2, level: 3, mask: name}
  org_id:     {type: string, zh: 机构号, en: Organisation, class: none, level: 1, required: true}
  role:       {type: string, zh: 岗位, en: Role, class: none, level: 1, required: true}
  status:     {type: string, zh: 状态, en: Status, class: none, level: 1, required: true}
  is_active:  {type: boolean, zh: 在岗, en: In post, class: none, level: 1,
               description: {zh: 业务日期日终仍在岗。, en: Still works there at the close of the business date.}}
checks:
  - {unique: [officer_id]}
  - {not_null: [officer_id, org_id, role, status]}
  - {accepted: {column: role, values: [loan, teller, grid]}}
  - {reference: {columns: [org_id], to: core.org}, severity: warning}
*/
WITH known AS (
  SELECT
    *,
    lead(business_date) OVER (PARTITION BY officer_id ORDER BY business_date) AS replaced_on
  FROM raw.officer
)
SELECT
  officer_id,
  name,
  org_id,
  role,
  status,
  status = 'active' AS is_active
FROM known
WHERE business_date <= $business_date
  AND (replaced_on IS NULL OR replaced_on > $business_date)
