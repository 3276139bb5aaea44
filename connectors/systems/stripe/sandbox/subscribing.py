"""Subscriptions and their life: billed, renewed, changed, paused, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.systems.stripe.sandbox import objects
from connectors.systems.stripe.sandbox.cash import Refused
from connectors.systems.stripe.sandbox.invoicing import Invoicing
from connectors.systems.stripe.sandbox.world import Obj, moment
from revops.kernel.money import round_half_up


class Subscribing(Invoicing):
    """Operations on subscriptions; ``at`` as in ``business``."""

    def subscribe(
        self,
        *,
        customer: str,
        items: Sequence[tuple[str, int]],
        tax_percent: str = "",
        at: int | None = None,
        pays: bool | None = True,
        metadata: Obj | None = None,
    ) -> Obj:
        """
        A subscription to (price, quantity) items with its first invoice. ``pays``: True the card
        is charged, False it is declined, None the invoice stays open.
        """
        when = moment(at)
        who = self.world.get("customer", customer)
        members = [
            objects.subscription_item(when, price=self.world.get("price", price), quantity=count)
            for price, count in items
        ]
        if not members:
            raise Refused("A subscription needs at least one item.", code="parameter_missing")
        intervals = {(member["price"]["recurring"] or {}).get("interval") for member in members}
        if len(intervals) != 1 or None in intervals:
            raise Refused("All prices of a subscription must recur in the same interval.")
        found = self.world.add(
            objects.subscription(
                when,
                customer=who,
                items=members,
                end=_period_end(when, intervals.pop()),
                status="active" if pays is not False else "incomplete",
                metadata=metadata,
            )
        )
        self.world.tell("customer.subscription.created", found, at=when)
        self.bill(found["id"], at=when, tax_percent=tax_percent, pays=pays)
        return found

    def bill(
        self,
        subscription: str,
        *,
        at: int | None = None,
        tax_percent: str = "",
        pays: bool | None = True,
    ) -> Obj:
        """The invoice of a subscription's current period."""
        when = moment(at)
        found = self.world.get("subscription", subscription)
        lines = [
            objects.line(
                amount=_flat(item),
                currency=found["currency"],
                description=item["price"]["nickname"] or "Subscription",
                start=found["current_period_start"],
                end=found["current_period_end"],
                price=item["price"],
                quantity=item["quantity"],
                subscription=subscription,
            )
            for item in found["items"]["data"]
        ]
        lines += self.waiting(found["customer"], subscription=subscription)
        invoice = self.draft(
            customer=found["customer"],
            lines=lines,
            tax_percent=tax_percent,
            subscription=subscription,
            metadata=found["metadata"],
            at=when,
        )
        self._charge(found, invoice, pays=pays, at=when)
        return invoice

    def renew(
        self,
        subscription: str,
        *,
        at: int | None = None,
        tax_percent: str = "",
        pays: bool | None = True,
    ) -> Obj:
        """The next period begins where the current one ends, with its invoice."""
        found = self._running(subscription)
        names = ("current_period_start", "current_period_end", "latest_invoice")
        previous = {name: found[name] for name in names}
        interval = found["items"]["data"][0]["price"]["recurring"]["interval"]
        found["current_period_start"] = found["current_period_end"]
        found["current_period_end"] = _period_end(found["current_period_start"], interval)
        when = moment(at)
        self.world.tell("customer.subscription.updated", found, at=when, previous=previous)
        return self.bill(subscription, at=when, tax_percent=tax_percent, pays=pays)

    def change(
        self,
        subscription: str,
        *,
        items: Sequence[tuple[str, int]],
        tax_percent: str = "",
        prorate: bool = True,
        pays: bool | None = True,
        due_in: int = 0,
        at: int | None = None,
    ) -> Obj:
        """
        Other plans or seats from now on. With ``prorate`` an invoice gives back what is left of the
        old items and charges the new ones for it (``proration_behavior=always_invoice``), which is
        to be paid within ``due_in`` days.
        """
        when = moment(at)
        found = self._running(subscription)
        old = found["items"]["data"]
        new = [
            objects.subscription_item(when, price=self.world.get("price", price), quantity=count)
            for price, count in items
        ]
        previous = {"items": found["items"], "latest_invoice": found["latest_invoice"]}
        found["items"] = objects.listed(found["items"]["url"], new)
        self.world.tell("customer.subscription.updated", found, at=when, previous=previous)
        if prorate:
            lines = [self._prorated(found, item, when, -1) for item in old]
            lines += [self._prorated(found, item, when, 1) for item in new]
            invoice = self.draft(
                customer=found["customer"],
                lines=lines,
                tax_percent=tax_percent,
                subscription=subscription,
                metadata=found["metadata"],
                due_date=when + due_in * 86_400 if due_in else None,
                at=when,
            )
            self._charge(found, invoice, pays=pays, at=when)
        return found

    def pause(
        self, subscription: str, *, resumes_at: int | None = None, at: int | None = None
    ) -> Obj:
        return self._rest(subscription, {"behavior": "void", "resumes_at": resumes_at}, at)

    def resume(self, subscription: str, *, at: int | None = None) -> Obj:
        return self._rest(subscription, None, at)

    def cancel(self, subscription: str, *, reason: str = "", at: int | None = None) -> Obj:
        """At once. What is given back for it is a credit note of its own."""
        when = moment(at)
        found = self._running(subscription)
        found.update(status="canceled", canceled_at=when, ended_at=when)
        found["cancellation_details"]["comment"] = reason or None
        self.world.tell("customer.subscription.deleted", found, at=when)
        return found

    def _rest(self, subscription: str, pause: Obj | None, at: int | None) -> Obj:
        found = self._running(subscription)
        previous = {"pause_collection": found["pause_collection"]}
        found["pause_collection"] = pause
        self.world.tell("customer.subscription.updated", found, at=moment(at), previous=previous)
        return found

    def _running(self, subscription: str) -> Obj:
        found = self.world.get("subscription", subscription)
        if found["status"] != "active":
            raise Refused(f"Subscription {subscription} is {found['status']}.")
        return found

    def _prorated(self, found: Obj, item: Obj, when: int, sign: int) -> Obj:
        start, end = found["current_period_start"], found["current_period_end"]
        left = Decimal(max(0, end - when)) / Decimal(end - start)
        whole = Decimal(_flat(item))
        what = "Remaining time on" if sign > 0 else "Unused time on"
        return objects.line(
            amount=sign * round_half_up(whole * left),
            currency=found["currency"],
            description=f"{what} {item['price']['nickname'] or 'subscription'}",
            start=when,
            end=end,
            price=item["price"],
            proration=True,
            quantity=item["quantity"],
            subscription=found["id"],
        )

    def _charge(self, found: Obj, invoice: Obj, *, pays: bool | None, at: int) -> None:
        found["latest_invoice"] = invoice["id"]
        self.finalize(invoice["id"], at=at)
        if pays is True:
            self.pay(invoice["id"], at=at)
        elif pays is False:
            self.decline(invoice["id"], at=at)


def _flat(item: Obj) -> int:
    """What an item costs for a period whatever is used; use is billed by lines of its own."""
    price = item["price"]
    metered = (price["recurring"] or {}).get("usage_type") == "metered"
    return 0 if metered else (price["unit_amount"] or 0) * item["quantity"]


def _period_end(start: int, interval: str | None) -> int:
    """The same day of the next month or year, or that month's last day."""
    moment_ = datetime.fromtimestamp(start, tz=UTC)
    months = {"month": 1, "year": 12}.get(interval or "")
    if months is None:
        days = {"day": 1, "week": 7}.get(interval or "", 30)
        return int((moment_ + timedelta(days=days)).timestamp())
    year, month = divmod(moment_.year * 12 + moment_.month - 1 + months, 12)
    for day in range(moment_.day, 27, -1):
        try:
            return int(moment_.replace(year=year, month=month + 1, day=day).timestamp())
        except ValueError:
            continue
    return int(moment_.replace(year=year, month=month + 1).timestamp())
