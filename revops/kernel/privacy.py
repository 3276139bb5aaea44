"""
What every stored field holds, so that masking, retention and erasure know what they deal with.

Each app says it in its ``classes.py``: ``CLASSES = {"Customer": {PII: "name email", …}}``. Every
field that can hold words has to be named there, and an architecture test fails without. What can
hold no words (numbers, days, instants, switches, keys to other rows) is INTERNAL by its type, and
so are the few names of COMMON, which mean the same codes everywhere.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final


class Data(enum.Enum):
    """
    PUBLIC may be read by anybody. INTERNAL is business: ids, amounts, codes. PII may tell who
    somebody is: names, and what people and systems wrote about business. CONTACT is how to reach
    somebody; WORDS is what customers themselves wrote to us. TAX is kept by law with the books: tax
    numbers and places. SECRET opens something, and is never shown, logged or handed out.
    """

    PUBLIC = "public"
    INTERNAL = "internal"
    PII = "pii"
    CONTACT = "contact"
    WORDS = "words"
    TAX = "tax"
    SECRET = "secret"  # noqa: S105  the name of a class of data


PUBLIC: Final = Data.PUBLIC
INTERNAL: Final = Data.INTERNAL
PII: Final = Data.PII
CONTACT: Final = Data.CONTACT
WORDS: Final = Data.WORDS
TAX: Final = Data.TAX
SECRET: Final = Data.SECRET

# What is erased when the person asks for it.
PERSONAL: Final = frozenset({PII, CONTACT, WORDS})

Classes = Mapping[str, Mapping[Data, str]]

# Codes and digests of ours, or of a system, that name no person wherever they stand.
COMMON: Final = frozenset(
    {
        "action", "business_key", "channel", "code", "connection_slug", "content_sha256",
        "convention", "correlation_id", "credit_type", "currency", "document_type", "entity",
        "environment", "external_id", "external_number", "fingerprint", "functional_currency",
        "key", "kind", "lane", "late", "late_policy", "legal_entity", "meter", "object_id",
        "object_type", "payload_sha256", "period_code", "price_ref", "product_ref", "reason_code",
        "record_kind", "request_sha256", "rule", "schema_version", "severity", "sha256", "sku",
        "slug", "source_event_id", "source_id", "state", "status", "subject", "subject_id",
        "subject_kind", "subscription_ref", "tax_code", "tone", "type", "unit", "zone",
    }
)  # fmt: skip


def parse(classes: Classes) -> dict[str, dict[str, Data]]:
    """Model → field → class. Raises ValueError for a field that is named twice."""
    found: dict[str, dict[str, Data]] = {}
    for model, said in classes.items():
        mine = found.setdefault(model, {})
        for data, names in said.items():
            for name in names.split():
                if name in mine:
                    raise ValueError(f"{model}.{name} is {mine[name].value} and {data.value}.")
                mine[name] = data
    return found
