"""The pod that the sandbox plays: ledgers, periods, accounts."""

from __future__ import annotations

from typing import Final

# Ledger's id, currency, business unit, company segment.
LEDGERS: Final = (
    (1, "USD", "US Business Unit", "101"),
    (2, "GBP", "UK Business Unit", "102"),
    (3, "EUR", "DE Business Unit", "103"),
    (4, "SGD", "SG Business Unit", "104"),
)
ENTITIES: Final = ("US-INC", "UK-LTD", "DE-GMBH", "SG-PTE")
BOOKS: Final = "; ".join(
    f"{entity} = {ledger}, {unit}, {company}"
    for entity, (ledger, _, unit, company) in zip(ENTITIES, LEDGERS, strict=True)
)
PATTERN: Final = "{company}-{account}-000"
VALUE_SET: Final = "REVOPS_ACCOUNT"
RECEIPT_METHODS: Final = "1050=Card payments, 1000=Bank transfer"
DOCUMENT_ACCOUNT: Final = "fin$/journal$/import$"
AUTOPOST: Final = "300000001"
ACCOUNTS: Final = (
    *("1000", "1050", "1060", "1100", "1190", "1200", "2100", "2110", "2300", "2310", "2400"),
    *("2410", "2420", "4000", "4100", "4900", "4910", "6100", "6110", "6200", "7100", "7110"),
)
RECEIVABLE: Final = "1100"
YEARS: Final = (2024, 2025, 2026, 2027, 2028)
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
DIGITS: Final = 2


def company_of(ledger: int) -> str:
    return next(company for number, _, _, company in LEDGERS if number == ledger)


def ledger_of_unit(unit: str) -> int:
    """Raises StopIteration for a business unit that does not exist."""
    return next(number for number, _, name, _ in LEDGERS if name == unit)


def currency_of(ledger: int) -> str:
    return next(code for number, code, _, _ in LEDGERS if number == ledger)
