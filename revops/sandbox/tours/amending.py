"""What happens in the tour of an amendment: in the systems, and what a person does here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from exceptions.models import Case
from revops.kernel import clock
from revops.ledger.models import JournalEntry
from revops.mappings.models import LegalEntity, TaxMap
from revops.mappings.operations import MapRefused, map_tax
from revops.pipeline import recognize
from revops.sandbox.company import ERP, SALESFORCE, STRIPE
from revops.sandbox.tours.base import Act, Acts, Deed, Facts, NotPossible

HOME: Final = "US-INC"
REGION: Final = "UK-LTD"
VAT: Final = "txr_uk_vat"
OLD: Final = "price_seat_team"
NEW: Final = "price_seat_scale"
NEW_GBP: Final = "price_seat_scale_gbp"
# Seats and yearly prices in minor units, before and after.
FEW, SEATS = 10, 15
OLD_PRICE, NEW_PRICE, GBP_PRICE = 120_000, 180_000, 150_000
REGIONAL_SEATS: Final = 5
ONBOARDING: Final = 250_000
NET_DAYS: Final = 60
# So many days of the term are over when it is amended.
PASSED: Final = 146
# What is billed to the region: the fact of each invoice's id.
REGIONAL: Final = ("invoice_uk", "invoice_start")
_ACCOUNTS: Final = ("2100", "2110")
_NOON: Final = 12


def noon(days_ago: int = 0) -> int:
    """The latest noon (UTC) that is over, so many days earlier, in epoch seconds: whole days lie
    between any two, and it is the same day for every entity."""
    now = clock.now()
    latest = datetime(now.year, now.month, now.day, _NOON, tzinfo=UTC)
    if latest > now:
        latest -= timedelta(days=1)
    return int((latest - timedelta(days=days_ago)).timestamp())


def tax_account() -> str:
    """Where the region's value added tax goes today."""
    row = TaxMap.objects.filter(
        legal_entity__code=REGION, code=VAT, valid__contains=clock.now().date()
    )
    return row.get().account.code


def invoice_of(case: Case) -> int | None:
    """Our id of the invoice whose entry the case is about."""
    entry = JournalEntry.objects.filter(pk=case.record_id or 0, record_kind="invoice").first()
    return None if entry is None else entry.record_id


def _named(facts: Facts, what: str) -> str:
    return f"Kestrel {what} {facts['run']}"


def _sale(facts: Facts) -> Mapping[str, Any]:
    return {
        "count": 1, "price": OLD, "amount": OLD_PRICE, "quantity": FEW, "legal_entity": HOME,
        "called": _named(facts, "Systems"), "account": facts["account"],
        "contract": facts["contract"], "at": noon(PASSED), "pays": None,
    }  # fmt: skip


