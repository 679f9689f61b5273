/*
writes: mart.party_day
zh: 客户日活动
en: Party activity of a day
description: What each party did on the business date, in counts and sums that add up over days; parties without any activity have no row.
kind: event
schedule: daily
retries: 2
columns:
  party_id:          {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true}
  entries:           {type: integer, zh: 动账笔数, en: Entries, class: C1, level: 2, description: "entries the customer made; interest and fees are left out"}
  in_fen:            {type: integer, zh: 流入金额, en: Money in, class: C2, level: 3, mask: none}
  out_fen:           {type: integer, zh: 流出金额, en: Money out, class: C2, level: 3, mask: none}
  max_out_fen:       {type: integer, zh: 单笔最大流出, en: Largest single outflow, class: C2, level: 3, mask: none}
  counter_entries:   {type: integer, zh: 柜面笔数, en: Counter entries, class: C1, level: 2}
  atm_entries:       {type: integer, zh: 自助设备笔数, en: ATM entries, class: C1, level: 2}
  online_entries:    {type: integer, zh: 网上银行笔数, en: Online bank entries, class: C1, level: 2}
  mobile_entries:    {type: integer, zh: 手机银行笔数, en: Mobile bank entries, class: C1, level: 2}
  wechat_entries:    {type: integer, zh: 微信银行笔数, en: WeChat bank entries, class: C1, level: 2}
  direct_entries:    {type: integer, zh: 直销银行笔数, en: Direct bank entries, class: C1, level: 2}
  card_entries:      {type: integer, zh: 银行卡笔数, en: Card entries, class: C1, level: 2}
  quick_entries:     {type: integer, zh: 快捷支付笔数, en: Quick payment entries, class: C1, level: 2}
  night_entries:     {type: integer, zh: 夜间笔数, en: Entries at night, class: C1, level: 2}
  salary_fen:        {type: integer, zh: 代发工资金额, en: Salary received, class: C2, level: 3, mask: none}
  salaries:          {type: integer, zh: 代发工资笔数, en: Salaries received, class: C2, level: 3, mask: none}
  pension_fen:       {type: integer, zh: 养老金金额, en: Pension received, class: C2, level: 3, mask: none}
  subsidy_fen:       {type: integer, zh: 补贴金额, en: Subsidies received, class: C2, level: 3, mask: none}
  sale_fen:          {type: integer, zh: 农产品销售收入, en: Sales income, class: C2, level: 3, mask: none}
  cash_entries:      {type: integer, zh: 现金笔数, en: Cash entries, class: C1, level: 2}
  cash_fen:          {type: integer, zh: 现金金额, en: Cash amount, class: C2, level: 3, mask: none}
  utilities:         {type: integer, zh: 缴费笔数, en: Utility payments, class: C1, level: 2}
  payments:          {type: integer, zh: 消费笔数, en: Purchases, class: C1, level: 2}
  payment_fen:       {type: integer, zh: 消费金额, en: Amount of purchases, class: C2, level: 3, mask: none}
  markets:           {type: integer, zh: 赶集交易笔数, en: Market-day purchases, class: C1, level: 2}
  transfers_out:     {type: integer, zh: 转出笔数, en: Transfers out, class: C1, level: 2}
  transfer_out_fen:  {type: integer, zh: 转出金额, en: Amount transferred out, class: C2, level: 3, mask: none}
  logins:            {type: integer, zh: 登录次数, en: Log-ins, class: C1, level: 2}
  mobile_logins:     {type: integer, zh: 手机银行登录次数, en: Mobile bank log-ins, class: C1, level: 2}
  wechat_events:     {type: integer, zh: 微信银行事件数, en: WeChat bank events, class: C1, level: 2}
  device_binds:      {type: integer, zh: 新设备绑定次数, en: Devices bound, class: C1, level: 3}
  limit_changes:     {type: integer, zh: 限额调整次数, en: Limit changes, class: C1, level: 3}
  payee_adds:        {type: integer, zh: 新增收款人次数, en: Payees added, class: C1, level: 3}
  declines:          {type: integer, zh: 失败或拒绝次数, en: Declined or failed events, class: C1, level: 3}
  touches:           {type: integer, zh: 营销触达次数, en: Marketing contacts, class: C1, level: 2}
  responses:         {type: integer, zh: 营销响应次数, en: Marketing responses, class: C1, level: 2}
  conversions:       {type: integer, zh: 营销转化次数, en: Marketing conversions, class: C1, level: 2}
  instalments:       {type: integer, zh: 还款期数, en: Instalments, class: C2, level: 3, mask: none}
  late_instalments:  {type: integer, zh: 迟还期数, en: Late instalments, class: C2, level: 3, mask: none}
  max_days_late:     {type: integer, zh: 最长迟还天数, en: Longest delay in days, class: C2, level: 3, mask: none}
checks:
  - {unique: [party_id]}
  - {not_null: [party_id]}
*/
WITH entry AS (
  SELECT
    party_id,
    count(*) AS entries,
    sum(CASE WHEN direction = 'credit' THEN amount_fen ELSE 0 END) AS in_fen,
    sum(CASE WHEN direction = 'debit' THEN amount_fen ELSE 0 END) AS out_fen,
    max(CASE WHEN direction = 'debit' THEN amount_fen ELSE 0 END) AS max_out_fen,
    count(*) FILTER (WHERE channel = 'counter') AS counter_entries,
    count(*) FILTER (WHERE channel = 'atm') AS atm_entries,
    count(*) FILTER (WHERE channel = 'online') AS online_entries,
    count(*) FILTER (WHERE channel = 'mobile') AS mobile_entries,
    count(*) FILTER (WHERE channel = 'wechat') AS wechat_entries,
    count(*) FILTER (WHERE channel = 'direct') AS direct_entries,
    count(*) FILTER (WHERE channel = 'card') AS card_entries,
    count(*) FILTER (WHERE channel = 'quick') AS quick_entries,
    count(*) FILTER (WHERE is_night AND channel <> 'batch') AS night_entries,
    sum(CASE WHEN summary = 'salary' AND direction = 'credit' THEN amount_fen ELSE 0 END)
      AS salary_fen,
    count(*) FILTER (WHERE summary = 'salary' AND direction = 'credit') AS salaries,
    sum(CASE WHEN summary = 'pension' AND direction = 'credit' THEN amount_fen ELSE 0 END)
      AS pension_fen,
    sum(CASE WHEN summary = 'subsidy' AND direction = 'credit' THEN amount_fen ELSE 0 END)
      AS subsidy_fen,
    sum(CASE WHEN summary = 'sale' AND direction = 'credit' THEN amount_fen ELSE 0 END)
      AS sale_fen,
    count(*) FILTER (WHERE summary = 'cash') AS cash_entries,
    sum(CASE WHEN summary = 'cash' THEN amount_fen ELSE 0 END) AS cash_fen,
    count(*) FILTER (WHERE summary = 'utility' AND direction = 'debit') AS utilities,
    count(*) FILTER (WHERE summary IN ('payment', 'market') AND direction = 'debit') AS payments,
    sum(CASE WHEN summary IN ('payment', 'market') AND direction = 'debit' THEN amount_fen ELSE 0
      END) AS payment_fen,
    count(*) FILTER (WHERE summary = 'market' AND direction = 'debit') AS markets,
    count(*) FILTER (WHERE summary = 'transfer' AND direction = 'debit') AS transfers_out,
    sum(CASE WHEN summary = 'transfer' AND direction = 'debit' THEN amount_fen ELSE 0 END)
      AS transfer_out_fen
  FROM core.entry
  WHERE business_date = $business_date
    AND party_id IS NOT NULL
    AND coalesce(summary, '') NOT IN ('interest', 'fee')
  GROUP BY party_id
),
event AS (
  SELECT
    party_id,
    count(*) FILTER (WHERE event_type = 'login') AS logins,
    count(*) FILTER (WHERE event_type = 'login' AND channel = 'mobile') AS mobile_logins,
    count(*) FILTER (WHERE channel = 'wechat') AS wechat_events,
    count(*) FILTER (WHERE event_type = 'device_bind') AS device_binds,
    count(*) FILTER (WHERE event_type = 'limit_change') AS limit_changes,
    count(*) FILTER (WHERE event_type = 'payee_add') AS payee_adds,
    count(*) FILTER (WHERE result <> 'success') AS declines
  FROM core.event
  WHERE business_date = $business_date AND party_id IS NOT NULL
  GROUP BY party_id
),
touch AS (
  SELECT
    party_id,
    count(*) AS touches,
    count(*) FILTER (WHERE responded) AS responses,
    count(*) FILTER (WHERE converted) AS conversions
  FROM core.touch
  WHERE business_date = $business_date AND party_id IS NOT NULL
  GROUP BY party_id
),
repayment AS (
  SELECT
    party_id,
    count(*) AS instalments,
    count(*) FILTER (WHERE is_late) AS late_instalments,
    max(days_late) AS max_days_late
  FROM core.repayment
  WHERE business_date = $business_date AND party_id IS NOT NULL
  GROUP BY party_id
),
active AS (
  SELECT party_id FROM entry
  UNION
  SELECT party_id FROM event
  UNION
  SELECT party_id FROM touch
  UNION
  SELECT party_id FROM repayment
)
SELECT
  active.party_id,
  coalesce(entry.entries, 0) AS entries,
  coalesce(entry.in_fen, 0) AS in_fen,
  coalesce(entry.out_fen, 0) AS out_fen,
  coalesce(entry.max_out_fen, 0) AS max_out_fen,
  coalesce(entry.counter_entries, 0) AS counter_entries,
  coalesce(entry.atm_entries, 0) AS atm_entries,
  coalesce(entry.online_entries, 0) AS online_entries,
  coalesce(entry.mobile_entries, 0) AS mobile_entries,
  coalesce(entry.wechat_entries, 0) AS wechat_entries,
  coalesce(entry.direct_entries, 0) AS direct_entries,
  coalesce(entry.card_entries, 0) AS card_entries,
  coalesce(entry.quick_entries, 0) AS quick_entries,
  coalesce(entry.night_entries, 0) AS night_entries,
  coalesce(entry.salary_fen, 0) AS salary_fen,
  coalesce(entry.salaries, 0) AS salaries,
  coalesce(entry.pension_fen, 0) AS pension_fen,
  coalesce(entry.subsidy_fen, 0) AS subsidy_fen,
  coalesce(entry.sale_fen, 0) AS sale_fen,
  coalesce(entry.cash_entries, 0) AS cash_entries,
  coalesce(entry.cash_fen, 0) AS cash_fen,
  coalesce(entry.utilities, 0) AS utilities,
  coalesce(entry.payments, 0) AS payments,
  coalesce(entry.payment_fen, 0) AS payment_fen,
  coalesce(entry.markets, 0) AS markets,
  coalesce(entry.transfers_out, 0) AS transfers_out,
  coalesce(entry.transfer_out_fen, 0) AS transfer_out_fen,
  coalesce(event.logins, 0) AS logins,
  coalesce(event.mobile_logins, 0) AS mobile_logins,
  coalesce(event.wechat_events, 0) AS wechat_events,
  coalesce(event.device_binds, 0) AS device_binds,
  coalesce(event.limit_changes, 0) AS limit_changes,
  coalesce(event.payee_adds, 0) AS payee_adds,
  coalesce(event.declines, 0) AS declines,
  coalesce(touch.touches, 0) AS touches,
  coalesce(touch.responses, 0) AS responses,
  coalesce(touch.conversions, 0) AS conversions,
  coalesce(repayment.instalments, 0) AS instalments,
  coalesce(repayment.late_instalments, 0) AS late_instalments,
  coalesce(repayment.max_days_late, 0) AS max_days_late
FROM active
LEFT JOIN entry ON entry.party_id = active.party_id
LEFT JOIN event ON event.party_id = active.party_id
LEFT JOIN touch ON touch.party_id = active.party_id
LEFT JOIN repayment ON repayment.party_id = active.party_id
