"""
A contract is amended in mid-term: a dearer plan, more seats, other terms and a regional entity
whose tax the ERP refuses. What the steps look for is here; ``amending`` is what happens in them.
"""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse

from exceptions.models import Case
from revops.canonical.models import Contract, Customer, Invoice, Opportunity, Subscription
from revops.ledger.models import Recognition, RevenueSchedule
from revops.sandbox.company import ERP, SALESFORCE, STRIPE
from revops.sandbox.tours import amending
from revops.sandbox.tours.amending import NET_DAYS, SEATS
from revops.sandbox.tours.base import Facts, Step, Tour
from revops.sandbox.tours.finding import known, page, posted, record, thread, told


def _group(facts: Facts) -> Facts | None:
    row = record(Customer, SALESFORCE, facts["group"])
    return None if row is None else {"group_party": row.party_id}


def _sold(facts: Facts) -> Facts | None:
    """One customer of both systems, billed under the contract, and its invoice in the ERP."""
    row = record(Subscription, STRIPE, facts["subscription"])
    billed = record(Invoice, STRIPE, facts["invoice"])
    account = record(Customer, SALESFORCE, facts["account"])
    if row is None or billed is None or account is None or row.contract_id is None:
        return None
    if row.customer.party_id != account.party_id or posted("invoice", billed.pk) is None:
        return None
    return {"subscription_id": row.pk, "party_id": account.party_id}


def _schedules(facts: Facts) -> Any:
    return RevenueSchedule.objects.filter(chain=f"{STRIPE}:{facts['subscription']}")


def _earned(facts: Facts) -> Facts | None:
    done = Recognition.objects.filter(schedule__in=_schedules(facts)).first()
    return None if done is None else {"schedule_id": done.schedule_id}


def _amended(facts: Facts) -> Facts | None:
    row = record(Contract, SALESFORCE, facts["contract"])
    if row is None or row.net_days != NET_DAYS:
        return None
    return {} if sum(item["quantity"] for item in row.items) == SEATS else None


def _upgraded(facts: Facts) -> Facts | None:
    """The schedule of before goes on in another one."""
    row = record(Invoice, STRIPE, facts["change"])
    entry = None if row is None else posted("invoice", row.pk)
    old = _schedules(facts).filter(successor__isnull=False).first()
    if row is None or entry is None or old is None:
        return None
    return {"change_id": row.pk, "change_journal": entry.pk, "successor_id": old.successor_id}


def _told(facts: Facts) -> Facts | None:
    of = ("subscription", facts["subscription_id"])
    run = told("subscription.upgraded", "success.entitlements", *of)
    sales = told("invoice.issued", "crm.invoice_state", "invoice", facts["change_id"])
    return None if run is None or sales is None else {"told_run": run}


def _regional(facts: Facts) -> list[Invoice]:
    found = (record(Invoice, STRIPE, facts[name]) for name in ("invoice_uk", "invoice_start"))
    return [row for row in found if row is not None]


def _refused(facts: Facts) -> Facts | None:
    """Both invoices of the region, under one cause."""
    numbers = {row.pk for row in _regional(facts)}
    cases = [
        case
        for case in Case.objects.filter(kind="target_setup", connection_slug=ERP)
        if amending.invoice_of(case) in numbers
    ]
    if len(cases) < len(amending.REGIONAL) or len({case.cause_key for case in cases}) != 1:
        return None
    account = record(Customer, SALESFORCE, facts["account_uk"])
    return {"cause": cases[0].cause_key, "party_uk": account.party_id}


def _mapped(facts: Facts) -> Facts | None:
    return {} if amending.tax_account() == facts["opened"] else None


def _rebooked(facts: Facts) -> Facts | None:
    entries = [posted("invoice", row.pk) for row in _regional(facts)]
    if len(entries) < len(amending.REGIONAL) or None in entries:
        return None
    first = entries[0]
    return {"journal_uk": first.pk} if first is not None else None


def _everywhere(facts: Facts) -> Facts | None:
    """Sales has the regional invoices, and the region stands under its group in success."""
    runs = [
        told("invoice.issued", "crm.invoice_state", "invoice", row.pk) for row in _regional(facts)
    ]
    return {} if runs and None not in runs else None


TOUR: Final = Tour(
    slug="amendment",
    title="A contract is amended in mid-term",
    about="A dearer plan, more seats, other terms, and a new region whose tax the ERP refuses.",
    steps=(
        Step(
            "group", "Sales enters a group of companies", "It becomes a customer here.",
            _group, page("console:customer", "group_party"), amending.GROUP,
        ),
        Step(
            "account", "Sales enters the company that buys", "It stands under the group.",
            known(Customer, SALESFORCE, "account"), thread("customer", "account_id"),
            amending.ACCOUNT,
        ),
        Step(
            "deal", "A deal over 10 Team seats is made",
            "It is some months old: 12,000.00 US dollars for a year.",
            known(Opportunity, SALESFORCE, "opportunity"),
            thread("opportunity", "opportunity_id"), amending.DEAL,
        ),
        Step(
            "sign", "The contract is signed", "The customer pays within 30 days.",
            known(Contract, SALESFORCE, "contract"), thread("contract", "contract_id"),
            amending.SIGN,
        ),
        Step(
            "sold", "Billing bills the first year",
            "The subscription names the contract. Its invoice is posted, its revenue deferred, and "
            "the customer pays.",
            _sold, thread("subscription", "subscription_id"), amending.SELL,
        ),
        Step(
            "earned", "The ended months are recognised",
            "The console does this by itself once a day. Look at the schedule as it is now.",
            _earned, page("console:schedule", "schedule_id"), amending.RECOGNISE,
        ),
        Step(
            "amend", "Sales amends the contract",
            "15 Scale seats instead of 10 Team seats, payable within 60 days. Look at its history.",
            _amended, lambda facts: reverse(
                "console:record", args=("contract", facts["contract_id"])
            ), amending.AMEND,
        ),
        Step(
            "upgrade", "Billing follows, for the rest of the term",
            "The invoice gives back what is left of the old seats. The old schedule stops, a new "
            "one goes on.",
            _upgraded, page("console:schedule", "successor_id"), amending.UPGRADE,
        ),
        Step(
            "told", "Sales and customer success are told",
            "Sales sees what a renewal is worth now, customer success 15 seats of the new plan.",
            _told, page("console:flow-run", "told_run"),
        ),
        Step(
            "erp", "The ERP changes its tax accounts",
            "In the UK books, value added tax moves to another account. Nobody tells the console.",
            lambda facts: {}, lambda facts: reverse("exceptions:queue"), amending.CLOSE,
        ),
        Step(
            "region", "A regional entity joins the group",
            "The UK company gets seats and onboarding. The ERP refuses both: one cause, two cases.",
            _refused, page("exceptions:cause", "cause"), amending.JOIN,
        ),
        Step(
            "map", "The tax map is corrected",
            "From the day of the oldest case on. It is a new version; what is booked stays.",
            _mapped, page("exceptions:cause", "cause"), amending.MAP,
        ),
        Step(
            "rebooked", "The group is booked again",
            "Open the cause of the step before and press “Book again”. The ERP gets the new "
            "entries only.",
            _rebooked, page("console:journal", "journal_uk"),
        ),
        Step(
            "everywhere", "Everybody knows",
            "Sales has the region’s invoices. Customer success has it under its group.",
            _everywhere, page("console:customer", "party_uk"),
        ),
    ),
)  # fmt: skip