def _items(sku: str, quantity: int, price: int) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "price": str(price // 100)}


def _recognise(facts: Facts, by: str) -> Facts:
    home = LegalEntity.objects.get(code=HOME)
    for entity_id, code in recognize.due_periods(clock.now()):
        if entity_id == home.pk:
            recognize.recognize(entity_id=entity_id, period_code=code)
    return {}


def _closed(said: Mapping[str, Any]) -> Facts:
    """The account that the ERP closed, and the one that it takes instead."""
    closed = str(said["closed"][0]).partition("/")[2]
    return {"closed": closed, "opened": next(one for one in _ACCOUNTS if one != closed)}


def _map(facts: Facts, by: str) -> Facts:
    """From the day of the oldest case of the cause on."""
    cases = Case.objects.filter(cause_key=facts["cause"]).exclude(state="resolved")
    entries = JournalEntry.objects.filter(pk__in=cases.values("record_id"))
    oldest = entries.order_by("accounting_date").first()
    if oldest is None:
        raise NotPossible("No case of this cause is open any more.")
    try:
        map_tax(
            LegalEntity.objects.get(code=REGION), VAT, account=facts["opened"],
            since=oldest.accounting_date, by=by,
        )  # fmt: skip
    except MapRefused as refused:
        raise NotPossible(str(refused)) from refused
    return {}


GROUP: Final = Act(
    SALESFORCE, "account",
    lambda facts: {"Name": _named(facts, "Group"), "Legal_Entity__c": HOME},
    lambda said: {"group": said["account"]},
)  # fmt: skip
ACCOUNT: Final = Act(
    SALESFORCE, "account",
    lambda facts: {
        "Name": _named(facts, "Systems"), "ParentId": facts["group"], "Legal_Entity__c": HOME,
    },
    lambda said: {"account": said["account"]},
)  # fmt: skip
DEAL: Final = Act(
    SALESFORCE, "deal",
    lambda facts: {
        "account": facts["account"], "items": [_items(OLD, FEW, OLD_PRICE)], "at": noon(PASSED),
    },
    lambda said: {"opportunity": said["opportunity"]},
)  # fmt: skip
SIGN: Final = Act(
    SALESFORCE, "sign",
    lambda facts: {"opportunity": facts["opportunity"], "at": noon(PASSED)},
    lambda said: {"contract": said["contract"]},
)  # fmt: skip
SELL: Final = Acts((
    Act(
        STRIPE, "customers", _sale,
        lambda said: {
            name: said["made"][0][name] for name in ("customer", "subscription", "invoice")
        },
    ),
    Act(STRIPE, "pay", lambda facts: {"invoice": facts["invoice"]}, lambda said: {}),
))  # fmt: skip
RECOGNISE: Final = Deed(_recognise)
AMEND: Final = Acts((
    Act(
        SALESFORCE, "amend",
        lambda facts: {
            "contract": facts["contract"], "words": "Scale plan, 15 seats",
            "items": [_items(OLD, -FEW, OLD_PRICE), _items(NEW, SEATS, NEW_PRICE)],
        },
        lambda said: {},
    ),
    Act(
        SALESFORCE, "change",
        lambda facts: {
            "object": "Contract", "id": facts["contract"], "Net_Days__c": NET_DAYS,
        },
        lambda said: {},
    ),
))  # fmt: skip
UPGRADE: Final = Act(
    STRIPE, "upgrade",
    lambda facts: {
        "subscription": facts["subscription"], "price": NEW, "amount": NEW_PRICE,
        "quantity": SEATS, "pays": None, "due_in": NET_DAYS, "at": noon(),
    },
    lambda said: {"change": said["invoice"]},
)  # fmt: skip
CLOSE: Final = Act(
    ERP, "close_accounts",
    lambda facts: {"accounts": [f"{REGION}/{tax_account()}"]},
    _closed,
)  # fmt: skip
JOIN: Final = Acts((
    Act(
        SALESFORCE, "account",
        lambda facts: {
            "Name": _named(facts, "Systems UK"), "ParentId": facts["group"],
            "Legal_Entity__c": REGION, "BillingCountry": "United Kingdom",
            "CurrencyIsoCode": "GBP",
        },
        lambda said: {"account_uk": said["account"]},
    ),
    Act(
        STRIPE, "customers",
        lambda facts: {
            "count": 1, "price": NEW_GBP, "amount": GBP_PRICE, "quantity": REGIONAL_SEATS,
            "currency": "gbp", "tax_percent": "20", "legal_entity": REGION, "pays": None,
            "called": _named(facts, "Systems UK"), "account": facts["account_uk"], "at": noon(),
        },
        lambda said: {
            "customer_uk": said["made"][0]["customer"],
            "subscription_uk": said["made"][0]["subscription"],
            "invoice_uk": said["made"][0]["invoice"],
        },
    ),
    Act(
        STRIPE, "issue",
        lambda facts: {"customer": facts["customer_uk"], "amount": ONBOARDING, "at": noon()},
        lambda said: {"invoice_start": said["invoice"]},
    ),
))  # fmt: skip
MAP: Final = Deed(_map)
