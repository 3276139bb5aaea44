"""What banks take back: disputes, returned direct debits, and payouts that they refuse."""

from __future__ import annotations

from connectors.systems.stripe.sandbox import money
from connectors.systems.stripe.sandbox.cash import Cash, Refused
from connectors.systems.stripe.sandbox.world import Obj, moment

_DISPUTE_FEE = 1500
_RETURN_FEE = 400
_DAY = 86400


class Claims(Cash):
    """Operations on what had been paid; ``at`` as in ``business``."""

    def dispute(
        self,
        charge: str,
        *,
        amount: int | None = None,
        reason: str = "product_not_received",
        at: int | None = None,
    ) -> Obj:
        """The bank withdraws the money, and Stripe its fee, until it is decided."""
        when = moment(at)
        found = self._succeeded(charge)
        if found["disputed"]:
            raise Refused(f"Charge {charge} is disputed already.", code="charge_disputed")
        made = self.world.add(
            money.dispute(when, charge=found, amount=amount or found["amount"], reason=reason)
        )
        withdrawn = self._transaction(
            when, kind="adjustment", obj=made, amount=-made["amount"], fee=_DISPUTE_FEE
        )
        made["balance_transactions"].append(self.world.get("balance_transaction", withdrawn))
        made["evidence_details"]["due_by"] = when + 9 * _DAY
        found["disputed"] = True
        self.world.tell("charge.dispute.created", made, at=when)
        self.world.tell("charge.dispute.funds_withdrawn", made, at=when)
        return made

    def decide(self, dispute: str, *, won: bool, at: int | None = None) -> Obj:
        """The bank decides. What was won comes back without its fee."""
        when = moment(at)
        found = self.world.get("dispute", dispute)
        if found["status"] != "needs_response":
            raise Refused(f"Dispute {dispute} is {found['status']}.", code="dispute_closed")
        found["status"] = "won" if won else "lost"
        if won:
            back = self._transaction(when, kind="adjustment", obj=found, amount=found["amount"])
            found["balance_transactions"].append(self.world.get("balance_transaction", back))
            self.world.tell("charge.dispute.funds_reinstated", found, at=when)
        self.world.tell("charge.dispute.closed", found, at=when)
        return found

    def return_payment(
        self, charge: str, *, reason: str = "Insufficient funds.", at: int | None = None
    ) -> Obj:
        """A direct debit that had succeeded comes back; the invoice is open again."""
        when = moment(at)
        found = self._succeeded(charge)
        found.update(status="failed", paid=False, failure_code="insufficient_funds")
        found["failure_message"] = reason
        found["failure_balance_transaction"] = self._transaction(
            when,
            kind="payment_failure_refund",
            obj=found,
            amount=-found["amount_captured"],
            fee=_RETURN_FEE,
        )
        self.world.tell("charge.failed", found, at=when)
        if found["invoice"]:
            invoice = self.world.get("invoice", found["invoice"])
            invoice.update(status="open", paid=False, amount_paid=0)
            invoice["amount_remaining"] = invoice["amount_due"]
            invoice["status_transitions"]["paid_at"] = None
            self.world.tell("invoice.updated", invoice, at=when)
        return found

    def fail_payout(
        self, payout: str, *, reason: str = "The bank account is closed.", at: int | None = None
    ) -> Obj:
        """The bank sends a payout back; the money is in the balance again."""
        when = moment(at)
        found = self.world.get("payout", payout)
        if found["status"] == "failed":
            raise Refused(f"Payout {payout} has failed already.")
        found.update(status="failed", failure_code="account_closed", failure_message=reason)
        found["failure_balance_transaction"] = self._transaction(
            when, kind="payout_failure", obj=found, amount=found["amount"]
        )
        self.world.tell("payout.failed", found, at=when)
        return found

    def _succeeded(self, charge: str) -> Obj:
        found = self.world.get("charge", charge)
        if found["status"] != "succeeded":
            raise Refused(f"Charge {charge} has not succeeded.")
        return found
