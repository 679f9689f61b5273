"""What the audit log's entries say, in words: the details of an act by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from titian.kernel.audit import Entry as Act
from titian.kernel.ids import BankId
from titian.kernel.scope import Role
from titian.web.i18n import Text, _, formats, lazy
from titian.web.naming import audience_name, bank_name, column_name, names_at
from titian.web.words import ROLES, RUN_REASONS

MAX_LISTED = 4
_SEPARATOR = " · "

_KEYS: Mapping[str, Text] = {
    "attempts": lazy("attempts"),
    "audience": lazy("audience"),
    "bad": lazy("bad rows"),
    "bank": lazy("bank"),
    "business_date": lazy("business date"),
    "by": lazy("found by"),
    "clear": lazy("in the clear"),
    "clearance": lazy("clearance"),
    "columns": lazy("columns"),
    "count": lazy("files in all"),
    "comment": lazy("comment"),
    "date": lazy("business date"),
    "dates": lazy("business dates"),
    "disabled": lazy("disabled"),
    "file": lazy("file"),
    "files": lazy("files"),
    "filters": lazy("filters"),
    "first": lazy("from"),
    "fixed": lazy("mended rows"),
    "found": lazy("customers"),
    "form": lazy("form"),
    "good": lazy("good rows"),
    "hits": lazy("found"),
    "host": lazy("host"),
    "jobs": lazy("jobs"),
    "keep_hours": lazy("hours kept"),
    "last": lazy("to"),
    "left": lazy("still waiting"),
    "limit": lazy("limit"),
    "locale": lazy("language"),
    "looks": lazy("looks"),
    "members": lazy("members"),
    "must_change_password": lazy("must change the password"),
    "name": lazy("name"),
    "name_zh": lazy("name"),
    "org": lazy("organisation"),
    "outcome": lazy("outcome"),
    "parts": lazy("seen"),
    "presets": lazy("presets"),
    "purpose": lazy("purpose"),
    "reason": lazy("reason"),
    "refused": lazy("refused for"),
    "rejected": lazy("refused dates"),
    "roles": lazy("roles"),
    "rows": lazy("rows"),
    "sha256": lazy("digest"),
    "status": lazy("state"),
    "tables": lazy("tables"),
    "unmask_reason": lazy("reason"),
    "until": lazy("until"),
    "version": lazy("version"),
    "whole": lazy("whole"),
    "year": lazy("year"),
    "why": lazy("because of"),
}
_VALUES: Mapping[str, Mapping[str, Text]] = {
    "outcome": {
        "done": lazy("done"),
        "conflict": lazy("in conflict with others"),
        "denied": lazy("denied"),
        "invalid_input": lazy("not understood"),
        "limit_exceeded": lazy("over a limit"),
        "not_found": lazy("not found"),
        "timed_out": lazy("took too long"),
        "unavailable": lazy("not available"),
    },
    "purpose": {
        "marketing": lazy("marketing"),
        "service": lazy("service"),
        "risk": lazy("risk"),
    },
    "reason": {reason.value: word.label for reason, word in RUN_REASONS.items()},
    "roles": {role.value: ROLES[role][0] for role in Role},
    "status": {
        "active": lazy("Active"),
        "suspended": lazy("Suspended"),
    },
    "locale": {"zh": "中文", "en": "English"},
    "presets": {"all": lazy("all of the union's"), "none": lazy("none")},
    "refused": {"limit": lazy("too many searches")},
    "why": {"name": lazy("a name in the reason")},
    "parts": {
        "accounts": lazy("accounts and cards"),
        "changes": lazy("changes on file"),
        "contacts": lazy("marketing contacts"),
        "course": lazy("indicators"),
        "happenings": lazy("behaviour"),
        "household": lazy("household and relations"),
        "loans": lazy("loans"),
        "repayments": lazy("instalments"),
        "risk": lazy("risk"),
        "tags": lazy("tags"),
    },
    "by": {
        "party_id": lazy("customer number"),
        "id_no": lazy("id number"),
        "phone": lazy("phone"),
        "account": lazy("account"),
        "card": lazy("card"),
        "name": lazy("name"),
    },
}


_NAMES: Mapping[str, Callable[[BankId | None, str], str]] = {
    "audience": audience_name,
    "bank": lambda _bank, name: bank_name(name),
    "columns": column_name,
    "tables": lambda bank, name: names_at(bank).get(name, name),
}


def detail_words(act: Act) -> str:
    """Put the details of an act into words; empty ones and those for machines are left out."""
    told = [_told(act, key, value) for key, value in act.detail.items() if key in _KEYS]
    return _SEPARATOR.join(words for words in told if words)


def _told(act: Act, key: str, value: object) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return str(_KEYS[key]) if value else ""
    return f"{_KEYS[key]} {_value(act, key, value)}"


def _value(act: Act, key: str, value: object) -> str:
    if isinstance(value, list):
        shown = [_value(act, key, one) for one in value[:MAX_LISTED]]
        more = [_("%(num)s more", num=len(value) - MAX_LISTED)] if len(value) > MAX_LISTED else []
        return formats.listed([*shown, *more])
    if isinstance(value, int | float):
        return formats.number(value)
    text = str(value)
    if key == "until":
        return _moment(text)
    if text in _VALUES.get(key, {}):
        return str(_VALUES[key][text])
    return _NAMES[key](act.bank, text) if key in _NAMES else text


def _moment(text: str) -> str:
    try:
        return formats.moment(datetime.fromisoformat(text))
    except ValueError:
        return text
