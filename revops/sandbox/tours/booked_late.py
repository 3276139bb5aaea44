"""Sales expands a contract, billing learns of it late, and usage is priced on the old plan."""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from exceptions.models import Case
from revops.canonical.models import (
    Contract,
    Customer,
    ExternalReference,
    Opportunity,
    Price,
    Subscription,
)
from revops.sandbox.company import SALESFORCE, STRIPE
from revops.sandbox.metered import METER, PRODUCT
from revops.sandbox.tours.base import Act, Facts, Step, Tour
from revops.sandbox.tours.finding import invoiced, known, page, rated, record, thread
from revops.usage.models import Account, RatedLine

OLD: Final = "price_api_team"
NEW: Final = "price_api_scale"
CALLS: Final = 1_000
_METERED: Final = {"interval": "month", "metered": True, "metadata": {"meter": METER}}


def _old_plan(facts: Facts) -> Facts | None:
    row = record(Price, STRIPE, OLD)
    return None if row is None else {"old_price": row.pk}


def _new_plan(facts: Facts) -> Facts | None:
    row = record(Price, STRIPE, NEW)
    return None if row is None else {"new_price": row.pk}


def _provisioned(facts: Facts) -> Facts | None:
    made = ExternalReference.objects.filter(
        type="provisioned", record_kind="opportunity", record_id=facts["opportunity_id"]
    ).first()
    row = None if made is None else record(Subscription, STRIPE, made.external_id)
    if row is None or row.contract_id is None:
        return None
    return {
        "subscription": row.source_id, "subscription_id": row.pk,
        "customer": row.customer.source_id,
    }  # fmt: skip


def _used(facts: Facts) -> Facts | None:
    """Rated at all: by which plan is the next steps' business."""
    of = {"subscription_id": facts["subscription_id"]}
    account = Account.objects.filter(**of).first()
    if account is None or not RatedLine.objects.filter(**of).exists():
        return None
    return {"usage_id": account.pk}


def _case(facts: Facts) -> Case | None:
    return (
        Case.objects.filter(
            kind="stale_price", record_kind="subscription", record_id=facts["subscription_id"]
        )
        .order_by("-pk")
        .first()
    )


def _caught(facts: Facts) -> Facts | None:
    case = _case(facts)
    return None if case is None else {"case_id": case.pk}


def _fixed(facts: Facts) -> Facts | None:
    case = _case(facts)
    if case is None or case.state != "resolved":
        return None
    of = {"subscription_id": facts["subscription_id"], "price_ref": NEW}
    return {} if RatedLine.objects.filter(**of).exists() else None


TOUR: Final = Tour(
    slug="booked-late",
    title="An expansion that billing learns late",
    about="Usage is priced on the old plan. It is caught before the close, without a memo.",
    steps=(
        Step(
            "old_plan", "Billing sells the Team plan", "Each API call costs two cents.",
            _old_plan, lambda facts: reverse("usage:accounts"),
            Act(
                STRIPE, "price",
                lambda facts: {"id": OLD, "amount": 2, "nickname": "API calls, Team", **_METERED},
                lambda said: {},
            ),
        ),
        Step(
            "new_plan", "Billing sells the Scale plan, too", "Each API call costs one cent.",
            _new_plan, lambda facts: reverse("usage:accounts"),
            Act(
                STRIPE, "price",
                lambda facts: {"id": NEW, "amount": 1, "nickname": "API calls, Scale", **_METERED},
                lambda said: {},
            ),
        ),
        Step(
            "account", "Sales enters a customer", "Salesforce has an account for it.",
            known(Customer, SALESFORCE, "account"), thread("customer", "account_id"),
            Act(
                SALESFORCE, "account",
                lambda facts: {"Name": f"Juniper Labs {facts['run']}", "Legal_Entity__c": "US-INC"},
                lambda said: {"account": said["account"]},
            ),
        ),
        Step(
            "deal", "A deal over the Team plan is opened", "The customer pays for what it uses.",
            known(Opportunity, SALESFORCE, "opportunity"),
            thread("opportunity", "opportunity_id"),
            Act(
                SALESFORCE, "deal",
                lambda facts: {
                    "account": facts["account"],
                    "items": [{"sku": OLD, "quantity": 1, "price": "0.02"}],
                },
                lambda said: {"opportunity": said["opportunity"]},
            ),
        ),
        Step(
            "sign", "The contract is signed", "It names the Team plan.",
            known(Contract, SALESFORCE, "contract"), thread("contract", "contract_id"),
            Act(
                SALESFORCE, "sign", lambda facts: {"opportunity": facts["opportunity"]},
                lambda said: {"contract": said["contract"]},
            ),
        ),
        Step(
            "win", "The deal is won", "Billing provisions what the contract says.",
            _provisioned, thread("subscription", "subscription_id"),
            Act(
                SALESFORCE, "win", lambda facts: {"opportunity": facts["opportunity"]},
                lambda said: {},
            ),
        ),
        Step(
            "use", "1,000 calls are made", "They are rated at two cents: 20.00 US dollars.",
            _used, page("usage:account", "usage_id"),
            Act(
                PRODUCT, "use",
                # All of it now: an hour ago it may have been the day before they subscribed.
                lambda facts: {
                    "customers": [facts["customer"]], "events": CALLS, "most": 1, "late": 0,
                    "minutes": 0,
                },
                lambda said: {},
            ),
        ),
        Step(
            "amend", "Sales moves the customer to the Scale plan",
            "Billing does not know it yet. A case says what is priced wrongly, and by how much.",
            _caught, page("exceptions:case", "case_id"),
            Act(
                SALESFORCE, "amend",
                lambda facts: {
                    "contract": facts["contract"], "words": "To the Scale plan",
                    "items": [
                        {"sku": OLD, "quantity": -1, "price": "0.02"},
                        {"sku": NEW, "quantity": 1, "price": "0.01"},
                    ],
                },
                lambda said: {},
            ),
        ),
        Step(
            "follow", "Billing follows",
            "The same calls are rated again at one cent. The case settles itself, without a memo.",
            _fixed, page("usage:account", "usage_id"),
            Act(
                STRIPE, "downgrade",
                lambda facts: {"subscription": facts["subscription"], "price": NEW, "amount": 1},
                lambda said: {},
            ),
        ),
        Step(
            "rated", "The period is rated",
            "Open the account and press “Rate this period for good”. Billing then gets the line.",
            rated, page("usage:account", "usage_id"),
        ),
        Step(
            "invoice", "Billing invoices it",
            "The first invoice is right: 10.00 US dollars for 1,000 calls. Nothing is credited.",
            invoiced, page("console:journal", "journal_id"),
            Act(
                STRIPE, "renew", lambda facts: {"subscription": facts["subscription"]},
                lambda said: {"invoice": said["invoice"]},
            ),
        ),
    ),
)  # fmt: skip
