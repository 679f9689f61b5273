"""Names of kernel things for people: roles, permissions, states of banks and users."""

from __future__ import annotations

from titian.data.jobs.model import Engine
from titian.data.jobs.model import State as JobState
from titian.data.jobs.orders import Reason
from titian.kernel.banks import BankStatus
from titian.kernel.scope import Permission, Role
from titian.web.i18n import Text, lazy
from titian.web.listing import State, Tone

ROLES: dict[Role, tuple[Text, Text]] = {
    Role.UNION_ADMIN: (lazy("Union administrator"), lazy("Runs the platform: banks, users, jobs")),
    Role.BANK_ADMIN: (
        lazy("Bank administrator"),
        lazy("Manages the bank's users, reads its audit log"),
    ),
    Role.OPERATOR: (lazy("Operator"), lazy("Watches the day's runs, repairs feeds")),
    Role.DATA_ENGINEER: (lazy("Data engineer"), lazy("Defines feeds and jobs, looks after tables")),
    Role.DATA_STEWARD: (
        lazy("Data steward"),
        lazy("Mends the bank's quarantined rows, may see them with a reason"),
    ),
    Role.ANALYST: (lazy("Analyst"), lazy("Asks questions, makes tags, exports")),
    Role.RISK_OFFICER: (
        lazy("Risk officer"),
        lazy("Watches risk, may see personal data with a reason"),
    ),
    Role.LOAN_OFFICER: (
        lazy("Loan officer"),
        lazy("Serves customers, may see theirs with a reason"),
    ),
    Role.CLERK: (lazy("Clerk"), lazy("Reads the catalogue and the indicators")),
    Role.COMPLIANCE: (lazy("Compliance"), lazy("Reads the audit log and how data is used")),
    Role.PARTNER_DEVELOPER: (
        lazy("Partner's developer"),
        lazy("Builds against the open interface"),
    ),
}

PERMISSIONS: dict[Permission, Text] = {
    Permission.QUERY: lazy("Ask tables with SQL"),
    Permission.VIEW_CATALOG: lazy("See the table catalogue"),
    Permission.VIEW_JOBS: lazy("See runs"),
    Permission.RUN_JOBS: lazy("Run jobs"),
    Permission.LOAD_FEEDS: lazy("Load feeds"),
    Permission.REPAIR_QUARANTINE: lazy("Repair quarantined rows"),
    Permission.VIEW_INDICATORS: lazy("See indicators"),
    Permission.VIEW_TAGS: lazy("See tags and audiences"),
    Permission.EDIT_TAGS: lazy("Make tags and audiences"),
    Permission.VIEW_CUSTOMERS: lazy("See customers"),
    Permission.UNMASK: lazy("See personal data, with a reason"),
    Permission.EXPORT: lazy("Export lists"),
    Permission.DEFINE: lazy("Install definitions"),
    Permission.MANAGE_USERS: lazy("Manage users"),
    Permission.CONFIRM_USERS: lazy("Confirm the rights another administrator gave"),
    Permission.MANAGE_BANKS: lazy("Manage banks"),
    Permission.MAINTAIN_LAKE: lazy("Look after tables"),
    Permission.VIEW_AUDIT: lazy("Read the audit log"),
    Permission.VIEW_RISK: lazy("See payment risk"),
    Permission.WORK_CASES: lazy("Work on cases and lists"),
    Permission.EDIT_RULES: lazy("Draft rules"),
    Permission.APPROVE_RULES: lazy("Approve rules and models"),
    Permission.SUBMIT_EVENTS: lazy("Submit events for a decision"),
}

ROLE_WORDS: dict[Role, State] = {role: State(name) for role, (name, _note) in ROLES.items()}

BANK_STATES: dict[BankStatus, State] = {
    BankStatus.ACTIVE: State(lazy("Active"), Tone.GOOD),
    BankStatus.SUSPENDED: State(lazy("Suspended"), Tone.WARN),
}

RUN_STATES: dict[JobState, State] = {
    JobState.SUCCEEDED: State(lazy("Done"), Tone.GOOD),
    JobState.RUNNING: State(lazy("Running"), Tone.NOTE),
    JobState.RETRYING: State(lazy("Trying again"), Tone.NOTE),
    JobState.FAILED: State(lazy("Failed"), Tone.BAD),
    JobState.WAITING: State(lazy("Waits for a feed"), Tone.WARN),
    JobState.HELD: State(lazy("Held up"), Tone.WARN),
    JobState.PAUSED: State(lazy("Paused"), Tone.WARN),
    JobState.SKIPPED: State(lazy("Not due"), Tone.CALM),
    JobState.PENDING: State(lazy("Not started"), Tone.CALM),
}

RUN_REASONS: dict[Reason, State] = {
    Reason.NIGHT: State(lazy("the night")),
    Reason.PERSON: State(lazy("a person")),
    Reason.BACKFILL: State(lazy("back-fill")),
    Reason.RERUN: State(lazy("repeat")),
    Reason.RESUME: State(lazy("after a pause")),
}

TABLE_WRITES: dict[str, State] = {
    "create": State(lazy("Table made")),
    "declare": State(lazy("Words or columns changed")),
    "write": State(lazy("Dates written")),
    "remove": State(lazy("Date taken out")),
    "compact": State(lazy("Files joined")),
    "vacuum": State(lazy("Files removed")),
    "restore": State(lazy("Version restored")),
}
"""What a commit did to a table, by the name it keeps."""

CALENDARS: dict[str, Text] = {
    "daily": lazy("every day"),
    "weekdays": lazy("Monday to Friday"),
    "workdays": lazy("working days, by the national holidays"),
    "weekly": lazy("every Sunday"),
    "month_end": lazy("the last day of each month"),
    "quarter_end": lazy("the last day of each quarter"),
    "year_end": lazy("31 December"),
}

ENGINES: dict[Engine, Text] = {Engine.DUCKDB: "DuckDB", Engine.SPARK: "Spark"}
