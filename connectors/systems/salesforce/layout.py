"""
What is called how in one Salesforce: our names of fields, and theirs.

Every company adds fields of its own, so each name here has a default that a connection's
parameters change: ``tax_id=VAT_ID__c, region=Region__c``. A name with nothing after it
(``domain=``) is left out. Names go into queries, so nothing but names is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from connectors.contract import PayloadUnreadable, Settings

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,4}", re.ASCII)
_SYSTEM = re.compile(r"[a-z][a-z0-9_-]{0,59}", re.ASCII)

_IN: Final[Mapping[str, Mapping[str, str]]] = {
    "account_fields": {
        "name": "Name", "parent": "ParentId", "website": "Website", "domain": "", "email": "",
        "tax_id": "", "region": "", "legal_entity": "", "street": "BillingStreet",
        "city": "BillingCity", "state": "BillingState", "postal_code": "BillingPostalCode",
        "country": "BillingCountry",
    },
    "opportunity_fields": {
        "account": "AccountId", "name": "Name", "stage": "StageName", "amount": "Amount",
        "closes_on": "CloseDate", "kind": "Type", "owner": "Owner.Name", "starts_on": "",
        "ends_on": "", "loss_reason": "", "legal_entity": "",
    },
    "line_fields": {
        "sku": "ProductCode", "product": "Product2Id", "quantity": "Quantity",
        "unit_price": "UnitPrice", "total": "TotalPrice",
    },
    "quote_fields": {
        "opportunity": "OpportunityId", "number": "QuoteNumber", "status": "Status",
        "total": "GrandTotal", "accepted_on": "",
    },
    "quote_line_fields": {
        "sku": "Product2.ProductCode", "product": "Product2Id", "quantity": "Quantity",
        "unit_price": "UnitPrice", "total": "TotalPrice", "optional": "",
    },
    "contract_fields": {
        "account": "AccountId", "opportunity": "", "number": "ContractNumber", "status": "Status",
        "starts_on": "StartDate", "ends_on": "EndDate", "signed_on": "CustomerSignedDate",
        "activated_at": "ActivatedDate", "total": "", "cancelled_on": "", "reason": "",
        "net_days": "", "billing_months": "", "legal_entity": "",
    },
    "order_line_fields": {
        "sku": "Product2.ProductCode", "product": "Product2Id", "quantity": "Quantity",
        "unit_price": "UnitPrice", "total": "TotalPrice",
    },
}  # fmt: skip
# Quotes of Salesforce CPQ, a package with objects of its own. What is optional on a quote is not in
# its total, and was not bought.
_CPQ: Final[Mapping[str, Mapping[str, str]]] = {
    "quote_fields": {
        "opportunity": "SBQQ__Opportunity2__c", "number": "Name", "status": "SBQQ__Status__c",
        "total": "SBQQ__NetAmount__c", "accepted_on": "",
    },
    "quote_line_fields": {
        "sku": "SBQQ__ProductCode__c", "product": "SBQQ__Product__c",
        "quantity": "SBQQ__Quantity__c", "unit_price": "SBQQ__NetPrice__c",
        "total": "SBQQ__NetTotal__c", "optional": "SBQQ__Optional__c",
    },
}  # fmt: skip
CPQ: Final = "cpq"
# What quotes are and how their lines hang on them, by the product that makes them.
QUOTES: Final[Mapping[str, tuple[str, str]]] = {
    "salesforce": ("Quote", "QuoteLineItems"),
    CPQ: ("SBQQ__Quote__c", "SBQQ__LineItems__r"),
}
_OUT: Final[Mapping[str, Mapping[str, str]]] = {
    "invoice_fields": {
        "stamp": "RevOps_Stamp__c", "external_id": "RevOps_Id__c", "account": "Account__c",
        "number": "Name", "state": "State__c", "currency": "Currency__c", "total": "Total__c",
        "open": "Open__c", "issued_on": "Issued_On__c", "due_on": "Due_On__c",
        "paid_on": "Paid_On__c", "payment_state": "Payment_State__c", "reason": "Reason__c",
        "url": "Console_Link__c",
    },
    "renewal_fields": {
        "stamp": "RevOps_Renewal_Stamp__c", "value": "Renewal_Value__c",
        "currency": "Renewal_Currency__c", "renews_on": "Renews_On__c", "risk": "Renewal_Risk__c",
    },
    "health_fields": {
        "stamp": "RevOps_Health_Stamp__c", "score": "Health_Score__c", "band": "Health_Band__c",
        "reason": "Health_Reason__c", "measured_on": "Health_Measured_On__c",
    },
    "link_fields": {"stamp": "RevOps_Link_Stamp__c"},
    "subscription_fields": {
        "stamp": "RevOps_Subscription_Stamp__c", "subscription": "Subscription_ID__c",
        "status": "Subscription_Status__c", "started_on": "Subscription_Started_On__c",
        "renews_on": "Subscription_Renews_On__c",
    },
}  # fmt: skip


class LayoutInvalid(PayloadUnreadable):
    """A parameter of the connection that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Field names by parameter and our name; ``other_ids`` are (system, account field)."""

    fields: Mapping[str, Mapping[str, str]]
    other_ids: tuple[tuple[str, str], ...]
    multi_currency: bool
    currency: str
    version: str
    quote_object: str
    quote_lines: str
    invoice_object: str
    quote_accepted: frozenset[str]
    contract_signed: frozenset[str]
    contract_cancelled: frozenset[str]
    renewal_types: frozenset[str]
    quotes: bool
    contracts: bool
    orders: bool
    invoice_create: bool

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Raises LayoutInvalid."""
        given = settings.parameters
        made_by = str(given.get("quotes_of") or "salesforce")
        if made_by not in QUOTES:
            raise LayoutInvalid(f"quotes_of: “{made_by[:40]}” is not one of {', '.join(QUOTES)}.")
        known = {**_IN, **_OUT, **(_CPQ if made_by == CPQ else {})}
        fields = {name: _fields(name, held, given) for name, held in known.items()}
        missing = [name for name in _OUT if not fields[name]["stamp"]]
        if missing or not fields["invoice_fields"]["external_id"]:
            raise LayoutInvalid("The stamp and the external id cannot be left out.")
        version = str(given.get("api_version") or "62.0")
        if not re.fullmatch(r"[0-9]{2,3}\.0", version, re.ASCII):
            raise LayoutInvalid(f"“{version[:20]}” is no API version, such as 62.0.")
        return cls(
            fields=fields,
            other_ids=tuple(_pairs("other_ids", given, _SYSTEM)),
            multi_currency=given.get("multi_currency") is True,
            currency=str(given.get("currency") or "USD"),
            version=version,
            quote_object=_quoted("quote_object", given, made_by, 0),
            quote_lines=_quoted("quote_lines", given, made_by, 1),
            invoice_object=_name("invoice_object", given, "RevOps_Invoice__c"),
            quote_accepted=_words("quote_accepted", given, "Accepted"),
            contract_signed=_words("contract_signed", given, "Activated"),
            contract_cancelled=_words("contract_cancelled", given, "Cancelled, Terminated"),
            renewal_types=_words("renewal_types", given, "Renewal"),
            quotes=given.get("quotes") is not False,
            contracts=given.get("contracts") is not False,
            orders=given.get("orders") is not False,
            invoice_create=given.get("invoice_create") is not False,
        )

    def get(self, kind: str, name: str) -> str:
        """Their name of a field; empty when it is left out."""
        return self.fields[kind][name]

    def used(self, kind: str) -> list[str]:
        return [field for field in self.fields[kind].values() if field]


