"""
localstripe for tests: a Stripe that others wrote, with state, webhooks and events.

What it is and lacks (version 1.15.10): each event is posted once, about a second later, in no
certain order, and can be listed at ``/v1/events``; prices, payouts in other currencies than EUR and
events of refunds do not exist; an invoice is told when it is paid and not before.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Final

import httpx

from revops.embedded import programs
from revops.embedded.programs import Running
from tests.peers import processes

API_KEY: Final = "sk_test_of_the_peers"
GOOD_CARD: Final = "4242424242424242"
# Can be attached to a customer; every charge of it is declined.
DECLINED_CARD: Final = "4000000000000341"
CURRENCY: Final = "usd"

# Its own command listens on all of the machine's addresses and dumps its state into a file of a
# fixed name after every call. Here it listens on the loopback and forgets.
_SERVE: Final = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.store.dump_to_disk = lambda: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


class Declined(Exception):
    """The card was declined (402)."""


@dataclass(slots=True)
class LocalStripe:
    address: str
    running: Running
    client: httpx.Client

    @classmethod
    def start(cls) -> LocalStripe:
        """The first time on a machine this takes some seconds more, to install it."""
        place = processes.home("localstripe")
        with processes.alone(place):
            bin_ = processes.environment(place, "localstripe")
        port = processes.free_port()
        argv = (str(bin_ / "python"), "-c", _SERVE, str(port))
        running = processes.start(place, "localstripe", argv, {})
        try:
            processes.wait_until(lambda: _listens(port), running)
        except RuntimeError:
            programs.stop(running)
            raise
        address = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {API_KEY}"}
        return cls(address, running, httpx.Client(base_url=address, headers=headers, timeout=30))

    def stop(self) -> None:
        self.client.close()
        programs.stop(self.running)

    def tell(self, url: str, secret: str) -> None:
        """Post every event from now on to ``url``, signed with ``secret``."""
        self._answered(self.client.post("/_config/webhooks/w", json={"url": url, "secret": secret}))

    def every(self, path: str, **query: str) -> list[dict[str, Any]]:
        """A whole list, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            answer = self.client.get(path, params={**query, **after, "limit": 100})
            page = self._answered(answer)
            found += page["data"]
            if not page["has_more"]:
                return found

    def count_events(self) -> int:
        """How many events it has made so far, told or not."""
        answer = self.client.get("/v1/events", params={"limit": 1})
        return int(self._answered(answer)["total_count"])

    def post(self, path: str, **given: Any) -> Any:
        """Raises Declined."""
        return self._answered(self.client.post(path, json=given))

    def plan(self, sku: str, amount: int, interval: str) -> None:
        product = {"name": f"Product of {sku}"}
        self.post(
            "/v1/plans", id=sku, amount=amount, interval=interval, currency=CURRENCY,
            product=product,
        )  # fmt: skip

    def tax_rate(self, percentage: float) -> str:
        rate = self.post(
            "/v1/tax_rates", display_name="Sales tax", inclusive=False, percentage=percentage
        )
        return str(rate["id"])

    def customer(self, name: str, *, card: str = GOOD_CARD, **given: Any) -> str:
        """One who pays with a card."""
        method = self._card(card)
        made = self.post(
            "/v1/customers",
            name=name,
            email=f"billing@{name.lower().replace(' ', '-')}.example",
            payment_method=method,
            invoice_settings={"default_payment_method": method},
            **given,
        )
        return str(made["id"])

    def new_card(self, customer: str, card: str = GOOD_CARD) -> None:
        method = self._card(card)
        self.post(f"/v1/payment_methods/{method}/attach", customer=customer)
        self.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})

    def _card(self, number: str) -> str:
        card = {"number": number, "exp_month": 12, "exp_year": 2045, "cvc": "123"}
        return str(self.post("/v1/payment_methods", type="card", card=card)["id"])

    def charge(self, customer: str, amount: int) -> None:
        """A payment without an invoice. Raises Declined, and the decline is an event."""
        method = self._answered(self.client.get(f"/v1/customers/{customer}"))
        self.post(
            "/v1/payment_intents",
            amount=amount,
            currency=CURRENCY,
            customer=customer,
            payment_method=method["invoice_settings"]["default_payment_method"],
            confirm=True,
        )

    def add_item(self, customer: str, amount: int, description: str) -> None:
        """A line without a plan on the customer's next invoice."""
        self.post(
            "/v1/invoiceitems", customer=customer, amount=amount, currency=CURRENCY,
            description=description,
        )  # fmt: skip

    def subscribe(
        self,
        customer: str,
        sku: str,
        *,
        quantity: int = 1,
        item_tax_rates: tuple[str, ...] = (),
        **given: Any,
    ) -> dict[str, Any]:
        """The subscription; its first invoice is final, and paid unless the card declines."""
        item = {"plan": sku, "quantity": quantity, "tax_rates": list(item_tax_rates)}
        made: dict[str, Any] = self.post(
            "/v1/subscriptions", customer=customer, items=[item], **given
        )
        return made

    def pay(self, invoice: str) -> None:
        self.post(f"/v1/invoices/{invoice}/pay")

    def renew(self, subscription: dict[str, Any]) -> str:
        """One more invoice of a subscription, paid; its id."""
        customer = subscription["customer"]
        made = self.post("/v1/invoices", customer=customer, subscription=subscription["id"])
        self.pay(made["id"])
        return str(made["id"])

    def _answered(self, answer: httpx.Response) -> Any:
        if answer.status_code == 402:
            raise Declined(answer.text)
        if answer.is_error:
            raise RuntimeError(f"localstripe answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
