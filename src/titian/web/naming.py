"""What ids are called: banks, people, tables, jobs, feeds, indicators, tags and audiences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from titian.data.indicators import loading
from titian.data.jobs.catalogue import Catalogue, lately
from titian.data.tags import business, saved
from titian.data.tags import catalogue as tags
from titian.kernel import banks, clock, users
from titian.kernel.audit import Entry as Act
from titian.kernel.banks import Bank
from titian.kernel.errors import NotFound, TitianError
from titian.kernel.ids import BankId, UserId
from titian.kernel.labels import Label
from titian.kernel.scope import SYSTEM_USER, Scope
from titian.kernel.settings import settings
from titian.web.i18n import Text, _, locale
from titian.web.listing import Table

UNION = "union"
FEED = "feed:"
FRESH_S = 2


def bank_name(bank: str | None) -> str:
    """Name a bank, or the union; a bank nobody knows names itself."""
    if bank is None or bank == UNION:
        return _("Provincial union")
    known = _banks(settings().home, _moment())
    return known[bank].name(locale()) if bank in known else bank


@lru_cache(maxsize=8)
def _banks(_home: Path, _moment: int) -> Mapping[str, Bank]:
    return {str(bank.bank): bank for bank in banks.all_banks()}


def names_at(bank: BankId | None) -> Mapping[str, str]:
    """Name the tables, jobs and feeds of a bank: `core.loan`, `loan` and `feed:loan` alike."""
    if bank is None:
        return {}
    known = _lately(bank)
    if known is None:
        return {}
    labels = {name: feed.table.label for name, feed in known.feeds.items()}
    labels |= {f"{FEED}{name}": label for name, label in labels.items()}
    labels |= {name: table.label for name, table in known.tables.items()}
    labels |= {name: Label(job.zh, job.en) for name, job in known.jobs.items()}
    return {name: label.text(locale()) for name, label in labels.items()}


def job_name(bank: str, job: str) -> str:
    """Name a job, or a feed written `feed:loan`; the code when the bank has it no more."""
    if job.startswith(FEED):
        return feed_name(bank, job.removeprefix(FEED))
    known = _lately(bank)
    found = known.jobs.get(job) if known else None
    return Label(found.zh, found.en).text(locale()) if found else job


def feed_name(bank: str, feed: str) -> str:
    """Name a feed; its code when the bank has it no more."""
    known = _lately(bank)
    found = known.feeds.get(feed) if known else None
    return found.table.label.text(locale()) if found else feed


def _lately(bank: str) -> Catalogue | None:
    try:
        return lately(Scope.system(BankId(bank)))
    except TitianError:
        return None


def column_name(bank: BankId | None, column: str) -> str:
    """Name a column by the first table of a bank that has it; one that none has names itself."""
    known = _lately(bank) if bank is not None else None
    found = (one for table in known.tables.values() for one in table.columns) if known else ()
    label = next((one.label for one in found if one.name == column), None)
    return label.text(locale()) if label else column


def person_name(user: str) -> str:
    """Name a user; what the platform does by itself is its own, one nobody knows names itself."""
    if user == SYSTEM_USER:
        return _("the platform")
    return _display_name(settings().home, user, _moment()) or user


def object_name(act: Act) -> str:
    """Name what an act was done to; what has no name but its id names itself."""
    name = act.target
    if name in (UNION, act.bank):
        return bank_name(name)
    for prefix, find in _BY_ACT.items():
        if act.action.startswith(prefix):
            found = find(act)
            if found:
                return found
    return names_at(act.bank).get(name, name)


def _person(act: Act) -> str:
    return person_name(act.target)


@lru_cache(maxsize=1_024)
def _display_name(_home: Path, user: str, _moment: int) -> str:
    found = users.find(UserId(user))
    return found.display_name if found else ""


def _moment() -> int:
    return int(clock.now().timestamp()) // FRESH_S


def _indicator(act: Act) -> str:
    if act.bank is None:
        return ""
    known = loading.load(Scope.system(act.bank)).indicators.get(act.target)
    return known.label.text(locale()) if known else ""


def _tag(act: Act) -> str:
    if act.bank is None:
        return ""
    scope = Scope.system(act.bank)
    known = tags.load(scope).tags.get(act.target)
    if known:
        return known.label.text(locale())
    proposed = (one for one in business.find(scope) if one.code == act.target)
    return next((Label(one.zh, one.en).text(locale()) for one in proposed), "")


def audience_name(bank: BankId | None, audience: str) -> str:
    """Name a saved audience; one that is gone names itself."""
    if bank is None:
        return audience
    try:
        return saved.get(Scope.system(bank), audience).name
    except NotFound:
        return audience


def _audience(act: Act) -> str:
    named = act.detail.get("name")
    return str(named or audience_name(act.bank, str(act.detail.get("audience", act.target))))


def _list(act: Act) -> str:
    return str(_lists().get(act.target, ""))


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Text]:
    from titian.web import pages

    modules = (module for module in vars(pages).values() if isinstance(module, ModuleType))
    values = (value for module in modules for value in vars(module).values())
    return {value.name: value.title for value in values if isinstance(value, Table)}


_BY_ACT: Mapping[str, Callable[[Act], str]] = {
    "user.": _person,
    "bank.": lambda act: bank_name(act.target),
    "indicators.": _indicator,
    "tag.": _tag,
    "audience.": _audience,
    "list.": _list,
}
