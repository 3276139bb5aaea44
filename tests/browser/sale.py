"""A sale from its beginning: won and signed in Salesforce, billed by Stripe."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from connectors.models import Connection
from connectors.queries import settings_of
from connectors.systems.salesforce.sandbox import for_connection
from revops.canonical.models import Contract, Invoice
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.pipeline import poll, process, sources
from revops.sandbox import company
from tests.browser.stage import Stage
from tests.pipeline.rehearsal import serving

# Polling leaves out what is only just happening.
_AGO_S = 3600


def sell(stage: Stage) -> tuple[Contract, Invoice]:
    """The signed contract, and the first invoice of the subscription that names it."""
    stripe = stage.line.stripe
    billed = stage.line.customer(name="Amber Freight")
    stage.tell()
    with ThreadPoolExecutor(1) as thread:
        signed = thread.submit(_sign, billed).result()
    subscription = stripe.subscribe(
        customer=billed, items=[("price_team_yearly", 1)], tax_percent="8.25",
        metadata={"legal_entity": "US-INC", "contract_id": signed},
    )  # fmt: skip
    stage.tell()
    contract = Contract.objects.select_related("opportunity").get(source_id=signed)
    return contract, Invoice.objects.get(source_id=subscription["latest_invoice"])


def _sign(billed: str) -> str:
    """The contract's id. Salesforce answers only as long as it is asked."""
    sales = Connection.objects.get(slug=company.SALESFORCE)
    app = for_connection(settings_of(sales))
    business, ago = app.state.sandbox.business, time.time() - _AGO_S
    account = business.account(Name="Amber Freight", Stripe_Customer_ID__c=billed, at=ago)
    sold = [{"sku": "price_team_yearly", "quantity": 1, "price": "12000"}]
    deal = business.deal(account=account["Id"], items=sold, at=ago)["Id"]
    business.win(deal, at=ago + 10)
    contract = business.sign(deal=deal, at=ago + 20)["Id"]
    try:
        with serving(app) as url:
            Connection.objects.filter(pk=sales.pk).update(base_url=url, control_url=url)
            sources.forget()
            SourceCursor.objects.filter(connection=sales).update(next_at=clock.now())
            poll.poll(sales.pk)
        while process.advance(sales.pk, seconds=20, linger=0):
            pass
    finally:
        connections.close_all()
    return str(contract)
