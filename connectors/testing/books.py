"""What an ERP is asked to post in the contract test: payloads as ``revops.pipeline`` makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors import commands
from connectors.contract import Command
from connectors.postings import CREDIT_MEMO, CUSTOMER, INVOICE, JOURNAL, PAYMENT
from revops.kernel.keys import idempotency_key

_TYPES = {INVOICE: "invoice", CREDIT_MEMO: "credit", PAYMENT: "payment", JOURNAL: "invoice"}
_PREFIX = {INVOICE: "in", CREDIT_MEMO: "cn", PAYMENT: "py", JOURNAL: "je"}


def line(
    account: str, *, debit: int = 0, credit: int = 0, customer: str = "", **more: Any
) -> dict[str, Any]:
    """``customer`` is an id; its name follows from it."""
    named = {"id": customer, "name": f"Customer {customer}"} if customer else None
    return {
        "account": account, "debit": debit, "credit": credit, "customer": named, "memo": "",
        "tax_code": "", **more,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Books:
    """
    A legal entity whose books the sandbox holds, by the codes of its chart, and days in them: all
    in open periods, each in a month of its own but for ``late_day``, which is in ``late_period``,
    the one that the contract test closes (``YYYY-MM``).

    All amounts are minor units. Every posting has billing's customer ``cus_1``.
    """

    legal_entity: str = "US-INC"
    currency: str = "USD"
    receivable: str = "1100"
    bank: str = "1050"
    revenue: str = "4000"
    deferred: str = "2300"
    tax: str = "2100"
    missing: str = "9999"
    day: str = "2026-03-31"
    later_day: str = "2026-04-15"
    late_day: str = "2026-05-31"
    late_period: str = "2026-05"

    def journal(self, number: int, /, **changes: Any) -> Command:
        return self.command(JOURNAL, number, self.invoiced(), **changes)

    def invoice(self, number: int, /, **changes: Any) -> Command:
        """An annual invoice of 12,990.00 with 990.00 of tax, deferred."""
        return self.command(INVOICE, number, self.invoiced(), **changes)

    def credit_memo(self, number: int, /, *, of: Command | None = None, **changes: Any) -> Command:
        """1,082.50 with 82.50 of tax, for an invoice of ours or on account."""
        lines = [
            line(self.deferred, debit=100_000),
            line(self.tax, debit=8_250, tax_code="US-TX"),
            line(self.receivable, credit=108_250, customer="cus_1"),
        ]
        settles = _settles(of, 108_250)
        return self.command(CREDIT_MEMO, number, lines, settles=settles, **changes)

    def payment(
        self, number: int, /, *, of: Command | None = None, amount: int = 1_299_000, **changes: Any
    ) -> Command:
        """Money of a customer, for an invoice of ours or on account."""
        lines = [
            line(self.bank, debit=amount),
            line(self.receivable, credit=amount, customer="cus_1"),
        ]
        return self.command(PAYMENT, number, lines, settles=_settles(of, amount), **changes)

    def customer(self, number: int, /, *, revision: int = 1, **changes: Any) -> Command:
        """Whoever changed is told under another key: a revision of its own."""
        payload: dict[str, Any] = {
            "customer_id": f"cus_{number}",
            "name": f"Customer {number}",
            "tax_id": "",
            "other_ids": [],
            "address": {"line1": "Main Street 1", "postal_code": "10115", "city": "Berlin"},
        } | changes
        key = idempotency_key(
            lane="primary", revision=revision, legal_entity=self.legal_entity,
            document_type="customer", business_key=f"cus_{number}",
        )  # fmt: skip
        return commands.by_hand(CUSTOMER, key, payload, story=f"story-{number}")

    def posting(self, kind: str, number: int, /, **changes: Any) -> Command:
        """Any of the four kinds that lead to a journal."""
        make = {
            JOURNAL: self.journal, INVOICE: self.invoice, CREDIT_MEMO: self.credit_memo,
            PAYMENT: self.payment,
        }  # fmt: skip
        return make[kind](number, **changes)

    def invoiced(self) -> list[dict[str, Any]]:
        return [
            line(self.receivable, debit=1_299_000, customer="cus_1"),
            line(self.deferred, credit=1_200_000, memo="Service 2026-03-31 to 2027-03-30"),
            line(self.tax, credit=99_000, tax_code="US-TX"),
        ]

    def command(
        self,
        kind: str,
        number: int,
        lines: Sequence[dict[str, Any]],
        /,
        *,
        settles: Sequence[dict[str, Any]] = (),
        **changes: Any,
    ) -> Command:
        """A posting of these lines; ``changes`` replace members of its payload."""
        business_key = f"stripe:{_PREFIX[kind]}_{number}"
        payload: dict[str, Any] = {
            "accounting_date": self.day,
            "business_key": business_key,
            "currency": self.currency,
            "description": "Annual plan, Acme",
            "document_type": _TYPES[kind],
            "functional_currency": self.currency,
            "legal_entity": self.legal_entity,
            "lines": list(lines),
            "number": f"JE-{1000 + number}",
            "period": self.day[:7],
            "revision": 1,
        }
        payload |= changes
        payload["period"] = payload["accounting_date"][:7]
        if kind != JOURNAL:
            total = sum(one["debit"] for one in payload["lines"])
            payload.setdefault(
                "document",
                {
                    "number": f"{_PREFIX[kind].upper()}-{number:04d}",
                    "date": payload["accounting_date"],
                    "due_on": payload["accounting_date"] if kind == INVOICE else None,
                    "customer": {"id": "cus_1", "name": "Customer cus_1"},
                    "total": total,
                    "settles": list(settles),
                },
            )
        key = idempotency_key(
            lane="primary", revision=1, legal_entity=payload["legal_entity"],
            document_type=payload["document_type"], business_key=business_key,
        )  # fmt: skip
        return commands.by_hand(kind, key, payload, story=f"story-{number}")


def amounts(command: Command) -> dict[str, int]:
    """What a posting does to each account, debits positive; accounts that it leaves alone aside."""
    found: dict[str, int] = {}
    for one in command.payload["lines"]:
        account = one["account"]
        found[account] = found.get(account, 0) + one["debit"] - one["credit"]
    return {account: amount for account, amount in found.items() if amount}


def _settles(of: Command | None, amount: int) -> list[dict[str, Any]]:
    if of is None:
        return []
    return [{"key": of.key, "number": of.payload["document"]["number"], "amount": amount}]
