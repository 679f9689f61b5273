"""What the words beside figures mean: one definition each, shown wherever the word is.

Templates ask by name: `explain("members")` gives the "what is this?" of a word, `level_of(3)` and
`class_of("C2")` show a data level and a class of personal information with theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from titian.lake.schema import PiClass
from titian.web.i18n import Text, lazy

LEVEL_STANDARD = "JR/T 0197-2020"
CLASS_STANDARD = "JR/T 0171-2020"


@dataclass(frozen=True, slots=True)
class Term:
    """A word, what it means, and the standard or the part of the platform it comes from."""

    title: Text
    text: Text
    source: str = ""


LEVELS: Mapping[int, Term] = {
    1: Term(
        lazy("Level 1"),
        lazy("Made to be published, such as product names. A leak does no harm."),
        LEVEL_STANDARD,
    ),
    2: Term(
        lazy("Level 2"),
        lazy("For use within the bank, such as codes and counts. A leak does slight harm."),
        LEVEL_STANDARD,
    ),
    3: Term(
        lazy("Level 3"),
        lazy(
            "For those whose work needs it, such as balances and entries of a customer. A leak "
            "harms the customer or the bank."
        ),
        LEVEL_STANDARD,
    ),
    4: Term(
        lazy("Level 4"),
        lazy(
            "For few, with a reason and on record, such as identity numbers and phones in the "
            "clear. A leak does grave harm to a customer."
        ),
        LEVEL_STANDARD,
    ),
    5: Term(
        lazy("Level 5"),
        lazy("Important data of the country's financial system. A leak harms the public order."),
        LEVEL_STANDARD,
    ),
}
CLASSES: Mapping[PiClass, Term] = {
    PiClass.NONE: Term(
        lazy("No personal information"),
        lazy("Says nothing of a person: organisations, products, figures."),
        CLASS_STANDARD,
    ),
    PiClass.C1: Term(
        lazy("Class C1"),
        lazy(
            "Personal information for the bank's own use, such as the day an account was opened. "
            "Shown to those whose clearance reaches its level."
        ),
        CLASS_STANDARD,
    ),
    PiClass.C2: Term(
        lazy("Class C2"),
        lazy(
            "Tells who a person is or how they stand: name, identity number, phone, account, "
            "balance. Masked unless one may see it, and seeing it is recorded."
        ),
        CLASS_STANDARD,
    ),
    PiClass.C3: Term(
        lazy("Class C3"),
        lazy(
            "Lets somebody act as the person: passwords, card codes, biometrics. The platform "
            "never stores it."
        ),
        CLASS_STANDARD,
    ),
}
TERMS: Mapping[str, Term] = {
    "data_level": Term(
        lazy("Data level"),
        lazy(
            "How much harm a leak would do, from 1 (none) to 5. People see data up to their own "
            "clearance; what is above it is masked or left out."
        ),
        LEVEL_STANDARD,
    ),
    "clearance": Term(
        lazy("Clearance"),
        lazy("The highest data level a person sees in the clear; higher levels are masked."),
        LEVEL_STANDARD,
    ),
    "pi_class": Term(
        lazy("Class of personal information"),
        lazy("C1: for the bank's own use. C2: tells who and how rich. C3: never stored."),
        CLASS_STANDARD,
    ),
    "province_total": Term(
        lazy("Province"),
        lazy(
            "Worked out from what the banks published: sums are added, ratios are divided anew "
            "from the summed numerators and denominators."
        ),
        "mart.indicator",
    ),
    "reporting": Term(
        lazy("Banks in the total"),
        lazy("Banks that have published this figure for the day, of those that define it alike."),
        "mart.indicator",
    ),
    "change": Term(
        lazy("Change"),
        lazy("The figure against that of the earlier day, in percent; a ratio in points."),
    ),
    "share_of_total": Term(
        lazy("Share"), lazy("The bank's or organisation's part of the sum of all in the list.")
    ),
    "numerator": Term(
        lazy("Numerator"), lazy("What is divided; the ratio of a group divides the group's sums.")
    ),
    "denominator": Term(lazy("Denominator"), lazy("What it is divided by.")),
    "members": Term(
        lazy("Members"),
        lazy("Active customers for whom the expression holds at the close of the business date."),
        "mart.tag",
    ),
    "may_contact": Term(
        lazy("May be contacted"),
        lazy("Members without those who refuse marketing; exports for marketing hold these only."),
        "mart.party_profile.opt_out",
    ),
    "counted_in": Term(
        lazy("Counted in"),
        lazy("The time the set operations on bitmaps took, without reading and drawing the page."),
    ),
    "here": Term(lazy("Here"), lazy("How many of this audience wear the tag, in percent.")),
    "everyone": Term(
        lazy("Everyone"), lazy("How many of all active customers wear the tag, in percent.")
    ),
    "times": Term(
        lazy("Times"),
        lazy("How much more common the tag is here: the share here divided by everyone's."),
    ),
    "came": Term(lazy("Came"), lazy("Members today that were none on the business date before.")),
    "left": Term(lazy("Left"), lazy("Members on the business date before that are none today.")),
    "stayed": Term(lazy("Stayed"), lazy("Members on both dates.")),
    "wearers": Term(
        lazy("Customers"),
        lazy("Active customers that wear the tag, as last night worked it out."),
        "mart.tag",
    ),
    "coverage": Term(
        lazy("Share"),
        lazy("Customers that wear it among those it can apply to: persons, enterprises or all."),
        "mart.tag",
    ),
    "refresh": Term(
        lazy("Refresh"), lazy("How often the tag is worked out anew; in between it stands.")
    ),
    "valid_for": Term(
        lazy("Valid for"), lazy("For how long the tag may be used when it was not worked out anew.")
    ),
    "kind_of_tag": Term(
        lazy("Kind"),
        lazy("A fact is read off; a rule is a condition somebody set; a model is a sum of points."),
    ),
}
