"""Stripe's own library reads our sandbox: an oracle for the wire form that we wrote by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import stripe
import uvicorn

from connectors.systems.stripe import sandbox


@contextmanager
def served() -> Iterator[str]:
    """The sandbox on a free port of loopback."""
    server = uvicorn.Server(
        uvicorn.Config(sandbox.build(), host="127.0.0.1", port=0, log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the sandbox did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def client() -> Iterator[stripe.StripeClient]:
    with served() as address:
        yield stripe.StripeClient(
            sandbox.API_KEY, base_addresses={"api": address}, max_network_retries=0
        )


class TestOfficialSdk:
    def test_follows_a_customer_from_subscription_to_payout(
        self, client: stripe.StripeClient
    ) -> None:
        customer = client.v1.customers.create(
            {"name": "Alder", "metadata": {"legal_entity": "US01"}}
        )
        price = client.v1.prices.create(
            {"currency": "usd", "unit_amount": 5000, "recurring": {"interval": "month"}}
        )
        subscription = client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id, "quantity": 3}]}
        )
        assert subscription.status == "active"
        (invoice,) = client.v1.invoices.list({"customer": customer.id}).data
        assert (invoice.status, invoice.total) == ("paid", 15_000)
        assert invoice.lines.data[0].period.end > invoice.lines.data[0].period.start
        (charge,) = client.v1.charges.list({"customer": customer.id}).data
        refund = client.v1.refunds.create({"charge": charge.id, "amount": 1_000})
        assert refund.payment_intent == charge.payment_intent
        payout = client.v1.payouts.create({"currency": "usd", "amount": 1})
        transactions = client.v1.balance_transactions.list(
            {"payout": payout.id, "expand": ["data.source"]}
        )
        assert sum(item.net for item in transactions.data if item.type != "payout") == payout.amount

    def test_walks_all_pages_of_the_events(self, client: stripe.StripeClient) -> None:
        for index in range(15):
            client.v1.customers.create({"name": str(index)})
        found = [
            event.id
            for event in client.v1.events.list(
                {"type": "customer.created", "limit": 4}
            ).auto_paging_iter()
        ]
        assert len(found) == len(set(found)) >= 15

    def test_invoices_by_hand(self, client: stripe.StripeClient) -> None:
        customer = client.v1.customers.create({"name": "Birch"})
        client.v1.invoice_items.create(
            {"customer": customer.id, "amount": 700, "currency": "eur", "description": "Setup"}
        )
        draft = client.v1.invoices.create({"customer": customer.id})
        assert (draft.status, draft.number) == ("draft", None)
        final = client.v1.invoices.finalize_invoice(draft.id)
        assert final.status == "open"
        assert final.number
        assert client.v1.invoices.void_invoice(draft.id).status == "void"

    def test_raises_the_error_that_stripe_would_cause(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="No such customer") as caught:
            client.v1.customers.retrieve("cus_none")
        assert caught.value.code == "resource_missing"
        assert caught.value.request_id.startswith("req_")
        options = {"idempotency_key": "one"}
        client.v1.customers.create({"name": "A"}, options)
        with pytest.raises(stripe.IdempotencyError):
            client.v1.customers.create({"name": "B"}, options)

    def test_refuses_another_key(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.AuthenticationError):
            client.v1.customers.list({}, {"api_key": "sk_test_other"})
