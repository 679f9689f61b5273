/*
writes: mart.party_profile
zh: 客户画像
en: Party profiles
description:
  zh: 每个客户一行宽表，为业务日期日终状态，是标签与客群的来源。
  en: One wide row for every party as it stood at the close of the business date, from which tags and audiences are made.
kind: snapshot
sorted_by: party_id
schedule: daily
retries: 2
columns:
  party_id:              {type: string, zh: 客户号, en: Party, class: C1, level: 2, key: true}
  dense_id:              {type: integer, zh: 序号, en: Number, class: C1, level: 1}
  party_type:            {type: string, zh: 客户类型, en: Type, class: C1, level: 2, codes: {person: {zh: 个人, en: Person}, enterprise: {zh: 企业, en: Enterprise}, cooperative: {zh: 合作社, en: Cooperative}}}
  status:                {type: string, zh: 客户状态, en: Status, class: C1, level: 2, codes: {active: {zh: 正常, en: Active}, closed: {zh: 已销户, en: Closed}}}
  org_id:                {type: string, zh: 归属机构, en: Home organisation, class: none, level: 1}
  gender:                {type: string, zh: 性别, en: Sex, class: C1, level: 2, codes: {male: {zh: 男, en: Male}, female: {zh: 女, en: Female}}}
  age_years:             {type: integer, zh: 年龄, en: Age, class: C1, level: 2}
  birth_month:           {type: integer, zh: 出生月份, en: Month of birth, class: C1, level: 2, lowers: {zh: 只有月份，推不出出生日期。, en: The month alone does not give the date.}, description: {zh: 证件登记的出生月份，1 至 12。, en: "Month of birth as in the document, 1 to 12."}}
  marital:               {type: string, zh: 婚姻状况, en: Marital status, class: C1, level: 2, codes: {single: {zh: 未婚, en: Single}, married: {zh: 已婚, en: Married}, divorced: {zh: 离异, en: Divorced}, widowed: {zh: 丧偶, en: Widowed}}}
  education:             {type: string, zh: 学历, en: Education, class: C1, level: 2, codes: {primary: {zh: 小学, en: Primary school}, middle: {zh: 初中, en: Middle school}, high: {zh: 高中, en: High school}, college: {zh: 大专及以上, en: College and above}}}
  occupation:            {type: string, zh: 职业, en: Occupation, class: C1, level: 2, codes: {farmer: {zh: 务农, en: Farmer}, worker: {zh: 务工, en: Worker}, trader: {zh: 商户, en: Trader}, civil: {zh: 公职, en: Civil servant}, teacher: {zh: 教师, en: Teacher}, retired: {zh: 退休, en: Retired}, student: {zh: 学生, en: Student}, other: {zh: 其他职业, en: Other occupation}}}
  monthly_income_fen:    {type: integer, zh: 月收入, en: Monthly income, class: C2, level: 3}
  opt_out:               {type: boolean, zh: 拒绝营销, en: Opted out of marketing, class: C1, level: 2}
  open_date:             {type: date, zh: 开户日期, en: Customer since, class: C1, level: 2}
  tenure_days:           {type: integer, zh: 入行天数, en: Days as a customer, class: C1, level: 2}
  is_rural:              {type: boolean, zh: 农村客户, en: Lives in a village, class: C1, level: 2}
  village_id:            {type: string, zh: 村号, en: Village, class: C1, level: 2}
  credit_village:        {type: boolean, zh: 信用村, en: Credit village, class: none, level: 1}
  in_grid:               {type: boolean, zh: 已入网格, en: Served by a grid officer, class: none, level: 1, lowers: {zh: 只说有无网格员，不说是谁。, en: "Whether there is an officer, not who."}, description: {zh: 居住的村配备了网格员。, en: "The customer's village has a grid officer."}}
  has_officer:           {type: boolean, zh: 有客户经理, en: Has an officer, class: C1, level: 2, description: {zh: 已分配管户客户经理。, en: A loan officer serves the customer.}}
  village_penetration:   {type: double, zh: 村户覆盖率, en: Share of the village's households that are customers, class: none, level: 1, lowers: {zh: 全村的比例，不涉及个人。, en: A share of a whole village.}, description: {zh: 所在村的客户农户占全村农户的比例。, en: "The share of the village's households that have a customer."}}
  household_id:          {type: string, zh: 农户号, en: Household, class: C1, level: 2}
  is_household_head:     {type: boolean, zh: 户主, en: Head of household, class: C1, level: 2, description: {zh: 客户是所属农户的户主。, en: The customer heads the household.}}
  household_members:     {type: integer, zh: 家庭人口, en: Members of the household, class: C1, level: 2, description: {zh: 所属农户的人口，含非客户。, en: "The people of the household, customers or not."}}
  household_customers:   {type: integer, zh: 家庭客户数, en: Customers in the household, class: C1, level: 2, description: {zh: 所属农户中的有效客户数。, en: Active customers in the household.}}
  household_borrowers:   {type: integer, zh: 家庭借款人数, en: Borrowers in the household, class: C1, level: 2, description: {zh: 所属农户中有未结清贷款的客户数。, en: Customers in the household with a loan outstanding.}}
  household_aum_fen:     {type: integer, zh: 家庭金融资产, en: Assets of the household, class: C2, level: 3, description: {zh: 所属农户各客户金融资产的合计。, en: "The sum of assets of the household's customers."}}
  household_loan_fen:    {type: integer, zh: 家庭贷款余额, en: Loans of the household, class: C2, level: 3, description: {zh: 所属农户各客户贷款余额的合计。, en: "The sum of loans of the household's customers."}}
  household_elders:      {type: integer, zh: 家庭老人数, en: Members of sixty and over who are customers, class: C1, level: 2, description: {zh: 所属农户中 60 岁及以上的客户数。, en: Customers of sixty and over in the household.}}
  land_mu:               {type: "decimal(9,2)", zh: 耕地亩数, en: Land (mu), class: C2, level: 3}
  house:                 {type: string, zh: 住房, en: House, class: C2, level: 3, mask: none, codes: {brick: {zh: 砖瓦房, en: Brick house}, storey: {zh: 楼房, en: Storeyed house}, old: {zh: 老旧房, en: Old house}}}
  industry:              {type: string, zh: 家庭主业, en: Main trade of the household, class: C1, level: 2, codes: {crop: {zh: 种植, en: Crops}, pig: {zh: 养猪, en: Pigs}, cattle: {zh: 养牛, en: Cattle}, sheep: {zh: 养羊, en: Sheep}, orchard: {zh: 果园, en: Orchard}, trade: {zh: 经商, en: Trade}, labour: {zh: 外出务工, en: Labour elsewhere}}}
  phone_sharers:         {type: integer, zh: 同手机号客户数, en: Parties with the same phone, class: C1, level: 3, description: {zh: 登记了同一手机号的有效客户数，含本人。, en: "Active customers with the same phone number, this one included."}}
  address_sharers:       {type: integer, zh: 同地址客户数, en: Parties with the same address, class: C1, level: 3, description: {zh: 登记了同一地址的有效客户数，含本人。, en: "Active customers with the same address, this one included."}}
  accounts:              {type: integer, zh: 账户数, en: Open accounts, class: C1, level: 2, description: {zh: 未销户的账户数。, en: Accounts not closed.}}
  dormant_accounts:      {type: integer, zh: 睡眠账户数, en: Dormant accounts, class: C1, level: 2, description: {zh: 状态为睡眠的账户数。, en: Accounts that are dormant.}}
  newest_account_days:   {type: integer, zh: 最近开户距今天数, en: Days since the newest account, class: C1, level: 2, description: {zh: 距最近一次开户的天数。, en: Days since the newest account was opened.}}
  demand_fen:            {type: integer, zh: 活期余额, en: Demand deposits, class: C2, level: 3, description: {zh: 活期、对公、社保和贷款结算户的人民币余额。, en: "CNY on demand, corporate, social security and loan settlement accounts."}}
  time_fen:              {type: integer, zh: 定期余额, en: Time and notice deposits, class: C2, level: 3, description: {zh: 定期和通知存款的人民币余额。, en: CNY on time and notice deposits.}}
  deposit_fen:           {type: integer, zh: 存款余额, en: Deposits, class: C2, level: 3, description: {zh: 全部存款账户的人民币余额。, en: CNY on all deposit accounts.}}
  wealth_fen:            {type: integer, zh: 理财余额, en: Wealth products, class: C2, level: 3, description: {zh: 理财账户的人民币余额。, en: CNY in wealth products.}}
  time_accounts:         {type: integer, zh: 定期存单数, en: Time deposits, class: C1, level: 2, description: {zh: 未销户的定期和通知存款户数。, en: Time and notice deposits not closed.}}
  time_maturing_30d_fen: {type: integer, zh: 30天内到期定期, en: Time deposits maturing in 30 days, class: C2, level: 3, description: {zh: 未来 30 天内到期的定期存款余额。, en: Time deposits that mature within 30 days.}}
  has_social:            {type: boolean, zh: 社保卡账户, en: Social security account, class: C1, level: 2, description: {zh: 有未销户的社保账户。, en: Holds a social security account.}}
  has_foreign:           {type: boolean, zh: 外币账户, en: Foreign currency account, class: C1, level: 2, description: {zh: 有未销户的外币账户。, en: Holds an account in another currency.}}
  credit_used_fen:       {type: integer, zh: 信用卡已用额度, en: Credit card balance used, class: C2, level: 3, description: {zh: 信用卡账户余额的绝对值合计。, en: What is owed on credit card accounts.}}
  aum_fen:               {type: integer, zh: 金融资产, en: Assets under management, class: C2, level: 3, description: {zh: 存款与理财的人民币余额合计。, en: "Deposits and wealth products, CNY."}}
  aum_30d_ago_fen:       {type: integer, zh: 30天前金融资产, en: Assets 30 days ago, class: C2, level: 3, description: {zh: 当日数据不在湖中时为空。, en: Empty where the lake does not reach back.}}
  aum_90d_ago_fen:       {type: integer, zh: 90天前金融资产, en: Assets 90 days ago, class: C2, level: 3, description: {zh: 当日数据不在湖中时为空。, en: Empty where the lake does not reach back.}}
  aum_percentile:        {type: double, zh: 金融资产分位, en: Rank by assets, class: C2, level: 3, description: {zh: 在同类客户中由低到高的位置，0 最低，1 最高。, en: 0 lowest to 1 highest among parties of the same type.}}
  debit_cards:           {type: integer, zh: 借记卡数, en: Debit cards, class: C1, level: 2, description: {zh: 正常使用的借记卡数。, en: Debit cards in use.}}
  credit_cards:          {type: integer, zh: 信用卡数, en: Credit cards, class: C1, level: 2, description: {zh: 正常使用的信用卡数。, en: Credit cards in use.}}
  credit_limit_fen:      {type: integer, zh: 信用卡额度, en: Credit card limit, class: C2, level: 3, description: {zh: 正常使用的信用卡额度合计。, en: The sum of limits of credit cards in use.}}
  loans:                 {type: integer, zh: 在贷笔数, en: Loans outstanding, class: C1, level: 2, description: {zh: 未结清的借据数。, en: Loans neither settled nor written off.}}
  loan_fen:              {type: integer, zh: 贷款余额, en: Loan balance, class: C2, level: 3, description: {zh: 未结清借据的余额合计。, en: The balance of loans outstanding.}}
  loan_granted_fen:      {type: integer, zh: 贷款发放额, en: Amount granted, class: C2, level: 3, description: {zh: 未结清借据的放款金额合计。, en: What was paid out on loans outstanding.}}
  agri_loan_fen:         {type: integer, zh: 涉农贷款余额, en: Agricultural loans, class: C2, level: 3, description: {zh: 未结清涉农借据的余额合计。, en: The balance of agricultural loans outstanding.}}
  settled_loans:         {type: integer, zh: 已结清笔数, en: Loans settled, class: C1, level: 2, description: {zh: 历史上已结清的借据数。, en: Loans that were paid back.}}
  written_off_loans:     {type: integer, zh: 已核销笔数, en: Loans written off, class: C2, level: 3, description: {zh: 历史上已核销的借据数。, en: Loans that were written off.}}
  overdue_days:          {type: integer, zh: 逾期天数, en: Days past due, class: C2, level: 3, description: {zh: 未结清借据中最长的逾期天数。, en: The most days any loan outstanding is past due.}}
  loan_due_days:         {type: integer, zh: 最近到期天数, en: Days to the next loan due, class: C1, level: 2, description: {zh: 距最近一笔借据到期的天数，无在贷时为空。, en: Days until the next loan is due; empty without one.}}
  loan_age_days:         {type: integer, zh: 首贷距今天数, en: Days since the first loan, class: C1, level: 2, description: {zh: 距首笔贷款发放的天数，从未贷款时为空。, en: Days since the first loan was paid out; empty where there never was one.}}
  loan_product:          {type: string, zh: 主要贷款产品, en: Main loan product, class: C1, level: 2, lowers: {zh: 余额只用来挑选借据。, en: The balance only chooses the loan.}, codes: {micro_e: {zh: 小微易贷, en: Micro-enterprise loan}, tech: {zh: 科技贷, en: Technology loan}, tax_e: {zh: 税易贷, en: Tax-based loan}, mortgage_e: {zh: 抵押易贷, en: Mortgage loan}, consumer: {zh: 消费贷, en: Consumer loan}, farmer_e: {zh: 农易贷, en: Farmer loan}}, description: {zh: 余额最大的未结清借据的产品。, en: That of the largest loan outstanding.}}
  loan_guarantee:        {type: string, zh: 主要担保方式, en: Main guarantee, class: C1, level: 2, lowers: {zh: 余额只用来挑选借据。, en: The balance only chooses the loan.}, codes: {credit: {zh: 信用, en: Unsecured}, guarantor: {zh: 保证, en: Guarantor}, mortgage: {zh: 抵押, en: Mortgage}, pledge: {zh: 质押, en: Pledge}}, description: {zh: 余额最大的未结清借据的担保方式。, en: That of the largest loan outstanding.}}
  five_class:            {type: string, zh: 五级分类, en: Five-category class, class: C2, level: 3, mask: none, codes: {normal: {zh: 正常类, en: Normal}, special_mention: {zh: 关注类, en: Special mention}, substandard: {zh: 次级类, en: Substandard}, doubtful: {zh: 可疑类, en: Doubtful}, loss: {zh: 损失类, en: Loss}}, description: {zh: 未结清借据中最差的分类。, en: The worst of the loans outstanding.}}
  max_loan_rate:         {type: "decimal(9,6)", zh: 最高贷款利率, en: Highest loan rate, class: C1, level: 2, description: {zh: 未结清借据中最高的年利率。, en: The highest rate of the loans outstanding.}}
  entries_30d:           {type: integer, zh: 近30天动账笔数, en: "Entries, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“动账笔数”的合计，口径见客户日活动。, en: The sum of “Entries” of each of the 30 days; see the activity of a day.}}
  active_days_30d:       {type: integer, zh: 近30天活跃天数, en: "Active days, 30 days", class: C1, level: 2, description: {zh: 近 30 天中有动账的天数。, en: Days of the 30 with entries.}}
  in_fen_30d:            {type: integer, zh: 近30天流入金额, en: "Money in, 30 days", class: C2, level: 3, description: {zh: 近30天逐日“流入金额”的合计，口径见客户日活动。, en: The sum of “Money in” of each of the 30 days; see the activity of a day.}}
  out_fen_30d:           {type: integer, zh: 近30天流出金额, en: "Money out, 30 days", class: C2, level: 3, description: {zh: 近30天逐日“流出金额”的合计，口径见客户日活动。, en: The sum of “Money out” of each of the 30 days; see the activity of a day.}}
  max_out_fen_30d:       {type: integer, zh: 近30天单笔最大流出, en: "Largest single outflow, 30 days", class: C2, level: 3, description: {zh: 近 30 天最大一笔借方分录的金额。, en: The largest debit of the 30 days.}}
  mobile_entries_30d:    {type: integer, zh: 近30天手机银行笔数, en: "Mobile bank entries, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“手机银行笔数”的合计，口径见客户日活动。, en: The sum of “Mobile bank entries” of each of the 30 days; see the activity of a day.}}
  counter_entries_30d:   {type: integer, zh: 近30天柜面笔数, en: "Counter entries, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“柜面笔数”的合计，口径见客户日活动。, en: The sum of “Counter entries” of each of the 30 days; see the activity of a day.}}
  quick_entries_30d:     {type: integer, zh: 近30天快捷支付笔数, en: "Quick payment entries, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“快捷支付笔数”的合计，口径见客户日活动。, en: The sum of “Quick payment entries” of each of the 30 days; see the activity of a day.}}
  mobile_logins_30d:     {type: integer, zh: 近30天手机银行登录次数, en: "Mobile bank log-ins, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“手机银行登录次数”的合计，口径见客户日活动。, en: The sum of “Mobile bank log-ins” of each of the 30 days; see the activity of a day.}}
  transfers_out_30d:     {type: integer, zh: 近30天转出笔数, en: "Transfers out, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“转出笔数”的合计，口径见客户日活动。, en: The sum of “Transfers out” of each of the 30 days; see the activity of a day.}}
  declines_30d:          {type: integer, zh: 近30天失败或拒绝次数, en: "Declined or failed events, 30 days", class: C1, level: 3, description: {zh: 近30天逐日“失败或拒绝次数”的合计，口径见客户日活动。, en: The sum of “Declined or failed events” of each of the 30 days; see the activity of a day.}}
  device_binds_30d:      {type: integer, zh: 近30天新设备绑定次数, en: "Devices bound, 30 days", class: C1, level: 3, description: {zh: 近30天逐日“新设备绑定次数”的合计，口径见客户日活动。, en: The sum of “Devices bound” of each of the 30 days; see the activity of a day.}}
  payee_adds_30d:        {type: integer, zh: 近30天新增收款人次数, en: "Payees added, 30 days", class: C1, level: 3, description: {zh: 近30天逐日“新增收款人次数”的合计，口径见客户日活动。, en: The sum of “Payees added” of each of the 30 days; see the activity of a day.}}
  limit_changes_30d:     {type: integer, zh: 近30天限额调整次数, en: "Limit changes, 30 days", class: C1, level: 3, description: {zh: 近30天逐日“限额调整次数”的合计，口径见客户日活动。, en: The sum of “Limit changes” of each of the 30 days; see the activity of a day.}}
  touches_30d:           {type: integer, zh: 近30天营销触达次数, en: "Marketing contacts, 30 days", class: C1, level: 2, description: {zh: 近30天逐日“营销触达次数”的合计，口径见客户日活动。, en: The sum of “Marketing contacts” of each of the 30 days; see the activity of a day.}}
  entries_90d:           {type: integer, zh: 近90天动账笔数, en: "Entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“动账笔数”的合计，口径见客户日活动。, en: The sum of “Entries” of each of the 90 days; see the activity of a day.}}
  active_days_90d:       {type: integer, zh: 近90天活跃天数, en: "Active days, 90 days", class: C1, level: 2, description: {zh: 近 90 天中有动账的天数。, en: Days of the 90 with entries.}}
  in_fen_90d:            {type: integer, zh: 近90天流入金额, en: "Money in, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“流入金额”的合计，口径见客户日活动。, en: The sum of “Money in” of each of the 90 days; see the activity of a day.}}
  out_fen_90d:           {type: integer, zh: 近90天流出金额, en: "Money out, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“流出金额”的合计，口径见客户日活动。, en: The sum of “Money out” of each of the 90 days; see the activity of a day.}}
  night_entries_90d:     {type: integer, zh: 近90天夜间笔数, en: "Entries at night, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“夜间笔数”的合计，口径见客户日活动。, en: The sum of “Entries at night” of each of the 90 days; see the activity of a day.}}
  counter_entries_90d:   {type: integer, zh: 近90天柜面笔数, en: "Counter entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“柜面笔数”的合计，口径见客户日活动。, en: The sum of “Counter entries” of each of the 90 days; see the activity of a day.}}
  atm_entries_90d:       {type: integer, zh: 近90天自助设备笔数, en: "ATM entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“自助设备笔数”的合计，口径见客户日活动。, en: The sum of “ATM entries” of each of the 90 days; see the activity of a day.}}
  online_entries_90d:    {type: integer, zh: 近90天网上银行笔数, en: "Online bank entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“网上银行笔数”的合计，口径见客户日活动。, en: The sum of “Online bank entries” of each of the 90 days; see the activity of a day.}}
  mobile_entries_90d:    {type: integer, zh: 近90天手机银行笔数, en: "Mobile bank entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“手机银行笔数”的合计，口径见客户日活动。, en: The sum of “Mobile bank entries” of each of the 90 days; see the activity of a day.}}
  wechat_entries_90d:    {type: integer, zh: 近90天微信银行笔数, en: "WeChat bank entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“微信银行笔数”的合计，口径见客户日活动。, en: The sum of “WeChat bank entries” of each of the 90 days; see the activity of a day.}}
  direct_entries_90d:    {type: integer, zh: 近90天直销银行笔数, en: "Direct bank entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“直销银行笔数”的合计，口径见客户日活动。, en: The sum of “Direct bank entries” of each of the 90 days; see the activity of a day.}}
  card_entries_90d:      {type: integer, zh: 近90天银行卡笔数, en: "Card entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“银行卡笔数”的合计，口径见客户日活动。, en: The sum of “Card entries” of each of the 90 days; see the activity of a day.}}
  quick_entries_90d:     {type: integer, zh: 近90天快捷支付笔数, en: "Quick payment entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“快捷支付笔数”的合计，口径见客户日活动。, en: The sum of “Quick payment entries” of each of the 90 days; see the activity of a day.}}
  cash_entries_90d:      {type: integer, zh: 近90天现金笔数, en: "Cash entries, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“现金笔数”的合计，口径见客户日活动。, en: The sum of “Cash entries” of each of the 90 days; see the activity of a day.}}
  cash_fen_90d:          {type: integer, zh: 近90天现金金额, en: "Cash amount, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“现金金额”的合计，口径见客户日活动。, en: The sum of “Cash amount” of each of the 90 days; see the activity of a day.}}
  salary_fen_90d:        {type: integer, zh: 近90天代发工资金额, en: "Salary received, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“代发工资金额”的合计，口径见客户日活动。, en: The sum of “Salary received” of each of the 90 days; see the activity of a day.}}
  salary_months_90d:     {type: integer, zh: 近90天代发工资月数, en: "Months with salary, 90 days", class: C2, level: 3, description: {zh: 近 90 天有代发工资入账的月份数。, en: Months of the 90 days in which salary came.}}
  pension_fen_90d:       {type: integer, zh: 近90天养老金金额, en: "Pension received, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“养老金金额”的合计，口径见客户日活动。, en: The sum of “Pension received” of each of the 90 days; see the activity of a day.}}
  subsidy_fen_90d:       {type: integer, zh: 近90天补贴金额, en: "Subsidies received, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“补贴金额”的合计，口径见客户日活动。, en: The sum of “Subsidies received” of each of the 90 days; see the activity of a day.}}
  sale_fen_90d:          {type: integer, zh: 近90天销售收入, en: "Sales income, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“农产品销售收入”的合计，口径见客户日活动。, en: The sum of “Sales income” of each of the 90 days; see the activity of a day.}}
  utilities_90d:         {type: integer, zh: 近90天缴费笔数, en: "Utility payments, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“缴费笔数”的合计，口径见客户日活动。, en: The sum of “Utility payments” of each of the 90 days; see the activity of a day.}}
  payments_90d:          {type: integer, zh: 近90天消费笔数, en: "Purchases, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“消费笔数”的合计，口径见客户日活动。, en: The sum of “Purchases” of each of the 90 days; see the activity of a day.}}
  payment_fen_90d:       {type: integer, zh: 近90天消费金额, en: "Amount of purchases, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“消费金额”的合计，口径见客户日活动。, en: The sum of “Amount of purchases” of each of the 90 days; see the activity of a day.}}
  markets_90d:           {type: integer, zh: 近90天赶集交易笔数, en: "Market-day purchases, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“赶集交易笔数”的合计，口径见客户日活动。, en: The sum of “Market-day purchases” of each of the 90 days; see the activity of a day.}}
  transfer_out_fen_90d:  {type: integer, zh: 近90天转出金额, en: "Amount transferred out, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“转出金额”的合计，口径见客户日活动。, en: The sum of “Amount transferred out” of each of the 90 days; see the activity of a day.}}
  logins_90d:            {type: integer, zh: 近90天登录次数, en: "Log-ins, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“登录次数”的合计，口径见客户日活动。, en: The sum of “Log-ins” of each of the 90 days; see the activity of a day.}}
  mobile_logins_90d:     {type: integer, zh: 近90天手机银行登录次数, en: "Mobile bank log-ins, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“手机银行登录次数”的合计，口径见客户日活动。, en: The sum of “Mobile bank log-ins” of each of the 90 days; see the activity of a day.}}
  wechat_events_90d:     {type: integer, zh: 近90天微信银行事件数, en: "WeChat bank events, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“微信银行事件数”的合计，口径见客户日活动。, en: The sum of “WeChat bank events” of each of the 90 days; see the activity of a day.}}
  touches_90d:           {type: integer, zh: 近90天营销触达次数, en: "Marketing contacts, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“营销触达次数”的合计，口径见客户日活动。, en: The sum of “Marketing contacts” of each of the 90 days; see the activity of a day.}}
  responses_90d:         {type: integer, zh: 近90天营销响应次数, en: "Marketing responses, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“营销响应次数”的合计，口径见客户日活动。, en: The sum of “Marketing responses” of each of the 90 days; see the activity of a day.}}
  conversions_90d:       {type: integer, zh: 近90天营销转化次数, en: "Marketing conversions, 90 days", class: C1, level: 2, description: {zh: 近90天逐日“营销转化次数”的合计，口径见客户日活动。, en: The sum of “Marketing conversions” of each of the 90 days; see the activity of a day.}}
  instalments_90d:       {type: integer, zh: 近90天还款期数, en: "Instalments, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“还款期数”的合计，口径见客户日活动。, en: The sum of “Instalments” of each of the 90 days; see the activity of a day.}}
  late_instalments_90d:  {type: integer, zh: 近90天迟还期数, en: "Late instalments, 90 days", class: C2, level: 3, description: {zh: 近90天逐日“迟还期数”的合计，口径见客户日活动。, en: The sum of “Late instalments” of each of the 90 days; see the activity of a day.}}
  max_days_late_90d:     {type: integer, zh: 近90天最长迟还天数, en: "Longest delay in days, 90 days", class: C2, level: 3, description: {zh: 近 90 天到期或还款的各期中最长的迟还天数。, en: The most days any instalment of the 90 days was late.}}
  device_binds_7d:       {type: integer, zh: 近7天新设备绑定次数, en: "Devices bound, 7 days", class: C1, level: 3, description: {zh: 含业务日期在内的 7 天。, en: The 7 days up to the business date.}}
  last_entry_days:       {type: integer, zh: 最近动账距今天数, en: Days since the last entry, class: C1, level: 2, description: {zh: 近 90 天没有动账时为空。, en: Empty when there was none in 90 days.}}
  channels_90d:          {type: integer, zh: 近90天使用渠道数, en: "Channels used, 90 days", class: C1, level: 2, description: {zh: 近 90 天有动账的渠道数，最多 8 个。, en: "Channels with entries in 90 days, of eight."}}
  main_channel:          {type: string, zh: 主要渠道, en: Main channel, class: C1, level: 2, codes: {counter: {zh: 柜面, en: Counter}, atm: {zh: 自助设备, en: ATM}, online: {zh: 网上银行, en: Online bank}, mobile: {zh: 手机银行, en: Mobile bank}, wechat: {zh: 微信银行, en: WeChat bank}, direct: {zh: 直销银行, en: Direct bank}, card: {zh: 银行卡, en: Card}, quick: {zh: 快捷支付, en: Quick payment}}, description: {zh: 近 90 天动账最多的渠道。, en: That of most entries in 90 days.}}
  night_share_90d:       {type: double, zh: 近90天夜间占比, en: "Share of entries at night, 90 days", class: C1, level: 2, description: {zh: 近 90 天夜间动账占全部动账的比例。, en: "The share of entries in 90 days made from 22:00 to 06:00."}}
  cash_share_90d:        {type: double, zh: 近90天现金占比, en: "Share of cash entries, 90 days", class: C1, level: 2, description: {zh: 近 90 天现金动账占全部动账的比例。, en: The share of entries in 90 days made in cash.}}
  counter_share_90d:     {type: double, zh: 近90天柜面占比, en: "Share of counter entries, 90 days", class: C1, level: 2, description: {zh: 近 90 天柜面动账占全部动账的比例。, en: The share of entries in 90 days made over the counter.}}
  products_held:         {type: integer, zh: 持有产品数, en: Kinds of products held, class: C1, level: 2, lowers: {zh: 只有种类数，没有金额。, en: "How many kinds, not how much."}, description: {zh: 活期、定期、理财、社保、借记卡、信用卡、贷款、手机银行、快捷支付中持有的种类。, en: "Of demand, time, wealth, social security, debit card, credit card, loan, mobile bank, quick payment."}}
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
