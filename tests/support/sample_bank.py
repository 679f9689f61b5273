"""A small bank whose core tables are made straight into the lake, for rooms that read them."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

import duckdb

from titian.data import definitions
from titian.data.checks.evaluate import Facts
from titian.data.definitions import Kind, Presets
from titian.data.jobs import catalogue
from titian.data.jobs.header import read_header
from titian.data.jobs.task import Brake, Made, Task
from titian.data.jobs.work import perform
from titian.kernel import banks, db
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.lake import store
from titian.lake.session import close_idle

LAST = date(2026, 3, 31)
SNAPSHOT_DATES = (LAST - timedelta(90), LAST - timedelta(30), LAST - timedelta(1), LAST)
PARTIES = 240

# `n` numbers the party; every value follows from it, so that tests can say what to expect.
_TABLES = {
    "core.org": """
        SELECT 'o' || n AS org_id, '机构' || n AS name, CASE WHEN n > 0 THEN 'o0' END AS
            parent_org_id, CASE n WHEN 0 THEN 'head' ELSE 'branch' END AS org_level,
            '清河县' AS county, NULL AS township, 0 AS depth
        FROM range(3) AS t(n)""",
    "core.village": """
        SELECT 'v' || n AS village_id, '第' || n || '村' AS name, '东乡' AS township,
            '清河县' AS county, 'o1' AS org_id, 'g' || n AS grid_id,
            CASE WHEN n < 3 THEN 'f' || n END AS grid_officer_id, 20 AS households,
            n % 2 = 0 AS credit_village
        FROM range(5) AS t(n)""",
    "core.household": """
        SELECT 'h' || n AS household_id, 'v' || (n % 5) AS village_id,
            'p' || lpad((n * 2)::VARCHAR, 5, '0') AS head_party_id, 4 AS members,
            (n % 50)::DECIMAL(9,2) AS land_mu, ['brick', 'storey', 'old'][n % 3 + 1] AS house,
            ['crop', 'pig', 'cattle', 'sheep', 'orchard', 'trade', 'labour'][n % 7 + 1]
            AS industry, 'o1' AS org_id, n % 2 = 0 AS credit_village,
            n % 7 IN (1, 2, 3) AS is_livestock
        FROM range($parties // 2 * 9 // 10) AS t(n)""",
    "core.party": """
        WITH base AS (
            SELECT n, n >= $parties * 9 // 10 AS firm,
                DATE '1950-01-01' + (n * 97 % 24000)::INTEGER AS born
            FROM range($parties) AS t(n))
        SELECT 'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            CASE WHEN firm THEN 'enterprise' ELSE 'person' END AS party_type,
            CASE WHEN firm THEN '清河第' || n || '合作公司'
                 ELSE ['王', '李', '张', '赵'][n % 4 + 1] || '小' || n END AS name,
            CASE WHEN firm THEN 'uscc' ELSE 'id_card' END AS id_type,
            CASE WHEN firm THEN '91610100MA6' || lpad(n::VARCHAR, 7, '0')
                 ELSE '610100' || strftime(born, '%Y%m%d') || lpad(n::VARCHAR, 4, '0') END AS id_no,
            CASE WHEN firm THEN NULL WHEN n % 2 = 0 THEN 'male' ELSE 'female' END AS gender,
            CASE WHEN NOT firm THEN born END AS birth_date,
            '138' || lpad((n // 2 * (n % 2) + n * (1 - n % 2))::VARCHAR, 8, '0') AS phone,
            '清河县东乡第' || (n // 2 % 5) || '村' || (n // 2) || '号' AS address,
            CASE WHEN NOT firm THEN 'v' || (n // 2 % 5) END AS village_id,
            CASE WHEN NOT firm THEN 'h' || (n // 2) END AS household_id,
            CASE WHEN NOT firm THEN ['single', 'married', 'divorced'][n % 3 + 1] END AS marital,
            CASE WHEN NOT firm THEN ['primary', 'middle', 'high', 'college'][n % 4 + 1] END
            AS education,
            CASE WHEN NOT firm THEN ['farmer', 'worker', 'trader', 'civil', 'teacher', 'retired',
                'student', 'other'][n % 8 + 1] END AS occupation,
            CASE WHEN NOT firm AND n % 10 > 0 THEN n * 10000 END AS monthly_income_fen,
            $day - (10 * (n % 700 + 1))::INTEGER AS open_date, 'o' || (n % 3) AS org_id,
            CASE WHEN n % 3 > 0 THEN 'f' || (n % 5) END AS officer_id,
            CASE WHEN n % 40 = 39 THEN 'closed' ELSE 'active' END AS status,
            n % 11 = 5 AS opt_out, n % 40 <> 39 AS is_active,
            CASE WHEN NOT firm THEN date_diff('year', born, $day) END AS age_years,
            NULL AS age_band, 10 * (n % 700 + 1) AS tenure_days, NOT firm AS is_rural
        FROM base""",
    "core.account": """
        SELECT 'a' || lpad((n * 3 + k)::VARCHAR, 6, '0') AS account_id,
            '6217' || lpad((n * 3 + k)::VARCHAR, 12, '0') AS account_no,
            'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            ['demand', 'time', 'wealth'][k + 1] AS product, 'CNY' AS currency,
            $day - (10 * (n % 700) + 1)::INTEGER AS open_date, NULL AS close_date,
            'o' || (n % 3) AS org_id,
            CASE WHEN n % 17 = 3 THEN 'dormant' ELSE 'active' END AS status,
            CASE WHEN k = 1 THEN 12 END AS term_months, 0.015 AS annual_rate,
            (n * 100000 * (k + 1) + date_diff('day', DATE '2026-01-01', $day) * 100) AS balance_fen,
            $day AS balance_date, 'person' AS party_type, k < 2 AS is_deposit, TRUE AS is_open,
            CASE WHEN k = 1 THEN $day + (n % 90)::INTEGER END AS maturity_date,
            CASE WHEN k = 1 THEN n % 90 END AS days_to_maturity
        FROM range($parties) AS t(n), range(3) AS s(k) WHERE k = 0 OR n % (k + 1) = 0""",
    "core.card": """
        SELECT 'c' || n AS card_id, '6222' || lpad(n::VARCHAR, 12, '0') AS card_no,
            'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            'a' || lpad((n * 3)::VARCHAR, 6, '0') AS account_id,
            CASE WHEN n % 9 = 0 THEN 'credit' ELSE 'debit' END AS card_type,
            $day - 100 AS open_date, 'active' AS status,
            CASE WHEN n % 9 = 0 THEN 1000000 END AS credit_limit_fen, 'o1' AS org_id,
            TRUE AS is_active
        FROM range($parties) AS t(n) WHERE n % 2 = 0 OR n % 9 = 0""",
    "core.loan": """
        SELECT 'l' || n AS loan_id, 'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            'a' || lpad((n * 3)::VARCHAR, 6, '0') AS account_id,
            ['farmer_e', 'consumer', 'micro_e'][n % 3 + 1] AS product,
            10000000 + n * 1000 AS amount_fen, 6000000 + n * 1000 AS balance_fen,
            0.048 AS annual_rate, 24 AS term_months, $day - 300 AS grant_date,
            $day + (n % 400)::INTEGER AS due_date, 'equal_instalment' AS repay_method,
            ['credit', 'guarantor', 'mortgage'][n % 3 + 1] AS guarantee, 'planting' AS purpose,
            n % 2 = 0 AS agri, TRUE AS inclusive,
            CASE WHEN n % 35 = 0 THEN 'doubtful' WHEN n % 15 = 0 THEN 'special_mention'
                ELSE 'normal' END AS five_class,
            CASE WHEN n % 35 = 0 THEN 120 WHEN n % 15 = 0 THEN 20 ELSE 0 END AS overdue_days,
            'f1' AS officer_id, 'o1' AS org_id,
            CASE WHEN n % 25 = 0 THEN 'settled' ELSE 'active' END AS status, 'person' AS party_type,
            n % 25 <> 0 AS is_active, n % 35 = 0 AS is_npl, 'current' AS overdue_bucket,
            'medium' AS term_bucket, n % 400 AS days_to_due
        FROM range($parties) AS t(n) WHERE n % 5 = 0""",
}
_EVENTS = {
    "core.entry": """
        SELECT 'e' || d || '_' || n AS entry_id, 'a' || lpad((n * 3)::VARCHAR, 6, '0')
            AS account_id, 'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            ($first + d::INTEGER) + INTERVAL (n % 24) HOUR AS occurred_at,
            CASE WHEN n % 2 = 0 THEN 'credit' ELSE 'debit' END AS direction,
            1000 * (n + 1) AS amount_fen, 5000 AS balance_after_fen,
            ['counter', 'mobile', 'quick', 'atm', 'card'][(n + d) % 5 + 1] AS channel,
            ['salary', 'payment', 'transfer', 'cash', 'utility', 'market'][n % 6 + 1] AS summary,
            '6228' || n AS counterparty_account, '陈大' || n AS counterparty_name, 'o1' AS org_id,
            1000 * (n + 1) * CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END AS signed_fen, n % 24 AS hour,
            n % 24 >= 22 OR n % 24 < 6 AS is_night, TRUE AS is_electronic,
            $first + d::INTEGER AS business_date
        FROM range($days) AS t(d), range($parties) AS s(n) WHERE (n + d) % 7 = 0 AND n % 13 > 0""",
    "core.event": """
        SELECT 'v' || d || '_' || n AS event_id,
            ($first + d::INTEGER) + INTERVAL (n % 24) HOUR AS occurred_at, 'mobile' AS channel,
            ['login', 'transfer', 'device_bind', 'payee_add'][(n + d) % 4 + 1] AS event_type,
            'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            'a' || lpad((n * 3)::VARCHAR, 6, '0') AS account_id, NULL AS card_id,
            1000 * n AS amount_fen, '6228' || n AS payee_account, '陈大' || n AS payee_name,
            'dev' || (n // 4) AS device_id, '10.0.0.1' AS ip, '13800000000' AS phone,
            NULL AS merchant_id, NULL AS terminal_id,
            CASE WHEN n % 19 = 0 THEN 'declined' ELSE 'success' END AS result, 'o1' AS org_id,
            n % 24 AS hour, FALSE AS is_night, TRUE AS is_payment,
            $first + d::INTEGER AS business_date
        FROM range($days) AS t(d), range($parties) AS s(n) WHERE (n + d) % 11 = 0 AND n % 2 = 0""",
    "core.touch": """
        SELECT 't' || d || '_' || n AS touch_id, 'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            'c1' AS campaign_id, ['sms', 'phone', 'visit'][n % 3 + 1] AS channel,
            ($first + d::INTEGER) + INTERVAL 10 HOUR AS sent_at, n % 4 = 0 AS responded,
            NULL AS responded_at, n % 8 = 0 AS converted, 'o1' AS org_id, 'person' AS party_type,
            NULL AS age_band, FALSE AS opt_out, NULL AS response_hours,
            $first + d::INTEGER AS business_date
        FROM range($days) AS t(d), range($parties) AS s(n) WHERE (n + d) % 31 = 0""",
    "core.repayment": """
        SELECT 'r' || d || '_' || n AS repayment_id, 'l' || n AS loan_id, 1 AS period,
            $first + d::INTEGER AS due_date, 100000 AS due_principal_fen, 5000 AS due_interest_fen,
            100000 AS paid_principal_fen, 5000 AS paid_interest_fen,
            $first + (d + n % 3)::INTEGER AS paid_date, 'p' || lpad(n::VARCHAR, 5, '0') AS party_id,
            'farmer_e' AS product, TRUE AS agri, 'o1' AS org_id, n % 3 AS days_late,
            n % 3 > 0 AS is_late, $first + d::INTEGER AS business_date
        FROM range($days) AS t(d), range($parties) AS s(n) WHERE n % 5 = 0 AND d % 30 = 0""",
}
EVENT_DAYS = 95
_OWN = "mart.party_"


