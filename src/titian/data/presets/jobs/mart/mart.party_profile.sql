/*
writes: mart.party_profile
zh: 客户画像
en: Party profiles
description: One wide row for every party as it stood at the close of the business date, from which tags and audiences are made.
kind: snapshot
schedule: daily
retries: 2
columns:
  party_id:              {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true}
  dense_id:              {type: integer, zh: 序号, en: Number, class: C1, level: 1, description: "the party's place in bitmaps"}
  party_type:            {type: string, zh: 客户类型, en: Type, class: C1, level: 2}
  status:                {type: string, zh: 客户状态, en: Status, class: C1, level: 2}
  org_id:                {type: string, zh: 归属机构, en: Home organisation, class: none, level: 1}
  gender:                {type: string, zh: 性别, en: Sex, class: C1, level: 2}
  age_years:             {type: integer, zh: 年龄, en: Age, class: C1, level: 2}
  birth_month:           {type: integer, zh: 出生月份, en: Month of birth, class: C1, level: 2}
  marital:               {type: string, zh: 婚姻状况, en: Marital status, class: C1, level: 2}
  education:             {type: string, zh: 学历, en: Education, class: C1, level: 2}
  occupation:            {type: string, zh: 职业, en: Occupation, class: C1, level: 2}
  monthly_income_fen:    {type: integer, zh: 月收入, en: Monthly income, class: C2, level: 3}
  opt_out:               {type: boolean, zh: 拒绝营销, en: Opted out of marketing, class: C1, level: 2}
  open_date:             {type: date, zh: 开户日期, en: Customer since, class: C1, level: 2}
  tenure_days:           {type: integer, zh: 入行天数, en: Days as a customer, class: C1, level: 2}
  is_rural:              {type: boolean, zh: 农村客户, en: Lives in a village, class: C1, level: 2}
  village_id:            {type: string, zh: 村号, en: Village, class: C1, level: 2}
  credit_village:        {type: boolean, zh: 信用村, en: Credit village, class: none, level: 1}
  in_grid:               {type: boolean, zh: 已入网格, en: Served by a grid officer, class: none, level: 1}
  has_officer:           {type: boolean, zh: 有客户经理, en: Has an officer, class: C1, level: 2}
  village_penetration:   {type: double, zh: 村户覆盖率, en: Share of the village's households that are customers, class: none, level: 1}
  household_id:          {type: string, zh: 农户号, en: Household, class: C1, level: 2}
  is_household_head:     {type: boolean, zh: 户主, en: Head of household, class: C1, level: 2}
  household_members:     {type: integer, zh: 家庭人口, en: Members of the household, class: C1, level: 2}
  household_customers:   {type: integer, zh: 家庭客户数, en: Customers in the household, class: C1, level: 2}
  household_borrowers:   {type: integer, zh: 家庭借款人数, en: Borrowers in the household, class: C1, level: 2}
  household_aum_fen:     {type: integer, zh: 家庭金融资产, en: Assets of the household, class: C2, level: 3}
  household_loan_fen:    {type: integer, zh: 家庭贷款余额, en: Loans of the household, class: C2, level: 3}
  household_elders:      {type: integer, zh: 家庭老人数, en: Members of sixty and over who are customers, class: C1, level: 2}
  land_mu:               {type: "decimal(9,2)", zh: 耕地亩数, en: Land (mu), class: C2, level: 3}
  house:                 {type: string, zh: 住房, en: House, class: C2, level: 3, mask: none}
  industry:              {type: string, zh: 家庭主业, en: Main trade of the household, class: C1, level: 2}
  phone_sharers:         {type: integer, zh: 同手机号客户数, en: Parties with the same phone, class: C1, level: 3}
  address_sharers:       {type: integer, zh: 同地址客户数, en: Parties with the same address, class: C1, level: 3}
  accounts:              {type: integer, zh: 账户数, en: Open accounts, class: C1, level: 2}
  dormant_accounts:      {type: integer, zh: 睡眠账户数, en: Dormant accounts, class: C1, level: 2}
  newest_account_days:   {type: integer, zh: 最近开户距今天数, en: Days since the newest account, class: C1, level: 2}
  demand_fen:            {type: integer, zh: 活期余额, en: Demand deposits, class: C2, level: 3}
  time_fen:              {type: integer, zh: 定期余额, en: Time and notice deposits, class: C2, level: 3}
  deposit_fen:           {type: integer, zh: 存款余额, en: Deposits, class: C2, level: 3}
  wealth_fen:            {type: integer, zh: 理财余额, en: Wealth products, class: C2, level: 3}
  time_accounts:         {type: integer, zh: 定期存单数, en: Time deposits, class: C1, level: 2}
  time_maturing_30d_fen: {type: integer, zh: 30天内到期定期, en: Time deposits maturing in 30 days, class: C2, level: 3}
  has_social:            {type: boolean, zh: 社保卡账户, en: Social security account, class: C1, level: 2}
  has_foreign:           {type: boolean, zh: 外币账户, en: Foreign currency account, class: C1, level: 2}
  credit_used_fen:       {type: integer, zh: 信用卡已用额度, en: Credit card balance used, class: C2, level: 3}
  aum_fen:               {type: integer, zh: 金融资产, en: Assets under management, class: C2, level: 3, description: "deposits and wealth products, CNY"}
  aum_30d_ago_fen:       {type: integer, zh: 30天前金融资产, en: Assets 30 days ago, class: C2, level: 3, description: "empty where the lake does not reach back"}
  aum_90d_ago_fen:       {type: integer, zh: 90天前金融资产, en: Assets 90 days ago, class: C2, level: 3, description: "empty where the lake does not reach back"}
  aum_percentile:        {type: double, zh: 金融资产分位, en: Rank by assets, class: C2, level: 3, description: "0 lowest to 1 highest among parties of the same type"}
  debit_cards:           {type: integer, zh: 借记卡数, en: Debit cards, class: C1, level: 2}
  credit_cards:          {type: integer, zh: 信用卡数, en: Credit cards, class: C1, level: 2}
  credit_limit_fen:      {type: integer, zh: 信用卡额度, en: Credit card limit, class: C2, level: 3}
  loans:                 {type: integer, zh: 在贷笔数, en: Loans outstanding, class: C1, level: 2}
  loan_fen:              {type: integer, zh: 贷款余额, en: Loan balance, class: C2, level: 3}
  loan_granted_fen:      {type: integer, zh: 贷款发放额, en: Amount granted, class: C2, level: 3}
  agri_loan_fen:         {type: integer, zh: 涉农贷款余额, en: Agricultural loans, class: C2, level: 3}
  settled_loans:         {type: integer, zh: 已结清笔数, en: Loans settled, class: C1, level: 2}
  written_off_loans:     {type: integer, zh: 已核销笔数, en: Loans written off, class: C2, level: 3}
  overdue_days:          {type: integer, zh: 逾期天数, en: Days past due, class: C2, level: 3}
  loan_due_days:         {type: integer, zh: 最近到期天数, en: Days to the next loan due, class: C1, level: 2}
  loan_age_days:         {type: integer, zh: 首贷距今天数, en: Days since the first loan, class: C1, level: 2}
  loan_product:          {type: string, zh: 主要贷款产品, en: Main loan product, class: C1, level: 2, description: "that of the largest balance"}
  loan_guarantee:        {type: string, zh: 主要担保方式, en: Main guarantee, class: C1, level: 2, description: "that of the largest balance"}
  five_class:            {type: string, zh: 五级分类, en: Five-category class, class: C2, level: 3, mask: none, description: "the worst of the outstanding loans"}
  max_loan_rate:         {type: "decimal(9,6)", zh: 最高贷款利率, en: Highest loan rate, class: C1, level: 2}
  entries_30d:           {type: integer, zh: 近30天动账笔数, en: "Entries, 30 days", class: C1, level: 2}
  active_days_30d:       {type: integer, zh: 近30天活跃天数, en: "Active days, 30 days", class: C1, level: 2}
  in_fen_30d:            {type: integer, zh: 近30天流入金额, en: "Money in, 30 days", class: C2, level: 3}
  out_fen_30d:           {type: integer, zh: 近30天流出金额, en: "Money out, 30 days", class: C2, level: 3}
  max_out_fen_30d:       {type: integer, zh: 近30天单笔最大流出, en: "Largest single outflow, 30 days", class: C2, level: 3}
  mobile_entries_30d:    {type: integer, zh: 近30天手机银行笔数, en: "Mobile bank entries, 30 days", class: C1, level: 2}
  counter_entries_30d:   {type: integer, zh: 近30天柜面笔数, en: "Counter entries, 30 days", class: C1, level: 2}
  quick_entries_30d:     {type: integer, zh: 近30天快捷支付笔数, en: "Quick payment entries, 30 days", class: C1, level: 2}
  mobile_logins_30d:     {type: integer, zh: 近30天手机银行登录次数, en: "Mobile bank log-ins, 30 days", class: C1, level: 2}
  transfers_out_30d:     {type: integer, zh: 近30天转出笔数, en: "Transfers out, 30 days", class: C1, level: 2}
  declines_30d:          {type: integer, zh: 近30天失败或拒绝次数, en: "Declined or failed events, 30 days", class: C1, level: 3}
  device_binds_30d:      {type: integer, zh: 近30天新设备绑定次数, en: "Devices bound, 30 days", class: C1, level: 3}
  payee_adds_30d:        {type: integer, zh: 近30天新增收款人次数, en: "Payees added, 30 days", class: C1, level: 3}
  limit_changes_30d:     {type: integer, zh: 近30天限额调整次数, en: "Limit changes, 30 days", class: C1, level: 3}
  touches_30d:           {type: integer, zh: 近30天营销触达次数, en: "Marketing contacts, 30 days", class: C1, level: 2}
  entries_90d:           {type: integer, zh: 近90天动账笔数, en: "Entries, 90 days", class: C1, level: 2}
  active_days_90d:       {type: integer, zh: 近90天活跃天数, en: "Active days, 90 days", class: C1, level: 2}
  in_fen_90d:            {type: integer, zh: 近90天流入金额, en: "Money in, 90 days", class: C2, level: 3}
  out_fen_90d:           {type: integer, zh: 近90天流出金额, en: "Money out, 90 days", class: C2, level: 3}
  night_entries_90d:     {type: integer, zh: 近90天夜间笔数, en: "Entries at night, 90 days", class: C1, level: 2}
  counter_entries_90d:   {type: integer, zh: 近90天柜面笔数, en: "Counter entries, 90 days", class: C1, level: 2}
  atm_entries_90d:       {type: integer, zh: 近90天自助设备笔数, en: "ATM entries, 90 days", class: C1, level: 2}
  online_entries_90d:    {type: integer, zh: 近90天网上银行笔数, en: "Online bank entries, 90 days", class: C1, level: 2}
  mobile_entries_90d:    {type: integer, zh: 近90天手机银行笔数, en: "Mobile bank entries, 90 days", class: C1, level: 2}
  wechat_entries_90d:    {type: integer, zh: 近90天微信银行笔数, en: "WeChat bank entries, 90 days", class: C1, level: 2}
  direct_entries_90d:    {type: integer, zh: 近90天直销银行笔数, en: "Direct bank entries, 90 days", class: C1, level: 2}
  card_entries_90d:      {type: integer, zh: 近90天银行卡笔数, en: "Card entries, 90 days", class: C1, level: 2}
  quick_entries_90d:     {type: integer, zh: 近90天快捷支付笔数, en: "Quick payment entries, 90 days", class: C1, level: 2}
  cash_entries_90d:      {type: integer, zh: 近90天现金笔数, en: "Cash entries, 90 days", class: C1, level: 2}
  cash_fen_90d:          {type: integer, zh: 近90天现金金额, en: "Cash amount, 90 days", class: C2, level: 3}
  salary_fen_90d:        {type: integer, zh: 近90天代发工资金额, en: "Salary received, 90 days", class: C2, level: 3}
  salary_months_90d:     {type: integer, zh: 近90天代发工资月数, en: "Months with salary, 90 days", class: C2, level: 3}
  pension_fen_90d:       {type: integer, zh: 近90天养老金金额, en: "Pension received, 90 days", class: C2, level: 3}
  subsidy_fen_90d:       {type: integer, zh: 近90天补贴金额, en: "Subsidies received, 90 days", class: C2, level: 3}
  sale_fen_90d:          {type: integer, zh: 近90天销售收入, en: "Sales income, 90 days", class: C2, level: 3}
  utilities_90d:         {type: integer, zh: 近90天缴费笔数, en: "Utility payments, 90 days", class: C1, level: 2}
  payments_90d:          {type: integer, zh: 近90天消费笔数, en: "Purchases, 90 days", class: C1, level: 2}
  payment_fen_90d:       {type: integer, zh: 近90天消费金额, en: "Amount of purchases, 90 days", class: C2, level: 3}
  markets_90d:           {type: integer, zh: 近90天赶集交易笔数, en: "Market-day purchases, 90 days", class: C1, level: 2}
  transfer_out_fen_90d:  {type: integer, zh: 近90天转出金额, en: "Amount transferred out, 90 days", class: C2, level: 3}
  logins_90d:            {type: integer, zh: 近90天登录次数, en: "Log-ins, 90 days", class: C1, level: 2}
  mobile_logins_90d:     {type: integer, zh: 近90天手机银行登录次数, en: "Mobile bank log-ins, 90 days", class: C1, level: 2}
  wechat_events_90d:     {type: integer, zh: 近90天微信银行事件数, en: "WeChat bank events, 90 days", class: C1, level: 2}
  touches_90d:           {type: integer, zh: 近90天营销触达次数, en: "Marketing contacts, 90 days", class: C1, level: 2}
  responses_90d:         {type: integer, zh: 近90天营销响应次数, en: "Marketing responses, 90 days", class: C1, level: 2}
  conversions_90d:       {type: integer, zh: 近90天营销转化次数, en: "Marketing conversions, 90 days", class: C1, level: 2}
  instalments_90d:       {type: integer, zh: 近90天还款期数, en: "Instalments, 90 days", class: C2, level: 3}
  late_instalments_90d:  {type: integer, zh: 近90天迟还期数, en: "Late instalments, 90 days", class: C2, level: 3}
  max_days_late_90d:     {type: integer, zh: 近90天最长迟还天数, en: "Longest delay in days, 90 days", class: C2, level: 3}
  device_binds_7d:       {type: integer, zh: 近7天新设备绑定次数, en: "Devices bound, 7 days", class: C1, level: 3}
  last_entry_days:       {type: integer, zh: 最近动账距今天数, en: Days since the last entry, class: C1, level: 2, description: "empty when there was none in 90 days"}
  channels_90d:          {type: integer, zh: 近90天使用渠道数, en: "Channels used, 90 days", class: C1, level: 2}
  main_channel:          {type: string, zh: 主要渠道, en: Main channel, class: C1, level: 2, description: "that of most entries in 90 days"}
  night_share_90d:       {type: double, zh: 近90天夜间占比, en: "Share of entries at night, 90 days", class: C1, level: 2}
  cash_share_90d:        {type: double, zh: 近90天现金占比, en: "Share of cash entries, 90 days", class: C1, level: 2}
  counter_share_90d:     {type: double, zh: 近90天柜面占比, en: "Share of counter entries, 90 days", class: C1, level: 2}
  products_held:         {type: integer, zh: 持有产品数, en: Kinds of products held, class: C1, level: 2, description: "demand, time, wealth, social security, debit card, credit card, loan, mobile bank, quick payment"}
checks:
  - {unique: [party_id]}
  - {not_null: [party_id, dense_id, party_type, org_id]}
  - {row_count_drift: {max_ratio: 0.2}, severity: warning}
*/
WITH party AS (
  SELECT * FROM core.party WHERE business_date = $business_date
),
held AS (
  SELECT
    party_id,
    count(*) FILTER (WHERE is_open) AS accounts,
    count(*) FILTER (WHERE status = 'dormant') AS dormant_accounts,
    date_diff('day', max(open_date), CAST($business_date AS DATE)) AS newest_account_days,
    sum(CASE WHEN product IN ('demand', 'corporate', 'social', 'loan_settle') THEN yuan_fen ELSE 0
      END) AS demand_fen,
    sum(CASE WHEN product IN ('time', 'notice') THEN yuan_fen ELSE 0 END) AS time_fen,
    sum(CASE WHEN is_deposit THEN yuan_fen ELSE 0 END) AS deposit_fen,
    sum(CASE WHEN product = 'wealth' THEN yuan_fen ELSE 0 END) AS wealth_fen,
    sum(CASE WHEN is_deposit OR product = 'wealth' THEN yuan_fen ELSE 0 END) AS aum_fen,
    count(*) FILTER (WHERE is_open AND product IN ('time', 'notice')) AS time_accounts,
    sum(CASE WHEN product = 'time' AND days_to_maturity BETWEEN 0 AND 30 THEN yuan_fen ELSE 0
      END) AS time_maturing_30d_fen,
    bool_or(is_open AND product = 'social') AS has_social,
    bool_or(is_open AND currency <> 'CNY') AS has_foreign,
    sum(CASE WHEN product = 'credit_card' THEN abs(balance_fen) ELSE 0 END) AS credit_used_fen
  FROM (
    SELECT
      *,
      CASE WHEN is_open AND currency = 'CNY' THEN balance_fen ELSE 0 END AS yuan_fen
    FROM core.account
    WHERE business_date = $business_date
  ) AS account
  GROUP BY party_id
),
past AS (
  SELECT
    party_id,
    sum(balance_fen) FILTER (WHERE business_date = CAST($business_date AS DATE) - 30)
      AS aum_30d_ago_fen,
    sum(balance_fen) FILTER (WHERE business_date = CAST($business_date AS DATE) - 90)
      AS aum_90d_ago_fen
  FROM core.account
  WHERE business_date IN (CAST($business_date AS DATE) - 30, CAST($business_date AS DATE) - 90)
    AND is_open AND currency = 'CNY' AND (is_deposit OR product = 'wealth')
  GROUP BY party_id
),
cards AS (
  SELECT
    party_id,
    count(*) FILTER (WHERE card_type = 'debit') AS debit_cards,
    count(*) FILTER (WHERE card_type = 'credit') AS credit_cards,
    sum(CASE WHEN card_type = 'credit' THEN credit_limit_fen ELSE 0 END) AS credit_limit_fen
  FROM core.card
  WHERE business_date = $business_date AND is_active
  GROUP BY party_id
),
owed AS (
  SELECT
    party_id,
    count(*) FILTER (WHERE is_active) AS loans,
    sum(CASE WHEN is_active THEN balance_fen ELSE 0 END) AS loan_fen,
    sum(CASE WHEN is_active THEN amount_fen ELSE 0 END) AS loan_granted_fen,
    sum(CASE WHEN is_active AND agri THEN balance_fen ELSE 0 END) AS agri_loan_fen,
    count(*) FILTER (WHERE status = 'settled') AS settled_loans,
    count(*) FILTER (WHERE status = 'written_off') AS written_off_loans,
    max(CASE WHEN is_active THEN overdue_days ELSE 0 END) AS overdue_days,
    min(CASE WHEN is_active AND days_to_due >= 0 THEN days_to_due END) AS loan_due_days,
    date_diff('day', min(grant_date), CAST($business_date AS DATE)) AS loan_age_days,
    arg_max(product, balance_fen) FILTER (WHERE is_active) AS loan_product,
    arg_max(guarantee, balance_fen) FILTER (WHERE is_active) AS loan_guarantee,
    CASE max(CASE WHEN is_active THEN CASE five_class
        WHEN 'normal' THEN 1
        WHEN 'special_mention' THEN 2
        WHEN 'substandard' THEN 3
        WHEN 'doubtful' THEN 4
        WHEN 'loss' THEN 5
      END END)
      WHEN 1 THEN 'normal'
      WHEN 2 THEN 'special_mention'
      WHEN 3 THEN 'substandard'
      WHEN 4 THEN 'doubtful'
      WHEN 5 THEN 'loss'
    END AS five_class,
    max(annual_rate) FILTER (WHERE is_active) AS max_loan_rate
  FROM core.loan
  WHERE business_date = $business_date
  GROUP BY party_id
),
family AS (
  SELECT
    party.household_id,
    count(*) AS customers,
    count(*) FILTER (WHERE owed.loans > 0) AS borrowers,
    count(*) FILTER (WHERE party.age_years >= 60) AS elders,
    sum(coalesce(held.aum_fen, 0)) AS aum_fen,
    sum(coalesce(owed.loan_fen, 0)) AS loan_fen
  FROM party
  LEFT JOIN held ON held.party_id = party.party_id
  LEFT JOIN owed ON owed.party_id = party.party_id
  WHERE party.household_id IS NOT NULL AND party.is_active
  GROUP BY party.household_id
),
reach AS (
  SELECT village_id, count(DISTINCT household_id) AS households
  FROM party
  WHERE village_id IS NOT NULL AND is_active
  GROUP BY village_id
),
phones AS (
  SELECT phone, count(*) AS parties FROM party WHERE phone <> '' AND is_active GROUP BY phone
),
addresses AS (
  SELECT address, count(*) AS parties FROM party WHERE address <> '' AND is_active GROUP BY address
),
days AS (
  SELECT
    party_id,
    business_date AS day,
    business_date > CAST($business_date AS DATE) - 30 AS recent,
    atm_entries,
    card_entries,
    cash_entries,
    cash_fen,
    conversions,
    counter_entries,
    declines,
    device_binds,
    direct_entries,
    entries,
    in_fen,
    instalments,
    late_instalments,
    limit_changes,
    logins,
    markets,
    max_days_late,
    max_out_fen,
    mobile_entries,
    mobile_logins,
    night_entries,
    online_entries,
    out_fen,
    payee_adds,
    payment_fen,
    payments,
    pension_fen,
    quick_entries,
    responses,
    salaries,
    salary_fen,
    sale_fen,
    subsidy_fen,
    touches,
    transfer_out_fen,
    transfers_out,
    utilities,
    wechat_entries,
    wechat_events
  FROM mart.party_day
  WHERE business_date > CAST($business_date AS DATE) - 90 AND business_date <= $business_date
),
halves AS (
  SELECT
    party_id,
    recent,
    sum(entries) AS entries,
    count(*) FILTER (WHERE entries > 0) AS active_days,
    sum(in_fen) AS in_fen,
    sum(out_fen) AS out_fen,
    max(max_out_fen) AS max_out_fen,
    sum(mobile_entries) AS mobile_entries,
    sum(counter_entries) AS counter_entries,
    sum(quick_entries) AS quick_entries,
    sum(mobile_logins) AS mobile_logins,
    sum(transfers_out) AS transfers_out,
    sum(declines) AS declines,
    sum(device_binds) AS device_binds,
    sum(payee_adds) AS payee_adds,
    sum(limit_changes) AS limit_changes,
    sum(touches) AS touches,
    sum(night_entries) AS night_entries,
    sum(atm_entries) AS atm_entries,
    sum(online_entries) AS online_entries,
    sum(wechat_entries) AS wechat_entries,
    sum(direct_entries) AS direct_entries,
    sum(card_entries) AS card_entries,
    sum(cash_entries) AS cash_entries,
    sum(cash_fen) AS cash_fen,
    sum(salary_fen) AS salary_fen,
    bit_or(CASE WHEN salaries > 0 THEN 1 << month(day) ELSE 0 END) AS salary_months,
    sum(pension_fen) AS pension_fen,
    sum(subsidy_fen) AS subsidy_fen,
    sum(sale_fen) AS sale_fen,
    sum(utilities) AS utilities,
    sum(payments) AS payments,
    sum(payment_fen) AS payment_fen,
    sum(markets) AS markets,
    sum(transfer_out_fen) AS transfer_out_fen,
    sum(logins) AS logins,
    sum(wechat_events) AS wechat_events,
    sum(responses) AS responses,
    sum(conversions) AS conversions,
    sum(instalments) AS instalments,
    sum(late_instalments) AS late_instalments,
    max(max_days_late) AS max_days_late,
    sum(CASE WHEN day > CAST($business_date AS DATE) - 7 THEN device_binds ELSE 0 END)
      AS device_binds_7d,
    max(CASE WHEN entries > 0 THEN day END) AS last_entry
  FROM days
  GROUP BY party_id, recent
),
sums AS (
  SELECT
    party_id,
    sum(entries) FILTER (WHERE recent) AS entries_30d,
    sum(active_days) FILTER (WHERE recent) AS active_days_30d,
    sum(in_fen) FILTER (WHERE recent) AS in_fen_30d,
    sum(out_fen) FILTER (WHERE recent) AS out_fen_30d,
    max(max_out_fen) FILTER (WHERE recent) AS max_out_fen_30d,
    sum(mobile_entries) FILTER (WHERE recent) AS mobile_entries_30d,
    sum(counter_entries) FILTER (WHERE recent) AS counter_entries_30d,
    sum(quick_entries) FILTER (WHERE recent) AS quick_entries_30d,
    sum(mobile_logins) FILTER (WHERE recent) AS mobile_logins_30d,
    sum(transfers_out) FILTER (WHERE recent) AS transfers_out_30d,
    sum(declines) FILTER (WHERE recent) AS declines_30d,
    sum(device_binds) FILTER (WHERE recent) AS device_binds_30d,
    sum(payee_adds) FILTER (WHERE recent) AS payee_adds_30d,
    sum(limit_changes) FILTER (WHERE recent) AS limit_changes_30d,
    sum(touches) FILTER (WHERE recent) AS touches_30d,
    sum(device_binds_7d) AS device_binds_7d,
    sum(entries) AS entries_90d,
    sum(active_days) AS active_days_90d,
    sum(in_fen) AS in_fen_90d,
    sum(out_fen) AS out_fen_90d,
    sum(night_entries) AS night_entries_90d,
    sum(counter_entries) AS counter_entries_90d,
    sum(atm_entries) AS atm_entries_90d,
    sum(online_entries) AS online_entries_90d,
    sum(mobile_entries) AS mobile_entries_90d,
    sum(wechat_entries) AS wechat_entries_90d,
    sum(direct_entries) AS direct_entries_90d,
    sum(card_entries) AS card_entries_90d,
    sum(quick_entries) AS quick_entries_90d,
    sum(cash_entries) AS cash_entries_90d,
    sum(cash_fen) AS cash_fen_90d,
    sum(salary_fen) AS salary_fen_90d,
    bit_count(bit_or(salary_months)) AS salary_months_90d,
    sum(pension_fen) AS pension_fen_90d,
    sum(subsidy_fen) AS subsidy_fen_90d,
    sum(sale_fen) AS sale_fen_90d,
    sum(utilities) AS utilities_90d,
    sum(payments) AS payments_90d,
    sum(payment_fen) AS payment_fen_90d,
    sum(markets) AS markets_90d,
    sum(transfer_out_fen) AS transfer_out_fen_90d,
    sum(logins) AS logins_90d,
    sum(mobile_logins) AS mobile_logins_90d,
    sum(wechat_events) AS wechat_events_90d,
    sum(touches) AS touches_90d,
    sum(responses) AS responses_90d,
    sum(conversions) AS conversions_90d,
    sum(instalments) AS instalments_90d,
    sum(late_instalments) AS late_instalments_90d,
    max(max_days_late) AS max_days_late_90d,
    date_diff('day', max(last_entry), CAST($business_date AS DATE)) AS last_entry_days
  FROM halves
  GROUP BY party_id
),
ranked AS (
  SELECT
    *,
    greatest(
      counter_entries_90d,
      atm_entries_90d,
      online_entries_90d,
      mobile_entries_90d,
      wechat_entries_90d,
      direct_entries_90d,
      card_entries_90d,
      quick_entries_90d
    ) AS most
  FROM sums
),
done AS (
  SELECT
    *,
      (counter_entries_90d > 0)::INTEGER
      + (atm_entries_90d > 0)::INTEGER
      + (online_entries_90d > 0)::INTEGER
      + (mobile_entries_90d > 0)::INTEGER
      + (wechat_entries_90d > 0)::INTEGER
      + (direct_entries_90d > 0)::INTEGER
      + (card_entries_90d > 0)::INTEGER
      + (quick_entries_90d > 0)::INTEGER AS channels_90d,
    CASE
      WHEN most = 0 THEN NULL
      WHEN most = mobile_entries_90d THEN 'mobile'
      WHEN most = quick_entries_90d THEN 'quick'
      WHEN most = counter_entries_90d THEN 'counter'
      WHEN most = card_entries_90d THEN 'card'
      WHEN most = atm_entries_90d THEN 'atm'
      WHEN most = wechat_entries_90d THEN 'wechat'
      WHEN most = online_entries_90d THEN 'online'
      WHEN most = direct_entries_90d THEN 'direct'
    END AS main_channel
  FROM ranked
)
SELECT
  party.party_id,
  numbered.dense_id,
  party.party_type,
  party.status,
  party.org_id,
  party.gender,
  party.age_years,
  month(party.birth_date) AS birth_month,
  party.marital,
  party.education,
  party.occupation,
  party.monthly_income_fen,
  coalesce(party.opt_out, FALSE) AS opt_out,
  party.open_date,
  party.tenure_days,
  party.is_rural,
  party.village_id,
  coalesce(village.credit_village, FALSE) AS credit_village,
  village.grid_officer_id IS NOT NULL AS in_grid,
  party.officer_id IS NOT NULL AS has_officer,
  reach.households / nullif(village.households, 0) AS village_penetration,
  party.household_id,
  coalesce(household.head_party_id = party.party_id, FALSE) AS is_household_head,
  household.members AS household_members,
  family.customers AS household_customers,
  family.borrowers AS household_borrowers,
  family.aum_fen AS household_aum_fen,
  family.loan_fen AS household_loan_fen,
  family.elders AS household_elders,
  household.land_mu AS land_mu,
  household.house AS house,
  household.industry AS industry,
  coalesce(phones.parties, 1) AS phone_sharers,
  coalesce(addresses.parties, 1) AS address_sharers,
  coalesce(held.accounts, 0) AS accounts,
  coalesce(held.dormant_accounts, 0) AS dormant_accounts,
  held.newest_account_days AS newest_account_days,
  coalesce(held.demand_fen, 0) AS demand_fen,
  coalesce(held.time_fen, 0) AS time_fen,
  coalesce(held.deposit_fen, 0) AS deposit_fen,
  coalesce(held.wealth_fen, 0) AS wealth_fen,
  coalesce(held.time_accounts, 0) AS time_accounts,
  coalesce(held.time_maturing_30d_fen, 0) AS time_maturing_30d_fen,
  coalesce(held.has_social, FALSE) AS has_social,
  coalesce(held.has_foreign, FALSE) AS has_foreign,
  coalesce(held.credit_used_fen, 0) AS credit_used_fen,
  coalesce(held.aum_fen, 0) AS aum_fen,
  past.aum_30d_ago_fen AS aum_30d_ago_fen,
  past.aum_90d_ago_fen AS aum_90d_ago_fen,
  percent_rank() OVER (PARTITION BY party.party_type ORDER BY coalesce(held.aum_fen, 0)) AS aum_percentile,
  coalesce(cards.debit_cards, 0) AS debit_cards,
  coalesce(cards.credit_cards, 0) AS credit_cards,
  coalesce(cards.credit_limit_fen, 0) AS credit_limit_fen,
  coalesce(owed.loans, 0) AS loans,
  coalesce(owed.loan_fen, 0) AS loan_fen,
  coalesce(owed.loan_granted_fen, 0) AS loan_granted_fen,
  coalesce(owed.agri_loan_fen, 0) AS agri_loan_fen,
  coalesce(owed.settled_loans, 0) AS settled_loans,
  coalesce(owed.written_off_loans, 0) AS written_off_loans,
  coalesce(owed.overdue_days, 0) AS overdue_days,
  owed.loan_due_days AS loan_due_days,
  owed.loan_age_days AS loan_age_days,
  owed.loan_product AS loan_product,
  owed.loan_guarantee AS loan_guarantee,
  owed.five_class AS five_class,
  owed.max_loan_rate AS max_loan_rate,
  coalesce(done.entries_30d, 0) AS entries_30d,
  coalesce(done.active_days_30d, 0) AS active_days_30d,
  coalesce(done.in_fen_30d, 0) AS in_fen_30d,
  coalesce(done.out_fen_30d, 0) AS out_fen_30d,
  coalesce(done.max_out_fen_30d, 0) AS max_out_fen_30d,
  coalesce(done.mobile_entries_30d, 0) AS mobile_entries_30d,
  coalesce(done.counter_entries_30d, 0) AS counter_entries_30d,
  coalesce(done.quick_entries_30d, 0) AS quick_entries_30d,
  coalesce(done.mobile_logins_30d, 0) AS mobile_logins_30d,
  coalesce(done.transfers_out_30d, 0) AS transfers_out_30d,
  coalesce(done.declines_30d, 0) AS declines_30d,
  coalesce(done.device_binds_30d, 0) AS device_binds_30d,
  coalesce(done.payee_adds_30d, 0) AS payee_adds_30d,
  coalesce(done.limit_changes_30d, 0) AS limit_changes_30d,
  coalesce(done.touches_30d, 0) AS touches_30d,
  coalesce(done.entries_90d, 0) AS entries_90d,
  coalesce(done.active_days_90d, 0) AS active_days_90d,
  coalesce(done.in_fen_90d, 0) AS in_fen_90d,
  coalesce(done.out_fen_90d, 0) AS out_fen_90d,
  coalesce(done.night_entries_90d, 0) AS night_entries_90d,
  coalesce(done.counter_entries_90d, 0) AS counter_entries_90d,
  coalesce(done.atm_entries_90d, 0) AS atm_entries_90d,
  coalesce(done.online_entries_90d, 0) AS online_entries_90d,
  coalesce(done.mobile_entries_90d, 0) AS mobile_entries_90d,
  coalesce(done.wechat_entries_90d, 0) AS wechat_entries_90d,
  coalesce(done.direct_entries_90d, 0) AS direct_entries_90d,
  coalesce(done.card_entries_90d, 0) AS card_entries_90d,
  coalesce(done.quick_entries_90d, 0) AS quick_entries_90d,
  coalesce(done.cash_entries_90d, 0) AS cash_entries_90d,
  coalesce(done.cash_fen_90d, 0) AS cash_fen_90d,
  coalesce(done.salary_fen_90d, 0) AS salary_fen_90d,
  coalesce(done.salary_months_90d, 0) AS salary_months_90d,
  coalesce(done.pension_fen_90d, 0) AS pension_fen_90d,
  coalesce(done.subsidy_fen_90d, 0) AS subsidy_fen_90d,
  coalesce(done.sale_fen_90d, 0) AS sale_fen_90d,
  coalesce(done.utilities_90d, 0) AS utilities_90d,
  coalesce(done.payments_90d, 0) AS payments_90d,
  coalesce(done.payment_fen_90d, 0) AS payment_fen_90d,
  coalesce(done.markets_90d, 0) AS markets_90d,
  coalesce(done.transfer_out_fen_90d, 0) AS transfer_out_fen_90d,
  coalesce(done.logins_90d, 0) AS logins_90d,
  coalesce(done.mobile_logins_90d, 0) AS mobile_logins_90d,
  coalesce(done.wechat_events_90d, 0) AS wechat_events_90d,
  coalesce(done.touches_90d, 0) AS touches_90d,
  coalesce(done.responses_90d, 0) AS responses_90d,
  coalesce(done.conversions_90d, 0) AS conversions_90d,
  coalesce(done.instalments_90d, 0) AS instalments_90d,
  coalesce(done.late_instalments_90d, 0) AS late_instalments_90d,
  coalesce(done.max_days_late_90d, 0) AS max_days_late_90d,
  coalesce(done.device_binds_7d, 0) AS device_binds_7d,
  done.last_entry_days AS last_entry_days,
  coalesce(done.channels_90d, 0) AS channels_90d,
  done.main_channel AS main_channel,
  done.night_entries_90d / nullif(done.entries_90d, 0) AS night_share_90d,
  done.cash_entries_90d / nullif(done.entries_90d, 0) AS cash_share_90d,
  done.counter_entries_90d / nullif(done.entries_90d, 0) AS counter_share_90d,
  (coalesce(held.demand_fen, 0) > 0)::INTEGER
    + (coalesce(held.time_accounts, 0) > 0)::INTEGER
    + (coalesce(held.wealth_fen, 0) > 0)::INTEGER
    + coalesce(held.has_social, FALSE)::INTEGER
    + (coalesce(cards.debit_cards, 0) > 0)::INTEGER
    + (coalesce(cards.credit_cards, 0) > 0)::INTEGER
    + (coalesce(owed.loans, 0) > 0)::INTEGER
    + (coalesce(done.mobile_entries_90d, 0) + coalesce(done.mobile_logins_90d, 0) > 0)::INTEGER
    + (coalesce(done.quick_entries_90d, 0) > 0)::INTEGER AS products_held
FROM party
JOIN mart.party_index AS numbered ON numbered.party_id = party.party_id
LEFT JOIN held ON held.party_id = party.party_id
LEFT JOIN past ON past.party_id = party.party_id
LEFT JOIN cards ON cards.party_id = party.party_id
LEFT JOIN owed ON owed.party_id = party.party_id
LEFT JOIN done ON done.party_id = party.party_id
LEFT JOIN core.household AS household
  ON household.household_id = party.household_id AND household.business_date = $business_date
LEFT JOIN core.village AS village
  ON village.village_id = party.village_id AND village.business_date = $business_date
LEFT JOIN family ON family.household_id = party.household_id
LEFT JOIN reach ON reach.village_id = party.village_id
LEFT JOIN phones ON phones.phone = party.phone
LEFT JOIN addresses ON addresses.address = party.address
