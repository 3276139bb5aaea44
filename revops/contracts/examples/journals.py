"""An entry that the ERP holds, one that it refused, and one that undoes another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_JOURNAL: Final[Mapping[str, Any]] = {
    "journal_id": "JE-1042",
    "legal_entity": "us",
    "document_type": "invoice",
    "business_key": "stripe:in_1042",
    "revision": 1,
    "currency": "USD",
    "amount": 1299000,
    "accounting_date": "2025-01-01",
    "target": "erp-us",
}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "journal.posted/1": {**_JOURNAL, "external_id": "5512", "external_number": "2025/00042"},
    "journal.rejected/1": {**_JOURNAL, "reason": "The period January 2025 is closed."},
    "journal.reversed/1": {
        **_JOURNAL,
        "journal_id": "JE-1043",
        "document_type": "void",
        "business_key": "stripe:in_1042",
        "reverses_id": "JE-1042",
    },
}