def _unknown(*_: object) -> None:
    return None


def fill_core(scope: Scope, parties: int, connection: duckdb.DuckDBPyConnection) -> None:
    """Write the core tables: snapshots at four dates, events of the last 95 days."""
    presets = Path(str(resources.files("titian.data") / "presets" / "jobs" / "core"))
    first = LAST - timedelta(EVENT_DAYS - 1)
    days = [first + timedelta(n) for n in range(EVENT_DAYS)]
    for name, sql in (_TABLES | _EVENTS).items():
        file = presets / f"{name}.sql"
        table = read_header(file.read_text(encoding="utf-8"), str(file)).table
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        types = table.arrow_schema(with_date=name in _EVENTS)
        if name in _EVENTS:
            values = {"parties": parties, "first": first, "days": EVENT_DAYS}
            query = f"SELECT {columns}, business_date FROM ({sql})"
            rows = connection.sql(query, params=values).to_arrow_table().cast(types)
            store.write_dates(scope, table, rows, days)
            continue
        for day in SNAPSHOT_DATES:
            known = {"parties": parties, "day": day}
            values = {word: value for word, value in known.items() if f"${word}" in sql}
            query = f"SELECT {columns} FROM ({sql})"
            rows = connection.sql(query, params=values).to_arrow_table()
            store.write_date(scope, table, day, rows.cast(types))


