"""The account that the sandbox plays: subsidiaries, accounts, periods, items."""

from __future__ import annotations

from typing import Final

# Internal id, name, currency; 1 is the parent, which keeps no books of ours.
SUBSIDIARIES: Final = (
    (1, "Parent", "USD"),
    (2, "US Inc", "USD"),
    (3, "UK Ltd", "GBP"),
    (4, "DE GmbH", "EUR"),
    (5, "AU Pty", "AUD"),
)
MAPPED: Final = "US-INC=2, UK-LTD=3, DE-GMBH=4, AU-PTY=5"
CURRENCIES: Final = ("USD", "GBP", "EUR", "JPY", "AUD")
NO_CENTS: Final = frozenset(("JPY",))

# Number, name, type as NetSuite has it.
ACCOUNTS: Final = (
    ("1000", "Cash", "Bank"),
    ("1050", "Processor clearing", "Bank"),
    ("1060", "Disputes receivable", "OthCurrAsset"),
    ("1100", "Accounts receivable", "AcctRec"),
    ("1190", "Allowance for credit losses", "OthCurrAsset"),
    ("1200", "Unbilled receivable", "OthCurrAsset"),
    ("2100", "Tax payable", "OthCurrLiab"),
    ("2110", "Value added tax payable", "OthCurrLiab"),
    ("2300", "Deferred revenue, current", "DeferRevenue"),
    ("2310", "Deferred revenue, non-current", "DeferRevenue"),
    ("2400", "Customer credit balance", "OthCurrLiab"),
    ("2410", "Refunds payable", "OthCurrLiab"),
    ("2420", "Accrued service credits", "OthCurrLiab"),
    ("4000", "Subscription revenue", "Income"),
    ("4100", "Usage revenue", "Income"),
    ("4900", "Service credits", "Income"),
    ("4910", "Refunds and allowances", "Income"),
    ("6100", "Processing fees", "Expense"),
    ("6110", "Dispute fees", "Expense"),
    ("6200", "Credit loss expense", "Expense"),
    ("7100", "Realized exchange gains and losses", "OthIncome"),
    ("7110", "Unrealized exchange gains and losses", "OthIncome"),
)
PAYS_TO: Final = frozenset(("Bank", "OthCurrAsset"))
ITEM_PREFIX: Final = "RC-"
SOLD: Final = frozenset(("OthCurrLiab", "DeferRevenue", "Income", "OthCurrAsset", "OthIncome"))
YEARS: Final = (2024, 2025, 2026, 2027, 2028)
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
DEPARTMENTS: Final = ("Sales", "Support", "Product")
CLASSES: Final = ("Domestic", "Foreign")
KEY_FIELD: Final = "custentity_revops_key"
