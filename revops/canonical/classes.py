"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import CONTACT, INTERNAL, PII, TAX, WORDS, Classes, Data, parse

CLASSES: Final[Classes] = {
    "Party": {
        INTERNAL: "health_band renewal_currency milestone",
        PII: "name domain health_reason renewal_risk",
        TAX: "tax_id country region",
    },
    "Customer": {
        INTERNAL: "parent_ref",
        PII: "name domain",
        CONTACT: "email address",
        TAX: "tax_id tax_key region other_ids",
    },
    "Opportunity": {INTERNAL: "stage kind items", PII: "name owner reason"},
    "Quote": {INTERNAL: "number items"},
    "Contract": {INTERNAL: "number items", PII: "reason"},
    "Subscription": {INTERNAL: "items contract_ref", PII: "reason"},
    "Entitlement": {INTERNAL: "feature unit meter", PII: "reason"},
    "Invoice": {INTERNAL: "number"},
    "InvoiceLine": {INTERNAL: "line_id usage_ref", PII: "description", TAX: "taxes"},
    "TaxDocument": {INTERNAL: "invoice_ref", TAX: "taxes"},
    "Adjustment": {PII: "note"},
    "Product": {INTERNAL: "name"},
    "Price": {INTERNAL: "model tiers meter label"},
    "PriceVersion": {INTERNAL: "model tiers meter"},
    "SupportCase": {
        INTERNAL: "customer_ref invoice_ref severity status",
        PII: "promise",
        WORDS: "title resolution",
    },
    "Credit": {INTERNAL: "number settles lines case_ref request_ref", PII: "decided_by reason"},
    "CreditApplication": {INTERNAL: "application_id"},
    "ExternalReference": {},
    "Claim": {INTERNAL: "field", PII: "value"},
    "Drift": {INTERNAL: "field other_source_id", PII: "agreed owner_value other_value"},
    "RecordChange": {INTERNAL: "field", PII: "before after by"},
    "MatchKey": {},
    "Merge": {INTERNAL: "customer_ids", PII: "evidence reason"},
    "MergeProposal": {PII: "evidence"},
    "Payment": {INTERNAL: "invoice_ref customer_ref balance_transaction", PII: "reason"},
    "Refund": {PII: "reason"},
    "Dispute": {PII: "reason"},
    "Payout": {INTERNAL: "items", PII: "reason"},
}

_KINDS: Final = {
    "tax": "TaxDocument", "support_case": "SupportCase", "remittance": "Adjustment",
    "credit_loss": "Adjustment", "recovery": "Adjustment",
}  # fmt: skip
_KNOWN: Final = parse(CLASSES)


def class_of(kind: str, field: str) -> Data:
    """
    What a field of a record (``models.Kind`` or ``party``) holds, for whoever shows a claim, a
    difference or a change of it. One that is not named is a number, a day or a code: INTERNAL.
    """
    model = _KINDS.get(kind) or kind.title().replace("_", "")
    return _KNOWN.get(model, {}).get(field, INTERNAL)
