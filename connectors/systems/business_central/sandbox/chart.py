"""The books that the sandbox begins with: companies named like our legal entities."""

from __future__ import annotations

from typing import Final

# Name, display name, local currency.
COMPANIES: Final = (
    ("US-INC", "US Inc", "USD"),
    ("UK-LTD", "UK Ltd", "GBP"),
    ("DE-GMBH", "DE GmbH", "EUR"),
    ("FR-SAS", "FR SAS", "EUR"),
)
RECEIVABLE: Final = "1100"
TAX: Final = "2110"
UNTAXED: Final = "NO TAX"
YEARS: Final = (2024, 2025, 2026, 2027, 2028)
# Number, name, category.
ACCOUNTS: Final = (
    ("1000", "Cash", "Assets"),
    ("1050", "Processor clearing", "Assets"),
    ("1060", "Disputes receivable", "Assets"),
    ("1100", "Accounts receivable", "Assets"),
    ("1190", "Allowance for credit losses", "Assets"),
    ("1200", "Unbilled receivable", "Assets"),
    ("2100", "Tax payable", "Liabilities"),
    ("2110", "Value added tax payable", "Liabilities"),
    ("2300", "Deferred revenue, current", "Liabilities"),
    ("2310", "Deferred revenue, non-current", "Liabilities"),
    ("2400", "Customer credit balance", "Liabilities"),
    ("2410", "Refunds payable", "Liabilities"),
    ("2420", "Accrued service credits", "Liabilities"),
    ("4000", "Subscription revenue", "Income"),
    ("4100", "Usage revenue", "Income"),
    ("4900", "Service credits", "Income"),
    ("4910", "Refunds and allowances", "Income"),
    ("6100", "Processing fees", "Expense"),
    ("6110", "Dispute fees", "Expense"),
    ("6200", "Credit loss expense", "Expense"),
    ("7100", "Realized exchange gains and losses", "Expense"),
    ("7110", "Unrealized exchange gains and losses", "Expense"),
)
