"""More is used than is included: rated, billed, booked, and seen by sales and support."""

from __future__ import annotations

from typing import Final

from revops.canonical.models import Customer, Party, Subscription
from revops.sandbox.company import GAINSIGHT, SALESFORCE, STRIPE
from revops.sandbox.metered import METER, PRODUCT
from revops.sandbox.tours.base import Act, Facts, Step, Tour
from revops.sandbox.tours.finding import invoiced, page, rated, record, told
from revops.usage.models import Account, RatedLine

# A quarter more than the 2,000 calls that are included: 500 at 0.8 cents.
CALLS: Final = 2_500


def _sold(facts: Facts) -> Facts | None:
    row = record(Subscription, STRIPE, facts["subscription"])
    if row is None:
        return None
    return {"subscription_id": row.pk, "party_id": row.customer.party_id}


def _in_sales(facts: Facts) -> Facts | None:
    row = record(Customer, SALESFORCE, facts["account"])
    billed = record(Customer, STRIPE, facts["customer"])
    same = row is not None and billed is not None and row.party_id == billed.party_id
    return {"party_id": row.party_id} if same else None


def _measured(facts: Facts) -> Facts | None:
    return {} if Party.objects.get(pk=facts["party_id"]).health_score == 74 else None


def _used(facts: Facts) -> Facts | None:
    row = Account.objects.filter(subscription_id=facts["subscription_id"], meter=METER).first()
    line = RatedLine.objects.filter(subscription_id=facts["subscription_id"]).first()
    return None if row is None or line is None else {"usage_id": row.pk}


def _crossed(facts: Facts) -> Facts | None:
    run = told("usage.threshold_crossed", "crm.health", "subscription", facts["subscription_id"])
    return None if run is None else {"crossed_run": run}


TOUR: Final = Tour(
    slug="usage-overage",
    title="More than is included",
    about="A customer uses more than its plan includes. It is rated, billed and booked.",
    steps=(
        Step(
            "sold", "A customer subscribes",
            "The Team plan includes 2,000 API calls a month.",
            _sold, page("console:customer", "party_id"),
            Act(
                STRIPE, "customers",
                lambda facts: {
                    "count": 1, "price": "price_team_yearly", "amount": 1_200_000,
                    "legal_entity": "US-INC",
                },
                lambda said: {
                    name: said["made"][0][name] for name in ("customer", "subscription")
                },
            ),
        ),
        Step(
            "in_sales", "Sales knows the same customer",
            "Its account names the customer of billing, so both are one customer here.",
            _in_sales, page("console:customer", "party_id"),
            Act(
                SALESFORCE, "account",
                lambda facts: {
                    "Name": f"Overage {facts['run']}", "Legal_Entity__c": "US-INC",
                    "Stripe_Customer_ID__c": facts["customer"],
                },
                lambda said: {"account": said["account"]},
            ),
        ),
        Step(
            "measured", "Customer success measures its health",
            "Gainsight gives it 74 of 100, and sales is told.",
            _measured, page("console:customer", "party_id"),
            Act(
                GAINSIGHT, "health",
                lambda facts: {"company": facts["customer"], "score": 74},
                lambda said: {},
            ),
        ),
        Step(
            "use", "2,500 calls are made",
            "The product tells of each call. Some are told twice, and are counted once.",
            _used, page("usage:account", "usage_id"),
            Act(
                PRODUCT, "use",
                # All of it now: an hour ago it may have been the day before they subscribed.
                lambda facts: {
                    "customers": [facts["customer"]], "events": CALLS, "most": 1, "late": 0,
                    "repeated": 0.02, "minutes": 0,
                },
                lambda said: {},
            ),
        ),
        Step(
            "crossed", "The threshold is crossed",
            "More than all of it is used. Sales and customer success are told.",
            _crossed, page("console:flow-run", "crossed_run"),
        ),
        Step(
            "rated", "The period is rated",
            "Open the account and press “Rate this period for good”. Billing then gets the line.",
            rated, page("usage:account", "usage_id"),
        ),
        Step(
            "invoice", "Billing invoices it",
            "The invoice has a line of 4.00 US dollars for 500 calls. Look at its journal.",
            invoiced, page("console:journal", "journal_id"),
            Act(
                STRIPE, "renew", lambda facts: {"subscription": facts["subscription"]},
                lambda said: {"invoice": said["invoice"]},
            ),
        ),
    ),
)  # fmt: skip