def _fields(name: str, known: Mapping[str, str], given: Mapping[str, Any]) -> Mapping[str, str]:
    found = dict(known)
    for ours, theirs in _pairs(name, given, _SYSTEM):
        if ours not in known:
            raise LayoutInvalid(f"{name}: “{ours}” is not one of {', '.join(known)}.")
        found[ours] = theirs
    return found


def _pairs(name: str, given: Mapping[str, Any], left: re.Pattern[str]) -> list[tuple[str, str]]:
    found = []
    for item in str(given.get(name) or "").split(","):
        if not item.strip():
            continue
        ours, _, theirs = (side.strip() for side in item.partition("="))
        if not left.fullmatch(ours) or (theirs and not _FIELD.fullmatch(theirs)):
            raise LayoutInvalid(f"{name}: “{item.strip()[:80]}” is not of the form name=Field__c.")
        if theirs or name != "other_ids":
            found.append((ours, theirs))
    return found


def _quoted(name: str, given: Mapping[str, Any], made_by: str, place: int) -> str:
    """The name that is given, unless it is the one that every connection began with."""
    said = str(given.get(name) or "")
    if said == QUOTES["salesforce"][place]:
        said = ""
    return _name(name, {name: said}, QUOTES[made_by][place])


def _name(name: str, given: Mapping[str, Any], default: str) -> str:
    found = str(given.get(name) or default)
    if not _FIELD.fullmatch(found) or "." in found:
        raise LayoutInvalid(f"{name}: “{found[:80]}” is no name of Salesforce's.")
    return found


def _words(name: str, given: Mapping[str, Any], default: str) -> frozenset[str]:
    found = str(given.get(name) or default).split(",")
    return frozenset(word.strip().casefold() for word in found if word.strip())
