"""What the union's own definitions say about themselves, so that it has words in every language.

A definition's description is one sentence in English; pages look it up like any other message. A
bank's own definitions are shown as they are written.
"""

from __future__ import annotations

from titian.web.i18n import Lazy, lazy

TABLES: tuple[Lazy, ...] = (
    lazy("Every account with its balance at the close of the business date."),
    lazy("Debit and credit cards at the close of the business date."),
    lazy("Every posting to an account on the business date."),
    lazy(
        "Log-ins, device changes, payee changes and payments on the six channels on the "
        "business date."
    ),
    lazy(
        "Farming households with their village, land and trade, at the close of the business date."
    ),
    lazy("Every loan as it stood at the close of the business date."),
    lazy(
        "Loan officers, tellers and grid officers as they stood at the close of the business date."
    ),
    lazy("Head office, branches and outlets as they stood at the close of the business date."),
    lazy(
        "Persons, enterprises and cooperatives known to the bank at the close of the business date."
    ),
    lazy("Instalments billed or paid on the business date, with the loan they belong to."),
    lazy("Marketing contacts of the business date with the customer's answer."),
    lazy(
        "Villages, their grids and the outlet that serves them, at the close of the business date."
    ),
    lazy(
        "What each party did on the business date, in counts and sums that add up over days; "
        "parties without any activity have no row."
    ),
    lazy(
        "A dense number for every party, given once and never again, under which bitmaps "
        "hold it; a business date holds the parties first numbered on it."
    ),
    lazy(
        "One wide row for every party as it stood at the close of the business date, from "
        "which tags and audiences are made."
    ),
    lazy("Accounts of every product, without balances."),
    lazy("The balance of an account at the close of the day."),
    lazy("Debit and credit cards."),
    lazy("Every posting to an account, with the balance after it."),
    lazy(
        "Log-ins, device, limit and payee changes, bonus claims and payments on the six channels."
    ),
    lazy("Farming households with at least one customer."),
    lazy("Loan receipts (借据) as the core banking system unloads them every night."),
    lazy("Loan officers, tellers and grid officers."),
    lazy("Head office, branches and outlets of the bank."),
    lazy("Persons, enterprises and cooperatives known to the bank."),
    lazy("Instalments on the night they fall due, paid or not."),
    lazy("Contacts of a campaign with a customer, and what came of them that day."),
    lazy("Villages, the grids they belong to, and whether they are credit villages."),
)
