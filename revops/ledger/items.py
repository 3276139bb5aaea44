"""
Open items: what the balance of an account consists of, so that no part of it is used twice.

An account that is a list of things still to be settled carries the thing's name on each of its
lines. What is left of a thing is the sum of its lines.
"""

from __future__ import annotations


def customer(key: str) -> str:
    """A customer's credit balance (2400) or refunds payable (2410); ``key`` is the customer's."""
    return f"customer/{key}" if key else ""


def rated_line(key: str) -> str:
    """Usage that was accrued and is not billed yet (1200, J3a); ``key`` is the rated line's."""
    return f"rated_line/{key}"


def credit_request(key: str) -> str:
    """A credit that was accrued before its memo (2420, J5c1); ``key`` is the request's."""
    return f"credit_request/{key}"


def late_document(key: str) -> str:
    """What a late document was accrued with (1200, 2420); ``key`` is the document's."""
    return f"late_document/{key}"


def invoice(key: str) -> str:
    """What is open of an invoice's receivable (1100); ``key`` is the invoice's."""
    return f"invoice/{key}" if key else ""


def refunded(key: str) -> str:
    """
    What refunds took off price and tax because nothing was owed (4910 and tax), until a credit memo
    says otherwise; ``key`` is the invoice's, or the customer's where the payment names no invoice.
    """
    return f"refunded/{key}" if key else ""


def processed(key: str) -> str:
    """
    What a payment or refund brought to the processor's balance in a foreign currency (1050), as the
    books hold it; ``key`` is that record's. A payout asks for it and does not list under it.
    """
    return f"processed/{key}"
