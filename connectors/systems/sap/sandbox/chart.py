"""The books that the sandbox begins with."""

from __future__ import annotations

from typing import Final

# Company code, legal entity that it is for, name, currency.
COMPANIES: Final = (
    ("1710", "US-INC", "US Inc", "USD"),
    ("1110", "UK-LTD", "UK Ltd", "GBP"),
    ("1010", "DE-GMBH", "DE GmbH", "EUR"),
    ("1910", "CH-AG", "CH AG", "CHF"),
)
CHART: Final = "YCOA"
RECEIVABLE: Final = "1100"
YEARS: Final = (2024, 2025, 2026, 2027, 2028)
ACCOUNTS: Final = (
    ("1000", "Cash"),
    ("1050", "Processor clearing"),
    ("1060", "Disputes receivable"),
    ("1100", "Accounts receivable"),
    ("1190", "Allowance for credit losses"),
    ("1200", "Unbilled receivable"),
    ("2100", "Tax payable"),
    ("2110", "Value added tax payable"),
    ("2300", "Deferred revenue, current"),
    ("2310", "Deferred revenue, non-current"),
    ("2400", "Customer credit balance"),
    ("2410", "Refunds payable"),
    ("2420", "Accrued service credits"),
    ("4000", "Subscription revenue"),
    ("4100", "Usage revenue"),
    ("4900", "Service credits"),
    ("4910", "Refunds and allowances"),
    ("6100", "Processing fees"),
    ("6110", "Dispute fees"),
    ("6200", "Credit loss expense"),
    ("7100", "Realized exchange gains and losses"),
    ("7110", "Unrealized exchange gains and losses"),
)
