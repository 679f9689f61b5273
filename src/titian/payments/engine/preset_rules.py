"""What judges until a bank has a policy of its own."""

from __future__ import annotations

from typing import Final

from titian.payments.engine.decision import Rule
from titian.payments.model import Outcome

PRESET_RULES: Final = (
    Rule(
        "stuffing_ip",
        "event_type = 'login' AND ip_failed_login_count_10m >= 20",
        Outcome.BLOCK,
        "同一网络地址十分钟内登录失败二十次以上",
        "20 failed logins from one address in 10 minutes",
    ),
    Rule(
        "takeover_new_device",
        "event_type IN ('transfer', 'payment', 'cash_out') "
        "AND (device_age_since_first IS NULL OR device_age_since_first < 3600) "
        "AND customer_failed_count_24h >= 3",
        Outcome.STEP_UP,
        "新设备一小时内动账，且当日多次失败",
        "Money moved within an hour on a new device, after failures",
        method="face",
    ),
    Rule(
        "first_payee_large",
        "event_type = 'transfer' AND amount_fen >= 5000000 AND payee_of_customer_count_72h = 1 "
        "AND payee_of_customer_since_first IS NULL",
        Outcome.DELAY,
        "首次向该收款人转出五万元以上",
        "First transfer to this payee of 50,000 yuan or more",
        delay_s=86_400,
    ),
    Rule(
        "payee_fan_in",
        "event_type = 'transfer' AND payee_distinct_24h >= 10",
        Outcome.HOLD,
        "收款账户一日内收到十个以上客户转账",
        "The payee received from 10 or more customers within a day",
    ),
    Rule(
        "card_testing",
        "channel = 'card' AND card_failed_count_10m >= 5",
        Outcome.BLOCK,
        "同一卡十分钟内失败五次以上",
        "5 failures on one card in 10 minutes",
    ),
    Rule(
        "structuring",
        "event_type = 'transfer' AND amount_fen BETWEEN 4500000 AND 4999999 "
        "AND customer_count_24h >= 3",
        Outcome.WARN,
        "一日内多次、金额略低于报告限额",
        "Several transfers a day just below the report limit",
    ),
    Rule(
        "burst",
        "customer_count_1m >= 15",
        Outcome.HOLD,
        "客户一分钟内操作十五次以上",
        "15 attempts by one customer in a minute",
    ),
    Rule(
        "bonus_farm",
        "event_type = 'bonus_claim' AND device_distinct_24h >= 3",
        Outcome.BLOCK,
        "同一设备一日内三个以上客户领取奖励",
        "3 or more customers claim bonuses on a device in a day",
    ),
    Rule("model_high", "score >= 0.9", Outcome.HOLD, "模型分很高", "The model's score is high"),
    Rule(
        "model_raised",
        "score >= 0.6 AND deviation >= 3",
        Outcome.STEP_UP,
        "模型分偏高且渠道异常",
        "The model's score is raised while the channel is abnormal",
        method="sms",
    ),
)
