"""The books that the sandbox, and the real Tryton of the peer tests, are given."""

from __future__ import annotations

from typing import Final

DATABASE: Final = "erp"
# Code of the company's party (which is the legal entity's), name, currency, time zone.
COMPANIES: Final = (
    ("US-INC", "US Inc", "USD", "America/New_York"),
    ("UK-LTD", "UK Ltd", "GBP", "Europe/London"),
    ("DE-GMBH", "DE GmbH", "EUR", "Europe/Berlin"),
)
DIGITS: Final = 2
LOGIN: Final = "revops"
# Code, name and type.
JOURNALS: Final = (
    ("REV", "Revenue", "revenue"),
    ("EXP", "Expense", "expense"),
    ("CASH", "Cash", "cash"),
    ("MISC", "Miscellaneous", "general"),
)

# Code, name and Tryton's kind of account. Lines on 1100 name a customer, as subledgers want; lines
# of customer invoices stand on revenue accounts and on what is a deposit to Tryton.
DEPOSITS: Final = frozenset(("deposit", "contract asset"))
ACCOUNTS: Final = (
    ("1000", "Cash", "asset"),
    ("1050", "Processor clearing", "asset"),
    ("1060", "Disputes receivable", "asset"),
    ("1100", "Accounts receivable", "receivable"),
    ("1190", "Allowance for credit losses", "asset"),
    ("1200", "Unbilled receivable", "contract asset"),
    ("2100", "Tax payable", "liability"),
    ("2110", "Value added tax payable", "liability"),
    ("2300", "Deferred revenue, current", "deposit"),
    ("2310", "Deferred revenue, non-current", "deposit"),
    ("2400", "Customer credit balance", "liability"),
    ("2410", "Refunds payable", "liability"),
    ("2420", "Accrued service credits", "liability"),
    ("4000", "Subscription revenue", "revenue"),
    ("4100", "Usage revenue", "revenue"),
    ("4900", "Service credits", "revenue"),
    ("4910", "Refunds and allowances", "revenue"),
    ("6100", "Processing fees", "expense"),
    ("6110", "Dispute fees", "expense"),
    ("6200", "Credit loss expense", "expense"),
    ("7100", "Realized exchange gains and losses", "expense"),
    ("7110", "Unrealized exchange gains and losses", "expense"),
)
KINDS: Final = tuple(sorted({kind for _, _, kind in ACCOUNTS}))
PARTY_REQUIRED: Final = frozenset(("1100",))
YEARS: Final = (2024, 2025, 2026, 2027, 2028)
