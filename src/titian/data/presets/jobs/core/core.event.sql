/*
writes: core.event
zh: 渠道事件
en: Channel events
description:
  zh: 业务日期当日六个渠道的登录、设备变更、收款人变更与支付。
  en: Log-ins, device changes, payee changes and payments on the six channels on the business date.
kind: event
sorted_by: party_id
schedule: daily
waits: [event, party]
retries: 2
columns:
  event_id:      {type: string, zh: 事件号, en: Event, class: C1, level: 3, key: true}
  occurred_at:   {type: timestamp, zh: 发生时间, en: Occurred at, class: C1, level: 2, required: true}
  channel:       {type: string, zh: 渠道, en: Channel, class: C1, level: 2, required: true}
  event_type:    {type: string, zh: 事件类型, en: Event type, class: C1, level: 2, required: true}
  party_id:      {type: string, zh: 客户号, en: Party, class: C1, level: 2}
  account_id:    {type: string, zh: 账户号, en: Account, class: C1, level: 3}
  card_id:       {type: string, zh: 卡标识, en: Card, class: C1, level: 3}
  amount_fen:    {type: integer, zh: 金额, en: Amount, class: C2, level: 3, mask: none}
  payee_account: {type: string, zh: 收款账号, en: Payee account, class: C2, level: 3, mask: account}
  payee_name:    {type: string, zh: 收款户名, en: Payee name, class: C2, level: 3, mask: name}
  device_id:     {type: string, zh: 设备号, en: Device, class: C1, level: 3}
  ip:            {type: string, zh: 网络地址, en: IP address, class: C1, level: 3}
  phone:         {type: string, zh: 手机号, en: Phone, class: C2, level: 3, mask: phone}
  merchant_id:   {type: string, zh: 商户号, en: Merchant, class: C1, level: 2}
  terminal_id:   {type: string, zh: 终端号, en: Terminal, class: C1, level: 2}
  result:        {type: string, zh: 结果, en: Result, class: C1, level: 2, required: true}
  org_id:        {type: string, zh: 归属机构, en: Home organisation, class: none, level: 1}
  hour:          {type: integer, zh: 小时, en: Hour, class: C1, level: 2,
                  description: {zh: 事件发生的小时，0 至 23。, en: "The hour it happened in, 0 to 23."}}
  is_night:      {type: boolean, zh: 夜间, en: At night, class: C1, level: 2,
                  description: {zh: "22:00 至次日 06:00。", en: "From 22:00 to 06:00."}}
  is_payment:    {type: boolean, zh: 资金类, en: Moves money, class: C1, level: 2,
                  description: {zh: 转账、支付或取现。, en: "A transfer, payment or cash withdrawal."}}
checks:
  - {unique: [event_id]}
  - {not_null: [event_id, occurred_at, channel, event_type, result]}
  - {accepted: {column: result, values: [success, declined, failed]}}
  - {row_count_drift: {max_ratio: 3.0}, severity: warning}
*/
SELECT
  event.event_id,
  event.occurred_at,
  event.channel,
  event.event_type,
  event.party_id,
  event.account_id,
  event.card_id,
  event.amount_fen,
  event.payee_account,
  event.payee_name,
  event.device_id,
  event.ip,
  event.phone,
  event.merchant_id,
  event.terminal_id,
  event.result,
  party.org_id,
  hour(event.occurred_at) AS hour,
  hour(event.occurred_at) >= 22 OR hour(event.occurred_at) < 6 AS is_night,
  event.event_type IN ('transfer', 'payment', 'cash_out') AS is_payment
FROM raw.event AS event
LEFT JOIN core.party AS party
  ON party.party_id = event.party_id AND party.business_date = $business_date
WHERE event.business_date = $business_date
