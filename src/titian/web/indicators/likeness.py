"""Whether figures of the province can stand beside each other: only with the same banks in them."""

from __future__ import annotations

from datetime import date

from titian.data.indicators.province import Province, ProvincePoint
from titian.web.i18n import _, formats, ngettext


def other_banks(here: ProvincePoint, then: ProvincePoint, expected: int) -> str:
    """Say which of two days has fewer banks; "other banks" where neither holds the other."""
    if then.reported < here.reported:
        return ngettext(
            "only %(num)s of %(all)s banks has figures on %(day)s",
            "only %(num)s of %(all)s banks have figures on %(day)s",
            then.reporting,
            all=expected,
            day=formats.day(then.business_date),
        )
    if here.reported < then.reported:
        return ngettext(
            "only %(num)s of %(all)s banks has figures on this day",
            "only %(num)s of %(all)s banks have figures on this day",
            here.reporting,
            all=expected,
        )
    return _("other banks have figures on %(day)s", day=formats.day(then.business_date))


def fullest(found: Province) -> date | None:
    """Give the newest day with the most banks: a dip for want of a bank would be no dip."""
    held = [(point.reporting, point.business_date) for point in found.points]
    return max(held)[1] if held else None


def year_before(found: Province, before: Province, whole: date | None) -> dict[date, float | None]:
    """Give the figures of the year before with the same banks in them as a date of this one."""
    here = found.point(whole) if whole else None
    return {
        one.business_date: one.value
        for one in before.points
        if here is not None and one.reported == here.reported
    }
