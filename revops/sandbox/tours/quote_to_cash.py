"""From an opportunity that is won to money in the bank, as one thread."""

from __future__ import annotations

from typing import Final

from revops.canonical.models import (
    Contract,
    Customer,
    ExternalReference,
    Invoice,
    Opportunity,
    Payment,
    Payout,
    Subscription,
)
from revops.sandbox.company import SALESFORCE, STRIPE
from revops.sandbox.tours.base import Act, Facts, Step, Tour
from revops.sandbox.tours.finding import known, page, posted, record, thread, told

SKU: Final = "price_team_yearly"


def _group(facts: Facts) -> Facts | None:
    row = record(Customer, SALESFORCE, facts["group"])
    return None if row is None else {"group_party": row.party_id}


def _account(facts: Facts) -> Facts | None:
    """Known, under the group that the CRM puts it under."""
    row = record(Customer, SALESFORCE, facts["account"])
    group = record(Customer, SALESFORCE, facts["group"])
    if row is None or group is None or row.party.parent_id != group.party_id:
        return None
    return {"account_id": row.pk, "party_id": row.party_id}


def _won(facts: Facts) -> Facts | None:
    run = told("opportunity.won", "customer.upsert", "opportunity", facts["opportunity_id"])
    return None if run is None else {"won_run": run}


def _provisioned(facts: Facts) -> Facts | None:
    made = ExternalReference.objects.filter(
        type="provisioned", record_kind="opportunity", record_id=facts["opportunity_id"]
    ).first()
    row = None if made is None else record(Subscription, STRIPE, made.external_id)
    return None if row is None else {"subscription": row.source_id, "subscription_id": row.pk}


def _invoiced(facts: Facts) -> Facts | None:
    row = Invoice.objects.filter(subscription_id=facts["subscription_id"]).order_by("pk").first()
    entry = None if row is None else posted("invoice", row.pk)
    if row is None or entry is None:
        return None
    return {"invoice": row.source_id, "invoice_id": row.pk, "journal_id": entry.pk}


def _sales_knows(facts: Facts) -> Facts | None:
    run = told("invoice.issued", "crm.invoice_state", "invoice", facts["invoice_id"])
    return None if run is None else {"told_run": run}


def _paid(facts: Facts) -> Facts | None:
    row = record(Payment, STRIPE, facts["payment"])
    if row is None or posted("payment", row.pk) is None:
        return None
    return {"payment_id": row.pk}


def _settled(facts: Facts) -> Facts | None:
    row = record(Payout, STRIPE, facts["payout"])
    return None if row is None or posted("payout", row.pk) is None else {"payout_id": row.pk}


TOUR: Final = Tour(
    slug="quote-to-cash",
    title="Quote to cash",
    about="A deal is won in sales. Follow it to the ERP's journal and to the bank, as one thread.",
    steps=(
        Step(
            "group", "Sales enters a group of companies",
            "Salesforce gets an account for the group. It becomes a customer here.",
            _group, page("console:customer", "group_party"),
            Act(
                SALESFORCE, "account",
                lambda facts: {
                    "Name": f"Meridian Group {facts['run']}", "Legal_Entity__c": "US-INC",
                },
                lambda said: {"group": said["account"]},
            ),
        ),
        Step(
            "account", "Sales enters the company that buys",
            "It stands under the group. Look at the customer's place in its group.",
            _account, page("console:customer", "party_id"),
            Act(
                SALESFORCE, "account",
                lambda facts: {
                    "Name": f"Meridian Analytics {facts['run']}", "ParentId": facts["group"],
                    "Legal_Entity__c": "US-INC", "BillingCountry": "United States",
                    "Billing_Email__c": f"ap@meridian-{facts['run'].lower()}.example",
                },
                lambda said: {"account": said["account"]},
            ),
        ),
        Step(
            "deal", "A deal is opened",
            "One year of the Team plan for 12,000.00 US dollars. Nothing is owed yet.",
            known(Opportunity, SALESFORCE, "opportunity"),
            thread("opportunity", "opportunity_id"),
            Act(
                SALESFORCE, "deal",
                lambda facts: {
                    "account": facts["account"],
                    "items": [{"sku": SKU, "quantity": 1, "price": "12000"}],
                },
                lambda said: {"opportunity": said["opportunity"]},
            ),
        ),
        Step(
            "sign", "The contract is signed",
            "The contract and its term join the thread of the deal.",
            known(Contract, SALESFORCE, "contract"), thread("contract", "contract_id"),
            Act(
                SALESFORCE, "sign", lambda facts: {"opportunity": facts["opportunity"]},
                lambda said: {"contract": said["contract"]},
            ),
        ),
        Step(
            "win", "The deal is won",
            "The hierarchy is checked, and the ERP gets the customer. Look at the steps of the "
            "flow.",
            _won, page("console:flow-run", "won_run"),
            Act(
                SALESFORCE, "win", lambda facts: {"opportunity": facts["opportunity"]},
                lambda said: {},
            ),
        ),
        Step(
            "provisioned", "Billing provisions the subscription",
            "Stripe was asked once, and says which subscription it made.",
            _provisioned, thread("subscription", "subscription_id"),
        ),
        Step(
            "invoiced", "The invoice is posted",
            "Billing issued it, the journal is balanced, and Tryton has given it a number.",
            _invoiced, page("console:journal", "journal_id"),
        ),
        Step(
            "sales_knows", "Sales is told",
            "Only after the posting Salesforce hears what is owed on this invoice.",
            _sales_knows, page("console:flow-run", "told_run"),
        ),
        Step(
            "pay", "The customer pays",
            "The payment clears the receivable. Sales and customer success hear of it.",
            _paid, thread("payment", "payment_id"),
            Act(
                STRIPE, "pay", lambda facts: {"invoice": facts["invoice"]},
                lambda said: {"payment": said["intent"]},
            ),
        ),
        Step(
            "settle", "The money arrives",
            "Stripe pays out less its fee. Look at the whole thread, from the deal to the bank.",
            _settled, thread("opportunity", "opportunity_id"),
            Act(
                STRIPE, "payout", lambda facts: {"currency": "usd"},
                lambda said: {"payout": said["payout"]},
            ),
        ),
    ),
)  # fmt: skip
