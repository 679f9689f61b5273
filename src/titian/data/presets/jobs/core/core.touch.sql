/*
writes: core.touch
zh: 营销触达
en: Marketing contacts
description:
  zh: 业务日期当日的营销触达与客户回应。
  en: "Marketing contacts of the business date with the customer's answer."
kind: event
sorted_by: party_id
schedule: daily
waits: [touch, party]
retries: 2
columns:
  touch_id:      {type: string, zh: 触达号, en: Contact, class: C1, level: 2, key: true}
  party_id:      {type: string, zh: 客户号, en: Party, class: C1, level: 2, required: true}
  campaign_id:   {type: string, zh: 活动号, en: Campaign, class: none, level: 1}
  channel:       {type: string, zh: 触达方式, en: Means, class: none, level: 1, required: true}
  sent_at:       {type: timestamp, zh: 触达时间, en: Sent at, class: C1, level: 2, required: true}
  responded:     {type: boolean, zh: 已响应, en: Responded, class: C1, level: 2}
  responded_at:  {type: timestamp, zh: 响应时间, en: Responded at, class: C1, level: 2}
  converted:     {type: boolean, zh: 已转化, en: Converted, class: C1, level: 2}
  org_id:        {type: string, zh: 归属机构, en: Home organisation, class: none, level: 1}
  party_type:    {type: string, zh: 客户类型, en: Party type, class: C1, level: 2}
  age_band:      {type: string, zh: 年龄段, en: Age band, class: C1, level: 2}
  opt_out:       {type: boolean, zh: 拒绝营销, en: Marketing opt-out, class: C1, level: 2,
                  description: {zh: 客户已拒绝营销，此类触达属于违规。, en: "The customer had opted out: such a contact is a breach."}}
  response_hours: {type: integer, zh: 响应小时数, en: Hours to respond, class: C1, level: 2,
                   description: {zh: 从触达到响应的小时数，未响应为空。, en: Hours from contact to answer; empty without an answer.}}
checks:
  - {unique: [touch_id]}
  - {not_null: [touch_id, party_id, channel, sent_at]}
  - {accepted: {column: channel, values: [sms, phone, visit, wechat]}}
  - {reference: {columns: [party_id], to: core.party}, severity: warning}
*/
SELECT
  touch.touch_id,
  touch.party_id,
  touch.campaign_id,
  touch.channel,
  touch.sent_at,
  touch.responded,
  touch.responded_at,
  touch.converted,
  party.org_id,
  party.party_type,
  party.age_band,
  coalesce(party.opt_out, FALSE) AS opt_out,
  date_diff('hour', touch.sent_at, touch.responded_at) AS response_hours
FROM raw.touch AS touch
LEFT JOIN core.party AS party
  ON party.party_id = touch.party_id AND party.business_date = $business_date
WHERE touch.business_date = $business_date
