/*
writes: mart.party_day
zh: 客户日活动
en: Party activity of a day
description:
  zh: 每个客户业务日期当日的活动，笔数与金额可按日累加；无活动的客户没有行。
  en: What each party did on the business date, in counts and sums that add up over days; parties without any activity have no row.
kind: event
schedule: daily
retries: 2
columns:
  party_id:          {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true,
                      description: {zh: 当日有活动的客户。, en: The customer who did something that day.}}
  entries:           {type: integer, zh: 动账笔数, en: Entries, class: C1, level: 2,
                      description: {zh: 客户发起的分录，不含利息和手续费。, en: Entries the customer made; interest and fees are left out.}}
  in_fen:            {type: integer, zh: 流入金额, en: Money in, class: C2, level: 3, mask: none,
                      description: {zh: 当日贷方分录的金额合计。, en: "The sum of the day's credits."}}
  out_fen:           {type: integer, zh: 流出金额, en: Money out, class: C2, level: 3, mask: none,
                      description: {zh: 当日借方分录的金额合计。, en: "The sum of the day's debits."}}
  max_out_fen:       {type: integer, zh: 单笔最大流出, en: Largest single outflow, class: C2, level: 3, mask: none,
                      description: {zh: 当日最大一笔借方分录的金额。, en: The largest debit of the day.}}
  counter_entries:   {type: integer, zh: 柜面笔数, en: Counter entries, class: C1, level: 2,
                      description: {zh: 当日经柜面办理的分录。, en: Entries made over the counter that day.}}
  atm_entries:       {type: integer, zh: 自助设备笔数, en: ATM entries, class: C1, level: 2,
                      description: {zh: 当日经自助设备办理的分录。, en: Entries made at machines that day.}}
  online_entries:    {type: integer, zh: 网上银行笔数, en: Online bank entries, class: C1, level: 2,
                      description: {zh: 当日经网上银行办理的分录。, en: Entries made in the online bank that day.}}
  mobile_entries:    {type: integer, zh: 手机银行笔数, en: Mobile bank entries, class: C1, level: 2,
                      description: {zh: 当日经手机银行办理的分录。, en: Entries made in the mobile bank that day.}}
  wechat_entries:    {type: integer, zh: 微信银行笔数, en: WeChat bank entries, class: C1, level: 2,
                      description: {zh: 当日经微信银行办理的分录。, en: Entries made in the WeChat bank that day.}}
  direct_entries:    {type: integer, zh: 直销银行笔数, en: Direct bank entries, class: C1, level: 2,
                      description: {zh: 当日经直销银行办理的分录。, en: Entries made in the direct bank that day.}}
  card_entries:      {type: integer, zh: 银行卡笔数, en: Card entries, class: C1, level: 2,
                      description: {zh: 当日刷卡的分录。, en: Entries made with a card that day.}}
  quick_entries:     {type: integer, zh: 快捷支付笔数, en: Quick payment entries, class: C1, level: 2,
                      description: {zh: 当日经快捷支付办理的分录。, en: Entries made by quick payment that day.}}
  night_entries:     {type: integer, zh: 夜间笔数, en: Entries at night, class: C1, level: 2,
                      description: {zh: "22:00 至次日 06:00 的分录，不含系统批量。", en: "Entries from 22:00 to 06:00, without batches."}}
  salary_fen:        {type: integer, zh: 代发工资金额, en: Salary received, class: C2, level: 3, mask: none,
                      description: {zh: 当日代发工资入账的金额。, en: Salary credited that day.}}
  salaries:          {type: integer, zh: 代发工资笔数, en: Salaries received, class: C2, level: 3, mask: none,
                      description: {zh: 当日代发工资入账的笔数。, en: Salaries credited that day.}}
  pension_fen:       {type: integer, zh: 养老金金额, en: Pension received, class: C2, level: 3, mask: none,
                      description: {zh: 当日养老金入账的金额。, en: Pension credited that day.}}
  subsidy_fen:       {type: integer, zh: 补贴金额, en: Subsidies received, class: C2, level: 3, mask: none,
                      description: {zh: 当日补贴入账的金额。, en: Subsidies credited that day.}}
  sale_fen:          {type: integer, zh: 农产品销售收入, en: Sales income, class: C2, level: 3, mask: none,
                      description: {zh: 当日农产品销售入账的金额。, en: Income from sales of produce credited that day.}}
  cash_entries:      {type: integer, zh: 现金笔数, en: Cash entries, class: C1, level: 2,
                      description: {zh: 当日现金存取的笔数。, en: Cash paid in or out that day.}}
  cash_fen:          {type: integer, zh: 现金金额, en: Cash amount, class: C2, level: 3, mask: none,
                      description: {zh: 当日现金存取的金额合计。, en: The sum of cash paid in and out that day.}}
  utilities:         {type: integer, zh: 缴费笔数, en: Utility payments, class: C1, level: 2,
                      description: {zh: 当日生活缴费的笔数。, en: Utility bills paid that day.}}
  payments:          {type: integer, zh: 消费笔数, en: Purchases, class: C1, level: 2,
                      description: {zh: 当日消费和赶集交易的借方笔数。, en: "Purchases that day, those on market days included."}}
  payment_fen:       {type: integer, zh: 消费金额, en: Amount of purchases, class: C2, level: 3, mask: none,
                      description: {zh: 当日消费和赶集交易的借方金额。, en: "The sum of that day's purchases, those on market days included."}}
  markets:           {type: integer, zh: 赶集交易笔数, en: Market-day purchases, class: C1, level: 2,
                      description: {zh: 当日赶集交易的借方笔数。, en: Purchases on a rural market that day.}}
  transfers_out:     {type: integer, zh: 转出笔数, en: Transfers out, class: C1, level: 2,
                      description: {zh: 当日转账的借方笔数。, en: Transfers sent that day.}}
  transfer_out_fen:  {type: integer, zh: 转出金额, en: Amount transferred out, class: C2, level: 3, mask: none,
                      description: {zh: 当日转账的借方金额。, en: The sum of transfers sent that day.}}
  logins:            {type: integer, zh: 登录次数, en: Log-ins, class: C1, level: 2,
                      description: {zh: 当日各渠道的登录次数。, en: Log-ins on any channel that day.}}
  mobile_logins:     {type: integer, zh: 手机银行登录次数, en: Mobile bank log-ins, class: C1, level: 2,
                      description: {zh: 当日手机银行的登录次数。, en: Log-ins to the mobile bank that day.}}
  wechat_events:     {type: integer, zh: 微信银行事件数, en: WeChat bank events, class: C1, level: 2,
                      description: {zh: 当日微信银行的各类事件。, en: Events of any kind in the WeChat bank that day.}}
  device_binds:      {type: integer, zh: 新设备绑定次数, en: Devices bound, class: C1, level: 3,
                      description: {zh: 当日绑定新设备的次数。, en: New devices bound that day.}}
  limit_changes:     {type: integer, zh: 限额调整次数, en: Limit changes, class: C1, level: 3,
                      description: {zh: 当日调整限额的次数。, en: Limits changed that day.}}
  payee_adds:        {type: integer, zh: 新增收款人次数, en: Payees added, class: C1, level: 3,
                      description: {zh: 当日新增收款人的次数。, en: Payees added that day.}}
  declines:          {type: integer, zh: 失败或拒绝次数, en: Declined or failed events, class: C1, level: 3,
                      description: {zh: 当日结果不是成功的渠道事件。, en: Events on channels that did not succeed that day.}}
  touches:           {type: integer, zh: 营销触达次数, en: Marketing contacts, class: C1, level: 2,
                      description: {zh: 当日收到的营销触达。, en: Marketing contacts that day.}}
  responses:         {type: integer, zh: 营销响应次数, en: Marketing responses, class: C1, level: 2,
                      description: {zh: 当日响应的营销触达。, en: Marketing contacts answered that day.}}
  conversions:       {type: integer, zh: 营销转化次数, en: Marketing conversions, class: C1, level: 2,
                      description: {zh: 当日转化的营销触达。, en: Marketing contacts that led to a product that day.}}
  instalments:       {type: integer, zh: 还款期数, en: Instalments, class: C2, level: 3, mask: none,
                      description: {zh: 当日到期或还款的期数。, en: Instalments due or paid that day.}}
  late_instalments:  {type: integer, zh: 迟还期数, en: Late instalments, class: C2, level: 3, mask: none,
                      description: {zh: 其中迟还或到期未还的期数。, en: Those of them paid late or still unpaid.}}
  max_days_late:     {type: integer, zh: 最长迟还天数, en: Longest delay in days, class: C2, level: 3, mask: none,
                      description: {zh: 其中最长的迟还天数。, en: The most days any of them is late.}}
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
