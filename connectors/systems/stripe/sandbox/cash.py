"""Payments, refunds and payouts, with the balance transactions that they leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connectors.systems.stripe.sandbox import money
from connectors.systems.stripe.sandbox.world import Obj, World, moment
from revops.kernel.money import round_half_up

# 2.9 % and 0.30, as Stripe asks for domestic cards in the United States.
_FEE_SHARE: Final = Decimal("0.029")
_FEE_FIXED: Final = 30
DECLINED: Final = "Your card was declined."


class Refused(Exception):
    """Stripe would answer 400 (or 402 for a declined card)."""

    def __init__(self, message: str, *, code: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class Cash:
    """Operations on money; ``at`` as in ``business``."""

    def __init__(self, world: World) -> None:
        self.world = world

    def create_intent(self, *, at: int | None = None, **given: Any) -> Obj:
        """A payment without an invoice, waiting to be confirmed."""
        made = self.world.add(money.payment_intent(moment(at), **given))
        self.world.tell("payment_intent.created", made, at=made["created"])
        return made

    def capture(self, intent: str, *, at: int | None = None) -> Obj:
        """Charge a payment intent successfully; the charge."""
        when = moment(at)
        found = self.world.get("payment_intent", intent)
        if found["status"] == "succeeded":
            raise Refused(
                "This PaymentIntent has already succeeded.", code="payment_intent_unexpected_state"
            )
        charge = self.world.add(money.charge(when, intent=found))
        fee = round_half_up(Decimal(charge["amount"]) * _FEE_SHARE) + _FEE_FIXED
        charge["balance_transaction"] = self._transaction(
            when, kind="charge", obj=charge, amount=charge["amount"], fee=fee
        )
        found.update(status="succeeded", amount_received=found["amount"])
        found.update(latest_charge=charge["id"], last_payment_error=None)
        self.world.tell("charge.succeeded", charge, at=when)
        self.world.tell("payment_intent.succeeded", found, at=when)
        return charge

    def refuse(self, intent: str, *, at: int | None = None) -> Obj:
        """Let the card of a payment intent be declined; the failed charge."""
        when = moment(at)
        found = self.world.get("payment_intent", intent)
        charge = self.world.add(money.charge(when, intent=found, declined=DECLINED))
        error = {"charge": charge["id"], "code": "card_declined", "message": DECLINED}
        found.update(status="requires_payment_method", last_payment_error=error)
        found["latest_charge"] = charge["id"]
        self.world.tell("charge.failed", charge, at=when)
        self.world.tell("payment_intent.payment_failed", found, at=when)
        return charge

    def refund(
        self,
        charge: str,
        *,
        amount: int | None = None,
        reason: str | None = None,
        metadata: Obj | None = None,
        at: int | None = None,
    ) -> Obj:
        made = self.give_back(charge, amount=amount, reason=reason, metadata=metadata, at=at)
        self.tell_refund(made, at=at)
        return made

    def give_back(
        self,
        charge: str,
        *,
        amount: int | None = None,
        reason: str | None = None,
        metadata: Obj | None = None,
        at: int | None = None,
    ) -> Obj:
        """A refund that nobody was told of yet."""
        when = moment(at)
        found = self.world.get("charge", charge)
        left = found["amount_captured"] - found["amount_refunded"]
        if found["status"] != "succeeded" or not left:
            said = f"Charge {charge} has already been refunded."
            raise Refused(said, code="charge_already_refunded")
        wanted = left if amount is None else amount
        if not 0 < wanted <= left:
            raise Refused(
                f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})"
            )
        made = self.world.add(
            money.refund(when, charge=found, amount=wanted, reason=reason, metadata=metadata)
        )
        made["balance_transaction"] = self._transaction(
            when, kind="refund", obj=made, amount=-wanted
        )
        found["amount_refunded"] += wanted
        found["refunded"] = found["amount_refunded"] == found["amount_captured"]
        return made

    def return_refund(self, refund: str, *, at: int | None = None) -> Obj:
        """The customer's bank sends a refund back, and the money is in the balance again."""
        when = moment(at)
        found = self.world.get("refund", refund)
        if found["status"] != "succeeded":
            raise Refused(f"Refund {refund} is {found['status']}.")
        back = self._transaction(when, kind="refund_failure", obj=found, amount=found["amount"])
        found.update(
            status="failed", failure_reason="lost_or_stolen_card", failure_balance_transaction=back
        )
        self.world.tell("refund.failed", found, at=when)
        return found

    def tell_refund(self, refund: Obj, *, at: int | None = None) -> None:
        when = moment(at)
        self.world.tell("charge.refunded", self.world.get("charge", refund["charge"]), at=when)
        self.world.tell("refund.created", refund, at=when)

    def pay_out(self, *, currency: str = "usd", days: int = 2, at: int | None = None) -> Obj:
        """What is in the balance of one currency by then, at the bank some days later."""
        when = moment(at)
        held = [
            item
            for item in self.world.all("balance_transaction")
            if item["currency"] == currency
            and item["type"] != "payout"
            and item["created"] <= when
            and item["id"] not in self.world.of_payout
        ]
        amount = sum(item["net"] for item in held)
        if amount <= 0:
            raise Refused("You have insufficient funds for a payout.", code="balance_insufficient")
        midnight = datetime.fromtimestamp(when, tz=UTC).replace(hour=0, minute=0, second=0)
        arrives = int((midnight + timedelta(days=days)).timestamp())
        made = self.world.add(money.payout(when, amount=amount, currency=currency, arrives=arrives))
        made["balance_transaction"] = self._transaction(
            when, kind="payout", obj=made, amount=-amount
        )
        for item in held:
            self.world.of_payout[item["id"]] = made["id"]
        self.world.of_payout[made["balance_transaction"]] = made["id"]
        self.world.tell("payout.created", made, at=when)
        made.update(status="paid", reconciliation_status="completed")
        self.world.tell("payout.paid", made, at=when)
        return made

    def _transaction(self, when: int, *, kind: str, obj: Obj, amount: int, fee: int = 0) -> str:
        made = self.world.add(
            money.balance_transaction(
                when,
                kind=kind,
                source=obj["id"],
                amount=amount,
                currency=obj["currency"],
                fee=fee,
            )
        )
        identity: str = made["id"]
        return identity
