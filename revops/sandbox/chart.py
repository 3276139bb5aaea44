"""The demo company's chart of accounts and which account plays which role (docs/accounting.md)."""

from __future__ import annotations

from typing import Final

# (code, name, whether its foreign balances are remeasured)
ACCOUNTS: Final = (
    ("1000", "Cash, operating bank", True),
    ("1050", "Processor clearing", True),
    ("1060", "Disputes receivable", True),
    ("1100", "Accounts receivable", True),
    ("1190", "Allowance for credit losses", True),
    ("1200", "Unbilled receivable", True),
    ("2100", "Sales tax payable", True),
    ("2110", "Value added tax payable", True),
    ("2300", "Deferred revenue, current", False),
    ("2310", "Deferred revenue, non-current", False),
    ("2400", "Customer credit balance", True),
    ("2410", "Refunds payable", True),
    ("2420", "Accrued service credits", True),
    ("4000", "Subscription revenue", False),
    ("4100", "Usage revenue", False),
    ("4900", "Service credits", False),
    ("4910", "Refunds and allowances", False),
    ("6100", "Payment processing fees", False),
    ("6110", "Dispute fees", False),
    ("6200", "Credit loss expense", False),
    ("7100", "Realized exchange gain or loss", False),
    ("7110", "Unrealized exchange gain or loss", False),
)

ROLES: Final = (
    ("cash", "1000"),
    ("processor_clearing", "1050"),
    ("receivable", "1100"),
    ("tax_payable", "2100"),
    ("deferred_revenue", "2300"),
    ("customer_credit", "2400"),
    ("refunds_payable", "2410"),
    ("processing_fees", "6100"),
    ("disputes_receivable", "1060"),
    ("allowance", "1190"),
    ("unbilled", "1200"),
    ("deferred_noncurrent", "2310"),
    ("accrued_credits", "2420"),
    ("service_credits", "4900"),
    ("refunds_and_allowances", "4910"),
    ("dispute_fees", "6110"),
    ("credit_loss", "6200"),
    ("realized_fx", "7100"),
    ("unrealized_fx", "7110"),
)