def own_definitions(scope: Scope) -> None:
    """Give the bank the mart jobs and tags of the package, without the core jobs and feeds."""
    definitions.set_presets(scope, Presets.NONE)
    presets = Path(str(resources.files("titian.data") / "presets"))
    for source, kind in ((presets / "jobs" / "mart", Kind.JOBS), (presets / "tags", Kind.TAGS)):
        chosen = [p for p in source.iterdir() if kind is Kind.TAGS or p.name.startswith(_OWN)]
        target = definitions.folder(scope, kind)
        target.mkdir(parents=True)
        for path in chosen:
            shutil.copyfile(path, target / path.name)


def run_job(scope: Scope, name: str, *dates: date) -> Made:
    known = catalogue.fresh(scope)
    task = Task(known.job(name), dates or (LAST,), known.tables, Facts(_unknown, _unknown))
    return perform(scope, task, Brake())


def make() -> None:
    """Fill the home in force: bank qinghe with 240 parties, its mart and tags of four dates."""
    db.upgrade()
    scope = Scope.system(BankId("qinghe"))
    banks.ensure(Scope.system(None), BankId("qinghe"))
    with duckdb.connect() as connection:
        fill_core(scope, PARTIES, connection)
    own_definitions(scope)
    run_job(scope, "mart.party_day", *(LAST - timedelta(n) for n in range(EVENT_DAYS)))
    for day in SNAPSHOT_DATES:
        run_job(scope, "mart.party_index", day)
    run_job(scope, "mart.party_profile", *SNAPSHOT_DATES)
    run_job(scope, "mart.tag", *SNAPSHOT_DATES)
    close_idle()
    db.engine().dispose()


def pour(made: Path, home: Path) -> None:
    """Copy what `make` left in one home into another: its lake and its definitions."""
    for part in ("lake", "definitions"):
        shutil.copytree(made / part, home / part, dirs_exist_ok=True)
